# SPDX-License-Identifier: Apache-2.0
"""kill -9 of the core in the middle of parcels that come in online.

What was answered is recorded, nothing is doubled, every receipt is given, and the ledger equals the records.
`OPENECP_CRASH_SEED` reproduces the kills.
"""

from __future__ import annotations

import json
import os
import random
import signal
import threading
import time
from collections import Counter
from pathlib import Path
from typing import Any

import httpx
import pytest
from tests.crash.test_server_kill import SEED, Server
from tests.crash.test_server_kill import data as data
from tests.e2e.api_doubles import parcel

from openecp.kernel.parties.model import Organisation, Principal
from openecp.platform.store import open_store

TOKEN = "crash-test-carrier"
SENDERS, LINES, KILLS = 6, 20, 4


class Carrier:
    """Senders of lines of parcels, who send again until there is an answer."""

    def __init__(self, port: int) -> None:
        self.port = port
        self.answered: dict[str, dict[str, Any]] = {}
        self.outcomes: Counter[str] = Counter()
        self.faults: list[str] = []
        self.stopping = threading.Event()
        self.threads = [threading.Thread(target=self._send, args=(n,), daemon=True) for n in range(SENDERS)]

    def start(self) -> None:
        for thread in self.threads:
            thread.start()

    def stop(self) -> None:
        self.stopping.set()
        for thread in self.threads:
            thread.join(120)
            assert not thread.is_alive(), "a sender hangs"

    def _send(self, sender: int) -> None:
        client = httpx.Client(base_url=f"http://127.0.0.1:{self.port}", timeout=60)
        headers = {"authorization": f"Bearer {TOKEN}", "content-type": "application/x-ndjson"}
        number = 0
        while not self.stopping.is_set():
            bodies = [parcel(f"K{sender:02d}N{number + n:08d}") for n in range(LINES)]
            number += LINES
            content = "\n".join(map(json.dumps, bodies)).encode()
            named = headers if sender % 2 else {**headers, "idempotency-key": f"{sender}-{number}"}
            for _ in range(600):
                try:
                    reply = client.post("/parcels?jurisdiction=EU", content=content, headers=named)
                except httpx.HTTPError:
                    time.sleep(0.1)
                    continue
                if reply.status_code == 200:
                    for told in map(json.loads, reply.content.splitlines()):
                        self.outcomes[told["outcome"]] += 1
                        if told["outcome"] in ("decided", "repeated"):
                            self.answered[told["parcel_id"]] = told
                        else:
                            self.faults.append(str(told)[:300])
                    break
                if reply.status_code != 503:
                    self.faults.append(f"{reply.status_code} {reply.text[:300]}")
                    break
                time.sleep(0.1)
            else:
                self.faults.append(f"{sender}: never answered")


@pytest.mark.slow
@pytest.mark.timeout(600)
def test_the_core_is_killed_while_parcels_come_in(data: Path) -> None:
    server = Server(data)
    server.wait()
    with open_store(data) as store:
        store.add_organisation(Organisation(organisation_id="carrier", name="carrier"))
        who = Principal(principal_id="c", kind="system", organisation="carrier", name="c", roles=("trader",))
        store.add_principal(who, token=TOKEN)
    carrier = Carrier(server.port)
    carrier.start()
    chance = random.Random(SEED)
    try:
        for _ in range(KILLS):
            before = len(carrier.answered)
            end = time.monotonic() + 90
            while len(carrier.answered) <= before:
                assert time.monotonic() < end, f"no answer (seed {SEED})" + server.log.read_text()[-3000:]
                time.sleep(0.02)
            time.sleep(chance.uniform(0.0, 1.5))
            pid = server.pids().get("core")
            if pid is not None:
                os.kill(pid, signal.SIGKILL)
    finally:
        carrier.stop()
    assert server.stop() == 0, server.log.read_text()[-3000:]
    print(f"seed {SEED}: {dict(carrier.outcomes)}")
    assert carrier.faults == []
    check(data, carrier)


def check(data: Path, carrier: Carrier) -> None:
    """Compare the store with what was answered."""
    with open_store(data) as store:
        report = store.verify()
        assert report.ok, report.findings[:5]
        events = [event for event in store.events(limit=100_000) if event.kind == "ParcelsCleared"]
        rows = [row for event in events for row in store.batch_rows(event.seq)]
        assert len({(row.parcel_id, row.posted_on) for row in rows}) == len(rows)
        places = {row.parcel_id: (row.seq, row.number) for row in rows}
        for name, told in carrier.answered.items():
            assert places[name] == (told["receipt"]["seq"], told["receipt"]["number"]), name
        charged: Counter[str] = Counter()
        for row in rows:
            for amount in json.loads(row.record)["amounts"]:
                charged[amount["by"]] += amount["minor"]
        ledger = {account: minor for (account, _), minor in store.balances(prefix="collector:").items()}
        assert ledger == dict(charged)
        assert store.parcel_receipt(rows[0].parcel_id, rows[0].posted_on) is not None
