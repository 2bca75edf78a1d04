# SPDX-License-Identifier: Apache-2.0
"""What the events of a record make of it: one function a kind. Replaying a stream gives the state that is stored."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any, Protocol

import msgspec

from openecp.programme.compendia.lifecycle import MACHINE
from openecp.programme.compendia.record import (
    DocumentRef,
    Edition,
    EvidenceItem,
    Invitation,
    PublicVersion,
    Question,
    RecordState,
    Survey,
    Text,
)

replace = msgspec.structs.replace


class Happened(Protocol):
    """An event, recorded or about to be."""

    @property
    def kind(self) -> str: ...

    @property
    def occurred_at(self) -> str: ...

    @property
    def actor(self) -> str: ...

    @property
    def body(self) -> dict[str, Any]: ...


def fold(events: Iterable[Happened], state: RecordState | None = None) -> RecordState | None:
    """Return what events make of a record, from its beginning or from a state on."""
    for event in events:
        state = apply(state, event)
    return state


def apply(state: RecordState | None, event: Happened) -> RecordState:
    """Return the record after one event.

    Raises: IllegalTransition where the table has no such step, which a sound journal never holds.
    """
    status = MACHINE.next_state(state.status if state is not None else "", event.kind)
    if state is None:
        return _added(event)
    after = _APPLY[event.kind](state, event)
    if status != state.status:
        after = replace(after, status=status, since=event.occurred_at)
    return after


def _added(event: Happened) -> RecordState:
    body = event.body
    return RecordState(
        id=body["record"],
        type=body["type"],
        owner=body["owner"],
        language=body["language"],
        origin=body.get("origin", "people"),
        since=event.occurred_at,
        values={name: value for name, value in body.get("values", {}).items() if value is not None},
        texts={
            name: {language: Text(text, 1) for language, text in texts.items() if text is not None}
            for name, texts in body.get("texts", {}).items()
        },
        contacts={name: DocumentRef(**ref) for name, ref in body.get("contacts", {}).items() if ref is not None},
        actions=tuple(body.get("actions", ())),
        bodies=tuple(body.get("bodies", ())),
        added_by=event.actor,
    )


def _revised(state: RecordState, event: Happened) -> RecordState:
    body = event.body
    revision = state.revision + 1
    values = {n: v for n, v in (state.values | body.get("values", {})).items() if v is not None}
    texts = {name: dict(by_language) for name, by_language in state.texts.items()}
    for name, by_language in body.get("texts", {}).items():
        for language, text in by_language.items():
            if text is None:
                texts.get(name, {}).pop(language, None)
            else:
                texts.setdefault(name, {})[language] = Text(text, revision)
    for place in body.get("still_right", ()):
        name, _, language = place.partition(".")
        if language in texts.get(name, {}):
            texts[name][language] = Text(texts[name][language].text, revision)
    contacts = dict(state.contacts)
    for name, ref in body.get("contacts", {}).items():
        if ref is None:
            contacts.pop(name, None)
        else:
            contacts[name] = DocumentRef(**ref)
    return replace(
        state,
        revision=revision,
        values=values,
        texts={name: by_language for name, by_language in texts.items() if by_language},
        contacts=contacts,
        owner=body.get("owner", state.owner),
        actions=tuple(body.get("actions", state.actions)),
        bodies=tuple(body.get("bodies", state.bodies)),
        origin="people",
    )


def _evidence(state: RecordState, event: Happened) -> RecordState:
    item = EvidenceItem(
        id=event.body["evidence"],
        ref=event.body["ref"],
        title=event.body.get("title", ""),
        sha256=event.body.get("sha256"),
        on=event.occurred_at[:10],
    )
    return replace(state, evidence=(*state.evidence, item))


def _published(state: RecordState, event: Happened) -> RecordState:
    number = state.published + 1
    public = PublicVersion(
        number=number,
        on=event.occurred_at[:10],
        owner=state.owner,
        language=state.language,
        values=state.values,
        texts={name: {code: text.text for code, text in texts.items()} for name, texts in state.texts.items()},
        outdated=state.outdated(),
        actions=state.actions,
        bodies=state.bodies,
        evidence=state.evidence,
    )
    return replace(state, published=number, public=public, note="")


def _noted(state: RecordState, event: Happened) -> RecordState:
    return replace(state, note=event.body["reason"])


def _withdrawn(state: RecordState, event: Happened) -> RecordState:
    return replace(state, note=event.body["reason"], public=None)


def _same(state: RecordState, event: Happened) -> RecordState:
    return state


def _edition(state: RecordState, event: Happened) -> RecordState:
    body = event.body
    edition = Edition(
        number=body["edition"],
        on=event.occurred_at[:10],
        title=body.get("title", ""),
        entries=body["entries"],
        sha256=body["sha256"],
        document=DocumentRef(**body["document"]),
        added=body["added"],
        removed=body["removed"],
        changed=body["changed"],
        figures=body.get("figures", {}),
    )
    return replace(state, editions=(*state.editions, edition))


def _survey_opened(state: RecordState, event: Happened) -> RecordState:
    body = event.body
    known = state.survey.invitations if state.survey is not None else ()
    survey = Survey(
        opened_on=event.occurred_at[:10],
        closes_on=body.get("closes_on"),
        questions=tuple(msgspec.convert(each, Question) for each in body["questions"]),
        invitations=known,
    )
    return replace(state, survey=survey)


def _of(state: RecordState) -> Survey:
    if state.survey is None:
        raise ValueError(f"{state.id}: a survey event before SurveyOpened")
    return state.survey


def _invited(state: RecordState, event: Happened) -> RecordState:
    survey = _of(state)
    new = tuple(msgspec.convert(each, Invitation) for each in event.body["invitations"])
    return replace(state, survey=replace(survey, invitations=(*survey.invitations, *new)))


def _answered(state: RecordState, event: Happened) -> RecordState:
    survey = _of(state)
    number, ref = event.body["invitation"], DocumentRef(**event.body["document"])
    invitations = list(survey.invitations)
    invitations[number - 1] = replace(invitations[number - 1], answer=ref)
    return replace(state, survey=replace(survey, invitations=tuple(invitations)))


def _closed(state: RecordState, event: Happened) -> RecordState:
    return replace(state, survey=replace(_of(state), closed=True))


_APPLY: dict[str, Callable[[RecordState, Happened], RecordState]] = {
    "RecordRevised": _revised,
    "RecordReopened": _same,
    "RecordEvidenceAdded": _evidence,
    "RecordSubmitted": _same,
    "ReviewBegun": _same,
    "RecordPublished": _published,
    "RecordReturned": _noted,
    "RecordRecalled": _withdrawn,
    "RecordRetired": _withdrawn,
    "EditionFrozen": _edition,
    "SurveyOpened": _survey_opened,
    "SurveyInvitationsIssued": _invited,
    "SurveyAnswered": _answered,
    "SurveyClosed": _closed,
}
