# SPDX-License-Identifier: Apache-2.0
"""Obligations, formats and code lists of a profile, compiled into watched bits and reference tables.

An obligation row becomes three groups of bits: those that must be set for it to hold (`when`), those that must not
(`unless`), and those of which any one satisfies it (`any`). The condition grammar is in docs/profiles.md.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import Any

import msgspec

from openecp.kernel.datamodel.columns import WORD
from openecp.kernel.datamodel.watch import Coded, Fact, Format, Presence, Watch
from openecp.kernel.profile import Profile, ProfileError

WORDS = 3
BITS_MAX = WORD * WORDS
FIRST_DAY, LAST_DAY = date(1900, 1, 1), date(9999, 12, 31)

OBLIGATION_COLUMNS = (
    ("data_set", "VARCHAR"),
    ("obligation_id", "BIGINT"),
    *((f"{group}_{word}", "BIGINT") for group in ("when", "unless", "any") for word in range(1, WORDS + 1)),
    ("forbidden", "BOOLEAN"),
)
CODE_COLUMNS = (("code", "VARCHAR"), ("valid_from", "DATE"), ("valid_to", "DATE"))


class Obligations(msgspec.Struct, kw_only=True):
    """What the profile demands, ready for rows.py and the SQL steps; the rows keep the text for explanations."""

    watch: Watch
    pseudo: dict[str, tuple[tuple[frozenset[str], tuple[str, ...], int], ...]]
    pseudo_present: dict[str, int]
    pseudo_coded: dict[str, tuple[str, ...]]
    table: list[tuple[Any, ...]]
    code_table: list[tuple[Any, ...]]
    words: int
    rows: list[dict[str, str]]
    format_rows: list[dict[str, str]]
    coded_rows: list[dict[str, str]]


class _Bits:
    """Hands out one bit a distinct question, so that the same condition in many rows costs one bit."""

    def __init__(self, where: str) -> None:
        self._of: dict[Any, int] = {}
        self._where = where
        self.presences: list[Presence] = []
        self.facts: list[Fact] = []
        self.pseudo: dict[str, list[tuple[frozenset[str], tuple[str, ...], int]]] = {}
        self.pseudo_present: dict[str, int] = {}

    def _new(self, key: Any) -> tuple[int, bool]:
        if key in self._of:
            return self._of[key], False
        if len(self._of) >= BITS_MAX:
            raise ProfileError(
                f"{self._where}: expected at most {BITS_MAX} distinct elements and conditions, got more; "
                "join conditions that say the same"
            )
        self._of[key] = len(self._of)
        return self._of[key], True

    @property
    def words(self) -> int:
        """How many words of bits are in use."""
        return max(1, -(-len(self._of) // WORD))

    def present(self, alternatives: tuple[str, ...]) -> int:
        """Return the bit (as a mask) that is set where any of the elements is there."""
        bit, new = self._new(("present", alternatives))
        if new:
            paths = tuple(p for p in alternatives if not p.startswith("@"))
            if paths:
                self.presences.append(Presence(paths, bit))
            for name in alternatives:
                if name.startswith("@"):
                    self.pseudo_present[name] = self.pseudo_present.get(name, 0) | 1 << bit
        return 1 << bit

    def value(self, element: str, values: tuple[str, ...]) -> int:
        """Return the bit (as a mask) that is set where the element has one of the values."""
        bit, new = self._new(("value", element, values))
        if new and element.startswith("@"):
            exact = frozenset(v for v in values if not v.endswith("*"))
            prefixes = tuple(v[:-1] for v in values if v.endswith("*"))
            self.pseudo.setdefault(element, []).append((exact, prefixes, 1 << bit))
        elif new:
            self.facts.append(Fact(element, values, bit))
        return 1 << bit


def compile_obligations(profile: Profile, data_sets: Sequence[str]) -> Obligations:
    """Compile the profile's tables.

    Raises: ProfileError where a path names no element or a condition cannot be read, with file and row.
    """
    rows = profile.table("obligations", ("data_set", "element", "obligation", "condition", "error_code"))
    bits = _Bits(str(profile.folder / "obligations.csv"))
    table: list[tuple[Any, ...]] = []
    for number, row in enumerate(rows):
        if row["obligation"] not in ("M", "C", "N"):
            continue
        when, unless = _condition(row["condition"], bits, number, profile)
        any_of = bits.present(tuple(row["element"].split("|")))
        for data_set in data_sets if row["data_set"] in ("*", "") else row["data_set"].split("|"):
            words = [*_words(when), *_words(unless), *_words(any_of)]
            table.append((data_set, number, *words, row["obligation"] == "N"))
    format_rows = profile.table("formats", ("element", "format", "error_code"))
    formats = [
        Format(path, number, row["format"], row.get("minimum", ""), row.get("maximum", ""))
        for number, row in enumerate(format_rows)
        for path in row["element"].split("|")
    ]
    coded_rows = profile.table("coded_elements", ("element", "list", "error_code"))
    coded, pseudo_coded, code_table = _codes(profile, coded_rows)
    try:
        watch = Watch(bits.presences, bits.facts, coded, formats)
    except ValueError as fault:
        raise ProfileError(f"{profile.folder}: {fault}") from fault
    return Obligations(
        watch=watch,
        pseudo={name: tuple(checks) for name, checks in bits.pseudo.items()},
        pseudo_present=bits.pseudo_present,
        pseudo_coded=pseudo_coded,
        table=table,
        code_table=code_table,
        words=bits.words,
        rows=rows,
        format_rows=format_rows,
        coded_rows=coded_rows,
    )


def violated_sql(words: int) -> str:
    """Return the macro `obligation_violated()` over items `i` and obligations `o`, for the words of bits in use."""
    used = range(1, words + 1)
    holds = [f"(i.present_{n} & o.when_{n}) = o.when_{n} AND (i.present_{n} & o.unless_{n}) = 0" for n in used]
    absent = " AND ".join(f"(i.present_{n} & o.any_{n}) = 0" for n in used)
    return f"{' AND '.join(holds)} AND ({absent}) <> o.forbidden"


def _words(mask: int) -> list[int]:
    return [mask >> (WORD * word) & ((1 << WORD) - 1) for word in range(WORDS)]


def _condition(text: str, bits: _Bits, number: int, profile: Profile) -> tuple[int, int]:
    when = unless = 0
    for term in filter(None, (t.strip() for t in text.split("&"))):
        if "!=" in term:
            element, values = term.split("!=", 1)
            unless |= bits.value(element.strip(), tuple(values.strip().split("|")))
        elif "=" in term:
            element, values = term.split("=", 1)
            when |= bits.value(element.strip(), tuple(values.strip().split("|")))
        elif term.startswith("!"):
            unless |= bits.present(tuple(term[1:].split("|")))
        elif term.startswith(("42A", "@")):
            when |= bits.present(tuple(term.split("|")))
        else:
            raise ProfileError(
                f"{profile.folder / 'obligations.csv'}, row {number + 2}: expected a condition such as PATH, !PATH, "
                f"PATH=A|B or PATH!=A, got {term!r}; mend the condition"
            )
    return when, unless


def _codes(
    profile: Profile, rows: list[dict[str, str]]
) -> tuple[list[Coded], dict[str, tuple[str, ...]], list[tuple[Any, ...]]]:
    coded: list[Coded] = []
    pseudo: dict[str, tuple[str, ...]] = {}
    code_table: dict[tuple[Any, ...], None] = {}
    for number, row in enumerate(rows):
        if row["list"] not in profile.code_lists and row["list"] != "procedures":
            raise ProfileError(
                f"{profile.folder / 'coded_elements.csv'}, row {number + 2}: expected a code list in code_lists/, got "
                f"{row['list']!r}; add code_lists/{row['list']}.csv"
            )
        entries = profile.code_lists.get(row["list"]) or [
            {**p, "code": p["procedure"]} for p in profile.table("procedures")
        ]
        codes = {entry["code"] for entry in entries}
        wildcards = tuple(sorted((c for c in codes if c.endswith("*")), key=len, reverse=True))
        for element in row["element"].split("|"):
            if element.startswith("@"):
                pseudo[element] = (*pseudo.get(element, ()), f"{number}:")
            else:
                coded.append(Coded(element, number, wildcards, frozenset(codes) if wildcards else frozenset()))
        for entry in entries:
            key = (
                f"{number}:{entry['code']}",
                _day(entry.get("valid_from"), FIRST_DAY),
                _day(entry.get("valid_to"), LAST_DAY),
            )
            code_table[key] = None
    return coded, pseudo, list(code_table)


def _day(text: str | None, default: date) -> date:
    return date.fromisoformat(text) if text else default
