# SPDX-License-Identifier: Apache-2.0
# ruff: noqa: S608 - SQL is composed of our own words; what senders write comes in as rows
"""From an assessed chunk to the batch that the journal takes: records, event, ledger entries, documents, persons.

Reads: parcel_rows, parcel_results and collector_sums' parts of the engine (border/low_value/records.py).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple, Protocol

import msgspec

from openecp.border.low_value import records
from openecp.kernel.datamodel.parcel import PERSONAL_COLUMNS
from openecp.kernel.journal.bulk import CounterMove, ParcelBatch, PlainTexts, record_tree
from openecp.kernel.journal.canonical import canonical, salted_digest
from openecp.kernel.journal.model import CaseRow, CaseWrite, LedgerEntry, NewEvent, StoredDocument
from openecp.kernel.parties.entity_key import entity_keys

EVENT_KIND = "ParcelsCleared"
ROOM = "parcels"
SENDERS_MOST = 50  # told of in one batch, the largest
ACCOUNTS_MOST = 900  # ledger entries of one batch; a range with more is written in halves
PARQUET = "application/vnd.apache.parquet"
GOODS, PERSONS = "parcel_goods", "parcel_persons"
_DOCUMENTS = {
    GOODS: f"SELECT * EXCLUDE ({', '.join(PERSONAL_COLUMNS)}) FROM parcel_rows",
    PERSONS: f"SELECT row_id, {', '.join(PERSONAL_COLUMNS)} FROM parcel_rows",
}
_BUYER = ("buyer_name", "buyer_address", "buyer_id")


class RangeEngine(Protocol):
    """What is read of an assessed chunk."""

    def ask(self, statement: str) -> list[dict[str, Any]]: ...

    def columns(self, statement: str) -> list[list[Any]]:
        """Run a statement and return its columns."""

    def parquet(self, statement: str) -> Callable[[], bytes]:
        """Run a statement; return what gives its rows as a Parquet file, from any thread."""


class StrideEngine(Protocol):
    """What a stride of chunks is asked of."""

    def ordered(self, statement: str, key: str) -> Rows:
        """Run a statement; return its rows in the order of a column."""

    def kept(self, name: str) -> Rows:
        """Return a staged table that is kept in the order of the input."""


class Source(msgspec.Struct, frozen=True, kw_only=True):
    """Where parcels come from, and under which law they are decided."""

    case_id: str
    source: str  # SHA-256 of the file
    name: str
    rows: int
    jurisdiction: str
    law: str  # digest of regimes and rates
    accepted_on: str
    organisation: str
    actor: str


class Range(msgspec.Struct, frozen=True, kw_only=True):
    """Rows of the input, both ends included, and how many of them were refused."""

    first_row: int
    last_row: int
    refused: int = 0

    @property
    def where(self) -> str:
        """SQL of which parcels lie in it."""
        return self.rows("first_row")

    def rows(self, column: str) -> str:
        """SQL of which rows lie in it."""
        return f"{column} BETWEEN {self.first_row} AND {self.last_row}"


class Totals(msgspec.Struct, kw_only=True):
    """What is known of a file so far: the state of its case."""

    source: str = ""
    name: str = ""
    jurisdiction: str = ""
    accepted_on: str = ""
    rows: int = 0
    rows_done: int = 0
    refused_rows: int = 0
    parcels: int = 0
    batches: int = 0
    decisions: dict[str, int] = {}
    categories: dict[str, int] = {}
    charged: dict[str, dict[str, int]] = {}  # by `seller EUR` and duty or tax, minor units
    refused: dict[str, int] = {}  # faults by code
    quality: dict[str, int] = {}  # parcels by code

    def plus(self, body: Mapping[str, Any]) -> Totals:
        """Return the totals with one batch more, from its event's body."""
        made = msgspec.convert(msgspec.to_builtins(self), Totals)
        made.rows_done += body["last_row"] - body["first_row"] + 1
        made.refused_rows += body["refused_rows"]
        made.parcels += body["parcels"]
        made.batches += 1
        for name in ("decisions", "categories", "refused", "quality"):
            kept = getattr(made, name)
            for key, count in body[name].items():
                kept[key] = kept.get(key, 0) + count
        for row in body["charged"]:
            collector = made.charged.setdefault(f"{row['account'].split(':')[1]} {row['currency']}", {})
            collector[row["type"]] = collector.get(row["type"], 0) + row["minor"]
        return made


