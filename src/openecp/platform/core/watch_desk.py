# SPDX-License-Identifier: Apache-2.0
"""The desk of watchlists: loads versions of lists, records hits, has them decided by two officers.

Names of lists and parties stand in documents, which can be erased; the journal holds hashes and ids.
Limits: 200 lists; 10,000 new hits at once; a list is kept in documents of 50,000 entries.
"""

from __future__ import annotations

import hashlib
from collections import deque
from collections.abc import Callable, Iterable, Sequence
from datetime import date
from typing import Any, Literal, Protocol

import msgspec

from openecp.border.risk.watchlist.hits import (
    HIT_STREAM,
    LIST_STREAM,
    REFUSED_STREAM,
    ROOM,
    HitDecision,
    HitRefused,
    HitState,
    Verdict,
    confirm,
    found,
    propose,
    reopened,
)
from openecp.border.risk.watchlist.imports import ListFile, ListRefused
from openecp.border.risk.watchlist.match import ListHit, Matcher, Watchlist
from openecp.border.risk.watchlist.party import ListEntry, Party, entries_digest
from openecp.kernel.journal.canonical import canonical, salted_digest
from openecp.kernel.journal.memory import utc_now
from openecp.kernel.journal.model import CaseRow, CaseWrite, Event, Face, NewEvent, StoredDocument, Written
from openecp.platform.core.ids import Randomness
from openecp.platform.core.risk_sight_lists import hit_id_of

DOCUMENT_ENTRIES, NEW_HITS_MAX, LISTS_MAX, WRITES = 50_000, 10_000, 200, 200
PAGE, PASSED_BEFORE = 1_000, 10_000  # a hit goes on record a moment after the declaration that it was found in
_encode = msgspec.json.encode
_state = msgspec.json.Decoder(HitState).decode


class WatchStore(Protocol):
    """The part of the store that the desk needs."""

    def case(self, case_id: str) -> tuple[CaseRow, int] | None: ...

    def document(self, document_id: str) -> StoredDocument | None: ...

    def faces(self, *, room: str, at: str | None = None, prefix: str | None = None) -> list[Face]: ...

    def write(self, batch: list[CaseWrite]) -> list[Written]: ...

    def events(self, *, case_id: str | None = None, after_seq: int = 0, limit: int = 1000) -> list[Event]: ...

    def person_hashes(self, keys: Sequence[str]) -> list[str | None]: ...


class LoadedList(msgspec.Struct, frozen=True, kw_only=True):
    """A list as it stands: its version, how many entries, where they are kept."""

    list_id: str
    version: int
    entries: int
    digest: str
    file_sha256: str
    loaded_at: str
    documents: tuple[str, ...]


class RefusedList(msgspec.Struct, frozen=True, kw_only=True):
    """A file that was refused as a list."""

    file_sha256: str
    expected: str


class Screened(msgspec.Struct, frozen=True, kw_only=True):
    """What came of comparing parties: hits that are new or open again, that wait, that were cleared or are matches."""

    new: tuple[str, ...]
    reopened: tuple[str, ...]
    waiting: int
    cleared: int
    matches: int


class HitPassage(msgspec.Struct, frozen=True, kw_only=True):
    """One declaration that named the party of a hit, since the hit is on record."""

    seq: int
    at: str
    case_id: str
    mrn: str
    lane: str  # that its assessment chose
    how: Literal["counted", "cleared"]  # cleared: officers had cleared the pair, and it did not count


