# SPDX-License-Identifier: Apache-2.0
"""The risk desk over an invented quarter of selection and control, for tests of profiles, lanes, rates, compliance.

Two offices; three profiles, one of which finds less than chance; a random sample; a plan of lanes; back-tests that
run at once. Everything is invented and the same each time.
"""

from __future__ import annotations

import random
import tempfile
from datetime import date, timedelta
from functools import cache
from pathlib import Path
from typing import Any

import msgspec
from console_world import ANNA, World, assessment_of
from litestar import Litestar
from risk_console_world import BEA, RiskConsole

from openecp.border.risk.lanes.plan import lane_plan
from openecp.border.risk.profiles.acts import (
    ActivateProfile,
    AttachBacktest,
    Backtest,
    OfficeLoad,
    Overlap,
    ProposeProfile,
)
from openecp.border.risk.profiles.profile import RiskProfile, profile_from
from openecp.border.risk.profiles.versions import backtest_digest
from openecp.kernel.assessment.reasons import Reason
from openecp.kernel.casework.answer import Answer
from openecp.kernel.journal.model import CaseRow, CaseWrite, NewEvent
from openecp.kernel.parties.model import Principal
from openecp.platform.console.app import console_routes
from openecp.platform.console.risk.backtest_jobs import JOB, OUTCOME, BacktestJob, BacktestJobs, JobOutcome, write_whole
from openecp.platform.console.risk.desk import RiskDesk
from openecp.platform.console.risk.predicate_rows import Money
from openecp.platform.core.model import ProgrammeCommand
from openecp.platform.core.profilework import ProfileBook, ProfileCasework
from openecp.platform.core.risk_pages import RiskFollower

FIELDS: dict[str, Any] = {
    "id": "FOOT-01", "name": "Shoes under factory cost", "purpose": "Pairs priced under what they cost to make",
    "legal_basis": "Invented Customs act, art. 12", "valid_from": "2026-01-01", "expires_on": "2027-06-30",
    "lane": "red", "instructions": "Compare with the price file.\nWeigh three pairs.", "percentage": "50",
    "predicate": "goods_code LIKE '64%' AND origin IN ('QP', 'QT') AND (value_minor < 400000 OR importer = '')",
}  # fmt: skip
OTHERS: tuple[dict[str, Any], ...] = (
    {"id": "BATT-02", "name": "Batteries as toys", "lane": "yellow", "percentage": "100",
     "predicate": "goods_code LIKE '95%' AND description LIKE '%battery%'"},
    {"id": "WOOD-03", "name": "Wood by weight", "lane": "red", "percentage": "100",
     "predicate": "goods_code LIKE '44%' AND value_minor / net_kg < 20"},
)  # fmt: skip
PLAN = tuple(
    {"office": "", "lane": lane, "expected_rate": expected, "random_rate": drawn, "hits_max": "2"}
    for lane, expected, drawn in (("red", "0.06", "0.02"), ("yellow", "0.12", "0.02"), ("blue", "0.05", "0"))
)
OFFICES = ("XB000101", "XB000202")


