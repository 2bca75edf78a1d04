# SPDX-License-Identifier: Apache-2.0
"""Keeps what sight knows as the journal has it: takes in declarations, results of controls, lists, decisions, models.

The journal is the truth: after a start, history is what a snapshot and the events after it say. A declaration counts
from its first assessment on; one that was rejected has none.
Limits: a snapshot at most every 20 times as long as it takes; it names an event of this journal and is signed.
"""

from __future__ import annotations

import gc
import hashlib
import hmac
import logging
import os
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any, Protocol

from openecp.border.risk.features.feedback import RESULT_OF
from openecp.border.risk.features.item_rows import microseconds, rows_of
from openecp.border.risk.features.snapshot import read_head, restored, snapshot_parts
from openecp.kernel.journal.model import Event, StoredDocument
from openecp.platform.core.risk_history import declaration_of, values_of
from openecp.platform.core.risk_sight import RiskSight

PAGE, HELD = 1_000, 25  # events read at once; declarations taken in before others have their turn
LOOKS_S, READS_S = 0.25, 600.0
WAITS_S = 5.0  # what was looked at and is not in the journal so long after will not come: its decision was a rejection
AT_ONCE = 20_000  # events that a start waits for; more are read beside it
SNAPSHOT_EVENTS, SNAPSHOT_SHARE = 20_000, 20.0
SUBMITTED_MAX = 50_000
_MAGIC = b"openecp-risk-history-1\n"
log = logging.getLogger("openecp.risk")
Rows = list[dict[str, Any]]


class SightStore(Protocol):
    """The part of the store that is read."""

    def events(self, *, case_id: str | None = None, after_seq: int = 0, limit: int = 1000) -> list[Event]: ...

    def document(self, document_id: str) -> StoredDocument | None: ...

    def size(self) -> int: ...


