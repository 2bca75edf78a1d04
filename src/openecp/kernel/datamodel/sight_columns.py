# SPDX-License-Identifier: Apache-2.0
"""The columns of item rows that tell what risk knows of an item. Whole numbers; 0 is "not known" or "none".

They stand at the end of ITEM_COLUMNS and are 0 until somebody looks (kernel/assessment/sight.py). A file of item rows
may have them.
"""

from __future__ import annotations

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
    ("described_rank", "BIGINT"),  # place of the declared chapter among those that the description suggests, 6: none
)
NOTHING_SEEN = (0,) * len(SIGHT_COLUMNS)
