-- SPDX-License-Identifier: Apache-2.0
-- The customs value is the item's price in national currency, with additions and without deductions.
-- Source: WTO Customs Valuation Agreement, Articles 1 and 8; CIF or FOB as the profile says
-- Reads: items.value_e4, value_currency; item_rates, charge_sums
-- Adds: the columns of items, customs_value_minor, declared_statistical_minor BIGINT (national minor units), value_open BOOLEAN
-- Rows: one an item
-- Limits: one rounding, in the profile's mode, on the whole value of the item; deductions beyond the price leave 0
SELECT i.*,
  CAST(round_money(
    CAST(CAST(i.value_e4 AS DECIMAL(19, 0)) * i.rate_to_minor AS DECIMAL(36, 12))
    + GREATEST(COALESCE(c.charges_minor, 0), -CAST(CAST(i.value_e4 AS DECIMAL(19, 0)) * i.rate_to_minor AS DECIMAL(36, 12)))
  ) AS BIGINT) AS customs_value_minor,
  CAST(round_money(CAST(i.statistical_e4 AS DECIMAL(19, 0)) * $national_rate_to_minor) AS BIGINT)
    AS declared_statistical_minor,
  (i.rate_to_minor IS NULL AND i.value_currency <> '') OR COALESCE(c.rate_missing, FALSE) AS value_open
FROM item_rates AS i
LEFT JOIN charge_sums AS c ON c.row_id = i.row_id
