-- SPDX-License-Identifier: Apache-2.0
-- A risk profile of the administration selects the item.
-- Source: the profile's risk_criteria.csv and active risk profiles, dated; one row a conjunction, an empty cell matches any
-- Reads: item_values (heading, origin, importer, declarant, value, mass, draw; what a condition names besides: office, what risk knows of the item); risk_criteria (equality key)
-- Adds: declaration_no INTEGER, row_id BIGINT, ref BIGINT (criterion), lane INTEGER (1 blue, 2 yellow, 3 red)
-- Rows: one an item and criterion
-- Limits: for officers only; nothing of it reaches a trader
SELECT i.declaration_no, i.row_id, c.criterion_id AS ref, c.lane
FROM (
  SELECT v.*, UNNEST(['*', 'H:' || SUBSTRING(goods_code, 1, 4), 'C:' || SUBSTRING(goods_code, 1, 2), 'P:' || procedure,
    'O:' || origin, 'I:' || importer, 'D:' || declarant]) AS risk_key
  FROM item_values AS v
) AS i
JOIN risk_criteria AS c ON c.risk_key = i.risk_key
WHERE i.on_date BETWEEN c.valid_from AND c.valid_to
  AND (c.goods_prefix = '' OR STARTS_WITH(i.goods_code, c.goods_prefix))
  AND (c.origin = '' OR c.origin = i.origin)
  AND (c.export_country = '' OR c.export_country = i.export_country)
  AND (c.procedure = '' OR STARTS_WITH(i.procedure, c.procedure))
  AND (c.importer = '' OR c.importer = i.importer)
  AND (c.declarant = '' OR c.declarant = i.declarant)
  AND (c.mode = '' OR c.mode = i.mode)
  AND (c.description = '' OR CONTAINS(i.description, c.description))
  AND (c.movement = '' OR c.movement = i.movement)
  AND COALESCE(i.customs_value_minor, 0) BETWEEN c.value_min_minor AND c.value_max_minor
  AND COALESCE(i.net_e6, 0) BETWEEN c.mass_min_e6 AND c.mass_max_e6
  AND text_rule(c.text_rule)
  AND amount_rule(c.amount_rule)
  AND i.draw % 1000000 < c.share_millionths
