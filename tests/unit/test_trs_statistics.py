# SPDX-License-Identifier: Apache-2.0
"""Figures, suppression, bottlenecks, change points, alarms, flows and what-if over small things one can reckon."""

from __future__ import annotations

import json
import random
from datetime import UTC, date, datetime, timedelta
from itertools import product
from pathlib import Path

import msgspec
import numpy as np
import pytest
from click.testing import CliRunner

from openecp.border.time_release.simulation.flow_plan import HOUR_US, OFFICES, FlowPlan, Planted
from openecp.border.time_release.simulation.flows import Flows, flows
from openecp.border.time_release.simulation.open_hours import OpenHours
from openecp.border.time_release.simulation.scenario import ScenarioFault, scenario_of
from openecp.border.time_release.simulation.station import Station
from openecp.border.time_release.statistics.alarm import alarms, limit_of
from openecp.border.time_release.statistics.alarm_scores import DAY_US, Waits
from openecp.border.time_release.statistics.bottlenecks import StageFigures, bottlenecks, lost_by_owner
from openecp.border.time_release.statistics.change import change_points
from openecp.border.time_release.statistics.clustered import mean_estimate, share_within
from openecp.border.time_release.statistics.figures import (
    fenced_mean,
    mode,
    quantile,
    trimmed_mean,
    value_range,
    variance_shares,
    winsorised_mean,
)
from openecp.border.time_release.statistics.suppression import ALL, suppressed, totals
from openecp.platform.cli.trs import trs


def test_rules_for_extremes_say_what_they_touched() -> None:
    """One case of a hundred hours among nineteen of one to nineteen."""
    values = [*range(1, 20), 100]
    assert trimmed_mean(values, 0.05)[1:] == (sum(range(2, 20)) / 18, 2, 2, 19)
    assert winsorised_mean(values, 0.05)[1:] == ((sum(range(2, 20)) + 2 + 19) / 20, 2, 2, 19)
    assert fenced_mean(values).touched == 1
    assert (mode([1, 5, 6, 7, 12], 5), value_range(values)) == ((5, 3), (1, 100, 99))
    assert trimmed_mean([]).mean is None
    with pytest.raises(ValueError, match="below"):
        trimmed_mean(values, 0.5)


def test_quantiles_are_numpys() -> None:
    """Linear between ranks, for any share."""
    draw = random.Random(1)
    for size in (1, 2, 3, 10, 101):
        values = sorted(draw.randint(-(10**12), 10**12) for _ in range(size))
        for share in (0.0, 0.1, 0.25, 0.5, 0.9, 0.95, 1.0):
            assert quantile(values, share) == pytest.approx(float(np.quantile(values, share)), rel=1e-14)


def test_shares_of_spread_add_up() -> None:
    """Stages that add up to the clock explain all of its variance, whatever their order."""
    a, b = [1, 5, 9, 2], [7, 1, 1, 30]
    shares = variance_shares({"a": a, "b": b}, [x + y for x, y in zip(a, b, strict=True)])
    assert sum(shares.values()) == pytest.approx(1.0, abs=1e-15)
    assert shares["a"] < 0 < shares["b"]


def test_share_within_target_has_an_interval_at_its_ends() -> None:
    """All cases within the target do not make it sure; few clusters say nothing."""
    found = share_within([1] * 60, 2, list(range(20)) * 3)
    assert found is not None
    assert found.interval is not None
    assert (found.value, found.interval[1]) == (1.0, 1.0)
    assert 0.8 < found.interval[0] < 0.9
    assert mean_estimate([1, 2, 3], ["a", "a", "b"]).interval is None  # type: ignore[union-attr]


def test_hidden_cells_do_not_follow_from_totals() -> None:
    """In random tables, no line shows all but one of its cells beside its total, and no small cell is shown."""
    draw = random.Random(3)
    for _ in range(60):
        counts = {cell: draw.choice((0, 1, 2, 4, 9, 30)) for cell in product("abc", "xyz")}
        hidden = suppressed(counts, 5)
        table = totals(counts)
        assert all(cell in hidden for cell, n in table.items() if 0 < n < 5)
        for place in (0, 1):
            for other in (*("abc", "xyz")[1 - place], ALL):
                line = [cell for cell in table if cell[1 - place] == other and cell[place] != ALL]
                total = (ALL, other) if place == 0 else (other, ALL)
                gone = [cell for cell in line if cell in hidden]
                if gone and total not in hidden:
                    assert len(gone) > 1, (counts, hidden)


