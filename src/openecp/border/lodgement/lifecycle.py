# SPDX-License-Identifier: Apache-2.0
"""The life of a declaration as one table: what may happen in which state, by whom, what is told, what clock runs.

This table is the only place that says which transitions exist; `decide` may not go round it. It is checked when this
module is imported, and docs/lifecycle.md is written from it.

Source: WCO Data Model 3.6 function codes of the response; Revised Kyoto Convention, General Annex, chapters 3 to 6.
"""

from __future__ import annotations

from pathlib import Path

from openecp.kernel.casework.machine import Guard, Machine, State, Transition, table

STATES = (
    State(name="submitted", title_en="Submitted", title_fr="Déposée"),
    State(name="registered", title_en="Registered, goods not yet presented", title_fr="Enregistrée, à présenter"),
    State(name="presented", title_en="Goods presented", title_fr="Marchandises présentées"),
    State(name="accepted", title_en="Accepted", title_fr="Acceptée"),
    State(name="assessed", title_en="Assessed", title_fr="Liquidée"),
    State(name="documents_required", title_en="Documents required", title_fr="Documents demandés"),
    State(name="under_control", title_en="Under control", title_fr="Sous contrôle"),
    State(name="detained", title_en="Goods detained", title_fr="Marchandises retenues"),
    State(name="payment_pending", title_en="Payment or security pending", title_fr="Paiement ou garantie attendus"),
    State(name="released", title_en="Released, not yet cleared", title_fr="Mainlevée accordée"),
    State(name="cleared", title_en="Cleared", title_fr="Dédouanée"),
    State(name="exit_awaited", title_en="Exit result awaited", title_fr="Sortie attendue"),
    State(name="exited", title_en="Exited", title_fr="Sortie", final=True),
    State(name="rejected", title_en="Rejected", title_fr="Rejetée", final=True),
    State(name="invalidated", title_en="Invalidated", title_fr="Invalidée", final=True),
    State(name="expired", title_en="Expired", title_fr="Caduque", final=True),
    State(name="seized", title_en="Goods seized", title_fr="Marchandises saisies", final=True),
)


GUARDS: dict[str, Guard] = {
    "no_open_request": Guard(
        sentence="A request about this declaration is not answered yet.",
        fix="Wait for the answer, or have an officer grant or refuse the open request.",
        test=lambda case: case.open_request is None,
    ),
    "open_request": Guard(
        sentence="No request is open.",
        fix="Only a request that the declarant has made can be granted or refused.",
        test=lambda case: case.open_request is not None,
    ),
    "not_held": Guard(
        sentence="An officer holds the goods.",
        fix="Lift the hold first.",
        test=lambda case: not case.held,
    ),
    "held": Guard(sentence="The goods are not held.", fix="There is no hold to lift.", test=lambda case: case.held),
    "controls_done": Guard(
        sentence="Documents or a control are still open.",
        fix="Record that the documents were checked and what the control found, or release with a reason.",
        test=lambda case: not case.documents_open and not case.control_open,
    ),
    "control_not_done": Guard(
        sentence="A control of this declaration is done already.",
        fix="What it found stands: release, hold or detain the goods with a reason.",
        test=lambda case: (
            not case.release_ordered
            and case.attention != "documents_not_conform"
            and (case.documents_open or case.control_open or not case.controlled)
        ),
    ),
    "money_satisfied": Guard(
        sentence="Duties are not paid, deferred or secured yet.",
        fix="Confirm the payment, or let the trader raise the account's balance.",
        test=lambda case: case.money in ("none", "settled"),
    ),
    "documents_open": Guard(
        sentence="No documents are asked for.",
        fix="Nothing to check: go on with the control or the release.",
        test=lambda case: case.documents_open,
    ),
    "export": Guard(
        sentence="The goods are not declared for export.",
        fix="Only an export declaration can exit.",
        test=lambda case: case.movement == "export",
    ),
}


def _row(
    states: str, event: str, leads_to: str, *, by: str, only_if: str = "", tells: str = "", clock: str = ""
) -> Transition:
    """Write one row of the table; lists are separated by blanks (`by`: by commas), `=` is the state as it is."""
    named: list[str] = []
    for word in states.split():
        named += _GROUPS.get(word, (word,))
    return Transition(
        states=tuple(dict.fromkeys(named)),
        event=event,
        next=None if leads_to == "=" else leads_to,
        by=tuple(text.strip() for text in by.split(",")),
        guards=tuple(only_if.split()),
        notification=tuple(tells.split()),
        clock=tuple(clock.split()),
    )


_GROUPS: dict[str, tuple[str, ...]] = {
    # the goods have left Customs' hands
    "AFTER": ("released", "cleared", "exit_awaited", "exited"),
    # a request can change the declaration
    "OPEN": (
        *("registered", "assessed", "documents_required", "under_control", "payment_pending"),
        *("released", "cleared", "exit_awaited"),
    ),
    "ALL": tuple(state.name for state in STATES if state.name not in ("submitted", "presented", "accepted")),
}
_STOP = "-presentation -documents -lane -payment -release -security_decision -exit_reminder -exit"
_ROUTED = "not_held controls_done money_satisfied no_open_request"

