# SPDX-License-Identifier: Apache-2.0
"""How sure each cell's median and mean are, over the clusters that wait together, and its mean without extremes."""

from __future__ import annotations

from collections.abc import Sequence
from math import floor
from typing import Any, NamedTuple, Protocol

from openecp.border.time_release.clocks import column
from openecp.border.time_release.statistics.clustered import mean_estimate
from openecp.border.time_release.statistics.figures import Robust, trimmed_mean
from openecp.border.time_release.statistics.intervals import ClusterSums, clustered_shares, order_ranks

DAY_US = 86_400_000_000


class Asks(Protocol):
    """The part of an engine that is asked here."""

    def stage(self, name: str, statement: str) -> None:
        """Run a statement into a table of this name."""

    def ask(self, statement: str) -> list[dict[str, Any]]:
        """Run a statement and return its rows."""

    def arrays(self, statement: str) -> dict[str, Any]:
        """Run a statement and return its columns as arrays; no column holds nulls."""


class MeanOfCell(NamedTuple):
    """What is said of a cell's mean: its interval, and the mean without the least and greatest cases, where asked."""

    interval: tuple[float, float] | None
    trimmed: Robust | None


def median_intervals(
    engine: Asks, segments: Sequence[str], medians: Sequence[float | None], clusters: Sequence[str] = ()
) -> list[tuple[float, float] | None]:
    """Return the 95 % interval of each cell's median, in microseconds, in the order of the cells.

    Reads: durations, whose cells stand in the order of their segments, nulls last. `clusters` are columns that say
    what waits together (the means of transport); the day on which the clock starts always parts them.
    """
    names = [column(name) for name in segments]
    order = ", ".join(f"{name} NULLS LAST" for name in names) or "1"
    number = f"DENSE_RANK() OVER (ORDER BY {order})" if names else "1"
    keys = "".join(f", {column(name)}" for name in clusters)
    engine.stage(
        "ranked",
        f"SELECT cell_no, us, start_us{keys}, ROW_NUMBER() OVER (PARTITION BY cell_no ORDER BY us) AS place FROM "
        f"(SELECT {number} AS cell_no, us, start_us{keys} FROM durations) AS d WHERE us IS NOT NULL",
    )
    wanted: dict[int, tuple[float, float]] = {}
    if clusters:
        sums = _cluster_sums(engine, keys, medians)
        for cell, found in sums.items():
            shares = clustered_shares(found, 0.5)
            if shares is not None:
                wanted[cell] = ((found.cases - 1) * shares[0] + 1, (found.cases - 1) * shares[1] + 1)
    else:
        for row in engine.ask("SELECT cell_no, COUNT(*) AS n FROM ranked GROUP BY cell_no"):
            ranks = order_ranks(row["n"], 0.5)
            if ranks is not None:
                wanted[row["cell_no"]] = (float(ranks.low), float(ranks.high))
    values = _values(engine, wanted)
    return [
        None if cell not in wanted else (_at(values, cell, wanted[cell][0]), _at(values, cell, wanted[cell][1]))
        for cell in range(1, len(medians) + 1)
    ]


def means_of_cells(
    engine: Asks, count: int, clusters: Sequence[str] = (), trim: float | None = None
) -> list[MeanOfCell]:
    """Return, by cell, the 95 % interval of the mean, and the mean without the `trim` share of cases at each end.

    Reads: ranked, as `median_intervals` leaves it. Clusters are parted by the day on which the clock starts.
    Raises: ValueError where the share would leave nothing.
    """
    import numpy as np

    keys = "".join(f", {column(name)}" for name in clusters)
    cluster = f"CAST(HASH(start_us // {DAY_US}{keys}) >> 2 AS BIGINT)" if clusters else "0"
    rows = engine.arrays(
        f"SELECT CAST(cell_no AS BIGINT) AS cell_no, us, {cluster} AS cluster FROM ranked ORDER BY cell_no, place"
    )
    bounds = np.searchsorted(rows["cell_no"], np.arange(1, count + 2))
    found = []
    for low, high in zip(bounds[:-1].tolist(), bounds[1:].tolist(), strict=True):
        us = rows["us"][low:high]
        estimate = mean_estimate(us, rows["cluster"][low:high] if clusters else None)
        trimmed = trimmed_mean(us.tolist(), trim) if trim is not None else None
        found.append(MeanOfCell(estimate.interval if estimate else None, trimmed))
    return found


def _cluster_sums(engine: Asks, keys: str, medians: Sequence[float | None]) -> dict[int, ClusterSums]:
    rows = ", ".join(f"({cell}, {median!r})" for cell, median in enumerate(medians, start=1) if median is not None)
    if not rows:
        return {}
    found = engine.ask(
        f"WITH m(cell_no, median) AS (VALUES {rows}), "
        f"parts AS (SELECT r.cell_no{keys}, r.start_us // {DAY_US} AS day, COUNT(*) AS n, "
        "COUNT(*) FILTER (WHERE r.us <= m.median) AS below FROM ranked AS r JOIN m ON m.cell_no = r.cell_no "
        f"GROUP BY r.cell_no{keys}, r.start_us // {DAY_US}), "
        "whole AS (SELECT cell_no, SUM(n) AS n, SUM(below) AS below FROM parts GROUP BY cell_no) "
        "SELECT p.cell_no, MAX(w.n) AS n, MAX(w.below) AS below, COUNT(*) AS clusters, "
        "SUM(POWER(p.below - p.n * w.below / w.n, 2)) AS squares "
        "FROM parts AS p JOIN whole AS w ON w.cell_no = p.cell_no GROUP BY p.cell_no"
    )
    return {
        row["cell_no"]: ClusterSums(int(row["n"]), int(row["below"]), row["clusters"], float(row["squares"]))
        for row in found
    }


def _values(engine: Asks, wanted: dict[int, tuple[float, float]]) -> dict[tuple[int, int], int]:
    """Return the values at the ranks that intervals end at, and at the ranks after these."""
    places = {(cell, floor(rank) + step) for cell, ranks in wanted.items() for rank in ranks for step in (0, 1)}
    if not places:
        return {}
    rows = ", ".join(f"({cell}, {place})" for cell, place in sorted(places))
    found = engine.ask(
        f"WITH w(cell_no, place) AS (VALUES {rows}) SELECT r.cell_no, r.place, r.us FROM ranked AS r "
        "JOIN w ON w.cell_no = r.cell_no AND w.place = r.place"
    )
    return {(row["cell_no"], row["place"]): row["us"] for row in found}


def _at(values: dict[tuple[int, int], int], cell: int, rank: float) -> float:
    """Return the value at a rank, between two ranks on the line between their values."""
    low = values[cell, floor(rank)]
    part = rank - floor(rank)
    return float(low) if not part else low + (values[cell, floor(rank) + 1] - low) * part
