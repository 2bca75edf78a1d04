-- SPDX-License-Identifier: Apache-2.0
-- The goods need a document or an additional code that is not declared, and no waiver is.
-- Source: the profile's document_requirements.csv and additional_code_requirements.csv
-- Reads: items.tariff_key, origin, movement, procedure, documents, additional_codes; requirements
-- Adds: declaration_no INTEGER, row_id BIGINT, ref BIGINT (requirement)
-- Rows: one an item and unmet requirement
SELECT i.declaration_no, i.row_id, r.requirement_id AS ref
FROM items AS i
JOIN requirements AS r ON r.tariff_key = i.tariff_key
WHERE i.on_date BETWEEN r.valid_from AND r.valid_to
  AND (r.origin = '' OR r.origin = i.origin)
  AND (r.movement = '' OR r.movement = i.movement)
  AND (r.procedure = '' OR STARTS_WITH(i.procedure, r.procedure))
  AND NOT LIST_HAS_ANY(i.documents, r.any_of)
  AND NOT LIST_HAS_ANY(i.additional_codes, r.any_of)
