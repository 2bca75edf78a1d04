# SPDX-License-Identifier: Apache-2.0
"""The rule of `select` over whole columns, for batches; a property test holds both to the same answers.

Limits: an interval lies within one day and none comes after a later one; a batch may hold any part of a stream.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from itertools import pairwise
from typing import Any

import numpy as np

from openecp.border.risk.lanes.counters import FrozenCounters, LaneCounters
from openecp.border.risk.lanes.draw import sub_draws, top_up_purpose
from openecp.border.risk.lanes.plan import E6, NO_CAP, LanePlan, OfficePlan
from openecp.border.risk.lanes.select import GROUNDS, LaneLine, top_chance, tops_of
from openecp.border.risk.lanes.stake import Cuts, stake_classes

_PER_MILLIONTH = 1_000
_MANDATORY, _CRITERIA, _HITS, _RANDOM, _TOPUP, _OVERRIDE = (
    GROUNDS.index(name) for name in ("mandatory", "criteria", "hits", "random", "topup", "override")
)
_NO_OVERRIDE, _NOT_BY_STAKE = -1, -2
_CLASSES = 128  # more than there are classes of stakes


@dataclass(frozen=True)
class LaneColumns:
    """What lanes are chosen by, of many declarations: one entry a declaration, hits as (declaration, criterion) pairs.

    `hit_at` is the declaration's place in these columns, ascending, each pair once; `override` is -1 for none.
    """

    offices: Sequence[str]  # names
    office: Any  # place of the office in `offices`
    day: Any  # ordinal of the legal date
    interval: Any
    draw: Any
    trusted: Any
    override: Any
    hit_at: Any
    hit_lane: Any
    hit_share_e6: Any
    hit_purpose: Any  # unsigned 64 bits
    stake_minor: Any = None  # none: 0 of all

    def __len__(self) -> int:
        return len(self.draw)

    def part(self, first: int, last: int) -> LaneColumns:
        """Return the declarations from one place up to another, with their hits."""
        begins, ends = np.searchsorted(self.hit_at, (first, last))
        kept = slice(int(begins), int(ends))
        cut = {name: getattr(self, name)[first:last] for name in _OF_A_DECLARATION}
        hits = {name: getattr(self, name)[kept] for name in _OF_A_HIT}
        stake = None if self.stake_minor is None else self.stake_minor[first:last]
        return LaneColumns(offices=self.offices, hit_at=self.hit_at[kept] - first, stake_minor=stake, **cut, **hits)


_OF_A_DECLARATION = ("office", "day", "interval", "draw", "trusted", "override")
_OF_A_HIT = ("hit_lane", "hit_share_e6", "hit_purpose")


@dataclass(frozen=True)
class SelectedLanes:
    """The selections of many declarations: lane, ground (place in GROUNDS), random lane, escaped criteria."""

    lane: Any
    ground: Any
    random_lane: Any
    escaped: Any


class LaneBatches:
    """Selects a stream of declarations in batches, however they are cut."""

    def __init__(self, plan: LanePlan, counters: LaneCounters | None = None) -> None:
        """Take the plan and the counters to go on from."""
        self._line, self._plan = LaneLine(plan, counters), plan

    def select(self, columns: LaneColumns) -> SelectedLanes:
        """Return the selections of the next declarations of the stream."""
        cuts = np.flatnonzero(np.diff(columns.interval)) + 1
        edges = [0, *cuts.tolist(), len(columns)]
        parts = [self._interval(columns.part(a, b)) for a, b in pairwise(edges) if b > a]
        empty = np.zeros(0, np.int64)
        return SelectedLanes(*(np.concatenate([p[at] for p in parts]) if parts else empty for at in range(4)))

    def _interval(self, columns: LaneColumns) -> tuple[Any, Any, Any, Any]:
        day = date.fromordinal(int(columns.day[0]))
        self._line.begin(int(columns.interval[0]), day)
        places, office = _places(columns, self._plan)
        plans = [self._plan.of(name, day) for name in places]
        tops = [self._line.tops(name, plan) for plan, name in zip(plans, places, strict=True)]
        lane, ground, at_random, escaped = _select(columns, office, plans, tops, self._plan.default)
        self._count(columns, office, places, plans, lane, ground)
        return lane, ground, at_random, escaped

    def _count(
        self, columns: LaneColumns, office: Any, places: Mapping[str, int], plans: Sequence[OfficePlan], lane: Any,
        ground: Any,
    ) -> None:  # fmt: skip
        width, default = len(places), self._plan.default
        seen = np.bincount(office, minlength=width)
        moves, stakes = [], []
        classes = _classes(columns) if self._plan.topup == "stake" else None
        for each in (1, 2, 3):
            here, topped = lane == each, (lane == each) & (ground == _TOPUP)
            met = (ground == 0) | ((ground == _TOPUP) & (each >= lane)) if each > default else np.zeros(len(lane), bool)
            factor = np.array([plan.rule(each).trusted_e6 for plan in plans], np.int64)
            weight = np.bincount(office[met & ~columns.trusted], minlength=width) * E6
            weight += np.bincount(office[met & columns.trusted], minlength=width) * factor
            moves.append([np.bincount(office[mask], minlength=width) for mask in (here, topped)] + [weight])
            stakes.append(_by_class(office, classes, met, np.where(columns.trusted, factor[office], E6)))
        for name, at in places.items():
            if seen[at]:
                held = tuple(each.get(at, {}) for each in stakes)
                counted = tuple((int(a[at]), int(b[at]), int(c[at])) for a, b, c in moves)
                self._line.count(name, int(seen[at]), counted, held)


def _classes(columns: LaneColumns) -> Any:
    stakes = columns.stake_minor
    return stake_classes(np.zeros(len(columns), np.int64) if stakes is None else stakes)


def _by_class(office: Any, classes: Any, met: Any, weight: Any) -> dict[int, dict[int, int]]:
    """Return by office and class of expected revenue the weight of those that came to a top-up."""
    if classes is None:
        return {}
    found: dict[int, dict[int, int]] = {}
    keys, where = np.unique(office[met] * _CLASSES + classes[met], return_inverse=True)
    sums = np.zeros(len(keys), np.int64)
    np.add.at(sums, where, weight[met])
    for key, total in zip(keys.tolist(), sums.tolist(), strict=True):
        if total:
            found.setdefault(key // _CLASSES, {})[key % _CLASSES] = total
    return found


def select_frozen(columns: LaneColumns, plan: LanePlan, frozen: FrozenCounters) -> SelectedLanes:
    """Return the selections of declarations of one day by counters that were frozen; nothing is counted.

    Raises: ValueError where the declarations are of several days.
    """
    if not len(columns):
        return SelectedLanes(*(np.zeros(0, np.int64) for _ in range(4)))
    first, last = int(columns.day.min()), int(columns.day.max())
    if first != last:
        raise ValueError(f"day: expected one day, got {date.fromordinal(first)} and {date.fromordinal(last)}")
    day, (places, office) = date.fromordinal(first), _places(columns, plan)
    plans = [plan.of(name, day) for name in places]
    tops = [tops_of(plan, own, frozen, name) for own, name in zip(plans, places, strict=True)]
    return SelectedLanes(*_select(columns, office, plans, tops, plan.default))


def _places(columns: LaneColumns, plan: LanePlan) -> tuple[dict[str, int], Any]:
    """Return the offices that are counted apart with their places, and each declaration's place."""
    places: dict[str, int] = {}
    number = np.array([places.setdefault(plan.key(name), len(places)) for name in columns.offices], np.int64)
    return places, number[columns.office]


