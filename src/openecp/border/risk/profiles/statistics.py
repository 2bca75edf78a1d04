# SPDX-License-Identifier: Apache-2.0
"""How profiles do in operation, and which one finds less than chance: it is to be suspended, and the words say why.

Source: Wilson (1927) for the interval of a share.
Limits: a profile is judged from 30 results on, beside a random sample of 100 results or more.
"""

from __future__ import annotations

import msgspec

from openecp.border.risk.wilson import wilson_bounds

RESULTS_MIN, SAMPLE_MIN = 30, 100


class Share(msgspec.Struct, frozen=True):
    """A share of counted results with the bounds between which it lies with 95 % confidence."""

    value: float
    low: float
    high: float


class ProfileFigures(msgspec.Struct, frozen=True, kw_only=True):
    """What a profile did: hits, selections, results of controls and how many were irregular."""

    profile: str
    version: int
    hits: int
    selections: int
    results: int
    irregular: int

    def hit_rate(self) -> Share:
        """Return the irregular share of the results."""
        return wilson(self.irregular, self.results)


def wilson(hits: int, results: int) -> Share:
    """Return the share of counted results with its interval; nothing is known of none."""
    share = hits / results if results else 0.0
    return Share(share, *wilson_bounds(share, results))


def below_chance(figures: ProfileFigures, *, sample_results: int, sample_irregular: int) -> str:
    """Return why a profile is to be suspended, in words; nothing where it is not."""
    if figures.results < RESULTS_MIN or sample_results < SAMPLE_MIN:
        return ""
    rate, sample = figures.hit_rate(), sample_irregular / sample_results
    if rate.high >= sample:
        return ""
    return (
        f"finds less than chance: {figures.irregular} of {figures.results} controls were irregular, at most "
        f"{100 * rate.high:.2f} % with 95 % confidence; the random sample: {sample_irregular} of {sample_results}, "
        f"{100 * sample:.2f} %"
    )
