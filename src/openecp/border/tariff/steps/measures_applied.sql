-- SPDX-License-Identifier: Apache-2.0
-- The measures that apply to an item: longest goods code first, then the row that says most; ties all apply.
-- Source: the profile's or the administration's measures, dated
-- Reads: items.tariff_key, origin, preference, order_number, additional_codes, statements, procedure; measures, reliefs
-- Adds: the measure's columns, base_minor BIGINT (customs value), effect of a relief or suspension, quantities
-- Rows: one an item and measure
SELECT i.declaration_no, i.row_id, i.quantities_e6, v.customs_value_minor, m.*,
  r.relief_id, r.effect, r.in_base
FROM items AS i
JOIN item_values AS v ON v.row_id = i.row_id
JOIN measures AS m ON m.tariff_key = i.tariff_key
LEFT JOIN reliefs AS r ON r.tax_type = m.tax_type
  AND (r.procedure = '' OR STARTS_WITH(i.procedure, r.procedure))
  AND (r.additional_procedure = '' OR LIST_CONTAINS(i.additional_procedures, r.additional_procedure))
WHERE i.on_date BETWEEN m.valid_from AND m.valid_to
  AND i.movement = m.movement
  AND (m.origin = '' OR m.origin = i.origin)
  AND (m.preference = '' OR m.preference = i.preference)
  AND (m.order_number = '' OR m.order_number = i.order_number)
  AND (m.additional_code_1 = '' OR LIST_CONTAINS(i.additional_codes, m.additional_code_1))
  AND (m.additional_code_2 = '' OR LIST_CONTAINS(i.additional_codes, m.additional_code_2))
  AND (m.additional_code_3 = '' OR LIST_CONTAINS(i.additional_codes, m.additional_code_3))
  AND (m.statement = '' OR LIST_CONTAINS(i.statements, m.statement))
  AND (m.unless_statement = '' OR NOT LIST_CONTAINS(i.statements, m.unless_statement))
QUALIFY m.specificity = MAX(m.specificity) OVER (PARTITION BY i.row_id, m.tax_type)
  AND COALESCE(r.relief_id, 0) = MIN(COALESCE(r.relief_id, 0)) OVER (PARTITION BY i.row_id, m.measure_id)
