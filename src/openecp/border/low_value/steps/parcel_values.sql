-- SPDX-License-Identifier: Apache-2.0
-- What the parcel is worth: each item, each group of one HS subheading, and the whole, with and without freight.
-- Source: WCO Immediate Release Guidelines; intrinsic value leaves out freight and insurance that are shown separately
-- Reads: parcel_items (one row an item, amounts in millionths of the basket's currency)
-- Adds: hs6 VARCHAR, cif_micro, goods_price_micro, goods_cif_micro, basket_price_micro, basket_cif_micro BIGINT, goods_no, item_no INTEGER, basket_quantity_micro, basket_duty_rate_e8 BIGINT
-- Rows: one an item
-- Limits: freight and insurance come as the item's share of the parcel's
SELECT i.*,
  SUBSTR(i.hs, 1, 6) AS hs6,
  i.price_micro + i.freight_micro + i.insurance_micro AS cif_micro,
  CAST(SUM(i.price_micro) OVER goods AS BIGINT) AS goods_price_micro,
  CAST(SUM(i.price_micro + i.freight_micro + i.insurance_micro) OVER goods AS BIGINT) AS goods_cif_micro,
  CAST(SUM(i.price_micro) OVER basket AS BIGINT) AS basket_price_micro,
  CAST(SUM(i.price_micro + i.freight_micro + i.insurance_micro) OVER basket AS BIGINT) AS basket_cif_micro,
  CAST(SUM(i.quantity_micro) OVER basket AS BIGINT) AS basket_quantity_micro,
  MAX(i.duty_rate_e8) OVER basket AS basket_duty_rate_e8,
  CAST(ROW_NUMBER() OVER (PARTITION BY i.basket_id, SUBSTR(i.hs, 1, 6) ORDER BY i.item) AS INTEGER) AS goods_no,
  CAST(ROW_NUMBER() OVER (PARTITION BY i.basket_id ORDER BY i.item) AS INTEGER) AS item_no
FROM parcel_items AS i
WINDOW goods AS (PARTITION BY i.basket_id, SUBSTR(i.hs, 1, 6)), basket AS (PARTITION BY i.basket_id)