TRANSITIONS = (
    # Lodging and presentation
    _row("", "DeclarationSubmitted", "submitted", by="lodge"),
    _row("submitted presented", "DeclarationRejected", "rejected", by="lodge, present, confirm_arrival", tells="03"),
    _row("submitted", "DeclarationRegistered", "registered", by="lodge", tells="02", clock="+presentation"),
    _row(
        "registered",
        "GoodsPresented",
        "presented",
        by="present, confirm_arrival",
        only_if="no_open_request",
        tells="02",
        clock="-presentation",
    ),
    _row("registered", "DeclarationExpired", "expired", by="clock presentation", tells="10", clock=_STOP),
    _row("submitted presented", "DeclarationAccepted", "accepted", by="lodge, present, confirm_arrival", tells="01"),
    # Assessment: rates are those of the acceptance date
    _row(
        "accepted",
        "DeclarationAssessed",
        "assessed",
        by="lodge, present, confirm_arrival, amend, grant_request",
        tells="13/67",
        clock="-lane +lane",
    ),
    _row(
        "registered documents_required under_control AFTER",
        "DeclarationAssessed",
        "=",
        by="lodge, amend, grant_request",
        tells="13/67",
        clock="-lane +lane",
    ),
    # Channel
    _row(
        "assessed payment_pending",
        "DocumentsRequired",
        "documents_required",
        by="routing, override_lane, clock lane",
        tells="06",
        clock="+documents -payment -release",
    ),
    _row(
        "assessed documents_required payment_pending",
        "ControlOrdered",
        "under_control",
        by="routing, documents_checked not_conform, override_lane, clock lane",
        tells="05",
        clock="-payment -release",
    ),
    _row(
        "assessed documents_required under_control payment_pending",
        "LaneOverrideAsked",
        "=",
        by="override_lane",
        only_if="control_not_done",
    ),
    _row(
        "assessed documents_required under_control payment_pending",
        "LaneOverridden",
        "=",
        by="override_lane green, override_lane blue, override_lane yellow, override_lane red",
        only_if="control_not_done",
        clock="-lane",
    ),
    _row(
        "documents_required under_control",
        "LaneMoved",
        "=",
        by="clock lane",
        only_if="not_held control_not_done",
        clock="-lane +lane",
    ),
    _row(
        "documents_required under_control",
        "ControlsLifted",
        "assessed",
        by="override_lane, clock lane",
        clock="-documents",
    ),
    _row("assessed", "ReleaseScheduled", "=", by="routing", clock="+release"),
    _row("assessed", "ReleaseDue", "=", by="clock release", clock="-release"),
    _row(
        "documents_required", "DocumentsVerified", "assessed", by="documents_checked conform", clock="-documents -lane"
    ),
    _row(
        "under_control",
        "DocumentsVerified",
        "=",
        by="documents_checked conform",
        only_if="documents_open",
        clock="-documents -lane",
    ),
    _row(
        "documents_required under_control",
        "DocumentsNotConform",
        "=",
        by="documents_checked not_conform",
        only_if="documents_open",
        clock="-documents -lane",
    ),
    _row("documents_required under_control", "DocumentsOverdue", "=", by="clock documents", clock="-documents"),
    _row("under_control detained", "ControlConform", "assessed", by="control_result conform", clock="-documents -lane"),
    _row(
        "under_control detained",
        "ControlIrregular",
        "assessed",
        by="control_result irregular",
        clock="-documents -lane",
    ),
    _row("under_control", "GoodsDetained", "detained", by="control_result detained", clock="-documents -lane"),
    _row("under_control detained", "GoodsSeized", "seized", by="control_result seized", clock=_STOP),
    _row(
        "assessed documents_required under_control",
        "ReleaseOrdered",
        "assessed",
        by="release",
        only_if="not_held",
        clock="-documents -lane -release",
    ),
    _row(
        "released",
        "ClearanceOrdered",
        "=",
        by="release, clock security_decision",
        only_if="not_held",
        clock="-security_decision",
    ),
    _row("OPEN detained", "DeclarationHeld", "=", by="hold", only_if="not_held", clock="-lane"),
    _row("OPEN detained", "HoldLifted", "=", by="lift_hold", only_if="held", clock="+lane"),
    # Money
    _row("assessed", "FundsInsufficient", "payment_pending", by="routing", tells="14", clock="+payment -release"),
    _row(
        "payment_pending AFTER", "FundsInsufficient", "=", by="routing, confirm_payment", tells="14", clock="+payment"
    ),
    _row("assessed", "PaymentAwaited", "payment_pending", by="routing", clock="+payment -release"),
    _row("payment_pending AFTER", "PaymentAwaited", "=", by="routing", clock="+payment"),
    _row("payment_pending AFTER", "PaymentReminded", "=", by="clock payment", tells="15", clock="+payment"),
    _row("payment_pending AFTER", "PaymentOverdue", "=", by="clock payment", clock="-payment"),
    _row(
        "assessed payment_pending",
        "PaymentSettled",
        "assessed",
        by="routing, confirm_payment",
        tells="13/4",
        clock="-payment",
    ),
    _row("AFTER", "PaymentSettled", "=", by="routing, confirm_payment", tells="13/4", clock="-payment"),
    _row(
        "assessed payment_pending",
        "SecurityTaken",
        "assessed",
        by="routing, confirm_payment",
        tells="13/115",
        clock="-payment",
    ),
    # Release and clearance
    _row(
        "assessed",
        "GoodsReleased",
        "released",
        by="routing",
        only_if=_ROUTED,
        tells="08",
        clock="+security_decision -release",
    ),
    _row(
        "assessed released",
        "DeclarationCleared",
        "cleared",
        by="routing",
        only_if=_ROUTED,
        tells="07 09",
        clock="+exit_reminder +exit -security_decision -release",
    ),
    _row(
        "cleared exit_awaited exited",
        "DeclarationCleared",
        "=",
        by="amend, grant_request",
        only_if="money_satisfied",
        tells="07 09",
    ),
    # Export exit
    _row(
        "cleared",
        "ExitAwaited",
        "exit_awaited",
        by="clock exit_reminder",
        only_if="export",
        tells="18",
        clock="-exit_reminder",
    ),
    _row(
        "cleared exit_awaited",
        "GoodsExited",
        "exited",
        by="confirm_exit",
        only_if="export not_held",
        tells="16",
        clock="-exit_reminder -exit",
    ),
    _row("cleared exit_awaited", "ExitExpired", "expired", by="clock exit", only_if="export", tells="10", clock=_STOP),
    # Requests of the declarant
    _row("OPEN exited", "AmendmentRequested", "=", by="amend", only_if="no_open_request", tells="02"),
    _row(
        "assessed payment_pending",
        "AmendmentGranted",
        "accepted",
        by="amend, grant_request",
        only_if="open_request",
        tells="11/39",
        clock="-payment -release",
    ),
    _row(
        "registered documents_required under_control AFTER",
        "AmendmentGranted",
        "=",
        by="amend, grant_request",
        only_if="open_request",
        tells="11/39",
    ),
    _row("OPEN exited", "AmendmentRefused", "=", by="amend, refuse_request", only_if="open_request", tells="11/41"),
    _row("OPEN", "InvalidationRequested", "=", by="invalidate", only_if="no_open_request", tells="02"),
    _row("OPEN", "InvalidationGranted", "=", by="invalidate, grant_request", only_if="open_request", tells="11/39"),
    _row("OPEN", "InvalidationRefused", "=", by="invalidate, refuse_request", only_if="open_request", tells="11/41"),
    _row("OPEN", "DeclarationInvalidated", "invalidated", by="invalidate, grant_request", tells="10", clock=_STOP),
    _row("ALL", "RequestRejected", "=", by="amend, invalidate, present", tells="03"),
)