def _select(
    columns: LaneColumns, office: Any, plans: Sequence[OfficePlan],
    tops: Sequence[tuple[tuple[int, int, int], Cuts]], default: int,
) -> tuple[Any, Any, Any, Any]:  # fmt: skip
    lane, ground, escaped = _by_criteria(columns, office, plans)
    at_random = np.zeros(len(columns), np.int64)
    below = np.zeros(len(columns), np.int64)
    for each in (3, 2, 1):
        rates = np.array([[p.rule(each).random_for(trusted=t) for t in (False, True)] for p in plans], np.int64)
        below += rates[office, columns.trusted.astype(np.int64)] * _PER_MILLIONTH
        at_random[(at_random == 0) & (columns.draw < below)] = each
    _raise(lane, ground, at_random, _RANDOM, at_least=default)
    waiting = (lane <= default) & (ground == 0)
    by_stake = any(pair is not None for _, cuts in tops for pair in cuts)
    classes = _classes(columns) if by_stake else None
    for each in (3, 2, 1):
        if each <= default:
            break
        limits = [_limits(p, top, each) for top, p in zip(tops, plans, strict=True)]
        chance, of = (np.array([[pair[at] for pair in both] for both in limits], np.int64) for at in (0, 1))
        if not chance.any() and (of == _NOT_BY_STAKE).all():
            continue
        trusted = columns.trusted.astype(np.int64)
        topped = sub_draws(columns.draw, top_up_purpose(each)) < chance[office, trusted]
        if classes is not None:
            cut = of[office, trusted]
            topped = (cut == _NOT_BY_STAKE) & topped | (cut != _NOT_BY_STAKE) & (
                (classes > cut) | (classes == cut) & topped
            )
        topped &= waiting
        lane[topped], ground[topped] = each, _TOPUP
        waiting &= ~topped
    np.maximum(lane, default, out=lane)
    overridden = columns.override != _NO_OVERRIDE
    lane[overridden], ground[overridden] = columns.override[overridden], _OVERRIDE
    return lane, ground, at_random, escaped


