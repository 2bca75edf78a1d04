# SPDX-License-Identifier: Apache-2.0
"""The PostgreSQL store: opens the database, brings it up to date, and offers all that the kernel asks of a store."""

from __future__ import annotations

import atexit
import hashlib
import os
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from types import TracebackType
from typing import Any

import psycopg

from openecp.kernel.journal.admission import StoreSettings
from openecp.kernel.journal.bulk import BatchWritten, ParcelBatch
from openecp.kernel.journal.memory import utc_now
from openecp.kernel.journal.model import CaseWrite, Written
from openecp.platform.store.backup import Manifest, fill_from_backup, write_backup
from openecp.platform.store.collected import Collected
from openecp.platform.store.counters import Counters
from openecp.platform.store.deadlines import Deadlines
from openecp.platform.store.embedded import EmbeddedServer, default_data_folder
from openecp.platform.store.erasure import Erasures
from openecp.platform.store.errors import StoreError, StoreUnavailable
from openecp.platform.store.figures import Figures
from openecp.platform.store.migrate import ensure_installation, migrate
from openecp.platform.store.parcel_reads import ParcelReads
from openecp.platform.store.parcels import BulkWriter
from openecp.platform.store.pool import BROKEN, Connection, Pool
from openecp.platform.store.pruning import Pruning
from openecp.platform.store.reads import JournalReads
from openecp.platform.store.receipts import Receipts
from openecp.platform.store.register import PartyRegister
from openecp.platform.store.relay import Relay
from openecp.platform.store.verify import Verification, verify_journal

READ_TIMEOUT = "60s"
_OPTIONS = "-c search_path=openecp -c timezone=UTC"


class PostgresStore(
    JournalReads,
    PartyRegister,
    Receipts,
    Erasures,
    Deadlines,
    Relay,
    Figures,
    ParcelReads,
    Counters,
    Collected,
    Pruning,
):
    """The one store. One thread at a time writes; any number read."""

    writer: BulkWriter

    def __init__(
        self,
        *,
        url: str,
        folder: Path,
        server: EmbeddedServer | None = None,
        clock: Callable[[], str] = utc_now,
        settings: StoreSettings | None = None,
    ) -> None:
        """Open the store at `url`; `folder` holds the log's key. Use `open_store`."""
        super().__init__()
        self.url = url
        self.folder = folder
        self.server = server
        self.clock = clock
        self.settings = settings or StoreSettings()
        self.lrn_free_statuses = self.settings.lrn_free_statuses
        with self.connect() as connection:
            migrate(connection)
            self.log_origin, self._pepper = ensure_installation(connection)
        self.pool = Pool(self._connect_reader, max(2, self.settings.pool_size))
        self.writer = BulkWriter(self.connect, self.clock, self.settings)

    def connect(self) -> Connection:
        """Open a connection of one's own; an embedded server that was killed is started again."""
        options: dict[str, Any] = {"options": _OPTIONS, "connect_timeout": 10}
        try:
            return psycopg.connect(self.url, **options)
        except psycopg.OperationalError as error:
            if self.server is None:
                raise
            try:
                self.url = self.server.start()
            except StoreError as failure:
                raise StoreUnavailable(f"{failure}") from error
            return psycopg.connect(self.url, **options)

    def _connect_reader(self) -> Connection:
        connection = self.connect()
        connection.autocommit = True
        connection.execute("SELECT set_config('statement_timeout', %s, false)", (READ_TIMEOUT,))
        return connection

    def write(self, batch: list[CaseWrite]) -> list[Written]:
        """Record a batch in one transaction; the answers stand in the batch's order.

        Raises: StoreUnavailable, when the database does not answer.
        """
        return self.writer.write(batch)

    def write_parcels(self, batch: ParcelBatch) -> BatchWritten:
        """Record a bulk decision in one transaction: its event, a row for each parcel, the range and the totals.

        Raises: StoreUnavailable, when the database does not answer.
        """
        return self.writer.write_parcels(batch)

    def person_hashes(self, keys: Sequence[str]) -> list[str | None]:
        """Return the salted hash of each entity key, as the log holds it; None where nobody is named."""
        salt = self._pepper
        return [hashlib.sha256(salt + key.encode()).hexdigest()[:32] if key else None for key in keys]

    def verify(self, *, processes: int = 2, progress: Callable[[int, int], None] | None = None) -> Verification:
        """Recompute the whole journal and name every place where it is not what was recorded."""
        return verify_journal(self.connect, self.url, processes=processes, progress=progress)

    def backup(self, path: str | Path) -> Manifest:
        """Write the whole store into a new file, in one snapshot; the signing key is not in it."""
        return write_backup(self.connect, Path(path), now=self.clock())

    def configure(self, settings: StoreSettings) -> None:
        """Use other settings from now on (a profile's LRN rules, retention periods)."""
        self.settings = self.writer.settings = settings
        self.lrn_free_statuses = settings.lrn_free_statuses

    def healthy(self) -> bool:
        """Tell whether the database answers."""
        try:
            return self.pool.fetch("SELECT 1") == [(1,)]
        except (StoreUnavailable, *BROKEN):
            return False

    def close(self) -> None:
        """Close the connections and leave the embedded server, which stops when nobody else uses it."""
        atexit.unregister(self.close)
        self.writer.close()
        self.pool.close()
        if self.server is not None:
            self.server.stop()

    def __enter__(self) -> PostgresStore:
        """Use as a context that closes the store."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Close."""
        self.close()


