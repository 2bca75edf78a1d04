# SPDX-License-Identifier: Apache-2.0
"""Reads a predicate: plain SQL over the documented columns and a list of pure functions, and nothing else.

The text is parsed as DuckDB's by sqlglot and understood node by node; what is not on the list is refused.
Limits: 4,000 characters, 400 words and signs, 16 levels, 200 values of a list, 60 comparisons, 8 operations in a term.
"""

from __future__ import annotations

from decimal import Decimal
from typing import Any, Literal

import sqlglot
from sqlglot import exp
from sqlglot.errors import SqlglotError

from openecp.border.risk.profiles.columns import column_of
from openecp.border.risk.profiles.fault import ProfileRefused
from openecp.border.risk.profiles.terms import (
    MIRRORED,
    NEGATED,
    All,
    Atom,
    Compared,
    Condition,
    Constant,
    Either,
    Matched,
    Named,
    OneOf,
    Operator,
    Term,
    Worked,
    kind_of,
    names_in,
)

TEXT_MAX, TOKENS_MAX, DEPTH_MAX, LIST_MAX, ATOMS_MAX, WORKED_MAX = 4_000, 400, 16, 200, 60, 8
LITERAL_MAX, NUMBER_MAX = 200, Decimal(10) ** 15
FUNCTIONS = ("abs", "least", "greatest", "lower", "upper", "trim", "length", "substring", "left",
             "starts_with", "ends_with", "contains")  # fmt: skip
_COMPARISONS: dict[type[exp.Expression], Operator] = {
    exp.EQ: "=", exp.NEQ: "<>", exp.LT: "<", exp.LTE: "<=", exp.GT: ">", exp.GTE: ">=",
}  # fmt: skip
_ARITHMETIC: dict[type[exp.Expression], str] = {exp.Add: "+", exp.Sub: "-", exp.Mul: "*", exp.Div: "/"}
_PLAIN: dict[type[exp.Expression], tuple[str, str]] = {
    exp.Abs: ("abs", "number"), exp.Lower: ("lower", "text"), exp.Upper: ("upper", "text"),
    exp.Trim: ("trim", "text"), exp.Length: ("length", "text"),
}  # fmt: skip
_TESTS: dict[type[exp.Expression], Literal["starts_with", "ends_with", "contains"]] = {
    exp.StartsWith: "starts_with", exp.EndsWith: "ends_with", exp.Contains: "contains",
}  # fmt: skip


def read_predicate(text: str) -> Condition:
    """Return a predicate as it was understood, NOT worked into the comparisons.

    Raises: ProfileRefused.
    """
    _bounded(text)
    try:
        tree: Any = sqlglot.parse_one(text, read="duckdb", into=exp.Condition)
        made = _Reading().condition(tree, negated=False, depth=0)
    except SqlglotError as error:
        found = getattr(error, "errors", None) or [{}]
        at = f"line {found[0].get('line', 1)}, column {found[0].get('col', 1)}"
        raise _refused("one condition in SQL, origin = 'QP' AND value_minor < 5000",
                       f"something else at {at}: {text[:80]}", "Correct it there.") from None  # fmt: skip
    except RecursionError:
        raise _refused(f"at most {DEPTH_MAX} levels", "many more", "Write it flatter.") from None
    if not any(True for _ in names_in(made)):
        raise _refused("a condition on a column", text[:80], "Name at least one column.")
    return made


def _bounded(text: str) -> None:
    if not text.strip():
        raise _refused("a condition in SQL", "nothing", "Write what the profile looks for.")
    if len(text) > TEXT_MAX:
        raise _refused(f"at most {TEXT_MAX} characters", str(len(text)), "Make several profiles of it.")
    if any(sign < " " and sign not in "\n\r\t" for sign in text) or any("\ud800" <= s <= "\udfff" for s in text):
        raise _refused("printable text", "control characters", "Take them out.")
    depth = deepest = 0
    for sign in text:
        depth += (sign == "(") - (sign == ")")
        deepest = max(deepest, depth)
    if deepest > DEPTH_MAX * 2:
        raise _refused(f"at most {DEPTH_MAX * 2} open brackets", str(deepest), "Write it flatter.")
    try:
        tokens = sqlglot.tokenize(text, read="duckdb")
    except SqlglotError:
        raise _refused("words, numbers and texts in quotes", text[:80], "Close every quote.") from None
    values = sum(token.token_type.name in ("STRING", "NUMBER", "COMMA") for token in tokens)
    if len(tokens) - values > TOKENS_MAX or len(tokens) > 3 * TOKENS_MAX:
        raise _refused(f"at most {TOKENS_MAX} words and signs", str(len(tokens)), "Make several profiles of it.")
    if any(token.comments for token in tokens):
        raise _refused("a condition without comments", "a comment", "Tell it in the purpose.")


