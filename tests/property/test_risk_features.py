# SPDX-License-Identifier: Apache-2.0
"""The same events give the same features in batch and online, and what comes later changes none of them."""

from __future__ import annotations

import math
import random
from typing import Any

import pytest

from openecp.border.risk.features.definitions import FEATURES, ITEMS, RESULTS, statements
from openecp.border.risk.features.online import FeatureState, profile_history
from openecp.platform.cli.risk_features import reckoned_by_columns
from openecp.platform.engines.risk_features import FeatureEngine

Event = tuple[str, Any]
HOUR = 3_600_000_000
START = 1_700_000_000_000_000
GOODS = ["851713", "85171300", "851713", "851713", "620520", "851799", "859900", "", "84"]
NAMES = [name for name, _ in ITEMS]


def events(seed: int, many: int = 700) -> list[Event]:
    """Declarations and results of a small trade, with gaps of years, clocks that go back and unknown parts."""
    rng = random.Random(seed)
    at, seq, found = START, 0, []
    open_cases: list[list[dict[str, Any]]] = []
    for number in range(many):
        seq += rng.randint(1, 3)
        at += int(rng.expovariate(1 / 5) * HOUR) if rng.random() < 0.995 else 740 * 24 * HOUR
        at -= 3 * HOUR if rng.random() < 0.02 else 0
        importer = rng.choice(["", *(f"I{n}" for n in range(9))])
        shared = {"seq": seq, "at_us": at, "declaration": f"D{number}", "office": "XB1", "importer": importer,
                  "seller": rng.choice(["", "S1", "S2", "S3"]), "declarant": rng.choice(["A", "B"]),
                  "entity": rng.choice(["", "E1", "E2", "E3"]), "address": rng.choice(["", "addr1", "addr2"]),
                  "identifier": rng.choice(["", "id1"]), "mode": "1", "private": rng.randint(0, 1),
                  "departure": rng.choice(["", "CN", "DE"])}  # fmt: skip
        rows = []
        for item in range(1, rng.choice([1, 1, 2, 4]) + 1):
            quantity = rng.choice([None, 0, 5_000_000, 12_345_678, 7_000_000, 3_000_000])
            rows.append(shared | {
                "item": item, "goods": rng.choice(GOODS), "stake_minor": 10,
                "origin": rng.choice(["CN", "CN", "CN", "VN", ""]),
                "unit": rng.choice(["NAR", "NAR", "NAR", "KGM", ""]),
                "value_minor": rng.choice([None, 0, *(rng.randint(1, 9_999_999) for _ in range(6))]),
                "quantity_e6": quantity,
                "mass_e6": rng.choice([None, *(rng.randint(1, 10**9) for _ in range(4))]),
                "preference": rng.randint(0, 1),
                "gift": rng.choice([0, 0, 1]),
            })  # fmt: skip
        found.append(("declared", rows))
        open_cases.append(rows)
        if rng.random() < 0.3:
            seq += 1
            case = rng.choice(open_cases[-20:])
            item = rng.choice([0, rng.choice(case)["item"]])
            found.append(("result", (seq, case, item, rng.randint(0, 1))))
    return found


def batch(told: list[Event], *, columns: bool = False) -> list[dict[str, Any]]:
    """Reckon the features over all events, by the statements or over columns."""
    engine = FeatureEngine(threads=1)
    items = [tuple(row[name] for name in NAMES) for kind, rows in told if kind == "declared" for row in rows]
    results = [(seq, case[0]["declaration"], item, wrong) for kind, one in told if kind == "result"
               for seq, case, item, wrong in [one]]  # fmt: skip
    engine.load("items", ITEMS, items)
    engine.load("results", RESULTS, results)
    if columns:
        reckoned_by_columns(engine)
    else:
        engine.run(statements())
    found = engine.rows("SELECT * FROM features ORDER BY seq, item")
    engine.close()
    return found


def online(told: list[Event]) -> list[dict[str, Any]]:
    """Tell the features of each declaration before it is taken in."""
    state, found = FeatureState(), []
    for kind, one in told:
        if kind == "declared":
            for row, features in zip(one, state.features(one), strict=True):
                found.append({"seq": row["seq"], "declaration": row["declaration"], "item": row["item"], **features})
            state.take(one)
        else:
            _, case, item, wrong = one
            state.take_result([row for row in case if item in (0, row["item"])], bool(wrong))
    return found


def same(one: float | None, other: float | None) -> bool:
    if one is None or other is None:
        return one is other
    return math.isclose(one, other, rel_tol=1e-9, abs_tol=1e-9)


@pytest.mark.parametrize("seed", [1, 2])
def test_batch_and_online_tell_the_same(seed: int) -> None:
    told = events(seed)
    whole, single, columns = batch(told), online(told), batch(told, columns=True)
    assert len(whole) == len(single) == len(columns)
    for left, right in zip(whole, columns, strict=True):
        odd = {name: (left[name], right[name]) for name in left if name != "declaration"
               and not same(left[name], right[name])}  # fmt: skip
        assert not odd, (left["declaration"], left["item"], odd)
    assert set(whole[0]) == {"seq", "declaration", "item", *FEATURES}
    for left, right in zip(whole, single, strict=True):
        odd = {name: (left[name], right[name]) for name in left if name != "declaration"
               and not same(left[name], right[name])}  # fmt: skip
        assert not odd, (left["declaration"], left["item"], odd)
    filled = {name for name in FEATURES if any(row[name] not in (None, 0) for row in whole)}
    assert filled == set(FEATURES), "each feature is more than nothing somewhere"
    assert {row["reference_level"] for row in whole} >= ({0, 1, 2, 3, 4} if seed == 1 else {1, 2, 4})


def test_the_future_changes_no_feature() -> None:
    told = events(4)
    cut = len(told) * 2 // 3
    first = batch(told[:cut])
    later = batch(told)
    assert first == later[: len(first)]
    changed = [
        (kind, [row | {"importer": "I1", "value_minor": 1, "gift": 1} for row in one]) if kind == "declared" else
        (kind, (*one[:3], 1 - one[3])) for kind, one in told[cut:]
    ]  # fmt: skip
    assert first == batch(told[:cut] + changed)[: len(first)]


def test_history_stays_within_its_room() -> None:
    state = FeatureState(keys_max=50)
    row = events(6, 1)[0][1][0]
    for number in range(500):
        one = [row | {"importer": f"I{number}", "seq": number, "at_us": START + number * HOUR}]
        assert state.features(one)[0]["importer_before"] == 0
        state.take(one)
    assert state.dropped > 0
    assert state.size() <= 50 * 14
    state.take([row | {"seq": 501, "at_us": START + 800 * 24 * HOUR}])
    assert state.size() <= 14, "what is beyond the horizon is forgotten"


def test_columns_of_profiles() -> None:
    told = online(events(1))
    found = [profile_history(row) for row in told]
    assert any(one["importer_declarations"] and one["importer_controls"] for one in found)
    assert all(isinstance(value, int) and value >= 0 for one in found for value in one.values())
