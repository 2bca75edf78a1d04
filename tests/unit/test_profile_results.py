# SPDX-License-Identifier: Apache-2.0
"""Profiles in operation: counted on by the clock, suspended by it, taken up by a second officer, over at midnight."""

from __future__ import annotations

import random
from datetime import date
from typing import Any
from zoneinfo import ZoneInfo

import msgspec
import pytest
from tests.unit.test_risk_profiles import World, made, officer, trial_of

from openecp.border.risk.profiles.acts import ActivateProfile, AttachBacktest, ProposeProfile, SuspendByResults
from openecp.border.risk.profiles.operation import OperationCounts, Told, operation_of
from openecp.border.risk.profiles.statistics import verdict
from openecp.border.risk.profiles.versions import backtest_digest
from openecp.kernel.journal.memory import MemoryStore
from openecp.kernel.journal.model import CaseRow, CaseWrite, NewEvent
from openecp.platform.core.profile_results import ProfileResults, operation_view
from openecp.platform.core.profilework import ProfileBook

RULES = ("risk.FOOT-01.1", "risk.FOOT-01.2", "risk.TOYS.1", "risk.random")
RESULTS = ("ControlConform", "ControlIrregular", "DocumentsVerified", "GoodsSeized")


def record(store: MemoryStore, case_id: str, kind: str, body: dict[str, Any]) -> None:
    """Put an event into the journal."""
    found = store.case(case_id)
    row = CaseRow(case_id=case_id, organisation="t", lrn=case_id, mrn=None, status="s", channel=None, office=None,
                  movement=None, version=1, state=b"{}", updated_at=store.clock())  # fmt: skip
    event = NewEvent(kind=kind, occurred_at=store.clock(), actor="customs", body=body)
    [written] = store.write([CaseWrite(row=row, expected_seq=found[1] if found else 0, events=(event,))])
    assert written.outcome == "recorded"


def assessed(*rules: str, lane: str = "red", version: int = 1, **selection: Any) -> dict[str, Any]:
    officer_part: dict[str, Any] = {"channel": lane, "reasons": [{"rule": rule} for rule in rules]}
    if selection:
        officer_part["selection"] = selection
    return {"version": version, "officer": officer_part}


def journal(seed: int, many: int = 60) -> list[Told]:
    """Make cases whose events are mixed: assessed once or twice, controlled, audited, moved, in any order."""
    rng, streams = random.Random(seed), []
    for number in range(many):
        case = f"c{number}"
        told: list[Told] = []
        for version in range(1, rng.choice((2, 2, 3))):
            selection = {} if rng.random() < 0.3 else {
                "random": rng.choice(("", "red")), "let_through": rng.sample(["A", "B"], rng.randint(0, 2)),
                "indicative": rng.random() < 0.2,
            }  # fmt: skip
            lane = rng.choice(("green", "blue", "yellow", "red"))
            rules = rng.sample(RULES, rng.randint(0, 2))
            told.append((case, "DeclarationAssessed", assessed(*rules, lane=lane, version=version, **selection)))
        for _ in range(rng.randint(0, 3)):
            told.append((case, rng.choice(RESULTS), {}))
        if rng.random() < 0.2:
            told.append((case, "LaneMoved", {"officer": {"from": "red", "lane": "blue"}}))
            closed = {"declaration": case, "result": rng.choice(("conform", "irregular", "dropped"))}
            told.append((f"risk/audit/{case}", "AuditClosed", closed))
        streams.append(told)
    mixed = []
    while streams:
        one = rng.choice(streams)
        mixed.append(one.pop(0))
        streams = [stream for stream in streams if stream]
    return mixed


@pytest.mark.parametrize("seed", range(8))
def test_counting_on_comes_to_what_counting_all_comes_to(seed: int) -> None:
    """However often the count stops and goes on, from what is on record alone."""
    store, rng, told = MemoryStore(), random.Random(seed), journal(seed)
    for number, event in enumerate(told):
        record(store, event[0], event[1], dict(event[2]))
        if rng.random() < 0.1:
            ProfileResults(store).record()
            whole = operation_of(told[: number + 1]).counts()
            assert _plain(ProfileResults(store).recorded()) == _plain(whole)
    assert _plain(ProfileResults(store).counted()) == _plain(operation_of(told).counts())


def _plain(counts: OperationCounts) -> Any:
    rows = ({name: row for name, row in part.items() if any(row)} for part in (counts.profiles, counts.through))
    return [*rows, counts.sample]


