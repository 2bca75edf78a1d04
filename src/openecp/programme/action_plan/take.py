# SPDX-License-Identifier: Apache-2.0
"""Takes a plan document into the register: a new plan, a new version with its diff, or nothing where it is known."""

from __future__ import annotations

from typing import Any

import msgspec

from openecp.kernel.journal.canonical import salted_digest
from openecp.kernel.journal.model import StoredDocument
from openecp.programme.action_plan.commands import TakePlan
from openecp.programme.action_plan.deciding import Decision, Draft, Refused, check_day, check_text
from openecp.programme.action_plan.names import action_id, action_stream, is_plan_id, plan_stream, start_of
from openecp.programme.action_plan.records import ActionRecord, PlanRecord, Timeframe
from openecp.programme.action_plan.state import ActionState, ActionText, PlanState
from openecp.programme.action_plan.views import Responsibility, SectionView

MAX_ACTIONS = 10_000
MAX_SOURCE_BYTES = 32 << 20
PROVENANCE = frozenset({"source_lines", "flags", "confidence", "notes"})
WORDING = frozenset({"title_as_written", "language_as_written", "responsible_as_written", "work_programmes_as_written",
                     "timeframe_as_written", "titles", "nature"})  # fmt: skip
_RESPONSIBILITY = ("responsibilities", "responsible_as_written", "responsible_open_ended")
_TIMEFRAME = ("timeframe", "timeframe_as_written", "beyond_plan")


def take_plan(act: TakePlan, draft: Draft) -> Decision:
    """Take a plan document; the same document again changes nothing.

    Raises: Refused.
    """
    record = act.document.plan
    check_document(act)
    stream = plan_stream(record.plan_id)
    plan = draft.state(stream)
    if plan is None:
        return _first(act, draft)
    assert isinstance(plan, PlanState)
    if any(each.source_sha256 == record.source_sha256 for each in plan.versions):
        return Decision(outcome="repeated", subject=record.plan_id, status=plan.status)
    return _another(act, draft, plan)


def check_document(act: TakePlan) -> None:
    """Refuse a document that cannot be a plan.

    Raises: Refused.
    """
    record, actions = act.document.plan, act.document.actions
    if not is_plan_id(record.plan_id):
        raise _unfit(
            "plan_id", "letters, digits, dot, hyphen, underscore; at most 40", record.plan_id, "Name it with --plan."
        )
    if not 1 <= len(actions) <= MAX_ACTIONS:
        raise _unfit("actions", f"1 to {MAX_ACTIONS} actions", str(len(actions)), "Look at the document.")
    if len(record.source_sha256) != 64:
        raise _unfit("source_sha256", "SHA-256 of the document, 64 hexadecimal digits", record.source_sha256, "Add it.")
    if len(act.source) > MAX_SOURCE_BYTES:
        raise _unfit("source", f"at most {MAX_SOURCE_BYTES} bytes", str(len(act.source)), "Leave it out.")
    numbers: set[int] = set()
    for action in actions:
        where = f"action {action.number}"
        if action.number in numbers:
            raise _unfit(where, "each number once", f"{action.number} twice", "Correct the numbers in the document.")
        numbers.add(action.number)
        if not 1 <= action.number < 1_000_000:
            raise _unfit(where, "a number from 1", str(action.number), "Correct the number.")
        check_text(f"{where}, title", action.title, least=1, most=2000)
        if action.timeframe.due is not None:
            check_day(f"{where}, timeframe", action.timeframe.due)
    known = {section.number for section in record.sections}
    for action in actions:
        if known and action.section not in known:
            raise _unfit(
                f"action {action.number}", f"one of the sections {sorted(known)}", str(action.section), "Add it."
            )


def _first(act: TakePlan, draft: Draft) -> Decision:
    record = act.document.plan
    since = draft.instant(act.on) if act.on else _plan_start(record, draft)
    texts = {action.number: text_of(action, act, None) for action in act.document.actions}
    _plan_event(act, draft, since, version=1, kind="PlanImported", added=sorted(texts))
    for number, text in texts.items():
        draft.add(
            action_stream(action_id(record.plan_id, number)),
            "ActionAdded",
            since,
            {"plan": record.plan_id, "scope": act.scope, "version": 1, "text": text},
        )
    return draft.decided(record.plan_id, record.status)


