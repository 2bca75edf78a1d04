# SPDX-License-Identifier: Apache-2.0
"""Files of parcels through `openecp clear`: results, the journal and the ledger agree; faults stop no good parcel."""

from __future__ import annotations

import csv
import json
import shutil
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Any

import duckdb
import pytest
from click.testing import CliRunner
from tests.unit.postal_world import OFFICER, POST, item, s10

from openecp.bootstrap import Installation
from openecp.bootstrap_clearing import clearing_wiring, law_of
from openecp.border.postal.acts import AdviseItems, DecideItem
from openecp.kernel.parties.model import Organisation
from openecp.platform.cli.main import openecp
from openecp.platform.core import clearing
from openecp.platform.core.clearing import FileClearing, Options
from openecp.platform.core.desk import Desk
from openecp.platform.core.inprocess import InProcessCore
from openecp.platform.core.model import ProgrammeCommand
from openecp.platform.core.postwork import PostalCasework, PostalRules
from openecp.platform.core.programme import NoClearance, ProgrammeCasework
from openecp.platform.core.settings import Settings
from openecp.platform.store import open_store, temporary_data_folder

HEAD = (
    "parcel_id,posted_on,channel,trade,currency,dispatch_country,carrier,scheme,scheme_id,buyer_name,description,hs,"
    "origin,quantity,unit_price,duty_rate,tax_rate,restricted"
)
ON = date(2026, 7, 2)


def line(number: int, *, price: str = "9.00", hs: str = "610910", text: str = "cotton T-shirt", **more: str) -> str:
    cells = {
        "parcel_id": f"RB{number:09d}CN", "posted_on": "2026-06-30", "channel": "post", "trade": "B2C",
        "currency": "EUR",
        "dispatch_country": "CN", "carrier": "POST-PT", "scheme": "", "scheme_id": "", "buyer_name": "Ana Silva",
        "description": text, "hs": hs, "origin": "CN", "quantity": "2", "unit_price": price, "duty_rate": "0.12",
        "tax_rate": "0.20", "restricted": "", **more,
    }  # fmt: skip
    return ",".join(cells.values())


def some_file(folder: Path, many: int, name: str = "parcels.csv", *, first: int = 1) -> Path:
    """Write parcels of one and of two items, some above the limit, some sold under the scheme."""
    rows = [HEAD]
    for number in range(first, first + many):
        scheme = {"scheme": "IOSS", "scheme_id": "IM1234567890"} if number % 3 == 0 else {}
        rows.append(line(number, price=f"{5 + number % 90}.00", **scheme))
        if number % 4 == 0:
            rows.append(line(number, hs="640319", text="leather shoes", **scheme))
    path = folder / name
    path.write_text("\r\n".join(rows) + "\r\n")
    return path


@pytest.fixture(scope="module")
def data() -> Iterator[Path]:
    folder = temporary_data_folder("openecp-clear-")
    with open_store(folder):  # one server for all tests of the module
        yield folder
    shutil.rmtree(folder, ignore_errors=True)


def command(data: Path, *arguments: str) -> Any:
    found = CliRunner().invoke(openecp, ["clear", *arguments], obj=Installation(Settings(data=str(data))))
    if found.exception and not isinstance(found.exception, SystemExit):
        raise found.exception
    return found


