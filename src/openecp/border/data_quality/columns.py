# SPDX-License-Identifier: Apache-2.0
"""Quality as columns: the step that gives each item row its codes, and the table that it joins.

How to join it (clearance of a chunk): load `vague_terms` with `quality_rows(terms, on)` once a day of law, make
`quality_statement(terms, on)` once, and run it over the staged `parcel_rows`:
`LEFT JOIN (<statement>) AS q ON q.row_id = r.row_id`; it answers exactly one row for each row of `parcel_rows`.
`quality` is a text of codes with a blank between them (empty: nothing found), in a fixed order, so that
`'["' || REPLACE(quality, ' ', '","') || '"]'` is the record's list; `quality_hold` says that one of them holds the
parcel. What concerns the parties stands on the first item of a parcel.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable, Sequence
from datetime import date
from functools import lru_cache
from typing import Any

import msgspec

from openecp.border.data_quality.flags import ACTIONS
from openecp.border.data_quality.patterns import PARTED, Patterns, patterns_on
from openecp.border.data_quality.terms import VagueTerm
from openecp.border.data_quality.words import APART, any_of
from openecp.kernel.assessment.engine import Schema
from openecp.kernel.assessment.steps import Composer, Facts, Macro, Step

_PACKAGE = "openecp.border.data_quality"
QUALITY_STEPS: tuple[Step, ...] = (
    Step("quality_codes", _PACKAGE, (("row_id", "BIGINT"), ("quality", "VARCHAR"), ("quality_hold", "BOOLEAN"))),
)
VAGUE_KEY_COLUMNS: Schema = (("term", "VARCHAR"), ("where_found", "VARCHAR"), ("action", "VARCHAR"))
QUALITY_INPUT: Schema = (
    ("row_id", "BIGINT"),
    ("item", "INTEGER"),
    ("description", "VARCHAR"),
    ("documents", "BOOLEAN"),
    ("sender_name", "VARCHAR"),
    ("sender_address", "VARCHAR"),
    ("buyer_name", "VARCHAR"),
    ("buyer_address", "VARCHAR"),
    ("unit_price_micro", "BIGINT"),
    ("weight_kg_micro", "BIGINT"),
    ("gross_weight_kg_micro", "BIGINT"),
)
_ANCHORED = ("no_words", "number_only", "product_number", "rubbish", "too_short", "lean", "suspect")


def struck_prices() -> frozenset[int]:
    """Return prices, in millionths, that a hand strikes without thinking: 1111, 222.22, 1234, 123.45.

    Limits: nines are left out, they end honest prices; three digits and fewer too, as prices without cents occur.
    """
    digits = [digit * length for digit in "12345678" for length in range(4, 9)] + ["1234", "12345", "123456", "1234567"]
    return frozenset(int(text) * unit for text in digits for unit in (1_000_000, 10_000))


def quality_rows(terms: Iterable[VagueTerm], on: date) -> list[tuple[str, str, str]]:
    """Return the table `vague_terms` of a day (VAGUE_KEY_COLUMNS, unique by term and where_found).

    Goods stand by their words, sorted; names and addresses in their comparable form.
    """
    found = patterns_on(terms, on)
    goods = [(term, "goods", str(action)) for term, action in sorted(found.terms.items())]
    return goods + [(term, "party", str(action)) for term, action in sorted(found.parties.items())]


def quality_statement(terms: Iterable[VagueTerm], on: date, *, dialect: str = "duckdb") -> str:
    """Return the statement that gives each row of `parcel_rows` its codes; see above how to join it."""
    found = patterns_on(terms, on)
    parameters: dict[str, int | str] = {
        name: f"^(?:{getattr(found, name)})$" if name in _ANCHORED else getattr(found, name)
        for name in (*_ANCHORED, "generic", "joined", "always", "party")
    }
    composer = Composer(QUALITY_STEPS, parameters=parameters, macros=_macros(found, dialect), column_groups={})
    return composer.statement("quality_codes", facts=frozenset(), dialect=dialect)


def _macros(found: Patterns, dialect: str) -> dict[str, Macro]:
    made = {
        "folded_text": lambda x: _folded(x[0], dialect),
        "vague_words": lambda x: _vague_words(x[0], found.fillers),
        "party_fields": lambda x: f"'{PARTED}' || CONCAT_WS('{PARTED}', {', '.join(x)}) || '{PARTED}'",
        "party_key": lambda x: _party_key(x[0], dialect),
        "party_code": lambda x: _party_code(x, found.party_rubbish),
        "struck_price": lambda x: f"{x[0]} IN ({', '.join(map(str, sorted(struck_prices())))})",
        "holds": lambda x: f"{x[0]} IN ({', '.join(map(_quoted, _held_goods()))})",
    }
    return {name: _without_facts(macro) for name, macro in made.items()}


def _without_facts(macro: Any) -> Macro:
    def expanded(arguments: Sequence[str], facts: Facts) -> str:
        return str(macro(arguments))

    return expanded


def _held_goods() -> list[str]:
    return sorted(code for code, action in ACTIONS.items() if action == "hold" and code.startswith("description_"))


def _quoted(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"


def _folded(text: str, dialect: str) -> str:
    """SQL of `words.fold`: DuckDB takes accents off itself; Spark has no such function and takes off what is listed."""
    if dialect == "duckdb":
        return (
            f"' ' || CASE WHEN STRLEN({text}) = LENGTH({text}) THEN LOWER({text}) "
            f"ELSE LOWER(STRIP_ACCENTS({text})) END || ' '"
        )
    accented, plain = _accented()
    return f"' ' || LOWER(TRANSLATE(REGEXP_REPLACE({text}, '\\p{{M}}', '', 'g'), '{accented}', '{plain}')) || ' '"


@lru_cache(maxsize=1)
def _accented() -> tuple[str, str]:
    """Return accented letters of Latin and Cyrillic and, in the same order, their plain ones."""
    pairs = {}
    for code in (*range(0xC0, 0x250), *range(0x400, 0x460), *range(0x1E00, 0x1F00)):
        plain = unicodedata.normalize("NFD", chr(code))[0]
        if plain != chr(code):
            pairs[chr(code)] = plain
    return "".join(pairs), "".join(pairs.values())


def _vague_words(folded: str, fillers: Sequence[str]) -> str:
    """SQL of `patterns.sorted_words` over a folded text."""
    parted = f"REGEXP_REPLACE({folded}, {_quoted(APART + '+')}, '  ', 'g')"
    empty = f" (?:[^ ]*[0-9][^ ]*|{any_of(fillers)}) "
    kept = f"STRING_SPLIT(REGEXP_REPLACE({parted}, {_quoted(empty)}, '', 'g'), ' ')"
    several = f"TRIM(ARRAY_TO_STRING(LIST_SORT(LIST_DISTINCT({kept})), ' '))"
    return f"CASE WHEN REGEXP_MATCHES({folded}, '^ [a-z]+ $') THEN TRIM({folded}) ELSE {several} END"


def _party_key(text: str, dialect: str) -> str:
    """SQL of `words.normal` over a name or address."""
    return f"TRIM(REGEXP_REPLACE({_folded(text, dialect)}, {_quoted(APART + '+')}, ' ', 'g'))"


def _party_code(x: Sequence[str], rubbish: str) -> str:
    key, action, text, field = x[0], x[1], x[2], x[3].strip("'")
    short = f" WHEN LENGTH({text}) < 6 THEN '{field}_short'" if field.endswith("address") else ""
    return (
        f"CASE WHEN {action} = 'hold' OR REGEXP_MATCHES({key}, {_quoted(f'^(?:{rubbish})$')}) "
        f"THEN '{field}_placeholder' "
        f"WHEN {action} = 'warn' THEN '{field}_doubtful'{short} END"
    )


class QualityInput(msgspec.Struct, frozen=True, kw_only=True):
    """One item as the step reads it, for those who check one answer against the other."""

    row_id: int = 1
    item: int = 1
    description: str | None = None
    documents: bool | None = None
    sender_name: str | None = None
    sender_address: str | None = None
    buyer_name: str | None = None
    buyer_address: str | None = None
    unit_price_micro: int | None = None
    weight_kg_micro: int | None = None
    gross_weight_kg_micro: int | None = None
