# SPDX-License-Identifier: Apache-2.0
"""Routes of parcels."""

from __future__ import annotations

from openecp.kernel.datamodel.parcel import Parcel
from openecp.platform.api.parcel_bodies import LINES, MEDIA, POSTAL
from openecp.platform.api.parcel_faces import ParcelDecision
from openecp.platform.api.parcels import ParcelActBody, ParcelActDone, ParcelView
from openecp.platform.api.route import TEXT, Parameter, Route

_KEY = Parameter(
    "Idempotency-Key",
    "header",
    "The same key with the same body gets the first answers again; with another body it is refused (422). "
    "Without a key, identifier and posting date of each parcel stand for it.",
    {"type": "string", "maxLength": 255},
)
_ACT_KEY = Parameter(
    "Idempotency-Key",
    "header",
    "The same key with the same act gets the first answer again; with another act it is refused (422).",
    {"type": "string", "maxLength": 255},
)
_PARCEL = (
    Parameter("posted_on", "path", "posting date", {"type": "string", "format": "date"}),
    Parameter(
        "parcel_id",
        "path",
        "identifier of the parcel; a slash in it is written %2F",
        {"type": "string", "maxLength": 35},
    ),
)

PARCEL_ROUTES: tuple[Route, ...] = (
    Route(
        method="POST",
        path="/parcels",
        name="parcels",
        summary="Lodge a parcel (JSON, WCO Data Model, postal form) or up to 1,000 as lines of JSON; each is answered",
        permission="lodge",
        success={200: ParcelDecision, 201: ParcelDecision},
        errors=(400, 401, 403, 409, 413, 415, 422, 431, 503),
        parameters=(_KEY, Parameter("jurisdiction", "query", "whose law applies; else the profile's", TEXT)),
        body=Parcel,
        body_media=MEDIA,
        more_media=(*LINES, *POSTAL),
    ),
    Route(
        method="GET",
        path="/parcels/{posted_on}/{parcel_id}",
        name="parcel",
        summary="Show a parcel: its record, how every amount came about, where it stands, what happened since",
        permission="read_own",
        success={200: ParcelView},
        errors=(401, 403, 404),
        parameters=_PARCEL,
    ),
    Route(
        method="GET",
        path="/parcels/{posted_on}/{parcel_id}/receipt",
        name="parcel_receipt",
        summary="Show the receipt of a parcel's decision: record, path to its batch's root, signed checkpoint",
        permission="read_own",
        success={200: dict},
        errors=(401, 403, 404),
        parameters=_PARCEL,
    ),
    Route(
        method="POST",
        path="/parcels/{posted_on}/{parcel_id}/acts",
        name="parcel_act",
        summary="Record an act on a parcel; whoever lodged it may present it and answer a question",
        permission="handle",
        success={200: ParcelActDone},
        errors=(400, 401, 403, 404, 409, 413, 415, 422, 503),
        parameters=(*_PARCEL, _ACT_KEY),
        body=ParcelActBody,
        body_media=("application/json",),
        max_body=1_000_000,
    ),
)
