# SPDX-License-Identifier: Apache-2.0
"""Bulk decisions: one event for a batch and one row for each parcel, provable one by one.

The event's body holds the root of a tree (RFC 6962) over the batch's records in their order; so a receipt of one
record is its path to that root and the event's own receipt. The journal does not know what a record means: it is
canonical JSON in ASCII without personal data.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from datetime import date
from typing import Literal, NamedTuple, Protocol, overload

import msgspec

from openecp.kernel.journal.canonical import MAX_INTEGER, NotCanonical
from openecp.kernel.journal.merkle import inclusion_ranges, leaf_hash, prove, tree_root, verify_inclusion
from openecp.kernel.journal.model import CaseWrite, Idempotency

MAX_RECORDS = 50_000  # of one batch
MAX_RECORD = 64_000  # characters
MAX_PARCEL_ID = 100  # characters, also of a person's and an entity's hash
MAX_MOVES = 200_000  # of totals, in one batch
BATCH_STREAMS = "parcels/"  # how the case of a batch begins, so that its events are found again
PARCEL_RECEIPT_FORMAT = "openecp-parcel-receipt-1"
_sha256 = hashlib.sha256


class CounterKey(NamedTuple):
    """A running total of a person or an address: `entity` is a salted hash, `period` a day, month, year or order."""

    entity: str
    scope: str  # person_day, person_month, person_year, order
    period: str  # 2026-07-01, 2026-07, 2026, or the order's salted hash
    currency: str


class CounterMove(NamedTuple):
    """What a batch adds to a total; `seen` is the version it was assessed on (0: there was none)."""

    key: CounterKey
    seen: int
    add_micro: int


class CounterState(NamedTuple):
    """A total in millionths of the currency's main unit, and how often it has been moved."""

    version: int
    total_micro: int


class PlainTexts(Sequence[str]):
    """Texts in ASCII, kept as bytes: whoever hashes or stores them needs no others."""

    __slots__ = ("data",)

    def __init__(self, data: list[bytes]) -> None:
        self.data = data

    def __len__(self) -> int:
        return len(self.data)

    @overload
    def __getitem__(self, place: int) -> str: ...

    @overload
    def __getitem__(self, place: slice) -> list[str]: ...

    def __getitem__(self, place: int | slice) -> str | list[str]:
        if isinstance(place, slice):
            return [one.decode("ascii", "replace") for one in self.data[place]]
        return self.data[place].decode("ascii", "replace")


class RecordTree(NamedTuple):
    """The records of a batch in bytes, their leaf hashes and the root over them, where these are computed once."""

    data: list[bytes]
    leaves: list[bytes]
    root: str  # hexadecimal, as the event's body has it


class ParcelBatch(msgspec.Struct, frozen=True, kw_only=True):
    """All that one bulk decision writes in one transaction; the columns have one entry a parcel, in the tree's order.

    `write` holds one event whose body has `root` (hexadecimal, `records_root(records)`) and `parcels` (their number),
    and the ledger entries, documents and messages of the batch. `source` names the input (its SHA-256, or the door),
    and `first_row`, `last_row` the rows it comes from: a range is recorded once.
    """

    write: CaseWrite
    source: str
    first_row: int
    last_row: int
    parcel_ids: Sequence[str]
    posted_on: Sequence[str]
    records: Sequence[str]
    persons: Sequence[str | None] = ()  # salted hash of the entity key; empty: none
    counters: tuple[CounterMove, ...] = ()
    tree: RecordTree | None = None  # `record_tree(records)`, where whoever made the batch has it already
    keys: tuple[Idempotency, ...] = ()  # of the requests whose parcels these are: recorded with them, each once


class EarlierParcel(NamedTuple):
    """A parcel that was decided before: where its record stands."""

    parcel_id: str
    posted_on: str
    seq: int
    number: int


