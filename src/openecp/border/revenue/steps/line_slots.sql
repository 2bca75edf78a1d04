-- SPDX-License-Identifier: Apache-2.0
-- Batch only: each line of a pattern gets a slot: the first, second … line of its stage.
-- Reads: relieved_lines (over selection_patterns); measure_texts
-- Adds: the columns of relieved_lines, ad_valorem, typed BOOLEAN, small_rate DECIMAL(9,6) (of a rate alone that is exact in it), tie INTEGER (1 for the first line of its stage)
-- Rows: one a pattern and line
SELECT l.*, t.ad_valorem, t.typed,
  CASE WHEN t.ad_valorem AND TRY_CAST(l.s1_rate AS DECIMAL(9, 6)) = l.s1_rate THEN TRY_CAST(l.s1_rate AS DECIMAL(9, 6)) END
    AS small_rate,
  CAST(ROW_NUMBER() OVER (PARTITION BY l.row_id, l.stage ORDER BY l.tax_type, ABS(l.measure_id)) AS INTEGER) AS tie
FROM relieved_lines AS l
JOIN measure_texts AS t ON t.measure_id = l.measure_id
