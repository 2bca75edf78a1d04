-- SPDX-License-Identifier: Apache-2.0
-- Batch only: each line of a pattern gets a slot: lines of one tax type share a slot, ties take one each.
-- Reads: relieved_lines (over selection_patterns); measure_texts
-- Adds: the columns of relieved_lines, ad_valorem, typed BOOLEAN, tie INTEGER (1 for the first line of its tax type)
-- Rows: one a pattern and line
SELECT l.*, t.ad_valorem, t.typed,
  CAST(ROW_NUMBER() OVER (PARTITION BY l.row_id, l.tax_type ORDER BY ABS(l.measure_id)) AS INTEGER) AS tie
FROM relieved_lines AS l
JOIN measure_texts AS t ON t.measure_id = l.measure_id
