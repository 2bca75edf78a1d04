# SPDX-License-Identifier: Apache-2.0
"""Decides what officers do with risk profiles, and reads the profiles on record; a refusal is on record too.

What a profile looks for is kept beside the log as a document; the log holds its salted hash. For officers alone.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime, tzinfo
from typing import TYPE_CHECKING, Any, Protocol
from zoneinfo import ZoneInfo

import msgspec

from openecp.border.risk.profiles.acts import (
    BY_CLOCK,
    ExpireProfile,
    ProfileAct,
    ProposeProfile,
    SuspendByResults,
)
from openecp.border.risk.profiles.fault import ProfileRefused
from openecp.border.risk.profiles.profile import PROFILE_ID
from openecp.border.risk.profiles.versions import PROFILE_STREAM, REFUSED_STREAM, ROOM, ProfileState, ProfileVersion
from openecp.kernel.casework.answer import Answer
from openecp.kernel.journal.canonical import canonical, salted_digest
from openecp.kernel.journal.memory import utc_now
from openecp.kernel.journal.model import CaseRow, CaseWrite, Face, Idempotency, NewEvent, StoredDocument
from openecp.kernel.profile import Profile
from openecp.platform.core.ids import Randomness
from openecp.platform.core.model import Decided, ProgrammeCommand
from openecp.platform.core.permissions import may
from openecp.platform.core.plain_answers import encode, idempotency, refusal

if TYPE_CHECKING:  # what reads predicates is loaded by those who decide
    from openecp.border.risk.profiles.lifecycle import ProfileDecision

_state = msgspec.json.Decoder(ProfileState).decode


class ProfileSource(Protocol):
    """The part of the store that profiles are read from."""

    def case(self, case_id: str) -> tuple[CaseRow, int] | None: ...

    def faces(self, *, room: str, at: str | None = None, prefix: str | None = None) -> list[Face]: ...


class ProfileBook:
    """The profiles on record."""

    def __init__(self, source: ProfileSource, *, clock: Callable[[], str] = utc_now, zone: tzinfo = UTC) -> None:
        """Take the store, the clock, and the administration's time zone: a profile's last day ends at its midnight."""
        self._source, self._clock, self._zone = source, clock, zone

    def today(self) -> date:
        """Return the administration's day, by which expiry is judged."""
        return day_of(self._clock(), self._zone)

    def states(self) -> list[ProfileState]:
        """Return all profiles by id."""
        return [_state(face.face) for face in self._source.faces(room=ROOM, prefix=PROFILE_STREAM)]

    def state(self, name: str) -> ProfileState:
        """Return one profile.

        Raises: ProfileRefused.
        """
        found = self._source.case(PROFILE_STREAM + name) if PROFILE_ID.fullmatch(name) else None
        if found is None:
            raise ProfileRefused("There is no such profile.", where="profile", expected="the id of one on record",
                                 got=name[:60], fix="`openecp risk profile list` shows them.", status=404)  # fmt: skip
        return _state(found[0].state)

    def active(self) -> list[ProfileVersion]:
        """Return the versions that select today, most urgent first; an expired one is never among them."""
        today = self.today()
        found = [s.current for s in self.states() if s.current is not None and not s.retired]
        wanted = [version for version in found if version.selects(today)]
        return sorted(wanted, key=lambda version: (version.profile.priority, version.profile.id))

    def criteria(self) -> list[dict[str, str]]:
        """Return the active profiles as rows that the pipeline reads beside those of the folder."""
        from openecp.border.risk.profiles.checking import compiled, criteria_rows

        rows: list[dict[str, str]] = []
        for version in self.active():
            criteria = compiled(version.profile.predicate)
            rows += criteria_rows(version.profile, version.number, criteria, owner=version.author)
        return rows


