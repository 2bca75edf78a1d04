# SPDX-License-Identifier: Apache-2.0
"""What pages of the risk desk tell of running selection: the journal followed, counted by week, day, office and lane.

Whoever asks takes the journal up where the last question stopped; each question reads a bounded part of it, so that no
page waits for the whole. For officers alone.
Limits: 20,000 events a question; lanes of 35 days; compliance of 200,000 declarations. One thread at a time.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import date, timedelta
from typing import Any, Protocol

import msgspec

from openecp.border.risk.features.compliance import MeasuredCompliance, compliance
from openecp.border.risk.features.feedback import SelectedCase, SelectionBook
from openecp.border.risk.profiles.operation import CONFORM, IRREGULAR, Operation
from openecp.border.risk.profiles.statistics import ProfileFigures
from openecp.kernel.journal.model import Event

PAGE, EVENTS_MAX = 1_000, 20_000
LANE_DAYS, CASES_MAX, WEEKS_MAX = 35, 200_000, 53
LANES = ("red", "yellow", "blue", "green")
PLAIN_SEGMENTS = ("office", "lane", "month")  # those that need no message opened
Named = tuple[str, int]


class Followed(Protocol):
    """The part of the store that is followed."""

    def events(self, *, case_id: str | None = None, after_seq: int = 0, limit: int = 1000) -> list[Event]: ...

    def size(self) -> int: ...


class WeekFigures(msgspec.Struct, frozen=True, kw_only=True):
    """What was selected in a week, and what controls of it have found so far."""

    week: str  # its Monday
    selections: int = 0
    results: int = 0
    irregular: int = 0


class ModelWeek(msgspec.Struct, frozen=True, kw_only=True):
    """Declarations of a week that a model had scored and a control looked at: what it foresaw, what was found."""

    week: str
    results: int
    irregular: int
    foreseen_e6: int  # mean of the highest score of each, in millionths


class LaneDay(msgspec.Struct, kw_only=True):
    """One office on one day: how many came into each lane, on what ground, at random, let through."""

    day: str
    office: str
    seen: int = 0
    lanes: dict[str, int] = {}
    grounds: dict[str, int] = {}
    random: dict[str, int] = {}
    let_through: int = 0  # criteria hit whose percentage let a declaration through
    trusted: int = 0
    overrides: int = 0
    timeouts: int = 0

    def add(self, other: LaneDay) -> None:
        """Count another one's figures too."""
        for mine, more in ((self.lanes, other.lanes), (self.grounds, other.grounds), (self.random, other.random)):
            for name, number in more.items():
                mine[name] = mine.get(name, 0) + number
        self.seen += other.seen
        self.let_through += other.let_through
        self.trusted += other.trusted
        self.overrides += other.overrides
        self.timeouts += other.timeouts


class _Scored(msgspec.Struct):
    """A declaration that a model scored: model, week, score, result of its control."""

    model: str
    week: str
    p_e6: int
    irregular: bool | None = None


