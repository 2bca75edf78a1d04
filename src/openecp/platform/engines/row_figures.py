# SPDX-License-Identifier: Apache-2.0
"""What conditions of risk profiles say besides: doubles, beginnings and ends of texts, the greatest, letters.

A double is what a database works in there too: the same sums, products and quotients of the same two figures.
"""

from __future__ import annotations

from typing import Any

from sqlglot import exp

from openecp.platform.engines.row_kinds import NUMBER, REAL, TEXT, Kind, Untranslatable, Value, guarded, real

TESTED = {exp.StartsWith: "startswith", exp.EndsWith: "endswith"}


class Figures:
    """Expressions that a Writer writes besides its own."""

    def value(self, node: Any) -> Value:
        """Return an expression."""
        raise NotImplementedError

    def aligned(self, values: list[Value]) -> list[Value]:
        """Return values of one kind."""
        raise NotImplementedError

    def _maybe(self, text: str, kind: Kind, nullable: bool) -> Value:
        raise NotImplementedError

    def _div(self, node: exp.Div) -> Value:
        left, right = real(self.value(node.this)), real(self.value(node.expression))
        return self._maybe(f"divided({guarded(left)}, {guarded(right)})", REAL, True)

    def _mul(self, node: exp.Mul) -> Value:
        left, right = self.value(node.this), self.value(node.expression)
        if REAL in (left.kind, right.kind):
            left, right = real(left), real(right)
        kind = REAL if left.kind == REAL else Kind("number", left.kind.scale + right.kind.scale)
        return Value(f"({left.text} * {right.text})", kind, left.holes | right.holes)

    def _abs(self, node: exp.Abs) -> Value:
        inner = self.value(node.this)
        return Value(f"abs({inner.text})", inner.kind, inner.holes)

    def _greatest(self, node: exp.Greatest) -> Value:
        values = self.aligned([self.value(one) for one in (node.this, *node.expressions)])
        if any(one.holes for one in values):  # nulls are passed over
            return self._maybe(f"greatest({', '.join(guarded(one) for one in values)})", values[0].kind, True)
        return Value(f"max({', '.join(one.text for one in values)})", values[0].kind)

    def _letters(self, node: Any, function: str) -> Value:
        inner = self.value(node.this)
        if inner.kind != TEXT:
            raise Untranslatable(f"{node.sql('duckdb')[:80]}: a text is needed")
        return Value(f"{function}({inner.text})", TEXT, inner.holes)

    def _lower(self, node: exp.Lower) -> Value:
        return self._letters(node, "lowered")

    def _upper(self, node: exp.Upper) -> Value:
        return self._letters(node, "raised")

    def _trim(self, node: exp.Trim) -> Value:
        if node.expression or node.args.get("position"):
            raise Untranslatable(f"{node.sql('duckdb')[:80]}: only blanks on both sides")
        inner = self.value(node.this)
        return Value(f"{inner.text}.strip(' ')", TEXT, inner.holes)


def literal(text: str) -> Value:
    """Return a number as it is written; with an exponent it is a double.

    Raises: Untranslatable.
    """
    mantissa, exponent, power = text.lower().partition("e")
    whole, _, parts = mantissa.partition(".")
    if not (whole + parts).isdigit() or (exponent and not power.lstrip("+-").isdigit()):
        raise Untranslatable(f"{text}: expected a decimal number")
    if exponent:
        return Value(repr(float(text)), REAL)
    return Value(str(int(whole + parts)), Kind("number", len(parts)) if parts else NUMBER)
