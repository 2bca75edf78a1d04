# SPDX-License-Identifier: Apache-2.0
"""Workload: forecasts beat the week before and say how sure they are; officers needed; rates that fit who is there."""

from __future__ import annotations

from collections import Counter
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest
from bench.bench_risk_workload import BEGIN, forecasts, mean, traffic
from click.testing import CliRunner
from tests.lifecycle_office import Office, assessed, declaration, line

from openecp.bootstrap import Installation
from openecp.border.risk.lanes.plan import LanePlan, LaneRule, PlanRow
from openecp.border.risk.workload.forecast import backtest, fitted, hour_shares
from openecp.border.risk.workload.staffing import (
    DutyRow,
    DutyTable,
    LaneWork,
    duty_table,
    fitting_shares,
    minutes_of,
    planned,
)
from openecp.kernel.journal.model import Event
from openecp.kernel.profile import Profile, ProfileError
from openecp.platform.cli.main import openecp
from openecp.platform.core.settings import Settings
from openecp.platform.core.workload_view import WorkloadFacts, lane_work, workload, workload_facts

LAST = BEGIN + timedelta(days=36 * 7 - 1)


@pytest.mark.slow
@pytest.mark.parametrize("level", [3, 30, 300])
def test_forecasts_beat_the_week_before_and_intervals_hold(level: int) -> None:
    done = forecasts(7, level, 10)
    assert mean(done, "error") < 0.9 * mean(done, "naive_error")
    assert 0.72 <= mean(done, "coverage80") <= 0.95
    assert 0.90 <= mean(done, "coverage95") <= 1.0


def test_a_level_that_moves_is_followed_and_weekdays_are_told_apart() -> None:
    counts = {BEGIN + timedelta(days=n): (20 if n < 140 else 40) * (n % 7 < 5) for n in range(196)}
    model = fitted("A", counts, max(counts))
    assert model is not None
    monday, sunday = model.mean(date(2026, 7, 20)), model.mean(date(2026, 7, 26))
    assert 36 < monday < 41
    assert sunday < 3
    told = model.forecast(date(2026, 7, 20))
    assert told.low95 <= told.low80 < monday < told.high80 <= told.high95
    assert fitted("A", {LAST: 3}, LAST) is None, "too little history"
    assert backtest({LAST: 3}, LAST) is None
    assert sum(hour_shares([0] * 24)) == pytest.approx(1)


WORK = [
    LaneWork(lane="red", share=0.05, random=0.01, minutes=60),
    LaneWork(lane="yellow", share=0.10, random=0.0, minutes=20),
    LaneWork(lane="blue", share=0.02, random=0.02, minutes=100),
]


def test_officers_needed_and_the_rates_that_fit() -> None:
    """200 declarations: 7 minutes each; four officers of 300 minutes do 1,200 of the 1,400."""
    counts = {BEGIN + timedelta(days=n): 200 for n in range(196)}
    model = fitted("A", counts, max(counts))
    assert model is not None
    forecast = model.forecast(date(2026, 7, 20))
    day = planned(forecast, WORK, DutyRow(office="A", day="mon", officers=4, minutes=300))
    assert day.minutes == pytest.approx(1_400, rel=0.01)
    assert day.officers_needed == pytest.approx(1_400 / 300, rel=0.01)
    assert day.fitting["blue"] == pytest.approx(0.02), "what is drawn at random is not lowered"
    assert sum(day.fitting[work.lane] * work.minutes for work in WORK) * forecast.mean == pytest.approx(1_200)
    enough = planned(forecast, WORK, DutyRow(office="A", day="mon", officers=5, minutes=300))
    assert enough.fitting == {}
    assert planned(forecast, WORK, None).officers_there is None
    assert fitting_shares(WORK, 1.0) == {"red": 0.01, "yellow": 0.0, "blue": 0.02}, "random parts alone are too much"


def test_lanes_take_the_plan_else_the_past() -> None:
    facts = WorkloadFacts(days={}, hours={}, lanes={"A": Counter(red=1, green=9)}, minutes={}, last=LAST)
    rule = LaneRule(lane=3, expected_e6=50_000, random_e6=10_000)
    plan = LanePlan([PlanRow("", rule, date(2026, 1, 1), date(2026, 12, 31), 2)], offices=["A"])
    minutes = {"red": 60.0, "yellow": 20.0, "blue": 100.0}
    assert [(w.lane, w.share, w.random) for w in lane_work(facts, "A", LAST, plan, minutes)] == [
        ("red", 0.05, 0.01), ("yellow", 0.0, 0.0), ("blue", 0.0, 0.0)
    ]  # fmt: skip
    assert lane_work(facts, "A", LAST, LanePlan([]), minutes)[0].share == 0.1


