# SPDX-License-Identifier: Apache-2.0
"""Proposals to a plan: what a time release study, or anybody else, recommends, until the Secretariat decides on it.

A proposal changes no action. Taken up, it becomes a milestone of an action; declined, it keeps the reason. Its id is
its number in the plan: `P1`.
"""

from __future__ import annotations

from typing import Any

import msgspec

from openecp.programme.action_plan.acts import MAX_NOTE, MAX_REF, set_milestone
from openecp.programme.action_plan.commands import DecideProposal, NewProposal, ProposeActions, SetMilestone
from openecp.programme.action_plan.deciding import Decision, Draft, Refused, check_day, check_text, unknown
from openecp.programme.action_plan.names import is_plan_id, parse_action, plan_stream

BYTES_MAX = 4_000_000
PROPOSALS_MAX = 200  # of one command
SOURCE_MAX = 20  # members of a source
HOURS_MAX = 10**9


class _Written(msgspec.Struct, kw_only=True):
    """A proposal as a study writes it; members that are not named here are not needed."""

    title: dict[str, str]
    owner: str
    due: str | None = None
    expected_hours: int = 0
    source: dict[str, str | int | float] = {}


def proposals_of(content: bytes, where: str) -> tuple[NewProposal, ...]:
    """Return the proposals of a file that a study wrote (`proposals.json`).

    Raises: Refused.
    """
    try:
        if len(content) > BYTES_MAX:
            raise msgspec.DecodeError(f"{len(content)} bytes")
        found = msgspec.json.decode(content, type=list[_Written])
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise Refused(
            "OECP-PLAN-PROPOSALS", "The file holds no proposals.", where=where,
            expected="a JSON list of proposals with title, owner, due and expected_hours, at most 4 MB",
            got=str(error), fix="Take proposals.json of a study's report.",
        ) from None  # fmt: skip
    return tuple(
        NewProposal(
            titles=one.title,
            owner=one.owner,
            due=one.due,
            expected_hours=one.expected_hours,
            source={name: str(value) for name, value in one.source.items() if value != ""},
        )
        for one in found
    )


def propose_actions(act: ProposeActions, draft: Draft) -> Decision:
    """Propose actions to a plan; one that was proposed before with the same words and source is left out.

    Raises: Refused.
    """
    plan = draft.plan(act.plan) if is_plan_id(act.plan) else None
    if plan is None:
        raise unknown("plan", act.plan, "a plan of the register")
    if not 0 < len(act.proposals) <= PROPOSALS_MAX:
        raise Refused(
            "OECP-PLAN-PROPOSALS", "Proposals come in a number that a person can look at.", where="proposals",
            expected=f"1 to {PROPOSALS_MAX}", got=str(len(act.proposals)), fix="Propose the weightiest.",
        )  # fmt: skip
    since = draft.instant(act.on)
    known = {_key(one.titles, one.source) for one in plan.proposals}
    number = len(plan.proposals)
    for place, new in enumerate(act.proposals):
        _check(f"proposals[{place}]", new)
        if _key(new.titles, new.source) in known:
            continue
        known.add(_key(new.titles, new.source))
        number += 1
        body: dict[str, Any] = {"proposal": f"P{number}", "titles": new.titles, "owner": new.owner.strip()}
        body |= {"due": new.due, "expected_hours": new.expected_hours, "source": new.source}
        draft.add(plan_stream(act.plan), "ActionProposed", since, {n: v for n, v in body.items() if v})
    return draft.decided(act.plan, f"{number - len(plan.proposals)} proposed")


def _check(where: str, new: NewProposal) -> None:
    if not new.titles:
        check_text(f"{where}, titles", "", least=1, most=MAX_REF)
    for language, title in new.titles.items():
        check_text(f"{where}, titles, {language[:20]}", title, least=1, most=MAX_REF)
    check_text(f"{where}, owner", new.owner, least=1, most=60)
    if new.due is not None:
        check_day(f"{where}, due", new.due)
    if not 0 <= new.expected_hours <= HOURS_MAX or len(new.source) > SOURCE_MAX:
        raise Refused(
            "OECP-PLAN-PROPOSALS", "This proposal cannot be used.", where=f"{where}, expected_hours, source",
            expected=f"0 to {HOURS_MAX} hours, at most {SOURCE_MAX} members of a source",
            got=f"{new.expected_hours} hours, {len(new.source)} members", fix="Correct them.",
        )  # fmt: skip
    for name, text in new.source.items():
        check_text(f"{where}, source, {name[:40]}", text, most=MAX_REF)


def _key(titles: dict[str, str], source: dict[str, str]) -> bytes:
    return msgspec.json.encode((titles, source), order="deterministic")


def decide_proposal(act: DecideProposal, draft: Draft) -> Decision:
    """Take a proposal up under an action, as a milestone of it, or decline it with the reason.

    Raises: Refused.
    """
    plan = draft.plan(act.plan) if is_plan_id(act.plan) else None
    found = next((one for one in plan.proposals if one.id == act.proposal), None) if plan is not None else None
    if plan is None or found is None:
        there = ", ".join(one.id for one in plan.proposals) if plan is not None else ""
        raise unknown("proposal", act.proposal, "one of " + (there or "none"))
    if found.state != "open":
        raise Refused(
            "OECP-PLAN-DECIDED", f"{found.id} was decided on {found.decided_on}.", where="proposal",
            expected="an open proposal", got=found.state, fix="Look at the plan's proposals.", status=409,
        )  # fmt: skip
    since = draft.instant(act.on)
    if since < found.born:
        raise Refused(
            "OECP-PLAN-BEFORE", f"{found.id} was proposed on {found.on}.", where="on",
            expected=f"a day from {found.on} on", got=since[:10], fix="Give a later day.",
        )  # fmt: skip
    check_text("reason", act.reason, least=3, most=MAX_NOTE)
    body: dict[str, Any] = {"proposal": found.id, "state": "taken_up" if act.action else "declined"}
    body |= {"reason": act.reason.strip(), "action": act.action}
    if act.action is not None:
        parsed = parse_action(act.action)
        if parsed is None or parsed[0] != act.plan:
            raise unknown("action", act.action, f"an action of {act.plan}")
        title = found.titles.get("en") or next(iter(found.titles.values()))
        set_milestone(SetMilestone(action=act.action, title=f"{found.id}: {title}"[:MAX_REF], due=found.due), draft)
    draft.add(plan_stream(act.plan), "ProposalDecided", since, {n: v for n, v in body.items() if v})
    return draft.decided(act.plan, str(body["state"]))
