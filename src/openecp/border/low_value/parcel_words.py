# SPDX-License-Identifier: Apache-2.0
"""A parcel's record in words: which rule held, how each amount came about, who collects it and when.

Only what the record holds and what the regime's file says goes into the words, so that they are the same for a parcel
of today and for one of three years ago, on any door. All of it is for the trader: law and arithmetic.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from openecp.border.low_value.currencies import amount_text, micro_text
from openecp.border.low_value.explain import Says, limit_text, percent
from openecp.border.low_value.model import Jurisdiction, Regime, Treatment

DECISIONS: dict[str, str] = {
    "release": "Released; nothing is collected at the border.",
    "release_with_charges": "Released; the charges below are collected at the border.",
    "full_declaration": "The low-value way is shut: a full declaration must be lodged.",
    "hold": "On hold: something must be answered first.",
    "refused": "The parcel could not be used as it was sent.",
}
REASONS: dict[str, str] = {
    "OECP-GOODS": "Goods that the regime excludes are in the parcel.",
    "OECP-ORIGIN": "Goods of an origin that the regime excludes are in the parcel.",
    "OECP-RESTRICTED": "Goods under a prohibition or restriction are in the parcel.",
    "OECP-LIMIT": "The parcel is over a limit of the regime.",
    "OECP-NO-REGIME": "No regime in force fits the parcel.",
    "OECP-SCHEME-NUMBER": "No scheme is named; the seller's number fits the pattern of one scheme alone and counts as "
    "its number.",
    "OECP-EXCHANGE": "A rate of exchange is missing.",
    "OECP-DUTY-RATE": "Duty at the ordinary tariff is due, and its rate is not known: give the rate for the HS code.",
    "OECP-TAX-RATE": "The regime has no rate of tax of its own: give the rate of the place of destination.",
}
_REQUIRED = "OECP-REQUIRED-"
_TYPES = {"duty": "duty", "tax": "tax"}


def decision_text(decision: str) -> str:
    """Return what a decision means."""
    return DECISIONS.get(decision, decision)


def reason_text(code: str) -> str:
    """Return what a reason's code means; one that is not ours is given as it is."""
    if code == _REQUIRED + "HS":
        return "The regime requires an HS code of at least six digits: none is declared."
    if code.startswith(_REQUIRED):
        return f"The regime requires {code.removeprefix(_REQUIRED).lower()}: it is not declared."
    return REASONS.get(code, f"{code}.")


def record_says(record: Mapping[str, Any], file: Jurisdiction | None) -> list[Says]:
    """Return the record in words: the decision, its reasons, the rule, and every amount."""
    found = [Says(code=f"decision.{record['decision']}", text=decision_text(record["decision"]))]
    found += [Says(code=code, text=reason_text(code)) for code in record.get("reasons", ())]
    found += [Says(code=code, text=f"Quality of the data: {code}.") for code in record.get("quality", ())]
    regime, treatments = _rule(record, file)
    for treatment in treatments:
        assert regime is not None
        source = "; ".join(regime.sources) or None
        found.append(Says(code="applied", text=f"{regime.id}: {treatment.says}", source=source, support=regime.support))
        found += [
            Says(code="limit", text=f"Within the limit: {limit_text(limit, regime.currency)}.", support=regime.support)
            for limit in treatment.limits
        ]
    found += [_amount(amount, record, regime, treatments) for amount in record.get("amounts", ())]
    if record["decision"].startswith("release"):
        paid = {amount["type"] for amount in record.get("amounts", ())}
        found += [
            Says(code=f"no_{kind}", line=kind, text=f"No {kind} is charged.") for kind in _TYPES if kind not in paid
        ]
    return found


def _rule(record: Mapping[str, Any], file: Jurisdiction | None) -> tuple[Regime | None, list[Treatment]]:
    regime = next((one for one in file.regimes if one.id == record.get("regime")), None) if file else None
    if regime is None:
        return None, []
    named = _names(record.get("treatment", ""))
    return regime, [one for one in regime.treatments if one.name in named]


def _names(treatment: str) -> set[str]:
    """Return the names of the treatments of a record: one text, several of them with a semicolon."""
    return {part.strip() for part in str(treatment).split(";")}


def _amount(
    amount: Mapping[str, Any], record: Mapping[str, Any], regime: Regime | None, treatments: Iterable[Treatment]
) -> Says:
    currency, kind = record["currency"], amount["type"]
    by, name = _collector(amount["by"])
    charged = f"{amount_text(amount['minor'], currency)} {currency}"
    base = f"{micro_text(amount['base'], currency)} {currency}"
    how = f"{base} at {percent(amount['rate'])}: {_title(kind, treatments)} {charged}"
    duties = [one.duty for one in treatments if one.duty is not None]
    if kind == "duty" and duties and duties[0].kind.startswith("flat"):
        each = {"flat_per_hs6": "for each HS subheading", "flat_per_consignment": "for the parcel"}[duties[0].kind]
        how = f"a fixed amount {each}: duty {charged}"
    taxes = [one.tax for one in treatments if one.tax is not None]
    if kind == "tax" and taxes:
        how += " (its base holds the tax itself)" if taxes[0].inside else ""
        how += f" (times {taxes[0].factor})" if taxes[0].factor else ""
    text = f"Item {amount['item']}: {how}; collected by the {by}{name}, due at {amount['due']}."
    return Says(
        code=kind, item=amount["item"], line=kind, text=text, support=regime.support if regime is not None else None
    )


def _title(kind: str, treatments: Iterable[Treatment]) -> str:
    if kind == "tax":
        return next((one.tax.name for one in treatments if one.tax is not None), "tax")
    return "duty"


def _collector(account: str) -> tuple[str, str]:
    """Return who collects, and its identifier in words, of a collector's account."""
    parts = account.split(":")
    if len(parts) < 3:
        return account, ""
    return parts[1], "" if parts[2] == "unnamed" else f" {parts[2]}"
