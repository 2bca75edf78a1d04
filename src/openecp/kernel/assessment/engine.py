# SPDX-License-Identifier: Apache-2.0
"""What an engine does for an assessment: holds reference tables and runs one statement over a batch's rows."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Protocol

Schema = Sequence[tuple[str, str]]  # column name and DuckDB type


class Columns(tuple[tuple[str, str], ...]):
    """A schema that also says which columns hold a value in every row: an engine may rest on it, once it has looked."""

    filled: frozenset[str]

    def __new__(cls, schema: Schema, *, filled: Iterable[str] = (), nullable: Iterable[str] | None = None) -> Columns:
        """Take the columns that are always filled, or (where these are most) those that may be null."""
        made = super().__new__(cls, schema)
        names = {name for name, _ in schema}
        made.filled = frozenset(filled) if nullable is None else frozenset(names - set(nullable))
        unknown = (made.filled | frozenset(nullable or ())) - names
        if unknown:
            raise ValueError(f"schema: expected columns of it, got {', '.join(sorted(unknown))}")
        return made


class Engine(Protocol):
    """Runs composed statements. One engine serves one thread; `dialect` is sqlglot's name of its SQL."""

    dialect: str

    def load(self, name: str, schema: Schema, rows: Sequence[Sequence[Any]], unique: Sequence[str] = ()) -> None:
        """Load a reference table.

        Raises: ValueError where the columns in `unique` are not: a doubled key would double rows silently.
        """

    def run(
        self, statement: str, inputs: Mapping[str, tuple[Schema, Sequence[Sequence[Any]]]]
    ) -> list[tuple[Any, ...]]:
        """Run one statement over the batch's input tables and return its rows."""
