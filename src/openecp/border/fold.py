# SPDX-License-Identifier: Apache-2.0
"""Works out what is constant in an expression before it runs: conditions on literals, products by 0 and 1.

A batch writes the steps of a tax line once a slot, where much is the same in every line (the stage, what the base
holds). What is worked out here is neither planned nor computed a million times. The result is the same for every row,
unknown values included: a product by 0 is left where the other factor may be null.
"""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from sqlglot import exp


def folded(tree: exp.Expression) -> exp.Expression:
    """Return the expression with its constant parts worked out."""
    made: exp.Expression = tree.copy()
    for node in reversed(list(made.walk())):
        smaller = _fold(node)
        if smaller is node:
            continue
        if node is made:
            made = smaller
        else:
            node.replace(smaller)
    return made


def is_null(node: Any) -> bool:
    """Return whether an expression is the literal NULL."""
    return isinstance(node, exp.Null) or (isinstance(node, exp.Cast) and isinstance(node.this, exp.Null))


def _fold(node: Any) -> Any:
    match node:
        case exp.Paren() if isinstance(node.this, exp.Literal | exp.Null | exp.Boolean | exp.Column | exp.Paren):
            return node.this
        case exp.Is() if isinstance(node.expression, exp.Null):
            return _known(node, is_null(node.this), isinstance(node.this, exp.Literal | exp.Boolean))
        case exp.EQ() | exp.NEQ():
            return _equality(node)
        case exp.In() if isinstance(node.this, exp.Literal) and node.expressions:
            literals = all(isinstance(e, exp.Literal) for e in node.expressions)
            return exp.Boolean(this=node.this in node.expressions) if literals else node
        case exp.Not() if isinstance(node.this, exp.Boolean):
            return exp.Boolean(this=not node.this.this)
        case exp.And() | exp.Or():
            return _connected(node)
        case exp.Case():
            return _case(node)
        case exp.Coalesce():
            return _coalesce(node)
        case exp.Greatest() | exp.Least():
            return _bound(node)
        case exp.Mul() | exp.Add():
            return _arithmetic(node)
    return node


def _known(node: Any, yes: bool, no: bool) -> Any:
    return exp.Boolean(this=yes) if yes or no else node


def _equality(node: Any) -> Any:
    left, right = node.this, node.expression
    if is_null(left) or is_null(right):
        return exp.Null()
    one, other = _number(left), _number(right)
    if one is not None and other is not None:
        return exp.Boolean(this=(one == other) == isinstance(node, exp.EQ))
    if isinstance(left, exp.Literal) and isinstance(right, exp.Literal) and left.is_string and right.is_string:
        return exp.Boolean(this=(left.this == right.this) == isinstance(node, exp.EQ))
    return node


def _number(node: Any) -> Decimal | None:
    """Return the number that an expression is: 0, or CAST('0.16' AS DECIMAL(12, 9))."""
    if isinstance(node, exp.Literal) and not node.is_string:
        return Decimal(node.this)
    if isinstance(node, exp.Cast) and node.to.this == exp.DataType.Type.DECIMAL:
        inner = node.this
        return Decimal(inner.this) if isinstance(inner, exp.Literal) else _number(inner)
    return None


def _connected(node: Any) -> Any:
    decides = isinstance(node, exp.Or)  # TRUE decides an OR, FALSE an AND
    for one, other in ((node.this, node.expression), (node.expression, node.this)):
        if isinstance(one, exp.Boolean):
            return one if one.this is decides else other
    return node


def _case(node: Any) -> Any:
    subject = node.this
    branches: list[Any] = []
    for branch in node.args["ifs"]:
        said = _equality(exp.EQ(this=subject.copy(), expression=branch.this.copy())) if subject else branch.this
        if (isinstance(said, exp.Boolean) and not said.this) or is_null(said):
            continue
        if isinstance(said, exp.Boolean) and not branches:
            return branch.args["true"]
        branches.append(branch)
    default = node.args.get("default")
    if not branches:
        return default if default is not None else exp.Null()
    if all(is_null(branch.args["true"]) for branch in branches) and (default is None or is_null(default)):
        return exp.Null()
    if len(branches) < len(node.args["ifs"]):
        return exp.Case(this=subject, ifs=branches, default=default)
    return node


def _coalesce(node: Any) -> Any:
    given = [e for e in (node.this, *node.expressions) if not is_null(e)]
    if not given:
        return exp.Null()
    if len(given) == 1 or isinstance(given[0], exp.Literal):
        return given[0]
    return exp.Coalesce(this=given[0], expressions=given[1:]) if len(given) <= len(node.expressions) else node


def _bound(node: Any) -> Any:
    given = [e for e in (node.this, *node.expressions) if not is_null(e)]  # GREATEST and LEAST pass over nulls
    if len(given) == 1:
        return given[0]
    if len(given) == 1 + len(node.expressions) or not given:
        return node
    made = node.copy()  # with what the dialect says of nulls
    made.set("this", given[0])
    made.set("expressions", given[1:])
    return made


def _arithmetic(node: Any) -> Any:
    times = isinstance(node, exp.Mul)
    for one, other in ((node.this, node.expression), (node.expression, node.this)):
        number = _number(one)
        if number == (1 if times else 0):
            return other
        if times and number == 0 and _never_null(other):
            return exp.Literal.number(0)
    return exp.Null() if is_null(node.this) or is_null(node.expression) else node


def _never_null(node: Any) -> bool:
    if isinstance(node, exp.Cast | exp.Paren):
        return _never_null(node.this)
    if isinstance(node, exp.Add):
        return _never_null(node.this) and _never_null(node.expression)
    return isinstance(node, exp.Literal) or (
        isinstance(node, exp.Coalesce) and isinstance(node.expressions[-1], exp.Literal)
    )
