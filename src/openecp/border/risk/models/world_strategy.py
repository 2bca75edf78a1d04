# SPDX-License-Identifier: Apache-2.0
"""Ways of selecting in the planted world: by officers' rules, by score alone, by score with exploration, by chance.

Each learns a week late, from its own controls only.
"""

from __future__ import annotations

import msgspec
import numpy as np
from numpy.typing import NDArray

from openecp.border.risk.models.explore import Explorer, Selection, arms_of, edges_of, hybrid, selection_weights
from openecp.border.risk.models.gbm import Trees, TreeSettings, grow
from openecp.border.risk.models.world import World
from openecp.border.risk.models.world_features import CONTROL_FEATURES, FEATURES, ControlHistory

Floats = NDArray[np.float64]
Places = NDArray[np.int64]
Flags = NDArray[np.bool_]
STRATEGIES = ("rules", "probability", "exploitation", "hybrid", "random")
LEARNING = ("probability", "exploitation", "hybrid")
NAMES = (*FEATURES, *CONTROL_FEATURES)
COLD_WEEKS, MEMORY_WEEKS, USUAL_WEEKS = 5, 26, 8
RISK_TREES = TreeSettings(
    trees=60, learning_rate=0.1, leaves=12, rows_in_leaf=4, bagging=0.8, features=0.5, l2=5.0, bins=63
)
WORTH_TREES = TreeSettings(
    trees=25, learning_rate=0.1, leaves=6, rows_in_leaf=15, bagging=0.8, features=0.5, l2=5.0, bins=63
)
INDICATORS = (
    "log_value", "price_z", "weight_z", "kilo_price_ratio", "importer_age", "importer_7d", "importer_growth",
    "seller_age", "seller_7d", "novelty", "importer_product_before", "product_origin_before", "route_before",
    "product_route_share", "seller_origin_share", "address_names", "identifier_names", "entity_1d", "entity_7d",
    "entity_value_7d", "seller_heading_1d", "seller_gifts_30d", "list_score",
)  # fmt: skip
_PLACES = [NAMES.index(name) for name in INDICATORS]


class Shared(msgspec.Struct, frozen=True, kw_only=True):
    """What all strategies see of the world: features that hang on no control, keys of history, charges at stake."""

    world: World
    base: Floats
    keys: dict[str, Places]
    stake: Floats


class Controlled(msgspec.Struct, frozen=True, kw_only=True):
    """One week's controls with their results, and what the model said of every row before them."""

    selection: Selection
    found: Flags
    known: Floats  # features of what was controlled
    p: Floats | None
    revenue: Floats | None


class _Memory(msgspec.Struct, frozen=True):
    """The controls of one week, to learn from."""

    rows: Floats
    label: Flags
    revenue: Floats
    stake: Floats
    chance: Floats