class RiskFollower:
    """The journal as the risk desk's pages count it."""

    def __init__(self, source: Followed, shares: Mapping[str, float]) -> None:
        """Take the store, and the administration's random share by lane for selections that do not tell theirs."""
        self._source = source
        self.seq, self.size = 0, 0
        self.book = SelectionBook(shares)
        self._operations: dict[str, Operation] = {}  # by week
        self._weeks: dict[str, str] = {}  # week of a case that was selected
        self._scored: dict[str, _Scored] = {}
        self._offices: dict[str, str] = {}  # of cases that are not assessed yet
        self._lanes: dict[tuple[str, str], LaneDay] = {}
        self._place: dict[str, tuple[str, str]] = {}  # day and office of a case, for what happens to it later
        self.declarations = 0

    @property
    def is_current(self) -> bool:
        """Whether all of the journal is counted, as it stood at the last question."""
        return self.seq >= self.size

    def follow(self, limit: int = EVENTS_MAX) -> None:
        """Count what has come since the last question, at most `limit` events."""
        self.size = self._source.size()
        read = 0
        while read < limit and (page := self._source.events(after_seq=self.seq, limit=PAGE)):
            for event in page:
                self._take(event)
            self.seq, read = page[-1].seq, read + len(page)
            self.size = max(self.size, self.seq)
        self._forget()

    def _take(self, event: Event) -> None:
        if event.kind == "DeclarationSubmitted":
            self._offices[event.case_id] = event.body.get("office") or ""
            self.declarations += 1
        if self.declarations <= CASES_MAX:
            self.book.take(event)
        if event.kind == "DeclarationAssessed":
            self._assessed(event)
        elif event.kind in (*CONFORM, *IRREGULAR):
            week = self._weeks.get(event.case_id)
            if week is not None:
                self._operations[week].add(event.case_id, event.kind, event.body)
            scored = self._scored.get(event.case_id)
            if scored is not None:
                scored.irregular = event.kind in IRREGULAR or bool(scored.irregular)
        elif event.kind in ("LaneOverridden", "LaneMoved") and event.case_id in self._place:
            row = self._lane_day(*self._place[event.case_id])
            row.overrides += event.kind == "LaneOverridden"
            row.timeouts += event.kind == "LaneMoved"

    def _assessed(self, event: Event) -> None:
        officer = event.body.get("officer") or {}
        week = monday(event.occurred_at[:10])
        if officer.get("reasons"):
            week = self._weeks.setdefault(event.case_id, week)
            self._operations.setdefault(week, Operation()).add(event.case_id, event.kind, event.body)
        told = officer.get("risk") or {}
        scores = [item.get("p_e6", 0) for item in told.get("items") or ()]
        if told.get("model") and scores:
            self._scored.setdefault(event.case_id, _Scored(str(told["model"]), week, max(scores)))
        selection = officer.get("selection")
        if event.body.get("version", 1) == 1 and not (selection or {}).get("indicative"):
            self._count(event, officer, selection)

    def _count(self, event: Event, officer: Mapping[str, Any], selection: Mapping[str, Any] | None) -> None:
        office = self._offices.pop(event.case_id, "")
        selection = selection or {}
        row = self._lane_day(event.occurred_at[:10], selection.get("office") or office)
        self._place[event.case_id] = (row.day, row.office)
        lane = selection.get("lane") or officer.get("channel") or "green"
        ground = selection.get("ground") or _ground_of(officer)
        drawn = selection.get("random") or (lane if ground == "random" else "")
        row.seen += 1
        row.lanes[lane] = row.lanes.get(lane, 0) + 1
        row.grounds[ground] = row.grounds.get(ground, 0) + 1
        if drawn:
            row.random[drawn] = row.random.get(drawn, 0) + 1
        row.let_through += int(selection.get("escaped") or 0)
        row.trusted += bool(selection.get("trusted"))

    def _lane_day(self, day: str, office: str) -> LaneDay:
        made = LaneDay(day=day, office=office, lanes={}, grounds={}, random={})
        return self._lanes.setdefault((day, office), made)

    def _forget(self) -> None:
        if not self._lanes:
            return
        last = max(day for day, _ in self._lanes)
        first = (date.fromisoformat(last) - timedelta(days=LANE_DAYS)).isoformat()
        if any(day < first for day, _ in self._lanes):
            self._lanes = {key: row for key, row in self._lanes.items() if key[0] >= first}
            self._place = {case: key for case, key in self._place.items() if key[0] >= first}
        for week in sorted(self._operations)[:-WEEKS_MAX]:
            del self._operations[week]
            self._weeks = {case: of for case, of in self._weeks.items() if of != week}
            self._scored = {case: one for case, one in self._scored.items() if one.week != week}

    # -- what was counted ----------------------------------------------------------------------------------------------

    def lane_days(self) -> list[LaneDay]:
        """Return the counts by day and office, the latest day first."""
        return sorted(self._lanes.values(), key=lambda row: (row.day, row.office), reverse=True)

    def profile_weeks(self, versions: Iterable[Named]) -> dict[Named, list[WeekFigures]]:
        """Return the figures of versions by week of selection, oldest first; weeks without a selection are left out."""
        wanted = dict.fromkeys(versions, 1_000_000)
        found: dict[Named, list[WeekFigures]] = {name: [] for name in wanted}
        for week in sorted(self._operations):
            for one in self._operations[week].figures(wanted):
                if one.selections:
                    found[one.profile, one.version].append(
                        WeekFigures(week=week, selections=one.selections, results=one.results, irregular=one.irregular)
                    )
        return found

    def sample_weeks(self) -> list[WeekFigures]:
        """Return the random sample by week, oldest first: what was controlled of it and what was found."""
        told = [(week, *self._operations[week].sample()) for week in sorted(self._operations)]
        return [WeekFigures(week=week, results=results, irregular=bad) for week, results, bad in told if results]

    def model_weeks(self) -> dict[str, list[ModelWeek]]:
        """Return by model and week what it foresaw of the declarations that were controlled, and what was found."""
        groups: dict[tuple[str, str], list[_Scored]] = {}
        for one in self._scored.values():
            if one.irregular is not None:
                groups.setdefault((one.model, one.week), []).append(one)
        found: dict[str, list[ModelWeek]] = {}
        for (model, week), rows in sorted(groups.items()):
            found.setdefault(model, []).append(
                ModelWeek(
                    week=week, results=len(rows), irregular=sum(bool(row.irregular) for row in rows),
                    foreseen_e6=sum(row.p_e6 for row in rows) // len(rows),
                )
            )  # fmt: skip
        return found

    def compliance(self, by: str, span: tuple[str, str], movement: str = "import") -> list[MeasuredCompliance] | None:
        """Return what the random sample says of a span of days, by office, lane or month; None where it is too much."""
        if self.declarations > CASES_MAX:
            return None
        cases = [
            case
            for case in self.book.cases()
            if (not movement or case.movement == movement) and span[0] <= (case.day or case.at[:10]) <= span[1]
        ]
        return compliance(cases, {case.case_id: {_segment(case, by)} for case in cases if by})


def _segment(case: SelectedCase, by: str) -> str:
    return {"office": case.office or "none", "lane": case.lane, "month": (case.day or case.at)[:7]}[by]


def _ground_of(officer: Mapping[str, Any]) -> str:
    rules = {str(reason.get("rule", "")) for reason in officer.get("reasons") or ()}
    if any(rule.startswith("risk.") and rule != "risk.random" for rule in rules):
        return "criteria"
    return "random" if "risk.random" in rules else "none"


def monday(day: str) -> str:
    """Return the Monday of a day's week."""
    found = date.fromisoformat(day)
    return (found - timedelta(days=found.weekday())).isoformat()


def last_weeks(today: date, many: int) -> list[str]:
    """Return the Mondays of the last weeks, oldest first, this one included."""
    this = today - timedelta(days=today.weekday())
    return [(this - timedelta(weeks=n)).isoformat() for n in reversed(range(many))]


def summed(name: Named, weeks: Sequence[WeekFigures]) -> ProfileFigures:
    """Return a version's weeks as one; a hit that its percentage let pass left no trace, so hits are not told."""
    return ProfileFigures(
        profile=name[0], version=name[1], hits=sum(one.selections for one in weeks),
        selections=sum(one.selections for one in weeks), results=sum(one.results for one in weeks),
        irregular=sum(one.irregular for one in weeks),
    )  # fmt: skip
