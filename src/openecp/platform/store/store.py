# SPDX-License-Identifier: Apache-2.0
"""The PostgreSQL store: opens the database, brings it up to date, and offers all that the kernel asks of a store."""

from __future__ import annotations

import atexit
import os
from collections.abc import Callable
from pathlib import Path
from types import TracebackType
from typing import Any

import psycopg

from openecp.kernel.journal.admission import StoreSettings
from openecp.kernel.journal.memory import utc_now
from openecp.kernel.journal.model import CaseWrite, Written
from openecp.platform.store.embedded import EmbeddedServer, default_data_folder
from openecp.platform.store.errors import StoreError, StoreUnavailable
from openecp.platform.store.migrate import ensure_installation, migrate
from openecp.platform.store.pool import BROKEN, Connection, Pool
from openecp.platform.store.reads import JournalReads
from openecp.platform.store.receipts import Receipts
from openecp.platform.store.register import PartyRegister
from openecp.platform.store.verify import Verification, verify_journal
from openecp.platform.store.writer import Writer

READ_TIMEOUT = "60s"


class PostgresStore(JournalReads, PartyRegister, Receipts):
    """The one store. One thread at a time writes; any number read."""

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
        self.writer = Writer(self.connect, self.clock, self.settings)

    def connect(self) -> Connection:
        """Open a connection of one's own; an embedded server that was killed is started again."""
        options: dict[str, Any] = {"options": "-c search_path=openecp -c timezone=UTC", "connect_timeout": 10}
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

    def verify(self, *, processes: int = 2, progress: Callable[[int, int], None] | None = None) -> Verification:
        """Recompute the whole journal and name every place where it is not what was recorded."""
        return verify_journal(self.connect, self.url, processes=processes, progress=progress)

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
    if place is None:
        place = os.environ.get("OPENECP_DATABASE_URL") or default_data_folder()
    if isinstance(place, str) and place.startswith(("postgresql://", "postgres://")):
        folder, server, url = default_data_folder(), None, place
    else:
        server = EmbeddedServer(Path(place))
        folder, url = server.folder, server.start()
    try:
        store = PostgresStore(url=url, folder=folder, server=server, clock=clock, settings=settings)
    except BaseException as error:
        if server is not None:
            server.stop()
        if isinstance(error, psycopg.OperationalError):
            shown = "the embedded server" if server is not None else "OPENECP_DATABASE_URL"
            raise StoreUnavailable(f"{shown}: the database does not answer: {error}; fix: start it") from error
        raise
    atexit.register(store.close)
    return store
