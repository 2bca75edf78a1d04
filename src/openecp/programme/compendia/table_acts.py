# SPDX-License-Identifier: Apache-2.0
"""Decides what is recorded beside single records: editions of compendia, the table of Members, standards assessed."""

from __future__ import annotations

from collections.abc import Iterator

import msgspec

from openecp.kernel.journal.model import CaseWrite, NewEvent
from openecp.programme.compendia.commands import AssessStandard, FreezeEdition, LoadMembers
from openecp.programme.compendia.deciding import (
    Actor,
    Context,
    Decision,
    Draft,
    Refused,
    Stream,
    refuse_faults,
    row_of,
    unknown,
)
from openecp.programme.compendia.editions import (
    ENTRIES_MAX,
    Entry,
    collected_types,
    data_set,
    diff,
    digest,
    encode_data_set,
    entry_of,
    read_data_set,
)
from openecp.programme.compendia.members import MEMBERS_MAX
from openecp.programme.compendia.record import MEMBERS_STREAM, STANDARD_PREFIX
from openecp.programme.compendia.templates import Template
from openecp.programme.compendia.values import ValueFault


def freeze_edition(act: FreezeEdition, draft: Draft) -> Decision:
    """Freeze the next edition of a compendium.

    Raises: Refused.
    """
    state, context = draft.record, draft.context
    head = entry_of(state)
    template = context.templates.get(state.type)
    if faults := list(_edition_faults(act, head, template, context)):
        raise refuse_faults(faults, "No edition can be frozen.")
    if head is None:
        raise Refused(
            "OECP-RECORD-STATE",
            "Only a published compendium has editions.",
            where="status",
            expected="published",
            got=state.status,
            fix="Submit and publish the compendium first.",
            status=409,
        )
    number = len(state.editions) + 1
    edition = data_set(
        head,
        context.entries,
        context.templates,
        {code: (member.en, member.fr) for code, member in context.members.items()},
        number=number,
        on=context.today,
        title=act.title.strip(),
        note=act.note.strip(),
    )
    previous = read_data_set(context.previous) if context.previous is not None else None
    differs = diff(previous, edition)
    content = encode_data_set(edition)
    draft.add(
        "EditionFrozen",
        {
            "edition": number,
            "title": edition.title,
            "entries": len(edition.entries),
            "sha256": digest(content),
            "document": draft.keep("edition", content),
            "added": len(differs.added),
            "removed": len(differs.removed),
            "changed": len(differs.changed),
            "figures": edition.figures,
        },
    )
    return draft.decided(number=number)


def _edition_faults(
    act: FreezeEdition, head: Entry | None, template: Template | None, context: Context
) -> Iterator[ValueFault]:
    """Yield why no edition can be made of a record."""
    if template is None or template.use != "compendium":
        yield ValueFault("record", "a record of a type that makes editions", act.record, "Name a compendium.")
    elif head is not None:
        strange = [name for name in collected_types(head) if name not in context.templates]
        if strange or not collected_types(head):
            known = ", ".join(context.templates)
            yield ValueFault("types", f"record types: {known}", ", ".join(strange) or "none", "Revise them.")
    for name, text, most in (("title", act.title, 300), ("note", act.note, 4_000)):
        if len(text) > most or "\x00" in text:
            yield ValueFault(name, f"at most {most} characters", f"{len(text)} characters", "Shorten it.")
    if len(context.entries) > ENTRIES_MAX:
        yield ValueFault("entries", f"at most {ENTRIES_MAX}", str(len(context.entries)), "Narrow the topics.")


def load_members(act: LoadMembers, actor: Actor, stream: Stream | None, context: Context) -> Decision:
    """Load the table of Members; the same file again changes nothing.

    Raises: Refused.
    """
    if not 1 <= len(act.rows) <= MEMBERS_MAX:
        fault = ValueFault("rows", f"1 to {MEMBERS_MAX} Members", str(len(act.rows)), "Correct the table.")
        raise refuse_faults([fault], "The table cannot be taken.")
    body = {"rows": [list(row) for row in act.rows], "source": act.source[:200], "sha256": act.sha256}
    state = msgspec.json.encode(body, order="sorted")
    if stream is not None and stream.state == state:
        return Decision(outcome="repeated", subject="members", status="loaded", number=len(act.rows))
    event = NewEvent(kind="MembersLoaded", occurred_at=context.now, actor=actor.actor, body=body)
    write = CaseWrite(
        row=row_of(MEMBERS_STREAM, "loaded", state, stream, 1, context),
        expected_seq=stream.seq if stream is not None else 0,
        events=(event,),
    )
    return Decision(outcome="done", subject="members", status="loaded", number=len(act.rows), write=write)


def assess_standard(act: AssessStandard, actor: Actor, stream: Stream | None, context: Context) -> Decision:
    """State anew how OpenECP stands to a standard.

    Raises: Refused.
    """
    if act.standard not in context.standards:
        raise unknown("standard", act.standard, "a row of `openecp records standards`")
    faults = []
    if act.status == "evidenced" and not act.shown_by:
        faults.append(ValueFault("shown_by", "the rule or test that shows it", "none", "Name it, or claim only."))
    if len(act.shown_by) > 20 or any(not 3 <= len(each) <= 200 for each in act.shown_by):
        faults.append(ValueFault("shown_by", "at most 20 paths of rules or tests", "others", "Correct them."))
    if max(len(act.note_en), len(act.note_fr)) > 1_000:
        faults.append(ValueFault("note", "at most 1,000 characters", "more", "Shorten it."))
    if faults:
        raise refuse_faults(faults, "The assessment cannot be taken.")
    notes = {code: text for code, text in (("en", act.note_en.strip()), ("fr", act.note_fr.strip())) if text}
    body = {"standard": act.standard, "status": act.status, "shown_by": list(act.shown_by), "notes": notes}
    event = NewEvent(kind="StandardAssessed", occurred_at=context.now, actor=actor.actor, body=body)
    state = msgspec.json.encode(body | {"on": context.today}, order="sorted")
    write = CaseWrite(
        row=row_of(STANDARD_PREFIX + act.standard, act.status, state, stream, 1, context),
        expected_seq=stream.seq if stream is not None else 0,
        events=(event,),
        face=state,
    )
    return Decision(outcome="done", subject=act.standard, status=act.status, write=write)
