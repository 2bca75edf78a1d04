# SPDX-License-Identifier: Apache-2.0
"""From declared rows to the items that are charged: the step `parcel_items`, and the small tables that it joins.

The tables hold one row for each value that occurs (goods code, place, scheme, currency), worked out once in Python by
the functions that a quote uses too.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import date
from decimal import Decimal
from functools import lru_cache
from typing import Any, Protocol

import sqlglot
from sqlglot import exp

from openecp.border.low_value.currencies import exponent
from openecp.border.low_value.rate_tables import DutyRates
from openecp.border.low_value.scheme_numbers import NumberedScheme, scheme_of_number
from openecp.border.low_value.tables import ITEM_COLUMNS, plain
from openecp.border.low_value.ways import Seen, ascii_text, form_of, goods_words, scheme_word
from openecp.kernel.assessment.engine import Columns, Engine, Schema
from openecp.kernel.assessment.steps import Composer, Facts, Macro, Step
from openecp.kernel.datamodel.parcel import PARCEL_COLUMNS

_PACKAGE = "openecp.border.low_value"
SEVERAL, SHARED = "several", "shared"  # facts of rows: parcels of several items; and freight or insurance to share out
LINE_COLUMNS: Schema = (
    *ITEM_COLUMNS,
    ("missing", "INTEGER"),
    ("is_several", "BOOLEAN"),
    ("goods_out", "VARCHAR"),
    ("scheme_seen", "VARCHAR"),
    ("carrier", "VARCHAR"),
    ("by_number", "BOOLEAN"),
)
CLEARANCE_STEPS = (Step("parcel_items", _PACKAGE, tuple(LINE_COLUMNS)),)
_ASKED_ONLY = ("jurisdiction", "regime", "unit_inverse", "exchange_key", "destination_subdivision", "method")
CHUNK_COLUMNS = tuple(name for name, _ in LINE_COLUMNS if name not in _ASKED_ONLY)  # the steps alone read the others
USED_COLUMNS = tuple(name for name in CHUNK_COLUMNS if name.startswith("used_"))
GOODS_COLUMNS: Schema = Columns(
    (
        ("hs_given", "VARCHAR"),
        ("hs_plain", "VARCHAR"),
        ("goods_out", "VARCHAR"),  # the excluded codes that it falls under
        ("table_duty_e8", "BIGINT"),
        ("table_excise_e8", "BIGINT"),
    ),
    nullable=("table_duty_e8", "table_excise_e8"),
)
PLACE_COLUMNS: Schema = Columns((("place", "VARCHAR"), ("table_tax_e8", "BIGINT")), filled=("place",))
SCHEME_COLUMNS: Schema = Columns(
    (("scheme_given", "VARCHAR"), ("scheme_plain", "VARCHAR"), ("scheme_seen", "VARCHAR")), nullable=()
)
UNIT_COLUMNS: Schema = Columns(
    (("currency", "VARCHAR"), ("unit_micro", "BIGINT"), ("unit_inverse", "DECIMAL(8,6)")), nullable=()
)
FORM_COLUMNS: Schema = Columns((("identifier", "VARCHAR"), ("form", "VARCHAR")), nullable=())
NUMBER_COLUMNS: Schema = Columns(
    (*FORM_COLUMNS, ("scheme_told", "VARCHAR")), nullable=()
)  # the one scheme whose pattern it fits
COLLECTOR_COLUMNS: Schema = Columns((("given_id", "VARCHAR"), ("named_id", "VARCHAR")), nullable=())
TOTAL_COLUMNS: Schema = Columns(
    (
        ("basket_id", "BIGINT"),
        ("counted", "BOOLEAN"),
        ("used_order_micro", "BIGINT"),
        ("used_day_micro", "BIGINT"),
        ("used_month_micro", "BIGINT"),
        ("used_year_micro", "BIGINT"),
    ),
    nullable=(),
)
_TYPES = {
    "text": "VARCHAR",
    "date": "DATE",
    "amount": "BIGINT",
    "share": "BIGINT",
    "count": "BIGINT",
    "flag": "BOOLEAN",
}
_ENDS = {"amount": "_micro", "count": "_micro", "share": "_e8"}
STAGED_TABLES: dict[str, Schema] = {  # what the step reads
    "parcel_rows": (
        ("row_id", "BIGINT"),
        ("parcel_no", "BIGINT"),
        ("item", "INTEGER"),
        *((name + _ENDS.get(kind, ""), _TYPES[kind]) for name, kind, _ in PARCEL_COLUMNS),
    ),
    "goods_rates": GOODS_COLUMNS,
    "place_rates": PLACE_COLUMNS,
    "scheme_names": SCHEME_COLUMNS,
    "scheme_forms": NUMBER_COLUMNS,
    "currency_units": UNIT_COLUMNS,
    "person_totals": TOTAL_COLUMNS,
}
KEPT_MOST = 200_000  # values of a kind that are remembered; then they are looked up anew
_NAME = re.compile(r"[A-Za-z0-9._-]{1,64}", re.ASCII)


class ClearingEngine(Engine, Protocol):
    """An engine that also keeps tables between statements."""

    def stage(self, name: str, statement: str) -> None:
        """Run a statement into a table that later statements read under `name`."""

    def append(self, name: str, schema: Schema, rows: Sequence[Sequence[Any]]) -> None:
        """Add rows to a table that was loaded."""

    def update(self, statement: str) -> None:
        """Run a statement that changes a staged table."""

    def ask(self, statement: str) -> list[dict[str, Any]]:
        """Run a small statement and return its rows."""


class Learned:
    """A table of one row a value, which grows with the values that occur."""

    def __init__(
        self, engine: ClearingEngine, name: str, schema: Schema, work_out: Callable[[str], Sequence[Any]]
    ) -> None:
        """`work_out` gives the cells beside the value."""
        self._engine, self._name, self._schema, self._work_out = engine, name, schema, work_out
        self._known = 0
        engine.load(name, schema, [], ())

    def learn(self, values: str) -> None:
        """Work out what the SQL `values` (one column, value) names and the table does not hold."""
        key = self._schema[0][0]
        new = self._engine.ask(
            f"SELECT DISTINCT n.value FROM ({values}) AS n LEFT JOIN {self._name} AS k ON k.{key} = n.value "
            f"WHERE k.{key} IS NULL AND n.value IS NOT NULL"
        )
        if not new:
            return
        if self._known + len(new) > KEPT_MOST:
            self._engine.load(self._name, self._schema, [], ())
            self._known = 0
            new = self._engine.ask(f"SELECT DISTINCT n.value FROM ({values}) AS n WHERE n.value IS NOT NULL")
        self._engine.append(self._name, self._schema, [(row["value"], *self._work_out(row["value"])) for row in new])
        self._known += len(new)


def collector_name(given: str) -> str:
    """Return how an identifier stands in an account; `unnamed` where it is none."""
    return given if _NAME.fullmatch(given) else "unnamed"


class ItemRows:
    """Makes `chunk_items` of `parcel_rows` for one jurisdiction on one day."""

    def __init__(
        self, engine: ClearingEngine, *, jurisdiction: str, regime: str, on: date, rates: DutyRates, seen: Seen,
        schemes: Sequence[NumberedScheme] = (), totals: bool = True,
    ) -> None:  # fmt: skip
        """`schemes` are those that a number alone tells; `totals`: whether totals of persons are read."""
        self._engine, self._seen = engine, seen
        self.names = read_columns(seen, totals=totals)
        self._composer = Composer(
            CLEARANCE_STEPS,
            parameters={
                "jurisdiction": jurisdiction,
                "regime": regime,
                "acceptance_date": f"CAST('{on.isoformat()}' AS DATE)",
            },
            macros=ITEM_MACROS,
            column_groups={},
            macro_facts=frozenset({SEVERAL, SHARED}),
        )
        self._statements = {
            facts: written_out(self._composer.statement("parcel_items", facts=facts))
            for facts in (frozenset[str](), frozenset({SEVERAL}), frozenset({SEVERAL, SHARED}))
        }
        self._made: dict[tuple[str, bool], str] = {}
        self._tables = {
            "hs": Learned(engine, "goods_rates", GOODS_COLUMNS, lambda hs: _goods_cells(hs, seen, rates)),
            "place": Learned(engine, "place_rates", PLACE_COLUMNS, lambda place: (rates.of_place(place),)),
            "scheme": Learned(
                engine, "scheme_names", SCHEME_COLUMNS, lambda name: (plain(name), scheme_word(name, seen.schemes))
            ),
            "currency": Learned(engine, "currency_units", UNIT_COLUMNS, _unit_cells),
            "scheme_id": Learned(
                engine, "scheme_forms", NUMBER_COLUMNS, lambda text: _number_cells(text, seen, schemes)
            ),
            "buyer_id": Learned(engine, "buyer_forms", FORM_COLUMNS, lambda text: (form_of(text, seen.buyer_forms),)),
            "collector": Learned(engine, "collector_ids", COLLECTOR_COLUMNS, lambda text: (collector_name(text),)),
        }
        self.no_totals()

    def no_totals(self) -> None:
        """Keep no totals of persons."""
        self._engine.load("person_totals", TOTAL_COLUMNS, [], ())

    def make(self, rows: str = "parcel_rows") -> bool:
        """Make chunk_items of the rows; return whether some parcel has several items."""
        self.learn(rows)
        shared = "COALESCE(freight_micro, 0) + COALESCE(insurance_micro, 0) > 0"
        self._engine.stage(
            "several_parcels",
            f"SELECT parcel_no, MAX(CASE WHEN {shared} THEN 1 ELSE 0 END) AS is_shared FROM {rows} WHERE item > 1 "
            "GROUP BY parcel_no",
        )
        several = bool(self._engine.ask("SELECT COUNT(*) AS n FROM several_parcels")[0]["n"])
        if (rows, several) not in self._made:
            self._made[rows, several] = self._statement(rows, several=several)
        self._engine.stage("chunk_items", self._made[rows, several])
        return several

    def _statement(self, rows: str, *, several: bool) -> str:
        """Return the SQL of chunk_items: windows only for those parcels that need them."""
        columns = ", ".join(self.names)
        alone = self._statements[frozenset()]
        if not several:
            return f"SELECT {columns} FROM ({over(alone, {'parcel_rows': rows})}) AS x"
        kinds = (
            (alone, "ANTI JOIN several_parcels AS y ON y.parcel_no = x.parcel_no"),
            (self._statements[frozenset({SEVERAL})], _of_several(0)),
            (self._statements[frozenset({SEVERAL, SHARED})], _of_several(1)),
        )
        return " UNION ALL ".join(
            f"(SELECT {columns} FROM ("
            + over(statement, {"parcel_rows": f"(SELECT x.* FROM {rows} AS x {kept})"})
            + ") AS x)"
            for statement, kept in kinds
        )

    def general(self, rows: str, *, several: bool = True) -> str:
        """Return the SQL of the step over all rows at once: what `make` must be equal to."""
        facts = frozenset({SEVERAL, SHARED}) if several else frozenset[str]()
        return over(self._statements[facts], {"parcel_rows": rows})

    def learn(self, rows: str) -> None:
        """Work out what is new among the values of the rows."""
        columns = {
            "hs": "hs",
            "place": "COALESCE(destination_subdivision, '')",
            "scheme": "scheme",
            "currency": "currency",
            "scheme_id": "scheme_id",
        }
        for name, column in columns.items():
            self._tables[name].learn(f"SELECT {column} AS value FROM {rows}")
        if self._seen.buyer:
            self._tables["buyer_id"].learn(f"SELECT buyer_id AS value FROM {rows}")
        self._tables["collector"].learn(
            f"SELECT carrier AS value FROM {rows} UNION ALL SELECT scheme_id AS value FROM {rows}"
        )


def read_columns(seen: Seen, *, totals: bool) -> tuple[str, ...]:
    """Return the columns of items that somebody reads under these treatments: each one that is kept costs time."""
    unread = {"scheme"}
    if not totals:
        unread |= {*USED_COLUMNS, "acceptance_date"}
    kept = {
        "sale_date": totals or seen.sale, "arrival_date": totals or seen.arrival, "counted": totals or seen.counted,
        "dispatch_country": seen.dispatch, "origin": seen.origins, "goods_out": seen.goods, "buyer_id": seen.buyer,
        "restricted": seen.restricted, "scheme_seen": seen.schemes,
    }  # fmt: skip
    unread |= {name for name, is_read in kept.items() if not is_read}
    return tuple(name for name in CHUNK_COLUMNS if name not in unread)


def _goods_cells(hs: str, seen: Seen, rates: DutyRates) -> tuple[Any, ...]:
    digits = hs.replace(".", "").replace(" ", "")
    return digits, goods_words(digits, seen.goods), rates.of_goods("duty", digits), rates.of_goods("excise", digits)


def _number_cells(number: str, seen: Seen, schemes: Sequence[NumberedScheme]) -> tuple[Any, ...]:
    scheme = scheme_of_number(number, schemes)
    return form_of(number, seen.scheme_forms), scheme.word if scheme else ""


def _unit_cells(currency: str) -> tuple[Any, ...]:
    unit = 10 ** (6 - exponent(currency))
    return unit, Decimal(1) / unit


def _of_several(shared: int) -> str:
    """SQL of which rows are of parcels of several items, with freight or insurance to share out, or without."""
    chosen = f"SELECT parcel_no FROM several_parcels WHERE is_shared = {shared}"
    return f"SEMI JOIN ({chosen}) AS y ON y.parcel_no = x.parcel_no"


def _share_of_parcel(x: Sequence[str], facts: Facts) -> str:
    """SQL of an item's share of the parcel's amount by price, in millionths that sum up to it."""
    if SHARED not in facts:
        return x[0]
    parcel = "PARTITION BY q.basket_id"
    upto = f"{parcel} ORDER BY q.item ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW"
    whole = f"SUM(q.price_micro) OVER ({parcel})"
    weight = f"CASE WHEN {whole} > 0 THEN SUM(q.price_micro) OVER ({upto}) ELSE q.item END"
    before = f"CASE WHEN {whole} > 0 THEN SUM(q.price_micro) OVER ({upto}) - q.price_micro ELSE q.item - 1 END"
    divisor = f"CASE WHEN {whole} > 0 THEN {whole} ELSE COUNT(*) OVER ({parcel}) END"
    parts = [f"whole_quotient({x[0]}, {part}, {divisor})" for part in (weight, before)]
    return f"CASE WHEN {x[0]} = 0 THEN 0 ELSE CAST({parts[0]} - {parts[1]} AS BIGINT) END"


def _line_price(x: Sequence[str], facts: Facts) -> str:
    quantity, price = x
    product = f"CAST(whole_quotient({price}, {quantity}, 1000000) AS BIGINT)"
    return f"CASE WHEN COALESCE({quantity}, 1000000) = 1000000 THEN {price} ELSE {product} END"


ITEM_MACROS: dict[str, Macro] = {
    "share_of_parcel": _share_of_parcel,
    "line_price": _line_price,
    "of_several": lambda x, facts: "TRUE" if SEVERAL in facts else "FALSE",
}


def written_out(statement: str) -> str:
    """Return a statement with `whole_quotient(a, b, c)` written as a × b ÷ c of whole numbers, cut."""

    def quotient(node: Any) -> Any:
        if isinstance(node, exp.Anonymous) and node.name.lower() == "whole_quotient":
            a, b, c = (f"CAST({one.transform(quotient).sql('duckdb')} AS HUGEINT)" for one in node.expressions)
            return exp.maybe_parse(f"(({a} * {b}) // {c})", dialect="duckdb")
        return node

    return str(sqlglot.parse_one(statement, read="duckdb").transform(quotient).sql(dialect="duckdb"))


def over(statement: str, tables: Mapping[str, str]) -> str:
    """Return a statement that reads other tables, or bracketed statements, under the same names."""
    return _over(statement, tuple(tables.items()))


@lru_cache(maxsize=256)
def _over(statement: str, given: tuple[tuple[str, str], ...]) -> str:
    tables = dict(given)

    def other(node: Any) -> Any:
        if isinstance(node, exp.Table) and tables.get(node.name, node.name) != node.name:
            alias = node.alias_or_name
            if tables[node.name].startswith("("):
                return (
                    exp.maybe_parse(f"SELECT * FROM {tables[node.name]} AS {alias}", dialect="duckdb")
                    .args["from_"]
                    .this
                )
            return exp.alias_(exp.to_table(tables[node.name]), alias, table=True)
        return node

    return str(sqlglot.parse_one(statement, read="duckdb").transform(other).sql(dialect="duckdb"))


def listed(words: Iterable[str]) -> str:
    """Return SQL of a list of texts; one that nothing equals where there is none."""
    return "(" + ", ".join(f"'{ascii_text(word)}'" for word in words or ("~",)) + ")"
