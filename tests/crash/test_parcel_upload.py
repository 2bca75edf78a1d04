# SPDX-License-Identifier: Apache-2.0
"""An uploaded file whose clearing is killed: it is tried again, goes on after what is recorded, and doubles nothing.

Method: the console's own inbox over an embedded database; the process that clears is killed with -9 in the middle.
"""

from __future__ import annotations

import csv
import shutil
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from openecp.bootstrap import Installation
from openecp.bootstrap_console import ChildClearing, console_parcels
from openecp.platform.console.parcels.inbox import Inbox, InboxFile
from openecp.platform.core.settings import settings_from
from openecp.platform.store import temporary_data_folder

pytestmark = pytest.mark.slow
PARCELS = 130_000  # more than one stride of chunks
HEAD = (
    "parcel_id,posted_on,currency,dispatch_country,scheme,scheme_id,description,hs,origin,unit_price,weight_kg,tax_rate"
)


@pytest.fixture
def data() -> Iterator[Path]:
    """A data folder that the embedded database can reach."""
    folder = temporary_data_folder("openecp-upload-")
    yield folder
    shutil.rmtree(folder, ignore_errors=True)


def write_file(path: Path) -> None:
    """Write a day of invented parcels, one in a thousand of them not usable."""
    with path.open("w", encoding="utf-8") as file:
        file.write(HEAD + "\n")
        for n in range(PARCELS):
            day = "someday" if n % 1000 == 999 else "2026-07-01"
            seller = "IOSS,IM1234567890" if n % 2 else ","
            goods = "gift" if n % 10 == 3 else "knitted cotton pullover for women"
            file.write(f"UP{n:08d},{day},EUR,CN,{seller},{goods},611020,CN,{n % 140 + 1}.50,0.4,0.20\n")


def take(inbox: Inbox, source: Path) -> InboxFile:
    """Keep a file as the form does."""
    draft = inbox.draft()
    draft.write_bytes(source.read_bytes())
    about = InboxFile(
        key="", sha256="", name="day.csv", size=draft.stat().st_size, jurisdiction="EU", organisation="brise", by="tom",
        received_at="2026-07-02T00:00:00.000000Z", on="2026-07-02",
    )  # fmt: skip
    return inbox.take(draft, "00", about)[0]


def test_a_killed_clearing_goes_on(data: Path, tmp_path: Path) -> None:
    installation = Installation(settings_from({"OPENECP_DATA": str(data)}))
    source = tmp_path / "day.csv"
    write_file(source)
    with installation.open_store() as store:
        desk = console_parcels(installation, store)
        inbox = desk.inbox
        assert inbox is not None
        file = take(inbox, source)
        worker = threading.Thread(target=inbox.work_through)
        worker.start()
        runner = inbox.clear
        assert isinstance(runner, ChildClearing)
        seen = 0
        for _ in range(3000):
            time.sleep(0.05)
            now = inbox.find(file.key)
            assert now is not None
            seen = now.progress.rows_done
            if seen or now.state == "failed":
                break
        assert runner.child is not None, now
        runner.child.kill()
        worker.join(60)
        failed = inbox.find(file.key)
        assert failed is not None
        assert failed.state == "failed"
        assert failed.fault is not None
        assert "incident" in failed.fault.got
        assert 0 < seen < PARCELS

        inbox.again(failed)
        inbox.work_through()
        done = inbox.find(file.key)
        assert done is not None
        assert (done.state, done.fault) == ("done", None)
        bad = PARCELS // 1000
        assert (done.summary["parcels"], done.summary["refused_rows"]) == (PARCELS - bad, bad)
        assert sum(done.summary["decisions"].values()) == PARCELS - bad
        assert sum(row["parcels"] for row in done.summary["quality"]) == PARCELS - bad
        with inbox.path(done, done.summary["results"][0]).open(encoding="utf-8", newline="") as lines:
            rows = [int(row["row"]) for row in csv.DictReader(lines)]
        assert rows == list(range(1, PARCELS + 1))

        accounts = {row.account: row.balance_minor for row in installation.collectors(store).balances()}
        charged: dict[str, int] = {}
        for one in done.summary["charges"]:
            charged[one["account"]] = charged.get(one["account"], 0) + one["minor"]
        assert accounts == charged

        declared = desk.declared
        assert declared is not None
        row = store.parcel_rows("UP00000003", "2026-07-01")[0]
        goods = declared(row.seq, row.number, row.parcel_id, row.posted_on)
        assert goods is not None
        assert goods.items[0].description == "gift"
