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
from openecp.kernel.assessment.engine import Schema

QUALITY_COLUMNS: Schema = (("row_id", "BIGINT"), ("code", "VARCHAR"), ("is_held", "BOOLEAN"))  # one row a finding
RECORD_VERSION = 1


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


def make(engine: ClearingEngine, rows: str, on: date, *, several: bool) -> None:
    """Make parcel_results and collector_sums of charges, ways, chunk_items and quality_codes."""
    engine.stage("item_outcomes", item_statement(rows))
    engine.stage("parcel_results", result_statement(on, several=several))
    engine.stage("collector_sums", sums_statement())


def _account(by: str) -> str:
    return (
        f"CONCAT('collector:', {by}, ':', CASE WHEN {by} = 'seller' THEN h.seller_id ELSE h.carrier_id END, ':', "
        "h.currency)"
    )


def _amount(kind: str, rate: str) -> str:
    """SQL of one amount of a record; empty where nothing is charged."""
    parts = [
        "'{\"base\":'", f"c.{kind}_base_micro", "',\"by\":\"'", _account(f"c.{kind}_by"), "'\",\"due\":\"'",
        f"c.{kind}_due", "'\",\"item\":'", "c.item", "',\"minor\":'", f"c.{kind}_minor", "',\"rate\":'", rate,
        f"',\"type\":\"{kind}\"}},'",
    ]  # fmt: skip
    return f"CASE WHEN c.{kind}_minor <> 0 THEN CONCAT({', '.join(parts)}) ELSE '' END"


def item_statement(rows: str) -> str:
    """Return SQL of what each item adds to its parcel's decision."""
    required = " + ".join(
        f"CASE WHEN (w.needs & i.missing & {1 << place}) > 0 THEN {REASON_BIT[code]} ELSE 0 END"
        for place, code in enumerate(REQUIRED_CODES)
    )
    unrated = "(w.unrated_no IS NOT NULL AND (w.treatment_no IS NULL OR w.unrated_no < w.treatment_no))"
    unknown = (
        f"CASE WHEN {unrated} THEN {REASON_BIT[EXCHANGE]} WHEN w.treatment_no IS NULL THEN {REASON_BIT[NO_REGIME]} "
        f"WHEN w.is_full THEN 0 WHEN c.duty_minor IS NULL THEN {REASON_BIT[DUTY_RATE]} "
        f"WHEN c.tax_minor IS NULL THEN {REASON_BIT[TAX_RATE]} ELSE 0 END"
    )
    needed = f"CASE WHEN NOT w.is_full AND (w.needs & i.missing) > 0 THEN {required} ELSE 0 END"
    header = (
        "SELECT r.row_id, r.parcel_id, r.posted_on, r.currency, r.scheme IS NULL AS unnamed, "
        "COALESCE(a.named_id, 'unnamed') AS carrier_id, "
        f"COALESCE(b.named_id, 'unnamed') AS seller_id FROM {rows} AS r "
        "LEFT JOIN collector_ids AS a ON a.given_id = r.carrier "
        "LEFT JOIN collector_ids AS b ON b.given_id = r.scheme_id"
    )
    return (
        "SELECT c.row_id, c.basket_id, c.item, i.is_several, h.parcel_id, h.posted_on, h.currency, "
        "h.carrier_id, h.seller_id, c.duty_minor, c.tax_minor, c.duty_by, c.tax_by, c.duty_due, c.tax_due, "
        "COALESCE(c.category, 0) AS category, COALESCE(w.regime, '') AS regime, "
        "COALESCE(w.treatment, '') AS treatment, COALESCE(w.ordinary, FALSE) AS ordinary, w.counts, "
        f"w.is_full AND NOT {unrated} AS is_full, w.reasons AS shut, {unknown} + {needed} AS faults, "
        f"CASE WHEN h.unnamed AND i.scheme <> '' THEN {REASON_BIT[BY_NUMBER]} ELSE 0 END AS notes, "
        f"{_amount('duty', 'c.duty_rate_used_e8')} AS duty_text, {_amount('tax', 'c.tax_rate_used_e8')} AS tax_text "
        "FROM charges AS c JOIN ways AS w ON w.way_no = c.way_no JOIN chunk_items AS i ON i.row_id = c.row_id "
        f"JOIN ({header}) AS h ON h.row_id = c.row_id"
    )


