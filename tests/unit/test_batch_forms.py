# SPDX-License-Identifier: Apache-2.0
"""Goal: what a batch makes of the steps means the same. Method: both forms run on the same rows, nulls included."""

from __future__ import annotations

import duckdb
import pytest
import sqlglot

from openecp.border.fold import folded
from openecp.border.narrow import narrow_charges, narrow_value
from openecp.border.pattern_split import once_a_pattern

X = "(VALUES (NULL), (0), (1), (-7), (40))"


def rows(sql: str) -> list[tuple[object, ...]]:
    return duckdb.connect().execute(sql).fetchall()


@pytest.mark.parametrize(
    ("text", "smaller"),
    [
        ("CASE 2 WHEN 1 THEN x WHEN 2 THEN x + 1 ELSE 0 END", "x + 1"),
        ("CASE WHEN 'duty' = 'duty' AND x IS NULL THEN 1 ELSE 0 END", "CASE WHEN x IS NULL THEN 1 ELSE 0 END"),
        ("x + 0 * CAST(COALESCE(x, 0) AS BIGINT)", "x"),
        ("0 * x + 1", "0 * x + 1"),  # null where x is
        ("CASE WHEN NULL = 'MIN' THEN x END", "NULL"),
        ("GREATEST(x, NULL, 3)", "GREATEST(x, 3)"),
        ("NOT FALSE OR x > 0", "TRUE"),
        ("COALESCE(NULL, x)", "x"),
        ("CASE WHEN CAST('0.000' AS DECIMAL(12, 9)) = 0 THEN 5 ELSE x END", "5"),
        ("CASE WHEN x > 1 THEN 2 WHEN TRUE THEN 3 END", "CASE WHEN x > 1 THEN 2 WHEN TRUE THEN 3 END"),
        ("x IS NULL OR x > 0", "x IS NULL OR x > 0"),
    ],
)
def test_folding_keeps_the_meaning(text: str, smaller: str) -> None:
    made = folded(sqlglot.parse_one(text, read="duckdb")).sql("duckdb")
    assert made == smaller
    given = f"FROM {X} AS t(x)"
    assert rows(f"SELECT {made} {given}") == rows(f"SELECT {text} {given}")


def test_a_step_split_in_two_finds_what_it_found() -> None:
    step = sqlglot.parse_one(
        "SELECT i.row_id, c.ref FROM (SELECT v.*, UNNEST(['*', v.code]) AS k FROM item_values AS v) AS i "
        "JOIN criteria AS c ON c.k = i.k WHERE (c.origin = '' OR c.origin = i.origin) AND i.draw < c.share",
        read="duckdb",
    )
    once, hits = once_a_pattern(step, "patterns", "found", ("draw",))
    assert "draw" not in once.sql("duckdb")
    connection = duckdb.connect()
    connection.execute(
        "CREATE TABLE criteria AS FROM (VALUES (1, '*', 'QT', 5), (2, 'a', '', 9)) AS t(ref, k, origin, share)"
    )
    connection.execute(
        "CREATE TABLE item_values AS SELECT range AS row_id, ['a', 'b'][1 + range % 2] AS code, "
        "['QT', 'QP', ''][1 + range % 3] AS origin, range % 11 AS draw FROM range(200)"
    )
    connection.execute(
        "CREATE TABLE patterns AS "
        "SELECT row_number() OVER () AS row_id, * FROM (SELECT DISTINCT code, origin FROM item_values)"
    )
    connection.execute(
        "CREATE TABLE batch_lines AS SELECT i.*, p.row_id AS pattern_id FROM item_values AS i JOIN patterns AS p "
        "ON p.code = i.code AND p.origin = i.origin"
    )
    connection.execute(f"CREATE TABLE found AS {once.sql('duckdb')}")
    both = [sorted(connection.execute(x.sql("duckdb")).fetchall()) for x in (step, hits)]
    assert both[0] == both[1] != []


WIDE_PRICE = "CAST(CAST(i.value_e4 AS DECIMAL(19, 0)) * i.rate_to_minor AS DECIMAL(36, 12))"
CHARGES = """
SELECT c.n, CAST(SUM(CAST(CAST(c.amount_e4 AS DECIMAL(19, 0)) * x.rate_to_minor AS DECIMAL(34, 12))
  * COALESCE(x.sign, 0)) AS DECIMAL(36, 12)) AS charges_minor
FROM c JOIN x ON x.n = c.n GROUP BY c.n
"""
VALUES = f"""
SELECT i.n, CAST(ROUND({WIDE_PRICE} + GREATEST(COALESCE(s.charges_minor, 0), -{WIDE_PRICE}), 0) AS BIGINT) AS v
FROM i LEFT JOIN s ON s.n = i.n ORDER BY i.n
"""
TABLES = """
CREATE TABLE x AS SELECT n, r::DECIMAL(18, 12) AS rate_to_minor, s::DECIMAL(6, 6) AS small_rate, sign
  FROM (VALUES (1, '0.01', '0.01', 1), (2, '0.012345678901', NULL, 1), (3, '0.01', '0.01', -1),
    (4, '0.01', '0.01', NULL)) AS t(n, r, s, sign);
CREATE TABLE c AS SELECT n, a::BIGINT AS amount_e4
  FROM (VALUES (1, 150), (1, 1000000000000000), (2, 777), (3, 1000000000000), (4, NULL)) AS t(n, a);
CREATE TABLE i AS SELECT x.n, v::BIGINT AS value_e4, rate_to_minor, small_rate
  FROM x JOIN (VALUES (1, 250), (2, 1000000000000000), (3, 5050), (4, 100000000000)) AS t(n, v) ON t.n = x.n;
"""


def test_charges_and_values_beyond_64_bits_are_exact() -> None:
    charges = narrow_charges(sqlglot.parse_one(CHARGES, read="duckdb")).sql("duckdb")
    value = narrow_value(sqlglot.parse_one(VALUES, read="duckdb"), "i.small_rate").sql("duckdb")
    connection = duckdb.connect()
    for statement in (*TABLES.split(";")[:3], f"CREATE TABLE s AS {charges}"):
        connection.execute(statement)
    assert connection.execute(value).fetchall() == connection.execute(VALUES).fetchall()
    assert [row[1] for row in connection.execute(value).fetchall()] == [10**13 + 4, 12345678901010, 0, 10**9]
