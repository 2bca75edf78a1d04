# SPDX-License-Identifier: Apache-2.0
"""What a declared parcel must look like before any rule of Customs is asked: the rules of its cells, and their faults.

One list of rules for a single parcel and for files of millions: `platform/engines` finds suspicious rows by SQL over
columns and asks `row_faults` what is wrong with them. What may be absent is absent, not a fault; a fault shuts out its
parcel and no other.
Limits: ITEMS_MAX items, amounts up to AMOUNT_MAX main units with six decimals, texts as in TEXT_MAX.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from datetime import date
from decimal import Decimal
from functools import lru_cache

import msgspec

from openecp.kernel.datamodel.currencies import CURRENCIES
from openecp.kernel.datamodel.parcel import (
    PARCEL_COLUMNS,
    PARCEL_HEADER_COLUMNS,
    PARCEL_ITEM_COLUMNS,
    Parcel,
)
from openecp.kernel.datamodel.parcel_sound import is_sound

ITEMS_MAX = 999
AMOUNT_MAX = 10**10  # main units: of an amount, of a line, of all lines of a parcel
WEIGHT_MAX = 10_000  # kilograms
SHARE_MAX = {"tax_rate": 1}  # 20 for 20 % would be a tax of twenty times the value; duties and excise can be above 1
MICRO = 1_000_000
GOT_MAX = 80  # characters of what was got
TEXT_MAX = {
    **dict.fromkeys(("parcel_id", "carrier", "scheme_id", "destination_subdivision"), 35),
    **dict.fromkeys(("scheme", "order_id", "buyer_id"), 100),
    **dict.fromkeys(("sender_name", "buyer_name"), 200),
    **dict.fromkeys(("sender_address", "buyer_address"), 500),
    "description": 1000,
}
IDENTIFIERS = ("parcel_id", "carrier", "scheme_id")
CODED_TEXTS = ("carrier", "scheme", "scheme_id", "buyer_id", "destination_subdivision")  # matched with patterns
WEIGHTS = ("gross_weight_kg", "weight_kg")
COUNTRIES = ("dispatch_country", "origin")
WORDS = {"channel": ("post", "express", "other"), "trade": ("B2C", "B2B", "C2C", "gift")}
TRUE_WORDS, FALSE_WORDS = ("true", "1", "yes", "y"), ("false", "0", "no", "n")

DECIMAL = r"[0-9]{1,11}(\.[0-9]{1,6})?"
SHARE = r"[0-9]{1,2}(\.[0-9]{1,8})?"
DAY = r"[0-9]{4}-[0-9]{2}-[0-9]{2}"
HS = r"[0-9]{4,12}"
COUNTRY = r"[A-Z]{2}"
IDENTIFIER = r"[!#-\[\]-~]([ !#-\[\]-~]{0,33}[!#-\[\]-~])?"
# C0 without tab and line ends, DEL, C1, separators, what overrides the direction of writing, marks of no character
UNSEEN = "[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u2028-\u202e\u2066-\u2069\ufeff\ufff9-\ufffb\ufffe\uffff]"
FORMULA = r"^[\s]*(=|[+\-@][^\n]*[(|!])"

_number = re.compile(r"([+-]?)([0-9]*)(?:[.,]([0-9]*))?", re.ASCII)
_patterns = {
    name: re.compile(text, re.ASCII)
    for name, text in (
        ("amount", DECIMAL), ("share", SHARE), ("day", DAY), ("hs", HS), ("country", COUNTRY), ("id", IDENTIFIER),
    )
}  # fmt: skip
_unseen = re.compile(UNSEEN)
_formula = re.compile(FORMULA, re.ASCII)
_NEEDED = {name for name, _, needed in PARCEL_COLUMNS if needed}
_KINDS = {name: kind for name, kind, _ in PARCEL_COLUMNS}

EXPECTED: dict[str, str] = {
    "text": "text",
    "identifier": "1 to 35 printable ASCII characters without quote or backslash",
    "date": "a day as 2026-07-31",
    "amount": "decimal text from 0 to 10000000000 with at most six decimals, as 12.50",
    "count": "decimal text above 0 with at most six decimals, as 2",
    "share": "a share as decimal text, 0.20 for 20 %, of tax up to 1",
    "flag": "true or false",
    "currency": "a currency code of ISO 4217, as EUR",
    "country": "two capital letters, as CN",
    "hs": "4 to 12 digits, as 640319",
}
FIXES: dict[str, str] = {
    "OECP-ROW-ENCODING": "Write the file in UTF-8.",
    "OECP-ROW-COLUMNS": "Give each row as many cells as the header; put a cell with a separator in quotes.",
    "OECP-ROW-QUOTE": "Close the quote; double a quote that stands inside a quoted cell.",
    "OECP-ROW-LENGTH": "Shorten the row.",
    "OECP-ROW-EMPTY": "Remove the empty row.",
    "OECP-ROW-JSON": "Write one JSON object a line.",
    "OECP-CELL-MISSING": "Fill in this cell.",
    "OECP-CELL-TYPE": "Write text, not a list or an object; a number only with 15 digits or fewer.",
    "OECP-CELL-LENGTH": "Shorten the text.",
    "OECP-CELL-CONTROL": "Remove the characters that cannot be seen.",
    "OECP-CELL-FORMULA": "Write the text itself; a formula is not taken from a file.",
    "OECP-CELL-IDENTIFIER": "Write the identifier as it stands on the label.",
    "OECP-CELL-SIGN": "Leave out | and #.",
    "OECP-CELL-DATE": "Write year, month and day with hyphens.",
    "OECP-CELL-DATE-FAR": "Correct the year.",
    "OECP-CELL-NUMBER": "Write digits with a point before the decimals, no thousands mark, no unit.",
    "OECP-CELL-NEGATIVE": "Write an amount of 0 or more; a refund is not declared in this file.",
    "OECP-CELL-DECIMALS": "Round to six decimals (a share to eight).",
    "OECP-CELL-LARGE": "Correct the amount or its unit.",
    "OECP-CELL-ZERO": "Say how many.",
    "OECP-CELL-FLAG": "Write true or false, or leave the cell empty for false.",
    "OECP-CELL-CURRENCY": "Correct the currency.",
    "OECP-CELL-COUNTRY": "Write the code of ISO 3166.",
    "OECP-CELL-HS": "Write the digits of the code, at least its heading, with leading zeros.",
    "OECP-CELL-WORD": "Write one of these words.",
    "OECP-LINE-VALUE": "Send fewer decimals or a smaller quantity or price.",
    "OECP-PARCEL-VALUE": "Correct the amounts of the parcel.",
    "OECP-PARCEL-ITEMS": "Send at most 999 items a parcel.",
    "OECP-PARCEL-CONTRADICTION": "Write the same in every row of the parcel.",
    "OECP-PARCEL-DOUBLED": "Put all rows of a parcel next to each other, and send each parcel once.",
    "OECP-PARCEL-SHUT-OUT": "Correct the other row and send the whole parcel again.",
}


class CheckLimits(msgspec.Struct, frozen=True, kw_only=True):
    """The days between which a date of a parcel is believed."""

    first_day: date = date(2000, 1, 1)
    last_day: date = date(2099, 12, 31)


class ParcelFault(msgspec.Struct, frozen=True, kw_only=True):
    """One fault of a parcel: `item` from 1 (0: the header), column, code, what was wanted and got, what to do."""

    item: int
    column: str
    code: str
    expected: str
    got: str
    fix: str


class CellFault(msgspec.Struct, frozen=True):
    """A fault of one cell of a row."""

    column: str
    code: str
    expected: str
    got: str


def shown(text: str | None) -> str:
    """Return what was got, printable, cut to 80 characters; what cannot be seen is written as its number."""
    if text is None or text == "":
        return "nothing"
    kept = "".join(c if c.isprintable() else f"\\u{ord(c):04x}" for c in text[: GOT_MAX + 1])
    return kept if len(kept) <= GOT_MAX else kept[: GOT_MAX - 1] + "…"


def row_faults(row: Mapping[str, str | None], limits: CheckLimits, columns: Sequence[str] = ()) -> Iterator[CellFault]:
    """Yield every fault of one row: at most one a cell, and one of quantity times price."""
    for name in columns or [name for name, _, _ in PARCEL_COLUMNS]:
        text = row.get(name)
        if text is None or text == "":
            if name in _NEEDED:
                yield CellFault(name, "OECP-CELL-MISSING", _expected(name, ""), "nothing")
            continue
        code = cell_fault(name, text, limits)
        if code:
            yield CellFault(name, code, _expected(name, code), shown(text))
    quantity, price = row.get("quantity") or "1", row.get("unit_price") or ""
    if _is_amount(quantity) and _is_amount(price):
        product = Decimal(quantity) * Decimal(price)
        if product > AMOUNT_MAX or (product * MICRO) % 1:
            wanted = "quantity × unit_price up to 10000000000 with at most six decimals"
            yield CellFault("unit_price", "OECP-LINE-VALUE", wanted, shown(f"{quantity} × {price}"))


def _is_amount(text: str) -> bool:
    return bool(_patterns["amount"].fullmatch(text)) and Decimal(text) <= AMOUNT_MAX


def _expected(name: str, code: str) -> str:
    if name in WORDS:
        return "one of " + ", ".join(WORDS[name])
    if code == "OECP-CELL-LENGTH":
        return f"at most {TEXT_MAX.get(name, 35)} characters"
    if name == "currency" or name == "hs":
        return EXPECTED[name]
    if name in COUNTRIES:
        return EXPECTED["country"]
    if name in IDENTIFIERS:
        return EXPECTED["identifier"] + (", | or #" if name in CODED_TEXTS else "")
    if name in WEIGHTS:
        return f"kilograms as decimal text from 0 to {WEIGHT_MAX} with at most six decimals, as 0.250"
    if code == "OECP-CELL-SIGN":
        return "text without | and #"
    return EXPECTED[_KINDS[name]]


def cell_fault(name: str, text: str, limits: CheckLimits) -> str | None:
    """Return the code of what is wrong with a cell that is not empty."""
    kind = _KINDS[name]
    if kind == "text":
        return _text_fault(name, text)
    if kind == "date":
        return _date_fault(text, limits)
    if kind == "flag":
        return None if text.lower() in TRUE_WORDS + FALSE_WORDS else "OECP-CELL-FLAG"
    if kind == "share":
        return _number_fault(text, "share", 2, 8, SHARE_MAX.get(name, 100))
    most = WEIGHT_MAX if name in WEIGHTS else AMOUNT_MAX
    fault = _number_fault(text, "amount", 11, 6, most)
    return "OECP-CELL-ZERO" if not fault and kind == "count" and Decimal(text) == 0 else fault


def _text_fault(name: str, text: str) -> str | None:
    if name in WORDS:
        return None if text in WORDS[name] else "OECP-CELL-WORD"
    if name == "currency":
        return None if text in CURRENCIES else "OECP-CELL-CURRENCY"
    if name in COUNTRIES:
        return None if _patterns["country"].fullmatch(text) else "OECP-CELL-COUNTRY"
    if name == "hs":
        digits = text.replace(".", "").replace(" ", "")
        return None if len(text) <= 20 and _patterns["hs"].fullmatch(digits) else "OECP-CELL-HS"
    if len(text) > TEXT_MAX[name]:
        return "OECP-CELL-LENGTH"
    if _unseen.search(text):
        return "OECP-CELL-CONTROL"
    if _formula.search(text):
        return "OECP-CELL-FORMULA"
    if name in IDENTIFIERS and not _patterns["id"].fullmatch(text):
        return "OECP-CELL-IDENTIFIER"
    return "OECP-CELL-SIGN" if name in CODED_TEXTS and ("|" in text or "#" in text) else None


def _date_fault(text: str, limits: CheckLimits) -> str | None:
    if not _patterns["day"].fullmatch(text):
        return "OECP-CELL-DATE"
    try:
        day = date.fromisoformat(text)
    except ValueError:
        return "OECP-CELL-DATE"
    return None if limits.first_day <= day <= limits.last_day else "OECP-CELL-DATE-FAR"


def _number_fault(text: str, pattern: str, whole: int, places: int, most: int) -> str | None:
    """Say what is wrong with a number as closely as it can be said."""
    if _patterns[pattern].fullmatch(text):
        return "OECP-CELL-LARGE" if Decimal(text) > most else None
    parts = _number.fullmatch(text)
    if not parts or "," in text or not parts[2] or (parts[3] == "") or parts[1] == "+":
        return "OECP-CELL-NUMBER"
    if parts[1] == "-":
        return "OECP-CELL-NEGATIVE"
    return "OECP-CELL-LARGE" if len(parts[2]) > whole else "OECP-CELL-DECIMALS"


_LIMITS = CheckLimits()


@lru_cache(maxsize=1_000)
def _is_day(text: str, limits: CheckLimits) -> bool:
    return _date_fault(text, limits) is None


def check_parcel(parcel: Parcel, limits: CheckLimits | None = None) -> list[ParcelFault]:
    """Return every fault of one declared parcel, as a file with the same rows would be told."""
    limits = limits or _LIMITS
    if is_sound(parcel, lambda day: _is_day(day, limits), items_max=ITEMS_MAX, amount_max=AMOUNT_MAX):
        return []
    header = {name: _text(getattr(parcel, name)) for name in PARCEL_HEADER_COLUMNS}
    found = [_parcel_fault(0, fault) for fault in row_faults(header, limits, PARCEL_HEADER_COLUMNS)]
    if not 1 <= len(parcel.items) <= ITEMS_MAX:
        found.append(_parcel_fault(0, items_fault(len(parcel.items))))
    total = amount_of(header["freight"]) + amount_of(header["insurance"])
    for number, item in enumerate(parcel.items[:ITEMS_MAX], start=1):
        row = {name: _text(getattr(item, name)) for name in PARCEL_ITEM_COLUMNS}
        found += [_parcel_fault(number, fault) for fault in row_faults(row, limits, PARCEL_ITEM_COLUMNS)]
        total += amount_of(row["quantity"] or "1") * amount_of(row["unit_price"])
    if not found and total > AMOUNT_MAX:
        found.append(_parcel_fault(0, value_fault(total)))
    return found


def items_fault(number: int) -> CellFault:
    """Return the fault of a parcel with no items, or too many."""
    return CellFault("item", "OECP-PARCEL-ITEMS", f"1 to {ITEMS_MAX} items", f"{number} items")


def value_fault(total: Decimal) -> CellFault:
    """Return the fault of a parcel whose lines, freight and insurance sum up to too much."""
    return CellFault(
        "unit_price", "OECP-PARCEL-VALUE", f"at most {AMOUNT_MAX} in all", f"{total.normalize():f}"[:GOT_MAX]
    )


def amount_of(text: str | None) -> Decimal:
    """Return an amount that can be read, else 0."""
    return Decimal(text) if text and _patterns["amount"].fullmatch(text) else Decimal(0)


def _text(value: str | bool | None) -> str | None:
    return str(value).lower() if isinstance(value, bool) else value


def _parcel_fault(item: int, fault: CellFault) -> ParcelFault:
    return ParcelFault(
        item=item, column=fault.column, code=fault.code, expected=fault.expected, got=fault.got, fix=FIXES[fault.code]
    )
