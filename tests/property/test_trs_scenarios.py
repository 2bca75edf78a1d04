# SPDX-License-Identifier: Apache-2.0
"""What-if against worlds whose answer is known: the same flows drawn again with the change made in them.

A year is drawn as it is and once more from the same seed with more inspectors, or more authorised operators; what that
changed there is the truth that the prediction from the first year alone is set against.
"""

from __future__ import annotations

from datetime import date
from pathlib import Path

import msgspec
import pytest

from openecp.border.time_release.clocks import clock_of
from openecp.border.time_release.simulation.fitted import CaseRecord, Visit, case_records
from openecp.border.time_release.simulation.flow_plan import OFFICES, FlowPlan
from openecp.border.time_release.simulation.flows import flows
from openecp.border.time_release.simulation.prediction import Predicted, predicted
from openecp.border.time_release.simulation.scenario import Change, Scenario
from openecp.platform.engines.flow_files import write_events
from openecp.platform.engines.trs_engine import TrsEngine

BUSY = OFFICES[0]._replace(inspectors_per_thousand=3.2)
PLAN = FlowPlan(cases=16_000, seed=7, first=date(2026, 1, 1), days=182, offices=(BUSY,))


def records(folder: Path, plan: FlowPlan) -> list[CaseRecord]:
    """Return the cases of a plan's flows."""
    made = flows(plan)
    file = folder / "flows.parquet"
    write_events(file, made.case, made.activity, made.ts_us, made.activities, made.segments, "flows")
    engine = TrsEngine(threads=1)
    engine.read_file(file)
    return case_records(engine, clock_of("lodged_release"), {})


def mean_s(found: list[CaseRecord]) -> float:
    """Return the mean of the clock, in seconds."""
    return sum(record.end - record.start for record in found) / len(found)


def asked(found: list[CaseRecord], *changes: Change) -> Predicted:
    """Return the mean of all offices with a scenario."""
    rows = predicted(found, Scenario(name="", changes=changes), seed=1, replications=20)
    return next(row for row in rows if row.office == "*" and row.figure == "mean_s")


@pytest.mark.slow
def test_two_more_inspectors_on_mondays(tmp_path: Path) -> None:
    """The predicted gain is the planted one, to half of it and the error that is printed beside."""
    more = BUSY._replace(monday=2)
    now = records(tmp_path, PLAN)
    truth = mean_s(records(tmp_path, msgspec.structs.replace(PLAN, offices=(more,)))) - mean_s(now)
    row = asked(now, Change(kind="officers", officers=2, weekdays=(0,)))
    _told("two more inspectors on Mondays", truth, row)
    _agrees(truth, row)


@pytest.mark.slow
def test_more_authorised_operators(tmp_path: Path) -> None:
    """Ten points more: the predicted gain is the planted one."""
    now = records(tmp_path, PLAN)
    truth = mean_s(records(tmp_path, msgspec.structs.replace(PLAN, aeo_share=PLAN.aeo_share + 0.1))) - mean_s(now)
    row = asked(now, Change(kind="aeo_share", points=10))
    _told("ten points more of authorised operators", truth, row)
    _agrees(truth, row)


def together(*, joint: bool) -> list[CaseRecord]:
    """Return twelve weeks of three cases a day, far apart; both could inspect an hour after lodgement, for an hour.

    Customs does; the vet comes three hours later, though free. Jointly, the vet comes with Customs.
    """
    day, hour = 86_400.0, 3_600.0
    found = []
    for number in range(12 * 7):
        for place in range(3):
            at = 4 * day + 3000 * 7 * day + number * day + (6 + 4 * place) * hour
            customs = Visit("inspection", at + hour, at + hour, at + 2 * hour)
            vet = Visit("agency:VET", at + hour, at + 4 * hour, at + 5 * hour)
            end = at + (3 if joint else 6) * hour
            found.append(CaseRecord("x", at, end, is_aeo=False, customs=(customs,), agency=vet))
    return found


@pytest.mark.slow
def test_agency_inspects_jointly() -> None:
    """Each case is alone, so that the gain can be reckoned: the three hours for which the vet was awaited."""
    now = together(joint=False)
    truth = mean_s(together(joint=True)) - mean_s(now)
    row = asked(now, Change(kind="joint_inspection"))
    _told("joint inspection", truth, row)
    _agrees(truth, row)


def _told(name: str, truth: float, row: Predicted) -> None:
    print(f"\n{name}: true change {truth / 3600:.2f} h, predicted {(row.change_s or 0) / 3600:.2f} h "
          f"({row.change_ci95_s}); error on the month held back {row.held_back_error:.3f}")  # fmt: skip


def _agrees(truth: float, row: Predicted) -> None:
    assert row.change_s is not None
    assert truth < 0
    assert row.change_s < 0
    assert abs(row.change_s - truth) <= 0.5 * abs(truth) + abs(row.held_back_error) * row.observed_s
