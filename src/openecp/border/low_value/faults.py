# SPDX-License-Identifier: Apache-2.0
"""What is wrong with a basket or a regime: where, what was wanted, what was got, what to do. Never one at a time."""

from __future__ import annotations

import msgspec


class Fault(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One fault, with its place."""

    code: str
    where: str
    message: str
    expected: str
    got: str
    fix: str
    line: int | None = None
    severity: str = "fault"  # "incomplete" where the regime loads and cannot run, "unsourced" where strict mode refuses

    @property
    def text(self) -> str:
        """The fault in one line."""
        place = f"{self.where}, line {self.line}" if self.line else self.where
        return f"{place}: {self.message} Expected {self.expected}; got {self.got}. {self.fix}"


class QuoteRefused(ValueError):  # noqa: N818 - an answer that the sender can act on
    """A quote cannot be given; `faults` says everything that stands in its way."""

    def __init__(self, faults: list[Fault]) -> None:
        super().__init__(" ".join(fault.text for fault in faults[:3]))
        self.faults = tuple(faults)
