# SPDX-License-Identifier: Apache-2.0
"""What an engine does for an assessment: holds reference tables and runs one statement over a batch's rows."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Protocol

Schema = Sequence[tuple[str, str]]  # column name and DuckDB type


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
