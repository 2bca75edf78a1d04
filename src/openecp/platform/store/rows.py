# SPDX-License-Identifier: Apache-2.0
"""Rows in the binary form of PostgreSQL's COPY, and their way into the tables: one statement for all of a batch.

Source: PostgreSQL documentation, COPY, "Binary Format".
Why: a general encoder looks at each value's type and sends each row by itself; here the types are known.
"""

from __future__ import annotations

import select
import struct
from functools import lru_cache

import psycopg
from psycopg.errors import error_from_result
from psycopg.pq import ExecStatus
from psycopg.pq.abc import PGconn, PGresult

from openecp.platform.store.pool import Connection

NULL = b"\xff\xff\xff\xff"
HEADER = b"PGCOPY\n\xff\r\n\x00" + bytes(8)
TRAILER = b"\xff\xff"
PART_BYTES = 1 << 18  # sent at once

# A row is the number of its fields, and for each field its size and its bytes. Rows are kept in these parts and joined
# once: joining each row by itself takes five times as long.
ROW_OF = tuple(number.to_bytes(2, "big") for number in range(32))
size_of = struct.Struct(">i").pack
SIZE_32 = size_of(32)  # of a hash
int8_field = struct.Struct(">iq").pack  # to be given 8 and the number
int4_field = struct.Struct(">ii").pack  # 4 and the number
int2_field = struct.Struct(">ih").pack  # 2 and the number


def text_field(value: str) -> bytes:
    """Return a text field: size and bytes."""
    data = value.encode()
    return size_of(len(data)) + data


def optional_text(value: str | None) -> bytes:
    """Return a text field that may be null."""
    return NULL if value is None else text_field(value)


@lru_cache(maxsize=2048)
def word_field(value: str | None) -> bytes:
    """Return a text field whose value comes again and again: a kind, a status, a time."""
    return NULL if value is None else text_field(value)


def copy_rows(connection: Connection, tables: list[tuple[bytes, list[bytes]]]) -> None:
    """Copy each table's rows, given in parts, by its statement, in the connection's transaction.

    All statements go out as one, so that the server asks for the next table's rows as soon as it has the last one's.
    """
    filled = [(statement, rows) for statement, rows in tables if rows]
    if not filled:
        return
    server = connection.pgconn
    server.send_query(b";".join(statement for statement, _ in filled))
    for _, rows in filled:
        _expect(server, ExecStatus.COPY_IN)
        data = b"".join((HEADER, *rows, TRAILER))
        for start in range(0, len(data), PART_BYTES):
            while not server.put_copy_data(data[start : start + PART_BYTES]):
                _flush(server)
            _flush(server)
        server.put_copy_end()
        _expect(server, ExecStatus.COMMAND_OK)
    if _next(server) is not None:
        raise psycopg.InternalError("copy: expected the end of the answers, got one more")


def _expect(server: PGconn, status: ExecStatus) -> None:
    result = _next(server)
    if result is not None and result.status == status:
        return
    error: psycopg.Error = psycopg.InternalError(f"copy: expected {status.name}, got no answer")
    if result is not None:
        error = error_from_result(result)
    if server.status == psycopg.pq.ConnStatus.OK:
        while _next(server) is not None:
            pass
    raise error


def _flush(server: PGconn) -> None:
    """Send what waits in the client; other threads go on meanwhile."""
    waiting = select.poll()
    waiting.register(server.socket, select.POLLIN | select.POLLOUT)
    while server.flush():
        if any(ready & select.POLLIN for _, ready in waiting.poll()):
            server.consume_input()


def _next(server: PGconn) -> PGresult | None:
    """Return the server's next answer, None where there is none; other threads go on meanwhile."""
    _flush(server)
    waiting = select.poll()
    waiting.register(server.socket, select.POLLIN)
    while server.is_busy():
        waiting.poll()
        server.consume_input()
    return server.get_result()