def test_good_rows_are_cleared_and_bad_ones_told(data: Path, tmp_path: Path) -> None:
    path = tmp_path / "mixed.csv"
    rows = [
        HEAD, line(1), line(2, price="-3"), line(3, text="shoes of leather", price="200.00"),
        line(4, restricted="true"),
        line(5, duty_rate="", tax_rate=""), line(6, currency="ABC"), line(7, hs=""), line(8, text="gift"),
    ]  # fmt: skip
    path.write_text("\n".join(rows) + "\n")
    told = command(data, str(path), "--jurisdiction", "EU", "--date", "2026-07-02", "--out", str(tmp_path), "--json")
    assert told.exit_code == 0, told.output
    summary = json.loads(told.stdout)
    assert summary["outcome"] == "cleared"
    assert summary["totals"]["refused_rows"] == 2
    found = {row["row"]: row for row in csv.DictReader((tmp_path / "mixed.result.csv").open())}
    assert {number: row["decision"] for number, row in found.items()} == {
        "1": "release_with_charges", "2": "refused", "3": "full_declaration", "4": "full_declaration",
        "5": "hold", "6": "refused", "7": "hold", "8": "hold",
    }  # fmt: skip
    assert (found["1"]["duty"], found["1"]["tax"]) == ("3.00", "4.20")
    assert found["3"]["reasons"] == "OECP-LIMIT"
    assert found["4"]["reasons"] == "OECP-RESTRICTED"
    assert found["5"]["reasons"] == "OECP-TAX-RATE"
    assert found["7"]["reasons"] == "OECP-REQUIRED-HS"
    assert found["8"]["quality"]
    wrong = json.loads(found["2"]["errors"])
    assert wrong[0]["column"] == "unit_price"
    assert set(wrong[0]) == {"code", "column", "expected", "fix", "got"}
    again = command(data, str(path), "--jurisdiction", "EU", "--out", str(tmp_path), "--strict")
    assert "already cleared" in again.output
    assert again.exit_code == 1, "rows were refused"


def test_journal_and_ledger_say_what_the_result_says(data: Path, tmp_path: Path) -> None:
    path = some_file(tmp_path, 120, first=1000)
    with open_store(data) as store:
        before = revenue(store)
        wiring = clearing_wiring(store, law_of("EU"), quality=False, threads=1)
        options = Options(jurisdiction="EU", on=ON, today=ON, out=tmp_path)
        told = FileClearing(wiring, options, path).run()
        assert told.totals.parcels == 120
        records = [
            json.loads(r.record) for _, _, seq in store.parcel_ranges(told.digest) for r in store.batch_rows(seq)
        ]
        assert len(records) == 120
        charged = sum(amount["minor"] for record in records for amount in record["amounts"])
        assert (
            revenue(store) - before == charged == sum(n for one in told.totals.charged.values() for n in one.values())
        )
        rows = list(csv.DictReader(told.result.open()))
        assert round(100 * sum(float(row["duty"]) + float(row["tax"]) for row in rows)) == charged
        by = {amount["by"] for record in records for amount in record["amounts"]}
        assert by == {"collector:seller:IM1234567890:EUR", "collector:post:POST-PT:EUR"}
        assert store.verify().ok
        event = store.events(case_id=told.case_id)[0]
        assert event.kind == "ParcelsCleared"
        assert "Silva" not in json.dumps(event.body) + json.dumps(records)


def revenue(store: Any) -> int:
    return -sum(minor for (account, *_), minor in store.balances().items() if account.startswith("revenue:"))


@pytest.mark.slow
def test_parcels_of_another_file_are_not_decided_twice(data: Path, tmp_path: Path) -> None:
    first, second = some_file(tmp_path, 30, "a.csv", first=2000), some_file(tmp_path, 40, "b.csv", first=2010)
    told = command(data, str(first), str(second), "--jurisdiction", "EU", "--date", "2026-07-02", "--out",
                   str(tmp_path), "--json")  # fmt: skip
    summaries = [json.loads(text) for text in told.stdout.splitlines()]
    assert [one["totals"]["parcels"] for one in summaries] == [30, 20]
    assert [one["repeated"] for one in summaries] == [0, 20]
    rows = list(csv.DictReader((tmp_path / "b.result.csv").open()))
    repeated = [row for row in rows if row["decision"] == "repeated"]
    assert len(repeated) == 20
    assert "event" in json.loads(repeated[0]["errors"])[0]["got"]


