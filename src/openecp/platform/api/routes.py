# SPDX-License-Identifier: Apache-2.0
"""Every route of the API in one table: path, permission, what goes in, what comes out.

Handlers, permission checks, the OpenAPI document and the test of roles are made from this table.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable

import msgspec

from openecp.kernel.datamodel.declaration import Declaration
from openecp.platform.api.activities import ACTIVITY_ROUTES
from openecp.platform.api.audit_routes import AUDIT_ROUTES
from openecp.platform.api.cases import (
    Act,
    AssessmentView,
    CaseFace,
    CasePage,
    NotificationPage,
    ReceiptView,
)
from openecp.platform.api.collectors import COLLECTOR_ROUTES
from openecp.platform.api.describe import DESCRIPTION_ROUTES
from openecp.platform.api.http import Call, Reply
from openecp.platform.api.lodging import Lodged
from openecp.platform.api.parcel_routes import PARCEL_ROUTES
from openecp.platform.api.plan_routes import PLAN_ROUTES
from openecp.platform.api.post_routes import POST_ROUTES
from openecp.platform.api.quotes import QUOTE_ROUTES
from openecp.platform.api.record_routes import RECORD_ROUTES
from openecp.platform.api.route import TEXT, Parameter, Route, whole

Answerer = Callable[[Call], Awaitable[Reply]]


class Health(msgspec.Struct, kw_only=True):
    """`live`: this process answers; `ready`: core and database answer too."""

    live: bool
    ready: bool
    core: bool
    database: bool
    profile: str
    version: str


_ID = Parameter("id", "path", "MRN or case id", {"type": "string", "maxLength": 80})
_KEY = Parameter(
    "Idempotency-Key",
    "header",
    "The same key with the same body gets the first answer again; with another body it is refused (422). "
    "Without a key, the LRN and the function of the message stand for it.",
    {"type": "string", "maxLength": 255},
)
_ACT_KEY = Parameter(
    "Idempotency-Key",
    "header",
    "The same key with the same act gets the first answer again; with another act it is refused (422).",
    {"type": "string", "maxLength": 255},
)
_PAGE = (
    Parameter("after", "query", "`next` of the page before", TEXT),
    Parameter("limit", "query", "most entries", whole(1, 500, 50)),
)
_LODGE_MEDIA = ("application/json", "application/xml", "text/xml")
_LODGE_ERRORS = (400, 401, 403, 404, 409, 413, 415, 422, 431, 503)

ROUTES: tuple[Route, ...] = (
    Route(
        method="POST",
        path="/declarations",
        name="lodge",
        summary="Lodge a declaration, a request about one (FunctionCode 13), or a JSON list of them",
        permission="lodge",
        success={200: Lodged, 201: Lodged},
        errors=_LODGE_ERRORS,
        parameters=(_KEY,),
        body=Declaration,
        body_media=_LODGE_MEDIA,
    ),
    Route(
        method="POST",
        path="/requests",
        name="lodge",
        summary="Ask to amend (COR), to invalidate (INV), or say that goods are presented (GPR)",
        permission="lodge",
        success={200: Lodged, 201: Lodged},
        errors=_LODGE_ERRORS,
        parameters=(_KEY,),
        body=Declaration,
        body_media=_LODGE_MEDIA,
    ),
    Route(
        method="GET",
        path="/declarations",
        name="cases",
        summary="List cases, newest first; a trader sees those of its organisation",
        permission="read_own",
        success={200: CasePage},
        errors=(400, 401, 403),
        parameters=(
            *_PAGE,
            Parameter("status", "query", "states, separated by commas", TEXT),
            Parameter("channel", "query", "channels, separated by commas", TEXT),
            Parameter("movement", "query", "import, export, transit or other", TEXT),
            Parameter("text", "query", "beginning of an LRN or MRN", TEXT),
            Parameter("organisation", "query", "for officers and auditors", TEXT),
        ),
    ),
    Route(
        method="GET",
        path="/declarations/{id}",
        name="case",
        summary="Show the status of a case",
        permission="read_own",
        success={200: CaseFace},
        errors=(401, 403, 404),
        parameters=(_ID,),
    ),
    Route(
        method="GET",
        path="/declarations/{id}/assessment",
        name="assessment",
        summary="Show what Customs found and charges",
        permission="read_own",
        success={200: AssessmentView},
        errors=(401, 403, 404),
        parameters=(_ID,),
    ),
    Route(
        method="GET",
        path="/declarations/{id}/notifications",
        name="notifications",
        summary="Show the notifications of a case",
        permission="read_own",
        success={200: NotificationPage},
        errors=(401, 403, 404),
        parameters=(_ID,),
    ),
    Route(
        method="GET",
        path="/declarations/{id}/receipt",
        name="receipt",
        summary="Show the signed receipts of a case's events",
        permission="read_own",
        success={200: ReceiptView},
        errors=(400, 401, 403, 404),
        parameters=(
            _ID,
            Parameter("after", "query", "events after this seq", whole(0, 10**15, 0)),
            Parameter("limit", "query", "most events", whole(1, 500, 100)),
        ),
    ),
    Route(
        method="POST",
        path="/declarations/{id}/acts",
        name="act",
        summary="Record an officer's act with its reason",
        permission="act",
        success={200: Lodged},
        errors=(400, 401, 403, 404, 409, 413, 415, 422, 503),
        parameters=(_ID, _ACT_KEY),
        body=Act,
        body_media=("application/json",),
        max_body=65_536,
    ),
    Route(
        method="GET",
        path="/notifications",
        name="feed",
        summary="Pull the organisation's notifications after a number; replayable at any time",
        permission="read_own",
        success={200: NotificationPage},
        errors=(400, 401, 403),
        parameters=(
            Parameter("after", "query", "the number last seen", whole(0, 10**15, 0)),
            Parameter("limit", "query", "most notifications", whole(1, 1000, 100)),
            Parameter("organisation", "query", "for officers and auditors", TEXT),
        ),
    ),
    Route(
        method="GET",
        path="/health",
        name="health",
        summary="Tell whether the server is live and ready",
        permission=None,
        success={200: Health, 503: Health},
        errors=(),
    ),
    Route(
        method="GET",
        path="/metrics",
        name="metrics",
        summary="Counters in the text format of Prometheus",
        permission="read_metrics",
        success={200: None},
        errors=(401, 403),
        success_media="text/plain; version=0.0.4",
    ),
    Route(
        method="GET",
        path="/openapi.json",
        name="openapi",
        summary="This description",
        permission=None,
        success={200: dict},
        errors=(),
    ),
    *QUOTE_ROUTES,
    *DESCRIPTION_ROUTES,
    *PARCEL_ROUTES,
    *COLLECTOR_ROUTES,
    *PLAN_ROUTES,
    *RECORD_ROUTES,
    *POST_ROUTES,
    *ACTIVITY_ROUTES,
    *AUDIT_ROUTES,
)
