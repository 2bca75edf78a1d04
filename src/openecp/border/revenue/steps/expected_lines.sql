-- SPDX-License-Identifier: Apache-2.0
-- A tax that is due on the item has no measure in the tariff that was loaded: its line stands open, not at nothing.
-- Source: the profile's tax_types.csv (always) and the declared tax types, where the tariff is not complete
-- Reads: items.expected_taxes, measures_applied; open_measures (one row a tax type, without a rate)
-- Adds: the columns of measures_applied
-- Rows: one an item and open tax type
SELECT i.declaration_no, i.row_id, i.quantities_e6, v.customs_value_minor,
  m.measure_id, m.tax_type, m.stage, m.tax_group, m.on_value, m.on_duty, m.on_territorial, m.on_safeguard, m.on_excise,
  m.positive_base, m.duty_columns, r.relief_id, r.effect, r.in_base, r.deducts
FROM (SELECT declaration_no, row_id, quantities_e6, taxed, UNNEST(expected_taxes) AS expected FROM items) AS i
JOIN item_values AS v ON v.row_id = i.row_id
JOIN open_measures AS m ON m.tax_type = i.expected
LEFT JOIN item_reliefs AS r ON r.row_id = i.row_id AND r.tax_type = i.expected
LEFT JOIN measures_applied AS a ON a.row_id = i.row_id AND a.tax_type = i.expected
WHERE i.taxed AND a.row_id IS NULL
