-- SPDX-License-Identifier: Apache-2.0
-- Batch only: items that risk criteria cannot tell apart, but by amounts and the draw, are compared with them once.
-- Reads: law_dates; items: what risk_hits reads, of parties, descriptions and offices only what some criterion names
-- Adds: row_id BIGINT (number of the pattern), declaration_no INTEGER (0), the columns of the pattern
-- Rows: one a pattern
SELECT 0 AS declaration_no, ROW_NUMBER() OVER () AS row_id, p.*
FROM (
  SELECT DISTINCT l.risk_date AS on_date, goods_code, origin, export_country, procedure, mode, movement,
    named_importer(i.importer) AS importer, named_declarant(i.declarant) AS declarant,
    named_description(i.description) AS description, named_office(i.office) AS office
  FROM items AS i
  JOIN law_dates AS l ON l.on_date = i.on_date
) AS p