def backtest_of(profile: RiskProfile, *, hits: int = 480) -> Backtest:
    """Return an invented back-test of a profile."""
    return Backtest(
        profile_digest=profile.digest(), files_sha256="ab" * 32, items=90_000, days=60, hits=hits, selected=hits // 2,
        known=120, irregular=31, known_all=4_000, irregular_all=180,
        offices=(OfficeLoad(office=OFFICES[0], selected=hits // 3, a_day_e6=hits * 1_000_000 // 180),
                 OfficeLoad(office="", selected=hits // 6, a_day_e6=hits * 1_000_000 // 360)),
        overlaps=(Overlap(profile="BATT-02", version=1, hits=hits // 4), Overlap(profile="WOOD-03", version=1, hits=7)),
    )  # fmt: skip


@cache
def quarter() -> tuple[CaseWrite, ...]:
    """Return an invented quarter of declarations: 900 cases with selection, a score and, where controlled, a result."""
    chance = random.Random(7)
    first = date(2026, 8, 31)
    writes = []
    for number in range(900):
        day = first + timedelta(days=number * 81 // 899)
        writes.append(_case(number, day.isoformat(), chance))
    return tuple(writes)


def _case(number: int, day: str, chance: random.Random) -> CaseWrite:
    office = OFFICES[chance.random() < 0.3]
    rules, lane, ground, told = [], "green", "none", {}
    draw = chance.random()
    hit = chance.random()
    if hit < 0.05:
        lane, ground, rules = "red", "criteria", ["risk.FOOT-01.1"]
    elif hit < 0.12:
        lane, ground, rules = "yellow", "mandatory", ["risk.BATT-02.1"]
    elif hit < 0.2:
        lane, ground, rules = "red", "mandatory", ["risk.WOOD-03.1"]
    elif draw < 0.15:
        lane, ground, rules, told = "yellow", "random", ["risk.random"], {"below": 150_000_000}
    elif draw < 0.2:
        lane, ground = "blue", "topup"
    if draw < 0.15:
        told = {**told, "random": "yellow"}
    p_e6 = round(
        1_000_000 * {"FOOT-01": 0.3, "BATT-02": 0.15}.get(rules[0][5:12] if rules else "", 0.05) * (0.7 + draw)
    )
    at = f"{day}T{8 + number % 9:02d}:15:00.000000Z"
    selection = {"office": office, "lane": lane, "ground": ground, "draw": round(draw * 1e9), "draw_day": day,
                 "counters": 0, **told, **({"escaped": 1} if hit > 0.95 else {})}  # fmt: skip
    officer = {
        "channel": lane, "selection": selection,
        "reasons": [{"rule": rule, "code": rule, "layer": "risk"} for rule in rules],
        "risk": {"model": "ab" * 32, "items": [{"item": 1, "p_e6": p_e6}]},
    }  # fmt: skip
    events = [
        ("DeclarationSubmitted", {"office": office, "movement": "import", "document": {"id": "none"}}),
        ("DeclarationAccepted", {"mrn": f"26XB{number:013d}R0", "acceptance_date": day}),
        ("DeclarationAssessed", {"version": 1, "movement": "import", "officer": officer}),
    ]
    rate = {"FOOT-01": 0.3, "BATT-02": 0.16, "WOOD-03": 0.0}.get(rules[0][5:12] if rules else "", 0.07)
    if lane in ("red", "yellow") and chance.random() < 0.85 and day < "2026-11-14":
        bad = chance.random() < rate
        finding = {"finding": {"irregularity": "value", "recovered_minor": 42_000}} if bad else {}
        events.append(("ControlIrregular" if bad else "ControlConform", {"officer": finding}))
    case = f"quarter-{number:04d}"
    row = CaseRow(
        case_id=case, organisation="brise", lrn=f"Q{number}", mrn=None, status="cleared", channel=lane, office=office,
        movement="import", version=1, state=b"{}", updated_at=at, room="risk-test",
    )  # fmt: skip
    told_events = tuple(NewEvent(kind=kind, occurred_at=at, actor="customs", body=body) for kind, body in events)
    return CaseWrite(row=row, expected_seq=0, events=told_events)


class RiskCore:
    """Decides commands about profiles by the real casework, and officer acts as the console's world does."""

    def __init__(self, world: World, store: Any) -> None:
        self.world, self.store = world, store
        self.casework = ProfileCasework(store, clock=world.clock.text)

    async def submit(self, command: Any) -> Answer:
        """Decide and record one command."""
        if not isinstance(command, ProgrammeCommand):
            return await self.world.submit(command)
        return self.done(command)

    def done(self, command: ProgrammeCommand) -> Answer:
        """Decide and record a command about a profile."""
        self.world.clock.when += timedelta(seconds=1)
        decided = self.casework.decide(command)
        if decided.write is not None:
            assert self.store.write([decided.write])[0].outcome == "recorded"
        return decided.answer

    def act(self, who: Principal, act: Any) -> None:
        """Have an act done that nothing stands against."""
        answer = self.done(ProgrammeCommand(principal=who, act=act))
        assert answer.error is None, answer.error


class DeskWorld:
    """The console with all pages of the risk desk."""

    def __init__(self, *, old: bool = False, models: bool = True) -> None:
        self.console = RiskConsole(old=old, models=models)
        self.world, self.store, self.clock = self.console.world, self.console.store, self.console.clock
        self.core = RiskCore(self.world, self.store)
        for written in self.store.write(list(quarter())):
            assert written.outcome == "recorded", written
        profile = self.world.profile.with_rows("selection_plan", PLAN)
        self.folder = Path(tempfile.mkdtemp(prefix="risk-desk-"))
        self.jobs = BacktestJobs(self.folder, self._tested, beside=False)
        self.desk = RiskDesk(
            self.console.watch, self.console.models, self.store,
            profiles=ProfileBook(self.store, clock=self.clock.text),
            follower=RiskFollower(self.store, {"yellow": 0.15}), plan=lane_plan(profile), jobs=self.jobs,
            money=Money("EUR", 2),
        )  # fmt: skip
        self._profiles()
        self.chosen = self._chosen()
        self.application = Litestar(
            route_handlers=console_routes(
                self.store, self.core, self.world.register, self.console.settings, profile=self.world.profile,  # type: ignore[arg-type]
                risk=self.desk, now=self.clock.now, ticks=self.clock.monotonic,
            ),
            openapi_config=None,
            logging_config=None,
        )  # fmt: skip
        self.console.application = self.application
        self.client = self.console.client

    def _profiles(self) -> None:
        """Have three profiles written by Bea and activated by Anna; the first has a second version that waits."""
        for more in ({}, *OTHERS):
            profile = profile_from(FIELDS | more, where="test")
            self.core.act(BEA, ProposeProfile(profile=profile))
            done = backtest_of(profile)
            self.core.act(BEA, AttachBacktest(profile_id=profile.id, backtest=done))
            self.core.act(ANNA, ActivateProfile(profile_id=profile.id, version=1, backtest=backtest_digest(done)))
        second = profile_from(FIELDS | {"percentage": "80"}, where="test")
        self.core.act(BEA, ProposeProfile(profile=second))
        self.core.act(BEA, AttachBacktest(profile_id=second.id, backtest=backtest_of(second, hits=520)))
        alone = FIELDS | {"id": "NEW-04", "name": "Unknown importers", "predicate": "importer = '' AND p_e6 >= 500000"}
        self.core.act(ANNA, ProposeProfile(profile=profile_from(alone, where="test")))

    def _chosen(self) -> str:
        """Lodge a declaration of which the assessment kept why it was chosen, and return its case."""
        reason = Reason(
            code="RISK-FOOT-01", layer="risk", rule="risk.FOOT-01.1", severity="hold", audience="officer", item=1,
            message="Shoes under factory cost", expected="red", fix="Weigh three pairs.", source="bea",
            read={"price_to_reference_e6": 420_000, "value_minor": 150_000},
        )  # fmt: skip
        risk = {
            "look": "t", "model": "cd" * 32, "hits": [self.console.hits[-1]],
            "challenger": {"model": "ef" * 32, "items": [{"item": 1, "p_e6": 90_000}]},
            "items": [{"item": 1, "p_e6": 640_000, "stake_minor": 81_000, "list_hits": 1, "why": [
                {"name": "price_ratio", "value": "-0.87", "adds_e6": 912_000},
                {"name": "brand new", "value": "3", "adds_e6": -204_000}]}],
        }  # fmt: skip
        selection = {
            "office": OFFICES[0], "lane": "red", "ground": "criteria", "draw": 123_456_789, "draw_day": "2026-11-18",
            "counters": 17, "criteria": ["FOOT-01"], "hits": ["BATT-02", "FOOT-01"], "let_through": ["BATT-02"],
            "escaped": 1, "below": 500_000_000,
        }  # fmt: skip
        plain = assessment_of("red", 2)
        others = tuple(each for each in plain.reasons if each.layer != "risk")
        assessment = msgspec.structs.replace(plain, reasons=(*others, reason), selection=selection, risk=risk)
        return self.world.lodge("LRN-CHOSEN-01", "red", assessment=assessment)

    def _tested(self, folder: Path) -> None:
        job = msgspec.json.decode((folder / JOB).read_bytes(), type=BacktestJob)
        write_whole(folder / OUTCOME, JobOutcome(backtest=backtest_of(job.profile), declarations=job.days * 10))


def make_app() -> Litestar:
    """Return the console with the risk desk, for a server process of its own."""
    world = DeskWorld(old=True)
    world.console.decide_some()
    return world.application
