# SPDX-License-Identifier: Apache-2.0
"""Audits after release over HTTP: for officers and auditors; a trader learns of none."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any, Literal, get_args

import msgspec

from openecp.border.risk.audit.acts import (
    AnswerAuditClosing,
    AssignAudit,
    AuditAct,
    CloseAudit,
    OpenAudit,
    RecordAuditFinding,
    RecordAuditRecovery,
    WithdrawAuditFinding,
)
from openecp.border.risk.audit.case import AuditCase, AuditStatus
from openecp.kernel.datamodel.findings import ControlFinding
from openecp.platform.api.http import Call, Refusal, Reply, decoded, json_reply
from openecp.platform.api.lodging import key_of
from openecp.platform.api.plan_bodies import Recorded
from openecp.platform.api.plans import reply_of
from openecp.platform.api.route import TEXT, Parameter, Route, whole
from openecp.platform.core.audit_desk import AuditDesk, AuditShown
from openecp.platform.core.client import CoreClient
from openecp.platform.core.model import ProgrammeCommand

BODY_MAX, MOST = 65_536, 100_000
STATUSES = get_args(AuditStatus)


class AuditPage(msgspec.Struct, kw_only=True):
    """Audits, those due first at the top; `total` counts all that fit, `overdue` those that are late today."""

    total: int
    overdue: int
    today: str
    audits: list[AuditCase]


class NewAudit(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """An audit that an officer opens beside the sample: MRN or id of a released declaration, and why."""

    declaration: str
    reason: str


class AuditActBody(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """An act: assign (officer); find (finding); withdraw (number, reason); close (waived_minor or dropped, reason);
    confirm and decline (reason); recover (amount_minor, reference)."""

    act: Literal["assign", "find", "withdraw", "close", "confirm", "decline", "recover"]
    officer: str = ""
    finding: ControlFinding | None = None
    number: int = 0
    waived_minor: int = 0
    dropped: bool = False
    amount_minor: int = 0
    reference: str = ""
    reason: str = ""

    def command(self, audit: str) -> AuditAct:
        """Return the act as the core takes it."""
        match self.act:
            case "assign":
                return AssignAudit(audit=audit, officer=self.officer)
            case "find":
                return RecordAuditFinding(audit=audit, finding=self.finding or ControlFinding())
            case "withdraw":
                return WithdrawAuditFinding(audit=audit, number=self.number, reason=self.reason)
            case "close":
                return CloseAudit(audit=audit, waived_minor=self.waived_minor, dropped=self.dropped, reason=self.reason)
            case "recover":
                return RecordAuditRecovery(audit=audit, amount_minor=self.amount_minor, reference=self.reference)
            case _:
                return AnswerAuditClosing(audit=audit, agree=self.act == "confirm", reason=self.reason)


_ID = Parameter("id", "path", "MRN or case id of the declaration", {"type": "string", "maxLength": 80})
_KEY = Parameter(
    "Idempotency-Key", "header",
    "The same key with the same body gets the first answer again; with another body it is refused (422).",
    {"type": "string", "maxLength": 255},
)  # fmt: skip
_WRITE = (400, 401, 403, 404, 409, 413, 415, 422, 503)
_JSON = ("application/json",)

AUDIT_ROUTES: tuple[Route, ...] = (
    Route(method="GET", path="/audits", name="audits", permission="read_risk", success={200: AuditPage},
          summary="List audits after release, those due first at the top", errors=(400, 401, 403),
          parameters=(
              Parameter("status", "query", "open, assigned, proposed, closed, dropped; separated by commas", TEXT),
              Parameter("office", "query", "of one office", TEXT),
              Parameter("officer", "query", "of one officer, by id", TEXT),
              Parameter("overdue", "query", "1: only those that were to be done before today", whole(0, 1, 0)),
              Parameter("start", "query", "audits to pass over", whole(0, MOST, 0)),
              Parameter("limit", "query", "most audits", whole(1, 1000, 200)),
          )),
    Route(method="POST", path="/audits", name="audit_open", permission="act", success={200: Recorded}, errors=_WRITE,
          summary="Open an audit of a released declaration, beside the sample", parameters=(_KEY,), body=NewAudit,
          body_media=_JSON, max_body=BODY_MAX),
    Route(method="GET", path="/audits/{id}", name="audit", permission="read_risk", success={200: AuditShown},
          summary="Show an audit with findings in words, claim and history", errors=(401, 403, 404),
          parameters=(_ID,)),
    Route(method="POST", path="/audits/{id}/acts", name="audit_act", permission="act", success={200: Recorded},
          summary="Assign, find, withdraw, close, confirm, decline, recover", errors=_WRITE, parameters=(_ID, _KEY),
          body=AuditActBody, body_media=_JSON, max_body=BODY_MAX),
)  # fmt: skip


class Audits:
    """Answers the routes of `AUDIT_ROUTES`."""

    def __init__(self, desk: AuditDesk, core: CoreClient, pool: ThreadPoolExecutor) -> None:
        self._desk, self._core, self._pool = desk, core, pool

    def answerers(self) -> dict[str, Callable[[Call], Awaitable[Reply]]]:
        """Return who answers which route."""
        return {"audits": self.audits, "audit_open": self.open, "audit": self.audit, "audit_act": self.act}

    async def audits(self, call: Call) -> Reply:
        """List audits."""
        wanted: Any = tuple(filter(None, call.query.get("status", "").split(",")))
        if unknown := [status for status in wanted if status not in STATUSES]:
            raise Refusal(400, "OECP-QUERY", "The parameter status cannot be used.", where="?status",
                          expected=f"some of {', '.join(STATUSES)}", got=unknown[0][:40], fix="Mend it.")  # fmt: skip
        late = bool(call.whole_number("overdue", 0, least=0, most=1))
        office, officer = call.query.get("office", ""), call.query.get("officer", "")
        found = await self._read(lambda: self._desk.audits(wanted, office=office, officer=officer, overdue=late))
        start = call.whole_number("start", 0, least=0, most=MOST)
        limit = call.whole_number("limit", 200, least=1, most=1000)
        today = self._desk.today()
        return json_reply(AuditPage(total=len(found), overdue=sum(state.overdue(today) for state in found),
                                    today=today, audits=found[start : start + limit]))  # fmt: skip

    async def audit(self, call: Call) -> Reply:
        """Show one audit."""
        name = call.parameters["id"]
        shown = await self._read(lambda: self._desk.audit(name))
        if shown is None:
            raise Refusal(404, "OECP-UNKNOWN", "There is no such audit.", where="/audits/{id}",
                          expected="the MRN or id of a declaration with one", got=name[:80],
                          fix="GET /audits lists them.")  # fmt: skip
        return json_reply(shown)

    async def open(self, call: Call) -> Reply:
        """Open an audit."""
        body = decoded(call, NewAudit)
        return await self._do(call, OpenAudit(declaration=body.declaration, reason=body.reason))

    async def act(self, call: Call) -> Reply:
        """Do an act on an audit."""
        return await self._do(call, decoded(call, AuditActBody).command(call.parameters["id"]))

    async def _do(self, call: Call, act: AuditAct) -> Reply:
        key = key_of(call.headers.get("idempotency-key"))
        return reply_of(await self._core.submit(ProgrammeCommand(principal=call.who, act=act, key=key)))

    async def _read(self, question: Callable[[], Any]) -> Any:
        return await asyncio.get_running_loop().run_in_executor(self._pool, question)
