# SPDX-License-Identifier: Apache-2.0
"""Whose time the clocks of each cell were, how much of it the office was closed, and clocks read in open hours."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Protocol, cast

from openecp.border.time_release.attribution import attribution_sql
from openecp.border.time_release.calendars import OTHERS, OfficeHours, OpenTimes, open_times
from openecp.border.time_release.clocks import column, quoted
from openecp.border.time_release.events import UNKNOWN
from openecp.border.time_release.sweep import taken_of

Whose = dict[tuple[Any, ...], dict[str, tuple[int, int]]]


class Asks(Protocol):
    """The part of an engine that is asked here; one that also has `arrays` answers millions in bounded memory."""

    def stage(self, name: str, statement: str) -> None:
        """Run a statement into a table of this name."""

    def ask(self, statement: str) -> list[dict[str, Any]]:
        """Run a statement and return its rows."""


def times_of_offices(
    engine: Asks, calendars: Mapping[str, OfficeHours], *, has_office: bool
) -> dict[str | None, OpenTimes]:
    """Return when each office of the cases was open; None stands for cases without an office.

    Reads: durations. Raises: CalendarFault.
    """
    if not calendars:
        return {}
    office = "office" if has_office else "CAST(NULL AS VARCHAR)"
    rows = engine.ask(
        f"SELECT {office} AS office, MIN(LEAST(start_us, end_us)) AS first_us, MAX(GREATEST(start_us, end_us)) "
        "AS last_us FROM durations WHERE us IS NOT NULL GROUP BY 1 ORDER BY 1 NULLS LAST"
    )
    found = {}
    for row in rows:
        hours = calendars.get(row["office"] or OTHERS) or calendars.get(OTHERS)
        if hours is not None:
            found[row["office"]] = open_times(hours, int(row["first_us"]), int(row["last_us"]))
    return found


def read_in_open_hours(engine: Asks, times: Mapping[str | None, OpenTimes]) -> None:
    """Put open microseconds in the place of elapsed ones, in `durations`; reads `numbered`."""
    spans = [
        f"({number}, {opens}, {closes}, {before})"
        for number, each in enumerate(times.values())
        for opens, closes, before in zip(*each, strict=True)
    ] or ["(-1, 0, 0, 0)"]
    engine.stage("open_spans", f"SELECT * FROM (VALUES {', '.join(spans)}) AS s(calendar, opens, closes, before_us)")
    opened = {
        side: f"COALESCE({side}.before_us + LEAST(d.{stamp}, {side}.closes) - {side}.opens, 0)"
        for side, stamp in (("a", "start_us"), ("b", "end_us"))
    }
    engine.stage(
        "durations",
        f"SELECT d.* REPLACE (CASE WHEN n.calendar >= 0 THEN {opened['b']} - {opened['a']} ELSE d.us END AS us) "
        "FROM durations AS d LEFT JOIN numbered AS n ON n.case_id = d.case_id "
        "ASOF LEFT JOIN open_spans AS a ON a.calendar = n.calendar AND a.opens <= d.start_us "
        "ASOF LEFT JOIN open_spans AS b ON b.calendar = n.calendar AND b.opens <= d.end_us",
    )


def owners_by_cell(
    engine: Asks,
    segments: Sequence[str],
    agency: str,
    owners: Mapping[str, str],
    times: Mapping[str | None, OpenTimes],
) -> Whose:
    """Return, by cell, each owner's microseconds and those of them in which the office was closed.

    Reads: trs_events, durations. Adds: numbered, one row a case with both stamps.
    """
    key_of = _number(engine, segments, times)
    codes = {row["activity"] for row in engine.ask("SELECT DISTINCT activity FROM trs_events")}
    unknown = codes.isdisjoint(owners)  # a log of other activities: nobody is known to have been awaited
    found: Whose = {}
    if hasattr(engine, "arrays") and (times or not unknown):
        parts = taken_of(cast(Any, engine), agency=agency, owners=owners, open_times=tuple(times.values()))
        if parts is not None:
            _sum_up(engine, parts, key_of, found)
            return {key: dict(sorted(cell.items())) for key, cell in found.items()}
    if unknown:
        shares = f"SELECT case_id, {quoted(UNKNOWN)} AS owner, us FROM durations WHERE us <> 0"
    else:
        shares = attribution_sql("durations", agency=agency, owners=owners)
    engine.stage("owners", shares)
    for row in engine.ask(
        "SELECT n.cell_no, o.owner, CAST(SUM(o.us) AS BIGINT) AS us FROM owners AS o "
        "JOIN numbered AS n ON n.case_id = o.case_id GROUP BY 1, 2 ORDER BY 1, 2"
    ):
        found.setdefault(key_of[row["cell_no"]], {})[row["owner"]] = (row["us"], 0)
    return found


def _number(engine: Asks, segments: Sequence[str], times: Mapping[str | None, OpenTimes]) -> dict[int, tuple[Any, ...]]:
    """Number the cases and their cells; return the segments of each cell."""
    names = [column(name) for name in segments]
    order = ", ".join(f"{name} NULLS LAST" for name in names)
    cell = f"DENSE_RANK() OVER (ORDER BY {order}) - 1" if names else "0"
    cases = [
        f"WHEN office {'IS NULL' if office is None else '= ' + quoted(office)} THEN {number}"
        for number, office in enumerate(times)
    ]
    calendar = f"CASE {' '.join(cases)} ELSE -1 END" if any(times) else "0" if times else "-1"
    kept = "".join(f", {name}" for name in names if name != '"case_id"')
    engine.stage(
        "numbered",
        f"SELECT case_id, start_us, end_us, {cell} AS cell_no, ROW_NUMBER() OVER () - 1 AS case_no, "
        f"{calendar} AS calendar{kept} FROM durations WHERE us IS NOT NULL",
    )
    cells = engine.ask(f"SELECT DISTINCT cell_no{''.join(f', {name}' for name in names)} FROM numbered")
    return {row["cell_no"]: tuple(row[name] for name in segments) for row in cells}


def _sum_up(engine: Any, parts: Any, key_of: Mapping[int, tuple[Any, ...]], found: Whose) -> None:
    import numpy as np

    cell_no = np.asarray(engine.arrays("SELECT cell_no FROM numbered ORDER BY case_no")["cell_no"], dtype=np.int64)
    for part in parts:
        sums, shut = (np.zeros(len(key_of), dtype=np.int64) for _ in range(2))
        cells = cell_no[part.cases]
        np.add.at(sums, cells, part.us)
        np.add.at(shut, cells, part.closed_us)
        for number in np.unique(cells).tolist():
            cell = found.setdefault(key_of[number], {})
            us, closed = cell.get(part.owner, (0, 0))
            cell[part.owner] = (us + int(sums[number]), closed + int(shut[number]))
