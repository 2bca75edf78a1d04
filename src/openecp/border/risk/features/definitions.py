# SPDX-License-Identifier: Apache-2.0
"""Features of an item by event time: what the journal knew before its declaration, and never anything later.

One table of definitions; `*.sql` reckon them in batch, `online.py` one declaration at a time, to the same numbers.
Names are those of `models/world_features.py`, so that a model may be taught on either.
Limits: a key unseen for HORIZON_DAYS is new again; windows count in whole hours; see the constants.
"""

from __future__ import annotations

from importlib.resources import files

Schema = tuple[tuple[str, str], ...]

ITEMS: Schema = (  # what happened: one row an item of a declaration that was taken in
    ("seq", "BIGINT"),  # order of the journal: the same for all items of a declaration
    ("at_us", "BIGINT"),  # microseconds since 1970, UTC
    ("declaration", "VARCHAR"),  # MRN
    ("item", "INTEGER"),
    ("office", "VARCHAR"),
    ("importer", "VARCHAR"),  # parties by pseudonym; empty: not known
    ("seller", "VARCHAR"),  # the exporter, else the seller, else the consignor
    ("declarant", "VARCHAR"),
    ("entity", "VARCHAR"),  # key of the consignee's name, address and identifier
    ("address", "VARCHAR"),
    ("identifier", "VARCHAR"),
    ("goods", "VARCHAR"),  # commodity code, six digits or more
    ("origin", "VARCHAR"),
    ("departure", "VARCHAR"),
    ("mode", "VARCHAR"),
    ("unit", "VARCHAR"),  # of the quantity; KGM where no supplementary unit is declared
    ("value_minor", "BIGINT"),  # Customs value, minor units of the national currency
    ("quantity_e6", "BIGINT"),
    ("mass_e6", "BIGINT"),  # net, kilogram
    ("preference", "INTEGER"),  # 1 where one is claimed
    ("private", "INTEGER"),
    ("gift", "INTEGER"),
    ("stake_minor", "BIGINT"),  # charges on what was declared
)
RESULTS: Schema = (  # what controls found, when it was recorded
    ("seq", "BIGINT"),
    ("declaration", "VARCHAR"),
    ("item", "INTEGER"),  # 0: the whole declaration
    ("irregular", "INTEGER"),  # 0 conform, 1 irregular
)

HORIZON_DAYS = 730  # a key unseen for longer is new again
HORIZON_H = HORIZON_DAYS * 24
REFERENCE_MONTHS, THIN, CELL_MAX = 3, 20, 1_000
SPREAD_MIN = 0.05
MEMBERS_MAX = 100
RATE_WEIGHT, PRIOR_SEEN, PRIOR_FOUND = 10, 100, 2

COUNTED = (  # kind of key, its columns
    ("importer", ("importer",)),
    ("seller", ("seller",)),
    ("declarant", ("declarant",)),
    ("importer_product", ("importer", "product")),
    ("importer_origin", ("importer", "origin")),
    ("product_origin", ("product", "origin")),
    ("route", ("origin", "departure")),
    ("seller_origin", ("seller", "origin")),
    ("heading_route", ("heading", "departure")),
    ("heading_route_origin", ("heading", "departure", "origin")),
    ("entity", ("entity",)),
    ("seller_heading_entity", ("seller", "heading", "entity")),
)
CONTROLLED = ("importer", "seller", "product_origin", "declarant")
NOVEL = ("importer_product", "importer_origin", "product_origin", "route", "seller_origin")

FEATURES: dict[str, str] = {
    "log_value": "natural logarithm of the Customs value in minor units",
    "log_quantity": "natural logarithm of the quantity",
    "log_mass": "natural logarithm of the net mass in kg",
    "preference": "1 where an origin preference is claimed",
    "private": "1 where the consignee is a private person",
    "gift": "1 where it is declared a gift",
    "price_ratio": "log unit price less the reference median of the three calendar months before",
    "price_z": "price_ratio by the robust spread of the reference",
    "weight_ratio": "log mass per unit less the reference median of the months before",
    "weight_z": "weight_ratio by the robust spread of the reference",
    "kilo_price_ratio": "log value per kg less the reference median of the months before",
    "reference_level": "of the price: 0 HS6 x origin x unit, 1 HS6 x unit, 2 heading x unit, 3 chapter x unit, 4 none",
    "importer_before": "declarations of the importer before",
    "importer_age": "days since the importer's first declaration",
    "importer_7d": "declarations of the importer in the 7 days before",
    "importer_growth": "declarations in 7 days over the weekly mean of the importer's age, at most 90 days",
    "declarant_before": "declarations of the declarant before",
    "declarant_age": "days since the declarant's first declaration",
    "seller_before": "declarations of the seller before",
    "seller_age": "days since the seller's first declaration",
    "seller_7d": "declarations of the seller in the 7 days before",
    "importer_product_before": "declarations of importer x HS6 before",
    "importer_origin_before": "declarations of importer x origin before",
    "product_origin_before": "declarations of HS6 x origin before",
    "route_before": "declarations of origin x departure before",
    "seller_origin_before": "declarations of seller x origin before",
    "product_route_share": "share of this origin among declarations of heading x departure before",
    "seller_origin_share": "share of this origin among the seller's declarations before",
    "novelty": "how many of importer x HS6, importer x origin, HS6 x origin, route, seller x origin are new",
    "address_names": "other importers at the address before, at most 100",
    "identifier_names": "other importers with the identifier before, at most 100",
    "entity_1d": "consignments of the same entity in the day before",
    "entity_7d": "consignments of the same entity in the 7 days before",
    "entity_value_7d": "their value, with this one, natural logarithm",
    "seller_heading_1d": "consignments of seller x heading to the same entity in the day before",
    "seller_gifts_30d": "gifts of the seller in the 30 days before",
    "importer_controls": "controls of the importer with a result before",
    "importer_rate": "their irregular share, pulled to the mean by a weight of 10",
    "seller_rate": "the same of the seller",
    "product_origin_rate": "the same of HS6 x origin",
    "declarant_rate": "the same of the declarant",
}
FRACTIONS = frozenset(  # all others are whole numbers
    name for name in FEATURES
    if name.startswith("log_") or name.endswith(("_ratio", "_z", "_age", "_growth", "_share", "_rate"))
) | {"entity_value_7d"}  # fmt: skip
STATEMENTS = (  # table, its file
    ("feature_rows", "rows"),
    ("feature_keys", "row_keys"),
    ("keys", "keys"),
    ("frequencies", "frequencies"),
    ("members", "members"),
    ("feature_values", "values"),
    ("medians", "medians"),
    ("controls", "controls"),
    ("features", "features"),
)


def statements() -> tuple[tuple[str, str], ...]:
    """Return what reckons the features over `items` and `results`, in order: the table and its SQL."""
    folder = files(__package__)
    marks = {
        "$HORIZON_H": HORIZON_H, "$THIN": THIN, "$CELL_MAX": CELL_MAX, "$SPREAD_MIN": SPREAD_MIN,
        "$MEMBERS_MAX": MEMBERS_MAX, "$RATE_WEIGHT": RATE_WEIGHT, "$PRIOR_SEEN": PRIOR_SEEN,
        "$PRIOR_FOUND": PRIOR_FOUND, "$REFERENCE_MONTHS": REFERENCE_MONTHS,
    }  # fmt: skip
    found = []
    for table, name in STATEMENTS:
        text = (folder / f"{name}.sql").read_text(encoding="utf-8")
        for mark, value in marks.items():
            text = text.replace(mark, str(value))
        found.append((table, text))
    return tuple(found)
