# SPDX-License-Identifier: Apache-2.0
"""Duty expressions: every form, its canonical text, its arithmetic worked by hand, and its errors."""

from __future__ import annotations

from decimal import Decimal
from fractions import Fraction

import pytest

from openecp.border.tariff.duty_expression import (
    DutyExpressionError,
    ExchangeRateMissingError,
    QuantityMissingError,
    evaluate,
    parse,
)
from openecp.border.tariff.prepare import DutyNotPreparableError, prepare_duty
from openecp.border.tariff.units import STANDARD_UNITS, Units

CANONICAL = {
    "16%": "16%",
    " 16 % ": "16%",
    "NIHIL": "NIHIL",
    "free": "Free",
    "10% + 30.00 GBP / 100 KG": "10% + 30.00 GBP / 100 KGM",
    "9.10% + 45.10 GBP / 100 KG MAX 18.90% + 16.50 GBP / 100 KG": (
        "9.10% + 45.10 GBP / 100 KGM MAX 18.90% + 16.50 GBP / 100 KGM"
    ),
    "1% MIN 2 GBP/KGM MAX 3% − 1 EUR / TNE#I": "1% MIN 2 GBP / KGM MAX 3% - 1 EUR / TNE#I",
    "16.50% of retail price + 244.78 GBP/1000 MIN 320.90 GBP/1000": (
        "16.50% of retail price + 244.78 GBP / 1000 NAR MIN 320.90 GBP / 1000 NAR"
    ),
    "16.5% of RET": "16.5% of retail price",
    "144.10 GBP/1000 kg/biodiesel": "144.10 GBP / 1000 KGM#I",
    "35.10 EUR DTN": "35.10 EUR / DTN",
    "£5 per hl": "5 GBP / HLT",
    "€ 5 / % vol/hl": "5 EUR / ASV#X",
    "12 cents GBP / l": "0.12 GBP / LTR",
    "0.5 ¢ GBP / KG#G": "0.005 GBP / KGM#G",
    "3 GBP each": "3 GBP / NAR",
}


@pytest.mark.parametrize(("text", "canonical"), CANONICAL.items())
def test_canonical_text(text: str, canonical: str) -> None:
    assert str(parse(text)) == canonical
    assert parse(canonical) == parse(text)


@pytest.mark.parametrize(
    ("text", "minor"),
    [
        ("16%", Fraction(16_000)),
        ("NIHIL", Fraction(0)),
        ("10% + 30.00 GBP / 100 KG", Fraction(10_000 + 7_500)),
        ("30.00 GBP / DTN", Fraction(7_500)),
        ("9.10% + 45.10 GBP / 100 KG MAX 18.90% + 16.50 GBP / 100 KG", Fraction(9_100 + 11_275)),
        ("5% MIN 30.00 GBP / 100 KG", Fraction(7_500)),
        ("5% MAX 30.00 GBP / 100 KG", Fraction(5_000)),
        ("1% MIN 8% MAX 10% - 10.00 GBP / 100 KG", Fraction(7_500)),  # min(max(1000, 8000), 10000 - 2500)
        ("1% - 30.00 GBP / 100 KG", Fraction(0)),  # never below zero
        ("10% of retail price", Fraction(15_000)),
        ("16.50% of retail price + 244.78 GBP/1000 MIN 320.90 GBP/1000", Fraction(128_360)),  # above 24,750 + 97,912
        ("1 EUR / 100 KG", Fraction(250) * Fraction(85, 100)),
        ("7 GBP / TNE#I", Fraction(7 * 100 * 20, 1000)),
    ],
)
def test_arithmetic_by_hand_and_prepared_form_agree(text: str, minor: Fraction) -> None:
    quantities = {"KGM": Decimal(250), "RET": Decimal(1500), "MIL": Decimal(4), "KGM#I": Decimal(20)}
    base = {"KGM": Decimal(250), "RET": Decimal(1500), "NAR": Decimal(4000), "KGM#I": Decimal(20)}
    fx = {"EUR": Decimal("0.85")}
    expression = parse(text)
    assert evaluate(expression, 100_000, quantities, fx) == minor
    assert prepare_duty(expression, currency="GBP").amount(100_000, base, fx) == minor


