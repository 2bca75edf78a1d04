# SPDX-License-Identifier: Apache-2.0
# ruff: noqa: S608 - SQL is composed of our own words; what senders write comes in as rows
"""Clears files of parcels: stages, assesses, writes the result and records, chunk by chunk, two threads side by side.

A chunk is recorded in one transaction under the range of its rows, once: whoever is stopped, even by kill -9, starts
again and goes on after what is recorded. The result file is the same as that of an undisturbed run.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from datetime import date
from pathlib import Path
from typing import Any, NamedTuple

import msgspec

from openecp.border.low_value.item_rows import collector_name
from openecp.kernel.journal.bulk import EarlierParcel, ParcelBatch
from openecp.platform.core.clearing_batch import (
    ACCOUNTS_MOST,
    BatchMaker,
    Range,
    Source,
    StrideCells,
    Told,
    Totals,
    placed,
)
from openecp.platform.core.clearing_needs import Clears, StagedFile
from openecp.platform.core.clearing_results import REPEATED_COLUMNS, RESULT_COLUMNS, ResultFile, result_rows
from openecp.platform.core.items_in_hand import decided_by_post

CHUNK_PARCELS = 25_000
STRIDE_CHUNKS = 8  # assessed at once: planning a statement costs as much as thousands of parcels
HELD_CHUNKS = 8  # laid out and waiting to be recorded: a stride is recorded while the next one is assessed
RETRIES = 50


class ClearingFault(Exception):  # noqa: N818 - what the user can mend
    """A file cannot be cleared: where, expected, got, fix."""

    def __init__(self, where: str, expected: str, got: str, fix: str) -> None:
        super().__init__(f"{where}: expected {expected}; got {got}. {fix}")
        self.where, self.expected, self.got, self.fix = where, expected, got, fix


class Options(msgspec.Struct, frozen=True, kw_only=True):
    """What was asked for."""

    jurisdiction: str
    on: date | None = None  # None: the day of the first run
    regime: str = ""
    carrier: str = ""
    organisation: str = ""  # whoever lodges the file; empty: the carrier, else Customs
    out: Path | None = None
    result_format: str = ""  # empty: as the input
    today: date


class Piece(NamedTuple):
    """A chunk of the input, as the staging knows it."""

    number: int
    first_row: int
    last_row: int
    parcels: int
    first_parcel: int


class Wiring(msgspec.Struct, frozen=True, kw_only=True):
    """What a clearing is made of; bootstrap gives it."""

    engine: Any
    store: Any
    open_file: Callable[[Path], Any]
    clearance: Callable[[date], Any]  # of a day
    law: Callable[[date], str]  # digest of what the decisions rest on
    quality: Callable[[date], str]  # SQL of the quality codes of rows; empty: not looked at
    salt: Callable[[], bytes]
    now: Callable[[], str]
    actor: str = "system:clear"


class FileCleared(msgspec.Struct, kw_only=True):
    """What became of one input."""

    file: str
    digest: str
    case_id: str
    outcome: str  # cleared, resumed, already
    result: Path
    totals: Totals
    repeated: int = 0
    warnings: tuple[str, ...] = ()


Progress = Callable[[int, int, int], None]  # rows done, rows in all, parcels recorded in this run


class FileClearing:
    """Clears one file; an object of its own for each."""

    def __init__(self, wiring: Wiring, options: Options, path: Path, progress: Progress | None = None) -> None:
        if options.carrier and collector_name(options.carrier) != options.carrier:
            raise ClearingFault(
                "carrier", "letters, digits, . _ - (at most 64)", options.carrier, "Name the organisation's identifier."
            )
        self._w, self._options, self._path = wiring, options, path
        self._progress = progress or (lambda done, rows, parcels: None)
        self._file: StagedFile = wiring.open_file(path)
        self._digest = self._file.digest
        self._case_id = f"parcels/file/{self._digest[:32]}"
        found = wiring.store.case(self._case_id)
        self._seq = found[1] if found else 0
        self._totals = msgspec.json.decode(found[0].state, type=Totals) if found else Totals()
        self._ranges: list[tuple[int, int, int]] = wiring.store.parcel_ranges(self._digest)
        self._chunks = [Piece(*chunk) for chunk in self._file.chunks(CHUNK_PARCELS)]
        self._on = self._day(self._chunks)
        self._clearance: Clears = wiring.clearance(self._on)
        self._quality = wiring.quality(self._on)
        self._source = Source(
            case_id=self._case_id, source=self._digest, name=_plain_name(path), rows=self._file.rows,
            jurisdiction=options.jurisdiction, law=wiring.law(self._on), accepted_on=self._on.isoformat(),
            organisation=options.organisation or options.carrier or "customs", actor=wiring.actor,
        )  # fmt: skip
        self._maker = BatchMaker(wiring.engine, self._source, salt=wiring.salt, hashes=wiring.store.person_hashes)
        kind = options.result_format or self._file.kind
        self._result = ResultFile(options.out or Path(), path.stem, self._digest, kind)
        self._repeated: dict[int, int] = {}  # parcels decided elsewhere, by chunk
        self._recorded = 0
        self._done_rows = 0
        self._waiting: list[tuple[Piece, Future[bool]]] = []
        self._rows: Any = None  # of the result file, and what batches are made of: of the stride that is staged
        self._cells: StrideCells
        self._clearance.keep_totals(wiring.store.counters, wiring.store.person_hashes)
        self._look_first = False  # parcels of this file were decided in another: ask before, not after

    def _day(self, chunks: Sequence[Piece]) -> date:
        """Return the day whose law applies: that of the first run of this file."""
        asked, totals = self._options.on, self._totals
        if not self._ranges:
            return asked or self._options.today
        begun = date.fromisoformat(totals.accepted_on)
        open_rows = [chunk for chunk in chunks if self._open_span(chunk) is not None]
        if totals.jurisdiction != self._options.jurisdiction or (open_rows and asked is not None and asked != begun):
            raise ClearingFault(
                self._path.name,
                f"the file as it was begun: {totals.jurisdiction}, accepted on {totals.accepted_on}",
                f"{self._options.jurisdiction}, {asked or self._options.today}",
                "Give the same jurisdiction and date, or none; openecp reassess answers under other rules.",
            )
        return begun

    def run(self) -> FileCleared:
        """Clear what is not recorded, then put the result file together."""
        before = bool(self._ranges)
        wanted = [chunk for chunk in self._chunks if self._open_span(chunk) is not None]
        self._done_rows = sum(c.last_row - c.first_row + 1 for c in self._chunks) - sum(
            c.last_row - c.first_row + 1 for c in wanted
        )
        with ThreadPoolExecutor(max_workers=1, thread_name_prefix="clearing-journal") as journal:
            for stride in _strides(wanted, 1 if self._clearance.counts else STRIDE_CHUNKS):
                self._clear_stride(stride, journal)
                self._settle(all_of_them=self._clearance.counts)
            self._settle(all_of_them=True)
        for chunk in self._chunks:
            if not self._result.has_part(chunk.first_row):
                self._rebuild(chunk)
        path = self._result.put_together(self._w.engine, [chunk.first_row for chunk in self._chunks])
        outcome = "already" if before and not self._recorded else "resumed" if before else "cleared"
        return FileCleared(
            file=str(self._path), digest=self._digest, case_id=self._case_id, outcome=outcome, result=path,
            totals=self._begun(), repeated=sum(self._repeated.values()), warnings=tuple(self._file.warnings),
        )  # fmt: skip

    # --- a stride of chunks ---

    def _clear_stride(self, stride: Sequence[Piece], journal: ThreadPoolExecutor) -> None:
        """Assess chunks together; while one is recorded the next one is laid out."""
        first, last = stride[0], stride[-1]
        whole = Piece(first.number, first.first_row, last.last_row, sum(c.parcels for c in stride), first.first_parcel)
        self._stage(whole)
        spans = [span for chunk in stride if (span := self._open_span(chunk)) is not None]
        told = dict(zip(spans, self._maker.told([Range(first_row=a, last_row=b) for a, b in spans]), strict=True))
        for chunk in stride:
            batches = self._laid_out(chunk, told)
            if len(self._waiting) >= HELD_CHUNKS:  # no more are held in memory
                self._waiting[-HELD_CHUNKS][1].result()
            self._waiting.append((chunk, journal.submit(self._record, batches, chunk)))

    def _settle(self, *, all_of_them: bool) -> None:
        """Do again what could not be recorded as it was decided; the last one may still be on its way."""
        while self._waiting and (all_of_them or self._waiting[0][1].done()):
            chunk, future = self._waiting.pop(0)
            if not future.result():
                while any(not one.done() for _, one in self._waiting):  # the order of the stream is one thread's
                    self._waiting[-1][1].result()
                self._clear_again(chunk)

    def _stage(self, chunk: Piece, *, look: bool = False) -> None:
        """Make the tables of a chunk, without the parcels that were decided before."""
        engine = self._w.engine
        self._file.stage(chunk)
        if self._options.carrier:
            engine.update(
                f"UPDATE parcel_rows SET carrier = '{self._options.carrier}' WHERE carrier IS NULL OR carrier = ''"
            )
        engine.load("repeated_rows", REPEATED_COLUMNS, [])
        engine.stage("repeated_parcels", "SELECT * FROM repeated_rows")
        if look or self._look_first:
            self._leave_out_known(chunk)
        self._clearance.assess(quality=self._quality, sums=False, charges=False)
        self._rows, self._cells = self._result.rows(engine), StrideCells(engine)

    def _leave_out_known(self, chunk: Piece) -> None:
        """Take out of the staged rows what was decided elsewhere, and keep it as repeated."""
        engine = self._w.engine
        ids, days, rows = engine.columns(
            "SELECT parcel_id, CAST(posted_on AS VARCHAR), row_id FROM parcel_rows WHERE item = 1 ORDER BY row_id"
        )
        places = dict(zip(zip(ids, days, strict=True), rows, strict=True))
        own = {seq for first, last, seq in self._ranges}
        found = [one for one in self._w.store.parcels_known(list(places)) if one.seq not in own]
        known = {(one.parcel_id, one.posted_on): _repeated(one) for one in found}
        by_post = decided_by_post(self._w.store, (parcel for parcel in places if parcel not in known))
        known |= {parcel: _decided_by_post(item.key) for parcel, item in by_post.items()}
        self._repeated[chunk.number] = len(known)
        engine.load("repeated_rows", REPEATED_COLUMNS, [
            (places[name, day], name, date.fromisoformat(day), told) for (name, day), told in known.items()
        ])  # fmt: skip
        engine.stage("repeated_parcels", "SELECT * FROM repeated_rows")
        if known:
            engine.update(
                "DELETE FROM parcel_rows WHERE parcel_no IN (SELECT r.parcel_no FROM parcel_rows AS r "
                "JOIN repeated_parcels AS d ON d.row_id = r.row_id)"
            )

    def _laid_out(
        self, chunk: Piece, told: Mapping[tuple[int, int], Told] | None = None
    ) -> list[Callable[[], ParcelBatch]]:
        """Write the result part of an assessed chunk; return what makes its batches: one, or several."""
        span = self._open_span(chunk)
        if span is None:
            return []
        if span == (chunk.first_row, chunk.last_row):
            self._result.write_part(self._w.engine, self._rows, chunk.first_row, chunk.last_row)
        return list(self._batches(*span, told or {}))

    def _batches(
        self, first_row: int, last_row: int, known: Mapping[tuple[int, int], Told]
    ) -> Iterator[Callable[[], ParcelBatch]]:
        span = Range(first_row=first_row, last_row=last_row, refused=self._refused_rows(first_row, last_row))
        told = known.get((first_row, last_row)) or self._maker.told([span])[0]
        middle = self._maker.middle(span) if len(told.accounts) > ACCOUNTS_MOST else None
        if middle is not None:
            yield from self._batches(first_row, middle - 1, known)
            yield from self._batches(middle, last_row, known)
            return
        moves = self._clearance.moves(first_row, last_row)
        batch = self._maker.batch(span, told.accounts, moves=moves, told=told, cells=self._cells.of(span))
        if batch is not None:
            yield batch

    def _refused_rows(self, first_row: int, last_row: int) -> int:
        found = self._w.engine.ask(
            f"SELECT COUNT(DISTINCT row_id) AS n FROM parcel_faults WHERE row_id BETWEEN {first_row} AND {last_row}"
        )
        return int(found[0]["n"])

    # --- the journal ---

    def _record(self, batches: Sequence[Callable[[], ParcelBatch]], chunk: Piece) -> bool:
        """Record batches in their order; False where one must be decided anew."""
        for batch in batches:
            if not self._record_one(batch()):
                return False
        self._done_rows += chunk.last_row - chunk.first_row + 1
        self._progress(self._done_rows, self._file.rows, self._recorded)
        return True

    def _record_one(self, batch: ParcelBatch) -> bool:
        body = batch.write.events[0].body
        for _ in range(RETRIES):
            if decided_by_post(self._w.store, zip(batch.parcel_ids, batch.posted_on, strict=True)):
                self._look_first = True
                return False
            totals = self._begun().plus(body)
            done = totals.rows_done >= self._file.rows
            written = self._w.store.write_parcels(placed(batch, totals, seq=self._seq, now=self._w.now(), done=done))
            if written.outcome == "recorded":
                self._seq, self._totals = written.seq, totals
                self._recorded += len(batch.parcel_ids)
                self._ranges.append((batch.first_row, batch.last_row, written.seq))
                return True
            if written.outcome == "repeated":  # another run recorded it: the same rows, decided the same
                self._refresh()
                return True
            if written.outcome == "stale":
                self._refresh()
                continue
            if written.outcome in ("parcels", "counters"):
                self._look_first |= written.outcome == "parcels"
                return False
            raise ClearingFault(
                f"{self._path.name}, rows {batch.first_row} to {batch.last_row}", "a batch that can be recorded",
                written.error or written.outcome, "Send the file and this text to whoever maintains the installation.",
            )  # fmt: skip
        raise ClearingFault(
            self._path.name, "the file to be cleared by one run", "others who clear it too", "End the other runs."
        )

    def _begun(self) -> Totals:
        if self._totals.source:
            return self._totals
        source = self._source
        return Totals(
            source=source.source, name=source.name, jurisdiction=source.jurisdiction, accepted_on=source.accepted_on,
            rows=source.rows,
        )  # fmt: skip

    def _refresh(self) -> None:
        found = self._w.store.case(self._case_id)
        self._seq = found[1] if found else 0
        self._totals = msgspec.json.decode(found[0].state, type=Totals) if found else Totals()
        self._ranges = self._w.store.parcel_ranges(self._digest)

    def _clear_again(self, chunk: Piece) -> None:
        """Decide a chunk anew, without what was decided elsewhere and on the totals as they stand now."""
        for _ in range(RETRIES):
            self._stage(chunk, look=True)
            if self._record(self._laid_out(chunk), chunk):
                if self._covered(chunk) != [(chunk.first_row, chunk.last_row)]:
                    self._rebuild(chunk)
                return
        raise ClearingFault(
            self._path.name, "totals of persons that stand still", "others who move them", "Run it again later."
        )

    # --- what is recorded ---

    def _covered(self, chunk: Piece) -> list[tuple[int, int]]:
        return sorted((a, b) for a, b, _ in self._ranges if a >= chunk.first_row and b <= chunk.last_row)

    def _open_span(self, chunk: Piece) -> tuple[int, int] | None:
        """Return the rows of a chunk that are not recorded: all, the end of it, or none."""
        covered = self._covered(chunk)
        first = covered[-1][1] + 1 if covered else chunk.first_row
        return (first, chunk.last_row) if first <= chunk.last_row else None

    def _rebuild(self, chunk: Piece) -> None:
        """Write the result part of a chunk from its records in the journal."""
        engine = self._w.engine
        self._file.stage(chunk)
        self._clearance.items.learn("parcel_rows")
        seqs = [seq for a, b, seq in self._ranges if a >= chunk.first_row and b <= chunk.last_row]
        rows = [row for seq in seqs for row in self._w.store.batch_rows(seq)]
        engine.load("told_results", RESULT_COLUMNS, result_rows(row.record for row in rows))
        engine.stage("parcel_results", "SELECT * FROM told_results")
        engine.update(
            "DELETE FROM parcel_rows WHERE parcel_no IN (SELECT r.parcel_no FROM parcel_rows AS r "
            "JOIN parcel_results AS p ON p.first_row = r.row_id)"
        )
        self._leave_out_known(chunk)
        self._result.write_part(engine, self._result.rows(engine), chunk.first_row, chunk.last_row)


def _strides(chunks: Sequence[Piece], most: int) -> Iterator[list[Piece]]:
    """Yield chunks that follow one another, some at a time."""
    held: list[Piece] = []
    for chunk in chunks:
        if held and (len(held) == most or chunk.number != held[-1].number + 1):
            yield held
            held = []
        held.append(chunk)
    if held:
        yield held


def _repeated(one: EarlierParcel) -> str:
    return msgspec.json.encode([{
        "code": "OECP-REPEATED", "column": "parcel_id", "expected": "a parcel that is not decided yet",
        "fix": "Ask for the parcel's record; a correction is an act on the parcel.",
        "got": f"decided by event {one.seq}, number {one.number}",
    }]).decode()  # fmt: skip


def _decided_by_post(key: str) -> str:  # the same words however often it is decided anew
    return msgspec.json.encode([{
        "code": "OECP-PARCEL-DECIDED-BY-POST", "column": "parcel_id", "expected": "an item that has no decision yet",
        "fix": "Ask for its decision, or have it changed, as a postal item (/post/items).",
        "got": f"decided as postal item {key}",
    }]).decode()  # fmt: skip


def _plain_name(path: Path) -> str:
    return path.name.encode("ascii", "replace").decode("ascii")[:100]
