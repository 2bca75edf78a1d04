# SPDX-License-Identifier: Apache-2.0
"""The kinds of rate in the Harmonized Tariff Schedule of the United States, and how each is computed.

A rate is a duty expression, or has a structure of its own: shares of the value of parts (a watch's case), sugar by
degree with a floor, a reference to the rate of other goods, or a rate capped by another. Each computes its duty from
`UsInputs`; an input that it needs and does not have is named.

Source: HTSUS, General column (column 1), general notes and the texts of chapters 1 to 99.
Reads: value and values of parts in US cents, quantities by unit, polarisation in degrees, other articles.
Raises: InputMissingError, QuantityMissingError.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from decimal import Decimal
from fractions import Fraction
from typing import Literal, TypeAlias

import msgspec

from openecp.border.tariff.duty_expression import AmountPerUnit, DutyExpression, Kind, Term, evaluate
from openecp.border.tariff.units import Units

UsKind: TypeAlias = (
    Kind
    | Literal[
        "specific on part of the goods",
        "component based",
        "sugar degrees with a floor",
        "reference to another rate",
        "capped by another rate",
    ]
)
Relation = Literal[
    "applicable subheading",  # the code under which the goods would be classified otherwise
    "each article",  # the sum of what each would bear if entered separately
    "article it belongs to",  # the code of the article of which it is a part or accessory
    "complete movement",
    "natural juice",
    "highest of the set",
]


class InputMissingError(LookupError):
    """A rate needs a fact that was not given."""

    def __init__(self, what: str) -> None:
        self.what = what
        super().__init__(f"{what}: expected to be given, got nothing; give it to compute this rate")


class Article(msgspec.Struct, frozen=True, kw_only=True):
    """Other goods to whose rate a rate refers: their code and, where entered as such, their own facts."""

    code: str
    inputs: UsInputs | None = None  # None: the facts of the item itself


class UsInputs(msgspec.Struct, frozen=True, kw_only=True):
    """The facts of an item: customs value in cents, quantities by unit, and what special rates ask for."""

    value_minor: int
    quantities: dict[str, Decimal] = {}
    part_values_minor: dict[str, int] = {}  # "case", "strap", "battery", "steel content" ...
    polarisation: Decimal | None = None  # degrees of sugar
    articles: tuple[Article, ...] = ()
    cap_holds: bool = False  # the condition of a capped rate is met


Lookup: TypeAlias = Callable[[str, UsInputs, int], Fraction]  # code, facts, depth -> duty in cents


class SimpleRate(msgspec.Struct, frozen=True, kw_only=True, tag=True):
    """A duty expression; `condition` is the text under which it holds (a bond, a period)."""

    expression: DutyExpression
    condition: str | None = None


class PartShare(msgspec.Struct, frozen=True):
    """A percentage of the value of one part or of several together."""

    percent: Decimal
    parts: tuple[str, ...]
    if_any: bool = False  # nothing is due where the part is absent


class ComponentRate(msgspec.Struct, frozen=True, kw_only=True, tag=True):
    """An amount on the goods plus shares of the value of their parts, such as a watch's case, strap and battery."""

    shares: tuple[PartShare, ...]
    expression: DutyExpression | None = None


class SugarDegreeRate(msgspec.Struct, frozen=True, kw_only=True, tag=True):
    """Cents per kilogram at 100 degrees, less for each degree under, but not below a floor; dollars here."""

    amount: Decimal
    less_per_degree: Decimal
    floor: Decimal

    def expression(self) -> DutyExpression:
        """Return the rate as an expression that counts kilograms times degrees under 100 in KGM#DEG."""
        at_100 = Term(AmountPerUnit(self.amount, "USD", Decimal(1), "KGM"))
        less = Term(AmountPerUnit(self.less_per_degree, "USD", Decimal(1), "KGM#DEG"), minus=True)
        floor = Term(AmountPerUnit(self.floor, "USD", Decimal(1), "KGM"))
        return DutyExpression(((at_100, less), (floor,)), ("MIN",))


class ReferenceRate(msgspec.Struct, frozen=True, kw_only=True, tag=True):
    """The rate of other goods, on the whole value or on a part of it, more or less some percent."""

    relation: Relation
    add_percent: Decimal = Decimal(0)  # below zero: less
    add_on: str = ""  # the part that the added percentage is of; empty: the whole value
    on_part: str = ""  # the part that the referenced rate is of; empty: the whole value
    less_part: str = ""  # a part whose value is taken off the value first


class CappedRate(msgspec.Struct, frozen=True, kw_only=True, tag=True):
    """A rate that in a named case may not exceed the duty of other goods."""

    rate: SimpleRate
    cap: ReferenceRate
    condition: str


UsRate: TypeAlias = SimpleRate | ComponentRate | SugarDegreeRate | ReferenceRate | CappedRate


