# SPDX-License-Identifier: Apache-2.0
"""A record as it stands: its values, its texts in each language, who owns it, what is public, its editions, its survey.

A record is named `<type>-<name>`, `practice-transit-corridor`; its events stand in the stream `record/<type>/<id>`.
"""

from __future__ import annotations

import re
from typing import Any, Literal

import msgspec

ROOM = "records"
OWNER = "programme"  # the organisation that record streams belong to: no trader's
PREFIX = "record/"
MEMBERS_STREAM = "record-members"
STANDARD_PREFIX = "record-standard/"
Status = Literal["draft", "submitted", "in_review", "published", "retired"]
STATUSES: tuple[Status, ...] = ("draft", "submitted", "in_review", "published", "retired")
Origin = Literal["people", "plan"]  # written by people, or named in a plan and not filled yet
DATES = ("starts", "published_on", "since", "date", "plan_date")  # the first that a record has stands in lists
_ID = re.compile(r"([a-z][a-z0-9_]{0,39})-([a-z0-9][a-z0-9_-]{0,79})")
_STANDARD = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,79}")


def type_of(record: str) -> str | None:
    """Return the type that a record's id begins with, None where it cannot be an id."""
    found = _ID.fullmatch(record)
    return found.group(1) if found else None


def record_stream(record: str) -> str:
    """Return the stream of a record: `record/practice/practice-transit-corridor`.

    Raises: ValueError for what cannot be an id.
    """
    kind = type_of(record)
    if kind is None:
        raise ValueError(f"record: expected an id such as practice-transit-corridor, got {record!r}")
    return f"{PREFIX}{kind}/{record}"


def is_standard_id(text: str) -> bool:
    """Tell whether this may name a row of the standards register."""
    return _STANDARD.fullmatch(text) is not None


class Text(msgspec.Struct, frozen=True):
    """A text in one language; `seen` is the revision in which it was written or last found to be right."""

    text: str
    seen: int


class DocumentRef(msgspec.Struct, frozen=True):
    """A document kept beside the journal, by id and salted hash."""

    id: str
    sha256: str


class EvidenceItem(msgspec.Struct, frozen=True, kw_only=True):
    """What shows that a record says what is so: a document symbol or address, with the hash of its bytes."""

    id: str
    ref: str
    title: str = ""
    sha256: str | None = None
    on: str = ""


class PublicVersion(msgspec.Struct, frozen=True, kw_only=True):
    """A record as it was last published: what readers, editions and the web site show."""

    number: int
    on: str
    owner: str
    language: str
    values: dict[str, Any] = {}
    texts: dict[str, dict[str, str]] = {}
    outdated: tuple[str, ...] = ()  # `problem.fr`: written before the source text was last changed
    actions: tuple[str, ...] = ()
    bodies: tuple[str, ...] = ()
    evidence: tuple[EvidenceItem, ...] = ()


class Edition(msgspec.Struct, frozen=True, kw_only=True):
    """A numbered edition of a compendium: frozen entries, their hash, and how many differ from the edition before."""

    number: int
    on: str
    title: str = ""
    entries: int
    sha256: str  # of the data set
    document: DocumentRef
    added: int = 0
    removed: int = 0
    changed: int = 0
    figures: dict[str, str] = {}


class Question(msgspec.Struct, frozen=True, kw_only=True):
    """A question of a survey: a choice, a scale from 1 to 5, or a text."""

    id: str
    kind: Literal["choice", "scale", "text"]
    en: str
    fr: str = ""
    choices: tuple[tuple[str, str, str], ...] = ()  # code, en, fr
    required: bool = False

    def words(self, language: str) -> str:
        """Return the question in a language, in English where it has no other."""
        return self.fr if language == "fr" and self.fr else self.en


class Invitation(msgspec.Struct, frozen=True, kw_only=True):
    """An invitation to answer once. The token is known to the invited alone; here stands its salted hash."""

    number: int
    member: str = ""
    salt: str
    sha256: str
    answer: DocumentRef | None = None