def _limits(plan: OfficePlan, tops: tuple[tuple[int, int, int], Cuts], lane: int) -> list[tuple[int, int]]:
    """Return for others and for trusted operators below which draw the top-up takes, and above which class anyway."""
    chance, cuts = tops
    pair = cuts[lane - 1]
    if pair is None:
        return [(top_chance(plan, chance, lane, trusted=trusted), _NOT_BY_STAKE) for trusted in (False, True)]
    return [(cut.below, cut.of) for cut in pair]


def _by_criteria(columns: LaneColumns, office: Any, plans: Sequence[OfficePlan]) -> tuple[Any, Any, Any]:
    lane, ground = np.zeros(len(columns), np.int64), np.zeros(len(columns), np.int64)
    at = columns.hit_at
    mandatory = columns.hit_share_e6 >= E6
    drawn = sub_draws(columns.draw[at], columns.hit_purpose) < columns.hit_share_e6 * _PER_MILLIONTH
    for mask, name in ((mandatory, _MANDATORY), (~mandatory & drawn, _CRITERIA)):
        strictest = np.zeros(len(columns), np.int64)
        np.maximum.at(strictest, at[mask], columns.hit_lane[mask])
        _raise(lane, ground, strictest, name)
    let_through = ~mandatory & ~drawn
    for each in (3, 2, 1):
        caps = np.array([plan.rule(each).hits_max for plan in plans], np.int64)[office]
        many = np.bincount(at[let_through & (columns.hit_lane == each)], minlength=len(columns))
        _raise(lane, ground, np.where((caps != NO_CAP) & (many > caps), each, 0), _HITS)
    return lane, ground, np.bincount(at[let_through], minlength=len(columns))


def _raise(lane: Any, ground: Any, found: Any, name: int, *, at_least: int = 0) -> None:
    """Make stricter what is less strict than what was found."""
    stricter = found > np.maximum(lane, at_least)
    lane[stricter], ground[stricter] = found[stricter], name
