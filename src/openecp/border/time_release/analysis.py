# SPDX-License-Identifier: Apache-2.0
"""One clock over all cells of a cross of segments: the statistics, their intervals, and whose time it was."""

from __future__ import annotations

from typing import Any, Protocol

import msgspec

from openecp.border.time_release.attribution import attribution_sql
from openecp.border.time_release.clocks import Clock, ClockFault, column, quoted
from openecp.border.time_release.cube import cells_sql, durations_sql
from openecp.border.time_release.events import OWNER_OF, UNKNOWN
from openecp.border.time_release.sureness import median_intervals

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
    owners: dict[str, int] = {}

    def shown(self) -> dict[str, Any]:
        """Return the cell as it is printed: seconds, total seconds for the owners."""
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
        found["owners_s"] = {owner: us / SECOND for owner, us in self.owners.items()}
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
) -> list[Cell]:
    """Return the cells of a clock; `clusters` are columns that say which cases wait together.

    Raises: ClockFault where a segment is no column of the events.
    """
    columns = engine.columns()
    for name in (*segments, *clusters):
        if name not in columns:
            raise ClockFault(
                f"--by {name[:80]!r}: expected columns of the events ({', '.join(columns)}); fix: name one of these"
            )
    engine.stage("durations", durations_sql(clock, tuple(dict.fromkeys((*segments, *clusters)))))
    rows = engine.ask(cells_sql("durations", segments, target_us))
    intervals = median_intervals(engine, segments, [row["median_us"] for row in rows], clusters)
    owners = _owners(engine, segments, "e.agency" if "agency" in columns else "NULL")
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
            owners=owners.get(tuple(row[name] for name in segments), {}),
        )
        for row, interval in zip(rows, intervals, strict=True)
    ]


def _owners(engine: StudyEngine, segments: tuple[str, ...], agency: str) -> dict[tuple[Any, ...], dict[str, int]]:
    """Return, by cell, whose time the clocks of its cases were."""
    names = "".join(f"d.{column(name)} AS {column(name)}, " for name in segments)
    groups = ", ".join(str(place + 1) for place in range(len(segments) + 1))
    codes = {row["activity"] for row in engine.ask("SELECT DISTINCT activity FROM trs_events")}
    if codes.isdisjoint(OWNER_OF):  # a log of other activities: nobody is known to have been awaited
        shares = f"SELECT case_id, {quoted(UNKNOWN)} AS owner, us FROM durations WHERE us <> 0"
    else:
        shares = attribution_sql("durations", agency=agency)
    engine.stage("owners", shares)
    found: dict[tuple[Any, ...], dict[str, int]] = {}
    for row in engine.ask(
        f"SELECT {names}o.owner AS owner__, CAST(SUM(o.us) AS BIGINT) AS us__ "
        f"FROM owners AS o JOIN durations AS d ON d.case_id = o.case_id GROUP BY {groups} ORDER BY {groups}"
    ):
        found.setdefault(tuple(row[name] for name in segments), {})[row["owner__"]] = row["us__"]
    return found
