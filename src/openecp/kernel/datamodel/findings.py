# SPDX-License-Identifier: Apache-2.0
"""What a control has found, as an officer records it: the kind of irregularity, what it brought, in which items.

Statistics of profiles, features and models learn from it (docs/risk-features.md). All of it is for officers alone: it
stands under `officer` in the event, and the officer's own words are kept outside the log, since they may name a person.
"""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

import msgspec

IRREGULARITIES: dict[str, str] = {
    "value": "the declared value is too low or too high",
    "classification": "another commodity code applies",
    "origin": "another origin, or no right to the preference",
    "quantity": "another number of goods than declared",
    "mass": "another mass than declared",
    "description": "other goods than described",
    "undeclared": "goods that are not declared",
    "split": "one consignment was declared as several",
    "consignee": "the consignee does not exist or is another one",
    "listed_party": "a party is listed under another name",
    "documents": "documents are missing, false or of other goods",
    "permit": "a permit, licence or certificate is missing",
    "prohibited": "goods that may not be brought in or out",
    "intellectual_property": "goods that infringe a right",
    "safety": "goods that are not safe or do not conform to standards",
    "procedure": "the conditions of a procedure or relief are not met",
    "other": "another irregularity, told in words",
}
RECOVERED_MAX = 10**15
ITEMS_MAX, ITEM_MAX = 999, 99_999
FOUND_MAX = 4_000  # characters
CONFORM, WITH_FINDING = "conform", ("documents_checked", "control_result")


class ControlFinding(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True, forbid_unknown_fields=True):
    """What a control has found."""

    irregularity: str | None = None  # a code of IRREGULARITIES; None where the goods conform
    recovered_minor: int = 0  # duties and taxes that the control brought in beyond what was declared
    items: tuple[int, ...] = ()  # SequenceNumeric of the items that it is about; none: the whole declaration
    found: str = ""  # in the officer's words


def finding_fault(act: str, result: str | None, finding: ControlFinding | None) -> tuple[str, str, str, str] | None:
    """Return rule, sentence, what was expected and got, where a finding cannot be recorded; None where it can."""
    if finding is None:
        if result == "irregular":
            return "finding_missing", "An irregular result needs its finding.", _codes(), "none"
        return None
    if act not in WITH_FINDING:
        return "finding_not_here", "This act has no finding.", "a finding of " + " or ".join(WITH_FINDING), act
    if result == CONFORM and (finding.irregularity or finding.recovered_minor):
        got = f"{finding.irregularity or 'no irregularity'}, {finding.recovered_minor} recovered"
        return "finding_contradicts", "A conform result has no irregularity.", "result irregular, or no finding", got
    if result != CONFORM and finding.irregularity not in IRREGULARITIES:
        return "irregularity_unknown", "The irregularity is not known.", _codes(), (finding.irregularity or "none")[:40]
    if not 0 <= finding.recovered_minor <= RECOVERED_MAX:
        expected = f"0 to {RECOVERED_MAX} minor units"
        return "recovered_out_of_range", "The amount is out of range.", expected, str(finding.recovered_minor)
    if len(finding.items) > ITEMS_MAX or any(not 1 <= item <= ITEM_MAX for item in finding.items):
        got = f"{len(finding.items)} items: {', '.join(map(str, finding.items[:5]))}"
        return "finding_items", "The items cannot be used.", f"at most {ITEMS_MAX} numbers of 1 to {ITEM_MAX}", got
    if len(finding.found) > FOUND_MAX:
        got = f"{len(finding.found)} characters"
        return "finding_too_long", "What was found is too long.", f"at most {FOUND_MAX} characters", got
    return None


def items_fault(finding: ControlFinding | None, declared: Collection[int]) -> tuple[str, str, str, str] | None:
    """Return what is wrong where a finding names items that the declaration does not have; None where it has them."""
    unknown = [item for item in finding.items if item not in declared] if finding is not None else []
    if not unknown:
        return None
    there = ", ".join(map(str, sorted(declared)[:20]))
    return (
        "finding_items",
        "The declaration does not have these items.",
        f"items of {there}",
        ", ".join(map(str, unknown[:5])),
    )


def finding_fact(finding: ControlFinding, currency: str, document: dict[str, str] | None) -> dict[str, Any]:
    """Return what the event says of a finding, under `officer`; words are in the document."""
    fact: dict[str, Any] = {"recovered_minor": finding.recovered_minor}
    if finding.irregularity:
        fact["irregularity"] = finding.irregularity
    if currency:
        fact["currency"] = currency
    if finding.items:
        fact["items"] = sorted(set(finding.items))
    if document is not None:
        fact["found"] = document
    return {"finding": fact}


def _codes() -> str:
    return "one of " + ", ".join(IRREGULARITIES)
