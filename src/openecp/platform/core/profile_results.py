# SPDX-License-Identifier: Apache-2.0
"""How profiles do in operation, counted on by the clock; what finds less than chance is suspended by it.

The counts are a stream of their own in the room `risk`: whoever asks reads them, and no question scans the journal.
Limits: a count looks at 50,000 events at most and the next one goes on from there; one process counts.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import tzinfo
from typing import Any, Protocol

import msgspec

from openecp.border.risk.profiles.acts import ExpireProfile, SuspendByResults
from openecp.border.risk.profiles.operation import AUDIT_STREAM, LetThrough, OperationCounts, Told
from openecp.border.risk.profiles.statistics import ProfileFigures, below_chance, verdict, wilson
from openecp.border.risk.profiles.versions import ROOM, ProfileVersion
from openecp.kernel.journal.canonical import canonical
from openecp.kernel.journal.memory import utc_now
from openecp.kernel.journal.model import CaseRow, CaseWrite, Event, Face, NewEvent, Written
from openecp.platform.core.profilework import ProfileBook, ProfileCasework

STREAM = "risk/operation"
EVENT_KINDS = ("ProfileResultsCounted",)
PAGE, EVENTS_MAX, FAR = 1_000, 50_000, 500_000
_counts = msgspec.json.Decoder(OperationCounts).decode


class ResultStore(Protocol):
    """The part of the store that results are counted in."""

    def case(self, case_id: str) -> tuple[CaseRow, int] | None: ...

    def events(self, *, case_id: str | None = None, after_seq: int = 0, limit: int = 1000) -> list[Event]: ...

    def faces(self, *, room: str, at: str | None = None, prefix: str | None = None) -> list[Face]: ...

    def write(self, batch: list[CaseWrite]) -> list[Written]: ...


class Counted(msgspec.Struct, frozen=True, kw_only=True):
    """Results of controls and how many were irregular, with the share and its 95 % interval where any is known."""

    results: int
    irregular: int
    rate: float | None = None
    low: float | None = None
    high: float | None = None


class ProfileOperation(msgspec.Struct, frozen=True, kw_only=True):
    """A profile in operation: what it selected and let through, what was found, and why it is or will be suspended."""

    profile: str
    version: int
    status: str
    lane: str
    selections: int
    let_through: int
    counted: Counted
    judged: Counted  # what came since it was taken up again after a suspension
    why: str


class OperationView(msgspec.Struct, frozen=True, kw_only=True):
    """How profiles do beside the random sample, as the clock counted it last."""

    counted_seq: int
    sample: Counted
    profiles: list[ProfileOperation]
    let_through: list[LetThrough]


def operation_view(store: ResultStore, book: ProfileBook, *, fresh: bool = False) -> OperationView:
    """Return how the profiles on record do; `fresh` counts on to the end of the journal, without recording it."""
    work = ProfileResults(store)
    counts = work.counted() if fresh else work.recorded()
    through, today = {one.criterion: one for one in counts.let_through()}, book.today()
    found = []
    for state in book.states():
        version = state.current
        if version is None:
            continue
        figures = _figures(counts, version)
        judged = _since(figures, version)
        why = version.suspended or below_chance(
            judged, sample_results=counts.sample[0], sample_irregular=counts.sample[1]
        )
        found.append(
            ProfileOperation(
                profile=figures.profile, version=figures.version, status=state.status(today), why=why,
                lane=version.profile.lane, selections=figures.selections,
                let_through=through[figures.profile].hits if figures.profile in through else 0,
                counted=_counted(figures.results, figures.irregular), judged=_counted(judged.results, judged.irregular),
            )
        )  # fmt: skip
    return OperationView(
        counted_seq=counts.seq, sample=_counted(*counts.sample), profiles=found, let_through=counts.let_through()
    )


class ProfileResults:
    """Counts results of controls on, and does what follows from them. One thread at a time."""

    def __init__(self, store: ResultStore, *, clock: Callable[[], str] = utc_now, zone: tzinfo | None = None) -> None:
        """Take the store, the clock and the administration's time zone."""
        more = {} if zone is None else {"zone": zone}
        self._store, self._clock = store, clock
        self._book = ProfileBook(store, clock=clock, **more)
        self._casework = ProfileCasework(store, clock=clock, **more)
        self._looked = 0  # up to where the journal was looked through, though nothing was to be counted

    def tick(self) -> list[str]:
        """Do what is due: count on, suspend what finds less than chance, put on record what is over; its profiles."""
        return [*self._suspend(self.record()), *self._expire()]

    def recorded(self) -> OperationCounts:
        """Return the counts as recorded last."""
        faces = self._store.faces(room=ROOM, prefix=STREAM)
        told = next((face.face for face in faces if face.case_id == STREAM), None)
        return _counts(told) if told is not None else OperationCounts()

    def counted(self, most: int | None = None) -> OperationCounts:
        """Return the counts, counted on to the end of the journal or by so many events."""
        counts, looked = self.recorded(), 0
        after = max(counts.seq, self._looked)
        while (most is None or looked < most) and (page := self._store.events(after_seq=after, limit=PAGE)):
            for event in page:
                counts.take(event.seq, (event.case_id, event.kind, event.body), self._earlier(event.seq))
            after, looked = page[-1].seq, looked + len(page)
        counts.seq = self._looked = max(after, counts.seq)
        return counts

    def record(self) -> OperationCounts:
        """Count on and put the counts on record, where they are others than before."""
        before, counts = self.recorded(), self.counted(EVENTS_MAX)
        changed = {
            name: row for name, row in counts.profiles.items() if row != before.profiles.get(name)
        }  # fmt: skip
        through = {name: row for name, row in counts.through.items() if row != before.through.get(name)}
        far = counts.seq - before.seq > FAR  # so that a core that starts again need not look so far back
        if not (changed or through or counts.sample != before.sample or far):
            return counts
        body = {
            "seq": counts.seq, "since": before.seq, "sample": counts.sample, "profiles": changed, "through": through
        }  # fmt: skip
        case, now = self._store.case(STREAM), self._clock()
        state = canonical(msgspec.to_builtins(counts))
        row = CaseRow(
            case_id=STREAM, organisation="customs", lrn=STREAM, mrn=None, status="counted", channel=None, office=None,
            movement=None, version=case[0].version + 1 if case else 1, state=state, updated_at=now, room=ROOM,
        )  # fmt: skip
        event = NewEvent(kind="ProfileResultsCounted", occurred_at=now, actor="customs", body=body)
        self._store.write([CaseWrite(row=row, expected_seq=case[1] if case else 0, events=(event,), face=state)])
        self._looked = 0  # what stands on record says where to go on; where another was quicker, from before
        return counts

    def _earlier(self, seq: int) -> Callable[[str], list[Told]]:
        def earlier(case_id: str) -> list[Told]:
            found = [*self._store.events(case_id=case_id), *self._store.events(case_id=AUDIT_STREAM + case_id)]
            found.sort(key=lambda event: event.seq)
            return [(event.case_id, event.kind, event.body) for event in found if event.seq < seq]

        return earlier

    def _suspend(self, counts: OperationCounts) -> list[str]:
        done = []
        for version in self._book.active():
            figures = _figures(counts, version)
            found = verdict(
                _since(figures, version), sample_results=counts.sample[0], sample_irregular=counts.sample[1]
            )
            if found is not None:
                act = SuspendByResults(profile_id=figures.profile, version=figures.version, verdict=found,
                                       counted=(figures.results, figures.irregular))  # fmt: skip
                done += self._written(self._casework.by_clock(act), figures.profile)
        return done

    def _expire(self) -> list[str]:
        today, done = self._book.today(), list[str]()
        for state in self._book.states():
            if state.status(today) == "expired" and not state.expired:
                act = ExpireProfile(profile_id=state.profile_id)
                done += self._written(self._casework.by_clock(act), state.profile_id)
        return done

    def _written(self, write: CaseWrite | None, name: str) -> list[str]:
        """Record an act of the clock; where an officer was quicker, the next tick looks again."""
        written: Any = self._store.write([write])[0] if write is not None else None
        return [name] if written is not None and written.outcome == "recorded" else []


def _figures(counts: OperationCounts, version: ProfileVersion) -> ProfileFigures:
    return counts.figures({(version.profile.id, version.number): version.profile.share_millionths()})[0]


def _since(figures: ProfileFigures, version: ProfileVersion) -> ProfileFigures:
    """Return the figures without those of before the version was taken up again."""
    results, irregular = version.judged_from
    return msgspec.structs.replace(
        figures, results=max(0, figures.results - results), irregular=max(0, figures.irregular - irregular)
    )


def _counted(results: int, irregular: int) -> Counted:
    if not results:
        return Counted(results=results, irregular=irregular)
    share = wilson(irregular, results)
    return Counted(results=results, irregular=irregular, rate=share.value, low=share.low, high=share.high)
