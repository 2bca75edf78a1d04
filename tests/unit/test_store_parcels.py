# SPDX-License-Identifier: Apache-2.0
"""Bulk decisions are recorded whole and once, proven one by one, and every row that was changed is named."""

from __future__ import annotations

import base64
import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import duckdb
import msgspec
import psycopg
import pytest
from tests.parcel_world import parcel_batch, parcel_record
from tests.store_world import (  # noqa: F401  fixtures
    case_write,
    database_server,
    document,
    empty_database,
    entry,
    shared_database,
    store,
    tamper,
)

from openecp.kernel.journal.bulk import CounterKey, CounterMove, EarlierParcel, ParcelBatch, record_tree
from openecp.kernel.journal.memory import MemoryStore
from openecp.kernel.journal.model import Idempotency, StoredDocument
from openecp.platform.engines.parcel_redaction import without_persons
from openecp.platform.store import JournalTampered, PostgresStore, restore_store

TOOL = Path(__file__).resolve().parents[2] / "tools" / "verify_receipt.py"
IDS = [f"LX{number:09}GB" for number in range(300)]
DAY = CounterKey("a" * 32, "person_day", "2026-07-01", "EUR")


@pytest.fixture(params=["memory", "postgres"])
def any_store(request: pytest.FixtureRequest) -> Any:
    """Return each kind of store in turn."""
    return MemoryStore() if request.param == "memory" else request.getfixturevalue("store")


def test_a_batch_is_recorded_whole(any_store: Any) -> None:
    batch = parcel_batch(IDS[:200], persons=["p" * 32, None] * 100, ledger=(entry(1, case_id="parcels/file/1"),))
    written = any_store.write_parcels(batch)
    assert (written.outcome, written.seq, written.recorded_at[:2]) == ("recorded", 1, "20")
    assert any_store.parcel_ranges("file-1") == [(1, 200, 1)]
    assert any_store.parcel_ranges("other") == []
    rows = list(any_store.batch_rows(1))
    assert [(row.number, row.parcel_id, row.record, row.person) for row in rows] == [
        (number, IDS[number], batch.records[number], batch.persons[number]) for number in range(200)
    ]
    event = any_store.events()[0]
    assert (event.kind, event.body["root"]) == ("ParcelsCleared", record_tree(batch.records).root)
    assert any_store.case("parcels/file/1")[1] == 1
    assert list(any_store.batch_rows(2)) == []


def test_a_range_is_recorded_once(any_store: Any) -> None:
    batch = parcel_batch(IDS[:10], first_row=11)
    first = any_store.write_parcels(batch)
    again = any_store.write_parcels(batch)
    assert (again.outcome, again.seq, again.recorded_at) == ("repeated", first.seq, first.recorded_at)
    for first_row, last_row in ((1, 11), (20, 30), (12, 13), (1, 90)):
        other = parcel_batch(IDS[20:22], first_row=first_row, last_row=last_row, expected_seq=1)
        answer = any_store.write_parcels(other)
        assert answer.outcome == "invalid", (first_row, last_row)
        assert "11 to 20" in answer.error
    for first_row, last_row in ((1, 10), (21, 40)):
        ids = IDS[first_row + 20 : first_row + 22]
        batch = parcel_batch(ids, first_row=first_row, last_row=last_row, expected_seq=any_store.size())
        assert any_store.write_parcels(batch).outcome == "recorded"
    assert any_store.parcel_ranges("file-1") == [(1, 10, 2), (11, 20, 1), (21, 40, 3)]
    elsewhere = parcel_batch(IDS[50:60], first_row=11, source="file-2", case_id="parcels/file/2")
    assert any_store.write_parcels(elsewhere).outcome == "recorded"


