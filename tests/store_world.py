# SPDX-License-Identifier: Apache-2.0
"""A database server for the tests of the store, an empty store for each test, and writes to put into it."""

from __future__ import annotations

import itertools
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import psycopg
import pytest

from openecp.kernel.journal.admission import StoreSettings
from openecp.kernel.journal.canonical import salted_digest
from openecp.kernel.journal.model import (
    CaseRow,
    CaseWrite,
    Deadline,
    Idempotency,
    LedgerEntry,
    NewEvent,
    OutboxMessage,
    StoredDocument,
)
from openecp.platform.store import PostgresStore, temporary_data_folder
from openecp.platform.store.backup import TABLES
from openecp.platform.store.embedded import EmbeddedServer

TIME = "2026-01-31T09:00:00.000000Z"
_names = itertools.count(1)


def later(seconds: int) -> str:
    """Return a time so many seconds after TIME (up to an hour)."""
    return f"2026-01-31T09:{seconds // 60:02}:{seconds % 60:02}.000000Z"


def ticking() -> Callable[[], str]:
    """Return a clock that goes on by a second at each look, for up to an hour."""
    count = itertools.count()
    return lambda: later(next(count) % 3600)


@pytest.fixture(scope="session")
def database_server() -> Iterator[EmbeddedServer]:
    """Start one server for all tests of a process."""
    folder = temporary_data_folder("openecp-test-")
    server = EmbeddedServer(folder)
    server.start()
    with psycopg.connect(server.url("postgres"), autocommit=True) as connection:
        connection.execute("ALTER SYSTEM SET fsync = off")  # these tests pull no plug
        connection.execute("SELECT pg_reload_conf()")
    yield server
    server.stop()
    shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture
def empty_database(database_server: EmbeddedServer) -> Iterator[str]:
    """Make an empty database and return its address."""
    name = f"test_{next(_names)}"
    with psycopg.connect(database_server.url("postgres"), autocommit=True) as connection:
        connection.execute(f"CREATE DATABASE {name}")
    yield database_server.url(name)
    with psycopg.connect(database_server.url("postgres"), autocommit=True) as connection:
        connection.execute(f"DROP DATABASE {name} WITH (FORCE)")


@pytest.fixture(scope="session")
def shared_database(database_server: EmbeddedServer) -> str:
    """Make one database that is emptied for each test, which is quicker than a new one."""
    with psycopg.connect(database_server.url("postgres"), autocommit=True) as connection:
        connection.execute("CREATE DATABASE shared")
    return database_server.url("shared")


@pytest.fixture
def store(shared_database: str, tmp_path: Path) -> Iterator[PostgresStore]:
    """Return an empty store."""
    opened = PostgresStore(url=shared_database, folder=tmp_path, clock=ticking(), settings=StoreSettings(pool_size=4))
    empty(opened)
    yield opened
    opened.close()


def empty(store: PostgresStore) -> None:
    """Begin anew in the same database."""
    with store.connect() as connection:
        connection.execute("SET session_replication_role = replica")
        connection.execute("; ".join(f"DELETE FROM {table}" for table in TABLES if table != "installation"))  # type: ignore[arg-type]
        connection.execute("INSERT INTO journal_head VALUES (true, 0, '', '', 0, '')")


def tamper(store: PostgresStore, statement: str, *parameters: Any) -> None:
    """Change the store behind its back, as somebody with the database's password might."""
    with psycopg.connect(store.url, options="-c search_path=openecp", autocommit=True) as connection:
        connection.execute("SET session_replication_role = replica")  # no triggers
        assert connection.execute(statement, parameters).rowcount > 0


def document(number: int, content: bytes = b"<Declaration/>", *, persons: tuple[str, ...] = ()) -> StoredDocument:
    """Return a message to be kept outside the log."""
    return StoredDocument(
        document_id=f"doc-{number}",
        kind="declaration",
        media_type="application/xml",
        content=content,
        salt=f"salt-of-document-{number:04}".encode(),
        person_keys=persons,
    )


def message(number: int, organisation: str = "XB-1", case_id: str = "case-1") -> OutboxMessage:
    """Return a notification."""
    return OutboxMessage(
        message_id=f"message-{number}",
        organisation=organisation,
        case_id=case_id,
        kind="01 ACC",
        body=b'{"number":%d}' % number,
        created_at=TIME,
    )


def entry(number: int, amount: int = 1_250, *, reverses: str | None = None, case_id: str = "case-1") -> LedgerEntry:
    """Return a ledger entry, or one that takes another back."""
    accounts = ("receivable:XB-1", "revenue:A00")
    return LedgerEntry(
        entry_id=f"entry-{number}",
        case_id=case_id,
        debit=accounts[reverses is not None],
        credit=accounts[reverses is None],
        amount_minor=amount,
        currency="XBC",
        reason="duty",
        reverses=reverses,
    )


def case_write(
    case: str = "case-1",
    *,
    expected_seq: int = 0,
    organisation: str = "XB-1",
    lrn: str | None = None,
    mrn: str | None = None,
    status: str = "accepted",
    events: int = 2,
    documents: tuple[StoredDocument, ...] = (),
    outbox: tuple[OutboxMessage, ...] = (),
    ledger: tuple[LedgerEntry, ...] = (),
    deadlines: tuple[Deadline, ...] = (),
    key: str | None = None,
    body_hash: bytes = b"h" * 32,
    body: dict[str, Any] | None = None,
    updated_at: str = TIME,
    answer: bytes = b"answer",
    room: str = "lodgement",
    group: str | None = None,
    face: bytes | None = None,
    faces: tuple[tuple[str, bytes], ...] = (),
    occurred_at: str = TIME,
) -> CaseWrite:
    """Return a write with sensible parts; the last event names the documents."""
    named = [{"id": d.document_id, "sha256": salted_digest(d.salt, d.content)} for d in documents]
    kinds = ["DeclarationSubmitted", "DeclarationAccepted", "DeclarationAssessed", "GoodsReleased"]
    return CaseWrite(
        row=CaseRow(
            case_id=case,
            organisation=organisation,
            lrn=lrn if lrn is not None else f"LRN-{case}",
            mrn=mrn,
            status=status,
            channel="green",
            office="XB000001",
            movement="import",
            version=1,
            state=b'{"status":"%s"}' % status.encode(),
            updated_at=updated_at,
            room=room,
        ),
        expected_seq=expected_seq,
        events=tuple(
            NewEvent(
                kind=kinds[number % 4],
                occurred_at=occurred_at,
                actor="system:trader-1",
                body=(body if body is not None else {"number": number}) | ({"documents": named} if named else {}),
            )
            for number in range(events)
        ),
        documents=documents,
        outbox=outbox,
        ledger=ledger,
        deadlines=deadlines,
        idempotency=None if key is None else Idempotency(organisation=organisation, key=key, body_hash=body_hash),
        answer=answer,
        group=group,
        face=face,
        faces=faces,
    )
