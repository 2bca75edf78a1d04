# SPDX-License-Identifier: Apache-2.0
"""A second opinion on low-value charges, written apart from the steps: Python over fractions, one basket at a time.

It reads the same regime files and shares no code with the steps beyond the structs of the format.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date
from fractions import Fraction
from math import ceil, floor
from typing import Any

from openecp.border.low_value.model import Jurisdiction, Limit, Regime, Treatment

DECIMALS = {"JPY": 0, "KRW": 0, "VND": 0, "BHD": 3}
USED = {"order": "order", "person_day": "person_day", "person_month": "person_month", "person_year": "person_year"}


@dataclass
class Charged:
    """What the oracle says of one item: minor units; None where a rate is missing."""

    regime: str
    treatment: str
    duty: int | None
    tax: int | None


@dataclass
class Line:
    """One item of the basket in exact numbers."""

    price: Fraction
    cif: Fraction
    quantity: Fraction
    hs: str
    origin: str
    restricted: bool
    duty_rate: Fraction | None
    found: Any = field(default=None)


def rounded(value: Fraction, mode: str, step: int) -> int:
    """Round minor units to whole steps."""
    x = value / step
    down = floor(x)
    rest = x - down
    up = {
        "floor": False,
        "half_up": rest >= Fraction(1, 2),
        "half_even": rest > Fraction(1, 2) or (rest == Fraction(1, 2) and down % 2 == 1),
        "ceiling": rest > 0,
    }[mode]
    return (down + int(up)) * step


def charged(file: Jurisdiction, basket: dict[str, Any], on: date, named: str = "") -> list[Charged]:
    """Return what each item of a basket is charged; all amounts are in the basket's currency."""
    lines = lines_of(basket)
    held = [r for r in file.regimes if r.treatments and (r.valid_from or on) <= on <= (r.valid_to or on)]
    ordinary = next(r for r in held if r.ordinary)
    chosen = next((r for r in held if not r.ordinary and (r.id == named if named else selected(r, basket))), None)
    for line in lines:
        line.found = None
        for regime in (chosen, ordinary):
            if regime is not None and line.found is None:
                line.found = next(
                    (
                        (regime, t, b)
                        for t in regime.treatments
                        for b in bands_of(t)
                        if fits(regime, t, b, line, lines, basket, on)
                    ),
                    None,
                )
        assert line.found is not None
    return charges_of(lines, basket)


def lines_of(basket: dict[str, Any]) -> list[Line]:
    """Return the items with their share of freight and insurance, in whole millionths as the format says."""
    prices = [Fraction(i["unit_price"]) * Fraction(i["quantity"]) for i in basket["items"]]
    shares = [Fraction(0)] * len(prices)
    for name in ("freight", "insurance"):
        total = Fraction(basket.get(name) or 0) * 10**6
        whole, upto, before = sum(prices), Fraction(0), 0
        for n, price in enumerate(prices):
            upto += Fraction(price) if whole else 1
            now = floor(total * upto / (whole or len(prices)))
            shares[n] += Fraction(now - before, 10**6)
            before = now
    rates = basket.get("rates", {}).get("duty", {})
    return [
        Line(
            price=price,
            cif=price + share,
            quantity=Fraction(i["quantity"]),
            hs=i["hs"],
            origin=i["origin"],
            restricted=i.get("restricted", False),
            duty_rate=Fraction(rates[i["hs"]]) if i["hs"] in rates else None,
        )
        for i, price, share in zip(basket["items"], prices, shares, strict=True)
    ]


def selected(regime: Regime, basket: dict[str, Any]) -> bool:
    """Tell whether the regime is for this basket."""
    scheme = basket.get("seller_scheme") or {}
    used = basket.get("used_so_far") or {}

    def one(a: Any) -> bool:
        return (
            (not a.channels or basket["channel"] in a.channels)
            and (not a.trades or basket["trade"] in a.trades)
            and (
                not a.scheme
                or (regime.scheme is not None and scheme.get("name") in (regime.scheme.name, *regime.scheme.aliases))
            )
            and (not a.counter or any(used.get(k) for k in ("person_day", "person_month", "person_year")))
        )

    return not regime.applies or any(one(a) for a in regime.applies)


