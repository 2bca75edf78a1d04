# SPDX-License-Identifier: Apache-2.0
"""Whether a description suggests the declared HS chapter: what a profile of misdescribed goods reads.

Asked only where an active criterion reads it, since each new description costs a fifth of a millisecond.
Limits: 100,000 descriptions are remembered; English words (docs/data-quality.md says how good the text model is).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import lru_cache
from typing import Any

from openecp.kernel.assessment.sight import LooksAtRisk, SightRow
from openecp.kernel.datamodel.declaration import Declaration
from openecp.kernel.datamodel.declared import goods_codes
from openecp.kernel.datamodel.item import GovernmentAgencyGoodsItem

FIRST, REMEMBERED, TEXT_MAX = 5, 100_000, 512
COLUMN = "described_rank"
TARIFF, ADDITIONAL = ("TSP", "TRC"), ("TRA", "GN")
Rank = Callable[[str, str], int]


def described_rank() -> Rank:
    """Return what tells the place of a chapter among the first five that a text suggests; 6 none of them, 0 silent."""
    from openecp.border.data_quality.model import shipped_model

    model = shipped_model()

    @lru_cache(maxsize=REMEMBERED)
    def chapters(text: str) -> tuple[str, ...]:
        return tuple(code for code, _ in model.best(text, 2, FIRST))

    def rank(text: str, goods: str) -> int:
        found = chapters(text[:TEXT_MAX]) if text and len(goods) >= 2 else ()
        if not found:
            return 0
        return found.index(goods[:2]) + 1 if goods[:2] in found else FIRST + 1

    return rank


class SightOfWords:
    """Adds to what risk knows of items whether their description suggests their chapter."""

    def __init__(self, sight: LooksAtRisk, rank: Rank) -> None:
        """Take what looks, and what tells the place of a chapter."""
        self._sight, self._rank = sight, rank

    def look(
        self, declarations: Sequence[Declaration], values: Sequence[Sequence[int | None]]
    ) -> Sequence[Sequence[SightRow]]:
        """Return what is known of each declaration's items, in order."""
        return [
            self._with_rank(declaration, rows)
            for declaration, rows in zip(declarations, self._sight.look(declarations, values), strict=True)
        ]

    def told(self, declaration_at: int, selected: bool) -> dict[str, Any]:
        """Return what officers are told of a declaration of the last look."""
        return self._sight.told(declaration_at, selected)

    def _with_rank(self, declaration: Declaration, rows: Sequence[SightRow]) -> list[SightRow]:
        shipment = declaration.goods_shipment
        items = shipment.government_agency_goods_item if shipment is not None else ()
        if len(items) != len(rows):  # a message without items has one row
            return list(rows)
        return [row._replace(described_rank=self._rank_of(item)) for row, item in zip(rows, items, strict=True)]

    def _rank_of(self, item: GovernmentAgencyGoodsItem) -> int:
        commodity = item.commodity
        text = (commodity.description or "") if commodity is not None else ""
        return self._rank(text, goods_codes(item, TARIFF, ADDITIONAL)[0])
