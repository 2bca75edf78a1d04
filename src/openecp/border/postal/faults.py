# SPDX-License-Identifier: Apache-2.0
"""What is wrong with a postal item, a table or a file: where, wanted, got, what to do. Never one at a time."""

from __future__ import annotations

from typing import Literal

import msgspec

FAULTS_MAX = 200  # told of one item or file


class PostalFault(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One thing that is wrong, with its place: `pieces[0].hs`; a warning shuts nothing out."""

    code: str
    where: str
    message: str
    expected: str
    got: str
    fix: str
    line: int | None = None
    severity: Literal["fault", "warning"] = "fault"

    @property
    def text(self) -> str:
        """The fault in one line."""
        place = f"{self.where}, line {self.line}" if self.line else self.where
        return f"{place}: {self.message} Expected {self.expected}; got {self.got}. {self.fix}"


class PostalRefused(ValueError):  # noqa: N818 - an answer that the post can act on
    """Something cannot be used; `faults` says all that stands in its way."""

    def __init__(self, faults: list[PostalFault] | tuple[PostalFault, ...]) -> None:
        super().__init__(" ".join(fault.text for fault in faults[:3]))
        self.faults = tuple(faults)[:FAULTS_MAX]


def shown(text: object, length: int = 80) -> str:
    """Return what was got, fit for one line of an error."""
    plain = "".join(c if c.isprintable() else " " for c in str(text)[: length * 2])
    plain = " ".join(plain.split())
    if not plain:
        return "nothing"
    return plain if len(plain) <= length else plain[: length - 1] + "…"


def refuse(code: str, where: str, message: str, *, expected: str, got: object, fix: str) -> PostalRefused:
    """Return a refusal with one fault."""
    fault = PostalFault(code=code, where=where, message=message, expected=expected, got=shown(got), fix=fix)
    return PostalRefused([fault])
