# SPDX-License-Identifier: Apache-2.0
"""Lodge over HTTP: one declaration or request as XML or JSON, or a JSON list of them; an answer for each.

Limits: bytes of the body, declarations in a list, length of the idempotency key (all in the settings or below).
"""

from __future__ import annotations

import asyncio
import time
from functools import lru_cache

import msgspec

from openecp.kernel.assessment.reasons import Assessment, Reason
from openecp.kernel.casework.answer import Answer
from openecp.kernel.parties.model import Principal
from openecp.platform.api.http import TITLES, Problem, Refusal, Reply, json_reply, problem_of_reason, problem_reply
from openecp.platform.api.metrics import Counters
from openecp.platform.core.client import CoreClient
from openecp.platform.core.reading import Media, Message, is_list, lodge_command, read_message, read_messages
from openecp.platform.core.results import (
    ErrorFace,
    NotificationFace,
    TaxFace,
    complete,
    error_face,
    error_of_unreadable,
    notification_face,
    tax_faces,
)
from openecp.platform.core.settings import Settings
from openecp.platform.wire import Unreadable

MAX_KEY = 255
MEDIA_TYPES: dict[str, Media] = {"application/xml": "xml", "text/xml": "xml", "application/json": "json"}


class Lodged(msgspec.Struct, kw_only=True):
    """What became of a declaration or a request; `http_status` is that of a single one, told here within a list."""

    outcome: str
    http_status: int
    case_id: str | None
    lrn: str | None
    mrn: str | None
    status: str | None
    version: int
    channel: str | None
    errors: list[ErrorFace]
    taxes: list[TaxFace]
    reasons: tuple[Reason, ...]
    notifications: list[NotificationFace]
    first_seq: int
    last_seq: int


@lru_cache(maxsize=256)
def media_of(content_type: str | None) -> Media:
    """Return how a body is written.

    Raises: Refusal 415.
    """
    name, _, parameters = (content_type or "").partition(";")
    media = MEDIA_TYPES.get(name.strip().lower())
    charset = parameters.lower().replace(" ", "").replace('"', "").partition("charset=")[2].partition(";")[0]
    if media is None or (media == "json" and charset not in ("", "utf-8", "utf8")):
        raise Refusal(
            415,
            "OECP-MEDIA-TYPE",
            "A declaration is written in XML or in JSON.",
            where="header Content-Type",
            expected="application/xml or application/json (UTF-8)",
            got=(content_type or "none")[:80],
            fix="Say in Content-Type which of the two the body is.",
        )
    return media


def media_name(content_type: str | None) -> str:
    """Return the media type of a Content-Type, without its parameters."""
    return (content_type or "").partition(";")[0].strip().lower()


def key_of(text: str | None) -> str | None:
    """Return the idempotency key.

    Raises: Refusal 400.
    """
    if text is None:
        return None
    key = text.strip().strip('"')
    if not key or len(key) > MAX_KEY or not key.isascii() or not key.isprintable():
        raise Refusal(
            400,
            "OECP-IDEMPOTENCY-KEY",
            "The idempotency key cannot be used.",
            where="header Idempotency-Key",
            expected=f"1 to {MAX_KEY} printable ASCII characters",
            got=f"{len(text)} characters",
            fix="Send a UUID.",
        )
    return key


def too_large(limit: int, got: str) -> Refusal:
    """Return the refusal of a body above the limit."""
    return Refusal(
        413,
        "OECP-TOO-LARGE",
        "The message is too large.",
        where="body",
        expected=f"at most {limit} bytes",
        got=got,
        fix="Split a list; a single declaration of this size cannot be lodged.",
    )


