# SPDX-License-Identifier: Apache-2.0
"""Read over HTTP: cases, their assessments, notifications and receipts; and what officers do with them.

A case of another organisation is not found (404) for a trader: its existence is nobody else's business.
"""

from __future__ import annotations

import asyncio
import base64
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any, TypeVar, get_args

import msgspec

from openecp.border.lodgement.case import OFFICER_EVENTS, event_for_audience
from openecp.border.lodgement.commands import OfficerAct, OfficerActKind
from openecp.kernel.assessment.reasons import ItemValue, Reason, channel_for
from openecp.kernel.datamodel.findings import ControlFinding
from openecp.kernel.journal.model import CaseRow, Event
from openecp.kernel.journal.queries import CaseFilter, Queries
from openecp.kernel.parties.model import Principal
from openecp.platform.api.http import Call, Refusal, Reply, json_reply, problem_reply
from openecp.platform.api.lodging import Lodged, entry_of, key_of
from openecp.platform.core.casefile import assessment_of, notification_entries
from openecp.platform.core.client import CoreClient
from openecp.platform.core.permissions import may, may_read
from openecp.platform.core.results import ErrorFace, TaxFace, error_face, tax_faces

T = TypeVar("T")
MAX_PAGE = 500


class CaseFace(msgspec.Struct, kw_only=True):
    """A case as a list shows it."""

    case_id: str
    organisation: str
    lrn: str
    mrn: str | None
    status: str
    channel: str | None
    office: str | None
    movement: str | None
    version: int
    updated_at: str


class CasePage(msgspec.Struct, kw_only=True):
    """A page of cases, newest first; `next` is the `after` of the next page."""

    cases: list[CaseFace]
    next: str | None


class AssessmentView(msgspec.Struct, kw_only=True):
    """What Customs found and charges, as far as the reader may see it."""

    case_id: str
    mrn: str | None
    outcome: str
    data_set: str | None
    movement: str | None
    currency: str
    channel: str | None
    errors: list[ErrorFace]
    taxes: list[TaxFace]
    values: tuple[ItemValue, ...]
    reasons: tuple[Reason, ...]
    security_minor: int
    profile: str
    decided_on: str


class NotificationView(msgspec.Struct, kw_only=True):
    """One notification; `number` counts within the organisation's feed, without a gap."""

    number: int
    message_id: str
    case_id: str
    kind: str
    created_at: str
    response: msgspec.Raw


class NotificationPage(msgspec.Struct, kw_only=True):
    """Notifications in their order; ask again with `after=next`."""

    notifications: list[NotificationView]
    next: int


class ReceiptView(msgspec.Struct, kw_only=True):
    """Receipts of a case's events: body, leaf, inclusion proof, signed checkpoint; null until the next checkpoint."""

    case_id: str
    mrn: str | None
    receipts: list[dict[str, Any]]


