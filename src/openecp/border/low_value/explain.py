# SPDX-License-Identifier: Apache-2.0
"""The reasons of a quote in words: which rule held, which did not and why, and how each amount came about."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from decimal import Decimal
from functools import lru_cache
from typing import Any

import msgspec

from openecp.border.low_value.basket import Basket
from openecp.border.low_value.currencies import amount_text, micro_text, rate_text
from openecp.border.low_value.model import Limit, Regime
from openecp.border.low_value.tables import Entry, rate_e8

FAILED = {  # bits of the mask that treatments_tried gives
    1: "another regime was asked for",
    65536: "an earlier regime holds",
    2: "the channel is not one of it",
    4: "the trade is not one of it",
    8: "no valid identifier of the seller's scheme",
    16: "it is for another channel, trade or seller's scheme",
    32: "the country of dispatch is not one of it",
    64: "no valid identifier of the buyer",
    128: "goods that it excludes are in the parcel",
    256: "goods of an origin that it excludes are in the parcel",
    512: "goods under a prohibition or restriction are in the parcel",
    1024: "it is for one single article",
    2048: "another method of charging was asked for",
    4096: "the duty rate is in another band",
    8192: "the value is over its limit",
    16384: "the total is over its limit",
    32768: "an exchange rate is missing",
}


class Says(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One reason: what holds, on which ground, and how well that ground is supported."""

    code: str
    text: str
    item: int | None = None
    line: str | None = None  # duty or tax: the amount that it explains
    source: str | None = None
    support: str | None = None


def line_rate(row: Mapping[str, Any], entry: Entry, kind: str) -> str:
    """Return the rate of a line as it is written."""
    if kind == "tax":
        return rate_text(row["tax_rate_used_e8"] or 0)
    duty, band = entry.treatment.duty, entry.band
    if duty is not None and duty.kind.startswith("flat"):
        amount = (band.amount if band else None) or duty.amount
        return f"{amount} {entry.regime.currency}"
    return rate_text(row["duty_rate_used_e8"] or 0)


def limit_text(limit: Limit, currency: str | None) -> str:
    """Return a limit in words."""
    word, amount = ("at most", limit.le) if limit.le is not None else ("below", limit.lt)
    scope = {"hs6": "HS subheading", "person_day": "person and day", "person_month": "person and month",
             "person_year": "person and year"}.get(limit.scope or "", limit.scope)  # fmt: skip
    basis = {"cif": "value with freight and insurance", "fob": "value FOB", "price": "price without freight"}.get(
        limit.basis or "", f"{limit.basis} value"
    )
    return f"{basis} {word} {amount} {currency} for each {scope}"


def passed_over(
    row: Mapping[str, Any],
    tried: list[tuple[int, int]],
    entries: Mapping[int, Entry],
    basket: Basket,
) -> list[Says]:
    """Return why the treatments before the chosen one did not hold, in their order."""
    found: list[Says] = []
    for number, failed in tried:
        entry = entries[number]
        if number >= row["treatment_no"] or failed & 65537:
            continue  # a regime that was not asked for, or comes after the one that holds
        causes = [_cause(bit, text, entry, basket) for bit, text in FAILED.items() if failed & bit]
        if causes:
            text = f"{entry.regime.id}, {entry.treatment.name}: does not hold: {'; '.join(causes)}."
            found.append(Says(code="passed_over", text=text))
    return found


def _cause(bit: int, text: str, entry: Entry, basket: Basket) -> str:
    limits, regime = entry.treatment.limits, entry.regime
    if bit == 8192 and limits:
        return f"{text} ({limit_text(limits[0], regime.currency)})"
    if bit in (8192, 16384) and entry.band and entry.band.upto:
        return f"the value is over {entry.band.upto} {regime.currency}"
    if bit == 16384 and len(limits) > 1:
        return f"{text} ({limit_text(limits[1], regime.currency)})"
    if bit == 256 and regime.excluded and regime.excluded.origins:
        origins = regime.excluded.origins
        return f"{text} ({', '.join(origins.countries)} since {origins.since.isoformat()})"
    if bit == 8 and regime.scheme:
        given = basket.seller_scheme
        got = f"{given.name} {given.id or 'without an identifier'}" if given else "none"
        wanted = " or ".join(regime.scheme.patterns) or "any identifier"
        return f"{text} ({regime.scheme.name}: {wanted}, # a digit; got {got})"
    return text


def why_parcel(entry: Entry, basket: Basket, on: date) -> list[Says]:
    """Return what holds for every item of a parcel under a treatment."""
    regime, treatment = entry.regime, entry.treatment
    source = "; ".join(regime.sources) or None
    found = [Says(code="applied", text=f"{regime.id}: {treatment.says}", source=source, support=regime.support)]
    found += [
        Says(code="limit", text=f"Within the limit: {limit_text(limit, regime.currency)}.", support=regime.support)
        for limit in treatment.limits
    ]
    if regime.valid_from is None and not regime.ordinary:
        found.append(Says(code="start_unknown", text=f"{regime.id}: its start is not sourced and is taken as open."))
    found += [Says(code="caveat", text=caveat.text) for caveat in regime.caveats if caveat.since <= on]
    if basket.documents and not regime.ordinary:
        found.append(Says(code="documents", text=_documents_text(basket)))
    return found


