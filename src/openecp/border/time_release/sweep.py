# SPDX-License-Identifier: Apache-2.0
"""Attribution of millions of events in bounded memory: the same rule as `attributed`, over whole columns at a time.

The cases are numbered and taken in parts; in a part, one step goes through the first events of all its cases, the next
through the second ones, and so on. Open obligations are bits of a number: an event sets some and clears others; going
backwards, the closings that are still to come are collected the same way. What is equal in bits has equal owners.
Limits: 62 obligations, those of agencies counted once for each agency; where a log has more, `attribution_sql` answers.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, NamedTuple, Protocol

from openecp.border.time_release.attribution import PRE_ARRIVAL, owner_rank
from openecp.border.time_release.calendars import OpenTimes
from openecp.border.time_release.clocks import quoted
from openecp.border.time_release.events import AGENCY, OWNER_OF, UNKNOWN
from openecp.border.time_release.obligations import OBLIGATIONS, Obligation

BITS_MAX = 62
PART_EVENTS = 500_000


class ArrayEngine(Protocol):
    """An engine that also answers whole columns."""

    def stage(self, name: str, statement: str) -> None:
        """Run a statement into a table of this name."""

    def ask(self, statement: str) -> list[dict[str, Any]]:
        """Run a statement and return its rows."""

    def arrays(self, statement: str) -> dict[str, Any]:
        """Run a statement and return its columns as arrays."""


class Codes(NamedTuple):
    """What the kinds of events of a log do: bits they open and close, and who was awaited until them."""

    kinds: tuple[tuple[str, str], ...]  # activity and agency, by number from 1; 0: any other
    opens: tuple[int, ...]
    closes: tuple[int, ...]
    enders: tuple[str, ...]
    names: tuple[str, ...]  # of each bit: the obligation
    owners: tuple[str, ...]  # of each bit
    yields: tuple[int, ...]  # of each bit: those that must be met first


class Taken(NamedTuple):
    """One owner's time in a list of cases, by the number of the case; `closed_us` is the part while closed."""

    owner: str
    cases: Any
    us: Any
    closed_us: Any


def codes_of(
    kinds: Sequence[tuple[str, str]],
    *,
    owners: Mapping[str, str] = OWNER_OF,
    obligations: Sequence[Obligation] = OBLIGATIONS,
) -> Codes | None:
    """Return what these pairs of activity and agency do; None where there are too many agencies."""
    bits: list[tuple[Obligation, str]] = []
    for one in obligations:
        agencies = sorted({agency for code, agency in kinds if code in one.opens}) if one.owner == AGENCY else [""]
        bits += [(one, agency) for agency in agencies]
    if len(bits) > BITS_MAX:
        return None

    def mask(told: Any) -> int:
        return sum(1 << place for place, (one, agency) in enumerate(bits) if told(one, agency))

    opens = [0] + [
        mask(lambda one, of, c=code, a=agency: c in one.opens and (one.owner != AGENCY or of == a))
        for code, agency in kinds
    ]
    closes = [0] + [
        mask(lambda one, of, c=code, a=agency: c in one.closes and (not of or of == a)) for code, agency in kinds
    ]
    enders = [UNKNOWN]
    for code, agency in kinds:
        owner = owners.get(code, UNKNOWN)
        enders.append(f"{AGENCY}:{agency}" if owner == AGENCY and agency else owner)
    return Codes(
        kinds=tuple(kinds),
        opens=tuple(opens),
        closes=tuple(closes),
        enders=tuple(enders),
        names=tuple(one.name for one, _ in bits),
        owners=tuple(f"{AGENCY}:{agency}" if agency else one.owner for one, agency in bits),
        yields=tuple(mask(lambda other, of, o=one: other.name in o.yields_to) for one, _ in bits),
    )


