-- SPDX-License-Identifier: Apache-2.0
-- Items in the journal's order, with the hour and month that the journal had reached.
-- Reads: items
-- Adds: row_id BIGINT, hour BIGINT, month BIGINT, product, heading, chapter VARCHAR, price, weight, kilo DOUBLE (logs)
-- Rows: one an item
-- Limits: a clock that went back counts as the latest hour before it, so that no window sees what came later
SELECT r.*, CAST(now_us AS BIGINT) // 3600000000 AS hour,
  YEAR(MAKE_TIMESTAMP(CAST(now_us AS BIGINT))) * 12 + MONTH(MAKE_TIMESTAMP(CAST(now_us AS BIGINT))) AS month,
  LEFT(goods, 6) AS product, LEFT(goods, 4) AS heading, LEFT(goods, 2) AS chapter,
  CASE WHEN value_minor > 0 THEN LN(value_minor) END AS log_value,
  CASE WHEN quantity_e6 > 0 THEN LN(quantity_e6) - LN(1000000) END AS log_quantity,
  CASE WHEN mass_e6 > 0 THEN LN(mass_e6) - LN(1000000) END AS log_mass,
  log_value - log_quantity AS price, log_mass - log_quantity AS weight, log_value - log_mass AS kilo
FROM (
  SELECT *, ROW_NUMBER() OVER (ORDER BY seq, item) AS row_id,
    MAX(at_us) OVER (ORDER BY seq, item ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW) AS now_us
  FROM items
) AS r