class ProfileCasework:
    """Decides commands of `openecp.border.risk.profiles.acts`."""

    acts = ProfileAct

    def __init__(self, source: ProfileSource, *, clock: Callable[[], str] = utc_now, zone: tzinfo = UTC) -> None:
        self._source, self._clock, self._zone = source, clock, zone
        self._book = ProfileBook(source, clock=clock, zone=zone)
        self._randomness = Randomness()

    def key_of(self, command: ProgrammeCommand) -> Idempotency | None:
        """Return the key under which the answer to a command about profiles is kept."""
        return idempotency(command, "profiles")

    def decide(self, command: ProgrammeCommand) -> Decided:
        """Decide one command; what is refused to an officer is put on record."""
        from openecp.border.risk.profiles.lifecycle import decide

        act, who, now = command.act, command.principal, self._clock()
        assert isinstance(act, ProfileAct), "the desk hands over commands about profiles only"
        name = act.profile.id if isinstance(act, ProposeProfile) else act.profile_id
        person = who.kind == "person" or isinstance(act, ExpireProfile)
        if not may(who, "act") or not person or isinstance(act, SuspendByResults):
            refused = ProfileRefused(
                "Your role does not allow this.", where="role", expected="a person with the role officer",
                got=f"{who.kind}: {', '.join(who.roles) or 'no role'}", fix="Use an officer's own token.",
                code="OECP-ROLE", status=403,
            )  # fmt: skip
            return Decided(refusal(refused, "risk_profiles"))
        known = self._source.case(PROFILE_STREAM + name) if PROFILE_ID.fullmatch(name) else None
        try:
            state = _state(known[0].state) if known else None
            today = self._book.today()
            decision = decide(state, act, actor=who.actor, now=now, today=today, others=self._book.states())
        except ProfileRefused as refused:
            return Decided(refusal(refused, "risk_profiles"), self._attempt(refused, act, name, who.actor, now))
        status = decision.state.status(today)
        answer = Answer(outcome="done", case_id=name, status=status)
        write = self._write(decision, known, who.actor, now, status)
        return Decided(answer, msgspec.structs.replace(write, answer=encode(answer), idempotency=self.key_of(command)))

    def by_clock(self, act: ProfileAct) -> CaseWrite | None:
        """Return what an act of the clock writes; None where nothing is to be done any more."""
        from openecp.border.risk.profiles.lifecycle import decide

        assert isinstance(act, BY_CLOCK), "the clock suspends and lets expire, and nothing else"
        now, known = self._clock(), self._source.case(PROFILE_STREAM + act.profile_id)
        if known is None:
            return None
        today = self._book.today()
        try:
            decision = decide(_state(known[0].state), act, actor="customs", now=now, today=today)
        except ProfileRefused:
            return None
        return self._write(decision, known, "customs", now, decision.state.status(today))

    def _write(
        self, decision: ProfileDecision, known: tuple[CaseRow, int] | None, actor: str, now: str, status: str
    ) -> CaseWrite:
        documents = (self._document(decision.document),) if decision.document else ()
        body = decision.body | _named(documents)
        told = canonical(msgspec.to_builtins(decision.state))
        row = self._row(PROFILE_STREAM + decision.state.profile_id, status, known[0].version + 1 if known else 1,
                        told, now)  # fmt: skip
        event = NewEvent(kind=decision.kind, occurred_at=now, actor=actor, body=body)
        return CaseWrite(
            row=row, expected_seq=known[1] if known else 0, events=(event,), documents=documents, face=told
        )

    def _attempt(self, refused: ProfileRefused, act: ProfileAct, name: str, actor: str, now: str) -> CaseWrite:
        one = self._document(msgspec.json.encode({"asked": name[:200], "got": refused.got[:300]}))
        body = {
            "act": type(act).__name__, "profile": name if PROFILE_ID.fullmatch(name) else None, "code": refused.code,
            "message": refused.message, "where": refused.where, "expected": refused.expected[:300], **_named((one,)),
        }  # fmt: skip
        event = NewEvent(kind="RiskProfileRefused", occurred_at=now, actor=actor, body=body)
        row = self._row(REFUSED_STREAM + self._randomness.uuid7(), "refused", 1, canonical({"code": refused.code}), now)
        return CaseWrite(row=row, expected_seq=0, events=(event,), documents=(one,))

    def _document(self, content: bytes) -> StoredDocument:
        return StoredDocument(
            document_id=self._randomness.uuid7(), kind="risk_profile", media_type="application/json", content=content,
            salt=self._randomness.salt(),
        )  # fmt: skip

    def _row(self, name: str, status: str, version: int, state: bytes, now: str) -> CaseRow:
        return CaseRow(
            case_id=name, organisation="customs", lrn=name, mrn=None, status=status, channel=None, office=None,
            movement=None, version=version, state=state, updated_at=now, room=ROOM,
        )  # fmt: skip


def zone_of(profile: Profile) -> ZoneInfo:
    """Return the administration's time zone."""
    return ZoneInfo(str(profile.setting("time_zone", default="UTC")))


def day_of(now: str, zone: tzinfo) -> date:
    """Return the day that an instant of the journal is in a time zone."""
    return datetime.fromisoformat(now.replace("Z", "+00:00")).astimezone(zone).date()


def _named(documents: tuple[StoredDocument, ...]) -> dict[str, Any]:
    """Return what an event says of the document beside it; nothing of what stands in it."""
    if not documents:
        return {}
    one = documents[0]
    return {"document": {"id": one.document_id, "sha256": salted_digest(one.salt, one.content)}}
