# SPDX-License-Identifier: Apache-2.0
"""The words of a paper in one language: sentences from the catalogue, dates, numbers, names of codes.

Reads: `catalogue/en.toml`, `catalogue/fr.toml`; names of codes come from the caller.
Raises: CatalogueError for a sentence, a value or a code that has no words: nothing is filled from another language.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping, Sequence
from decimal import Decimal
from functools import cache
from importlib.resources import files
from typing import Any

from openecp.programme.reports.paper import Language

Codes = Mapping[str, Mapping[str, str]]  # kind of code: code: its word in the paper's language
NO_BREAK = "\u00a0"
_MONTHS: Mapping[Language, tuple[str, ...]] = {
    "en": (
        "January", "February", "March", "April", "May", "June",
        "July", "August", "September", "October", "November", "December",
    ),
    "fr": (
        "janvier", "février", "mars", "avril", "mai", "juin",
        "juillet", "août", "septembre", "octobre", "novembre", "décembre",
    ),
}  # fmt: skip
_BEFORE = re.compile(r" +(?=[:;?!»%](?:\W|$)|→)")
_AFTER = re.compile(r"(?<=[«]) +|(?<=\bn°) +")
_FEMININE = ("Commission", "Fédération")


class CatalogueError(Exception):
    """A word is missing: says which, in which language, and where to write it."""


class Wording:
    """Says things in one language. `codes` are the words for codes (lifecycles, colours, …) in that language."""

    def __init__(self, language: Language, codes: Codes) -> None:
        self.language: Language = language
        self._codes = codes
        self._sentences = sentences(language)

    def say(self, key: str, **values: object) -> str:
        """Return a sentence with its values.

        Raises: CatalogueError.
        """
        return self._fill(key, self._found(key), values)

    def count(self, key: str, n: int, **values: object) -> str:
        """Return the sentence for a count, in the singular or the plural of the language; `{n}` is the count."""
        single = n in (0, 1) if self.language == "fr" else n == 1
        return self._fill(key, self._found(f"{key}.{'one' if single else 'other'}"), {"n": self.number(n), **values})

    def code(self, kind: str, code: str) -> str:
        """Return the word for a code.

        Raises: CatalogueError.
        """
        try:
            return typeset(self._codes[kind][code], self.language)
        except KeyError:
            raise CatalogueError(
                f"no word in {self.language} for the code {code!r} of {kind}; add it to code_names.csv"
            ) from None

    def number(self, value: int | str | Decimal) -> str:
        """Return a number with the separators of the language: 1,234.5 or 1 234,5."""
        grouped = f"{Decimal(value):,f}"
        if self.language == "fr":
            return grouped.translate({ord(","): NO_BREAK, ord("."): ",", ord("-"): "−"})
        return grouped.replace("-", "−")

    def day(self, day: str) -> str:
        """Return a day in words: 1 February 2020, 1er février 2020."""
        year, month, number = (int(part) for part in day[:10].split("-"))
        first = "1er" if number == 1 and self.language == "fr" else str(number)
        return NO_BREAK.join((first, _MONTHS[self.language][month - 1], str(year)))

    def month(self, month: str) -> str:
        """Return a month in words: June 2020, juin 2020."""
        year, number = (int(part) for part in month[:7].split("-"))
        return f"{_MONTHS[self.language][number - 1]}{NO_BREAK}{year}"

    def listed(self, parts: Sequence[str], *, none: str = "") -> str:
        """Return parts with commas between them."""
        return ", ".join(parts) if parts else none

    def text(self, text: str) -> str:
        """Return a text of the register with the spaces that the language's typography asks for."""
        return typeset(text, self.language)

    def _found(self, key: str) -> str:
        try:
            return self._sentences[key]
        except KeyError:
            raise CatalogueError(
                f"no sentence {key!r} in {self.language}; add it to catalogue/{self.language}.toml"
            ) from None

    def _fill(self, key: str, sentence: str, values: Mapping[str, object]) -> str:
        try:
            return sentence.format_map({name: str(value) for name, value in values.items()})
        except (KeyError, IndexError) as error:
            raise CatalogueError(
                f"catalogue/{self.language}.toml, {key}: no value for {error}; got {[*values]}"
            ) from None


@cache
def sentences(language: Language) -> Mapping[str, str]:
    """Return every sentence of a language by its key, `summary.actions.one`.

    Raises: CatalogueError where a value is not a sentence.
    """
    text = (files("openecp.programme.reports") / "catalogue" / f"{language}.toml").read_text(encoding="utf-8")
    found: dict[str, str] = {}
    _flatten("", tomllib.loads(text), found)
    return {key: typeset(sentence.replace("{n} ", "{n}" + NO_BREAK), language) for key, sentence in found.items()}


def typeset(text: str, language: Language) -> str:
    """Return a text with non-breaking spaces where French typography has a space before or after a sign."""
    if language != "fr":
        return text
    return _AFTER.sub(NO_BREAK, _BEFORE.sub(NO_BREAK, text))


def of_the(name: str) -> str:
    """Return a French name with the article that follows “sessions”: du Comité, de la Commission, de l’Organe."""
    if name.startswith(_FEMININE):
        return f"de la {name}"
    return f"de l’{name}" if name[:1] in "AEÉIOUHÀÈ" else f"du {name}"


def capitalised(text: str) -> str:
    """Return a text with a capital first letter."""
    return text[:1].upper() + text[1:]


def _flatten(prefix: str, table: Mapping[str, Any], found: dict[str, str]) -> None:
    for name, value in table.items():
        key = f"{prefix}.{name}" if prefix else name
        if isinstance(value, dict):
            _flatten(key, value, found)
        elif isinstance(value, str):
            found[key] = value
        else:
            raise CatalogueError(f"catalogue, {key}: expected a sentence, got {value!r}; write it in quotes")