def taken_of(
    engine: ArrayEngine,
    *,
    agency: str = "NULL",
    owners: Mapping[str, str] = OWNER_OF,
    obligations: Sequence[Obligation] = OBLIGATIONS,
    open_times: Sequence[OpenTimes] = (),
    part_events: int = PART_EVENTS,
) -> Iterator[Taken] | None:
    """Yield owners' times, part by part; None where the log has more agencies than bits.

    Reads: trs_events, and `numbered`: one row a case with a clock (case_id, case_no from 0, start_us, end_us, and
    `calendar`, the place of its office in `open_times`, -1 for none). `agency` is SQL of an event's agency over `e`.
    """
    known = sorted({*owners, *(code for one in obligations for code in (*one.opens, *one.closes))})
    listed = ", ".join(quoted(code) for code in known)
    rows = engine.ask(
        f"SELECT DISTINCT e.activity AS activity, COALESCE({agency}, '') AS agency FROM trs_events AS e "
        f"WHERE e.activity IN ({listed}) ORDER BY 1, 2"
    )
    kinds = [(row["activity"], row["agency"]) for row in rows]
    codes = codes_of(kinds, owners=owners, obligations=obligations)
    if codes is None:
        return None
    pairs = ", ".join(
        f"({quoted(code)}, {quoted(of)}, CAST({number} AS SMALLINT))"
        for number, (code, of) in enumerate(kinds, start=1)
    )
    none = "('', '', CAST(0 AS SMALLINT))"
    engine.stage("kinds", f"SELECT * FROM (VALUES {pairs or none}) AS k(activity, agency, kind)")
    engine.stage(
        "moments",
        f"SELECT n.case_no, COALESCE(k.kind, 0) AS kind, e.ts_us, e.seq FROM trs_events AS e "
        "JOIN numbered AS n ON n.case_id = e.case_id "
        f"LEFT JOIN kinds AS k ON k.activity = e.activity AND k.agency = COALESCE({agency}, '')",
    )
    return _parts(engine, codes, open_times, part_events)