def test_the_journal_tells_days_hours_lanes_and_minutes() -> None:
    here = Office()
    for number in range(30):
        here.lodge(declaration(f"LRN-{number}"), assessed(line(), channel="red" if number % 10 == 0 else "green"))
        here.pass_days(1)
    events = here.store.events()
    inspected = []
    for number in range(12):
        for activity, minute in (("INSPECT_START", "00"), ("INSPECT_END", f"{30 + number}")):
            body: dict[str, Any] = {"case": f"c{number}", "activity": activity}
            inspected.append(Event(seq=9_000, case_id="t", kind="ActivityRecorded", actor="a", body=body, leaf=b"",
                                   occurred_at=f"2026-05-04T09:{minute}:00Z", recorded_at=""))  # fmt: skip

    class Journal:
        def events(self, *, case_id: str | None = None, after_seq: int = 0, limit: int = 1000) -> list[Event]:
            return [*events, *inspected] if not after_seq else []

    facts = workload_facts(Journal(), {}, "Etc/GMT-2", date(2026, 6, 30))
    (office,) = facts.days
    assert (len(facts.days[office]), facts.lanes[office]["red"], facts.minutes) == (30, 3, {"red": 35.5})
    assert facts.hours[office][0][10] > 0, "08:00 UTC is 10:00 there"
    (one,) = workload(facts, first=date(2026, 7, 1), days=3, plan=LanePlan([]), duty=DutyTable(),
                      minutes={"red": 35.5, "yellow": 20.0, "blue": 120.0}, tested=True)  # fmt: skip
    assert [day.day.day for day in one.days] == [1, 2, 3]


def test_duty_and_minutes_of_a_profile(tmp_path: Path) -> None:
    (tmp_path / "duty.csv").write_text("office,day,officers,minutes\nA,mon,4,300\nA,2026-12-28,1,\n,mon,2,\n")
    profile = Profile(tmp_path, {"workload": {"minutes_red": 45}})
    table = duty_table(profile)
    monday, other = date(2026, 12, 21), date(2026, 12, 28)
    found = [table.of("A", monday), table.of("A", other), table.of("B", monday), table.of("B", LAST)]
    assert [row.officers if row else None for row in found] == [4, 1, 2, None]
    minutes = minutes_of(profile, {"red": 30.0, "yellow": 18.0})
    assert minutes == {"red": (45.0, "set"), "yellow": (18.0, "measured"), "blue": (120.0, "assumed")}
    for row, told in (
        ("A,someday,4,300", "a day as mon"),
        ("A,mon,few,300", "a number of officers"),
        ("A,mon,4,0", "minutes"),
    ):
        (tmp_path / "duty.csv").write_text(f"office,day,officers,minutes\n{row}\n")
        with pytest.raises(ProfileError, match=told):
            duty_table(Profile(tmp_path, {}))


def test_the_command_says_where_history_is_missing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    counts = Counter(traffic(3, 30))
    facts = WorkloadFacts(days={"A": counts, "B": Counter({LAST: 4})}, minutes={}, last=LAST,
                          hours={"A": [[2] * 24] * 7, "B": [[0] * 24] * 7},
                          lanes={"A": Counter(red=10, green=90), "B": Counter()})  # fmt: skip
    monkeypatch.setattr("openecp.platform.core.workload_view.workload_facts", lambda *_: facts)

    class Store:
        def __enter__(self) -> Store:
            return self

        def __exit__(self, *_: object) -> None: ...

    monkeypatch.setattr(Installation, "open_store", lambda _: Store())
    here = Installation(Settings(data=str(tmp_path)))
    told = CliRunner().invoke(openecp, ["risk", "workload", "--test", "--from", "2026-09-14"], obj=here)
    assert told.exit_code == 0, (told.output, told.exception)
    assert "B: 1 days of history, 28 are needed" in told.output
    assert "56 past days: error" in told.output
    lines = CliRunner().invoke(openecp, ["risk", "workload", "--json", "--office", "A"], obj=here).output.splitlines()
    assert len(lines) == 1
    wrong = CliRunner().invoke(openecp, ["risk", "workload", "--office", "C"], obj=here)
    assert "some of A, B" in vars(wrong.exception)["expected"]
