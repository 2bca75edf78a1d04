-- SPDX-License-Identifier: Apache-2.0
-- Customs duties (stage 1): each measure's duty expression on the customs value and the declared quantities.
-- Source: the measure's own; Kyoto Convention, General Annex, Chapter 4
-- Reads: relieved_lines
-- Adds: duty_minor BIGINT (stage 1, before relief, rounded once a line)
-- Rows: one an item and line
SELECT l.*,
  CASE WHEN stage = 1 THEN CAST(round_money(duty_amount(customs_value_minor)) AS BIGINT) END AS duty_minor
FROM relieved_lines AS l
