# SPDX-License-Identifier: Apache-2.0
"""The planted world as items of a back-test: the columns that templates of profiles read, and the truth.

Values are minor units, a hundred to the unit. `described_rank` is 1 where the words agree with the chapter and 6 where
they do not: the world has no words.
"""

from __future__ import annotations

import contextlib
import tempfile
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from openecp.border.risk.models.world import World, WorldSettings, make_world
from openecp.border.risk.models.world_features import FEATURES, event_features
from openecp.border.risk.profiles.predicate import read_predicate
from openecp.border.risk.profiles.terms import Place, sql_of
from openecp.border.risk.typologies.templates import TEMPLATES
from openecp.platform.engines.profile_backtest import ItemHistory

PLANTED = {
    "split-consignments": "split_consignments", "undervaluation": "undervaluation", "misdescription": "misdescription",
    "gift-senders": "gift_senders", "reused-identifiers": "reused_identifiers",
    "shared-addresses": "phantom_consignees",
}  # fmt: skip


class Measured(NamedTuple):
    """What a template finds in a planted world."""

    template: str
    hits: int
    planted: int  # of the typology
    found: int
    irregular: int  # hits that are irregular in any way
    base_rate: float  # of the typology

    @property
    def precision(self) -> float:
        """Share of the hits that are of the typology."""
        return self.found / max(1, self.hits)

    @property
    def recall(self) -> float:
        """Share of the typology that is hit."""
        return self.found / max(1, self.planted)


def planted_world(seed: int, *, weeks: int = 40, weekly: int = 10_000) -> World:
    """Return a world in which all that the templates look for is planted."""
    return make_world(WorldSettings(seed=seed, typologies=tuple(PLANTED.values()), weeks=weeks, weekly=weekly))


def history_columns(world: World) -> dict[str, Any]:
    """Return the columns that the templates read, and the week."""
    rows, goods = world.columns, world.goods
    product = rows["product"].astype(np.int64)
    told = event_features(
        rows, goods.chapter[product], goods.heading[product], goods.unit[product], goods.duty[product]
    )
    feature = {name: told[:, place] for place, name in enumerate(FEATURES)}

    def whole(values: Any) -> Any:
        return np.nan_to_num(np.round(values)).astype(np.int64)

    return {
        "customs_value_minor": whole(rows["value"] * 100), "week": world.week,
        "price_to_reference_e6": whole(np.exp(feature["price_ratio"]) * 1e6),
        "mass_to_reference_e6": whole(np.exp(feature["weight_ratio"]) * 1e6),
        "novelty": whole(sum((feature[f"{name}_before"] == 0) for name in (
            "importer_product", "importer_origin", "product_origin", "route", "seller_origin"))),
        "entity_consignments_1d": whole(feature["entity_1d"]), "entity_consignments_7d": whole(feature["entity_7d"]),
        "entity_value_7d_minor": whole(np.exp(feature["entity_value_7d"])),
        "seller_gifts_30d": whole(feature["seller_gifts_30d"]), "address_names": whole(feature["address_names"]),
        "identifier_names": whole(feature["identifier_names"]),
        "importer_declarations": whole(feature["importer_before"]),
        "described_rank": np.where(feature["described_agrees"] == 1, 1, 6).astype(np.int64),
    }  # fmt: skip


def measure(world: World) -> list[Measured]:
    """Return what each template finds, with its own thresholds, in the weeks from 0 on."""
    columns, counted = history_columns(world), world.week >= 0
    found = []
    with tempfile.TemporaryDirectory() as folder:
        for name, typology in PLANTED.items():
            wanted = (world.typology == world.names.index(typology)) & counted
            hits, of_typology = _hits(Path(folder), columns, counted, wanted, name)
            _, any_kind = _hits(Path(folder), columns, counted, world.irregular & counted, name)
            found.append(Measured(name, hits, int(wanted.sum()), of_typology, any_kind, wanted.sum() / counted.sum()))
    return found


def _hits(folder: Path, columns: dict[str, Any], counted: Any, truth: Any, name: str) -> tuple[int, int]:
    path = folder / "items.parquet"
    pq.write_table(pa.table({key: values[counted] for key, values in columns.items()} | {
        "irregular": truth[counted]
    }), path)  # fmt: skip
    node = read_predicate(TEMPLATES[name].filled({}))

    def condition(place: Place) -> str:
        return sql_of(node, place)

    with contextlib.closing(ItemHistory([path])) as history:
        done = history.test(condition, 1_000_000)
    return done.hits, done.irregular
