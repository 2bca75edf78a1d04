-- SPDX-License-Identifier: Apache-2.0
-- All lines to be computed: measures that apply, and taxes that are due on the item without a known measure.
-- Source: the profile's tax_types.csv (always) and the declared tax types, where the tariff is not complete
-- Reads: measures_applied, item_values.expected_taxes; open_measures (one row a tax type, without a rate)
-- Rows: one an item and line: an open line stands without an amount, not at nothing
SELECT * FROM measures_applied
UNION ALL
SELECT i.declaration_no, i.row_id, i.quantity_columns, i.customs_value_minor,
  m.measure_id, m.tax_type, m.stage, m.tax_group, m.base_columns, m.positive_base, m.duty_columns
FROM (SELECT declaration_no, row_id, quantity_columns, customs_value_minor, UNNEST(expected_taxes) AS expected
  FROM item_values WHERE taxed) AS i
JOIN open_measures AS m ON m.tax_type = i.expected
LEFT JOIN measures_applied AS a ON a.row_id = i.row_id AND a.tax_type = i.expected
WHERE a.row_id IS NULL