class Rows(Protocol):
    """Rows in the order of the input, of which pieces are cut without another question."""

    def __len__(self) -> int: ...

    def between(self, first: int, last: int) -> Rows:
        """Return the rows whose number lies between two, both included."""

    def at(self, numbers: Sequence[int], *names: str) -> list[list[Any]]:
        """Return columns of the rows with these numbers."""

    def columns(self, *names: str) -> list[list[Any]]: ...

    def words(self, name: str) -> list[str]: ...

    def plain(self, name: str) -> list[bytes]: ...

    def parquet(self) -> Callable[[], bytes]: ...


class Cells(NamedTuple):
    """What the batch of a range is made of; what takes time is left to whoever records."""

    parcels: int
    results: Callable[[], tuple[Sequence[str], Sequence[str], Sequence[str]]]  # identifiers, days, records
    documents: Mapping[str, Callable[[], bytes]]
    buyers: Callable[[], Sequence[Sequence[str | None]]]  # names, addresses, identifiers


class Told(msgspec.Struct):
    """What the event of a range tells: what each collector owes, counts by name, the largest senders."""

    accounts: list[dict[str, Any]] = []
    counted: dict[str, dict[str, int]] = msgspec.field(
        default_factory=lambda: {name: {} for name in ("decision", "category", "quality", "reasons", "refused")}
    )
    senders: list[dict[str, Any]] = []