class BatchWritten(msgspec.Struct, frozen=True, kw_only=True):
    """What became of a batch.

    `recorded`: done; `repeated`: this range of this source was recorded before, `seq` says where; `parcels`: some of
    the parcels were decided before (`earlier`), nothing was recorded: leave them out and write again; `counters`: a
    total has moved on, nothing was recorded: assess again; `stale`: the stream has moved on; `invalid`: `error` says
    why.
    """

    outcome: Literal["recorded", "repeated", "parcels", "counters", "stale", "invalid"]
    seq: int = 0
    recorded_at: str = ""
    earlier: tuple[EarlierParcel, ...] = ()
    error: str = ""


class ParcelRow(msgspec.Struct, frozen=True, kw_only=True):
    """A parcel's record as written: its batch's event, its number in the batch from 0, and the record itself."""

    seq: int
    number: int
    parcel_id: str
    posted_on: str
    record: str
    person: str | None = None


class ParcelStore(Protocol):
    """What the store offers for bulk decisions."""

    def write_parcels(self, batch: ParcelBatch) -> BatchWritten:
        """Record a batch in one transaction."""

    def parcel_ranges(self, source: str) -> list[tuple[int, int, int]]:
        """Return the recorded ranges of a source: first row, last row, seq of the event; in the order of rows."""

    def parcels_known(self, keys: Sequence[tuple[str, str]]) -> list[EarlierParcel]:
        """Return which of these (parcel_id, posted_on) were decided before."""

    def parcel_rows(self, parcel_id: str, posted_on: str | None = None) -> list[ParcelRow]:
        """Return the records of an identifier, latest posting first."""

    def batch_rows(self, seq: int) -> Iterator[ParcelRow]:
        """Yield the records of a batch in their order."""

    def counters(self, keys: Sequence[CounterKey]) -> dict[CounterKey, CounterState]:
        """Return the totals that exist."""


def records_root(records: Sequence[str]) -> bytes:
    """Return the root of the tree over records: leaf hashes of their bytes, in their order."""
    return bytes.fromhex(record_tree(records).root)


def record_tree(records: Sequence[str]) -> RecordTree:
    """Hash the records of a batch once, for its event and for the store."""
    data = records.data if isinstance(records, PlainTexts) else [record.encode("ascii") for record in records]
    leaves = [_sha256(b"\x00" + record).digest() for record in data]  # RFC 6962: a leaf begins with zero
    return RecordTree(data, leaves, tree_root(leaves).hex())


class CheckedBatch(NamedTuple):
    """A batch that may be recorded: its tree, and its posting dates as days of the era."""

    tree: RecordTree
    days: dict[str, int]  # ordinal of each posting date


def check_batch(batch: ParcelBatch) -> CheckedBatch:
    """Check a batch alone and hash its records.

    Raises: NotCanonical, naming the field, what was expected and what was found.
    """
    records, count = batch.records, len(batch.records)
    if not 1 <= count <= MAX_RECORDS:
        raise NotCanonical(f"records: expected 1 to {MAX_RECORDS}, found {count}")
    for name, column in (("parcel_ids", batch.parcel_ids), ("posted_on", batch.posted_on), ("persons", batch.persons)):
        if len(column) != count and (column or name != "persons"):
            raise NotCanonical(f"{name}: expected {count}, one a record, found {len(column)}")
    _check_texts("record", records, MAX_RECORD)
    _check_texts("parcel_id", batch.parcel_ids, MAX_PARCEL_ID)
    _check_texts("person", [person for person in batch.persons if person is not None], MAX_PARCEL_ID)
    _check_texts("source", [batch.source], MAX_PARCEL_ID)
    if not 1 <= batch.first_row <= batch.last_row <= MAX_INTEGER:
        raise NotCanonical(f"rows: expected 1 <= first <= last, found {batch.first_row} and {batch.last_row}")
    _check_moves(batch.counters)
    data, leaves, root = tree = batch.tree or record_tree(records)
    if not len(data) == len(leaves) == count:
        raise NotCanonical(f"tree: expected {count} records and leaves, found {len(data)} and {len(leaves)}")
    _check_event(batch.write, root, count)
    return CheckedBatch(tree, {text: _ordinal(text) for text in set(batch.posted_on)})


