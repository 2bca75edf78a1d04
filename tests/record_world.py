# SPDX-License-Identifier: Apache-2.0
"""Records in a store in memory, through the core and the commands that everybody uses; all content is invented."""

from __future__ import annotations

import itertools
from typing import Any

from openecp.kernel.casework.answer import Answer
from openecp.kernel.journal.memory import MemoryStore
from openecp.kernel.parties.model import Principal
from openecp.platform.cli.record_survey import new_invitation
from openecp.platform.core.desk import Desk
from openecp.platform.core.inprocess import InProcessCore
from openecp.platform.core.model import ProgrammeCommand
from openecp.platform.core.programme import NoClearance, ProgrammeCasework
from openecp.platform.core.recordbook import RecordBook, RecordReader
from openecp.platform.core.recordwork import RecordCasework
from openecp.programme.compendia.commands import (
    AddRecord,
    AnswerSurvey,
    FreezeEdition,
    InviteToSurvey,
    LoadMembers,
    OpenSurvey,
    PublishRecord,
    RecordAct,
    ReviseRecord,
    SubmitRecord,
)
from openecp.programme.compendia.record import RecordState
from openecp.programme.compendia.surveys import token_of

SENA = Principal(principal_id="sena", kind="person", organisation="wco", name="Sena Adeyemi", roles=("secretariat",))
KOFI = Principal(
    principal_id="kofi", kind="person", organisation="ke", name="Kofi Mensah", roles=("delegate",), bodies=("KE",)
)
LENA = Principal(
    principal_id="lena", kind="person", organisation="de", name="Lena Vogt", roles=("delegate",), bodies=("DE",)
)
TOM = Principal(principal_id="tom", kind="person", organisation="brise", name="Tom Reyes", roles=("trader",))
NOBODY = Principal(principal_id="survey-link", kind="system", organisation="survey", name="", roles=())
ALL = RecordReader(moderates=True)
CASE: dict[str, Any] = {
    "title": {"en": "One declaration along the corridor", "fr": "Une déclaration le long du corridor"},
    "kind": "case_study",
    "member": "KE",
    "topics": ["transit"],
    "problem": {"en": "Each border asked anew.", "fr": "Chaque frontière redemandait tout."},
    "solution": "One declaration covers the journey.",
    "result": {"en": "Half the time.", "fr": "Moitié moins de temps."},
}
QUESTIONS = [
    {"id": "use", "kind": "choice", "text_en": "Do you use it?", "text_fr": "L’utilisez-vous ?",
     "choices_en": "Yes; No; Partly", "choices_fr": "Oui; Non; En partie", "required": "yes"},
    {"id": "worth", "kind": "scale", "text_en": "How useful?", "text_fr": "Quelle utilité ?"},
    {"id": "words", "kind": "text", "text_en": "What is missing?", "text_fr": "Que manque-t-il ?"},
]  # fmt: skip
MEMBERS = tuple(
    (f"{region[0]}{letter}", region, f"Invented {region} {letter}", f"Inventé {region} {letter}")
    for region, letters in (("AP", "ABCDEFGH"), ("EUR", "ABCDEF"), ("ESA", "ABCD"), ("WCA", "AB"))
    for letter in letters
)


class RecordWorld:
    """A store in memory, a core of the programme side, a clock that goes on by a minute at each look."""

    def __init__(self, day: str = "2026-03-02") -> None:
        self.day = day
        self._minutes = itertools.count()
        self.store = MemoryStore(clock=self.now)
        nothing = NoClearance()
        programme = ProgrammeCasework(self.store, clock=self.now, others=(RecordCasework(self.store, clock=self.now),))
        self.core = InProcessCore(
            Desk(assessor=nothing, casework=nothing, reader=self.store, writer=self.store, programme=programme)
        )
        self.book = RecordBook(self.store)

    def now(self) -> str:
        minute = next(self._minutes)
        return f"{self.day}T{8 + minute // 3600 % 16:02}:{minute // 60 % 60:02}:{minute % 60:02}.000000Z"

    def tell(self, act: RecordAct, who: Principal = SENA, key: str | None = None) -> Answer:
        """Give a command and return the answer, whatever it is."""
        return self.core.submit_all([ProgrammeCommand(principal=who, act=act, key=key)])[0]

    def do(self, act: RecordAct, who: Principal = SENA) -> Answer:
        """Give a command that must be done."""
        answer = self.tell(act, who)
        assert answer.error is None, answer.error
        return answer

    def refused(self, act: RecordAct, who: Principal = SENA) -> str:
        """Give a command that must be refused, and return the code."""
        answer = self.tell(act, who)
        assert answer.error is not None, f"{act} was done"
        assert answer.error.expected
        assert answer.error.fix
        return answer.error.code

    def state(self, record: str) -> RecordState:
        return self.book.record(record, ALL)

    def publish(self, record: str, values: dict[str, Any], *, owner: str = "SEC", **links: Any) -> None:
        """Bring a record, new or changed, to publication."""
        if any(face.id == record for face in self.book.records(ALL)):
            self.do(ReviseRecord(record=record, values=values, **links))
        else:
            self.do(AddRecord(record=record, owner=owner, values=values, **links))
        self.do(SubmitRecord(record=record))
        self.do(PublishRecord(record=record))

    def compendium(self, record: str = "compendium-test", types: str = "practice", **more: Any) -> None:
        values = {
            "title": {"en": "Test compendium", "fr": "Recueil d’essai"},
            "types": types,
            "about": "About.",
            **more,
        }
        self.publish(record, values)

    def freeze(self, record: str = "compendium-test", title: str = "") -> int:
        return self.do(FreezeEdition(record=record, title=title)).version

    def survey(self, record: str = "survey-use", *, members: tuple[str, ...] = ()) -> list[str]:
        """Open a survey and return a token for each of the invited."""
        values = {"title": "Use", "purpose": "To know.", "audience": "members", "questions": QUESTIONS}
        self.publish(record, values)
        self.do(LoadMembers(rows=MEMBERS, source="members.csv", sha256="0" * 64))
        self.do(OpenSurvey(record=record))
        return self.invite(record, members)

    def invite(self, record: str, members: tuple[str, ...]) -> list[str]:
        first = len(self.state(record).survey.invitations) + 1  # type: ignore[union-attr]
        made = [new_invitation(member) for member in members]
        if made:
            self.do(InviteToSurvey(record=record, invitations=tuple(new for new, _ in made), first=first))
        return [token_of(number, secret) for number, (_, secret) in enumerate(made, start=first)]

    def answer(self, token: str, answers: dict[str, str], record: str = "survey-use") -> Answer:
        return self.tell(AnswerSurvey(record=record, token=token, answers=answers), NOBODY)