def test_dollars_and_cents_need_to_be_told_whose() -> None:
    assert str(parse("$1.50 / KGM", currency="USD")) == "1.50 USD / KGM"
    assert str(parse("37.2 ¢ / KGM + 8.5%", currency="USD")) == "0.372 USD / KGM + 8.5%"
    with pytest.raises(DutyExpressionError, match="several countries"):
        parse("$1.50 / KGM")


@pytest.mark.parametrize(
    ("text", "label", "position"),
    [
        ("", "rate or amount", 1),
        ("16", "rate or amount", 3),
        ("9,1%", "rate or amount", 1),
        ("1,000.00 GBP / KG", "rate or amount", 1),
        ("5 GBP", "unit", 6),
        ("5 GBP / 0 KG", "unit", 9),
        ("5 GBP /", "unit", 8),
        ("5 GBP MIN 3%", "unit", 7),
        ("16% 5", "end of expression", 5),
        ("16% +", "rate or amount", 6),
        ("16% + EA", "rate or amount", 7),
        ("16% MIN", "rate or amount", 8),
        ("-16%", "rate or amount", 1),
        ("1e3%", "rate or amount", 2),
        ("٣%", "rate or amount", 1),
        ("9" * 13 + "%", "rate or amount", 1),
        ("1%" + " " * 600, "expression", 1),
        ("+".join(["1%"] * 33), "terms", 1),
    ],
)
def test_errors_say_what_where_and_how(text: str, label: str, position: int) -> None:
    with pytest.raises(DutyExpressionError) as caught:
        parse(text)
    error = caught.value
    assert (error.label, error.position) == (label, position)
    assert all((error.expected, error.got, error.hint))


def test_missing_quantity_and_rate_are_named() -> None:
    with pytest.raises(QuantityMissingError) as quantity:
        evaluate(parse("5 GBP / DTN"), 0, {})
    assert quantity.value.unit == "KGM"
    with pytest.raises(ExchangeRateMissingError) as rate:
        evaluate(parse("5 EUR / DTN"), 0, {"KGM": Decimal(1)})
    assert rate.value.currency == "EUR"


def test_what_does_not_fit_the_steps_says_why() -> None:
    with pytest.raises(DutyNotPreparableError, match="5 alternatives"):
        prepare_duty(parse("1% MIN 2% MAX 3% MIN 4% MAX 5%"), currency="GBP")
    with pytest.raises(DutyNotPreparableError, match="4 amounts"):
        prepare_duty(parse("1 GBP/KG + 1 GBP/L + 1 GBP/M + 1 GBP/M2"), currency="GBP")
    with pytest.raises(DutyNotPreparableError, match="not exact"):
        prepare_duty(parse("1 GBP / 3 KG"), currency="GBP")
    with pytest.raises(DutyNotPreparableError, match="not known"):
        prepare_duty(parse("1 GBP / QQQ"), currency="GBP")


def test_units_of_a_profile_overrule_and_qualifiers_stay() -> None:
    units = Units.from_rows([{"unit": "CTN", "base_unit": "NAR", "factor": "24"}])
    assert units.base("CTN") == ("NAR", Decimal(24))
    assert STANDARD_UNITS.base("CTN") is None
    assert STANDARD_UNITS.base("DTN#E") == STANDARD_UNITS.base("DTNE") == ("KGM#E", Decimal(100))
    assert STANDARD_UNITS.base("TNE#I") == ("KGM#I", Decimal(1000))
    with pytest.raises(ValueError, match=r"units.csv line 2.*positive"):
        Units.from_rows([{"unit": "CTN", "base_unit": "NAR", "factor": "0"}])


def test_units_are_followed_to_their_last_base() -> None:
    units = Units.from_rows(
        [{"unit": "KGM", "base_unit": "TNE", "factor": "0.001"}, {"unit": "TNE", "base_unit": "TNE"}]
    )
    assert units.base("DTN") == ("TNE", Decimal("0.1"))
    assert units.base("GRM#G") == ("TNE#G", Decimal("0.000001"))
    with pytest.raises(ValueError, match="circle"):
        Units.from_rows([{"unit": "KGM", "base_unit": "TNE", "factor": "0.001"}])
    with pytest.raises(ValueError, match=r"its own base.*factor 1"):
        Units.from_rows([{"unit": "KGM", "base_unit": "KGM", "factor": "2"}])
