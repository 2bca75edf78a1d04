# SPDX-License-Identifier: Apache-2.0
"""The engine of few rows says what DuckDB says: random tables with nulls, every form of statement that steps use."""

from __future__ import annotations

import random
from datetime import date
from decimal import Decimal
from typing import Any

import pytest

from openecp.kernel.assessment.engine import Columns
from openecp.platform.engines.duck_batch import DuckBatchEngine
from openecp.platform.engines.row_door import RowDoorEngine
from openecp.platform.engines.row_kinds import Untranslatable

LEFT = (
    ("n", "BIGINT"), ("k", "BIGINT"), ("m", "BIGINT"), ("word", "VARCHAR"), ("yes", "BOOLEAN"), ("day", "DATE"),
    ("share", "DECIMAL(12,8)"),
)  # fmt: skip
RIGHT = (("k", "BIGINT"), ("name", "VARCHAR"), ("low", "BIGINT"), ("high", "BIGINT"))
STATEMENTS = (
    "SELECT n, k + m AS a, k - m AS b, k * m AS c, -k AS d, k // 7 AS e, k % 7 AS f, m // (k * k + 1) AS g, k & m AS h "
    "FROM l",
    "SELECT n, CAST(FLOOR(k * share) AS BIGINT) AS a, CAST(share AS DECIMAL(10, 2)) AS b, share * 2 + 0.5 AS c, "
    "CAST(share AS BIGINT) AS d, CAST(k AS HUGEINT) * m AS e FROM l",
    "SELECT n, k > m AS a, NOT (k > m) AS b, yes AND k > 3 AS c, yes OR k > 3 AS d, k IS NULL OR NOT yes AS e, "
    "k BETWEEN 2 AND m AS f, word IN ('ab', 'c') AS g, NOT word IN ('ab') AS h, day >= CAST('2026-07-01' AS DATE) AS i "
    "FROM l",
    "SELECT n, CASE WHEN yes THEN k WHEN m > 5 THEN m END AS a, CASE k WHEN 1 THEN 'one' WHEN 2 THEN word ELSE '' "
    "END AS b, COALESCE(k, m, 0) AS c, COALESCE(word, '-') AS d, LEAST(k, m) AS e, NULLIF(k, m) AS nk, "
    "CASE WHEN yes THEN share ELSE 1 END AS f "
    "FROM l",
    "SELECT n, CONCAT('<', word, k, '>') AS a, word || '/' || 'x' AS b, SUBSTR(word, 2) AS c, SUBSTR(word, 1, 2) AS d, "
    "LENGTH(word) AS e, LOWER(word) AS f, TRANSLATE(word, 'ab', '##') AS g, CONTAINS(word, 'a') AS h, "
    "CAST(day AS VARCHAR) AS i, SUBSTR(word, 1, LENGTH(word) - 1) AS j, REGEXP_MATCHES(word, '^(a|B)+$') AS o FROM l",
    "SELECT l.n, r.name FROM l JOIN r ON r.k = l.k",
    "SELECT l.n, r.name, r.low FROM l LEFT JOIN r ON r.k = l.k AND l.m BETWEEN r.low AND r.high",
    "SELECT l.n, a.name AS one, b.name AS two FROM l LEFT JOIN r AS a ON a.k = l.k LEFT JOIN r AS b ON b.k = l.m",
    "SELECT n FROM l SEMI JOIN r ON r.k = l.k WHERE m > 2",
    "SELECT n FROM l ANTI JOIN r ON r.k = l.k",
    "SELECT k, COUNT(*) AS a, SUM(m) AS b, MIN(word) AS c, MAX(day) AS d, BOOL_OR(yes) AS e, BIT_OR(m) AS f, "
    "COUNT(m) AS g "
    "FROM l GROUP BY k ORDER BY k",
    "SELECT SUM(m) AS a, COUNT(*) AS b FROM l WHERE k > 1000000",
    "SELECT k, STRING_AGG(DISTINCT word, ';' ORDER BY word) AS a, STRING_AGG(word, '' ORDER BY n) AS b "
    "FROM l GROUP BY k ORDER BY k",
    "SELECT DISTINCT k, yes FROM l ORDER BY k, yes",
    "SELECT n, SUM(m) OVER (PARTITION BY k) AS a, MAX(m) OVER (PARTITION BY k) AS b, "
    "ROW_NUMBER() OVER (PARTITION BY k ORDER BY n) AS c, LAG(m) OVER (PARTITION BY k ORDER BY n) AS d, "
    "CAST(SUM(m) OVER (PARTITION BY k ORDER BY n ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW) AS BIGINT) AS e "
    "FROM l",
    "WITH a AS (SELECT l.*, k * 2 AS twice FROM l), b AS (SELECT * EXCLUDE (word) FROM a WHERE twice > 2) "
    "SELECT q.n, q.big FROM (SELECT b.*, twice + COALESCE(m, 0) AS big FROM b) AS q ORDER BY big DESC, n LIMIT 7",
    "SELECT s.k, s.a, s.word FROM (SELECT k, word, COUNT(*) AS a FROM l GROUP BY ALL) AS s "
    "QUALIFY ROW_NUMBER() OVER (PARTITION BY s.k ORDER BY s.a DESC, s.word) <= 2 ORDER BY s.k, s.a DESC, s.word",
    "SELECT n, 'l' AS side FROM l WHERE yes UNION ALL SELECT low, name FROM r",
    "SELECT q.n, q.key, r.low FROM (SELECT l.*, UNNEST([k, m, 4]) AS key FROM l) AS q JOIN r ON r.k = q.key",
    "SELECT n, CAST(k AS DOUBLE) / NULLIF(CAST(m AS DOUBLE), 0) AS a, "
    "CAST(k AS DOUBLE) * 1.5 - CAST(m AS DOUBLE) AS b, ABS(k) AS c, GREATEST(k, m) AS d, "
    "GREATEST(CAST(k AS DOUBLE), 2.5) AS e, CAST(share AS DOUBLE) AS f, "
    "CAST(k AS DOUBLE) / 1000000e0 < 0.000003 AS g, CAST(k AS DOUBLE) IN (1, 2.0) AS h, UPPER(word) AS i, "
    "TRIM(' ' || word) AS j, STARTS_WITH(word, 'a') AS nk, NOT ENDS_WITH(word, 'b') AS o FROM l",
    "SELECT n FROM l WHERE CASE k WHEN 1 THEN m > 3 WHEN 2 THEN CAST(m AS DOUBLE) / NULLIF(CAST(k AS DOUBLE), 0) > 1 "
    "WHEN 3 THEN STARTS_WITH(word, 'B') ELSE NOT (word = 'c' OR yes) END",
)