class Survey(msgspec.Struct, frozen=True, kw_only=True):
    """The survey of a record: its questions are frozen when it is opened."""

    opened_on: str
    closes_on: str | None = None
    closed: bool = False
    questions: tuple[Question, ...] = ()
    invitations: tuple[Invitation, ...] = ()

    def takes_answers(self, day: str) -> bool:
        """Tell whether answers are taken on a day."""
        return not self.closed and (self.closes_on is None or day <= self.closes_on)


class RecordState(msgspec.Struct, frozen=True, kw_only=True):
    """A record as its events make it."""

    id: str
    type: str
    owner: str
    language: str  # of the source texts
    origin: Origin = "people"
    status: Status = "draft"
    since: str  # moment of the status
    revision: int = 1
    values: dict[str, Any] = {}
    texts: dict[str, dict[str, Text]] = {}
    contacts: dict[str, DocumentRef] = {}
    actions: tuple[str, ...] = ()
    bodies: tuple[str, ...] = ()
    evidence: tuple[EvidenceItem, ...] = ()
    note: str = ""  # why it was returned or retired
    added_by: str = ""
    published: int = 0  # how often
    public: PublicVersion | None = None
    editions: tuple[Edition, ...] = ()
    survey: Survey | None = None

    def title(self, language: str) -> str:
        """Return the title in a language, else in the language it was written in."""
        title = self.texts.get("title", {})
        return (title.get(language) or title.get(self.language) or Text("", 0)).text

    def outdated(self) -> tuple[str, ...]:
        """Return which translations are older than the text they translate: `problem.fr`."""
        found = []
        for name, by_language in sorted(self.texts.items()):
            source = by_language.get(self.language)
            for language, text in sorted(by_language.items()):
                if source is not None and language != self.language and text.seen < source.seen:
                    found.append(f"{name}.{language}")
        return tuple(found)


class RecordFace(msgspec.Struct, frozen=True, kw_only=True):
    """What lists show of a record."""

    id: str
    type: str
    owner: str
    status: Status
    origin: Origin
    since: str
    titles: dict[str, str]
    language: str
    actions: tuple[str, ...] = ()
    bodies: tuple[str, ...] = ()
    published: int = 0
    public_titles: dict[str, str] | None = None  # None: nothing is public
    outdated: int = 0
    editions: int = 0
    topics: tuple[str, ...] = ()
    date: str = ""
    member: str = ""

    def shown_titles(self, *, public: bool) -> dict[str, str]:
        """Return the titles that a reader sees: the published ones, or the working ones."""
        return self.public_titles if public and self.public_titles is not None else self.titles


def face_of(state: RecordState) -> RecordFace:
    """Return what lists show of a record."""
    values = state.values
    topics = values.get("topics")
    return RecordFace(
        id=state.id,
        type=state.type,
        owner=state.owner,
        status=state.status,
        origin=state.origin,
        since=state.since,
        titles={language: text.text for language, text in state.texts.get("title", {}).items()},
        language=state.language,
        actions=state.actions,
        bodies=state.bodies,
        published=state.published,
        public_titles=dict(state.public.texts.get("title", {})) if state.public is not None else None,
        outdated=len(state.outdated()),
        editions=len(state.editions),
        topics=tuple(topics) if isinstance(topics, list | tuple) else (),
        date=str(next((values[name] for name in DATES if values.get(name)), "")),
        member=str(values.get("member") or ""),
    )


def encode_state(state: RecordState) -> bytes:
    """Return a state as the store keeps it beside the stream."""
    return msgspec.json.encode(state, order="sorted")


def state_of(data: bytes) -> RecordState:
    """Return a state that the store kept."""
    return msgspec.json.decode(data, type=RecordState)


def is_visible(face: RecordFace) -> bool:
    """Tell whether everyone who has signed in may see a record: published, or named in a plan and still empty."""
    return face.public_titles is not None or face.origin == "plan"
