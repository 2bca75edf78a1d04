# SPDX-License-Identifier: Apache-2.0
"""The planted world: made the same way twice, features that never see the future, exploration with known chances."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from openecp.border.risk.models.explore import Explorer, edges_of, hybrid, selection_weights, systematic
from openecp.border.risk.models.fault import ModelRefused
from openecp.border.risk.models.world import TYPOLOGIES, World, WorldSettings, make_world
from openecp.border.risk.models.world_features import (
    BESIDE,
    CONTROL_FEATURES,
    FEATURES,
    ControlHistory,
    event_features,
)
from openecp.border.risk.models.world_rows import control_results, goods_codes, history_items, truth_rows
from openecp.border.risk.models.world_run import Controls, play
from openecp.platform.engines.column_files import write_columns
from openecp.platform.engines.risk_features import FeatureEngine
from openecp.platform.engines.risk_files import RiskFiles

SMALL = WorldSettings(seed=4, typologies=TYPOLOGIES, weeks=20, past_weeks=5, weekly=1_000)


@pytest.fixture(scope="module")
def world() -> World:
    return make_world(SMALL)


def features(world: World, rows: slice | None = None) -> np.ndarray:
    goods, columns = world.goods, {name: column[rows or slice(None)] for name, column in world.columns.items()}
    product = columns["product"].astype(np.int64)
    return event_features(
        columns, goods.chapter[product], goods.heading[product], goods.unit[product], goods.duty[product]
    )


def test_the_same_settings_make_the_same_world(world: World) -> None:
    again = make_world(SMALL)
    assert all(np.array_equal(again.columns[name], column) for name, column in world.columns.items())
    assert np.array_equal(again.typology, world.typology)


def test_the_world_is_as_asked(world: World) -> None:
    assert world.irregular.mean() == pytest.approx(0.02, abs=0.003)
    new = world.names.index(SMALL.newcomer)
    assert world.week[world.typology == new].min() >= SMALL.appears_in_week
    assert set(world.typology.tolist()) == {-1, *range(len(TYPOLOGIES) + 1)}
    assert np.all(np.diff(world.columns["day"]) >= 0), "in the order of acceptance"
    assert np.all(world.revenue[~world.irregular] == 0)
    assert np.all(world.revenue[world.irregular] > 0)


def test_features_see_nothing_of_the_future(world: World) -> None:
    """Cutting the world short changes no feature of the rows that are left."""
    many = len(world.week) * 2 // 3
    whole, part = features(world)[:many], features(world, slice(0, many))
    different = [
        name for place, name in enumerate(FEATURES) if not np.allclose(whole[:, place], part[:, place], equal_nan=True)
    ]
    assert different == []


def test_control_history_counts_results_only() -> None:
    keys = {name: np.array([0, 0, 1]) for name in ControlHistory.KEYS}
    history = ControlHistory(keys)
    assert history.features(np.array([0]))[0].tolist() == [0.0, 0.02, 0.02, 0.02, 0.02]
    history.tell(np.array([0, 1]), np.array([True, False]))
    assert history.features(np.array([0, 2]))[:, 0].tolist() == [2.0, 0.0]
    assert history.features(np.array([1]))[0][1] == pytest.approx((1 + 10 * 3 / 102) / 12), "pulled to the mean"


def test_features_are_those_of_the_journal(world: World) -> None:
    """Names and numbers agree with the definitions that the journal's features follow."""
    from openecp.border.risk.features import definitions

    assert set(FEATURES) | set(CONTROL_FEATURES) == set(definitions.FEATURES) | set(BESIDE)
    many = 4_000
    told = history_items(world)
    rows = zip(*(told[name][:many] for name, _ in definitions.ITEMS), strict=True)
    engine = FeatureEngine()
    engine.load("items", definitions.ITEMS, [[getattr(v, "item", lambda v=v: v)() for v in row] for row in rows])
    engine.load("results", definitions.RESULTS, ())
    engine.run(definitions.statements())
    journal = engine.rows("SELECT * FROM features ORDER BY seq, item")
    engine.close()
    ours = features(world, slice(0, many))
    for place, name in enumerate(FEATURES):
        if name not in BESIDE:
            theirs = np.array([row[name] for row in journal], dtype=float)
            assert np.allclose(ours[:, place], theirs, rtol=0, atol=3e-4, equal_nan=True), name
    assert np.isfinite(ours[-500:, list(FEATURES).index("price_ratio")]).mean() > 0.2