def test_parcels_decided_before_are_named_all(any_store: Any) -> None:
    any_store.write_parcels(parcel_batch(IDS[:10]))
    again = parcel_batch([IDS[40], IDS[3], IDS[41], IDS[7]], first_row=100, expected_seq=1)
    answer = any_store.write_parcels(again)
    assert answer.outcome == "parcels"
    assert answer.earlier == (EarlierParcel(IDS[3], "2026-07-01", 1, 3), EarlierParcel(IDS[7], "2026-07-01", 1, 7))
    assert any_store.parcel_ranges("file-1") == [(1, 10, 1)]
    assert any_store.size() == 1
    # An identifier is used again after a while: the date is part of the key.
    later = parcel_batch([(IDS[3], "2028-01-31")], first_row=100, expected_seq=1)
    assert any_store.write_parcels(later).outcome == "recorded"
    assert [(row.posted_on, row.seq) for row in any_store.parcel_rows(IDS[3])] == [("2028-01-31", 2), ("2026-07-01", 1)]
    assert [row.seq for row in any_store.parcel_rows(IDS[3], "2026-07-01")] == [1]
    assert any_store.parcel_rows("no such parcel") == []
    assert any_store.parcels_known([(IDS[9], "2026-07-01"), (IDS[9], "2026-07-02"), (IDS[0], "2026-07-01")]) == [
        EarlierParcel(IDS[9], "2026-07-01", 1, 9),
        EarlierParcel(IDS[0], "2026-07-01", 1, 0),
    ]


def test_totals_that_moved_on_stop_a_batch(any_store: Any) -> None:
    batch = parcel_batch(IDS[:2], counters=(CounterMove(DAY, 0, 15_000_000),))
    assert any_store.write_parcels(batch).outcome == "recorded"
    assert any_store.counters([DAY]) == {DAY: (1, 15_000_000)}
    stale = parcel_batch(IDS[2:4], first_row=3, expected_seq=1, counters=(CounterMove(DAY, 0, 1),))
    assert any_store.write_parcels(stale).outcome == "counters"
    assert any_store.write_parcels(msgspec.structs.replace(batch, first_row=3, last_row=4)).outcome == "counters"
    other = CounterKey("b" * 32, "order", "c" * 32, "EUR")
    moves = (CounterMove(DAY, 1, -5_000_000), CounterMove(other, 0, 7))
    assert any_store.write_parcels(msgspec.structs.replace(stale, counters=moves)).outcome == "recorded"
    assert any_store.counters([DAY, other]) == {DAY: (2, 10_000_000), other: (1, 7)}


def test_a_stream_that_moved_on_and_a_key_used_before(any_store: Any) -> None:
    key = Idempotency(organisation="XB-POST", key="upload-1", body_hash=b"h" * 32)
    assert any_store.write_parcels(parcel_batch(IDS[:5], idempotency=key)).outcome == "recorded"
    stale = any_store.write_parcels(parcel_batch(IDS[5:9], first_row=6))
    assert (stale.outcome, stale.seq) == ("stale", 1)
    repeated = any_store.write_parcels(parcel_batch(IDS[5:9], first_row=6, expected_seq=1, idempotency=key))
    assert (repeated.outcome, repeated.seq) == ("repeated", 1)
    other = msgspec.structs.replace(key, body_hash=b"i" * 32)
    assert (
        any_store.write_parcels(parcel_batch(IDS[5:9], first_row=6, expected_seq=1, idempotency=other)).outcome
        == "invalid"
    )
    assert any_store.size() == 1


