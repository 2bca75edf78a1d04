# SPDX-License-Identifier: Apache-2.0
"""A person is erased, a backup restored, and the journal verifies green before and after."""

from __future__ import annotations

import zipfile
from pathlib import Path

import psycopg
import pytest
from tests.store_world import (  # noqa: F401  fixtures
    case_write,
    database_server,
    document,
    empty_database,
    entry,
    later,
    message,
    shared_database,
    store,
    tamper,
)

from openecp.kernel.journal.admission import StoreSettings
from openecp.kernel.journal.canonical import salted_digest
from openecp.kernel.parties.model import Organisation, Principal
from openecp.platform.store import PostgresStore, StoreError, StoreTooNew, restore_store
from openecp.platform.store.migrate import migrations


def test_a_person_is_erased_and_the_journal_stays_green(store: PostgresStore) -> None:  # noqa: F811
    store.add_organisation(Organisation(organisation_id="P7", name="Jo Doe", webhook_url="https://example.org"))
    store.add_principal(
        Principal(principal_id="P7", kind="person", organisation="P7", name="Jo Doe", roles=("trader",)), token="t" * 20
    )
    about = document(1, b"Jo Doe, 1 Lane", persons=("P7", "P8"))
    store.write([case_write("case-1", documents=(about,), key="k", answer=b"Jo Doe"), case_write("case-2")])
    store.write([case_write("case-3", documents=(document(2, b"other", persons=("P8",)),))])
    receipt = store.receipt(1)
    done = store.erase("P7", actor="person:operator-1")
    assert (done.documents, done.parties, done.answers, done.seq) == (1, 2, 1, 7)
    assert store.document("doc-1") is None
    assert store.documents_of("case-1") == []
    assert store.document("doc-2") is not None
    assert store.principal_of_token("t" * 20) is None
    event = store.events(after_seq=6)[0]
    assert (event.kind, event.body) == ("PersonErased", {"person_sha256": salted_digest(done.salt, b"P7")})
    report = store.verify()
    assert report.ok, report.findings
    assert (report.documents, report.documents_erased) == (1, 1)
    with store.connect() as connection:
        for table in ("documents", "document_persons", "idempotency", "organisations", "principals", "events"):
            text = str(connection.execute(f"SELECT t::text FROM {table} t").fetchall())  # type: ignore[call-overload]
            assert "Jo Doe" not in text
            assert b"Jo Doe".hex() not in text
    assert receipt is not None
    assert store.receipt(1)["event"] == receipt["event"]  # type: ignore[index]
    assert store.erase("P7").documents == 0
    with pytest.raises(ValueError, match="expected the key of a person"):
        store.erase("")


def test_documents_go_when_their_time_is_over(store: PostgresStore) -> None:  # noqa: F811
    import msgspec

    own = msgspec.structs.replace(document(1), retain_until=later(100))
    store.write([case_write("case-1", documents=(own, document(2)))])
    assert store.purge_expired(later(99)) == 0
    assert store.purge_expired(later(100)) == 1
    store.configure(StoreSettings(retention_days={"declaration": 365}))
    assert store.purge_expired("2027-01-01T00:00:00.000000Z") == 0
    assert store.purge_expired("2027-02-01T00:00:00.000000Z") == 1
    assert [event.kind for event in store.events(after_seq=2)] == ["DocumentsExpired"] * 2
    assert store.verify().ok


def test_keys_and_deliveries_are_forgotten_in_time(store: PostgresStore) -> None:  # noqa: F811
    """What is older goes, at most so many at a time; a key that is gone is a new one; the journal is as it was."""
    store.write([case_write("case-1", key="k1"), case_write("case-2", key="k2")])
    with store.connect() as connection:
        for key, at in (("k1", "2026-01-01T00:00:00.000000Z"), ("k2", "2026-06-30T00:00:00.000000Z")):
            connection.execute("UPDATE idempotency SET recorded_at = %s WHERE key = %s", (at, key))
        for number, at in enumerate(("2026-01-01T00:00:00.000000Z", "2026-06-30T00:00:00.000000Z"), start=1):
            connection.execute("INSERT INTO webhook_deliveries VALUES ('XB', %s, 1, %s, 'dead', '')", (number, at))
        connection.commit()
    now = "2026-07-01T00:00:00.000000Z"
    assert store.prune(now, keys_days=90, deliveries_days=365) == 1
    assert store.prune(now, keys_days=90, deliveries_days=90) == 1
    assert store.prune(now, keys_days=90, deliveries_days=90) == 0
    with store.connect() as connection:
        assert connection.execute("SELECT key FROM idempotency").fetchall() == [("k2",)]
        assert connection.execute("SELECT number FROM webhook_deliveries").fetchall() == [(2,)]
    assert store.verify().ok