MACHINE: Machine = Machine("declaration", STATES, TRANSITIONS, GUARDS)

EVENT_KINDS: tuple[str, ...] = tuple(dict.fromkeys(row.event for row in TRANSITIONS))

# Clocks: setting under [clocks] of profile.toml and the days that apply where it says nothing.
CLOCKS: dict[str, tuple[str, int]] = {
    "presentation": ("presentation_days", 30),
    "documents": ("documents_days", 30),
    "payment": ("payment_days", 10),
    "security_decision": ("security_decision_days", 30),
    "exit_reminder": ("exit_reminder_days", 90),
    "exit": ("exit_days", 150),
}

STATUS_GROUPS: dict[str, tuple[str, ...]] = {
    "waiting_for_customs": ("documents_required", "under_control", "detained"),
    "waiting_for_trader": ("registered", "documents_required", "payment_pending"),
    "done": ("cleared", "exited", "rejected", "invalidated", "expired", "seized"),
}


def transition_table() -> str:
    """Return the table of docs/lifecycle.md: states and transitions, as the software enforces them."""
    states = "| state | en | fr | final |\n|---|---|---|---|\n" + "".join(
        f"| {s.name} | {s.title_en} | {s.title_fr} | {'yes' if s.final else ''} |\n" for s in STATES
    )
    guards = "| condition | what a person reads when it does not hold |\n|---|---|\n" + "".join(
        f"| {name} | {guard.sentence} {guard.fix} |\n" for name, guard in GUARDS.items()
    )
    return f"{states}\n{table(MACHINE)}\n{guards}"


def write_page(path: Path) -> None:
    """Renew the table in docs/lifecycle.md."""
    text = path.read_text(encoding="utf-8")
    before, rest = text.split("<!-- table -->\n", 1)
    after = rest.split("<!-- end of table -->", 1)[1]
    page = f"{before}<!-- table -->\n{transition_table()}<!-- end of table -->{after}"
    path.write_text(page, encoding="utf-8")


if __name__ == "__main__":
    write_page(Path("docs/lifecycle.md"))
