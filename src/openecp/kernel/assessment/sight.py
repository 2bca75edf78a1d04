# SPDX-License-Identifier: Apache-2.0
"""What risk knows of an item before criteria are asked: list hits, scores, prices, history. For officers alone.

Each is a column of the item rows, online and in batch, with the meaning that `openecp risk profile columns` tells.
Whole numbers; 0 is "not known" or "none". What looks is wired from outside: nothing here knows a list or a model.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple, Protocol

from openecp.kernel.datamodel.declaration import Declaration
from openecp.kernel.datamodel.sight_columns import SIGHT_COLUMNS

__all__ = ["SIGHT_COLUMNS", "LooksAtRisk", "SightRow"]


class SightRow(NamedTuple):
    """What risk knows of one item, in the order of SIGHT_COLUMNS."""

    list_hits: int = 0
    list_score_e6: int = 0
    p_e6: int = 0
    stake_minor: int = 0
    price_to_reference_e6: int = 0
    mass_to_reference_e6: int = 0
    importer_days: int = 0
    importer_declarations: int = 0
    importer_controls: int = 0
    importer_irregular_e6: int = 0
    novelty: int = 0
    entity_consignments_1d: int = 0
    entity_consignments_7d: int = 0
    entity_value_7d_minor: int = 0
    seller_gifts_30d: int = 0
    address_names: int = 0
    identifier_names: int = 0
    described_rank: int = 0


class LooksAtRisk(Protocol):
    """What the assessor asks for what risk knows, once a micro-batch."""

    def look(
        self, declarations: Sequence[Declaration], values: Sequence[Sequence[int | None]]
    ) -> Sequence[Sequence[SightRow]]:
        """Return what is known of each declaration's items, in order.

        `values` are the items' Customs values in minor units of the national currency, None where open; a message
        without items has one. As many rows as values are wanted.
        """

    def told(self, declaration_at: int, selected: bool) -> dict[str, Any]:
        """Return what officers are told of a declaration of the last look, by its place in it; {} for nothing.

        `selected`: something else than the default lane was chosen; what only then is worth its work comes with it.
        """
