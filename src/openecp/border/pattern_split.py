# SPDX-License-Identifier: Apache-2.0
"""Splits a step in two: what hangs on a pattern of items is judged once a pattern, the rest on each item.

A step that compares items with rows of a table has conditions joined by AND. Those that read an item's own figures
(its value, its draw) stay with the items; all others need only the columns of the pattern.

Why: no second copy of a rule, only its conditions taken apart; tests/parity compares both forms (docs/adr/0001).
"""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

from sqlglot import exp


def once_a_pattern(
    step: exp.Expression, patterns: str, found: str, own: Collection[str]
) -> tuple[exp.Expression, exp.Expression]:
    """Return the step over the table `patterns`, and the step over batch_lines and `found`, what the first one gives.

    `own` are the item's own columns. The first statement gives `pattern_id` and the columns of the table that the step
    compares with; batch_lines says in `pattern_id` which pattern an item is of.
    """
    source, joins, where = step.args.get("from_"), step.args.get("joins"), step.args.get("where")
    if source is None:  # the batch has nothing to compare with
        return exp.select("CAST(NULL AS BIGINT) AS pattern_id").where("FALSE"), step
    if joins is None or len(joins) != 1 or where is None:
        raise ValueError("a step to be split: expected one joined table and conditions, see risk_hits.sql")
    item, row = source.this.alias_or_name, joins[0].this.alias_or_name
    conditions = list(where.this.flatten()) if isinstance(where.this, exp.And) else [where.this]
    of_items = [c for c in conditions if any(x.table == item and x.name in own for x in c.find_all(exp.Column))]
    of_patterns = [c for c in conditions if c not in of_items]
    once = exp.select(f"{item}.row_id AS pattern_id", f"{row}.*")
    once.set("from_", source.copy())
    once.set("joins", [joins[0].copy()])
    for table in once.find_all(exp.Table):
        if table.name == "item_values":
            table.set("this", exp.to_identifier(patterns))
    hits = exp.select(*(e.copy() for e in step.expressions)).from_(exp.to_table("batch_lines", alias=item))
    hits = hits.join(exp.to_table(found, alias=row), on=f"{row}.pattern_id = {item}.pattern_id")
    return once.where(*(c.copy() for c in of_patterns)), hits.where(*(c.copy() for c in of_items))


def without(statement: exp.Expression, table: str) -> exp.Expression:
    """Return a statement without a table that it joins LEFT and that is empty: COALESCE(its column, x) becomes x."""
    made: exp.Expression = statement.copy()
    joined = [join for join in made.args["joins"] if join.this.name == table]
    alias = joined[0].this.alias_or_name
    made.set("joins", [join for join in made.args["joins"] if join is not joined[0]])

    def plain(node: Any) -> Any:
        if isinstance(node, exp.Coalesce) and isinstance(node.this, exp.Column) and node.this.table == alias:
            return node.expressions[0]
        return node

    result: exp.Expression = made.transform(plain)
    return result
