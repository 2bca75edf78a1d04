# SPDX-License-Identifier: Apache-2.0
"""Refusals of everything about models: a training file, a model file, an act on the registry."""

from __future__ import annotations


class ModelRefused(Exception):  # noqa: N818 - it is an answer, not a failure of the program
    """Something about a model is refused; says where, what was expected, what was got and what to do."""

    def __init__(self, message: str, *, where: str, expected: str, got: str, fix: str, code: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.where, self.expected, self.got, self.fix = where, expected, got, fix
        self.code = code or "OECP-MODEL-REFUSED"
