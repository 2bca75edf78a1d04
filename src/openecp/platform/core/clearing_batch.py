# SPDX-License-Identifier: Apache-2.0
# ruff: noqa: S608 - SQL is composed of our own words; what senders write comes in as rows
"""From an assessed chunk to the batch that the journal takes: records, event, ledger entries, documents, persons.

Reads: parcel_rows, parcel_results and collector_sums' parts of the engine (border/low_value/records.py).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Protocol

import msgspec

from openecp.border.low_value import records
from openecp.kernel.datamodel.parcel import PERSONAL_COLUMNS
from openecp.kernel.journal.bulk import CounterMove, ParcelBatch, record_tree
from openecp.kernel.journal.canonical import canonical, salted_digest
from openecp.kernel.journal.model import CaseRow, CaseWrite, LedgerEntry, NewEvent, StoredDocument
from openecp.kernel.parties.entity_key import entity_keys

EVENT_KIND = "ParcelsCleared"
ROOM = "parcels"
SENDERS_MOST = 50  # told of in one batch, the largest
ACCOUNTS_MOST = 900  # ledger entries of one batch; a range with more is written in halves
PARQUET = "application/vnd.apache.parquet"


class RangeEngine(Protocol):
    """What is read of an assessed chunk."""

    def ask(self, statement: str) -> list[dict[str, Any]]: ...

    def columns(self, statement: str) -> list[list[Any]]:
        """Run a statement and return its columns."""

    def parquet(self, statement: str) -> Callable[[], bytes]:
        """Run a statement; return what gives its rows as a Parquet file, from any thread."""


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

    def accounts(self, span: Range) -> list[dict[str, Any]]:
        """Return what each collector owes for the parcels of a range."""
        return self._engine.ask(records.sums_statement(span.rows("p.first_row")))

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
    ) -> Callable[[], ParcelBatch] | None:
        """Return what makes the batch of a range, without its place in the case's stream; None where it is empty.

        What the engine knows is read here; hashing and packing is left to whoever records, in another thread.
        """
        engine, source = self._engine, self._source
        ids, days, texts = engine.columns(
            f"SELECT parcel_id, CAST(posted_on AS VARCHAR) AS day, record FROM parcel_results WHERE {span.where} "
            "ORDER BY first_row"
        )
        if not ids:
            return None
        documents, persons = self._documents(span), self._persons(span)
        body: dict[str, Any] = {
            "parcels": len(ids),
            "source": source.source,
            "first_row": span.first_row,
            "last_row": span.last_row,
            "refused_rows": span.refused,
            "jurisdiction": source.jurisdiction,
            "law": source.law,
            "accepted_on": source.accepted_on,
            "decisions": self._counted("decision", span),
            "categories": self._counted("category", span),
            "refused": self._refused(span),
            "quality": self._codes("quality", span),
            "reasons": self._codes("reasons", span),
            "senders": self._senders(span),
            "charged": [
                {"account": r["account"], "type": r["type"], "currency": r["currency"], "minor": r["minor"],
                 "amounts": r["amounts"]}
                for r in accounts
            ],
        }  # fmt: skip
        ledger = self._ledger(span, accounts)

        def made() -> ParcelBatch:
            tree, kept = record_tree(texts), documents()
            told = [{"id": one.document_id, "kind": one.kind, "digest": one.digest} for one in kept]
            write = self._write({**body, "root": tree.root, "documents": told}, kept, ledger)
            return ParcelBatch(
                write=write, source=source.source, first_row=span.first_row, last_row=span.last_row, parcel_ids=ids,
                posted_on=days, records=texts, persons=persons(), counters=tuple(moves), tree=tree,
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

    def _counted(self, column: str, span: Range) -> dict[str, int]:
        rows = self._engine.ask(
            f"SELECT CAST({column} AS VARCHAR) AS name, COUNT(*) AS n FROM parcel_results WHERE {span.where} "
            f"GROUP BY {column} ORDER BY name"
        )
        return {row["name"]: row["n"] for row in rows}

    def _refused(self, span: Range) -> dict[str, int]:
        rows = self._engine.ask(
            f"SELECT code AS name, COUNT(*) AS n FROM parcel_faults WHERE {span.rows('row_id')} "
            "GROUP BY code ORDER BY code"
        )
        return {row["name"]: row["n"] for row in rows}

    def _codes(self, column: str, span: Range) -> dict[str, int]:
        rows = self._engine.ask(
            f"SELECT {column} AS codes, COUNT(*) AS n FROM parcel_results WHERE {span.where} AND {column} <> '' "
            f"GROUP BY {column}"
        )
        found: dict[str, int] = {}
        for row in rows:
            for code in row["codes"].replace('"', "").split(","):
                found[code] = found.get(code, 0) + row["n"]
        return dict(sorted(found.items()))

    def _senders(self, span: Range) -> list[dict[str, Any]]:
        """Count parcels, those with a remark and those held by seller's identifier, else by country of dispatch."""
        return self._engine.ask(
            "SELECT CASE WHEN c.named_id IS NULL OR c.named_id = 'unnamed' THEN COALESCE(r.dispatch_country, '') "
            "ELSE c.named_id END AS sender, COUNT(*) AS parcels, "
            "CAST(SUM(CASE WHEN p.quality <> '' THEN 1 ELSE 0 END) AS BIGINT) AS flagged, "
            "CAST(SUM(CASE WHEN p.decision = 'hold' THEN 1 ELSE 0 END) AS BIGINT) AS held "
            "FROM parcel_results AS p JOIN parcel_rows AS r ON r.row_id = p.first_row "
            f"LEFT JOIN collector_ids AS c ON c.given_id = r.scheme_id WHERE {span.rows('p.first_row')} "
            f"GROUP BY 1 ORDER BY parcels DESC, sender LIMIT {SENDERS_MOST}"
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

    def _documents(self, span: Range) -> Callable[[], tuple[StoredDocument, ...]]:
        where = span.rows("row_id")
        persons = ", ".join(PERSONAL_COLUMNS)
        statements = {
            "parcel_goods": f"SELECT * EXCLUDE ({persons}) FROM parcel_rows WHERE {where}",
            "parcel_persons": f"SELECT row_id, {persons} FROM parcel_rows WHERE {where}",
        }
        contents = {kind: self._engine.parquet(statement) for kind, statement in statements.items()}
        return lambda: tuple(self._document(kind, content(), span) for kind, content in contents.items())

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

    def _persons(self, span: Range) -> Callable[[], list[str | None]]:
        names, addresses, identifiers = self._engine.columns(
            "SELECT r.buyer_name, r.buyer_address, r.buyer_id FROM parcel_results AS p "
            f"JOIN parcel_rows AS r ON r.row_id = p.first_row WHERE {span.rows('p.first_row')} ORDER BY p.first_row"
        )
        return lambda: self._hashes(entity_keys(names, addresses, identifiers))


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
