# SPDX-License-Identifier: Apache-2.0
"""The engine that compares few items with risk criteria without planning, and many by DuckDB.

Why: a database plans the criteria anew for each batch, whatever is in it; the rows of a lone declaration are compared
in less time than that takes (docs/adr/0018, 0019).
"""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from typing import Any

from openecp.kernel.assessment.engine import Engine, Schema
from openecp.platform.engines.rows import RowEngine

log = logging.getLogger("openecp.engines")
FEW = 1_000  # rows of a batch that are worked here: as many as DuckDB is about as fast with


class FewRowsEngine:
    """Runs a statement over few rows in this process; over many, or where it cannot, on the engine that it is given.

    Reference tables are held by both.
    """

    dialect = "duckdb"

    def __init__(self, many: Engine, *, few: int = FEW) -> None:
        """Take the engine of many rows, and up to how many are few."""
        self._many, self._few, self._rows = many, few, RowEngine()
        self._beyond: set[str] = set()

    def load(self, name: str, schema: Schema, rows: Sequence[Sequence[Any]], unique: Sequence[str] = ()) -> None:
        """Load a reference table; see the protocol."""
        self._many.load(name, schema, rows, unique)
        self._rows.load(name, schema, rows, unique)

    def run(
        self, statement: str, inputs: Mapping[str, tuple[Schema, Sequence[Sequence[Any]]]]
    ) -> list[tuple[Any, ...]]:
        """Run one statement over the batch's input tables; see the protocol."""
        if statement not in self._beyond and sum(len(rows) for _, rows in inputs.values()) <= self._few:
            try:
                return self._rows.run(statement, inputs)
            except (ValueError, SyntaxError, RecursionError) as error:  # it is written for other statements
                self._beyond.add(statement)
                log.warning("a statement goes by the database alone: %s", error)
        return self._many.run(statement, inputs)
