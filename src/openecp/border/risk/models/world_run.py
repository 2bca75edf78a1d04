# SPDX-License-Identifier: Apache-2.0
"""Plays the planted world week by week under several ways of selecting, and judges what each finds.

Every strategy sees the same declarations, inspects the same share, learns a week late from its own controls only, and
starts with weeks of random controls. The truth is used by the judge alone.
"""

from __future__ import annotations

from typing import Any

import msgspec
import numpy as np
from numpy.typing import NDArray

from openecp.border.risk.models.explore import Explorer, arms_of, edges_of, hybrid, selection_weights
from openecp.border.risk.models.gbm import Trees, TreeSettings, grow
from openecp.border.risk.models.world import World, WorldSettings, charges_of, make_world
from openecp.border.risk.models.world_features import (
    CONTROL_FEATURES,
    FEATURES,
    ControlHistory,
    event_features,
    group_codes,
)

Floats = NDArray[np.float64]
Places = NDArray[np.int64]
NAMES = (*FEATURES, *CONTROL_FEATURES)
EVERY = 1
COLD_WEEKS, MEMORY_WEEKS, JUDGED_FROM = 5, 26, 12
FOUND_SHARE, FOUND_CASES = 0.25, 3
TREES = TreeSettings(trees=60, learning_rate=0.1, leaves=12, rows_in_leaf=4, bagging=0.8, features=0.5, l2=5.0, bins=63)
STAKES = TreeSettings(
    trees=25, learning_rate=0.1, leaves=6, rows_in_leaf=15, bagging=0.8, features=0.5, l2=5.0, bins=63
)
INDICATORS = (
    "log_value", "price_z", "weight_z", "kilo_price_ratio", "importer_age", "importer_7d", "importer_growth",
    "seller_7d", "importer_product_before", "product_origin_before", "route_before", "product_route_share",
    "seller_origin_share", "address_names", "identifier_names", "entity_1d", "entity_7d", "entity_value_7d",
    "seller_heading_1d", "seller_gifts_30d", "list_score",
)  # fmt: skip


