# SPDX-License-Identifier: Apache-2.0
"""The life of an audit: opened, assigned, findings, closed with its claim; recovered. Waiving money needs two officers.

Source: Revised Kyoto Convention, General Annex, standards 6.6 to 6.8 (audit-based control).
Reads: the audit's own stream, facts of the declaration. Limits: 200 findings an audit; amounts up to 10^15.
"""

from __future__ import annotations

import re
from typing import Any

import msgspec

from openecp.border.risk.audit.acts import (
    AnswerAuditClosing,
    AssignAudit,
    AuditAct,
    CloseAudit,
    OpenAudit,
    RecordAuditFinding,
    RecordAuditRecovery,
    TellAuditOverdue,
    WithdrawAuditFinding,
)
from openecp.border.risk.audit.case import DONE, AuditCase, AuditFacts, AuditFinding, AuditGround
from openecp.border.risk.audit.fault import AuditRefused
from openecp.kernel.datamodel.findings import RECOVERED_MAX, finding_fault, items_fault

FINDINGS_MAX, REASON_MAX = 200, 2_000
_REFERENCE = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9 ./+_-]{0,33}[A-Za-z0-9])?")


class AuditPosting(msgspec.Struct, frozen=True, kw_only=True):
    """One entry of the ledger that an act makes."""

    debit: str
    credit: str
    amount_minor: int
    currency: str
    reason: str


class AuditDecision(msgspec.Struct, frozen=True, kw_only=True):
    """What one act changes: the event, the audit after it, words to keep beside the log, entries of the ledger."""

    kind: str
    body: dict[str, Any]
    state: AuditCase
    words: str = ""
    postings: tuple[AuditPosting, ...] = ()


def decide(
    state: AuditCase | None, act: AuditAct, *, actor: str, person: bool, now: str, facts: AuditFacts | None = None,
    officers: frozenset[str] = frozenset(), items: frozenset[int] = frozenset(),
) -> AuditDecision:  # fmt: skip
    """Decide one act; `facts` are those of the declaration that is to be audited, `officers` who may be named, `items`
    those that it has: empty where they are not known.

    Raises: AuditRefused.
    """
    if isinstance(act, OpenAudit):
        return _opened(state, act, facts, person, now)
    if state is None:
        raise AuditRefused("There is no such audit.", where="audit", expected="the MRN or id of a declaration with one",
                           got=act.audit[:80], fix="`openecp risk audit list` shows them.", status=404)  # fmt: skip
    if isinstance(act, RecordAuditRecovery):
        return _recovered(state, act)
    if state.status in DONE:
        raise _refused(state, "an audit that is open", state.status, "It is done.", status=409)
    match act:
        case AssignAudit():
            return _assigned(state, act, officers)
        case RecordAuditFinding():
            return _found(state, act, actor, now, items)
        case WithdrawAuditFinding():
            return _withdrawn(state, act)
        case CloseAudit():
            return _close(state, act, actor, now)
        case AnswerAuditClosing():
            return _answered(state, act, actor, now)
        case TellAuditOverdue():
            if state.overdue_told or not state.overdue(now[:10]):
                raise _refused(state, f"an audit whose last day is before {now[:10]}", state.due_on, "Nothing to tell.")
            after = msgspec.structs.replace(state, overdue_told=True)
            return AuditDecision(kind="AuditOverdue", body=_key(state) | {"due_on": state.due_on}, state=after)


def _opened(
    state: AuditCase | None, act: OpenAudit, facts: AuditFacts | None, person: bool, now: str
) -> AuditDecision:  # fmt: skip
    if facts is None:
        raise AuditRefused("There is no such declaration.", where="declaration", expected="an MRN or id on record",
                           got=act.declaration[:80], fix="Look it up with `openecp show`.", status=404)  # fmt: skip
    if state is not None:
        raise _refused(state, "a declaration without an audit", state.status, "Go on with that one.", status=409)
    if not facts.released:
        raise AuditRefused("An audit is of released goods.", where="declaration", expected="released goods",
                           got="goods in Customs' hands", fix="Control them instead.", status=409)  # fmt: skip
    ground: AuditGround = "officer" if person else "plan" if facts.lane == "blue" else "released"
    if person:
        _reason(act.reason, needed=True)
    elif not facts.to_audit:
        raise AuditRefused("Nothing sends this declaration to an audit.", where="declaration", expected="the blue lane",
                           got=facts.lane, fix="An officer may open one, with a reason.", status=409)  # fmt: skip
    elif ground == "plan" and facts.draw >= facts.below:
        raise AuditRefused("The sample plan does not draw this declaration.", where="declaration",
                           expected=f"a draw below {facts.below}", got=str(facts.draw),
                           fix="An officer may open an audit, with a reason.", status=409)  # fmt: skip
    after = AuditCase(
        declaration=facts.declaration, mrn=facts.mrn, office=facts.office, organisation=facts.organisation,
        currency=facts.currency, lane=facts.lane, ground=ground, draw=facts.draw, below=facts.below,
        opened_at=now, due_on=facts.due_on,
    )  # fmt: skip
    body = _key(after) | {"ground": ground, "lane": facts.lane, "office": facts.office, "draw": facts.draw,
                          "below": facts.below, "due_on": facts.due_on}  # fmt: skip
    return AuditDecision(kind="AuditOpened", body=body, state=after, words=act.reason.strip())


