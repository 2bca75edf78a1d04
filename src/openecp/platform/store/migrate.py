# SPDX-License-Identifier: Apache-2.0
"""Brings a store to this version's form: numbered steps, forward only, each applied once in its own transaction."""

from __future__ import annotations

import hashlib
import importlib.resources
import secrets

import msgspec

from openecp.kernel.journal.memory import utc_now
from openecp.platform.store.errors import StoreError, StoreTooNew
from openecp.platform.store.pool import Connection

_LOCK = 0x4F45_4350  # one process migrates at a time


class Migration(msgspec.Struct, frozen=True):
    """One numbered step; `checksum` shows that a step already applied was not edited later."""

    number: int
    name: str
    sql: str
    checksum: str


def migrations() -> list[Migration]:
    """Return the steps that ship with this version, in order."""
    folder = importlib.resources.files("openecp.platform.store") / "migrations"
    found: list[Migration] = []
    for entry in sorted(folder.iterdir(), key=lambda entry: entry.name):
        if entry.name.endswith(".sql"):
            number, _, name = entry.name.removesuffix(".sql").partition("_")
            sql = entry.read_text(encoding="utf-8")
            if found and found[-1].number == int(number):
                raise StoreError(
                    f"migrations: expected one step {number}, found {found[-1].name} and {name}; fix: renumber"
                )
            found.append(Migration(int(number), name, sql, hashlib.sha256(sql.encode()).hexdigest()))
    return found


def migrate(connection: Connection, *, up_to: int | None = None) -> list[int]:
    """Apply what is missing and return the numbers applied.

    Raises: StoreTooNew, when the store knows steps that this version does not; StoreError, when an applied step was
        edited since.
    """
    connection.autocommit = True
    connection.execute("SELECT pg_advisory_lock(%s)", (_LOCK,))
    try:
        connection.execute("CREATE SCHEMA IF NOT EXISTS openecp")
        connection.execute(
            "CREATE TABLE IF NOT EXISTS migrations "
            "(number integer PRIMARY KEY, name text NOT NULL, checksum text NOT NULL, applied_at text NOT NULL)"
        )
        known = {m.number: m for m in migrations()}
        applied = connection.execute("SELECT number, name, checksum FROM migrations ORDER BY number").fetchall()
        for number, name, checksum in applied:
            step = known.get(number)
            if step is None:
                raise StoreTooNew(
                    f"store: expected migrations up to {max(known, default=0):04}, found {number:04}_{name}: it was "
                    "written by a later version of OpenECP; fix: install that version or a later one"
                )
            if step.checksum != checksum:
                raise StoreError(
                    f"store: migration {number:04}_{name} expected checksum {checksum}, found {step.checksum}: "
                    "the step was edited after it was applied; fix: restore the file and add a new migration"
                )
        done = {number for number, _, _ in applied}
        missing = [m for m in known.values() if m.number not in done and (up_to is None or m.number <= up_to)]
        for step in sorted(missing, key=lambda m: m.number):
            with connection.transaction():
                connection.execute(step.sql.encode())
                connection.execute(
                    "INSERT INTO migrations VALUES (%s, %s, %s, %s)", (step.number, step.name, step.checksum, utc_now())
                )
        return [m.number for m in missing]
    finally:
        connection.execute("SELECT pg_advisory_unlock(%s)", (_LOCK,))


def ensure_installation(connection: Connection) -> tuple[str, bytes]:
    """Return the log's origin and the salt of token hashes; make them in a new store."""
    origin = f"openecp.invalid/journal/{secrets.token_hex(8)}"
    connection.execute(
        "INSERT INTO installation (log_origin, pepper, created_at) VALUES (%s, %s, %s) ON CONFLICT DO NOTHING",
        (origin, secrets.token_bytes(32), utc_now()),
    )
    row = connection.execute("SELECT log_origin, pepper FROM installation").fetchone()
    assert row is not None
    return str(row[0]), bytes(row[1])
