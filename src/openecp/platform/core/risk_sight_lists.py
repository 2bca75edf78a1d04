# SPDX-License-Identifier: Apache-2.0
"""Watchlists beside the pipeline: what each declared party hits, remembered until a list or a decision changes.

A pair that officers have cleared does not count, and is told as passed. A new pair waits to be put on record, so that
officers find it at their desk. Reads: lists and hits of the store. Limits: 200,000 parties remembered, 10,000 pairs
waiting. Who asks and who reads the journal are two threads; the caller holds a lock.
"""

from __future__ import annotations

import hashlib
import logging
from collections import deque
from collections.abc import Callable
from datetime import date
from typing import TYPE_CHECKING, NamedTuple

from openecp.border.risk.watchlist.hits import HIT_STREAM, HitRefused, HitState
from openecp.border.risk.watchlist.match import ListHit
from openecp.border.risk.watchlist.party import Party

if TYPE_CHECKING:
    from openecp.border.risk.watchlist.match import Matcher
    from openecp.platform.core.watch_desk import WatchDesk

PARTIES_MAX, WAITING_MAX = 200_000, 10_000
ACTOR = "customs"
log = logging.getLogger("openecp.risk")


class PartySeen(NamedTuple):
    """What a party hits: how many that count, the surest one's score, their ids, and those that were cleared."""

    hits: int = 0
    score_e6: int = 0
    refs: tuple[str, ...] = ()
    passed: tuple[str, ...] = ()


NOBODY = PartySeen()


class ListSight:
    """What lists say of declared parties."""

    def __init__(self, desk: WatchDesk, *, today: Callable[[], date]) -> None:
        """Take the desk of watchlists and the administration's day; `read` brings lists and decisions."""
        self._desk, self._today = desk, today
        self._matcher: Matcher | None = None
        self._versions: tuple[tuple[str, int], ...] = ()
        self._states: dict[str, HitState] = {}
        self._known: dict[Party, PartySeen] = {}
        self._holders: dict[str, set[Party]] = {}  # parties as written, by hit
        self._day = today()
        self.waiting: deque[tuple[Party, ListHit]] = deque(maxlen=WAITING_MAX)
        self.fault = ""

    @property
    def empty(self) -> bool:
        """No list is loaded."""
        return self._matcher is None

    def read(self) -> Callable[[], None]:
        """Read lists and decisions, and return what takes them up: that is quick, and is done under the lock."""
        versions = tuple((one.list_id, one.version) for one in self._desk.lists())
        states = {state.hit_id: state for state in self._desk.hits()}
        fault = ""
        try:
            matcher = self._desk.matcher() if versions else None
        except HitRefused as refused:
            matcher, versions, fault = self._matcher, self._versions, f"lists: {refused}"
            log.error("watchlists could not be read; those before stay in use: %s", refused)

        def take_up() -> None:
            self._matcher, self._versions, self._states, self.fault = matcher, versions, states, fault
            self._forget()

        return take_up

    def decided(self, stream: str) -> None:
        """Take up what happened to one hit."""
        hit_id = stream.removeprefix(HIT_STREAM)
        try:
            self._states[hit_id] = self._desk.hit(hit_id)[0]
        except HitRefused:
            self._states.pop(hit_id, None)
        for party in self._holders.pop(hit_id, ()):
            self._known.pop(party, None)

    def of(self, party: Party) -> PartySeen:
        """Return what a party hits."""
        if self._matcher is None:
            return NOBODY
        found = self._known.get(party)
        if found is None:
            if len(self._known) >= PARTIES_MAX:
                self._forget()
            found = self._known[party] = self._compared(party, self._matcher)
        return found

    def turn(self) -> None:
        """Come to a day: a clearance may be over."""
        if self._today() != self._day:
            self._forget()

    def record(self) -> int:
        """Put the pairs that wait on record; return how many were new or open again."""
        pairs = list(self.waiting)
        if not pairs:
            return 0
        done = self._desk.record(pairs, actor=ACTOR)
        for _ in range(min(len(pairs), len(self.waiting))):
            self.waiting.popleft()
        return len(done.new) + len(done.reopened)

    def record_quietly(self) -> None:
        """Put the pairs that wait on record; where that fails they wait on, and no declaration waits for it."""
        if not self.waiting:
            return
        try:
            self.record()
        except Exception as error:
            log.warning("%d list hits could not be put on record, and are tried again: %s", len(self.waiting), error)

    def _compared(self, party: Party, matcher: Matcher) -> PartySeen:
        hits = matcher.match(party)
        if not hits:
            return NOBODY
        hashed = self._desk.party_hash(party)
        counted: list[tuple[ListHit, str]] = []
        passed: list[str] = []
        for hit in hits:
            hit_id = hit_id_of(hashed, hit)
            state = self._states.get(hit_id)
            self._holders.setdefault(hit_id, set()).add(party)
            if state is not None and state.stands(hit.entry_digest, self._day):
                passed.append(hit_id)
                continue
            counted.append((hit, hit_id))
            if state is None or state.status == "cleared":
                self.waiting.append((party, hit))
        score = max((round(hit.score * 1_000_000) for hit, _ in counted), default=0)
        return PartySeen(len(counted), score, tuple(hit_id for _, hit_id in counted), tuple(passed))

    def _forget(self) -> None:
        self._known.clear()
        self._holders.clear()
        self._day = self._today()


def hit_id_of(hashed: str, hit: ListHit) -> str:
    """Return the id of a pair: the party's salted hash, the list and the entry."""
    return hashlib.sha256(f"{hashed}\x1f{hit.list_id}\x1f{hit.entry_id}".encode()).hexdigest()[:32]
