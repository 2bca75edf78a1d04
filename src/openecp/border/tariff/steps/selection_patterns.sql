-- SPDX-License-Identifier: Apache-2.0
-- Batch only: items that the tariff and the reliefs cannot tell apart are matched with their measures once.
-- Reads: law_dates; items: every column that measures_applied, charge_lines and relieved_lines read, but amounts and quantities
-- Adds: row_id BIGINT (number of the pattern), declaration_no INTEGER (0), the columns of the pattern; no amounts
-- Rows: one a pattern
SELECT 0 AS declaration_no, ROW_NUMBER() OVER () AS row_id, p.*,
  CAST(NULL AS MAP(VARCHAR, BIGINT)) AS quantities_e6, CAST(NULL AS BIGINT) AS customs_value_minor
FROM (
  SELECT DISTINCT l.law_date AS on_date, tariff_key, movement, regime, origin, preference, order_number, additional_codes, procedure,
    additional_procedures, taxed, expected_taxes
  FROM items AS i
  JOIN law_dates AS l ON l.on_date = i.on_date
) AS p