def _another(act: TakePlan, draft: Draft, plan: PlanState) -> Decision:
    record = act.document.plan
    version = len(plan.versions) + 1
    before: dict[int, ActionState] = {}
    for number in {*plan.numbers, *(action.number for action in act.document.actions)}:
        state = draft.state(action_stream(action_id(plan.id, number)))
        if isinstance(state, ActionState):
            before[number] = state
    texts = {
        action.number: text_of(action, act, before[action.number].text if action.number in before else None)
        for action in act.document.actions
    }
    changes = {n: differences(before[n].text, text) for n, text in texts.items() if n in before}
    if not act.confirmed:
        _check_same_plan(act, plan, texts, changes)
    added = sorted(n for n in texts if n not in before)
    restored = sorted(n for n in texts if n in before and before[n].withdrawn)
    withdrawn = sorted(n for n in plan.numbers if n not in texts)
    facts_changed = bool(added or withdrawn or restored) or any(
        set(each) - WORDING - PROVENANCE for each in changes.values()
    )
    since = draft.instant(act.on) if act.on or facts_changed else plan.born
    if since < plan.born:
        raise Refused(
            "OECP-PLAN-BEFORE",
            f"{plan.id} is in the register from {plan.born[:10]} on.",
            where="on",
            expected=f"a day from {plan.born[:10]} on",
            got=since[:10],
            fix="Give a later day.",
        )
    changed = sorted(n for n, each in changes.items() if set(each) - PROVENANCE)
    _plan_event(
        act, draft, since, version=version, kind="PlanVersionAdded", plan=plan,
        added=[*added, *restored], withdrawn=withdrawn, changed=changed,
    )  # fmt: skip
    for number in added:
        body = {"plan": plan.id, "scope": plan.scope, "version": version, "text": texts[number]}
        draft.add(action_stream(action_id(plan.id, number)), "ActionAdded", since, body)
    for number in restored:
        stream = action_stream(action_id(plan.id, number))
        draft.add(stream, "ActionRestored", max(since, before[number].born), {"version": version})
    for number, each in changes.items():  # an action that came later than the plan changes from its own first day on
        add_changes(draft, action_id(plan.id, number), max(since, before[number].born), each, {"version": version})
    for number in withdrawn:
        stream = action_stream(action_id(plan.id, number))
        draft.add(stream, "ActionWithdrawn", max(since, before[number].born), {"version": version})
    return draft.decided(plan.id, record.status)


def _check_same_plan(
    act: TakePlan, plan: PlanState, texts: dict[int, ActionText], changes: dict[int, dict[str, Any]]
) -> None:
    """Refuse a document of another period, or of which fewer than half the actions say what is known of them."""
    period = act.document.plan.period
    other = (period.start and plan.period.start and period.start != plan.period.start) or (
        period.end and plan.period.end and period.end != plan.period.end
    )
    alike = sum(1 for each in changes.values() if not set(each) - WORDING - PROVENANCE)
    if not other and 2 * alike >= min(len(texts), len(plan.numbers)):
        return
    raise Refused(
        "OECP-PLAN-OTHER",
        f"A plan {plan.id} is in the register, and this document does not look like a version of it.",
        where=act.document.plan.source_name or "document",
        expected=f"period {plan.period.start} to {plan.period.end}, most of its {len(plan.numbers)} actions as known",
        got=f"period {period.start} to {period.end}, {alike} of {len(texts)} actions with the same facts",
        fix="Name it otherwise (--plan), or say that it is a new version of this plan (--confirm).",
        status=409,
    )


def _plan_event(
    act: TakePlan,
    draft: Draft,
    since: str,
    *,
    version: int,
    kind: str,
    plan: PlanState | None = None,
    added: list[int],
    withdrawn: list[int] | None = None,
    changed: list[int] | None = None,
) -> None:
    record = act.document.plan
    stream = plan_stream(record.plan_id)
    document = digest = None
    if act.source:
        document, salt = f"{stream}/version/{version}", draft.context.salt()
        digest = salted_digest(salt, act.source)
        kept = StoredDocument(
            document_id=document, kind="plan", media_type=act.media_type, content=act.source, salt=salt
        )
        draft.attach(stream, kept)
    flagged = sorted(action.number for action in act.document.actions if action.flags)
    titles = act.plan_titles or ({} if act.official else {act.language: record.title})
    draft.add(
        stream,
        kind,
        since,
        {
            "plan": record.plan_id,
            "version": version,
            "scope": plan.scope if plan else act.scope,
            "work_programme": act.work_programme,
            "titles": titles,
            "title_as_written": (record.title_as_written or record.title) if act.official else "",
            "phase": record.phase,
            "status": record.status,
            "status_as_written": record.status_as_written,
            "period": record.period,
            "sections": sections_of(act, plan),
            "footnote": record.footnote,
            "source_name": record.source_name[:200],
            "source_sha256": record.source_sha256,
            "document": document,
            "document_sha256": digest,  # salted: the document may be erased, and the journal stays verifiable
            "notes": record.notes,
            "thresholds": act.thresholds,
            "bodies": act.bodies,
            "work_programmes": act.work_programmes,
            "numbers_added": added,
            "numbers_withdrawn": withdrawn or [],
            "added": [action_id(record.plan_id, n) for n in added],
            "changed": [action_id(record.plan_id, n) for n in changed or []],
            "withdrawn": [action_id(record.plan_id, n) for n in withdrawn or []],
            "flagged": [action_id(record.plan_id, n) for n in flagged],
        },
    )


