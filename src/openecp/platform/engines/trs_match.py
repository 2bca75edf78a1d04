# SPDX-License-Identifier: Apache-2.0
"""Joins sources that know different numbers: from a bill of lading, by way of what ties them, to its declarations.

A tie is a row of any source that names both numbers. An event of a bill that serves several declarations is an event of
each; several bills of one declaration are all events of that one.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from itertools import pairwise

import duckdb
import msgspec

from openecp.platform.engines.trs_parts import Part
from openecp.platform.engines.trs_source import LOOSE, quoted
from openecp.platform.engines.trs_stamps import literal

EXAMPLES = 5
Ties = Mapping[tuple[str, str], str]


class Match(msgspec.Struct, frozen=True, kw_only=True):
    """What a source's events found: keys and rows that matched, and those that did not by reason, with examples.

    `way` are the kinds from the source's key to the case; `unmatched` counts rows: no_link, other_spelling.
    `several_cases` counts keys that serve more than one case, `several_keys` cases that more than one key serves.
    """

    source: str
    way: tuple[str, ...]
    rows: int
    rows_matched: int
    keys: int
    keys_matched: int
    unmatched: dict[str, int]
    examples: dict[str, tuple[str, ...]]
    several_cases: int
    several_keys: int
    events: int
    cases_without: int = 0
    cases_without_examples: tuple[str, ...] = ()


def ties_of(connection: duckdb.DuckDBPyConnection, parts: Sequence[Part]) -> Ties:
    """Make the tables of ties, and return their names by the two kinds that they tie, both ways."""
    pairs: dict[tuple[str, str], list[str]] = defaultdict(list)
    for number, part in enumerate(parts):
        kinds = list(part.keys)
        for place, one in enumerate(kinds):
            for other in kinds[place + 1 :]:
                for from_, to in ((one, other), (other, one)):
                    a, b = quoted(part.keys[from_]), quoted(part.keys[to])
                    known = f"WHERE {a} IS NOT NULL AND {b} IS NOT NULL"
                    pairs[from_, to].append(f"SELECT {a} AS a, {b} AS b FROM part_{number} {known}")  # noqa: S608
    tables = {}
    for number, (kinds_pair, selects) in enumerate(pairs.items()):
        name = f"tie_{number}"
        united = " UNION ALL ".join(selects)
        connection.execute(f"CREATE OR REPLACE TEMP TABLE {name} AS SELECT DISTINCT a, b FROM ({united})")  # noqa: S608
        tables[kinds_pair] = name
    return tables


def way_of(start: str, case: str, ties: Ties) -> tuple[str, ...]:
    """Return the shortest way of kinds from one to the case; nothing where there is none."""
    ways, seen = [(start,)], {start}
    while ways:
        way = ways.pop(0)
        if way[-1] == case:
            return way
        for one, other in sorted(ties):
            if one == way[-1] and other not in seen:
                seen.add(other)
                ways.append((*way, other))  # type: ignore[arg-type]
    return ()


def _ways_sql(ways: Sequence[tuple[str, ...]], ties: Ties) -> str:
    """Return SQL of kind, key_no and case_no: which case each number leads to."""
    selects = ["SELECT '' AS kind, '' AS key_no, '' AS case_no WHERE FALSE"]
    for way in ways:
        steps = list(pairwise(way))
        joins = "".join(
            f" JOIN {ties[step]} AS t{place} ON t{place}.a = t{place - 1}.b"
            for place, step in enumerate(steps)
            if place
        )
        last = len(steps) - 1
        selects.append(
            f"SELECT DISTINCT {literal(way[0])}, t0.a, t{last}.b FROM {ties[steps[0]]} AS t0{joins}"  # noqa: S608
        )
    return " UNION ALL ".join(selects)


def matched(connection: duckdb.DuckDBPyConnection, number: int, part: Part, ties: Ties) -> tuple[Match, Part]:
    """Give a part's events the cases that their keys lead to, and tell what became of them."""
    own = f"u.{quoted(part.keys[part.case])}" if part.case in part.keys else "CAST(NULL AS VARCHAR)"
    ways = [way for kind in part.keys if kind != part.case and (way := way_of(kind, part.case, ties))]
    kinds = [kind for kind in part.keys if kind != part.case]
    columns = [f"u.{quoted(part.keys[kind])}" for kind in kinds]
    used_kind = " ".join(f"WHEN {c} IS NOT NULL THEN {literal(k)}" for k, c in zip(kinds, columns, strict=True))
    connection.execute(f"CREATE OR REPLACE TEMP TABLE way_{number} AS {_ways_sql(ways, ties)}")
    connection.execute(
        f"CREATE OR REPLACE TEMP TABLE linked_{number} AS SELECT c.* REPLACE (COALESCE(c.own_case, w.case_no) AS case_id) "  # noqa: S608, E501
        f"FROM (SELECT u.*, {own} AS own_case, {'CASE ' + used_kind + ' END' if kinds else 'NULL'} AS used_kind, "
        f"{'COALESCE(' + ', '.join(columns) + ')' if kinds else 'NULL'} AS used_key "
        f"FROM part_{number} AS u WHERE u.reason IS NULL) AS c "
        f"LEFT JOIN way_{number} AS w ON c.own_case IS NULL AND w.kind = c.used_kind AND w.key_no = c.used_key"
    )
    match = _told(connection, number, part, ways[0] if ways else tuple(kinds[:1]))
    return match, part._replace(table=f"linked_{number}")


