# SPDX-License-Identifier: Apache-2.0
"""The routes of records: types, lists, one record, editions, surveys, the standards register."""

from __future__ import annotations

from openecp.platform.api.plan_bodies import Recorded
from openecp.platform.api.record_bodies import (
    EditionAnswer,
    NewRecord,
    RecordAnswer,
    RecordChange,
    RecordPage,
    RecordTypePage,
    StandardChange,
    StandardPage,
    SurveyAnswer,
)
from openecp.platform.api.route import TEXT, Parameter, Route, whole

_RECORD = Parameter("id", "path", "record, such as practice-corridor", {"type": "string", "maxLength": 130})
_STANDARD = Parameter("id", "path", "standard, such as RKC-GA-03", {"type": "string", "maxLength": 80})
_KEY = Parameter(
    "Idempotency-Key",
    "header",
    "The same key with the same body gets the first answer again; with another body it is refused (422).",
    {"type": "string", "maxLength": 255},
)
_READ = (400, 401, 403, 404)
_WRITE = (400, 401, 403, 404, 409, 413, 415, 422, 503)
_JSON = ("application/json",)

RECORD_ROUTES: tuple[Route, ...] = (
    Route(
        method="GET",
        path="/record-types",
        name="record_types",
        summary="List the record types with their fields",
        permission="read_plans",
        success={200: RecordTypePage},
        errors=(401, 403),
    ),
    Route(
        method="GET",
        path="/records",
        name="records",
        summary="List records; drafts only to the Secretariat and to their owner",
        permission="read_plans",
        success={200: RecordPage},
        errors=(400, 401, 403),
        parameters=(
            Parameter("type", "query", "record type", TEXT),
            Parameter("status", "query", "states, separated by commas", TEXT),
            Parameter("action", "query", "linked action", TEXT),
            Parameter("body", "query", "linked body, by code", TEXT),
            Parameter("owner", "query", "owner, by code", TEXT),
            Parameter("topic", "query", "topic, by code", TEXT),
            Parameter("text", "query", "words of a title, in any language", TEXT),
            Parameter("start", "query", "records to pass over", whole(0, 100_000, 0)),
            Parameter("limit", "query", "most records", whole(1, 1000, 200)),
        ),
    ),
    Route(
        method="POST",
        path="/records",
        name="record_add",
        summary="Add a record; a delegate for its own body or Member",
        permission="report",
        success={200: Recorded},
        errors=_WRITE,
        parameters=(_KEY,),
        body=NewRecord,
        body_media=_JSON,
        max_body=1_000_000,
    ),
    Route(
        method="GET",
        path="/records/{id}",
        name="record",
        summary="Show a record as you may see it",
        permission="read_plans",
        success={200: RecordAnswer},
        errors=_READ,
        parameters=(_RECORD,),
    ),
    Route(
        method="POST",
        path="/records/{id}/changes",
        name="record_change",
        summary="Revise, submit, review, publish, give back, retire; add evidence; freeze an edition; open a survey",
        permission="report",
        success={200: Recorded},
        errors=_WRITE,
        parameters=(_RECORD, _KEY),
        body=RecordChange,
        body_media=_JSON,
        max_body=1_000_000,
    ),
    Route(
        method="GET",
        path="/records/{id}/edition",
        name="record_edition",
        summary="Show a frozen edition of a compendium and what differs from the one before",
        permission="read_plans",
        success={200: EditionAnswer},
        errors=_READ,
        parameters=(_RECORD, Parameter("number", "query", "edition; 0 is the last", whole(0, 100_000, 0))),
    ),
    Route(
        method="GET",
        path="/records/{id}/results",
        name="record_results",
        summary="Show what is told of a survey's answers: counts, response by region, anonymised rows",
        permission="programme",
        success={200: SurveyAnswer},
        errors=_READ,
        parameters=(_RECORD,),
    ),
    Route(
        method="GET",
        path="/standards",
        name="standards",
        summary="Show the standards register and its coverage",
        permission="read_plans",
        success={200: StandardPage},
        errors=(401, 403),
    ),
    Route(
        method="POST",
        path="/standards/{id}",
        name="standard_assess",
        summary="State anew how OpenECP stands to a standard",
        permission="programme",
        success={200: Recorded},
        errors=_WRITE,
        parameters=(_STANDARD, _KEY),
        body=StandardChange,
        body_media=_JSON,
        max_body=65_536,
    ),
)
