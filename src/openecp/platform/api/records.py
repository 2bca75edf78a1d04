# SPDX-License-Identifier: Apache-2.0
"""Records over HTTP: lists, one record as its reader may see it, what may be done with it, editions, standards.

Who may read which record is decided where records are read; who may change which, in the core.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

from openecp.platform.api.http import Call, Refusal, Reply, decoded, json_reply
from openecp.platform.api.lodging import key_of
from openecp.platform.api.plans import reply_of
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
from openecp.platform.core.client import CoreClient
from openecp.platform.core.model import ProgrammeCommand
from openecp.platform.core.recordbook import RecordBook, RecordFilter, reader_of
from openecp.programme.compendia.commands import (
    AddRecord,
    AddRecordEvidence,
    AssessStandard,
    CloseSurvey,
    FreezeEdition,
    OpenSurvey,
    PublishRecord,
    RecordAct,
    RetireRecord,
    ReturnRecord,
    ReviewRecord,
    ReviseRecord,
    SubmitRecord,
)
from openecp.programme.compendia.record import STATUSES
from openecp.programme.compendia.standards import coverage

T = TypeVar("T")


class RecordApi:
    """Answers the routes of `record_routes`."""

    def __init__(self, book: RecordBook, core: CoreClient, pool: ThreadPoolExecutor) -> None:
        self._book = book
        self._core = core
        self._pool = pool

    def answerers(self) -> dict[str, Callable[[Call], Awaitable[Reply]]]:
        """Return who answers which route."""
        return {
            "record_types": self.types,
            "records": self.records,
            "record_add": self.add,
            "record": self.record,
            "record_change": self.change,
            "record_edition": self.edition,
            "record_results": self.results,
            "standards": self.standards,
            "standard_assess": self.assess,
        }

    async def _read(self, question: Callable[[], T]) -> T:
        """Ask in a thread; what is not on record is a 404.

        Raises: Refusal 404.
        """
        try:
            return await asyncio.get_running_loop().run_in_executor(self._pool, question)
        except LookupError as error:
            where, _, rest = str(error).partition(": expected ")
            expected, _, got = rest.rpartition(", got ")
            raise Refusal(
                404,
                "OECP-RECORD-UNKNOWN",
                "This is not on record, or not for you to read.",
                where=where or None,
                expected=expected or None,
                got=got or str(error)[:200],
                fix="See GET /records.",
            ) from None

    async def types(self, call: Call) -> Reply:
        """List the record types."""
        return json_reply(RecordTypePage(types=list(self._book.templates.values())))

    async def records(self, call: Call) -> Reply:
        """List records by a filter."""
        wanted = filter_of(call)
        found = await self._read(lambda: self._book.records(reader_of(call.who), wanted))
        start = call.whole_number("start", 0, least=0, most=100_000)
        limit = call.whole_number("limit", 200, least=1, most=1000)
        return json_reply(RecordPage(total=len(found), records=found[start : start + limit]))

    async def record(self, call: Call) -> Reply:
        """Show a record."""
        reader, name = reader_of(call.who), call.parameters["id"]

        def ask() -> RecordAnswer:
            state = self._book.record(name, reader)
            return RecordAnswer(
                record=self._book.shown(state, reader),
                status=state.status,
                named_in_plan=state.origin == "plan",
                may_change=reader.may_work_on(state.owner),
                note=state.note if reader.may_work_on(state.owner) else "",
                seq=self._book.seq(name),
                editions=list(state.editions),
            )

        return json_reply(await self._read(ask))

    async def edition(self, call: Call) -> Reply:
        """Show an edition."""
        reader, name = reader_of(call.who), call.parameters["id"]
        number = call.whole_number("number", 0, least=0, most=100_000) or None

        def ask() -> EditionAnswer:
            self._book.record(name, reader)
            edition, data = self._book.edition(name, number)
            return EditionAnswer(edition=edition, data=data, diff=self._book.edition_diff(name, number))

        return json_reply(await self._read(ask))

    async def results(self, call: Call) -> Reply:
        """Show what is told of a survey."""
        reader, name = reader_of(call.who), call.parameters["id"]

        def ask() -> SurveyAnswer:
            state = self._book.record(name, reader)
            return SurveyAnswer(
                tally=list(self._book.tally(state)), rates=list(self._book.rates(state)), rows=self._book.export(state)
            )

        return json_reply(await self._read(ask))

    async def standards(self, call: Call) -> Reply:
        """Show the standards register."""
        found = await self._read(self._book.standards)
        return json_reply(StandardPage(standards=list(found), coverage=list(coverage(found))))

    async def add(self, call: Call) -> Reply:
        """Add a record."""
        body = decoded(call, NewRecord)
        act = AddRecord(
            record=body.record,
            owner=body.owner,
            language=body.language,
            values=body.values,
            actions=body.actions,
            bodies=body.bodies,
        )
        return await self._do(call, act)

    async def change(self, call: Call) -> Reply:
        """Do what a change says with a record."""
        return await self._do(call, act_of(call.parameters["id"], decoded(call, RecordChange)))

    async def assess(self, call: Call) -> Reply:
        """State anew how OpenECP stands to a standard."""
        body = decoded(call, StandardChange)
        act = AssessStandard(
            standard=call.parameters["id"],
            status=body.status,
            shown_by=body.shown_by,
            note_en=body.note_en,
            note_fr=body.note_fr,
        )
        return await self._do(call, act)

    async def _do(self, call: Call, act: RecordAct) -> Reply:
        key = key_of(call.headers.get("idempotency-key"))
        answer = await self._core.submit(ProgrammeCommand(principal=call.who, act=act, key=key))
        return reply_of(answer)


def act_of(record: str, body: RecordChange) -> RecordAct:
    """Return the command that a change asks for."""
    match body.act:
        case "revise":
            return ReviseRecord(
                record=record,
                values=body.values,
                still_right=body.still_right,
                owner=body.owner,
                actions=body.actions,
                bodies=body.bodies,
                reason=body.reason,
            )
        case "submit":
            return SubmitRecord(record=record)
        case "review":
            return ReviewRecord(record=record)
        case "publish":
            return PublishRecord(record=record)
        case "return":
            return ReturnRecord(record=record, reason=body.reason)
        case "retire":
            return RetireRecord(record=record, reason=body.reason)
        case "evidence":
            return AddRecordEvidence(record=record, ref=body.ref, title=body.title, sha256=body.sha256)
        case "edition":
            return FreezeEdition(record=record, title=body.title, note=body.note)
        case "open_survey":
            return OpenSurvey(record=record, closes_on=body.closes_on)
        case "close_survey":
            return CloseSurvey(record=record)


def filter_of(call: Call) -> RecordFilter:
    """Return the filter of the query.

    Raises: Refusal 400.
    """
    status = tuple(part.strip() for part in call.query.get("status", "").split(",") if part.strip())
    if wrong := [part for part in status if part not in STATUSES]:
        raise Refusal(
            400,
            "OECP-QUERY",
            "The parameter status cannot be used.",
            where="?status",
            expected="of " + ", ".join(STATUSES),
            got=wrong[0][:40],
            fix="Correct the parameter.",
        )
    given = {n: call.query.get(n, "")[:200] for n in ("type", "action", "body", "owner", "topic", "text")}
    return RecordFilter(status=status, **given)
