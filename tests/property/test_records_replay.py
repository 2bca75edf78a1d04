# SPDX-License-Identifier: Apache-2.0
"""Whatever is told in whatever order: replaying a record's events gives the stored state."""

from __future__ import annotations

import msgspec
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.record_world import ALL, CASE, KOFI, LENA, NOBODY, QUESTIONS, SENA, TOM, RecordWorld

from openecp.platform.core.recordbook import reader_of
from openecp.programme.compendia.commands import (
    AddRecord,
    AddRecordEvidence,
    AnswerSurvey,
    CloseSurvey,
    FreezeEdition,
    InviteToSurvey,
    NewInvitation,
    OpenSurvey,
    PublishRecord,
    RecordAct,
    RetireRecord,
    ReturnRecord,
    ReviewRecord,
    ReviseRecord,
    SubmitRecord,
)
from openecp.programme.compendia.fold import fold
from openecp.programme.compendia.lifecycle import EVENT_KINDS, MACHINE
from openecp.programme.compendia.record import PREFIX, encode_state, face_of, state_of

RECORDS = ("practice-a", "survey-b", "compendium-c")
SURVEY = {"title": "Use", "purpose": "To know.", "audience": "members", "questions": QUESTIONS}
BOOK = {"title": {"en": "Book", "fr": "Livre"}, "types": "practice", "about": "About."}
VALUES = {"practice-a": CASE, "survey-b": SURVEY, "compendium-c": BOOK}
TOKEN = "1." + "a" * 43  # its hash is not known: never right

texts = st.sampled_from(["One", "Two", "Trois", "", None, "x" * 300, "two\nlines"])
people = st.sampled_from([SENA, SENA, SENA, KOFI, LENA, TOM, NOBODY])


def revisions(record: str) -> st.SearchStrategy[RecordAct]:
    names = st.sampled_from(["title", "problem", "about", "kind", "topics", "contact", "member", "moon"])
    values = st.one_of(
        texts,
        st.fixed_dictionaries({"en": texts, "fr": texts}),
        st.just(["transit"]),
        st.just({"name": "Ada", "email": "ada@x.example"}),
    )
    return st.builds(
        ReviseRecord,
        record=st.just(record),
        values=st.dictionaries(names, values, max_size=3),
        still_right=st.sampled_from([(), (), ("title.fr",)]),
        actions=st.sampled_from([None, (), ("ECP-IV-19",)]),
    )


def acts(record: str) -> st.SearchStrategy[RecordAct]:
    name = st.just(record)
    reason = st.sampled_from(["because it is so", ""])
    return st.one_of(
        st.builds(AddRecord, record=name, owner=st.sampled_from(["KE", "SEC"]), values=st.just(VALUES[record])),
        revisions(record),
        st.builds(SubmitRecord, record=name),
        st.builds(ReviewRecord, record=name),
        st.builds(PublishRecord, record=name),
        st.builds(PublishRecord, record=name),
        st.builds(ReturnRecord, record=name, reason=reason),
        st.builds(RetireRecord, record=name, reason=reason),
        st.builds(AddRecordEvidence, record=name, ref=st.sampled_from(["PC0500", ""])),
        st.builds(FreezeEdition, record=name),
        st.builds(OpenSurvey, record=name),
        st.builds(
            InviteToSurvey,
            record=name,
            invitations=st.just((NewInvitation(salt="0" * 32, sha256="0" * 64),)),
            first=st.integers(1, 3),
        ),
        st.builds(AnswerSurvey, record=name, token=st.just(TOKEN), answers=st.just({"use": "1"})),
        st.builds(CloseSurvey, record=name),
    )


EVERY_ACT = st.one_of(*(acts(record) for record in RECORDS))


@settings(max_examples=60)
@given(st.lists(st.tuples(EVERY_ACT, people), max_size=40))
def test_replay_equals_state(told: list[tuple[RecordAct, object]]) -> None:
    world = RecordWorld()
    for act, who in told:
        before = len(world.store.log)
        answer = world.tell(act, who)  # type: ignore[arg-type]
        assert answer.outcome in ("done", "refused", "repeated")
        if answer.outcome != "done":
            assert len(world.store.log) == before, "a refusal records nothing"
        if answer.error is not None:
            assert answer.http_status in (403, 404, 409, 422), answer
            assert answer.error.expected
    for face in world.store.faces(room="records", prefix=PREFIX):
        row, _ = world.store.case(face.case_id)  # type: ignore[misc]
        events = world.store.events(case_id=face.case_id)
        state = fold(events)
        assert state is not None
        assert encode_state(state) == row.state
        assert state_of(row.state) == state
        assert msgspec.json.encode(face_of(state)) == face.face
        assert row.version == len(events)
        assert row.status == state.status in MACHINE.states
        assert {event.kind for event in events} <= set(EVENT_KINDS)


@settings(max_examples=40)
@given(st.lists(acts("practice-a"), max_size=25))
def test_readers_without_rights_see_published_versions_only(told: list[RecordAct]) -> None:
    world = RecordWorld()
    for act in told:
        world.tell(act)
    reader = reader_of(TOM)
    for face in world.book.records(reader):
        state = world.book.record(face.id, reader)
        assert state.public is not None
        shown = world.book.shown(state, reader)
        assert shown.version == state.public.number
        assert shown.texts == state.public.texts
    assert {face.id for face in world.book.records(reader)} <= {face.id for face in world.book.records(ALL)}
