-- SPDX-License-Identifier: Apache-2.0
-- Parcels that together are above a limit which none of them is above alone.
-- Source: WCO Cross-Border E-Commerce Framework of Standards, on splitting consignments to stay below a limit
-- Reads: split_windows
-- Adds: none
-- Rows: one a parcel that is part of a split
SELECT m.parcel_no, m.party_no, m.seller_no, m.goods, m.day_no, m.value_micro
FROM (
  SELECT w.parcel_no, w.party_no, w.seller_no, w.goods, w.day_no, w.value_micro,
    MAX(CASE WHEN w.window_micro > $sum_most_micro AND w.window_parcels >= $parcels_min THEN 1 ELSE 0 END) OVER (
      PARTITION BY w.party_no, w.seller_no, w.goods ORDER BY w.day_no
      RANGE BETWEEN CURRENT ROW AND $days_before FOLLOWING
    ) AS caught
  FROM split_windows AS w
) AS m
WHERE m.caught = 1