def cells(draw: random.Random, count: int) -> list[tuple[Any, ...]]:
    def some(value: Any) -> Any:
        return None if draw.random() < 0.15 else value

    return [
        (
            n, some(draw.randint(-3, 6)), some(draw.randint(0, 9)), some(draw.choice(("", "a", "ab", "Bab", "c"))),
            some(draw.random() < 0.5), some(date(2026, draw.randint(6, 8), 1)),
            some(Decimal(draw.randint(-(10**9), 10**9)).scaleb(-8)),
        )
        for n in range(count)
    ]  # fmt: skip


@pytest.mark.parametrize("count", [0, 1, 40])
def test_both_engines_say_the_same(count: int) -> None:
    draw, ours, theirs = random.Random(count), RowDoorEngine(), DuckBatchEngine(threads=1)
    right = [(k, f"r{k}", k - 1, k + 3) for k in (1, 1, 2, 4)] + [(None, "none", 0, 9)]
    for engine, rows in ((ours, cells(random.Random(count), count)), (theirs, cells(draw, count))):
        engine.load("l", LEFT, rows)
        engine.load("r", RIGHT, right)
    for statement in STATEMENTS:
        found, wanted = ([list(map(str, row.values())) for row in one.ask(statement)] for one in (ours, theirs))
        if "ORDER BY k" not in statement and "LIMIT" not in statement:
            found, wanted = sorted(found), sorted(wanted)
        assert found == wanted, statement