class RiskJournal:
    """Reads the journal for a sight: by a thread of its own, or whenever `step` is called."""

    def __init__(self, store: SightStore, sight: RiskSight, *, snapshot: Path | None = None, key: bytes = b"") -> None:
        """Take the store, the sight that is fed, where a snapshot is kept, and the key that signs it."""
        self._store, self._sight, self._path, self._key = store, sight, snapshot, key
        self.seq = 0
        self.taken = 0  # declarations, since the start
        self._leaf = ""
        self._submitted: dict[str, tuple[str, str]] = {}  # case: message, movement; lodged, not yet assessed
        self._stale: set[str] = set()
        self._saved_seq, self._saved_at, self._saving_s, self._read_at = 0, 0.0, 0.0, 0.0
        self._stop = threading.Event()
        self._thread: threading.Thread | None = None
        self._stepping = threading.Lock()

    def open(self, *, follow: bool) -> None:
        """Take up snapshot, lists and models; read the rest now, or beside a start where it is much."""
        try:
            self._restore()
            self._take_up("lists", "models")
            if self._store.size() - self.seq <= AT_ONCE:
                self.step()
            else:
                log.info("history of risk is read from event %d on, beside the start", self.seq)
                self._behind()
                follow = True
        except Exception:  # clearance goes on without what risk knows
            log.exception("what risk knows could not be read at the start, and is tried again")
            self._stale |= {"lists", "models"}
            self._sight.behind = "what risk knows could not be read at the start"
        if follow:
            self._thread = threading.Thread(target=self._follow, name="risk-history", daemon=True)
            self._thread.start()
        else:
            self._sight.before = self.step

    def close(self) -> None:
        """End the thread, and keep a snapshot where much was read since the last one."""
        self._stop.set()
        if self._thread is not None:
            self._thread.join(10)
        if self.seq - self._saved_seq >= PAGE:
            self.save()

    def step(self) -> int:
        """Read what is new in the journal; return how many events."""
        many = 0
        with self._stepping:
            while not self._stop.is_set():
                page = self._store.events(after_seq=self.seq, limit=PAGE)
                if not page:
                    self._sight.settle(time.monotonic() - WAITS_S)
                    break
                self._take(page)
                self.seq, self._leaf = page[-1].seq, page[-1].leaf.hex()
                many += len(page)
                if self._sight.behind:
                    self._behind()
                if self._thread is not None and self.seq - self._saved_seq >= SNAPSHOT_EVENTS:
                    self._maybe_save()
                if len(page) < PAGE:
                    break
            self._take_up(*self._stale)
            self._stale.clear()
            if self._sight.behind:
                self._behind()
        return many

    # -- events --------------------------------------------------------------------------------------------------------

    def _take(self, page: list[Event]) -> None:
        work: list[Callable[[], None]] = []
        for event in page:
            try:
                found = self._work_of(event)
            except (LookupError, TypeError, ValueError, AttributeError):
                log.exception("event %d could not be taken into history, and is passed over", event.seq)
                continue
            if found is not None:
                work.append(found)
        for start in range(0, len(work), HELD):
            with self._sight.lock:
                for one in work[start : start + HELD]:
                    try:
                        one()
                    except Exception:
                        log.exception("something of the journal could not be taken into history, and is passed over")

    def _work_of(self, event: Event) -> Callable[[], None] | None:
        """Return what an event changes; whatever must be read for it is read now, so that the lock is held shortly."""
        kind = event.kind
        if kind == "DeclarationSubmitted":
            body = event.body
            if len(self._submitted) >= SUBMITTED_MAX:
                self._submitted.pop(next(iter(self._submitted)))
            self._submitted[event.case_id] = (body.get("document") or {}).get("id", ""), body.get("movement") or ""
        elif kind == "DeclarationAssessed":
            return self._assessed(event)
        elif kind in RESULT_OF:
            found = ((event.body.get("officer") or {}).get("finding") or {}).get("items") or ()
            return self._result(event, event.case_id, RESULT_OF[kind][2], found)
        elif kind == "AuditClosed":
            return self._audited(event)
        elif kind == "WatchlistLoaded":
            self._stale.add("lists")
        elif kind.startswith("WatchlistHit") and self._sight.lists is not None:
            lists, stream = self._sight.lists, event.case_id
            return lambda: lists.decided(stream)
        elif kind in ("RiskModelActivated", "RiskModelRetired", "RiskModelDriftMeasured"):
            self._stale.add("models")
        return None

    def _assessed(self, event: Event) -> Callable[[], None] | None:
        token = ((event.body.get("officer") or {}).get("risk") or {}).get("look") or ""
        submitted = self._submitted.pop(event.case_id, None)
        if submitted is None and event.body.get("version", 1) == 1:
            submitted = self._first_of(event)
        if submitted is None:  # assessed again: it is in history already
            return lambda: _ignore(self._sight.recorded(token))
        movement, at_us = event.body.get("movement") or submitted[1], microseconds(event.occurred_at)
        known = self._sight.recorded_rows(token)
        rows = known if known is not None else self._rows(submitted[0], event)
        self.taken += 1

        def take() -> None:
            looked = self._sight.recorded(token)
            if rows:
                timed = [row | {"at_us": at_us} for row in rows]
                keys = looked.keys if looked is not None and looked.rows is rows else None
                self._sight.state(movement).take(timed, keys)

        return take

    def _first_of(self, event: Event) -> tuple[str, str] | None:
        """Return message and movement of a case whose first assessment this is; None where it had one before."""
        found = self._store.events(case_id=event.case_id, limit=PAGE)
        first = next((one for one in found if one.kind == "DeclarationAssessed"), None)
        if first is None or first.seq != event.seq or found[0].kind != "DeclarationSubmitted":
            return None
        return (found[0].body.get("document") or {}).get("id", ""), found[0].body.get("movement") or ""

    def _audited(self, event: Event) -> Callable[[], None] | None:
        """Return what an audit's result changes; one that was dropped is none."""
        body = event.body
        if body.get("result") not in ("conform", "irregular"):
            return None
        named = {item for one in body.get("findings") or () for item in one.get("items") or ()}
        whole = any(not one.get("items") for one in body.get("findings") or ())
        return self._result(
            event, str(body.get("declaration")), body["result"] == "irregular", () if whole else sorted(named)
        )

    def _result(self, event: Event, case_id: str, irregular: bool, named: Sequence[int]) -> Callable[[], None] | None:
        """Return what a control's result changes: read from its own case, since results are few."""
        found = self._store.events(case_id=case_id, limit=PAGE)
        first = next((one for one in found if one.kind == "DeclarationAssessed"), None)
        if first is None or first.seq > event.seq or found[0].kind != "DeclarationSubmitted":
            return None
        movement = first.body.get("movement") or found[0].body.get("movement") or ""
        rows = self._rows((found[0].body.get("document") or {}).get("id", ""), first)
        concerned = [row for row in rows if not irregular or not named or row["item"] in named]
        if not concerned:
            return None
        return lambda: self._sight.state(movement).take_result(concerned, irregular)

    def _rows(self, document_id: str, assessed: Event) -> Rows:
        """Return a declaration's rows from its message and the assessment's values, where both are kept."""
        declaration = declaration_of(self._store.document(document_id)) if document_id else None
        shipment = declaration.goods_shipment if declaration is not None else None
        if declaration is None or shipment is None:
            return []
        kept = (assessed.body.get("assessment") or {}).get("id")
        values = {one.item: one.customs_value_minor for one in values_of(self._store.document(kept))} if kept else {}
        items, settings = shipment.government_agency_goods_item, self._sight.settings
        bare = rows_of(declaration, [None] * len(items), microseconds(assessed.occurred_at), settings.currency,
                       settings.exponent, self._sight.parties)  # fmt: skip
        for row in bare:
            value = values.get(row["item"])
            row["value_minor"] = row["value_minor"] if value is None else value
        return bare

    # -- lists and models ----------------------------------------------------------------------------------------------

    def _take_up(self, *what: str) -> None:
        sight = self._sight
        for part in (sight.lists if "lists" in what else None, sight.models if "models" in what else None):
            if part is None:
                continue
            taken_up = part.read()
            with sight.lock:
                taken_up()
        if "models" in what:
            self._read_at = time.monotonic()

    def _behind(self) -> None:
        size = self._store.size()
        self._sight.behind = f"history is read to event {self.seq} of {size}" if self.seq < size else ""

    # -- the thread ----------------------------------------------------------------------------------------------------

    def _follow(self) -> None:
        failed = False
        while not self._stop.wait(LOOKS_S):
            try:
                self.step()
                lists, models = self._sight.lists, self._sight.models
                if lists is not None:
                    lists.record_quietly()
                if models is not None:
                    if time.monotonic() - self._read_at >= READS_S:  # a champion grows old by the day alone
                        self._take_up("models")
                    if models.measure():
                        self._take_up("models")
                failed = False
            except Exception as error:
                if not failed:
                    log.warning("the journal could not be read for risk, and is tried again: %s", error)
                failed = True
                self._stop.wait(1.0)

    # -- the snapshot --------------------------------------------------------------------------------------------------

    def _maybe_save(self) -> None:
        if time.monotonic() - self._saved_at >= self._saving_s * SNAPSHOT_SHARE:
            self.save()

    def save(self) -> bool:
        """Write a snapshot, whole or not at all; tell whether it was done."""
        if self._path is None or not self.seq:
            return False
        began, draft = time.monotonic(), self._path.with_suffix(".draft")
        digest = hmac.new(self._key, _MAGIC, hashlib.sha256)
        try:
            self._path.parent.mkdir(parents=True, exist_ok=True)
            handle = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
            with os.fdopen(handle, "wb") as file:
                file.write(_MAGIC)
                for part in snapshot_parts(self._sight.states, self.seq, self._leaf):
                    framed = len(part).to_bytes(8, "big") + part
                    digest.update(framed)
                    file.write(framed)
                file.write(bytes(8) + digest.digest())
                file.flush()
                os.fsync(file.fileno())
            draft.replace(self._path)
        except OSError as error:
            log.warning("no snapshot of history was written: %s", error)
            return False
        self._saved_seq, self._saved_at = self.seq, time.monotonic()
        self._saving_s = self._saved_at - began
        return True

    def _restore(self) -> None:
        """Take up the snapshot where it is one of this journal, signed here and whole; else history begins empty."""
        if self._path is None or not self._path.exists():
            return
        enabled = gc.isenabled()
        gc.disable()  # objects by the million that all stay
        try:
            content = self._path.read_bytes()
            parts = list(self._checked(content))
            head = read_head(parts[0]) if parts else None
            if head is None or not self._of_this_journal(head.seq, head.leaf):
                raise ValueError("it is of another journal or version")
            states = restored(head, iter(parts[1:]), keys_max=self._sight.settings.keys_max)
        except (OSError, ValueError, KeyError, TypeError) as error:
            log.warning("the snapshot of history %s is not used, the journal is read: %s", self._path, error)
            return
        finally:
            if enabled:
                gc.enable()
        self._sight.states = states
        self.seq, self._leaf, self._saved_seq = head.seq, head.leaf, head.seq

    def _checked(self, content: bytes) -> Iterator[bytes]:
        if not content.startswith(_MAGIC):
            raise ValueError("it is no snapshot")
        digest, place = hmac.new(self._key, _MAGIC, hashlib.sha256), len(_MAGIC)
        parts = []
        while long := int.from_bytes(content[place : place + 8], "big"):
            digest.update(content[place : place + 8 + long])
            parts.append(content[place + 8 : place + 8 + long])
            place += 8 + long
        if not hmac.compare_digest(content[place + 8 :], digest.digest()):
            raise ValueError("it was changed, or cut off")
        yield from parts

    def _of_this_journal(self, seq: int, leaf: str) -> bool:
        found = self._store.events(after_seq=seq - 1, limit=1)
        return bool(found) and found[0].seq == seq and found[0].leaf.hex() == leaf


def _ignore(_: object) -> None:
    """Want nothing of an answer."""
