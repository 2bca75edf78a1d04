# SPDX-License-Identifier: Apache-2.0
"""The records as they are read: lists, one record as its reader may see it, editions and their differences, surveys.

Everyone who has signed in reads what is published, and what a plan names and nobody has filled yet. The Secretariat
reads all, a delegate also what belongs to its own bodies and Members. Contacts are for the Secretariat and the owner.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Mapping
from typing import Any, Protocol

import msgspec

from openecp.kernel.journal.model import Event
from openecp.kernel.parties.model import Principal
from openecp.platform.core.permissions import may
from openecp.platform.core.recordwork import RecordSource, members_of, shipped_standards
from openecp.programme.compendia.editions import (
    DataSet,
    EditionDiff,
    Entry,
    diff,
    entry_of,
    read_data_set,
)
from openecp.programme.compendia.members import Member
from openecp.programme.compendia.record import (
    PREFIX,
    ROOM,
    STANDARD_PREFIX,
    DocumentRef,
    Edition,
    RecordFace,
    RecordState,
    is_visible,
    record_stream,
    state_of,
    type_of,
)
from openecp.programme.compendia.standards import Assessed, Standard, assessed
from openecp.programme.compendia.surveys import Answered, RegionRate, Tally, export_rows, response_rates, tally
from openecp.programme.compendia.templates import Template, shipped_templates
from openecp.programme.compendia.values import Person

_face = msgspec.json.Decoder(RecordFace).decode


class HistorySource(RecordSource, Protocol):
    """The part of the store that the history of a record is read from."""

    def events(self, *, case_id: str | None = None, after_seq: int = 0, limit: int = 1000) -> list[Event]: ...


class RecordReader(msgspec.Struct, frozen=True, kw_only=True):
    """Who reads: everything, or what is public and what belongs to `of`."""

    moderates: bool = False
    of: tuple[str, ...] = ()

    def may_work_on(self, owner: str) -> bool:
        """Tell whether this reader sees and writes the working copy of an owner's records."""
        return self.moderates or owner in self.of


def reader_of(principal: Principal) -> RecordReader:
    """Return how a principal reads records."""
    return RecordReader(moderates=may(principal, "programme"), of=principal.bodies if may(principal, "report") else ())


class RecordFilter(msgspec.Struct, frozen=True, kw_only=True):
    """Which records; "" and () match any. `text` is looked for in titles without regard to case and accents."""

    type: str = ""
    status: tuple[str, ...] = ()
    action: str = ""
    body: str = ""
    owner: str = ""
    topic: str = ""
    text: str = ""