def kind_of(rate: UsRate) -> UsKind:
    """Return the kind under which a rate is counted."""
    if isinstance(rate, ComponentRate):
        return "component based"
    if isinstance(rate, SugarDegreeRate):
        return "sugar degrees with a floor"
    if isinstance(rate, ReferenceRate):
        return "reference to another rate"
    if isinstance(rate, CappedRate):
        return "capped by another rate"
    if any(isinstance(part, AmountPerUnit) and part.unit.startswith("KGM#") for part in rate.expression.components):
        return "specific on part of the goods"
    return rate.expression.kind


def expression_of(rate: UsRate) -> DutyExpression | None:
    """Return the rate as a duty expression, or None where it needs more than value and quantities."""
    if isinstance(rate, SimpleRate):
        return rate.expression
    return rate.expression() if isinstance(rate, SugarDegreeRate) else None


def needs(rate: UsRate) -> str:
    """Say in words which facts a rate needs that a measure's row cannot hold."""
    if isinstance(rate, ComponentRate):
        parts = sorted({part for share in rate.shares for part in share.parts})
        return "the value of " + ", ".join(parts)
    if isinstance(rate, ReferenceRate):
        extra = [f"the value of {part}" for part in (rate.on_part, rate.add_on, rate.less_part) if part]
        return " and ".join([f"the duty of other goods ({rate.relation})", *extra])
    if isinstance(rate, CappedRate):
        return f"the duty of other goods ({rate.cap.relation}) where {rate.condition}"
    return ""


def duty_of(rate: UsRate, inputs: UsInputs, units: Units, lookup: Lookup | None = None, depth: int = 0) -> Fraction:
    """Compute the duty of a rate in cents, exactly; `lookup` gives the duty of other codes.

    Raises: InputMissingError, QuantityMissingError.
    """
    if isinstance(rate, SimpleRate):
        return _expression(rate.expression, inputs.value_minor, inputs.quantities, units)
    if isinstance(rate, SugarDegreeRate):
        return _sugar(rate, inputs, units)
    if isinstance(rate, ComponentRate):
        whole = rate.expression
        duty = Fraction(0) if whole is None else _expression(whole, inputs.value_minor, inputs.quantities, units)
        return duty + sum((_share(share, inputs) for share in rate.shares), Fraction(0))
    if isinstance(rate, CappedRate):
        duty = duty_of(rate.rate, inputs, units)
        return min(duty, _reference(rate.cap, inputs, lookup, depth)) if inputs.cap_holds else duty
    return _reference(rate, inputs, lookup, depth)


def _expression(
    expression: DutyExpression, value_minor: int, quantities: Mapping[str, Decimal], units: Units
) -> Fraction:
    return evaluate(expression, value_minor, quantities, currency="USD", exponent=2, units=units)


def _sugar(rate: SugarDegreeRate, inputs: UsInputs, units: Units) -> Fraction:
    quantities = dict(inputs.quantities)
    if "KGM#DEG" not in quantities:
        if inputs.polarisation is None:
            raise InputMissingError("polarisation in degrees")
        below = max(Decimal(100) - inputs.polarisation, Decimal(0))
        weights = [(Decimal(quantity), units.base(unit)) for unit, quantity in quantities.items()]
        kilograms = [quantity * base.factor for quantity, base in weights if base and base.unit == "KGM"]
        if kilograms:
            quantities["KGM#DEG"] = kilograms[0] * below
    return _expression(rate.expression(), inputs.value_minor, quantities, units)


def _part(name: str, inputs: UsInputs, *, if_any: bool = False) -> int:
    if name in inputs.part_values_minor:
        return inputs.part_values_minor[name]
    if if_any:
        return 0
    raise InputMissingError(f"value of {name}")


def _share(share: PartShare, inputs: UsInputs) -> Fraction:
    together = " and ".join(share.parts)
    if together in inputs.part_values_minor:  # the value of the parts as one
        value = inputs.part_values_minor[together]
    else:
        value = sum(_part(name, inputs, if_any=share.if_any) for name in share.parts)
    return Fraction(share.percent) / 100 * value


def _reference(rate: ReferenceRate, inputs: UsInputs, lookup: Lookup | None, depth: int) -> Fraction:
    if lookup is None or not inputs.articles:
        raise InputMissingError(f"code of the goods referred to ({rate.relation})")
    value = _part(rate.on_part, inputs) if rate.on_part else inputs.value_minor
    if rate.less_part:
        value -= _part(rate.less_part, inputs)
    own = msgspec.structs.replace(inputs, value_minor=value, articles=inputs.articles[1:])
    duties = [lookup(article.code, article.inputs or own, depth + 1) for article in inputs.articles]
    if rate.relation == "each article":
        duty = sum(duties, Fraction(0))
    elif rate.relation == "highest of the set":
        values = [(article.inputs or own).value_minor for article in inputs.articles]
        if not all(values):
            raise InputMissingError("value of each article of the set")
        duty = value * max(Fraction(one) / worth for one, worth in zip(duties, values, strict=True))
    else:
        duty = duties[0]
    added_to = _part(rate.add_on, inputs) if rate.add_on else inputs.value_minor
    return max(duty + Fraction(rate.add_percent) / 100 * added_to, Fraction(0))
