# SPDX-License-Identifier: Apache-2.0
"""Whether a postal item's declaration is in order: each element in its form, the sums right. All faults in one pass.

What a destination demands beyond that is compliance.py. An item whose key is broken, or that is larger than any
limit, cannot be taken; any other fault stays with the item, to be answered.
Limits: PIECES_MAX pieces, 20 numbers of a kind, lengths as in TEXTS.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import date
from decimal import Decimal

from openecp.border.postal.faults import FAULTS_MAX, PostalFault, shown
from openecp.border.postal.item import (
    CATEGORIES,
    CATEGORY_CODES,
    MAIL_CLASS_CODES,
    MAIL_CLASSES,
    ContentPiece,
    PostalItem,
    PostalParty,
    category_word,
    mail_class_word,
)
from openecp.border.postal.s10 import s10_faults

PIECES_MAX, NUMBERS_MAX = 200, 20
_AMOUNT = re.compile(r"[0-9]{1,12}(\.[0-9]{1,6})?", re.ASCII)
_COUNTRY = re.compile(r"[A-Z]{2}", re.ASCII)
_CURRENCY = re.compile(r"[A-Z]{3}", re.ASCII)
_POST = re.compile(r"[A-Z]{2}[A-Z0-9]{0,4}", re.ASCII)
_DATE = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}", re.ASCII)
_WHOLE = re.compile(r"[0-9]{1,7}", re.ASCII)
HS = re.compile(r"[0-9]{6,12}", re.ASCII)
_CONTROL = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\ud800-\udfff\ufffe\uffff]")

TEXTS: dict[str, int] = {  # most characters of a text
    "category_note": 140,
    "handling_class": 35,
    "seller_scheme": 35,
    "seller_scheme_id": 70,
    "sender_reference": 70,
    "importer_reference": 70,
    "comments": 512,
    "name": 140,
    "organisation": 140,
    "street": 140,
    "postcode": 17,
    "city": 70,
    "region": 70,
    "telephone": 50,
    "email": 254,
    "tax_number": 35,
    "description": 512,
}
_AMOUNTS = ("total_value", "gross_weight_kg", "postage", "insured_value")
_FORMS: dict[str, tuple[re.Pattern[str], str]] = {
    "currency": (_CURRENCY, "a currency code such as EUR"),
    "postage_currency": (_CURRENCY, "a currency code such as EUR"),
    "insured_currency": (_CURRENCY, "a currency code such as EUR"),
    "origin_post": (_POST, "two letters of the country, then at most four letters or digits"),
    "destination_post": (_POST, "two letters of the country, then at most four letters or digits"),
    "country": (_COUNTRY, "two letters, as in GB"),
    "origin": (_COUNTRY, "two letters, as in GB"),
}
LIMIT = "OECP-POSTAL-LIMIT"
SHUTS_OUT = ("OECP-S10-", "OECP-POSTAL-DATE", LIMIT)  # faults with which an item cannot be taken


def shuts_out(fault: PostalFault) -> bool:
    """Tell whether an item with this fault cannot be taken at all."""
    return fault.severity == "fault" and fault.code.startswith(SHUTS_OUT)


def posting_date(item: PostalItem) -> date | None:
    """Return the day of posting, None where it is no day."""
    try:
        return date.fromisoformat(item.posted_on) if _DATE.fullmatch(item.posted_on) else None
    except ValueError:
        return None


def amount(text: str | None) -> Decimal | None:
    """Return an amount or mass, None where it is none that can be used."""
    return Decimal(text) if text is not None and _AMOUNT.fullmatch(text) else None


def whole(text: str | None) -> int | None:
    """Return a quantity, None where it is none that can be used."""
    return int(text) if text is not None and _WHOLE.fullmatch(text) and int(text) > 0 else None


def hs_code(text: str | None) -> str | None:
    """Return a goods code of 6 to 12 digits without dots and blanks, None where it is none."""
    plain = re.sub(r"[. ]", "", text or "")
    return plain if HS.fullmatch(plain) else None


def total_value(item: PostalItem) -> Decimal | None:
    """Return the value of the contents: the sum of the pieces, else what is declared as total; None: not known."""
    values = [amount(piece.value) for piece in item.pieces]
    if values and None not in values:
        return sum((value for value in values if value is not None), Decimal(0))
    return amount(item.total_value)


def item_faults(item: PostalItem, where: str = "") -> tuple[PostalFault, ...]:
    """Return all that is wrong with an item's declaration; the faults that shut it out come first."""
    check = _Check(f"{where}." if where else "")
    found, told = s10_faults(item.s10, check.at("s10"))
    check.faults += told
    if posting_date(item) is None:
        check.tell("DATE", "posted_on", "The posting date cannot be read.", "a day such as 2026-07-01", item.posted_on)
    check.texts(item, "")
    check.words(item, found.mail if found is not None else "")
    for name, party in (("sender", item.sender), ("addressee", item.addressee)):
        if party is not None:
            check.texts(party, f"{name}.")
    if len(item.pieces) > PIECES_MAX:
        check.tell("LIMIT", "pieces", "There are too many.", f"at most {PIECES_MAX}", len(item.pieces))
    for number, piece in enumerate(item.pieces[:PIECES_MAX]):
        check.piece(piece, f"pieces[{number}].")
    check.numbers(item)
    check.sums(item)
    return tuple(sorted(check.faults, key=lambda fault: not shuts_out(fault)))[:FAULTS_MAX]


