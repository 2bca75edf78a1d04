# SPDX-License-Identifier: Apache-2.0
"""Plays one published case through this software: the same decisions as in a running office, a store in memory.

What reaches Customs as a declaration or request is lodged as published. What happens outside such messages (goods
arrive or leave, an officer ends a control, the waiting time before release runs out) is played where a movement
message or a reply shows that it happened.
Limits: one case at a time; the clock is the case's own, one second a step.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import msgspec

from openecp.border.lodgement.case import case_of
from openecp.border.lodgement.commands import Command, DeadlinePassed, Lodge, OfficerAct, OfficerActKind
from openecp.border.revenue.payment import payment_settler
from openecp.conformance.scenarios import Message, Run, Scenario
from openecp.kernel.assessment.reasons import Assessment
from openecp.kernel.casework.answer import Answer
from openecp.kernel.datamodel.binding import encode_json
from openecp.kernel.datamodel.declaration import Declaration
from openecp.kernel.datamodel.response import Response
from openecp.kernel.journal.memory import MemoryStore
from openecp.kernel.parties.model import Principal
from openecp.kernel.profile import Profile
from openecp.platform.core.accounts import Accounts
from openecp.platform.core.casework import LodgementCasework
from openecp.platform.core.desk import Desk
from openecp.platform.core.inprocess import InProcessCore
from openecp.platform.core.model import AssessesDeclarations
from openecp.platform.wire import Reading

TRADER = Principal(principal_id="trader", kind="system", organisation="trader", name="Trader", roles=("trader",))
OFFICER = Principal(principal_id="officer", kind="person", organisation="customs", name="Officer", roles=("officer",))
WAIT_S = 30.0  # waiting time before release in a replay, so that a request can come before it ends


class Told(msgspec.Struct, frozen=True, kw_only=True):
    """One notification that this software sent: `13/67`, of which version."""

    name: str
    version: int
    response: Response

    @property
    def code(self) -> str:
        """The function code."""
        return self.name.partition("/")[0]


class Replayed(msgspec.Struct, frozen=True, kw_only=True):
    """What became of one case here."""

    outcome: str  # accepted, rejected, registered, refused
    status: str | None
    told: tuple[Told, ...]
    assessments: Mapping[int, Assessment]  # by version
    steps: tuple[str, ...]
    refused: tuple[str, ...] = ()


class _Dated:
    """Gives every assessment the day of the case."""

    def __init__(self, assessor: AssessesDeclarations, day: date | None) -> None:
        self._assessor, self._day = assessor, day

    def assess(self, declarations: list[Declaration], on: date | None = None) -> Sequence[Assessment]:
        return self._assessor.assess(declarations, on or self._day)


class Replay:
    """One case being played."""

    def __init__(self, profile: Profile, assessor: AssessesDeclarations, run: Run | None, message: Message) -> None:
        self._now = _start(run, message)
        self.profile = _waiting(profile)
        self.store = MemoryStore(clock=self.clock)
        day = self._now.date() if run is not None and run.first_day else None
        casework = LodgementCasework(
            profile=self.profile,
            documents=self.store,
            settle=payment_settler(self.profile),
            clock=self.clock,
            accounts=Accounts(profile.table("accounts"), {}),
        )
        desk = Desk(assessor=_Dated(assessor, day), casework=casework, reader=self.store, writer=self.store)
        self.core = InProcessCore(desk)
        self.case_id = ""
        self.mrn: str | None = None
        self.status: str | None = None
        self.told: list[Told] = []
        self.assessments: dict[int, Assessment] = {}
        self.steps: list[str] = []
        self.refused: list[str] = []
        self.last = True  # movements of a folder are about its last declaration

    def clock(self) -> str:
        """The time of the case, as the journal writes it."""
        return self._now.strftime("%Y-%m-%dT%H:%M:%S.%fZ")

    def submit(self, step: str, command: Command) -> Answer:
        """Give one command and keep what it told."""
        self._now += timedelta(seconds=1)
        answer = self.core.submit_all([command])[0]
        self.steps.append(step)
        if answer.outcome == "refused" and answer.error is not None:
            self.refused.append(f"{step}: {answer.error.message}")
            return answer
        self.status, self.mrn = answer.status, answer.mrn or self.mrn
        if answer.assessment is not None:
            self.assessments[answer.version] = answer.assessment
        for response in answer.notifications:
            version = response.declaration.version_id if response.declaration else None
            self.told.append(Told(name=name_of(response), version=int(version or answer.version), response=response))
        return answer

    def lodge(self, message: Message) -> Answer:
        """Lodge a declaration or request; a request gets the MRN that was given here."""
        declaration = message.declaration
        raw = message.reading.raw
        if message.kind != "lodged":
            declaration = msgspec.structs.replace(declaration, id=self.mrn)
            raw = encode_json(declaration)
        is_xml = raw is message.reading.raw and message.reading.media == "xml"
        command = Lodge(
            principal=TRADER,
            declaration=declaration,
            raw=raw,
            media_type="application/xml" if is_xml else "application/json",
            faults=message.reading.faults,
            key=f"{message.file}:{len(self.steps)}",
        )
        answer = self.submit(f"{message.kind} {message.file}", command)
        self.case_id = answer.case_id or self.case_id
        return answer

    def act(self, act: OfficerActKind, result: str | None = None) -> Answer:
        """Let an officer, or the system of a port, do something."""
        return self.submit(
            f"{act} {result or ''}".strip(),
            OfficerAct(principal=OFFICER, case_id=self.case_id, act=act, result=result, reason="as published"),
        )

    def pass_time(self, act: str) -> None:
        """Let a clock of the case run out."""
        if any(case_id == self.case_id and due == act for case_id, due, _ in self.store.due("9999")):
            self._now += timedelta(seconds=WAIT_S)
            self.submit(f"time passed: {act}", DeadlinePassed(case_id=self.case_id, act=act))


def replay(
    profile: Profile, assessor: AssessesDeclarations, scenario: Scenario, message: Message, run: Run | None
) -> Replayed:
    """Play one declaration of a scenario with its requests and movements, as far as `run` shows that they happened."""
    play = Replay(profile, assessor, run, message)
    play.last = message is scenario.lodged[-1]
    first = play.lodge(message)
    if first.outcome in ("accepted", "registered"):
        _go_on(play, scenario, message, run)
    return Replayed(
        outcome=first.outcome,
        status=play.status,
        told=tuple(play.told),
        assessments=play.assessments,
        steps=tuple(play.steps),
        refused=tuple(play.refused),
    )


def _go_on(play: Replay, scenario: Scenario, message: Message, run: Run | None) -> None:
    requests = [each for each in scenario.requests if _about(each, scenario, message)]
    amendments = [each for each in requests if each.kind == "COR"]
    codes = {reply.code for reply in run.replies} if run is not None else set()
    released_before = run is None or _cleared_before_request(run)
    if play.status == "registered":
        for each in amendments:
            _request(play, each, run)
        amendments = []
        _present(play, scenario, requests, run)
    if released_before:
        _finish(play, codes, run)
    for each in amendments:
        _request(play, each, run)
    _finish(play, codes, run)
    for each in requests:
        if each.kind == "INV":
            _request(play, each, run)
    departed = play.last and any(movement.code == "EDL" for movement in scenario.movements)
    if (departed and (run is None or "16" in codes)) or "16" in codes:
        play.act("confirm_exit")


def _request(play: Replay, request: Message, run: Run | None) -> None:
    """Lodge a request; where it waits for an officer, let him decide as the replies show."""
    play.lodge(request)
    row = play.store.case(play.case_id)
    if row is None or case_of(row[0].state).open_request is None:
        return
    answers = {reply.name for reply in run.replies} if run is not None else {"11/39"}
    if "11/39" in answers:
        play.act("grant_request")
    elif "11/41" in answers:
        play.act("refuse_request")


def _present(play: Replay, scenario: Scenario, requests: list[Message], run: Run | None) -> None:
    """Present a pre-lodged declaration: by its notice, by an arrival message, or as the replies show."""
    notice = next((each for each in requests if each.kind == "GPR"), None)
    arrived = play.last and any(movement.code == "EAL" for movement in scenario.movements)
    accepted = run is not None and any(reply.code == "01" for reply in run.replies)
    if notice is not None:
        play.lodge(notice)
    elif accepted and not arrived and message_is_import(scenario):
        play.lodge(_presentation_of(scenario.lodged[0]))
    elif arrived or accepted:
        play.act("confirm_arrival")


def message_is_import(scenario: Scenario) -> bool:
    """Say whether the first declaration is an import: its goods are presented by a notice, not by a port's system."""
    return (scenario.lodged[0].declaration.type_code or "").startswith("IM")


