# SPDX-License-Identifier: Apache-2.0
"""What the pages of release times ask of the journal: cells of a clock, the cases behind them, one consignment."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any, NamedTuple, Protocol

from openecp.border.time_release.analysis import Cell, analysed
from openecp.border.time_release.attribution import Stamp, Stretch, stretches
from openecp.border.time_release.calendars import OfficeHours
from openecp.border.time_release.clocks import clock_of, column, first_value, quoted
from openecp.border.time_release.journal_events import EventRow, event_rows
from openecp.border.time_release.recording import stream_of
from openecp.border.time_release.statistics.suppression import suppressed
from openecp.border.time_release.sweep import taken_of
from openecp.kernel.journal.model import Event
from openecp.platform.core.release_times import Journal, export_journal
from openecp.platform.engines.trs_engine import TrsEngine

CASES_SHOWN = 100
EVENTS_MAX = 2_000
K = 5  # cells with fewer cases are not shown
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


class Asked(NamedTuple):
    """What the explorer is asked: its whole state, as it stands in the address."""

    clock: str = "arrival_release"
    by: tuple[str, ...] = ("office",)
    filters: tuple[tuple[str, str], ...] = ()  # a segment and its value; an empty value: cases without one
    since: date | None = None
    until: date | None = None  # the last day
    in_open_hours: bool = False


class ShownCell(NamedTuple):
    """A cell; `hidden` where it has fewer than k cases, or another's number could be reckoned from it."""

    cell: Cell
    hidden: bool


class CaseTime(NamedTuple):
    """One case behind a bar: its clock, and the part of the owner that was asked for."""

    case_id: str
    start_us: int
    us: int
    owner_us: int
    office: str
    channel: str


class Consignment(NamedTuple):
    """One case: its stamps and whose time each stretch was."""

    case_id: str
    rows: list[EventRow]
    stamps: list[Stamp]
    stretches: list[Stretch]


class CasesSource(Journal, Protocol):
    """The part of the store that is read here."""

    def case(self, case_id: str) -> Any: ...


