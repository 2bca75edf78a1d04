# SPDX-License-Identifier: Apache-2.0
"""Records: templates, moderation, who may do what, translations that are outdated, persons who can be erased."""

from __future__ import annotations

import json

import pytest
from tests.record_world import ALL, CASE, KOFI, LENA, SENA, TOM, RecordWorld

from openecp.kernel.casework.machine import table
from openecp.platform.core.recordbook import RecordFilter, RecordReader, reader_of
from openecp.platform.core.recordseed import named_records, seed_records
from openecp.programme.compendia.commands import (
    AddRecord,
    AddRecordEvidence,
    PublishRecord,
    RetireRecord,
    ReturnRecord,
    ReviewRecord,
    ReviseRecord,
    SubmitRecord,
)
from openecp.programme.compendia.lifecycle import MACHINE
from openecp.programme.compendia.templates import TemplateError, read_template, shipped_templates
from openecp.programme.compendia.values import take_values

ID = "practice-corridor"


def added(world: RecordWorld, who: object = KOFI) -> None:
    world.do(AddRecord(record=ID, owner="KE", values=CASE, actions=("ECP-IV-19",), bodies=("PTC",)), who)  # type: ignore[arg-type]


def test_a_record_goes_from_draft_to_publication_and_back_with_a_reason() -> None:
    world = RecordWorld()
    added(world)
    world.do(SubmitRecord(record=ID), KOFI)
    world.do(ReviewRecord(record=ID))
    world.do(ReturnRecord(record=ID, reason="Say when it began."))
    assert (world.state(ID).status, world.state(ID).note) == ("draft", "Say when it began.")
    world.do(ReviseRecord(record=ID, values={"since": "2017-03"}), KOFI)
    world.do(SubmitRecord(record=ID), KOFI)
    world.do(PublishRecord(record=ID))
    state = world.state(ID)
    assert (state.status, state.published, state.note) == ("published", 1, "")
    world.do(ReturnRecord(record=ID, reason="A figure is wrong."))
    assert (world.state(ID).status, world.state(ID).public) == ("in_review", None)
    world.do(PublishRecord(record=ID))
    world.do(RetireRecord(record=ID, reason="No longer done."))
    assert world.state(ID).public is None
    assert [event.kind for event in world.book.history(ID)] == [
        "RecordAdded", "RecordSubmitted", "ReviewBegun", "RecordReturned", "RecordRevised", "RecordSubmitted",
        "ReviewBegun", "RecordPublished", "RecordRecalled", "RecordPublished", "RecordRetired",
    ]  # fmt: skip


def test_a_revision_leaves_what_is_public_until_it_is_published() -> None:
    world = RecordWorld()
    added(world)
    world.do(SubmitRecord(record=ID), KOFI)
    world.do(PublishRecord(record=ID))
    world.do(ReviseRecord(record=ID, values={"result": "A third of the time."}), KOFI)
    reader, owner = reader_of(TOM), reader_of(KOFI)
    state = world.book.record(ID, reader)
    assert state.status == "draft"
    assert world.book.shown(state, reader).texts["result"]["en"] == "Half the time."
    assert world.book.shown(state, owner).texts["result"]["en"] == "A third of the time."


def test_states_that_the_table_has_not_are_refused_with_what_to_do() -> None:
    world = RecordWorld()
    added(world)
    assert world.refused(PublishRecord(record=ID)) == "OECP-RECORD-STATE"
    assert world.refused(ReviewRecord(record=ID)) == "OECP-RECORD-STATE"
    assert world.refused(ReturnRecord(record=ID, reason="Nothing to return.")) == "OECP-RECORD-STATE"
    assert world.refused(AddRecord(record=ID, owner="KE", values=CASE)) == "OECP-RECORD-EXISTS"
    assert world.refused(SubmitRecord(record="practice-other")) == "OECP-RECORD-UNKNOWN"
    assert world.refused(SubmitRecord(record="no id")) == "OECP-RECORD-UNKNOWN"
    assert world.refused(AddRecord(record="song-one", owner="SEC", values=CASE)) == "OECP-RECORD-UNKNOWN"
    assert world.refused(RetireRecord(record=ID, reason=" ")) == "OECP-RECORD-VALUES"


