# SPDX-License-Identifier: Apache-2.0
"""Questionnaires for collection by hand: which moments of a consignment are asked for, and what else is."""

from __future__ import annotations

from functools import cache
from importlib.resources import files

import msgspec

from openecp.border.time_release.study import StudyFault


class Words(msgspec.Struct, frozen=True):
    """A text in two languages."""

    en: str
    fr: str

    def of(self, language: str) -> str:
        """Return the text in one language."""
        return self.fr if language == "fr" else self.en


class Form(msgspec.Struct, frozen=True, kw_only=True):
    """One questionnaire: its title, its fields, and the activities whose moments it asks for."""

    en: str
    fr: str
    fields: tuple[str, ...]
    moments: tuple[str, ...]


class Forms(msgspec.Struct, frozen=True, kw_only=True):
    """The questionnaires that ship, and the words of their fields."""

    fields: dict[str, Words]
    forms: dict[str, Form]


@cache
def shipped_forms() -> Forms:
    """Return the questionnaires that ship."""
    data = (files("openecp.border.time_release.report") / "texts" / "forms.toml").read_bytes()
    return msgspec.toml.decode(data, type=Forms)


def form_named(name: str) -> Form:
    """Return a questionnaire by its name.

    Raises: StudyFault.
    """
    found = shipped_forms().forms.get(name)
    if found is None:
        raise StudyFault("form", ", ".join(shipped_forms().forms), name[:60], "Name one of these.")
    return found