@pytest.mark.slow
def test_every_form_of_a_result_says_the_same(data: Path, tmp_path: Path) -> None:
    path = some_file(tmp_path, 25, first=3000)
    found = {}
    for kind in ("csv", "ndjson", "parquet"):
        told = command(data, str(path), "--jurisdiction", "EU", "--date", "2026-07-02", "--out", str(tmp_path),
                       "--format", kind)  # fmt: skip
        assert told.exit_code == 0, told.output
        file = tmp_path / f"parcels.result.{kind}"
        if kind == "ndjson":
            lines = [json.loads(text) for text in file.read_text().splitlines()]
            found[kind] = [(one["row"], one["id"], one["duty"], one["tax"]) for one in lines]
        else:
            rows = duckdb.sql(f"SELECT row, parcel_id, duty, tax FROM '{file}'").fetchall()
            found[kind] = [(int(a), b, round(float(c) * 100), round(float(d) * 100)) for a, b, c, d in rows]
    assert found["csv"] == found["ndjson"] == found["parquet"]
    assert len(found["csv"]) == 25


@pytest.mark.slow
def test_a_run_that_was_stopped_goes_on(data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(clearing, "CHUNK_PARCELS", 20)
    path = some_file(tmp_path, 130, first=4000)
    with open_store(data) as store:
        wiring = clearing_wiring(store, law_of("EU"), quality=False, threads=1)
        options = Options(jurisdiction="EU", today=ON, out=tmp_path)
        stopping = FileClearing(wiring, options, path)
        record, calls = stopping._record_one, []

        def stopped(batch: Any) -> bool:
            calls.append(batch)
            if len(calls) > 3:
                raise KeyboardInterrupt
            return record(batch)

        monkeypatch.setattr(stopping, "_record_one", stopped)
        with pytest.raises(KeyboardInterrupt):
            stopping.run()
        other_day = Options(jurisdiction="EU", on=date(2026, 7, 9), today=ON, out=tmp_path)
        with pytest.raises(clearing.ClearingFault, match="2026-07-02"):
            FileClearing(wiring, other_day, path)
        shutil.rmtree(next(tmp_path.glob(".parcels.*.parts")))  # the parts are lost too
        late = Options(jurisdiction="EU", today=date(2026, 7, 9), out=tmp_path)
        told = FileClearing(wiring, late, path).run()
        assert (told.outcome, told.totals.parcels, told.totals.accepted_on) == ("resumed", 130, "2026-07-02")
        rows = list(csv.DictReader(told.result.open()))
        assert [row["parcel_id"] for row in rows] == [f"RB{number:09d}CN" for number in range(4000, 4130)]
        assert store.verify().ok


@pytest.mark.slow
def test_many_collectors_are_written_in_parts(data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(clearing, "ACCOUNTS_MOST", 10)
    path = tmp_path / "sellers.csv"
    rows = [line(n, scheme="IOSS", scheme_id=f"IM{n:010d}") for n in range(5000, 5040)]
    path.write_text("\n".join([HEAD, *rows]) + "\n")
    with open_store(data) as store:
        wiring = clearing_wiring(store, law_of("EU"), quality=False, threads=1)
        told = FileClearing(wiring, Options(jurisdiction="EU", today=ON, out=tmp_path), path).run()
        assert told.totals.parcels == 40
        assert told.totals.batches > 2
        assert len(list(csv.DictReader(told.result.open()))) == 40


def test_what_cannot_be_cleared_says_why(data: Path, tmp_path: Path) -> None:
    path = some_file(tmp_path, 1, first=9000)
    unknown = command(data, str(path), "--jurisdiction", "XX")
    assert unknown.exit_code == 2
    assert "one of AE" in unknown.output + unknown.stderr
    rates = tmp_path / "rates.csv"
    rates.write_text("kind,code,rate,valid_from,valid_to\nduty,6109,1.2e3,,\n")
    wrong = command(data, str(path), "--jurisdiction", "EU", "--rates-of-duty", str(rates))
    assert wrong.exit_code == 2
    assert "line 2" in wrong.stderr


@pytest.mark.slow
def test_rates_of_an_administration_come_before_those_of_the_row(data: Path, tmp_path: Path) -> None:
    rates = tmp_path / "rates.csv"
    rates.write_text(
        "kind,code,rate,valid_from,valid_to\nduty,61,0.10,,\nduty,6109,0.05,2026-01-01,\nduty,610910,0.5,,2025-12-31\n"
        "vat,*,0.23,,\n"
    )
    path = tmp_path / "dear.csv"
    path.write_text("\n".join([HEAD, line(9100, price="40.00")]) + "\n")
    told = command(data, str(path), "--jurisdiction", "EU", "--date", "2026-07-02", "--rates-of-duty", str(rates),
                   "--out", str(tmp_path), "--no-quality", "--json")  # fmt: skip
    assert told.exit_code == 0, told.output
    (row,) = csv.DictReader((tmp_path / "dear.result.csv").open())
    assert (row["duty"], row["tax"]) == ("3.00", "19.09")


@pytest.mark.slow
def test_what_an_officer_decided_as_a_postal_item_is_told_and_not_decided_again(
    data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One of the first chunk is found when it is to be recorded, one of a later chunk before it is assessed."""
    monkeypatch.setattr(clearing, "CHUNK_PARCELS", 4)
    monkeypatch.setattr(clearing, "STRIDE_CHUNKS", 2)
    names = [s10(number, country="CN") for number in range(7001, 7013)]
    path = tmp_path / "post.csv"
    path.write_text("\n".join([HEAD, *(line(n, parcel_id=name) for n, name in enumerate(names))]) + "\n")
    taken = {names[2]: "release", names[9]: "hold_for_documents"}
    options = Options(jurisdiction="EU", on=ON, today=ON, out=tmp_path)
    with open_store(data) as store:
        store.add_organisation(Organisation(organisation_id="x-post", name="X Post"))
        programme = ProgrammeCasework(store, others=(PostalCasework(store, rules=PostalRules()),))
        nothing = NoClearance()
        core = InProcessCore(Desk(assessor=nothing, casework=nothing, reader=store, writer=store, programme=programme))
        items = tuple(item(s10=name, posted_on="2026-06-30") for name in (*taken, names[5]))
        acts: list[Any] = [(AdviseItems(items=items), POST)]
        acts += [(DecideItem(item=f"{name}/2026-06-30", decision=word), OFFICER) for name, word in taken.items()]
        for act, who in acts:
            answer = core.submit_all([ProgrammeCommand(principal=who, act=act)])[0]
            assert answer.error is None, answer.error
        before = revenue(store)
        wiring = clearing_wiring(store, law_of("EU"), quality=False, threads=1)
        told = FileClearing(wiring, options, path).run()
        assert (told.totals.parcels, told.repeated) == (10, 2)
        first = told.result.read_bytes()
        rows = {row["parcel_id"]: row for row in csv.DictReader(told.result.open())}
        assert list(rows) == names
        for name in names:
            decided = store.parcel_rows(name, "2026-06-30")
            assert (rows[name]["decision"] == "repeated", len(decided)) == ((True, 0) if name in taken else (False, 1))
        for name in taken:
            (why,) = json.loads(rows[name]["errors"])
            assert why["code"] == "OECP-PARCEL-DECIDED-BY-POST"
            assert why["got"] == f"decided as postal item {name}/2026-06-30"
        charged = round(100 * sum(float(row["duty"] or 0) + float(row["tax"] or 0) for row in rows.values()))
        assert revenue(store) - before == charged
        stream = f"post/item/2026-06-30/{names[2]}"
        assert len(store.events(case_id=stream)) == 2
        assert set(store.states([stream, "", f"none\n{stream}"])) == {stream}
        assert store.states([]) == {}
        again = DecideItem(item=f"{names[2]}/2026-06-30", decision="examine")
        assert core.submit_all([ProgrammeCommand(principal=OFFICER, act=again)])[0].error is None
        told = FileClearing(wiring, options, path).run()
        assert (told.outcome, told.repeated, told.result.read_bytes()) == ("already", 2, first)
        assert revenue(store) - before == charged
        assert store.verify().ok
