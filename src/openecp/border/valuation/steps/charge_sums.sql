-- SPDX-License-Identifier: Apache-2.0
-- Additions to the price and deductions from it.
-- Source: WTO Customs Valuation Agreement, Articles 1 and 8; the profile's charge_types.csv and incoterms.csv
-- Reads: charges (one row an item and charge, amount_e4 in its currency), items.incoterm; charge_types, exchange_rates
-- Adds: row_id BIGINT, charges_minor DECIMAL(36,12) (national minor units, deductions negative), rate_missing BOOLEAN (also: charge type unknown)
-- Rows: one an item that bears a charge
-- Limits: not rounded here; rounding happens once, in item_values
SELECT c.row_id,
  CAST(SUM(CAST(CAST(c.amount_e4 AS DECIMAL(19, 0)) * x.rate_to_minor AS DECIMAL(34, 12)) * COALESCE(t.sign, 0)) AS DECIMAL(36, 12))
    AS charges_minor,
  BOOL_OR(t.sign IS NULL OR (t.sign <> 0 AND (x.rate_to_minor IS NULL OR c.amount_e4 IS NULL))) AS rate_missing
FROM charges AS c
JOIN items AS i ON i.row_id = c.row_id
LEFT JOIN charge_types AS t ON t.charge_type = c.charge_type AND t.incoterm = i.incoterm
LEFT JOIN exchange_rates AS x ON x.currency = c.currency AND i.on_date BETWEEN x.valid_from AND x.valid_to
GROUP BY c.row_id
