# SPDX-License-Identifier: Apache-2.0
"""Vague terms as dated rows: what says nothing alone in a field, what says too little inside a longer text.

Columns of the file: term, field (goods or party), match (alone or embedded), action (hold or warn), telling (of an
embedded term: how many telling words beside it suffice, or `always` where none does; 1 is asked only of a list of such
words), advice (a code of advice.csv), valid_from, valid_to (both included, empty: open), source.
Limits: 20,000 rows, 80 characters a term, 4 MB a file.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Iterator, Mapping
from datetime import date
from importlib import resources
from typing import Any, Literal

import msgspec

from openecp.border.data_quality.words import forms, normal

Field = Literal["goods", "party"]
Action = Literal["hold", "warn"]
FIRST_DAY, LAST_DAY = date(1900, 1, 1), date(9999, 12, 31)
MOST_ROWS, LONGEST_TERM, LARGEST_FILE = 20_000, 80, 4_000_000
TERM_COLUMNS = ("term", "field", "match", "action", "telling", "advice", "valid_from", "valid_to", "source")
ALWAYS = 99  # no number of telling words beside it suffices


class TermsRefused(Exception):  # noqa: N818 - what happened, as QuoteRefused
    """A file of terms that cannot be used: which line, what was expected, what stands there, what to do."""

    def __init__(self, message: str, *, where: str, expected: str, got: str, fix: str) -> None:
        super().__init__(f"{where}: {message}: expected {expected}, got {got}. {fix}")
        self.message, self.where, self.expected, self.got, self.fix = message, where, expected, got, fix


class VagueTerm(msgspec.Struct, frozen=True, kw_only=True):
    """One row: a term, where it is looked for, how, what follows, which advice is given, and when it holds."""

    term: str
    field: Field = "goods"
    match: Literal["alone", "embedded"] = "alone"
    action: Action = "hold"
    telling: int = 0
    advice: str = "none"
    valid_from: date = FIRST_DAY
    valid_to: date = LAST_DAY
    source: str = ""

    def holds(self, on: date) -> bool:
        """Say whether the row is in force on a day."""
        return self.valid_from <= on <= self.valid_to


class Advice(msgspec.Struct, frozen=True, kw_only=True):
    """What to write instead, in English and French."""

    code: str
    en: str
    fr: str


def shipped_terms() -> tuple[VagueTerm, ...]:
    """Return the package's own short list."""
    return read_terms(_packaged("terms.csv"), "terms.csv")


def shipped_advice() -> dict[str, Advice]:
    """Return the package's advice by code."""
    rows = csv.DictReader(io.StringIO(_packaged("advice.csv").decode()))
    return {row["code"]: Advice(code=row["code"], en=row["advice_en"], fr=row["advice_fr"]) for row in rows}


def shipped_fillers() -> tuple[str, ...]:
    """Return words that tell nothing about goods: of, for, assorted, pieces."""
    return tuple(row["word"] for row in csv.DictReader(io.StringIO(_packaged("fillers.csv").decode())))


def read_terms(data: bytes, where: str = "terms") -> tuple[VagueTerm, ...]:
    """Read an administration's terms: our CSV, or JSON lists by origin as the reference file has them.

    Raises: TermsRefused, with the first line that cannot be used.
    """
    if len(data) > LARGEST_FILE:
        raise _refused(where, "at most 4 MB", f"{len(data)} bytes", "Split the file.")
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise _refused(where, "UTF-8", f"byte {error.start} is not", "Save the file as UTF-8.") from None
    found = tuple(_read_lists(text, where) if text.lstrip().startswith("{") else _read_csv(text, where))
    if not 0 < len(found) <= MOST_ROWS:
        raise _refused(where, f"1 to {MOST_ROWS:,} terms", str(len(found)), "Correct the file.")
    return found


def _packaged(name: str) -> bytes:
    return (resources.files("openecp.border.data_quality") / name).read_bytes()


def _refused(where: str, expected: str, got: str, fix: str) -> TermsRefused:
    return TermsRefused("the terms cannot be used", where=where, expected=expected, got=got[:80], fix=fix)


def _read_csv(text: str, where: str) -> Iterator[VagueTerm]:
    reader = csv.DictReader(io.StringIO(text), strict=True)
    missing = {"term", "field", "match", "action"} - set(reader.fieldnames or ())
    if missing:
        fix = f"Write the header {','.join(TERM_COLUMNS)}."
        raise _refused(f"{where}, line 1", f"columns {', '.join(sorted(missing))}", str(reader.fieldnames), fix)
    advice = shipped_advice()
    try:
        for row in reader:
            yield _term(row, f"{where}, line {reader.line_num}", advice)
    except csv.Error as error:
        raise _refused(f"{where}, line {reader.line_num}", "cells in matching quotes", str(error), "Mend it.") from None


