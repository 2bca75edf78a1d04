# SPDX-License-Identifier: Apache-2.0
"""Apache Spark as the engine of an assessment: the composed statement, written in Spark's SQL, over the same rows.

A statement is written in DuckDB's dialect; `to_spark` rewrites what sqlglot would carry over with another meaning, on
the syntax tree. Decimals keep every digit: Spark adds a digit on each sum and product and then cuts the scale where 38
digits do not suffice, so that every product is cast to the type that it has in DuckDB before it is used.

Limits: for batches that outgrow one machine; nothing here runs online. Needs `openecp[spark]` and Java 17.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any

import sqlglot
from sqlglot import exp

from openecp.kernel.assessment.engine import Schema


class SparkEngine:
    """A Spark session that holds the reference tables of one profile."""

    dialect = "spark"

    def __init__(self, session: Any) -> None:
        self.session = session
        session.conf.set("spark.sql.ansi.enabled", "true")
        session.conf.set("spark.sql.decimalOperations.allowPrecisionLoss", "false")
        session.conf.set("spark.sql.session.timeZone", "UTC")

    def load(self, name: str, schema: Schema, rows: Sequence[Sequence[Any]], unique: Sequence[str] = ()) -> None:
        """Load a reference table; see the protocol."""
        if unique:
            places = [[column for column, _ in schema].index(key) for key in unique]
            keys = [tuple(row[place] for place in places) for row in rows]
            if len(set(keys)) != len(keys):
                raise ValueError(f"reference table {name}: expected unique {', '.join(unique)}; remove the doubled row")
        self._register(name, schema, rows)

    def run(
        self, statement: str, inputs: Mapping[str, tuple[Schema, Sequence[Sequence[Any]]]]
    ) -> list[tuple[Any, ...]]:
        """Run a statement of DuckDB's dialect over the batch's input tables; see the protocol."""
        for name, (schema, rows) in inputs.items():
            self._register(name, schema, rows)
        return [tuple(row) for row in self.session.sql(to_spark(statement)).collect()]

    def _register(self, name: str, schema: Schema, rows: Sequence[Sequence[Any]]) -> None:
        kinds = ", ".join(f"`{column}` {spark_type(kind)}" for column, kind in schema)
        scales = [_scale(kind) for _, kind in schema]
        values = [
            tuple(v if s is None or v is None else Decimal(v).quantize(s) for v, s in zip(row, scales, strict=True))
            for row in rows
        ]
        self.session.createDataFrame(values, kinds).createOrReplaceTempView(name)


def _scale(kind: str) -> Decimal | None:
    if not kind.startswith("DECIMAL("):
        return None
    return Decimal(1).scaleb(-int(kind[8:-1].split(",")[1]))


def spark_type(kind: str) -> str:
    """Return Spark's name of a DuckDB type."""
    if kind.endswith("[]"):
        return f"ARRAY<{spark_type(kind[:-2])}>"
    if kind.startswith("MAP("):
        return "MAP<" + ", ".join(spark_type(part.strip()) for part in kind[4:-1].split(",")) + ">"
    return {"VARCHAR": "STRING", "INTEGER": "INT"}.get(kind, kind)


def to_spark(statement: str) -> str:
    """Return a statement of DuckDB's dialect in Spark's."""
    return str(sqlglot.parse_one(statement, read="duckdb").transform(_rewritten).sql(dialect="spark"))


def _without_qualify(select: exp.Select) -> exp.Expression:
    """Return a SELECT whose QUALIFY is a column of a subquery: Spark has none, and may not see the tables outside."""
    condition = select.args["qualify"].this
    names = [one.alias_or_name for one in select.expressions]
    select.set("qualify", None)
    inner = select.select(exp.alias_(condition, "is_kept"))
    return exp.select(*names).from_(inner.subquery("qualified")).where(exp.column("is_kept"))


def _rewritten(node: Any) -> Any:
    if isinstance(node, exp.Select) and node.args.get("qualify"):
        return _without_qualify(node)
    if isinstance(node, exp.ArrayOverlaps) or (isinstance(node, exp.Anonymous) and node.name.upper() == "LIST_HAS_ANY"):
        left, right = (node.this, node.expression) if isinstance(node, exp.ArrayOverlaps) else node.expressions
        return exp.Anonymous(this="ARRAYS_OVERLAP", expressions=[left, right])
    if isinstance(node, exp.Bracket) and isinstance(node.this, exp.Column):
        # Spark's ANSI mode raises for a key that a map does not hold; it shall be null.
        return exp.Anonymous(this="TRY_ELEMENT_AT", expressions=[node.this, *node.expressions])
    if isinstance(node, exp.DataType) and node.this == exp.DataType.Type.INT128:
        return exp.DataType.build("DECIMAL(38, 0)", dialect="spark")  # the widest whole number that Spark has
    if isinstance(node, exp.Trunc) or (isinstance(node, exp.Anonymous) and node.name.upper() == "TRUNC"):
        inner = node.this if isinstance(node, exp.Trunc) else node.expressions[0]
        # Towards zero: Spark's TRUNC is of dates.
        return exp.maybe_parse(f"CASE WHEN ({inner.sql('duckdb')}) < 0 THEN CEIL({inner.sql('duckdb')}) "
                               f"ELSE FLOOR({inner.sql('duckdb')}) END", dialect="duckdb")  # fmt: skip
    return node
