# SPDX-License-Identifier: Apache-2.0
"""Why something about an audit cannot be done."""

from __future__ import annotations


class AuditRefused(Exception):  # noqa: N818 - it is an answer, not a failure of the program
    """An act on an audit is refused: where, expected, got, fix."""

    def __init__(
        self, message: str, *, where: str, expected: str, got: str, fix: str, code: str = "OECP-AUDIT",
        status: int = 422,
    ) -> None:  # fmt: skip
        super().__init__(f"{message} ({where}: expected {expected}, got {got}; {fix})")
        self.message, self.where, self.expected, self.got, self.fix = message, where, expected, got, fix
        self.code, self.status = code, status