class RecordBook:
    """What may be asked about records."""

    def __init__(self, source: HistorySource, *, templates: Mapping[str, Template] | None = None) -> None:
        self._source = source
        self.templates = shipped_templates() if templates is None else templates

    def records(
        self, reader: RecordReader, wanted: RecordFilter | None = None, *, at: str | None = None
    ) -> list[RecordFace]:
        """Return records, in the order of types, dates and ids; `at` asks for a past instant."""
        wanted = wanted or RecordFilter()
        prefix = f"{PREFIX}{wanted.type}/" if wanted.type else PREFIX
        order = {name: place for place, name in enumerate(self.templates)}
        found = []
        for row in self._source.faces(room=ROOM, at=at, prefix=prefix):
            face = _face(row.face)
            if (is_visible(face) or reader.may_work_on(face.owner)) and _fits(face, wanted, reader):
                found.append(face)
        return sorted(found, key=lambda face: (order.get(face.type, len(order)), face.date or "9999", face.id))

    def moderation(self, reader: RecordReader) -> list[RecordFace]:
        """Return what waits for the Secretariat, longest first; a delegate sees its own."""
        waiting = self.records(reader, RecordFilter(status=("submitted", "in_review")))
        return sorted((f for f in waiting if reader.may_work_on(f.owner)), key=lambda face: (face.since, face.id))

    def record(self, record: str, reader: RecordReader) -> RecordState:
        """Return a record with its working copy, for who may work on it, or because a plan names it.

        Raises: LookupError where it is not on record for this reader.
        """
        state = self._state(record)
        if reader.may_work_on(state.owner) or state.origin == "plan" or state.public is not None:
            return state
        raise LookupError(f"record: expected a record that you may read, got {record}")

    def _state(self, record: str) -> RecordState:
        found = self._source.case(record_stream(record)) if type_of(record) is not None else None
        if found is None:
            raise LookupError(f"record: expected the id of a record, got {record[:100]}")
        return state_of(found[0].state)

    def seq(self, record: str) -> int:
        """Return the last seq of a record's stream, 0 where there is none."""
        found = self._source.case(record_stream(record)) if type_of(record) is not None else None
        return found[1] if found is not None else 0

    def shown(self, state: RecordState, reader: RecordReader) -> Entry:
        """Return what a reader sees of a record: the working copy where he may work on it, else what is public."""
        public = entry_of(state)
        if public is not None and not reader.may_work_on(state.owner):
            return public
        return Entry(
            id=state.id,
            type=state.type,
            version=state.published,
            owner=state.owner,
            language=state.language,
            values=state.values,
            texts={name: {code: text.text for code, text in texts.items()} for name, texts in state.texts.items()},
            outdated=state.outdated(),
            actions=state.actions,
            bodies=state.bodies,
            evidence=state.evidence,
        )

    def history(self, record: str) -> list[Event]:
        """Return the events of a record, oldest first."""
        found: list[Event] = []
        while True:
            page = self._source.events(
                case_id=record_stream(record), after_seq=found[-1].seq if found else 0, limit=1000
            )
            found += page
            if len(page) < 1000:
                return found

    def contact(self, ref: DocumentRef) -> Person | None:
        """Return a contact, None where it was erased."""
        document = self._source.document(ref.id)
        return msgspec.json.decode(document.content, type=Person) if document is not None else None

    def members(self) -> Mapping[str, Member]:
        """Return the Members of the table that was loaded, by code."""
        return members_of(self._source)

    def standards(self) -> tuple[Standard, ...]:
        """Return the standards register with the last assessment of each row."""
        later: dict[str, Assessed] = {}
        for row in self._source.faces(room=ROOM, prefix=STANDARD_PREFIX):
            found = msgspec.json.decode(row.face, type=Assessed)
            later[found.standard] = found
        return assessed(shipped_standards(), later)

    def edition(self, record: str, number: int | None = None) -> tuple[Edition, DataSet]:
        """Return an edition of a compendium, the last where no number is given.

        Raises: LookupError.
        """
        state = self._state(record)
        wanted = len(state.editions) if number is None else number
        if not 1 <= wanted <= len(state.editions):
            raise LookupError(f"edition: expected 1 to {len(state.editions)} of {record}, got {wanted}")
        edition = state.editions[wanted - 1]
        document = self._source.document(edition.document.id)
        if document is None:
            raise LookupError(f"edition: expected the data set of {record} edition {wanted}, got one that was erased")
        return edition, read_data_set(document.content)

    def edition_diff(self, record: str, number: int | None = None) -> EditionDiff:
        """Return what differs in an edition from the one before.

        Raises: LookupError.
        """
        edition, data = self.edition(record, number)
        before = self.edition(record, edition.number - 1)[1] if edition.number > 1 else None
        return diff(before, data)

    def answers(self, state: RecordState) -> list[Answered]:
        """Return the answers of a survey that were not erased, with the region of the invited Member."""
        members = self.members()
        found = []
        for invitation in state.survey.invitations if state.survey is not None else ():
            document = self._source.document(invitation.answer.id) if invitation.answer is not None else None
            if document is None:
                continue
            content: dict[str, Any] = msgspec.json.decode(document.content)
            member = members.get(invitation.member)
            region = member.region if member is not None else ""
            found.append(Answered(member=invitation.member, region=region, answers=content["answers"]))
        return found

    def tally(self, state: RecordState) -> tuple[Tally, ...]:
        """Return the counts of a survey's questions."""
        return tally(state.survey.questions, self.answers(state)) if state.survey is not None else ()

    def export(self, state: RecordState) -> list[dict[str, str]]:
        """Return the anonymised answers of a survey."""
        return export_rows(state.survey.questions, self.answers(state)) if state.survey is not None else []

    def rates(self, state: RecordState) -> tuple[RegionRate, ...]:
        """Return who answered a survey, by region."""
        return response_rates(state.survey, self.members()) if state.survey is not None else ()


def _fits(face: RecordFace, wanted: RecordFilter, reader: RecordReader) -> bool:
    titles = face.shown_titles(public=not reader.may_work_on(face.owner))
    return (
        (not wanted.status or face.status in wanted.status)
        and (not wanted.action or wanted.action in face.actions)
        and (not wanted.body or wanted.body in face.bodies)
        and (not wanted.owner or wanted.owner == face.owner)
        and (not wanted.topic or wanted.topic in face.topics)
        and (not wanted.text or any(folded(wanted.text) in folded(title) for title in (*titles.values(), face.id)))
    )


def folded(text: str) -> str:
    """Return a text without case and accents, for finding."""
    plain = unicodedata.normalize("NFKD", text.replace("’", "'"))
    return "".join(c for c in plain if not unicodedata.combining(c)).casefold()
