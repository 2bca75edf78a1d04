# SPDX-License-Identifier: Apache-2.0
"""The running server knows a declaration within a second of its recording, and the same again after kill -9."""

from __future__ import annotations

import os
import shutil
import signal
import time
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Any

import httpx
import msgspec
import pytest
from tests.crash.test_server_kill import Server
from tests.risk_sight_world import ANNA, LIST, TOM, taught

from openecp.bootstrap import Installation
from openecp.border.risk.models.registry import signature_of
from openecp.border.risk.watchlist.imports import read_list
from openecp.kernel.parties.model import Organisation, Principal
from openecp.platform.cli.risk_models import model_key
from openecp.platform.core.model_desk import ModelDesk
from openecp.platform.core.settings import Settings
from openecp.platform.core.watch_desk import WatchDesk
from openecp.platform.store import temporary_data_folder
from openecp.platform.wire import read, write_json

ROOT = Path(__file__).resolve().parents[2]
TOKEN = "sight-test-token"
FRESH_S = 1.0
pytestmark = pytest.mark.slow


class World:
    """A server, its store, and a sender."""

    def __init__(self, folder: Path) -> None:
        self.here = Installation(Settings(data=str(folder)))
        self.store = self.here.open_store()
        self.store.add_organisation(Organisation(organisation_id="XB-1", name="Lines"))
        sender = Principal(principal_id="erp", kind="system", organisation="XB-1", name="ERP", roles=("trader",))
        self.store.add_principal(sender, token=TOKEN)
        self.watch = WatchDesk(self.store)
        self.registry = ModelDesk(self.store, model_key(self.here))
        self.server = Server(folder)
        self.template = write_json(read((ROOT / "demo" / "declarations" / "102-tshirts.xml").read_bytes()).declaration)
        self.number = 0

    def lodge(self, seller: str = "Far Mills") -> dict[str, Any]:
        """Lodge one more and return the officers' part of its assessment."""
        self.number += 1
        raw = self.template.replace(b"BA24-0102", f"SIGHT-{self.number}".encode())
        told = msgspec.json.decode(raw)
        told["Declaration"]["Exporter"] = {"Name": seller, "Address": {"Line": "9 Mill Road", "CountryCode": "QP"}}
        answer = httpx.post(
            f"http://127.0.0.1:{self.server.port}/declarations", content=msgspec.json.encode(told), timeout=30,
            headers={"Authorization": f"Bearer {TOKEN}", "Content-Type": "application/json"},
        )  # fmt: skip
        assert answer.status_code == 201, answer.text
        assert "risk" not in answer.text, "nothing of it reaches a trader"
        events = self.store.events(case_id=answer.json()["case_id"])
        found: dict[str, Any] = next(one for one in events if one.kind == "DeclarationAssessed").body["officer"]["risk"]
        return found

    def champion(self) -> str:
        """Train, register and activate a model on how often the importer came before."""
        trained = taught("importer_before", last=date.today())
        card = msgspec.json.encode(trained.card)
        signed = signature_of(model_key(self.here), trained.model.sha256, _sha256(card))
        self.registry.add(trained.model.content, card, signed, actor=ANNA, where="test")
        self.registry.activate(trained.model.sha256, "champion", actor=TOM)
        return trained.model.sha256


@pytest.fixture
def world() -> Iterator[World]:
    """Return a server that runs."""
    folder = temporary_data_folder()
    world = World(folder)
    try:
        world.server.wait()
        yield world
    finally:
        world.server.stop()
        world.store.close()
        shutil.rmtree(folder, ignore_errors=True)


def test_fresh_within_a_second_and_the_same_after_a_kill(world: World) -> None:
    assert set(world.lodge()) == {"look"}
    world.watch.load("sanctions", read_list(LIST.encode(), "list.csv"), actor="test")
    sha256 = world.champion()
    deadline = time.monotonic() + 10
    while (told := world.lodge("Ivan PETROV Sergeevich")).get("model") != sha256 or "hits" not in told:
        assert time.monotonic() < deadline, told
        time.sleep(0.2)
    time.sleep(FRESH_S)
    (hit,) = world.watch.hits("open")
    assert told["hits"] == [hit.hit_id]
    assert told["items"][0]["list_hits"] == 1
    world.watch.propose(hit.hit_id, "cleared", actor=ANNA)
    world.watch.confirm(hit.hit_id, actor=TOM)
    time.sleep(FRESH_S)
    told = world.lodge("Ivan PETROV Sergeevich")
    assert (told["passed"], told.get("hits")) == ([hit.hit_id], None)
    scores = [world.lodge()["items"][0]["p_e6"] for _ in range(12)]
    assert len(set(scores)) > 1, "each sees the ones before it"
    os.kill(world.server.pids()["core"], signal.SIGKILL)
    time.sleep(0.5)
    world.server.wait()
    after = world.lodge()
    assert after["model"] == sha256
    before, world.number = world.number, 1_000
    assert len(world.watch.hits()) == 1
    from openecp.bootstrap_risk import risk_sight

    sight = risk_sight(world.here, world.store, follow=False)
    state = sight.state("import")
    assert state.keyed["declarant"].keys
    assert max(times.count for times in state.keyed["declarant"].keys.values()) == before, "as the journal counts"


def _sha256(content: bytes) -> str:
    import hashlib

    return hashlib.sha256(content).hexdigest()
