# SPDX-License-Identifier: Apache-2.0
"""The console's words for what the kernel and the casework name by a code: statuses, channels, events, acts, layers.

A code without a word is shown as it is written, its underscores and capitals opened (`UnderControl`: Under control).
"""

from __future__ import annotations

import re
from typing import NamedTuple

from openecp.border.lodgement.lifecycle import MACHINE, STATUS_GROUPS
from openecp.platform.console.language import N_

STATUS_ORDER: tuple[str, ...] = tuple(MACHINE.states)


def status_name(code: str, language: str) -> str:
    """Return what the life cycle calls a state, in the reader's language."""
    state = MACHINE.states.get(code)
    if state is None:
        return opened(code)
    return state.title_fr if language == "fr" else state.title_en


# How a state is coloured: who has to do something about it.
STATUS_TONES: dict[str, str] = {
    **{state.name: "closed" for state in MACHINE.states.values() if state.final},
    **dict.fromkeys(STATUS_GROUPS["waiting_for_trader"], "trader"),
    **dict.fromkeys(STATUS_GROUPS["waiting_for_customs"], "customs"),
    "released": "good",
    "cleared": "good",
    "exited": "good",
    "rejected": "bad",
    "seized": "bad",
    "detained": "bad",
}

EVENTS: dict[str, str] = {
    "DeclarationSubmitted": N_("Declaration submitted"),
    "DeclarationRejected": N_("Declaration rejected"),
    "DeclarationRegistered": N_("Declaration registered before the goods"),
    "GoodsPresented": N_("Goods presented"),
    "DeclarationExpired": N_("Declaration expired"),
    "DeclarationAccepted": N_("Declaration accepted"),
    "DeclarationAssessed": N_("Duties and taxes assessed"),
    "DocumentsRequired": N_("Documents required"),
    "ControlOrdered": N_("Control ordered"),
    "LaneOverrideAsked": N_("Another lane asked for by an officer"),
    "LaneOverridden": N_("Lane changed by an officer"),
    "LaneMoved": N_("Lane changed after its time"),
    "ControlsLifted": N_("Control no longer asked for"),
    "ReleaseScheduled": N_("Release scheduled"),
    "ReleaseDue": N_("Time of release reached"),
    "DocumentsVerified": N_("Documents conform"),
    "DocumentsNotConform": N_("Documents do not conform"),
    "DocumentsOverdue": N_("Documents overdue"),
    "ControlConform": N_("Control: goods conform"),
    "ControlIrregular": N_("Control: irregularity put right"),
    "GoodsDetained": N_("Goods detained"),
    "GoodsSeized": N_("Goods seized"),
    "ReleaseOrdered": N_("Release ordered by an officer"),
    "ClearanceOrdered": N_("Clearance ordered"),
    "DeclarationHeld": N_("Declaration put on hold"),
    "HoldLifted": N_("Hold lifted"),
    "FundsInsufficient": N_("Balance not sufficient"),
    "PaymentAwaited": N_("Payment awaited"),
    "PaymentReminded": N_("Payment reminded"),
    "PaymentOverdue": N_("Payment overdue"),
    "PaymentSettled": N_("Payment settled"),
    "SecurityTaken": N_("Security taken"),
    "GoodsReleased": N_("Goods released"),
    "DeclarationCleared": N_("Declaration cleared"),
    "ExitAwaited": N_("Exit result awaited"),
    "GoodsExited": N_("Goods exited"),
    "ExitExpired": N_("Exit not confirmed in time"),
    "AmendmentRequested": N_("Amendment requested"),
    "AmendmentGranted": N_("Amendment granted"),
    "AmendmentRefused": N_("Amendment refused"),
    "InvalidationRequested": N_("Invalidation requested"),
    "InvalidationGranted": N_("Invalidation granted"),
    "InvalidationRefused": N_("Invalidation refused"),
    "DeclarationInvalidated": N_("Declaration invalidated"),
    "RequestRejected": N_("Request rejected"),
}

CHANNELS: dict[str, str] = {
    "green": N_("Green: no control"),
    "blue": N_("Blue: control afterwards"),
    "yellow": N_("Yellow: documents"),
    "red": N_("Red: goods and documents"),
}
CHANNELS_SHORT: dict[str, str] = {
    "green": N_("Green"),
    "blue": N_("Blue"),
    "yellow": N_("Yellow"),
    "red": N_("Red"),
}