class _Check:
    """Gathers what is wrong with one item."""

    def __init__(self, before: str) -> None:
        self._before = before
        self.faults: list[PostalFault] = []

    def at(self, place: str) -> str:
        return self._before + place

    def tell(
        self, code: str, place: str, message: str, expected: str, got: object, fix: str = "", *, warns: bool = False
    ) -> None:
        self.faults.append(
            PostalFault(
                code=f"OECP-POSTAL-{code}",
                where=self.at(place),
                message=message,
                expected=expected,
                got=shown(got),
                fix=fix or "Correct it.",
                severity="warning" if warns else "fault",
            )
        )

    def texts(self, part: PostalItem | PostalParty, place: str) -> None:
        """Look at each element that has a form of its own, and at the length of the others."""
        for name in part.__struct_fields__:
            text = getattr(part, name)
            if not isinstance(text, str) or name in ("s10", "posted_on"):
                continue
            self._text(name, text, place + name)
            if name in _AMOUNTS and amount(text) is None:
                self._amount(place + name, text)
            if name in _FORMS and not _FORMS[name][0].fullmatch(text):
                self.tell("FORM", place + name, "This has another form.", _FORMS[name][1], text)

    def _text(self, name: str, text: str, place: str) -> None:
        most = TEXTS.get(name, 140)
        if len(text) > most:
            self.tell("LIMIT", place, "The text is too long.", f"at most {most} characters", f"{len(text)}")
        elif (mark := _CONTROL.search(text)) is not None:
            got = f"U+{ord(mark.group()):04X}"
            self.tell("LIMIT", place, "A character stands here that is no text.", "text", got, "Remove it.")

    def _amount(self, place: str, text: str) -> None:
        fix = "Write digits and a point, no sign, blank or comma."
        self.tell("AMOUNT", place, "This is no amount.", "decimal text, at most six decimals", text, fix)

    def words(self, item: PostalItem, mail: str) -> None:
        """Look at category and mail class."""
        words = ", ".join(CATEGORIES) + " or " + ", ".join(CATEGORY_CODES)
        if item.category is None:
            self.tell("CATEGORY", "category", "The category of the item is missing.", words, "nothing", "Tick one.")
        elif category_word(item.category) is None:
            self.tell("CATEGORY", "category", "There is no such category.", words, item.category)
        classes = ", ".join(MAIL_CLASSES) + " or " + ", ".join(MAIL_CLASS_CODES)
        declared = mail_class_word(item.mail_class)
        if item.mail_class is not None and declared is None:
            self.tell("MAIL-CLASS", "mail_class", "There is no such mail class.", classes, item.mail_class)
        elif declared is not None and mail in MAIL_CLASSES and declared != mail:
            text = "The mail class is not that of the identifier."
            self.tell("MAIL-CLASS", "mail_class", text, mail, declared, "Correct one of them.", warns=True)
        if not item.pieces and category_word(item.category) != "documents":
            self.tell("PIECES", "pieces", "Nothing is said of the contents.", "one line at least", "none", "Add it.")

    def piece(self, piece: ContentPiece, place: str) -> None:
        """Look at one line of the contents."""
        if piece.description is not None:
            self._text("description", piece.description, place + "description")
        if piece.quantity is not None and whole(piece.quantity) is None:
            self.tell("QUANTITY", place + "quantity", "This is no quantity.", "a whole number from 1", piece.quantity)
        for name, text in (("net_weight_kg", piece.net_weight_kg), ("value", piece.value)):
            if text is not None and amount(text) is None:
                self._amount(place + name, text)
        if piece.hs is not None and hs_code(piece.hs) is None:
            self.tell("HS", place + "hs", "This is no goods code.", "6 to 12 digits, such as 640319", piece.hs)
        if piece.origin is not None and not _COUNTRY.fullmatch(piece.origin):
            self.tell("FORM", place + "origin", "This has another form.", _FORMS["origin"][1], piece.origin)
        for name, text in (("quantity", piece.quantity), ("hs", piece.hs), ("origin", piece.origin)):
            if text is not None and len(text) > 40:
                self.tell("LIMIT", place + name, "The text is too long.", "at most 40 characters", len(text))

    def numbers(self, item: PostalItem) -> None:
        """Look at the numbers of documents."""
        for name in ("licence_numbers", "certificate_numbers", "invoice_numbers"):
            given = getattr(item, name)
            if len(given) > NUMBERS_MAX:
                self.tell("LIMIT", name, "There are too many.", f"at most {NUMBERS_MAX}", len(given))
            for place, text in enumerate(given[:NUMBERS_MAX]):
                if len(text) > 70 or "|" in text or _CONTROL.search(text):
                    what = "at most 70 characters, none of them |"
                    self.tell("LIMIT", f"{name}[{place}]", "The number cannot be used.", what, text)

    def sums(self, item: PostalItem) -> None:
        """Compare what is declared twice: the total value, and the gross weight with what is in it."""
        declared = amount(item.total_value)
        values = list(_known(piece.value for piece in item.pieces))
        if declared is not None and values and len(values) == len(item.pieces) and sum(values) != declared:
            text = "The total value is not the sum of the contents."
            self.tell("SUM", "total_value", text, str(sum(values)), declared, "Correct the total, or a line.")
        gross, net = amount(item.gross_weight_kg), sum(_known(piece.net_weight_kg for piece in item.pieces))
        if gross is not None and net > gross:
            text = "The contents weigh more than the item."
            self.tell("WEIGHT", "gross_weight_kg", text, f"at least {net}", gross, "Weigh again.", warns=True)
        if item.currency is None and (declared is not None or values):
            self.tell(
                "CURRENCY", "currency", "The values have no currency.", "a code such as EUR", "nothing", "Add it."
            )


def _known(texts: Iterator[str | None]) -> Iterator[Decimal]:
    return (value for value in map(amount, texts) if value is not None)
