# SPDX-License-Identifier: Apache-2.0
"""A regime's treatments in words, in the reader's language, from their fields alone: conditions, then charges.

The sentence that the regime's file says itself (`says`) stays as it is written there.
"""

from __future__ import annotations

from collections.abc import Iterator

from openecp.border.low_value.model import Band, Duty, Limit, Regime, Remission, Tax, Treatment
from openecp.platform.console.language import N_
from openecp.platform.console.parcels import words
from openecp.platform.console.parcels.frame import ParcelFrame


def conditions(pf: ParcelFrame, regime: Regime, treatment: Treatment) -> list[str]:
    """Return what must hold for a treatment to apply; all of it."""
    text = pf.language.text
    found = [limit_words(pf, limit, regime.currency) for limit in treatment.limits]
    if treatment.channels:
        found.append(text(N_("carried by: %(list)s"), list=_listed(pf, words.CHANNELS, treatment.channels)))
    if treatment.trades:
        found.append(text(N_("kind of trade: %(list)s"), list=_listed(pf, words.TRADES, treatment.trades)))
    if treatment.dispatch:
        found.append(text(N_("dispatched from: %(list)s"), list=pf.countries(treatment.dispatch)))
    if treatment.not_dispatch:
        found.append(text(N_("not dispatched from: %(list)s"), list=pf.countries(treatment.not_dispatch)))
    if treatment.origins:
        found.append(text(N_("made in: %(list)s"), list=pf.countries(treatment.origins)))
    if treatment.scheme:
        found.append(text(N_("the seller's identifier is there and valid")))
    if treatment.buyer:
        found.append(text(N_("the buyer's identifier is there and valid")))
    if treatment.single_article:
        found.append(text(N_("one single article")))
    if treatment.method:
        found.append(text(N_("the method is asked for: %(name)s"), name=treatment.method))
    if treatment.any_goods:
        found.append(text(N_("goods that the regime excludes are taken here")))
    return found


def _listed(pf: ParcelFrame, table: dict[str, str], codes: tuple[str, ...]) -> str:
    return ", ".join(pf.word(table, code) for code in codes)


def limit_words(pf: ParcelFrame, limit: Limit, currency: str | None) -> str:
    """Return a threshold in words."""
    sentence = N_("%(basis)s at most %(amount)s, for %(scope)s") if limit.le is not None else N_(
        "%(basis)s below %(amount)s, for %(scope)s"
    )  # fmt: skip
    return pf.language.text(
        sentence,
        basis=pf.word(words.BASES, limit.basis) or "?",
        amount=pf.money(limit.le if limit.le is not None else limit.lt, currency),
        scope=pf.word(words.SCOPES, limit.scope) or "?",
    )


def collected(pf: ParcelFrame, by: str, due: str) -> str:
    """Return who collects a charge and when."""
    return pf.language.text(
        N_("collected by: %(by)s, %(due)s"), by=pf.word(words.COLLECTORS, by), due=pf.word(words.DUE, due)
    )


def duty_words(pf: ParcelFrame, duty: Duty | None, regime: Regime) -> str:
    """Return a duty in words."""
    text = pf.language.text
    if duty is None:
        return text(N_("none"))
    if duty.kind == "tariff":
        if duty.up_to_chapter:
            return text(
                N_("ordinary tariff up to chapter %(chapter)s, later chapters free"), chapter=duty.up_to_chapter
            )
        return text(N_("ordinary tariff"))
    if duty.bands:
        return "; ".join(_band(pf, duty, band, regime) for band in duty.bands) + _of(pf, duty)
    return (pf.money(duty.amount, regime.currency) if duty.kind.startswith("flat") else pf.percent(duty.rate)) + _of(
        pf, duty
    )


def _of(pf: ParcelFrame, duty: Duty) -> str:
    if duty.kind == "flat_per_hs6":
        return " " + pf.language.text(N_("for each HS subheading"))
    if duty.kind == "flat_per_consignment":
        return " " + pf.language.text(N_("for the parcel"))
    return pf.language.text(N_(" of the %(basis)s"), basis=pf.word(words.BASES, duty.basis))


