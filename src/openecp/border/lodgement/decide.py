# SPDX-License-Identifier: Apache-2.0
"""One command comes in, one decision goes out: what happened, what is told, what is due, and the answer.

`decide` is a pure function. What it needs from outside is asked for first: `to_assess` names the declaration that
must be assessed for a command, and the date whose law applies.
"""

from __future__ import annotations

import msgspec

from openecp.border.lodgement import notifications as notice
from openecp.border.lodgement.acts import act_idempotency, deadline_passed, officer_act
from openecp.border.lodgement.amend import AmendmentFault, amended
from openecp.border.lodgement.case import DeclarationCase
from openecp.border.lodgement.clearance import accept, advance, assess, reject
from openecp.border.lodgement.commands import Command, DeadlinePassed, Lodge, OfficerAct
from openecp.border.lodgement.context import Context, Decision, Profile, due, error_code, plain, rules_of
from openecp.border.lodgement.draft import Draft, cut, refusal
from openecp.border.lodgement.mrn import make_mrn
from openecp.border.lodgement.requests import decide_request, is_request, request_idempotency, request_kind
from openecp.kernel.assessment.reasons import Assessment, Reason
from openecp.kernel.casework.answer import Answer
from openecp.kernel.casework.machine import IllegalTransition
from openecp.kernel.datamodel.declaration import Declaration
from openecp.kernel.datamodel.declared import office_of
from openecp.kernel.journal.model import Idempotency

LIMIT_REFERENCE = 70  # characters of a reference that a case keeps


def decide(command: Command, case: DeclarationCase | None, context: Context) -> Decision:
    """Decide one command about one case, None for a new declaration.

    A command that the case does not allow changes nothing; its answer says where the case stands and what to do.
    """
    try:
        if isinstance(command, Lodge):
            if is_request(command.declaration):
                return decide_request(command, case, context)
            return _lodge(command, context)
        if case is None:
            return Decision(write=None, answer=refusal(_no_case(command, context.profile), status=404))
        if isinstance(command, OfficerAct):
            return officer_act(command, case, context)
        return deadline_passed(command, case, context)
    except IllegalTransition as illegal:
        code = error_code(context.profile, "not_in_this_state")
        reason = Reason(
            code=code,
            layer="state",
            rule="lifecycle",
            message=str(illegal),
            expected=", ".join(illegal.allowed) or "nothing: the case is closed",
            got=f"{illegal.asked} in state {illegal.state}",
            fix=illegal.what_to_do,
        )
        return Decision(write=None, answer=refusal(reason, case=case))


def idempotency_of(command: Command, case: DeclarationCase | None) -> Idempotency | None:
    """Return the key under which a refused command may have been done before; None where there is none."""
    if isinstance(command, OfficerAct):
        return act_idempotency(command) if "officer" in command.principal.roles else None
    if not isinstance(command, Lodge) or case is None or case.organisation != command.principal.organisation:
        return None
    return request_idempotency(command, case)


def to_assess(
    command: Command, case: DeclarationCase | None, declaration: Declaration | None, request: Declaration | None = None
) -> tuple[Declaration, str | None] | None:
    """Return the declaration to be assessed for a command, and the date whose law applies (None: today's).

    `declaration` is the case's as it stands, `request` the open request's message. None where nothing is assessed.
    """
    if isinstance(command, Lodge):
        if not is_request(command.declaration):
            return command.declaration, None
        kind = request_kind(command.declaration)
        if case is None or declaration is None:
            return None
        if kind == "GPR":
            return declaration, None
        return _amended(declaration, command.declaration, case) if kind == "COR" else None
    if case is None or declaration is None or isinstance(command, DeadlinePassed):
        if isinstance(command, DeadlinePassed) and command.act == "security_decision" and case and declaration:
            return declaration, case.acceptance_date
        return None
    if command.act == "confirm_arrival":
        return declaration, None
    if command.act == "grant_request" and case.open_request is not None and case.open_request.kind == "COR" and request:
        return _amended(declaration, request, case)
    if command.act == "release" and case.status == "released":
        return declaration, case.acceptance_date
    return None


def _amended(
    declaration: Declaration, request: Declaration, case: DeclarationCase
) -> tuple[Declaration, str | None] | None:
    try:
        return amended(declaration, request), case.acceptance_date
    except AmendmentFault:
        return None


def _no_case(command: OfficerAct | DeadlinePassed, profile: Profile) -> Reason:
    return Reason(
        code=error_code(profile, "no_such_case"),
        layer="state",
        rule="lifecycle",
        message="There is no such case.",
        expected="the id of a case",
        got=command.case_id,
        fix="Look the case up by its MRN or LRN.",
    )


