-- SPDX-License-Identifier: Apache-2.0
-- What controls had found under a key after each result.
-- Reads: feature_keys, results
-- Adds: seen, found BIGINT (controls, irregular ones; this one with)
-- Rows: one a kind, key and result
SELECT kind, key, seq, SUM(1) OVER so_far AS seen, SUM(irregular) OVER so_far AS found
FROM (
  SELECT k.kind, k.key, r.seq, MAX(r.irregular) AS irregular
  FROM results AS r JOIN feature_keys AS k ON k.declaration = r.declaration AND (r.item = 0 OR r.item = k.item)
  WHERE k.kind IN ('importer', 'seller', 'product_origin', 'declarant') AND k.seq < r.seq
  GROUP BY k.kind, k.key, r.seq
  UNION ALL
  SELECT 'all', '*', r.seq, MAX(r.irregular)
  FROM results AS r JOIN feature_rows AS f ON f.declaration = r.declaration AND (r.item = 0 OR r.item = f.item)
  WHERE f.seq < r.seq
  GROUP BY r.seq
) AS c
WINDOW so_far AS (PARTITION BY kind, key ORDER BY seq ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW)
