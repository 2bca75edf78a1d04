# SPDX-License-Identifier: Apache-2.0
"""What the pages of the risk desk ask: lists and their hits, models and their cards, and what happened to each.

One thread at a time: whoever asks holds `lock`.
"""

from __future__ import annotations

import threading
from collections.abc import Sequence
from typing import Protocol

import msgspec

from openecp.border.risk.lanes.counters import FrozenCounters
from openecp.border.risk.lanes.plan import LanePlan
from openecp.border.risk.models.card import ModelCard
from openecp.border.risk.models.fault import ModelRefused
from openecp.border.risk.models.registry import MODEL_STREAM, Choice, ModelState
from openecp.border.risk.profiles.fault import ProfileRefused
from openecp.border.risk.profiles.versions import PROFILE_STREAM, ProfileState
from openecp.border.risk.watchlist.hits import HIT_STREAM, LIST_STREAM, HitRefused, HitState
from openecp.border.risk.watchlist.match import ListHit
from openecp.border.risk.watchlist.party import Party
from openecp.kernel.journal.model import CaseRow, CaseWrite, Event, Face, StoredDocument, Written
from openecp.platform.console.risk.backtest_jobs import BacktestJobs
from openecp.platform.console.risk.predicate_rows import Money
from openecp.platform.core.lane_desk import frozen_counters
from openecp.platform.core.model_desk import ModelDesk
from openecp.platform.core.profilework import ProfileBook
from openecp.platform.core.risk_pages import RiskFollower
from openecp.platform.core.watch_desk import LoadedList, WatchDesk

EVENTS_MAX = 200
NOTE_CHARS = 2_000
LIST_ENTRIES_MAX = 250_000  # of all lists together, up to which a page compares parties while somebody waits


class RiskStore(Protocol):
    """The part of the store that the pages read beside the desks."""

    def case(self, case_id: str) -> tuple[CaseRow, int] | None: ...

    def events(self, *, case_id: str | None = None, after_seq: int = 0, limit: int = 1000) -> list[Event]: ...

    def document(self, document_id: str) -> StoredDocument | None: ...

    def faces(self, *, room: str, at: str | None = None, prefix: str | None = None) -> list[Face]: ...

    def write(self, batch: list[CaseWrite]) -> list[Written]: ...


class Told(msgspec.Struct, frozen=True, kw_only=True):
    """One event of a hit, list or model: what, when, who, why."""

    seq: int
    kind: str
    at: str
    actor: str
    verdict: str = ""
    until: str = ""
    why: str = ""
    note: str = ""
    role: str = ""
    version: int = 0


class ListVersion(msgspec.Struct, frozen=True, kw_only=True):
    """One version of a list as it was loaded."""

    version: int
    at: str
    actor: str
    entries: int
    left_out: int
    faults: int
    file_sha256: str


class PartyHits(msgspec.Struct, frozen=True, kw_only=True):
    """A party of a declaration with the entries of lists that it may be, and what was decided about each."""

    role: str
    name: str
    hits: tuple[tuple[ListHit, HitState | None], ...]


