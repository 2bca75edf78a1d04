# SPDX-License-Identifier: Apache-2.0
"""kill -9 of core and database while a declaration waits in its lane: the clock moves it once, and not too early."""

from __future__ import annotations

import os
import shutil
import signal
import time
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from tests.crash.test_server_kill import LRN, ROOT, TOKEN, Server

from openecp.border.lodgement.case import case_of
from openecp.border.lodgement.fold import fold
from openecp.kernel.journal.model import Event
from openecp.kernel.parties.model import Organisation, Principal
from openecp.kernel.profile import load_profile
from openecp.platform.store import open_store, temporary_data_folder
from openecp.platform.wire import read, write_json

WAIT_S = 6


@pytest.fixture
def data() -> Iterator[Path]:
    folder = temporary_data_folder("openecp-crash-")
    yield folder
    shutil.rmtree(folder, ignore_errors=True)


@pytest.mark.slow
@pytest.mark.timeout(300)
def test_the_clock_of_a_lane_survives_kill_9(data: Path, tmp_path: Path) -> None:
    profile = tmp_path / "profile"
    shutil.copytree(load_profile("demo").folder, profile)
    (profile / "selection_plan.csv").write_text(
        "office,lane,expected_rate,random_rate,moves_after_hours,moves_to\n"
        f",yellow,1,1,{WAIT_S / 3600:.5f},blue\n"
    )  # fmt: skip
    server = Server(data, str(profile))
    server.wait()
    with open_store(data) as store:
        store.add_organisation(Organisation(organisation_id="crash", name="crash"))
        who = Principal(principal_id="crash", kind="system", organisation="crash", name="c", roles=("trader",))
        store.add_principal(who, token=TOKEN)
    template = write_json(read((ROOT / "demo" / "declarations" / "102-tshirts.xml").read_bytes()).declaration)
    cases = []
    headers = {"authorization": f"Bearer {TOKEN}", "content-type": "application/json"}
    with httpx.Client(base_url=f"http://127.0.0.1:{server.port}", timeout=60) as client:
        for number in range(5):
            reply = client.post("/declarations", content=template.replace(LRN, b"K%d" % number), headers=headers)
            assert reply.json()["status"] == "documents_required", reply.text
            cases.append(reply.json()["case_id"])
    for victim in ("core", "database", "core"):
        pid = server.pids().get(victim)
        if pid is not None:
            os.kill(pid, signal.SIGKILL)
        time.sleep(1)
    server.wait()
    with open_store(data) as store:
        end = time.monotonic() + 90
        while any(case_of(found[0].state).status != "cleared" for name in cases if (found := store.case(name))):
            assert time.monotonic() < end, server.log.read_text()[-3000:]
            time.sleep(0.5)
        for name in cases:
            events = store.events(case_id=name)
            check(events)
            found = store.case(name)
            assert found is not None
            assert fold(events) == case_of(found[0].state)
        assert store.verify().ok
    assert server.stop() == 0, server.log.read_text()[-3000:]


def check(events: list[Event]) -> None:
    moved = [event for event in events if event.kind == "LaneMoved"]
    assessed = next(event for event in events if event.kind == "DeclarationAssessed")
    assert len(moved) == 1
    due = assessed.body["officer"]["clocks"]["lane"]
    assert moved[0].occurred_at >= due > assessed.occurred_at
    assert moved[0].body["officer"] == {
        "from": "yellow", "lane": "blue", "office": moved[0].body["officer"]["office"], "ground": "timeout",
        "after_s": WAIT_S,
    }  # fmt: skip
    assert [event.kind for event in events][-1] == "DeclarationCleared"