def _band(pf: ParcelFrame, duty: Duty, band: Band, regime: Regime) -> str:
    text, flat = pf.language.text, band.amount is not None
    charge = pf.money(band.amount, regime.currency) if flat else pf.percent(band.rate)
    if band.deduct:
        charge = text(N_("%(rate)s less %(amount)s"), rate=charge, amount=pf.money(band.deduct, regime.currency))
    if band.upto:
        return text(N_("up to %(amount)s: %(charge)s"), amount=pf.money(band.upto, regime.currency), charge=charge)
    if band.rate_lt:
        return text(N_("where the tariff is below %(rate)s: %(charge)s"), rate=pf.percent(band.rate_lt), charge=charge)
    if band.rate_le:
        return text(
            N_("where the tariff is at most %(rate)s: %(charge)s"), rate=pf.percent(band.rate_le), charge=charge
        )
    return text(N_("otherwise: %(charge)s"), charge=charge)


def tax_words(pf: ParcelFrame, tax: Tax | None) -> str:
    """Return a tax in words."""
    text = pf.language.text
    if tax is None:
        return text(N_("none"))
    if tax.rate is not None:
        rate = pf.percent(tax.rate)
    elif tax.rate_from == "postal_article":
        rate = text(N_("the rate of the postal article"))
    else:
        rate = text(N_("the rate of the place of destination"))
    basis = pf.word(words.BASES, tax.basis)
    sentence = N_("%(name)s, %(rate)s, on the %(basis)s and the duty") if tax.on_duty else N_(
        "%(name)s, %(rate)s, on the %(basis)s"
    )  # fmt: skip
    found = text(sentence, name=pf.word(words.CHARGES, tax.name), rate=rate, basis=basis)
    more = [
        text(N_("the base holds the tax itself")) if tax.inside else "",
        text(N_("times %(factor)s"), factor=pf.figure(tax.factor)) if tax.factor else "",
        text(N_("with excise inside the base")) if tax.with_excise else "",
    ]
    return "; ".join([found, *(each for each in more if each)])


def remission_words(pf: ParcelFrame, remission: Remission, regime: Regime) -> str:
    """Return what is so little that it is not collected, in words."""
    at_most = remission.le is not None
    amount = pf.money(remission.le if at_most else remission.lt, regime.currency)
    sentences = {
        (True, "exact"): N_("tax of at most %(amount)s for %(scope)s, before rounding"),
        (False, "exact"): N_("tax of less than %(amount)s for %(scope)s, before rounding"),
        (True, "rounded"): N_("tax of at most %(amount)s for %(scope)s, after rounding"),
        (False, "rounded"): N_("tax of less than %(amount)s for %(scope)s, after rounding"),
    }
    sentence = sentences[at_most, remission.judged]
    return pf.language.text(sentence, amount=amount, scope=pf.word(words.SCOPES, remission.scope))


def charges(pf: ParcelFrame, regime: Regime, treatment: Treatment) -> Iterator[tuple[str, str, str]]:
    """Yield what a treatment charges: label, what, who collects it and when."""
    duty, tax = treatment.duty, treatment.tax
    text = pf.language.text
    yield text(N_("Duty")), duty_words(pf, duty, regime), collected(pf, duty.by, duty.due) if duty else ""
    yield text(N_("Tax")), tax_words(pf, tax), collected(pf, tax.by, tax.due) if tax else ""
    if treatment.remission:
        yield text(N_("Not collected")), remission_words(pf, treatment.remission, regime), ""


def applies_words(pf: ParcelFrame, regime: Regime) -> list[str]:
    """Return who falls under a regime where nobody names it; one line for each way."""
    found = []
    for way in regime.applies:
        parts = [_listed(pf, words.CHANNELS, way.channels), _listed(pf, words.TRADES, way.trades)]
        if way.scheme and regime.scheme:
            parts.append(pf.language.text(N_("sellers in %(scheme)s"), scheme=regime.scheme.name))
        if way.counter:
            parts.append(pf.language.text(N_("persons whose total is given")))
        found.append(", ".join(part for part in parts if part))
    return found
