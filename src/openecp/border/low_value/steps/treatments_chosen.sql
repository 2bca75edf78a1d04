-- SPDX-License-Identifier: Apache-2.0
-- The first regime that applies is the one, and its first treatment that fits; where none fits, the ordinary tariff holds.
-- Source: the order of regimes and treatments in the regime file
-- Reads: treatments_tried
-- Adds: row_id BIGINT, treatment_no BIGINT, unrated_no BIGINT (a treatment that fits but for an exchange rate: it must not be passed over in silence)
-- Rows: one an item
SELECT row_id,
  CASE WHEN regime_fits = regime_first THEN treatment_fits ELSE treatment_ordinary END AS treatment_no,
  CASE WHEN regime_unrated = regime_first THEN treatment_unrated ELSE ordinary_unrated END AS unrated_no
FROM (
  SELECT row_id,
    MIN(CASE WHEN NOT ordinary AND (failed & 17) = 0 THEN regime_no END) AS regime_first,
    MIN(CASE WHEN NOT ordinary AND failed = 0 THEN regime_no END) AS regime_fits,
    MIN(CASE WHEN NOT ordinary AND failed = 0 THEN treatment_no END) AS treatment_fits,
    MIN(CASE WHEN ordinary AND failed = 0 THEN treatment_no END) AS treatment_ordinary,
    MIN(CASE WHEN NOT ordinary AND failed = 32768 THEN regime_no END) AS regime_unrated,
    MIN(CASE WHEN NOT ordinary AND failed = 32768 THEN treatment_no END) AS treatment_unrated,
    MIN(CASE WHEN ordinary AND failed = 32768 THEN treatment_no END) AS ordinary_unrated
  FROM treatments_tried
  GROUP BY row_id
) AS found