class TimesView:
    """Answers the explorer from the journal's export; one question at a time, the last answers are kept."""

    def __init__(
        self,
        store: CasesSource,
        folder: Path,
        *,
        calendars: Mapping[str, OfficeHours] | None = None,
        k: int = K,
        engine: Callable[[], TrsEngine] = lambda: TrsEngine(threads=1),
    ) -> None:
        self._store, self._folder, self._calendars, self.k = store, folder, dict(calendars or {}), k
        self._make = engine
        self._lock = threading.Lock()
        self._values: tuple[tuple[int, tuple[str, ...]], dict[str, list[str]]] | None = None
        self._kept: dict[tuple[int, Asked], list[ShownCell]] = {}

    @property
    def has_calendars(self) -> bool:
        """Whether the offices' hours are known."""
        return bool(self._calendars)

    def cells(self, asked: Asked) -> tuple[int, list[ShownCell]]:
        """Return the last event that was read, and the cells.

        Raises: ClockFault, EventFileFault.
        """
        with self._lock:
            size = self._store.size()
            if (size, asked) not in self._kept:
                if len(self._kept) > 50:
                    self._kept.clear()
                size, engine = self._chosen(asked)
                found = self._analysed(engine, asked)
                self._kept[size, asked] = self._shown(found, asked.by)
            return size, self._kept[size, asked]

    def _analysed(self, engine: TrsEngine, asked: Asked, by: tuple[str, ...] | None = None) -> list[Cell]:
        segments = asked.by if by is None else by
        return analysed(
            engine, clock_of(asked.clock), segments, calendars=self._calendars, in_open_hours=asked.in_open_hours
        )

    def _shown(self, found: list[Cell], by: tuple[str, ...]) -> list[ShownCell]:
        counts = {tuple(cell.segment[name] or "" for name in by): cell.n for cell in found}
        hidden = suppressed(counts, self.k) if by else {key for key, n in counts.items() if n < self.k}
        return [ShownCell(cell, tuple(cell.segment[name] or "" for name in by) in hidden) for cell in found]

    def exported(self) -> list[Path]:
        """Bring the export up to date and return its files."""
        with self._lock:
            return export_journal(self._store, self._folder).files()

    def _chosen(self, asked: Asked) -> tuple[int, TrsEngine]:
        """Bring the export up to date and return an engine with the events of the cases that are asked about."""
        export = export_journal(self._store, self._folder)
        engine = self._make()
        engine.read_export(export.files())
        conditions = []
        for name, value in asked.filters:
            wanted = f"= {quoted(value)}" if value else "IS NULL"
            conditions.append(f"{first_value(name)} {wanted}")
        for day, sign in ((asked.since, ">="), (asked.until and asked.until + timedelta(days=1), "<")):
            if day is not None:
                at = int((datetime(day.year, day.month, day.day, tzinfo=UTC) - _EPOCH).total_seconds()) * 1_000_000
                conditions.append(f"MIN(ts_us) {sign} {at}")
        having = f" HAVING {' AND '.join(conditions)}" if conditions else ""
        engine.stage("trs_wanted", f"SELECT case_id FROM trs_events GROUP BY case_id{having}")  # noqa: S608 - quoted
        engine.stage("trs_chosen", "SELECT e.* FROM trs_events AS e SEMI JOIN trs_wanted AS w ON w.case_id = e.case_id")
        engine.connection.execute("CREATE OR REPLACE TEMP VIEW trs_events AS SELECT * FROM trs_chosen")
        return export.last_seq(), engine

    def values(self, names: Sequence[str]) -> dict[str, list[str]]:
        """Return the values that segments have, at most a hundred of each."""
        with self._lock:
            size = self._store.size()
            if self._values is None or self._values[0] != (size, tuple(names)):
                engine = self._make()
                engine.read_export(export_journal(self._store, self._folder).files())
                found = {
                    name: [
                        row["v"]
                        for row in engine.ask(
                            f"SELECT DISTINCT {column(name)} AS v FROM trs_events "  # noqa: S608 - quoted
                            f"WHERE {column(name)} IS NOT NULL ORDER BY 1 LIMIT 100"
                        )
                    ]
                    for name in names
                }
                self._values = ((size, tuple(names)), found)
            return self._values[1]

    def cases(self, asked: Asked, owner: str = "") -> tuple[int, list[CaseTime]]:
        """Return how many cases a cell has and the longest of them: by an owner's time where one is named.

        Raises: ClockFault, EventFileFault.
        """
        import numpy as np

        with self._lock:
            _, engine = self._chosen(asked)
            self._analysed(engine, asked, ("office", "channel"))
            count = engine.ask("SELECT COUNT(*) AS n FROM numbered")[0]["n"]
            if count < self.k:
                return count, []
            owned = np.zeros(count, dtype=np.int64)
            for taken in taken_of(engine, agency="e.agency") or ():
                if taken.owner == owner:
                    owned[taken.cases] += taken.us
            clocks = engine.arrays("SELECT end_us - start_us AS us FROM numbered ORDER BY case_no")["us"]
            best = np.lexsort((-clocks, -owned if owner else -clocks))[:CASES_SHOWN]
            listed = ", ".join(str(number) for number in best.tolist())
            rows = engine.ask(
                "SELECT n.case_no, n.case_id, n.start_us, n.end_us - n.start_us AS us, n.office, n.channel "  # noqa: S608
                f"FROM numbered AS n WHERE n.case_no IN ({listed})"
            )
        found = [
            CaseTime(
                row["case_id"], row["start_us"], row["us"], int(owned[row["case_no"]]), row["office"] or "",
                row["channel"] or "",
            )
            for row in rows
        ]  # fmt: skip
        return count, sorted(found, key=lambda one: (-one.owner_us if owner else -one.us, -one.us, one.case_id))

    def consignment(self, case_id: str) -> Consignment | None:
        """Return one case: what happened and whose time it was; None where nothing is known of it."""
        events: list[Event] = []
        for stream in (case_id, stream_of(case_id)):
            after = 0
            while len(events) < EVENTS_MAX:
                page = self._store.events(case_id=stream, after_seq=after, limit=500)
                events += page
                if len(page) < 500:
                    break
                after = page[-1].seq
        rows = sorted(event_rows(events, pseudonym=lambda name: ""), key=lambda row: (row.occurred_at, row.seq))
        if not rows:
            return None
        stamps = [Stamp(_us(row.occurred_at), row.seq, row.activity, row.segments.get("agency", "")) for row in rows]
        first, last = stamps[0].ts_us, max(stamp.ts_us for stamp in stamps)
        return Consignment(case_id, rows, stamps, stretches(stamps, first, last))


def _us(text: str) -> int:
    when = datetime.fromisoformat(text)
    return int(((when if when.tzinfo else when.replace(tzinfo=UTC)) - _EPOCH) / timedelta(microseconds=1))
