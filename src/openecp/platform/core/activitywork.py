# SPDX-License-Identifier: Apache-2.0
"""Decides what others tell of consignments: finds the cases, leaves out what is on record, writes beside the cases.

Commands travel the way of the programme's, through the single writer; nothing is assessed for them.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Protocol

import msgspec

from openecp.border.time_release.recording import (
    ACTIVITIES_MAX,
    PARTNERS,
    STREAM_MAX,
    ActivityFault,
    RecordActivities,
    Recorder,
    checked,
    record,
    stream_of,
)
from openecp.kernel.assessment.reasons import Reason
from openecp.kernel.casework.answer import Answer
from openecp.kernel.journal.memory import utc_now
from openecp.kernel.journal.model import CaseRow, Event, Idempotency
from openecp.kernel.parties.model import Organisation, Principal
from openecp.platform.core.ids import Randomness
from openecp.platform.core.model import Decided, ProgrammeCommand
from openecp.platform.core.permissions import may, may_read, roles_with
from openecp.platform.core.plain_answers import encode, idempotency

FAULTS_MAX = 50
Told = list[tuple[str, dict[str, Any]]]


class ActivitySource(Protocol):
    """The part of the store that deciding about activities needs."""

    def case(self, case_id: str) -> tuple[CaseRow, int] | None: ...

    def find_case(
        self, *, mrn: str | None = None, lrn: str | None = None, organisation: str | None = None
    ) -> CaseRow | None: ...

    def events(self, *, case_id: str | None = None, after_seq: int = 0, limit: int = 1000) -> list[Event]: ...


class ActivityCasework:
    """Decides commands of `openecp.border.time_release.recording`."""

    acts = RecordActivities

    def __init__(
        self,
        source: ActivitySource,
        *,
        organisation: Callable[[str], Organisation | None] = lambda name: None,
        clock: Callable[[], str] = utc_now,
    ) -> None:
        self._source = source
        self._organisation = organisation
        self._clock = clock
        self._randomness = Randomness()

    def key_of(self, command: ProgrammeCommand) -> Idempotency | None:
        """Return the key under which the answer to a command about activities is kept."""
        return idempotency(command, "activities")

    def decide(self, command: ProgrammeCommand) -> Decided:
        """Decide one command: all its activities are recorded, or none; what is on record already is left out."""
        act, who = command.act, command.principal
        assert isinstance(act, RecordActivities), "the desk hands over commands about activities only"
        if not may(who, "record"):
            fault = ActivityFault(
                "role", "one of " + ", ".join(roles_with("record")), ", ".join(who.roles) or "none",
                "Use a token with that role.",
            )  # fmt: skip
            return Decided(_refusal([fault], "OECP-ROLE", 403))
        if not 0 < len(act.activities) <= ACTIVITIES_MAX:
            got = str(len(act.activities))
            fault = ActivityFault("activities", f"1 to {ACTIVITIES_MAX}", got, "Send them in parts.")
            return Decided(_refusal([fault]))
        return self._recorded(command, act, self._recorder(who))

    def _recorded(self, command: ProgrammeCommand, act: RecordActivities, recorder: Recorder) -> Decided:
        now, faults = self._clock(), list[ActivityFault]()
        cases: dict[str, CaseRow | None] = {}
        told: dict[str, tuple[CaseRow, Told]] = {}
        unknown = False
        for place, one in enumerate(act.activities):
            try:
                if one.case not in cases:
                    cases[one.case] = self._case(one.case, command.principal)
                row = cases[one.case]
                if row is None:
                    unknown = True
                    raise ActivityFault(
                        "case", "the MRN or id of a case that you may tell about", one.case[:60] or "nothing",
                        "Correct it, or tell it once the declaration is lodged: the moment stays what it was.",
                    )  # fmt: skip
                told.setdefault(row.case_id, (row, []))[1].append(checked(one, recorder, now=now))
            except ActivityFault as fault:
                where = f"/activities/{place}/{fault.where.replace('.', '/')}"
                faults.append(ActivityFault(where, fault.expected, fault.got, fault.fix))
        if faults:
            code, status = ("OECP-CASE-UNKNOWN", 404) if unknown else ("OECP-ACTIVITY", 422)
            return Decided(_refusal(faults, code, status))
        return self._written(command, told, now)

    def _written(self, command: ProgrammeCommand, told: dict[str, tuple[CaseRow, Told]], now: str) -> Decided:
        group = self._randomness.uuid7() if len(told) > 1 else None
        writes, last = [], 0
        for row, mine in told.values():
            stream = self._source.case(stream_of(row.case_id))
            there = self._source.events(case_id=stream_of(row.case_id), limit=STREAM_MAX + 1) if stream else []
            known = {_key(event.occurred_at, event.body): event.seq for event in there}
            new: Told = []
            for occurred, body in mine:
                key = _key(occurred, body)
                if key not in known:
                    known[key] = 0
                    new.append((occurred, body))
                last = max(last, known[key])
            if len(there) + len(new) > STREAM_MAX:
                fault = ActivityFault("case", f"at most {STREAM_MAX} activities", row.mrn or row.case_id, "Look at it.")
                return Decided(_refusal([fault]))
            if new:
                writes.append(record(new, row, stream, actor=command.principal.actor, now=now, group=group))
        subject = next(iter(told.values()))[0].mrn if len(told) == 1 else None
        recorded = sum(len(write.events) for write in writes)
        answer = Answer(outcome="done" if writes else "repeated", case_id=subject, status=f"{recorded} recorded")
        if not writes:
            return Decided(msgspec.structs.replace(answer, first_seq=last, last_seq=last))
        if len(writes) == 1:
            writes = [msgspec.structs.replace(writes[0], group=None)]
        first = msgspec.structs.replace(writes[0], answer=encode(answer), idempotency=self.key_of(command))
        return Decided(answer, first, tuple(writes[1:]))

    def _case(self, name: str, who: Principal) -> CaseRow | None:
        """Return a declaration's case by id or MRN; a trader's own only, unless it is told about as a partner."""
        if not name.isascii() or not name.isprintable() or not 0 < len(name) <= 120:
            return None
        found = self._source.case(name)
        row = found[0] if found is not None else self._source.find_case(mrn=name)
        if row is None or row.room != "lodgement":
            return None
        return row if "partner" in who.roles or may_read(who, row.organisation) else None

    def _recorder(self, who: Principal) -> Recorder:
        kinds = [body for body in who.bodies if body in PARTNERS] if "partner" in who.roles else []
        kinds += [kind for role, kind in (("trader", "trader"), ("officer", "customs")) if role in who.roles]
        known = self._organisation(who.organisation)
        return Recorder(who.actor, who.organisation, tuple(kinds), known.identifiers if known is not None else ())


def _key(occurred: str, body: dict[str, Any]) -> tuple[str, str, str, str]:
    segments = body.get("segments") or {}
    return (str(body.get("activity")), occurred, str(body.get("source")), str(segments.get("agency", "")))


def _refusal(faults: list[ActivityFault], code: str = "OECP-ACTIVITY", status: int = 422) -> Answer:
    """Return the answer of a command that was not done; the message tells of all that is wrong."""
    first = faults[0]
    more = "".join(f" Also {fault}." for fault in faults[1:FAULTS_MAX])
    error = Reason(
        code=code,
        layer="state",
        rule="activities",
        message=("What you tell cannot be recorded; nothing was." + more)[:4000],
        json_pointer=first.where,
        expected=first.expected,
        got=first.got,
        fix=first.fix,
        severity="reject",
    )
    return Answer(outcome="refused", error=error, http_status=status)