def bands_of(treatment: Treatment) -> tuple[Any, ...]:
    """Return the bands of the duty, or one that says nothing."""
    return (treatment.duty.bands if treatment.duty else ()) or (None,)


def pattern_holds(patterns: tuple[str, ...], text: str) -> bool:
    """Tell whether a text is of one of the patterns."""
    return not patterns or any(
        len(p) == len(text) and all(c.isdigit() if m == "#" else c == m for m, c in zip(p, text, strict=True))
        for p in patterns
    )


def fits(
    regime: Regime, t: Treatment, band: Any, line: Line, lines: list[Line], basket: dict[str, Any], on: date
) -> bool:
    """Tell whether a treatment and band hold for an item."""
    scheme = basket.get("seller_scheme") or {}
    if t.scheme and not (
        regime.scheme
        and scheme.get("name") in (regime.scheme.name, *regime.scheme.aliases)
        and pattern_holds(regime.scheme.patterns, scheme.get("id") or "")
    ):
        return False
    buyer = (basket.get("buyer") or {}).get("id") or ""
    if t.buyer and not (buyer and pattern_holds(regime.buyer_patterns, buyer)):
        return False
    simple = (
        (not t.channels or basket["channel"] in t.channels)
        and (not t.trades or basket["trade"] in t.trades)
        and (not t.dispatch or basket["dispatch_country"] in t.dispatch)
        and basket["dispatch_country"] not in t.not_dispatch
        and (not t.single_article or sum(x.quantity for x in lines) <= 1)
        and (t.method is None or t.method == basket.get("duty_method"))
    )
    if not simple or shut_out(regime, t, line, lines, on):
        return False
    if band is not None and (band.rate_lt or band.rate_le):
        highest = max((x.duty_rate for x in lines if x.duty_rate is not None), default=None)
        if highest is None or not (
            highest < Fraction(band.rate_lt) if band.rate_lt else highest <= Fraction(band.rate_le)
        ):
            return False
    limits = list(t.limits)
    if band is not None and band.upto is not None and t.duty is not None:
        limits.append(Limit(le=band.upto, basis=t.duty.basis, scope="consignment"))
    return all(within(limit, line, lines, basket) for limit in limits)


def shut_out(regime: Regime, t: Treatment, line: Line, lines: list[Line], on: date) -> bool:
    """Tell whether goods, origins or restrictions shut the item out."""
    if regime.ordinary or t.any_goods:
        return False
    e = regime.excluded
    seen = [line] if e is not None and e.scope == "item" else lines
    goods = e.goods if e else ()
    restricted = e.restricted if e else True
    origins = e.origins.countries if e and e.origins and e.origins.since <= on else ()
    return any(x.hs.startswith(goods) or (restricted and x.restricted) or x.origin in origins for x in seen) or (
        bool(t.origins) and any(x.origin not in t.origins for x in seen)
    )


def within(limit: Limit, line: Line, lines: list[Line], basket: dict[str, Any]) -> bool:
    """Tell whether a value is within a limit."""

    def of(x: Line) -> Fraction:
        return x.cif if limit.basis == "cif" else x.price

    if limit.scope == "item":
        value = of(line) / max(line.quantity, Fraction(1))
    elif limit.scope == "hs6":
        value = sum((of(x) for x in lines if x.hs[:6] == line.hs[:6]), Fraction(0))
    else:
        value = sum((of(x) for x in lines), Fraction(0))
        if limit.scope in USED:
            value += Fraction((basket.get("used_so_far") or {}).get(USED[limit.scope or ""]) or 0)
    rate = Fraction(basket.get("rate_to_regime", 1))
    return value * rate <= Fraction(limit.le) if limit.le is not None else value * rate < Fraction(limit.lt or 0)