class RiskDesk:
    """Everything that the pages of the risk desk ask."""

    def __init__(
        self, watch: WatchDesk, models: ModelDesk, store: RiskStore, *, profiles: ProfileBook | None = None,
        follower: RiskFollower | None = None, plan: LanePlan | None = None, jobs: BacktestJobs | None = None,
        money: Money | None = None,
    ) -> None:  # fmt: skip
        """Take the desks, and what reads profiles, follows the journal, knows the plan of lanes, runs back-tests."""
        self.watch, self.models, self._store = watch, models, store
        self.profiles, self.follower, self.plan, self.jobs = profiles, follower, plan, jobs
        self.money = money or Money()
        self.lock = threading.RLock()

    def followed(self) -> RiskFollower | None:
        """Return the journal's figures, taken up to now as far as one question goes."""
        with self.lock:
            if self.follower is not None:
                self.follower.follow()
            return self.follower

    def hits(self) -> list[HitState]:
        """Return all hits on record, surest first."""
        with self.lock:
            return self.watch.hits()

    def names(self, state: HitState) -> ListHit | None:
        """Return both names and the parts of a hit; None where they were erased."""
        found = self._store.document(state.document)
        return msgspec.json.decode(found.content, type=ListHit) if found is not None else None

    def hit(self, hit_id: str) -> tuple[HitState, ListHit | None, int, list[Told]] | None:
        """Return a hit, its names, the number of its last event and its history; None where there is none."""
        with self.lock:
            try:
                state, names = self.watch.hit(hit_id)
            except HitRefused:
                return None
            stream = HIT_STREAM + hit_id
            case = self._store.case(stream)
            return state, names, case[1] if case else 0, self._history(stream)

    def lists(self) -> list[tuple[LoadedList, list[ListVersion]]]:
        """Return the lists with their versions, the newest first."""
        with self.lock:
            return [(one, self._versions(one.list_id)) for one in self.watch.lists()]

    def registry(self) -> tuple[list[ModelState], Choice]:
        """Return the models, the newest first, and what selects today."""
        with self.lock:
            return self.models.models(), self.models.choice()

    def model(self, sha256: str) -> tuple[ModelState, ModelCard | None, list[Told]] | None:
        """Return a model, its card where it is kept, and its history; None where there is none."""
        with self.lock:
            state = next((one for one in self.models.models() if one.sha256 == sha256), None)
            if state is None:
                return None
            try:
                card = msgspec.json.decode(self.models.card(state), type=ModelCard)
            except (ModelRefused, msgspec.DecodeError):
                card = None
            return state, card, self._history(MODEL_STREAM + sha256)

    def compared(self, parties: Sequence[tuple[str, Party]]) -> list[PartyHits] | None:
        """Compare parties with the lists as they stand; None where these are too long to wait for.

        Raises: HitRefused where a list was erased.
        """
        with self.lock:
            if sum(one.entries for one in self.watch.lists()) > LIST_ENTRIES_MAX:
                return None
            matcher = self.watch.matcher()
            return [
                PartyHits(
                    role=role,
                    name=party.name,
                    hits=tuple((hit, self.watch.on_record(party, hit)) for hit in matcher.match(party)),
                )
                for role, party in parties
            ]

    def profile(self, name: str) -> tuple[ProfileState, int, list[Told]] | None:
        """Return a profile, the number of its last event and its history; None where there is none."""
        with self.lock:
            if self.profiles is None:
                return None
            try:
                state = self.profiles.state(name)
            except ProfileRefused:
                return None
            told = self._history(PROFILE_STREAM + name)
            return state, told[-1].seq if told else 0, told

    def counters(self) -> FrozenCounters:
        """Return the counters of lanes that were frozen last."""
        return frozen_counters(self._store)

    def _history(self, stream: str) -> list[Told]:
        return [self._told(event) for event in self._store.events(case_id=stream, limit=EVENTS_MAX)]

    def _told(self, event: Event) -> Told:
        body = event.body
        note = body.get("note") or body.get("document")
        written = event.kind not in (
            "RiskProfileProposed",
            "RiskProfileBacktested",
        )  # what a document holds is a reason
        kept = self._store.document(str(note.get("id"))) if isinstance(note, dict) and written else None
        return Told(
            seq=event.seq,
            kind=event.kind,
            at=event.occurred_at,
            actor=event.actor,
            verdict=str(body.get("verdict") or ""),
            until=str(body.get("until") or ""),
            why=str(body.get("why") or ""),
            note=kept.content.decode("utf-8", "replace")[:NOTE_CHARS] if kept else str(body.get("reason") or ""),
            role=str(body.get("role") or ""),
            version=int(body["version"]) if event.kind.startswith("RiskProfile") and "version" in body else 0,
        )

    def _versions(self, list_id: str) -> list[ListVersion]:
        events = self._store.events(case_id=LIST_STREAM + list_id, limit=EVENTS_MAX)
        return [
            ListVersion(
                version=int(event.body.get("version", 0)),
                at=event.occurred_at,
                actor=event.actor,
                entries=int(event.body.get("entries", 0)),
                left_out=int(event.body.get("left_out", 0)),
                faults=int(event.body.get("faults", 0)),
                file_sha256=str(event.body.get("file_sha256", "")),
            )
            for event in reversed(events)
        ]
