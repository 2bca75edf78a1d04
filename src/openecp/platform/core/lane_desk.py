# SPDX-License-Identifier: Apache-2.0
"""Selectivity in the store: commitments of draws before their day, frozen counters, opened secrets, verification.

Everything is a stream of the room `risk`; secrets are never in the journal, only their hashes and who opened them.
Limits: one process freezes; a freeze looks at 200,000 events at most and the next one goes on from there.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from typing import Any, NamedTuple, Protocol

import msgspec

from openecp.border.risk.lanes.counters import FrozenCounters, LaneCount, LaneCounters, OfficeCount
from openecp.border.risk.lanes.draw import commitment, consignment_bytes, draw_of
from openecp.border.risk.lanes.online import LaneChooser, lane_chooser
from openecp.border.risk.lanes.plan import LANES
from openecp.border.risk.lanes.select import GROUNDS, Selection, moves_of, stakes_of
from openecp.kernel.datamodel.declaration import Declaration
from openecp.kernel.journal.canonical import canonical
from openecp.kernel.journal.memory import utc_now
from openecp.kernel.journal.model import CaseRow, CaseWrite, Event, Face, NewEvent, StoredDocument, Written
from openecp.kernel.parties.model import Principal
from openecp.kernel.profile import Profile
from openecp.platform.core.profilework import zone_of

ROOM = "risk"
COUNTERS = "risk/lanes"
DRAWS = "risk/draws/"
DAYS_AHEAD = 3  # commitments are made for today and so many days to come
EVENTS_MAX = 200_000
PAGE = 1_000
CHANGES = {"LaneOverridden": "overridden", "LaneMoved": "moved"}
EVENT_KINDS = ("DrawCommitted", "DrawOpened", "LaneCountersFrozen")


class LaneStore(Protocol):
    """The part of the store that the desk of lanes needs."""

    def case(self, case_id: str) -> tuple[CaseRow, int] | None: ...

    def events(self, *, case_id: str | None = None, after_seq: int = 0, limit: int = 1000) -> list[Event]: ...

    def document(self, document_id: str) -> StoredDocument | None: ...

    def faces(self, *, room: str, at: str | None = None, prefix: str | None = None) -> list[Face]: ...

    def write(self, batch: list[CaseWrite]) -> list[Written]: ...


class LaneRefused(Exception):  # noqa: N818 - a state of what was asked
    """What was asked about lanes or draws cannot be done: where, expected, got, fix."""

    def __init__(self, where: str, expected: str, got: str, fix: str) -> None:
        super().__init__(f"{where}: expected {expected}, got {got}; {fix}")
        self.where, self.expected, self.got, self.fix = where, expected, got, fix


def chooser_of(profile: Profile, secret: bytes) -> LaneChooser | None:
    """Return what chooses lanes under a profile, by its own legal date; None where it has no plan.

    Raises: ProfileError.
    """
    zone = zone_of(profile)
    return lane_chooser(profile, secret, today=lambda: datetime.now(UTC).astimezone(zone).date())


class DrawCheck(NamedTuple):
    """What a day's draws came to when they were worked again."""

    day: date
    committed_at: str
    same: int
    other: list[str]  # cases whose recorded draw is not what the secret gives
    gone: int  # cases whose message is no longer kept
    early: int  # draws that are on record before the commitment is


