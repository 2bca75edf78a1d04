# SPDX-License-Identifier: Apache-2.0
"""A planted world as what the product reads: rows of history, results of controls, and the truth for a judge alone.

Codes of parties, offices and countries are invented: a letter and a number. One item a declaration.
"""

from __future__ import annotations

from datetime import UTC, datetime, time
from typing import Any

import numpy as np
from numpy.typing import NDArray

from openecp.border.risk.models.world import World, charges_of
from openecp.border.risk.models.world_features import FIRST_DAY
from openecp.border.risk.models.world_run import Controls
from openecp.border.risk.models.world_strategy import NAMES, Shared

Places = NDArray[np.int64]
DAY_US = 86_400_000_000
UNITS = np.array(["KGM", "NAR"])
_TEXTS = (  # column of history, the world's, its letter
    ("office", "office", "F"), ("importer", "importer", "I"), ("seller", "seller", "S"),
    ("declarant", "declarant", "D"), ("entity", "entity", "E"), ("address", "address", "A"),
    ("identifier", "identifier", "N"), ("origin", "origin", "C"), ("departure", "departure", "C"),
)  # fmt: skip


def goods_codes(world: World) -> NDArray[np.str_]:
    """Return the six digits of each product: its heading, and its number within it."""
    heading = world.goods.heading
    order = np.argsort(heading, kind="stable")
    begins = np.flatnonzero(np.r_[True, np.diff(heading[order]) != 0])
    within = np.empty(len(heading), dtype=np.int64)
    within[order] = np.arange(len(heading)) - np.repeat(begins, np.diff(np.r_[begins, len(heading)]))
    return np.array([f"{at:04d}{number:02d}" for at, number in zip(heading.tolist(), within.tolist(), strict=True)])


def declaration_numbers(world: World, places: Places) -> list[str]:
    """Return the numbers of declarations."""
    return [f"W{world.settings.seed}-{place + 1}" for place in places.tolist()]


def history_items(world: World) -> dict[str, Any]:
    """Return all declarations as columns of ITEMS (`features/definitions.py`), in the order of their acceptance."""
    rows, product = world.columns, world.columns["product"].astype(np.int64)
    places = np.arange(len(product))
    begin = int(datetime.combine(FIRST_DAY, time(), UTC).timestamp()) * 1_000_000
    found: dict[str, Any] = {
        "seq": places + 1, "at_us": begin + np.floor(rows["day"] * DAY_US).astype(np.int64),
        "declaration": declaration_numbers(world, places), "item": np.ones(len(places), dtype=np.int64),
        "goods": goods_codes(world)[product], "unit": UNITS[world.goods.unit[product]],
        "mode": np.where(rows["private"] == 1, "5", "1"),
        "value_minor": np.maximum(np.round(rows["value"] * 100), 1).astype(np.int64),
        "quantity_e6": np.round(rows["quantity"] * 1e6).astype(np.int64),
        "mass_e6": np.maximum(np.round(rows["mass"] * 1e6), 1).astype(np.int64),
        "stake_minor": np.round(charges_of(world.goods, rows) * 100).astype(np.int64),
    }  # fmt: skip
    for name in ("preference", "private", "gift"):
        found[name] = rows[name].astype(np.int64)
    for name, column, letter in _TEXTS:
        found[name] = [f"{letter}{code}" for code in rows[column].astype(np.int64).tolist()]
    return found


def control_results(world: World, done: Controls) -> dict[str, Any]:
    """Return what controls found, as columns of RESULTS.

    A result stands after the last declaration of its week, when the next week may know it.
    """
    last = np.searchsorted(world.week, world.week[done.places], side="right")
    return {
        "seq": last, "declaration": declaration_numbers(world, done.places),
        "item": np.zeros(len(last), dtype=np.int64), "irregular": done.found.astype(np.int64),
    }  # fmt: skip


def training_rows(shared: Shared, done: Controls) -> dict[str, Any]:
    """Return controls as rows to train on: what was known then, label, recovered amount, stake and chance."""
    world = shared.world
    days = np.datetime64(FIRST_DAY) + np.floor(world.columns["day"][done.places]).astype(np.int64)
    found: dict[str, Any] = {
        "declaration": declaration_numbers(world, done.places), "date": np.datetime_as_string(days).tolist(),
        "label": done.found.astype(np.int64), "chance": done.chance, "stake": np.round(shared.stake[done.places], 2),
        "recovered": np.where(done.found, np.round(world.revenue[done.places], 2), 0.0),
    }  # fmt: skip
    return found | {name: done.known[:, place] for place, name in enumerate(NAMES)}


def truth_rows(world: World) -> dict[str, Any]:
    """Return what is irregular, of which typology, and for how much: for who judges, never for who selects."""
    places = np.flatnonzero(world.irregular)
    return {
        "declaration": declaration_numbers(world, places), "week": world.week[places],
        "typology": [world.names[code] for code in world.typology[places].tolist()],
        "revenue_minor": np.round(world.revenue[places] * 100).astype(np.int64),
    }  # fmt: skip
