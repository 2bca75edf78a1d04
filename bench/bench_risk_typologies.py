# SPDX-License-Identifier: Apache-2.0
"""Measures the templates of profiles on planted traffic: precision and recall of each, with its own thresholds.

One JSON line a figure: `typology_<template>_precision` and `typology_<template>_recall`.

Usage: bench_risk_typologies.py [--seed 1]
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

ROOT = Path(__file__).parents[1]
sys.path[:0] = [str(ROOT)]

from bench.bench_risk_profiles import figure  # noqa: E402
from bench.typology_world import measure, planted_world  # noqa: E402


def main() -> None:
    """Print the figures."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seed", type=int, default=1)
    world = planted_world(parser.parse_known_args()[0].seed)
    for one in measure(world):
        name = one.template.replace("-", "_")
        note = (
            f"{one.hits} hits, {one.found} of {one.planted} planted, {one.irregular} irregular in any way; "
            f"base rate {one.base_rate:.4f}"
        )
        figure(f"typology_{name}_precision", one.precision, "1", one.hits, note)
        figure(f"typology_{name}_recall", one.recall, "1", one.planted, note)


if __name__ == "__main__":
    main()