def test_delegates_write_for_their_own_and_the_secretariat_moderates() -> None:
    world = RecordWorld()
    assert world.refused(AddRecord(record=ID, owner="KE", values=CASE), LENA) == "OECP-RECORD-ROLE"
    assert world.refused(AddRecord(record=ID, owner="KE", values=CASE), TOM) == "OECP-RECORD-ROLE"
    stub = AddRecord(record=ID, owner="KE", values=CASE, origin="plan")  # what a plan names is seen by everyone
    assert world.refused(stub, KOFI) == "OECP-RECORD-ROLE"
    added(world)
    for act in (SubmitRecord(record=ID), ReviseRecord(record=ID, values={"since": "2017"}),
                AddRecordEvidence(record=ID, ref="X")):  # fmt: skip
        assert world.refused(act, LENA) == "OECP-RECORD-ROLE"
    assert world.refused(ReviseRecord(record=ID, owner="DE"), KOFI) == "OECP-RECORD-ROLE"
    world.do(SubmitRecord(record=ID), KOFI)
    assert world.refused(ReviseRecord(record=ID, values={"since": "2017-03"}), KOFI) == "OECP-RECORD-STATE"
    for act in (PublishRecord(record=ID), ReviewRecord(record=ID), RetireRecord(record=ID, reason="because")):
        assert world.refused(act, KOFI) == "OECP-RECORD-ROLE"
    world.do(ReturnRecord(record=ID, reason="Taken back to correct it."), KOFI)
    assert world.state(ID).status == "draft"
    world.do(SubmitRecord(record=ID), KOFI)
    world.do(PublishRecord(record=ID), SENA)
    assert world.refused(ReturnRecord(record=ID, reason="Mine again."), KOFI) == "OECP-RECORD-ROLE"


def test_drafts_are_read_by_their_owner_and_the_secretariat_alone() -> None:
    world = RecordWorld()
    added(world)
    for reader, seen in ((ALL, True), (reader_of(KOFI), True), (reader_of(LENA), False), (RecordReader(), False)):
        assert [face.id for face in world.book.records(reader)] == ([ID] if seen else [])
        if not seen:
            with pytest.raises(LookupError):
                world.book.record(ID, reader)
    assert [face.id for face in world.book.moderation(ALL)] == []
    world.do(SubmitRecord(record=ID), KOFI)
    assert [face.id for face in world.book.moderation(ALL)] == [ID]
    assert world.book.moderation(reader_of(LENA)) == []
    world.do(PublishRecord(record=ID))
    assert [face.id for face in world.book.records(RecordReader())] == [ID]


def test_lists_are_filtered_and_can_be_asked_for_the_past() -> None:
    world = RecordWorld()
    added(world)
    before = world.now()
    world.do(SubmitRecord(record=ID), KOFI)
    for wanted, found in (
        (RecordFilter(type="practice"), True), (RecordFilter(type="event"), False),
        (RecordFilter(action="ECP-IV-19"), True), (RecordFilter(action="ECP-IV-20"), False),
        (RecordFilter(body="PTC"), True), (RecordFilter(topic="aeo"), False), (RecordFilter(topic="transit"), True),
        (RecordFilter(text="DECLARATION LE LONG"), True), (RecordFilter(text="déclaration"), True),
        (RecordFilter(text="carnet"), False), (RecordFilter(status=("submitted",)), True),
        (RecordFilter(owner="DE"), False),
    ):  # fmt: skip
        assert bool(world.book.records(ALL, wanted)) is found, wanted
    assert [face.status for face in world.book.records(ALL, at=before)] == ["draft"]


def test_a_translation_is_outdated_until_it_is_changed_or_found_to_be_right() -> None:
    world = RecordWorld()
    added(world)
    assert world.state(ID).outdated() == ()
    world.do(
        ReviseRecord(record=ID, values={"problem": {"en": "Each border asked again."}, "result": "Less time."}), KOFI
    )
    assert world.state(ID).outdated() == ("problem.fr", "result.fr")
    world.do(ReviseRecord(record=ID, values={"result": {"fr": "Moins de temps."}}), KOFI)
    assert world.state(ID).outdated() == ("problem.fr",)
    assert world.refused(ReviseRecord(record=ID, still_right=("title.fr",)), KOFI) == "OECP-RECORD-VALUES"
    world.do(ReviseRecord(record=ID, still_right=("problem.fr",)), KOFI)
    assert world.state(ID).outdated() == ()


def test_all_faults_are_told_in_one_pass() -> None:
    world = RecordWorld()
    values = {"title": {"en": "x" * 201, "de": "y"}, "kind": "tale", "member": "Kenya", "topics": ["moon"],
              "since": "yesterday", "address": "javascript:alert(1)", "colour": "red",
              "figures": [{"what": "a"}, 7], "contact": "Ada"}  # fmt: skip
    answer = world.tell(AddRecord(record=ID, owner="KE", values=values, actions=("<script>",)))
    assert answer.error is not None
    for place in ("title.en", "title.de", "kind", "member", "topics", "since", "address", "colour", "figures[1]",
                  "figures[2]", "contact", "actions"):  # fmt: skip
        assert f" {place}: expected" in answer.error.message, place
    world.do(AddRecord(record=ID, owner="KE", values={"title": "Begun"}))
    lacking = world.tell(SubmitRecord(record=ID))
    assert lacking.error is not None
    for place in ("kind", "member", "topics", "problem", "solution", "result"):
        assert f" {place}: expected" in lacking.error.message


