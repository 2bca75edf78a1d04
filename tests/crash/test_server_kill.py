# SPDX-License-Identifier: Apache-2.0
"""kill -9 of web, core and database at random points under load.

Nothing acknowledged is lost, nothing is doubled, the sequence has no gap, and the state equals a replay of the journal.
A seed reproduces the order of kills (`OPENECP_CRASH_SEED`); `OPENECP_CRASH_KILLS` sets their number, 24 if not given.
"""

from __future__ import annotations

import os
import random
import shutil
import signal
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from openecp.border.lodgement.case import case_of
from openecp.border.lodgement.fold import fold
from openecp.kernel.parties.model import Organisation, Principal
from openecp.platform.cli.serve import free_port
from openecp.platform.store import open_store, temporary_data_folder
from openecp.platform.wire import read, write_json

ROOT = Path(__file__).resolve().parents[2]
KILLS = int(os.environ.get("OPENECP_CRASH_KILLS", "24"))
SEED = int(os.environ.get("OPENECP_CRASH_SEED", "0")) or random.SystemRandom().randrange(1, 10**6)
SENDERS = 12
TOKEN = "crash-test-token"
LRN = b"BA24-0102"


class Server:
    """`openecp serve` in a process of its own."""

    def __init__(self, data: Path, profile: str = "demo") -> None:
        self.data = data
        self.port = free_port("127.0.0.1")
        environment = {**os.environ, "OPENECP_DATA": str(data), "OPENECP_CONSOLE": "false", "OPENECP_CHECKPOINT_S": "2"}
        self.log = data / "serve.log"
        command = [sys.executable, "-m", "openecp.bootstrap", "serve", "--profile", profile, "--port", str(self.port)]
        with self.log.open("wb") as out:
            self.process = subprocess.Popen(command, env=environment, stdout=out, stderr=out)

    def wait(self, seconds: float = 90.0) -> None:
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            assert self.process.poll() is None, self.log.read_text()[-3000:]
            try:
                if httpx.get(f"http://127.0.0.1:{self.port}/health", timeout=3).status_code == 200:
                    return
            except httpx.HTTPError:
                pass
            time.sleep(0.1)
        raise AssertionError("the server is not ready\n" + self.log.read_text()[-3000:])

    def pids(self) -> dict[str, int]:
        """Return the processes that may be killed."""
        found = {}
        for entry in Path("/proc").iterdir():
            if not entry.name.isdigit():
                continue
            try:
                words = (entry / "cmdline").read_bytes().split(b"\0")
                parent = int((entry / "stat").read_text().rpartition(")")[2].split()[1])
            except (OSError, ValueError, IndexError):
                continue
            if parent == self.process.pid and words[-2:-1] in ([b"core"], [b"web"]):
                found[words[-2].decode()] = int(entry.name)
        try:
            note = (self.data / "postgres" / "postmaster.pid").read_text()
            found["database"] = int(note.split("\n", 1)[0])
        except (OSError, ValueError):
            pass
        return found

    def stop(self) -> int:
        self.process.send_signal(signal.SIGTERM)
        return self.process.wait(60)


class Traffic:
    """Senders that lodge, and send again with the same key until an answer comes."""

    def __init__(self, port: int, template: bytes) -> None:
        self.port = port
        self.template = template
        self.acknowledged: dict[str, dict[str, Any]] = {}
        self.sent: set[str] = set()
        self.statuses: Counter[int] = Counter()
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
        number = 0
        client = httpx.Client(base_url=f"http://127.0.0.1:{self.port}", timeout=60)
        while not self.stopping.is_set():
            number += 1
            lrn = f"C{sender:02d}N{number:08d}"
            self.sent.add(lrn)
            body = self.template.replace(LRN, lrn.encode())
            headers = {
                "authorization": f"Bearer {TOKEN}", "content-type": "application/json", "idempotency-key": f"key-{lrn}",
            }  # fmt: skip
            for _ in range(600):
                try:
                    reply = client.post("/declarations", content=body, headers=headers)
                except httpx.HTTPError:  # unknown: asked again, with the same key
                    self.statuses[0] += 1
                    time.sleep(0.1)
                    continue
                self.statuses[reply.status_code] += 1
                if reply.status_code in (200, 201):
                    self.acknowledged[lrn] = reply.json()
                    break
                if reply.status_code != 503:
                    self.faults.append(f"{lrn}: {reply.status_code} {reply.text[:300]}")
                    break
                time.sleep(0.1)
            else:
                self.faults.append(f"{lrn}: never answered")


