# SPDX-License-Identifier: Apache-2.0
"""Writer and database are killed at random points: nothing acknowledged is lost, nothing doubled, no gap."""

from __future__ import annotations

import os
import random
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from openecp.platform.store import open_store, temporary_data_folder
from openecp.platform.store.embedded import EmbeddedServer

ROUNDS = 8
WRITER = Path(__file__).with_name("store_writer.py")


@pytest.fixture
def folder() -> Iterator[Path]:
    made = temporary_data_folder("openecp-crash-")
    yield made
    shutil.rmtree(made, ignore_errors=True)


def read_notes(path: Path) -> dict[int, tuple[int, int]]:
    """Return what was acknowledged; the last line may be cut off by the kill."""
    found: dict[int, tuple[int, int]] = {}
    for line in path.read_text().splitlines() if path.exists() else []:
        parts = line.split()
        if len(parts) == 3:
            found[int(parts[0])] = (int(parts[1]), int(parts[2]))
    return found


def wait_for_growth(path: Path, size: int, seconds: float = 60) -> None:
    until = time.monotonic() + seconds
    while time.monotonic() < until and (not path.exists() or path.stat().st_size <= size):
        time.sleep(0.01)


@pytest.mark.slow
@pytest.mark.timeout(600)
@pytest.mark.parametrize("seed", [20260131])
def test_nothing_acknowledged_is_lost_nothing_doubled(folder: Path, tmp_path: Path, seed: int) -> None:
    chance = random.Random(seed)
    notes = tmp_path / "acknowledged"
    data = folder / "data"
    for number in range(ROUNDS):
        acknowledged = read_notes(notes)
        first = max(acknowledged, default=0) + 1
        before = notes.stat().st_size if notes.exists() else 0
        writer = subprocess.Popen([sys.executable, str(WRITER), str(data), str(first), str(notes)])
        try:
            wait_for_growth(notes, before)
            time.sleep(chance.uniform(0.0, 0.6))
            if number % 2:
                os.kill(EmbeddedServer(data).pid() or 0, signal.SIGKILL)  # the writer starts it again and goes on
                wait_for_growth(notes, notes.stat().st_size)
                time.sleep(chance.uniform(0.0, 0.3))
            assert writer.poll() is None, "the writer ended by itself"
        finally:
            writer.send_signal(signal.SIGKILL)
            writer.wait()
        if number % 4 == 2:
            os.kill(EmbeddedServer(data).pid() or 0, signal.SIGKILL)  # both at once
    check(data, read_notes(notes))


def check(data: Path, acknowledged: dict[int, tuple[int, int]]) -> None:
    """Compare the store with what was acknowledged."""
    assert len(acknowledged) > 25 * ROUNDS // 2
    with open_store(data) as store:
        report = store.verify()
        assert report.ok, report.findings
        streams: dict[str, list[int]] = {}
        after = 0
        while events := store.events(after_seq=after, limit=10_000):
            assert [event.seq for event in events] == list(range(after + 1, after + len(events) + 1))
            for event in events:
                streams.setdefault(event.case_id, []).append(event.seq)
            after = events[-1].seq
        for number, (first, last) in acknowledged.items():
            assert streams[f"case-{number}"] == list(range(first, last + 1))
            assert last - first + 1 == 1 + number % 5
            assert (store.case(f"case-{number}") or (None, 0))[1] == last
        for organisation in ("XB-0", "XB-1", "XB-2"):
            feed = store.feed(organisation, limit=10_000)
            assert [entry.number for entry in feed] == list(range(1, len(feed) + 1))
            assert len({entry.message.message_id for entry in feed}) == len(feed)
        assert {face.case_id: (face.seq, face.face) for face in store.faces(room="lodgement")} == {
            case_id: (seqs[-1], b"face " + case_id.removeprefix("case-").encode()) for case_id, seqs in streams.items()
        }
        for case_id in streams:  # two writes of a group are both there or both missing
            number = int(case_id.removeprefix("case-"))
            if (number - 1) % 5 < 2:
                assert f"case-{number + 1 - 2 * ((number - 1) % 5)}" in streams
        assert report.documents == report.ledger_entries == len(streams)