def test_bottlenecks_are_ranked_by_time_lost() -> None:
    """Many cases a little late lose more than few cases very late."""
    found = bottlenecks(
        [StageFigures("a", "pay", "TRADER", 1000, 3.0), StageFigures("b", "pay", "TRADER", 10, 100.0),
         StageFigures("c", "pay", "TRADER", 10, 1.0), StageFigures("a", "bank", "BANK", 10, 9.0)],
        {"pay": 1},
    )  # fmt: skip
    assert [(one.place, one.lost_us) for one in found] == [("a", 2000), ("b", 990)]
    assert lost_by_owner(found) == [("TRADER", 2990)]


def test_change_points_are_found_and_noise_is_not() -> None:
    """A step after 20 of 40 weeks stands out; without it there is seldom anything."""
    draw = np.random.default_rng(2)
    noise = draw.normal(10, 1, 40)
    (found,) = change_points([*noise[:20], *(noise[20:] + 4)], seed=1)
    assert found.week == 20
    assert found.after - found.before == pytest.approx(4, abs=1)
    assert found.p <= 0.01
    told = sum(bool(change_points(draw.normal(10, 1, 30).tolist(), seed=1)) for _ in range(40))
    assert told <= 3


def waits_of(draw: np.random.Generator, days: int, cases: int, added: float) -> Waits:
    """Return lognormal waits of about four hours, `cases` a day; those of the last twelve days `added` hours longer."""
    day = np.repeat(np.arange(days), cases)
    begun = day * DAY_US + draw.integers(8, 16, len(day)) * HOUR_US
    hours = draw.lognormal(1.4, 0.7, len(day)) + np.where(day >= days - 12, added, 0.0)
    ended = begun + (hours * HOUR_US).astype(np.int64)
    order = np.argsort(ended, kind="stable")
    return Waits(begun[order], ended[order], order)


def test_alarm_tells_three_hours_within_two_weeks_and_is_quiet_else() -> None:
    """The right place, stage and owner; no alarm in years of chance; few cases say themselves that they are too few."""
    draw = np.random.default_rng(4)
    series = {
        ("x", "pay", "TRADER"): waits_of(draw, 140, 9, 3.0),
        ("y", "pay", "TRADER"): waits_of(draw, 140, 9, 0.0),
        ("z", "pay", "TRADER"): waits_of(draw, 140, 1, 0.0),
    }
    (found,), watched, origin = alarms(series, 140 * DAY_US)
    assert origin == 0
    assert (found.place, found.stage, found.owner, found.until) == ("x", "pay", "TRADER", -1)
    assert 126 <= found.since <= 129
    assert found.told - found.since <= 7
    assert found.shift_us == pytest.approx(3 * HOUR_US, rel=0.4)
    least = {one.place: one.least_us for one in watched}
    assert least["y"] is not None
    assert least["y"] <= 3 * HOUR_US < (least["z"] or 1e15)
    assert not alarms({(str(n), "pay", "TRADER"): waits_of(draw, 365, 9, 0.0) for n in range(3)}, 365 * DAY_US)[0]


def test_alarm_names_the_owner_that_is_slow() -> None:
    """One agency of two: its name, and one alarm though the stage and its part both tell."""
    draw = np.random.default_rng(6)
    slow, usual = waits_of(draw, 140, 9, 6.0), waits_of(draw, 140, 5, 0.0)
    both = [np.concatenate([a, b]) for a, b in zip(slow[:3], usual[:3], strict=True)]
    code = np.repeat([0, 1], [len(slow.begun_us), len(usual.begun_us)])
    order = np.argsort(both[1], kind="stable")
    whole = Waits(*(each[order] for each in both), owner=code[order])
    series = {("x", "wait", "AGENCY"): whole, ("x", "wait", "AGENCY:VET"): slow, ("x", "wait", "AGENCY:FOOD"): usual}
    (found,), _, _ = alarms(series, 140 * DAY_US, owners=["AGENCY:VET", "AGENCY:FOOD"])
    assert found.owner == "AGENCY:VET"


def test_more_stages_need_a_higher_limit() -> None:
    """The false alarms of an office are shared out among its stages."""
    limits = [limit_of(count) for count in (1, 3, 10, 20, 60)]
    assert limits == sorted(limits)
    assert 4.0 <= limits[0] < limits[-1] <= 5.5


