-- SPDX-License-Identifier: Apache-2.0
-- Online only: the lines that were selected for the item's pattern, with this item's own value and quantities.
-- Reads: selected_lines (row_id, and what relieved_lines gave for the pattern); item_values
-- Adds: declaration_no INTEGER, row_id BIGINT, measure_id BIGINT, tax_type VARCHAR, relief_id BIGINT, effect VARCHAR, kept INTEGER
-- Rows: one an item and line
-- Why: goods of one pattern bear the same lines; choosing them is done once a pattern (docs/adr/0013)
SELECT v.declaration_no, l.row_id, v.quantity_columns, v.customs_value_minor,
  l.measure_id, l.tax_type, l.stage, l.tax_group, l.base_columns, l.positive_base, l.duty_columns,
  l.relief_id, l.effect, l.kept
FROM selected_lines AS l
JOIN item_values AS v ON v.row_id = l.row_id
