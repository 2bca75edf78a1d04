-- SPDX-License-Identifier: Apache-2.0
-- All prices of the batch are in national currency.
SELECT
  i.declaration_no, i.row_id, i.on_date, i.movement, i.tariff_key, i.goods_code, i.origin, i.preference,
  i.order_number, i.additional_codes, i.procedure, i.regime, i.taxed, i.expected_taxes, i.quantities_e6,
  i.value_e4, i.value_currency, i.statistical_e4, i.relation_bits, i.net_e6, i.importer, i.declarant,
  i.export_country, i.mode, i.description, i.draw,
  $national_rate_to_minor AS rate_to_minor
FROM items AS i