@pytest.fixture
def data() -> Iterator[Path]:
    folder = temporary_data_folder("openecp-crash-")
    yield folder
    shutil.rmtree(folder, ignore_errors=True)


@pytest.mark.slow
@pytest.mark.timeout(900)
def test_kills_under_load(data: Path) -> None:
    server = Server(data)
    server.wait()
    with open_store(data) as store:
        store.add_organisation(Organisation(organisation_id="crash", name="crash"))
        who = Principal(principal_id="crash", kind="system", organisation="crash", name="c", roles=("trader",))
        store.add_principal(who, token=TOKEN)
    template = write_json(read((ROOT / "demo" / "declarations" / "102-tshirts.xml").read_bytes()).declaration)
    traffic = Traffic(server.port, template)
    traffic.start()
    chance = random.Random(SEED)
    killed: Counter[str] = Counter()
    recoveries = []
    try:
        while sum(killed.values()) < KILLS:
            time.sleep(chance.uniform(0.05, 1.5))
            victim = chance.choice(("core", "web", "database", "core"))
            pid = server.pids().get(victim)
            if pid is None:
                continue
            before = len(traffic.acknowledged)
            os.kill(pid, signal.SIGKILL)
            killed[victim] += 1
            began = time.monotonic()
            while len(traffic.acknowledged) <= before:  # the server is back when somebody gets an answer
                assert time.monotonic() - began < 90, (
                    f"no answer after killing {victim} (seed {SEED})" + server.log.read_text()[-3000:]
                )
                time.sleep(0.02)
            recoveries.append(time.monotonic() - began)
    finally:
        traffic.stop()
    assert server.stop() == 0, server.log.read_text()[-3000:]
    print(
        f"seed {SEED}: killed {dict(killed)}, {len(traffic.acknowledged)} acknowledged, "
        f"statuses {dict(traffic.statuses)}, slowest recovery {max(recoveries):.1f} s"
    )
    assert traffic.faults == []
    assert set(killed) == {"core", "web", "database"} or KILLS < 10
    check_store(data, traffic)


def check_store(data: Path, traffic: Traffic) -> None:
    """Check what the store holds against what was acknowledged, and the state against a replay."""
    with open_store(data) as store:
        report = store.verify()
        assert report.ok, report.findings[:5]
        streams: dict[str, list[Any]] = {}
        after = 0
        while events := store.events(after_seq=after, limit=1000):
            assert [event.seq for event in events] == list(range(after + 1, after + 1 + len(events))), "a gap in seq"
            after = events[-1].seq
            for event in events:
                if not event.case_id.startswith("installation:"):
                    streams.setdefault(event.case_id, []).append(event)
        lrns: Counter[str] = Counter()
        for case_id, stream in streams.items():
            found = store.case(case_id)
            assert found is not None
            row, last_seq = found
            assert last_seq == stream[-1].seq
            if row.room != "lodgement":  # the register of plans that every installation has
                continue
            assert fold(stream) == case_of(row.state), f"case {case_id}: state and replay differ"
            lrns[row.lrn] += 1
        doubled = [lrn for lrn, number in lrns.items() if number > 1]
        assert doubled == []
        assert set(lrns) <= traffic.sent
        for lrn, told in traffic.acknowledged.items():
            row = store.find_case(mrn=told["mrn"])
            assert row is not None, f"{lrn} was acknowledged and is lost"
            assert (row.lrn, row.case_id) == (lrn, told["case_id"])
        numbers = [entry.number for entry in feed(store)]
        assert numbers == list(range(1, len(numbers) + 1)), "a gap in the feed"


def feed(store: Any) -> Iterator[Any]:
    """Return the whole feed of the organisation."""
    after = 0
    while page := store.feed("crash", after=after, limit=1000):
        yield from page
        after = page[-1].number
