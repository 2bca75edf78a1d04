-- SPDX-License-Identifier: Apache-2.0
-- Batch only: the tax lines of an item together, with their totals.
-- Reads: tax_lines; measure_texts
-- Adds: row_id BIGINT, taxes STRUCT[], assessed_minor, payable_minor, secured_minor BIGINT
-- Rows: one an item that is charged
-- Limits: a total is null where a line of it is open
SELECT l.row_id,
  LIST(STRUCT_PACK(type := t.tax_type, base := CASE WHEN t.ad_valorem THEN l.base_minor END, amount := l.amount_minor,
    assessed := l.assessed_minor, payable := l.payable_minor, measure := l.measure_id)) AS taxes,
  CASE WHEN BOOL_AND(l.assessed_minor IS NOT NULL) THEN CAST(SUM(l.assessed_minor) AS BIGINT) END AS assessed_minor,
  CASE WHEN BOOL_AND(l.payable_minor IS NOT NULL) THEN CAST(SUM(l.payable_minor) AS BIGINT) END AS payable_minor,
  CAST(SUM(CASE WHEN l.effect = 'suspended' THEN l.amount_minor ELSE 0 END) AS BIGINT) AS secured_minor
FROM tax_lines AS l
JOIN measure_texts AS t ON t.measure_id = l.measure_id
GROUP BY l.row_id
