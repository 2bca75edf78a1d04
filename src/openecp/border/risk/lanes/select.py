# SPDX-License-Identifier: Apache-2.0
"""The rule by which a declaration comes into a lane, one declaration at a time; `vector` is the same rule for columns.

Order: mandatory criteria; other criteria, each with its percentage; criteria that were escaped, more than the lane's
cap; the random share; top-up to the expected share, red before yellow before blue. A later rule can only make stricter
what an earlier one found; none takes a declaration out of the lane of a mandatory criterion. An officer's override,
with a reason, stands above all. For officers alone.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import date
from typing import Literal, NamedTuple

import msgspec

from openecp.border.risk.lanes.counters import FrozenCounters, LaneCounters, Stakes, chances
from openecp.border.risk.lanes.draw import DRAWS, sub_draw, top_up_purpose
from openecp.border.risk.lanes.plan import E6, NO_CAP, LanePlan, OfficePlan
from openecp.border.risk.lanes.stake import DRAWN, Cuts, cuts_of, stake_class

Ground = Literal["", "mandatory", "criteria", "hits", "random", "topup", "override"]
GROUNDS: tuple[Ground, ...] = ("", "mandatory", "criteria", "hits", "random", "topup", "override")
HITS_MAX = 10_000  # criteria that one declaration may hit
_PER_MILLIONTH = 1_000  # draws
Moves = tuple[tuple[int, int, int], ...]  # blue, yellow, red: taken, topped up, open weight
_STRICTEST_FIRST = (3, 2, 1)


class CriterionHit(msgspec.Struct, frozen=True, gc=False):
    """A criterion that a declaration hits; a share of a million makes it mandatory."""

    ref: int
    lane: int
    share_e6: int = E6
    purpose: int = 0  # under which it draws, see `draw.purpose_of`


class LaneFacts(msgspec.Struct, frozen=True):
    """What a lane is chosen by, of one declaration; an interval lies within one day, and none comes after a later."""

    office: str
    day: date
    draw: int
    hits: tuple[CriterionHit, ...] = ()
    trusted: bool = False
    override: int | None = None
    interval: int = 0
    stake_minor: int = 0  # revenue that a control is expected to bring


class Selection(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """The lane of a declaration, on what ground, and what led to it."""

    lane: int
    ground: Ground = ""
    refs: tuple[int, ...] = ()  # the criteria that decided
    random_lane: int = 0  # what the random share alone would have chosen: the unbiased sample
    escaped: int = 0  # criteria hit whose percentage let the declaration through
    draw: int = 0
    below: int = 0  # the draw, or that of the top-up, had to be below this
    frozen_seq: int = 0  # the counters that the top-up was worked from
    mandatory: int = 0  # the strictest lane that a mandatory criterion wants
    let_through: tuple[int, ...] = ()  # the criteria that were escaped
    stake_minor: int = 0
    above: int = 0  # the top-up by stake took everything from this stake on, of the class below it by draw


def random_lane(draw: int, plan: OfficePlan, *, trusted: bool) -> tuple[int, int]:
    """Return the lane that the draw falls in, strictest first, and below which number it had to be; 0 for none."""
    below = 0
    for lane in _STRICTEST_FIRST:
        below += plan.rule(lane).random_for(trusted=trusted) * _PER_MILLIONTH
        if draw < below:
            return lane, below
    return 0, 0


class ByCriteria(NamedTuple):
    """What criteria choose: the lane, the ground, the criteria that decide, the mandatory lane, what was escaped."""

    lane: int
    ground: Ground
    refs: tuple[int, ...]
    mandatory: int
    let_through: tuple[int, ...]


def by_criteria(facts: LaneFacts, plan: OfficePlan) -> ByCriteria:
    """Return what criteria choose."""
    lane, ground = 0, GROUNDS[0]
    refs: tuple[int, ...] = ()
    let_through: dict[int, list[int]] = {}
    taken: dict[Ground, list[CriterionHit]] = {"mandatory": [], "criteria": []}
    for hit in {hit.ref: hit for hit in facts.hits[:HITS_MAX]}.values():
        if hit.share_e6 >= E6:
            taken["mandatory"].append(hit)
        elif sub_draw(facts.draw, hit.purpose) < hit.share_e6 * _PER_MILLIONTH:
            taken["criteria"].append(hit)
        else:
            let_through.setdefault(hit.lane, []).append(hit.ref)
    for name, hits in taken.items():
        strictest = max((hit.lane for hit in hits), default=0)
        if strictest > lane:
            lane, ground, refs = strictest, name, tuple(sorted(h.ref for h in hits if h.lane == strictest))
    for each in _STRICTEST_FIRST:
        cap = plan.rule(each).hits_max
        if each > lane and cap != NO_CAP and len(let_through.get(each, ())) > cap:
            lane, ground, refs = each, "hits", tuple(sorted(let_through[each]))
    mandatory = max((hit.lane for hit in taken["mandatory"]), default=0)
    through = tuple(sorted(ref for refs_of in let_through.values() for ref in refs_of))
    return ByCriteria(lane, ground, refs, mandatory, through)


def select(
    facts: LaneFacts, plan: OfficePlan, tops: tuple[int, int, int], *, default: int = 0, frozen_seq: int = 0,
    cuts: Cuts = DRAWN,
) -> Selection:  # fmt: skip
    """Return the selection of one declaration.

    `tops` are the chances of top-up that were frozen for its office, `cuts` what it takes where it goes by stakes.
    """
    chosen = by_criteria(facts, plan)
    lane, ground, refs = chosen.lane, chosen.ground, chosen.refs
    at_random, below = random_lane(facts.draw, plan, trusted=facts.trusted)
    limit = above = 0
    if at_random > max(lane, default):
        lane, ground, refs, limit = at_random, "random", (), below
    if lane <= default and not ground:
        lane = default
        for each in _STRICTEST_FIRST:
            pair = cuts[each - 1]
            cut = pair[facts.trusted] if pair is not None else None
            top = cut.below if cut is not None else top_chance(plan, tops, each, trusted=facts.trusted)
            if each <= default:
                break
            drawn = sub_draw(facts.draw, top_up_purpose(each))
            if cut is None and drawn < top:
                lane, ground, limit = each, "topup", top
                break
            if cut is not None and cut.takes(of := stake_class(facts.stake_minor), drawn):
                lane, ground, above = each, "topup", cut.above()
                limit = DRAWS if of > cut.of else top  # above, whatever the draw
                break
    lane = max(lane, default)
    if facts.override is not None:
        lane, ground, refs, limit, above = facts.override, "override", (), 0, 0
    return Selection(
        lane=lane, ground=ground, refs=refs, random_lane=at_random, escaped=len(chosen.let_through), draw=facts.draw,
        below=limit, frozen_seq=frozen_seq, mandatory=chosen.mandatory, let_through=chosen.let_through,
        stake_minor=facts.stake_minor, above=above,
    )  # fmt: skip


def top_chance(plan: OfficePlan, tops: tuple[int, int, int], lane: int, *, trusted: bool) -> int:
    """Return below which draw a declaration is topped up into a lane."""
    return tops[lane - 1] * plan.rule(lane).trusted_e6 // E6 if trusted else tops[lane - 1]


def moves_of(
    selection: Selection, plan: OfficePlan, *, trusted: bool, default: int
) -> tuple[tuple[int, int, int], ...]:
    """Return what one selection adds to its office's counters: for blue, yellow, red taken, topped up, open weight.

    An override counts as taken, and tells nothing of the top-up.
    """
    moves = []
    came = selection.ground in ("", "topup")
    for lane in (1, 2, 3):
        rule = plan.rule(lane)
        met = came and lane > default and (selection.ground == "" or lane >= selection.lane)
        moves.append(
            (
                int(selection.lane == lane),
                int(selection.lane == lane and selection.ground == "topup"),
                (rule.trusted_e6 if trusted else E6) if met else 0,
            )
        )
    return tuple(moves)


def tops_of(
    whole: LanePlan, plan: OfficePlan, frozen: FrozenCounters, office: str
) -> tuple[tuple[int, int, int], Cuts]:
    """Return the chances of top-up of an office by frozen counters, and what it takes where it goes by stakes."""
    count = frozen.of(office)
    tops = chances(plan, count)
    return tops, cuts_of(plan, count, tops) if whole.topup == "stake" else DRAWN


def stakes_of(selection: Selection, moves: Moves) -> Stakes:
    """Return what one selection adds to the stakes of its office: the weight that came to each top-up, in its class."""
    each = stake_class(selection.stake_minor)
    return tuple({each: open_e6} if open_e6 else {} for _, _, open_e6 in moves)


class LaneLine:
    """Selects a stream of declarations in order, freezing the counters where a new interval begins."""

    def __init__(self, plan: LanePlan, counters: LaneCounters | None = None) -> None:
        """Take the plan and the counters to go on from."""
        self.plan, self._counters = plan, counters or LaneCounters()
        self._interval: int | None = None
        self.frozen = FrozenCounters()

    def begin(self, interval: int, day: date) -> None:
        """Freeze where a new interval begins.

        Raises: ValueError where an interval comes after a later one.
        """
        if self._interval is not None and interval < self._interval:
            raise ValueError(f"interval {interval}: expected {self._interval} or later; sort the rows by interval")
        if interval != self._interval:
            self._interval, self.frozen = interval, self._counters.freeze(day)

    def count(self, office: str, seen: int, moves: Moves, stakes: Stakes) -> None:
        """Count for the intervals to come; stakes only where the top-up goes by them."""
        self._counters.add(office, seen, moves, *((stakes,) if self.plan.topup == "stake" else ()))

    def tops(self, office: str, plan: OfficePlan) -> tuple[tuple[int, int, int], Cuts]:
        """Return the chances of top-up of an office as frozen, and what it takes where it goes by stakes."""
        return tops_of(self.plan, plan, self.frozen, office)

    def select(self, stream: Iterable[LaneFacts]) -> Iterator[Selection]:
        """Yield the selection of each declaration."""
        for facts in stream:
            self.begin(facts.interval, facts.day)
            office = self.plan.key(facts.office)
            plan = self.plan.of(office, facts.day)
            tops, cuts = self.tops(office, plan)
            found = select(facts, plan, tops, default=self.plan.default, cuts=cuts)
            moves = moves_of(found, plan, trusted=facts.trusted, default=self.plan.default)
            self.count(office, 1, moves, stakes_of(found, moves))
            yield found