def charges_of(lines: list[Line], basket: dict[str, Any]) -> list[Charged]:
    """Compute duty and tax of each item; an item bears what it adds to the rounded sum of its kind."""
    scale = 10 ** DECIMALS.get(basket["currency"], 2)
    rate_to = Fraction(basket.get("rate_to_regime", 1))
    answers: list[Charged] = []
    sums: dict[Any, tuple[Fraction, int]] = {}
    flat_paid: set[str] = set()

    def borne(key: Any, amount: Fraction, regime: Regime, less: Fraction = Fraction(0)) -> int:
        if regime.rounding.level == "item":
            return rounded(max(amount - less, Fraction(0)) * scale, regime.rounding.mode, regime.rounding.quantum)
        exact, told = sums.get(key, (Fraction(0), 0))
        now = rounded(max(exact + amount - less, Fraction(0)) * scale, regime.rounding.mode, regime.rounding.quantum)
        sums[key] = (exact + amount, now)
        return now - told

    def converted(text: str) -> Fraction:
        return Fraction(floor(Fraction(text) * 10**6 / rate_to), 10**6)

    taxes: list[tuple[Charged, Regime, Treatment, Fraction]] = []
    for n, line in enumerate(lines):
        regime, t, band = line.found
        duty: int | None = 0
        if t.duty is not None:
            base = line.cif if t.duty.basis == "cif" else line.price
            rate: Fraction | None = None
            if t.duty.kind == "ad_valorem":
                rate = Fraction((band.rate if band else None) or t.duty.rate)
            elif t.duty.kind == "tariff":
                free = t.duty.up_to_chapter and line.hs[:2] > t.duty.up_to_chapter
                rate = Fraction(0) if free else line.duty_rate
            else:
                first = line.hs[:6] not in flat_paid if t.duty.kind == "flat_per_hs6" else n == 0
                flat_paid.add(line.hs[:6])
                base = converted((band.amount if band else None) or t.duty.amount) if first else Fraction(0)
                rate = Fraction(1)
            less = converted(band.deduct) if band is not None and band.deduct else Fraction(0)
            duty = None if rate is None else borne(("duty", regime.id, t.name, band, rate), base * rate, regime, less)
        answer = Charged(regime.id, t.name, duty, 0)
        answers.append(answer)
        if t.tax is None:
            continue
        given = basket.get("rates", {}).get("vat")
        tax_rate = Fraction(given) if given is not None else Fraction(t.tax.rate) if t.tax.rate else None
        if t.tax.rate_from == "postal_article" and line.duty_rate is not None:
            tax_rate = line.duty_rate
        if t.tax.rate_from == "basket_or_none" and tax_rate is None:
            tax_rate = Fraction(0)
        if tax_rate is None or (duty is None and t.tax.on_duty):
            answer.tax = None
            continue
        excise = Fraction(0)
        if t.tax.with_excise:
            excise = Fraction(basket.get("rates", {}).get("excise", {}).get(line.hs, 0))
        share = (tax_rate + excise) / (1 - excise - (tax_rate if t.tax.inside else 0)) * Fraction(t.tax.factor or 1)
        base = (line.cif if t.tax.basis == "cif" else line.price) + (Fraction(duty or 0, scale) if t.tax.on_duty else 0)
        answer.tax = borne(("tax", regime.id, t.name, band, tax_rate, excise), base * share, regime)
        taxes.append((answer, regime, t, base * share))
    for answer, _, t, exact in taxes:
        if t.remission is None:
            continue
        seen = [(answer, exact)] if t.remission.scope == "item" else [(a, x) for a, _, _, x in taxes]
        if t.remission.judged == "rounded":
            total = sum((Fraction(a.tax or 0, scale) for a, _ in seen), Fraction(0))
        else:
            cut = ceil if t.remission.le is not None else floor
            total = sum((Fraction(cut(x * 10**6), 10**6) for _, x in seen), Fraction(0))
        total *= rate_to
        le, lt = t.remission.le, t.remission.lt
        if total <= Fraction(le) if le is not None else total < Fraction(lt or 0):
            answer.treatment += "*"
    for answer in answers:
        if answer.treatment.endswith("*"):
            answer.tax = 0
    return answers
