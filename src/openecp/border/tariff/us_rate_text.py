# SPDX-License-Identifier: Apache-2.0
"""Reads the texts of the General column: "37.2¢/kg + 8.5%", "$1.53 each + 4.2% on the case", "The duty provided ...".

Raises: UsRateError with the reason, for a text that a person has to read.
"""

from __future__ import annotations

import re
from decimal import Decimal
from functools import lru_cache

from openecp.border.tariff.duty_expression import DutyExpression, DutyExpressionError, parse
from openecp.border.tariff.us_rates import (
    CappedRate,
    ComponentRate,
    PartShare,
    ReferenceRate,
    Relation,
    SimpleRate,
    SugarDegreeRate,
    UsRate,
)

MAX_TEXT = 2000


class UsRateError(ValueError):
    """A rate that this reader does not type: the text and why a person is needed."""


# The unit of an amount as the schedule prints it, and the unit of our expressions.
_UNITS = {
    "kg": "KGM",
    "clean kg": "KGM#CLN",
    "liter": "LTR",
    "pf.liter": "PFL",
    "t": "TNE",
    "m2": "MTK",
    "m3": "MTQ",
    "bbl": "BLL",
    "doz": "DZN",
    "gross": "GRO",
    "line/gross": "GRO#LINE",
    "pr": "NPR",
    "head": "HEA",
    "article": "NAR",
    "each": "NAR",
    "no": "NAR",
    "jewel": "NAR#JWL",
    "jewel over 7": "NAR#JW7",
    "other piece or part": "NAR#PCS",
    "pins": "NAR",
    "": "NAR",
}
# "on lead content": kilograms of that part of the goods, told by a qualifier.
_PARTS = {
    "drained weight": "E",
    "total sugars": "SUG",
    "entire contents of container": "CON",
    "contents and container": "CAC",
    "copper content": "CU",
    "lead content": "PB",
    "magnesium content": "MG",
    "molybdenum content": "MO",
    "tungsten content": "W",
}
_TAG = re.compile(r"<[^>]*>")
_PERCENT = re.compile(r"([\d.]+) ?(?:%|percent)")
_SHARE = re.compile(r"([\d.]+) ?(?:%|percent) (?:on|of) (?:the )?(?:value of (?:the )?)?(.+)", re.IGNORECASE)
_AMOUNT = re.compile(
    r"(?P<dollar>\$)?(?P<number>[\d.]+)(?P<cent>¢)?(?: ?/ ?| (?=each)| for each )(?P<per>[\d,]+|thousand)? ?"
    r"(?P<unit>[a-z][a-z0-9 ./]*?)??\.?(?: (?:on|of) (?P<part>[a-z ]+))?",
    re.IGNORECASE,
)
_SUGAR = re.compile(
    r"([\d.]+)¢/kg less ([\d.]+)¢/kg for each degree under 100 degrees \(and fractions of a degree in proportion\)"
    r" but not less than ([\d.]+)¢/kg"
)
_CAPPED = re.compile(r"(.+), but (if .+?) the total duty shall not exceed the duty for the complete movement")
_FREE_IF = re.compile(r"Free, (under bond.*|for such temporary periods .*)")
_APPLICABLE = re.compile(
    r"The duty (?:rate )?provided (?:for )?in ?(?:the applicable|such) subheading"
    r"(?: ?(?P<sign>\+|plus|minus) ?(?P<percent>[\d.]+)%"
    r"| ?\+ a duty of (?P<share>[\d.]+)% upon the value of the (?P<part>[A-Za-z.\- ]+?))?"
)
_RELATIONS: tuple[tuple[str, Relation, str], ...] = (
    (r"The rate applicable to each garment in the (?:in the )?ensemble if .*", "each article", ""),
    (r"The rate applicable to each article in the absence of this subheading", "each article", ""),
    (r"The rate applicable to the article of which it is an? .*", "article it belongs to", ""),
    (r"The rate applicable to the complete, assembled movement", "complete movement", ""),
    (r"The rate applicable to the natural juice in heading 2009", "natural juice", ""),
    (r"The rate of duty applicable to that article in the set .* highest rate of duty", "highest of the set", ""),
    (
        r"The rate applicable in the absence of this subheading on the cost of such parts",
        "applicable subheading",
        "cost of such parts",
    ),
    (r"A duty upon the value of the repairs or alterations.*", "applicable subheading", "repairs or alterations"),
    (r"A duty upon the value of such processing outside .*", "applicable subheading", "processing outside the country"),
    (r"No change", "applicable subheading", ""),
)
_FOR_PEOPLE = (
    (r"See additional U\.S\. note", "the rate stands in a note of the chapter, not in the column"),
    (
        r"A duty \(in lieu of|A duty equal to the duty upon",
        "the duty depends on drawback paid at an earlier exportation",
    ),
)
_LESS = re.compile(
    r"A duty upon the full value of the imported article,? less the (?:cost or )?value of (.+?)(?: \(.*)?"
)


