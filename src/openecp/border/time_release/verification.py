# SPDX-License-Identifier: Apache-2.0
"""What is odd about the events, before anyone believes a figure: each finding has a code, a count and examples.

Nothing is left out here. A study that excludes cases names these codes, and reports how many it left out for each.
Source: verification in the analysis phase of the Guide to Measure the Time Required for the Release of Goods.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, NamedTuple, Protocol
from zoneinfo import ZoneInfo

import msgspec

from openecp.border.time_release.clocks import quoted
from openecp.border.time_release.events import ACTIVITIES
from openecp.border.time_release.skew import skews

EXAMPLES = 5
MANY = 20  # stamps of an activity at one or two times of day before these count as midnights of some zone
SAMPLE = 100_000
DAY_US, HOUR_US, MINUTE_US = 86_400_000_000, 3_600_000_000, 60_000_000


class Order(NamedTuple):
    """Two activities of which the first cannot come after the second, and whether the other order is a fault."""

    first: str
    then: str
    is_fault: bool = True


ORDERS: tuple[Order, ...] = (
    Order("LODGED", "ACCEPTED"),
    Order("LODGED", "RELEASED"),
    Order("ACCEPTED", "CHANNELLED"),
    Order("ACCEPTED", "RELEASED"),
    Order("ARRIVAL", "UNLOADED"),
    Order("ARRIVAL", "GATE_OUT"),
    Order("TRANSIT_START", "TRANSIT_END"),
    Order("DOC_CHECK_START", "DOC_CHECK_END"),
    Order("QUERY_RAISED", "QUERY_ANSWERED"),
    Order("AGENCY_REQUESTED", "AGENCY_DECIDED"),
    Order("AGENCY_INSPECT_START", "AGENCY_INSPECT_END"),
    Order("SAMPLE_TAKEN", "LABORATORY_RESULT"),
    Order("ASSESSED", "PAYMENT_CONFIRMED"),
    Order("PAYMENT_INITIATED", "PAYMENT_CONFIRMED"),
    Order("INSPECT_CALLED", "INSPECT_START"),
    Order("INSPECT_START", "INSPECT_END"),
    Order("RELEASED", "GATE_OUT"),
    Order("ARRIVAL", "RELEASED", is_fault=False),  # cleared before arrival: a fact to report, no fault
)
PAIRS: tuple[tuple[str, str], ...] = (
    ("TRANSIT_START", "TRANSIT_END"),
    ("DOC_CHECK_START", "DOC_CHECK_END"),
    ("QUERY_RAISED", "QUERY_ANSWERED"),
    ("AGENCY_REQUESTED", "AGENCY_DECIDED"),
    ("AGENCY_INSPECT_START", "AGENCY_INSPECT_END"),
    ("SAMPLE_TAKEN", "LABORATORY_RESULT"),
    ("INSPECT_START", "INSPECT_END"),
)


class Finding(msgspec.Struct, frozen=True, kw_only=True):
    """One kind of oddity: how many cases or rows show it, some of them, and what it means for the study."""

    code: str
    severity: str  # fault, note
    what: str
    rows: int
    cases: int
    examples: tuple[str, ...] = ()


class Asks(Protocol):
    """The part of an engine that is asked here."""

    def ask(self, statement: str) -> list[dict[str, Any]]:
        """Run a statement and return its rows."""


def verified(
    engine: Asks,
    *,
    as_of_us: int | None = None,
    known: Sequence[str] | None = None,
    zones: Mapping[str, str] | None = None,
) -> list[Finding]:
    """Return everything odd about the events of `trs_events`.

    `as_of_us` is the moment of the study: later stamps are faults. `known` are the activities that clocks and owners
    know; the canonical ones if not given. `zones` are the declared time zones of sources.
    """
    codes = {row["activity"] for row in engine.ask("SELECT DISTINCT activity FROM trs_events")}
    found = [*_orders(engine, codes), *_pairs(engine, codes), *_doubles(engine), *_date_only(engine, zones or {})]
    found += _outlying(engine, as_of_us) + _unknown(engine, codes, known) + _skewed(engine)
    return [finding for finding in found if finding.rows]


def _orders(engine: Asks, codes: set[str]) -> list[Finding]:
    orders = [order for order in ORDERS if order.first in codes and order.then in codes]
    if not orders:
        return []
    needed = sorted({code for order in orders for code in (order.first, order.then)})
    firsts = ", ".join(f"MIN(CASE WHEN activity = {quoted(code)} THEN ts_us END) AS f_{code}" for code in needed)
    lasts = ", ".join(f"MAX(CASE WHEN activity = {quoted(code)} THEN ts_us END) AS l_{code}" for code in needed)
    wrong = ", ".join(
        f"COUNT(*) FILTER (WHERE f_{o.first} > l_{o.then}) AS n{place}, "
        f"MIN(case_id, {EXAMPLES}) FILTER (WHERE f_{o.first} > l_{o.then}) AS e{place}"
        for place, o in enumerate(orders)
    )
    row = engine.ask(
        f"SELECT {wrong} FROM (SELECT case_id, {firsts}, {lasts} FROM trs_events "
        f"WHERE activity IN ({', '.join(map(quoted, needed))}) GROUP BY case_id) AS c"
    )[0]
    return [
        Finding(
            code=f"{'order' if order.is_fault else 'note'}:{order.then}<{order.first}",
            severity="fault" if order.is_fault else "note",
            what=f"{order.then} before {order.first}",
            rows=row[f"n{place}"],
            cases=row[f"n{place}"],
            examples=tuple(sorted(row[f"e{place}"] or ())),
        )
        for place, order in enumerate(orders)
    ]


def _pairs(engine: Asks, codes: set[str]) -> list[Finding]:
    found = []
    for first, then in PAIRS:
        if first not in codes and then not in codes:
            continue
        for have, lack in ((first, then), (then, first)):
            rows = engine.ask(
                f"SELECT COUNT(*) AS n, MIN(case_id, {EXAMPLES}) AS e FROM (SELECT case_id FROM trs_events "
                f"WHERE activity IN ({quoted(have)}, {quoted(lack)}) GROUP BY case_id "
                f"HAVING COUNT(*) FILTER (WHERE activity = {quoted(lack)}) = 0) AS c"
            )
            found.append(
                Finding(
                    code=f"missing:{lack}",
                    severity="note",
                    what=f"{have} without {lack}",
                    rows=rows[0]["n"],
                    cases=rows[0]["n"],
                    examples=tuple(sorted(rows[0]["e"] or ())),
                )
            )
    return found


def _doubles(engine: Asks) -> list[Finding]:
    row = engine.ask(
        f"SELECT COALESCE(SUM(n - 1), 0) AS rows, COUNT(DISTINCT case_id) AS cases, MIN(case_id, {EXAMPLES}) AS e "
        "FROM (SELECT case_id, activity, ts_us, COUNT(*) AS n FROM trs_events GROUP BY ALL HAVING COUNT(*) > 1) AS d"
    )[0]
    return [
        Finding(
            code="double",
            severity="note",
            what="The same activity of a case at the same moment, more than once",
            rows=int(row["rows"]),
            cases=row["cases"],
            examples=tuple(sorted(set(row["e"] or ()))),
        )
    ]


def _date_only(engine: Asks, zones: Mapping[str, str]) -> list[Finding]:
    """Find activities whose stamps are dates: without a time of day, or all on one or two minutes of the day."""
    doubtful = _doubtful(engine)
    if not doubtful:
        return []
    rows = engine.ask(
        "SELECT source, activity, COUNT(*) AS n, COUNT(DISTINCT case_id) AS cases, MIN(ts_us) AS first, "
        f"COUNT(*) FILTER (WHERE precision = 'day') AS days, LIST(DISTINCT ts_us % {DAY_US})[1:3] AS times "
        f"FROM trs_events WHERE (source, activity) IN ({', '.join(doubtful)}) "
        "GROUP BY source, activity HAVING COUNT(*) FILTER (WHERE precision = 'day') > 0 OR ("
        f"COUNT(*) >= {MANY} AND COUNT(DISTINCT ts_us % {DAY_US}) <= 2 AND COUNT(DISTINCT ts_us) > 2) "
        "ORDER BY n DESC, source, activity"
    )
    found = []
    for row in rows:
        zone = zones.get(row["source"], "")
        if row["days"] and not zone and row["first"] % DAY_US:
            told, n = " (local midnight: declare the zone, so that each falls on its day)", row["days"]
        elif row["days"]:
            day = datetime.fromtimestamp(row["first"] // 1_000_000, ZoneInfo(zone or "UTC")).date().isoformat()
            told, n = f"; the first is {day} in {zone or 'UTC'}", row["days"]
        else:
            times = ", ".join(f"{us // HOUR_US:02}:{us // MINUTE_US % 60:02}" for us in sorted(row["times"]))
            told, n = f", all at {times} UTC: local midnight of a zone to be declared?", row["n"]
        found.append(
            Finding(
                code="date_only",
                severity="note",
                what=f"{row['activity']} in {row['source']} has dates without a time of day{told}",
                rows=n,
                cases=row["cases"],
            )
        )
    return found


def _doubtful(engine: Asks) -> list[str]:
    """Return the sources and activities whose stamps may be dates; three times of day in a sample settle the others."""
    sampled = engine.ask(
        f"SELECT source, activity FROM (SELECT source, activity, ts_us FROM trs_events LIMIT {SAMPLE}) AS s "
        f"GROUP BY source, activity HAVING COUNT(DISTINCT ts_us % {DAY_US}) > 2"
    )
    settled = {(row["source"], row["activity"]) for row in sampled}
    rows = engine.ask(
        "SELECT source, activity, COUNT(*) AS n, COUNT(*) FILTER (WHERE precision = 'day') AS days FROM trs_events "
        "GROUP BY source, activity ORDER BY source, activity"
    )
    return [
        f"({quoted(row['source'])}, {quoted(row['activity'])})"
        for row in rows
        if row["days"] or (row["n"] >= MANY and (row["source"], row["activity"]) not in settled)
    ]


def _skewed(engine: Asks) -> list[Finding]:
    """Find sources whose clocks do not agree."""
    return [
        Finding(
            code=f"clock_skew:{skew.source}~{skew.against}",
            severity="fault",
            what=skew.shown(),
            rows=skew.pairs,
            cases=skew.wrong or skew.pairs,
            examples=(f"{skew.us // 1_000_000} s",),
        )
        for skew in skews(engine, tuple((order.first, order.then) for order in ORDERS if order.is_fault))
    ]


_READ_WORDS = {
    "no_case": "Rows without the number of a case",
    "no_activity": "Rows without an activity",
    "no_stamp": "Rows without a stamp",
    "unreadable_stamp": "Stamps that cannot be read",
    "ambiguous_or_wrong_date": "Dates with slashes that do not say whether the day comes first: declare their format",
    "stamp_out_of_range": "Stamps before 1901 or after 2199: a word for none or never",
    "cell_too_long": "Numbers, activities or stamps that are too long",
    "too_many_cells": "Rows with more cells than columns",
    "unbalanced_quote": "Rows with a quotation mark that never closes",
    "line_too_long": "Lines that are too long",
    "no_case_object": "Events of no object that is a case",
    "no_link": "Rows whose number nothing ties to a case",
    "other_spelling": "Rows whose number would match if its spelling were overlooked (match = loose)",
    "short_rows": "Rows with fewer cells than columns: the rest was taken as empty",
    "cells_cut": "Cells that were cut to 200 characters",
    "nonexistent_local_time": "Local times that the clocks jumped over: the wrong zone?",
    "zero_bytes": "Rows with zero bytes, which were left away",
    "unreadable_characters": "Rows with characters that the encoding does not know",
    "events_of_several_cases": "Events that belong to several cases, and count in each",
}


def read_findings(
    source: str, rows: int, used: int, left_out: Mapping[str, int], notes: Mapping[str, int]
) -> list[Finding]:
    """Return what was odd about reading one source: rows left out are faults, what was overlooked is a note."""
    found = []
    for reason, count in sorted(left_out.items()):
        what = f"{_READ_WORDS.get(reason, reason)} in {source}"
        found.append(Finding(code=f"left_out:{reason}", severity="fault", what=what, rows=count, cases=0))
    shapes = {name.partition(":")[2]: count for name, count in notes.items() if name.startswith("format:")}
    if len(shapes) > 1:
        told = ", ".join(f"{count} {shape}" for shape, count in sorted(shapes.items()))
        zoned = shapes.get("iso_zone", 0)
        code = "mixed_zones" if set(shapes) == {"iso_zone", "iso"} else "mixed_formats"
        minority = min(zoned, sum(shapes.values()) - zoned) if zoned else sum(shapes.values()) - max(shapes.values())
        found.append(
            Finding(
                code=code,
                severity="fault",
                what=f"Stamps of {source} are written in several ways: {told}",
                rows=minority,
                cases=0,
            )
        )
    for name, count in sorted(notes.items()):
        kind, _, rest = name.partition(":")
        if kind == "encoding":
            what = f"{source} is no UTF-8; read as {rest}"
            found.append(Finding(code="wrong_encoding", severity="note", what=what, rows=rows, cases=0))
        elif kind != "format":
            what = f"{_READ_WORDS.get(name, name)} in {source}"
            found.append(Finding(code=name, severity="note", what=what, rows=count, cases=0))
    if rows and not used:
        found.append(
            Finding(code="nothing_used", severity="fault", what=f"No row of {source} can be used", rows=rows, cases=0)
        )
    if not rows:
        found.append(
            Finding(code="no_rows", severity="fault", what=f"{source} has a header and no rows", rows=0, cases=0)
        )
    return found


def _outlying(engine: Asks, as_of_us: int | None) -> list[Finding]:
    checks = [("before_1980", "Stamps before 1980: an empty clock", f"ts_us < {315_532_800 * 1_000_000}")]
    if as_of_us is not None:
        checks.append(("future", "Stamps after the moment of the study", f"ts_us > {as_of_us}"))
    found = []
    for code, what, condition in checks:
        row = engine.ask(
            f"SELECT COUNT(*) AS n, COUNT(DISTINCT case_id) AS cases, MIN(case_id, {EXAMPLES}) AS e "
            f"FROM trs_events WHERE {condition}"
        )[0]
        examples = tuple(sorted(set(row["e"] or ())))
        found.append(
            Finding(code=code, severity="fault", what=what, rows=row["n"], cases=row["cases"], examples=examples)
        )
    return found


def _unknown(engine: Asks, codes: set[str], known: Sequence[str] | None) -> list[Finding]:
    wanted = set(known) if known is not None else {activity.code for activity in ACTIVITIES}
    strange = sorted(codes - wanted)
    if not strange:
        return []
    row = engine.ask(
        "SELECT COUNT(*) AS n, COUNT(DISTINCT case_id) AS cases FROM trs_events "
        f"WHERE activity IN ({', '.join(map(quoted, strange))})"
    )[0]
    return [
        Finding(
            code="unknown_activity",
            severity="note",
            what="Activities without an owner: their waits go to UNKNOWN unless a mapping names one",
            rows=row["n"],
            cases=row["cases"],
            examples=tuple(strange[:EXAMPLES]),
        )
    ]