def why(row: Mapping[str, Any], entry: Entry, basket: Basket) -> list[Says]:
    """Return how the amounts of an item came about."""
    regime, item = entry.regime, row["item"]
    found = _duty_says(row, entry, basket, item)
    found += _tax_says(row, entry, basket, item)
    if basket.items[item - 1].restricted and (regime.ordinary or not (regime.excluded and regime.excluded.restricted)):
        found.append(
            Says(
                code="restriction",
                item=item,
                text="Goods under a prohibition or restriction need the full declaration at any value.",
            )
        )
    return found


def _documents_text(basket: Basket) -> str:
    """Return what papers pay: correspondence is nobody's goods, papers that are worth something are."""
    if any(Decimal(item.unit_price) for item in basket.items):
        return "Papers alone, but with a value: they are charged as goods; without a value nothing is charged."
    return "Papers alone, without a value: nothing is charged."


def _duty_says(row: Mapping[str, Any], entry: Entry, basket: Basket, item: int) -> list[Says]:
    duty, currency = entry.treatment.duty, basket.currency
    amount = amount_text(row["duty_minor"], currency)
    if duty is None:
        return [Says(code="no_duty", item=item, line="duty", text=f"Item {item}: no duty under {entry.regime.id}.")]
    base = micro_text(row["duty_base_micro"], currency)
    if duty.kind == "flat_per_hs6":
        if not row["duty_base_micro"]:
            text = (
                f"Item {item}: its HS subheading {(basket.items[item - 1].hs or '')[:6]} has paid with an item above."
            )
        else:
            hs = (basket.items[item - 1].hs or "")[:6]
            text = f"Item {item}: {line_rate(row, entry, 'duty')} for HS subheading {hs}: {amount} {currency}."
    elif duty.kind == "flat_per_consignment":
        text = f"Item {item}: {line_rate(row, entry, 'duty')} for the postal item, {amount} {currency} here."
    else:
        text = f"Item {item}: {base} {currency} at {percent(row['duty_rate_used_e8'])}: duty {amount} {currency}."
        if entry.band and entry.band.deduct:
            text += f" {entry.band.deduct} {entry.regime.currency} are deducted from the duty of the parcel."
    return [Says(code="duty", item=item, line="duty", text=text, support=entry.regime.support)]


def _tax_says(row: Mapping[str, Any], entry: Entry, basket: Basket, item: int) -> list[Says]:
    tax, currency = entry.treatment.tax, basket.currency
    if tax is None:
        return [Says(code="no_tax", item=item, line="tax", text=f"Item {item}: no tax under {entry.regime.id}.")]
    base = micro_text(row["tax_base_micro"], currency)
    amount, before = (amount_text(row[name], currency) for name in ("tax_minor", "tax_before_minor"))
    rate = percent(row["tax_rate_used_e8"])
    how = f" of a base that holds the {tax.name} itself" if tax.inside else ""
    if tax.factor:
        how += f", times {tax.factor}"
    if row["excise_used_e8"]:
        how += f", with excise at {percent(row['excise_used_e8'])} inside the base"
    text = f"Item {item}: {base} {currency} at {rate}{how}: {tax.name} {before} {currency}."
    found = [Says(code="tax", item=item, line="tax", text=text, support=entry.regime.support)]
    rates = basket.rates
    if rates and rates.vat is not None and tax.rate is not None and row["tax_rate_used_e8"] != _e8(tax.rate):
        found.append(Says(code="basket_rate", text=f"The basket's rate stands in place of the regime's {tax.rate}."))
    remission = entry.treatment.remission
    if row["remitted"] and remission:
        limit = remission.le or remission.lt
        found.append(
            Says(
                code="remitted",
                item=item,
                line="tax",
                text=f"Tax of {'at most' if remission.le else 'less than'} {limit} {entry.regime.currency} for each "
                f"{remission.scope} is not collected: {amount} {currency}.",
            )
        )
    if basket.items[item - 1].tax_paid:
        text = f"Item {item}: evidence that the tax was paid at sale; it is not collected again."
        found.append(Says(code="tax_paid", item=item, line="tax", text=text))
    return found


@lru_cache(maxsize=1_000)
def percent(rate_e8: int | None) -> str:
    """Return a rate as a percentage."""
    text = f"{(rate_e8 or 0) / 1_000_000:f}".rstrip("0").rstrip(".")
    return f"{text} %"


@lru_cache(maxsize=1_000)
def _e8(text: str) -> int:
    return rate_e8(text) or 0


def regime_title(regime: Regime) -> str:
    """Return a regime's id and title."""
    return f"{regime.id}: {regime.title}"