class LaneDesk:
    """Lanes in the store. One thread at a time."""

    def __init__(self, store: LaneStore, chooser: LaneChooser, *, clock: Callable[[], str] = utc_now) -> None:
        """Take the store, what chooses lanes here, and the clock."""
        self._store, self.chooser, self._clock = store, chooser, clock
        self._looked = 0  # up to where the journal was looked through, though there was nothing to freeze

    def tick(self) -> None:
        """Do what is due: commit to the days to come, freeze the counters, and let them count from here on."""
        self.commit()
        self.chooser.frozen = self.freeze()

    # -- draws ---------------------------------------------------------------------------------------------------------

    def commit(self) -> list[date]:
        """Put the hashes of the days to come into the journal, where they are not yet; return those days.

        The first time also those of the days before that consignments are still drawn with: before anything is drawn.
        """
        today = self._today()
        first = 0 if self._store.case(DRAWS + today.isoformat()) else 1 - self.chooser.draw.keeps_days
        days = [today + timedelta(days=n) for n in range(first, DAYS_AHEAD + 1)]
        found = [day for day in days if self._store.case(DRAWS + day.isoformat()) is None]
        for day in found:
            told = {"day": day.isoformat(), "sha256": commitment(self.chooser.draw.secret(day), day)}
            self._record(DRAWS + day.isoformat(), "DrawCommitted", "committed", told, told, "customs")
        return found

    def commitments(self) -> list[dict[str, Any]]:
        """Return the days that the installation has committed to, oldest first, with the hash and the instant."""
        rows = []
        for face in self._store.faces(room=ROOM, prefix=DRAWS):
            first = self._store.events(case_id=face.case_id, limit=1)[0]
            rows.append(first.body | {"committed_at": first.recorded_at, "seq": first.seq})
        return sorted(rows, key=lambda row: str(row["day"]))

    def open(self, day: date, who: Principal) -> bytes:
        """Return a day's secret to an auditor, and put on record who opened it.

        Raises: LaneRefused where the day is still drawn with, was never committed to, or it is no auditor who asks.
        """
        if "auditor" not in who.roles or who.kind != "person":
            raise LaneRefused("draw", "a person with the role auditor", ", ".join(who.roles) or "none",
                              "Ask an auditor: the secret tells which controls were targeted.")  # fmt: skip
        closed = self.chooser.draw.closed_on(day)
        if self._today() < closed:
            raise LaneRefused(f"draw of {day}", f"a day from {closed} on", self._today().isoformat(),
                              "Wait: consignments are still drawn with this secret.")  # fmt: skip
        self._committed(day)
        body = {"day": day.isoformat()}
        self._record(DRAWS + day.isoformat(), "DrawOpened", "opened", body, body, who.actor)
        return self.chooser.draw.secret(day)

    def verify(self, day: date, secret: bytes, read: Callable[[StoredDocument], Declaration | None]) -> DrawCheck:
        """Work all draws again that were made with a day's secret, and compare with what was recorded.

        Raises: LaneRefused where the secret is not the one that was committed to before the day.
        """
        committed = self._committed(day)
        wanted, at = str(committed.body["sha256"]), committed.recorded_at
        if commitment(secret, day) != wanted:
            raise LaneRefused(f"draw of {day}", f"the secret whose hash is {wanted}", "another one",
                              "Give the secret that `openecp risk draw open` told.")  # fmt: skip
        same, other, gone, early, after = 0, list[str](), 0, 0, 0
        while page := self._store.events(after_seq=after, limit=PAGE):
            after = page[-1].seq
            for event in filter(is_selection, page):
                told = event.body["officer"]["selection"]
                if told.get("draw_day") != day.isoformat():
                    continue
                early += event.seq < committed.seq
                declaration = self._lodged(event.case_id, read)
                if declaration is None:
                    gone += 1
                elif draw_of(secret, consignment_bytes(declaration)) == told["draw"]:
                    same += 1
                else:
                    other.append(event.case_id)
        return DrawCheck(day, at, same, other, gone, early)

    def _committed(self, day: date) -> Event:
        found = self._store.events(case_id=DRAWS + day.isoformat(), limit=1)
        if not found:
            raise LaneRefused(f"draw of {day}", "a day that the journal holds a commitment of", "none",
                              "`openecp risk draw list` shows the days.")  # fmt: skip
        return found[0]

    def _lodged(self, case_id: str, read: Callable[[StoredDocument], Declaration | None]) -> Declaration | None:
        """Return the declaration as it was lodged, before any amendment."""
        first = self._store.events(case_id=case_id, limit=1)
        name = first[0].body.get("document", {}).get("id") if first else None
        document = self._store.document(name) if name else None
        return read(document) if document is not None else None

    # -- counters ------------------------------------------------------------------------------------------------------

    def frozen(self) -> FrozenCounters:
        """Return the counters that were frozen last; none counted where there are none."""
        return frozen_counters(self._store)

    def freeze(self) -> FrozenCounters:
        """Count what was selected since the last freeze, and freeze; the journal holds the counters.

        Where nothing was selected and the day is the same, what was frozen before stands.
        """
        before = self.frozen()
        counters, after, looked = LaneCounters(before), max(before.seq, self._looked), 0
        tally: dict[tuple[str, str], dict[str, Any]] = {}
        while looked < EVENTS_MAX and (page := self._store.events(after_seq=after, limit=PAGE)):
            for event in page:
                if event.kind in CHANGES:
                    self._changed(event, counters, tally)
                elif is_selection(event):
                    self._count(event, counters, tally)
            after, looked = page[-1].seq, looked + len(page)
        self._looked = after
        if not tally and before.day == self._today():
            return before
        frozen = counters.freeze(self._today(), seq=after)
        state = _told(frozen)
        body = state | {"since": before.seq, "days": [tally[key] for key in sorted(tally)]}
        self._record(COUNTERS, "LaneCountersFrozen", "frozen", body, state, "customs")
        return frozen

    def days(self) -> list[dict[str, Any]]:
        """Return by day and office how many were selected into each lane, and on which ground; of all freezes."""
        return counted_days(self._store)

    def _count(self, event: Event, counters: LaneCounters, tally: dict[tuple[str, str], dict[str, Any]]) -> None:
        told, day = event.body["officer"]["selection"], event.occurred_at[:10]
        office, plan = told["office"], self.chooser.plan.of(told["office"], date.fromisoformat(day))
        ground = next((name for name in GROUNDS if name == told["ground"]), GROUNDS[0])
        found = Selection(lane=LANES.index(told["lane"]), ground=ground, stake_minor=int(told.get("stake_minor", 0)))
        moves = moves_of(found, plan, trusted=bool(told.get("trusted")), default=self.chooser.plan.default)
        counters.add(office, 1, moves, *((stakes_of(found, moves),) if self.chooser.plan.topup == "stake" else ()))
        row = tally.setdefault((day, office), {"day": day, "office": office})
        names = ["seen", f"lane_{told['lane']}", f"ground_{ground or 'none'}"]
        if told.get("trusted"):
            names.append("trusted")
        if told.get("random"):
            names.append(f"random_{told['random']}")
        for name in names:
            row[name] = row.get(name, 0) + 1

    def _changed(self, event: Event, counters: LaneCounters, tally: dict[tuple[str, str], dict[str, Any]]) -> None:
        """Count that a declaration has left one lane for another: the lane that it has now counts."""
        told, day = event.body["officer"], event.occurred_at[:10]
        office, lanes = self.chooser.plan.key(told.get("office")), (told["from"], told["lane"])
        moves = tuple(((name == lanes[1]) - (name == lanes[0]), 0, 0) for name in LANES[1:])
        counters.add(office, 0, moves)
        row = tally.setdefault((day, office), {"day": day, "office": office})
        name = f"{CHANGES[event.kind]}_{lanes[0]}_{lanes[1]}"
        row[name] = row.get(name, 0) + 1

    # -- common --------------------------------------------------------------------------------------------------------

    def _today(self) -> date:
        return self.chooser.today()

    def _record(
        self, stream: str, kind: str, status: str, body: dict[str, Any], state: dict[str, Any], actor: str
    ) -> None:
        case = self._store.case(stream)
        told = canonical(state)
        event = NewEvent(kind=kind, occurred_at=self._clock(), actor=actor, body=body)
        row = CaseRow(
            case_id=stream, organisation="customs", lrn=stream, mrn=None, status=status, channel=None, office=None,
            movement=None, version=case[0].version + 1 if case else 1, state=told, updated_at=event.occurred_at,
            room=ROOM,
        )  # fmt: skip
        written = self._store.write(
            [CaseWrite(row=row, expected_seq=case[1] if case else 0, events=(event,), face=told)]
        )[0]
        if written.outcome != "recorded":
            raise LaneRefused(stream, "a write that the journal records", written.error or written.outcome,
                              "Try again; another may have been quicker.")  # fmt: skip


