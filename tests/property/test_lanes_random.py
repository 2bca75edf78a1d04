# SPDX-License-Identifier: Apache-2.0
"""Lanes over random streams: both forms of the rule agree, however batches are cut; and what a million must show."""

from __future__ import annotations

import random
import time
from collections.abc import Iterator
from dataclasses import replace
from datetime import date

import numpy as np
import pytest

from openecp.border.risk.lanes.counters import LaneCount, OfficeCount
from openecp.border.risk.lanes.draw import DRAWS, purpose_of, sub_draw, sub_draws, top_up_purpose
from openecp.border.risk.lanes.plan import E6, LanePlan, LaneRule, PlanRow, TopUp
from openecp.border.risk.lanes.select import GROUNDS, CriterionHit, LaneFacts, LaneLine, Selection
from openecp.border.risk.lanes.stake import STAKE_MAX, cuts_of, stake_class, stake_classes
from openecp.border.risk.lanes.vector import LaneBatches, LaneColumns, SelectedLanes

FIRST = date(2026, 3, 2)
OFFICES = ("A", "B", "C", "unknown")


def rule(lane: int, expected: float, at_random: float, cap: int = -1, factor: float = 1.0) -> LaneRule:
    least = round(at_random * E6)
    return LaneRule(
        lane=lane, expected_e6=round(expected * E6), random_e6=least, hits_max=cap, trusted_e6=round(factor * E6),
        floor_e6=max(1, least // 100) if least else 0,
    )  # fmt: skip


def plan_of(rows: list[tuple[str, LaneRule]], default: int = 0, topup: TopUp = "draw") -> LanePlan:
    held = [PlanRow(office, each, date(1900, 1, 1), date(9999, 12, 31), 2) for office, each in rows]
    return LanePlan(held, default=default, offices=("A", "B", "C"), topup=topup)


def random_plan(seed: int, topup: TopUp = "draw") -> LanePlan:
    rng = random.Random(seed)
    rows = []
    for office in ("", "A", "B")[: rng.randint(1, 3)]:
        for lane in (1, 2, 3):
            least = rng.choice((0.0, 0.001, 0.02, 0.1))
            expected = rng.choice((0.0, least + 0.05, 0.3))
            rows.append((office, rule(lane, expected, least, rng.choice((-1, 0, 1, 2)), rng.choice((1.0, 0.5, 0.0)))))
    return plan_of(rows, default=rng.choice((0, 0, 1)), topup=topup)


def stream(seed: int, n: int, *, per_interval: int = 300) -> LaneColumns:
    """Make declarations: three criteria in ten at most, some mandatory; an hour is an interval, 24 a day."""
    rng = np.random.default_rng(seed)
    interval = np.arange(n) // per_interval
    pairs = rng.random((n, 10)) < rng.choice((0.002, 0.05), n)[:, None]
    at, criterion = np.nonzero(pairs)
    lanes, shares = rng.integers(1, 4, 10), rng.choice((E6, 500_000, 100_000, 1), 10)
    purposes = np.array([purpose_of(f"C-{number}") for number in range(10)], np.uint64)
    return LaneColumns(
        offices=OFFICES, office=rng.integers(0, len(OFFICES), n), day=FIRST.toordinal() + interval // 24,
        interval=interval, draw=rng.integers(0, DRAWS, n), trusted=rng.random(n) < 0.2,
        override=np.where(rng.random(n) < 0.002, rng.integers(0, 4, n), -1), hit_at=at, hit_lane=lanes[criterion],
        hit_share_e6=shares[criterion], hit_purpose=purposes[criterion],
        stake_minor=np.where(rng.random(n) < 0.7, np.exp(rng.normal(9, 3, n)), 0).astype(np.int64),
    )  # fmt: skip


def facts_of(columns: LaneColumns) -> Iterator[LaneFacts]:
    """Yield the same declarations one by one."""
    hits: dict[int, list[CriterionHit]] = {}
    for place, at in enumerate(columns.hit_at.tolist()):
        hits.setdefault(at, []).append(CriterionHit(
            place, int(columns.hit_lane[place]), int(columns.hit_share_e6[place]), int(columns.hit_purpose[place])
        ))  # fmt: skip
    for n in range(len(columns)):
        override = int(columns.override[n])
        yield LaneFacts(
            OFFICES[columns.office[n]], date.fromordinal(int(columns.day[n])), int(columns.draw[n]),
            tuple(hits.get(n, ())), bool(columns.trusted[n]), None if override < 0 else override,
            int(columns.interval[n]), int(columns.stake_minor[n]),
        )  # fmt: skip


def in_batches(plan: LanePlan, columns: LaneColumns, sizes: Iterator[int]) -> SelectedLanes:
    """Select a stream cut into batches of these sizes."""
    batches, parts, first = LaneBatches(plan), [], 0
    while first < len(columns):
        last = min(len(columns), first + next(sizes))
        parts.append(batches.select(columns.part(first, last)))
        first = last
    names = ("lane", "ground", "random_lane", "escaped")
    return SelectedLanes(*(np.concatenate([getattr(part, name) for part in parts]) for name in names))


def sizes_of(seed: int, most: int) -> Iterator[int]:
    rng = random.Random(seed)
    while True:
        yield rng.randint(1, most)


def same(one: SelectedLanes, other: SelectedLanes) -> bool:
    return all(np.array_equal(getattr(one, name), getattr(other, name)) for name in vars(one))


def one_by_one(plan: LanePlan, columns: LaneColumns) -> list[Selection]:
    return list(LaneLine(plan).select(facts_of(columns)))


@pytest.mark.parametrize("seed", range(8))
def test_both_forms_of_the_rule_agree_however_batches_are_cut(seed: int) -> None:
    plan = random_plan(seed % 6, "stake" if seed > 3 else "draw")
    columns = stream(seed, 1_000, per_interval=(7, 100, 400)[seed % 3])
    plain = one_by_one(plan, columns)
    whole = in_batches(plan, columns, iter([len(columns)]))
    assert whole.lane.tolist() == [found.lane for found in plain]
    assert [GROUNDS[number] for number in whole.ground] == [found.ground for found in plain]
    assert whole.random_lane.tolist() == [found.random_lane for found in plain]
    assert whole.escaped.tolist() == [found.escaped for found in plain]
    assert same(whole, in_batches(plan, columns, sizes_of(seed, 70)))


def test_sub_draws_are_the_same_in_both_forms_and_spread_evenly() -> None:
    draws = np.random.default_rng(3).integers(0, DRAWS, 50_000)
    purposes = np.array([purpose_of("X"), 3, 2**64 - 1], np.uint64)[np.arange(50_000) % 3]
    found = sub_draws(draws, purposes)
    few = zip(draws[:300].tolist(), purposes[:300].tolist(), strict=True)
    assert found[:300].tolist() == [sub_draw(*pair) for pair in few]
    shares = np.histogram(found, bins=10, range=(0, DRAWS))[0] / 50_000
    assert np.all(np.abs(shares - 0.1) < 0.006)
    assert abs(np.corrcoef(draws, found)[0, 1]) < 0.02
    assert found.min() >= 0
    assert found.max() < DRAWS


def test_an_interval_out_of_order_is_refused() -> None:
    columns = stream(1, 100, per_interval=10)
    with pytest.raises(ValueError, match="sort the rows by interval"):
        LaneBatches(random_plan(1)).select(replace(columns, interval=columns.interval[::-1]))


def test_the_top_up_by_stake_keeps_the_share_and_the_sample_and_brings_more() -> None:
    """The same stream, drawn and by stake: same criteria and random sample; as many topped up, of far more revenue."""
    rows = [("", rule(3, 0.05, 0.01, 2, 0.5)), ("", rule(2, 0.10, 0.02, 1, 0.5))]
    columns = stream(5, 40_000, per_interval=500)
    drawn, staked = (LaneBatches(plan_of(rows, topup=way)).select(columns) for way in ("draw", "stake"))  # type: ignore[arg-type]
    assert np.array_equal(drawn.random_lane, staked.random_lane)
    topup = GROUNDS.index("topup")
    before = ~np.isin(drawn.ground, (0, topup))
    assert np.array_equal(before, ~np.isin(staked.ground, (0, topup)))
    assert np.array_equal(drawn.lane[before], staked.lane[before])
    for lane, share in ((3, 0.05), (2, 0.10)):
        found = [float(np.mean(one.lane == lane)) for one in (drawn, staked)]
        assert found[1] > share - 0.005
        assert abs(found[0] - found[1]) < 0.006
    sums = [int(columns.stake_minor[one.ground == topup].sum()) for one in (drawn, staked)]
    assert sums[1] > 3 * sums[0]
    missed = columns.stake_minor[staked.ground == 0]
    assert np.median(columns.stake_minor[(staked.ground == topup) & (staked.lane == 3)]) > np.percentile(missed, 95)


def test_what_was_taken_by_stake_can_be_worked_again() -> None:
    """Each selection names the stake from which on all are taken, and below which draw others are."""
    line = LaneLine(plan_of([("", rule(3, 0.05, 0.01))], topup="stake"))
    seen = 0
    for facts, found in zip(facts_of(columns := stream(9, 3_000)), line.select(facts_of(columns)), strict=True):
        if found.ground != "topup" or not found.above:
            continue
        seen += 1
        drawn = sub_draw(facts.draw, top_up_purpose(3)) < found.below
        assert facts.stake_minor >= found.above or drawn
    assert seen > 50


def test_a_stake_has_the_same_class_in_both_forms_and_the_share_ends_where_it_should() -> None:
    stakes = [0, 1, 2, 3, 4, 5, 1_000, 10**9, STAKE_MAX - 1, STAKE_MAX, 10**15, -5]
    found = [stake_class(stake) for stake in stakes]
    assert stake_classes(np.array(stakes)).tolist() == found
    assert found[-4:] == [80, 81, 81, 0]
    stakes_held = {0: 400 * E6, 10: 90 * E6, 20: 10 * E6}
    count = OfficeCount(500, (LaneCount(), LaneCount(), LaneCount(0, 0, 500 * E6, stakes_held)))
    plan = LanePlan([], topup="stake").of("", FIRST)
    for chance, of, below in ((10**7, 20, 500_000_000), (11 * 10**7, 10, 500_000_000), (10**9, -1, 0)):
        cuts = cuts_of(plan, count, (0, 0, chance))
        assert cuts[:2] == (None, None)
        assert cuts[2] is not None
        assert cuts[2][0] == (of, below)
    assert cuts_of(plan, count, (0, 0, 0)) == (None, None, None)
    few = OfficeCount(9, (LaneCount(), LaneCount(), LaneCount(0, 0, 9 * E6, {5: 9 * E6})))
    assert cuts_of(plan, few, (0, 0, 10**8))[2] is None


@pytest.mark.slow
def test_a_million_declarations(capsys: pytest.CaptureFixture[str]) -> None:
    """Order, caps, mandatory never displaced, random share within its 99 % interval, plan reached, replay identical."""
    n = 1_000_000
    rows = [("", rule(3, 0.05, 0.01, 2, 0.5)), ("", rule(2, 0.10, 0.02, 1, 0.5)), ("", rule(1, 0.20, 0.03, 3, 0.5))]
    plan, columns = plan_of(rows), stream(11, n, per_interval=2_000)
    began = time.process_time()
    found = in_batches(plan, columns, iter([n]))
    took = time.process_time() - began
    for seed, most in ((1, 900), (2, 50_000)):
        assert same(found, in_batches(plan, columns, sizes_of(seed, most)))
    ground = np.array(GROUNDS)[found.ground]
    not_overridden = columns.override < 0

    mandatory, caps = np.zeros(n, np.int64), {3: 2, 2: 1, 1: 3}
    is_mandatory = columns.hit_share_e6 >= E6
    np.maximum.at(mandatory, columns.hit_at[is_mandatory], columns.hit_lane[is_mandatory])
    assert np.all(found.lane[not_overridden] >= mandatory[not_overridden])
    # no ground stands where an earlier one gives a lane as strict
    drawn = sub_draws(columns.draw[columns.hit_at], columns.hit_purpose) < columns.hit_share_e6 * 1_000
    taken = mandatory.copy()
    np.maximum.at(taken, columns.hit_at[drawn], columns.hit_lane[drawn])
    capped = taken.copy()
    for lane, cap in caps.items():
        let_through = np.bincount(columns.hit_at[~drawn & ~is_mandatory & (columns.hit_lane == lane)], minlength=n)
        capped[let_through > cap] = np.maximum(capped[let_through > cap], lane)
    assert np.all(found.lane[ground == "mandatory"] == mandatory[ground == "mandatory"])
    assert np.all(found.lane[ground == "criteria"] > mandatory[ground == "criteria"])
    assert np.all(found.lane[ground == "hits"] > taken[ground == "hits"])
    assert np.all(found.lane[not_overridden] >= capped[not_overridden])
    assert np.all(found.lane[ground == "random"] > capped[ground == "random"])
    assert np.all((capped == 0)[(ground == "topup") | (ground == "")])
    assert set(np.unique(ground)) == set(GROUNDS)

    told = [f"{n} declarations in {took:.1f} s of CPU, {n / took:,.0f} a second"]
    for trusted, factor in ((False, 1.0), (True, 0.5)):
        those = columns.trusted == trusted
        for lane, rate in ((3, 0.01), (2, 0.02), (1, 0.03)):
            share, of = float(np.mean(found.random_lane[those] == lane)), int(those.sum())
            width = 2.576 * (rate * factor * (1 - rate * factor) / of) ** 0.5
            told.append(f"random lane {lane}, trusted {trusted}: {share:.5f} of {rate * factor} ± {width:.5f}")
            assert abs(share - rate * factor) <= width
    for office in range(len(OFFICES)):
        for lane, rate in ((3, 0.05), (2, 0.10), (1, 0.20)):
            share = float(np.mean(found.lane[columns.office == office] == lane))
            told.append(f"office {OFFICES[office]}, lane {lane}: {share:.4f}, expected {rate}")
            assert share > rate - 0.005
    with capsys.disabled():
        print("\n" + "\n".join(told))
