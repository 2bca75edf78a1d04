# SPDX-License-Identifier: Apache-2.0
"""The console over invented lists, hits and models in memory, for tests of the pages of the risk desk."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from datetime import date, timedelta
from functools import cache

import msgspec
import numpy as np
from console_world import ANNA, OLIVE, OSCAR, PASSWORD, TOM, Clock, Settings, World
from litestar import Litestar
from litestar.testing import TestClient

from openecp.border.risk.models.gbm import TreeSettings
from openecp.border.risk.models.registry import signature_of
from openecp.border.risk.models.table import Roles, training_table
from openecp.border.risk.models.train import Trained, TrainSettings, train
from openecp.border.risk.watchlist.imports import read_list
from openecp.border.risk.watchlist.party import Party
from openecp.kernel.journal.memory import MemoryStore
from openecp.kernel.parties.model import Principal
from openecp.platform.console.app import console_routes
from openecp.platform.console.risk.desk import RiskDesk
from openecp.platform.core.model_desk import ModelDesk
from openecp.platform.core.watch_desk import WatchDesk

KEY = b"k" * 32
BEA = Principal(
    principal_id="bea", kind="person", organisation="customs", name="Bea Lund", roles=("officer",), office="XB000101"
)
PIA = Principal(principal_id="pia", kind="person", organisation="port", name="Pia Moe", roles=("partner",))
SEC = Principal(principal_id="sec", kind="person", organisation="wco", name="Sec Ray", roles=("secretariat",))
DEL = Principal(principal_id="del", kind="person", organisation="wco", name="Del Fox", roles=("delegate",))
REV = Principal(principal_id="rev", kind="person", organisation="customs", name="Rev Ott", roles=("revenue",))
PEOPLE = {"trader": TOM, "officer": ANNA, "auditor": OLIVE, "operator": OSCAR, "secretariat": SEC, "delegate": DEL,
          "partner": PIA, "revenue": REV}  # fmt: skip
LIST = """id,schema,name,aliases,birth_date,countries,identifiers,addresses
a1,Person,Ivan Sergeevich Petrov,Vanya Petrov;Иван Петров,1970-05-01,ru,P1234567,
b2,Company,Sun Gate Trading LLC,,,ae,,
z5,Person,Li Wei,,1980,cn,,
i6,Company,Invented Trading and Sons,,,,,
"""
BAD_ROWS = ",Spaceship,Bad Kind,,,,,\na1,Person,Twice Told,,,,,\n"
PARTIES = (
    Party(name="PETROV, Ivan", birth_date="1970-05-01"), Party(name="Sun Gate Tradnig LLC"), Party(name="Wei Li"),
    Party(name="Invented Trading & Sons"),
)  # fmt: skip


class HashingStore(MemoryStore):
    """A store in memory that hashes persons as the real one does."""

    def person_hashes(self, keys: Sequence[str]) -> list[str | None]:
        """Return salted hashes."""
        return [hashlib.sha256(b"salt" + key.encode()).hexdigest()[:32] if key else None for key in keys]


class Controls:
    """Invented controls with one true signal, up to a day."""

    def __init__(self, last: date, many: int = 900) -> None:
        rng = np.random.default_rng(5)
        price = rng.normal(0.0, 1.0, many)
        code = rng.choice(["AA", "BB", "CC"], many)
        irregular = rng.random(many) < np.where((price < -0.5) & (code != "AA"), 0.6, 0.08)
        charges = np.exp(rng.normal(5.0, 1.0, many))
        self._told: dict[str, Sequence[str]] = {
            "date": [(last - timedelta(days=300 - 300 * place // many)).isoformat() for place in range(many)],
            "price": [f"{value + (place > many * 0.8):.4f}" for place, value in enumerate(price)],
            "goods code": code.tolist(),
            "charges": [f"{value:.2f}" for value in charges],
            "recovered": [f"{v * 0.5:.2f}" if is_it else "" for v, is_it in zip(charges, irregular, strict=True)],
            "label": [str(int(is_it)) for is_it in irregular],
        }

    def columns(self) -> Mapping[str, Sequence[str]]:
        """Return the columns."""
        return self._told

    def described(self) -> str:
        """Return what it is."""
        return "invented controls <b>"


@cache
def trained(last: date, seed: int = 1) -> Trained:
    """Return a small model that learnt up to a day."""
    roles = Roles(label="label", day="date", revenue="recovered", stake="charges")
    table = training_table(Controls(last), roles, today=last)  # type: ignore[arg-type]
    return train(table, TrainSettings(seed=seed, trees=TreeSettings(trees=4, leaves=5)))


class RiskConsole:
    """The console with the risk desk, over a list in two versions, four hits and a model; `old` adds an older one."""

    settings = Settings()

    def __init__(self, *, old: bool = False, models: bool = True) -> None:
        self.clock = Clock()
        self.world = World()
        self.world.clock = self.clock
        self.store = HashingStore(clock=self.clock.text)
        self.world.store = self.store
        for person in (*PEOPLE.values(), BEA):
            self.world.register.people[person.principal_id] = person
        self.case = self.world.lodge("LRN-CONTROL-01", "red", items=3)
        self.watch = WatchDesk(self.store, clock=self.clock.text)
        self.models = ModelDesk(self.store, KEY, clock=self.clock.text)
        self.desk = RiskDesk(self.watch, self.models, self.store)
        for text in (LIST, LIST + BAD_ROWS + "n7,Person,Nobody Known,,,,,\n"):
            self.watch.load("sanctions", read_list(text.encode(), "list.csv"), actor="system:command-line")
        self.hits = list(self.watch.screen(PARTIES, actor="system:command-line").new)
        self.old = self.register(date(2025, 6, 1)) if old else ""
        self.new = self.register(self.clock.now().date() - timedelta(days=9)) if models else ""
        self.application = Litestar(
            route_handlers=console_routes(
                self.store, self.world, self.world.register, self.settings, profile=self.world.profile, risk=self.desk,  # type: ignore[arg-type]
                now=self.clock.now, ticks=self.clock.monotonic,
            ),
            openapi_config=None,
            logging_config=None,
        )  # fmt: skip

    def register(self, last: date) -> str:
        """Register a model of Bea's and return its SHA-256."""
        found = trained(last)
        card = msgspec.json.encode(found.card)
        signature = signature_of(KEY, found.model.sha256, hashlib.sha256(card).hexdigest())
        self.models.add(found.model.content, card, signature, actor=BEA.actor, where="test")
        self.clock.when += timedelta(minutes=5)
        return found.model.sha256

    def decide_some(self) -> None:
        """Have hits and models of every status."""
        self.models.activate(self.old, "champion", actor=ANNA.actor)
        first, second, third = self.hits[:3]
        self.watch.propose(first, "match", actor=BEA.actor, note="Same day of birth and passport.")
        self.watch.propose(second, "cleared", actor=BEA.actor, note="Another firm: other register number.")
        self.watch.confirm(second, actor=ANNA.actor, note="Seen in the register.")
        self.watch.propose(third, "match", actor=ANNA.actor, note="The same person.")

    def client(self, name: str | None = None) -> TestClient[Litestar]:
        """Return a browser, signed in as somebody."""
        client = TestClient(self.application, base_url="http://testserver.local")
        if name is not None:
            token = client.get("/console/sign-in").text.split('name="form_token" value="')[1].split('"')[0]
            client.post("/console/sign-in", data={"name": name, "password": PASSWORD, "form_token": token})
        return client


def make_app() -> Litestar:
    """Return the console with hits and models of every status, for a server process of its own."""
    world = RiskConsole(old=True)
    world.decide_some()
    return world.application
