# SPDX-License-Identifier: Apache-2.0
"""What risk knew of a declaration's items when it was assessed, told again for back-tests over the journal.

History is reckoned anew from the declarations and results before it; scores and list hits are those on record: what was
not known then is 0 now.
Limits: history begins with the first declaration that is given; what descriptions suggest is not told.
"""

from __future__ import annotations

import heapq
from collections.abc import Callable, Sequence
from typing import Any

from openecp.border.risk.features.feedback import SelectedCase
from openecp.border.risk.features.item_rows import PartyKeys, item_rows
from openecp.border.risk.features.online import FeatureState, profile_history
from openecp.kernel.assessment.reasons import ItemValue
from openecp.kernel.datamodel.declaration import Declaration
from openecp.kernel.datamodel.sight_columns import SIGHT_COLUMNS

TOLD = tuple(name for name, _ in SIGHT_COLUMNS if name != "described_rank")
_NOTHING = dict.fromkeys(TOLD, 0)
Known = dict[int, dict[str, int]]  # by item: columns of TOLD


class HistoryAgain:
    """Tells of each declaration, in the journal's order, what was known before it, and takes it in."""

    def __init__(self, pseudonym: Callable[[str], str], *, currency: str, exponent: int) -> None:
        """Take what makes pseudonyms, and the national currency with its exponent."""
        self._parties = PartyKeys(pseudonym)
        self._currency, self._exponent = currency, exponent
        self._states: dict[str, FeatureState] = {}
        self._results: list[tuple[int, int, str, list[dict[str, Any]], bool]] = []  # to come, the earliest first
        self._number = 0

    def take(self, case: SelectedCase, declaration: Declaration, values: Sequence[ItemValue]) -> Known:
        """Return what was known of each item of the next declaration."""
        while self._results and self._results[0][0] < case.seq:
            _, _, movement, concerned, irregular = heapq.heappop(self._results)
            self._states[movement].take_result(concerned, irregular)
        rows = item_rows(case, declaration, values, self._currency, self._exponent, self._parties)
        if not rows:
            return {}
        state = self._states.setdefault(case.movement, FeatureState())
        told = state.features(rows)
        state.take(rows)
        for result in case.results:
            named = result.items if result.irregular else ()
            concerned = [row for row in rows if not named or row["item"] in named]
            if concerned:
                self._number += 1
                entry = (result.seq, self._number, case.movement, concerned, result.irregular)
                heapq.heappush(self._results, entry)
        return {
            row["item"]: _NOTHING | profile_history(features) | case.known.get(row["item"], {})
            for row, features in zip(rows, told, strict=True)
        }
