# SPDX-License-Identifier: Apache-2.0
"""A small programme for tests of pages: both plans as they ship, a few dozen invented updates, people of each role.

Everything goes through the core and the register's own commands, over a store in memory.
"""

from __future__ import annotations

from typing import Any

from console_world import PEOPLE, Forward, MemoryRegister, Settings, World
from litestar import Litestar

from openecp.kernel.parties.model import Principal
from openecp.kernel.profile import load_profile
from openecp.platform.console.app import console_routes
from openecp.platform.console.plans.desk import PlanDesk
from openecp.platform.core.desk import Desk
from openecp.platform.core.inprocess import InProcessCore
from openecp.platform.core.model import ProgrammeCommand
from openecp.platform.core.programme import NoClearance, ProgrammeCasework
from openecp.platform.core.seeding import seed_register
from openecp.platform.core.settings import Settings as CoreSettings
from openecp.programme.action_plan.bodies import shipped_bodies, shipped_work_programmes
from openecp.programme.action_plan.commands import (
    AssertLineage,
    BindEvidence,
    Change,
    FreezeMeasurements,
    HoldSession,
    Link,
    NewEvidence,
    OverrideStatus,
    PlanAct,
    RecordDecision,
    SetMilestone,
    StageDeliverable,
    UpdateAction,
)
from openecp.programme.action_plan.reading import PlanBook
from openecp.programme.action_plan.records import Timeframe
from openecp.programme.action_plan.views import AgendaItemView, BindingView, MeasurementView

SENA = Principal(principal_id="sena", kind="person", organisation="wco", name="Sena Adeyemi", roles=("secretariat",))
DELIA = Principal(
    principal_id="delia", kind="person", organisation="wco", name="Delia Ferrand", roles=("delegate",),
    bodies=("SAFE WG",),
)  # fmt: skip
NOW = "2020-07-10T09:00:00.000000Z"
EARLIER = "2020-02-01"  # a day for which reports are asked


class PlanWorld(World):
    """The console's world with a register of plans beside the declarations."""

    def __init__(self) -> None:
        super().__init__()
        self.clock.when = self.clock.when.replace(year=2020, month=7, day=10)
        self.register = MemoryRegister()
        for person in (*PEOPLE, SENA, DELIA):
            self.register.add_principal(person)
        nothing = NoClearance()
        casework = ProgrammeCasework(self.store, clock=self.clock.text)
        desk = Desk(assessor=nothing, casework=nothing, reader=self.store, writer=self.store, programme=casework)
        self.core = InProcessCore(desk, CoreSettings())
        self.plans = PlanBook(
            self.store, clock=self.clock.text, bodies=shipped_bodies(), work_programmes=shipped_work_programmes()
        )
        self.desk = PlanDesk(plans=self.plans, feed_key=b"invented key of this installation")

    def act(self, act: PlanAct, who: Principal = SENA) -> None:
        """Record something, or fail."""
        (answer,) = self.core.submit_all([ProgrammeCommand(principal=who, act=act)])
        assert answer.outcome in ("done", "repeated"), (act, answer.error)

    async def submit(self, command: Any) -> Any:
        """What pages ask of the core: commands of both sides."""
        if not isinstance(command, ProgrammeCommand):
            return await super().submit(command)
        self.submitted.append(command)
        return await self.core.submit(command)

    def app(self) -> Litestar:
        """The console alone."""
        return Litestar(
            route_handlers=console_routes(
                self.store, self, self.register, Settings(), profile=load_profile("demo"), desk=self.desk,
                now=self.clock.now, ticks=self.clock.monotonic,
            ),
            openapi_config=None,
            logging_config=None,
        )  # fmt: skip


def busy_plans() -> PlanWorld:
    """Return both plans with invented updates up to July 2020."""
    world = PlanWorld()
    seed_register(world.core, world.store, {})
    sessions(world)
    updates(world)
    milestones_and_figures(world)
    first = world.plans.lineage("ECP-III", "ECP-IV")[0]
    link = Link(
        from_id=first.from_id, to_id=first.to_id, relation=first.relation, confidence="1", reason="Read in both."
    )
    world.act(AssertLineage(links=(link,), state="confirmed"))
    return world


def sessions(world: PlanWorld) -> None:
    """Three sessions with an agenda."""
    for body, number, starts, ends in (
        ("PTC", 221, "2019-04-02", "2019-04-05"), ("PTC", 223, "2019-10-28", "2019-10-31"),
        ("SAFE WG", 22, "2019-10-23", "2019-10-25"), ("PTC", 225, "2020-10-12", "2020-10-14"),
    ):  # fmt: skip
        progress = AgendaItemView(number=2, title="ECP Action Plan: progress", actions=("ECP-IV-04", "ECP-IV-19"))
        world.act(
            HoldSession(
                session=f"{body.replace(' ', '-')}/{number}", body=body, name=f"{body}, session {number}",
                starts=starts, ends=ends, agenda=(AgendaItemView(number=1, title="Adoption of the agenda"), progress),
                on="2019-01-10",
            )
        )  # fmt: skip