class Act(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """An officer's act."""

    act: OfficerActKind
    result: str | None = None
    lane: str | None = None  # of override_lane, in place of result
    reason: str = ""
    expected_seq: int | None = None
    finding: ControlFinding | None = None


_act = msgspec.json.Decoder(Act)


class Cases:
    """Reads through its own threads, so that no query holds up a lodgement."""

    def __init__(self, queries: Queries, core: CoreClient, pool: ThreadPoolExecutor) -> None:
        self._queries = queries
        self._core = core
        self._pool = pool

    async def read(self, question: Callable[[], T]) -> T:
        """Ask the store in another thread."""
        return await asyncio.get_running_loop().run_in_executor(self._pool, question)

    async def case(self, call: Call) -> CaseRow:
        """Return the case that the path names by MRN or id.

        Raises: Refusal 404, the same for a case that is not there and one that is none of the reader's business.
        """
        name = call.parameters["id"]
        row = await self.read(lambda: self._find(name))
        if row is None or not may_read(call.who, row.organisation):
            raise Refusal(
                404,
                "OECP-NO-CASE",
                "There is no such case.",
                where="path",
                expected="the MRN or the case id of a case that you may see",
                got=name[:80],
                fix="Look at the answer to the lodgement, or list your cases with GET /declarations.",
            )
        return row

    def _find(self, name: str) -> CaseRow | None:
        if len(name) > 80 or not name.isprintable():
            return None
        row = self._queries.find_case(mrn=name)
        if row is not None:
            return row
        found = self._queries.case(name)
        return found[0] if found and found[0].room == "lodgement" else None

    async def work_list(self, call: Call) -> Reply:
        """List cases, newest first."""
        limit = call.whole_number("limit", 50, least=1, most=MAX_PAGE)
        organisation = call.query.get("organisation")
        if not may(call.who, "read_all"):
            organisation = call.who.organisation
        wanted = CaseFilter(
            organisation=organisation,
            status=tuple(call.query["status"].split(",")) if call.query.get("status") else None,
            channel=_channels(call),
            movement=call.query.get("movement"),
            text=call.query.get("text"),
        )
        after = call.query.get("after")
        if after is not None and (len(after) > 200 or after.count("|") != 1):
            raise Refusal(
                400,
                "OECP-QUERY",
                "The parameter after cannot be used.",
                where="?after",
                expected="the `next` of the page before",
                got=after[:80],
                fix="Pass it on unchanged.",
            )
        rows = await self.read(lambda: self._queries.cases(wanted, after=after, limit=limit))
        faces = [face_of(row, call.who) for row in rows]
        following = f"{rows[-1].updated_at}|{rows[-1].case_id}" if len(rows) == limit else None
        return json_reply(CasePage(cases=faces, next=following))

    async def status(self, call: Call) -> Reply:
        """Show one case."""
        return json_reply(face_of(await self.case(call), call.who))

    async def assessment(self, call: Call) -> Reply:
        """Show the assessment of the case's current version."""
        row = await self.case(call)
        found = await self.read(lambda: assessment_of(row, self._queries))
        if found is None:
            raise Refusal(
                404,
                "OECP-NO-ASSESSMENT",
                "This case has no assessment.",
                where="path",
                expected="a case that was assessed",
                got=f"status {row.status}",
                fix="Ask again when the declaration was assessed.",
            )
        cut = found.for_audience(call.who.audience)
        return json_reply(
            AssessmentView(
                case_id=row.case_id,
                mrn=row.mrn,
                outcome=cut.outcome,
                data_set=cut.data_set,
                movement=cut.movement,
                currency=cut.currency,
                channel=cut.channel,
                errors=[error_face(reason) for reason in cut.errors],
                taxes=tax_faces(cut),
                values=cut.values,
                reasons=cut.reasons,
                security_minor=cut.security_minor,
                profile=cut.profile,
                decided_on=cut.decided_on,
            )
        )

    async def notifications(self, call: Call) -> Reply:
        """Show the notifications of one case, oldest first."""
        row = await self.case(call)
        entries = await self.read(lambda: notification_entries(row, self._queries))
        views = [_view(number, message) for number, message in entries]
        return json_reply(NotificationPage(notifications=views, next=views[-1].number if views else 0))

    async def feed(self, call: Call) -> Reply:
        """Show the organisation's notifications after a number; may be asked again for any number at any time."""
        after = call.whole_number("after", 0, least=0, most=10**15)
        limit = call.whole_number("limit", 100, least=1, most=1000)
        organisation = call.who.organisation
        if may(call.who, "read_all"):
            organisation = call.query.get("organisation", organisation)
        entries = await self.read(lambda: self._queries.feed(organisation, after=after, limit=limit))
        views = [_view(entry.number, entry.message) for entry in entries]
        return json_reply(NotificationPage(notifications=views, next=views[-1].number if views else after))

    async def receipt(self, call: Call) -> Reply:
        """Show the receipts of the case's events."""
        row = await self.case(call)
        limit = call.whole_number("limit", 100, least=1, most=MAX_PAGE)
        after = call.whole_number("after", 0, least=0, most=10**15)
        receipts = await self.read(lambda: self._receipts(row, after, limit, call.who))
        return json_reply(ReceiptView(case_id=row.case_id, mrn=row.mrn, receipts=receipts))

    def _receipts(self, row: CaseRow, after: int, limit: int, reader: Principal) -> list[dict[str, Any]]:
        found = []
        for event in self._queries.events(case_id=row.case_id, after_seq=after, limit=limit):
            if event.kind in OFFICER_EVENTS and reader.audience != "officer":
                continue
            receipt = self._queries.receipt(event.seq)
            if receipt is not None:
                found.append(receipt_for(receipt, event, reader))
        return found

    async def act(self, call: Call) -> Reply:
        """Record an officer's act."""
        try:
            act = _act.decode(call.body)
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
            raise Refusal(
                400,
                "OECP-ACT",
                "The act cannot be read.",
                where="body",
                expected="a JSON object with act (" + ", ".join(get_args(OfficerActKind)) + "), result or lane, reason",
                got=str(error)[:200],
                fix="Correct the body.",
            ) from None
        row = await self.case(call)
        answer = await self._core.submit(
            OfficerAct(
                principal=call.who,
                case_id=row.case_id,
                act=act.act,
                result=act.lane if act.act == "override_lane" and act.result is None else act.result,
                reason=act.reason,
                expected_seq=act.expected_seq,
                finding=act.finding,
                key=key_of(call.headers.get("idempotency-key")),
            )
        )
        entry = entry_of(answer, None, call.who)
        return json_reply(entry, entry.http_status) if isinstance(entry, Lodged) else problem_reply(entry)


def face_of(row: CaseRow, reader: Principal) -> CaseFace:
    """Return the face of a case."""
    return CaseFace(
        case_id=row.case_id,
        organisation=row.organisation,
        lrn=row.lrn,
        mrn=row.mrn,
        status=row.status,
        channel=channel_for(row.channel, reader.audience),
        office=row.office,
        movement=row.movement,
        version=row.version,
        updated_at=row.updated_at,
    )


def _view(number: int, message: Any) -> NotificationView:
    return NotificationView(
        number=number,
        message_id=message.message_id,
        case_id=message.case_id,
        kind=message.kind,
        created_at=message.created_at,
        response=msgspec.Raw(message.body),
    )


def _channels(call: Call) -> tuple[str, ...] | None:
    """Return the channels asked for; for a trader blue is green, or the filter would tell them apart."""
    asked = call.query.get("channel")
    if not asked:
        return None
    channels = set(asked.split(","))
    if call.who.audience != "officer":
        channels.discard("blue")
        if "green" in channels:
            channels.add("blue")
    return tuple(sorted(channels))


def receipt_for(receipt: dict[str, Any], event: Event, reader: Principal) -> dict[str, Any]:
    """Cut a receipt to the reader.

    The bytes of an event that holds something for officers stay with the office; leaf and proof remain, which show
    that it is in the log and say nothing of what it says.
    """
    cut = {name: _jsonable(value) for name, value in receipt.items()}
    if reader.audience != "officer" and event_for_audience(event.body, "trader") != event.body:
        cut.pop("event", None)
        cut.pop("body", None)
    return cut


def _jsonable(value: Any) -> Any:
    return base64.b64encode(value).decode() if isinstance(value, bytes) else value
