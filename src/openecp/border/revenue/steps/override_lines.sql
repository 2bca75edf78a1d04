-- SPDX-License-Identifier: Apache-2.0
-- The declarant overrides the calculation: the declared amounts stand, for Customs to check.
-- Source: the profile's [taxes] override_statement
-- Reads: overrides, items
-- Adds: declaration_no, row_id, tax_type, assessed_minor, payable_minor
-- Rows: one an item and declared tax
SELECT i.declaration_no, o.row_id, o.tax_type,
  CAST(round_money(CAST(o.assessed_e4 AS DECIMAL(19, 0)) * $national_rate_to_minor) AS BIGINT) AS assessed_minor,
  CAST(round_money(CAST(o.payable_e4 AS DECIMAL(19, 0)) * $national_rate_to_minor) AS BIGINT) AS payable_minor
FROM overrides AS o
JOIN items AS i ON i.row_id = o.row_id
