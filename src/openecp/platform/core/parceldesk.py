# SPDX-License-Identifier: Apache-2.0
"""Clears and records the parcels of many requests together; no thread and no queue here (parcel_line.py has them).

One batch of one jurisdiction is assessed by the same function as a chunk of a file and written in one transaction. A
parcel that was decided before gets its first answer again where the goods are the same. Where a person's running
total has moved on in the meantime, the batch is assessed again on the new one.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Sequence

import msgspec

from openecp.kernel.journal.bulk import BatchWritten, EarlierParcel, ParcelBatch
from openecp.kernel.journal.memory import utc_now
from openecp.kernel.journal.model import Idempotency
from openecp.platform.core.clearing_batch import Totals, placed
from openecp.platform.core.items_in_hand import decided_by_post
from openecp.platform.core.parcel_model import (
    ClearsParcels,
    LodgeParcels,
    OnlineStore,
    ParcelOutcome,
    ParcelPlace,
    ParcelsAnswer,
    request_fault,
)

log = logging.getLogger("openecp.core.parcels")
MAX_ATTEMPTS = 12
Place = tuple[int, int]  # number of the request in the batch, number of the parcel in the request


class Wanted(msgspec.Struct):
    """One parcel of a batch in work: where its answer goes, and what is to be cleared."""

    at: Place
    place: ParcelPlace
    keyed: bool  # its request has a key that is known with this very body: the goods need not be compared


class Prepared(msgspec.Struct):
    """The parcels of one jurisdiction, assessed and ready to be written."""

    jurisdiction: str
    wanted: list[Wanted]
    batch: ParcelBatch | None  # None: they could not be assessed together
    keys: tuple[Idempotency, ...] = ()


class Work(msgspec.Struct):
    """A gathered batch on its way: the requests, their outcomes so far, and what is still to be written."""

    requests: list[LodgeParcels]
    outcomes: dict[Place, ParcelOutcome]
    faults: dict[int, ParcelsAnswer]
    prepared: list[Prepared]
    doubled: list[Wanted]  # a parcel that stands in the batch twice: looked at after the first is recorded


class ParcelDesk:
    """Assesses gathered parcels (`prepare`) and records them (`record`); the two may run in two threads."""

    def __init__(
        self,
        *,
        clearer: ClearsParcels,
        store: OnlineStore,
        source: str,
        patience_s: float = 15.0,
        clock: Callable[[], str] = utc_now,
        warm: Callable[[], None] = lambda: None,
    ) -> None:
        """Take what clears, the store, the source, and what makes the regimes ready before the first parcel.

        `source` names this run of the door: rows of it are recorded once.
        """
        self._clearer, self._store, self._source = clearer, store, source
        self._patience_s, self._clock, self.warm = patience_s, clock, warm
        self._row = 0
        self._stood: dict[str, tuple[int, Totals]] = {}  # by stream
        self.counts: dict[str, float] = dict.fromkeys(
            ("parcels", "parcel_batches", "parcels_known", "counters_moved", "parcels_halved"), 0
        )

    def work(self, requests: Sequence[LodgeParcels]) -> list[ParcelsAnswer]:
        """Assess and record in the caller's thread; the answers stand in the order of the requests."""
        return self.record(self.prepare(requests))

    # -- assessing ------------------------------------------------------------------------------------------------

    def prepare(self, requests: Sequence[LodgeParcels]) -> Work:
        """Assess what can be assessed; nothing is written."""
        work = Work(list(requests), {}, {}, [], [])
        known_keys, by_post = self._keys(work), self._by_post(work)
        groups: dict[str, list[Wanted]] = {}
        keys: dict[str, list[Idempotency]] = {}
        seen: set[tuple[str, str]] = set()
        for number, request in enumerate(work.requests):
            if number in work.faults:
                continue
            keyed = request.key is not None and (request.principal.organisation, request.key) in known_keys
            for index, parcel in enumerate(request.parcels):
                wanted = Wanted((number, index), ParcelPlace(parcel, request.principal.organisation, 0), keyed)
                if (elsewhere := by_post.get((parcel.parcel_id, parcel.posted_on))) is not None:
                    work.outcomes[wanted.at] = ParcelOutcome(outcome="conflict", elsewhere=elsewhere)
                    continue
                if (parcel.parcel_id, parcel.posted_on) in seen:
                    work.doubled.append(wanted)
                    continue
                seen.add((parcel.parcel_id, parcel.posted_on))
                groups.setdefault(request.jurisdiction, []).append(wanted)
            if request.key is not None and not keyed and request.parcels:
                keys.setdefault(request.jurisdiction, []).append(
                    Idempotency(
                        organisation=request.principal.organisation,
                        key=_stored_key(request.key),
                        body_hash=request.body_hash,
                    )
                )
        for jurisdiction, group in groups.items():
            for wanted in group:  # a batch's rows stand together: no two batches share a range
                wanted.place = msgspec.structs.replace(wanted.place, row=self._row + 1)
                self._row += len(wanted.place.parcel.items)
            prepared = Prepared(jurisdiction, group, None, tuple(keys.get(jurisdiction, ())))
            prepared.batch = self._clear(prepared)
            work.prepared.append(prepared)
        return work

    def _by_post(self, work: Work) -> dict[tuple[str, str], str]:
        """Return which parcels were decided as postal items already, with how: one item has one decision."""
        asked = (
            (parcel.parcel_id, parcel.posted_on)
            for number, request in enumerate(work.requests)
            if number not in work.faults
            for parcel in request.parcels
        )
        return {
            parcel: f"{item.decision} on {item.decided_on}, as postal item {item.key}"
            for parcel, item in decided_by_post(self._store, asked).items()
        }

    def _keys(self, work: Work) -> set[tuple[str, str]]:
        """Refuse requests whose key was used for another body; return the keys that are known with the same one."""
        asked = {
            (request.principal.organisation, request.key): None for request in work.requests if request.key is not None
        }
        if not asked:
            return set()
        held = self._store.keys_known([(organisation, _stored_key(key)) for organisation, key in asked])
        first: dict[tuple[str, str], bytes] = {}
        known: set[tuple[str, str]] = set()
        for number, request in enumerate(work.requests):
            if request.key is None:
                continue
            name = (request.principal.organisation, request.key)
            before = held.get((name[0], _stored_key(request.key)))
            if before is not None and before == request.body_hash:
                known.add(name)
            if (before or first.setdefault(name, request.body_hash)) != request.body_hash:
                work.faults[number] = _key_used()
        return known

    def _clear(self, prepared: Prepared) -> ParcelBatch | None:
        try:
            batch = self._clearer.clear(
                [one.place for one in prepared.wanted], jurisdiction=prepared.jurisdiction, source=self._source
            )
        except Exception:
            log.exception(
                "%d parcels of %s could not be assessed together", len(prepared.wanted), prepared.jurisdiction
            )
            return None
        return msgspec.structs.replace(batch, keys=prepared.keys) if prepared.keys else batch

    # -- recording ------------------------------------------------------------------------------------------------

    def record(self, work: Work) -> list[ParcelsAnswer]:
        """Write what was assessed; the answers stand in the order of the requests."""
        for prepared in work.prepared:
            self._record(prepared, work)
        if work.doubled:
            self._known(work.doubled, None, work)
        answers = []
        for number, request in enumerate(work.requests):
            fault = work.faults.get(number)
            answers.append(
                fault
                or ParcelsAnswer(items=tuple(work.outcomes[number, index] for index in range(len(request.parcels))))
            )
        self.counts["parcels"] += sum(len(request.parcels) for request in work.requests)
        return answers

    def _record(self, prepared: Prepared, work: Work) -> None:
        """Write one batch; assess again what must be, and take out what was decided before."""
        for _ in range(MAX_ATTEMPTS):
            if not prepared.wanted:
                return
            if prepared.batch is None:
                self._halve(prepared, work)
                return
            written = self._write(prepared.batch)
            if written is None:
                self._unavailable(prepared, work)
                return
            if written.outcome in ("recorded", "repeated"):
                self._decided(prepared, written, work)
                return
            if written.outcome == "stale":
                continue
            if written.outcome == "parcels":
                self._take_out(prepared, written.earlier, work)
            elif written.outcome == "counters":
                self.counts["counters_moved"] += 1
            else:
                log.error("the journal refused a batch of %d parcels: %s", len(prepared.wanted), written.error)
                self._halve(prepared, work)
                return
            prepared.batch = self._clear(prepared) if prepared.wanted else None
        self._unavailable(prepared, work)

    def _decided(self, prepared: Prepared, written: BatchWritten, work: Work) -> None:
        assert prepared.batch is not None
        self.counts["parcel_batches"] += 1
        for number, (one, record) in enumerate(zip(prepared.wanted, prepared.batch.records, strict=True)):
            work.outcomes[one.at] = ParcelOutcome(outcome="decided", record=record, seq=written.seq, number=number)

    def _take_out(self, prepared: Prepared, earlier: Sequence[EarlierParcel], work: Work) -> None:
        names = {(one.parcel_id, one.posted_on) for one in earlier}
        self.counts["parcels_known"] += len(names)
        known = [one for one in prepared.wanted if _name(one) in names]
        prepared.wanted = [one for one in prepared.wanted if _name(one) not in names]
        self._known(known, earlier, work)

    def _known(self, wanted: Sequence[Wanted], earlier: Sequence[EarlierParcel] | None, work: Work) -> None:
        """Answer parcels that were decided before: again, where the goods are the same."""
        for one in wanted:
            parcel = one.place.parcel
            rows = self._store.parcel_rows(parcel.parcel_id, parcel.posted_on)
            if not rows:  # the first of two in one batch could not be worked: nor could this one
                work.outcomes[one.at] = ParcelOutcome(outcome="refused", incident=_incident("its double was refused"))
                continue
            row = rows[0]
            same = one.keyed or self._clearer.same_goods(row, parcel)
            work.outcomes[one.at] = ParcelOutcome(
                outcome="repeated" if same else "conflict",
                record=row.record if same else "",
                seq=row.seq,
                number=row.number,
            )

    def _halve(self, prepared: Prepared, work: Work) -> None:
        """Work the halves of a batch, until the parcel that cannot be worked stands alone."""
        self.counts["parcels_halved"] += 1
        wanted = prepared.wanted
        if len(wanted) == 1:
            incident = _incident(f"a parcel of {prepared.jurisdiction} could not be worked")
            work.outcomes[wanted[0].at] = ParcelOutcome(outcome="refused", incident=incident)
            return
        middle = len(wanted) // 2
        for part, keys in ((wanted[:middle], prepared.keys), (wanted[middle:], ())):
            half = Prepared(prepared.jurisdiction, part, None, keys)
            half.batch = self._clear(half)
            self._record(half, work)

    def _write(self, batch: ParcelBatch) -> BatchWritten | None:
        """Write a batch, again and again while the database is away; None where it stayed away.

        A batch whose answer was lost is found by its rows (`repeated`): nothing is ever doubled.
        """
        stream = batch.write.row.case_id
        end, pause = time.monotonic() + self._patience_s, 0.05
        while True:
            try:
                if stream not in self._stood:
                    self._stood[stream] = self._look(stream)
                seq, totals = self._stood[stream]
                totals = totals.plus(batch.write.events[0].body)
                written = self._store.write_parcels(placed(batch, totals, seq=seq, now=self._clock(), done=False))
            except Exception as error:
                self._stood.pop(stream, None)
                if time.monotonic() + pause >= end:
                    log.exception("a batch of parcels could not be written for %.0f s", self._patience_s)
                    return None
                log.warning("write failed (%s: %s); trying again in %.2f s", type(error).__name__, error, pause)
                time.sleep(pause)
                pause = min(1.0, pause * 2)
                continue
            if written.outcome == "recorded":
                self._stood[stream] = written.seq, totals
            elif written.outcome in ("stale", "repeated"):
                self._stood.pop(stream, None)
            return written

    def _look(self, stream: str) -> tuple[int, Totals]:
        """Return where a stream stands: its last event, and what it has counted."""
        found = self._store.case(stream)
        if found is None:
            return 0, Totals(name="online")
        return found[1], msgspec.json.decode(found[0].state, type=Totals)

    def _unavailable(self, prepared: Prepared, work: Work) -> None:
        for one in prepared.wanted:
            work.faults[one.at[0]] = unavailable()