def clean(text: str) -> str:
    """Take mark-up, stray spaces, brackets and the last full stop off a cell."""
    text = " ".join(_TAG.sub("", text).replace("\xa0", " ").split())
    if text.startswith("[") and text.endswith("]"):
        text = text[1:-1]
    return text.removesuffix(".") if not text.endswith(("doz.", "pr.")) else text


@lru_cache(maxsize=8192)
def read_rate(text: str) -> UsRate:
    """Type one General-column rate.

    Raises: UsRateError, saying why a person is needed.
    """
    text = clean(text)
    if len(text) > MAX_TEXT:
        raise UsRateError(f"a text of {len(text)} characters: at most {MAX_TEXT} are read")
    if text.casefold() == "free":
        return SimpleRate(expression=parse("Free"))
    if match := _SUGAR.fullmatch(text):
        amount, less, floor = (_number(group).scaleb(-2) for group in match.groups())
        return SugarDegreeRate(amount=amount, less_per_degree=less, floor=floor)
    if match := _CAPPED.fullmatch(text):
        rate = _sum(match[1])
        if isinstance(rate, SimpleRate):
            return CappedRate(rate=rate, cap=ReferenceRate(relation="complete movement"), condition=match[2])
    if match := _FREE_IF.fullmatch(text):
        return SimpleRate(expression=parse("Free"), condition=match[1])
    for pattern, why in _FOR_PEOPLE:
        if re.match(pattern, text):
            raise UsRateError(why)
    return _reference(text) or _sum(text)


def _reference(text: str) -> ReferenceRate | None:
    if match := _APPLICABLE.fullmatch(text):
        percent = _number(match["percent"] or match["share"] or "0")
        sign = -1 if match["sign"] == "minus" else 1
        return ReferenceRate(relation="applicable subheading", add_percent=sign * percent, add_on=match["part"] or "")
    if match := _LESS.fullmatch(text):
        return ReferenceRate(relation="applicable subheading", less_part=match[1])
    for pattern, relation, part in _RELATIONS:
        if re.fullmatch(pattern, text):
            return ReferenceRate(relation=relation, on_part=part)
    return None


def _number(text: str) -> Decimal:
    if not re.fullmatch(r"\d{1,9}(\.\d{1,8})?", text):
        raise UsRateError(f"{text!r} is not a number that can be read")
    return Decimal(text)


def _sum(text: str) -> SimpleRate | ComponentRate:
    """Read amounts, percentages and shares of parts joined by +."""
    whole: list[str] = []
    shares: list[PartShare] = []
    for term in re.split(r" ?\+ ?", text):
        if match := _PERCENT.fullmatch(term):
            whole.append(f"{_number(match[1])}%")
        elif match := _SHARE.fullmatch(term):
            if match[2].endswith("retail value"):
                whole.append(f"{_number(match[1])}% of retail price")
            else:
                shares.append(_share(_number(match[1]), match[2]))
        elif match := _AMOUNT.fullmatch(term):
            whole.append(_amount(match, term))
        else:
            raise UsRateError(f"{_brief(term)} is no percentage, amount, share or reference that this reader knows")
    expression: DutyExpression | None = None
    if whole:
        try:
            expression = parse(" + ".join(whole))
        except DutyExpressionError as error:
            raise UsRateError(str(error)) from error
    if shares:
        return ComponentRate(shares=tuple(shares), expression=expression)
    if expression is None:
        raise UsRateError("the rate is empty")
    return SimpleRate(expression=expression)


def _share(percent: Decimal, words: str) -> PartShare:
    if_any = words.endswith(", if any")
    words = words.removesuffix(", if any").replace("strap, band or bracelet", "strap")
    parts = tuple(part.removeprefix("the ").strip() for part in words.split(" and "))
    if not all(re.fullmatch(r"[A-Za-z][A-Za-z .\-]{1,60}", part) for part in parts):
        raise UsRateError(f"{_brief(words)} names no parts that this reader knows")
    return PartShare(percent, parts, if_any)


def _amount(match: re.Match[str], term: str) -> str:
    """Write an amount in the form of our expressions: "12.8¢/kg on tungsten content" is 0.128 USD / 1 KGM#W."""
    if bool(match["dollar"]) == bool(match["cent"]):
        raise UsRateError(f"{_brief(term)} has no currency, or two")
    words = (match["unit"] or "").casefold().replace(". ", ".").replace("/ ", "/").rstrip(".")
    part = (match["part"] or "").casefold()
    if part == "ethyl alcohol content" and words == "pf.liter":
        part = ""  # proof litres are counted by the alcohol in any case
    unit = _UNITS.get(words)
    if unit is None or (part and (part not in _PARTS or unit != "KGM")):
        raise UsRateError(f"{_brief(term)} has a unit that this reader does not know")
    amount = _number(match["number"]).scaleb(-2 if match["cent"] else 0)
    per = "1000" if match["per"] == "thousand" else (match["per"] or "1").replace(",", "")
    return f"{amount:f} USD / {per} {unit}" + (f"#{_PARTS[part]}" if part else "")


def _brief(text: str) -> str:
    return repr(text if len(text) <= 60 else text[:57] + "...")
