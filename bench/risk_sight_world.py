# SPDX-License-Identifier: Apache-2.0
"""A made-up trade for benches of sight: declarations of three items, a list of 60,000 names, a champion, history."""

from __future__ import annotations

import hashlib
import random
import time
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import msgspec
import numpy as np

from openecp.border.risk.features.item_rows import PartyKeys, rows_of
from openecp.border.risk.models.gbm import TreeSettings
from openecp.border.risk.models.live import LIVE_CODES, LIVE_COLUMNS, LiveModel
from openecp.border.risk.models.table import TrainingTable
from openecp.border.risk.models.train import TrainSettings, train
from openecp.border.risk.watchlist.match import Matcher, Watchlist
from openecp.border.risk.watchlist.party import ListEntry
from openecp.kernel.datamodel.declaration import Declaration
from openecp.kernel.journal.memory import MemoryStore
from openecp.platform.core.risk_sight import RiskSight, SightSettings
from openecp.platform.core.risk_sight_lists import ListSight
from openecp.platform.core.watch_desk import WatchDesk
from openecp.platform.wire import read

ROOT = Path(__file__).parents[1]
THREE_ITEMS = ROOT / "demo" / "declarations" / "141-three-items-fob.xml"
_PARTS = ("ka", "lo", "mi", "ren", "tos", "vel", "dar", "nim", "hal", "or", "sen", "tu", "wik", "zan", "por", "bel")


def names(rng: random.Random, many: int) -> list[str]:
    """Return made-up names of three words."""
    words = ["".join(rng.choices(_PARTS, k=3)).capitalize() for _ in range(max(200, many // 8))]
    return [" ".join(rng.sample(words, 3)) for _ in range(many)]


def declarations(seed: int, many: int, *, importers: int = 3_000) -> list[Declaration]:
    """Return declarations of three items each, by importers and sellers that come again."""
    rng = random.Random(seed)
    template = read(THREE_ITEMS.read_bytes()).declaration
    buyers, sellers, agents = (names(rng, n) for n in (importers, importers // 2, 60))
    found = []
    for number in range(many):
        buyer, seller = rng.randrange(len(buyers)), rng.randrange(len(sellers))
        found.append(_one(template, number, rng, buyers[buyer], buyer, sellers[seller], rng.choice(agents)))
    return found


def _one(
    template: Declaration, number: int, rng: random.Random, buyer: str, buyer_no: int, seller: str, agent: str
) -> Declaration:
    replaced = msgspec.structs.replace
    shipment = template.goods_shipment
    assert shipment is not None
    importer = replaced(shipment.importer, name=buyer, id=f"XB{10_000_000 + buyer_no}") if shipment.importer else None
    items = tuple(
        replaced(item, commodity=replaced(item.commodity, goods_measure=_measured(item.commodity.goods_measure, rng)))
        for item in shipment.government_agency_goods_item
        if item.commodity is not None
    )
    exporter = replaced(template.exporter, name=seller) if template.exporter is not None else None
    declarant = replaced(template.declarant, name=agent) if template.declarant is not None else None
    return replaced(
        template, functional_reference_id=f"BENCH-{number}", exporter=exporter, declarant=declarant,
        goods_shipment=replaced(shipment, importer=importer, government_agency_goods_item=items),
    )  # fmt: skip


def _measured(measure: Any, rng: random.Random) -> Any:
    if measure is None or measure.net_net_weight_measure is None:
        return measure
    mass = msgspec.structs.replace(measure.net_net_weight_measure, value=str(rng.randrange(50, 5_000)))
    return msgspec.structs.replace(measure, net_net_weight_measure=mass)


class BenchStore(MemoryStore):
    """A store in memory that hides names as the real one does."""

    def pseudonym(self, purpose: str, name: str) -> str:
        """Return what stands for a name."""
        return hashlib.sha256(f"{purpose} {name}".encode()).hexdigest()[:16]

    def person_hashes(self, keys: Sequence[str]) -> list[str | None]:
        """Return salted hashes."""
        return [hashlib.sha256(b"salt" + key.encode()).hexdigest()[:32] if key else None for key in keys]


@dataclass
class FixedModels:
    """A champion without a registry."""

    champion: LiveModel | None
    challenger: LiveModel | None = None
    fallback: str = ""

    @property
    def scoring(self) -> LiveModel | None:
        """The champion."""
        return self.champion


def champion(seed: int = 1, *, rows: int = 6_000, trees: int = 100) -> LiveModel:
    """Return a model over all columns that are known live, taught on noise with a signal."""
    rng = np.random.default_rng(seed)
    numbers = {name: rng.normal(size=rows) for name in LIVE_COLUMNS if name not in LIVE_CODES}
    codes = {name: [str(code) for code in rng.integers(0, 40, rows)] for name in LIVE_CODES}
    odds = numbers["price_ratio"] + 0.5 * numbers["importer_age"] - 2.0
    label = rng.random(rows) < 1 / (1 + np.exp(-odds))
    first = (date(2026, 1, 1) - date(1970, 1, 1)).days
    table = TrainingTable(
        described="made up", numbers=numbers, codes=codes, label=label, day=first + np.arange(rows) // 50,
        revenue=np.where(label, 10 ** rng.uniform(3, 6, rows), 0.0), stake=10 ** rng.uniform(3, 6, rows),
        chance=None, stake_column="value_minor",
    )  # fmt: skip
    return LiveModel(train(table, TrainSettings(seed=seed, trees=TreeSettings(trees=trees))).model)


def matcher(seed: int, listed: int) -> Matcher:
    """Return what compares parties with a list of so many names."""
    entries = tuple(
        ListEntry(entry_id=str(n), kind="Person", names=(name,))
        for n, name in enumerate(names(random.Random(seed + 7), listed))
    )
    return Matcher([Watchlist(list_id="bench", version=1, entries=entries)])


def sight(
    *, listed: int = 60_000, history: Sequence[Declaration] = (), scores: bool = True, seed: int = 1
) -> RiskSight:
    """Return a sight with history, a list and a champion; `listed` 0: no list."""
    store = BenchStore()
    lists = ListSight(WatchDesk(store), today=lambda: datetime.now(UTC).date())
    if listed:
        lists._matcher = matcher(seed, listed)
    settings = SightSettings(
        movement_of=lambda _: "import", currency="XBM", exponent=2,
        pseudonym=lambda key: store.pseudonym("risk", key),
    )  # fmt: skip
    models: Any = FixedModels(champion(seed)) if scores else None
    found = RiskSight(settings, lists=lists, models=models)
    state, now, hidden = found.state("import"), int(time.time() * 1e6), PartyKeys(settings.pseudonym)
    for number, declaration in enumerate(history):
        at = now - (len(history) - number) * 60_000_000
        state.take(rows_of(declaration, [10_000 + number % 5_000] * 3, at, "XBM", 2, hidden))
    return found
