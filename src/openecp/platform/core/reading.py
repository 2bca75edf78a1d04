# SPDX-License-Identifier: Apache-2.0
"""Bytes become declarations, the same way for API and command line: one message, or a JSON list of them."""

from __future__ import annotations

import hashlib
from typing import Literal

import msgspec

from openecp.border.lodgement.commands import Lodge
from openecp.kernel.assessment.reasons import Reason
from openecp.kernel.datamodel.declaration import Declaration
from openecp.kernel.parties.model import Principal
from openecp.platform.wire import Reading, Unreadable, read, split_json_list

Media = Literal["xml", "json"]
MediaType = Literal["application/xml", "application/json"]


class Message(msgspec.Struct, frozen=True):
    """One message as it came, and what was read in it."""

    data: bytes
    media: Media
    reading: Reading | None = None
    unreadable: Unreadable | None = None

    @property
    def declaration(self) -> Declaration | None:
        """The declaration, None where the message is unreadable."""
        return self.reading.declaration if self.reading is not None else None


def sniff(data: bytes) -> Media:
    """Tell JSON from XML by the first character that is not blank."""
    head = data[:64].removeprefix(b"\xef\xbb\xbf").lstrip()
    return "json" if head[:1] in (b"{", b"[") else "xml"


def is_list(data: bytes, media: Media) -> bool:
    """Tell whether a JSON message is a list of declarations."""
    return media == "json" and data[:64].removeprefix(b"\xef\xbb\xbf").lstrip()[:1] == b"["


def read_message(data: bytes, media: Media) -> Message:
    """Read one message; what is wrong with it is in the result."""
    try:
        return Message(data, media, reading=read(data, media=media))
    except Unreadable as fault:
        return Message(data, media, unreadable=fault)


def read_messages(data: bytes, media: Media | None = None, *, most: int = 100_000) -> list[Message]:
    """Read one message or a JSON list of messages, each on its own."""
    media = media or sniff(data)
    if not is_list(data, media):
        return [read_message(data, media)]
    try:
        entries = split_json_list(data)
    except Unreadable as fault:
        return [Message(b"", media, unreadable=fault)]  # no list at all: nothing in it was read
    if len(entries) > most:
        return [
            unreadable("OECP-JSON-LIST", "The list is too long.", f"at most {most} declarations", str(len(entries)))
        ]
    return [read_message(entry, media) for entry in entries]


def unreadable(code: str, message: str, expected: str, got: str, fix: str = "Mend the message.") -> Message:
    """Return a message that cannot be read, for a reason that lies outside its text."""
    fault = Unreadable(code, message, expected=expected, got=got, fix=fix)
    return Message(b"", "json", unreadable=fault)


def reasons_of_reading(reading: Reading) -> tuple[Reason, ...]:
    """Return what reading found: faults, and a warning for each element that nobody understands."""
    unknown = tuple(
        Reason(
            code="OECP-UNKNOWN-ELEMENT",
            layer="syntax",
            rule="unknown_element",
            severity="warn",
            message="This element is not known to the data model. It was kept in the message, and nothing reads it.",
            pointer=None,
            json_pointer=None,
            line=element.line,
            expected="an element of the WCO Data Model declaration",
            got=str(element.path),
            fix="Remove it, or correct its name or place.",
        )
        for element in reading.unknown
    )
    return (*reading.faults, *unknown)


def lodge_command(message: Message, principal: Principal, *, key: str | None = None) -> Lodge:
    """Return the command that lodges a message that was read."""
    if message.reading is None:
        raise ValueError("a message that cannot be read cannot be lodged")
    media_type: MediaType = "application/json" if message.media == "json" else "application/xml"
    return Lodge(
        principal=principal,
        declaration=message.reading.declaration,
        raw=message.data,
        media_type=media_type,
        faults=reasons_of_reading(message.reading) if message.reading.unknown or message.reading.faults else (),
        key=key,
        body_hash=hashlib.sha256(message.data).digest(),
    )