class BatchMaker:
    """Makes batches of ranges of an assessed chunk."""

    def __init__(
        self,
        engine: RangeEngine,
        source: Source,
        *,
        salt: Callable[[], bytes],
        hashes: Callable[[Sequence[str]], list[str | None]],
    ) -> None:
        """`salt` gives 16 secret bytes, `hashes` the salted hashes of entity keys."""
        self._engine, self._source, self._salt, self._hashes = engine, source, salt, hashes

    def told(self, spans: Sequence[Range], *, accounts: bool = True) -> list[Told]:
        """Return what is told of each of some ranges: as many questions for all of them as for one."""
        found = [Told() for _ in spans]
        for row in self._engine.ask(records.sums_statement(_part("p.first_row", spans))) if accounts else ():
            found[row.pop("part")].accounts.append(row)
        by_parcel, by_row = _part("first_row", spans), _part("row_id", spans)
        for name in ("decision", "category", "quality", "reasons"):
            for row in self._engine.ask(_counted(f"CAST({name} AS VARCHAR)", "parcel_results", by_parcel)):
                found[row["part"]].counted[name][row["name"]] = row["n"]
        for row in self._engine.ask(_counted("code", "parcel_faults", by_row)):
            found[row["part"]].counted["refused"][row["name"]] = row["n"]
        for row in self._engine.ask(self._senders(_part("p.first_row", spans))):
            found[row.pop("part")].senders.append(row)
        return found

    def accounts(self, span: Range) -> list[dict[str, Any]]:
        """Return what each collector owes for the parcels of a range."""
        found = self._engine.ask(records.sums_statement(_part("p.first_row", [span])))
        return [{name: cell for name, cell in row.items() if name != "part"} for row in found]

    def middle(self, span: Range) -> int | None:
        """Return the first row of the parcel in the middle of a range; None where it has one parcel alone."""
        found = self._engine.ask(
            f"SELECT QUANTILE_DISC(first_row, 0.5) AS row, MIN(first_row) AS least, MAX(first_row) AS most "
            f"FROM parcel_results WHERE {span.where}"
        )[0]
        if found["least"] == found["most"]:
            return None
        return int(found["row"] if found["row"] > found["least"] else found["most"])

    def batch(
        self,
        span: Range,
        accounts: Sequence[Mapping[str, Any]],
        *,
        moves: Sequence[CounterMove] = (),
        told: Told | None = None,
        cells: Cells | None = None,
    ) -> Callable[[], ParcelBatch] | None:
        """Return what makes the batch of a range, without its place in the case's stream; None where it is empty.

        `told` is what `told` says of this range, `cells` what StrideCells has of it, where they were asked.

        What the engine knows is read here; hashing and packing is left to whoever records, in another thread.
        """
        source = self._source
        found = cells or self._asked(span)
        if not found.parcels:
            return None
        told = told or self.told([span], accounts=False)[0]
        counted = told.counted
        body: dict[str, Any] = {
            "parcels": found.parcels,
            "source": source.source,
            "first_row": span.first_row,
            "last_row": span.last_row,
            "refused_rows": span.refused,
            "jurisdiction": source.jurisdiction,
            "law": source.law,
            "accepted_on": source.accepted_on,
            "decisions": counted["decision"],
            "categories": counted["category"],
            "refused": counted["refused"],
            "quality": _by_code(counted["quality"]),
            "reasons": _by_code(counted["reasons"]),
            "senders": told.senders,
            "charged": [
                {"account": r["account"], "type": r["type"], "currency": r["currency"], "minor": r["minor"],
                 "amounts": r["amounts"]}
                for r in accounts
            ],
        }  # fmt: skip
        ledger = self._ledger(span, accounts)

        def made() -> ParcelBatch:
            ids, days, texts = found.results()
            tree = record_tree(texts)
            kept = tuple(self._document(kind, content(), span) for kind, content in found.documents.items())
            persons = self._hashes(entity_keys(*found.buyers()))
            told = [{"id": one.document_id, "kind": one.kind, "digest": one.digest} for one in kept]
            write = self._write({**body, "root": tree.root, "documents": told}, kept, ledger)
            return ParcelBatch(
                write=write, source=source.source, first_row=span.first_row, last_row=span.last_row, parcel_ids=ids,
                posted_on=days, records=texts, persons=persons, counters=tuple(moves), tree=tree,
            )  # fmt: skip

        return made

    def _write(
        self, body: dict[str, Any], documents: tuple[StoredDocument, ...], ledger: tuple[LedgerEntry, ...]
    ) -> CaseWrite:
        source = self._source
        row = CaseRow(
            case_id=source.case_id, organisation=source.organisation, lrn="", mrn=None, status="clearing",
            channel=None, office=None, movement=None, version=0, state=b"{}", updated_at="", room=ROOM,
        )  # fmt: skip
        event = NewEvent(kind=EVENT_KIND, occurred_at="", actor=source.actor, body=body)
        return CaseWrite(row=row, expected_seq=0, events=(event,), documents=documents, ledger=ledger)

    @staticmethod
    def _senders(part: str) -> str:
        """SQL of parcels, those with a remark and those held, by seller's identifier, else country of dispatch."""
        return (
            "SELECT s.part, s.sender, s.parcels, s.flagged, s.held FROM ("
            "SELECT CASE WHEN c.named_id IS NULL OR c.named_id = 'unnamed' THEN COALESCE(r.dispatch_country, '') "
            "ELSE c.named_id END AS sender, COUNT(*) AS parcels, "
            "CAST(SUM(CASE WHEN p.quality <> '' THEN 1 ELSE 0 END) AS BIGINT) AS flagged, "
            f"CAST(SUM(CASE WHEN p.decision = 'hold' THEN 1 ELSE 0 END) AS BIGINT) AS held, {part} AS part "
            "FROM parcel_results AS p JOIN parcel_rows AS r ON r.row_id = p.first_row "
            f"LEFT JOIN collector_ids AS c ON c.given_id = r.scheme_id WHERE {part} IS NOT NULL GROUP BY ALL) AS s "
            "QUALIFY ROW_NUMBER() OVER (PARTITION BY s.part ORDER BY s.parcels DESC, s.sender) "
            f"<= {SENDERS_MOST} ORDER BY s.part, s.parcels DESC, s.sender"
        )

    def _ledger(self, span: Range, accounts: Sequence[Mapping[str, Any]]) -> tuple[LedgerEntry, ...]:
        source = self._source
        return tuple(
            LedgerEntry(
                entry_id=f"{source.source[:32]}-{span.first_row}-{number}",
                case_id=source.case_id,
                debit=row["account"],
                credit=f"revenue:{row['type']}:{source.jurisdiction}:{row['currency']}",
                amount_minor=row["minor"],
                currency=row["currency"],
                reason="parcels cleared",
            )
            for number, row in enumerate(accounts, start=1)
        )

    def _asked(self, span: Range) -> Cells:
        """Ask for what a batch is made of."""
        ids, days, texts = self._engine.columns(
            f"SELECT parcel_id, CAST(posted_on AS VARCHAR) AS day, record FROM parcel_results WHERE {span.where} "
            "ORDER BY first_row"
        )
        buyers = self._engine.columns(
            f"SELECT {', '.join(f'r.{name}' for name in _BUYER)} FROM parcel_results AS p "
            f"JOIN parcel_rows AS r ON r.row_id = p.first_row WHERE {span.rows('p.first_row')} ORDER BY p.first_row"
        )
        where = span.rows("row_id")
        documents = {kind: self._engine.parquet(f"{sql} WHERE {where}") for kind, sql in _DOCUMENTS.items()}
        return Cells(len(ids), lambda: (ids, days, texts), documents, lambda: buyers)

    def _document(self, kind: str, content: bytes, span: Range) -> StoredDocument:
        salt = self._salt()
        return StoredDocument(
            document_id=f"{kind}-{self._source.source[:32]}-{span.first_row}",
            kind=kind,
            media_type=PARQUET,
            content=content,
            salt=salt,
            digest=salted_digest(salt, content),
        )


