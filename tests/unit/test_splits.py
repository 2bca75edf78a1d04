# SPDX-License-Identifier: Apache-2.0
"""Split consignments are found at the limit and the window to the unit, and where one party is mistyped."""

from __future__ import annotations

from datetime import date, timedelta
from random import Random

import pytest

from openecp.border.low_value.splits import SeenParcel, SplitRule, find_splits
from openecp.kernel.parties.entity_key import entity_keys
from openecp.kernel.parties.similar import same_key, similar
from openecp.platform.cli.ecommerce_people import mistyped, people, written
from openecp.platform.engines.duck import DuckEngine

DAY = date(2026, 7, 1)
RULE = SplitRule(threshold_micro=150_000_000, currency="EUR", window_days=3)


@pytest.fixture(scope="module")
def engine() -> DuckEngine:
    return DuckEngine()


def parcels(*told: tuple[int, int], party: int = 1, seller: int = 1, goods: str = "") -> list[SeenParcel]:
    """Return parcels from (day, value in millionths)."""
    return [SeenParcel(f"P{party}-{seller}-{n}", DAY + timedelta(day), value, party, seller, goods)
            for n, (day, value) in enumerate(told)]  # fmt: skip


@pytest.mark.parametrize(
    ("told", "found"),
    [
        ([(0, 75_000_000), (0, 75_000_000)], []),  # exactly the limit together
        ([(0, 75_000_000), (0, 75_000_001)], [2]),
        ([(0, 80_000_000), (2, 80_000_000)], [2]),  # the last day of the window
        ([(0, 80_000_000), (3, 80_000_000)], []),
        ([(0, 150_000_000), (1, 1)], [2]),  # a parcel at the limit passes by itself
        ([(0, 150_000_001), (1, 1)], []),  # one above it declares itself
        ([(0, 80_000_000), (2, 80_000_000), (4, 80_000_000)], [3]),  # windows that overlap are one split
        ([(0, 80_000_000), (1, 80_000_000), (9, 80_000_000), (9, 80_000_000)], [2, 2]),
    ],
)
def test_limit_and_window(engine: DuckEngine, told: list[tuple[int, int]], found: list[int]) -> None:
    assert [len(split.parcels) for split in find_splits(parcels(*told), RULE, engine)] == found


def test_a_limit_that_must_be_undercut(engine: DuckEngine) -> None:
    rule = RULE._replace(comparator="lt")
    assert len(find_splits(parcels((0, 75_000_000), (0, 75_000_000)), rule, engine)) == 1
    assert find_splits(parcels((0, 150_000_000), (0, 1)), rule, engine) == []


def test_sellers_parties_and_goods_part(engine: DuckEngine) -> None:
    one = [*parcels((0, 80_000_000), seller=1), *parcels((0, 80_000_000), seller=2)]
    assert find_splits(one, RULE, engine) == []
    assert find_splits([*parcels((0, 80_000_000)), *parcels((0, 80_000_000), party=2)], RULE, engine) == []
    goods = [*parcels((0, 80_000_000), goods="610910"), *parcels((0, 80_000_000), goods="640319")]
    assert len(find_splits(goods, RULE, engine)) == 1
    assert find_splits(goods, RULE._replace(same_goods=True), engine) == []


def test_the_reason_says_all_and_is_for_officers(engine: DuckEngine) -> None:
    (split,) = find_splits(parcels((0, 80_000_000), (1, 90_500_000), goods="610910"), RULE, engine)
    assert (split.sum_micro, split.threshold_micro, split.audience) == (170_500_000, 150_000_000, "officer")
    assert split.reason == (
        "2 parcels from one seller to one party from 2026-07-01 to 2026-07-02, each not above 150.00 EUR, "
        "the largest 90.50 EUR; together 170.50 EUR. All are declared as 610910."
    )


def test_a_rule_that_says_nothing_is_refused(engine: DuckEngine) -> None:
    for rule in (RULE._replace(window_days=0), RULE._replace(threshold_micro=0), RULE._replace(parcels_min=1)):
        with pytest.raises(ValueError, match="split rule"):
            find_splits([], rule, engine)


SELLERS = ("Shenzhen Bright Trading Co Ltd", "Guangzhou Lotus Fashion", "Istanbul Tekstil", "Hanoi Craft House",
           "Seoul Beauty Lab", "Yiwu Small Goods Ltd", "Dhaka Garments Ltd", "Osaka Hobby House")  # fmt: skip


def traffic(seed: int) -> list[tuple[str, str, str, int, date, int, bool]]:
    """Return name, address, seller, its number, day, value and whether it is part of a planted split."""
    chance, rows = Random(seed), []
    for person in people(1_200, seed):
        days: dict[int, list[int]] = {}

        def add(seller: int, day: int, value: int, split: bool, person=person) -> None:  # type: ignore[no-untyped-def]
            shop = " ".join(
                mistyped(word, chance) if chance.random() < 0.03 else word for word in SELLERS[seller].split()
            )
            rows.append((*written(person, chance), shop, seller, DAY + timedelta(day), value * 1_000_000, split))

        for _ in range(chance.randrange(4)):
            seller, day = chance.randrange(8), chance.randrange(40)
            if all(abs(day - other) > 3 for other in days.get(seller, ())):
                days.setdefault(seller, []).append(day)
                add(seller, day, chance.randrange(5, 190), False)
        if chance.random() < 0.15:
            seller = chance.randrange(8)
            first = next(day for day in range(37) if all(abs(day - other) > 6 for other in days.get(seller, ())))
            for _ in range(chance.randrange(2, 5)):
                add(seller, first + chance.randrange(3), chance.randrange(90, 150), True)
    return rows


@pytest.mark.parametrize("seed", [3, 4])
def test_splits_are_found_under_typing_errors(engine: DuckEngine, seed: int) -> None:
    rows = traffic(seed)
    names, addresses, shops = ([row[at] for row in rows] for at in range(3))
    nothing: list[str | None] = [None] * len(rows)
    true = {place for place, row in enumerate(rows) if row[6]}

    def judged(parties: list[int], sellers: list[int]) -> tuple[float, float]:
        seen = [SeenParcel(str(n), row[4], row[5], parties[n], sellers[n]) for n, row in enumerate(rows)]
        found = {int(name) for split in find_splits(seen, RULE, engine) for name in split.parcels}
        return len(found & true) / len(true), len(found & true) / len(found)

    recall, precision = judged(similar(names, addresses), similar(shops, nothing))
    exact, _ = judged(same_key(entity_keys(names, addresses, nothing)), same_key(entity_keys(shops, nothing, nothing)))
    assert recall >= 0.95
    assert precision >= 0.95
    assert recall > exact + 0.3
