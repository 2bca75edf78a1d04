# SPDX-License-Identifier: Apache-2.0
"""What risk knows of an item before criteria are asked: list hits, scores, prices, history. For officers alone.

Each is a column of the item rows, online and in batch, with the meaning that `openecp risk profile columns` tells.
Whole numbers; 0 is "not known" or "none". What looks is wired from outside: nothing here knows a list or a model.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple, Protocol

from openecp.kernel.datamodel.declaration import Declaration

SIGHT_COLUMNS: tuple[tuple[str, str], ...] = (
    ("list_hits", "BIGINT"),  # hits on watchlists that officers have not cleared
    ("list_score_e6", "BIGINT"),  # score of the surest of them
    ("p_e6", "BIGINT"),  # probability of an irregularity
    ("stake_minor", "BIGINT"),  # revenue expected at stake
    ("price_to_reference_e6", "BIGINT"),  # unit price over the reference price
    ("mass_to_reference_e6", "BIGINT"),  # net mass of a unit over that of its kind
    ("importer_days", "BIGINT"),  # since the importer's first declaration
    ("importer_declarations", "BIGINT"),  # before this one
    ("importer_controls", "BIGINT"),  # before this one
    ("importer_irregular_e6", "BIGINT"),  # irregular share of those controls
    ("novelty", "BIGINT"),  # how many of the pairs of the item's parties, goods and origin were never seen before
    ("entity_consignments_1d", "BIGINT"),  # of the same consignee, however written, within a day
    ("entity_consignments_7d", "BIGINT"),
    ("entity_value_7d_minor", "BIGINT"),
    ("seller_gifts_30d", "BIGINT"),  # consignments that the seller declared as gifts
    ("address_names", "BIGINT"),  # different names at the consignee's address
    ("identifier_names", "BIGINT"),  # different names that used the consignee's identifier
)


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
