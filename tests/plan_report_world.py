# SPDX-License-Identifier: Apache-2.0
"""A register of the two shipped plans in memory, with some forty invented updates to the Phase IV plan.

What each update says is invented here; nothing of it is an outcome of any real action.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from openecp.kernel.indicators.model import Indicator
from openecp.kernel.journal.memory import MemoryStore
from openecp.kernel.parties.model import Principal
from openecp.platform.core.desk import Desk
from openecp.platform.core.inprocess import InProcessCore
from openecp.platform.core.model import ProgrammeCommand
from openecp.platform.core.programme import NoClearance, ProgrammeCasework
from openecp.platform.core.seeding import seed_register
from openecp.platform.core.settings import Settings
from openecp.programme.action_plan.bodies import shipped_bodies, shipped_work_programmes
from openecp.programme.action_plan.commands import (
    Change,
    HoldSession,
    NewEvidence,
    OverrideStatus,
    PlanAct,
    RecordDecision,
    UpdateAction,
    VerifyEvidence,
)
from openecp.programme.action_plan.reading import PlanBook
from openecp.programme.action_plan.records import Timeframe
from openecp.programme.action_plan.shipped import shipped_rows

NOW = "2020-06-05T10:00:00.000000Z"
AS_OF = "2020-02-01"
SINCE = "2019-07-01"
SECRETARIAT = Principal(principal_id="p-1", kind="person", organisation="wco", name="A person", roles=("secretariat",))
STARTED = (1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 14, 15, 16, 17, 18, 19, 20, 22, 25, 26, 35, 37, 44, 46, 47, 53, 58, 59)
EVIDENCED = (6, 14, 17, 18, 22, 35, 59)  # continuous, evidence within the last period
OLD_EVIDENCE = (25, 37)  # continuous, evidence longer ago
DELIVERED = (15, 43, 46)


class NothingCleared:
    """A journal without declarations, as indicators see it."""

    def firsts(self, kinds: tuple[str, ...], *, since: str | None, until: str) -> Iterable[tuple[str | None, ...]]:
        """Return no case."""
        return ()

    def notifications(self, *, since: str | None, until: str) -> tuple[int, int]:
        """Return that there were none."""
        return 0, 0

    def position(self) -> int:
        """Return a place in the journal."""
        return 500


class ReportWorld:
    """A register in memory with a clock that stands still."""

    def __init__(self, indicators: dict[str, Indicator] | None = None) -> None:
        self.indicators = indicators or {}
        self.store = MemoryStore(clock=self.clock)
        nothing: Any = NoClearance()
        desk = Desk(
            assessor=nothing,
            casework=nothing,
            reader=self.store,
            writer=self.store,
            programme=ProgrammeCasework(self.store, clock=self.clock),
        )
        self.core = InProcessCore(desk, Settings())
        seed_register(self.core, self.store, self.indicators)
        self.plans = PlanBook(
            self.store,
            clock=self.clock,
            bodies=shipped_bodies(),
            work_programmes=shipped_work_programmes(),
            indicators=self.indicators,
            window=NothingCleared(),
        )

    @staticmethod
    def clock() -> str:
        """Return the same instant each time."""
        return NOW

    def do(self, *acts: PlanAct) -> None:
        """Record commands; none may be refused."""
        for answer in self.core.submit_all([ProgrammeCommand(principal=SECRETARIAT, act=act) for act in acts]):
            assert answer.outcome == "done", answer.error


def codes(language: str) -> dict[str, dict[str, str]]:
    """Return the words for codes that ship, in one language."""
    found: dict[str, dict[str, str]] = {}
    for row in shipped_rows("code_names"):
        found.setdefault(row["kind"], {})[row["code"]] = row[f"name_{language}"]
    return found


def action(number: int) -> str:
    """Return the id of an action of the Phase IV plan."""
    return f"ECP-IV-{number:02d}"


def fill(world: ReportWorld) -> ReportWorld:
    """Record the invented updates, evidence, decisions and overrides."""
    paper = NewEvidence(ref="PC0512E1a")
    world.do(
        HoldSession(
            session="PTC/221", body="PTC", name="221st session", starts="2019-06-25", ends="2019-06-28", on="2019-06-25"
        ),
        HoldSession(
            session="PTC/223", body="PTC", name="223rd session", starts="2019-10-28", ends="2019-10-31", on="2019-10-28"
        ),
    )
    world.do(
        *(
            UpdateAction(
                action=action(number), status="in_progress", note="work has begun", on=f"2019-0{3 + number % 3}-11"
            )
            for number in STARTED
        )
    )
    world.do(*(UpdateAction(action=action(number), evidence=paper, on="2019-10-15") for number in EVIDENCED))
    world.do(*(UpdateAction(action=action(number), evidence=paper, on="2019-03-20") for number in OLD_EVIDENCE))
    world.do(
        UpdateAction(action=action(43), status="in_progress", on="2019-03-15"),
        UpdateAction(action=action(43), status="delivered", evidence=NewEvidence(ref="PC0498E1a"), on="2019-06-20"),
        UpdateAction(action=action(46), status="delivered", evidence=NewEvidence(ref="PM0481E1a"), on="2020-01-20"),
        UpdateAction(action=action(15), status="delivered", evidence=NewEvidence(ref="PC0540E1a"), on="2019-11-05"),
        VerifyEvidence(action=action(15), evidence="E1", on="2019-11-12"),
        UpdateAction(action=action(33), status="suspended", note="no host", on="2019-12-02"),
        UpdateAction(action=action(29), evidence=NewEvidence(ref="AEO-2019"), on="2019-12-10"),
        UpdateAction(action=action(20), status="in_progress", note="programme agreed", on="2020-01-15"),
        OverrideStatus(
            action=action(44), colour="amber", reason="waits for a consultant", expires="2020-03-31", on="2019-12-15"
        ),
        OverrideStatus(action=action(10), colour="green", reason="on course", expires="2019-12-31", on="2019-09-10"),
        RecordDecision(
            session="PTC/223",
            text="The work on rail transport goes on until December 2020.",
            changes=(
                Change(action=action(12), timeframe=Timeframe(kind="date", due="2020-12-31", year_month="2020-12")),
                Change(action=action(11), status="in_progress"),
            ),
            on="2019-10-30",
        ),
    )
    return world