def _lodge(command: Lodge, context: Context) -> Decision:
    """Lodge a declaration: rejected (03), registered (02), or accepted (01) and on its way to clearance."""
    assessment = context.assessment
    if assessment is None:
        raise ValueError("lodge: expected context.assessment, got None; assess what to_assess returns first")
    declaration = command.declaration
    draft = Draft(context, None, command.principal.actor)
    kind = draft.rules.types.get(declaration.type_code or "", {})
    case_id = context.new_id()
    document = draft.store("declaration", command.raw, command.media_type)
    goods = declaration.goods_shipment
    draft.record(
        "DeclarationSubmitted",
        case_id=case_id,
        organisation=command.principal.organisation,
        lrn=plain(declaration.functional_reference_id, LIMIT_REFERENCE),
        function_code=plain(declaration.function_code, 3) or None,
        type_code=plain(declaration.type_code, 3) or None,
        movement=kind.get("movement") or assessment.movement,
        data_set=assessment.data_set,
        office=plain(office_of(declaration), 17) or None,
        prelodged=True if kind.get("prelodged") == "yes" else None,
        items=len(goods.government_agency_goods_item) if goods is not None else 0,
        document=document,
    )
    mrn = new_mrn(context, declaration.type_code, assessment)
    reasons = all_reasons(command.faults, context.representation, assessment.reasons)
    if assessment.outcome == "rejected" or any(reason.severity == "reject" for reason in reasons):
        reject(draft, mrn, assessment, reasons)
        return _lodged(draft, command, "rejected", _with(assessment, reasons, "rejected"))
    if draft.case.prelodged:
        _register(draft, mrn, assessment, reasons)
        return _lodged(draft, command, "registered", _with(assessment, reasons, "accepted"))
    accept(draft, mrn, declaration, assessment, reasons)
    advance(draft, declaration=declaration)
    return _lodged(draft, command, "accepted", _with(assessment, reasons, "accepted"))


def _register(draft: Draft, mrn: str, assessment: Assessment, reasons: tuple[Reason, ...]) -> None:
    """Register a pre-lodged declaration: the taxes told (13) are indicative until the goods are presented."""
    limit = due(draft.context.profile, "presentation", draft.context.now)
    warnings = [reason for reason in reasons if reason.severity == "warn"]
    told = notice.registered(draft.subject(mrn=mrn), warnings=warnings)
    draft.record("DeclarationRegistered", tell=(told,), mrn=mrn, version=1, clocks={"presentation": limit})
    assess(draft, assessment)


def all_reasons(*groups: tuple[Reason, ...]) -> tuple[Reason, ...]:
    """Return all reasons of all layers once each, in their order."""
    return tuple(dict.fromkeys(reason for group in groups for reason in group))


def _with(assessment: Assessment, reasons: tuple[Reason, ...], outcome: str) -> Assessment:
    if outcome == assessment.outcome and len(reasons) == len(assessment.reasons):
        return assessment
    if outcome == "rejected":
        return msgspec.structs.replace(assessment, outcome="rejected", channel=None, reasons=reasons, taxes=())
    return msgspec.structs.replace(assessment, reasons=reasons)


def new_mrn(context: Context, type_code: str | None, assessment: Assessment) -> str:
    """Return a new MRN; the letter at place 17 says which kind of declaration it is, by `[mrn]` of profile.toml."""
    rules = rules_of(context.profile)
    letter = (
        rules.mrn_letters_by_data_set.get(assessment.data_set or "")
        or rules.mrn_letters_by_type.get(type_code or "")
        or rules.mrn_letters_by_type.get((type_code or "")[:2])
        or rules.mrn_letters.get(assessment.movement or "")
        or rules.mrn_letters.get("other", "0")
    )
    return make_mrn(year=int(context.now[:4]), country=rules.country, serial=context.mrn_serial(), letter=letter)


def _lodged(draft: Draft, command: Lodge, outcome: str, assessment: Assessment) -> Decision:
    case = draft.case
    answer = Answer(
        outcome=outcome,  # type: ignore[arg-type]
        case_id=case.case_id,
        lrn=case.lrn,
        mrn=case.mrn,
        status=case.status,
        version=case.version,
        assessment=cut(assessment, command.principal.audience),
        notifications=tuple(draft.responses),
        http_status=422 if outcome == "rejected" else 201,
    )
    organisation = command.principal.organisation
    key = command.key or f"lrn:{case.lrn}:{case.function_code or ''}:{command.body_hash.hex()}"
    idempotency = Idempotency(organisation=organisation, key=key, body_hash=command.body_hash)
    return Decision(write=draft.write(answer, idempotency=idempotency), answer=answer)