_BORDER = (
    "CASE WHEN o.duty_due <> 'sale' THEN o.duty_minor ELSE 0 END "
    "+ CASE WHEN o.tax_due <> 'sale' THEN o.tax_minor ELSE 0 END"
)
_KEY = "CONCAT(CASE WHEN o.ordinary THEN '1' ELSE '0' END, CAST(o.category AS VARCHAR), o.regime)"


def result_statement(on: date, *, several: bool) -> str:
    """Return SQL of each parcel's decision and record."""
    one = (
        "SELECT o.basket_id, o.row_id AS first_row, o.row_id AS last_row, o.parcel_id, o.posted_on, o.currency, "
        "o.category, o.regime, o.treatment, o.is_full, o.shut, o.faults, o.notes, o.duty_minor, o.tax_minor, "
        f"{_BORDER} AS border_minor, CONCAT(o.duty_text, o.tax_text) AS amounts FROM item_outcomes AS o "
        "WHERE NOT o.is_several"
    )
    many = (
        "SELECT o.basket_id, MIN(o.row_id) AS first_row, MAX(o.row_id) AS last_row, MIN(o.parcel_id) AS parcel_id, "
        "MIN(o.posted_on) AS posted_on, MIN(o.currency) AS currency, MAX(o.category) AS category, "
        f"SUBSTR(MAX({_KEY}), 3) AS regime, STRING_AGG(DISTINCT o.treatment, '; ' ORDER BY o.treatment) AS treatment, "
        "BOOL_OR(o.is_full) AS is_full, CAST(BIT_OR(o.shut) AS INTEGER) AS shut, "
        "CAST(BIT_OR(o.faults) AS INTEGER) AS faults, CAST(BIT_OR(o.notes) AS INTEGER) AS notes, "
        "CAST(SUM(o.duty_minor) AS BIGINT) AS duty_minor, "
        f"CAST(SUM(o.tax_minor) AS BIGINT) AS tax_minor, CAST(SUM({_BORDER}) AS BIGINT) AS border_minor, "
        "STRING_AGG(CONCAT(o.duty_text, o.tax_text), '' ORDER BY o.item) AS amounts FROM item_outcomes AS o "
        "WHERE o.is_several GROUP BY o.basket_id"
    )
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
        f"SELECT p.*, {decision} AS decision, COALESCE(q.codes, '') AS quality, "
        "CASE WHEN p.is_full THEN p.shut ELSE p.faults END + p.notes AS reasons "
        f"FROM ({f'({one}) UNION ALL ({many})' if several else one}) AS p "
        f"LEFT JOIN ({quality}) AS q ON q.basket_id = p.basket_id"
    )
    released = "d.decision IN ('release', 'release_with_charges')"
    settled = (
        f"SELECT d.basket_id, d.first_row, d.last_row, d.parcel_id, d.posted_on, d.currency, d.decision, d.category, "
        f"d.regime, d.treatment, d.quality, CASE WHEN {released} THEN d.duty_minor ELSE 0 END AS duty_minor, "
        f"CASE WHEN {released} THEN d.tax_minor ELSE 0 END AS tax_minor, {_written_reasons('d.reasons')} AS reasons, "
        f"CASE WHEN {released} AND d.amounts <> '' THEN SUBSTR(d.amounts, 1, LENGTH(d.amounts) - 1) ELSE '' END "
        f"AS amounts FROM ({decided}) AS d"
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


def sums_statement(where: str = "TRUE") -> str:
    """Return SQL of what each collector owes: account, type, currency, minor units, amounts.

    `where` says of which parcels `p` of parcel_results.
    """
    parts = [
        f"SELECT o.{kind}_by AS collected_by, CASE WHEN o.{kind}_by = 'seller' THEN o.seller_id ELSE o.carrier_id END "
        f"AS collector_id, o.currency, '{kind}' AS kind, o.{kind}_minor AS minor, o.basket_id FROM item_outcomes AS o "
        f"WHERE o.{kind}_minor <> 0"
        for kind in ("duty", "tax")
    ]
    return (
        "SELECT CONCAT('collector:', a.collected_by, ':', a.collector_id, ':', a.currency) AS account, a.kind AS type, "
        "a.currency, CAST(SUM(a.minor) AS BIGINT) AS minor, COUNT(*) AS amounts "
        f"FROM ({' UNION ALL '.join(parts)}) AS a JOIN parcel_results AS p ON p.basket_id = a.basket_id "
        f"WHERE p.decision IN ('release', 'release_with_charges') AND ({where}) "
        "GROUP BY a.collected_by, a.collector_id, a.currency, a.kind ORDER BY account, type"
    )
