# SPDX-License-Identifier: Apache-2.0
"""Action plans over HTTP: everything that may be asked of the register as of any day, and what may be recorded.

Who may read all is in the table of permissions; that a delegate reports for its own bodies only is decided in the core.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any, TypeVar

import msgspec

from openecp.kernel.casework.answer import Answer
from openecp.platform.api.http import Call, Refusal, Reply, decoded, json_reply, problem_of_reason, problem_reply
from openecp.platform.api.lodging import key_of
from openecp.platform.api.plan_bodies import (
    ActionPage,
    BodyPage,
    ChangePage,
    DiffPage,
    FigurePage,
    HistoryPage,
    InstrumentPage,
    LineagePage,
    MeasuredAction,
    PlanActBody,
    PlanPage,
    Recorded,
    SessionPage,
    TakeBody,
    UpdateBody,
    VersionPage,
)
from openecp.platform.core.client import CoreClient
from openecp.platform.core.model import ProgrammeCommand
from openecp.programme.action_plan.commands import FreezeMeasurements, PlanAct, UpdateAction
from openecp.programme.action_plan.importing.source import PlanFault
from openecp.programme.action_plan.names import is_day
from openecp.programme.action_plan.plans import ActionFilter, Plans

T = TypeVar("T")
MOST_ACTIONS = 10_000


class PlanApi:
    """Answers the routes of `plan_routes`."""

    def __init__(self, plans: Plans, core: CoreClient, pool: ThreadPoolExecutor) -> None:
        self._plans = plans
        self._core = core
        self._pool = pool

    def answerers(self) -> dict[str, Callable[[Call], Awaitable[Reply]]]:
        """Return who answers which route."""
        return {
            "plans": self.plans,
            "plan": self.plan,
            "plan_actions": self.actions,
            "plan_roll_up": self.roll_up,
            "plan_changes": self.changes,
            "plan_versions": self.versions,
            "plan_diff": self.diff,
            "plan_figures": self.figures,
            "plan_freeze": self.freeze,
            "plan_take": self.take,
            "plan_act": self.act,
            "action": self.action,
            "action_history": self.history,
            "action_update": self.update,
            "sessions": self.sessions,
            "instruments": self.instruments,
            "bodies": self.bodies,
            "lineage": self.lineage,
        }

    async def _read(self, question: Callable[[], T]) -> T:
        """Ask in a thread; what is not in the register is a 404.

        Raises: Refusal 404.
        """
        try:
            return await asyncio.get_running_loop().run_in_executor(self._pool, question)
        except LookupError as error:
            raise _unknown(str(error)) from None

    # -- questions ----------------------------------------------------------------------------------------------------

    async def plans(self, call: Call) -> Reply:
        """List the plans."""
        day = day_of(call, "as_of")
        return json_reply(PlanPage(plans=await self._read(lambda: self._plans.plans(as_of=day))))

    async def plan(self, call: Call) -> Reply:
        """Show a plan."""
        day = day_of(call, "as_of")
        return json_reply(await self._read(lambda: self._plans.plan(call.parameters["id"], as_of=day)))

    async def actions(self, call: Call) -> Reply:
        """List a plan's actions by a filter."""
        day, wanted = day_of(call, "as_of"), filter_of(call)
        found = await self._read(lambda: self._plans.actions(call.parameters["id"], wanted, as_of=day))
        start = call.whole_number("start", 0, least=0, most=MOST_ACTIONS)
        limit = call.whole_number("limit", 500, least=1, most=1000)
        return json_reply(ActionPage(total=len(found), actions=found[start : start + limit]))

    async def roll_up(self, call: Call) -> Reply:
        """Count a plan's actions."""
        day = day_of(call, "as_of")
        return json_reply(await self._read(lambda: self._plans.roll_up(call.parameters["id"], as_of=day)))

    async def changes(self, call: Call) -> Reply:
        """List what changed in a plan between two days."""
        since, until = day_of(call, "since"), day_of(call, "until")
        found = await self._read(
            lambda: self._plans.changes(call.parameters["id"], since=since or "0001-01-01", until=until)
        )
        return json_reply(ChangePage(changes=found))

    async def versions(self, call: Call) -> Reply:
        """List a plan's versions."""
        return json_reply(VersionPage(versions=await self._read(lambda: self._plans.versions(call.parameters["id"]))))

    async def diff(self, call: Call) -> Reply:
        """Show what differs between two versions."""
        old = call.whole_number("old", 0, least=0, most=100_000)
        new = call.whole_number("new", 1, least=0, most=100_000)
        return json_reply(DiffPage(actions=await self._read(lambda: self._plans.diff(call.parameters["id"], old, new))))

    async def action(self, call: Call) -> Reply:
        """Show an action."""
        day = day_of(call, "as_of")
        return json_reply(await self._read(lambda: self._plans.action(call.parameters["id"], as_of=day)))

    async def history(self, call: Call) -> Reply:
        """Show every recorded change of an action."""
        day = day_of(call, "as_of")
        return json_reply(
            HistoryPage(changes=await self._read(lambda: self._plans.history(call.parameters["id"], as_of=day)))
        )

    async def sessions(self, call: Call) -> Reply:
        """List sessions, or show the one that is named."""
        day, name, body = day_of(call, "as_of"), call.query.get("session"), call.query.get("body")
        if name is not None:
            return json_reply(SessionPage(sessions=[await self._read(lambda: self._plans.session(name, as_of=day))]))
        return json_reply(SessionPage(sessions=await self._read(lambda: self._plans.sessions(body, as_of=day))))

    async def instruments(self, call: Call) -> Reply:
        """List instruments."""
        day = day_of(call, "as_of")
        return json_reply(InstrumentPage(instruments=await self._read(lambda: self._plans.instruments(as_of=day))))

    async def bodies(self, call: Call) -> Reply:
        """List bodies and work programmes."""
        page = await self._read(
            lambda: BodyPage(bodies=self._plans.bodies(), work_programmes=self._plans.work_programmes())
        )
        return json_reply(page)

    async def lineage(self, call: Call) -> Reply:
        """List the links between two plans."""
        earlier, later = call.query.get("earlier"), call.query.get("later")
        return json_reply(LineagePage(links=await self._read(lambda: self._plans.lineage(earlier, later))))

    async def figures(self, call: Call) -> Reply:
        """Run the stored queries of a plan; nothing is recorded."""
        return json_reply(FigurePage(figures=await self._measure(call)))

    async def _measure(self, call: Call) -> list[MeasuredAction]:
        day = day_of(call, "as_of")

        def run() -> list[MeasuredAction]:
            plan = call.parameters["id"]
            found = self._plans.measure(plan, as_of=day or self._plans.roll_up(plan).as_of)
            return [MeasuredAction(action=action, measurement=figure) for action, figure in found]

        return await self._read(run)

    # -- commands -----------------------------------------------------------------------------------------------------

    async def freeze(self, call: Call) -> Reply:
        """Run the stored queries of a plan and record the figures as they are."""
        measured = await self._measure(call)
        figures = tuple((each.action, each.measurement) for each in measured)
        return await self._do(call, FreezeMeasurements(plan=call.parameters["id"], measurements=figures))

    async def update(self, call: Call) -> Reply:
        """Report on an action: status, note, evidence."""
        body = decoded(call, UpdateBody)
        act = UpdateAction(
            action=call.parameters["id"],
            status=body.status,
            note=body.note,
            evidence=body.evidence,
            on=body.on,
            session=body.session,
            target=body.target,
        )
        return await self._do(call, act)

    async def act(self, call: Call) -> Reply:
        """Record any other act of the Secretariat."""
        return await self._do(call, decoded(call, PlanActBody).act)

    async def take(self, call: Call) -> Reply:
        """Take a plan document into the register."""
        body = decoded(call, TakeBody)

        def read() -> PlanAct:
            from openecp.platform.core.taking import take_act

            return take_act(
                body.name,
                body.content,
                plan_id=body.plan,
                language=body.language,
                confirmed=body.confirmed,
                on=body.on,
                scope=body.scope,
                work_programme=body.work_programme,
            )

        try:
            act = await self._read(read)
        except PlanFault as fault:
            raise Refusal(
                422,
                "OECP-PLAN-DOCUMENT",
                fault.message,
                where=fault.where,
                expected=fault.wanted,
                got=fault.got,
                fix=fault.fix,
            ) from None
        return await self._do(call, act)

    async def _do(self, call: Call, act: PlanAct) -> Reply:
        key = key_of(call.headers.get("idempotency-key"))
        answer = await self._core.submit(ProgrammeCommand(principal=call.who, act=act, key=key))
        return reply_of(answer)


