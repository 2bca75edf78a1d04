-- SPDX-License-Identifier: Apache-2.0
-- Online only: what hangs on the item's own figures; what hangs on its pattern alone is remembered beside it.
-- Reads: item_values, tax_lines, override_lines, risk_hits
-- Adds: kind VARCHAR, declaration_no INTEGER, row_id BIGINT, ref BIGINT, text VARCHAR, a, b, c, d, e BIGINT
-- Rows: one an item (V: value, relation bits), a tax line (T), an overridden line (O), a risk hit (K), as in findings
SELECT 'V' AS kind, declaration_no, row_id, relation_bits AS ref, CAST(NULL AS VARCHAR) AS text,
  customs_value_minor AS a, CASE WHEN value_open THEN 1 ELSE 0 END AS b, COALESCE(declared_statistical_minor, customs_value_minor) AS c,
  CAST(NULL AS BIGINT) AS d, CAST(NULL AS BIGINT) AS e FROM item_values
UNION ALL SELECT 'T', declaration_no, row_id, measure_id, effect, base_minor, amount_minor, relief_id,
  assessed_minor, payable_minor FROM tax_lines
UNION ALL SELECT 'O', declaration_no, row_id, NULL, tax_type, assessed_minor, payable_minor, NULL, NULL, NULL
  FROM override_lines
UNION ALL SELECT 'K', declaration_no, row_id, ref, NULL, lane, NULL, NULL, NULL, NULL FROM risk_hits
