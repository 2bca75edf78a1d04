# SPDX-License-Identifier: Apache-2.0
"""A duty expression says how much duty goods bear: a share of the value, an amount per unit, sums, bounds, or none.

    expression = segment { ("MIN" | "MAX") segment }
    segment    = term { ("+" | "-") term }
    term       = percentage | amount | "NIHIL" | "Free"
    percentage = number "%" [ "of retail price" ]
    amount     = number currency "/" [ number ] [ unit ]           no unit: per item (`320.90 GBP / 1000`)

`16%`, `10% + 30.00 GBP / 100 KG`, `9.10% + 45.10 GBP / 100 KG MAX 18.90% + 16.50 GBP / 100 KG`, `NIHIL`.
MIN sets a minimum, so it takes the greater side; MAX sets a maximum and takes the lesser. The last one splits the
expression: `a MIN b MAX c - d` is min(max(a, b), c - d).

Source: TARIC measure components (expressions 01 to 37) as UK and EU tariffs print them.
Limits: 500 characters, 32 terms, numbers of 12 digits before and 9 after the point.
Raises: DutyExpressionError and nothing else, whatever the text.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from decimal import Decimal
from fractions import Fraction
from functools import lru_cache
from typing import Literal, TypeAlias

import msgspec

from openecp.border.tariff.units import ALIASES, STANDARD_UNITS, Units

MAX_LENGTH = 500
MAX_TERMS = 32
Bound = Literal["MIN", "MAX"]
Kind = Literal["free", "ad valorem", "specific", "compound", "mixed", "retail price"]
Rational: TypeAlias = Decimal | Fraction | int


class DutyExpressionError(ValueError):
    """A duty expression that cannot be read: what stands where, what was expected, and what to write instead."""

    def __init__(self, label: str, position: int, expected: str, got: str, hint: str) -> None:
        self.label, self.position, self.expected, self.got, self.hint = label, position, expected, got, hint
        super().__init__(f"{label} at character {position}: expected {expected}, got {got}; {hint}")


class QuantityMissingError(LookupError):
    """An amount per unit needs a quantity that was not declared."""

    def __init__(self, unit: str) -> None:
        self.unit = unit
        super().__init__(f"quantity in {unit}: expected a declared quantity, got none; declare the quantity in {unit}")


class ExchangeRateMissingError(LookupError):
    """An amount in another currency needs an exchange rate that is not there."""

    def __init__(self, currency: str) -> None:
        self.currency = currency
        super().__init__(f"exchange rate of {currency}: expected a rate, got none; load one that holds on the date")


class Percentage(msgspec.Struct, frozen=True, tag=True):
    """A share of the customs value, or of the retail price (`of_retail`)."""

    percent: Decimal
    of_retail: bool = False

    def __str__(self) -> str:
        return f"{self.percent:f}%" + (" of retail price" if self.of_retail else "")


class AmountPerUnit(msgspec.Struct, frozen=True, tag=True):
    """An amount of money per so many units: 30.00 GBP / 100 KGM."""

    amount: Decimal
    currency: str
    per: Decimal
    unit: str

    def __str__(self) -> str:
        return f"{self.amount:f} {self.currency} / " + ("" if self.per == 1 else f"{self.per:f} ") + self.unit


class NoDuty(msgspec.Struct, frozen=True, tag=True):
    """No duty: `NIHIL` in European tariffs, `Free` in others."""

    word: Literal["NIHIL", "Free"] = "NIHIL"

    def __str__(self) -> str:
        return self.word


Component: TypeAlias = Percentage | AmountPerUnit | NoDuty


class Term(msgspec.Struct, frozen=True):
    """One component, added or taken away."""

    component: Component
    minus: bool = False


class DutyExpression(msgspec.Struct, frozen=True):
    """Segments (sums of terms) and between them the bounds: `bounds[i]` joins segment i with segment i + 1."""

    segments: tuple[tuple[Term, ...], ...]
    bounds: tuple[Bound, ...] = ()

    def __str__(self) -> str:
        """Write the canonical text; `parse(str(expression))` is the same expression."""
        text = ""
        for number, segment in enumerate(self.segments):
            text += f" {self.bounds[number - 1]} " if number else ""
            for place, term in enumerate(segment):
                text += "" if place == 0 else (" - " if term.minus else " + ")
                text += str(term.component)
        return text

    @property
    def components(self) -> tuple[Component, ...]:
        """Return every component in the order of the text."""
        return tuple(term.component for segment in self.segments for term in segment)

    @property
    def ad_valorem(self) -> Decimal | None:
        """Return the percentage of a purely ad valorem duty (0 for none), else None."""
        if len(self.segments) != 1 or len(self.segments[0]) != 1:
            return None
        only = self.segments[0][0].component
        if isinstance(only, Percentage):
            return None if only.of_retail else only.percent
        return Decimal(0) if isinstance(only, NoDuty) else None

    @property
    def kind(self) -> Kind:
        """Return the kind of duty, as reports count it."""
        if self.bounds:
            return "mixed"
        parts = [part for part in self.components if not isinstance(part, NoDuty)]
        if not parts:
            return "free"
        if any(isinstance(part, Percentage) and part.of_retail for part in parts):
            return "retail price"
        if all(isinstance(part, Percentage) for part in parts):
            return "ad valorem"
        return "specific" if len(parts) == 1 else "compound"


_SPACE = re.compile(r"\s*")
_NUMBER = re.compile(r"[0-9][0-9.,]*")
_PLAIN_NUMBER = re.compile(r"[0-9]{1,12}(\.[0-9]{1,9})?")
_BOUND = re.compile(r"(MIN|MAX)(?![A-Za-z0-9])", re.IGNORECASE)
_NO_DUTY = re.compile(r"(NIHIL|FREE)(?![A-Za-z0-9])", re.IGNORECASE)
_OF_RETAIL = re.compile(r"of\s+(?:the\s+)?(?:retail\s+price|RET)(?![A-Za-z0-9])", re.IGNORECASE)
_CENTS = re.compile(r"(¢|cents?(?![A-Za-z0-9]))", re.IGNORECASE)
_CURRENCY = re.compile(r"[A-Za-z]{3}(?![A-Za-z0-9])")
_PER = re.compile(r"/|per(?![A-Za-z0-9])|each(?![A-Za-z0-9])", re.IGNORECASE)
_UNIT = re.compile(r"[A-Za-z][A-Za-z0-9]{1,3}(?:#[A-Za-z0-9]{1,4})?(?![A-Za-z0-9#])")
_ALIAS = re.compile(
    "("
    + "|".join(re.escape(alias).replace(r"\ ", r"\s*") for alias in sorted(ALIASES, key=len, reverse=True))
    + r")(?![A-Za-z0-9#²³])",
    re.IGNORECASE,
)
_CODE_OF = {alias.replace(" ", ""): code for alias, code in ALIASES.items()}
_SIGNS = {"+": False, "-": True, "−": True, "–": True}
_SYMBOLS = {"£": "GBP", "€": "EUR"}


class _Reader:
    """Walks over the text once, left to right."""

    def __init__(self, text: str, currency: str | None) -> None:
        self.text, self.currency, self.at = text, currency, 0

    def skip(self) -> None:
        match = _SPACE.match(self.text, self.at)
        self.at = match.end() if match else self.at

    def take(self, pattern: re.Pattern[str]) -> str | None:
        self.skip()
        match = pattern.match(self.text, self.at)
        if match is None:
            return None
        self.at = match.end()
        return match.group()

    def fail(self, label: str, expected: str, hint: str, at: int | None = None) -> DutyExpressionError:
        place = self.at if at is None else at
        word = self.text[place : place + 20].split(maxsplit=1)
        got = repr(word[0]) if word else "the end"
        return DutyExpressionError(label, place + 1, expected, got, hint)

    def expression(self) -> DutyExpression:
        segments, bounds = [self.segment()], list[Bound]()
        while bound := self.take(_BOUND):
            bounds.append("MIN" if bound.upper() == "MIN" else "MAX")
            segments.append(self.segment())
        self.skip()
        if self.at < len(self.text):
            raise self.fail("end of expression", "+, -, MIN, MAX or the end", "join terms with one of these")
        terms = sum(len(segment) for segment in segments)
        if terms > MAX_TERMS:
            raise DutyExpressionError("terms", 1, f"at most {MAX_TERMS}", str(terms), "split the measure")
        return DutyExpression(tuple(segments), tuple(bounds))

    def segment(self) -> tuple[Term, ...]:
        terms = [Term(self.component())]
        while True:
            self.skip()
            minus = _SIGNS.get(self.text[self.at : self.at + 1])
            if minus is None:
                return tuple(terms)
            self.at += 1
            terms.append(Term(self.component(), minus))

    def component(self) -> Component:
        word = self.take(_NO_DUTY)
        if word:
            return NoDuty("NIHIL" if word.upper() == "NIHIL" else "Free")
        symbol = self.symbol()
        number = self.number("rate or amount", "a number, NIHIL or Free")
        self.skip()
        if symbol is None and self.text.startswith("%", self.at):
            self.at += 1
            return Percentage(number, self.take(_OF_RETAIL) is not None)
        return self.amount(number, symbol)

    def symbol(self) -> str | None:
        self.skip()
        sign = self.text[self.at : self.at + 1]
        if sign in _SYMBOLS:
            self.at += 1
            return _SYMBOLS[sign]
        if sign == "$":
            self.at += 1
            return self.home("$")
        return None

    def home(self, written: str) -> str:
        if self.currency is None:
            raise self.fail(
                "currency", "a currency code", f"{written} may be of several countries: write 0.12 USD", self.at - 1
            )
        return self.currency

    def number(self, label: str, expected: str) -> Decimal:
        self.skip()
        start = self.at
        text = self.take(_NUMBER)
        if text is None:
            raise self.fail(label, expected, "write for example 16% or 30.00 GBP / 100 KG")
        if not _PLAIN_NUMBER.fullmatch(text):
            hint = "write a decimal point and no thousands separator, at most 12 digits before and 9 after the point"
            raise self.fail(label, "a number such as 9.10", hint, start)
        return Decimal(text)

    def amount(self, number: Decimal, symbol: str | None) -> AmountPerUnit:
        currency = symbol
        if currency is None and self.take(_CENTS):
            number = number.scaleb(-2)
            code = None if self.lookahead_is_unit() else self.take(_CURRENCY)
            currency = code.upper() if code else self.home("a cent")
        elif currency is None:
            self.skip()
            at = self.at
            code = self.take(_CURRENCY)
            if code is None:
                raise self.fail("rate or amount", "% or a currency code", "write for example 16% or 30.00 GBP / KG", at)
            currency = code.upper()
        separator = self.take(_PER)
        if separator is None:
            if _BOUND.match(self.text, self.at) or not (_ALIAS.match(self.text, self.at) or self.unit_follows()):
                raise self.fail("unit", "/ and a unit", f"say per what: {number:f} {currency} / 100 KG")
        elif separator.lower() == "each":
            return AmountPerUnit(number, currency, Decimal(1), "NAR")
        return self.per_unit(number, currency)

    def lookahead_is_unit(self) -> bool:
        self.skip()
        return _PER.match(self.text, self.at) is not None

    def unit_follows(self) -> bool:
        return _UNIT.match(self.text, self.at) is not None

    def per_unit(self, amount: Decimal, currency: str) -> AmountPerUnit:
        self.skip()
        start = self.at
        per = self.number("unit", "a number") if _NUMBER.match(self.text, self.at) else None
        if per is not None and per == 0:
            raise self.fail("unit", "a number above 0", "an amount per 0 units has no meaning", start)
        self.skip()
        unit: str | None = None
        if not _BOUND.match(self.text, self.at):
            if alias := self.take(_ALIAS):
                unit = _CODE_OF["".join(alias.lower().split())]
            elif code := self.take(_UNIT):
                stem, mark, qualifier = code.partition("#")
                unit = _CODE_OF.get(stem.lower(), stem.upper()) + mark + qualifier.upper()
        if unit is None and per is None:
            raise self.fail("unit", "a unit of measurement", "write a unit code such as KGM, DTN, LTR or NAR")
        return AmountPerUnit(amount, currency, per if per is not None else Decimal(1), unit or "NAR")


@lru_cache(maxsize=65536)
def parse(text: str, *, currency: str | None = None) -> DutyExpression:
    """Read a duty expression; `currency` is what `$`, cents and ¢ mean, which else are refused.

    Raises: DutyExpressionError.
    """
    if len(text) > MAX_LENGTH:
        got = f"{len(text)} characters"
        raise DutyExpressionError("expression", 1, f"at most {MAX_LENGTH} characters", got, "split the measure")
    return _Reader(text, currency).expression()


def evaluate(
    expression: DutyExpression,
    value_minor: int,
    quantities: Mapping[str, Decimal],
    fx: Mapping[str, Rational] | None = None,
    *,
    currency: str = "GBP",
    exponent: int = 2,
    units: Units = STANDARD_UNITS,
) -> Fraction:
    """Compute the duty in minor units of `currency`, exactly and unrounded; a result below zero counts as none.

    `quantities` by any unit (they are converted; RET is the retail price in whole currency), `fx` national currency
    for one unit of another. This is the plain form that documentation shows and tests hold the SQL steps against.
    Raises: QuantityMissingError, ExchangeRateMissingError.
    """
    facts = _Facts(value_minor, quantities, fx or {}, currency, exponent, units)
    sums = [sum((facts.term(term) for term in segment), Fraction(0)) for segment in expression.segments]
    result = sums[0]
    for bound, right in zip(expression.bounds, sums[1:], strict=True):
        result = max(result, right) if bound == "MIN" else min(result, right)
    return max(result, Fraction(0))


class _Facts:
    """What an item says of itself, with its quantities in base units."""

    def __init__(
        self,
        value_minor: int,
        quantities: Mapping[str, Decimal],
        fx: Mapping[str, Rational],
        currency: str,
        exponent: int,
        units: Units,
    ) -> None:
        self.value_minor, self.fx, self.currency, self.units = value_minor, fx, currency, units
        self.scale = Fraction(10) ** exponent
        self.quantities: dict[str, Fraction] = {}
        for unit, quantity in quantities.items():
            name, factor = self.base(unit)
            if unit == name:
                self.quantities[name] = Fraction(quantity)  # what is declared in the base unit itself goes first
            else:
                self.quantities.setdefault(name, Fraction(quantity) * factor)

    def base(self, unit: str) -> tuple[str, Fraction]:
        base = self.units.base(unit)
        return (base.unit, Fraction(base.factor)) if base else (unit, Fraction(1))

    def quantity(self, unit: str) -> Fraction:
        name, factor = self.base(unit)
        if name not in self.quantities:
            raise QuantityMissingError(name)
        return self.quantities[name] / factor

    def rate(self, currency: str) -> Fraction:
        if currency == self.currency:
            return Fraction(1)
        if currency not in self.fx:
            raise ExchangeRateMissingError(currency)
        return Fraction(self.fx[currency])

    def term(self, term: Term) -> Fraction:
        duty = self.component(term.component)
        return -duty if term.minus else duty

    def component(self, component: Component) -> Fraction:
        """Compute one component; one of zero needs no quantity and no exchange rate."""
        if isinstance(component, Percentage):
            share = Fraction(component.percent) / 100
            if not component.of_retail or not share:
                return share * self.value_minor
            return share * self.quantity("RET") * self.scale
        if isinstance(component, NoDuty) or not component.amount:
            return Fraction(0)
        amount = Fraction(component.amount) * self.scale * self.rate(component.currency) / Fraction(component.per)
        return amount * self.quantity(component.unit)