def test_the_world_is_written_for_the_product(world: World) -> None:
    """Rows of history in their order, results after their week, the truth apart."""
    items = history_items(world)
    assert np.all(np.diff(items["at_us"]) >= 0)
    goods, heading = goods_codes(world), world.goods.heading
    assert len(set(goods.tolist())) == len(heading)
    assert all(code[:4] == f"{at:04d}" for code, at in zip(goods.tolist(), heading.tolist(), strict=True))
    places = np.flatnonzero(world.week == 3)[:50]
    done = Controls(places=places, chance=np.ones(50), found=world.irregular[places], known=np.zeros((50, 2)))
    results = control_results(world, done)
    assert results["seq"].min() == np.flatnonzero(world.week == 3)[-1] + 1
    truth = truth_rows(world)
    assert len(truth["declaration"]) == world.irregular.sum()
    assert set(truth["typology"]) == set(world.names)
    assert "irregular" not in items


def test_files_hold_nothing_where_there_is_no_number(tmp_path: Path) -> None:
    """A reference that is not known is empty, which training takes; `nan` would be refused."""
    assert write_columns({"price_ratio": np.array([0.5, np.nan])}, tmp_path / "rows.parquet") == 2
    read = RiskFiles([tmp_path / "rows.parquet"]).columns()
    assert read["price_ratio"] == ["0.5", ""]


def test_private_people_err_as_companies_do(world: World) -> None:
    """Of what is confined to neither, parcels hold their part."""
    private = world.columns["private"] == 1
    for name in ("undervaluation", "weight_mismatch", "misdescription"):
        mine = world.typology == world.names.index(name)
        assert 0.05 < private[mine].mean() < 0.6, name
    assert not private[world.typology == world.names.index("origin_shift")].any()


def test_drawing_keeps_its_probabilities() -> None:
    chance = np.linspace(0.0, 1.0, 50)
    counted = np.zeros(50)
    for seed in range(2_000):
        counted[systematic(np.random.default_rng(seed), chance)] += 1
    assert np.abs(counted / 2_000 - chance).max() < 0.05


def test_a_hybrid_selection_explores_and_says_with_what_chance() -> None:
    rng = np.random.default_rng(2)
    indicators = rng.normal(size=(4_000, 3))
    edges = edges_of(indicators)
    arms = np.concatenate([indicators <= edges[0], indicators >= edges[1]], axis=1)
    chosen = hybrid(rng, rng.random(4_000), arms, Explorer(7), 200, usual=arms.mean(axis=0))
    assert len(np.unique(chosen.rows)) == len(chosen.rows)
    assert abs(len(chosen.rows) - 200) <= 2
    assert (chosen.ground == 0).sum() == 180
    assert {1, 2} <= set(chosen.ground.tolist())
    assert np.all((chosen.probability > 0) & (chosen.probability <= 1))
    assert selection_weights(np.array([1.0, 0.001])).tolist() == pytest.approx([2 / 21, 40 / 21])


def test_unknown_typologies_are_refused() -> None:
    with pytest.raises(ModelRefused, match="typologies"):
        WorldSettings(typologies=("smuggling", "undervaluation")).checked()
    with pytest.raises(ModelRefused, match="base_rate"):
        WorldSettings(base_rate=0.9).checked()


@pytest.mark.slow
def test_the_world_is_played_to_the_goals() -> None:
    """One seed of the bench, with fewer declarations."""
    played = play(WorldSettings(seed=1, weekly=6_000), ("probability", "exploitation", "hybrid"))
    lift = played.of("hybrid").p1_lift
    assert lift is not None
    assert lift >= 10
    assert played.revenue_gain is not None
    assert played.revenue_gain > 1