class Strategy:
    """One way of selecting, with what it has learnt."""

    def __init__(self, name: str, shared: Shared) -> None:
        """Know nothing yet."""
        settings = shared.world.settings
        self.name, self._shared = name, shared
        self._history = ControlHistory(shared.keys)
        self._rng = np.random.default_rng([settings.seed, 9, STRATEGIES.index(name)])
        self._memory: list[_Memory] = []
        self._explorer = Explorer(2 * len(INDICATORS) + 1)
        self._heads: tuple[Trees, Trees, float] | None = None
        self._edges = np.zeros((2, len(INDICATORS)))

    def week(self, places: Places, week: int) -> Controlled:
        """Select and control this week's share of the rows, and remember what was found."""
        world = self._shared.world
        rows = np.concatenate([self._shared.base[places], self._history.features(places)], axis=1)
        p = revenue = None
        if self.name in LEARNING and week >= COLD_WEEKS:
            self._learn()
        if self._heads is not None:
            risk, worth, smear = self._heads
            p = risk.score(rows)
            revenue = np.expm1(worth.score(rows) + np.log1p(self._shared.stake[places])).clip(0.0) * smear
        chosen = self._select(rows, week, round(len(places) * world.settings.inspected), p, revenue)
        picked = places[chosen.rows]
        found = world.irregular[picked] & (self._rng.random(len(picked)) < world.settings.detection)
        explored = chosen.ground > 0
        if self.name == "hybrid" and p is not None:
            arms = arms_of(rows[chosen.rows[explored]][:, _PLACES], self._edges)
            self._explorer.tell(np.column_stack([arms, np.zeros(len(arms), dtype=bool)]), found[explored])
        revenue_found = np.where(found, world.revenue[picked], 0.0)
        self._memory.append(
            _Memory(rows[chosen.rows], found, revenue_found, self._shared.stake[picked], chosen.probability)
        )
        self._history.tell(picked, found)
        return Controlled(selection=chosen, found=found, known=rows[chosen.rows], p=p, revenue=revenue)

    def _learn(self) -> None:
        """Grow both heads on the controls of the last half year."""
        parts = self._memory[-MEMORY_WEEKS:]
        rows, label = np.concatenate([m.rows for m in parts]), np.concatenate([m.label for m in parts])
        if label.sum() < 10 or label.all():
            return
        weights = selection_weights(np.concatenate([m.chance for m in parts]))
        seed = self._shared.world.settings.seed
        risk = grow(rows, label.astype(np.float64), settings=RISK_TREES, seed=seed, weights=weights)
        stake = np.concatenate([m.stake for m in parts])[label]
        share = np.log1p(np.concatenate([m.revenue for m in parts])[label]) - np.log1p(stake)
        worth = grow(rows[label], share, settings=WORTH_TREES, seed=seed, binary=False)
        smear = float(np.clip(np.exp(share - worth.score(rows[label])).mean(), 0.5, 3.0))
        self._heads = (risk, worth, smear)

    def _select(self, rows: Floats, week: int, many: int, p: Floats | None, revenue: Floats | None) -> Selection:
        if self.name == "rules":
            return _top(rule_score(rows) + self._rng.random(len(rows)) * 0.01, many)
        if p is None or revenue is None:
            drawn = self._rng.choice(len(rows), many, replace=False)
            flat = np.full(many, many / len(rows))
            return Selection(rows=drawn, ground=np.ones(many, dtype=np.int64), probability=flat)
        if self.name != "hybrid":
            return _top(p if self.name == "probability" else p * revenue, many)
        weeks = self._shared.world.week
        before = self._shared.base[np.flatnonzero((weeks >= week - USUAL_WEEKS) & (weeks < week))[::3]][:, _PLACES]
        self._edges = edges_of(before)
        usual = arms_of(before, self._edges).mean(axis=0)
        arms = arms_of(rows[:, _PLACES], self._edges)
        return hybrid(self._rng, p * revenue, arms, self._explorer, many, usual=usual)


def _top(score: Floats, many: int) -> Selection:
    first = np.argsort(-score, kind="stable")[:many]
    return Selection(rows=first, ground=np.zeros(many, dtype=np.int64), probability=np.ones(many))


def rule_score(rows: Floats) -> Floats:
    """Return what a handful of officers' rules say: each has a weight, and they add up."""
    of = {name: rows[:, NAMES.index(name)] for name in NAMES}
    trade = of["private"] == 0
    rules: list[tuple[Flags, float]] = [
        (trade & (of["price_ratio"] < -0.7), 3.0),
        ((of["importer_age"] < 14) & trade & (of["log_value"] > 12.6), 2.5),
        (of["list_score"] > 0.9, 4.0),
        (of["described_agrees"] == 0, 1.0),
        ((of["importer_controls"] > 0) & (of["importer_rate"] > 0.1), 2.5),
        ((of["preference"] == 1) & (of["product_origin_before"] < 3), 1.5),
        (of["placeholder"] == 1, 2.0),
        ((of["private"] == 1) & (of["entity_7d"] > 5), 1.5),
        (np.abs(of["weight_ratio"]) > 1.5, 1.0),
        (of["log_value"] > 15.1, 0.8),
    ]
    total = np.zeros(len(rows))
    for hit, weight in rules:
        total += hit * weight
    return total