BAD: list[tuple[Callable[[], ParcelBatch], str]] = [
    (lambda: msgspec.structs.replace(parcel_batch(IDS[:2]), records=[parcel_record(IDS[0])] * 2), "root"),
    (lambda: parcel_batch(IDS[:2], body={"parcels": 3}), "over 3"),
    (lambda: msgspec.structs.replace(parcel_batch(IDS[:2]), parcel_ids=IDS[:3]), "parcel_ids"),
    (lambda: msgspec.structs.replace(parcel_batch(IDS[:2]), persons=["a"]), "persons"),
    (lambda: parcel_batch([(IDS[0], "2026-02-30")]), "2026-02-30"),
    (lambda: parcel_batch([(IDS[0], "20260701")]), "20260701"),
    (lambda: parcel_batch([""]), "parcel_id 0"),
    (lambda: parcel_batch([IDS[0], "x" * 101]), "parcel_id 1"),
    (lambda: parcel_batch(IDS[:2], first_row=5, last_row=4), "rows"),
    (lambda: parcel_batch(IDS[:2], first_row=0), "rows"),
    (lambda: parcel_batch(IDS[:2], records=["{}", '{"a":\x00}']), "record 1"),
    (lambda: parcel_batch(IDS[:1], records=["x" * 64_001]), "record 0"),
    (lambda: parcel_batch([IDS[0], IDS[1], IDS[0]]), "again"),
    (lambda: parcel_batch(IDS[:2], case_id="other/1"), "case_id"),
    (lambda: parcel_batch(IDS[:2], counters=(CounterMove(DAY, 0, 1), CounterMove(DAY, 0, 1))), "twice"),
    (lambda: parcel_batch(IDS[:2], counters=(CounterMove(DAY, -1, 1),)), "version"),
    (lambda: parcel_batch(IDS[:2], counters=(CounterMove(DAY, 0, 1 << 60),)), "amount"),
    (lambda: parcel_batch([]), "records"),
]


@pytest.mark.parametrize("number", range(len(BAD)))
def test_a_batch_that_cannot_be_recorded_says_why(any_store: Any, number: int) -> None:
    make, word = BAD[number]
    answer = any_store.write_parcels(make())
    assert answer.outcome == "invalid"
    assert word in answer.error
    assert any_store.size() == 0


def test_rows_are_never_changed(store: PostgresStore) -> None:  # noqa: F811
    store.write_parcels(parcel_batch(IDS[:2]))
    for statement in (
        "UPDATE parcels SET record = '{}'",
        "DELETE FROM parcels",
        "TRUNCATE parcels",
        "DELETE FROM parcel_batches",
    ):
        with store.connect() as connection, pytest.raises(psycopg.errors.RestrictViolation):
            connection.execute(statement)  # type: ignore[arg-type]


def offline(folder: Path, receipt: Any, key: str) -> tuple[int, str]:
    """Run the stand-alone verifier with a bare Python."""
    path = folder / "receipt.json"
    path.write_text(json.dumps(receipt))
    done = subprocess.run([sys.executable, "-I", "-S", str(TOOL), str(path), key], capture_output=True, text=True)
    return done.returncode, done.stdout + done.stderr


def test_a_parcel_receipt_is_verified_without_our_package(store: PostgresStore, tmp_path: Path) -> None:  # noqa: F811
    store.write_parcels(parcel_batch(IDS[:77]))
    store.write_parcels(parcel_batch(IDS[100:101], first_row=100, expected_seq=1))
    key = store.log_public_keys() or [store.log_key().verifier()]
    for parcel_id in (IDS[0], IDS[76], IDS[100]):
        receipt = store.parcel_receipt(parcel_id, "2026-07-01")
        code, said = offline(tmp_path, receipt, key[0])
        assert (code, f"parcel {parcel_id} of 2026-07-01" in said) == (0, True), said
    receipt = store.parcel_receipt(IDS[40])
    assert receipt is not None
    record = base64.b64decode(str(receipt["record"]))
    path = list(receipt["path"])  # type: ignore[call-overload]
    other = store.parcel_receipt(IDS[100])
    assert other is not None
    changes: dict[str, Any] = {
        "record": base64.b64encode(record.replace(b"release", b"destroy")).decode(),
        "number": 41,
        "path": [path[1], path[0], *path[2:]],
        "parcels": 78,
        "parcel_id": IDS[41],
        "posted_on": "2026-07-02",
        "event_receipt": other["event_receipt"],
        "format": "other",
    }
    for field, value in changes.items():
        code, said = offline(tmp_path, receipt | {field: value}, key[0])
        assert (code, said.split(":")[0]) == (1, "NOT VERIFIED"), (field, said)
    assert store.parcel_receipt("no such parcel") is None
    assert store.parcel_receipt(IDS[40], "2026-07-02") is None


