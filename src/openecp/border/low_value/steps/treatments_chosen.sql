-- SPDX-License-Identifier: Apache-2.0
-- The first treatment that fits is applied; one that only lacks an exchange rate must not be passed over in silence.
-- Source: the order of regimes and treatments in the regime file
-- Reads: treatments_tried
-- Adds: row_id BIGINT, treatment_no BIGINT, unrated_no BIGINT (a treatment that could not be judged)
-- Rows: one an item
SELECT row_id,
  MIN(CASE WHEN failed = 0 THEN treatment_no END) AS treatment_no,
  MIN(CASE WHEN failed = 32768 THEN treatment_no END) AS unrated_no
FROM treatments_tried
GROUP BY row_id
