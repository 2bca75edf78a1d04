# SPDX-License-Identifier: Apache-2.0
"""What every page of records shares: who reads, names in the reader's tongue, addresses, what may be done."""

from __future__ import annotations

import datetime
from functools import cached_property
from typing import Any
from urllib.parse import urlencode

from litestar.exceptions import NotFoundException, PermissionDeniedException

from openecp.kernel.casework.answer import Answer
from openecp.platform.console.pages import AnyRequest, Console, Page, signed_in
from openecp.platform.console.records import words
from openecp.platform.console.session import Visitor
from openecp.platform.core.model import ProgrammeCommand
from openecp.platform.core.permissions import may
from openecp.platform.core.recordbook import RecordBook, reader_of
from openecp.platform.core.recordview import MemberNames, date_text, text_of, value_text
from openecp.programme.compendia.commands import RecordAct
from openecp.programme.compendia.editions import Entry
from openecp.programme.compendia.lifecycle import MACHINE
from openecp.programme.compendia.record import RecordFace, RecordState
from openecp.programme.compendia.templates import Template


def book_of(console: Console) -> RecordBook:
    """Return the records.

    Raises: NotFoundException where this console has none.
    """
    if console.book is None:
        raise NotFoundException
    return console.book


class RecordFrame:
    """One reader's view of the records, in a language."""

    def __init__(self, request: AnyRequest, console: Console, visitor: Visitor) -> None:
        self.request, self.console, self.visitor = request, console, visitor
        self.principal = signed_in(visitor)
        self.language = console.language(visitor)
        self.book = book_of(console)
        if not may(self.principal, "read_plans"):
            raise PermissionDeniedException
        self.reader = reader_of(self.principal)
        self.today = console.now_text()[:10]

    @property
    def moderates(self) -> bool:
        """Whether the reader is the Secretariat."""
        return self.reader.moderates

    @property
    def may_add(self) -> bool:
        """Whether the reader may add records: the Secretariat, or a delegate of a body or Member."""
        return self.moderates or bool(self.reader.of)

    def may_work_on(self, owner: str) -> bool:
        """Tell whether the reader may change records of an owner."""
        return self.reader.may_work_on(owner)

    def href(self, *parts: str, **query: Any) -> str:
        """Return the address of a page of records."""
        path = "/".join(("/console/records", *parts))
        pairs = [(name, str(value)) for name, value in query.items() if value not in (None, "", ())]
        return f"{path}?{urlencode(pairs)}" if pairs else path

    def page(self, template: str, *, status_code: int = 200, address: str | None = None, **context: Any) -> Page:
        """Return a page."""
        return self.console.page(
            self.request,
            self.visitor,
            f"records/{template}",
            status_code=status_code,
            address=address,
            r=self,
            rw=words,
            **context,
        )

    async def submit(self, act: RecordAct) -> Answer:
        """Have the core decide and record a command."""
        return await self.console.core.submit(ProgrammeCommand(principal=self.principal, act=act))

    def state(self, record: str) -> RecordState:
        """Return a record.

        Raises: NotFoundException where it is not on record for this reader.
        """
        try:
            return self.book.record(record, self.reader)
        except LookupError:
            raise NotFoundException from None

    def template(self, kind: str) -> Template:
        """Return a record type.

        Raises: NotFoundException.
        """
        found = self.book.templates.get(kind)
        if found is None:
            raise NotFoundException
        return found

    @cached_property
    def members(self) -> MemberNames:
        """Names of Members by code."""
        return {code: (member.en, member.fr) for code, member in self.book.members().items()}

    def word(self, words: Any) -> str:
        """Return words of a template in the reader's language."""
        found: str = words.in_language(self.language.code)
        return found

    def status(self, code: str) -> str:
        """Return what a state of moderation is called."""
        state = MACHINE.states.get(code)
        return (state.title_fr if self.language.code == "fr" else state.title_en) if state is not None else code

    def title(self, face: RecordFace) -> tuple[str, str]:
        """Return the title of a record in a list, and its language where it is not the reader's."""
        titles = face.shown_titles(public=not self.may_work_on(face.owner))
        code = self.language.code
        for of in (code, face.language, *sorted(titles)):
            if titles.get(of):
                return titles[of], "" if of == code else of
        return face.id, ""

    def heading(self, entry: Entry) -> tuple[str, str]:
        """Return the title of a record, and its language where it is not the reader's."""
        title, of = text_of(entry, "title", self.language.code)
        return title or entry.id, "" if of == self.language.code else of

    def date(self, text: str) -> str:
        """Return a day or month in words."""
        return date_text(text, self.language.code)

    def moment(self, text: str) -> str:
        """Return the day of a moment in words."""
        return self.date(text[:10]) if _is_day(text[:10]) else text

    def topics(self, kind: str, codes: tuple[str, ...]) -> str:
        """Return topics in words."""
        template = self.book.templates.get(kind)
        field = template.field("topics") if template is not None else None
        return value_text("choices", codes, field.choices if field is not None else (), self.language.code, {})

    def all_topics(self) -> list[tuple[str, str]]:
        """Return every topic that a type knows, with its word."""
        found: dict[str, str] = {}
        for template in self.book.templates.values():
            field = template.field("topics")
            for choice in field.choices if field is not None else ():
                found.setdefault(choice.code, choice.fr if self.language.code == "fr" else choice.en)
        return list(found.items())

    def offers(self, state: RecordState) -> list[str]:
        """Return what the page offers to do with a record; whether it is possible is decided when it is asked."""
        if not self.may_work_on(state.owner):
            return []
        own = ["submit"] if state.status == "draft" else ["return"] if state.status == "submitted" else []
        if not self.moderates:
            return own
        of_status = {
            "draft": ["submit", "retire"],
            "submitted": ["review", "publish", "return", "retire"],
            "in_review": ["publish", "return", "retire"],
            "published": ["return", "retire"],
            "retired": ["return"],
        }
        return of_status[state.status]

    def may_edit(self, state: RecordState) -> bool:
        """Tell whether the page offers the form of a record."""
        return self.may_work_on(state.owner) and (self.moderates or state.status in ("draft", "published", "retired"))


def _is_day(text: str) -> bool:
    try:
        datetime.date.fromisoformat(text)
    except ValueError:
        return False
    return True
