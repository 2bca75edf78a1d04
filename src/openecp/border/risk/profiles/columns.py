# SPDX-License-Identifier: Apache-2.0
"""The columns that a profile's predicate may name, with type and meaning. There are no others.

No column is ever empty in a predicate: an unknown text is '', an unknown number 0.
"""

from __future__ import annotations

import difflib
from typing import Literal, NamedTuple

from openecp.border.risk.profiles.fault import ProfileRefused
from openecp.kernel.datamodel.sight_columns import SIGHT_COLUMNS

Kind = Literal["text", "number"]


class Column(NamedTuple):
    """A column: its kind, the pipeline's column with the same content, and what it means."""

    name: str
    kind: Kind
    group: str
    stored: str  # column of the items; a number is kept there times `scale`
    scale: int
    meaning: str


def _text(name: str, group: str, meaning: str) -> Column:
    return Column(name, "text", group, name, 1, meaning)


def _number(name: str, group: str, meaning: str, stored: str = "", scale: int = 1) -> Column:
    return Column(name, "number", group, stored or name, scale, meaning)


COLUMNS = {
    column.name: column
    for column in (
        _text("movement", "declaration", "import, export or transit, as the data set says"),
        _text("procedure", "declaration", "procedure and previous procedure, 4000"),
        _text("declarant", "parties", "identifier of the declarant"),
        _text("importer", "parties", "identifier of the importer"),
        _text("goods_code", "item", "commodity code as declared; a heading is goods_code LIKE '8517%'"),
        _text("description", "item", "description of the goods, in lower case"),
        _text("origin", "item", "country of origin"),
        _text("export_country", "route", "country of export"),
        _text("mode", "route", "mode of transport at the border, 1 sea to 9 unknown"),
        _number("value_minor", "value", "Customs value of the item in minor units of the national currency",
                "customs_value_minor"),
        _number("net_kg", "mass", "net mass in kilogram", "net_e6", 1_000_000),
        _text("office", "declaration", "office that the declaration is lodged at, '' where none is declared"),
        _number("list_hits", "watchlists", "hits on watchlists that officers have not cleared"),
        _number("list_score_e6", "watchlists", "score of the surest hit, in millionths"),
        _number("p_e6", "scores", "probability of an irregularity, in millionths"),
        _number("stake_minor", "scores", "revenue expected at stake, in minor units"),
        _number("price_to_reference_e6", "reference prices", "unit price over the reference price, in millionths"),
        _number("mass_to_reference_e6", "reference prices", "net mass of a unit over that of its kind, in millionths"),
        _number("importer_days", "history", "days since the importer's first declaration"),
        _number("importer_declarations", "history", "declarations of the importer before this one"),
        _number("importer_controls", "history", "controls of the importer before this one"),
        _number("importer_irregular_e6", "history", "irregular share of those controls, in millionths"),
        _number("novelty", "history", "pairs of parties, goods and origin that were never seen together before"),
        _number("entity_consignments_1d", "consignee", "consignments of the consignee, however written, within a day"),
        _number("entity_consignments_7d", "consignee", "consignments of the consignee within seven days"),
        _number("entity_value_7d_minor", "consignee", "value of the consignee's consignments within seven days"),
        _number("seller_gifts_30d", "consignee", "consignments that the seller declared as gifts within 30 days"),
        _number("address_names", "consignee", "different names at the consignee's address"),
        _number("identifier_names", "consignee", "different names that used the consignee's identifier"),
        _number("described_rank", "item", "place (1 to 5) of the declared chapter among those that the description "
                "suggests; 6: not among them, 0: it suggests none"),
    )
}  # fmt: skip

AMOUNTS = frozenset(name for name, column in COLUMNS.items() if column.kind == "number")  # the item's own figures
SIGHT = frozenset(name for name, _ in SIGHT_COLUMNS)  # what risk knows of the item: 0 until somebody looks


def column_of(name: str) -> Column:
    """Return a column by its name, in any case.

    Raises: ProfileRefused with the nearest name.
    """
    found = COLUMNS.get(name.lower())
    if found is None:
        near = difflib.get_close_matches(name.lower()[:60], COLUMNS, n=1, cutoff=0.5)
        fix = f"Did you mean {near[0]}?" if near else "`openecp risk profile columns` lists them."
        raise ProfileRefused("The predicate names a column that is not there.", where="predicate",
                             expected="one of the documented columns", got=name[:60], fix=fix)  # fmt: skip
    return found
