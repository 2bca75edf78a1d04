# SPDX-License-Identifier: Apache-2.0
"""From charges to decisions: one row a parcel with its record, and the sums that each collector owes.

A record is canonical JSON (RFC 8785) in ASCII without personal data; it is built in SQL, since a day has millions.
Decisions: full_declaration where the low-value way is shut, hold where something must be answered first (a rate, a
field, the description), release_with_charges where something is collected at the border, else release. Only what is
released here is charged here: a parcel on hold or under a full declaration has no amounts in its record.
"""

from __future__ import annotations

from datetime import date

from openecp.border.low_value.item_rows import ClearingEngine
from openecp.border.low_value.ways import (
    BY_NUMBER,
    DUTY_RATE,
    EXCHANGE,
    NO_REGIME,
    REASON_BIT,
    REQUIRED_CODES,
    TAX_RATE,
)
from openecp.kernel.assessment.engine import Columns, Schema

QUALITY_COLUMNS: Schema = Columns(  # one row a finding
    (("row_id", "BIGINT"), ("code", "VARCHAR"), ("is_held", "BOOLEAN")), nullable=()
)
RECORD_VERSION = 1
CARRIED = ("missing", "is_several", "currency", "carrier", "scheme_id", "by_number")  # of items, beside their charges
CHARGED = (
    f"SELECT c.*, {', '.join(f'i.{name}' for name in CARRIED)} FROM charges AS c "
    "JOIN chunk_items AS i ON i.row_id = c.row_id"
)


def no_quality(engine: ClearingEngine) -> None:
    """Say that nothing is known of the quality of the data."""
    engine.load("quality_codes", QUALITY_COLUMNS, [], ())


def quality_statement(codes: str) -> str:
    """Return SQL of one row a finding, from a statement that gives row_id, quality (codes with a blank between them)
    and quality_hold."""
    return (
        "SELECT q.row_id, UNNEST(STRING_SPLIT(q.quality, ' ')) AS code, q.quality_hold AS is_held "
        f"FROM ({codes}) AS q WHERE q.quality <> ''"
    )


def make(
    engine: ClearingEngine, rows: str, on: date, charged: str = CHARGED, *, several: bool, sums: bool = True
) -> None:
    """Make parcel_results and, where asked for, collector_sums of charges, ways, chunk_items and quality_codes.

    `charged` is SQL of the charges with CARRIED columns of their items.
    """
    engine.stage("item_outcomes", item_statement(charged))
    engine.stage("parcel_results", result_statement(rows, on, several=several))
    if sums:
        engine.stage("collector_sums", sums_statement())


def _amount(kind: str, at: str = "o") -> str:
    """SQL of one amount of a record; empty where nothing is charged."""
    by = f"w.{kind}_by"
    parts = [
        "'{\"base\":'", f"{at}.{kind}_base_micro", "',\"by\":\"collector:'", by, "':'",
        f"CASE WHEN {by} = 'seller' THEN {at}.seller_id ELSE {at}.carrier_id END", "':'", f"{at}.currency",
        "'\",\"due\":\"'", f"w.{kind}_due", "'\",\"item\":'", f"{at}.item", "',\"minor\":'", f"{at}.{kind}_minor",
        "',\"rate\":'", f"{at}.{kind}_rate_used_e8", f"',\"type\":\"{kind}\"}}'",
    ]  # fmt: skip
    return f"CASE WHEN {at}.{kind}_minor <> 0 THEN CONCAT({', '.join(parts)}) ELSE '' END"


def _amounts(at: str = "o") -> str:
    """SQL of the amounts of one item."""
    both = f"CASE WHEN {at}.duty_minor <> 0 AND {at}.tax_minor <> 0 THEN ',' ELSE '' END"
    return f"CONCAT({_amount('duty', at)}, {both}, {_amount('tax', at)})"


_UNRATED = "(w.unrated_no IS NOT NULL AND (w.treatment_no IS NULL OR w.unrated_no < w.treatment_no))"
_IS_FULL = f"w.is_full AND NOT {_UNRATED}"


