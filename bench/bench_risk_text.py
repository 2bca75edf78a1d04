# SPDX-License-Identifier: Apache-2.0
"""Measures the check of descriptions against the HS: how often the true chapter is among the first five.

`hs2_top5`: English texts of the public HS benchmark; beside it the first place, and the other languages, which the
shipped model does not read. One JSON line a figure.

Usage: bench_risk_text.py
"""

from __future__ import annotations

import csv
import sys
from pathlib import Path

ROOT = Path(__file__).parents[1]
sys.path[:0] = [str(ROOT)]

from bench.bench_risk_models import figure  # noqa: E402
from tests.corpus import SHARED  # noqa: E402

from openecp.border.data_quality.model import shipped_model  # noqa: E402

CASES = SHARED / "corpus" / "risk" / "hs" / "hs_benchmark_cases.csv"


def main() -> None:
    """Print the figures."""
    if not CASES.is_file():
        sys.stderr.write(f"{CASES.name} is not there: no hs2 figures\n")
        return
    with CASES.open(encoding="utf-8") as file:
        cases = list(csv.DictReader(file))
    model = shipped_model()
    places: dict[str, list[int]] = {}
    for case in cases:
        told = [one.code for one in model.suggest(case["text"]).chapters]
        true = case["expected_hs_code"][:2]
        places.setdefault(case["language"], []).append(told.index(true) if true in told else len(told))
    english = places.pop("en")
    others = [place for found in places.values() for place in found]
    first = sum(place == 0 for place in english)
    five = sum(place < 5 for place in english)
    note = f"{five} of {len(english)} English texts, {first} in the first place; other languages "
    note += f"{sum(place < 5 for place in others)} of {len(others)}"
    figure("hs2_top5", five / len(english), "1", len(english), note)


if __name__ == "__main__":
    main()
