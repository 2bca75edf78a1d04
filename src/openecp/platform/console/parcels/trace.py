# SPDX-License-Identifier: Apache-2.0
"""How each amount of a parcel came about, in words of the reader's language: from the record and the regime's file."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import msgspec

from openecp.border.low_value.currencies import amount_text, micro_text
from openecp.border.low_value.model import Jurisdiction, Regime, Treatment
from openecp.platform.console.language import N_
from openecp.platform.console.parcels import words
from openecp.platform.console.parcels.frame import ParcelFrame
from openecp.platform.console.parcels.summary import account_parts


class AmountTrace(msgspec.Struct, frozen=True, kw_only=True):
    """One amount: what it is of, how it was reckoned, who collects it and when."""

    item: int
    title: str
    base: str
    rate: str
    minor: int
    how: str
    by: str
    by_id: str
    due: str


def rule_of_record(record: Mapping[str, Any], file: Jurisdiction | None) -> tuple[Regime | None, list[Treatment]]:
    """Return the regime and the treatments that a record names, as far as the regimes are known here."""
    regime = next((one for one in file.regimes if one.id == record.get("regime")), None) if file else None
    if regime is None:
        return None, []
    named = {part.strip() for part in str(record.get("treatment", "")).split(";")}
    return regime, [one for one in regime.treatments if one.name in named]


def traces_of(
    pf: ParcelFrame, record: Mapping[str, Any], regime: Regime | None, treatments: Iterable[Treatment]
) -> list[AmountTrace]:
    """Return the trace of every amount of a record."""
    found = []
    ways = list(treatments)
    duty = next((one.duty for one in ways if one.duty is not None), None)
    tax = next((one.tax for one in ways if one.tax is not None), None)
    currency = str(record["currency"])
    for amount in record.get("amounts", ()):
        kind, by_id, _ = account_parts(str(amount["by"]))
        is_tax = amount["type"] == "tax"
        flat = not is_tax and duty is not None and duty.kind.startswith("flat")
        share = f"{amount['rate'] / 10**8:.8f}" if not flat else ""
        charged = pf.money(amount_text(amount["minor"], currency), currency)
        base = micro_text(amount["base"], currency)
        if flat and duty is not None:
            each = (
                N_("a fixed amount for each HS subheading: %(amount)s")
                if duty.kind == "flat_per_hs6"
                else N_("a fixed amount for the parcel: %(amount)s")
            )
            how = pf.language.text(each, amount=charged)
        else:
            how = pf.language.text(
                N_("%(base)s at %(rate)s: %(amount)s"),
                base=pf.money(base, currency),
                rate=pf.percent(share),
                amount=charged,
            )
        if is_tax and tax is not None:
            more = [
                pf.language.text(N_("the base holds the tax itself")) if tax.inside else "",
                pf.language.text(N_("times %(factor)s"), factor=pf.figure(tax.factor)) if tax.factor else "",
            ]
            how = "; ".join([how, *(each for each in more if each)])
        found.append(
            AmountTrace(
                item=int(amount["item"]),
                title=pf.word(words.CHARGES, tax.name if is_tax and tax is not None else str(amount["type"])),
                base="–" if flat else pf.figure(base),
                rate="–" if flat else pf.percent(share),
                minor=int(amount["minor"]),
                how=how,
                by=pf.capital(words.COLLECTORS, kind),
                by_id="" if by_id == "unnamed" else by_id,
                due=pf.word(words.DUE, str(amount["due"])),
            )
        )
    return found
