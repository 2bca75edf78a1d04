# SPDX-License-Identifier: Apache-2.0
"""One clock over all cells of a cross of segments: the statistics, their intervals, and whose time it was."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Protocol

import msgspec

from openecp.border.time_release.calendars import OfficeHours
from openecp.border.time_release.cell_owners import owners_by_cell, read_in_open_hours, times_of_offices
from openecp.border.time_release.clocks import Clock, ClockFault
from openecp.border.time_release.cube import cells_sql, durations_sql
from openecp.border.time_release.events import OWNER_OF
from openecp.border.time_release.officers import refuse_officers
from openecp.border.time_release.statistics.figures import Robust
from openecp.border.time_release.statistics.suppression import suppressed
from openecp.border.time_release.sureness import means_of_cells, median_intervals

SECOND = 1_000_000
_SECONDS = ("p10", "p25", "median", "p75", "p90", "p95", "std", "least", "most")


class StudyEngine(Protocol):
    """What an engine offers to a study: the events as `trs_events`, tables, answers."""

    def columns(self) -> list[str]:
        """Return the columns of the events."""

    def stage(self, name: str, statement: str) -> None:
        """Run a statement into a table of this name."""

    def ask(self, statement: str) -> list[dict[str, Any]]:
        """Run a statement and return its rows."""

    def arrays(self, statement: str) -> dict[str, Any]:
        """Run a statement and return its columns as arrays; no column holds nulls."""


class Cell(msgspec.Struct, kw_only=True):
    """What a clock says in one cell; times in microseconds, `owners` in all cases of the cell together."""

    clock: str
    segment: dict[str, str | None]
    n: int
    missing: int
    censored: int
    sum_us: int | None
    negative: int
    within: int | None
    quantiles: dict[str, float | None]
    median_ci_us: tuple[float, float] | None = None
    mean_ci_us: tuple[float, float] | None = None
    trimmed: Robust | None = None
    is_hidden: bool = False
    owners: dict[str, int] = {}
    closed: dict[str, int] = {}  # the part of the owners' time in which the case's office was closed
    in_open_hours: bool = False

    def shown(self) -> dict[str, Any]:
        """Return the cell as it is printed: seconds, total seconds for the owners."""
        if self.is_hidden:
            return {"clock": self.clock, "segment": self.segment, "hidden": True}
        found: dict[str, Any] = {
            "clock": self.clock,
            "segment": self.segment,
            "n": self.n,
            "missing": self.missing,
            "censored": self.censored,
            "mean_s": None if not self.n or self.sum_us is None else self.sum_us / self.n / SECOND,
        }
        for name in _SECONDS:
            value = self.quantiles.get(name)
            found[f"{name}_s"] = None if value is None else value / SECOND
        found["ci95_median_s"] = None if self.median_ci_us is None else [us / SECOND for us in self.median_ci_us]
        found["ci95_mean_s"] = None if self.mean_ci_us is None else [us / SECOND for us in self.mean_ci_us]
        if self.trimmed is not None:
            found["trimmed_mean_s"] = None if self.trimmed.mean is None else self.trimmed.mean / SECOND
            found["trimmed_cases"] = self.trimmed.touched
        found["owners_s"] = {owner: us / SECOND for owner, us in self.owners.items()}
        if self.closed:
            found["closed_s"] = {owner: us / SECOND for owner, us in self.closed.items()}
        if self.in_open_hours:
            found["open_hours"] = True
        found["negative"] = self.negative
        if self.within is not None:
            found["within"] = self.within
        return found


def analysed(
    engine: StudyEngine,
    clock: Clock,
    segments: tuple[str, ...],
    *,
    clusters: tuple[str, ...] = (),
    target_us: int | None = None,
    calendars: Mapping[str, OfficeHours] | None = None,
    in_open_hours: bool = False,
    owners: Mapping[str, str] = OWNER_OF,
    trim: float | None = None,
    min_cell: int = 1,
) -> list[Cell]:
    """Return the cells of a clock; `clusters` are columns that say which cases wait together.

    With `calendars` by office, each owner's time says how much of it the office was closed; `in_open_hours` reads the
    clock itself in open hours (cases of offices without a calendar run on). `owners` says who ends with an activity a
    wait that no obligation explains; it may name a log's own activities. `trim` is the share of cases at each end that
    a second mean leaves out. Cells of fewer than `min_cell` cases are hidden, and as many more as it takes that no
    total of them gives one away.
    Raises: ClockFault where a segment is no column of the events, or holds officers.
    """
    refuse_officers(segments)
    columns = engine.columns()
    for name in (*segments, *clusters):
        if name not in columns:
            raise ClockFault(
                f"--by {name[:80]!r}: expected columns of the events ({', '.join(columns)}); fix: name one of these"
            )
    office = ("office",) if calendars and "office" in columns else ()
    kept = tuple(dict.fromkeys((*segments, *clusters, *office)))
    engine.stage("durations", durations_sql(clock, kept))
    times = times_of_offices(engine, calendars or {}, has_office=bool(office))
    whose = owners_by_cell(engine, segments, "e.agency" if "agency" in columns else "NULL", owners, times)
    if in_open_hours and times:
        read_in_open_hours(engine, times)
    rows = engine.ask(cells_sql("durations", segments, target_us))
    intervals = median_intervals(engine, segments, [row["median_us"] for row in rows], clusters)
    means = means_of_cells(engine, len(rows), clusters, trim)
    hidden = _hidden(rows, segments, min_cell)
    return [
        Cell(
            clock=clock.name,
            segment={name: row[name] for name in segments},
            n=row["n"],
            missing=row["missing"],
            censored=row["censored"],
            sum_us=None if row["sum_us"] is None else int(row["sum_us"]),
            negative=row["negative"],
            within=row["within"],
            quantiles={name: row[f"{name}_us"] for name in _SECONDS},
            median_ci_us=interval,
            mean_ci_us=mean.interval,
            trimmed=mean.trimmed,
            is_hidden=tuple(row[name] or "" for name in segments) in hidden,
            owners={o: us for o, (us, _) in whose.get(tuple(row[name] for name in segments), {}).items()},
            closed={o: shut for o, (_, shut) in whose.get(tuple(row[name] for name in segments), {}).items() if shut},
            in_open_hours=in_open_hours and bool(times),
        )
        for row, interval, mean in zip(rows, intervals, means, strict=True)
    ]


def _hidden(rows: Sequence[Mapping[str, Any]], segments: tuple[str, ...], least: int) -> set[tuple[str, ...]]:
    """Return the cells to hide, by the values of their segments."""
    if least <= 1:
        return set()
    counts: dict[tuple[str, ...], int] = {}
    for row in rows:
        key = tuple(row[name] or "" for name in segments)
        counts[key] = counts.get(key, 0) + row["n"]
    return suppressed(counts, least) if segments else {key for key, n in counts.items() if 0 < n < least}
