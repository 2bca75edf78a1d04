-- SPDX-License-Identifier: Apache-2.0
-- A procedure or additional procedure relieves the item of a tax, or suspends it.
-- Source: the profile's reliefs.csv; Kyoto Convention, Specific Annex B, Chapter 3 (relief) and Specific Annexes D to G
-- Reads: items.procedure, additional_procedures; reliefs
-- Adds: row_id, tax_type, relief_id, effect ('relieved' or 'suspended'), in_base, deducts BOOLEAN
-- Rows: one an item and tax type: the first row of reliefs.csv that matches
SELECT row_id, tax_type, relief_id, effect, in_base, deducts
FROM (
  SELECT i.row_id, r.tax_type, r.relief_id, r.effect, r.in_base, r.deducts,
    ROW_NUMBER() OVER (PARTITION BY i.row_id, r.tax_type ORDER BY r.relief_id) AS place
  FROM items AS i
  JOIN reliefs AS r ON (r.procedure = '' OR STARTS_WITH(i.procedure, r.procedure))
    AND (r.additional_procedure = '' OR LIST_CONTAINS(i.additional_procedures, r.additional_procedure))
) AS matched
WHERE place = 1
