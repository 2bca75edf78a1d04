-- SPDX-License-Identifier: Apache-2.0
-- The reference of each month: median and robust spread over the three months before it, for four widths of key.
-- Reads: values
-- Adds: level INTEGER (0 HS6 x origin x unit, 1 HS6 x unit, 2 heading x unit, 3 chapter x unit), median, spread DOUBLE
-- Rows: one a measure, month, level and key with enough rows
SELECT measure, month, level, key, xs[1 + ((n - 1) * 50 + 50) // 100] AS median,
  GREATEST((xs[1 + ((n - 1) * 84 + 50) // 100] - xs[1 + ((n - 1) * 16 + 50) // 100]) / 2, $SPREAD_MIN) AS spread
FROM (
  SELECT measure, v.month + s.later AS month, k.level, k.key, COUNT(*) AS n, LIST(x ORDER BY x) AS xs
  FROM feature_values AS v, RANGE(1, $REFERENCE_MONTHS + 1) AS s (later), UNNEST([
    {'level': 0, 'key': product || '|' || origin || '|' || unit}, {'level': 1, 'key': product || '|' || unit},
    {'level': 2, 'key': heading || '|' || unit}, {'level': 3, 'key': chapter || '|' || unit}
  ]) AS u (k)
  GROUP BY measure, v.month + s.later, k.level, k.key
) AS g
WHERE n >= $THIN
