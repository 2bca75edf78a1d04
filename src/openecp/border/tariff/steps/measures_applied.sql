-- SPDX-License-Identifier: Apache-2.0
-- The measures that apply to an item: longest goods code first, then the row that says most; ties all apply.
-- Source: the administration's measures, dated
-- Reads: items.tariff_key, origin, preference, order_number, additional_codes, regime, taxed; item_values; measures, reliefs
-- Adds: measure_id, tax_type, stage, tax_group, on_… (the parts of its base), the duty's columns, relief_id, effect
-- Rows: one an item and measure
SELECT i.declaration_no, i.row_id, i.quantities_e6, v.customs_value_minor,
  m.measure_id, m.tax_type, m.stage, m.tax_group, m.on_value, m.on_duty, m.on_territorial, m.on_safeguard, m.on_excise,
  m.positive_base, m.duty_columns, r.relief_id, r.effect, r.in_base, r.deducts
FROM items AS i
JOIN item_values AS v ON v.row_id = i.row_id
JOIN measures AS m ON m.tariff_key = i.tariff_key
LEFT JOIN item_reliefs AS r ON r.row_id = i.row_id AND r.tax_type = m.tax_type
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
