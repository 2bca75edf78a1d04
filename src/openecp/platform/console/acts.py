# SPDX-License-Identifier: Apache-2.0
"""Which officer acts the page offers: those that the life cycle's table has for the case's state.

The page only offers; whether an act is possible is decided by the casework when it is asked.
"""

from __future__ import annotations

from typing import get_args

import msgspec

from openecp.border.lodgement.case import DeclarationCase
from openecp.border.lodgement.commands import OfficerActKind
from openecp.border.lodgement.lifecycle import MACHINE
from openecp.platform.console.findings import FindingForm
from openecp.platform.console.words import ACTS, ActWords

KINDS: tuple[OfficerActKind, ...] = get_args(OfficerActKind)
REASON_CHARS_MAX = 1000
ORDER = (
    "documents_checked",
    "control_result",
    "grant_request",
    "refuse_request",
    "confirm_payment",
    "confirm_arrival",
    "confirm_exit",
    "lift_hold",
    "override_lane",
    "release",
    "hold",
)


class Offer(msgspec.Struct, frozen=True):
    """An act that the page offers, with the results that the officer may choose from."""

    act: OfficerActKind
    words: ActWords
    results: tuple[tuple[str, str], ...]


class ActFaults(msgspec.Struct, frozen=True, kw_only=True):
    """What is wrong with a filled-in act form, and what was filled in."""

    act: str
    result: str = ""
    reason: str = ""
    fields: tuple[str, ...] = ()  # "result", "reason", "reason_long", a fault of the finding
    finding: FindingForm = FindingForm()


def offers(status: str, case: DeclarationCase | None) -> tuple[Offer, ...]:
    """Return the acts that the life cycle's table has in this state and whose conditions the case fulfils."""
    causes = {
        cause
        for row in MACHINE.transitions
        if status in row.states and (case is None or all(MACHINE.guards[guard].test(case) for guard in row.guards))
        for cause in row.by
    }
    ruled_out = set()
    if case is not None and case.held:
        ruled_out.add("hold")
    if case is not None and case.open_request is None:
        ruled_out.update({"grant_request", "refuse_request"})
    if case is not None and case.money in ("none", "settled"):
        ruled_out.add("confirm_payment")
    found = []
    for act in KINDS:
        words = ACTS[act]
        results = tuple((code, text) for code, text in words.results if f"{act} {code}" in causes)
        if act == "override_lane" and case is not None:
            results = tuple((code, text) for code, text in results if code != case.channel)
        possible = bool(results) if words.results else act in causes
        if possible and act not in ruled_out:
            found.append(Offer(act, words, results))
    return tuple(sorted(found, key=lambda offer: ORDER.index(offer.act)))


def faults_of(
    offer: Offer, result: str, reason: str, form: FindingForm | None = None, wrong: str = ""
) -> ActFaults | None:
    """Return what is missing in a filled-in form, None where nothing is; `wrong` is the fault of its finding."""
    fields = []
    if offer.results and result not in {code for code, _ in offer.results}:
        fields.append("result")
    if not reason:
        fields.append("reason")
    elif len(reason) > REASON_CHARS_MAX:
        fields.append("reason_long")
    if wrong and "result" not in fields:
        fields.append(wrong)
    if not fields:
        return None
    return ActFaults(
        act=offer.act, result=result, reason=reason, fields=tuple(fields), finding=form or FindingForm()
    )  # fmt: skip