def frozen_counters(store: LaneStore) -> FrozenCounters:
    """Return the counters that were frozen last; none counted where there are none."""
    found = store.faces(room=ROOM, prefix=COUNTERS)
    told = next((face.face for face in found if face.case_id == COUNTERS), None)
    return frozen_of(msgspec.json.decode(told)) if told is not None else FrozenCounters()


def counted_days(store: LaneStore) -> list[dict[str, Any]]:
    """Return by day and office how many were selected into each lane, and on which ground; of all freezes."""
    total: dict[tuple[str, str], dict[str, Any]] = {}
    after = 0
    while found := store.events(case_id=COUNTERS, after_seq=after, limit=PAGE):
        for event in found:
            for row in event.body.get("days", ()):
                into = total.setdefault((row["day"], row["office"]), {"day": row["day"], "office": row["office"]})
                for name, number in row.items():
                    if isinstance(number, int):
                        into[name] = into.get(name, 0) + number
        after = found[-1].seq
    return [total[key] for key in sorted(total)]


def is_selection(event: Event) -> bool:
    """Tell whether an event is the first binding assessment of a declaration, and says how its lane was chosen."""
    if event.kind != "DeclarationAssessed":
        return False
    found = (event.body.get("officer") or {}).get("selection") or {"indicative": True}
    return not found.get("indicative") and (event.body.get("version", 1) == 1 or bool(found.get("presented")))


def _told(frozen: FrozenCounters) -> dict[str, Any]:
    """Return counters as the journal holds them."""
    offices = {office or "-": _row_of(count) for office, count in frozen.offices.items()}
    return {"seq": frozen.seq, "day": frozen.day.isoformat() if frozen.day else None, "offices": offices}


def _row_of(count: OfficeCount) -> list[Any]:
    row: list[Any] = [count.seen, *(n for lane in count.lanes for n in (lane.taken, lane.topped, lane.open_e6))]
    if any(lane.stakes for lane in count.lanes):
        row += [{str(each): weight for each, weight in sorted(lane.stakes.items())} for lane in count.lanes]
    return row


def frozen_of(told: dict[str, Any]) -> FrozenCounters:
    """Return counters out of what the journal holds of them."""
    offices = {}
    for office, n in told["offices"].items():
        held = [{int(each): weight for each, weight in stakes.items()} for stakes in n[10:13]] or [{}, {}, {}]
        first, second, third = (
            LaneCount(n[at], n[at + 1], n[at + 2], stakes) for at, stakes in zip((1, 4, 7), held, strict=True)
        )
        offices["" if office == "-" else office] = OfficeCount(n[0], (first, second, third))
    return FrozenCounters(told["seq"], date.fromisoformat(told["day"]) if told["day"] else None, offices)