def restore_store(path: str | Path, place: str | Path | None = None) -> Verification:
    """Restore a backup into an empty data folder or database, verify it, and return what the verification found.

    Raises: StoreError, when the place holds a store already or the backup is damaged; nothing is then changed.
    """
    url, folder, server = _locate(place)
    try:
        with _connecting(server):
            with psycopg.connect(url, connect_timeout=10) as connection:
                connection.execute("SELECT 1")
            fill_from_backup(lambda: psycopg.connect(url, options=_OPTIONS, connect_timeout=10), Path(path))
            store = PostgresStore(url=url, folder=folder, server=None)
            try:
                return store.verify()
            finally:
                store.close()
    finally:
        if server is not None:
            server.stop()


def open_store(
    place: str | Path | None = None,
    *,
    clock: Callable[[], str] = utc_now,
    settings: StoreSettings | None = None,
) -> PostgresStore:
    """Open the store at a data folder (embedded server) or a postgresql:// address; None: as the environment says.

    Reads: OPENECP_DATABASE_URL, OPENECP_DATA.
    Raises: StoreError, StoreTooNew, StoreUnavailable, each with where, expected, found and fix.
    """
    url, folder, server = _locate(place)
    try:
        with _connecting(server):
            store = PostgresStore(url=url, folder=folder, server=server, clock=clock, settings=settings)
    except BaseException:
        if server is not None:
            server.stop()
        raise
    atexit.register(store.close)
    return store


def _locate(place: str | Path | None) -> tuple[str, Path, EmbeddedServer | None]:
    """Return address, data folder and, where it is embedded, the started server."""
    if place is None:
        place = os.environ.get("OPENECP_DATABASE_URL") or default_data_folder()
    if isinstance(place, str) and place.startswith(("postgresql://", "postgres://")):
        return place, default_data_folder(), None
    server = EmbeddedServer(Path(place))
    return server.start(), server.folder, server


@contextmanager
def _connecting(server: EmbeddedServer | None) -> Iterator[None]:
    try:
        yield
    except psycopg.OperationalError as error:
        shown = "the embedded server" if server is not None else "OPENECP_DATABASE_URL"
        raise StoreUnavailable(f"{shown}: the database does not answer: {error}; fix: start it") from error
