# SPDX-License-Identifier: Apache-2.0
"""POST /activities: a terminal, a bank or an agency tells what happened to consignments."""

from __future__ import annotations

import msgspec

from openecp.border.time_release.recording import RecordActivities, RecordActivity
from openecp.platform.api.http import Call, Reply, decoded
from openecp.platform.api.lodging import key_of
from openecp.platform.api.plan_bodies import Recorded
from openecp.platform.api.plans import reply_of
from openecp.platform.api.route import Parameter, Route
from openecp.platform.core.client import CoreClient
from openecp.platform.core.model import ProgrammeCommand

BODY_MAX = 512 * 1024


class ActivitiesBody(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """What happened, at most 200 activities: all are recorded, or none."""

    activities: tuple[RecordActivity, ...]


ACTIVITY_ROUTES: tuple[Route, ...] = (
    Route(
        method="POST",
        path="/activities",
        name="activities",
        summary="Tell what happened to consignments: arrival, unloading, payment, an agency's decision, gate out",
        permission="record",
        success={200: Recorded},
        errors=(400, 401, 403, 404, 409, 413, 415, 422, 431, 503),
        parameters=(
            Parameter(
                "Idempotency-Key",
                "header",
                "A key that was used before with another body is refused (422). With or without one, what is on record "
                "already is left out, and the answer is `repeated` where nothing is new.",
                {"type": "string", "maxLength": 255},
            ),
        ),
        body=ActivitiesBody,
        body_media=("application/json",),
        max_body=BODY_MAX,
    ),
)


class Activities:
    """Answers the routes of `ACTIVITY_ROUTES`."""

    def __init__(self, core: CoreClient) -> None:
        self._core = core

    async def record(self, call: Call) -> Reply:
        """Record what is told, all of it or nothing."""
        body = decoded(call, ActivitiesBody)
        key = key_of(call.headers.get("idempotency-key"))
        act = RecordActivities(activities=body.activities)
        return reply_of(await self._core.submit(ProgrammeCommand(principal=call.who, act=act, key=key)))