def activated(world: World, who: str = "bob") -> None:
    """Propose as Ann, back-test, activate as another."""
    profile, trial = made(), trial_of(made())
    for act, name in ((ProposeProfile(profile=profile), "ann"), (AttachBacktest(profile_id="FOOT-01", backtest=trial),
                      "ann"), (ActivateProfile(profile_id="FOOT-01", version=1, backtest=backtest_digest(trial)),
                      who)):  # fmt: skip
        assert world.do(act, officer(name)).outcome == "done"


def controls(world: World, prefix: str, many: int, irregular: int, *rules: str, **selection: Any) -> None:
    for number in range(many):
        record(world.store, f"{prefix}{number}", "DeclarationAssessed", assessed(*rules, **selection))
        kind = "ControlIrregular" if number < irregular else "ControlConform"
        record(world.store, f"{prefix}{number}", kind, {})


def test_what_finds_less_than_chance_is_suspended_and_only_a_second_officer_takes_it_up_again() -> None:
    world = World()
    activated(world)
    results = ProfileResults(world.store, clock=lambda: world.now)
    controls(world, "r", 120, 30, "risk.random", ground="random", random="red")
    controls(world, "t", 40, 0, "risk.random", ground="topup")  # what was topped up is no sample
    controls(world, "p", 29, 0, "risk.FOOT-01.1", ground="criteria", let_through=["TOYS"])
    assert results.tick() == []  # not enough controls
    controls(world, "q", 11, 1, "risk.FOOT-01.1", ground="criteria")
    assert results.tick() == ["FOOT-01"]
    assert results.tick() == []
    body = next(event.body for event in world.store.events(limit=5_000) if event.kind == "RiskProfileSuspended")
    assert (body["by"], body["results"], body["irregular"], body["sample_results"], body["sample_irregular"]) == (
        "results", 40, 1, 120, 30
    )  # fmt: skip
    assert body["low_e6"] < body["rate_e6"] == 25_000 < body["high_e6"] < body["sample_rate_e6"] == 250_000
    assert body["sample_low_e6"] < 250_000 < body["sample_high_e6"]
    assert world.book.active() == []
    seen = operation_view(world.store, world.book)
    [one] = seen.profiles
    assert (one.status, one.counted.results, seen.sample.results) == ("suspended", 40, 120)
    assert "1 of 40 controls were irregular, 2.50 %" in one.why
    assert "the random sample: 30 of 120, 25.00 %" in one.why
    assert [(one.criterion, one.hits, one.selected, one.results) for one in seen.let_through] == [("TOYS", 29, 29, 29)]

    again = ActivateProfile(profile_id="FOOT-01", version=1, backtest=backtest_digest(trial_of(made())))
    assert world.do(again, officer("ann")).outcome == "refused"
    assert world.do(again, officer("cleo")).outcome == "done"
    assert results.tick() == []  # it is judged anew, by what comes from here on
    [one] = operation_view(world.store, world.book).profiles
    assert (one.why, one.counted.results, one.judged.results, one.judged.rate) == ("", 40, 0, None)
    controls(world, "s", 35, 0, "risk.FOOT-01.1", ground="criteria")
    assert results.tick() == ["FOOT-01"]


def test_nobody_suspends_in_the_clocks_name() -> None:
    world = World()
    activated(world)
    figures = operation_of([]).figures({("FOOT-01", 1): 1_000_000})[0]
    found = verdict(msgspec.structs.replace(figures, results=50), sample_results=100, sample_irregular=50)
    assert found is not None
    act = SuspendByResults(profile_id="FOOT-01", version=1, verdict=found, counted=(50, 0))
    for who in (officer("eve"), officer("machine", kind="system")):
        assert world.do(act, who).outcome == "refused"
    assert len(world.book.active()) == 1


def test_a_profile_stops_at_midnight_of_the_administrations_zone_and_the_clock_puts_it_on_record() -> None:
    """The last day of FOOT-01 is 2026-12-31: in Auckland it ends eleven hours before it ends in UTC's day."""
    world, zone = World(), ZoneInfo("Pacific/Auckland")
    activated(world)
    book = ProfileBook(world.store, clock=lambda: world.now, zone=zone)
    results = ProfileResults(world.store, clock=lambda: world.now, zone=zone)
    for now, selects in (("2026-12-31T10:59:59.999999Z", True), ("2026-12-31T11:00:00.000000Z", False)):
        world.now = now
        assert bool(book.criteria()) is selects
        assert bool(book.active()) is selects
        assert results.tick() == ([] if selects else ["FOOT-01"])
    assert book.today() == date(2027, 1, 1)
    assert world.book.active()  # in UTC it would go on
    assert world.kinds().count("RiskProfileExpired") == 1
    assert results.tick() == []