def updates(world: PlanWorld) -> None:
    """Progress, evidence, an override, a decision."""

    def note(number: int, on: str, status: Any = "in_progress", text: str = "", evidence: Any = None) -> None:
        name = f"ECP-IV-{number:02d}"
        world.act(UpdateAction(action=name, status=status, note=text, on=on, evidence=evidence))

    for number in (1, 3, 4, 6, 8, 9, 12, 14, 16, 17, 20, 22, 26, 29, 33, 39, 43, 45, 47, 48, 50, 55, 60):
        note(number, "2019-05-14", text="Work began; a first draft is with the members.")
    for number in (4, 14, 17, 39, 45, 55, 60):
        note(number, "2020-03-20", None, "Reported to the session.", NewEvidence(ref=f"PC06{number:02d}E1a"))
    study = NewEvidence(ref="https://example.org/study.pdf", kind="external", title="Study", sha256="a" * 64)
    note(43, "2019-07-10", "delivered", "Published.", study)
    note(8, "2020-05-30", "delivered", "Adopted.", NewEvidence(ref="SF0052E1a"))
    note(33, "2019-12-01", "suspended", "No funds before 2021.")
    note(29, "2019-12-12", None, "", NewEvidence(ref="SP0693E1a", title="Annual report"))
    world.act(
        OverrideStatus(
            action="ECP-IV-20", colour="amber", reason="The final text is with the drafting group.",
            expires="2020-12-31", on="2020-06-15",
        )
    )  # fmt: skip
    world.act(
        RecordDecision(
            session="PTC/223", item=2, text="The Committee took note of the progress and moved the date of one action.",
            changes=(
                Change(action="ECP-IV-05", timeframe=Timeframe(kind="date", due="2020-12-31", year_month="2020-12")),
                Change(action="ECP-IV-19", status="in_progress", note="Taken up by the Secretariat."),
            ),
        )
    )  # fmt: skip


def milestones_and_figures(world: PlanWorld) -> None:
    """Milestones, stages of a deliverable, a frozen figure."""
    world.act(SetMilestone(action="ECP-IV-04", title="Outline agreed", due="2019-09-30", on="2019-05-20"))
    world.act(SetMilestone(action="ECP-IV-04", title="Second draft", due="2020-04-30", on="2019-05-20"))
    world.act(SetMilestone(action="ECP-IV-04", milestone="M1", reached_on="2019-10-02"))
    titles = {"en": "Handbook on regional integration", "fr": "Manuel sur l’intégration régionale"}
    for stage, day in (("idea", "2019-02-01"), ("drafting", "2019-05-20"), ("ptc", "2019-10-30")):
        name = None if stage == "idea" else "ECP-IV-04/D1"
        world.act(
            StageDeliverable(
                stage=stage, action="ECP-IV-04", instrument=name, titles=titles, kind="handbook", on=day  # type: ignore[arg-type]
            )
        )  # fmt: skip
    binding = BindingView(
        indicator="release_time", version=1, title={"en": "Median time to release", "fr": "Délai médian de mainlevée"},
        unit="s", scope="instance", direction="down", threshold="3600", window_days=90,
    )  # fmt: skip
    world.act(BindEvidence(bindings=(("ECP-IV-55", binding),), on="2020-01-10"))
    figure = MeasurementView(
        indicator="release_time", version=1, title=binding.title, unit="s", value="412.5", n=1873, as_of="2020-01-31",
        journal_position=4200, query_hash="b" * 64, scope="instance", frozen_on="2020-01-31",
    )  # fmt: skip
    world.act(FreezeMeasurements(plan="ECP-IV", measurements=(("ECP-IV-55", figure),), on="2020-01-31"))


class PlanStage:
    """One app for many worlds of plans."""

    def __init__(self) -> None:
        self.world = busy_plans()
        self.app = Litestar(
            route_handlers=console_routes(
                Forward(lambda: self.world.store),
                Forward(lambda: self.world),
                Forward(lambda: self.world.register),
                Settings(),
                profile=load_profile("demo"),
                desk=Forward(lambda: self.world.desk),  # type: ignore[arg-type]
                now=lambda: self.world.clock.now(),
                ticks=lambda: self.world.clock.ticks,
            ),
            openapi_config=None,
            logging_config=None,
        )


def make_app() -> Litestar:
    """Return an app over a busy world, for a server in a process of its own (`granian --factory`)."""
    return busy_plans().app()
