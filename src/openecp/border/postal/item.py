# SPDX-License-Identifier: Apache-2.0
"""A postal item as its sender declares it on a CN22 or CN23; the two forms ask for the same elements, more or fewer.

Leaves are text as declared: amounts and masses decimal strings, dates ISO. What is wrong with them `check.py` says.
Source: names of the elements as printed on the public CN23 form; codes of the category as seen in running systems.
"""

from __future__ import annotations

from typing import TypeVar

import msgspec

CATEGORIES: dict[str, str] = {  # word of ours: its published code, where we know one
    "sale_of_goods": "11",
    "returned_goods": "21",
    "gift": "31",
    "other": "991",  # mixed contents and all else
    "documents": "",
    "commercial_sample": "",
}
CATEGORY_CODES = {code: word for word, code in CATEGORIES.items() if code}
MAIL_CLASSES: dict[str, str] = {"letter": "U", "parcel": "C", "ems": "E"}  # word of ours: the published letter
MAIL_CLASS_CODES = {code: word for word, code in MAIL_CLASSES.items()}


class PostalParty(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Sender or addressee of a postal item: name, address, how to reach them, tax number."""

    name: str | None = None
    organisation: str | None = None
    street: str | None = None
    postcode: str | None = None
    city: str | None = None
    region: str | None = None
    country: str | None = None
    telephone: str | None = None
    email: str | None = None
    tax_number: str | None = None


class ContentPiece(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One line of the contents: quantity of like articles; net weight and value are the line's."""

    description: str | None = None
    quantity: str | None = None
    net_weight_kg: str | None = None
    value: str | None = None
    hs: str | None = None
    origin: str | None = None


class PostalItem(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What the customs declaration of a postal item says; known by S10 identifier and posting date."""

    s10: str = ""
    posted_on: str = ""
    category: str | None = None  # a word of CATEGORIES, or its code
    category_note: str | None = None
    mail_class: str | None = None  # letter, parcel, ems, or U, C, E; else the identifier's indicator says
    handling_class: str | None = None
    origin_post: str | None = None  # code of the post or office; its first two letters are the country
    destination_post: str | None = None
    currency: str | None = None  # of the values
    total_value: str | None = None
    gross_weight_kg: str | None = None
    postage: str | None = None
    postage_currency: str | None = None  # that of the values where it is not given
    insured_value: str | None = None
    insured_currency: str | None = None
    seller_scheme: str | None = None  # under which the tax was settled at the sale, with the seller's number in it
    seller_scheme_id: str | None = None
    sender_reference: str | None = None
    importer_reference: str | None = None
    comments: str | None = None
    sender: PostalParty | None = None
    addressee: PostalParty | None = None
    pieces: tuple[ContentPiece, ...] = ()
    licence_numbers: tuple[str, ...] = ()
    certificate_numbers: tuple[str, ...] = ()
    invoice_numbers: tuple[str, ...] = ()


T = TypeVar("T", bound=msgspec.Struct)


def tidy_item(item: PostalItem) -> PostalItem:
    """Return the item without blanks around its texts, and without what says nothing; every way in does this."""
    found = _tidied(item)
    parties = {name: _or_none(getattr(found, name)) for name in ("sender", "addressee")}
    pieces = tuple(piece for piece in map(_tidied, item.pieces) if piece != ContentPiece())
    return msgspec.structs.replace(
        found, s10="".join(item.s10.split()), posted_on=item.posted_on.strip(), pieces=pieces, **parties
    )


def _tidied(value: T) -> T:
    changed: dict[str, object] = {}
    for name in value.__struct_fields__:
        held = getattr(value, name)
        if isinstance(held, str):
            changed[name] = held.strip() or None
        elif isinstance(held, tuple) and held and isinstance(held[0], str):
            changed[name] = tuple(text.strip() for text in held if text.strip())
    return msgspec.structs.replace(value, **changed)


def _or_none(party: PostalParty | None) -> PostalParty | None:
    found = _tidied(party) if party is not None else None
    return None if found == PostalParty() else found


def category_word(text: str | None) -> str | None:
    """Return the category as a word of CATEGORIES, None where it is neither a word nor a code of them."""
    if text is None:
        return None
    return text if text in CATEGORIES else CATEGORY_CODES.get(text)


def mail_class_word(text: str | None) -> str | None:
    """Return the mail class as a word of MAIL_CLASSES, None where it is neither a word nor a code of them."""
    if text is None:
        return None
    return text if text in MAIL_CLASSES else MAIL_CLASS_CODES.get(text)
