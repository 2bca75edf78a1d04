-- SPDX-License-Identifier: Apache-2.0
-- Which other importers were at an address, or had an identifier, before.
-- Reads: keys (kinds address and identifier), feature_rows
-- Adds: others BIGINT
-- Rows: one a kind, key and declaration
SELECT kind, key, seq, LEAST($MEMBERS_MAX, COALESCE(SUM(first) OVER (
    PARTITION BY kind, key, life ORDER BY seq ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING
  ), 0) - (1 - first)) AS others
FROM (
  SELECT k.kind, k.key, k.seq, k.life,
    CASE WHEN ROW_NUMBER() OVER (PARTITION BY k.kind, k.key, k.life, d.importer ORDER BY k.seq) = 1
      THEN 1 ELSE 0 END AS first
  FROM keys AS k JOIN (SELECT seq, MIN(importer) AS importer FROM feature_rows GROUP BY seq) AS d ON d.seq = k.seq
  WHERE k.kind IN ('address', 'identifier')
) AS f