def _presentation_of(message: Message) -> Message:
    """Return the notice of presentation that the replies answer, where the folder does not hold it."""
    notice = Declaration(function_code="13", functional_reference_id=message.lrn, type_code="GPR")
    reading = Reading(declaration=notice, media="json", raw=encode_json(notice))
    return Message(file="(not in the folder)", reading=reading)


def _finish(play: Replay, codes: set[str], run: Run | None) -> None:
    """End controls where the replies show a clearance, and let the waiting time run out."""
    ended = run is None or bool(codes & {"08", "09"})
    if ended and play.status in ("documents_required", "under_control"):
        if play.status == "documents_required" or "documents_required" in _opened(play):
            play.act("documents_checked", "conform")
        if play.status == "under_control":
            play.act("control_result", "conform")
    play.pass_time("release")


def _opened(play: Replay) -> set[str]:
    return {"documents_required"} if any(told.code == "06" for told in play.told) else set()


def _about(request: Message, scenario: Scenario, message: Message) -> bool:
    if len(scenario.lodged) == 1:
        return True
    return request.lrn == message.lrn or (
        message is scenario.lodged[0] and not any(request.lrn == other.lrn for other in scenario.lodged)
    )


def _cleared_before_request(run: Run) -> bool:
    cleared = min((reply.issued for reply in run.replies if reply.code == "09"), default="")
    answered = min((reply.issued for reply in run.replies if reply.code == "11"), default="")
    return bool(cleared) and (not answered or cleared <= answered)


def name_of(response: Response) -> str:
    """Return the name of a notification: `01`, `13/67`, `11/39`."""
    code = response.function_code or ""
    status = response.status[0].name_code if response.status else None
    return f"{code}/{status}" if code in ("11", "13") and status else code


def _waiting(profile: Profile) -> Profile:
    """Return the profile with a waiting time before release, in which a request can still come."""
    settings: dict[str, Any] = dict(profile.settings)
    settings["clocks"] = dict(settings.get("clocks", {})) | {"release_wait_s": WAIT_S}
    return Profile(Path(profile.folder), settings)


def _start(run: Run | None, message: Message) -> datetime:
    """Return the time at which the case begins: shortly before its first reply, else its own date."""
    first = min((reply.issued for reply in run.replies if reply.issued), default="") if run is not None else ""
    if first:
        return datetime.fromisoformat(first.replace("Z", "+00:00")) - timedelta(seconds=2)
    return datetime(2026, 1, 1, 9, tzinfo=UTC)