def _told(connection: duckdb.DuckDBPyConnection, number: int, part: Part, way: tuple[str, ...]) -> Match:
    table = f"linked_{number}"
    row = connection.execute(
        "SELECT COUNT(DISTINCT place), COUNT(DISTINCT place) FILTER (WHERE case_id IS NOT NULL), "  # noqa: S608
        "COUNT(DISTINCT (used_kind, used_key)) FILTER (WHERE own_case IS NULL), "
        "COUNT(DISTINCT (used_kind, used_key)) FILTER (WHERE own_case IS NULL AND case_id IS NOT NULL), "
        f"COUNT(*) FILTER (WHERE case_id IS NOT NULL) FROM {table}"
    ).fetchone()
    assert row is not None
    loose_key, loose_way = LOOSE.format("used_key"), LOOSE.format("key_no")
    unmatched, examples = {}, {}
    for reason, n, some in connection.execute(
        f"SELECT CASE WHEN {loose_key} IN (SELECT {loose_way} FROM way_{number}) THEN 'other_spelling' ELSE 'no_link' END "  # noqa: S608, E501
        f"AS why, COUNT(*), LIST(DISTINCT used_key) FROM {table} WHERE case_id IS NULL GROUP BY why ORDER BY why"
    ).fetchall():
        unmatched[reason] = n
        examples[reason] = tuple(sorted(some)[:EXAMPLES])
    several = connection.execute(
        "SELECT (SELECT COUNT(*) FROM (SELECT used_key FROM joined GROUP BY used_kind, used_key "
        "HAVING COUNT(DISTINCT case_id) > 1)), (SELECT COUNT(*) FROM (SELECT case_id FROM joined "
        "WHERE case_id IS NOT NULL GROUP BY case_id HAVING COUNT(DISTINCT used_key) > 1)) "
        "FROM (SELECT 1) AS one".replace("joined", f"(SELECT * FROM {table} WHERE own_case IS NULL)")  # noqa: S608
    ).fetchone()
    assert several is not None
    return Match(source=part.name, way=way, rows=row[0], rows_matched=row[1], keys=row[2], keys_matched=row[3],
                 unmatched=unmatched, examples=examples, several_cases=several[0], several_keys=several[1],
                 events=row[4])  # fmt: skip


def without(connection: duckdb.DuckDBPyConnection, match: Match) -> Match:
    """Tell which cases of the study nothing of the source reached. Reads: trs_events."""
    row = connection.execute(
        f"SELECT COUNT(*), LIST(case_id ORDER BY case_id)[1:{EXAMPLES}] FROM (SELECT case_id FROM trs_events "  # noqa: S608
        f"GROUP BY case_id HAVING COUNT(*) FILTER (WHERE source = {literal(match.source)}) = 0)"
    ).fetchone()
    count, some = row or (0, None)
    return msgspec.structs.replace(match, cases_without=count, cases_without_examples=tuple(some or ()))
