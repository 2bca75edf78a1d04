# SPDX-License-Identifier: Apache-2.0
"""Expressions of step SQL as lines of Python: null is None, decimals are whole numbers of a known scale, logic has
three values.

Limits: what steps use and nothing more; anything else is refused when a statement is translated. An amount too large
for its type is no fault here, where a database would stop: whole numbers have no end.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date
from typing import Any, Protocol

from sqlglot import exp

from openecp.platform.engines.row_figures import TESTED, Figures, literal
from openecp.platform.engines.row_kinds import (
    DAY,
    FLAG,
    NOTHING,
    NUMBER,
    REAL,
    TEXT,
    Kind,
    Untranslatable,
    Value,
    as_text,
    guarded,
    kind_of,
    real,
    scaled,
)


class Found(Protocol):
    """Where an expression finds its columns."""

    def column(self, node: exp.Column) -> Value: ...

    def held(self, text: str) -> str:
        """Return the variable that holds what a text gives; the same text is worked out once a row."""

    def computed(self, node: exp.Window) -> Value: ...


_NONE: frozenset[str] = frozenset()
_COMPARED = {exp.EQ: "==", exp.NEQ: "!=", exp.LT: "<", exp.LTE: "<=", exp.GT: ">", exp.GTE: ">="}
_TURNED = {"==": "!=", "!=": "==", "<": ">=", ">=": "<", ">": "<=", "<=": ">"}
_LOGIC = (exp.And, exp.Or, exp.Not, exp.Is, exp.Between, exp.In, exp.Contains, *TESTED, *_COMPARED)


def _known(holes: Iterable[str]) -> list[str]:
    return [f"{name} is not None" for name in sorted(set(holes))]


class Writer(Figures):
    """Writes expressions over the columns of one row."""

    def __init__(self, found: Found) -> None:
        self._found = found
        self._written: dict[int, tuple[Any, Value]] = {}  # the node is kept with it, so that no other has its number

    def value(self, node: Any) -> Value:
        """Return an expression; each is written once."""
        known = self._written.get(id(node))
        if known is None:
            known = self._written[id(node)] = node, self._new_value(node)
        return known[1]

    def _new_value(self, node: Any) -> Value:
        if isinstance(node, exp.Paren | exp.Alias):
            return self.value(node.this)
        if isinstance(node, exp.Column):
            return self._found.column(node)
        if isinstance(node, exp.Literal):
            return self._literal(node)
        if isinstance(node, exp.Null):
            return Value("None", NOTHING, frozenset({"None"}))
        if isinstance(node, exp.Boolean):
            return Value(str(bool(node.this)), FLAG)
        if isinstance(node, _LOGIC):
            return self._logic(node)
        if isinstance(node, exp.Window):
            return self._found.computed(node)
        made = getattr(self, f"_{type(node).__name__.lower()}", None)
        if made is None:
            raise Untranslatable(f"{node.sql('duckdb')[:80]}: this engine does not know {type(node).__name__}")
        found: Value = made(node)
        return found

    def atom(self, node: Any) -> Value:
        """Return an expression that is one name, or a literal."""
        return self.named(self.value(node))

    def named(self, value: Value) -> Value:
        """Return a value under one name."""
        if value.text.isidentifier() or value.text.isdigit() or (value.text[0] == "'" and not value.holes):
            return value
        name = self._found.held(guarded(value))
        return Value(name, value.kind, frozenset({name}) if value.holes else _NONE)

    # -- truth ----------------------------------------------------------------------------------------------------

    def truth(self, node: Any) -> str:
        """Return Python that is true where the expression is TRUE."""
        return self._decided(node, True)

    def _decided(self, node: Any, wanted: bool) -> str:
        """Return Python of whether an expression is TRUE, or of whether it is FALSE."""
        if isinstance(node, exp.Paren):
            return self._decided(node.this, wanted)
        if isinstance(node, exp.Not):
            return self._decided(node.this, not wanted)
        if isinstance(node, exp.And | exp.Or):
            word = " and " if isinstance(node, exp.And) is wanted else " or "
            return f"({word.join(self._decided(part, wanted) for part in node.flatten())})"
        if isinstance(node, exp.Boolean):
            return str(bool(node.this) is wanted)
        if isinstance(node, exp.Is):
            return f"({guarded(self.atom(node.this))} {'is' if wanted else 'is not'} None)"
        if isinstance(node, exp.Between):
            low = exp.GTE(this=node.this, expression=node.args["low"])
            high = exp.LTE(this=node.this, expression=node.args["high"])
            return self._decided(exp.And(this=low, expression=high), wanted)
        if isinstance(node, exp.In):
            return self._listed(node, wanted)
        if isinstance(node, exp.Contains):
            whole, part = self.atom(node.this), self.value(node.expression)
            word = "in" if wanted else "not in"
            return self._joined([*_known(whole.holes | part.holes), f"{part.text} {word} {whole.text}"])
        if type(node) in TESTED:
            whole, part = self.atom(node.this), self.value(node.expression)
            found = f"{'' if wanted else 'not '}{whole.text}.{TESTED[type(node)]}({part.text})"
            return self._joined([*_known(whole.holes | part.holes), found])
        if isinstance(node, exp.Case):
            return self._chosen(node, wanted)
        if type(node) in _COMPARED:
            return self._compared(node, wanted)
        flag = self.atom(node)
        return f"({flag.text} is {wanted})" if flag.holes or not wanted else flag.text

    def _chosen(self, node: exp.Case, wanted: bool) -> str:
        """Return Python of whether the branch that is taken is TRUE, or FALSE; the others are not worked out."""
        default = node.args.get("default")
        text = self._decided(default, wanted) if default is not None else "False"
        for one in reversed(node.args["ifs"]):
            asked = exp.EQ(this=node.this, expression=one.this) if node.this else one.this
            text = f"({self._decided(one.args['true'], wanted)} if {self.truth(asked)} else {text})"
        return text

    @staticmethod
    def _joined(parts: list[str]) -> str:
        return f"({' and '.join(parts)})"

    def _listed(self, node: exp.In, wanted: bool) -> str:
        asked = self.atom(node.this)
        given = node.expressions[0] if len(node.expressions) == 1 else None
        if isinstance(given, exp.Column) and given.name.startswith("parameters_"):
            word = "in" if wanted else "not in"
            text = f"{asked.text} {word} parameters[{given.name.removeprefix('parameters_')}]"
            return self._joined([*_known(asked.holes), text])
        asked, *words = self.aligned([asked, *(self.value(one) for one in node.expressions)])
        asked = self.named(asked)
        if not words or any(word.holes for word in words):
            raise Untranslatable(f"{node.sql('duckdb')[:80]}: a list of known values is needed")
        texts = ", ".join(word.text for word in words)
        listed = f"{asked.text} {'in' if wanted else 'not in'} ({texts},)"
        return self._joined([*([] if wanted else _known(asked.holes)), listed])

    def _compared(self, node: Any, wanted: bool) -> str:
        left, right = self.aligned([self.value(node.this), self.value(node.expression)])
        word = _COMPARED[type(node)] if wanted else _TURNED[_COMPARED[type(node)]]
        if NOTHING in (left.kind, right.kind):
            return "False"
        holes = left.holes | right.holes
        if (
            word == "=="
            and (not left.holes or not right.holes)
            and all(name in (left.text, right.text) for name in holes)
        ):
            holes = _NONE  # nothing that is null equals what is known
        return self._joined([*_known(holes), f"{left.text} {word} {right.text}"])

    def _logic(self, node: Any) -> Value:
        if isinstance(node, exp.Is):
            return Value(self.truth(node), FLAG)
        true, false = self.truth(node), self._decided(node, False)
        if not self._nullable(node):
            return Value(true, FLAG)
        name = self._found.held(f"(True if {true} else False if {false} else None)")
        return Value(name, FLAG, frozenset({name}))

    def _nullable(self, node: Any) -> bool:
        if isinstance(node, exp.And | exp.Or):
            return any(self._nullable(part) for part in node.flatten())
        if isinstance(node, exp.Not | exp.Paren):
            return self._nullable(node.this)
        if isinstance(node, exp.Is):
            return False
        if isinstance(node, exp.Between):
            return any(self.value(one).holes for one in (node.this, node.args["low"], node.args["high"]))
        if isinstance(node, exp.In):
            return bool(self.value(node.this).holes)
        if isinstance(node, exp.Contains) or type(node) in TESTED or type(node) in _COMPARED:
            return bool(self.value(node.this).holes or self.value(node.expression).holes)
        return bool(self.value(node).holes)

    # -- numbers --------------------------------------------------------------------------------------------------

    def _literal(self, node: exp.Literal) -> Value:
        if node.is_string:
            return Value(repr(node.name), TEXT)
        return literal(node.name)

    def aligned(self, values: list[Value]) -> list[Value]:
        """Return values of one kind: numbers at the greatest scale among them, doubles where one is."""
        kinds = {value.kind.name for value in values} - {"nothing"}
        if kinds == {"number", "real"}:
            return [value if value.kind == NOTHING else real(value) for value in values]
        if len(kinds) > 1:
            raise Untranslatable(f"values of several kinds together: {', '.join(sorted(kinds))}")
        if kinds != {"number"}:
            return values
        scale = max(value.kind.scale for value in values if value.kind != NOTHING)
        return [value if value.kind == NOTHING else scaled(value, scale) for value in values]

    def _sum(self, node: Any, word: str) -> Value:
        left, right = self.aligned([self.value(node.this), self.value(node.expression)])
        return Value(f"({left.text} {word} {right.text})", left.kind, left.holes | right.holes)

    def _add(self, node: exp.Add) -> Value:
        return self._sum(node, "+")

    def _sub(self, node: exp.Sub) -> Value:
        return self._sum(node, "-")

    def _neg(self, node: exp.Neg) -> Value:
        inner = self.value(node.this)
        return Value(f"(-{inner.text})", inner.kind, inner.holes)

    def _bitwiseand(self, node: exp.BitwiseAnd) -> Value:
        return self._sum(node, "&")

    def _parted(self, node: Any, function: str) -> Value:
        left, right = self.atom(node.this), self.atom(node.expression)
        if left.kind.scale or right.kind.scale:
            raise Untranslatable(f"{node.sql('duckdb')[:80]}: a quotient of whole numbers is needed")
        strict = Value(f"{function}({left.text}, {right.text})", NUMBER, left.holes | right.holes)
        name = self._found.held(guarded(strict))
        safe = right.text.isdigit() and int(right.text) > 0
        return Value(name, NUMBER, frozenset({name}) if strict.holes or not safe else _NONE)

    def _intdiv(self, node: exp.IntDiv) -> Value:
        return self._parted(node, "quotient")

    def _mod(self, node: exp.Mod) -> Value:
        return self._parted(node, "remainder")

    def _floor(self, node: exp.Floor) -> Value:
        inner = self.value(node.this)
        if inner.kind == REAL:
            raise Untranslatable(f"{node.sql('duckdb')[:80]}: a number of a known scale is needed")
        if not inner.kind.scale:
            return inner
        return Value(f"({inner.text} // {10**inner.kind.scale})", NUMBER, inner.holes)

    def _cast(self, node: exp.Cast) -> Value:
        inner, name = self.value(node.this), node.to.this.name
        if inner.kind == NOTHING:
            return Value("None", _cast_kind(node), inner.holes)
        wanted = _cast_kind(node)
        if wanted.name == inner.kind.name == "number":
            if wanted.scale >= inner.kind.scale:
                return scaled(inner, wanted.scale)
            divisor = 10 ** (inner.kind.scale - wanted.scale)
            return Value(f"half_up({inner.text}, {divisor})", wanted, inner.holes)
        if wanted == inner.kind:
            return inner
        if wanted == REAL:
            return real(inner)
        if wanted == TEXT:
            return Value(as_text(inner), TEXT, inner.holes)
        if wanted == DAY and isinstance(node.this, exp.Literal):
            day = date.fromisoformat(node.this.name)
            return Value(f"date({day.year}, {day.month}, {day.day})", DAY)
        raise Untranslatable(f"{node.sql('duckdb')[:80]}: a cast to {name} that this engine does not know")

    # -- texts and choices ----------------------------------------------------------------------------------------

    def _dpipe(self, node: exp.DPipe) -> Value:
        left, right = self.value(node.this), self.value(node.expression)
        return Value(f"({as_text(left)} + {as_text(right)})", TEXT, left.holes | right.holes)

    def _concat(self, node: exp.Concat) -> Value:
        parts = []
        for one in node.expressions:
            part = self.value(one)
            if part.kind == NOTHING:
                continue
            if not part.holes:
                parts.append(as_text(part))
                continue
            inner = self.named(part)
            parts.append(f"('' if {inner.text} is None else {as_text(inner)})")
        return Value(f"({' + '.join(parts) or repr('')})", TEXT)

    def _substring(self, node: exp.Substring) -> Value:
        text, start = self.value(node.this), node.args["start"]
        if not isinstance(start, exp.Literal) or int(start.name) < 1:
            raise Untranslatable(f"{node.sql('duckdb')[:80]}: a place from 1 is needed")
        begin = int(start.name) - 1
        length = node.args.get("length")
        if length is None:
            return Value(f"{text.text}[{begin}:]", TEXT, text.holes)
        long = self.value(length)
        end = str(begin + int(long.text)) if long.text.isdigit() else f"{begin} + max(0, {long.text})"
        return Value(f"{text.text}[{begin}:{end}]", TEXT, text.holes | long.holes)

    def _length(self, node: exp.Length) -> Value:
        inner = self.value(node.this)
        return Value(f"len({inner.text})", NUMBER, inner.holes)

    def _regexplike(self, node: exp.RegexpLike) -> Value:
        text, pattern = self.value(node.this), self.value(node.expression)
        return Value(f"matched({text.text}, {pattern.text})", FLAG, text.holes | pattern.holes)

    def _translate(self, node: Any) -> Value:
        parts = node.expressions if isinstance(node, exp.Anonymous) else list(node.args.values())
        old, new = (one.name for one in parts[1:])
        inner = self.value(parts[0])
        return Value(f"{inner.text}.translate({str.maketrans(old, new)!r})", TEXT, inner.holes)

    def _anonymous(self, node: exp.Anonymous) -> Value:
        if node.name.upper() == "TRANSLATE":
            return self._translate(node)
        raise Untranslatable(f"{node.sql('duckdb')[:80]}: this engine does not know {node.name}")

    def _coalesce(self, node: exp.Coalesce) -> Value:
        values = [self.named(one) for one in self.aligned([self.value(n) for n in (node.this, *node.expressions)])]
        kind = next((one.kind for one in values if one.kind != NOTHING), NOTHING)
        text, holes = values[-1].text, values[-1].holes
        for one in reversed(values[:-1]):
            if not one.holes:
                text, holes = one.text, _NONE
            else:
                text = f"({one.text} if {one.text} is not None else {text})"
        return self._maybe(text, kind, bool(holes))

    def _nullif(self, node: exp.Nullif) -> Value:
        one, other = self.aligned([self.atom(node.this), self.atom(node.expression)])
        one, other = self.named(one), self.named(other)
        return self._maybe(f"(None if {one.text} == {other.text} else {one.text})", one.kind, True)

    def _least(self, node: exp.Least) -> Value:
        values = self.aligned([self.value(one) for one in (node.this, *node.expressions)])
        known = [one for one in values if not one.holes]
        if len(known) != len(values):  # nulls are passed over
            names = ", ".join(guarded(one) for one in values)
            return self._maybe(f"least({names})", values[0].kind, True)
        return Value(f"min({', '.join(one.text for one in values)})", values[0].kind)

    def _case(self, node: exp.Case) -> Value:
        tests, values = [], []
        for one in node.args["ifs"]:
            asked = exp.EQ(this=node.this, expression=one.this) if node.this else one.this
            tests.append(self.truth(asked))
            values.append(self.value(one.args["true"]))
        values.append(self.value(node.args.get("default") or exp.Null()))
        values = self.aligned(values)
        kind = next((one.kind for one in values if one.kind != NOTHING), NOTHING)
        text = guarded(values[-1])
        for test, one in zip(reversed(tests), reversed(values[:-1]), strict=True):
            text = f"({guarded(one)} if {test} else {text})"
        return self._maybe(text, kind, any(one.holes for one in values))

    def _maybe(self, text: str, kind: Kind, nullable: bool) -> Value:
        if not nullable:
            return Value(text, kind)
        name = self._found.held(text)
        return Value(name, kind, frozenset({name}))


def _cast_kind(node: exp.Cast) -> Kind:
    target = node.to
    if target.this is exp.DataType.Type.DECIMAL:
        return Kind("number", int(target.expressions[1].name) if len(target.expressions) > 1 else 0)
    return kind_of(target.this.name)
