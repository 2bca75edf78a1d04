-- SPDX-License-Identifier: Apache-2.0
-- The price is in a foreign currency: the rate of the day applies.
-- Source: the profile's exchange_rates.csv; WTO Customs Valuation Agreement, Article 9
-- Reads: items.value_currency, on_date; exchange_rates
-- Adds: the columns of items that later steps read, rate_to_minor DECIMAL(18,12): national minor units for 1/10,000 of the currency
-- Rows: one an item
SELECT
  i.item_columns,
  x.rate_to_minor
FROM items AS i
LEFT JOIN exchange_rates AS x ON x.currency = i.value_currency AND i.on_date BETWEEN x.valid_from AND x.valid_to