def _term(row: Mapping[str, str], place: str, advice: Mapping[str, Advice]) -> VagueTerm:
    cell = {name: (row.get(name) or "").strip() for name in TERM_COLUMNS}
    if not normal(cell["term"]) or len(cell["term"]) > LONGEST_TERM:
        raise _refused(place, f"a term of 1 to {LONGEST_TERM} characters", cell["term"] or "nothing", "Write the term.")
    wanted = {"field": ("goods", "party"), "match": ("alone", "embedded"), "action": ("hold", "warn")}
    for name, allowed in wanted.items():
        if cell[name] not in allowed:
            raise _refused(f"{place}, {name}", " or ".join(allowed), cell[name] or "nothing", "Write one of them.")
    if cell["match"] == "embedded" and (cell["field"] == "party" or cell["action"] == "hold"):
        raise _refused(place, "embedded terms in goods, with action warn", cell["field"], "Write match alone.")
    if cell["telling"] not in ("", "1", "2", "always"):
        raise _refused(f"{place}, telling", "1, 2, always or nothing", cell["telling"], "Write one of them.")
    if cell["advice"] and cell["advice"] not in advice:
        raise _refused(f"{place}, advice", f"one of {', '.join(sorted(advice))}", cell["advice"], "Leave it empty.")
    days = [_day(cell[name], f"{place}, {name}") for name in ("valid_from", "valid_to")]
    return VagueTerm(
        term=cell["term"],
        field=cell["field"],  # type: ignore[arg-type] # checked above
        match=cell["match"],  # type: ignore[arg-type]
        action=cell["action"],  # type: ignore[arg-type]
        telling={"": 2, "always": ALWAYS}.get(cell["telling"]) or int(cell["telling"]),
        advice=cell["advice"] or ("party" if cell["field"] == "party" else "none"),
        valid_from=days[0] or FIRST_DAY,
        valid_to=days[1] or LAST_DAY,
        source=cell["source"],
    )


def _day(cell: str, place: str) -> date | None:
    try:
        return date.fromisoformat(cell) if cell else None
    except ValueError:
        raise _refused(place, "a date such as 2026-05-04", cell, "Write year-month-day.") from None


_LISTS: dict[str, Field] = {"consignee_red_flags": "party"}
_NOT_TERMS = ("value_red_flags", "sources")


def _read_lists(text: str, where: str) -> Iterator[VagueTerm]:
    """Lists by origin: a term is refused alone; inside a longer text it is judged as the shipped rows judge it."""
    try:
        lists: Any = msgspec.json.decode(text)
    except msgspec.DecodeError as error:
        raise _refused(where, "JSON", str(error), "Mend the file.") from None
    ours: dict[tuple[str, str, str], VagueTerm] = {
        (term.field, term.match, form): term for term in shipped_terms() for form in forms(term.term)
    }
    for origin, terms in lists.items():
        if not isinstance(terms, list) or origin in _NOT_TERMS:
            continue
        field: Field = "party" if origin.endswith("_party") else _LISTS.get(origin, "goods")
        for number, raw in enumerate(terms, start=1):
            # what stands in brackets is a remark on the term; a list may describe a kind of words instead of one
            term = raw.partition("(")[0].strip() if isinstance(raw, str) else ""
            if not normal(term) or len(term) > LONGEST_TERM:
                raise _refused(f"{where}, {origin}[{number}]", "a term", repr(raw)[:60], "Write a text.")
            yield from _listed(term, field, origin, ours)


def _listed(
    term: str, field: Field, origin: str, ours: Mapping[tuple[str, str, str], VagueTerm]
) -> Iterator[VagueTerm]:
    known = next((ours[key] for form in forms(term) if (key := (field, "alone", form)) in ours), None)
    words = normal(term).split()
    near = [ours[key] for word in reversed(words) for form in forms(word) if (key := (field, "alone", form)) in ours]
    advice = (
        known or next(iter(near), None) or VagueTerm(term="", advice="party" if field == "party" else "kind")
    ).advice
    yield VagueTerm(term=term, field=field, advice=advice, source=origin)
    if field == "goods":
        inside = next((ours[key] for form in forms(term) if (key := (field, "embedded", form)) in ours), None)
        telling = inside.telling if inside else 1
        yield VagueTerm(term=term, match="embedded", action="warn", telling=telling, advice=advice, source=origin)


def in_force(terms: Iterable[VagueTerm], on: date) -> tuple[VagueTerm, ...]:
    """Return the rows that hold on a day."""
    return tuple(term for term in terms if term.holds(on))


VAGUE_TERM_COLUMNS = (
    ("term", "VARCHAR"),
    ("where_found", "VARCHAR"),
    ("action", "VARCHAR"),
    ("valid_from", "DATE"),
    ("valid_to", "DATE"),
)


def vague_term_rows(terms: Iterable[VagueTerm]) -> list[tuple[Any, ...]]:
    """Return the table `vague_terms`, one row a form of a term, for those who show or count terms."""
    rows = {
        (form, f"{term.field}_{term.match}", term.action, term.valid_from, term.valid_to)
        for term in terms
        for form in forms(term.term)
    }
    return sorted(rows)
