-- SPDX-License-Identifier: Apache-2.0
-- Goods, an origin or a restriction of one item may shut the whole parcel out of a treatment.
-- Source: the regime's own, `excluded.scope`
-- Reads: treatments_weighed
-- Adds: basket_id BIGINT, treatment_no BIGINT, goods_out BIGINT, origin_out BIGINT, restricted_out BIGINT
-- Rows: one a parcel and treatment that it is shut out of
SELECT basket_id AS shut_basket_id, treatment_no AS shut_treatment_no,
  MAX(shut & 128) AS goods_out,
  MAX(shut & 256) AS origin_out,
  MAX(shut & 512) AS restricted_out
FROM treatments_weighed
WHERE shut > 0 AND shut_scope = 3
GROUP BY basket_id, treatment_no