class WatchDesk:
    """Lists and hits in the store. One thread at a time."""

    def __init__(self, store: WatchStore, *, clock: Callable[[], str] = utc_now) -> None:
        self._store = store
        self._clock = clock
        self._randomness = Randomness()
        self._matchers: dict[tuple[tuple[str, int], ...], Matcher] = {}

    def load(self, list_id: str, file: ListFile, *, actor: str) -> LoadedList:
        """Load a version of a list; the same entries again are no new version. Raises: HitRefused."""
        if not (0 < len(list_id) <= 40 and list_id.isascii() and list_id.replace("-", "").isalnum()):
            raise HitRefused(where="list", expected="1 to 40 letters, digits or hyphens", got=list_id[:60],
                             fix="choose such a name")  # fmt: skip
        digest = entries_digest(file.entries)
        case = self._store.case(LIST_STREAM + list_id)
        before = msgspec.json.decode(case[0].state, type=LoadedList) if case else None
        if before is not None and before.digest == digest:
            return before
        if before is None and len(self.lists()) >= LISTS_MAX:
            raise HitRefused(where="list", expected=f"at most {LISTS_MAX} lists", got="one more", fix="join some")
        now, version = self._clock(), (before.version if before else 0) + 1
        documents = [
            self._document("watchlist", _encode(file.entries[at : at + DOCUMENT_ENTRIES]))
            for at in range(0, len(file.entries), DOCUMENT_ENTRIES)
        ]
        after = LoadedList(
            list_id=list_id, version=version, entries=len(file.entries), digest=digest, file_sha256=file.sha256,
            loaded_at=now, documents=tuple(one.document_id for one in documents),
        )  # fmt: skip
        body = {
            "list": list_id, "version": version, "entries": after.entries, "left_out": file.left_out,
            "faults": file.faults_total, "entries_sha256": digest, "file_sha256": file.sha256,
            "documents": [{"id": one.document_id, "sha256": salted_digest(one.salt, one.content)} for one in documents],
        }  # fmt: skip
        event = NewEvent(kind="WatchlistLoaded", occurred_at=now, actor=actor, body=body)
        self._write([self._case(LIST_STREAM + list_id, case, after, "loaded", event, documents)])
        return after

    def refuse(self, error: ListRefused | HitRefused, list_id: str, content: bytes, *, actor: str) -> None:
        """Put on record that a file was refused as a list, and why; nothing of its content, which may name persons."""
        good = list_id.isascii() and list_id.replace("-", "").isalnum()
        body: dict[str, Any] = {
            "list": list_id[:40] if good else "", "file_sha256": hashlib.sha256(content).hexdigest(),
            "bytes": len(content), "expected": error.expected[:200], "fix": error.fix[:200],
        }  # fmt: skip
        event = NewEvent(kind="WatchlistRefused", occurred_at=self._clock(), actor=actor, body=body)
        refused = RefusedList(file_sha256=body["file_sha256"], expected=body["expected"])
        self._write([self._case(REFUSED_STREAM + self._randomness.uuid7(), None, refused, "refused", event, [])])

    def lists(self) -> list[LoadedList]:
        """Return the lists as they stand, by id."""
        faces = self._store.faces(room=ROOM, prefix=LIST_STREAM)
        cases = [self._store.case(face.case_id) for face in faces]
        return [msgspec.json.decode(case[0].state, type=LoadedList) for case in cases if case is not None]

    def entries(self, one: LoadedList) -> tuple[ListEntry, ...]:
        """Return the entries of a list. Raises: HitRefused where they were erased."""
        entries: list[ListEntry] = []
        for name in one.documents:
            document = self._store.document(name)
            if document is None:
                raise HitRefused(where=f"list {one.list_id}", expected="the entries of version "
                                 f"{one.version}", got="nothing: erased", fix="import the list again")  # fmt: skip
            entries += msgspec.json.decode(document.content, type=list[ListEntry])
        return tuple(entries)

    def matcher(self) -> Matcher:
        """Return what compares parties with all lists as they stand; made again when a list has a new version."""
        lists = self.lists()
        key = tuple((one.list_id, one.version) for one in lists)
        if key not in self._matchers:
            loaded = [Watchlist(list_id=o.list_id, version=o.version, entries=self.entries(o)) for o in lists]
            self._matchers = {key: Matcher(loaded)}
        return self._matchers[key]

    def screen(self, parties: Iterable[Party], *, actor: str) -> Screened:
        """Compare parties with all lists and record each hit that is new, or open again. Raises: HitRefused."""
        matcher = self.matcher()
        return self.record(
            ((party, hit) for party in dict.fromkeys(parties) for hit in matcher.match(party)), actor=actor
        )

    def record(self, pairs: Iterable[tuple[Party, ListHit]], *, actor: str) -> Screened:
        """Record each pair that is new, or open again; one that is on record is not doubled. Raises: HitRefused."""
        today = self._today()
        writes: dict[str, CaseWrite] = {}
        told: dict[str, list[str]] = {"new": [], "reopened": []}
        counted = {"waiting": 0, "cleared": 0, "matches": 0}
        seen: set[str] = set()
        for party, hit in pairs:
            state, case = self._known(party, hit)
            if state.hit_id in seen:
                continue
            seen.add(state.hit_id)
            known = _state(case[0].state) if case is not None else None
            if known is not None and (known.status != "cleared" or known.stands(hit.entry_digest, today)):
                group = {"cleared": "cleared", "match": "matches"}.get(known.status, "waiting")
                counted[group] += 1
                continue
            if len(writes) >= NEW_HITS_MAX:
                raise HitRefused(where="parties", expected=f"at most {NEW_HITS_MAX} new hits at once", got="more",
                                 fix="look at fewer parties, or mend the list")  # fmt: skip
            document = self._document("watchlist_hit", _encode(hit), (state.party, *party.identifiers[:20]))
            state = msgspec.structs.replace(state, document=document.document_id)
            decision = found(state) if known is None else reopened(known, state, today)
            told["new" if known is None else "reopened"].append(state.hit_id)
            writes[state.hit_id] = self._decided(decision, case, actor, [document])
        everything = list(writes.values())
        for at in range(0, len(everything), WRITES):
            self._write(everything[at : at + WRITES])
        return Screened(new=tuple(told["new"]), reopened=tuple(told["reopened"]), **counted)

    def cleared(self, party: Party, hit: ListHit) -> bool:
        """Tell whether officers have cleared this pair, for `list_hits`."""
        _, case = self._known(party, hit)
        return case is not None and _state(case[0].state).stands(hit.entry_digest, self._today())

    def hits(self, status: str = "") -> list[HitState]:
        """Return the hits, or those of one status, surest first."""
        states = [msgspec.json.decode(face.face, type=HitState)
                  for face in self._store.faces(room=ROOM, prefix=HIT_STREAM)]  # fmt: skip
        wanted = [state for state in states if not status or state.status == status]
        return sorted(wanted, key=lambda state: (-state.score_e6, state.hit_id))

    def hit(self, hit_id: str) -> tuple[HitState, ListHit | None]:
        """Return a hit with both names and its parts, which are None where they were erased. Raises: HitRefused."""
        state = _state(self._case_of(hit_id)[0].state)
        document = self._store.document(state.document)
        return state, msgspec.json.decode(document.content, type=ListHit) if document is not None else None

    def passed(self, hit_id: str, *, most: int = 200) -> list[HitPassage]:
        """Return the declarations that had this hit since it is on record, the newest first: what came of clearing it.

        Limits: the newest `most`; the journal from the hit on is read. Raises: HitRefused.
        """
        self._case_of(hit_id)
        after = self._store.events(case_id=HIT_STREAM + hit_id, limit=1)[0].seq - PASSED_BEFORE
        found: deque[HitPassage] = deque(maxlen=most)
        while page := self._store.events(after_seq=max(0, after), limit=PAGE):
            after = page[-1].seq
            for event in page:
                told = (event.body.get("officer") or {}) if event.kind == "DeclarationAssessed" else {}
                risk = told.get("risk") or {}
                cleared = hit_id in risk.get("passed", ())
                if cleared or hit_id in risk.get("hits", ()):
                    case = self._store.case(event.case_id)
                    found.appendleft(HitPassage(
                        seq=event.seq, at=event.occurred_at, case_id=event.case_id,
                        mrn=(case[0].mrn or "") if case is not None else "", lane=told.get("channel") or "green",
                        how="cleared" if cleared else "counted",
                    ))  # fmt: skip
        return list(found)

    def propose(
        self, hit_id: str, verdict: Verdict, *, actor: str, note: str = "", until: date | None = None,
        seen: int | None = None,
    ) -> HitState:  # fmt: skip
        """Record an officer's proposal; refused where the hit has moved on since event `seen`. Raises: HitRefused."""
        case = self._case_of(hit_id, seen)
        decision = propose(_state(case[0].state), verdict, actor=actor, today=self._today(), until=until)
        return self._act(decision, case, actor, note)

    def confirm(
        self, hit_id: str, *, actor: str, note: str = "", agree: bool = True, seen: int | None = None
    ) -> HitState:
        """Record a second officer's answer to a proposal, as it stood at event `seen`. Raises: HitRefused."""
        case = self._case_of(hit_id, seen)
        decision = confirm(_state(case[0].state), actor=actor, today=self._today(), agree=agree)
        return self._act(decision, case, actor, note)

    def _act(self, decision: HitDecision, case: tuple[CaseRow, int], actor: str, note: str) -> HitState:
        notes = [self._document("watchlist_note", note[:2000].encode(), (decision.state.party,))] if note else []
        if notes:
            told = {"id": notes[0].document_id, "sha256": salted_digest(notes[0].salt, notes[0].content)}
            decision = msgspec.structs.replace(decision, body=decision.body | {"note": told})
        self._write([self._decided(decision, case, actor, notes)])
        return decision.state

    def on_record(self, party: Party, hit: ListHit) -> HitState | None:
        """Return what was decided about a pair; None where it was never recorded."""
        _, case = self._known(party, hit)
        return _state(case[0].state) if case is not None else None

    def _case_of(self, hit_id: str, seen: int | None = None) -> tuple[CaseRow, int]:
        good = len(hit_id) == 32 and hit_id.isascii() and hit_id.isalnum()
        case = self._store.case(HIT_STREAM + hit_id) if good else None
        if case is None:
            raise HitRefused(where="hit", expected="the id of a hit on record", got=hit_id[:60],
                             fix="openecp watchlist hits lists them")  # fmt: skip
        if seen is not None and seen != case[1]:
            raise HitRefused(where=f"hit {hit_id}", expected=f"the hit as it stood at event {seen}",
                             got=f"event {case[1]}", fix="look at what is new, then decide")  # fmt: skip
        return case

    def party_hash(self, party: Party) -> str:
        """Return the salted hash by which the log knows a party."""
        (hashed,) = self._store.person_hashes([party.identity()])
        return hashed or ""

    def _known(self, party: Party, hit: ListHit) -> tuple[HitState, tuple[CaseRow, int] | None]:
        hashed = self.party_hash(party)
        name = hit_id_of(hashed, hit)
        state = HitState(
            hit_id=name, party=hashed, list_id=hit.list_id, version=hit.version, entry_id=hit.entry_id,
            entry_digest=hit.entry_digest, score_e6=round(hit.score * 1_000_000), document="",
        )  # fmt: skip
        return state, self._store.case(HIT_STREAM + name)

    def _decided(
        self, decision: HitDecision, case: tuple[CaseRow, int] | None, actor: str, documents: list[StoredDocument]
    ) -> CaseWrite:
        body = decision.body
        if decision.kind in ("WatchlistHitFound", "WatchlistHitReopened"):
            one = documents[0]
            body = body | {"document": {"id": one.document_id, "sha256": salted_digest(one.salt, one.content)}}
        event = NewEvent(kind=decision.kind, occurred_at=self._clock(), actor=actor, body=body)
        state = decision.state
        return self._case(HIT_STREAM + state.hit_id, case, state, state.status, event, documents)

    def _case(
        self, name: str, before: tuple[CaseRow, int] | None, state: msgspec.Struct, status: str, event: NewEvent,
        documents: list[StoredDocument],
    ) -> CaseWrite:  # fmt: skip
        told = canonical(msgspec.to_builtins(state))
        row = CaseRow(
            case_id=name, organisation="customs", lrn=name, mrn=None, status=status, channel=None, office=None,
            movement=None, version=before[0].version + 1 if before else 1, state=told,
            updated_at=event.occurred_at, room=ROOM,
        )  # fmt: skip
        return CaseWrite(
            row=row, expected_seq=before[1] if before else 0, events=(event,), documents=tuple(documents), face=told
        )

    def _document(self, kind: str, content: bytes, persons: tuple[str, ...] = ()) -> StoredDocument:
        return StoredDocument(
            document_id=self._randomness.uuid7(), kind=kind, media_type="application/json", content=content,
            salt=self._randomness.salt(), person_keys=tuple(one for one in persons if one and len(one) <= 100),
        )  # fmt: skip

    def _write(self, writes: list[CaseWrite]) -> None:
        for done in self._store.write(writes):
            if done.outcome != "recorded":
                raise HitRefused(where="journal", expected="a write", got=f"{done.outcome} {done.error}",
                                 fix="somebody else acted at the same time: look again")  # fmt: skip

    def _today(self) -> date:
        return date.fromisoformat(self._clock()[:10])
