# SPDX-License-Identifier: Apache-2.0
"""Surveys: the page that a link opens, answered once without signing in; invitations; results."""

from __future__ import annotations

import asyncio
import secrets
from typing import Any

from litestar import Response, get, post
from litestar.exceptions import PermissionDeniedException
from litestar.response import Redirect

from openecp.kernel.parties.model import Principal
from openecp.platform.console.pages import (
    HEADERS,
    AnyRequest,
    AtConsole,
    ByVisitor,
    Console,
    InPath,
    Page,
    in_thread,
    redirect,
)
from openecp.platform.console.records import words
from openecp.platform.console.records.frame import RecordFrame, book_of
from openecp.platform.console.records.record import record_page
from openecp.platform.console.session import Visitor
from openecp.platform.console.signin import form_is_ours, form_of
from openecp.platform.core.model import ProgrammeCommand
from openecp.platform.core.recordbook import RecordReader
from openecp.platform.core.surveyfile import export_csv
from openecp.programme.compendia.commands import (
    AnswerSurvey,
    CloseSurvey,
    InviteToSurvey,
    NewInvitation,
    OpenSurvey,
    RecordAct,
)
from openecp.programme.compendia.record import RecordState
from openecp.programme.compendia.surveys import answer_faults, invitation_of, secret_digest, token_of

INVITED = Principal(principal_id="survey-link", kind="system", organisation="survey", name="", roles=())
EVERYTHING = RecordReader(moderates=True)
TOKEN_MAX = 120
FORM_BYTES_MAX = 500_000


def _survey_page(
    request: AnyRequest,
    console: Console,
    visitor: Visitor,
    state: RecordState | None,
    *,
    kind: str,
    answers: dict[str, str] | None = None,
    faults: Any = (),
    address: str = "/console",
    status_code: int = 200,
) -> Page:
    return console.page(
        request,
        visitor,
        "records/survey.html",
        status_code=status_code,
        address=address,
        headers={"Referrer-Policy": "no-referrer"},
        state=state,
        kind=kind,
        answers=answers or {},
        faults=faults,
        rw=words,
        scale=list(words.SCALE.items()),
    )


def _found(console: Console, record: str, token: str) -> tuple[RecordState | None, str]:
    """Return the survey that a link opens and how it stands: open, answered, closed, or wrong link."""
    try:
        state = book_of(console).record(record, EVERYTHING)
    except LookupError:
        return None, "wrong"
    invitation = invitation_of(state.survey, token) if len(token) <= TOKEN_MAX else None
    if state.survey is None or invitation is None:
        return None, "wrong"
    if invitation.answer is not None:
        return state, "answered"
    return state, "open" if state.survey.takes_answers(console.now_text()[:10]) else "closed"


@get("/survey/{record:str}/{token:str}")
@in_thread
def show_survey(request: AnyRequest, console: AtConsole, visitor: ByVisitor, record: InPath, token: InPath) -> Page:
    """The questions that a link opens; no account is needed."""
    state, kind = _found(console, record, token)
    status = {"wrong": 404}.get(kind, 200)
    return _survey_page(
        request, console, visitor, state, kind=kind, address=_address(record, token), status_code=status
    )


@post("/survey/{record:str}/{token:str}", request_max_body_size=FORM_BYTES_MAX)
async def answer_survey(
    request: AnyRequest, console: AtConsole, visitor: ByVisitor, record: InPath, token: InPath
) -> Page:
    """Take the answers, once."""
    fields = await form_of(request)
    state, kind = await asyncio.to_thread(_found, console, record, token)
    address = _address(record, token)
    if state is None or state.survey is None or kind != "open":
        status = 404 if kind == "wrong" else 409
        return _survey_page(request, console, visitor, state, kind=kind, address=address, status_code=status)
    given = {q.id: fields.get(f"q.{q.id}", "").replace("\r\n", "\n") for q in state.survey.questions}
    if visitor.fresh or not form_is_ours(request, visitor, fields):
        return _survey_page(
            request, console, visitor, state, kind="stale", answers=given, address=address, status_code=403
        )
    faults = list(answer_faults(state.survey.questions, given))
    if faults:
        return _survey_page(
            request, console, visitor, state, kind="open", answers=given, faults=faults, address=address,
            status_code=422,
        )  # fmt: skip
    act = AnswerSurvey(record=record, token=token, answers=given)
    answer = await console.core.submit(ProgrammeCommand(principal=INVITED, act=act))
    if answer.error is None:
        return _survey_page(request, console, visitor, state, kind="thanks", address=address)
    kinds = {"OECP-SURVEY-ANSWERED": "answered", "OECP-SURVEY-CLOSED": "closed", "OECP-RECORD-VALUES": "empty"}
    return _survey_page(
        request, console, visitor, state, kind=kinds.get(answer.error.code, "failed"), answers=given, address=address,
        status_code=answer.http_status,
    )  # fmt: skip


