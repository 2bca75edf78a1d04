# SPDX-License-Identifier: Apache-2.0
"""Measures workload forecasts on simulated traffic: error, beside the same day a week before; how often intervals hold.

Offices of 3, 30 and 300 declarations a day, weekdays of their own, a level that drifts by 1 % a day, days that scatter
by 14 % beyond chance; each forecast is made from the days before its week. One JSON line a figure.

Usage: bench_risk_workload.py [--seed 1] [--offices 12]
"""

from __future__ import annotations

import argparse
import math
import random
import sys
from datetime import date, timedelta
from pathlib import Path

ROOT = Path(__file__).parents[1]
sys.path[:0] = [str(ROOT)]

from openecp.border.risk.workload.forecast import ForecastTest, backtest  # noqa: E402

BEGIN, WEEKDAY = date(2026, 1, 5), (1.2, 1.1, 1.0, 1.0, 1.1, 0.35, 0.1)
DRIFT, SCATTER = 0.01, 0.02
LEVELS = {"small": 3, "middle": 30, "large": 300}


def traffic(seed: int, level: float, *, weeks: int = 36) -> dict[date, int]:
    """Return the declarations of one office by day."""
    draws, drift, found = random.Random(seed), 0.0, {}
    for number in range(weeks * 7):
        day = BEGIN + timedelta(days=number)
        drift += draws.gauss(0, DRIFT)
        mean = level * WEEKDAY[day.weekday()] * math.exp(drift) * draws.gammavariate(1 / SCATTER, SCATTER)
        found[day] = _poisson(draws, mean)
    return found


def _poisson(draws: random.Random, mean: float) -> int:
    """Return a count: exponential gaps that fit into the day."""
    count, spent = 0, draws.expovariate(1.0)
    while spent < mean:
        count, spent = count + 1, spent + draws.expovariate(1.0)
    return count


def forecasts(seed: int, level: float, offices: int) -> list[ForecastTest]:
    """Return how the forecasts of some offices did."""
    found = []
    for number in range(offices):
        counts = traffic(seed * 1_000 + number, level)
        done = backtest(counts, max(counts))
        assert done is not None, "there is history enough"
        found.append(done)
    return found


def mean(done: list[ForecastTest], name: str) -> float:
    """Return the mean of a figure."""
    return sum(float(getattr(one, name)) for one in done) / len(done)


def main() -> None:
    """Print the figures."""
    from bench.bench_risk_profiles import figure

    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--offices", type=int, default=12)
    given, _ = parser.parse_known_args()
    for size, level in LEVELS.items():
        done = forecasts(given.seed, level, given.offices)
        days, note = sum(one.days for one in done), f"{given.offices} offices of {level} a day, last 8 weeks"
        figure(f"workload_{size}_error", mean(done, "error"), "1", days,
               f"{note}; the same day a week before {mean(done, 'naive_error'):.3f}")  # fmt: skip
        figure(f"workload_{size}_coverage_80", mean(done, "coverage80"), "1", days, note)
        figure(f"workload_{size}_coverage_95", mean(done, "coverage95"), "1", days, note)


if __name__ == "__main__":
    main()
