-- SPDX-License-Identifier: Apache-2.0
-- What one party received from one seller within some days, all of it in parcels that each pass by themselves.
-- Source: WCO Cross-Border E-Commerce Framework of Standards, on splitting consignments to stay below a limit
-- Reads: seen_parcels (party and seller by their group, value in millionths of the limit's currency, day as a number)
-- Adds: window_micro BIGINT, window_parcels BIGINT: sum and number of the days up to this parcel's
-- Rows: one a parcel that is below the limit
-- Limits: the days of the window and the limit are those of the rule that is asked
SELECT s.parcel_no, s.party_no, s.seller_no, s.goods, s.day_no, s.value_micro,
  CAST(SUM(s.value_micro) OVER (
    PARTITION BY s.party_no, s.seller_no, s.goods ORDER BY s.day_no RANGE BETWEEN $days_before PRECEDING AND CURRENT ROW
  ) AS BIGINT) AS window_micro,
  COUNT(s.parcel_no) OVER (
    PARTITION BY s.party_no, s.seller_no, s.goods ORDER BY s.day_no RANGE BETWEEN $days_before PRECEDING AND CURRENT ROW
  ) AS window_parcels
FROM seen_parcels AS s
WHERE s.value_micro <= $parcel_most_micro