def _address(record: str, token: str) -> str:
    return f"/console/survey/{record[:130]}/{token[:TOKEN_MAX]}"


@post("/records/{record:str}/survey")
async def do_survey(request: AnyRequest, console: AtConsole, visitor: ByVisitor, record: InPath) -> Page | Redirect:
    """Open or close a survey, or invite to it; the links of the invited are shown on this one page and never again."""
    frame = RecordFrame(request, console, visitor)
    if not frame.moderates:
        raise PermissionDeniedException
    state = await asyncio.to_thread(frame.state, record)
    filled = await form_of(request)
    if not form_is_ours(request, visitor, filled):
        return await asyncio.to_thread(record_page, frame, record, stale=True, filled=filled, status_code=403)
    links: list[tuple[int, str, str]] = []
    act: RecordAct
    match filled.get("act"):
        case "open_survey":
            act = OpenSurvey(record=record, closes_on=filled.get("closes_on", "").strip() or None)
        case "close_survey":
            act = CloseSurvey(record=record)
        case "invite":
            act, links = await asyncio.to_thread(_invitations, frame, state, filled)
        case _:
            raise PermissionDeniedException
    answer = await frame.submit(act)
    if answer.error is not None:
        status = answer.http_status if 400 <= answer.http_status < 500 else 409
        return await asyncio.to_thread(
            record_page, frame, record, refusal=answer.error, filled=filled, status_code=status
        )
    if links:
        return frame.page("invitations.html", state=state, links=links, address=frame.href(record))
    return redirect(frame.href(record, done=filled["act"]))


def _invitations(
    frame: RecordFrame, state: RecordState, filled: dict[str, str]
) -> tuple[InviteToSurvey, list[tuple[int, str, str]]]:
    """Return the command that invites, and number, Member and link of each of the invited."""
    codes = filled.get("members", "").upper().replace(",", " ").replace(";", " ").split()
    if filled.get("all") == "yes":
        codes += [code for code, member in frame.book.members().items() if member.region]
    anonymous = filled.get("anonymous", "").strip()
    wanted = list(dict.fromkeys(codes)) + [""] * (min(int(anonymous), 1000) if anonymous.isdigit() else 0)
    first = len(state.survey.invitations) + 1 if state.survey is not None else 1
    host = f"{frame.request.url.scheme}://{frame.request.url.netloc}"
    made: list[NewInvitation] = []
    links = []
    for number, member in enumerate(wanted[:1001], start=first):
        secret, salt = secrets.token_urlsafe(32), secrets.token_hex(16)
        made.append(NewInvitation(member=member, salt=salt, sha256=secret_digest(salt, secret)))
        links.append((number, member, f"{host}{_address(state.id, token_of(number, secret))}"))
    return InviteToSurvey(record=state.id, invitations=tuple(made), first=first), links


@get("/records/{record:str}/results")
@in_thread
def show_results(request: AnyRequest, console: AtConsole, visitor: ByVisitor, record: InPath) -> Page | Response[bytes]:
    """What is told of the answers: counts, response by region; nothing that names a group of fewer than three."""
    frame = RecordFrame(request, console, visitor)
    if not frame.moderates:
        raise PermissionDeniedException
    state = frame.state(record)
    return frame.page("results.html", state=state, tally=frame.book.tally(state), rates=frame.book.rates(state))


@get("/records/{record:str}/results.csv")
@in_thread
def results_csv(request: AnyRequest, console: AtConsole, visitor: ByVisitor, record: InPath) -> Response[bytes]:
    """The anonymised answers as CSV."""
    frame = RecordFrame(request, console, visitor)
    if not frame.moderates:
        raise PermissionDeniedException
    state = frame.state(record)
    questions = [question.id for question in state.survey.questions] if state.survey is not None else []
    return Response(
        content=export_csv(frame.book.export(state), questions).encode(),
        media_type="text/csv; charset=utf-8; header=present",
        headers={**HEADERS, "Content-Disposition": f'attachment; filename="{record}.csv"'},
    )
