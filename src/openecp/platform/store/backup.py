# SPDX-License-Identifier: Apache-2.0
"""Backup of the whole store into one file, and its restoration into an empty one.

The file is a ZIP of one text per table (PostgreSQL's COPY form, readable by any later version) with a manifest of
sizes and hashes. The log's signing key is not in it: keep log.key apart.
Limits: one snapshot; a restored store is verified before it is called restored.
"""

from __future__ import annotations

import hashlib
import os
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import IO

import msgspec
import psycopg
from psycopg import sql

from openecp.platform.store.errors import StoreError, StoreTooNew
from openecp.platform.store.migrate import migrate, migrations
from openecp.platform.store.pool import Connection

FORMAT = "openecp-backup-1"
# In the order in which they can be filled.
TABLES = (
    "installation", "log_keys", "journal_head", "events", "merkle_nodes", "checkpoints", "cases", "face_streams",
    "faces", "documents", "document_persons", "idempotency", "inbox", "feed_heads", "outbox", "ledger", "deadlines",
    "organisations", "organisation_identifiers", "principals", "tokens", "sessions", "webhooks", "webhook_deliveries",
    "parcel_batches", "parcels", "parcel_counters",
)  # fmt: skip
_PART = 1 << 20


class TableEntry(msgspec.Struct):
    """One table in a backup."""

    name: str
    columns: list[str]
    rows: int
    sha256: str


class Manifest(msgspec.Struct):
    """What a backup holds."""

    format: str
    made_at: str
    migration: int
    journal_size: int
    tables: list[TableEntry]


def write_backup(connect: Callable[[], Connection], path: Path, *, now: str) -> Manifest:
    """Write the store into a new file, in one snapshot, whole or not at all.

    Raises: FileExistsError, where the file is there already.
    """
    path = Path(path)
    if path.exists():
        raise FileExistsError(f"{path}: expected no such file, found one; fix: choose another name or remove it")
    partial = path.with_name(f"{path.name}.partial-{os.getpid()}")
    connection = connect()
    try:
        connection.autocommit = False
        connection.isolation_level = psycopg.IsolationLevel.REPEATABLE_READ
        connection.read_only = True
        head = connection.execute("SELECT (SELECT max(number) FROM migrations), size FROM journal_head").fetchone()
        assert head is not None
        handle = os.open(partial, os.O_RDWR | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(handle, "w+b") as file:
            with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as archive:
                tables = [_dump(connection, archive, table) for table in TABLES]
                manifest = Manifest(FORMAT, now, head[0], head[1], tables)
                archive.writestr("manifest.json", msgspec.json.format(msgspec.json.encode(manifest)))
            file.flush()
            os.fsync(file.fileno())
        os.link(partial, path)
        return manifest
    finally:
        connection.close()
        partial.unlink(missing_ok=True)


def _columns(connection: Connection, table: str) -> list[str]:
    rows = connection.execute(
        "SELECT attname FROM pg_attribute WHERE attrelid = %s::regclass AND attnum > 0 AND NOT attisdropped "
        "ORDER BY attnum",
        (table,),
    )
    return [row[0] for row in rows]


def _dump(connection: Connection, archive: zipfile.ZipFile, table: str) -> TableEntry:
    columns = _columns(connection, table)
    statement = sql.SQL("COPY {} ({}) TO STDOUT").format(
        sql.Identifier(table), sql.SQL(", ").join(map(sql.Identifier, columns))
    )
    digest, rows = hashlib.sha256(), 0
    with archive.open(f"{table}.copy", "w", force_zip64=True) as target, connection.cursor() as cursor:
        with cursor.copy(statement) as copy:
            for part in copy:
                data = bytes(part)
                digest.update(data)
                target.write(data)
        rows = cursor.rowcount
    return TableEntry(table, columns, rows, digest.hexdigest())


def read_manifest(archive: zipfile.ZipFile, path: Path) -> Manifest:
    """Read and check what a backup says it holds."""
    try:
        with archive.open("manifest.json") as file:
            manifest = msgspec.json.decode(file.read(_PART), type=Manifest)
    except (KeyError, msgspec.MsgspecError, zipfile.BadZipFile) as error:
        raise StoreError(f"{path}: expected a backup of OpenECP, found no manifest ({error})") from error
    newest = max(step.number for step in migrations())
    if manifest.format != FORMAT or manifest.migration > newest:
        raise StoreTooNew(
            f"{path}: expected a backup of form {FORMAT}, migration up to {newest:04}, found {manifest.format}, "
            f"{manifest.migration:04}; fix: restore it with the version that wrote it or a later one"
        )
    unknown = {entry.name for entry in manifest.tables} - set(TABLES)
    if unknown:
        raise StoreError(f"{path}: expected known tables, found {sorted(unknown)}")
    return manifest


def fill_from_backup(connect: Callable[[], Connection], path: Path) -> Manifest:
    """Fill an empty database from a backup in one transaction.

    Raises: StoreError, when the database holds anything already, or the file is damaged.
    """
    path = Path(path)
    try:
        archive = zipfile.ZipFile(path)
    except (OSError, zipfile.BadZipFile) as error:
        raise StoreError(f"{path}: expected a backup of OpenECP, found no readable ZIP file ({error})") from error
    with archive, connect() as connection:
        manifest = read_manifest(archive, path)
        connection.autocommit = True
        present = connection.execute("SELECT to_regnamespace('openecp') IS NOT NULL").fetchone()
        if present is not None and present[0]:
            raise StoreError(
                "restore: expected an empty store, found one in use; nothing was changed; fix: choose another data "
                "folder or database"
            )
        try:
            _fill_all(connection, archive, manifest, path)
        except BaseException:
            connection.rollback()
            connection.autocommit = True
            connection.execute("DROP SCHEMA openecp CASCADE")  # it was not there before
            raise
        migrate(connection)
        return manifest


def _fill_all(connection: Connection, archive: zipfile.ZipFile, manifest: Manifest, path: Path) -> None:
    migrate(connection, up_to=manifest.migration)
    connection.autocommit = False
    connection.execute("DELETE FROM journal_head")
    for entry in sorted(manifest.tables, key=lambda entry: TABLES.index(entry.name)):
        with archive.open(f"{entry.name}.copy") as source:
            _fill(connection, source, entry, path)
    connection.execute(
        "SELECT setval(pg_get_serial_sequence('documents', 'number'), coalesce(max(number), 0) + 1, false) "
        "FROM documents"
    )
    connection.commit()


def _fill(connection: Connection, source: IO[bytes], entry: TableEntry, path: Path) -> None:
    statement = sql.SQL("COPY {} ({}) FROM STDIN").format(
        sql.Identifier(entry.name), sql.SQL(", ").join(map(sql.Identifier, entry.columns))
    )
    digest = hashlib.sha256()
    try:
        with connection.cursor() as cursor:
            with cursor.copy(statement) as copy:
                while part := source.read(_PART):
                    digest.update(part)
                    copy.write(part)
            rows = cursor.rowcount
    except zipfile.BadZipFile as error:
        raise StoreError(f"{path}: {entry.name} is damaged ({error}); nothing was restored") from error
    if digest.hexdigest() != entry.sha256 or rows != entry.rows:
        raise StoreError(
            f"{path}: {entry.name}: expected {entry.rows} rows, SHA-256 {entry.sha256}, found {rows}, "
            f"{digest.hexdigest()}; nothing was restored"
        )
