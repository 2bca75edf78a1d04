# SPDX-License-Identifier: Apache-2.0
"""Clears staged parcels of one jurisdiction on one day: what each is charged, by whom it is collected, what is decided.

From `parcel_rows` to `parcel_results` (one row a parcel, with its record) and `collector_sums`. What hangs on a pattern
of parcels alone is judged once a pattern and remembered over chunks (ways.py); amounts are computed item by item.
Limits: one thread; an engine of its own. The answer is a function of rows, regimes, rates, day and totals.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import date
from typing import Any

from openecp.border.low_value import fast_charges, records
from openecp.border.low_value.charges import SEVERAL, ChargeAssessor
from openecp.border.low_value.counting import (
    Count,
    CountedParcel,
    Counting,
    ItemValues,
    Reads,
    moves,
    periods_of,
)
from openecp.border.low_value.exchange import OfficialRates, exchange_row
from openecp.border.low_value.item_rows import TOTAL_COLUMNS, ClearingEngine, ItemRows, listed
from openecp.border.low_value.model import Jurisdiction
from openecp.border.low_value.quote import in_force
from openecp.border.low_value.rate_tables import DutyRates
from openecp.border.low_value.scheme_numbers import numbered_schemes
from openecp.border.low_value.tables import EXCHANGE_COLUMNS, FIRST_DAY, ITEM_COLUMNS, LAST_DAY
from openecp.border.low_value.ways import PATTERN_KEYS, WAY_COLUMNS, Tried, Ways, seen_of, treatments_of
from openecp.kernel.assessment.engine import Columns
from openecp.kernel.journal.bulk import CounterMove
from openecp.kernel.parties.entity_key import entity_keys

PATTERN_COLUMNS = Columns((("pattern_no", "BIGINT"), *PATTERN_KEYS), nullable=())
STRONG = ("id:", "na:")  # keys of which a total is kept
PATTERNS_MOST = 100_000  # remembered; then they are weighed anew


class Clearance:
    """Clears chunks of parcels under the regimes of one jurisdiction, as they stand on one day."""

    def __init__(
        self,
        file: Jurisdiction,
        engine: ClearingEngine,
        *,
        on: date,
        regime: str = "",
        rates: OfficialRates | None = None,
        duty_rates: DutyRates | None = None,
        totals: bool = True,
    ) -> None:
        """`totals`: whether totals of persons and orders are kept; without them every parcel stands alone."""
        self.file, self.on, self.regime, self._engine = file, on, regime, engine
        self._rates = rates or OfficialRates()
        self.assessor = ChargeAssessor([file], engine)
        self.treatments, self.entries = treatments_of(file)
        named = [row for row in self.treatments.values() if not regime or row["regime_id"] == regime or row["ordinary"]]
        self.seen = seen_of(named)
        self._remits = any(row["remit_micro"] is not None for row in self.treatments.values())
        self.tests = sorted(
            {
                row[f"{name}_scope"] * 2 + int(row[f"{name}_cif"])
                for row in named
                for name in ("limit", "limit2")
                if row[f"{name}_scope"]
            }
        )
        self.periods = periods_of(named) if totals else ()
        self.items = ItemRows(
            engine,
            jurisdiction=file.jurisdiction,
            regime=regime,
            on=on,
            rates=duty_rates or DutyRates((), on),
            seen=self.seen,
            schemes=numbered_schemes(file),
            totals=bool(self.periods),
        )
        self._unread = self._unread_cells()
        self._charges: dict[tuple[bool, tuple[str, ...]], str] = {}
        self._ways = Ways(self.treatments, self.entries, {})
        self._tried = self.assessor.composer.statement("treatments_tried", facts=frozenset({SEVERAL}))
        records.no_quality(engine)
        self._counting = Counting(self.periods, self._ways.pairs)
        self.last_count: Count | None = None
        self._reads: Reads = lambda keys: {}
        self._hashes: Callable[[Sequence[str]], list[str | None]] = lambda keys: [key or None for key in keys]
        self._forget()

    def _forget(self) -> None:
        self._patterns = 0
        self._engine.load("patterns", PATTERN_COLUMNS, [], ())
        self._engine.load("ways", WAY_COLUMNS, [], ())
        self._ways.rows.clear()

    # --- the chunk, step by step ---

    def assess(self, rows: str = "parcel_rows", *, quality: str = "", sums: bool = True, charges: bool = True) -> None:
        """Make parcel_results and collector_sums of the rows of one chunk; `quality` is SQL of the codes of rows.

        `sums`, `charges`: whether anybody reads these tables.
        """
        several = self.charge(rows) if charges else self._match(rows)
        if quality:
            self._engine.stage("quality_codes", records.quality_statement(quality))
        charged = records.CHARGED if charges else self._charges_of(several=several, more=records.CARRIED)
        records.make(self._engine, rows, self.on, charged, several=several, sums=sums)

    def charge(self, rows: str = "parcel_rows") -> bool:
        """Make chunk_items and charges of the rows; return whether some parcel has several items."""
        several = self._match(rows)
        self._engine.stage("charges", self._charges_of(several=several))
        return several

    def _match(self, rows: str) -> bool:
        """Make chunk_items of the rows, and know the patterns of all; return whether some parcel has several items."""
        several = self.items.make(rows)
        if self.periods:
            self.last_count = self._count(rows, several=several)
            self._engine.load("person_totals", TOTAL_COLUMNS, self.last_count.totals, ("basket_id",))
            if self.last_count.totals:
                self.items.make(rows)
        self._match_patterns(rows, several=several)
        return several

    def _charges_of(self, *, several: bool, more: tuple[str, ...] = ()) -> str:
        if (several, more) not in self._charges:
            self._charges[several, more] = self.charges_sql(several=several, more=more)
        return self._charges[several, more]

    def charges_sql(self, *, several: bool, more: Sequence[str] = ()) -> str:
        """Return the SQL of the charges of chunk_items whose patterns are known, with `more` columns of the items."""
        parts, found = [], []
        used = bool(self.periods)
        for many in (False, True) if several else (False,):
            name = "many" if many else "one"
            values = fast_charges.values_statement(
                self._matched(several=many), several=many, hs6=self.seen.hs6, used=used, more=more
            )
            parts.append(f"{name}_values AS ({values})")
            parts.append(f"{name}_ways AS ({fast_charges.chosen_statement(self.tests, f'{name}_values')})")
            if many:
                ctes, last = fast_charges.many_statements(
                    f"{name}_values", f"{name}_ways", remits=self._remits, more=more
                )
                parts += ctes
                found.append(last)
            else:
                found.append(
                    fast_charges.one_statement(f"{name}_values", f"{name}_ways", remits=self._remits, more=more)
                )
        return f"WITH {', '.join(parts)} " + " UNION ALL ".join(f"({one})" for one in found)

    # --- totals of persons and orders ---

    def _count(self, rows: str, *, several: bool) -> Count:
        """Go through the parcels in their order, with the totals as they stand."""
        self.items.no_totals()
        self._engine.update("UPDATE chunk_items SET counted = FALSE WHERE counted")
        numbers = []
        for counted in (False, True) if self.seen.counted else (False,):
            self._engine.update(f"UPDATE chunk_items SET counted = {counted}")
            self._match_patterns(rows, several=several)
            matched = f"SELECT i.row_id, p.pattern_no FROM {self._matched(several=several)}"
            self._engine.stage(f"patterns_{int(counted)}", matched)
            numbers.append(f"p{int(counted)}.pattern_no AS pattern_{int(counted)}")
        second = "JOIN patterns_1 AS p1 ON p1.row_id = i.row_id" if self.seen.counted else ""
        found = self._engine.ask(
            f"SELECT i.basket_id, i.row_id, i.currency, i.sale_date, i.acceptance_date, i.arrival_date, i.price_micro, "
            "i.price_micro + i.freight_micro + i.insurance_micro AS cif_micro, i.quantity_micro, "
            f"SUBSTR(i.hs, 1, 6) AS hs6, {', '.join(numbers)}, r.buyer_name, r.buyer_address, r.buyer_id, r.order_id, "
            f"COALESCE(r.scheme_id, r.carrier, '') AS seller FROM chunk_items AS i JOIN {rows} AS r "
            f"ON r.row_id = i.row_id JOIN patterns_0 AS p0 ON p0.row_id = i.row_id {second} ORDER BY i.row_id"
        )
        return self._counting.count(self._counted_parcels(found), self._reads)

    def _counted_parcels(self, rows: Sequence[Mapping[str, Any]]) -> list[CountedParcel]:
        """Return the parcels of rows, with salted hashes of whose they are."""
        firsts: dict[int, Mapping[str, Any]] = {}
        items: dict[int, list[ItemValues]] = {}
        ways = self._ways.rows
        for row in rows:
            basket = row["basket_id"]
            firsts.setdefault(basket, row)
            items.setdefault(basket, []).append(
                ItemValues(
                    (ways[row["pattern_0"]], ways[row.get("pattern_1", row["pattern_0"])]),
                    row["price_micro"],
                    row["cif_micro"],
                    row["quantity_micro"],
                    row["hs6"],
                )
            )
        heads = list(firsts.values())
        columns = [[row[name] for row in heads] for name in ("buyer_name", "buyer_address", "buyer_id")]
        keys = [key if key.startswith(STRONG) else "" for key in entity_keys(*columns)]
        orders = [f"order:{row['seller']}|{row['order_id']}" if row["order_id"] else "" for row in heads]
        persons, orders_hashed = self._hashes(keys), self._hashes(orders)
        return [
            CountedParcel(
                row["basket_id"], row["row_id"], row["currency"], person, order,
                (row["sale_date"], row["acceptance_date"], row["arrival_date"]), items[row["basket_id"]],
            )
            for row, person, order in zip(heads, persons, orders_hashed, strict=True)
        ]  # fmt: skip

    def keep_totals(self, reads: Reads, hashes: Callable[[Sequence[str]], list[str | None]]) -> None:
        """Say where totals are read, and how keys are hashed; without this every parcel stands alone."""
        self._reads, self._hashes = reads, hashes

    @property
    def counts(self) -> bool:
        """Whether some treatment looks at totals: chunks must then be recorded one after the other."""
        return bool(self.periods)

    def moves(self, first_row: int, last_row: int) -> list[CounterMove]:
        """Return what the parcels of some rows of the last chunk move."""
        if self.last_count is None:
            return []
        return moves(self.last_count, first_row, last_row, exact=self.seen.counted)

    # --- patterns ---

    def _match_patterns(self, rows: str, *, several: bool) -> None:
        """Weigh the patterns of items that were not seen before; then `_matched` knows each item's."""
        if several:
            self._engine.stage("item_mixes", self._mixes_statement())
        cells = self._pattern_cells(several=several)
        keys = ", ".join(f"{cell} AS {name}" for name, cell in cells.items())
        same = " AND ".join(f"p.{name} = k.{name}" for name in cells)
        names = ", ".join(f"k.{name}" for name in cells)
        unseen = (
            f"SELECT {names}, MIN(k.row_id) AS row_id, MIN(k.basket_id) AS basket_id "
            f"FROM (SELECT i.row_id, i.basket_id, {keys} FROM {self._cell_tables(several=several)}) AS k "
            f"ANTI JOIN patterns AS p ON {same} GROUP BY {names}"
        )
        new = self._engine.ask(unseen)
        if self._patterns and self._patterns + len(new) > PATTERNS_MOST:
            self._forget()
            new = self._engine.ask(unseen)
        if new:
            self._weigh(rows, [self._unread | row for row in new])

    def _matched(self, *, several: bool) -> str:
        """Return SQL of the items `i`, each with its pattern `p`."""
        same = " AND ".join(f"p.{name} = ({cell})" for name, cell in self._pattern_cells(several=several).items())
        return f"{self._cell_tables(several=several)} JOIN patterns AS p ON {same}"

    def _cell_tables(self, *, several: bool) -> str:
        joins = "chunk_items AS i LEFT JOIN scheme_forms AS f ON f.identifier = i.scheme_id"
        if self.seen.buyer:
            joins += " LEFT JOIN buyer_forms AS b ON b.identifier = i.buyer_id"
        if several:
            joins += " LEFT JOIN item_mixes AS m ON m.basket_id = i.basket_id"
        return joins

    def _named(self, column: str, words: Sequence[str]) -> str:
        return f"CASE WHEN i.{column} IN {listed(words)} THEN i.{column} ELSE '' END" if words else "''"

    def _mixes_statement(self) -> str:
        """Return SQL of what kinds of goods a parcel of several items holds, and what hangs on all of them."""
        restricted = "i.restricted" if self.seen.restricted else "FALSE"
        origin = self._named("origin", self.seen.origins)
        goods = "i.goods_out" if self.seen.goods else "''"
        kind = f"CONCAT({goods}, '/', {origin}, '/', CASE WHEN {restricted} THEN 'r' ELSE '' END)"
        return (
            f"SELECT i.basket_id, STRING_AGG(DISTINCT {kind}, ' ' ORDER BY {kind}) AS mix, "
            "CAST(SUM(i.quantity_micro) AS BIGINT) AS quantity_micro, MAX(i.duty_rate_e8) AS duty_rate_e8 "
            "FROM chunk_items AS i WHERE i.is_several GROUP BY i.basket_id"
        )

    def _pattern_cells(self, *, several: bool) -> dict[str, str]:
        """Return SQL of the cells of an item's pattern that some treatment looks at."""
        seen = self.seen
        cells = {
            "currency": "i.currency",
            "sale_date": "i.sale_date",
            "arrival_date": "i.arrival_date",
            "channel": "i.channel",
            "trade": "i.trade",
            "dispatch": self._named("dispatch_country", seen.dispatch),
            "scheme": "i.scheme_seen",
            "scheme_form": "COALESCE(f.form, '')",
            "buyer_form": "COALESCE(b.form, '')",
            "single": self._of_parcel("quantity_micro", several) + " <= 1000000",
            "documents": "i.documents",
            "counted": "i.counted",
            "band_e8": f"COALESCE({self._of_parcel('duty_rate_e8', several)}, -1)",
            "goods": "i.goods_out",
            "origin": self._named("origin", seen.origins),
            "restricted": "i.restricted",
            "tax_paid": "i.tax_paid",
            "mix": "COALESCE(m.mix, '')" if several else "''",
        }
        return {name: cell for name, cell in cells.items() if name not in self._unread}

    def _unread_cells(self) -> dict[str, Any]:
        """Return the cells of a pattern that no treatment looks at, and what stands in them."""
        seen = self.seen
        cells: dict[str, tuple[object, Any]] = {
            "sale_date": (seen.sale, self.on),
            "arrival_date": (seen.arrival, self.on),
            "dispatch": (seen.dispatch, ""),
            "scheme": (seen.schemes, ""),
            "buyer_form": (seen.buyer, ""),
            "single": (seen.single, False),
            "counted": (seen.counted, False),
            "band_e8": (seen.bands, -1),
            "goods": (seen.goods, ""),
            "origin": (seen.origins, ""),
            "restricted": (seen.restricted, False),
        }
        return {name: cell for name, (looked_at, cell) in cells.items() if not looked_at}

    @staticmethod
    def _of_parcel(column: str, several: bool) -> str:
        return f"COALESCE(m.{column}, i.{column})" if several else f"i.{column}"

    def _weigh(self, rows: str, new: Sequence[Mapping[str, Any]]) -> None:
        """Weigh one parcel of each new pattern, without its amounts, by the steps; keep the ways that come out."""
        baskets = sorted({row["basket_id"] for row in new})
        single = {row["basket_id"]: row["single"] for row in new}
        names = [name for name, _ in ITEM_COLUMNS]
        numbers = ", ".join(str(number) for number in baskets)
        self._engine.stage("weighed_rows", f"SELECT x.* FROM {rows} AS x WHERE x.parcel_no IN ({numbers})")
        found = self._engine.ask(
            f"SELECT {', '.join(names)} FROM ({self.items.general('weighed_rows')}) AS x ORDER BY basket_id, item"
        )
        counted = {row["basket_id"]: row["counted"] for row in new}
        items = []
        for row in found:
            nothing = {name: 0 for name in names if name.startswith(("used_", "price_", "freight_", "insurance_"))}
            count = 0 if single[row["basket_id"]] else 2_000_000
            told = {"quantity_micro": count, "counted": counted[row["basket_id"]]}
            items.append(tuple((row | nothing | told)[name] for name in names))
        tries = self._engine.run(
            self._tried,
            {
                "parcel_items": (ITEM_COLUMNS, self.assessor.marked(items)),
                "exchange": (EXCHANGE_COLUMNS, self.exchange(new)),
            },
        )
        by_row: dict[int, list[Tried]] = {}
        for row_id, _, treatment_no, regime_no, ordinary, failed in tries:
            by_row.setdefault(row_id, []).append(Tried(treatment_no, regime_no, ordinary, int(failed)))
        patterns, ways = [], []
        for number, pattern in enumerate(new, start=self._patterns + 1):
            patterns.append((number, *(pattern[name] for name, _ in PATTERN_KEYS)))
            ways += self._ways.of(number, pattern, by_row.get(pattern["row_id"], []))
        self._patterns += len(new)
        self._engine.append("patterns", PATTERN_COLUMNS, patterns)
        self._engine.append("ways", WAY_COLUMNS, ways)

    def exchange(self, rows: Sequence[Mapping[str, Any]]) -> list[tuple[Any, ...]]:
        """Return the rates of exchange of the currencies of rows into those of the regimes, on the day of acceptance.

        The same as a quote takes: of the first regime in force that names a table with both.
        """
        found = []
        targets = {regime.currency or self.file.currency for regime in self.file.regimes}
        for currency in sorted({row["currency"] for row in rows}):
            for target in sorted(targets | {currency}):
                pair = (1, 1) if target == currency else self._official(currency, target)
                if pair is not None:
                    self._ways.pairs[currency, target] = pair
                    found.append(exchange_row("", currency, target, (FIRST_DAY, LAST_DAY), pair))
        return found

    def _official(self, source: str, target: str) -> tuple[int, int] | None:
        for regime in self.file.regimes:
            if regime.exchange is not None and in_force(regime, self.on):
                pair = self._rates.pair(regime.exchange.table, source, target, self.on)
                if pair is not None:
                    return pair
        return None