def item_statement(charged: str) -> str:
    """Return SQL of what each item adds to its parcel's decision.

    What its way says (who collects, when, what it is called) is asked of the way, not written once an item.
    """
    required = " + ".join(
        f"CASE WHEN (w.needs & c.missing & {1 << place}) > 0 THEN {REASON_BIT[code]} ELSE 0 END"
        for place, code in enumerate(REQUIRED_CODES)
    )
    unknown = (
        f"CASE WHEN {_UNRATED} THEN {REASON_BIT[EXCHANGE]} WHEN w.treatment_no IS NULL THEN {REASON_BIT[NO_REGIME]} "
        f"WHEN w.is_full THEN 0 WHEN c.duty_minor IS NULL THEN {REASON_BIT[DUTY_RATE]} "
        f"WHEN c.tax_minor IS NULL THEN {REASON_BIT[TAX_RATE]} ELSE 0 END"
    )
    needed = f"CASE WHEN NOT w.is_full AND (w.needs & c.missing) > 0 THEN {required} ELSE 0 END"
    # texts of a parcel stand once in parcel_results: what is written here is read again
    return (
        "SELECT c.row_id, c.basket_id, c.item, c.is_several, c.currency, "
        "COALESCE(a.named_id, 'unnamed') AS carrier_id, COALESCE(b.named_id, 'unnamed') AS seller_id, "
        "c.way_no, c.duty_minor, c.tax_minor, "
        "c.duty_base_micro, c.duty_rate_used_e8, c.tax_base_micro, c.tax_rate_used_e8, "
        f"COALESCE(c.category, 0) AS category, {unknown} + {needed} AS faults, "
        f"CASE WHEN c.by_number THEN {REASON_BIT[BY_NUMBER]} ELSE 0 END AS notes "
        f"FROM ({charged}) AS c JOIN ways AS w ON w.way_no = c.way_no "
        "LEFT JOIN collector_ids AS a ON a.given_id = c.carrier "
        "LEFT JOIN collector_ids AS b ON b.given_id = c.scheme_id"
    )


_BORDER = (
    "CASE WHEN w.duty_due <> 'sale' THEN o.duty_minor ELSE 0 END "
    "+ CASE WHEN w.tax_due <> 'sale' THEN o.tax_minor ELSE 0 END"
)
_REGIME, _TREATMENT = "COALESCE(w.regime, '')", "COALESCE(w.treatment, '')"
_KEY = f"CONCAT(CASE WHEN w.ordinary THEN '1' ELSE '0' END, CAST(o.category AS VARCHAR), {_REGIME})"


def result_statement(rows: str, on: date, *, several: bool) -> str:
    """Return SQL of each parcel's decision and record."""
    one = (
        "SELECT o.basket_id, o.row_id AS first_row, o.row_id AS last_row, o.currency, o.category, "
        f"{_REGIME} AS regime, {_TREATMENT} AS treatment, {_IS_FULL} AS is_full, w.reasons AS shut, o.faults, o.notes, "
        f"o.duty_minor, o.tax_minor, {_BORDER} AS border_minor, {_amounts()} AS amounts FROM item_outcomes AS o "
        "JOIN ways AS w ON w.way_no = o.way_no WHERE NOT o.is_several"
    )
    written = f"NULLIF({_amounts()}, '')"
    many = (
        "SELECT o.basket_id, MIN(o.row_id) AS first_row, MAX(o.row_id) AS last_row, MIN(o.currency) AS currency, "
        f"MAX(o.category) AS category, SUBSTR(MAX({_KEY}), 3) AS regime, MIN({_TREATMENT}) AS treatment, "
        f"BOOL_OR({_IS_FULL}) AS is_full, CAST(BIT_OR(w.reasons) AS INTEGER) AS shut, "
        "CAST(BIT_OR(o.faults) AS INTEGER) AS faults, CAST(BIT_OR(o.notes) AS INTEGER) AS notes, "
        "CAST(SUM(o.duty_minor) AS BIGINT) AS duty_minor, "
        f"CAST(SUM(o.tax_minor) AS BIGINT) AS tax_minor, CAST(SUM({_BORDER}) AS BIGINT) AS border_minor, "
        f"COALESCE(STRING_AGG({written}, ',' ORDER BY o.item), '') AS amounts FROM item_outcomes AS o "
        "JOIN ways AS w ON w.way_no = o.way_no WHERE o.is_several GROUP BY o.basket_id"
    )
    # few parcels have several treatments: their names are listed apart, not beside long texts
    named = (
        "SELECT t.basket_id, STRING_AGG(t.treatment, '; ' ORDER BY t.treatment) AS treatments FROM ("
        f"SELECT o.basket_id, {_TREATMENT} AS treatment FROM item_outcomes AS o "
        "JOIN ways AS w ON w.way_no = o.way_no WHERE o.is_several "
        f"GROUP BY o.basket_id, {_TREATMENT}) AS t GROUP BY t.basket_id HAVING COUNT(*) > 1"
    )
    treatment = "COALESCE(t.treatments, p.treatment)" if several else "p.treatment"
    quality = (
        "SELECT i.basket_id, STRING_AGG(DISTINCT CONCAT('\"', q.code, '\"'), ',' ORDER BY CONCAT('\"', q.code, '\"')) "
        "AS codes, BOOL_OR(q.is_held) AS is_held FROM quality_codes AS q JOIN chunk_items AS i ON i.row_id = q.row_id "
        "GROUP BY i.basket_id"
    )
    decision = (
        "CASE WHEN p.is_full THEN 'full_declaration' WHEN p.faults > 0 OR COALESCE(q.is_held, FALSE) THEN 'hold' "
        "WHEN p.border_minor > 0 THEN 'release_with_charges' ELSE 'release' END"
    )
    decided = (
        "SELECT p.basket_id, p.first_row, p.last_row, p.currency, p.category, p.regime, p.duty_minor, p.tax_minor, "
        f"p.amounts, {treatment} AS treatment, r.parcel_id, r.posted_on, {decision} AS decision, "
        "COALESCE(q.codes, '') AS quality, "
        "CASE WHEN p.is_full THEN p.shut ELSE p.faults END + p.notes AS reasons "
        f"FROM ({f'({one}) UNION ALL ({many})' if several else one}) AS p "
        f"JOIN {rows} AS r ON r.row_id = p.first_row LEFT JOIN ({quality}) AS q ON q.basket_id = p.basket_id"
        + (f" LEFT JOIN ({named}) AS t ON t.basket_id = p.basket_id" if several else "")
    )
    released = "d.decision IN ('release', 'release_with_charges')"
    settled = (
        f"SELECT d.basket_id, d.first_row, d.last_row, d.parcel_id, d.posted_on, d.currency, d.decision, d.category, "
        f"d.regime, d.treatment, d.quality, CASE WHEN {released} THEN d.duty_minor ELSE 0 END AS duty_minor, "
        f"CASE WHEN {released} THEN d.tax_minor ELSE 0 END AS tax_minor, {_written_reasons('d.reasons')} AS reasons, "
        f"CASE WHEN {released} THEN d.amounts ELSE '' END AS amounts FROM ({decided}) AS d"
    )
    return f"SELECT s.*, {_record(on)} AS record FROM ({settled}) AS s"


