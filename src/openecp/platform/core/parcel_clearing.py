# SPDX-License-Identifier: Apache-2.0
"""Clears the parcels of the online door by the functions that clear files: the same rows, statements and batches.

Two engines a jurisdiction, each with its regimes and rates of the day: one that runs the statements at once on few
parcels, and the database for many, which plans longer than it works. Whoever clears has a jurisdiction to himself.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Mapping, Sequence
from datetime import date
from typing import Any, NamedTuple, Protocol

import msgspec

from openecp.border.low_value import records
from openecp.kernel.assessment.engine import Columns
from openecp.kernel.datamodel.parcel import Parcel, ParcelItem
from openecp.kernel.datamodel.parcel_rows import TYPED_COLUMNS, goods_of, parcel_of_rows, typed_rows
from openecp.kernel.journal.bulk import CounterKey, CounterState, ParcelBatch, ParcelRow
from openecp.kernel.journal.model import Event, StoredDocument
from openecp.platform.core.clearing_batch import BatchMaker, Range, Source
from openecp.platform.core.parcel_model import ParcelPlace
from openecp.platform.core.parcelview import lodger_runs

log = logging.getLogger("openecp.core.parcels")
FEW = 4_000  # rows of a batch that are worked without the database: planning costs it as much as these
_NO_GOODS = ParcelItem(description="goods", unit_price="1.00")
_ROW_COLUMNS = Columns(
    TYPED_COLUMNS,
    filled=(
        "row_id", "parcel_no", "item", "parcel_id", "posted_on", "currency", "channel", "trade", "quantity_micro",
        "unit_price_micro", "documents", "restricted", "tax_paid",
    ),
)  # fmt: skip
FAULT_COLUMNS = (("row_id", "BIGINT"), ("parcel_id", "VARCHAR"), ("code", "VARCHAR"))


class LawOfParcels(Protocol):
    """Under what the parcels of one jurisdiction are decided."""

    def clearance(self, engine: Any, on: date) -> Any: ...

    def digest(self, on: date) -> str: ...


class GoodsStore(Protocol):
    """The part of the store that looking at a decided parcel's goods needs."""

    def events(self, *, case_id: str | None = None, after_seq: int = 0, limit: int = 1000) -> list[Event]: ...

    def document(self, document_id: str) -> StoredDocument | None: ...

    def parcel_rows(self, parcel_id: str, posted_on: str | None = None) -> list[ParcelRow]: ...

    def person_hashes(self, keys: Sequence[str]) -> list[str | None]: ...

    def counters(self, keys: Sequence[CounterKey]) -> dict[CounterKey, CounterState]: ...


FindsQuality = Callable[[Sequence[Sequence[Any]]], list[tuple[int, str, bool]]]  # (row, code, held) of typed rows


class Few(NamedTuple):
    """What works few parcels: an engine that plans nothing, and the codes of quality of rows on a day."""

    engine: Callable[[], Any]
    quality: Callable[[date], FindsQuality]


class _Day(NamedTuple):
    """What clears one jurisdiction on one day."""

    on: date
    clearance: Any
    law: str
    quality: str | FindsQuality


class _Court:
    """One jurisdiction's engine and what it holds."""

    def __init__(self, law: LawOfParcels, engine: Any, quality: Callable[[date], str | FindsQuality]) -> None:
        self.law, self.engine, self.quality = law, engine, quality
        self.day: _Day | None = None


