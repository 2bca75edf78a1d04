# SPDX-License-Identifier: Apache-2.0
"""A declarant may ask to amend (COR) or invalidate (INV) a declaration, and tells that goods are presented (GPR).

One request at a time, by the organisation that lodged. A request is registered (02) and answered (11): at once where
the profile lets the software grant it in the case's state, else an officer decides.

Reads: `[requests]` of profile.toml: amend_automatically_in, invalidate_automatically_in (lists of states; `export:`
before a state: for exports only), never_amended (paths).
Source: Revised Kyoto Convention, General Annex, standards 3.27 to 3.29 (amendment and withdrawal).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal

from openecp.border.lodgement import notifications as notice
from openecp.border.lodgement.amend import NEVER, AmendmentFault, apply_amendment, changes_of
from openecp.border.lodgement.case import DeclarationCase
from openecp.border.lodgement.clearance import AFTER_RELEASE, accept, advance, assess, reject, route, take_back
from openecp.border.lodgement.commands import Lodge
from openecp.border.lodgement.context import Context, Decision, Profile, error_code, plain, setting
from openecp.border.lodgement.draft import Draft, cut, refusal
from openecp.border.lodgement.lifecycle import MACHINE
from openecp.kernel.assessment.reasons import Assessment, Reason
from openecp.kernel.casework.answer import Answer
from openecp.kernel.datamodel.binding import encode_json, message_of
from openecp.kernel.datamodel.declaration import Declaration
from openecp.kernel.journal.model import Idempotency

AMEND_AUTOMATICALLY_IN = ("registered", "assessed", "payment_pending")
INVALIDATE_AUTOMATICALLY_IN = ("registered",)
KINDS = ("COR", "INV", "GPR")
RULES = (
    "element_twice",
    "not_amendable",
    "pointer_unresolved",
    "value_missing",
    "amendment_missing",
    "amendment_too_many",
    "amendment_pointer",
)


def is_request(declaration: Declaration) -> bool:
    """Say whether a message asks for something about a declaration lodged before (FunctionCode 13)."""
    return declaration.function_code == "13"


def request_kind(declaration: Declaration) -> str:
    """Return what a request asks for: COR, INV, GPR, or what it says instead."""
    return declaration.type_code or ""


def decide_request(command: Lodge, case: DeclarationCase | None, context: Context) -> Decision:
    """Decide a request about a case.

    Raises: IllegalTransition when the case is not in a state for it.
    """
    request = command.declaration
    kind = request_kind(request)
    lrn = plain(request.functional_reference_id, 70)
    fault = _not_ours(command, case, kind, context.profile)
    if fault is not None or case is None:
        assert fault is not None
        status = 404 if fault.rule == "unknown_declaration" else 409
        return Decision(write=None, answer=refusal(fault, lrn=lrn, status=status))
    event = {"COR": "AmendmentRequested", "INV": "InvalidationRequested", "GPR": "GoodsPresented"}[kind]
    MACHINE.require(case.status, event, case)
    draft = Draft(context, case, command.principal.actor)
    document = draft.store("request", command.raw, command.media_type)
    draft.values[document["id"]] = request
    rejections = tuple(reason for reason in command.faults if reason.severity == "reject")
    if rejections:
        return reject_request(draft, command, document, rejections)
    if kind == "GPR":
        return _present(draft, command, document)
    if kind == "INV":
        return _invalidate(draft, command, document)
    return _amend(draft, command, document)


def _not_ours(command: Lodge, case: DeclarationCase | None, kind: str, profile: Profile) -> Reason | None:
    """Return why a request cannot be joined to a case, None where it can."""
    if case is None or case.organisation != command.principal.organisation:
        return Reason(
            code=error_code(profile, "unknown_declaration"),
            layer="state",
            rule="unknown_declaration",
            message="No declaration of your organisation has this MRN.",
            pointer="42A.D014",
            expected="the MRN of a declaration that the same organisation has lodged",
            got=plain(command.declaration.id, 70) or "none",
            fix="Take the MRN from the notification of the declaration.",
        )
    if kind not in KINDS:
        return Reason(
            code=error_code(profile, "unknown_request"),
            layer="code_list",
            rule="unknown_request",
            message="A request must say what it asks for.",
            pointer="42A.D013",
            expected="COR (amend), INV (invalidate) or GPR (goods presented)",
            got=plain(kind, 35) or "none",
            fix="Set TypeCode.",
        )
    if case.open_request is not None:
        return Reason(
            code=error_code(profile, "request_open"),
            layer="state",
            rule="request_open",
            message="Your previous request about this declaration is not answered yet.",
            pointer="42A.D014",
            expected="no open request",
            got=f"request {case.open_request.lrn} of {case.open_request.requested_at}",
            fix="Wait for the answer (11) to the previous request.",
        )
    return None


def reject_request(draft: Draft, command: Lodge, document: Mapping[str, str], reasons: tuple[Reason, ...]) -> Decision:
    """Reject a request that is wrong in itself (03); the declaration stays as it is."""
    lrn = plain(command.declaration.functional_reference_id, 70)
    told = notice.rejected(draft.subject(lrn=lrn), reasons)
    draft.record(
        "RequestRejected",
        tell=(told,),
        lrn=lrn,
        request=request_kind(command.declaration),
        document=dict(document),
        reasons=[{"code": r.code, "rule": r.rule, **({"pointer": r.pointer} if r.pointer else {})} for r in reasons],
    )
    return answered(draft, command, "rejected", error=reasons[0], status=422)


def _amend(draft: Draft, command: Lodge, document: Mapping[str, str]) -> Decision:
    context = draft.context
    if context.declaration is None:
        raise ValueError("amend: expected context.declaration, the declaration as it stands, got None")
    try:
        new = amended_declaration(context, command.declaration)
    except AmendmentFault as fault:
        return reject_request(draft, command, document, fault.reasons)
    lrn = plain(command.declaration.functional_reference_id, 70)
    draft.record(
        "AmendmentRequested", tell=(notice.registered(draft.subject(lrn=lrn)),), lrn=lrn, document=dict(document)
    )
    if not _automatic(draft.case, context.profile, "amend_automatically_in", AMEND_AUTOMATICALLY_IN):
        return answered(draft, command, "registered", status=202)
    outcome = grant_amendment(draft, command.declaration, new)
    return answered(draft, command, outcome, assessment=context.assessment)


def amended_declaration(context: Context, request: Declaration) -> Declaration:
    """Return the declaration with a request applied, with the administration's error codes.

    Raises: AmendmentFault.
    """
    assert context.declaration is not None
    codes = {rule: error_code(context.profile, rule) for rule in RULES}
    never = setting(context.profile, "requests", "never_amended", default=NEVER)
    return apply_amendment(context.declaration, request, codes=codes, never=never)


def _automatic(case: DeclarationCase, profile: Profile, name: str, default: tuple[str, ...]) -> bool:
    listed = setting(profile, "requests", name, default=default)
    return case.status in listed or f"{case.movement}:{case.status}" in listed


def grant_amendment(draft: Draft, request: Declaration, new: Declaration) -> Literal["accepted", "rejected"]:
    """Grant an amendment: the next version is assessed with the rates of the acceptance date, and routed again.

    Where the declaration as amended would be rejected, the request is refused and says why.
    """
    context = draft.context
    case = draft.case
    assessment = context.assessment
    if assessment is None:
        raise ValueError("amend: expected context.assessment of the amended declaration; assess what to_assess returns")
    asked = case.open_request
    lrn = asked.lrn if asked is not None else plain(request.functional_reference_id, 70)
    if assessment.outcome == "rejected":
        told = notice.request_answered(draft.subject(lrn=lrn), granted=False, reasons=assessment.errors)
        facts = [{"code": reason.code, "rule": reason.rule} for reason in assessment.errors]
        draft.record("AmendmentRefused", tell=(told,), lrn=lrn, reasons=facts[:999])
        advance(draft, declaration=context.declaration)
        return "rejected"
    assert context.declaration is not None
    changes = changes_of(request)
    told = notice.request_answered(draft.subject(lrn=lrn), granted=True)
    draft.record(
        "AmendmentGranted",
        tell=(told,),
        lrn=lrn,
        version=case.version + 1,
        changes=[{"reason": reason, "pointer": pointer} for reason, pointer in changes],
        document=draft.store("declaration", encode_json(message_of(new)), "application/json"),
    )
    assess(draft, assessment)
    if draft.case.status == "registered":
        return "accepted"
    if draft.case.status in ("assessed", *AFTER_RELEASE):
        route(draft)
    elif draft.case.status == "documents_required" and draft.case.channel == "red":
        draft.record("ControlOrdered", tell=(notice.control(draft.subject()),))
    advance(draft, declaration=new)
    return "accepted"


def _invalidate(draft: Draft, command: Lodge, document: Mapping[str, str]) -> Decision:
    lrn = plain(command.declaration.functional_reference_id, 70)
    told = notice.registered(draft.subject(lrn=lrn))
    draft.record("InvalidationRequested", tell=(told,), lrn=lrn, document=dict(document))
    profile = draft.context.profile
    if not _automatic(draft.case, profile, "invalidate_automatically_in", INVALIDATE_AUTOMATICALLY_IN):
        return answered(draft, command, "registered", status=202)
    grant_invalidation(draft)
    return answered(draft, command, "accepted")


def grant_invalidation(draft: Draft) -> None:
    """Invalidate: what was paid is repaid, what was due is remitted, by reversing the entries."""
    request = draft.case.open_request
    told = notice.request_answered(draft.subject(lrn=request.lrn if request else None), granted=True)
    draft.record("InvalidationGranted", tell=(told,), lrn=request.lrn if request else None)
    entries = draft.enter(take_back(draft, reason="repayment: declaration invalidated"))
    draft.record("DeclarationInvalidated", tell=(notice.invalidated(draft.subject()),), entries=entries)


def refuse_request(draft: Draft, *, text: str | None = None) -> None:
    """Refuse the open request (11 with 41); the goods go on as if it had not been made."""
    request = draft.case.open_request
    kind = request.kind if request is not None else "COR"
    told = notice.request_answered(draft.subject(lrn=request.lrn if request else None), granted=False, text=text)
    draft.record("AmendmentRefused" if kind == "COR" else "InvalidationRefused", tell=(told,))
    advance(draft, declaration=draft.context.declaration)


def _present(draft: Draft, command: Lodge, document: Mapping[str, str]) -> Decision:
    lrn = plain(command.declaration.functional_reference_id, 70)
    told = notice.registered(draft.subject(lrn=lrn))
    outcome = present(draft, tell=told, lrn=lrn, document=dict(document))
    return answered(draft, command, outcome, assessment=draft.context.assessment)


def present(draft: Draft, *, tell: Any = None, **body: Any) -> Literal["accepted", "rejected"]:
    """Present the goods of a pre-lodged declaration: it becomes an arrived one and is accepted, or rejected."""
    context = draft.context
    assessment = context.assessment
    declaration = context.declaration
    if assessment is None or declaration is None:
        raise ValueError("present: expected context.declaration and its assessment of today, got None")
    case = draft.case
    becomes = draft.rules.types.get(case.type_code or "", {}).get("becomes") or None
    draft.record(
        "GoodsPresented", tell=(tell,) if tell is not None else (), version=case.version + 1, type_code=becomes, **body
    )
    mrn = case.mrn or ""
    if assessment.outcome == "rejected":
        reject(draft, mrn, assessment, assessment.reasons)
        return "rejected"
    accept(draft, mrn, declaration, assessment, assessment.reasons)
    advance(draft, declaration=declaration)
    return "accepted"


def answered(
    draft: Draft,
    command: Lodge,
    outcome: Literal["accepted", "rejected", "registered"],
    *,
    assessment: Assessment | None = None,
    error: Reason | None = None,
    status: int = 200,
) -> Decision:
    """Return the decision on a request, with the answer to its sender."""
    case = draft.case
    request = command.declaration
    answer = Answer(
        outcome=outcome,
        case_id=case.case_id,
        lrn=plain(request.functional_reference_id, 70),
        mrn=case.mrn,
        status=case.status,
        version=case.version,
        assessment=cut(assessment, command.principal.audience),
        notifications=tuple(draft.responses),
        error=error,
        http_status=status,
    )
    return Decision(write=draft.write(answer, idempotency=request_idempotency(command, case)), answer=answer)


def request_idempotency(command: Lodge, case: DeclarationCase) -> Idempotency:
    """Return the key of a request: the sender's, else what it asks for about which declaration."""
    key = command.key or f"request:{case.mrn}:{request_kind(command.declaration)}:{command.body_hash.hex()}"
    return Idempotency(organisation=command.principal.organisation, key=key, body_hash=command.body_hash)
