-- SPDX-License-Identifier: Apache-2.0
-- Batch only: the amounts that stand as declared, together for an item.
-- Reads: override_lines
-- Adds: row_id BIGINT, taxes STRUCT[], assessed_minor, payable_minor BIGINT
-- Rows: one an item whose calculation is overridden
SELECT row_id,
  LIST(STRUCT_PACK(type := tax_type, base := CAST(NULL AS BIGINT), amount := assessed_minor, assessed := assessed_minor,
    payable := payable_minor, measure := CAST(NULL AS BIGINT)) ORDER BY tax_type) AS taxes,
  CAST(SUM(assessed_minor) AS BIGINT) AS assessed_minor,
  CAST(SUM(payable_minor) AS BIGINT) AS payable_minor
FROM override_lines
GROUP BY row_id