def events_file(folder: Path) -> Path:
    """Write 40 weeks of cases: office a gets four hours slower after week 20; office c has three cases."""
    draw = np.random.default_rng(8)
    lines = ["case_id,activity,ts,office,ship,Customs officer"]
    for case in range(1200):
        week = case * 40 // 1200
        at = datetime(2026, 1, 5, tzinfo=UTC) + timedelta(weeks=week, hours=float(draw.uniform(0, 160)))
        office = "c" if case in (300, 600, 900) else "ab"[case % 2]
        hours = float(draw.lognormal(1.5, 0.4)) + (4 if office == "a" and week >= 20 else 0)
        for activity, when in (("LODGED", at), ("RELEASED", at + timedelta(hours=hours))):
            lines.append(f"k{case},{activity},{when.isoformat()},{office},s{case // 6},smith")
    file = folder / "events.csv"
    file.write_text("\n".join(lines), encoding="utf-8")
    return file


def test_run_says_how_sure_means_are_and_hides_small_cells(tmp_path: Path) -> None:
    """Intervals of means with and without clusters, trimmed beside raw, small cells and their tell-tale neighbour."""
    file = str(events_file(tmp_path))
    run = CliRunner()

    def cells(*more: str) -> dict[str, dict[str, object]]:
        told = run.invoke(trs, ["run", file, "--clock", "lodged_release", "--by", "office", "--json", *more])
        assert told.exit_code == 0, told.output
        return {cell["segment"]["office"]: cell for cell in map(json.loads, told.stdout.splitlines())}

    plain, clustered, hidden = cells(), cells("--cluster", "ship", "--trim", "0.1"), cells("--min-cell", "5")
    for found in (plain["a"], clustered["a"]):
        low, high = found["ci95_mean_s"]  # type: ignore[misc]
        assert low < found["mean_s"] < high
    assert plain["a"]["ci95_mean_s"] != clustered["a"]["ci95_mean_s"]
    assert clustered["b"]["trimmed_mean_s"] < clustered["b"]["mean_s"]  # type: ignore[operator]
    assert clustered["b"]["trimmed_cases"] == 2 * (clustered["b"]["n"] // 10)  # type: ignore[operator]
    assert hidden["c"] == {"clock": "lodged_release", "segment": {"office": "c"}, "hidden": True}
    assert sum("hidden" in cell for cell in hidden.values()) == 2  # else a total less the others would tell
    asked = ["run", file, "--clock", "lodged_release", "--by", "Customs officer"]
    refused = run.invoke(trs, asked)
    assert refused.exit_code == 2
    assert "officers are never named" in refused.output


def test_changes_tell_the_week(tmp_path: Path) -> None:
    """One office changed in its twentieth week; officers and shares without a target are refused."""
    file = str(events_file(tmp_path))
    run = CliRunner()
    told = run.invoke(trs, ["changes", file, "--clock", "lodged_release", "--by", "office", "--json"])
    (change,) = [json.loads(line) for line in told.stdout.splitlines()]
    assert (change["office"], change["week"]) == ("a", "2026-05-25")
    assert change["after_s"] - change["before_s"] == pytest.approx(4 * 3600, rel=0.25)
    within = ["changes", file, "--clock", "lodged_release", "--by", "office", "--figure", "within", "--json"]
    assert json.loads(run.invoke(trs, [*within, "--target", "6"]).stdout)["after_share"] < 0.5
    assert run.invoke(trs, within).exit_code == 2
    assert run.invoke(trs, ["changes", file, "--by", "inspector_id"]).exit_code == 2


def test_open_hours_keep_summer_time_and_weekends() -> None:
    """Work begun on Friday evening ends on Monday; after the night of summer time that is an hour earlier in UTC."""
    hours = OpenHours("Europe/Paris", date(2026, 3, 23), 14)
    friday = int(datetime(2026, 3, 27, 15, 30, tzinfo=UTC).timestamp()) * 1_000_000  # 16:30 in Paris
    end = int(hours.after(np.array([friday]), np.array([HOUR_US]))[0])
    assert datetime.fromtimestamp(end / 1e6, UTC) == datetime(2026, 3, 30, 6, 30, tzinfo=UTC)  # 8:30 in Paris


def test_desk_serves_priorities_first_and_rests_at_night() -> None:
    """One officer, an hour on each day: the second case waits for the next day, an authorised one goes before it."""
    import simpy

    env = simpy.Environment()
    desk = Station(env, [1 if hour % 24 == 8 else 0 for hour in range(168)])
    ends: dict[str, float] = {}

    def case(name: str, priority: int) -> object:
        _, ends[name] = yield from desk.serve(priority, 3600)

    for name, priority in (("first", 1), ("second", 1), ("aeo", 0)):
        env.process(case(name, priority))  # type: ignore[arg-type]
    env.run()
    assert {name: end / 3600 for name, end in ends.items()} == {"aeo": 9, "first": 33, "second": 57}


def small(**changes: object) -> Flows:
    """Return the flows of a small plan."""
    plan = FlowPlan(cases=3000, seed=5, first=date(2026, 1, 1), days=120)
    return flows(msgspec.structs.replace(plan, **changes))


def test_flows_are_repeatable_ordered_and_planted_as_said() -> None:
    """Equal plans give equal events; the planted hours are in the stage at the office, and in no other."""
    first, again = small(), small()
    assert all((a == b).all() for a, b in zip(first[:3], again[:3], strict=True))
    assert (np.diff(first.ts_us) >= 0).all()
    since = int(datetime(2026, 2, 1, tzinfo=UTC).timestamp()) * 1_000_000
    planted = Planted(office=OFFICES[0].code, stage="unload", owner="TERMINAL", since_us=since,
                      until_us=since + 14 * 24 * HOUR_US, added_us=3 * HOUR_US)  # fmt: skip
    late = small(planted=(planted,))

    def unloaded(found: Flows) -> dict[int, int]:
        kept = found.activity == found.activities.index("UNLOADED")
        return dict(zip(found.case[kept].tolist(), found.ts_us[kept].tolist(), strict=True))

    before, after = unloaded(first), unloaded(late)
    moved = {case: after[case] - before[case] for case in before if after[case] != before[case]}
    offices, names = first.segments["office"]
    assert set(moved.values()) == {3 * HOUR_US}
    assert {names[offices[case]] for case in moved} == {OFFICES[0].code}


def test_what_is_asked_of_a_simulation_is_checked() -> None:
    """A scenario says what it expects."""
    assert scenario_of(b'{"name":"n","changes":[{"kind":"aeo_share","points":10}]}').changes[0].points == 10
    for raw in (b"{", b'{"name":"n","changes":[]}', b'{"name":"n","changes":[{"kind":"officers","weekdays":[7]}]}'):
        with pytest.raises(ScenarioFault, match="expected"):
            scenario_of(raw)


@pytest.mark.slow
def test_commands_go_from_flows_to_predictions(tmp_path: Path) -> None:
    """Flows are written, watched, ranked and simulated; the error on the month held back stands beside each figure."""
    events, scenario = tmp_path / "flows.parquet", tmp_path / "scenario.json"
    run = CliRunner()
    assert run.invoke(trs, ["flows", str(events), "--cases", "2500", "--days", "100"]).exit_code == 0
    assert json.loads(events.with_name("flows.parquet.truth.json").read_bytes())["planted"][0]["owner"] == "CUSTOMS"
    ranked = run.invoke(trs, ["bottlenecks", str(events), "--json", "--benchmark", "pay=0.5"])
    lost = [json.loads(line)["hours_lost"] for line in ranked.stdout.splitlines()]
    assert lost == sorted(lost, reverse=True)
    assert lost
    assert run.invoke(trs, ["alarms", str(events), "--json"]).exit_code == 0
    scenario.write_text('{"name":"more","changes":[{"kind":"officers","officers":3},{"kind":"joint_inspection"}]}')
    asked = ["simulate", str(events), "--scenario", str(scenario), "--replications", "5", "--json"]
    told = run.invoke(trs, asked)
    assert told.exit_code == 0, told.output
    rows = [json.loads(line) for line in told.stdout.splitlines()]
    assert rows[0]["office"] == "*"
    assert abs(rows[0]["held_back_error"]) < 0.5
    assert rows[0]["change_s"] <= 0
    assert run.invoke(trs, asked).stdout == told.stdout


def test_sample_can_be_drawn_again(tmp_path: Path) -> None:
    """The seed draws the same cases; without one there is no drawing."""
    listed = tmp_path / "cases.txt"
    listed.write_text("\n".join(f"c{n}" for n in range(500)))
    asked = ["sample", "--variation", "1.31", "--precision", "0.2", "--of", str(listed), "--json"]
    run = CliRunner()
    first, again = (json.loads(run.invoke(trs, [*asked, "--seed", "s"]).stdout) for _ in range(2))
    assert first == again
    assert len(first["drawn"]) == first["cases"] < 500
    assert run.invoke(trs, asked).exit_code == 2
