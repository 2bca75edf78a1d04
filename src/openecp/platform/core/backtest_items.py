# SPDX-License-Identifier: Apache-2.0
"""Declarations of the journal as items that a profile is back-tested on: declared, known of them, found by controls.

Rows hold identifiers as declared, so that conditions on parties hold as they would online: whoever makes a file of them
removes it once it was read.
Limits: 100,000 declarations, the latest; up to as many before them are read for their history alone; a message that is
gone leaves its declaration out.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

from openecp.border.risk.features.feedback import SelectedCase
from openecp.kernel.datamodel.columns import ITEM_COLUMNS
from openecp.kernel.datamodel.declaration import Declaration
from openecp.platform.core.backtest_history import TOLD, HistoryAgain, Known
from openecp.platform.core.risk_history import Journal, declaration_of, selection_cases, values_of

CASES_MAX = 100_000
TEXTS = (
    "movement", "procedure", "declarant", "importer", "goods_code", "description", "origin", "export_country", "mode",
)  # fmt: skip
BACKTEST_ITEMS: tuple[tuple[str, str], ...] = (
    *((name, "VARCHAR") for name in TEXTS),
    ("customs_value_minor", "BIGINT"),
    ("net_e6", "BIGINT"),
    *((name, "BIGINT") for name in TOLD),
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
        self, journal: Journal, shares: Mapping[str, float], rows: Rows, *, since: str, history: HistoryAgain,
        progress: Callable[[int, int], None] | None = None,
    ) -> None:  # fmt: skip
        """Take the journal, the random shares, what makes rows, the first day (ISO), and what tells history again."""
        self._journal, self._rows, self._history, self._progress = journal, rows, history, progress
        cases = list(selection_cases(journal, shares))
        self.cases = [case for case in cases if case.at[:10] >= since][-CASES_MAX:]
        first = self.cases[0].seq if self.cases else 0
        self._before = [case for case in cases if case.seq < first][-CASES_MAX:]
        self.gone = 0

    def tuples(self) -> Iterator[tuple[Any, ...]]:
        """Yield rows of BACKTEST_ITEMS."""
        size = len(self._before) + len(self.cases)
        for number, case in enumerate((*self._before, *self.cases), start=1):
            if self._progress is not None and not number % 100:
                self._progress(number, size)
            tested = number > len(self._before)
            declaration = declaration_of(self._journal.document(case.document_id))
            if declaration is None:
                self.gone += tested
                continue
            values = values_of(self._journal.document(case.assessment_id) if case.assessment_id else None)
            known = self._history.take(case, declaration, values)
            if not tested:
                continue
            worth = {value.item: value.customs_value_minor for value in values}
            for row in self._rows(declaration, case.day or case.at[:10]):
                yield _row(case, row, worth, known)


def _row(case: SelectedCase, row: Sequence[Any], worth: Mapping[int, int | None], known: Known) -> tuple[Any, ...]:
    item = row[_AT["item"]]
    found = case.label_of(item) if case.results else None
    seen = known.get(item, {})
    return (
        *(row[_AT[name]] or "" for name in TEXTS), worth.get(item) or 0, row[_AT["net_e6"]] or 0,
        *(seen.get(name, 0) for name in TOLD), case.office, case.at[:10], row[_AT["draw"]], found,
    )  # fmt: skip
