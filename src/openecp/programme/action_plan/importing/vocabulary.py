# SPDX-License-Identifier: Apache-2.0
"""The bodies and work programmes that a plan may name, by every name under which they stand in documents.

Reads: `data/bodies.csv`, `data/work_programmes.csv` (codes and aliases); names in both languages from `data/register`.
Limits: 5,000 names.
"""

from __future__ import annotations

import csv
from collections.abc import Iterator
from functools import cache
from importlib.resources import files
from typing import NamedTuple

import msgspec

from openecp.programme.action_plan.importing.fold import fold, squeeze

OPEN_ENDED_KINDS = frozenset({"placeholder", "unspecified"})
_TAIL = 3  # names are looked up by their last (or first) characters


class Name(NamedTuple):
    """One name of a body or work programme, as it is written, and in the form in which it is compared."""

    code: str
    written: str
    squeezed: str


class Names:
    """Names to be found in text from which blanks were taken out, the longest first."""

    def __init__(self, names: list[Name]) -> None:
        self.known: dict[str, Name] = {}
        self.forms: dict[str, set[str]] = {}  # the ways to set blanks in a name
        for name in names:
            self.known.setdefault(name.squeezed, name)
            self.forms.setdefault(name.squeezed, set()).add(fold(name.written))
        ordered = sorted(self.known.values(), key=lambda name: -len(name.squeezed))
        self._by_end: dict[str, list[Name]] = {}
        self._by_start: dict[str, list[Name]] = {}
        for name in ordered:
            self._by_end.setdefault(name.squeezed[-_TAIL:], []).append(name)
            self._by_start.setdefault(name.squeezed[:_TAIL], []).append(name)

    def ending(self, text: str, end: int) -> Iterator[Name]:
        """Yield the names that end at a position, the longest first."""
        for name in self._by_end.get(text[max(end - _TAIL, 0) : end], ()):
            if text.endswith(name.squeezed, 0, end):
                yield name

    def starting(self, text: str, start: int) -> Iterator[Name]:
        """Yield the names that start at a position, the longest first."""
        for name in self._by_start.get(text[start : start + _TAIL], ()):
            if text.startswith(name.squeezed, start):
                yield name


class Vocabulary(msgspec.Struct, frozen=True):
    """What is known by name: bodies, those of them that stand for bodies not named, and work programmes."""

    bodies: Names
    programmes: Names
    open_ended: frozenset[str]


@cache
def shipped_vocabulary() -> Vocabulary:
    """Return the names that ship with the package."""
    bodies, programmes = _rows("bodies.csv"), _rows("work_programmes.csv")
    return Vocabulary(
        Names(_names(bodies, "register/body_names.csv")),
        Names(_names(programmes, "register/work_programme_names.csv")),
        frozenset(row["code"] for row in bodies if row["kind"] in OPEN_ENDED_KINDS),
    )


def _names(rows: list[dict[str, str]], translated: str) -> list[Name]:
    names = [(row["code"], alias) for row in rows for alias in row["aliases"].split("|")]
    names += [(row["code"], row[column]) for row in _rows(translated) for column in ("name_en", "name_fr")]
    return [Name(code, written, squeeze(written)) for code, written in names]


def _rows(name: str) -> list[dict[str, str]]:
    folder = files("openecp.programme.action_plan") / "data"
    return list(csv.DictReader((folder / name).read_text(encoding="utf-8").splitlines()))
