# SPDX-License-Identifier: Apache-2.0
"""How compliant trade is, measured by the random sample alone: share of irregular declarations, with its interval.

What criteria or models select says nothing of trade as a whole; who was drawn at random does. Where shares of the draw
differ, each declaration counts by the inverse of its chance, and the interval by the number of equal ones that this is
worth (Kish). Wilson's interval holds for small samples and shares near nothing.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

import msgspec

from openecp.border.risk.features.feedback import SelectedCase
from openecp.border.risk.wilson import wilson_bounds

SEGMENTS = ("office", "lane", "month", "origin", "chapter", "size")


class MeasuredCompliance(msgspec.Struct, frozen=True, kw_only=True):
    """The random sample of one segment."""

    segment: str
    declarations: int  # of the segment, sampled or not
    sampled: int
    controlled: int  # of the sampled, those with a result
    irregular: int
    rate: float | None  # irregular share of all declarations, weighted
    low: float | None
    high: float | None
    worth: float  # of how many equally likely declarations the sample is worth
    recovered_minor: int
    assumed: int  # whose chance is not in the journal: that of their office's others was taken


def measured(segment: str, cases: Sequence[SelectedCase], chance_of: dict[str, float]) -> MeasuredCompliance:
    """Return what the random sample says of a segment's declarations."""
    sample = [case for case in cases if case.sampled]
    known = [case for case in sample if case.results]
    assumed = sum(case.sample_chance is None for case in known)
    weights = weights_of(known, chance_of)
    total, squares = sum(weights), sum(weight * weight for weight in weights)
    worth = total * total / squares if squares else 0.0
    rate = low = high = None
    if total:
        rate = sum(weight for weight, case in zip(weights, known, strict=True) if case.irregular) / total
        low, high = wilson_bounds(rate, worth)
    return MeasuredCompliance(
        segment=segment, declarations=len(cases), sampled=len(sample), controlled=len(known),
        irregular=sum(case.irregular for case in known), rate=rate, low=low, high=high, worth=worth,
        recovered_minor=sum(r.recovered_minor for case in known for r in case.results), assumed=assumed,
    )  # fmt: skip


def weights_of(cases: Sequence[SelectedCase], chance_of: Mapping[str, float]) -> list[float]:
    """Return for how many declarations each of the sample stands; a chance that is not known is its office's."""
    return [1 / (case.sample_chance or chance_of.get(case.office) or chance_of.get("") or 1.0) for case in cases]


def mean_chances(cases: Iterable[SelectedCase]) -> dict[str, float]:
    """Return the mean chance of the draw by office, and under '' of all."""
    chances: dict[str, list[float]] = {}
    for case in cases:
        if case.sample_chance:
            for office in (case.office, ""):
                chances.setdefault(office, []).append(case.sample_chance)
    return {office: sum(found) / len(found) for office, found in chances.items()}


def compliance(cases: Iterable[SelectedCase], segments_of: dict[str, set[str]]) -> list[MeasuredCompliance]:
    """Return the whole, then each segment: `segments_of` names those that a case belongs to, by its case id."""
    listed = list(cases)
    chance_of = mean_chances(listed)
    groups: dict[str, list[SelectedCase]] = {}
    for case in listed:
        for segment in segments_of.get(case.case_id, ()):
            groups.setdefault(segment, []).append(case)
    found = [measured("all", listed, chance_of)]
    return found + [measured(segment, groups[segment], chance_of) for segment in sorted(groups)]