class Strategy:
    """One way of selecting, with what it has learnt from its own controls."""

    def __init__(self, name: str, world: World, base: Floats, keys: dict[str, Places], stake: Floats) -> None:
        self.name, self._world, self._base, self._stake = name, world, base, stake
        self._history = ControlHistory(keys, world.settings.base_rate)
        self._rng = np.random.default_rng(
            [world.settings.seed, 9, ("rules", "exploit", "hybrid", "random").index(name)]
        )
        self._rows: list[Floats] = []
        self._label: list[NDArray[np.bool_]] = []
        self._revenue: list[Floats] = []
        self._chance: list[Floats] = []
        self._stakes: list[Floats] = []
        self._explorer: Explorer | None = None
        self._risk: Trees | None = None
        self._worth: Trees | None = None
        self._smear = 1.0
        self.judged: list[dict[str, Any]] = []

    def learn(self) -> None:
        """Train both heads on the controls of the last half year."""
        rows, label = np.concatenate(self._rows[-MEMORY_WEEKS:]), np.concatenate(self._label[-MEMORY_WEEKS:])
        if label.sum() < 10 or label.all():
            return
        weights = selection_weights(np.concatenate(self._chance[-MEMORY_WEEKS:]))
        seed = self._world.settings.seed
        self._risk = grow(rows, label.astype(np.float64), settings=TREES, seed=seed, weights=weights)
        stake = np.concatenate(self._stakes[-MEMORY_WEEKS:])[label]
        share = np.log1p(np.concatenate(self._revenue[-MEMORY_WEEKS:])[label]) - np.log1p(stake)
        self._worth = grow(rows[label], share, settings=STAKES, seed=seed, binary=False)
        left = share - self._worth.score(rows[label])
        self._smear = float(np.clip(np.exp(left).mean(), 0.5, 3.0))

    def week(self, places: Places, week: int) -> None:
        """Select this week's inspections, have them done, and judge."""
        rows = np.concatenate([self._base[places], self._history.features(places)], axis=1)
        many = round(len(places) * self._world.settings.inspected)
        learns = self.name in ("exploit", "hybrid")
        p = worth = None
        if learns and week >= COLD_WEEKS and (week - COLD_WEEKS) % EVERY == 0:
            self.learn()
        if self._risk is not None and self._worth is not None:
            p = self._risk.score(rows)
            worth = np.expm1(self._worth.score(rows) + np.log1p(self._stake[places])).clip(0.0) * self._smear
        picked, ground, chance = self._pick(rows, places, many, p, worth)
        irregular = self._world.irregular[places]
        seen = self._rng.random(len(picked)) < self._world.settings.detection
        label = irregular[picked] & seen
        if self._explorer is not None:
            explored = ground > 0
            arms = arms_of(self._of(rows[picked][explored]), self._edges)
            self._explorer.tell(np.column_stack([arms, np.zeros(len(arms), dtype=bool)]), label[explored])
        self._judge(week, places, picked, ground, label, p, worth)
        self._rows.append(rows[picked])
        self._label.append(label)
        self._revenue.append(np.where(label, self._world.revenue[places[picked]], 0.0))
        self._chance.append(chance)
        self._stakes.append(self._stake[places[picked]])
        self._history.tell(places[picked], label)

    def _of(self, rows: Floats) -> Floats:
        return rows[:, [NAMES.index(name) for name in INDICATORS]]

    def _pick(
        self, rows: Floats, places: Places, many: int, p: Floats | None, worth: Floats | None
    ) -> tuple[Places, Places, Floats]:
        if self.name == "rules":
            score = rule_score(rows) + self._rng.random(len(rows)) * 0.01
            return np.argsort(-score)[:many], np.zeros(many, np.int64), np.ones(many)
        if p is None or worth is None:
            drawn = self._rng.choice(len(rows), many, replace=False)
            return drawn, np.ones(many, np.int64), np.full(many, many / len(rows))
        score = p * worth
        if self.name == "exploit":
            return np.argsort(-score, kind="stable")[:many], np.zeros(many, np.int64), np.ones(many)
        indicators = self._of(rows)
        if self._explorer is None:
            self._explorer = Explorer(2 * len(INDICATORS) + 1)
        now = int(self._world.week[places[0]])
        before = self._of(self._base[(self._world.week >= now - 8) & (self._world.week < now)])
        self._edges = edges_of(before)
        usual = arms_of(before, self._edges).mean(axis=0)
        chosen = hybrid(self._rng, score, arms_of(indicators, self._edges), self._explorer, many, usual=usual)
        return chosen.rows, chosen.ground, chosen.probability

    def _judge(self, week: int, places: Places, picked: Places, ground: Places, label: NDArray[np.bool_],
               p: Floats | None, worth: Floats | None) -> None:  # fmt: skip
        world = self._world
        truth, revenue = world.irregular[places], world.revenue[places]
        new = world.typology[places] == world.names.index(world.settings.newcomer)
        told: dict[str, Any] = {
            "week": week, "rows": len(places), "inspected": len(picked), "found": int(label.sum()),
            "irregular": int(truth.sum()), "revenue": float(revenue.sum()),
            "revenue_found": float(revenue[picked][label].sum()), "new": int(new.sum()),
            "new_inspected": int(new[picked].sum()), "new_found": int((new[picked] & label).sum()),
            "new_explored": int((new[picked] & label & (ground > 0)).sum()),
        }  # fmt: skip
        if p is not None and worth is not None:
            one, five = round(len(p) * 0.01), round(len(p) * 0.05)
            by_p, by_worth = np.argsort(-p, kind="stable"), np.argsort(-p * worth, kind="stable")
            by_log = np.argsort(-p * np.log1p(worth), kind="stable")
            told |= {
                "top1": one, "top1_hits": int(truth[by_p[:one]].sum()), "top5": five,
                "hits_p": int(truth[by_p[:five]].sum()), "revenue_p": float(revenue[by_p[:five]].sum()),
                "hits_worth": int(truth[by_worth[:five]].sum()), "revenue_worth": float(revenue[by_worth[:five]].sum()),
                "hits_log": int(truth[by_log[:five]].sum()), "revenue_log": float(revenue[by_log[:five]].sum()),
                "new_top5": int(new[by_p[:five]].sum()),
                "by": {n: [int((world.typology[places]==i).sum()), int((world.typology[places][by_p[:five]]==i).sum())] for i, n in enumerate(world.names)},
            }  # fmt: skip
        self.judged.append(told)


def rule_score(rows: Floats) -> Floats:
    """Return what a handful of officers' rules say: each has a weight, and they add up."""
    of = {name: rows[:, NAMES.index(name)] for name in NAMES}
    trade = of["private"] == 0
    rules = [
        (trade & (of["price_ratio"] < -0.7), 3.0),
        ((of["importer_age"] < 14) & trade & (of["log_value"] > 8), 2.5),
        (of["list_score"] > 0.9, 4.0),
        ((of["described_agrees"] == 0), 1.0),
        ((of["importer_controls"] > 0) & (of["importer_rate"] > 0.1), 2.5),
        ((of["preference"] == 1) & (of["product_origin_before"] < 3), 1.5),
        (of["placeholder"] == 1, 2.0),
        ((of["private"] == 1) & (of["entity_7d"] > 5), 1.5),
        (np.abs(of["weight_ratio"]) > 1.5, 1.0),
        (of["log_value"] > 10.5, 0.8),
    ]
    total = np.zeros(len(rows))
    for hit, weight in rules:
        total += hit * weight
    return total


def play(
    settings: WorldSettings, strategies: tuple[str, ...] = ("rules", "exploit", "hybrid", "random")
) -> dict[str, list[dict[str, Any]]]:
    world = make_world(settings)
    goods, product = world.goods, world.columns["product"].astype(np.int64)
    base = event_features(
        world.columns, goods.chapter[product], goods.heading[product], goods.unit[product], goods.duty[product]
    )
    keys = {name: group_codes(world.columns[name]) for name in ("importer", "seller", "declarant")}
    keys["product_origin"] = group_codes(world.columns["product"], world.columns["origin"])
    stake = charges_of(goods, world.columns, preference=False)
    played = {name: Strategy(name, world, base, keys, stake) for name in strategies}
    for week in range(settings.weeks):
        places = np.flatnonzero(world.week == week)
        for strategy in played.values():
            strategy.week(places, week)
    return {name: strategy.judged for name, strategy in played.items()}
