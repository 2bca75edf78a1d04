-- SPDX-License-Identifier: Apache-2.0
-- A coded element has a value that its code list does not hold on the date.
-- Source: the profile's coded_elements.csv and code_lists
-- Reads: items.codes (`<coded element>:<value>`), items.on_date; code_entries, coded_elements
-- Adds: declaration_no INTEGER, row_id BIGINT, code VARCHAR, rejects BOOLEAN
-- Rows: one an item and unknown value
SELECT d.declaration_no, d.row_id, d.code, e.rejects
FROM (SELECT declaration_no, row_id, data_set, on_date, UNNEST(codes) AS code FROM items) AS d
JOIN coded_elements AS e ON e.number = SPLIT_PART(d.code, ':', 1)
LEFT JOIN code_entries AS c ON c.code = d.code AND d.on_date BETWEEN c.valid_from AND c.valid_to
WHERE c.code IS NULL AND (e.data_set = '' OR e.data_set = d.data_set)
