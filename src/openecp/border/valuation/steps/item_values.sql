-- SPDX-License-Identifier: Apache-2.0
-- The customs value is the item's price in national currency, with additions and without deductions.
-- Source: WTO Customs Valuation Agreement, Articles 1 and 8; CIF or FOB as the profile says
-- Reads: items.value_e4, value_currency, statistical_e4; charge_sums, exchange_rates
-- Adds: price_minor, customs_value_minor, statistical_value_minor BIGINT (national minor units), rate_missing, rejects BOOLEAN
-- Rows: one an item
-- Limits: one rounding, in the profile's mode, on the whole value of the item; the statistical value is the customs
-- value where none is declared in the national currency
SELECT declaration_no, row_id, price_minor, customs_value_minor,
  COALESCE(declared_statistical_minor, customs_value_minor) AS statistical_value_minor, rate_missing,
  rate_missing AND taxed AND $rates_complete = 1 AS rejects
FROM (
  SELECT i.declaration_no, i.row_id,
    CAST(round_money(CAST(i.value_e4 AS DECIMAL(19, 0)) * x.rate_to_minor) AS BIGINT) AS price_minor,
    CAST(round_money(
      CAST(CAST(i.value_e4 AS DECIMAL(19, 0)) * x.rate_to_minor AS DECIMAL(36, 12)) + COALESCE(c.charges_minor, 0)
    ) AS BIGINT) AS customs_value_minor,
    CAST(round_money(CAST(i.statistical_e4 AS DECIMAL(19, 0)) * $national_rate_to_minor) AS BIGINT)
      AS declared_statistical_minor,
    (x.rate_to_minor IS NULL AND i.value_currency <> '') OR COALESCE(c.rate_missing, FALSE) AS rate_missing,
    i.taxed
  FROM items AS i
  LEFT JOIN charge_sums AS c ON c.row_id = i.row_id
  LEFT JOIN exchange_rates AS x ON x.currency = i.value_currency AND i.on_date BETWEEN x.valid_from AND x.valid_to
) AS valued