def _written_reasons(bits: str) -> str:
    """SQL of the codes of reasons as members of a JSON list, in their order."""
    codes = ", ".join(
        f"CASE WHEN ({bits} & {bit}) > 0 THEN ',\"{code}\"' ELSE '' END" for code, bit in REASON_BIT.items()
    )
    return f"CASE WHEN {bits} > 0 THEN SUBSTR(CONCAT({codes}), 2) ELSE '' END"


def _record(on: date) -> str:
    """SQL of a record: keys in their order, no blanks."""
    parts = [
        "'{\"amounts\":['", "s.amounts", "'],\"category\":'", "s.category", "',\"currency\":\"'", "s.currency",
        f"'\",\"date\":\"{on.isoformat()}\",\"decision\":\"'", "s.decision", "'\",\"duty\":'", "s.duty_minor",
        "',\"id\":\"'", "s.parcel_id", "'\",\"posted\":\"'", "CAST(s.posted_on AS VARCHAR)", "'\",\"quality\":['",
        "s.quality", "'],\"reasons\":['", "s.reasons", "'],\"regime\":\"'", "s.regime", "'\",\"row\":'", "s.first_row",
        "',\"tax\":'", "s.tax_minor", "',\"treatment\":\"'", "s.treatment", f"'\",\"v\":{RECORD_VERSION}}}'",
    ]  # fmt: skip
    return f"CONCAT({', '.join(parts)})"


def sums_statement(part: str = "") -> str:
    """Return SQL of what each collector owes: account, type, currency, minor units, amounts.

    `part` is SQL of the part that a parcel `p` of parcel_results belongs to (null: none), told as a column of its own.
    """
    parts = [
        f"SELECT w.{kind}_by AS collected_by, CASE WHEN w.{kind}_by = 'seller' THEN o.seller_id ELSE o.carrier_id END "
        f"AS collector_id, o.currency, '{kind}' AS kind, o.{kind}_minor AS minor, o.basket_id FROM item_outcomes AS o "
        f"JOIN ways AS w ON w.way_no = o.way_no WHERE o.{kind}_minor <> 0"
        for kind in ("duty", "tax")
    ]
    told, within, grouped = (f", {part} AS part", f" AND {part} IS NOT NULL", f", {part}") if part else ("", "", "")
    return (
        "SELECT CONCAT('collector:', a.collected_by, ':', a.collector_id, ':', a.currency) AS account, a.kind AS type, "
        f"a.currency, CAST(SUM(a.minor) AS BIGINT) AS minor, COUNT(*) AS amounts{told} "
        f"FROM ({' UNION ALL '.join(parts)}) AS a JOIN parcel_results AS p ON p.basket_id = a.basket_id "
        f"WHERE p.decision IN ('release', 'release_with_charges'){within} "
        f"GROUP BY a.collected_by, a.collector_id, a.currency, a.kind{grouped} ORDER BY account, type"
    )