class ParcelClearing:
    """Clears parcels of any jurisdiction that has regimes; each is made ready when it is first asked for."""

    def __init__(
        self,
        *,
        jurisdictions: Sequence[str],
        law_of: Callable[[str], LawOfParcels],
        engine: Callable[[], Any],
        quality: Callable[[Any, date], str],
        goods_rows: Callable[[bytes, int], list[dict[str, Any]]],
        store: GoodsStore,
        today: Callable[[], date],
        salt: Callable[[], bytes],
        actor: str = "system:parcels",
        few: Few | None = None,
    ) -> None:
        self._names, self._law_of, self._engine = tuple(jurisdictions), law_of, engine
        self._quality, self._goods_rows, self._store = quality, goods_rows, store
        self._today, self._salt, self._actor = today, salt, actor
        self._courts: dict[tuple[str, bool], _Court] = {}  # by jurisdiction, and whether it works few parcels
        self._locks: dict[str, threading.Lock] = {}
        self._making = threading.Lock()
        self._few = few

    def jurisdictions(self) -> tuple[str, ...]:
        """Return the jurisdictions that parcels can be lodged for."""
        return self._names

    def warm(self, jurisdiction: str) -> None:
        """Make a jurisdiction ready now, so that no parcel waits for it."""
        with self._lock(jurisdiction):
            if self._few is not None:
                for items in (1, 2):
                    goods = Parcel(parcel_id="0", posted_on="2000-01-01", currency="EUR", items=(_NO_GOODS,) * items)
                    self._batch(self._court(jurisdiction, few=True), [ParcelPlace(goods, "", 1)], jurisdiction, "0")
            self._ready(self._court(jurisdiction, few=False), self._today())

    def _lock(self, jurisdiction: str) -> threading.Lock:
        with self._making:
            return self._locks.setdefault(jurisdiction, threading.Lock())

    def _court(self, jurisdiction: str, *, few: bool) -> _Court:
        few = few and self._few is not None
        with self._making:
            if (jurisdiction, few) not in self._courts:
                if jurisdiction not in self._names:
                    raise LookupError(f"no regime of {jurisdiction} is known")
                law = self._law_of(jurisdiction)
                if few and self._few is not None:
                    self._courts[jurisdiction, few] = _Court(law, self._few.engine(), self._few.quality)
                else:
                    engine = self._engine()
                    self._courts[jurisdiction, few] = _Court(law, engine, lambda on: self._quality(engine, on))
            return self._courts[jurisdiction, few]

    def _ready(self, court: _Court, on: date) -> _Day:
        if court.day is None or court.day.on != on:
            quality = court.quality(on)
            clearance = court.law.clearance(court.engine, on)
            clearance.keep_totals(self._store.counters, self._store.person_hashes)
            court.day = _Day(on, clearance, court.law.digest(on), quality)
            court.engine.load("parcel_faults", FAULT_COLUMNS, [], ())
        return court.day

    # -- clearing -------------------------------------------------------------------------------------------------

    def clear(self, places: Sequence[ParcelPlace], *, jurisdiction: str, source: str) -> ParcelBatch:
        """Return the batch of these parcels, one record each in their order.

        Raises: LookupError for a jurisdiction that has no regimes.
        """
        few = self._few is not None and sum(len(place.parcel.items) for place in places) <= FEW
        with self._lock(jurisdiction):
            batch = None
            if few:
                try:
                    batch = self._batch(self._court(jurisdiction, few=True), places, jurisdiction, source)
                except LookupError:
                    raise
                except Exception:  # the database has the last word: what the quick way cannot work goes there
                    log.exception("%d parcels of %s could not be worked the quick way", len(places), jurisdiction)
            if batch is None:
                batch = self._batch(self._court(jurisdiction, few=False), places, jurisdiction, source)
        if batch is None or len(batch.records) != len(places):
            raise RuntimeError(f"clearing: expected {len(places)} records, one a parcel, got another number")
        return _with_lodgers(batch, [place.organisation for place in places])

    def _batch(
        self, court: _Court, places: Sequence[ParcelPlace], jurisdiction: str, source: str
    ) -> ParcelBatch | None:
        day = self._ready(court, self._today())
        self._assess(court, day, places, quality=day.quality)
        last = places[-1]
        span = Range(first_row=places[0].row, last_row=last.row + len(last.parcel.items) - 1)
        told = Source(
            case_id=f"parcels/online/{day.on.isoformat()}", source=source, name="online", rows=0,
            jurisdiction=jurisdiction, law=day.law, accepted_on=day.on.isoformat(), organisation="customs",
            actor=self._actor,
        )  # fmt: skip
        maker = BatchMaker(court.engine, told, salt=self._salt, hashes=self._store.person_hashes)
        moves = day.clearance.moves(span.first_row, span.last_row)
        made = maker.batch(span, maker.accounts(span), moves=moves)
        return made() if made is not None else None

    @staticmethod
    def _assess(court: _Court, day: _Day, places: Sequence[ParcelPlace], *, quality: str | FindsQuality) -> None:
        rows = [row for number, one in enumerate(places, start=1) for row in typed_rows(one.parcel, number, one.row)]
        court.engine.load("parcel_rows", _ROW_COLUMNS, rows, ())
        if isinstance(quality, str):
            day.clearance.assess(quality=quality)
            return
        court.engine.load("quality_codes", records.QUALITY_COLUMNS, quality(rows), ())
        day.clearance.assess()

    # -- one parcel again -----------------------------------------------------------------------------------------

    def same_goods(self, row: ParcelRow, parcel: Parcel) -> bool:
        """Tell whether a decided parcel was declared with these goods; personal data does not count."""
        declared = self.declared(row.seq, row.number, row.parcel_id, row.posted_on)
        return declared is not None and goods_of(declared) == goods_of(parcel)

    def declared(self, seq: int, number: int, parcel_id: str, posted_on: str) -> Parcel | None:
        """Return a parcel as declared, without personal data; None where its goods are no longer kept."""
        rows = self._store.parcel_rows(parcel_id, posted_on)
        event = self._store.events(after_seq=seq - 1, limit=1)
        if not rows or not event:
            return None
        named = next((one["id"] for one in event[0].body["documents"] if one["kind"] == "parcel_goods"), None)
        document = self._store.document(named) if named is not None else None
        if document is None:
            return None
        found = self._goods_rows(document.content, msgspec.json.decode(rows[0].record)["row"])
        return parcel_of_rows(found) if found else None

    def assess(self, goods: Parcel, *, jurisdiction: str, on: str) -> Mapping[str, Any]:
        """Return the record of goods on a day of acceptance; the quality of the data holds nothing up.

        Limits: the parcel stands alone: what its addressee had before is not looked at again.
        """
        day = date.fromisoformat(on)
        court = self._court(jurisdiction, few=False)
        with self._lock(jurisdiction):
            ready = self._ready(court, day)
            court.engine.load("quality_codes", records.QUALITY_COLUMNS, [], ())
            ready.clearance.keep_totals(lambda keys: {}, self._store.person_hashes)
            try:
                self._assess(court, ready, [ParcelPlace(goods, "", 1)], quality="")
            finally:
                ready.clearance.keep_totals(self._store.counters, self._store.person_hashes)
            found = court.engine.ask("SELECT record FROM parcel_results")
        record: Mapping[str, Any] = msgspec.json.decode(found[0]["record"])
        return record


def _with_lodgers(batch: ParcelBatch, organisations: Sequence[str]) -> ParcelBatch:
    """Return the batch whose event names who lodged its parcels."""
    event = batch.write.events[0]
    body = event.body | {"lodgers": lodger_runs(organisations)}
    write = msgspec.structs.replace(batch.write, events=(msgspec.structs.replace(event, body=body),))
    return msgspec.structs.replace(batch, write=write)
