-- SPDX-License-Identifier: Apache-2.0
-- A procedure or additional procedure relieves the item of a tax, or suspends it.
-- Source: the profile's reliefs.csv; Kyoto Convention, Specific Annex B, Chapter 3 (relief) and Specific Annexes D to G
-- Reads: charge_lines, items.procedure, additional_procedures; reliefs
-- Adds: relief_id BIGINT, effect VARCHAR ('relieved', 'waived', 'suspended'), kept INTEGER (1 where later bases hold it)
-- Rows: one a line: the first row of reliefs.csv that matches
SELECT l.*, r.relief_id, r.effect, CASE WHEN r.effect IS NULL OR r.in_base THEN 1 ELSE 0 END AS kept
FROM charge_lines AS l
LEFT JOIN (
  SELECT i.row_id, r.tax_type, r.relief_id, r.effect, r.in_base
  FROM items AS i
  JOIN reliefs AS r ON (r.procedure = '' OR STARTS_WITH(i.procedure, r.procedure))
    AND (r.additional_procedure = '' OR LIST_CONTAINS(i.additional_procedures, r.additional_procedure))
  QUALIFY r.relief_id = MIN(r.relief_id) OVER (PARTITION BY i.row_id, r.tax_type)
) AS r ON r.row_id = l.row_id AND r.tax_type = l.tax_type