def reply_of(answer: Answer) -> Reply:
    """Return what became of a command."""
    if answer.error is not None:
        return problem_reply(problem_of_reason(answer.error, answer.http_status))
    recorded = Recorded(
        outcome=answer.outcome,
        subject=answer.case_id or "",
        status=answer.status or "",
        first_seq=answer.first_seq,
        last_seq=answer.last_seq,
    )
    return json_reply(recorded)


def day_of(call: Call, name: str) -> str | None:
    """Return a query parameter that is a day.

    Raises: Refusal 400.
    """
    text = call.query.get(name)
    if text is not None and not is_day(text):
        raise Refusal(
            400,
            "OECP-QUERY",
            f"The parameter {name} cannot be used.",
            where=f"?{name}",
            expected="a day such as 2020-02-01",
            got=text[:40],
            fix="Correct the parameter.",
        )
    return text


_LISTS = ("body", "programme", "timeframe", "lifecycle", "colour", "quarter")


def filter_of(call: Call) -> ActionFilter:
    """Return the filter of the query; values of one field are separated by commas.

    Raises: Refusal 400.
    """
    given: dict[str, Any] = {
        name: [each.strip() for each in call.query[name].split(",")] for name in _LISTS if name in call.query
    }
    if "section" in call.query:
        given["section"] = [int(each) if each.strip().isdigit() else each for each in call.query["section"].split(",")]
    if "text" in call.query:
        given["text"] = call.query["text"][:200]
    if call.query.get("overdue") in ("true", "1"):
        given["overdue"] = True
    if "due_within_days" in call.query:
        given["due_within_days"] = call.whole_number("due_within_days", 90, least=1, most=3660)
    try:
        return msgspec.convert(given, ActionFilter)
    except msgspec.ValidationError as error:
        raise Refusal(
            400,
            "OECP-QUERY",
            "The filter cannot be used.",
            where="query",
            expected="codes as in the description of this route",
            got=str(error)[:200],
            fix="Correct the parameter.",
        ) from None


def _unknown(told: str) -> Refusal:
    where, _, rest = told.partition(": expected ")
    expected, _, got = rest.rpartition(", got ")
    return Refusal(
        404,
        "OECP-PLAN-UNKNOWN",
        "This is not in the register.",
        where=where[:80] or None,
        expected=expected[:200] or None,
        got=got[:80] or told[:80],
        fix="GET /plans lists the plans.",
    )
