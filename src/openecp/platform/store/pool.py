# SPDX-License-Identifier: Apache-2.0
"""A small set of database connections for reading; a broken one is replaced, and a read is tried once more."""

from __future__ import annotations

import queue
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any, LiteralString

import psycopg

from openecp.platform.store.errors import StoreUnavailable

Connection = psycopg.Connection[tuple[Any, ...]]
Row = tuple[Any, ...]
BROKEN = (psycopg.OperationalError, psycopg.InterfaceError)
WAIT_SECONDS = 30.0


class Pool:
    """At most `size` connections in autocommit, opened when first needed."""

    def __init__(self, connect: Callable[[], Connection], size: int) -> None:
        """Take the way to connect; nothing is opened yet."""
        self._connect = connect
        self._idle: queue.LifoQueue[Connection] = queue.LifoQueue()
        self._slots = threading.BoundedSemaphore(size)
        self._closed = False

    @contextmanager
    def connection(self) -> Iterator[Connection]:
        """Lend a connection.

        Raises: StoreUnavailable, when none comes free in time or the database does not answer.
        """
        if self._closed:
            raise StoreUnavailable("store: expected an open store, found a closed one; fix: open it again")
        if not self._slots.acquire(timeout=WAIT_SECONDS):
            raise StoreUnavailable(f"store: no connection came free within {WAIT_SECONDS:.0f} s; fix: raise pool_size")
        connection: Connection | None = None
        try:
            try:
                connection = self._idle.get_nowait()
            except queue.Empty:
                connection = self._open()
            yield connection
        except BROKEN:
            if connection is not None:
                connection.close()
            raise
        finally:
            if connection is not None and not connection.closed:
                if self._closed:
                    connection.close()
                else:
                    self._idle.put(connection)
            self._slots.release()

    def _open(self) -> Connection:
        try:
            connection = self._connect()
        except BROKEN as error:
            raise StoreUnavailable(f"store: the database does not answer: {error}") from error
        connection.autocommit = True
        return connection

    def fetch(self, query: LiteralString, parameters: Sequence[Any] = (), *, binary: bool = False) -> list[Row]:
        """Run a reading statement and return its rows; once more on a fresh connection when the first was broken."""
        try:
            with self.connection() as connection:
                return connection.execute(query, parameters, binary=binary).fetchall()
        except BROKEN:
            self._drop_idle()
        try:
            with self.connection() as connection:
                return connection.execute(query, parameters, binary=binary).fetchall()
        except BROKEN as error:
            raise StoreUnavailable(f"store: the database does not answer: {error}") from error

    @contextmanager
    def transaction(self) -> Iterator[Connection]:
        """Lend a connection within one transaction."""
        try:
            with self.connection() as connection, connection.transaction():
                yield connection
        except BROKEN as error:
            self._drop_idle()
            raise StoreUnavailable(f"store: the database does not answer: {error}") from error

    def _drop_idle(self) -> None:
        while True:
            try:
                self._idle.get_nowait().close()
            except queue.Empty:
                return

    def close(self) -> None:
        """Close all connections that are not lent."""
        self._closed = True
        self._drop_idle()
