# SPDX-License-Identifier: Apache-2.0
"""Whether an item's data hold what its destination demands, for its category and mail class on its posting date.

Demands are rows: destination, category, mail class, element, from day to day; `*` stands for any. The elements are
those of `ELEMENTS`, each a small question to the item. Beside it the quality that scorecards count.
Source: whoever fills the rows; those of the demo profile are invented.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import date

import msgspec

from openecp.border.postal.check import amount, hs_code, item_faults, posting_date, whole
from openecp.border.postal.faults import PostalFault, PostalRefused, shown
from openecp.border.postal.form import mail_of
from openecp.border.postal.item import CATEGORIES, MAIL_CLASSES, ContentPiece, PostalItem, PostalParty, category_word
from openecp.border.postal.parcels import country_of
from openecp.border.postal.s10 import s10_faults
from openecp.border.postal.table import read_rows

REQUIREMENT_COLUMNS = ("destination", "category", "mail_class", "element", "valid_from", "valid_to", "source")
ANY = "*"
_LAST = date(9999, 12, 31)

IsVague = Callable[[str], bool]  # whether a description says nothing


def _party(name: str, *fields: str) -> Callable[[PostalItem], Iterator[str]]:
    def missing(item: PostalItem) -> Iterator[str]:
        party: PostalParty = getattr(item, name) or PostalParty()
        if not any(getattr(party, field) for field in fields):
            yield f"{name}.{fields[0]}"

    return missing


def _own(field: str, good: Callable[[str | None], object] = bool) -> Callable[[PostalItem], Iterator[str]]:
    def missing(item: PostalItem) -> Iterator[str]:
        if good(getattr(item, field)) in (None, False):
            yield field

    return missing


def _each(field: str, good: Callable[[str | None], object] = bool) -> Callable[[PostalItem], Iterator[str]]:
    def missing(item: PostalItem) -> Iterator[str]:
        for number, piece in enumerate(item.pieces or (ContentPiece(),)):
            if good(getattr(piece, field)) in (None, False):
                yield f"pieces[{number}].{field}"

    return missing


ELEMENTS: dict[str, Callable[[PostalItem], Iterator[str]]] = {  # the places where an element is missing
    "sender_name": _party("sender", "name", "organisation"),
    "sender_address": _party("sender", "street", "city"),
    "sender_country": _party("sender", "country"),
    "sender_contact": _party("sender", "telephone", "email"),
    "addressee_name": _party("addressee", "name", "organisation"),
    "addressee_address": _party("addressee", "street", "city"),
    "addressee_postcode": _party("addressee", "postcode"),
    "addressee_country": _party("addressee", "country"),
    "addressee_contact": _party("addressee", "telephone", "email"),
    "addressee_tax_number": _party("addressee", "tax_number"),
    "category": _own("category", category_word),
    "currency": _own("currency"),
    "gross_weight": _own("gross_weight_kg", amount),
    "postage": _own("postage", amount),
    "insured_value": _own("insured_value", amount),
    "seller_scheme_id": _own("seller_scheme_id"),
    "licence_number": _own("licence_numbers"),
    "certificate_number": _own("certificate_numbers"),
    "invoice_number": _own("invoice_numbers"),
    "description": _each("description"),
    "quantity": _each("quantity", whole),
    "net_weight": _each("net_weight_kg", amount),
    "value": _each("value", amount),
    "hs6": _each("hs", hs_code),
    "origin": _each("origin"),
}


class Requirement(msgspec.Struct, frozen=True, kw_only=True):
    """One demand: this element, of items of this kind, to this destination, from day to day (both included)."""

    destination: str
    category: str
    mail_class: str
    element: str
    valid_from: date
    valid_to: date = _LAST
    source: str = ""


class Compliance(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What of the destination's demands an item does not meet; `demanded` is how many elements were asked for."""

    destination: str
    demanded: int
    missing: tuple[PostalFault, ...] = ()

    @property
    def compliant(self) -> bool:
        """Whether everything that is demanded is there."""
        return not self.missing


class ItemQuality(msgspec.Struct, frozen=True, kw_only=True):
    """What scorecards count of one item: each true where all its pieces, or the item, have it."""

    hs6: bool
    weight: bool
    value: bool
    contact: bool
    vague: bool
    compliant: bool
    faultless: bool


