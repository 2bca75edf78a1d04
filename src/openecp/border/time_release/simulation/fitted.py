# SPDX-License-Identifier: Apache-2.0
"""A model of offices fitted from a study: cases with their visits to desks, officers and hours of each desk.

A case keeps what no desk decides (its trader's and bank's times) and gets its waits at desks from the simulation. How
many officers a desk has on a weekday is read from how many services ran at once while others waited; its hours from
when services begin. What a case waited although an officer was free is its own and is kept too.
Limits: hours are those of the local clock, whose offset is taken at noon of each day.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any, NamedTuple, Protocol
from zoneinfo import ZoneInfo

from openecp.border.time_release.clocks import Clock, column
from openecp.border.time_release.cube import durations_sql
from openecp.border.time_release.simulation.station import WEEK_HOURS
from openecp.border.time_release.stages import Stage, projection_sql

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Times = NDArray[np.float64]
DAY, HOUR, WEEK = 86_400.0, 3_600.0, 604_800.0
MONDAY = 4 * DAY  # 5 January 1970
_CODES = ("UNLOADED", "CHANNELLED", "DOC_CHECK_START", "DOC_CHECK_END", "INSPECT_CALLED", "INSPECT_PRESENTED",
          "INSPECT_START", "INSPECT_END", "AGENCY_REQUESTED", "AGENCY_FEE_PAID", "AGENCY_INSPECT_START",
          "AGENCY_INSPECT_END")  # fmt: skip


class Visit(NamedTuple):
    """One visit to a desk: which, when the goods were there, the wait while an officer was free, the work."""

    station: str
    enter: float
    begun: float
    end: float
    lag: float = 0.0
    work: float = 0.0


class CaseRecord(NamedTuple):
    """One case as it was: office, start and end of its clock (local seconds), AEO, Customs' visits and the agency's."""

    office: str
    start: float
    end: float
    is_aeo: bool
    customs: tuple[Visit, ...]
    agency: Visit | None

    @property
    def week(self) -> int:
        """Return the number of the week (from a Monday) in which the clock started."""
        return int((self.start - MONDAY) // WEEK)


class Fitted(NamedTuple):
    """What a simulation plays: the cases by week, and officers by desk in each hour of the week."""

    cases: dict[int, list[CaseRecord]]
    officers: dict[tuple[str, str], tuple[int, ...]]


class Answers(Protocol):
    """The part of an engine that is asked here."""

    def columns(self) -> list[str]:
        """Return the columns of the events."""

    def stage(self, name: str, statement: str) -> None:
        """Run a statement into a table of this name."""

    def ask(self, statement: str) -> list[dict[str, Any]]:
        """Run a statement and return its rows."""


def case_records(engine: Answers, clock: Clock, zones: Mapping[str, str], zone: str = "UTC") -> list[CaseRecord]:
    """Return the cases of which the clock's start and end are known.

    Reads: trs_events. `zones` by office; a column `zone` of the events goes before `zone`.
    """
    columns = engine.columns()
    kept = tuple(name for name in ("office", "aeo", "agency", "zone") if name in columns)
    engine.stage("clocked", durations_sql(clock, kept))
    engine.stage("desks", projection_sql([Stage("", code, code) for code in _CODES], ()))
    stamps = ", ".join(f"p.{column('t_' + code)} AS {code}" for code in _CODES)
    rows = engine.ask(
        f"SELECT d.*, {stamps} FROM clocked AS d JOIN desks AS p ON p.case_id = d.case_id "
        "WHERE d.us IS NOT NULL ORDER BY d.start_us, d.case_id"
    )
    offsets: dict[tuple[str, int], float] = {}
    found = []
    for row in rows:
        office = row.get("office") or ""
        named = zones.get(office) or row.get("zone") or zone
        day = row["start_us"] // 86_400_000_000
        shift = offsets.get((named, day))
        if shift is None:
            noon = datetime(1970, 1, 1, 12, tzinfo=UTC) + timedelta(days=day)
            shift = offsets[named, day] = (noon.astimezone(ZoneInfo(named)).utcoffset() or timedelta()).total_seconds()
        found.append(_record(row, office, shift))
    return found


def _record(row: Mapping[str, Any], office: str, shift: float) -> CaseRecord:
    def at(code: str) -> float | None:
        value = row[code]
        return None if value is None else value / 1e6 + shift

    end = row["end_us"] / 1e6 + shift
    here = at("UNLOADED")

    def visit(station: str, entered: Sequence[str], begun: str, ended: str, *, is_physical: bool) -> Visit | None:
        first, last = at(begun), at(ended)
        known = [moment for moment in map(at, entered) if moment is not None]
        if first is None or last is None or not known or not first <= last <= end:
            return None
        enter = max(known[0], here) if is_physical and here is not None else known[0]
        return Visit(station, min(enter, first), first, last)

    customs = [
        visit("doc_check", ("CHANNELLED",), "DOC_CHECK_START", "DOC_CHECK_END", is_physical=False),
        visit("inspection", ("INSPECT_PRESENTED", "INSPECT_CALLED"), "INSPECT_START", "INSPECT_END", is_physical=True),
    ]
    chain = [one for one in customs if one is not None]
    if len(chain) == 2 and chain[1].enter < chain[0].end:
        chain = chain[1:]  # not one after the other: the later desk alone
    agency = visit(
        f"agency:{row.get('agency') or ''}", ("AGENCY_FEE_PAID", "AGENCY_REQUESTED"), "AGENCY_INSPECT_START",
        "AGENCY_INSPECT_END", is_physical=True,
    )  # fmt: skip
    aeo = str(row.get("aeo") or "").lower() in ("yes", "true", "1", "y", "aeo")
    return CaseRecord(office, row["start_us"] / 1e6 + shift, end, aeo, tuple(chain), agency)


def fitted(records: Sequence[CaseRecord]) -> Fitted:
    """Return the model of some cases: those of the weeks before the ones that are held back."""
    visits: dict[tuple[str, str], list[Visit]] = {}
    for record in records:
        for visit in (*record.customs, *([record.agency] if record.agency else [])):
            visits.setdefault((record.office, visit.station), []).append(visit)
    desks = {key: Desk(rows) for key, rows in visits.items()}
    cases: dict[int, list[CaseRecord]] = {}
    for record in records:
        whole = record._replace(
            customs=tuple(desks[record.office, visit.station].measured(visit) for visit in record.customs),
            agency=desks[record.office, record.agency.station].measured(record.agency) if record.agency else None,
        )
        cases.setdefault(record.week, []).append(whole)
    return Fitted(cases, {key: desk.officers for key, desk in desks.items()})


class Desk:
    """Hours and officers of one desk, as its services show them."""

    def __init__(self, visits: Sequence[Visit]) -> None:
        import numpy as np

        self._begun = np.sort(np.array([visit.begun for visit in visits]))
        self._end = np.sort(np.array([visit.end for visit in visits]))
        self._enter = np.sort(np.array([visit.enter for visit in visits]))
        self.officers = self._officers()
        on = np.array(self.officers)
        first = float(np.floor((self._enter[0] - MONDAY) / WEEK) * WEEK + MONDAY)
        hours = int((self._end[-1] - first) // HOUR) + 2
        edges = np.unique(np.concatenate([first + HOUR * np.arange(hours), self._begun, self._end]))
        open_now = on[((edges - MONDAY) // HOUR).astype(int) % WEEK_HOURS]
        busy = np.searchsorted(self._begun, edges, "right") - np.searchsorted(self._end, edges, "right")
        length = np.diff(edges, append=edges[-1])
        self._edges = edges
        self._spare = np.concatenate([[0.0], np.cumsum(length * ((busy < open_now) & (open_now > 0)))[:-1]])
        self._is_spare = (busy < open_now) & (open_now > 0)
        self._open = np.concatenate([[0.0], np.cumsum(length * (open_now > 0))[:-1]])
        self._is_open = open_now > 0

    def measured(self, visit: Visit) -> Visit:
        """Return a visit with its work in the desk's hours, and with its wait while an officer was free."""
        work = self._passed(self._open, self._is_open, visit.begun, visit.end)
        lag = self._passed(self._spare, self._is_spare, visit.enter, visit.begun)
        return visit._replace(lag=lag, work=max(work, 30.0))

    def _passed(self, sums: Times, counts: NDArray[np.bool_], since: float, until: float) -> float:
        import numpy as np

        low, high = np.searchsorted(self._edges, [since, until], "right") - 1
        first = sums[low] + (since - self._edges[low]) * counts[low]
        last = sums[high] + (until - self._edges[high]) * counts[high]
        return float(max(0.0, last - first))

    def _officers(self) -> tuple[int, ...]:
        """Return officers by hour of the week: hours from beginnings, numbers from services at once while some wait."""
        import numpy as np

        hour = ((self._begun - MONDAY) // HOUR).astype(int) % WEEK_HOURS
        starts = np.bincount(hour, minlength=WEEK_HOURS).reshape(7, 24)
        waiting = np.searchsorted(self._enter, self._begun, "right") - np.searchsorted(
            self._begun, self._begun, "right"
        )
        busy = np.searchsorted(self._begun, self._begun, "right") - np.searchsorted(self._end, self._begun, "right")
        found = np.zeros((7, 24), dtype=int)
        for day in range(7):
            open_hours = starts[day] > 0.02 * starts[day].sum()
            if not open_hours.any() or starts[day].sum() < 0.01 * starts.sum():
                continue
            here = hour // 24 == day
            queued = busy[here & (waiting > 0)]
            many = np.quantile(queued, 0.95, method="higher") if len(queued) >= 5 else busy[here].max()
            first, last = np.flatnonzero(open_hours)[[0, -1]]
            found[day, first : last + 1] = max(1, int(many))
        return tuple(int(count) for count in found.reshape(-1))
