# SPDX-License-Identifier: Apache-2.0
"""The patterns of one day: what the terms in force make of a whole field. Python and the SQL step read the same ones.

Why: a pattern fails at the first telling word, so that a good description costs a fraction of a microsecond; what
passes the first of them, a small share, is cut into words and looked up.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from datetime import date

import msgspec

from openecp.border.data_quality.terms import ALWAYS, Action, VagueTerm, in_force, shipped_fillers
from openecp.border.data_quality.words import APART, BLANKS, NO_TEXT, WORD, any_of, forms

COUNT = "(?:x?[0-9]+(?:x|pcs?|kgs?|g|ml|cm|mm)?)"  # a number, or how many of something
JOINS = ("and", "et", "und", "y", "e", "и")
_REFERENCES = ("sku", "ref", "reference", "item", "no", "nr", "art", "article", "model", "part", "number", "code")
_KEYS = ("qwer", "azer", "asdf", "asdas", "sdfg", "dfgh", "fghj", "ghjk", "hjkl", "yxcv", "zxcv", "xcvb", "jkl")
_FEW = "[a-z]?[a-z]?[a-z]?"
_NUMBERED = f"(?:[a-z]{_FEW}[-_./])?[a-z]*[0-9][a-z0-9]*(?:[-_./](?:{_FEW}[0-9][a-z0-9]*|[a-z]{_FEW}))*"
_TITLES = ("mr", "mrs", "ms")
PARTED = "\x7f"  # between the fields of parties when they are read at once
_PARTY_RUBBISH = "(?:x+(?: x+)*|[0-9]+(?: [0-9]+)*|asdf[a-z]*|qwer[a-z]*|azer[a-z]*)"
_DIGIT = re.compile("[0-9]")
_CONSONANT = "[bcdfghjklmnpqrstvwxz]"


class Patterns(msgspec.Struct, frozen=True):
    """Patterns of a day. Those of goods read a folded field from end to end, `always` and `generic` a place in it."""

    no_words: str
    number_only: str
    product_number: str
    rubbish: str
    too_short: str
    thin: str  # nothing but vague and filling words
    lean: str  # one word at most that is neither generic nor filling
    generic: str  # a generic word
    joined: str  # a mark or word that makes a list
    always: str  # a phrase that no other word mends
    suspect: str  # whatever the patterns of a whole field may match: asked first, since nearly nothing does
    party: str  # a field that may be a placeholder, among fields with PARTED between them
    party_rubbish: str  # of a name or address in its comparable form
    terms: dict[str, Action]  # sorted words of what is vague alone
    parties: dict[str, Action]  # placeholders in their comparable form
    fillers: tuple[str, ...]


def patterns_on(terms: Iterable[VagueTerm], on: date, fillers: Sequence[str] | None = None) -> Patterns:
    """Return the patterns of a day."""
    rows = in_force(terms, on)
    empty = sorted({form for word in (shipped_fillers() if fillers is None else fillers) for form in forms(word)})
    alone, generic = _forms(rows, "goods", "alone"), _forms(rows, "goods", "embedded", 2)
    always = any_of(_forms(rows, "goods", "embedded", ALWAYS))
    small = f"(?:{COUNT}|{any_of(sorted({*alone, *generic, *empty}))})"
    whole = {
        "no_words": f"{APART}*",
        "number_only": f"{APART}+(?:[0-9]+{APART}+)+",
        "product_number": f"{APART}+(?:(?:{_NUMBERED}|{any_of(_REFERENCES)}){APART}+)+",
        "rubbish": f"{APART}+(?:{_struck()}{APART}+)+",
        "too_short": f"{APART}+[a-z]?[a-z]{APART}+",
        "thin": f"{APART}+(?:{small}{APART}+)+",
        "lean": _lean(generic, empty),
    }
    parties = _parties(rows)
    return Patterns(
        **whole,
        generic=f"{APART}{any_of(generic)}{APART}",
        joined=f"[,;/&+|]|{APART}{any_of(JOINS)}{APART}",
        always=f"{APART}{always}{APART}",
        suspect="|".join(f"(?:{pattern})" for name, pattern in whole.items()),
        party=f"{PARTED}{APART}*(?:{any_of(sorted({*parties, *_as_written(rows)}))}|{_PARTY_RUBBISH})?{APART}*{PARTED}",
        party_rubbish=_PARTY_RUBBISH,
        terms=_by_words(rows, frozenset(empty)),
        parties=parties,
        fillers=tuple(empty),
    )


def _forms(rows: Iterable[VagueTerm], field: str, match: str, telling: int | None = None) -> list[str]:
    chosen = (row for row in rows if row.field == field and row.match == match)
    return sorted({form for row in chosen if telling is None or row.telling == telling for form in forms(row.term)})


def _lean(generic: Sequence[str], empty: Sequence[str]) -> str:
    little = f"(?:{COUNT}|{any_of([*generic, *empty])}){APART}+"
    return f"{APART}+(?:{little})*{WORD}+{APART}+(?:{little})*" if generic else NO_TEXT


def _struck() -> str:
    """Keys struck in a row, one letter over and over, five consonants and nothing else."""
    one_letter = "|".join(f"{letter * 3}+" for letter in "abcdefghijklmnopqrstuvwxyz")
    return f"(?:{any_of(_KEYS)}[a-z]*|{one_letter}|{_CONSONANT * 5}+)"


def _parties(rows: Iterable[VagueTerm]) -> dict[str, Action]:
    """Return placeholders in their comparable form: once, twice, after a title; a hold goes before a warning."""
    found: dict[str, Action] = {"": "hold"}
    for row in rows:
        if row.field == "party":
            for form in forms(row.term):
                titled = [f"{title} {form}" for title in _TITLES] if " " not in form else []
                for written in (form, f"{form} {form}", *titled):
                    if found.get(written) != "hold":
                        found[written] = row.action
    return found


def _as_written(rows: Iterable[VagueTerm]) -> set[str]:
    """Return placeholders with their accents: names and addresses are looked at without taking accents off."""
    found = (row.term.lower() for row in rows if row.field == "party" and not row.term.isascii())
    return {" ".join(text.translate(BLANKS).split()) for text in found}


def _by_words(rows: Iterable[VagueTerm], empty: frozenset[str]) -> dict[str, Action]:
    """Return what is vague alone by its words, sorted; a hold goes before a warning."""
    found: dict[str, Action] = {}
    for row in rows:
        if row.field == "goods" and row.match == "alone":
            for form in forms(row.term):
                key = sorted_words(form.split(" "), empty)
                if found.get(key) != "hold":
                    found[key] = row.action
    for word in ("", *empty):  # nothing but filling words
        found.setdefault(word, "hold")
    return found


def sorted_words(words: Iterable[str], empty: frozenset[str]) -> str:
    """Return the words that are neither filling nor numbers, each once, sorted, with a blank between them."""
    return " ".join(sorted({word for word in words if word and word not in empty and not _DIGIT.search(word)}))