def requirements(rows: Iterable[tuple[int, Mapping[str, str]]], where: str) -> tuple[Requirement, ...]:
    """Return the demands of a table's rows (line, cells).

    Raises: PostalRefused naming every row that cannot be used.
    """
    found, faults = [], []
    for line, row in rows:
        wrong = _wrong(row)
        if wrong is not None:
            faults.append(
                PostalFault(
                    code="OECP-POSTAL-RULES",
                    where=f"{where}, column {wrong[0]}",
                    line=line,
                    message="The row cannot be used.",
                    expected=wrong[1],
                    got=shown(wrong[2]),
                    fix="Correct the row.",
                )
            )
            continue
        found.append(
            Requirement(
                destination=row["destination"],
                category=row["category"] or ANY,
                mail_class=row["mail_class"] or ANY,
                element=row["element"],
                valid_from=date.fromisoformat(row["valid_from"]),
                valid_to=date.fromisoformat(row["valid_to"]) if row.get("valid_to") else _LAST,
                source=row.get("source", ""),
            )
        )
    if faults:
        raise PostalRefused(faults)
    return tuple(found)


def _wrong(row: Mapping[str, str]) -> tuple[str, str, str] | None:
    """Return column, what was expected and what was got of the first cell that cannot be used."""
    destination = row.get("destination", "")
    if destination != ANY and not (len(destination) == 2 and destination.isascii() and destination.isupper()):
        return "destination", "a country code, or *", destination
    for name, words in (("category", CATEGORIES), ("mail_class", MAIL_CLASSES)):
        if row.get(name, "") not in (*words, ANY, ""):
            return name, ", ".join((*words, ANY)), row[name]
    if row.get("element") not in ELEMENTS:
        return "element", ", ".join(ELEMENTS), row.get("element", "")
    for name in ("valid_from", "valid_to"):
        text = row.get(name, "")
        try:
            if text or name == "valid_from":
                date.fromisoformat(text)
        except ValueError:
            return name, "a day such as 2026-01-01", text
    return None


def read_requirements(data: bytes, where: str = "rules") -> tuple[Requirement, ...]:
    """Return the demands of a CSV file.

    Raises: PostalRefused.
    """
    return requirements(read_rows(data, REQUIREMENT_COLUMNS, REQUIREMENT_COLUMNS[:5]), where)


def destination_of(item: PostalItem) -> str:
    """Return the country an item goes to: the addressee's, else the destination post's; empty where neither says."""
    country = item.addressee.country if item.addressee is not None else None
    return country or country_of(item.destination_post) or ""


def origin_of(item: PostalItem) -> str:
    """Return the post an item comes from: as declared, else the country of its identifier; empty where neither says."""
    found, _ = s10_faults(item.s10)
    return item.origin_post or (found.country if found is not None else "")


def judge(item: PostalItem, rules: Iterable[Requirement]) -> Compliance:
    """Return which demands of its destination an item does not meet."""
    to, on, mail, category = destination_of(item), posting_date(item), mail_of(item), category_word(item.category)
    asked: dict[str, Requirement] = {}
    for rule in rules:
        if (
            rule.destination in (ANY, to)
            and rule.category in (ANY, category)
            and rule.mail_class in (ANY, mail)
            and on is not None
            and rule.valid_from <= on <= rule.valid_to
        ):
            asked.setdefault(rule.element, rule)
    missing = [
        PostalFault(
            code="OECP-POSTAL-MISSING",
            where=place,
            message=f"The destination {to or 'of the item'} demands this element.",
            expected=element.replace("_", " "),
            got="nothing that can be used",
            fix=f"Declare it. {rule.source}".strip(),
        )
        for element, rule in asked.items()
        for place in ELEMENTS[element](item)
    ]
    return Compliance(destination=to, demanded=len(asked), missing=tuple(missing))


def quality_of(item: PostalItem, rules: Iterable[Requirement], is_vague: IsVague) -> ItemQuality:
    """Return what scorecards count of an item."""

    def has(*elements: str) -> bool:
        return not any(True for element in elements for _ in ELEMENTS[element](item))

    faults = item_faults(item)
    return ItemQuality(
        hs6=has("hs6"),
        weight=has("gross_weight", "net_weight"),
        value=has("value", "currency"),
        contact=has("addressee_contact"),
        vague=any(piece.description is None or is_vague(piece.description) for piece in item.pieces),
        compliant=judge(item, rules).compliant,
        faultless=not any(fault.severity == "fault" for fault in faults),
    )


def vague_terms(terms: Iterable[str]) -> IsVague:
    """Return a judge of descriptions by a list of terms that say nothing when they stand alone."""
    known = {_folded(term) for term in terms}
    return lambda text: _folded(text) in known


def _folded(text: str) -> str:
    return " ".join("".join(c if c.isalnum() else " " for c in text.casefold()).split())