def _refused(expected: str, got: str, fix: str) -> ProfileRefused:
    return ProfileRefused("The predicate cannot be used.", where="predicate", expected=expected, got=got[:200], fix=fix)


class _Reading:
    """One predicate being read: what is counted on the way."""

    def __init__(self) -> None:
        self._atoms = 0

    def condition(self, node: Any, *, negated: bool, depth: int) -> Condition:
        if depth > DEPTH_MAX * 4:
            raise _refused(f"at most {DEPTH_MAX} levels", "more", "Write it flatter.")
        if isinstance(node, exp.Paren):
            return self.condition(node.this, negated=negated, depth=depth + 1)
        if isinstance(node, exp.Not):
            return self.condition(node.this, negated=not negated, depth=depth + 1)
        if isinstance(node, exp.And | exp.Or):
            parts = tuple(
                self.condition(part, negated=negated, depth=depth + 1) for part in _chain(node, type(node))
            )  # fmt: skip
            return All(parts) if isinstance(node, exp.And) != negated else Either(parts)
        self._atoms += 1
        if self._atoms > ATOMS_MAX:
            raise _refused(f"at most {ATOMS_MAX} comparisons", "more", "Use IN lists, or make several profiles of it.")
        return self._atom(node, negated != bool(node.args.get("negate")))

    def _atom(self, node: Any, negated: bool) -> Condition:
        kind = type(node)
        if kind in _COMPARISONS:
            return self._compared(_COMPARISONS[kind], node, negated)
        if kind in _TESTS:
            _only(node, "this", "expression")
            return _matched(_TESTS[kind], self._text(node.this), _string(node.expression), negated)
        if kind is exp.Like:
            _only(node, "this", "expression", "negate")
            return _like(self._text(node.this), _string(node.expression), negated)
        if kind is exp.In:
            if node.args.get("query"):
                raise _not_listed(node.args["query"])
            _only(node, "this", "expressions", "negate")
            return self._one_of(node, negated)
        if kind is exp.Between:
            _only(node, "this", "low", "high", "negate")
            term = self.term(node.this, 0)
            low, high = (self._alike(term, self.term(node.args[end], 0)) for end in ("low", "high"))
            both = (_lower_text(Compared(NEGATED[">="] if negated else ">=", term, low)),
                    _lower_text(Compared(NEGATED["<="] if negated else "<=", term, high)))  # fmt: skip
            return Either(both) if negated else All(both)
        raise _not_listed(node)

    def _compared(self, operator: Operator, node: Any, negated: bool) -> Atom:
        _only(node, "this", "expression")
        left, right = self.term(node.this, 0), self.term(node.expression, 0)
        if isinstance(left, Constant):
            left, right, operator = right, left, MIRRORED[operator]
        self._alike(left, right)
        operator = NEGATED[operator] if negated else operator
        if isinstance(left, Named) and left.name == "procedure" and isinstance(right, Constant):
            text = str(right.value)
            if len(text) == 4 and operator in ("=", "<>"):  # the pair of procedures, as criteria compare it
                return Matched("starts_with", left, text, operator == "<>")
        return _lower_text(Compared(operator, left, right))

    def _one_of(self, node: Any, negated: bool) -> Condition:
        term, given = self.term(node.this, 0), node.expressions
        if not 0 < len(given) <= LIST_MAX:
            raise _refused(f"a list of 1 to {LIST_MAX} values", str(len(given)), "Make several profiles of it.")
        constants = [self._alike(term, self.term(value, 0)) for value in given]
        if not all(isinstance(value, Constant) for value in constants):
            raise _refused("values in a list", node.sql()[:80], "Compare with a column by = instead.")
        values = tuple(dict.fromkeys(value.value for value in constants if isinstance(value, Constant)))
        if isinstance(term, Named) and term.name == "description":
            values = tuple(dict.fromkeys(str(value).lower() for value in values))
        if isinstance(term, Named) and term.name == "procedure" and all(len(str(value)) == 4 for value in values):
            parts = tuple(Matched("starts_with", term, str(value), negated) for value in values)
            return parts[0] if len(parts) == 1 else All(parts) if negated else Either(parts)
        return OneOf(term, values, negated)

    def term(self, node: Any, depth: int) -> Term:
        """Return a term; Raises: ProfileRefused."""
        term = self._term(node, depth)
        if _operations(term) > WORKED_MAX:
            raise _refused(f"at most {WORKED_MAX} operations in a term", node.sql()[:80], "Simplify it.")
        return term

    def _term(self, node: Any, depth: int) -> Term:
        if depth > DEPTH_MAX:
            raise _refused(f"at most {DEPTH_MAX} levels", "more", "Write it flatter.")
        kind = type(node)
        if kind is exp.Paren:
            return self._term(node.this, depth + 1)
        if kind is exp.Column:
            _only(node, "this")
            return Named(column_of(node.name).name)
        if kind is exp.Literal:
            return Constant(_string(node)) if node.is_string else Constant(_number(node.name))
        if kind is exp.Neg:
            inner = self._term(node.this, depth + 1)
            if isinstance(inner, Constant) and isinstance(inner.value, Decimal):
                return Constant(-inner.value)
            return Worked("-", (Constant(Decimal(0)), self._of(inner, "number", node)))
        if kind in _ARITHMETIC:
            _only(node, "this", "expression", "typed", "safe")
            sides = (self._of(self._term(node.this, depth + 1), "number", node),
                     self._of(self._term(node.expression, depth + 1), "number", node))  # fmt: skip
            return Worked(_ARITHMETIC[kind], sides)
        if kind in _PLAIN:
            _only(node, "this")
            name, wanted = _PLAIN[kind]
            return Worked(name, (self._of(self._term(node.this, depth + 1), wanted, node),))
        if kind in (exp.Least, exp.Greatest):
            _only(node, "this", "expressions", "ignore_nulls")
            given = [node.this, *node.expressions]
            terms = tuple(self._of(self._term(each, depth + 1), "number", node) for each in given[:9])
            return Worked("least" if kind is exp.Least else "greatest", terms)
        if kind in (exp.Substring, exp.Left):
            return self._part(node, depth)
        raise _not_listed(node)

    def _part(self, node: Any, depth: int) -> Term:
        left = isinstance(node, exp.Left)
        _only(node, *(("this", "expression") if left else ("this", "start", "length")))
        places = [exp.Literal.number(1), node.expression] if left else [node.args.get("start"), node.args.get("length")]
        terms = [self._term(place, depth + 1) for place in places if place is not None]
        for each in terms:
            whole = isinstance(each, Constant) and isinstance(each.value, Decimal) and each.value in range(1, 201)
            if not whole:
                raise _refused("whole numbers from 1 to 200", node.sql()[:80], "Write the places as numbers.")
        return Worked("substring", (self._text(node.this), *terms))

    def _text(self, node: Any) -> Term:
        return self._of(self.term(node, 0), "text", node)

    def _of(self, term: Term, wanted: str, node: Any) -> Term:
        if kind_of(term) != wanted:
            raise _refused(f"a {wanted}", f"a {kind_of(term)}: {node.sql()[:80]}", "Compare like with like.")
        return term

    def _alike(self, one: Term, other: Term) -> Term:
        if kind_of(one) != kind_of(other):
            name = one.name if isinstance(one, Named) else "the left side"
            shown = other.value if isinstance(other, Constant) else "a term"
            quotes = "Put it in quotes: 'x'." if kind_of(one) == "text" else "Write it without quotes."
            raise _refused(f"a {kind_of(one)}, as {name} is", f"a {kind_of(other)}: {shown}", quotes)
        return other


