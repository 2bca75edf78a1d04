-- SPDX-License-Identifier: Apache-2.0
-- The measures that apply to an item: longest goods code first, then the row that says most; ties all apply.
-- Source: the administration's measures, dated
-- Reads: item_values (tariff_key, origin, preference, order_number, additional_codes, regime, taxed); measures
-- Adds: measure_id, tax_type, stage, tax_group, on_… (the parts of its base), the duty's columns
-- Rows: one an item and measure
SELECT i.declaration_no, i.row_id, i.quantity_columns, i.customs_value_minor,
  m.measure_id, m.tax_type, m.stage, m.tax_group, m.base_columns, m.positive_base, m.duty_columns
FROM item_values AS i
JOIN measures AS m ON m.tariff_key = i.tariff_key
WHERE i.taxed
  AND i.on_date BETWEEN m.valid_from AND m.valid_to
  AND m.movement = i.movement
  AND (m.regime = '' OR m.regime = i.regime)
  AND (m.origin = '' OR m.origin = i.origin)
  AND (m.preference = '' OR m.preference = i.preference)
  AND (m.order_number = '' OR m.order_number = i.order_number)
  AND (m.additional_code_1 = '' OR LIST_CONTAINS(i.additional_codes, m.additional_code_1))
  AND (m.additional_code_2 = '' OR LIST_CONTAINS(i.additional_codes, m.additional_code_2))
  AND (m.additional_code_3 = '' OR LIST_CONTAINS(i.additional_codes, m.additional_code_3))
QUALIFY m.specificity = MAX(m.specificity) OVER (PARTITION BY i.row_id, m.tax_type)