def _name(wanted: Wanted) -> tuple[str, str]:
    return wanted.place.parcel.parcel_id, wanted.place.parcel.posted_on


def _stored_key(key: str) -> str:
    return f"parcels {key}"


def _incident(text: str) -> str:
    incident = f"{time.time_ns():x}"
    log.error("incident %s: %s", incident, text)
    return incident


def unavailable() -> ParcelsAnswer:
    """The answer where the database stayed away: nothing is known, so the sender asks again."""
    return request_fault(
        "OECP-STORE-UNAVAILABLE",
        "The journal could not be reached in time; whether the parcels were recorded is not known.",
        where="server",
        expected="the journal to answer",
        got="no answer",
        fix="Send the same parcels again: each is recorded once.",
        status=503,
    )


def busy() -> ParcelsAnswer:
    """The answer where too many parcels wait."""
    return request_fault(
        "OECP-BUSY",
        "Too many parcels are waiting, or the server is stopping.",
        where="server",
        expected="room in the queue",
        got="a full queue",
        fix="Send the same parcels again in a moment.",
        status=503,
    )


def in_hand() -> ParcelsAnswer:
    """The answer where a postal item of the request was in an officer's hands all the while."""
    return request_fault(
        "OECP-BUSY",
        "A postal item of the request is being decided as such; nothing of the request was recorded.",
        where="server",
        expected="items that nobody is deciding",
        got="an item in hand",
        fix="Send the same parcels again in a moment.",
        status=503,
    )


def _key_used() -> ParcelsAnswer:
    return request_fault(
        "OECP-IDEMPOTENCY-CONFLICT",
        "The idempotency key was used before with other parcels.",
        where="header Idempotency-Key",
        expected="the same body as the first time, or a new key",
        got="another body under the same key",
        fix="Send a new Idempotency-Key with changed parcels.",
        status=422,
    )