def _chain(node: Any, kind: type[Any]) -> list[Any]:
    """Return the parts of a chain of one connector, which the parser hangs to the left."""
    parts: list[Any] = []
    while isinstance(node, kind):
        parts.append(node.expression)
        node = node.this
    return [node, *reversed(parts)]


def _operations(term: Term) -> int:
    return 1 + sum(_operations(each) for each in term.of) if isinstance(term, Worked) else 0


def _only(node: Any, *names: str) -> None:
    """Refuse a node that says more than is understood."""
    more = [name for name, value in node.args.items() if value not in (None, False, [], ()) and name not in names]
    if more:
        raise _refused("a plain form", node.sql()[:80], f"Leave out what stands there besides ({', '.join(more)}).")


def _not_listed(node: Any) -> ProfileRefused:
    if isinstance(node, exp.Query | exp.Subquery):
        return _refused("columns of the item alone", "a question to a table", "No other table can be read.")
    if isinstance(node, exp.Is | exp.Null):
        return _refused("a comparison with '' or 0", "NULL", "No column is empty: write origin = '' or net_kg = 0.")
    if isinstance(node, exp.Column | exp.Literal | exp.Boolean):
        return _refused("a comparison", node.sql()[:80], "Say what it is compared with.")
    if isinstance(node, exp.Func | exp.Anonymous | exp.RegexpLike):
        name = node.name if isinstance(node, exp.Anonymous) else node.sql_name().lower()
        return _refused("one of the functions " + ", ".join(FUNCTIONS), name[:60], "Only these are known to be pure.")
    return _refused("comparisons joined by AND, OR, NOT", f"{type(node).__name__}: {node.sql()[:80]}",
                    "Write it with = <> < <= > >= IN BETWEEN LIKE.")  # fmt: skip


