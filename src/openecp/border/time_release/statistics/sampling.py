# SPDX-License-Identifier: Apache-2.0
"""How many cases a study needs, and which: sample size for a precision, and a random plan that anyone can draw again.

Source: Cochran, Sampling Techniques; the Guide's sampling step of the planning phase.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from math import ceil
from typing import NamedTuple


class SampleSize(NamedTuple):
    """Cases needed: of an unlimited flow, and of the cases there are; `design_effect` is what clusters cost."""

    unlimited: int
    cases: int
    design_effect: float


def sample_size(
    *,
    variation: float,
    precision: float,
    cases: int | None = None,
    design_effect: float = 1.0,
    confidence: float = 0.95,
) -> SampleSize:
    """Return how many cases give a mean within `precision` of itself (0.05 for 5 %).

    `variation` is the standard deviation over the mean, from a pilot or an earlier round; `cases` how many there are in
    the period.
    Raises: ValueError where a figure is out of range.
    """
    from scipy.stats import norm

    for name, value, least in (
        ("variation", variation, 0.0),
        ("precision", precision, 0.0),
        ("effect", design_effect, 0.99),
    ):
        if not value > least:
            raise ValueError(f"sample size, {name}: expected more than {least}, got {value}")
    z = float(norm.ppf(1 - (1 - confidence) / 2))
    raw = (z * variation / precision) ** 2 * design_effect
    needed = raw if cases is None else raw / (1 + (raw - 1) / cases)
    return SampleSize(ceil(raw), min(ceil(needed), cases) if cases is not None else ceil(needed), design_effect)


def drawn(identifiers: Sequence[str], count: int, seed: str) -> list[str]:
    """Return a random sample: the `count` identifiers with the least hashes of seed and identifier, in their order.

    Whoever has the seed and the identifiers draws the same sample; a case that is added displaces at most one.
    """
    ranked = sorted(identifiers, key=lambda name: (hashlib.sha256(f"{seed}\n{name}".encode()).digest(), name))
    chosen = set(ranked[: max(0, count)])
    return [name for name in identifiers if name in chosen]