def _check_texts(where: str, texts: Sequence[str], longest: int) -> None:
    """Look at all texts at once; go through them only to name the bad one."""
    if isinstance(texts, PlainTexts):
        sizes, data = list(map(len, texts.data)), b"".join(texts.data)
        plain = data.isascii() and b"\x00" not in data and b"\n" not in data
    else:
        sizes, joined = list(map(len, texts)), "".join(texts)
        plain = joined.isascii() and "\x00" not in joined and "\n" not in joined
    if plain and min(sizes, default=1) > 0 and max(sizes, default=0) <= longest:
        return
    for number, text in enumerate(texts):
        if not 0 < len(text) <= longest or not text.isascii() or "\x00" in text or "\n" in text:
            raise NotCanonical(
                f"{where} {number}: expected 1 to {longest} characters in ASCII on one line, found {len(text)}: "
                f"{text[:40]!r}"
            )


def _check_moves(moves: Sequence[CounterMove]) -> None:
    if not moves:
        return
    if len(moves) > MAX_MOVES:
        raise NotCanonical(f"counters: expected at most {MAX_MOVES}, found {len(moves)}")
    if len({move.key for move in moves}) < len(moves):
        raise NotCanonical("counters: expected each total once in a batch, found one twice; fix: add them up")
    for place, name in enumerate(CounterKey._fields):
        _check_texts(f"counter {name}", [move.key[place] for move in moves], MAX_PARCEL_ID)
    for move in moves:
        if move.seen < 0 or not -MAX_INTEGER <= move.add_micro <= MAX_INTEGER:
            raise NotCanonical(f"counter {move.key}: expected a version from 0 and an amount within 2^53, found {move}")


def _check_event(write: CaseWrite, root: str, count: int) -> None:
    if not write.row.case_id.startswith(BATCH_STREAMS) or write.group is not None:
        raise NotCanonical(f"case_id: expected {BATCH_STREAMS}… and no group, found {write.row.case_id!r}")
    if len(write.events) != 1:
        raise NotCanonical(f"events: expected one for a batch, found {len(write.events)}")
    body = write.events[0].body
    if (body.get("root"), body.get("parcels")) != (root, count):
        raise NotCanonical(
            f"event: expected the root {root} over {count} parcels, found {body.get('root')!r} over "
            f"{body.get('parcels')!r}; fix: record_tree(records).root, and their number"
        )


def _ordinal(text: str) -> int:
    try:
        found = date.fromisoformat(text)
    except (TypeError, ValueError):
        found = None
    if found is None or found.isoformat() != text:
        raise NotCanonical(f"posted_on: expected a date such as 2026-07-01, found {text!r}")
    return found.toordinal()


def doubles(batch: ParcelBatch) -> list[tuple[str, str]]:
    """Return the parcels that stand in a batch more than once, each once, in the order of their second place."""
    seen: set[tuple[str, str]] = set()
    twice: dict[tuple[str, str], None] = {}
    for key in zip(batch.parcel_ids, batch.posted_on, strict=True):
        if key in seen:
            twice[key] = None
        seen.add(key)
    return list(twice)


def record_path(leaves: Sequence[bytes], number: int) -> list[bytes]:
    """Return the path from a record, by its number from 0, to the root over its batch's leaf hashes."""
    return prove(
        inclusion_ranges(number, len(leaves)),
        lambda node: tree_root(leaves[node[1] << node[0] : (node[1] + 1) << node[0]]),
    )


def record_proven(record: str, *, number: int, parcels: int, path: Sequence[bytes], root: bytes) -> bool:
    """Tell whether the path shows that the record stands at this number of the batch with this root."""
    leaf = leaf_hash(record.encode())
    return verify_inclusion(index=number, size=parcels, leaf=leaf, proof=path, root=root)


def batch_told(event: bytes) -> tuple[bytes, int] | None:
    """Return root and number of parcels that a batch's event holds; None for any other event."""
    try:
        body = msgspec.json.decode(event)["body"]
        root, parcels = bytes.fromhex(body["root"]), body["parcels"]
    except (msgspec.MsgspecError, KeyError, TypeError, ValueError):
        return None
    return (root, parcels) if type(parcels) is int else None