TAMPERED: list[tuple[str, tuple[Any, ...], str, str]] = [
    ("UPDATE parcels SET record = replace(record, 'release', 'destroy') WHERE number = 17", (), "parcel", "number 17"),
    ("UPDATE parcels SET parcel_id = 'LX999999999GB' WHERE number = 18", (), "parcel", IDS[18]),
    ("UPDATE parcels SET posted_on = '2026-07-03' WHERE number = 19", (), "parcel", "posted 2026-07-01"),
    ("UPDATE parcels SET number = 0, posted_on = '2026-07-09' WHERE number = 20", (), "parcel", "number 20"),
    ("DELETE FROM parcels WHERE number = 21", (), "parcel", "number 21"),
    ("DELETE FROM parcels WHERE seq = 1", (), "parcel batch", "60 rows"),
    (
        "INSERT INTO parcels SELECT seq, 60, posted_on, 'LXX', person, record FROM parcels WHERE number = 5",
        (),
        "parcel",
        "number 60",
    ),
    (
        "INSERT INTO parcels SELECT 9, 0, posted_on, 'LXX', person, record FROM parcels LIMIT 1",
        (),
        "parcel",
        "no batch",
    ),
    ("UPDATE parcel_batches SET leaves = overlay(leaves placing 'x'::bytea from 5)", (), "parcel batch", "root"),
    ("UPDATE parcel_batches SET parcels = 61", (), "parcel batch", "60 parcels"),
    ("DELETE FROM parcel_batches", (), "parcel batch", "as the event says"),
    (
        "INSERT INTO parcel_batches SELECT 2, source, 60, 61, parcels, leaves FROM parcel_batches",
        (),
        "parcel batch",
        "file-1 rows 60 to 61",
    ),
]


@pytest.mark.parametrize("number", range(len(TAMPERED)))
def test_what_was_changed_behind_our_back_is_named(store: PostgresStore, number: int) -> None:  # noqa: F811
    store.write_parcels(parcel_batch(IDS[:60]))
    report = store.verify()
    assert (report.ok, report.parcels, report.parcel_batches) == (True, 60, 1)
    statement, parameters, what, word = TAMPERED[number]
    tamper(store, statement, *parameters)
    report = store.verify()
    assert any(finding.what == what and word in str(finding) for finding in report.findings), report.findings


def test_no_receipt_for_a_changed_record(store: PostgresStore) -> None:  # noqa: F811
    store.write_parcels(parcel_batch(IDS[:60]))
    tamper(store, "UPDATE parcels SET record = replace(record, 'release', 'destroy') WHERE number = 17")
    with pytest.raises(JournalTampered, match=IDS[17]):
        store.parcel_receipt(IDS[17])


def test_a_lost_answer_is_found_out(store: PostgresStore, monkeypatch: pytest.MonkeyPatch) -> None:  # noqa: F811
    store.write_parcels(parcel_batch(IDS[:2]))
    commit, calls = psycopg.Connection.commit, []

    def lose(connection: Any, *, before: bool) -> None:
        calls.append(1)
        if len(calls) == 1:
            if not before:
                commit(connection)
            raise psycopg.OperationalError("the connection is lost")
        commit(connection)

    for number, before in enumerate((True, False), 1):
        calls.clear()
        with monkeypatch.context() as patched:
            patched.setattr(psycopg.Connection, "commit", lambda connection, b=before: lose(connection, before=b))
            rows = slice(number * 10, number * 10 + 5)
            answer = store.write_parcels(parcel_batch(IDS[rows], first_row=number * 10, expected_seq=number))
        assert (answer.outcome, answer.seq) == ("recorded", number + 1)
    assert store.parcel_ranges("file-1") == [(1, 2, 1), (10, 14, 2), (20, 24, 3)]
    assert store.verify().ok


