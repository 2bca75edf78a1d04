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


class LessThanChance(msgspec.Struct, frozen=True, kw_only=True):
    """A profile in operation beside the random sample: it is to be suspended, and why."""

    results: int
    irregular: int
    rate: Share
    sample_results: int
    sample_irregular: int
    sample: Share

    def told(self) -> str:
        """Return the reason in words, with both rates and intervals."""
        found = f"{self.irregular} of {self.results} controls were irregular, {_percent(self.rate)}"
        sample = f"{self.sample_irregular} of {self.sample_results}, {_percent(self.sample)}"
        return f"finds less than chance: {found}; the random sample: {sample}; intervals of 95 %"

    def facts(self) -> dict[str, int]:
        """Return the figures as the journal holds them, shares in millionths."""
        found = {name: getattr(self, name) for name in ("results", "irregular", "sample_results", "sample_irregular")}
        for prefix, share in (("", self.rate), ("sample_", self.sample)):
            for name, value in (("rate", share.value), ("low", share.low), ("high", share.high)):
                found[f"{prefix}{name}_e6"] = round(1_000_000 * value)
        return found


def below_chance(figures: ProfileFigures, *, sample_results: int, sample_irregular: int) -> str:
    """Return why a profile is to be suspended, in words; nothing where it is not."""
    found = verdict(figures, sample_results=sample_results, sample_irregular=sample_irregular)
    return found.told() if found is not None else ""


def verdict(figures: ProfileFigures, *, sample_results: int, sample_irregular: int) -> LessThanChance | None:
    """Return that a profile finds less than chance; None where it does not, or too little is known."""
    if figures.results < RESULTS_MIN or sample_results < SAMPLE_MIN:
        return None
    rate, sample = figures.hit_rate(), wilson(sample_irregular, sample_results)
    if rate.high >= sample.value:
        return None
    return LessThanChance(
        results=figures.results, irregular=figures.irregular, rate=rate, sample_results=sample_results,
        sample_irregular=sample_irregular, sample=sample,
    )  # fmt: skip


def _percent(share: Share) -> str:
    return f"{100 * share.value:.2f} % ({100 * share.low:.2f} to {100 * share.high:.2f} %)"
