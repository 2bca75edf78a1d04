# SPDX-License-Identifier: Apache-2.0
"""Decides what is done to a record: added, revised, submitted, reviewed, published, given back, retired, evidenced."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

import msgspec

from openecp.programme.compendia.commands import (
    AddRecord,
    AddRecordEvidence,
    RetireRecord,
    ReturnRecord,
    ReviseRecord,
)
from openecp.programme.compendia.deciding import (
    Actor,
    Decision,
    Draft,
    Refused,
    not_allowed,
    refuse_faults,
    unknown,
)
from openecp.programme.compendia.record import RecordState, type_of
from openecp.programme.compendia.templates import Template
from openecp.programme.compendia.values import Person, Taken, ValueFault, missing, take_values

LINKS_MAX = 60
EVIDENCE_MAX = 100
CHARACTERS_MAX = 200_000  # of all values of a record: what an event can hold
_CODE = re.compile(r"[A-Za-z0-9][A-Za-z0-9 ._/&'-]{0,59}")
_SHA256 = re.compile(r"[0-9a-f]{64}")


def add_record(act: AddRecord, draft: Draft, actor: Actor) -> Decision:
    """Begin a record.

    Raises: Refused.
    """
    template = draft.context.templates.get(type_of(act.record) or "")
    if template is None:
        known = ", ".join(draft.context.templates)
        raise unknown("type", act.record.partition("-")[0], f"an id that begins with a type: {known}")
    if draft.state is not None:
        if act.origin == "plan" and draft.state.id == act.record:
            return draft.decided()  # what a plan names is there already, filled in or not
        raise Refused(
            "OECP-RECORD-EXISTS",
            f"{act.record} is on record already.",
            where="record",
            expected="a new id",
            got=act.record,
            fix="Choose another name, or revise the record.",
            status=409,
        )
    if not actor.moderates and (act.owner not in actor.of or act.origin != "people"):
        raise _not_yours(act.owner, actor)
    taken = take_values(template, act.values, act.language)
    faults = [*taken.faults, *_link_faults(act.actions, act.bodies), *_code_faults("owner", (act.owner,))]
    faults += _member_faults(template, taken.values, draft)
    if not (taken.texts.get("title") or {}).get(act.language):
        faults.append(ValueFault(f"title.{act.language}", "a title", "nothing", "Write one."))
    faults += _size_faults(taken)
    if faults:
        raise refuse_faults(faults, "The record cannot be taken.")
    more = {
        "values": {name: value for name, value in taken.values.items() if value is not None},
        "texts": _without_none(taken.texts),
        "contacts": _keep_contacts(taken, draft),
        "actions": act.actions,
        "bodies": act.bodies,
    }
    draft.add(
        "RecordAdded",
        {
            "record": act.record,
            "type": template.type,
            "owner": act.owner,
            "language": act.language,
            "origin": act.origin,
            **{name: value for name, value in more.items() if value},
        },
    )
    return draft.decided()


def revise_record(act: ReviseRecord, draft: Draft, actor: Actor) -> Decision:
    """Change fields of a record; one that is public stays so as it was.

    Raises: Refused.
    """
    state = draft.record
    template = template_of(draft)
    if not actor.moderates:
        if state.status not in ("draft", "published", "retired"):
            raise Refused(
                "OECP-RECORD-STATE",
                "The record is with the Secretariat.",
                where="status",
                expected="draft or published",
                got=state.status,
                fix="Take it back first (return), or ask the Secretariat.",
                status=409,
            )
        if act.owner is not None and act.owner not in actor.of:
            raise _not_yours(act.owner, actor)
    taken = take_values(template, act.values, state.language)
    faults = [*taken.faults, *_link_faults(act.actions or (), act.bodies or ())]
    faults += _member_faults(template, taken.values, draft)
    faults += _code_faults("owner", (act.owner,) if act.owner is not None else ())
    if "title" in taken.texts and taken.texts["title"].get(state.language, "") is None:
        faults.append(ValueFault(f"title.{state.language}", "a title", "nothing", "Write one."))
    late = state.outdated()
    faults += [
        ValueFault("still_right", f"an outdated translation: {', '.join(late) or 'none'}", place[:60], "Leave it out.")
        for place in act.still_right
        if place not in late
    ]
    faults += _size_faults(taken)
    if faults:
        raise refuse_faults(faults, "The change cannot be taken.")
    body = _changes(act, taken, state)
    contacts = _keep_contacts(taken, draft)
    if not body and not contacts:
        return draft.decided()
    if state.status in ("published", "retired"):
        draft.add("RecordReopened", {})
    draft.add("RecordRevised", body | {"contacts": contacts or None, "reason": act.reason.strip()[:1000]})
    return draft.decided()


def _changes(act: ReviseRecord, taken: Taken, state: RecordState) -> dict[str, Any]:
    """Return what differs from the record as it stands; nothing where all is as it was."""
    body: dict[str, Any] = {}
    values = {name: value for name, value in taken.values.items() if value != state.values.get(name)}
    texts: dict[str, dict[str, str | None]] = {}
    for name, by_language in taken.texts.items():
        old = {language: text.text for language, text in state.texts.get(name, {}).items()}
        changed = {code: text for code, text in by_language.items() if text != old.get(code)}
        if changed:
            texts[name] = changed
    if values:
        body["values"] = values
    if texts:
        body["texts"] = texts
    if act.still_right:
        body["still_right"] = act.still_right
    for name, new, kept in (
        ("owner", act.owner, state.owner),
        ("actions", act.actions, state.actions),
        ("bodies", act.bodies, state.bodies),
    ):
        if new is not None and new != kept:
            body[name] = new
    return body


def submit_record(draft: Draft) -> Decision:
    """Submit a record; its template's required fields must be there.

    Raises: Refused.
    """
    state = draft.record
    lacking = list(missing(template_of(draft), state.values, state.texts, state.contacts, state.language))
    if lacking and state.status == "draft":
        raise refuse_faults(lacking, "The record is not complete.")
    draft.add("RecordSubmitted", {})
    return draft.decided()


def review_record(draft: Draft) -> Decision:
    """Take a submitted record into review.

    Raises: Refused.
    """
    draft.add("ReviewBegun", {})
    return draft.decided()


def publish_record(draft: Draft) -> Decision:
    """Publish a record in review, or one that was submitted.

    Raises: Refused.
    """
    state = draft.record
    lacking = list(missing(template_of(draft), state.values, state.texts, state.contacts, state.language))
    if lacking and state.status in ("submitted", "in_review"):
        raise refuse_faults(lacking, "The record is not complete.")
    if state.status == "submitted":
        draft.add("ReviewBegun", {})
    draft.add("RecordPublished", {"number": state.published + 1})
    return draft.decided()


def return_record(act: ReturnRecord, draft: Draft, actor: Actor) -> Decision:
    """Give a record back with a reason.

    Raises: Refused.
    """
    reason = _reason(act.reason)
    state = draft.record
    if state.status in ("published", "retired"):
        if not actor.moderates:
            raise not_allowed(
                "What is published is taken back by the Secretariat.",
                expected="secretariat",
                got="delegate of " + ", ".join(actor.of),
                fix="Ask the Secretariat.",
            )
        draft.add("RecordRecalled", {"reason": reason})
    else:
        draft.add("RecordReturned", {"reason": reason})
    return draft.decided()


def retire_record(act: RetireRecord, draft: Draft) -> Decision:
    """Take a record out of use.

    Raises: Refused.
    """
    draft.add("RecordRetired", {"reason": _reason(act.reason)})
    return draft.decided()


def add_evidence(act: AddRecordEvidence, draft: Draft) -> Decision:
    """Name what shows that a record says what is so.

    Raises: Refused.
    """
    state = draft.record
    faults = []
    if not 1 <= len(act.ref.strip()) <= 500 or not act.ref.isprintable():
        faults.append(ValueFault("ref", "a symbol or address, 1 to 500 characters", act.ref[:60], "Write it."))
    if len(act.title) > 500 or not (act.title == "" or act.title.isprintable()):
        faults.append(ValueFault("title", "at most 500 characters in one line", act.title[:60], "Shorten it."))
    if act.sha256 is not None and _SHA256.fullmatch(act.sha256) is None:
        faults.append(ValueFault("sha256", "64 hexadecimal digits", act.sha256[:70], "Compute it with sha256sum."))
    if len(state.evidence) >= EVIDENCE_MAX:
        faults.append(ValueFault("evidence", f"at most {EVIDENCE_MAX}", str(EVIDENCE_MAX), "Retire the record."))
    if faults:
        raise refuse_faults(faults, "The evidence cannot be taken.")
    name = f"E{len(state.evidence) + 1}"
    body = {"evidence": name, "ref": act.ref.strip(), "title": act.title.strip(), "sha256": act.sha256}
    draft.add("RecordEvidenceAdded", body)
    return draft.decided()


def check_own(state: RecordState, actor: Actor) -> None:
    """Refuse a delegate of another body or Member.

    Raises: Refused.
    """
    if not actor.moderates and state.owner not in actor.of:
        raise _not_yours(state.owner, actor)


def template_of(draft: Draft) -> Template:
    """Return the template of the record.

    Raises: Refused where there is none any more.
    """
    template = draft.context.templates.get(draft.record.type)
    if template is None:
        raise unknown("type", draft.record.type, "a record type with a template")
    return template


def _not_yours(owner: str, actor: Actor) -> Refused:
    return not_allowed(
        "This record belongs to another body or Member.",
        expected="owner " + " or ".join(actor.of),
        got=f"owner {owner[:60]}",
        fix="Act for your own body or Member, or ask the Secretariat.",
    )


def _reason(text: str) -> str:
    if not 3 <= len(text.strip()) <= 1000:
        fault = ValueFault("reason", "3 to 1,000 characters", f"{len(text.strip())} characters", "Write why.")
        raise refuse_faults([fault], "This needs a reason.")
    return text.strip()


def _keep_contacts(taken: Taken, draft: Draft) -> dict[str, Any]:
    return {
        name: draft.keep("contact", msgspec.json.encode(person), person_keys=(person.key,))
        if isinstance(person, Person)
        else None
        for name, person in taken.contacts.items()
        if person is not None or (draft.state is not None and name in draft.state.contacts)
    }


def _without_none(texts: Mapping[str, Mapping[str, str | None]]) -> dict[str, dict[str, str]]:
    found = {n: {code: text for code, text in t.items() if text is not None} for n, t in texts.items()}
    return {name: by_language for name, by_language in found.items() if by_language}


def _link_faults(actions: tuple[str, ...], bodies: tuple[str, ...]) -> Iterator[ValueFault]:
    yield from _code_faults("actions", actions)
    yield from _code_faults("bodies", bodies)


def _code_faults(where: str, codes: tuple[str, ...]) -> Iterator[ValueFault]:
    if len(codes) > LINKS_MAX or len(set(codes)) != len(codes):
        yield ValueFault(where, f"at most {LINKS_MAX} codes, each once", str(len(codes)), "Remove some.")
    for code in codes:
        if _CODE.fullmatch(code) is None:
            yield ValueFault(where, "a code such as ECP-IV-29 or SAFE WG", code[:60], "Correct it.")


def _member_faults(template: Template, values: Mapping[str, Any], draft: Draft) -> Iterator[ValueFault]:
    """Yield codes that the loaded table of Members does not have."""
    known = draft.context.members
    if not known:
        return
    for name, value in values.items():
        field = template.field(name)
        if field is None or not value:
            continue
        codes: list[str] = []
        if field.kind == "member":
            codes = [value]
        elif field.kind == "members":
            codes = value
        elif field.kind == "table":
            columns = [column.name for column in field.columns if column.kind == "member"]
            codes = [row[column] for row in value for column in columns if row.get(column)]
        for code in dict.fromkeys(codes):
            if code not in known:
                yield ValueFault(name, "a Member of the table that was loaded", code, "Correct the code.")


def _size_faults(taken: Taken) -> Iterator[ValueFault]:
    size = len(msgspec.json.encode((taken.values, taken.texts)))
    if size > CHARACTERS_MAX:
        yield ValueFault("values", f"at most {CHARACTERS_MAX} bytes in all", str(size), "Shorten the texts.")