def test_the_same_change_again_changes_nothing() -> None:
    world = RecordWorld()
    added(world)
    answer = world.do(ReviseRecord(record=ID, values=CASE, actions=("ECP-IV-19",)), KOFI)
    assert answer.outcome == "repeated"
    assert len(world.book.history(ID)) == 1
    world.do(ReviseRecord(record=ID, actions=(), values={"topics": None}), KOFI)
    assert (world.state(ID).actions, "topics" in world.state(ID).values) == ((), False)


def test_evidence_has_a_hash_and_persons_stay_out_of_the_log() -> None:
    world = RecordWorld()
    added(world)
    contact = {"name": "Ada Invented", "email": "Ada@customs.example"}
    world.do(ReviseRecord(record=ID, values={"contact": contact}), KOFI)
    assert world.refused(AddRecordEvidence(record=ID, ref="PC0500", sha256="abc"), KOFI) == "OECP-RECORD-VALUES"
    world.do(AddRecordEvidence(record=ID, ref="PC0500", sha256="a" * 64), KOFI)
    assert world.state(ID).evidence[0].sha256 == "a" * 64
    log = json.dumps([event.body for event in world.store.events()]).lower()
    stored = b"".join(row.state for row in world.store.rows.values()).lower()
    faces = b"".join(face.face for face in world.store.faces(room="records")).lower()
    for place in (log.encode(), stored, faces):
        assert b"ada" not in place.replace(b"adapt", b"")
        assert b"customs.example" not in place
    ref = world.state(ID).contacts["contact"]
    person = world.book.contact(ref)
    assert person is not None
    assert (person.name, person.email) == ("Ada Invented", "Ada@customs.example")
    document = world.store.document(ref.id)
    assert document is not None
    assert document.person_keys == ("ada@customs.example",)


def test_a_new_installation_has_what_the_plans_name_and_says_that_it_is_empty() -> None:
    world = RecordWorld()
    assert seed_records(world.core, world.store) == len(named_records()) == len(world.book.records(RecordReader()))
    assert seed_records(world.core, world.store) == 0
    faces = {face.id: face for face in world.book.records(RecordReader())}
    assert all(
        face.origin == "plan" and face.status == "draft" and set(face.titles) == {"en", "fr"} for face in faces.values()
    )
    assert faces["compendium-aeo"].actions == ("ECP-IV-29",)
    assert {face.type for face in faces.values()} == {
        "practice", "event", "survey", "engagement", "publication", "compendium",
    }  # fmt: skip
    world.do(ReviseRecord(record="compendium-aeo", values={"types": "aeo_programme, mra"}))
    assert "compendium-aeo" not in {face.id for face in world.book.records(RecordReader())}, (
        "a draft of people is theirs"
    )


def test_shipped_templates_have_words_in_both_languages() -> None:
    for template in shipped_templates().values():
        words = [template.label, template.plural, template.about, *(field.label for field in template.fields)]
        words += [field.hint for field in template.fields if field.hint is not None]
        words += [column.label for field in template.fields for column in field.columns]
        words += [figure.label for figure in template.figures]
        assert all(each.en.strip() and each.fr.strip() for each in words), template.type


NEW_TYPE = b"""
type = "song"
order = 99
label = { en = "Song", fr = "Chanson" }
plural = { en = "Songs", fr = "Chansons" }
about = { en = "Songs.", fr = "Chansons." }
[[fields]]
name = "title"
label = { en = "Title", fr = "Titre" }
required = true
translated = true
"""


def test_a_new_type_needs_a_file_and_no_code() -> None:
    song = read_template(NEW_TYPE, "song.toml")
    taken = take_values(song, {"title": {"en": "One", "fr": "Un"}}, "en")
    assert (taken.texts, taken.faults) == ({"title": {"en": "One", "fr": "Un"}}, [])


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ((b'name = "title"', b'name = "heading"'), "translated text field `title`"),
        ((b'type = "song"', b'type = "Song!"'), "small letters"),
        ((b"translated = true", b'translated = true\nmax = "many"'), "expected a record template"),
        ((b"required = true", b'required = true\nkind = "table"'), "field `title`"),
        ((b"order = 99", b"order = 99\ncolour = 1"), "expected a record template"),
    ],
)
def test_a_template_that_is_wrong_says_where(change: tuple[bytes, bytes], told: str) -> None:
    with pytest.raises(TemplateError, match=told):
        read_template(NEW_TYPE.replace(*change), "song.toml")


def test_the_table_of_moderation_can_be_read() -> None:
    assert "| (new case) | RecordAdded |" in table(MACHINE)
