# SPDX-License-Identifier: Apache-2.0
"""The statement that computes the tax lines of every item of a batch, one row an item.

Patterns of items were matched with their measures before; here each item finds the lines of its pattern, and the steps
of a tax line run over them, unrolled.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, Protocol

from sqlglot import exp

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
RISK_KEY = ("on_date", "goods_code", "origin", "export_country", "procedure", "mode", "movement")
RISK_NAMED = ("importer", "declarant", "description", "office")  # compared only where a criterion names them
_OF_THE_ITEM = ("declaration_no", "row_id", "quantities_e6", "customs_value_minor", "tie")
_ALWAYS_VARY = ("measure_id", "s1_rate", "small_rate")  # null where the line is not there
_CARRIED = (
    *("row_id", "declaration_no", "item", "data_set", "customs_value_minor", "statistical_value_minor"),
    *("value_open", "value_currency", "taxed", "relation_bits", "draw", "net_e6", "pattern_id"),
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
        "SELECT stage AS of_stage, tie, COUNT(small_rate) = COUNT(*) AS all_simple, "
        f"COUNT(small_rate) > 0 AS some_simple, {asked} FROM line_slots GROUP BY 1, 2 ORDER BY 1, 2"
    )
    constants = tuple(
        {c: _literal(row[c], kinds[c]) for c in columns if row[f"{c} same"] and c not in _ALWAYS_VARY} for row in found
    )
    simple = tuple("all" if row["all_simple"] else "some" if row["some_simple"] else "none" for row in found)
    slots = Slots(columns, constants, simple)
    varying = slots.varying()
    picked = [
        f"ANY_VALUE({c}) FILTER (WHERE stage = {found[n]['of_stage']} AND tie = {found[n]['tie']}) AS {c}_{n}"
        for n, c in varying
    ]
    names = [f"{c}_{n}" for n, c in varying]
    mask = " + ".join(f"CASE WHEN measure_id_{n} IS NULL THEN 0 ELSE {1 << n} END" for n in range(len(found))) or "0"
    engine.stage("pattern_slots", f"SELECT row_id{_listed(picked)} FROM line_slots GROUP BY row_id")
    distinct = f"SELECT DISTINCT {', '.join(names) or '0 AS nothing'} FROM pattern_slots"
    engine.stage(
        "line_sets",
        f"SELECT CAST(ROW_NUMBER() OVER () AS INTEGER) AS set_id, {mask} AS present_mask, * FROM ({distinct})",
    )
    same = " AND ".join(f"s.{name} IS NOT DISTINCT FROM q.{name}" for name in names) or "TRUE"
    key = ", ".join(f"p.{c}" for c in PATTERN_KEY)
    engine.stage(
        "pattern_sets",
        f"SELECT {key}, s.set_id FROM selection_patterns AS p JOIN pattern_slots AS q ON q.row_id = p.row_id "
        f"JOIN line_sets AS s ON {same}",
    )
    masks = engine.ask("SELECT present_mask AS mask, COUNT(*) AS sets FROM line_sets GROUP BY 1 ORDER BY 2 DESC, 1")
    return slots, [row["mask"] for row in masks[:MASKS_MAX]]


def _literal(value: str | None, kind: str) -> str:
    if value is None:
        return f"CAST(NULL AS {kind})"
    if kind == "BOOLEAN":
        return value.upper()
    if kind in ("INTEGER", "BIGINT"):
        return value
    text = "'" + value.replace("'", "''") + "'"
    return text if kind == "VARCHAR" else f"CAST({text} AS {kind})"


def _listed(columns: Sequence[str]) -> str:
    return "".join(f", {column}" for column in columns)


def lines_statement(
    steps: Sequence[exp.Expression],
    plain: Sequence[exp.Expression],
    slots: Slots,
    masks: Sequence[int],
    named: Callable[[str, str], str],
    more: Sequence[str] = (),
) -> str:
    """Return the rest of a statement whose parts make item_values: one row an item with its tax lines.

    `named` gives SQL for what risk criteria can tell of a column; `more` are the item's own figures that they compare
    besides its value and mass.
    """
    count = range(len(slots.constants))
    varying = [f"s.{c}_{n}" for n, c in slots.varying()]
    present = [f"s.measure_id_{n} IS NOT NULL AS present_line_{n}" for n in count]
    key = " AND ".join(f"p.{c} = {'d.law_date' if c == 'on_date' else f'i.{c}'}" for c in PATTERN_KEY)
    carried = [
        "COALESCE(i.declared_statistical_minor, i.customs_value_minor) AS statistical_value_minor"
        if c == "statistical_value_minor"
        else f"{'k.row_id AS ' if c == 'pattern_id' else 'i.'}{c}"
        for c in (*_CARRIED, *more)
    ]
    risky = [f"k.{c} = {'d.risk_date' if c == 'on_date' else f'i.{c}'}" for c in RISK_KEY]
    risky += [f"k.{c} = {named(c, f'i.{c}')}" for c in RISK_NAMED]
    start = (
        f"line_start AS (SELECT {', '.join(carried)}, i.quantities_e6, s.present_mask"
        f"{_listed(varying)}{_listed(present)} FROM item_values AS i JOIN law_dates AS d ON d.on_date = i.on_date "
        f"LEFT JOIN pattern_sets AS p ON {key} LEFT JOIN line_sets AS s ON s.set_id = p.set_id "
        "LEFT JOIN (SELECT * FROM risk_patterns WHERE row_id IN (SELECT pattern_id FROM risk_pattern_hits)) AS k "
        f"ON {' AND '.join(risky)})"
    )
    parts, last, kept = unrolled(steps, plain, slots, "line_start")
    stands = [f"{said} AS line_kept_{n}" for n, said in enumerate(kept)]
    parts.append(("line_kept", f"SELECT *{_listed(stands)} FROM {last}"))
    mask = " + ".join(f"CASE WHEN line_kept_{n} THEN {1 << n} ELSE 0 END" for n in count) or "0"
    if all(said == slots.present(n) for n, said in enumerate(kept)):
        mask = "COALESCE(present_mask, 0)"
    parts.append(("line_end", f"SELECT *, {mask} AS lines_mask FROM line_kept"))
    middle = ", ".join(f"{name} AS ({sql})" for name, sql in parts)
    return f"{start}, {middle} SELECT {', '.join((*_CARRIED, *more))}, {_results(slots, masks)} FROM line_end"


def _results(slots: Slots, masks: Sequence[int]) -> str:
    count, of = range(len(slots.constants)), slots.of

    def total(column: str, when: Sequence[str] = ()) -> str:
        of_line = [f"CASE WHEN {said} THEN {of(column, n)} ELSE 0 END" for n, said in enumerate(when)]
        whole = of_line or [of(column, n) for n in count]
        usual = " ".join(
            f"WHEN {mask} THEN {' + '.join(whole[n] for n in count if mask >> n & 1)}" for mask in masks if mask
        )
        each = [f"CASE WHEN line_kept_{n} THEN {whole[n]} ELSE 0 END" for n in count]
        return f"CASE lines_mask WHEN 0 THEN NULL {usual} ELSE {' + '.join(each) or 'NULL'} END"

    suspended = [f"COALESCE({of('effect', n)} = 'suspended', FALSE)" for n in count]
    is_open = [
        f"(line_kept_{n} AND {of('amount_minor', n)} IS NULL "
        f"AND {of('base_minor', n)} IS NOT NULL AND {of('typed', n)})"
        for n in count
    ]
    opened = ", ".join(f"CASE WHEN {said} THEN measure_id_{n} END" for n, said in enumerate(is_open))
    lines = [
        f"STRUCT_PACK(type := {of('tax_type', n)}, "
        f"base := CASE WHEN {of('ad_valorem', n)} THEN {of('base_minor', n)} END, "
        f"amount := {of('amount_minor', n)}, assessed := {of('assessed_minor', n)}, "
        f"payable := {of('payable_minor', n)}, measure := measure_id_{n})"
        for n in count
    ]
    known = " ".join(
        f"WHEN {mask} THEN [{', '.join(lines[n] for n in count if mask >> n & 1)}]" for mask in masks if mask
    )  # the usual combinations without a search for what is there
    given = ", ".join(f"CASE WHEN line_kept_{n} THEN {line} END" for n, line in enumerate(lines))
    return (
        f"CASE lines_mask WHEN 0 THEN NULL {known} ELSE LIST_FILTER([{given}], lambda x: x IS NOT NULL) END AS taxes, "
        f"{total('assessed_minor')} AS assessed_minor, {total('payable_minor')} AS payable_minor, "
        f"{total('amount_minor', suspended)} AS secured_minor, "
        f"CASE WHEN {' OR '.join(is_open) or 'FALSE'} THEN LIST_FILTER([{opened}], lambda x: x IS NOT NULL) END "
        "AS open_lines"
    )
