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
  goods_sum(i.price_micro) AS goods_price_micro,
  goods_sum(i.price_micro + i.freight_micro + i.insurance_micro) AS goods_cif_micro,
  basket_sum(i.price_micro) AS basket_price_micro,
  basket_sum(i.price_micro + i.freight_micro + i.insurance_micro) AS basket_cif_micro,
  basket_sum(i.quantity_micro) AS basket_quantity_micro,
  basket_max(i.duty_rate_e8) AS basket_duty_rate_e8,
  goods_number() AS goods_no,
  basket_number() AS item_no
FROM parcel_items AS i
