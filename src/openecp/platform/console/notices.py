# SPDX-License-Identifier: Apache-2.0
"""Notifications as people read them: what was told, when, with which dates and faults."""

from __future__ import annotations

import msgspec

from openecp.kernel.datamodel.pointers import from_structs
from openecp.kernel.datamodel.response import Error, Response
from openecp.kernel.journal.model import OutboxMessage


class NoticeFault(msgspec.Struct, frozen=True, kw_only=True):
    """One Error of a notification."""

    code: str
    text: str
    pointer: str = ""


class Notice(msgspec.Struct, frozen=True, kw_only=True):
    """One notification of the case."""

    message_id: str
    code: str
    created_at: str
    version: str = ""
    status: str = ""
    faults: tuple[NoticeFault, ...] = ()
    statements: tuple[str, ...] = ()
    text: str = ""  # the whole notification as JSON


def notice_of(message: OutboxMessage) -> Notice:
    """Return a notification for the page; one that cannot be read is still shown as it was sent."""
    code = message.kind.split(" ")[0]
    try:
        body = msgspec.json.decode(message.body, type=Response)
    except (msgspec.ValidationError, msgspec.DecodeError):
        body = Response()
    try:
        text = msgspec.json.format(message.body, indent=2).decode()
    except (msgspec.DecodeError, UnicodeDecodeError):
        text = message.body.decode("utf-8", "replace")
    about = body.declaration
    return Notice(
        message_id=message.message_id,
        code=body.function_code or code,
        created_at=message.created_at,
        version=(about.version_id or "") if about else "",
        status=", ".join(s.name_code for s in body.status if s.name_code),
        faults=tuple(
            NoticeFault(code=e.validation_code or "", text=e.description or "", pointer=_pointer(e)) for e in body.error
        ),
        statements=tuple(i.statement_description for i in body.additional_information if i.statement_description),
        text=text,
    )


def _pointer(error: Error) -> str:
    try:
        return from_structs(error.pointer) if error.pointer else ""
    except ValueError:
        return ""