def _string(node: Any) -> str:
    if not isinstance(node, exp.Literal) or not node.is_string:
        raise _refused("a text in quotes", node.sql()[:80], "Write it as 'x'.")
    if len(node.name) > LITERAL_MAX:
        raise _refused(f"a text of at most {LITERAL_MAX} characters", str(len(node.name)), "Shorten it.")
    return node.name


def _number(text: str) -> Decimal:
    try:
        value = Decimal(text)
    except ArithmeticError:
        raise _refused("a number such as 5000 or 0.5", text[:60], "Correct it.") from None
    exponent = value.as_tuple().exponent
    if not value.is_finite() or abs(value) > NUMBER_MAX or not isinstance(exponent, int) or exponent < -9:
        raise _refused(f"a number up to {NUMBER_MAX:,.0f} with at most 9 decimals", text[:60], "Correct it.")
    return value


def _lower_text(atom: Compared) -> Compared:
    if isinstance(atom.left, Named) and atom.left.name == "description" and isinstance(atom.right, Constant):
        return Compared(atom.operator, atom.left, Constant(str(atom.right.value).lower()))
    return atom


def _matched(
    how: Literal["starts_with", "ends_with", "contains"], term: Term, text: str, negated: bool
) -> Matched:  # fmt: skip
    if not text:
        raise _refused("a text to look for", "''", "Write what it begins with, ends with or contains.")
    lower = isinstance(term, Named) and term.name == "description"
    return Matched(how, term, text.lower() if lower else text, negated)


def _like(term: Term, pattern: str, negated: bool) -> Atom:
    middle = pattern.strip("%")
    starts, ends = pattern.endswith("%"), pattern.startswith("%")
    if "%" in middle or "_" in middle or "\\" in middle:
        raise _refused("a pattern 'x%', '%x' or '%x%'", pattern[:60], "Join two patterns by AND.")
    if not starts and not ends:
        return _lower_text(Compared("<>" if negated else "=", term, Constant(middle)))
    how: Literal["starts_with", "ends_with", "contains"] = "starts_with" if starts else "ends_with"
    return _matched("contains" if starts and ends else how, term, middle, negated)