def fill(store: PostgresStore) -> None:  # noqa: F811
    store.add_organisation(Organisation(organisation_id="XB-1", name="Über\tTab\\n", identifiers=("XB1",)))
    for n in range(4):
        store.write(
            [
                case_write(
                    f"case-{n}", events=90, documents=(document(n, bytes(range(256)), persons=("P1",)),), key=f"k{n}",
                    ledger=(entry(n, case_id=f"case-{n}"),), outbox=(message(n),),
                )
            ]
        )  # fmt: skip
    store.write([case_write("case-0", expected_seq=90, ledger=(entry(9, 50, reverses="entry-0"),))])


def test_a_backup_is_restored_and_verifies_green(
    store: PostgresStore,  # noqa: F811
    empty_database: str,  # noqa: F811
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    fill(store)
    receipt = store.receipt(5)
    file = tmp_path / "openecp.backup"
    manifest = store.backup(file)
    assert (manifest.journal_size, file.stat().st_mode & 0o777) == (362, 0o600)
    with pytest.raises(FileExistsError, match="expected no such file"):
        store.backup(file)
    monkeypatch.setenv("OPENECP_DATA", str(tmp_path))
    report = restore_store(file, empty_database)
    assert report.ok, report.findings
    assert (report.events, report.documents, report.ledger_entries) == (362, 4, 5)
    with PostgresStore(url=empty_database, folder=tmp_path) as restored:
        assert restored.events(limit=500) == store.events(limit=500)
        assert restored.feed("XB-1") == store.feed("XB-1")
        assert restored.organisation_of("XB1") == store.organisation_of("XB1")
        assert restored.receipt(5)["event"] == receipt["event"]  # type: ignore[index]
        assert restored.write([case_write("new", documents=(document(77),))])[0].first_seq == 363
        assert restored.verify().ok
    with pytest.raises(StoreError, match="expected an empty store, found one in use"):
        restore_store(file, empty_database)


def test_a_damaged_backup_restores_nothing(
    store: PostgresStore,  # noqa: F811
    empty_database: str,  # noqa: F811
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    fill(store)
    monkeypatch.setenv("OPENECP_DATA", str(tmp_path))
    file, damaged = tmp_path / "good", tmp_path / "damaged"
    store.backup(file)
    with zipfile.ZipFile(file) as source, zipfile.ZipFile(damaged, "w") as target:
        for name in source.namelist():
            data = source.read(name)
            target.writestr(
                name, data.replace(b"GoodsReleased", b"GoodsReleasee", 1) if name == "events.copy" else data
            )
    with pytest.raises(StoreError, match="events: expected 362 rows"):
        restore_store(damaged, empty_database)
    damaged.write_bytes(file.read_bytes()[:2000])
    with pytest.raises(StoreError, match="found no readable ZIP file"):
        restore_store(damaged, empty_database)
    with psycopg.connect(empty_database) as connection:
        assert connection.execute("SELECT to_regnamespace('openecp')").fetchone() == (None,)
    assert restore_store(file, empty_database).ok


def test_migrations_are_applied_once_and_guarded(empty_database: str, tmp_path: Path) -> None:  # noqa: F811
    steps = migrations()
    assert [step.number for step in steps] == list(range(1, len(steps) + 1))
    PostgresStore(url=empty_database, folder=tmp_path).close()
    with PostgresStore(url=empty_database, folder=tmp_path) as again:
        tamper(again, "UPDATE migrations SET checksum = 'x' WHERE number = 1")
    with pytest.raises(StoreError, match="migration 0001_journal expected checksum x"):
        PostgresStore(url=empty_database, folder=tmp_path)
    with psycopg.connect(empty_database, autocommit=True) as connection:
        connection.execute("UPDATE openecp.migrations SET checksum = %s WHERE number = 1", (steps[0].checksum,))
        connection.execute("INSERT INTO openecp.migrations VALUES (9000, 'from_tomorrow', 'x', 'now')")
    with pytest.raises(StoreTooNew, match="found 9000_from_tomorrow: it was written by a later version"):
        PostgresStore(url=empty_database, folder=tmp_path)