def test_a_schema_that_says_too_much_is_not_believed() -> None:
    """Columns that are said to be filled, and are: then rows with nulls come after all."""
    ours, theirs = RowDoorEngine(), DuckBatchEngine(threads=1)
    said = Columns(LEFT, nullable=()), Columns(RIGHT, nullable=())
    draw = random.Random(7)
    whole = [tuple(n if cell is None else cell for cell in row) for n, row in enumerate(cells(draw, 30))]
    whole = [row for row in whole if [type(cell) for cell in row] == [int, int, int, str, bool, date, Decimal]]
    assert len(whole) > 3
    right = [(k, f"r{k}", k - 1, k + 3) for k in (1, 1, 2, 4)]
    for rows, more in ((whole, right), (cells(draw, 30), [*right, (None, "none", 0, 9)]), (whole, right)):
        for engine, (left, other) in ((ours, said), (theirs, (LEFT, RIGHT))):
            engine.load("l", left, rows)
            engine.load("r", other, more)
        for statement in STATEMENTS:
            staged = f"SELECT * FROM ({statement}) AS s"
            for engine in (ours, theirs):
                engine.stage("staged", staged if "LIMIT" not in statement else "SELECT n, word FROM l")
            for asked in (statement, "SELECT * FROM staged"):
                found, wanted = ([list(map(str, row.values())) for row in one.ask(asked)] for one in (ours, theirs))
                assert sorted(found) == sorted(wanted), asked


def test_tables_are_staged_changed_and_added_to() -> None:
    ours, theirs = RowDoorEngine(), DuckBatchEngine(threads=1)
    for engine in (ours, theirs):
        engine.load("r", RIGHT, [(1, "one", 0, 5)])
        engine.append("r", RIGHT, [(2, "two", 1, 6), (1, "uno", 2, 7)])
        engine.stage("t", "SELECT k, name, high FROM r WHERE low BETWEEN 0 AND 1")
        engine.update("UPDATE t SET high = 9 WHERE k = 2")
        engine.append("r", RIGHT, [(2, "due", 3, 8)])
    for statement in ("SELECT * FROM t ORDER BY k", "SELECT t.k, r.name FROM t JOIN r ON r.k = t.k ORDER BY r.name",
                      "SELECT name FROM r WHERE k IN (2, 3) ORDER BY name"):  # fmt: skip
        assert ours.ask(statement) == theirs.ask(statement)
        assert ours.columns(statement) == theirs.columns(statement)


@pytest.mark.slow
def test_letters_are_raised_and_lowered_alike() -> None:
    """Each letter of the basic plane, in both engines."""
    schema = (("n", "BIGINT"), ("sign", "VARCHAR"))
    rows = [(n, chr(n)) for n in range(1, 0x10000) if not 0xD800 <= n <= 0xDFFF]
    ours, theirs = RowDoorEngine(), DuckBatchEngine(threads=1)
    told = []
    for engine in (ours, theirs):
        engine.load("signs", schema, rows)
        told.append(engine.columns("SELECT UPPER(sign) AS up, LOWER(sign) AS low FROM signs ORDER BY n"))
    assert told[0] == told[1]


@pytest.mark.parametrize(
    "statement",
    ["SELECT MEDIAN(k) FROM r", "SELECT k FROM r FULL JOIN l ON l.k = r.k", "SELECT SQRT(k) FROM r", "SELECT x FROM r",
     "SELECT k FROM nowhere", "SELECT k FROM r UNION SELECT k FROM r", "SELECT UNNEST(name) FROM r",
     "SELECT FLOOR(CAST(k AS DOUBLE)) FROM r", "SELECT CAST(name AS DOUBLE) FROM r", "SELECT UPPER(k) FROM r"],
)  # fmt: skip
def test_what_it_does_not_know_is_refused(statement: str) -> None:
    engine = RowDoorEngine()
    engine.load("r", RIGHT, [])
    engine.load("l", LEFT, [])
    with pytest.raises(Untranslatable):
        engine.ask(statement)