def _assigned(state: AuditCase, act: AssignAudit, officers: frozenset[str]) -> AuditDecision:
    if act.officer not in officers:
        raise AuditRefused("An audit is given to an officer.", where="officer", expected="the id of an officer",
                           got=act.officer[:60], fix="`openecp token --help` says how to add one.")  # fmt: skip
    status = "assigned" if state.status == "open" else state.status
    after = msgspec.structs.replace(state, officer=act.officer, status=status)
    return AuditDecision(kind="AuditAssigned", body=_key(state) | {"officer": act.officer}, state=after)


def _found(
    state: AuditCase, act: RecordAuditFinding, actor: str, now: str, items: frozenset[int]
) -> AuditDecision:  # fmt: skip
    _not_proposed(state)
    finding = act.finding
    fault = finding_fault("control_result", "irregular", finding) or (items_fault(finding, items) if items else None)
    if fault is not None:
        raise AuditRefused(fault[1], where=f"finding ({fault[0]})", expected=fault[2], got=fault[3], fix="Correct it.")
    if len(state.findings) >= FINDINGS_MAX:
        raise _refused(state, f"at most {FINDINGS_MAX} findings", "one more", "Join some.")
    if state.established_minor + finding.recovered_minor > RECOVERED_MAX:
        raise _refused(state, f"at most {RECOVERED_MAX} minor units in all", "more", "Look at the amounts.")
    number = len(state.findings) + 1
    one = AuditFinding(
        number=number, irregularity=finding.irregularity or "other", claimed_minor=finding.recovered_minor,
        items=tuple(sorted(set(finding.items))), by=actor, at=now,
    )  # fmt: skip
    body = _key(state) | {"finding": _told(one)}
    return AuditDecision(
        kind="AuditFindingRecorded", body=body, words=finding.found.strip(),
        state=msgspec.structs.replace(state, findings=(*state.findings, one)),
    )  # fmt: skip


def _withdrawn(state: AuditCase, act: WithdrawAuditFinding) -> AuditDecision:
    _not_proposed(state)
    reason = _reason(act.reason, needed=True)
    known = [finding.number for finding in state.standing]
    if act.number not in known:
        raise _refused(state, f"a finding that stands: {', '.join(map(str, known)) or 'none does'}", str(act.number),
                       "Name one of them.")  # fmt: skip
    kept = tuple(
        msgspec.structs.replace(finding, withdrawn=True) if finding.number == act.number else finding
        for finding in state.findings
    )
    return AuditDecision(kind="AuditFindingWithdrawn", body=_key(state) | {"number": act.number}, words=reason,
                         state=msgspec.structs.replace(state, findings=kept))  # fmt: skip


def _close(state: AuditCase, act: CloseAudit, actor: str, now: str) -> AuditDecision:
    _not_proposed(state)
    if not 0 <= act.waived_minor <= state.established_minor:
        raise _refused(state, f"0 to {state.established_minor} minor units waived", str(act.waived_minor),
                       "Waive no more than the findings come to.")  # fmt: skip
    if act.dropped and act.waived_minor:
        raise _refused(state, "an audit that is given up, or an amount that is waived", "both", "Choose one.")
    second = act.dropped or act.waived_minor > 0
    reason = _reason(act.reason, needed=second)
    after = msgspec.structs.replace(
        state, waived_minor=act.waived_minor, proposed_by=actor, proposed_drop=act.dropped, status="proposed"
    )
    if not second:
        return _closed(after, actor, now, reason)
    body = _key(state) | {"waived_minor": act.waived_minor, "dropped": act.dropped}
    return AuditDecision(kind="AuditClosingProposed", body=body, state=after, words=reason)


