# SPDX-License-Identifier: Apache-2.0
"""Files of parcels: taken, watched, resumed, refused with what to do; each organisation its own."""

from __future__ import annotations

import os
import threading
from collections.abc import Iterator, Mapping
from datetime import timedelta
from pathlib import Path
from typing import Any

import msgspec
import pytest
from litestar import Litestar
from litestar.testing import TestClient
from parcel_console_world import SUMMARY, InventedClearing, ParcelConsole, form_token

from openecp.platform.console.parcels.clearing_job import summary_of
from openecp.platform.console.parcels.inbox import FileProgress, Inbox, InboxFile
from openecp.platform.core.clearing import FileCleared
from openecp.platform.core.clearing_batch import Totals

HERE = "/console/parcels/files"


@pytest.fixture
def world(tmp_path: Path) -> ParcelConsole:
    return ParcelConsole(tmp_path / "files")


def address_of(reply: Any) -> str:
    """Return the address of the file that a form was answered with."""
    assert reply.status_code == 303, reply.text
    return str(reply.headers["location"]).partition("?")[0]


def test_a_file_is_taken_watched_and_told(world: ParcelConsole) -> None:
    tom = world.client("tom")
    here = address_of(world.send(tom, b"good", "C:\\fakepath\\day.csv", on="2026-07-02"))
    assert "Waiting to be cleared" in tom.get(here).text
    world.clearing.hold = threading.Event()
    worker = threading.Thread(target=world.inbox.work_through)
    worker.start()
    for _ in range(500):
        progress = tom.get(f"{here}/progress")
        if "48 %" in progress.text:
            break
    assert "6,000 of 12,345 rows" in progress.text
    assert 'hx-trigger="every 2s"' in progress.text
    assert "48 %" in tom.get(HERE).text
    world.clearing.hold.set()
    worker.join(20)
    assert tom.get(f"{here}/progress").headers["hx-redirect"] == here
    page = tom.get(here).text
    for text in ("day.csv", "9,990", "21,353.37 EUR", "OECP-CELL-DATE", "IM1234567890", "not named", "2 July 2026"):
        assert text in page, text
    result = tom.get(f"{here}/results/result.csv")
    assert result.text.startswith("parcel_id")
    assert 'filename="day.result.csv"' in result.headers["content-disposition"]
    assert tom.get(f"{here}/results/file.json").status_code == 404
    assert tom.get(f"{here}/results/..%2Ffile.json").status_code == 404


def test_what_is_wrong_with_the_form_stands_at_its_field(world: ParcelConsole) -> None:
    tom = world.client("tom")
    cases: tuple[tuple[dict[str, str], str, bytes, int, str], ...] = (
        ({}, "day.exe", b"x", 422, "The file must be CSV"),
        ({}, "day.csv", b"", 422, "The file is empty"),
        ({"jurisdiction": "XX"}, "day.csv", b"x", 422, "Choose where the parcels go"),
        ({"on": "yesterday"}, "day.csv", b"x", 422, "Enter a day such as"),
        ({"form_token": "wrong"}, "day.csv", b"x", 403, "open too long"),
    )
    for fields, name, content, status, says in cases:
        reply = world.send(tom, content, name, **fields)
        assert (reply.status_code, says in reply.text) == (status, True), says
        assert 'class="govuk-error-summary"' in reply.text
    token = form_token(tom.get(HERE).text)
    assert "Choose a file" in tom.post(HERE, data={"form_token": token, "jurisdiction": "EU"}).text
    assert world.inbox.files(None) == []
    assert [path for path in world.folder.glob("draft-*") if path.stat().st_size] == []


def test_an_unusable_file_says_what_to_do_and_is_tried_again(world: ParcelConsole) -> None:
    tom = world.client("tom")
    here = address_of(world.send(tom, b"unusable", "wrong.csv"))
    broken = address_of(world.send(tom, b"broken", "broken.csv"))
    world.inbox.work_through()
    page = tom.get(here).text
    assert "Add the column parcel_id." in page
    assert "wrong.csv" in page
    assert "input.csv" not in page
    unforeseen = tom.get(broken).text
    assert "incident" in unforeseen
    assert "nobody foresaw" not in unforeseen  # an error of ours is in the log, not on the page
    token = form_token(page)
    assert tom.post(f"{here}/again", data={"form_token": token}, follow_redirects=False).status_code == 303
    assert "Waiting to be cleared" in tom.get(here).text
    assert tom.post(f"{here}/again", data={"form_token": "x"}).status_code == 403


def test_the_same_file_is_cleared_once_for_each_organisation(world: ParcelConsole) -> None:
    tom, uma = world.client("tom"), world.client("uma")
    first = address_of(world.send(tom, b"good"))
    world.inbox.work_through()
    again = world.send(tom, b"good", "another-name.csv")
    assert address_of(again) == first
    assert "sent before" in tom.get(again.headers["location"]).text
    other = address_of(world.send(uma, b"good"))
    assert other != first
    assert uma.get(first).status_code == 404
    assert uma.get(f"{first}/results/result.csv").status_code == 404
    world.inbox.work_through()
    assert world.clearing.runs == 2
    assert first in world.client("anna").get(HERE).text


