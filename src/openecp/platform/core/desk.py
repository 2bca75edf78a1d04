# SPDX-License-Identifier: Apache-2.0
"""Decide and record a micro-batch: load the cases, assess together, decide each, write in one transaction.

No thread and no queue here: `line.py` calls `decide` in one thread and `record` in another, the command line and
tests call both in turn.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Sequence
from datetime import date
from typing import Any, Protocol

import msgspec

from openecp.border.lodgement.commands import Lodge
from openecp.border.low_value.parcel_case import parcel_stream
from openecp.border.low_value.parcel_commands import ParcelAct
from openecp.border.time_release.recording import RecordActivities
from openecp.kernel.assessment.reasons import Assessment, Reason
from openecp.kernel.casework.answer import Answer
from openecp.kernel.datamodel.declaration import Declaration
from openecp.kernel.journal.model import CaseRow, CaseWrite, Idempotency, Written
from openecp.platform.core.model import (
    AssessesDeclarations,
    CaseReader,
    Casework,
    Command,
    Decided,
    LoadedCase,
    ProgrammeCommand,
)

log = logging.getLogger("openecp.core")
_answers = msgspec.msgpack.Decoder(Answer)
_encoder = msgspec.msgpack.Encoder()


class DecidesProgramme(Protocol):
    """Decides what the programme side is asked to record."""

    def decide(self, command: ProgrammeCommand) -> Decided: ...


class DecidesActs(DecidesProgramme, Protocol):
    """Decides commands of some kinds; `acts` is their type, or the union of their types."""

    acts: Any

    def key_of(self, command: ProgrammeCommand) -> Idempotency | None:
        """Return the key under which the answer to a command is kept."""


class DecidesParcels(Protocol):
    """Decides acts on parcels after their decision."""

    def decide(self, command: ParcelAct) -> Decided: ...


class Writes(Protocol):
    """The part of the store that recording writes through."""

    def write(self, batch: list[CaseWrite]) -> list[Written]: ...


def refused(code: str, message: str, *, status: int, expected: str, got: str, fix: str) -> Answer:
    """Return the answer of a command that was not done."""
    error = Reason(
        code=code, layer="state", rule="core", message=message, expected=expected, got=got, fix=fix, severity="reject"
    )
    return Answer(outcome="refused", error=error, http_status=status)


def case_key(command: Command, row: CaseRow | None) -> tuple[str, ...]:
    """Return the key of the case that a command is about; commands of one key are never in work together."""
    if row is not None:
        return ("case", row.case_id)
    if isinstance(command, Lodge):
        reference = command.declaration.functional_reference_id or ""
        return ("lrn", command.principal.organisation, reference)
    if isinstance(command, ProgrammeCommand):
        if isinstance(command.act, RecordActivities) and command.act.activities:
            return ("activities", command.act.activities[0].case)
        return ("programme",)  # few, and one may concern many streams: one after the other
    if isinstance(command, ParcelAct):
        return ("case", parcel_stream(command.parcel_id, command.posted_on))
    return ("case", command.case_id)


def is_request(declaration: Declaration) -> bool:
    """A FunctionCode 13 asks for something about a declaration lodged before."""
    return declaration.function_code == "13"


class Desk:
    """Decides and records batches."""

    def __init__(
        self,
        *,
        assessor: AssessesDeclarations,
        casework: Casework,
        reader: CaseReader,
        writer: Writes,
        programme: DecidesProgramme | None = None,
        parcels: DecidesParcels | None = None,
    ) -> None:
        self._assessor = assessor
        self._casework = casework
        self._reader = reader
        self._writer = writer
        self._programme = programme
        self._parcels = parcels

    def locate(self, command: Command) -> CaseRow | None:
        """Return the case that a command is about: by id, by MRN, else by the LRN within the organisation."""
        if isinstance(command, ProgrammeCommand | ParcelAct):
            return None
        if not isinstance(command, Lodge):
            found = self._reader.case(command.case_id)
            return found[0] if found and found[0].room == "lodgement" else None
        declaration = command.declaration
        if not is_request(declaration):
            return None
        if declaration.id:
            return self._reader.find_case(mrn=declaration.id)
        lrn = declaration.functional_reference_id
        return self._reader.find_case(lrn=lrn, organisation=command.principal.organisation) if lrn else None

    def load(self, command: Command) -> LoadedCase | None:
        """Return the case that a command is about, as the store has it now."""
        row = self.locate(command)
        found = self._reader.case(row.case_id) if row is not None else None
        if found is None:
            return None
        return LoadedCase(found[0], found[1], self._casework.open(found[0]))

    def decide(self, work: Sequence[tuple[Command, LoadedCase | None]]) -> list[Decided]:
        """Assess all that needs it in one batch and decide each command; one that cannot be worked harms no other."""
        return [self._as_before(decided) for decided in self._decide_apart(work)]

    def _as_before(self, decided: Decided) -> Decided:
        """Give a command its first answer again where it is refused because it was done before, under its key."""
        key = decided.idempotency
        if key is None or not decided.does_nothing:
            return decided
        try:
            earlier = self._reader.answered_before(key)
        except Exception:
            log.exception("whether a refused command was done before could not be looked up")
            return Decided(unavailable())
        if earlier is None or (earlier.outcome == "repeated" and not earlier.answer):  # the answer was erased
            return decided
        return Decided(settle(decided, earlier) or decided.answer)

    def _decide_apart(self, work: Sequence[tuple[Command, LoadedCase | None]]) -> list[Decided]:
        try:
            return self._decide_together(work)
        except Exception:
            if len(work) == 1:
                return [self._unworkable(work[0][0])]
        log.warning("a batch of %d could not be decided together; deciding in halves", len(work))
        half = len(work) // 2
        return [*self._decide_apart(work[:half]), *self._decide_apart(work[half:])]

    def _decide_together(self, work: Sequence[tuple[Command, LoadedCase | None]]) -> list[Decided]:
        wanted = [
            None if isinstance(command, ProgrammeCommand | ParcelAct) else self._casework.to_assess(command, case)
            for command, case in work
        ]
        assessments = self._assess(wanted)
        return [
            self._decide_elsewhere(command)
            if isinstance(command, ProgrammeCommand | ParcelAct)
            else self._casework.decide(command, case, assessment)
            for (command, case), assessment in zip(work, assessments, strict=True)
        ]

    def _decide_elsewhere(self, command: ProgrammeCommand | ParcelAct) -> Decided:
        if isinstance(command, ParcelAct):
            if self._parcels is None:
                raise LookupError("this core has no parcels")
            return self._parcels.decide(command)
        if self._programme is None:
            raise LookupError("this core has no programme side")
        return self._programme.decide(command)

    def _assess(self, wanted: list[tuple[Declaration, date | None] | None]) -> list[Assessment | None]:
        """Assess in one batch for each date of law; nearly always that is one, today's."""
        found: list[Assessment | None] = [None] * len(wanted)
        for day in dict.fromkeys(each[1] for each in wanted if each is not None):
            places = [place for place, each in enumerate(wanted) if each is not None and each[1] == day]
            assessed = self._assessor.assess([each[0] for each in wanted if each is not None and each[1] == day], day)
            for place, assessment in zip(places, assessed, strict=True):
                found[place] = assessment
        return found

    def _unworkable(self, command: Command) -> Decided:
        incident = f"{time.time_ns():x}"
        log.exception("incident %s: a %s could not be decided", incident, type(command).__name__)
        return Decided(
            refused(
                "OECP-UNPROCESSABLE",
                "The message was read, but it could not be worked. Nothing was recorded.",
                status=422,
                expected="a message that the rules can be applied to",
                got=f"an internal fault, incident {incident}",
                fix="Give the incident number to the operator, whose log says more.",
            )
        )

    def write_patiently(
        self,
        batch: list[CaseWrite],
        *,
        patience_s: float,
        clock: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], None] = time.sleep,
    ) -> list[Written] | None:
        """Record a batch, again and again while the database is away; None where it stayed away.

        A write that was committed although its answer was lost is found by its idempotency key (`repeated`) or by
        its expected seq (`stale`), so that trying again never doubles anything.
        """
        end = clock() + patience_s
        pause = 0.05
        while True:
            try:
                return self._take_back(batch, self._writer.write(batch))
            except Exception as error:
                if clock() + pause >= end:
                    log.exception("a batch of %d could not be written for %.0f s", len(batch), patience_s)
                    self._take_back(batch, None)
                    return None
                log.warning("write failed (%s: %s); trying again in %.2f s", type(error).__name__, error, pause)
                sleep(pause)
                pause = min(1.0, pause * 2)

    def _take_back(self, batch: list[CaseWrite], written: list[Written] | None) -> list[Written]:
        """Tell casework which decisions came to nothing."""
        for place, write in enumerate(batch):
            if written is None or written[place].outcome != "recorded":
                self._casework.not_recorded(write)
        return written or []


