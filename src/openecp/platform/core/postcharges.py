# SPDX-License-Identifier: Apache-2.0
"""Charges postal items by the low-value rules: the same quoter that shops ask, so that a parcel costs what was said."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from decimal import Decimal

from openecp.border.low_value.basket import Basket, BasketItem, Buyer, Dates, Rates, SellerScheme
from openecp.border.low_value.currencies import exponent
from openecp.border.low_value.faults import QuoteRefused
from openecp.border.low_value.quote import Quote, QuoteLine, Quoter
from openecp.border.postal.assessing import PostalAssessment, PostalCharge
from openecp.border.postal.check import posting_date
from openecp.border.postal.item import PostalItem
from openecp.border.postal.parcels import parcel_of, pieces_of_lines
from openecp.border.postal.response import ResponseReason
from openecp.kernel.datamodel.parcel import Parcel

_CARRIERS = ("post", "express", "broker", "buyer")


class LowValueCharges:
    """Assesses postal items for one jurisdiction; serves one thread.

    `rates` are those that the regimes do not have, as a basket brings them. What refuses a quote holds the item. A
    regime that asks for a full declaration holds it too: the postal way is shut.
    """

    def __init__(self, quoter: Callable[[], Quoter], jurisdiction: str, *, rates: Rates | None = None) -> None:
        self._make = quoter
        self._quoter: Quoter | None = None
        self._jurisdiction = jurisdiction
        self._rates = rates

    def assess(self, item: PostalItem, on: date, post: str) -> PostalAssessment:
        """Return what an item costs on a day that this post presents; the regimes are read when it is first asked."""
        if self._quoter is None:
            self._quoter = self._make()
        try:
            quote = self._quoter.quote(self._basket(item, on, post), self._jurisdiction, on)
        except QuoteRefused as refused:
            reasons = tuple(ResponseReason(code=fault.code, text=fault.text[:300]) for fault in refused.faults[:20])
            return PostalAssessment(
                outcome="hold_for_documents",
                jurisdiction=self._jurisdiction,
                currency=item.currency or "XXX",
                reasons=reasons,
            )
        return self._answer(quote, item, post)

    def _basket(self, item: PostalItem, on: date, post: str) -> Basket:
        parcel = parcel_of(item, carrier=post)
        posted = posting_date(item) or on
        scheme = SellerScheme(name=parcel.scheme, id=parcel.scheme_id) if parcel.scheme_id else None
        return Basket(
            currency=parcel.currency or "",
            channel="post",
            trade=parcel.trade,
            dispatch_country=parcel.dispatch_country,
            destination_subdivision=parcel.destination_subdivision,
            seller_scheme=scheme,
            buyer=Buyer(id=parcel.buyer_id),
            rates=self._rates,
            dates=Dates(sale=posted, acceptance=on, arrival=on),
            freight=parcel.freight,
            documents=parcel.documents,
            items=_lines(parcel),
        )

    def _answer(self, quote: Quote, item: PostalItem, post: str) -> PostalAssessment:
        seller = item.seller_scheme_id or "unnamed"
        pieces, places = pieces_of_lines(item), exponent(quote.currency)
        charges = tuple(
            _charge(
                line, pieces[line.item - 1], quote.currency, places, post if line.collected_by in _CARRIERS else seller
            )
            for line in quote.lines
            if Decimal(line.amount)
        )
        full = quote.category == 4
        due = any(charge.due != "sale" for charge in charges)
        reasons = tuple(ResponseReason(code=says.code, text=says.text[:300]) for says in quote.reasons[:50])
        return PostalAssessment(
            outcome="hold_for_documents" if full else "release_with_charges" if due else "release",
            jurisdiction=quote.jurisdiction,
            currency=quote.currency,
            exponent=places,
            regime=quote.regime,
            category=quote.category,
            charges=() if full else charges,
            reasons=reasons,
        )


def _charge(line: QuoteLine, piece: int, currency: str, places: int, collector: str) -> PostalCharge:
    return PostalCharge(
        piece=piece,
        type="duty" if line.type == "duty" else "tax",
        minor=int(Decimal(line.amount).scaleb(places)),
        by=line.collected_by,
        due=line.due,
        account=f"collector:{line.collected_by}:{collector}:{currency}",
        base=line.base,
        rate=line.rate,
    )


def _lines(parcel: Parcel) -> list[BasketItem]:
    return [
        BasketItem(
            description=line.description[:200].replace("|", " ").replace("#", " ") if line.description else None,
            hs=line.hs,
            origin=line.origin,
            quantity=line.quantity,
            unit_price=line.unit_price or "",
            weight_kg=line.weight_kg,
            restricted=line.restricted,
            tax_paid=line.tax_paid,
        )
        for line in parcel.items
    ]
