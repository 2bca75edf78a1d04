# SPDX-License-Identifier: Apache-2.0
"""Posts over HTTP: check items, send their data ahead, tell of arrivals and steps, read answers and scorecards.

An item of another post is not found (404) for a post: its existence is nobody else's business.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import date
from typing import Any, TypeVar, get_args

import msgspec

from openecp.border.postal.acts import AdviseItems, DecideItem, PostalAct, RecordItemStep, ReviseItem, in_parts
from openecp.border.postal.check import posting_date
from openecp.border.postal.faults import PostalFault, PostalRefused
from openecp.border.postal.item import PostalItem
from openecp.border.postal.report import ItemReport, report_of, reports_of
from openecp.border.postal.scorecard import By, ScoreFilter
from openecp.kernel.casework.answer import Answer
from openecp.platform.api.http import (
    TITLES,
    Call,
    Problem,
    Refusal,
    Reply,
    decoded,
    json_reply,
    problem_of_reason,
    problem_reply,
)
from openecp.platform.api.lodging import key_of, media_name
from openecp.platform.api.plans import day_of, reply_of
from openecp.platform.api.post_routes import (
    DecisionBody,
    ItemReports,
    ItemsTaken,
    ResponseMedia,
    ResponsePage,
    RevisionBody,
    ScorePage,
    StepBody,
)
from openecp.platform.core.client import CoreClient
from openecp.platform.core.model import ProgrammeCommand
from openecp.platform.core.permissions import may
from openecp.platform.core.postbook import (
    PostalBook,
    PostalMedia,
    read_arrival_file,
    read_dispatch_file,
    read_item_file,
    write_responses,
)
from openecp.platform.core.postwork import PostalRules

T = TypeVar("T")
_MEDIA: dict[str, PostalMedia] = {
    "application/json": "json", "application/xml": "xml", "text/xml": "xml", "text/csv": "csv",
}  # fmt: skip
_TYPES = {"xml": "application/xml", "csv": "text/csv; charset=utf-8"}


class PostApi:
    """Answers the routes of `post_routes`."""

    def __init__(
        self, book: PostalBook, rules: Callable[[], PostalRules], core: CoreClient, pool: ThreadPoolExecutor
    ) -> None:
        self._book = book
        self._core = core
        self._make = rules
        self._rules: PostalRules | None = None
        self._pool = pool

    def answerers(self) -> dict[str, Callable[[Call], Awaitable[Reply]]]:
        """Return who answers which route."""
        return {
            "post_check": self.check,
            "post_advise": self.advise,
            "post_dispatch": self.dispatch,
            "post_arrival": self.arrival,
            "post_step": self.step,
            "post_match": self.match,
            "post_item": self.item,
            "post_revise": self.revise,
            "post_decide": self.decide,
            "post_responses": self.responses,
            "post_scorecard": self.scorecard,
        }

    @property
    def rules(self) -> PostalRules:
        """The rules, read when they are first needed."""
        if self._rules is None:
            self._rules = self._make()
        return self._rules

    async def _read(self, question: Callable[[], T]) -> T:
        """Ask in a thread; what is not on record is a 404, what cannot be read a 400.

        Raises: Refusal 404, _Faults.
        """
        try:
            return await asyncio.get_running_loop().run_in_executor(self._pool, question)
        except LookupError as error:
            where, _, rest = str(error).partition(": expected ")
            expected, _, got = rest.rpartition(", got ")
            raise Refusal(
                404,
                "OECP-POSTAL-UNKNOWN",
                "This is not on record, or not for you to read.",
                where=where,
                expected=expected,
                got=got,
                fix="Correct the key.",
            ) from None

    async def check(self, call: Call) -> Reply:
        """Check items; nothing is stored."""
        try:
            found = await self._read(lambda: self._checked(call))
        except PostalRefused as refused:
            return faults_reply(refused.faults)
        return json_reply(found)

    def _checked(self, call: Call) -> ItemReports:
        reading = read_item_file(call.body, _media(call))
        rules = self.rules
        reports = reports_of(reading.items, rules.requirements, rules.rates, rules.is_vague)
        return ItemReports(items=reports, faults=list(reading.faults))

    async def advise(self, call: Call) -> Reply:
        """Send the data of items ahead."""
        try:
            reading = await self._read(lambda: read_item_file(call.body, _media(call)))
        except PostalRefused as refused:
            return faults_reply(refused.faults)
        return await self._take(call, AdviseItems(items=()), reading.items, list(reading.faults))

    async def dispatch(self, call: Call) -> Reply:
        """Pre-advise a dispatch."""
        try:
            act = await self._read(lambda: read_dispatch_file(call.body, _media(call)))
        except PostalRefused as refused:
            return faults_reply(refused.faults)
        return await self._take(call, act, act.items, [])

    async def _take(self, call: Call, act: Any, items: Sequence[PostalItem], faults: list[PostalFault]) -> Reply:
        reports = await self._read(lambda: self._reports(items, call.who.organisation))
        good = tuple(item for item, report in zip(items, reports, strict=True) if report.usable)
        bad = [report for report in reports if not report.usable]
        answers: list[Answer] = []
        if good or not isinstance(act, AdviseItems):
            for number, part in enumerate(in_parts(msgspec.structs.replace(act, items=good))):
                answer = await self._do(call, part, f" {number}" if number else "")
                if answer.error is not None:
                    return problem_reply(problem_of_reason(answer.error, answer.http_status))
                answers.append(answer)
        elif bad or faults:
            return faults_reply([fault for report in bad for fault in report.faults] or faults, status=422)
        warnings = [
            fault for report in reports if report.usable for fault in report.faults if fault.severity == "warning"
        ]
        return json_reply(
            ItemsTaken(
                outcome="done" if any(answer.outcome == "done" for answer in answers) else "repeated",
                taken=[report.item for report in reports if report.usable],
                left_out=bad,
                warnings=warnings,
                faults=faults,
                first_seq=min((answer.first_seq for answer in answers if answer.first_seq), default=0),
                last_seq=max((answer.last_seq for answer in answers), default=0),
            )
        )

    def _reports(self, items: Sequence[PostalItem], organisation: str) -> list[ItemReport]:
        """Return reports of items, with earlier uses of their identifiers that are on record."""
        rules = self.rules
        found = []
        for number, item in enumerate(items):
            others = [day for day in self._book.posting_days(item.s10, organisation) if day != posting_date(item)]
            found.append(
                report_of(
                    item, rules.requirements, rules.rates, rules.is_vague, others=others, where=f"items[{number}]"
                )
            )
        return found

    async def arrival(self, call: Call) -> Reply:
        """Tell of receptacles that have arrived."""
        try:
            act = await self._read(lambda: read_arrival_file(call.body, _media(call)))
        except PostalRefused as refused:
            return faults_reply(refused.faults)
        return reply_of(await self._do(call, act))

    async def step(self, call: Call) -> Reply:
        """Tell where items are."""
        body = decoded(call, StepBody)
        return reply_of(await self._do(call, RecordItemStep(items=body.items, step=body.step, office=body.office)))

    async def revise(self, call: Call) -> Reply:
        """Put what an officer found beside what was declared."""
        body = decoded(call, RevisionBody)
        return reply_of(await self._do(call, ReviseItem(item=_key(call), pieces=body.pieces, reason=body.reason)))

    async def decide(self, call: Call) -> Reply:
        """Decide about an item."""
        body = decoded(call, DecisionBody)
        act = DecideItem(item=_key(call), decision=body.decision, reasons=body.reasons, note=body.note)
        return reply_of(await self._do(call, act))

    async def _do(self, call: Call, act: PostalAct, part: str = "") -> Answer:
        key = key_of(call.headers.get("idempotency-key"))
        key = key + part if key is not None else None
        return await self._core.submit(ProgrammeCommand(principal=call.who, act=act, key=key))

    async def match(self, call: Call) -> Reply:
        """Show how a dispatch matches."""
        return json_reply(await self._read(lambda: self._book.dispatch(call.parameters["id"], call.who)))

    async def item(self, call: Call) -> Reply:
        """Show an item."""
        return json_reply(await self._read(lambda: self._book.item(_key(call), call.who)))

    async def responses(self, call: Call) -> Reply:
        """Show the answers to the caller's own post."""
        after = call.whole_number("after", 0, least=0, most=10**15)
        limit = call.whole_number("limit", 100, least=1, most=1000)
        media = _one_of(call, "format", get_args(ResponseMedia))
        found = await self._read(lambda: self._book.responses(call.who.organisation, after=after, limit=limit))
        if media in ("xml", "csv"):
            kind: PostalMedia = "xml" if media == "xml" else "csv"
            return Reply(200, write_responses([each.response for each in found], kind), _TYPES[kind])
        return json_reply(ResponsePage(responses=found, next=found[-1].number if found else after))

    async def scorecard(self, call: Call) -> Reply:
        """Show a scorecard: of the items of one's own post, to officers and auditors of all."""
        since, until = day_of(call, "since"), day_of(call, "until")
        by: By = "received" if _one_of(call, "by", get_args(By)) == "received" else "posted"
        wanted = ScoreFilter(
            origin_post=call.query.get("origin", "")[:20],
            organisation="" if may(call.who, "read_all") else call.who.organisation,
            since=date.fromisoformat(since) if since else None,
            until=date.fromisoformat(until) if until else None,
            by=by,
        )
        try:
            rows = await self._read(lambda: self._book.scorecard(wanted))
        except PostalRefused as refused:
            return faults_reply(refused.faults)
        return json_reply(ScorePage(rows=rows))


def faults_reply(faults: Sequence[PostalFault], status: int = 400) -> Reply:
    """Return everything that is wrong as one problem."""
    first = faults[0]
    return problem_reply(
        Problem(
            title=TITLES[status],
            status=status,
            code=first.code,
            detail=first.message,
            where=first.where,
            line=first.line,
            expected=first.expected,
            got=first.got,
            fix=first.fix,
            errors=[msgspec.to_builtins(fault) for fault in faults],
        )
    )


def _media(call: Call) -> PostalMedia:
    return _MEDIA[media_name(call.headers.get("content-type"))]  # others were refused before


def _key(call: Call) -> str:
    return call.parameters["id"].replace(":", "/", 1)


def _one_of(call: Call, name: str, words: tuple[str, ...]) -> str:
    text = call.query.get(name, words[0])
    if text not in words:
        raise Refusal(
            400,
            "OECP-QUERY",
            f"The parameter {name} cannot be used.",
            where=f"?{name}",
            expected="one of " + ", ".join(words),
            got=text[:40],
            fix="Correct the parameter.",
        )
    return text