class Lodging:
    """Reads bodies and hands declarations to the core."""

    def __init__(self, core: CoreClient, settings: Settings, counters: Counters) -> None:
        self._core = core
        self._settings = settings
        self._counters = counters

    async def lodge(self, principal: Principal, media: Media, body: bytes, key: str | None) -> Reply:
        """Lodge what a body holds, and answer after the commit."""
        if is_list(body, media):
            return await self._lodge_list(principal, media, body, key)
        began = time.monotonic()
        message = read_message(body, media)
        if message.unreadable is not None:
            self._counters.lodged("unreadable", time.monotonic() - began)
            return problem_reply(problem_of_unreadable(message.unreadable))
        answer = await self._core.submit(lodge_command(message, principal, key=key))
        self._counters.lodged(answer.outcome, time.monotonic() - began)
        return reply_of(answer, message, principal)

    async def _lodge_list(self, principal: Principal, media: Media, body: bytes, key: str | None) -> Reply:
        began = time.monotonic()
        messages = read_messages(body, media, most=self._settings.max_list)
        if len(messages) == 1 and messages[0].unreadable is not None and not messages[0].data:
            return problem_reply(problem_of_unreadable(messages[0].unreadable))
        if not messages:
            raise Refusal(
                400,
                "OECP-JSON-LIST",
                "The list is empty.",
                where="/",
                expected="at least one declaration",
                got="none",
                fix="Put declarations into the list.",
            )
        waiting: list[asyncio.Future[Answer] | None] = []
        for number, message in enumerate(messages):
            each = f"{key}#{number}" if key is not None else None
            readable = message.unreadable is None
            waiting.append(self._core.send(lodge_command(message, principal, key=each)) if readable else None)
        entries: list[Lodged | Problem] = []
        for future, message in zip(waiting, messages, strict=True):
            if message.unreadable is not None or future is None:
                entries.append(problem_of_unreadable(_fault(message)))
                self._counters.lodged("unreadable", 0.0)
                continue
            answer = await future
            self._counters.lodged(answer.outcome, time.monotonic() - began)
            entries.append(entry_of(answer, message, principal))
        return json_reply(entries)


def _fault(message: Message) -> Unreadable:
    return message.unreadable or Unreadable("OECP-UNREADABLE", "The message cannot be read.")


def problem_of_unreadable(fault: Unreadable) -> Problem:
    """Return why a message cannot be read as a problem: 400, or 413 where it is too large."""
    status = 413 if fault.code.endswith(("-SIZE", "-TOO-LARGE")) else 400
    return Problem(
        title=TITLES[status],
        status=status,
        code=fault.code,
        detail=fault.message,
        where=fault.json_pointer or (f"line {fault.line}, column {fault.column}" if fault.line is not None else None),
        line=fault.line,
        expected=fault.expected,
        got=fault.got,
        fix=fault.fix,
        errors=[error_of_unreadable(fault)],
    )


def status_of(answer: Answer) -> int:
    """Return the HTTP status of an answer."""
    if answer.http_status not in (200, 201):
        return answer.http_status
    if answer.outcome == "refused":
        return 409
    if answer.outcome == "rejected":
        return 422
    return answer.http_status


def reply_of(answer: Answer, message: Message, principal: Principal) -> Reply:
    """Return an answer over HTTP."""
    entry = entry_of(answer, message, principal)
    if isinstance(entry, Problem):
        return problem_reply(entry)
    return json_reply(entry, entry.http_status)


def entry_of(answer: Answer, message: Message | None, principal: Principal) -> Lodged | Problem:
    """Return an answer as its sender may see it; a rejection and a refusal are problems."""
    status = status_of(answer)
    if answer.error is not None:
        problem = problem_of_reason(answer.error, status)
        problem.lrn, problem.mrn, problem.case_id = answer.lrn, answer.mrn, answer.case_id
        return problem
    assessment = seen(answer.assessment, message, principal)
    return Lodged(
        outcome=answer.outcome,
        http_status=status,
        case_id=answer.case_id,
        lrn=answer.lrn,
        mrn=answer.mrn,
        status=answer.status,
        version=answer.version,
        channel=assessment.channel if assessment else None,
        errors=[error_face(reason) for reason in assessment.errors] if assessment else [],
        taxes=tax_faces(assessment) if assessment else [],
        reasons=assessment.reasons if assessment else (),
        notifications=[notification_face(each) for each in answer.notifications],
        first_seq=answer.first_seq,
        last_seq=answer.last_seq,
    )


def seen(assessment: Assessment | None, message: Message | None, principal: Principal) -> Assessment | None:
    """Return what the principal may see of an assessment, with the places of its reasons."""
    if assessment is None:
        return None
    if message is None or message.reading is None:
        return assessment.for_audience(principal.audience)
    return complete(assessment, message, principal.audience, faults_only=True)
