# SPDX-License-Identifier: Apache-2.0
"""The part of an officer's form that says what a control has found: kind, items, recovered amount, words.

What may be recorded is said by the rule of findings; here it is asked, and each fault told at its field.
"""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal

import msgspec

from openecp.kernel.datamodel.findings import (
    CONFORM,
    FOUND_MAX,
    IRREGULARITIES,
    RECOVERED_MAX,
    WITH_FINDING,
    ControlFinding,
    finding_fault,
)
from openecp.platform.console.amounts import number_of
from openecp.platform.console.language import N_

IRREGULARITY_WORDS = {
    "value": N_("value: too low or too high"),
    "classification": N_("classification: another commodity code"),
    "origin": N_("origin: another one, or no right to the preference"),
    "quantity": N_("quantity: another number of goods"),
    "mass": N_("mass: another one than declared"),
    "description": N_("description: other goods than described"),
    "undeclared": N_("goods that are not declared"),
    "split": N_("one consignment declared as several"),
    "consignee": N_("consignee: does not exist or is another one"),
    "listed_party": N_("a party that is listed under another name"),
    "documents": N_("documents: missing, false or of other goods"),
    "permit": N_("permit, licence or certificate missing"),
    "prohibited": N_("goods that may not be brought in or out"),
    "intellectual_property": N_("goods that infringe a right"),
    "safety": N_("goods that are not safe or not to standard"),
    "procedure": N_("conditions of a procedure or relief not met"),
    "other": N_("another one, told in words"),
}
FAULT_WORDS = {
    "finding_missing": N_("Choose what was irregular"),
    "irregularity_unknown": N_("Choose what was irregular"),
    "finding_contradicts": N_(
        "A conform result has no irregularity and no amount: choose another result, or empty both"
    ),
    "amount": N_("Enter an amount such as 150.00"),
    "recovered_out_of_range": N_("Enter a smaller amount"),
    "finding_items": N_("Choose items of the list"),
    "finding_too_long": N_("Shorten what was found to 4,000 characters"),
}
AT_FIELD = {
    "finding_missing": "irregularity", "irregularity_unknown": "irregularity", "finding_contradicts": "irregularity",
    "amount": "recovered", "recovered_out_of_range": "recovered", "finding_items": "items", "finding_too_long": "found",
}  # fmt: skip
ITEMS_SHOWN = 99


class FindingForm(msgspec.Struct, frozen=True, kw_only=True):
    """What was filled in about a finding."""

    irregularity: str = ""
    recovered: str = ""
    items: tuple[int, ...] = ()
    found: str = ""

    @property
    def is_empty(self) -> bool:
        """Whether nothing was filled in."""
        return not (self.irregularity or self.recovered or self.items or self.found)


def finding_form(fields: Mapping[str, str]) -> FindingForm:
    """Return what the form says of a finding."""
    numbers = (name.removeprefix("item-") for name in fields if name.startswith("item-"))
    items = sorted({int(n) for n in numbers if n.isascii() and n.isdigit() and len(n) < 6})
    return FindingForm(
        irregularity=fields.get("irregularity", "")[:40], recovered=fields.get("recovered", "").strip()[:40],
        items=tuple(items), found=fields.get("found", "").strip()[: FOUND_MAX + 1],
    )  # fmt: skip


def finding_of(
    form: FindingForm, act: str, result: str, *, exponent: int, comma: bool
) -> tuple[ControlFinding | None, str]:
    """Return the finding that a form says, None for none, and what is wrong with it, "" for nothing."""
    if act not in WITH_FINDING or form.is_empty or (result == CONFORM and not (form.irregularity or form.recovered)):
        return None, (finding_fault(act, result, None) or ("",))[0]
    minor = 0
    if form.recovered:
        amount = number_of(form.recovered, comma=comma)
        scaled = amount.scaleb(exponent) if amount is not None else Decimal(-1)
        if scaled != scaled.to_integral_value() or not scaled >= 0:
            return None, "amount"
        minor = int(min(scaled, Decimal(RECOVERED_MAX + 1)))
    finding = ControlFinding(
        irregularity=form.irregularity if form.irregularity in IRREGULARITIES else None, recovered_minor=minor,
        items=form.items, found=form.found,
    )  # fmt: skip
    return finding, (finding_fault(act, result, finding) or ("",))[0]