def _answered(state: AuditCase, act: AnswerAuditClosing, actor: str, now: str) -> AuditDecision:
    if state.status != "proposed":
        raise _refused(state, "an audit whose closing is proposed", state.status, "Propose its closing.", status=409)
    if actor == state.proposed_by:
        raise AuditRefused(
            "Nobody confirms their own proposal.", where=f"audit {state.mrn or state.declaration}",
            expected="a second officer", got="the same officer", fix="Ask another officer to look at it.",
            code="OECP-AUDIT-SELF-APPROVAL", status=403,
        )  # fmt: skip
    reason = _reason(act.reason, needed=not act.agree)
    if act.agree:
        return _closed(state, actor, now, reason)
    after = msgspec.structs.replace(state, status="assigned" if state.officer else "open", waived_minor=0,
                                    proposed_by="", proposed_drop=False)  # fmt: skip
    return AuditDecision(kind="AuditClosingDeclined", body=_key(state), state=after, words=reason)


def _closed(state: AuditCase, actor: str, now: str, reason: str) -> AuditDecision:
    after = msgspec.structs.replace(
        state, status="dropped" if state.proposed_drop else "closed", closed_at=now, closed_by=actor
    )
    body = _key(state) | {
        "result": after.result or "dropped", "ground": state.ground, "draw": state.draw, "below": state.below,
        "findings": [_told(finding) for finding in state.standing], "established_minor": state.established_minor,
        "waived_minor": state.waived_minor, "currency": state.currency, "proposed_by": state.proposed_by,
    }  # fmt: skip
    postings: tuple[AuditPosting, ...] = ()
    if after.status == "closed" and after.claim_minor:
        postings = (_posting(after, f"claim:{state.organisation}", "revenue:audit", after.claim_minor, "audit"),)
    return AuditDecision(kind="AuditClosed", body=body, state=after, words=reason, postings=postings)


def _recovered(state: AuditCase, act: RecordAuditRecovery) -> AuditDecision:
    left = state.claim_minor - state.recovered_minor
    if state.status != "closed" or left <= 0:
        raise _refused(state, "a closed audit with an open claim", f"{state.status}, {max(0, left)} open",
                       "There is nothing to be paid.", status=409)  # fmt: skip
    if not 0 < act.amount_minor <= left:
        raise _refused(state, f"1 to {left} minor units", str(act.amount_minor), "Record what came in for this claim.")
    if not _REFERENCE.fullmatch(act.reference):
        raise _refused(state, "a reference of 1 to 35 letters, digits, blanks and ./+_-", act.reference[:40],
                       "Write no free text: the journal keeps it.")  # fmt: skip
    after = msgspec.structs.replace(state, recovered_minor=state.recovered_minor + act.amount_minor)
    body = _key(state) | {"amount_minor": act.amount_minor, "currency": state.currency, "reference": act.reference,
                          "open_minor": left - act.amount_minor}  # fmt: skip
    posting = _posting(state, f"cash:{state.organisation}", f"claim:{state.organisation}", act.amount_minor,
                       f"payment {act.reference}")  # fmt: skip
    return AuditDecision(kind="AuditRecovered", body=body, state=after, postings=(posting,))


def _posting(state: AuditCase, debit: str, credit: str, minor: int, reason: str) -> AuditPosting:
    return AuditPosting(debit=debit, credit=credit, amount_minor=minor, currency=state.currency, reason=reason)


def _told(finding: AuditFinding) -> dict[str, Any]:
    """Return a finding as events tell it, with the names of a control's finding."""
    told: dict[str, Any] = {"number": finding.number, "irregularity": finding.irregularity,
                            "recovered_minor": finding.claimed_minor}  # fmt: skip
    return told | ({"items": list(finding.items)} if finding.items else {})


def _key(state: AuditCase) -> dict[str, Any]:
    return {"declaration": state.declaration}


def _not_proposed(state: AuditCase) -> None:
    if state.status == "proposed":
        raise _refused(state, "an audit without a proposed closing", "a proposal that waits for a second officer",
                       "Have it confirmed or declined first.", status=409)  # fmt: skip


def _reason(text: str, *, needed: bool) -> str:
    reason = text.strip()
    if (needed and not reason) or len(reason) > REASON_MAX or "\x00" in reason:
        raise AuditRefused("This act needs a reason.", where="reason", expected=f"1 to {REASON_MAX} characters",
                           got=f"{len(reason)}", fix="Say why.")  # fmt: skip
    return reason


def _refused(state: AuditCase, expected: str, got: str, fix: str, *, status: int = 422) -> AuditRefused:
    return AuditRefused("This cannot be done with the audit.", where=f"audit {state.mrn or state.declaration}",
                        expected=expected, got=got[:120], fix=fix, status=status)  # fmt: skip
