# SPDX-License-Identifier: Apache-2.0
"""A small office whose declarations are looked at by risk before they are decided: history, lists, models."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
from tests.lifecycle_office import Office, assessed, declaration, line, refused

from openecp.border.risk.models.gbm import TreeSettings
from openecp.border.risk.models.registry import signature_of
from openecp.border.risk.models.table import TrainingTable
from openecp.border.risk.models.train import Trained, TrainSettings, train
from openecp.border.risk.watchlist.imports import read_list
from openecp.kernel.assessment.reasons import ItemValue
from openecp.kernel.assessment.sight import SightRow
from openecp.kernel.datamodel.declaration import Declaration
from openecp.kernel.journal.memory import MemoryStore
from openecp.platform.core.model_desk import ModelDesk
from openecp.platform.core.risk_sight import RiskSight, SightSettings
from openecp.platform.core.risk_sight_journal import RiskJournal
from openecp.platform.core.risk_sight_lists import ListSight
from openecp.platform.core.risk_sight_models import ModelSight
from openecp.platform.core.watch_desk import WatchDesk

KEY = b"k" * 32
VALUES = tuple(
    ItemValue(item=n, customs_value_minor=value, statistical_value_minor=value)
    for n, value in enumerate((100_000, 40_000), start=1)
)
ANNA, TOM = "person:anna", "person:tom"
LIST = "id,schema,name\na1,Person,Ivan Sergeevich Petrov\nb2,Company,Sun Gate Trading LLC\n"


class HidingStore(MemoryStore):
    """A store in memory that hides names as the real one does."""

    def pseudonym(self, purpose: str, name: str) -> str:
        """Return what stands for a name."""
        return hashlib.sha256(f"{purpose} {name}".encode()).hexdigest()[:16]

    def person_hashes(self, keys: Sequence[str]) -> list[str | None]:
        """Return salted hashes."""
        return [hashlib.sha256(b"salt" + key.encode()).hexdigest()[:32] if key else None for key in keys]


def goods(number: int, mass: str, code: str = "6109100010", origin: str = "QP") -> dict[str, Any]:
    """Return one item as it is declared."""
    return {
        "SequenceNumeric": str(number),
        "Commodity": {
            "Classification": [{"ID": code[:8], "IdentificationTypeCode": "TSP"}],
            "GoodsMeasure": {"NetNetWeightMeasure": {"value": mass, "unitCode": "KGM"}},
            "InvoiceLine": {"ItemChargeAmount": {"value": "1000", "currencyID": "XBM"}},
        },
        "Origin": [{"CountryCode": origin, "TypeCode": "1"}],
    }


def shipped(lrn: str, *, importer: str = "Harbour Shoes", seller: str = "Far Mills", **more: Any) -> Declaration:
    """Return a declaration of two items with parties."""
    return declaration(lrn, Exporter={"Name": seller}, GoodsShipment={
        "Consignment": {"GoodsLocation": {"Name": "PORT", "TypeCode": "A"}},
        "Importer": {"Name": importer, "Address": {"Line": "1 Quay", "CityName": "Port", "CountryCode": "XB"}},
        "GovernmentAgencyGoodsItem": [goods(1, "100"), goods(2, "40", "6403990000")],
    }, **more)  # fmt: skip


class SightOffice:
    """Lodges declarations that are looked at first."""

    def __init__(self, *, lists: bool = False, snapshot: Path | None = None, store: HidingStore | None = None) -> None:
        self.office = Office()
        if store is not None:
            self.office.store = store
        else:
            self.office.store = HidingStore(clock=lambda: self.office.now)
        self.store: Any = self.office.store
        self.watch = WatchDesk(self.store, clock=lambda: self.office.now)
        self.registry = ModelDesk(self.store, KEY, clock=lambda: self.office.now)
        if lists:
            self.watch.load("sanctions", read_list(LIST.encode(), "list.csv"), actor="test")
        self.start(snapshot)

    def start(self, snapshot: Path | None = None) -> None:
        """Start anew, as after a kill: only store and snapshot are there."""
        settings = SightSettings(
            movement_of=lambda _: "import", currency="XBM", exponent=2,
            pseudonym=lambda key: self.store.pseudonym("risk", key),
        )  # fmt: skip
        self.sight = RiskSight(
            settings, lists=ListSight(self.watch, today=self.today), models=ModelSight(self.registry, today=self.today),
            clock=lambda: self.moment().timestamp(),
        )  # fmt: skip
        self.journal = RiskJournal(self.store, self.sight, snapshot=snapshot, key=KEY)
        self.journal.open(follow=False)

    def moment(self) -> datetime:
        """Return now."""
        return datetime.fromisoformat(self.office.now.replace("Z", "+00:00")).astimezone(UTC)

    def today(self) -> date:
        """Return the day."""
        return self.moment().date()

    def look(self, *told: Declaration) -> list[Sequence[SightRow]]:
        """Return what is known of declarations in one micro-batch."""
        return list(self.sight.look(told, [[100_000, 40_000]] * len(told)))

    def lodge(self, *told: Declaration, reject: Sequence[int] = (), channel: str = "green") -> list[Sequence[SightRow]]:
        """Look at declarations in one micro-batch, then record them; return what was known of each."""
        rows = self.look(*told)
        for place, one in enumerate(told):
            if place in reject:
                self.office.lodge(one, refused())
                continue
            risk = self.sight.told(place, selected=channel != "green")
            self.office.lodge(one, assessed(line(1), line(2), channel=channel, risk=risk, values=VALUES))
        return rows

    def officers(self) -> list[dict[str, Any]]:
        """Return the officers' part of each assessment."""
        events = self.store.events(limit=10_000)
        return [event.body["officer"].get("risk", {}) for event in events if event.kind == "DeclarationAssessed"]

    def kinds(self) -> list[str]:
        """Return the kinds of risk's own events."""
        return [event.kind for event in self.store.events(limit=10_000) if event.case_id.startswith("risk/")]

    def register(self, trained: Trained, role: Any = "champion") -> str:
        """Register a model and put it to use."""
        card = msgspec.json.encode(trained.card)
        signed = signature_of(KEY, trained.model.sha256, hashlib.sha256(card).hexdigest())
        self.registry.add(trained.model.content, card, signed, actor=ANNA, where="test")
        self.registry.activate(trained.model.sha256, role, actor=TOM)
        return trained.model.sha256


def taught(*names: str, seed: int = 1, last: date = date(2026, 5, 1), chance: bool = False) -> Trained:
    """Return a small model over columns of these names; `goods` and `origin` are codes."""
    rng, rows = np.random.default_rng(seed), 1_200
    codes = {name: [("61091000", "64039900", "QP")[code] for code in rng.integers(0, 3, rows)]
             for name in names if name in ("goods", "origin")}  # fmt: skip
    numbers = {name: rng.normal(5.0, 2.0, rows) for name in names if name not in codes}
    signal = next(iter(numbers.values()))
    label = rng.random(rows) < np.where(signal > 6.0, 0.7, 0.08)
    first = (last - timedelta(days=299) - date(1970, 1, 1)).days
    table = TrainingTable(
        described="made up", numbers=numbers, codes=codes, label=label, day=first + np.arange(rows) // 4,
        revenue=np.where(label, 5_000.0, 0.0), stake=np.full(rows, 20_000.0),
        chance=np.full(rows, 0.5) if chance else None, stake_column="value_minor",
    )  # fmt: skip
    return train(table, TrainSettings(seed=seed, trees=TreeSettings(trees=8, leaves=6)))
