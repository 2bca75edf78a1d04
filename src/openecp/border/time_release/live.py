# SPDX-License-Identifier: Apache-2.0
"""What the dashboard shows, kept in memory and current with every event: counts, clocks, open cases, alarms.

Fed with rows of events in the order of the journal. What is released is kept for sixty days, to show thirty days beside
the thirty before; an open case is kept until it ends. A day is the administration's legal day.
Limits: MAX_CASES cases, of which the oldest that have ended go first; STAMPS_MAX stamps a case.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from datetime import UTC, date, datetime, timedelta, tzinfo
from typing import Any, NamedTuple, Protocol

from openecp.border.time_release.attribution import Stamp, awaited_now
from openecp.border.time_release.clocks import CLOCKS
from openecp.border.time_release.events import ENDS_WITHOUT_RELEASE
from openecp.border.time_release.journal_events import EventRow
from openecp.border.time_release.obligations import OBLIGATIONS

MAX_CASES = 500_000
STAMPS_MAX = 500
DAYS_KEPT = 61
HOUR_US = 3_600_000_000
LIVE_CLOCKS = ("arrival_release", "lodged_release", "ready_release", "post_release", "arrival_gate_out")
PERIODS = (1, 7, 30)  # days, today the last of them
AGES = ((4, "under_4h"), (24, "under_1d"), (72, "under_3d"), (168, "under_7d"), (None, "over_7d"))
_ENDS = frozenset(("RELEASED", "GATE_OUT", *ENDS_WITHOUT_RELEASE))
_BEGINS = frozenset(("ARRIVAL", "LODGED"))
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


class Alarm(NamedTuple):
    """Something that is slower than it was: where, which stage, whose time, since when, by how much."""

    office: str
    stage: str
    owner: str
    since: str  # day
    shift_us: int


class FindsAlarms(Protocol):
    """Tells what has become slower; answers at once, with what it knows."""

    def __call__(self, today: date) -> list[Alarm]:
        """Return the alarms of the day."""


class Spread(NamedTuple):
    """A clock over some days: cases, median and 90th percentile; None below k cases."""

    n: int
    median_us: float | None
    p90_us: float | None


class ClockFigures(NamedTuple):
    """A clock today and over the last 7 and 30 days, each with as many days up to a week before (30: a period)."""

    clock: str
    now: tuple[Spread, ...]  # by PERIODS
    before: tuple[Spread, ...]


class Figures(NamedTuple):
    """What the dashboard shows at one moment."""

    seq: int
    today: date
    lodged: int  # today
    released: int  # today
    open: int
    by_office: list[tuple[str, str, int, int, int]]  # office, channel, lodged today, released today, open
    clocks: list[ClockFigures]
    ages: list[tuple[str, dict[str, int]]]  # age, then open cases by whose court the ball is in
    courts: list[tuple[str, int]]
    alarms: list[Alarm]


class _Case:
    __slots__ = ("channel", "court", "ended", "first_us", "last_us", "office", "stamps", "values")

    def __init__(self) -> None:
        self.stamps: list[Stamp] = []
        self.office = self.channel = ""
        self.court = ""
        self.ended = False
        self.first_us = self.last_us = 0
        self.values: dict[str, tuple[date, int]] = {}  # clocks that have stopped: day and length


class LiveTimes:
    """The projection: `take` rows as they come, ask for `figures` at any moment."""

    def __init__(self, zone: tzinfo = UTC, *, k: int = 5, alarms: FindsAlarms | None = None) -> None:
        self._zone, self._k, self._alarms = zone, k, alarms
        self._cases: dict[str, _Case] = {}
        self._open: set[str] = set()
        self._days: dict[tuple[str, date], dict[str, int]] = {}  # clock and day: length by case
        self._arrays: dict[tuple[str, date], Any] = {}
        self._counts: dict[date, set[tuple[str, str]]] = {}  # by day: LODGED or RELEASED, and the case
        self._seen: set[str] = set()  # activities that are told here: what nobody tells of is awaited of nobody
        self.seq = 0

    def take(self, rows: Iterable[EventRow]) -> None:
        """Take rows of events, in the order of the journal; what is known already changes nothing."""
        for row in rows:
            if row.seq < self.seq:
                continue
            self.seq = row.seq
            at = _us(row.occurred_at)
            case = self._cases.get(row.case_id)
            if case is None:
                case = self._cases[row.case_id] = _Case()
                case.first_us = at
            self._add(row, case, at)
        if len(self._cases) > MAX_CASES:
            self._drop_oldest()

    def _add(self, row: EventRow, case: _Case, at: int) -> None:
        stamp = Stamp(at, row.seq, row.activity, row.segments.get("agency", ""))
        if len(case.stamps) >= STAMPS_MAX or stamp in case.stamps:
            return
        case.stamps.append(stamp)
        case.first_us, case.last_us = min(case.first_us, at), max(case.last_us, at)
        case.office = case.office or row.segments.get("office", "")
        case.channel = case.channel or row.segments.get("channel", "")
        if row.activity in ("LODGED", "RELEASED"):
            day = self._day(at)
            self._counts.setdefault(day, set()).add((row.activity, row.case_id))
        self._seen.add(row.activity)
        case.court = ""
        if row.activity in _ENDS:
            case.ended = True
            self._open.discard(row.case_id)
        elif not case.ended and row.activity in _BEGINS:
            self._open.add(row.case_id)
        self._stop_clocks(row.case_id, case)

    def _stop_clocks(self, case_id: str, case: _Case) -> None:
        for name, (start, end) in _clock_values(case.stamps).items():
            day = self._day(end)
            old = case.values.get(name)
            if old == (day, end - start):
                continue
            if old is not None:
                self._days.get((name, old[0]), {}).pop(case_id, None)
                self._arrays.pop((name, old[0]), None)
            case.values[name] = (day, end - start)
            self._days.setdefault((name, day), {})[case_id] = end - start
            self._arrays.pop((name, day), None)

    def _day(self, at_us: int) -> date:
        return (_EPOCH + timedelta(microseconds=at_us)).astimezone(self._zone).date()

    def _drop_oldest(self) -> None:
        """Let go of cases that have ended and are older than what is shown; then of the oldest."""
        ended = sorted((case.last_us, name) for name, case in self._cases.items() if name not in self._open)
        for _, name in ended[: max(len(self._cases) - MAX_CASES * 9 // 10, 0)]:
            del self._cases[name]

    def forget(self, today: date) -> None:
        """Let go of what is older than sixty days; open cases stay."""
        least = today - timedelta(days=DAYS_KEPT)
        for kept in (self._days, self._arrays):
            for key in [key for key in kept if key[1] < least]:
                del kept[key]
        for day in [day for day in self._counts if day < least]:
            del self._counts[day]
        since = int((datetime(least.year, least.month, least.day, tzinfo=UTC) - _EPOCH).total_seconds()) * 1_000_000
        for name in [n for n, case in self._cases.items() if case.last_us < since and n not in self._open]:
            del self._cases[name]

    def stamps(self, case_id: str) -> list[Stamp]:
        """Return the stamps of a case, none where it is not known here."""
        case = self._cases.get(case_id)
        return sorted(case.stamps) if case is not None else []

    def figures(self, now: datetime) -> Figures:
        """Return what the dashboard shows at a moment."""
        today = now.astimezone(self._zone).date()
        now_us = int((now - _EPOCH) / timedelta(microseconds=1))
        rows: dict[tuple[str, str], list[int]] = {}
        for activity, case_id in self._counts.get(today, ()):
            case = self._cases.get(case_id)
            if case is not None:
                rows.setdefault((case.office, case.channel), [0, 0, 0])[activity == "RELEASED"] += 1
        ages: dict[str, Counter[str]] = {name: Counter() for _, name in AGES}
        courts: Counter[str] = Counter()
        told = [one for one in OBLIGATIONS if not self._seen.isdisjoint(one.closes)]
        for name in self._open:
            case = self._cases[name]
            rows.setdefault((case.office, case.channel), [0, 0, 0])[2] += 1
            if not case.court:
                case.court = awaited_now(case.stamps, obligations=told)[0]
            courts[case.court] += 1
            ages[_age(now_us - case.first_us)][case.court] += 1
        return Figures(
            seq=self.seq,
            today=today,
            lodged=sum(row[0] for row in rows.values()),
            released=sum(row[1] for row in rows.values()),
            open=len(self._open),
            by_office=[(*key, *counts) for key, counts in sorted(rows.items())],  # type: ignore[misc]
            clocks=[self._clock(name, today) for name in LIVE_CLOCKS],
            ages=[(name, dict(found)) for name, found in ages.items()],
            courts=courts.most_common(),
            alarms=self._alarms(today) if self._alarms is not None else [],
        )

    def _clock(self, name: str, today: date) -> ClockFigures:
        now = tuple(self._spread(name, today, days) for days in PERIODS)
        back = [7 if days <= 7 else days for days in PERIODS]
        before = [self._spread(name, today - timedelta(days=b), d) for b, d in zip(back, PERIODS, strict=True)]
        return ClockFigures(name, now, tuple(before))

    def _spread(self, name: str, last: date, days: int) -> Spread:
        import numpy as np

        found = []
        for back in range(days):
            key = (name, last - timedelta(days=back))
            if key not in self._arrays and self._days.get(key):
                self._arrays[key] = np.fromiter(self._days[key].values(), dtype=np.int64)
            if key in self._arrays:
                found.append(self._arrays[key])
        n = sum(len(each) for each in found)
        if n < max(self._k, 1):
            return Spread(n, None, None)
        median, p90 = np.quantile(np.concatenate(found), (0.5, 0.9)).tolist()
        return Spread(n, median, p90)


def _clock_values(stamps: Sequence[Stamp]) -> dict[str, tuple[int, int]]:
    """Return the named clocks of a case that have stopped, with their two stamps, by the rules of clocks.py."""
    first: dict[str, int] = {}
    last: dict[str, int] = {}
    for stamp in stamps:
        first[stamp.activity] = min(stamp.ts_us, first.get(stamp.activity, stamp.ts_us))
        last[stamp.activity] = max(stamp.ts_us, last.get(stamp.activity, stamp.ts_us))
    gate = last.get("GATE_OUT")
    if gate is not None and last.get("RELEASED", gate) > gate:
        in_time = [each.ts_us for each in stamps if each.activity == "RELEASED" and each.ts_us <= gate]
        last["RELEASED"] = max(in_time, default=last["RELEASED"])
    known = {
        name: (_read(CLOCKS[name].start, first, last), _read(CLOCKS[name].end, first, last)) for name in LIVE_CLOCKS
    }
    return {name: (start, end) for name, (start, end) in known.items() if start is not None and end is not None}


def _read(text: str, first: dict[str, int], last: dict[str, int]) -> int | None:
    if text.startswith("latest("):
        parts = [_read(part.strip(), first, last) for part in text[7:-1].split(";")]
        return None if None in parts else max(part for part in parts if part is not None)
    which, _, rest = text.partition(":")
    return (first if which == "first" else last).get(rest.partition(" before ")[0])


def _age(us: int) -> str:
    return next(name for hours, name in AGES if hours is None or us < hours * HOUR_US)


def _us(text: str) -> int:
    when = datetime.fromisoformat(text)
    return int(((when if when.tzinfo else when.replace(tzinfo=UTC)) - _EPOCH) / timedelta(microseconds=1))