def writes_of(batch: Sequence[Decided]) -> list[CaseWrite]:
    """Return what a batch records: the first write of each decision, in order, then what is recorded with them."""
    first = [each.write for each in batch if each.write is not None]
    more = [write for each in batch for write in each.more]
    return first + more if more else first


def outcomes_of(batch: Sequence[Decided], written: list[Written]) -> list[Written]:
    """Return what became of each decision of a batch, all of whose members have something to write."""
    if len(written) == len(batch):
        return written
    found, place = [], len(batch)
    for first, each in zip(written, batch, strict=False):
        mine = [first, *written[place : place + len(each.more)]]
        place += len(each.more)
        fault = next((outcome for outcome in mine if outcome.outcome == "invalid"), None)
        last = max(outcome.last_seq for outcome in mine)
        found.append(fault or msgspec.structs.replace(first, last_seq=last))
    return found


def settle(decided: Decided, written: Written) -> Answer | None:
    """Return the answer once the store has spoken; None where the case has moved on and must be decided again."""
    if written.outcome == "stale":
        return None
    if written.outcome == "recorded":
        return msgspec.structs.replace(decided.answer, first_seq=written.first_seq, last_seq=written.last_seq)
    if written.outcome == "repeated":
        return repeated(written)
    if written.outcome == "invalid":
        incident = f"{time.time_ns():x}"
        log.error("incident %s: the journal refused a write: %s", incident, written.error)
        return refused(
            "OECP-UNPROCESSABLE",
            "The message was read, but what followed from it could not be recorded. Nothing was recorded.",
            status=422,
            expected="a write that the journal takes",
            got=f"an internal fault, incident {incident}",
            fix="Give the incident number to the operator, whose log says more.",
        )
    if written.outcome == "conflict":
        return refused(
            "OECP-IDEMPOTENCY-CONFLICT",
            "The idempotency key was used before with another message.",
            status=422,
            expected="the same message as the first time, or a new key",
            got="another body under the same key",
            fix="Send a new Idempotency-Key with a changed message.",
        )
    return msgspec.structs.replace(
        refused(
            "OECP-LRN-IN-USE",
            "The local reference number is already in use by your organisation.",
            status=409,
            expected="an LRN that was not used before",
            got=decided.answer.lrn or "",
            fix="Choose a new LRN, or send the first message unchanged to get its answer again.",
        ),
        lrn=decided.answer.lrn,
    )


def repeated(written: Written) -> Answer:
    """Return the first answer again; 200 in place of 201 says that nothing new was recorded."""
    first = _answers.decode(written.answer)
    if first.http_status == 201:
        first = msgspec.structs.replace(first, http_status=200)
    return msgspec.structs.replace(first, first_seq=written.first_seq, last_seq=written.last_seq)


def encode_answer(answer: Answer) -> bytes:
    """Return an answer as the store keeps it for a repeated request."""
    return _encoder.encode(answer)


def unavailable() -> Answer:
    """The answer where the database stayed away: nothing is known, so the sender asks again with the same key."""
    return refused(
        "OECP-STORE-UNAVAILABLE",
        "The journal could not be reached in time; whether the message was recorded is not known.",
        status=503,
        expected="the journal to answer",
        got="no answer",
        fix="Send the same message again with the same Idempotency-Key: it is recorded once.",
    )
