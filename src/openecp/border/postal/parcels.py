# SPDX-License-Identifier: Apache-2.0
"""A postal item as a parcel of the low-value data set, and back: so that the same rules charge it.

A line of the contents gives its value for all its articles, a parcel the price of one. Where the value does not divide
into whole millionths, the line becomes two, whose prices differ by one millionth: the sum stays exact, and limits on
one article are judged on one article. `pieces_of_lines` says which line comes from which piece.
"""

from __future__ import annotations

from collections.abc import Iterator

from openecp.border.postal.check import amount, hs_code, whole
from openecp.border.postal.item import ContentPiece, PostalItem, PostalParty, category_word
from openecp.kernel.datamodel.parcel import Parcel, ParcelItem

_MICRO = 1_000_000
_TRADES = {"gift": "gift", "sale_of_goods": "B2C", "commercial_sample": "B2B"}
_CATEGORIES = {"gift": "gift", "B2C": "sale_of_goods", "B2B": "sale_of_goods", "C2C": "other"}


def parcel_of(item: PostalItem, *, carrier: str | None = None, tax_paid: bool = False) -> Parcel:
    """Return the item as a parcel; `carrier` is the post, `tax_paid` says that the seller settled the tax."""
    sender, addressee = item.sender or PostalParty(), item.addressee or PostalParty()
    category = category_word(item.category)
    return Parcel(
        parcel_id=item.s10,
        posted_on=item.posted_on,
        channel="post",
        trade=_TRADES.get(category or "", "B2C" if item.seller_scheme or item.seller_scheme_id else "C2C"),
        currency=item.currency,
        dispatch_country=country_of(item.origin_post) or sender.country,
        destination_subdivision=addressee.region,
        carrier=carrier,
        scheme=item.seller_scheme,
        scheme_id=item.seller_scheme_id,
        sender_name=name_of(sender),
        sender_address=address_of(sender),
        buyer_id=addressee.tax_number,
        buyer_name=name_of(addressee),
        buyer_address=address_of(addressee),
        freight=item.postage if item.postage_currency in (None, item.currency) else None,
        insurance=None,
        gross_weight_kg=item.gross_weight_kg,
        documents=category == "documents",
        items=tuple(line for _, line in _lines(item, tax_paid)),
    )


def pieces_of_lines(item: PostalItem) -> tuple[int, ...]:
    """Return for each line of `parcel_of` the number, from 1, of the content piece that it comes from."""
    return tuple(number for number, _ in _lines(item, False))


def _lines(item: PostalItem, tax_paid: bool) -> Iterator[tuple[int, ParcelItem]]:
    for number, piece in enumerate(item.pieces, start=1):
        value, quantity = amount(piece.value), whole(piece.quantity) or 1
        lone = ((quantity, None),) if value is None else _shares(int(value * _MICRO), quantity)
        weight = amount(piece.net_weight_kg)
        for place, (articles, price) in enumerate(lone):
            yield (
                number,
                ParcelItem(
                    description=piece.description,
                    hs=hs_code(piece.hs),
                    origin=piece.origin,
                    quantity=str(articles),
                    unit_price=None if price is None else _text(price),
                    weight_kg=piece.net_weight_kg if place == 0 and weight is not None else None,
                    tax_paid=tax_paid,
                ),
            )


def _shares(value_micro: int, quantity: int) -> tuple[tuple[int, int | None], ...]:
    """Return articles and price of one: alike where the value divides, else two lots that differ by a millionth."""
    price, rest = divmod(value_micro, quantity)
    if not rest:
        return ((quantity, price),)
    return ((quantity - rest, price), (rest, price + 1))


def item_of_parcel(parcel: Parcel) -> PostalItem:
    """Return a parcel as a postal item; each line becomes a content piece with the value of all its articles."""
    return PostalItem(
        s10=parcel.parcel_id,
        posted_on=parcel.posted_on,
        category="documents" if parcel.documents else _CATEGORIES.get(parcel.trade),
        origin_post=parcel.dispatch_country,
        currency=parcel.currency,
        gross_weight_kg=parcel.gross_weight_kg,
        postage=parcel.freight,
        seller_scheme=parcel.scheme,
        seller_scheme_id=parcel.scheme_id,
        sender=_party(parcel.sender_name, parcel.sender_address, None, None),
        addressee=_party(parcel.buyer_name, parcel.buyer_address, parcel.buyer_id, parcel.destination_subdivision),
        pieces=tuple(_piece(line) for line in parcel.items),
    )


def _piece(line: ParcelItem) -> ContentPiece:
    price, quantity = amount(line.unit_price), whole(line.quantity)
    value = None
    if price is not None and quantity is not None:
        value = _text(int(price * _MICRO) * quantity)
    return ContentPiece(
        description=line.description,
        quantity=line.quantity,
        net_weight_kg=line.weight_kg,
        value=value,
        hs=line.hs,
        origin=line.origin,
    )


def _party(name: str | None, address: str | None, tax: str | None, region: str | None) -> PostalParty | None:
    found = PostalParty(name=name, street=address, tax_number=tax, region=region)
    return None if found == PostalParty() else found


def name_of(party: PostalParty) -> str | None:
    """Return the name of a party, with the organisation where both are given."""
    return ", ".join(text for text in (party.name, party.organisation) if text) or None


def address_of(party: PostalParty) -> str | None:
    """Return the address of a party in one line."""
    place = " ".join(text for text in (party.postcode, party.city) if text)
    return ", ".join(text for text in (party.street, place, party.region, party.country) if text) or None


def country_of(post: str | None) -> str | None:
    """Return the country of a post's code."""
    return post[:2] if post is not None and len(post) >= 2 and post[:2].isalpha() and post[:2].isupper() else None


def _text(micro: int) -> str:
    """Return millionths as decimal text, with two decimals at least."""
    whole_part, rest = divmod(micro, _MICRO)
    decimals = f"{rest:06d}".rstrip("0").ljust(2, "0")
    return f"{whole_part}.{decimals}"
