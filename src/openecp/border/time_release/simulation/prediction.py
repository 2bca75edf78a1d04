# SPDX-License-Identifier: Apache-2.0
"""Predicted clocks: a fitted model played many times, as it is and with a scenario, beside a month that it never saw.

Each replication draws weeks of the study at random, all offices together, and lets their goods queue; the intervals are
where 95 of a hundred replications lie. The last four full weeks are held back from the fit: how far the prediction was
off there stands beside every figure that is predicted.
"""

from __future__ import annotations

from collections.abc import Generator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import msgspec

from openecp.border.time_release.simulation.fitted import MONDAY, WEEK, CaseRecord, Fitted, fitted
from openecp.border.time_release.simulation.scenario import Change, Scenario, ScenarioFault
from openecp.border.time_release.simulation.station import WEEK_HOURS, Station

if TYPE_CHECKING:
    import numpy as np
    import simpy

HELD_WEEKS, WARM_UP, LEAST_WEEKS = 4, 1, 4
FIGURES = ("mean_s", "median_s", "p90_s")


class Predicted(msgspec.Struct, kw_only=True):
    """What is predicted of one office (`*` for all): as it is, with the scenario, their difference, and the error.

    `observed` and `error` are of the weeks held back, with as they were: error is predicted over observed, less one.
    """

    office: str
    figure: str
    cases: int
    observed_s: float
    predicted_s: float
    predicted_ci95_s: tuple[float, float]
    held_back_error: float
    is_within: bool
    scenario_s: float | None = None
    scenario_ci95_s: tuple[float, float] | None = None
    change_s: float | None = None
    change_ci95_s: tuple[float, float] | None = None


def predicted(
    records: Sequence[CaseRecord], scenario: Scenario | None, seed: int, *, replications: int = 20
) -> list[Predicted]:
    """Return the predictions for all offices together and each alone; equal arguments give equal figures.

    Raises: ScenarioFault with fewer than nine full weeks, or where the scenario names an office that there is not.
    """
    weeks = sorted({record.week for record in records})
    full = weeks[1:-1]  # the first and the last may be cut
    if len(full) < HELD_WEEKS + LEAST_WEEKS:
        raise ScenarioFault(
            f"simulation: expected {HELD_WEEKS + LEAST_WEEKS + 2} weeks of cases or more, got {len(weeks)}; "
            "give a longer period"
        )
    first_held = full[-HELD_WEEKS]
    model = fitted([record for record in records if record.week < first_held and record.week > weeks[0]])
    held = [record for record in records if first_held <= record.week <= full[-1]]
    changes = scenario.changes if scenario else ()
    known = {record.office for record in records}
    for change in changes:
        if not known.issuperset(change.offices):
            raise ScenarioFault(f"change, offices: expected some of {', '.join(sorted(known))}, got {change.offices}")
    base = [_figures(_played(model, (), seed, number)) for number in range(replications)]
    other = [_figures(_played(model, changes, seed, number)) for number in range(replications)] if scenario else []
    seen = _figures([(record.office, record.end - record.start) for record in held])
    counts = {office: sum(record.office == office for record in held) for office in known} | {"*": len(held)}
    return [
        _row(office, figure, counts[office], seen[office], base, other)
        for office in ["*", *sorted(known)]
        if office in seen and all(office in one for one in [*base, *other])
        for figure in range(len(FIGURES))
    ]


def _row(
    office: str,
    figure: int,
    cases: int,
    seen: tuple[float, ...],
    base: Sequence[Mapping[str, tuple[float, ...]]],
    other: Sequence[Mapping[str, tuple[float, ...]]],
) -> Predicted:
    values = [one[office][figure] for one in base]
    middle, interval = _middle(values)
    row = Predicted(
        office=office,
        figure=FIGURES[figure],
        cases=cases,
        observed_s=seen[figure],
        predicted_s=middle,
        predicted_ci95_s=interval,
        held_back_error=middle / seen[figure] - 1 if seen[figure] else 0.0,
        is_within=interval[0] <= seen[figure] <= interval[1],
    )
    if other:
        changed = [one[office][figure] for one in other]
        row.scenario_s, row.scenario_ci95_s = _middle(changed)
        row.change_s, row.change_ci95_s = _middle([b - a for a, b in zip(values, changed, strict=True)])
    return row


def _middle(values: Sequence[float]) -> tuple[float, tuple[float, float]]:
    import numpy as np

    low, high = np.quantile(values, (0.025, 0.975))
    return round(float(np.mean(values)), 3), (round(float(low), 3), round(float(high), 3))


def _figures(times: Sequence[tuple[str, float]]) -> dict[str, tuple[float, ...]]:
    import numpy as np

    by: dict[str, list[float]] = {"*": []}
    for office, seconds in times:
        by.setdefault(office, []).append(seconds)
        by["*"].append(seconds)
    return {
        office: (float(np.mean(one)), float(np.median(one)), float(np.quantile(one, 0.9)))
        for office, one in by.items()
        if one
    }


