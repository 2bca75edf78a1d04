# SPDX-License-Identifier: Apache-2.0
"""The statement that computes the tax lines of every item of a batch, one row an item.

Patterns of items were matched with their measures before; here each item finds the lines of its pattern, and the steps
of a tax line run over them, unrolled.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Protocol

from sqlglot import exp

from openecp.border.narrow import RATE
from openecp.border.unroll import Slots, unrolled

MASKS_MAX = 100
PATTERN_KEY = (
    "on_date",
    "tariff_key",
    "movement",
    "regime",
    "origin",
    "preference",
    "order_number",
    "additional_codes",
    "procedure",
    "additional_procedures",
    "taxed",
    "expected_taxes",
)
_OF_THE_ITEM = ("declaration_no", "row_id", "quantities_e6", "customs_value_minor", "tie")
_CARRIED = (
    *("row_id", "declaration_no", "item", "data_set", "customs_value_minor", "statistical_value_minor"),
    *("value_open", "value_currency", "taxed", "relation_bits", "draw"),
)


class Tables(Protocol):
    """What is asked of the engine here."""

    def ask(self, statement: str) -> list[dict[str, Any]]:
        """Run a small statement and return its rows."""

    def stage(self, name: str, statement: str) -> None:
        """Run a statement into a table."""


def slots_of(engine: Tables) -> tuple[Slots, list[int]]:
    """Lay the lines of all patterns out in slots, and make the tables line_sets and pattern_sets.

    Returns the slots, and which of them occur together, as bits.
    """
    kinds = {row["column_name"]: row["column_type"] for row in engine.ask("DESCRIBE line_slots")}
    columns = tuple(name for name in kinds if name not in _OF_THE_ITEM)
    asked = ", ".join(
        f'MIN("{c}")::VARCHAR AS "{c}", '
        f'MIN("{c}") IS NOT DISTINCT FROM MAX("{c}") AND COUNT("{c}") IN (0, COUNT(*)) AS "{c} same"'
        for c in columns
    )
    found = engine.ask(
        f"SELECT tax_type AS of_type, tie, ad_valorem AS plain, "
        f"COALESCE(BOOL_AND(TRY_CAST(s1_rate AS {RATE}) = s1_rate), FALSE) AS small, {asked} "
        "FROM line_slots GROUP BY 1, 2, 3 "
        "ORDER BY MIN(stage), 1, 2, 3"
    )
    constants = [
        {c: _literal(row[c], kinds[c]) for c in columns if row[f"{c} same"] and c != "measure_id"} for row in found
    ]
    plain = tuple(bool(row["plain"]) for row in found)
    slots = Slots(columns, tuple(constants), plain, tuple(bool(row["plain"] and row["small"]) for row in found))
    varying = slots.varying()
    picked = [
        f"ANY_VALUE({c}) FILTER (WHERE tax_type = '{found[n]['of_type']}' AND tie = {found[n]['tie']} "
        f"AND ad_valorem = {found[n]['plain']}) AS {c}_{n}"
        for n, c in varying
    ]
    names = [f"{c}_{n}" for n, c in varying]
    engine.stage("pattern_slots", f"SELECT row_id{_listed(picked)} FROM line_slots GROUP BY row_id")
    distinct = f"SELECT DISTINCT {', '.join(names) or '0 AS nothing'} FROM pattern_slots"
    engine.stage("line_sets", f"SELECT CAST(ROW_NUMBER() OVER () AS INTEGER) AS set_id, * FROM ({distinct})")
    same = " AND ".join(f"s.{name} IS NOT DISTINCT FROM q.{name}" for name in names) or "TRUE"
    key = ", ".join(f"p.{c}" for c in PATTERN_KEY)
    engine.stage(
        "pattern_sets",
        f"SELECT {key}, s.set_id FROM selection_patterns AS p JOIN pattern_slots AS q ON q.row_id = p.row_id "
        f"JOIN line_sets AS s ON {same}",
    )
    mask = " + ".join(f"CASE WHEN measure_id_{n} IS NULL THEN 0 ELSE {1 << n} END" for n in range(len(found))) or "0"
    masks = [row["mask"] for row in engine.ask(f"SELECT DISTINCT {mask} AS mask FROM line_sets ORDER BY 1")]
    return slots, masks[:MASKS_MAX]


def _literal(value: str | None, kind: str) -> str:
    text = "NULL" if value is None else "'" + value.replace("'", "''") + "'"
    return f"CAST({text} AS {kind})"


def _listed(columns: Sequence[str]) -> str:
    return "".join(f", {column}" for column in columns)


def lines_statement(
    steps: Sequence[exp.Expression], plain: Sequence[exp.Expression], slots: Slots, masks: Sequence[int]
) -> str:
    """Return the rest of a statement whose parts make item_values: one row an item with its tax lines."""
    count = range(len(slots.constants))
    varying = [f"s.{c}_{n}" for n, c in slots.varying()]
    present = [f"s.measure_id_{n} IS NOT NULL AS present_line_{n}" for n in count]
    key = " AND ".join(f"p.{c} = {'d.law_date' if c == 'on_date' else f'i.{c}'}" for c in PATTERN_KEY)
    carried = [
        "COALESCE(i.declared_statistical_minor, i.customs_value_minor) AS statistical_value_minor"
        if c == "statistical_value_minor"
        else f"i.{c}"
        for c in _CARRIED
    ]
    start = (
        f"line_start AS (SELECT {', '.join(carried)}, i.quantities_e6{_listed(varying)}{_listed(present)} "
        "FROM item_values AS i JOIN law_dates AS d ON d.on_date = i.on_date "
        f"LEFT JOIN pattern_sets AS p ON {key} LEFT JOIN line_sets AS s ON s.set_id = p.set_id)"
    )
    parts, last = unrolled(steps, plain, slots, "line_start")
    mask = " + ".join(f"CASE WHEN line_kept_{n} THEN {1 << n} ELSE 0 END" for n in count) or "0"
    parts.append(("line_end", f"SELECT *, {mask} AS lines_mask FROM {last}"))
    middle = ", ".join(f"{name} AS ({sql})" for name, sql in parts)
    return f"{start}, {middle} SELECT {', '.join(_CARRIED)}, {_results(slots, masks)} FROM line_end"


def _results(slots: Slots, masks: Sequence[int]) -> str:
    count = range(len(slots.constants))

    def of(column: str, slot: int) -> str:
        return slots.constants[slot].get(column, f"{column}_{slot}")

    def total(column: str, when: Sequence[str] = ()) -> str:
        of_line = [f"CASE WHEN {said} THEN {column}_{n} ELSE 0 END" for n, said in enumerate(when)]
        whole = of_line or [f"{column}_{n}" for n in count]
        usual = " ".join(
            f"WHEN {mask} THEN {' + '.join(whole[n] for n in count if mask >> n & 1)}" for mask in masks if mask
        )
        each = [f"CASE WHEN line_kept_{n} THEN {whole[n]} ELSE 0 END" for n in count]
        return f"CASE lines_mask WHEN 0 THEN NULL {usual} ELSE {' + '.join(each) or 'NULL'} END"

    suspended = [f"COALESCE({of('effect', n)} = 'suspended', FALSE)" for n in count]
    is_open = [
        f"(line_kept_{n} AND amount_minor_{n} IS NULL AND base_minor_{n} IS NOT NULL AND {of('typed', n)})"
        for n in count
    ]
    opened = ", ".join(f"CASE WHEN {said} THEN measure_id_{n} END" for n, said in enumerate(is_open))
    lines = [
        f"STRUCT_PACK(type := {of('tax_type', n)}, base := CASE WHEN {of('ad_valorem', n)} THEN base_minor_{n} END, "
        f"amount := amount_minor_{n}, assessed := assessed_minor_{n}, payable := payable_minor_{n}, "
        f"measure := measure_id_{n})"
        for n in count
    ]
    known = " ".join(
        f"WHEN lines_mask = {mask} THEN [{', '.join(lines[n] for n in count if mask >> n & 1)}]"
        for mask in masks
        if mask
    )  # the usual combinations without a search for what is there
    given = ", ".join(f"CASE WHEN line_kept_{n} THEN {line} END" for n, line in enumerate(lines))
    return (
        f"CASE {known} WHEN lines_mask <> 0 THEN LIST_FILTER([{given}], lambda x: x IS NOT NULL) END AS taxes, "
        f"{total('assessed_minor')} AS assessed_minor, {total('payable_minor')} AS payable_minor, "
        f"{total('amount_minor', suspended)} AS secured_minor, "
        f"CASE WHEN {' OR '.join(is_open) or 'FALSE'} THEN LIST_FILTER([{opened}], lambda x: x IS NOT NULL) END "
        "AS open_lines"
    )