class StrideCells:
    """What the batches of a stride of chunks are made of: asked for once, cut for each."""

    def __init__(self, engine: StrideEngine) -> None:
        self._results = engine.kept("parcel_results")
        self._documents = {kind: engine.ordered(sql, "row_id") for kind, sql in _DOCUMENTS.items()}

    def of(self, span: Range) -> Cells:
        """Return what the batch of a range is made of."""
        bounds = span.first_row, span.last_row
        results = self._results.between(*bounds)
        documents = {kind: rows.between(*bounds) for kind, rows in self._documents.items()}

        def columns() -> tuple[Sequence[str], Sequence[str], Sequence[str]]:
            return results.columns("parcel_id")[0], results.words("posted_on"), PlainTexts(results.plain("record"))

        def buyers() -> Sequence[Sequence[str | None]]:
            return documents[PERSONS].at(results.columns("first_row")[0], *_BUYER)

        return Cells(len(results), columns, {kind: rows.parquet() for kind, rows in documents.items()}, buyers)


def _part(column: str, spans: Sequence[Range]) -> str:
    """SQL of which range a row lies in, by number; null: in none."""
    return f"CASE {' '.join(f'WHEN {span.rows(column)} THEN {number}' for number, span in enumerate(spans))} END"


def _counted(name: str, table: str, part: str) -> str:
    return (
        f"SELECT part, name, COUNT(*) AS n FROM (SELECT {part} AS part, {name} AS name FROM {table}) AS t "
        "WHERE part IS NOT NULL GROUP BY part, name ORDER BY part, name"
    )


def _by_code(counted: Mapping[str, int]) -> dict[str, int]:
    """Return how often each code occurs, from counts of lists of codes."""
    found: dict[str, int] = {}
    for codes, many in counted.items():
        for code in codes.replace('"', "").split(",") if codes else ():
            found[code] = found.get(code, 0) + many
    return dict(sorted(found.items()))


def placed(batch: ParcelBatch, totals: Totals, *, seq: int, now: str, done: bool) -> ParcelBatch:
    """Return the batch with its place in the stream of its case: after `seq`, with what is known from then on."""
    write = batch.write
    state = canonical(msgspec.to_builtins(totals))
    row = msgspec.structs.replace(
        write.row, status="cleared" if done else "clearing", version=totals.batches, state=state, updated_at=now
    )
    event = msgspec.structs.replace(write.events[0], occurred_at=now)
    write = msgspec.structs.replace(write, row=row, expected_seq=seq, events=(event,), face=state)
    return msgspec.structs.replace(batch, write=write)