def test_a_file_that_was_cut_off_goes_on_after_a_restart(world: ParcelConsole) -> None:
    """A new server over the same folder clears what was running and waiting; a lock keeps a second one off."""
    tom = world.client("tom")
    here = address_of(world.send(tom, b"good"))
    key = here.rpartition("/")[2]
    file = world.inbox.find(key)
    assert file is not None
    running = msgspec.structs.replace(file, state="running", progress=FileProgress(rows=10, rows_done=4))
    (world.folder / key / "file.json").write_bytes(msgspec.json.encode(running))
    second = Inbox(world.folder, InventedClearing(), now=world.clock.now)
    second.start()
    try:
        for _ in range(500):
            now = world.inbox.find(key)
            assert now is not None
            if now.state == "done":
                break
            threading.Event().wait(0.02)
        assert now.state == "done"
        assert now.summary == msgspec.json.decode(msgspec.json.encode(SUMMARY))
    finally:
        second.stop()


def test_a_stopped_server_leaves_a_file_as_it_was(tmp_path: Path) -> None:
    inbox: Inbox

    def clear(file: InboxFile, path: Path, folder: Path, told: Any, stopped: threading.Event) -> dict[str, Any]:
        told(FileProgress(rows=10, rows_done=4))
        stopped.set()
        raise RuntimeError("cut off")

    inbox = Inbox(tmp_path, clear)
    draft = inbox.draft()
    draft.write_bytes(b"x")
    about = InboxFile(
        key="", sha256="", name="x.csv", size=1, jurisdiction="EU", organisation="o", by="tom", received_at="2026"
    )
    kept, before = inbox.take(draft, "00", about)
    assert not before
    inbox.work_through()
    now = inbox.find(kept.key)
    assert now is not None
    assert (now.state, now.progress.rows_done) == ("running", 4)


def test_what_names_people_does_not_stay(world: ParcelConsole) -> None:
    """The input goes once it is cleared, a week after it could not be, a day after an upload was cut off."""
    tom = world.client("tom")
    good = world.inbox.find(address_of(world.send(tom, b"good")).rpartition("/")[2])
    here = address_of(world.send(tom, b"unusable"))
    bad = world.inbox.find(here.rpartition("/")[2])
    draft = world.inbox.draft()
    draft.write_bytes(b"cut off")
    os.utime(draft, (0, 0))
    assert good is not None
    assert bad is not None
    world.inbox.work_through()
    assert not world.inbox.has_input(good)
    assert world.inbox.has_input(bad)
    assert not draft.exists()
    assert "Try again" in tom.get(here).text
    world.clock.when += timedelta(days=8)
    world.inbox.work_through()
    assert not world.inbox.has_input(bad)
    assert "Try again" not in tom.get(here).text
    token = form_token(tom.get(here).text)
    tom.post(f"{here}/again", data={"form_token": token})
    assert "Add the column parcel_id." in tom.get(here).text  # it stays as it was


def test_who_may_send(world: ParcelConsole) -> None:
    for name, may in (("tom", True), ("anna", True), ("olive", False)):
        page = world.client(name).get(HERE)
        assert ("data-upload" in page.text) == may, name
    assert world.send(world.client("olive"), b"x").status_code == 403
    assert world.client("oscar").get(HERE).status_code == 403
    assert world.client().get(HERE, follow_redirects=False).status_code == 303
    stranger: TestClient[Litestar] = world.client()
    assert stranger.post(HERE, data={"jurisdiction": "EU"}, follow_redirects=False).status_code == 303


def test_a_summary_adds_up_the_batches() -> None:
    """Collectors, reasons and senders of all batches; the totals are those of the file."""
    totals = Totals(
        rows=9, rows_done=9, refused_rows=2, parcels=5, decisions={"hold": 1, "release": 4}, refused={"X": 2}
    )
    cleared = FileCleared(
        file="f", digest="d", case_id="c", outcome="cleared", result=Path("input.result.csv"), totals=totals
    )

    def bodies() -> Iterator[Mapping[str, Any]]:
        for parcels in (2, 3):
            yield {
                "charged": [{"account": "collector:post:P:EUR", "type": "tax", "minor": 10 * parcels}],
                "reasons": {"OECP-LIMIT": 1},
                "senders": [{"sender": "CN", "parcels": parcels, "flagged": 1, "held": 0}],
            }

    found = summary_of(cleared, bodies())
    assert found["charges"] == [{"account": "collector:post:P:EUR", "type": "tax", "minor": 50}]
    assert found["reasons"] == {"OECP-LIMIT": 2}
    assert found["quality"] == [{"sender": "CN", "parcels": 5, "flagged": 2, "held": 0}]
    assert (found["parcels"], found["refused_rows"], found["results"]) == (5, 2, ["input.result.csv"])
