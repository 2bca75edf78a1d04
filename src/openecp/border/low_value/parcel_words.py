# SPDX-License-Identifier: Apache-2.0
"""A parcel's record in words: which rule held, how each amount came about, who collects it and when.

Only what the record holds and what the regime's file says goes into the words, so that they are the same for a parcel
of today and for one of three years ago, on any door. All of it is for the trader: law and arithmetic.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from typing import Any, NamedTuple

from openecp.border.low_value.currencies import amount_text, micro_text
from openecp.border.low_value.explain import Says, limit_text, percent
from openecp.border.low_value.model import Jurisdiction

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
RULES_MOST = 1_000  # pairs of regime and treatments whose words are remembered
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
    decision, amounts = record["decision"], record.get("amounts", ())
    found = [_decision(decision), *map(_reason, record.get("reasons", ())), *map(_quality, record.get("quality", ()))]
    rule = _rule(str(record.get("regime")), str(record.get("treatment", "")), file)
    found += rule.says
    found += [_amount(amount, record["currency"], rule) for amount in amounts]
    if decision.startswith("release"):
        paid = {amount["type"] for amount in amounts}
        found += [_unpaid(kind) for kind in _TYPES if kind not in paid]
    return found


@lru_cache(maxsize=100)
def _decision(decision: str) -> Says:
    return Says(code=f"decision.{decision}", text=decision_text(decision))


@lru_cache(maxsize=1_000)
def _reason(code: str) -> Says:
    return Says(code=code, text=reason_text(code))


@lru_cache(maxsize=1_000)
def _quality(code: str) -> Says:
    return Says(code=code, text=f"Quality of the data: {code}.")


@lru_cache(maxsize=10)
def _unpaid(kind: str) -> Says:
    return Says(code=f"no_{kind}", line=kind, text=f"No {kind} is charged.")


class _Rule(NamedTuple):
    """What the words of a record take from its regime and treatments: the same for many parcels."""

    says: tuple[Says, ...]
    support: str | None
    flat: str  # how a fixed duty is charged, in words; empty: a rate
    tax: str  # the name of the tax
    taxed: str  # what is special about the base of the tax


_rules: dict[tuple[str, str], tuple[Jurisdiction | None, _Rule]] = {}


def _rule(regime: str, treatment: str, file: Jurisdiction | None) -> _Rule:
    """Return what a regime and the treatments named say; remembered, by their names in this very file."""
    known = _rules.get((regime, treatment))
    if known is None or known[0] is not file:
        if len(_rules) >= RULES_MOST:
            _rules.clear()
        known = _rules[regime, treatment] = file, _new_rule(regime, treatment, file)
    return known[1]


def _new_rule(regime_id: str, treatment: str, file: Jurisdiction | None) -> _Rule:
    regime = next((one for one in file.regimes if one.id == regime_id), None) if file else None
    if regime is None:
        return _Rule((), None, "", "tax", "")
    named = _names(treatment)
    treatments = [one for one in regime.treatments if one.name in named]
    source, says = "; ".join(regime.sources) or None, list[Says]()
    for one in treatments:
        says.append(Says(code="applied", text=f"{regime.id}: {one.says}", source=source, support=regime.support))
        says += [
            Says(code="limit", text=f"Within the limit: {limit_text(limit, regime.currency)}.", support=regime.support)
            for limit in one.limits
        ]
    duty = next((one.duty for one in treatments if one.duty is not None), None)
    each = {"flat_per_hs6": "for each HS subheading", "flat_per_consignment": "for the parcel"}
    tax = next((one.tax for one in treatments if one.tax is not None), None)
    taxed = ""
    if tax is not None:
        taxed = " (its base holds the tax itself)" if tax.inside else ""
        taxed += f" (times {tax.factor})" if tax.factor else ""
    flat = each[duty.kind] if duty is not None and duty.kind.startswith("flat") else ""
    return _Rule(tuple(says), regime.support, flat, tax.name if tax is not None else "tax", taxed)


def _names(treatment: str) -> set[str]:
    """Return the names of the treatments of a record: one text, several of them with a semicolon."""
    return {part.strip() for part in str(treatment).split(";")}


def _amount(amount: Mapping[str, Any], currency: str, rule: _Rule) -> Says:
    kind = amount["type"]
    by, name = _collector(amount["by"])
    charged = f"{amount_text(amount['minor'], currency)} {currency}"
    if kind == "duty" and rule.flat:
        how = f"a fixed amount {rule.flat}: duty {charged}"
    else:
        base = f"{micro_text(amount['base'], currency)} {currency}"
        title, more = (rule.tax, rule.taxed) if kind == "tax" else ("duty", "")
        how = f"{base} at {percent(amount['rate'])}: {title} {charged}{more}"
    text = f"Item {amount['item']}: {how}; collected by the {by}{name}, due at {amount['due']}."
    return Says(code=kind, item=amount["item"], line=kind, text=text, support=rule.support)


def _collector(account: str) -> tuple[str, str]:
    """Return who collects, and its identifier in words, of a collector's account."""
    parts = account.split(":")
    if len(parts) < 3:
        return account, ""
    return parts[1], "" if parts[2] == "unnamed" else f" {parts[2]}"
