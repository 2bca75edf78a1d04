-- SPDX-License-Identifier: Apache-2.0
-- What was declared under a key before: how often, since when, in which windows.
-- Reads: keys
-- Adds: before, age_h, n1, n7, n30, n90 BIGINT (declarations), amount7 HUGEINT (minor units), gifts30 HUGEINT
-- Rows: one a kind, key and declaration
-- Limits: windows for the kinds that a feature asks them of; they begin on the hour
-- Why: what falls into a window is counted as all before less all that is older, so that nothing later counts
SELECT kind, key, seq, before, hour - first_hour AS age_h,
  before - o1 AS n1, before - o7 AS n7, before - o30 AS n30, before - o90 AS n90,
  amount_before - COALESCE(a7, 0) AS amount7, gifts_before - COALESCE(g30, 0) AS gifts30
FROM (
  SELECT kind, key, seq, hour,
    ROW_NUMBER() OVER ordered - 1 AS before, FIRST_VALUE(hour) OVER ordered AS first_hour,
    COALESCE(SUM(amount) OVER earlier, 0) AS amount_before, COALESCE(SUM(gifts) OVER earlier, 0) AS gifts_before,
    COUNT(*) OVER old1 AS o1, COUNT(*) OVER old7 AS o7, COUNT(*) OVER old30 AS o30, COUNT(*) OVER old90 AS o90,
    SUM(amount) OVER old7 AS a7, SUM(gifts) OVER old30 AS g30
  FROM keys
  WHERE kind IN ('importer', 'seller', 'entity', 'seller_heading_entity')
  WINDOW ordered AS (PARTITION BY kind, key, life ORDER BY seq ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW),
    earlier AS (PARTITION BY kind, key, life ORDER BY seq ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING),
    old1 AS (PARTITION BY kind, key, life ORDER BY hour RANGE BETWEEN UNBOUNDED PRECEDING AND 24 PRECEDING),
    old7 AS (PARTITION BY kind, key, life ORDER BY hour RANGE BETWEEN UNBOUNDED PRECEDING AND 168 PRECEDING),
    old30 AS (PARTITION BY kind, key, life ORDER BY hour RANGE BETWEEN UNBOUNDED PRECEDING AND 720 PRECEDING),
    old90 AS (PARTITION BY kind, key, life ORDER BY hour RANGE BETWEEN UNBOUNDED PRECEDING AND 2160 PRECEDING)
) AS w
UNION ALL
SELECT kind, key, seq, ROW_NUMBER() OVER ordered - 1 AS before, hour - FIRST_VALUE(hour) OVER ordered AS age_h,
  NULL AS n1, NULL AS n7, NULL AS n30, NULL AS n90, NULL AS amount7, NULL AS gifts30
FROM keys
WHERE kind NOT IN ('importer', 'seller', 'entity', 'seller_heading_entity', 'address', 'identifier')
WINDOW ordered AS (PARTITION BY kind, key, life ORDER BY seq ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW)
