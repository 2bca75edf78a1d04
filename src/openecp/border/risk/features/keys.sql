-- SPDX-License-Identifier: Apache-2.0
-- Which keys each item has, and how often each was declared: one row a declaration and key.
-- Reads: feature_rows, feature_keys (kind and key of each row; a key with an unknown part is none)
-- Adds: life BIGINT (a key unseen beyond the horizon begins a new one)
-- Rows: one a kind, key and declaration
SELECT kind, key, seq, hour, amount, gifts,
  SUM(begins) OVER (PARTITION BY kind, key ORDER BY seq ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW) AS life
FROM (
  SELECT *, CASE WHEN hour - LAG(hour) OVER (PARTITION BY kind, key ORDER BY seq) > $HORIZON_H THEN 1 ELSE 0 END AS begins
  FROM (
    SELECT kind, key, seq, MAX(hour) AS hour, SUM(COALESCE(value_minor, 0)) AS amount, MAX(COALESCE(gift, 0)) AS gifts
    FROM feature_keys GROUP BY kind, key, seq
  ) AS d
) AS g