MOVEMENTS: dict[str, str] = {
    "import": N_("Import"),
    "export": N_("Export"),
    "transit": N_("Transit"),
    "other": N_("Other"),
}

LAYERS: dict[str, str] = {
    "syntax": N_("Form of the message"),
    "obligation": N_("Obligation"),
    "code_list": N_("Code list"),
    "relation": N_("Relation between elements"),
    "authority": N_("Authority"),
    "tariff": N_("Tariff"),
    "valuation": N_("Valuation"),
    "revenue": N_("Duties and taxes"),
    "state": N_("State of the case"),
    "risk": N_("Risk"),
}

SEVERITIES: dict[str, str] = {
    "reject": N_("Error"),
    "hold": N_("Holds the release"),
    "warn": N_("Warning"),
    "info": N_("Information"),
}


class ActWords(NamedTuple):
    """What the console calls an officer act, and the results that one may record with it."""

    title: str
    button: str
    hint: str
    results: tuple[tuple[str, str], ...] = ()
    warning: bool = False


ACTS: dict[str, ActWords] = {
    "documents_checked": ActWords(
        N_("Documents checked"),
        N_("Record the check"),
        N_("Compare the documents with the declaration."),
        (("conform", N_("They conform")), ("not_conform", N_("They do not conform"))),
    ),
    "control_result": ActWords(
        N_("Control result"),
        N_("Record the result"),
        N_("What the examination of the goods has shown."),
        (
            ("conform", N_("The goods conform")),
            ("irregular", N_("Irregular, put right: the goods go on")),
            ("detained", N_("The goods are detained")),
            ("seized", N_("The goods are seized")),
        ),
    ),
    "release": ActWords(N_("Release"), N_("Release the goods"), N_("The trader is notified at once.")),
    "hold": ActWords(N_("Hold"), N_("Put on hold"), N_("Nothing is released until the hold is lifted."), warning=True),
    "lift_hold": ActWords(N_("Lift the hold"), N_("Lift the hold"), N_("The case goes on where it stood.")),
    "override_lane": ActWords(
        N_("Change the lane"),
        N_("Change the lane"),
        N_("Out of the lane of a mandatory criterion a second officer must ask for the same."),
        (
            ("green", N_("Green: no control")),
            ("blue", N_("Blue: control afterwards")),
            ("yellow", N_("Yellow: documents")),
            ("red", N_("Red: goods and documents")),
        ),
        warning=True,
    ),
    "grant_request": ActWords(
        N_("Grant the request"), N_("Grant the request"), N_("The amendment or invalidation takes effect.")
    ),
    "refuse_request": ActWords(
        N_("Refuse the request"), N_("Refuse the request"), N_("The declaration stays as it is."), warning=True
    ),
    "confirm_payment": ActWords(
        N_("Confirm payment"), N_("Confirm the payment"), N_("The amount due has been received.")
    ),
    "confirm_exit": ActWords(
        N_("Confirm exit"), N_("Confirm the exit"), N_("The goods have left the customs territory.")
    ),
    "confirm_arrival": ActWords(
        N_("Confirm arrival"), N_("Confirm the arrival"), N_("The goods have been presented to the office.")
    ),
}

NOTIFICATIONS: dict[str, str] = {
    "01": N_("Declaration accepted"),
    "02": N_("Declaration or request received"),
    "03": N_("Declaration rejected"),
    "05": N_("Goods under control"),
    "06": N_("Documents wanted"),
    "07": N_("Declaration changed"),
    "08": N_("Goods released"),
    "09": N_("Declaration cleared"),
    "10": N_("Declaration invalidated"),
    "11": N_("Answer to a request"),
    "13": N_("Duties and taxes"),
    "14": N_("Balance not sufficient"),
    "15": N_("Reminder of the balance"),
    "16": N_("Goods exited"),
    "17": N_("Handled outside this system"),
    "18": N_("Exit results awaited"),
    "50": N_("Decision of an agency"),
    "51": N_("Question to the declarant"),
    "52": N_("Goods detained"),
}


def opened(code: str) -> str:
    """Return a code as words: `DeclarationAccepted` and `declaration_accepted` are `Declaration accepted`."""
    words = re.sub(r"(?<=[a-z0-9])(?=[A-Z])", " ", code).replace("_", " ").strip().lower()
    return words[:1].upper() + words[1:]


def word_of(words: dict[str, str], code: str | None) -> str:
    """Return the word for a code, to be translated where it is shown."""
    return "" if not code else words.get(code) or opened(code)