def _played(model: Fitted, changes: Sequence[Change], seed: int, number: int) -> list[tuple[str, float]]:
    """Play one replication: office and clock of each case that starts after the warm-up."""
    import numpy as np
    import simpy

    draw = np.random.default_rng([seed, number])
    weeks = sorted(model.cases)
    chosen = draw.choice(weeks, size=WARM_UP + HELD_WEEKS)
    more = np.random.default_rng([seed, number, 1])
    cases: list[tuple[float, bool, CaseRecord]] = []
    for place, week in enumerate(chosen.tolist()):
        shift = MONDAY + (place + 2) * WEEK - (MONDAY + week * WEEK)
        rows = _with_more_aeo(model.cases[week], changes, more)
        cases += [(shift, place >= WARM_UP, record) for record in rows]
    done = [(record.office, record.end - record.start) for _, counts, record in cases
            if counts and not record.customs and not record.agency]  # fmt: skip
    env = simpy.Environment()
    desks = {key: Station(env, _changed(key, officers, changes)) for key, officers in model.officers.items()}
    joint = any(change.kind == "joint_inspection" for change in changes)
    for shift, counts, record in cases:
        if record.customs or record.agency:
            env.process(_case(env, desks, record, shift, done if counts else None, joint))
    env.run()
    return done


def _case(
    env: simpy.Environment,
    desks: Mapping[tuple[str, str], Station],
    record: CaseRecord,
    shift: float,
    done: list[tuple[str, float]] | None,
    joint: bool,
) -> Generator[Any, Any, None]:
    """Play one case: Customs' desks one after the other, the agency's beside them; its own times are kept."""
    customs, agency = record.customs, record.agency
    if joint and agency and customs and customs[-1].station == "inspection":
        last = customs[-1]
        before = last.enter + max(0.0, agency.enter - last.enter)
        customs = (*customs[:-1], last._replace(enter=before, work=max(last.work, agency.work)))
        agency = None
    entries = [visit.enter for visit in (*customs[:1], *((agency,) if agency else ()))]
    begin = min([record.start, *entries])
    last_end = max(visit.end for visit in (*record.customs, *((record.agency,) if record.agency else ())))
    tail = record.end - last_end
    origin = max(0.0, begin + shift)
    yield env.timeout(max(0.0, origin - env.now))
    priority = 0 if record.is_aeo else 1

    def path(visits: Sequence[Any]) -> Generator[Any, Any, float]:
        since = begin
        for visit in visits:
            yield env.timeout(max(0.0, visit.enter - since))
            desk = desks[record.office, visit.station]
            yield from desk.linger(visit.lag)
            yield from desk.serve(priority, visit.work)
            since = visit.end
        return float(env.now)

    ways = [env.process(path(customs))] if customs else []
    ways += [env.process(path((agency,)))] if agency else []
    yield env.all_of(ways)
    if done is not None:
        done.append((record.office, float(env.now) + tail - (origin + record.start - begin)))


def _with_more_aeo(
    rows: Sequence[CaseRecord], changes: Sequence[Change], draw: np.random.Generator
) -> list[CaseRecord]:
    """Return the cases of a week, some of them as if their traders were authorised: like one who is, at their time."""
    points = sum(change.points for change in changes if change.kind == "aeo_share")
    if not points:
        return list(rows)
    found = []
    share = sum(record.is_aeo for record in rows) / max(1, len(rows))
    wanted = min(1.0, max(0.0, share + points / 100))
    chance = (
        (wanted - share) / (1 - share) if wanted > share and share < 1 else (share - wanted) / share if share else 0
    )
    donors: dict[str, list[CaseRecord]] = {}
    for record in rows:
        if record.is_aeo == (points > 0):
            donors.setdefault(record.office, []).append(record)
    for record in rows:
        like = donors.get(record.office, [])
        if record.is_aeo != (points > 0) and like and draw.random() < chance:
            found.append(_moved(like[int(draw.integers(len(like)))], record.start))
        else:
            found.append(record)
    return found


def _moved(record: CaseRecord, start: float) -> CaseRecord:
    """Return a case as it would have been some whole days earlier or later: its hours of the day stay its own."""
    by = round((start - record.start) / 86_400) * 86_400.0

    def later(visit: Any) -> Any:
        return visit._replace(enter=visit.enter + by, begun=visit.begun + by, end=visit.end + by)

    return record._replace(
        start=record.start + by,
        end=record.end + by,
        customs=tuple(later(visit) for visit in record.customs),
        agency=later(record.agency) if record.agency else None,
    )


def _changed(key: tuple[str, str], officers: Sequence[int], changes: Sequence[Change]) -> list[int]:
    """Return a desk's officers by hour of the week with the changes; only hours in which it is open have more."""
    found = list(officers)
    office, station = key
    for change in changes:
        if change.kind != "officers" or change.station != station.partition(":")[0]:
            continue
        if change.offices and office not in change.offices:
            continue
        for hour in range(WEEK_HOURS):
            if found[hour] and (not change.weekdays or hour // 24 in change.weekdays):
                found[hour] = max(0, found[hour] + change.officers)
    return found
