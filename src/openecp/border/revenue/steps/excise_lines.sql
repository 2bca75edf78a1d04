-- SPDX-License-Identifier: Apache-2.0
-- Excise duties (stage 2): on quantities, or on the customs value with the duties of stage 1.
-- Source: the measure's own; the tax type's base in the profile's tax_types.csv
-- Reads: duty_lines
-- Adds: duty_base_minor BIGINT (value and duties in the line's base), excise_minor BIGINT, later_base_minor BIGINT
-- Rows: one an item and line
-- Limits: a base that holds an open line is null
SELECT b.*, with_excise(duty_base_minor) AS later_base_minor
FROM (
  SELECT a.*, CASE WHEN stage = 2 THEN CAST(round_money(duty_amount(duty_base_minor)) AS BIGINT) END AS excise_minor
  FROM (SELECT d.*, value_with_duties() AS duty_base_minor FROM duty_lines AS d WINDOW item AS (PARTITION BY row_id)) AS a
) AS b
WINDOW item AS (PARTITION BY row_id)
