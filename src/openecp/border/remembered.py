# SPDX-License-Identifier: Apache-2.0
"""What hangs on an item's pattern alone is judged once a pattern, and remembered.

Which elements a data set demands, which codes a list holds, which measures goods of a code, origin and procedure bear:
none of it depends on the amounts of one declaration, and the reference data does not change while an assessor lives.
The steps that judge it are the same; they run for the patterns that were not met before.

Limits: PATTERNS patterns a question, DAYS days of code lists; then what the batch at hand does not need is forgotten.
Codes that a list does not hold are asked for again each time, so that senders of nonsense fill no memory.
Why: docs/adr/0013.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date
from operator import itemgetter
from typing import Any

from openecp.kernel.assessment.engine import Engine, Schema
from openecp.kernel.datamodel.columns import ITEM_COLUMNS

PATTERNS, DAYS = 20_000, 100
_AT = {name: position for position, (name, _) in enumerate(ITEM_COLUMNS)}
_TYPES = dict(ITEM_COLUMNS)
_ROW: Schema = (("row_id", "BIGINT"), ("declaration_no", "INTEGER"))

Pattern = tuple[Any, ...]
Answer = tuple[Any, ...]


class Memory:
    """One question about patterns: the item columns that it hangs on, and the statement that answers for many.

    `tables` are the names under which the statement reads the patterns; `nothing` are columns that it names and that
    no pattern has. `skip` is how many columns of the answer, after declaration and row, say nothing about the pattern.
    """

    def __init__(
        self,
        engine: Engine,
        statement: str,
        columns: Sequence[str],
        *,
        tables: Sequence[str] = ("items",),
        nothing: Schema = (),
        skip: int = 0,
    ) -> None:
        self._engine, self._statement, self._tables = engine, statement, tables
        self._schema: Schema = (*_ROW, *((name, _TYPES[name]) for name in columns), *nothing)
        self._nothing = (None,) * len(nothing)
        self._skip = 2 + skip
        self._known: dict[Pattern, tuple[Answer, ...]] = {}
        self.pattern = itemgetter(*(_AT[name] for name in columns))

    def answers(self, patterns: Iterable[Pattern]) -> list[tuple[Answer, ...]]:
        """Return what each pattern has to bear, in their order."""
        wanted = list(patterns)
        unknown = list(dict.fromkeys(pattern for pattern in wanted if pattern not in self._known))
        if unknown:
            if len(self._known) + len(unknown) > PATTERNS:
                self._known = {pattern: self._known[pattern] for pattern in wanted if pattern in self._known}
            self._known.update(zip(unknown, self._ask(unknown), strict=True))
        return [self._known[pattern] for pattern in wanted]

    def _ask(self, patterns: Sequence[Pattern]) -> list[tuple[Answer, ...]]:
        rows = [(number, 0, *pattern, *self._nothing) for number, pattern in enumerate(patterns)]
        found: list[list[Answer]] = [[] for _ in patterns]
        for row in self._engine.run(self._statement, dict.fromkeys(self._tables, (self._schema, rows))):
            found[row[1]].append(row[self._skip :])
        return [tuple(answers) for answers in found]


class CodeMemory:
    """Which codes are in their list on a day."""

    def __init__(self, engine: Engine, statement: str) -> None:
        self._engine, self._statement = engine, statement
        self._schema: Schema = (*_ROW, ("on_date", "DATE"), ("codes", _TYPES["codes"]))
        self._known: dict[date, set[str]] = {}

    def unknown(self, rows: Sequence[tuple[Any, ...]]) -> list[tuple[tuple[Any, ...], str]]:
        """Return the item rows that have a code which its list does not hold, with the code."""
        doubtful: dict[tuple[date, str], None] = {}
        seen: list[tuple[tuple[Any, ...], date, list[str]]] = []
        for row in rows:
            day = row[_AT["on_date"]]
            known = self._known.get(day)
            new = [code for code in row[_AT["codes"]] if known is None or code not in known]
            if new:
                seen.append((row, day, new))
                doubtful.update(dict.fromkeys((day, code) for code in new))
        if not doubtful:
            return []
        asked = [(number, 0, day, (code,)) for number, (day, code) in enumerate(doubtful)]
        refused = {row[1] for row in self._engine.run(self._statement, {"items": (self._schema, asked)})}
        wrong = {pair for number, pair in enumerate(doubtful) if number in refused}
        if len(self._known) >= DAYS:
            self._known.clear()
        for day, code in doubtful:
            if (day, code) not in wrong:
                self._known.setdefault(day, set()).add(code)
        return [(row, code) for row, day, codes in seen for code in codes if (day, code) in wrong]
