# SPDX-License-Identifier: Apache-2.0
"""A register of plans over a store in memory, with a clock that tests set, and commands through a core."""

from __future__ import annotations

import hashlib

import msgspec

from openecp.kernel.casework.answer import Answer
from openecp.kernel.journal.memory import MemoryStore
from openecp.kernel.parties.model import Principal
from openecp.platform.core.desk import Desk
from openecp.platform.core.inprocess import InProcessCore
from openecp.platform.core.model import ProgrammeCommand
from openecp.platform.core.programme import NoClearance, ProgrammeCasework
from openecp.programme.action_plan.bodies import shipped_bodies, shipped_work_programmes
from openecp.programme.action_plan.commands import PlanAct, TakePlan
from openecp.programme.action_plan.reading import PlanBook
from openecp.programme.action_plan.records import ActionRecord, Period, PlanDocument, PlanRecord, Section, Timeframe

NOW = "2020-07-10T09:00:00.000000Z"
SECRETARIAT = Principal(principal_id="sena", kind="person", organisation="wco", name="Sena", roles=("secretariat",))
DELEGATE = Principal(
    principal_id="delia", kind="person", organisation="wco", name="Delia", roles=("delegate",), bodies=("SAFE WG",)
)
TRADER = Principal(principal_id="tom", kind="person", organisation="t", name="Tom", roles=("trader",))


class RegisterWorld:
    """Store, core and book; `now` is the clock."""

    def __init__(self, now: str = NOW) -> None:
        self.now = now
        self.store = MemoryStore(clock=lambda: self.now)
        nothing = NoClearance()
        casework = ProgrammeCasework(self.store, clock=lambda: self.now)
        desk = Desk(assessor=nothing, casework=nothing, reader=self.store, writer=self.store, programme=casework)
        self.core = InProcessCore(desk)
        self.book = PlanBook(
            self.store, clock=lambda: self.now, bodies=shipped_bodies(), work_programmes=shipped_work_programmes()
        )

    def ask(self, act: PlanAct, who: Principal = SECRETARIAT, key: str | None = None) -> Answer:
        """Give a command and return what became of it."""
        return self.core.submit_all([ProgrammeCommand(principal=who, act=act, key=key)])[0]

    def do(self, act: PlanAct, who: Principal = SECRETARIAT) -> Answer:
        """Give a command that must be done."""
        answer = self.ask(act, who)
        assert answer.error is None, answer.error
        return answer

    def refused(self, act: PlanAct, who: Principal = SECRETARIAT) -> str:
        """Give a command that must be refused, and return the code; nothing is recorded."""
        before = len(self.store.log)
        answer = self.ask(act, who)
        assert answer.error is not None, answer
        assert len(self.store.log) == before
        error = answer.error
        assert all((error.message, error.expected, error.got, error.fix)), error
        assert answer.http_status >= 400
        return error.code


def date_frame(due: str) -> Timeframe:
    """A timeframe with a due date."""
    return Timeframe(kind="date", due=due, year_month=due[:7])


def small_plan(**changes: object) -> PlanDocument:
    """A plan of six actions, one of each kind of timeframe and one without an owner."""
    rows = (
        (1, 1, "Guidance on zones", ("PTC",), ("PTC-WP",), date_frame("2019-12-31")),
        (2, 1, "Share good practice", ("PTC", "SAFE WG"), (), Timeframe(kind="continuous")),
        (3, 1, "Compendium of programmes", ("SAFE WG",), (), Timeframe(kind="annual", recurrence="P1Y")),
        (4, 2, "Report on the plan", ("PTC",), (), Timeframe(kind="sessions", body="PTC")),
        (5, 2, "Study of technology", (), (), Timeframe(kind="unstated")),
        (6, 2, "Review of the framework", ("SAFE WG",), ("PTC-WP",), date_frame("2020-06-30")),
    )  # fmt: skip
    actions = tuple(
        ActionRecord(
            id=f"TEST-{number:02d}",
            number=number,
            section=section,
            title=title,
            responsible=bodies,
            responsible_as_written=", ".join(bodies),
            work_programmes=programmes,
            timeframe=timeframe,
            timeframe_as_written=timeframe.due or timeframe.kind,
        )
        for number, section, title, bodies, programmes, timeframe in rows
    )
    plan = PlanRecord(
        plan_id="TEST",
        title="Plan of the test",
        phase="",
        status="draft",
        period=Period(start="2019-01", end="2020-06"),
        sections=(Section(number=1, title="First"), Section(number=2, title="Second")),
        source_name="test.txt",
        source_sha256=hashlib.sha256(b"test").hexdigest(),
    )
    document = PlanDocument(plan=plan, actions=actions)
    return msgspec.structs.replace(document, **changes)


def other_source(document: PlanDocument, text: str) -> PlanDocument:
    """The document as if it came from another file."""
    digest = hashlib.sha256(text.encode()).hexdigest()
    plan = msgspec.structs.replace(document.plan, source_sha256=digest, source_name=f"{text}.txt")
    return msgspec.structs.replace(document, plan=plan)


def with_action(document: PlanDocument, number: int, /, **changes: object) -> PlanDocument:
    """The document with one action changed."""
    actions = tuple(
        msgspec.structs.replace(action, **changes) if action.number == number else action for action in document.actions
    )
    return msgspec.structs.replace(document, actions=actions)


def world_with_plan() -> RegisterWorld:
    """A register with the small plan."""
    world = RegisterWorld()
    world.do(TakePlan(document=small_plan()))
    return world