def test_backup_and_restore_hold_all(store: PostgresStore, empty_database: str, tmp_path: Path) -> None:  # noqa: F811
    documents = (document(1, b"goods"),)
    store.write_parcels(parcel_batch(IDS[:60], documents=documents, counters=(CounterMove(DAY, 0, 5),)))
    store.backup(tmp_path / "backup.zip")
    assert restore_store(tmp_path / "backup.zip", empty_database).ok
    with PostgresStore(url=empty_database, folder=tmp_path) as restored:
        assert restored.counters([DAY]) == {DAY: (1, 5)}
        assert restored.write_parcels(parcel_batch(IDS[:60])).outcome == "repeated"
        assert restored.write_parcels(parcel_batch(IDS[59:61], first_row=61, expected_seq=1)).outcome == "parcels"


def persons_file(folder: Path, rows: list[tuple[int, str, str]]) -> bytes:
    """Return a Parquet file of rows, buyers and senders."""
    with duckdb.connect() as connection:
        connection.execute(
            "CREATE TABLE persons (row_id BIGINT, sender_name VARCHAR, sender_address VARCHAR, buyer_id VARCHAR, "
            "buyer_name VARCHAR, buyer_address VARCHAR)"
        )
        connection.executemany("INSERT INTO persons VALUES (?, ?, NULL, NULL, ?, NULL)", rows)
        connection.execute(f"COPY persons TO '{folder / 'persons.parquet'}'")
    return (folder / "persons.parquet").read_bytes()


def names_in(content: bytes, folder: Path) -> list[tuple[int, str | None]]:
    (folder / "left.parquet").write_bytes(content)
    with duckdb.connect() as connection:
        query = f"SELECT row_id, buyer_name FROM '{folder / 'left.parquet'}' ORDER BY row_id"
        return connection.execute(query).fetchall()


def test_one_person_is_taken_out_of_a_batch(store: PostgresStore, tmp_path: Path) -> None:  # noqa: F811
    rows = [(1, "S", "Ada"), (2, "S", "Ada"), (3, "S", "Ben"), (4, "T", "Ada"), (5, "T", "Ada"), (6, "S", "Cy")]
    ada, ben = "a" * 32, "b" * 32
    whole = StoredDocument(
        document_id="persons-1", kind="parcel_persons", media_type="application/vnd.apache.parquet",
        content=persons_file(tmp_path, rows), salt=b"s" * 16,
    )  # fmt: skip
    records = [parcel_record(IDS[n], row=row) for n, row in enumerate((1, 3, 4, 5, 6))]
    batch = parcel_batch(IDS[:5], records=records, persons=[ada, ben, ada, ada, None], documents=(whole, document(2)))
    assert store.write_parcels(batch).outcome == "recorded"
    store.redactions = {"parcel_persons": without_persons}
    done = store.erase(ada)
    assert (done.documents, done.parties) == (1, 0)
    left = store.document("persons-1")
    assert left is not None
    assert names_in(left.content, tmp_path) == [(1, None), (2, None), (3, "Ben"), (4, None), (5, None), (6, "Cy")]
    assert store.verify().ok
    assert store.erase(ben).documents == 1  # found again, although it is no longer what the event holds
    left = store.document("persons-1")
    assert left is not None
    assert [name for _, name in names_in(left.content, tmp_path) if name] == ["Cy"]
    assert store.erase("c" * 32).documents == 0
    note = StoredDocument(document_id="note-1", kind="note", media_type="text/plain", content=b"Ada", salt=b"n" * 16)
    about = f"parcel/2026-07-01/{IDS[2]}"
    assert store.write([case_write(about, lrn=IDS[2], room="parcel", documents=(note,))])[0].outcome == "recorded"
    assert store.erase("ada@x", parcel_persons=[ada]).documents == 2  # her rows again, and what was written since
    assert store.document("note-1") is None
    report = store.verify()
    assert report.ok, report.findings
    events = [event for event in store.events(limit=10) if event.kind == "PersonErased"]
    assert [len(event.body.get("documents", [])) for event in events] == [1, 1, 0, 1]
    store.backup(tmp_path / "backup.zip")
    tamper(store, "UPDATE documents SET content = 'x' WHERE document_id = 'persons-1'")
    assert [finding.where for finding in store.verify().findings] == ["persons-1"]
