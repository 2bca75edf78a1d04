# SPDX-License-Identifier: Apache-2.0
"""Clocks: from which stamp to which, and the SQL that reads both from a case's events.

A named clock runs from and to the stamps of its definition and keeps negative values: goods that were cleared before
they arrived. A clock `from=A,to=B` runs from a case's first A to its first B at or after it, so it is never negative; a
case whose only B stands before A has no end.
"""

from __future__ import annotations

from typing import NamedTuple


class ClockFault(ValueError):  # noqa: N818
    """A clock that is not known or not well written: what was wanted and what to do stand in the text."""


class Clock(NamedTuple):
    """One clock. `start` and `end` are stamps: `first:A`, `last:A`, `last:A before B`, `latest(x; y)`, `after:A`."""

    name: str
    start: str
    end: str
    title_en: str = ""
    title_fr: str = ""

    @property
    def is_ordered(self) -> bool:
        """Tell whether the end is looked for at or after the start."""
        return self.end.startswith("after:")


_RELEASE = "last:RELEASED before GATE_OUT"
CLOCKS: dict[str, Clock] = {
    clock.name: clock
    for clock in (
        Clock("arrival_gate_out", "first:ARRIVAL", "last:GATE_OUT", "Arrival to gate out", "De l'arrivée à la sortie"),
        Clock("arrival_release", "first:ARRIVAL", _RELEASE, "Arrival to release", "De l'arrivée à la mainlevée"),
        Clock("lodged_release", "first:LODGED", _RELEASE, "Lodgement to release", "Du dépôt à la mainlevée"),
        Clock(
            "ready_release",
            "latest(first:ARRIVAL; first:LODGED)",
            _RELEASE,
            "Arrival and lodgement to release",
            "De l'arrivée et du dépôt à la mainlevée",
        ),
        Clock("arrival_lodged", "first:ARRIVAL", "first:LODGED", "Arrival to lodgement", "De l'arrivée au dépôt"),
        Clock("post_release", _RELEASE, "last:GATE_OUT", "Release to gate out", "De la mainlevée à la sortie"),
        Clock("export_release", "first:ARRIVAL", "last:RELEASED", "Export: to leave", "Export : à l'autorisation"),
        Clock("export_departure", "last:RELEASED", "last:DEPARTURE", "Export: leave to exit", "Export : au départ"),
        Clock("export_total", "first:ARRIVAL", "last:DEPARTURE", "Export: in all", "Export : au total"),
    )
}


def clock_of(text: str) -> Clock:
    """Return the clock that is named, or written as `from=A,to=B`.

    Raises: ClockFault.
    """
    if text in CLOCKS:
        return CLOCKS[text]
    if text.startswith("from="):
        start, found, end = text[5:].partition(",to=")
        if found and start.strip() and end.strip():
            return Clock(text, f"first:{start.strip()}", f"after:{end.strip()}")
    raise ClockFault(
        f"clock {text[:80]!r}: expected one of {', '.join(CLOCKS)}, or from=ACTIVITY,to=ACTIVITY; "
        "fix: write one of these"
    )


def quoted(text: str) -> str:
    """Return a text as an SQL literal."""
    return "'" + text.replace("'", "''") + "'"


def stamps_sql(clock: Clock, segments: tuple[str, ...]) -> str:
    """Return SQL of one row a case: case_id, the segments, start_us, end_us and last_us (the case's last stamp).

    Reads: trs_events, once; and once more for the few cases in which a stamp stands on the wrong side of another.
    A segment is the first value that the case's events have in that column.
    """
    base: dict[str, str] = {}
    late: list[str] = []

    def plain(function: str, activity: str) -> str:
        sql = f"{function}(CASE WHEN activity = {quoted(activity)} THEN ts_us END)"
        return "b." + base.setdefault(sql, f"t{len(base)}")

    def again(function: str, activity: str, wrong: str, side: str, bound: str) -> str:
        """Look a stamp up again in the cases where the plain one is on the wrong side of a bound."""
        name = f"l{len(late)}"
        late.append(
            f"LEFT JOIN (SELECT e.case_id, {function}(e.ts_us) AS us FROM trs_events AS e JOIN base AS b "
            f"ON b.case_id = e.case_id AND {wrong} WHERE e.activity = {quoted(activity)} AND e.ts_us {side} {bound} "
            f"GROUP BY e.case_id) AS {name} ON {name}.case_id = b.case_id"
        )
        return f"{name}.us"

    def stamp(text: str, start: str) -> str:
        if text.startswith("latest("):
            parts = [stamp(part.strip(), start) for part in text[7:-1].split(";")]
            known = " AND ".join(f"{part} IS NOT NULL" for part in parts)
            return f"CASE WHEN {known} THEN GREATEST({', '.join(parts)}) END"
        which, _, rest = text.partition(":")
        activity, _, bound = rest.partition(" before ")
        if which == "after":
            first = plain("MIN", activity)
            found = again("MIN", activity, f"{first} < {start}", ">=", start)
            return f"CASE WHEN {first} < {start} THEN {found} ELSE {first} END"
        sought = plain("MIN" if which == "first" else "MAX", activity)
        if not bound:
            return sought
        gate = plain("MAX", bound)
        found = again("MAX", activity, f"{sought} > {gate}", "<=", gate)
        # a release that is recorded after the goods had left is a late entry, unless there is no other
        return f"CASE WHEN {sought} > {gate} THEN COALESCE({found}, {sought}) ELSE {sought} END"

    start = stamp(clock.start, "")
    end = stamp(clock.end, start)
    kept = [name for name in segments if name != "case_id"]
    columns = [f"{first_value(name)} AS {column(name)}" for name in kept]
    columns += [f"{sql} AS {name}" for sql, name in base.items()] + ["MAX(ts_us) AS last_us"]
    names = "".join(f", b.{column(name)}" for name in kept)
    return (
        f"WITH base AS (SELECT case_id, {', '.join(columns)} FROM trs_events GROUP BY case_id) "
        f"SELECT b.case_id{names}, {start} AS start_us, {end} AS end_us, b.last_us FROM base AS b {' '.join(late)}"
    )


def first_value(name: str) -> str:
    """Return SQL of the first value that a case's events have in a column."""
    return f"MIN_BY({column(name)}, CASE WHEN {column(name)} IS NOT NULL THEN seq END)"


def column(name: str) -> str:
    """Return a column's name as SQL."""
    return '"' + name.replace('"', '""') + '"'
