# SPDX-License-Identifier: Apache-2.0
"""What irregular trade keeps back, estimated from the random sample; segments of it; what each way of selecting finds.

The mean recovered by a control of the sample, each weighted by the inverse of its chance, times all declarations; the
interval is that of 2,000 resamples with a seed (percentile bootstrap), so that the same journal gives the same figures.
Source: Efron and Tibshirani, An Introduction to the Bootstrap (1993), chapter 13; Hajek (1971) for the weighted mean.
Limits: no interval below 20 controls that brought in money; with few of them it is too narrow rather than too wide.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import msgspec

from openecp.border.risk.features.compliance import weights_of
from openecp.border.risk.features.feedback import SelectedCase
from openecp.border.risk.wilson import wilson_bounds

RESAMPLES, SEED, FOUND_MIN, DRAWN_MAX = 2_000, 20_260_701, 20, 4_000_000
SIZES = ((1, "1"), (10, "2-10"), (100, "11-100"))  # declarations of an importer in the period, up to; its segment
LARGEST = "101+"


class MoneyGap(msgspec.Struct, frozen=True, kw_only=True):
    """What is estimated to be kept back in a segment, in minor units; None where the sample says nothing."""

    declarations: int
    controlled: int
    with_money: int
    recovered_minor: int  # of the sample
    mean_minor: float | None  # a declaration, weighted
    gap_minor: int | None
    low_minor: int | None
    high_minor: int | None


class GroundYield(msgspec.Struct, frozen=True, kw_only=True):
    """What controls found of what one ground selected."""

    ground: str
    selected: int
    controlled: int
    irregular: int
    rate: float | None
    low: float | None
    high: float | None
    recovered_minor: int


def money_gap(cases: Sequence[SelectedCase], chance_of: Mapping[str, float]) -> MoneyGap:
    """Estimate what the declarations of a segment keep back."""
    known = [case for case in cases if case.sampled and case.results]
    amounts = [sum(result.recovered_minor for result in case.results) for case in known]
    weights = weights_of(known, chance_of)
    many, total = len(cases), sum(weights)
    mean = sum(w * a for w, a in zip(weights, amounts, strict=True)) / total if total else None
    found = sum(amount > 0 for amount in amounts)
    low, high = _interval(weights, amounts) if found >= FOUND_MIN else (None, None)
    return MoneyGap(
        declarations=many, controlled=len(known), with_money=found, recovered_minor=sum(amounts), mean_minor=mean,
        gap_minor=None if mean is None else round(mean * many),
        low_minor=None if low is None else round(low * many), high_minor=None if high is None else round(high * many),
    )  # fmt: skip


def _interval(weights: Sequence[float], amounts: Sequence[int]) -> tuple[float, float]:
    """Return the bounds between which 95 % of the resampled means lie."""
    import numpy as np

    weight, amount = np.asarray(weights), np.asarray(amounts, dtype=np.float64)
    rng, many = np.random.default_rng(SEED), len(weight)
    means, block = [], max(1, min(RESAMPLES, DRAWN_MAX // many))  # so many at once, whatever the sample's size
    for start in range(0, RESAMPLES, block):
        drawn = rng.integers(0, many, (min(block, RESAMPLES - start), many))
        means.append((weight * amount)[drawn].sum(1) / weight[drawn].sum(1))
    low, high = np.quantile(np.concatenate(means), (0.025, 0.975))
    return float(low), float(high)


def yields(cases: Iterable[SelectedCase]) -> list[GroundYield]:
    """Return what each ground of selection found, the random draw first: what targeting is worth beside chance."""
    groups: dict[str, list[SelectedCase]] = {}
    for case in cases:
        if case.ground != "none" or case.results:
            groups.setdefault(case.ground, []).append(case)
    found = []
    for ground in sorted(groups, key=lambda name: (name != "random", name)):
        known = [case for case in groups[ground] if case.results]
        irregular = sum(case.irregular for case in known)
        low, high = wilson_bounds(irregular / len(known), len(known)) if known else (None, None)
        found.append(GroundYield(
            ground=ground, selected=len(groups[ground]), controlled=len(known), irregular=irregular,
            rate=irregular / len(known) if known else None, low=low, high=high,
            recovered_minor=sum(result.recovered_minor for case in known for result in case.results),
        ))  # fmt: skip
    return found


def importer_sizes(items: Mapping[str, Sequence[Mapping[str, Any]]], cases: Sequence[SelectedCase]) -> dict[str, str]:
    """Return the size of each case's importer by its declarations in the period; '' where no importer is known."""
    importer = {case.case_id: next((r["importer"] for r in items.get(case.case_id, ())), "") for case in cases}
    counts: dict[str, int] = {}
    for name in importer.values():
        counts[name] = counts.get(name, 0) + 1
    return {
        case_id: next((size for most, size in SIZES if counts[name] <= most), LARGEST) if name else ""
        for case_id, name in importer.items()
    }


def segments_of(
    case: SelectedCase, items: Sequence[Mapping[str, Any]], by: str | None, size: str = ""
) -> set[str]:  # fmt: skip
    """Return the segments that a case belongs to; one with several items may belong to several."""
    if by is None:
        return set()
    if by in ("origin", "chapter"):
        column = {"origin": "origin", "chapter": "goods"}[by]
        return {(row[column][:2] or "none") for row in items}
    plain = {"month": (case.day or case.at)[:7], "office": case.office or "none", "lane": case.lane,
             "size": size or "none"}  # fmt: skip
    return {plain[by]}
