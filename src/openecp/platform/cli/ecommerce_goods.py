# SPDX-License-Identifier: Apache-2.0
"""Which goods an order is for: by the table of words, and where that knows none, by the trained model that ships."""

from __future__ import annotations

from openecp.border.data_quality.model import shipped_model
from openecp.border.low_value.order_words import GoodsGuess, GoodsTable


class TableThenModel:
    """A `GoodsClassifier`: the model's first subheading stands where no word of the table speaks, however unsure."""

    def __init__(self) -> None:
        self._table, self._model = GoodsTable(), shipped_model()

    def guess(self, title: str, description: str, category: str) -> GoodsGuess:
        """Return the table's guess, else the model's with its calibrated confidence."""
        found = self._table.guess(title, description, category)
        if found.hs6:
            return found
        for text in (title, f"{title} {description} {category}"):
            if first := self._model.suggest(text).subheadings[:1]:
                return GoodsGuess(first[0].code, round(first[0].confidence, 2), first[0].words, "model")
        return found
