-- SPDX-License-Identifier: Apache-2.0
-- The price is in a foreign currency: the rate of the day applies.
-- Source: the profile's exchange_rates.csv; WTO Customs Valuation Agreement, Article 9
-- Reads: items.value_currency, on_date; exchange_rates
-- Adds: the columns of items that later steps read, rate_to_minor DECIMAL(18,12): national minor units for 1/10,000 of the currency
-- Rows: one an item
SELECT
  i.declaration_no, i.row_id, i.on_date, i.movement, i.tariff_key, i.goods_code, i.origin, i.preference,
  i.order_number, i.additional_codes, i.procedure, i.regime, i.taxed, i.expected_taxes, i.quantities_e6,
  i.value_e4, i.value_currency, i.statistical_e4, i.relation_bits, i.net_e6, i.importer, i.declarant,
  i.export_country, i.mode, i.description, i.draw,
  x.rate_to_minor
FROM items AS i
LEFT JOIN exchange_rates AS x ON x.currency = i.value_currency AND i.on_date BETWEEN x.valid_from AND x.valid_to
