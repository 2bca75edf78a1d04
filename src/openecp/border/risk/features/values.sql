-- SPDX-License-Identifier: Apache-2.0
-- Log ratios that references are made of: per month and finest key the first so many.
-- Reads: feature_rows
-- Adds: measure VARCHAR (price, weight, kilo), x DOUBLE
-- Rows: one an item and measure
SELECT measure, month, product, heading, chapter, origin, unit, x
FROM (
  SELECT r.row_id, r.month, r.product, r.heading, r.chapter, r.origin, r.unit, m.measure, m.x
  FROM feature_rows AS r, UNNEST([
    {'measure': 'price', 'x': r.price}, {'measure': 'weight', 'x': r.weight}, {'measure': 'kilo', 'x': r.kilo}
  ]) AS u (m)
  WHERE m.x IS NOT NULL AND r.unit <> ''
) AS v
QUALIFY ROW_NUMBER() OVER (PARTITION BY measure, month, product, origin, unit ORDER BY row_id) <= $CELL_MAX
