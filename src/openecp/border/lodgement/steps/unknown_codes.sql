-- SPDX-License-Identifier: Apache-2.0
-- A coded element has a value that its code list does not hold on the date; so has the commodity code.
-- Source: the profile's coded_elements.csv and code_lists; nomenclature.csv where the profile says that it is complete
-- Reads: items.codes (`<coded element>:<value>`, commodity codes as `T:<code>`), items.on_date; code_entries
-- Adds: declaration_no INTEGER, row_id BIGINT, code VARCHAR
-- Rows: one an item and unknown value
SELECT d.declaration_no, d.row_id, d.code
FROM (SELECT declaration_no, row_id, on_date, UNNEST(codes) AS code FROM items) AS d
LEFT JOIN code_entries AS c ON c.code = d.code AND d.on_date BETWEEN c.valid_from AND c.valid_to
WHERE c.code IS NULL
