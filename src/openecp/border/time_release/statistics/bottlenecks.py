# SPDX-License-Identifier: Apache-2.0
"""Where time is lost: stages ranked by cases times (median less benchmark), and whose time it is.

The benchmark is what one names, else the median of the quarter of places that are quickest at the stage: what is
reached elsewhere in the same round.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NamedTuple

from openecp.border.time_release.statistics.figures import quantile


class StageFigures(NamedTuple):
    """One stage at one place (an office, or another segment): the owner of its wait, cases and their median."""

    place: str
    stage: str
    owner: str
    n: int
    median_us: float


class Bottleneck(NamedTuple):
    """A stage at a place, what is reached elsewhere, and the time lost against it by all cases together."""

    place: str
    stage: str
    owner: str
    n: int
    median_us: float
    benchmark_us: float
    lost_us: int


def bottlenecks(figures: Sequence[StageFigures], benchmarks: Mapping[str, int] | None = None) -> list[Bottleneck]:
    """Return the stages that lose time, the greatest loss first; `benchmarks` by stage, in microseconds."""
    named = dict(benchmarks or {})
    found = []
    for figure in figures:
        if figure.n < 1:
            continue
        benchmark = float(named[figure.stage]) if figure.stage in named else _reached(figures, figure.stage)
        lost = round(figure.n * (figure.median_us - benchmark))
        if lost > 0:
            found.append(Bottleneck(*figure, benchmark, lost))
    return sorted(found, key=lambda one: (-one.lost_us, one.place, one.stage, one.owner))


def lost_by_owner(found: Sequence[Bottleneck]) -> list[tuple[str, int]]:
    """Return the time lost by owner, the greatest first."""
    sums: dict[str, int] = {}
    for one in found:
        sums[one.owner] = sums.get(one.owner, 0) + one.lost_us
    return sorted(sums.items(), key=lambda pair: (-pair[1], pair[0]))


def _reached(figures: Sequence[StageFigures], stage: str) -> float:
    medians = sorted(round(figure.median_us) for figure in figures if figure.stage == stage and figure.n)
    return quantile(medians, 0.25)
