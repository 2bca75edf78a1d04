-- SPDX-License-Identifier: Apache-2.0
-- The answer of a batch as plain rows; text, sources and pointers are added afterwards to the rows that are here.
-- Reads: every step
-- Adds: kind VARCHAR, declaration_no INTEGER, row_id BIGINT, ref BIGINT, text VARCHAR, a, b, c, d BIGINT
-- Rows: 'D' one a declaration; 'V' one an item; 'T' and 'O' one a tax line; one a fault of kinds E, C, R, U, Q; 'K' one a risk hit
SELECT 'D' AS kind, declaration_no, CAST(NULL AS BIGINT) AS row_id, CAST(rejected AS BIGINT) AS ref,
  CAST(NULL AS VARCHAR) AS text, CAST(lane AS BIGINT) AS a, CAST(random_lane AS BIGINT) AS b,
  CAST(NULL AS BIGINT) AS c, CAST(NULL AS BIGINT) AS d
FROM outcomes
UNION ALL SELECT 'V', declaration_no, row_id, CASE WHEN rejects THEN 2 WHEN rate_missing THEN 1 ELSE 0 END, NULL,
  customs_value_minor, statistical_value_minor, price_minor, NULL FROM item_values
UNION ALL SELECT 'T', declaration_no, row_id, measure_id, effect,
  base_minor, assessed_minor, payable_minor, amount_minor FROM tax_lines
UNION ALL SELECT 'F', declaration_no, row_id, measure_id, NULL, relief_id, deducted_minor, NULL, NULL
  FROM tax_lines WHERE relief_id IS NOT NULL
UNION ALL SELECT 'O', declaration_no, row_id, NULL, tax_type, assessed_minor, payable_minor, NULL, NULL FROM override_lines
UNION ALL SELECT 'E', declaration_no, row_id, ref, NULL, NULL, NULL, NULL, NULL FROM missing_elements
UNION ALL SELECT 'C', declaration_no, row_id, NULL, code, NULL, NULL, NULL, NULL FROM unknown_codes
UNION ALL SELECT 'R', declaration_no, row_id, ref, NULL, NULL, NULL, NULL, NULL FROM relation_faults
UNION ALL SELECT 'U', declaration_no, row_id, NULL, NULL, NULL, NULL, NULL, NULL FROM tariff_faults
UNION ALL SELECT 'Q', declaration_no, row_id, ref, NULL, NULL, NULL, NULL, NULL FROM missing_requirements
UNION ALL SELECT 'K', declaration_no, row_id, ref, NULL, lane, NULL, NULL, NULL FROM risk_hits