def sections_of(act: TakePlan, plan: PlanState | None) -> tuple[SectionView, ...]:
    """Return the sections of a document; short titles that are known already stay."""
    record = act.document.plan
    known = {each.number: each for each in plan.sections} if plan else {}
    found = []
    for section in record.sections:
        before = known.get(section.number)
        titles = dict(act.section_titles.get(str(section.number), {}))
        if before is not None:
            titles = before.titles | titles
        if not titles and not act.official:
            titles = {act.language: section.title}
        written = (section.title_as_written or section.title) if act.official else ""
        found.append(
            SectionView(
                number=section.number,
                titles=titles,
                title_as_written=written or (before.title_as_written if before else ""),
                code=section.code or (before.code if before else None),
                reference=section.reference or (before.reference if before else ""),
                actions=tuple(
                    action_id(record.plan_id, each.number)
                    for each in act.document.actions
                    if each.section == section.number
                ),
            )
        )
    return tuple(found)


def text_of(action: ActionRecord, act: TakePlan, before: ActionText | None) -> ActionText:
    """Return what a document says of an action; what it is silent about stays as it was known."""
    known = before or ActionText(number=action.number, section=action.section)
    titles = known.titles | act.titles.get(str(action.number), {})
    if not titles and not act.official:
        titles = {act.language: action.title}
    responsibilities = tuple(Responsibility(body=body) for body in action.responsible)
    responsibilities += tuple(
        Responsibility(body=body, role="supporting") for body in action.supporting if body not in action.responsible
    )
    responsibilities += tuple(each for each in known.responsibilities if each.role in ("consulted", "informed"))
    written = act.official
    return ActionText(
        number=action.number,
        section=action.section,
        titles=titles,
        title_as_written=action.title if written else known.title_as_written,
        language_as_written=act.language if written else known.language_as_written,
        nature=act.natures.get(str(action.number)) or known.nature,
        responsibilities=responsibilities,
        responsible_as_written=action.responsible_as_written if written else known.responsible_as_written,
        responsible_open_ended=action.responsible_open_ended,
        work_programmes=action.work_programmes,
        work_programmes_as_written=action.work_programmes_as_written if written else known.work_programmes_as_written,
        timeframe=action.timeframe,
        timeframe_as_written=action.timeframe_as_written if written else known.timeframe_as_written,
        beyond_plan=action.beyond_phase_period,
        source_lines=action.source_lines if written else known.source_lines,
        flags=action.flags if written else known.flags,
        confidence=f"{action.confidence:.3f}".rstrip("0").rstrip(".") if written else known.confidence,
        notes=action.notes if written else known.notes,
    )


def differences(before: ActionText, after: ActionText) -> dict[str, dict[str, Any]]:
    """Return the fields that differ, each before and after, as plain JSON."""
    found = {}
    for name in ActionText.__struct_fields__:
        old, new = getattr(before, name), getattr(after, name)
        if old != new:
            found[name] = {"before": plain(old), "after": plain(new)}
    return found


def plain(value: object) -> Any:
    """Return a value as plain JSON."""
    return msgspec.json.decode(msgspec.json.encode(value))


def add_changes(
    draft: Draft, action: str, since: str, changes: dict[str, dict[str, Any]], ground: dict[str, Any]
) -> None:
    """Add the events that change an action's text: of its owners, of its timeframe, and of all else."""
    parts = {
        "ResponsibilityChanged": {n: c for n, c in changes.items() if n in _RESPONSIBILITY},
        "TimeframeChanged": {n: c for n, c in changes.items() if n in _TIMEFRAME},
        "ActionRevised": {n: c for n, c in changes.items() if n not in _RESPONSIBILITY + _TIMEFRAME},
    }
    for kind, fields in parts.items():
        if fields:
            draft.add(action_stream(action), kind, since, {**ground, "fields": fields})


def beyond(timeframe: Timeframe, plan: PlanState) -> bool:
    """Tell whether a timeframe ends after the plan does."""
    return bool(timeframe.due and plan.period.end and timeframe.due[:7] > plan.period.end[:7])


def _plan_start(record: PlanRecord, draft: Draft) -> str:
    """Return the instant from which a first version holds: its period's first day, where that is known and past."""
    start = record.period.start
    if start is None:
        return draft.context.now
    day = start if len(start) == 10 else f"{start}-01"
    return min(start_of(day), draft.context.now)


def _unfit(where: str, expected: str, got: str, fix: str) -> Refused:
    return Refused(
        "OECP-PLAN-DOCUMENT", "This cannot be taken as a plan.", where=where, expected=expected, got=got, fix=fix
    )
