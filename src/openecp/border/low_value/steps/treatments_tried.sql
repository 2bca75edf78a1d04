-- SPDX-License-Identifier: Apache-2.0
-- What does not fit of a treatment, with what shuts the item or its parcel out.
-- Source: the regime's own; docs/low-value.md lists the bits of the mask
-- Reads: treatments_weighed, shut_parcels
-- Adds: row_id BIGINT, basket_id BIGINT, treatment_no BIGINT, regime_no INTEGER, ordinary BOOLEAN, failed BIGINT (0: it fits)
-- Rows: one an item and treatment in force
SELECT w.row_id, w.basket_id, w.treatment_no, w.regime_no, w.ordinary,
  CAST(w.failed + CASE WHEN w.shut_scope = 1 THEN w.shut ELSE COALESCE(p.goods_out, 0) + COALESCE(p.origin_out, 0)
    + COALESCE(p.restricted_out, 0) END AS BIGINT) AS failed
FROM treatments_weighed AS w
LEFT JOIN shut_parcels AS p ON p.shut_basket_id = w.basket_id AND p.shut_treatment_no = w.treatment_no
