# SPDX-License-Identifier: Apache-2.0
"""A regime in words, from its fields alone: for the command line and for pages."""

from __future__ import annotations

from openecp.border.low_value.explain import limit_text
from openecp.border.low_value.model import Duty, Jurisdiction, Regime, Tax, Treatment
from openecp.border.low_value.tables import missing_fields


def regime_lines(file: Jurisdiction, regime: Regime) -> list[str]:
    """Return what a regime says, line by line."""
    start = regime.valid_from.isoformat() if regime.valid_from else "a start that is not sourced"
    end = regime.valid_to.isoformat() if regime.valid_to else "open"
    lines = [f"{regime.id} ({file.name}): {regime.title}"]
    if regime.ordinary:
        lines.append("  holds where no other regime does")
    else:
        lines.append(f"  in force from {start} to {end}, by the date of {regime.date}; support: {regime.support}")
    missing = missing_fields(regime)
    if missing:
        lines.append(f"  incomplete, refuses quotes; missing: {', '.join(missing)}")
    if regime.scheme:
        patterns = f", identifier {' or '.join(regime.scheme.patterns)} (# a digit)" if regime.scheme.patterns else ""
        lines.append(f"  seller's scheme: {regime.scheme.name}{patterns}")
    shut = regime.excluded
    if shut and shut.goods:
        lines.append(f"  excluded goods (HS): {', '.join(shut.goods)}")
    if shut and shut.origins:
        lines.append(f"  excluded origins since {shut.origins.since}: {', '.join(shut.origins.countries)}")
    for number, treatment in enumerate(regime.treatments, start=1):
        lines += [f"  {number}. {treatment.name}: {treatment.says}", *_treatment_lines(treatment, regime)]
    rounding = regime.rounding
    lines.append(f"  rounded once for each {rounding.level}, {rounding.mode}, to {rounding.quantum} minor unit")
    for label, texts in (
        ("source", regime.sources),
        ("no source for", regime.background),
        ("not carried over", regime.dropped),
        ("note", tuple(caveat.text for caveat in regime.caveats)),
    ):
        lines += [f"  {label}: {text}" for text in texts]
    return lines


def _treatment_lines(treatment: Treatment, regime: Regime) -> list[str]:
    found = [f"     if {limit_text(limit, regime.currency)}" for limit in treatment.limits]
    conditions = {
        "channel": treatment.channels,
        "trade": treatment.trades,
        "dispatched from": treatment.dispatch,
        "origin": treatment.origins,
    }
    found += [f"     if {label}: {', '.join(words)}" for label, words in conditions.items() if words]
    if treatment.scheme:
        found.append("     if the seller's identifier is valid")
    if treatment.declaration:
        found.append(f"     declaration: {treatment.declaration}")
    if treatment.duty:
        found.append(f"     duty: {duty_text(treatment.duty, regime.currency)}")
    if treatment.tax:
        found.append(f"     tax: {tax_text(treatment.tax)}")
    remission = treatment.remission
    if remission:
        word, amount = ("at most", remission.le) if remission.le is not None else ("less than", remission.lt)
        found.append(
            f"     not collected: tax of {word} {amount} {regime.currency} for each {remission.scope}, "
            f"judged {'before' if remission.judged == 'exact' else 'after'} rounding"
        )
    return found


def duty_text(duty: Duty, currency: str | None) -> str:
    """Return a duty in words."""
    where = f"; collected by {duty.by}, due at {duty.due}"
    if duty.kind == "tariff":
        return "ordinary tariff" + (f" up to chapter {duty.up_to_chapter}" if duty.up_to_chapter else "") + where
    what = {"flat_per_hs6": "for each HS subheading", "flat_per_consignment": "for the parcel"}.get(
        duty.kind, f"of the {duty.basis} value"
    )
    if not duty.bands:
        return f"{duty.amount or duty.rate} {currency if duty.amount else ''} {what}{where}".replace("  ", " ")
    bands = []
    for band in duty.bands:
        upto = f"up to {band.upto} {currency}" if band.upto else f"rate below {band.rate_lt or band.rate_le or 'any'}"
        less = f" less {band.deduct} {currency}" if band.deduct else ""
        bands.append(f"{upto}: {band.rate or band.amount}{less}")
    return f"{'; '.join(bands)} {what}{where}"


def tax_text(tax: Tax) -> str:
    """Return a tax in words."""
    rate = tax.rate or "the basket's rate"
    inside = " of a base that holds the tax itself" if tax.inside else ""
    factor = f", times {tax.factor}" if tax.factor else ""
    duty = " and duty" if tax.on_duty else ""
    return f"{tax.name} {rate}{inside}{factor} on the {tax.basis} value{duty}; collected by {tax.by}, due at {tax.due}"