def _parts(engine: ArrayEngine, codes: Codes, open_times: Sequence[OpenTimes], part_events: int) -> Iterator[Taken]:
    count = engine.ask("SELECT COUNT(*) AS cases FROM numbered")[0]["cases"]
    events = engine.ask("SELECT COUNT(*) AS events FROM moments")[0]["events"]
    step = max(1, count * part_events // max(events, 1))
    for first in range(0, count, step):
        within = f"case_no >= {first} AND case_no < {first + step}"
        found = engine.arrays(f"SELECT case_no, kind, ts_us FROM moments WHERE {within} ORDER BY case_no, ts_us, seq")
        clocks = engine.arrays(f"SELECT case_no, start_us, end_us, calendar FROM numbered WHERE {within} ORDER BY 1")
        yield from sweep(codes, found, clocks, open_times)


def sweep(codes: Codes, found: Mapping[str, Any], clocks: Mapping[str, Any], open_times: Sequence[OpenTimes] = ()) -> (
    Iterator[Taken]
):  # fmt: skip
    """Yield owners' times of some cases; `found` is ordered by case, stamp and position, `clocks` by case."""
    import numpy as np

    cases = np.asarray(clocks["case_no"], dtype=np.int64)
    if not len(cases):
        return
    row_case = np.searchsorted(cases, np.asarray(found["case_no"], dtype=np.int64))
    kind = np.asarray(found["kind"], dtype=np.int64)
    ts = np.asarray(found["ts_us"], dtype=np.int64)
    start, end = (np.asarray(clocks[name], dtype=np.int64) for name in ("start_us", "end_us"))
    begin = _begins(codes, row_case, kind, ts, start, end)
    held, since, until = _held(codes, row_case, kind, ts, begin, end)
    length = until - since
    used = np.flatnonzero(length > 0)
    which, kinds, held, length = row_case[used], kind[used], held[used], length[used]
    calendar = np.asarray(clocks["calendar"], dtype=np.int64)[which]
    closed = _closed(calendar, since[used], until[used], open_times)
    nobody = [code for code in np.unique(held).tolist() if code == 0 or not _awaited(codes, code)]
    group = np.where(np.isin(held, nobody), -kinds - 1, held)
    totals = np.zeros(len(cases), dtype=np.int64)
    distinct, place = np.unique(group, return_inverse=True)
    order = np.argsort(place, kind="stable")
    edges = np.searchsorted(place[order], np.arange(len(distinct) + 1))
    sums: dict[str, list[Any]] = {}
    for number, code in enumerate(distinct.tolist()):
        rows = order[edges[number] : edges[number + 1]]
        names = _awaited(codes, code)
        share, rest = np.divmod(length[rows], len(names))
        shut, left = np.divmod(closed[rows], len(names))
        for at, owner in enumerate(names):
            extra, more = (rest, left) if at == 0 else (0, 0)
            sums.setdefault(owner, []).append((which[rows], share + extra, shut + more))
        np.add.at(totals, which[rows], length[rows])
    for owner, parts in sorted(sums.items(), key=lambda each: owner_rank(each[0])):
        yield _summed(owner, cases, parts)
    negative = np.flatnonzero(end < start)
    if len(negative):
        before = end[negative] - start[negative] - totals[negative]
        yield Taken(PRE_ARRIVAL, cases[negative], before, np.zeros(len(negative), dtype=np.int64))


def _begins(codes: Codes, row_case: Any, kind: Any, ts: Any, start: Any, end: Any) -> Any:
    """Return where each case's time begins: its clock's start; of a negative clock, its first lodgement."""
    import numpy as np

    lodged = end.copy()
    numbers = [number for number, (code, _) in enumerate(codes.kinds, start=1) if code == "LODGED"]
    rows = np.flatnonzero(np.isin(kind, numbers))
    np.minimum.at(lodged, row_case[rows], ts[rows])
    return np.where(end >= start, start, lodged)


def _held(codes: Codes, row_case: Any, kind: Any, ts: Any, begin: Any, end: Any) -> tuple[Any, Any, Any]:
    """Return, for the gap before each event, the bits of what was open, and from when to when the gap runs."""
    import numpy as np

    opens, closes = np.array(codes.opens, dtype=np.int64), np.array(codes.closes, dtype=np.int64)
    rows = len(ts)
    first = np.flatnonzero(np.diff(row_case, prepend=-1))
    lengths = np.diff(np.append(first, rows))
    since = np.empty(rows, dtype=np.int64)
    since[1:] = ts[:-1]
    since[first] = begin[row_case[first]]
    since = np.maximum(since, begin[row_case])
    until = np.minimum(ts, end[row_case])
    order = np.argsort(-lengths, kind="stable")  # the longest cases first: each step takes a shorter head
    heads, sizes = first[order], lengths[order]
    counts = np.searchsorted(-sizes, -np.arange(int(sizes[0]) if len(sizes) else 0), side="left")
    before = np.zeros(rows, dtype=np.int64)
    state = np.zeros(len(heads), dtype=np.int64)
    for step, live in enumerate(counts.tolist()):
        at = heads[:live] + step
        now = state[:live]
        before[at] = now
        code = kind[at]
        state[:live] = (now & ~closes[code]) | opens[code]
    to_come = np.zeros(len(heads), dtype=np.int64)
    for step in range(len(counts) - 1, -1, -1):
        live = int(counts[step])
        at = heads[:live] + step
        in_time = ts[at] <= end[row_case[at]]
        to_come[:live] |= np.where(in_time, closes[kind[at]], 0)
        before[at] &= to_come[:live]
    return before, since, until


def _closed(calendar: Any, since: Any, until: Any, open_times: Sequence[OpenTimes]) -> Any:
    import numpy as np

    closed = np.zeros(len(since), dtype=np.int64)
    for number, times in enumerate(open_times):
        rows = np.flatnonzero(calendar == number)
        if len(rows) and times.starts:
            starts, ends, before = (np.array(each, dtype=np.int64) for each in times)
            opened = _until(until[rows], starts, ends, before) - _until(since[rows], starts, ends, before)
            closed[rows] = until[rows] - since[rows] - opened
        elif len(rows):
            closed[rows] = until[rows] - since[rows]
    return closed


def _until(moments: Any, starts: Any, ends: Any, before: Any) -> Any:
    import numpy as np

    place = np.searchsorted(starts, moments, side="right") - 1
    at = np.maximum(place, 0)
    return np.where(place < 0, 0, before[at] + np.minimum(moments, ends[at]) - starts[at])


def _awaited(codes: Codes, group: int) -> list[str]:
    """Return who was awaited, in the order that decides on remainders; a negative group names the ending event."""
    if group < 0:
        return [codes.enders[-group - 1]]
    bits = [place for place in range(len(codes.names)) if group >> place & 1]
    return sorted({codes.owners[place] for place in bits if not group & codes.yields[place]}, key=owner_rank)


def _summed(owner: str, cases: Any, parts: Sequence[tuple[Any, Any, Any]]) -> Taken:
    import numpy as np

    which = np.concatenate([part[0] for part in parts])
    us, closed = (np.zeros(len(cases), dtype=np.int64) for _ in range(2))
    np.add.at(us, which, np.concatenate([part[1] for part in parts]))
    np.add.at(closed, which, np.concatenate([part[2] for part in parts]))
    there = np.unique(which)
    return Taken(owner, cases[there], us[there], closed[there])
