-- SPDX-License-Identifier: Apache-2.0
-- Every feature of every item.
-- Reads: feature_rows, feature_keys, frequencies, members, medians, controls
-- Adds: the columns of FEATURES
-- Rows: one an item, in the journal's order
-- Limits: NULL where a part of the key is not known, or where there is no reference
WITH told AS (
  SELECT k.row_id,
    MAX(CASE WHEN k.kind = 'importer' THEN f.before END) AS importer_before,
    MAX(CASE WHEN k.kind = 'seller' THEN f.before END) AS seller_before,
    MAX(CASE WHEN k.kind = 'declarant' THEN f.before END) AS declarant_before,
    MAX(CASE WHEN k.kind = 'importer_product' THEN f.before END) AS importer_product_before,
    MAX(CASE WHEN k.kind = 'importer_origin' THEN f.before END) AS importer_origin_before,
    MAX(CASE WHEN k.kind = 'product_origin' THEN f.before END) AS product_origin_before,
    MAX(CASE WHEN k.kind = 'route' THEN f.before END) AS route_before,
    MAX(CASE WHEN k.kind = 'seller_origin' THEN f.before END) AS seller_origin_before,
    MAX(CASE WHEN k.kind = 'heading_route' THEN f.before END) AS heading_route_before,
    MAX(CASE WHEN k.kind = 'heading_route_origin' THEN f.before END) AS heading_route_origin_before,
    MAX(CASE WHEN k.kind = 'entity' THEN f.before END) AS entity_before,
    MAX(CASE WHEN k.kind = 'seller_heading_entity' THEN f.before END) AS seller_heading_entity_before,
    MAX(CASE WHEN k.kind = 'importer' THEN f.age_h END) AS importer_h,
    MAX(CASE WHEN k.kind = 'declarant' THEN f.age_h END) AS declarant_h,
    MAX(CASE WHEN k.kind = 'seller' THEN f.age_h END) AS seller_h,
    MAX(CASE WHEN k.kind = 'importer' THEN f.n7 END) AS importer_7d,
    MAX(CASE WHEN k.kind = 'importer' THEN f.n90 END) AS importer_90d,
    MAX(CASE WHEN k.kind = 'seller' THEN f.n7 END) AS seller_7d,
    MAX(CASE WHEN k.kind = 'seller' THEN f.gifts30 END) AS seller_gifts_30d,
    MAX(CASE WHEN k.kind = 'entity' THEN f.n1 END) AS entity_1d,
    MAX(CASE WHEN k.kind = 'entity' THEN f.n7 END) AS entity_7d,
    MAX(CASE WHEN k.kind = 'entity' THEN f.amount7 END) AS entity_amount_7d,
    MAX(CASE WHEN k.kind = 'seller_heading_entity' THEN f.n1 END) AS seller_heading_1d
  FROM feature_keys AS k JOIN frequencies AS f ON f.kind = k.kind AND f.key = k.key AND f.seq = k.seq
  GROUP BY k.row_id
), met AS (
  SELECT k.row_id,
    MAX(CASE WHEN k.kind = 'address' THEN o.others END) AS address_names,
    MAX(CASE WHEN k.kind = 'identifier' THEN o.others END) AS identifier_names
  FROM feature_keys AS k JOIN members AS o ON o.kind = k.kind AND o.key = k.key AND o.seq = k.seq
  GROUP BY k.row_id
), everything AS (
  SELECT r.row_id, COALESCE(c.found, 0) AS found, COALESCE(c.seen, 0) AS seen
  FROM (SELECT row_id, seq, 'all' AS kind FROM feature_rows) AS r
  ASOF LEFT JOIN (SELECT * FROM controls WHERE kind = 'all') AS c ON c.kind = r.kind AND r.seq > c.seq
), known AS (
  SELECT k.row_id, k.kind, COALESCE(c.seen, 0) AS seen, COALESCE(c.found, 0) AS found
  FROM (
    SELECT row_id, seq, kind, key FROM feature_keys WHERE kind IN ('importer', 'seller', 'product_origin', 'declarant')
  ) AS k
  ASOF LEFT JOIN controls AS c ON c.kind = k.kind AND c.key = k.key AND k.seq > c.seq
), controlled AS (
  SELECT k.row_id, MAX(CASE WHEN k.kind = 'importer' THEN k.seen END) AS importer_controls,
    MAX(CASE WHEN k.kind = 'importer' THEN k.rate END) AS importer_rate,
    MAX(CASE WHEN k.kind = 'seller' THEN k.rate END) AS seller_rate,
    MAX(CASE WHEN k.kind = 'product_origin' THEN k.rate END) AS product_origin_rate,
    MAX(CASE WHEN k.kind = 'declarant' THEN k.rate END) AS declarant_rate
  FROM (
    SELECT n.row_id, n.kind, n.seen, (n.found
      + $RATE_WEIGHT * (CAST(e.found + $PRIOR_FOUND AS DOUBLE) / (e.seen + $PRIOR_SEEN))) / (n.seen + $RATE_WEIGHT) AS rate
    FROM known AS n JOIN everything AS e ON e.row_id = n.row_id
  ) AS k
  GROUP BY k.row_id
), referred AS (
  SELECT r.row_id, COALESCE(p0.median, p1.median, p2.median, p3.median) AS price_median,
    COALESCE(p0.spread, p1.spread, p2.spread, p3.spread) AS price_spread,
    COALESCE(w0.median, w1.median, w2.median, w3.median) AS weight_median,
    COALESCE(w0.spread, w1.spread, w2.spread, w3.spread) AS weight_spread,
    COALESCE(k0.median, k1.median, k2.median, k3.median) AS kilo_median,
    CASE WHEN p0.level IS NOT NULL THEN 0 WHEN p1.level IS NOT NULL THEN 1 WHEN p2.level IS NOT NULL THEN 2
      WHEN p3.level IS NOT NULL THEN 3 ELSE 4 END AS reference_level
  FROM feature_rows AS r
LEFT JOIN medians AS p0 ON p0.measure = 'price' AND p0.month = r.month AND p0.level = 0
  AND p0.key = r.product || '|' || r.origin || '|' || r.unit
LEFT JOIN medians AS p1 ON p1.measure = 'price' AND p1.month = r.month AND p1.level = 1
  AND p1.key = r.product || '|' || r.unit
LEFT JOIN medians AS p2 ON p2.measure = 'price' AND p2.month = r.month AND p2.level = 2
  AND p2.key = r.heading || '|' || r.unit
LEFT JOIN medians AS p3 ON p3.measure = 'price' AND p3.month = r.month AND p3.level = 3
  AND p3.key = r.chapter || '|' || r.unit
LEFT JOIN medians AS w0 ON w0.measure = 'weight' AND w0.month = r.month AND w0.level = 0
  AND w0.key = r.product || '|' || r.origin || '|' || r.unit
LEFT JOIN medians AS w1 ON w1.measure = 'weight' AND w1.month = r.month AND w1.level = 1
  AND w1.key = r.product || '|' || r.unit
LEFT JOIN medians AS w2 ON w2.measure = 'weight' AND w2.month = r.month AND w2.level = 2
  AND w2.key = r.heading || '|' || r.unit
LEFT JOIN medians AS w3 ON w3.measure = 'weight' AND w3.month = r.month AND w3.level = 3
  AND w3.key = r.chapter || '|' || r.unit
LEFT JOIN medians AS k0 ON k0.measure = 'kilo' AND k0.month = r.month AND k0.level = 0
  AND k0.key = r.product || '|' || r.origin || '|' || r.unit
LEFT JOIN medians AS k1 ON k1.measure = 'kilo' AND k1.month = r.month AND k1.level = 1
  AND k1.key = r.product || '|' || r.unit
LEFT JOIN medians AS k2 ON k2.measure = 'kilo' AND k2.month = r.month AND k2.level = 2
  AND k2.key = r.heading || '|' || r.unit
LEFT JOIN medians AS k3 ON k3.measure = 'kilo' AND k3.month = r.month AND k3.level = 3
  AND k3.key = r.chapter || '|' || r.unit
)
SELECT r.seq, r.declaration, r.item, r.log_value, r.log_quantity, r.log_mass, r.preference, r.private, r.gift,
  r.price - d.price_median AS price_ratio, (r.price - d.price_median) / d.price_spread AS price_z,
  r.weight - d.weight_median AS weight_ratio, (r.weight - d.weight_median) / d.weight_spread AS weight_z,
  r.kilo - d.kilo_median AS kilo_price_ratio, d.reference_level,
  t.importer_before, CAST(t.importer_h AS DOUBLE) / 24 AS importer_age, t.importer_7d,
  t.importer_7d / GREATEST(
    t.importer_90d / (LEAST(GREATEST(CAST(t.importer_h AS DOUBLE) / 24, 7), 90) / 7), 1.0
  ) AS importer_growth,
  t.declarant_before, CAST(t.declarant_h AS DOUBLE) / 24 AS declarant_age,
  t.seller_before, CAST(t.seller_h AS DOUBLE) / 24 AS seller_age, t.seller_7d,
  t.importer_product_before, t.importer_origin_before, t.product_origin_before, t.route_before, t.seller_origin_before,
  CAST(t.heading_route_origin_before AS DOUBLE) / GREATEST(t.heading_route_before, 1) AS product_route_share,
  CAST(t.seller_origin_before AS DOUBLE) / GREATEST(t.seller_before, 1) AS seller_origin_share,
  CASE WHEN t.importer_product_before = 0 THEN 1 ELSE 0 END + CASE WHEN t.importer_origin_before = 0 THEN 1 ELSE 0 END
    + CASE WHEN t.product_origin_before = 0 THEN 1 ELSE 0 END + CASE WHEN t.route_before = 0 THEN 1 ELSE 0 END
    + CASE WHEN t.seller_origin_before = 0 THEN 1 ELSE 0 END AS novelty,
  m.address_names, m.identifier_names, t.entity_1d, t.entity_7d,
  CASE WHEN t.entity_amount_7d + COALESCE(s.value_minor, 0) > 0
    THEN LN(CAST(t.entity_amount_7d + COALESCE(s.value_minor, 0) AS DOUBLE)) END AS entity_value_7d,
  t.seller_heading_1d, t.seller_gifts_30d,
  c.importer_controls, c.importer_rate, c.seller_rate, c.product_origin_rate, c.declarant_rate
FROM feature_rows AS r
JOIN referred AS d ON d.row_id = r.row_id
JOIN (SELECT seq, SUM(COALESCE(value_minor, 0)) AS value_minor FROM feature_rows GROUP BY seq) AS s ON s.seq = r.seq
LEFT JOIN told AS t ON t.row_id = r.row_id
LEFT JOIN met AS m ON m.row_id = r.row_id
LEFT JOIN controlled AS c ON c.row_id = r.row_id
ORDER BY r.row_id
