# SPDX-License-Identifier: Apache-2.0
"""Running totals of persons, addresses and orders: read with a version, moved only where the version still stands.

They are moved under the head's lock in the transaction of the batch that was assessed on them, so that they stay exact
however many write.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, LiteralString

from openecp.kernel.journal.bulk import CounterKey, CounterMove, CounterState
from openecp.platform.store.pool import Connection, Pool
from openecp.platform.store.rows import ROW_OF, int8_field, text_field, word_field

PART = 20_000  # totals asked for at once
COPY_COUNTERS = (
    b"COPY parcel_counters (entity, scope, period, currency, version, total_micro) FROM STDIN (FORMAT binary)"
)

_READ: LiteralString = """
    SELECT c.entity, c.scope, c.period, c.currency, c.version, c.total_micro
    FROM unnest(%b::text[], %b::text[], %b::text[], %b::text[]) AS w (entity, scope, period, currency)
    CROSS JOIN LATERAL (SELECT * FROM parcel_counters p WHERE p.entity = w.entity AND p.scope = w.scope
        AND p.period = w.period AND p.currency = w.currency LIMIT 1) AS c"""
_MOVED: LiteralString = """
    SELECT 1 FROM unnest(%b::text[], %b::text[], %b::text[], %b::text[], %b::int8[])
        AS w (entity, scope, period, currency, seen)
    LEFT JOIN LATERAL (SELECT p.version FROM parcel_counters p WHERE p.entity = w.entity AND p.scope = w.scope
        AND p.period = w.period AND p.currency = w.currency LIMIT 1) AS c ON true
    WHERE coalesce(c.version, 0) <> w.seen LIMIT 1"""
_MOVE: LiteralString = """
    UPDATE parcel_counters c SET version = c.version + 1, total_micro = c.total_micro + w.add_micro
    FROM unnest(%b::text[], %b::text[], %b::text[], %b::text[], %b::int8[])
        AS w (entity, scope, period, currency, add_micro)
    WHERE c.entity = w.entity AND c.scope = w.scope AND c.period = w.period AND c.currency = w.currency"""


class Counters:
    """Reads the running totals."""

    pool: Pool

    def counters(self, keys: Sequence[CounterKey]) -> dict[CounterKey, CounterState]:
        """Return the totals that exist, each with the version that a move of it must name."""
        found: dict[CounterKey, CounterState] = {}
        for start in range(0, len(keys), PART):
            columns = _columns(keys[start : start + PART])
            for row in self.pool.fetch(_READ, columns, binary=True):
                found[CounterKey(*row[:4])] = CounterState(*row[4:])
        return found


def have_moved(connection: Connection, moves: Sequence[CounterMove]) -> bool:
    """Tell whether one of these totals has another version than the batch was assessed on."""
    if not moves:
        return False
    columns = [*_columns(move.key for move in moves), [move.seen for move in moves]]
    return connection.execute(_MOVED, columns).fetchone() is not None


def new_counter_rows(moves: Sequence[CounterMove]) -> list[bytes]:
    """Return the rows of the totals that begin with this batch."""
    rows: list[bytes] = []
    for (entity, scope, period, currency), seen, add_micro in moves:
        if not seen:
            rows += (
                ROW_OF[6], text_field(entity), word_field(scope), word_field(period), word_field(currency),
                int8_field(8, 1), int8_field(8, add_micro),
            )  # fmt: skip
    return rows


def move_counters(connection: Connection, moves: Sequence[CounterMove]) -> None:
    """Add to the totals that were there before."""
    known = [move for move in moves if move.seen]
    if known:
        connection.execute(_MOVE, [*_columns(move.key for move in known), [move.add_micro for move in known]])


def _columns(keys: Iterable[CounterKey]) -> list[list[Any]]:
    listed = list(keys)
    return [[key[place] for key in listed] for place in range(4)]
