# SPDX-License-Identifier: Apache-2.0
"""What reading a message gives: the declaration, what was not understood, and why a message cannot be read."""

from __future__ import annotations

from typing import Literal

import msgspec

from openecp.kernel.assessment.reasons import Reason
from openecp.kernel.datamodel.binding import MetaData
from openecp.kernel.datamodel.declaration import Declaration
from openecp.kernel.datamodel.response import Response

Media = Literal["xml", "json"]


class Limits(msgspec.Struct, frozen=True, kw_only=True):
    """How much one message may hold. Above a limit it is refused, before memory is spent on it.

    Source: 999 items (the data model's most) of 5 kB each fill a third of `size`.
    """

    size: int = 16 * 1024 * 1024  # bytes
    depth: int = 64  # elements or objects within each other
    markup: int = 500_000  # tags, attributes, objects or fields
    reported: int = 200  # entries each of `unknown` and `faults`


DEFAULT_LIMITS = Limits()


class UnknownElement(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Something that the message holds and the data model does not: where it is, and what it says.

    `path` is made of element names from the root, with `[n]` where a name repeats and `@` before an attribute;
    for JSON it is a JSON pointer.
    """

    path: str
    line: int | None = None
    text: str = ""


class Unreadable(Exception):  # noqa: N818 - a state of the message, and the word that users see
    """The message cannot be read as a declaration; says where, what was expected, what was got, what to do."""

    def __init__(
        self,
        code: str,
        message: str,
        *,
        line: int | None = None,
        column: int | None = None,
        json_pointer: str | None = None,
        expected: str | None = None,
        got: str | None = None,
        fix: str | None = None,
    ) -> None:
        super().__init__(code, message)
        self.code = code
        self.message = message
        self.line = line
        self.column = column
        self.json_pointer = json_pointer
        self.expected = expected
        self.got = got
        self.fix = fix

    def __str__(self) -> str:
        place = f" (line {self.line}, column {self.column})" if self.line is not None else ""
        return f"{self.code}: {self.message}{place}"

    def as_reason(self) -> Reason:
        """Return the same as a reason of the layer `syntax`."""
        return Reason(
            code=self.code,
            layer="syntax",
            rule="readable_message",
            message=self.message,
            json_pointer=self.json_pointer,
            line=self.line,
            expected=self.expected,
            got=self.got,
            fix=self.fix,
        )


class Reading(msgspec.Struct, frozen=True, kw_only=True):
    """A declaration as read, with all that the message holds beside it.

    `unknown` was understood by nobody and is reported so that nothing is lost silently; `faults` are places where
    the message breaks the data model's form (a value where a group belongs, an element given too often).
    """

    declaration: Declaration
    media: Media
    raw: bytes
    envelope: MetaData | None = None
    unknown: tuple[UnknownElement, ...] = ()
    faults: tuple[Reason, ...] = ()

    def line_of(self, pointer: str) -> int | None:
        """Return the line of the message where a WCO pointer's element stands; where it is absent, of what encloses it.

        Reads the message again: free for those who never ask.
        """
        return self.lines_of((pointer,))[0]

    def lines_of(self, pointers: tuple[str, ...]) -> tuple[int | None, ...]:
        """Return the lines of several pointers, reading the message again only once."""
        from openecp.platform.wire.lines import lines_of  # lazily: seldom asked

        return lines_of(self.raw, self.media, self.declaration, pointers)


class ResponseReading(msgspec.Struct, frozen=True, kw_only=True):
    """The replies in one message; an envelope may hold several."""

    responses: tuple[Response, ...]
    envelope: MetaData | None = None
    unknown: tuple[UnknownElement, ...] = ()
    faults: tuple[Reason, ...] = ()


def excerpt(text: str, length: int = 80) -> str:
    """Return text fit for one line of an error: white space joined, control characters out, cut to `length`.

    Text of nothing else gives the number of its first character.
    """
    plain = " ".join("".join(c if c.isprintable() else " " for c in text[: length * 4]).split())
    if not plain and text:
        return f"the character U+{ord(text[0]):04X}"
    return plain if len(plain) <= length else plain[: length - 1] + "…"
