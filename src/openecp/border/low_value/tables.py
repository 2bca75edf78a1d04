# SPDX-License-Identifier: Apache-2.0
"""Regimes as rows: one row a treatment (and band) of a regime, as the steps join them."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from datetime import date
from decimal import Decimal
from functools import lru_cache
from typing import Any, NamedTuple

from openecp.border.low_value.model import Band, Excluded, Jurisdiction, Limit, Regime, Treatment
from openecp.kernel.assessment.engine import Columns, Schema

MICRO, E8 = 1_000_000, 100_000_000
FIRST_DAY, LAST_DAY = date(1900, 1, 1), date(9999, 12, 31)
SCOPES = ("item", "hs6", "consignment", "order", "person_day", "person_month", "person_year")
MODES = ("floor", "half_up", "half_even", "ceiling")
_BIG, _INT, _TEXT, _FLAG, _DAY = "BIGINT", "INTEGER", "VARCHAR", "BOOLEAN", "DATE"

ITEM_COLUMNS: Schema = Columns(
    (
        ("row_id", _BIG),
        ("basket_id", _BIG),
        ("item", _INT),
        ("jurisdiction", _TEXT),
        ("regime", _TEXT),  # empty: the rule says
        ("sale_date", _DAY),
        ("acceptance_date", _DAY),
        ("arrival_date", _DAY),
        ("currency", _TEXT),
        ("unit_micro", _BIG),  # millionths of the main unit in one minor unit
        ("unit_inverse", "DECIMAL(8,6)"),  # 1/unit_micro
        ("exchange_key", _TEXT),  # which rates: empty for the official table, else the sender's own
        ("channel", _TEXT),
        ("trade", _TEXT),
        ("dispatch_country", _TEXT),
        ("destination_subdivision", _TEXT),
        ("scheme", _TEXT),  # lower-case letters and digits of the scheme's name
        ("scheme_id", _TEXT),  # the steps get, here and for the buyer, the lists of patterns that the identifier fits
        ("buyer_id", _TEXT),
        ("method", _TEXT),
        ("documents", _FLAG),
        ("restricted", _FLAG),
        ("tax_paid", _FLAG),  # evidence that the tax was paid at sale
        ("counted", _FLAG),  # a total of the person is given
        ("origin", _TEXT),
        ("hs", _TEXT),
        ("quantity_micro", _BIG),
        ("price_micro", _BIG),  # of the line, without freight and insurance
        ("freight_micro", _BIG),
        ("insurance_micro", _BIG),
        ("duty_rate_e8", _BIG),
        ("tax_rate_e8", _BIG),
        ("excise_rate_e8", _BIG),
        ("used_order_micro", _BIG),
        ("used_day_micro", _BIG),
        ("used_month_micro", _BIG),
        ("used_year_micro", _BIG),
    ),
    nullable=("duty_rate_e8", "tax_rate_e8", "excise_rate_e8"),
)
EXCHANGE_COLUMNS: Schema = Columns(
    (
        ("exchange_key", _TEXT),
        ("from_currency", _TEXT),
        ("to_currency", _TEXT),
        ("rate_from", _DAY),
        ("rate_to", _DAY),
        ("num", _BIG),  # one unit of from_currency is num/den of to_currency
        ("den", _BIG),
        ("inverse", "DECIMAL(24,18)"),  # den/num, to 18 places
    ),
    nullable=(),
)
RECIPROCAL_COLUMNS: Schema = Columns(
    (("whole_e8", _BIG), ("reciprocal", "DECIMAL(22,20)")), nullable=()
)  # 100,000,000/whole_e8
TREATMENT_COLUMNS: Schema = Columns(
    (
        ("treatment_no", _BIG),
        ("of_jurisdiction", _TEXT),
        ("regime_id", _TEXT),
        ("regime_no", _INT),
        ("ordinary", _FLAG),
        ("valid_from", _DAY),
        ("valid_to", _DAY),
        ("law_date", _INT),  # 0 sale, 1 acceptance, 2 arrival
        ("amount_currency", _TEXT),
        ("has_amounts", _FLAG),
        ("regime_channels", _TEXT),
        ("regime_trades", _TEXT),
        ("regime_scheme", _FLAG),
        ("regime_counter", _FLAG),
        ("channels", _TEXT),
        ("trades", _TEXT),
        ("dispatch_in", _TEXT),
        ("dispatch_not", _TEXT),
        ("origin_in", _TEXT),
        ("origin_not", _TEXT),
        ("origin_not_from", _DAY),
        ("goods_not", _TEXT),
        ("restricted_not", _FLAG),
        ("shut_scope", _INT),  # 1 the item, 3 the consignment
        ("schemes", _TEXT),
        ("scheme_masks", _TEXT),
        ("scheme_rule", _INT),
        ("buyer_masks", _TEXT),
        ("buyer_rule", _INT),
        ("single_article", _FLAG),
        ("method_asked", _TEXT),
        ("rate_below_e8", _BIG),
        ("rate_equal", _FLAG),
        ("limit_micro", _BIG),
        ("limit_scope", _INT),
        ("limit_cif", _FLAG),
        ("limit_below", _FLAG),
        ("limit2_micro", _BIG),
        ("limit2_scope", _INT),
        ("limit2_cif", _FLAG),
        ("limit2_below", _FLAG),
        ("full_category", _INT),
        ("category_documents", _INT),
        ("category_free", _INT),
        ("category_due", _INT),
        ("duty_rule", _INT),  # 0 none, 1 rate, 2 tariff, 3 flat an HS subheading, 4 flat a consignment
        ("regime_duty_rate_e8", _BIG),
        ("duty_chapters", _TEXT),
        ("duty_cif", _FLAG),
        ("duty_flat_micro", _BIG),
        ("duty_deduct_micro", _BIG),
        ("duty_by", _TEXT),
        ("duty_due", _TEXT),
        (
            "tax_rule",
            _INT,
        ),  # 0 none, 1 the basket's or the regime's rate, 2 of postal articles, 3 where the basket has one
        ("regime_tax_rate_e8", _BIG),
        ("tax_cif", _FLAG),
        ("tax_on_duty", _FLAG),
        ("tax_inside", _FLAG),
        ("tax_factor_e4", _BIG),
        ("tax_with_excise", _FLAG),
        ("tax_by", _TEXT),
        ("tax_due", _TEXT),
        ("remit_micro", _BIG),
        ("remit_scope", _INT),
        ("remit_below", _FLAG),
        ("remit_rounded", _FLAG),
        ("remit_duty", _FLAG),
        ("by_item", _FLAG),
        ("round_mode", _INT),
        ("quantum", _BIG),
        ("quantum_inverse", "DECIMAL(8,6)"),
    ),
    nullable=(
        "rate_below_e8",
        "limit_micro",
        "limit2_micro",
        "regime_duty_rate_e8",
        "duty_flat_micro",
        "duty_deduct_micro",
        "regime_tax_rate_e8",
        "remit_micro",
    ),
)
ITEM_AT = {name: place for place, (name, _) in enumerate(ITEM_COLUMNS)}


class Entry(NamedTuple):
    """What a row of the treatments stands for: its regime, treatment and band, for those who explain."""

    regime: Regime
    treatment: Treatment
    band: Band | None


def millionths(text: str | None) -> int | None:
    """Return an amount in millionths of the main unit."""
    return None if text is None else int(Decimal(text) * MICRO)


def rate_e8(text: str | None) -> int | None:
    """Return a share in 1/100,000,000."""
    return None if text is None else int(Decimal(text) * E8)


def _marks(words: Sequence[str]) -> str:
    return "|" + "|".join(words) + "|" if words else ""


@lru_cache(maxsize=1_000)
def _compiled(pattern: str) -> re.Pattern[str]:
    """Return the regular expression of a pattern of identifiers: `#` is a digit, all else stands for itself."""
    return re.compile("".join("[0-9]" if sign == "#" else re.escape(sign) for sign in pattern), re.ASCII)


def fits(identifier: str, patterns: Iterable[str]) -> bool:
    """Tell whether an identifier is of one of the patterns."""
    return any(_compiled(pattern).fullmatch(identifier) for pattern in patterns)


def masks_of(patterns: Sequence[str]) -> str:
    """Return patterns as one text, by which a row of the treatments and an identifier that fits are compared."""
    return ",".join(patterns)


def fitted(identifier: str, masks: Iterable[str]) -> list[str]:
    """Return those of several lists of patterns, each as one text, that an identifier fits."""
    return [one for one in masks if identifier and fits(identifier, one.split(","))]


def plain(name: str) -> str:
    """Return the lower-case letters and digits of a name: `Remessa Conforme` and `REMESSA-CONFORME` are one."""
    return "".join(letter for letter in name.lower() if letter.isalnum())


def is_runnable(regime: Regime) -> bool:
    """Tell whether a regime can answer a quote."""
    return not missing_fields(regime)


def missing_fields(regime: Regime) -> list[str]:
    """Return the fields that must be known before a regime can answer a quote."""
    found = list(regime.missing)
    if not regime.treatments and not found:
        found.append("treatments")
    amounts = False
    for number, treatment in enumerate(regime.treatments):
        where = f"treatments[{number}]"
        for place, limit in enumerate(treatment.limits):
            amounts = True
            if limit.le is None and limit.lt is None:
                found.append(f"{where}.limits[{place}].le")
            found += [f"{where}.limits[{place}].{name}" for name in ("basis", "scope") if getattr(limit, name) is None]
        duty, remission = treatment.duty, treatment.remission
        if duty is not None and not duty.bands:
            if duty.kind == "ad_valorem" and duty.rate is None:
                found.append(f"{where}.duty.rate")
            if duty.kind.startswith("flat") and duty.amount is None:
                found.append(f"{where}.duty.amount")
        if remission is not None and remission.le is None and remission.lt is None:
            found.append(f"{where}.remission.le")
        amounts |= remission is not None or (duty is not None and (bool(duty.bands) or duty.amount is not None))
    if amounts and regime.currency is None:
        found.append("currency")
    if regime.valid_from is None and not (regime.start_unknown or regime.ordinary):
        found.append("valid_from")
    return found


def treatment_rows(files: Iterable[Jurisdiction]) -> tuple[list[tuple[Any, ...]], dict[int, Entry]]:
    """Return the rows of all regimes that can run, in the order in which they are tried, and what each stands for."""
    rows: list[tuple[Any, ...]] = []
    entries: dict[int, Entry] = {}
    regimes = 0
    for file in files:
        for regime in sorted(file.regimes, key=lambda one: one.ordinary):
            if not is_runnable(regime):
                continue
            regimes += 1
            for treatment in regime.treatments:
                for band, limits in _bands(treatment):
                    for applies in regime.applies or (None,):
                        number = len(rows) + 1
                        entries[number] = Entry(regime, treatment, band)
                        named = dict(_cells(number, file, regime, treatment, band, limits))
                        named |= {**_selector_cells(applies), "regime_no": regimes}
                        rows.append(tuple(named[name] for name, _ in TREATMENT_COLUMNS))
    return rows, entries


def _bands(treatment: Treatment) -> Iterator[tuple[Band | None, tuple[Limit, ...]]]:
    """Yield each band with the limits under which it holds; the first that fits is taken."""
    duty = treatment.duty
    if duty is None or not duty.bands:
        yield None, treatment.limits
        return
    for band in duty.bands:
        more = () if band.upto is None else (Limit(le=band.upto, basis=duty.basis, scope="consignment"),)
        yield band, (*treatment.limits, *more)


def _selector_cells(applies: Any) -> dict[str, Any]:
    return {
        "regime_channels": _marks(applies.channels) if applies else "",
        "regime_trades": _marks(applies.trades) if applies else "",
        "regime_scheme": bool(applies and applies.scheme),
        "regime_counter": bool(applies and applies.counter),
    }


def _cells(
    number: int,
    file: Jurisdiction,
    regime: Regime,
    treatment: Treatment,
    band: Band | None,
    limits: tuple[Limit, ...],
) -> Iterator[tuple[str, Any]]:
    yield from {
        "treatment_no": number,
        "of_jurisdiction": file.jurisdiction,
        "regime_id": regime.id,
        "ordinary": regime.ordinary,
        "valid_from": regime.valid_from or FIRST_DAY,
        "valid_to": regime.valid_to or LAST_DAY,
        "law_date": ("sale", "acceptance", "arrival").index(regime.date),
        "amount_currency": regime.currency or file.currency,
        "has_amounts": bool(limits or treatment.remission or (band and (band.amount or band.deduct)))
        or bool(treatment.duty and treatment.duty.amount),
        "channels": _marks(treatment.channels),
        "trades": _marks(treatment.trades),
        "dispatch_in": _marks(treatment.dispatch),
        "dispatch_not": _marks(treatment.not_dispatch),
        "origin_in": _marks(treatment.origins),
        "single_article": treatment.single_article,
        "method_asked": treatment.method or "",
        "scheme_rule": int(treatment.scheme),
        "buyer_rule": int(treatment.buyer),
        "buyer_masks": masks_of(regime.buyer_patterns),
    }.items()
    scheme = regime.scheme
    yield "schemes", _marks([plain(name) for name in (scheme.name, *scheme.aliases)]) if scheme else ""
    yield "scheme_masks", masks_of(scheme.patterns) if scheme else ""
    yield from _excluded_cells(regime, treatment).items()
    for place, name in enumerate(("limit", "limit2")):
        limit = limits[place] if place < len(limits) else None
        yield f"{name}_micro", millionths(limit.le if limit.le is not None else limit.lt) if limit else None
        yield f"{name}_scope", SCOPES.index(limit.scope or "item") + 1 if limit else 0
        yield f"{name}_cif", bool(limit and limit.basis == "cif")
        yield f"{name}_below", bool(limit and limit.le is None)
    yield from _charge_cells(treatment, band).items()
    categories, category = regime.categories, treatment.category
    yield (
        "full_category",
        categories.full if regime.ordinary and category == "auto" else (0 if category == "auto" else category),
    )
    yield "category_documents", categories.documents
    yield "category_free", categories.nothing_due
    yield "category_due", categories.due
    yield "by_item", regime.rounding.level == "item"
    yield "round_mode", MODES.index(regime.rounding.mode)
    yield "quantum", regime.rounding.quantum
    yield "quantum_inverse", Decimal(1) / regime.rounding.quantum


def _excluded_cells(regime: Regime, treatment: Treatment) -> dict[str, Any]:
    shut = None if treatment.any_goods or regime.ordinary else regime.excluded or Excluded()
    origins = shut.origins if shut else None
    return {
        "origin_not": _marks(origins.countries) if origins else "",
        "origin_not_from": origins.since if origins else FIRST_DAY,
        "goods_not": _marks(shut.goods) if shut else "",
        "restricted_not": bool(shut and shut.restricted),
        "shut_scope": 1 if shut and shut.scope == "item" else 3,
    }


def _charge_cells(treatment: Treatment, band: Band | None) -> dict[str, Any]:
    duty, tax, remission = treatment.duty, treatment.tax, treatment.remission
    kinds = {"ad_valorem": 1, "tariff": 2, "flat_per_hs6": 3, "flat_per_consignment": 4}
    rules = {"basket": 1, "postal_article": 2, "basket_or_none": 3}
    remit = (remission.le if remission.le is not None else remission.lt) if remission else None
    return {
        "rate_below_e8": rate_e8(band.rate_le or band.rate_lt) if band else None,
        "rate_equal": bool(band and band.rate_le),
        "duty_rule": kinds[duty.kind] if duty else 0,
        "regime_duty_rate_e8": rate_e8((band.rate if band else None) or (duty.rate if duty else None)),
        "duty_chapters": (duty.up_to_chapter if duty else None) or "",
        "duty_cif": bool(duty and duty.basis == "cif"),
        "duty_flat_micro": millionths((band.amount if band else None) or (duty.amount if duty else None)),
        "duty_deduct_micro": millionths(band.deduct if band else None),
        "duty_by": duty.by if duty else "carrier",
        "duty_due": duty.due if duty else "border",
        "tax_rule": rules[tax.rate_from] if tax else 0,
        "regime_tax_rate_e8": rate_e8(tax.rate) if tax else None,
        "tax_cif": bool(tax and tax.basis == "cif"),
        "tax_on_duty": bool(tax and tax.on_duty),
        "tax_inside": bool(tax and tax.inside),
        "tax_factor_e4": int(Decimal(tax.factor) * 10_000) if tax and tax.factor else 10_000,
        "tax_with_excise": bool(tax and tax.with_excise),
        "tax_by": tax.by if tax else "carrier",
        "tax_due": tax.due if tax else "border",
        "remit_micro": millionths(remit),
        "remit_scope": 1 if remission and remission.scope == "item" else 3,
        "remit_below": bool(remission and remission.le is None),
        "remit_rounded": bool(remission and remission.judged == "rounded"),
        "remit_duty": bool(remission and remission.duty_too),
    }
