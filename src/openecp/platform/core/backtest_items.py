# SPDX-License-Identifier: Apache-2.0
"""Declarations of the journal as items that a profile is back-tested on: what was declared, what controls found.

Rows hold identifiers as declared, so that conditions on parties hold as they would online: whoever makes a file of them
removes it once it was read.
Limits: 100,000 declarations, the latest; a message that is gone leaves its declaration out.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

from openecp.border.risk.features.feedback import SelectedCase
from openecp.kernel.datamodel.columns import ITEM_COLUMNS
from openecp.kernel.datamodel.declaration import Declaration
from openecp.platform.core.risk_history import Journal, declaration_of, selection_cases, values_of

CASES_MAX = 100_000
TEXTS = (
    "movement", "procedure", "declarant", "importer", "goods_code", "description", "origin", "export_country", "mode",
)  # fmt: skip
BACKTEST_ITEMS: tuple[tuple[str, str], ...] = (
    *((name, "VARCHAR") for name in TEXTS),
    ("customs_value_minor", "BIGINT"),
    ("net_e6", "BIGINT"),
    ("office", "VARCHAR"),
    ("on_date", "VARCHAR"),
    ("draw", "BIGINT"),
    ("irregular", "INTEGER"),
)
_AT = {name: place for place, (name, _) in enumerate(ITEM_COLUMNS)}
Rows = Callable[[Declaration, str], Sequence[Sequence[Any]]]  # a declaration and its day → rows of ITEM_COLUMNS


class BacktestItems:
    """The items of the last days of a journal."""

    def __init__(
        self, journal: Journal, shares: Mapping[str, float], rows: Rows, *, since: str,
        progress: Callable[[int, int], None] | None = None,
    ) -> None:  # fmt: skip
        """Take the journal, the administration's random shares, what makes rows, and the first day (ISO)."""
        self._journal, self._rows, self._progress = journal, rows, progress
        cases = [case for case in selection_cases(journal, shares) if case.at[:10] >= since]
        self.cases, self.gone = cases[-CASES_MAX:], 0

    def tuples(self) -> Iterator[tuple[Any, ...]]:
        """Yield rows of BACKTEST_ITEMS."""
        for number, case in enumerate(self.cases, start=1):
            if self._progress is not None and not number % 100:
                self._progress(number, len(self.cases))
            declaration = declaration_of(self._journal.document(case.document_id))
            if declaration is None:
                self.gone += 1
                continue
            values = values_of(self._journal.document(case.assessment_id) if case.assessment_id else None)
            known = {value.item: value.customs_value_minor for value in values}
            for row in self._rows(declaration, case.day or case.at[:10]):
                yield _row(case, row, known)


def _row(case: SelectedCase, row: Sequence[Any], values: Mapping[int, int | None]) -> tuple[Any, ...]:
    item = row[_AT["item"]]
    found = case.label_of(item) if case.results else None
    return (
        *(row[_AT[name]] or "" for name in TEXTS), values.get(item) or 0, row[_AT["net_e6"]] or 0, case.office,
        case.at[:10], row[_AT["draw"]], found,
    )  # fmt: skip
