# SPDX-License-Identifier: Apache-2.0
"""Makes one source of a time release study a table of the study: place, keys, case, activity, moment, segments.

Text becomes a table, since its stamps are read once; Parquet with typed stamps stays where it lies.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from typing import NamedTuple

import duckdb

from openecp.platform.engines.trs_source import LOOSE, EventFileFault, SourceSpec, found_column, quoted
from openecp.platform.engines.trs_stamps import (
    DAY_US,
    HOUR_US,
    LEAST_US,
    MINUTE_US,
    MOST_US,
    SLASHES,
    is_typed,
    literal,
    text_stamps,
    typed_us,
)

_OWN = (
    "file_row_number",
    "seq",
    "source",
    "precision",
    "place",
    "reason",
    "shape",
    "midnight",
    "gap",
    "ts_us",
    "row_no",
)
KEY_MAX = 1000
CELL_MAX = 4000
SURE = 5  # stamps of an activity that all fall on midnight before they count as dates
SAMPLE = 200_000  # rows that tell of most activities that their stamps are neither dates nor whole minutes


class Part(NamedTuple):
    """One source in the engine: its table, the columns that are kept, and how activity and precision are told."""

    name: str
    table: str
    kept: tuple[str, ...]
    keys: Mapping[str, str]  # kind of object -> column of the table
    case: str
    zone: str
    activity_sql: str = "activity"
    precision_sql: str = "'second'"
    is_text: bool = False
    has_events: bool = True
    needs_link: bool = False
    is_whole: bool = False  # every row is used: nothing needs to be looked for in each question


def make_part(
    connection: duckdb.DuckDBPyConnection,
    number: int,
    name: str,
    source: str,
    spec: SourceSpec,
    place: str,
    *,
    is_view: bool,
) -> Part:
    """Make the table `part_<number>` of a source.

    Raises: EventFileFault where a column is not there; duckdb.Error where the source cannot be read.
    """
    given = {row[0]: str(row[1]) for row in connection.execute(f"DESCRIBE {source}").fetchall()}
    wanted = _wanted(name, given, spec)
    typed = all(is_typed(given[column]) for column in wanted.stamps.values())
    if is_view and typed and len(wanted.stamps) == 1 and not spec.keys:
        (ts,) = wanted.stamps.values()
        keeps = "".join(
            f", CAST({quoted(theirs)} AS VARCHAR) AS {quoted(ours)}" for ours, theirs in wanted.kept.items()
        )
        connection.execute(
            f"CREATE OR REPLACE TEMP VIEW part_{number} AS SELECT {place} AS place, "  # noqa: S608
            f"CAST({quoted(wanted.case)} AS VARCHAR) AS case_id, "
            f"CAST({quoted(wanted.activity)} AS VARCHAR) AS activity, "
            f"{typed_us(quoted(ts), given[ts], spec.zone, is_local=spec.is_local)} AS ts_us, "
            f"CAST({quoted(ts)} AS TIMESTAMP) AS ts{keeps} FROM ({source})"
        )
        part = Part(name, f"part_{number}", tuple(wanted.kept), {}, spec.case, spec.zone)
    else:
        _text_part(connection, number, source, spec, wanted, given, place)
        keys = {kind: f"key__{kind}" for kind in spec.keys}
        linked = (bool(wanted.stamps) and bool(spec.case) and set(spec.keys) > {spec.case}) or (
            bool(spec.keys) and spec.case not in spec.keys and bool(wanted.stamps)
        )
        part = Part(name, f"part_{number}", tuple(wanted.kept), keys, spec.case, spec.zone, is_text=True,
                    has_events=bool(wanted.stamps), needs_link=linked)  # fmt: skip
    if spec.activities:
        cases = " ".join(f"WHEN {literal(theirs)} THEN {literal(ours)}" for theirs, ours in spec.activities.items())
        part = part._replace(activity_sql=f"CASE activity {cases} ELSE activity END")
    return part._replace(precision_sql=_precision(connection, part, spec)) if part.has_events else part


class _Wanted(NamedTuple):
    case: str  # the column of the case's number, empty where only keys lead to it
    activity: str  # empty in a file with a column a stamp
    stamps: Mapping[str, str]  # activity -> column; one with an empty name in a file with a row an event
    kept: Mapping[str, str]


def _wanted(name: str, given: Mapping[str, str], spec: SourceSpec) -> _Wanted:
    for column in (*spec.stamps.values(), *spec.keys.values(), *spec.segments.values()):
        if column not in given:
            raise EventFileFault(name, f"a column {column}", ", ".join(given)[:300], "Mend the mapping.")
    is_link = bool(spec.keys) and not spec.stamps and "activity" not in spec.columns and not _has(given, "activity")
    case = spec.keys.get(spec.case, "") if spec.keys else found_column(name, "case_id", given, spec.columns)
    activity = "" if spec.stamps or is_link else found_column(name, "activity", given, spec.columns)
    stamps = dict(spec.stamps) or ({} if is_link else {"": found_column(name, "ts", given, spec.columns)})
    used = {case, activity, *stamps.values()}
    if spec.segments:
        kept = dict(spec.segments)
    else:
        kept = {column: column for column in given if column not in used and column.lower() not in _OWN}
    return _Wanted(
        case, activity, stamps, {ours: theirs for ours, theirs in kept.items() if ours not in ("case_id", "ts")}
    )


def _has(given: Mapping[str, str], ours: str) -> bool:
    try:
        return bool(found_column("", ours, given, {}))
    except EventFileFault:
        return False


def _text_part(
    connection: duckdb.DuckDBPyConnection,
    number: int,
    source: str,
    spec: SourceSpec,
    wanted: _Wanted,
    given: Mapping[str, str],
    place: str,
) -> None:
    """Make a table of a source of text: one row an event, its stamp read, and why it cannot be used."""
    blank = "NULLIF(TRIM(CAST({} AS VARCHAR)), '')"
    cell = "CAST({} AS VARCHAR)"
    cut = f"CASE WHEN STRLEN({cell}) > {CELL_MAX} THEN LEFT({cell}, 200) || '…' ELSE {cell} END"
    keeps = "".join(f", {cut.replace('{}', quoted(theirs))} AS {quoted(ours)}" for ours, theirs in wanted.kept.items())
    number_of = f"NULLIF({LOOSE.replace('{}', blank)}, '')" if spec.is_loose else blank
    keys = "".join(
        f", {number_of.replace('{}', quoted(column))} AS {quoted('key__' + kind)}" for kind, column in spec.keys.items()
    )
    case = number_of.replace("{}", quoted(wanted.case)) if wanted.case else "CAST(NULL AS VARCHAR)"
    numbered = f"SELECT *, {place or 'ROW_NUMBER() OVER ()'} AS row_no FROM ({source})"  # noqa: S608
    # what lies in Parquet is read again where it is needed; a CSV would be parsed again
    raw = "VIEW" if len(wanted.stamps) == 1 and source.startswith("SELECT * FROM read_parquet") else "TABLE"
    connection.execute(f"CREATE OR REPLACE TEMP {raw} raw_{number} AS {numbered}")
    width = len(wanted.stamps) or 1
    selects = []
    for step, (activity, column) in enumerate(wanted.stamps.items() or (("", ""),)):
        named = (
            literal(activity)
            if activity
            else blank.replace("{}", quoted(wanted.activity))
            if wanted.activity
            else "NULL"
        )
        moment, text = "CAST(NULL AS BIGINT)", "CAST(NULL AS VARCHAR)"
        if column and is_typed(given[column]):
            moment = typed_us(quoted(column), given[column], spec.zone, is_local=spec.is_local)
        elif column:
            text = blank.replace("{}", quoted(column))
        empty = f" WHERE {quoted(column)} IS NOT NULL AND TRIM(CAST({quoted(column)} AS VARCHAR)) <> ''"
        selects.append(
            f"SELECT (row_no - 1) * {width} + {step + 1} AS place, row_no, {case} AS case_id, "  # noqa: S608
            f"CAST({named} AS VARCHAR) AS activity, {moment} AS moment, {text} AS t{keys}{keeps} FROM raw_{number}"
            + (empty if spec.stamps else "")
        )
    if spec.stamps:  # a row without any stamp is a row all the same
        nothing = " AND ".join(
            f"COALESCE(TRIM(CAST({quoted(column)} AS VARCHAR)), '') = ''" for column in spec.stamps.values()
        )
        selects.append(
            f"SELECT row_no * {width}, row_no, {case}, '', NULL, NULL{keys}{keeps} FROM raw_{number} WHERE {nothing}"  # noqa: S608
        )
    connection.execute(f"CREATE OR REPLACE TEMP VIEW flat_{number} AS {' UNION ALL '.join(selects)}")
    sql = text_stamps(spec.zone, spec.formats, _day_first(connection, f"flat_{number}", spec))
    has_key = " AND ".join(f"{quoted('key__' + kind)} IS NULL" for kind in spec.keys) or "case_id IS NULL"
    too_long = " OR ".join(
        f"STRLEN({column}) > {KEY_MAX}"
        for column in ("case_id", "activity", "t", *(quoted("key__" + k) for k in spec.keys))
    )
    reason = (
        f"CASE WHEN {too_long} THEN 'cell_too_long' WHEN {has_key} THEN 'no_case' "
        + ("WHEN row_no IS NOT NULL THEN NULL " if not wanted.stamps else "")
        + ("WHEN activity = '' THEN 'no_stamp' " if spec.stamps else "WHEN activity IS NULL THEN 'no_activity' ")
        + "WHEN t IS NULL AND ts_us IS NULL THEN 'no_stamp' "
        "WHEN ts_us IS NULL AND shape = 'slashes' THEN 'ambiguous_or_wrong_date' "
        "WHEN ts_us IS NULL THEN 'unreadable_stamp' "
        f"WHEN ts_us NOT BETWEEN {LEAST_US} AND {MOST_US} THEN 'stamp_out_of_range' END"
    )
    connection.execute(
        f"CREATE OR REPLACE TEMP TABLE part_{number} AS SELECT * EXCLUDE (ts_us, t, moment, reason), reason, "  # noqa: S608
        "CASE WHEN reason IS NULL THEN ts_us END AS ts_us FROM "
        f"(SELECT *, {reason} AS reason FROM (SELECT *, COALESCE(moment, {sql.ts_us}) AS ts_us, "
        f"CASE WHEN t IS NULL THEN NULL ELSE {sql.precision} END AS precision, "
        f"CASE WHEN t IS NULL THEN NULL ELSE {sql.midnight} END AS midnight, {sql.gap} AS gap "
        f"FROM (SELECT *, CASE WHEN t IS NOT NULL THEN {sql.shape} END AS shape FROM flat_{number})))"
    )
    connection.execute(f"DROP VIEW flat_{number}")
    connection.execute(f"DROP {raw} raw_{number}")


def _day_first(connection: duckdb.DuckDBPyConnection, table: str, spec: SourceSpec) -> bool | None:
    """Return whether dates with slashes put the day first, as far as the whole source agrees."""
    if spec.formats:
        return None
    row = connection.execute(
        f"SELECT MAX(TRY_CAST(REGEXP_EXTRACT(t, {literal(SLASHES)}, 1) AS INTEGER)), "  # noqa: S608
        f"MAX(TRY_CAST(REGEXP_EXTRACT(t, {literal(SLASHES)}, 2) AS INTEGER)) FROM {table} "
        f"WHERE REGEXP_MATCHES(t, {literal(SLASHES)})"
    ).fetchone()
    first, second = row or (None, None)
    if (first or 0) > 12 and (second or 0) > 12:
        return None
    return True if (first or 0) > 12 else False if (second or 0) > 12 else None


def _precision(connection: duckdb.DuckDBPyConnection, part: Part, spec: SourceSpec) -> str:
    """Return SQL of how exact a stamp is: as declared, else as written, coarser where a whole activity is."""
    if spec.precision:
        return literal(spec.precision)
    midnight = "COUNT(*) FILTER (WHERE midnight)" if part.is_text else "0"
    known: list[str] = []
    if not part.is_text:  # a stamp within a minute settles its activity: the file need not be read again for it
        sampled = connection.execute(
            f"SELECT activity FROM (SELECT activity, ts_us FROM {part.table} LIMIT {SAMPLE}) "  # noqa: S608
            f"WHERE activity IS NOT NULL AND ts_us % {MINUTE_US} <> 0 GROUP BY activity LIMIT {KEY_MAX}"
        )
        known = [row[0] for row in sampled.fetchall()]
    others = f"AND activity NOT IN ({', '.join(map(literal, known))}) " if known else ""
    rows = connection.execute(
        f"SELECT activity, COUNT(*), {midnight}, COUNT(*) FILTER (WHERE ts_us % {MINUTE_US} = 0), "  # noqa: S608
        f"COUNT(*) FILTER (WHERE ts_us % {HOUR_US} = 0), COUNT(*) FILTER (WHERE ts_us % {DAY_US} = 0) "
        f"FROM {part.table} WHERE ts_us IS NOT NULL {others}GROUP BY activity"
    ).fetchall()
    days, minutes = [], []
    for activity, n, midnights, whole_minutes, hours, utc_days in rows:
        if activity is None or n < SURE:
            continue
        local = utc_days
        if spec.zone and hours == n and max(midnights, utc_days) < n:
            local = _local_midnights(connection, part, spec.zone, activity)
        if max(midnights, local) == n:
            days.append(activity)
        elif whole_minutes == n:
            minutes.append(activity)
    written = "precision" if part.is_text else "NULL"
    ways = [f"WHEN activity IN ({', '.join(map(literal, days))}) THEN 'day'"] if days else []
    ways += [f"WHEN {written} = 'day' THEN 'day'"] if part.is_text else []
    ways += [f"WHEN activity IN ({', '.join(map(literal, minutes))}) THEN 'minute'"] if minutes else []
    fallback = f"COALESCE({written}, 'second')" if part.is_text else "'second'"
    return f"CASE {' '.join(ways)} ELSE {fallback} END" if ways else fallback


def _local_midnights(connection: duckdb.DuckDBPyConnection, part: Part, zone: str, activity: str) -> int:
    row = connection.execute(
        f"SELECT SUM(n) FILTER (WHERE EPOCH_US(timezone({literal(zone)}, make_timestamptz(ts_us))) % {DAY_US} = 0) "  # noqa: S608
        f"FROM (SELECT ts_us, COUNT(*) AS n FROM {part.table} WHERE activity = {literal(activity)} GROUP BY ts_us)"
    ).fetchone()
    return int(row[0] or 0) if row else 0


def part_counts(
    connection: duckdb.DuckDBPyConnection, part: Part, left_out: Counter[str], notes: Counter[str]
) -> tuple[int, int]:
    """Return the rows of a part and those that are used; add reasons and notes of the others."""
    if not part.is_text:
        row = connection.execute(f"SELECT COUNT(*) FROM {part.table}").fetchone()  # noqa: S608
        assert row is not None
        if not _may_lack(connection, part):
            return row[0], row[0]
        row = connection.execute(
            "SELECT COUNT(*), COUNT(*) FILTER (WHERE COALESCE(case_id, '') = ''), "  # noqa: S608
            "COUNT(*) FILTER (WHERE case_id <> '' AND COALESCE(activity, '') = ''), "
            "COUNT(*) FILTER (WHERE case_id <> '' AND activity <> '' AND ts_us IS NULL), "
            f"COUNT(*) FILTER (WHERE case_id <> '' AND activity <> '' AND ts_us NOT BETWEEN {LEAST_US} AND {MOST_US}) "
            f"FROM {part.table}"
        ).fetchone()
        assert row is not None
        for reason, n in zip(("no_case", "no_activity", "no_stamp", "stamp_out_of_range"), row[1:], strict=True):
            if n:
                left_out[reason] += n
        return row[0], row[0] - sum(row[1:])
    rows = used = 0
    for reason, n in connection.execute(f"SELECT reason, COUNT(*) FROM {part.table} GROUP BY 1").fetchall():  # noqa: S608
        rows += n
        if reason is None:
            used += n
        else:
            left_out[reason] += n
    counted = "SELECT shape, COUNT(*), COUNT(*) FILTER (WHERE gap) FROM {} WHERE reason IS NULL GROUP BY 1 ORDER BY 1"
    found = connection.execute(counted.format(part.table)).fetchall()
    for shape, n, gaps in found:
        if shape:
            notes[f"format:{shape}"] += n
        if gaps:
            notes["nonexistent_local_time"] += gaps
    if part.kept:
        cut = " OR ".join(f"(STRLEN({quoted(c)}) > 200 AND SUFFIX({quoted(c)}, '…'))" for c in part.kept)
        row = connection.execute(f"SELECT COUNT(*) FROM {part.table} WHERE {cut}").fetchone()  # noqa: S608
        if row and row[0]:
            notes["cells_cut"] += row[0]
    return rows, used


def _may_lack(connection: duckdb.DuckDBPyConnection, part: Part) -> bool:
    """Tell whether a row of Parquet may lack a case, an activity or a stamp in range; mostly its statistics tell."""
    signs = (
        "case_id IS NULL OR case_id = ''",
        "activity IS NULL OR activity = ''",
        "ts IS NULL OR ts < TIMESTAMP '1901-01-03' OR ts > TIMESTAMP '2199-12-29'",
    )
    for sign in signs:
        row = connection.execute(f"SELECT 1 FROM {part.table} WHERE {sign} LIMIT 1").fetchone()  # noqa: S608
        if row is not None:
            return True
    return False
