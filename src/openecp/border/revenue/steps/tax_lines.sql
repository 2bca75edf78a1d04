-- SPDX-License-Identifier: Apache-2.0
-- All charges of an item: duties, excise, then value added tax (stage 3) on the value with the charges before it.
-- Source: the measure's own; the tax type's base in the profile's tax_types.csv
-- Reads: excise_lines
-- Adds: base_minor, amount_minor (before relief), assessed_minor, payable_minor BIGINT
-- Rows: one an item and line
-- Limits: an amount is null where a quantity or a rate is not known; a reason says which
SELECT declaration_no, row_id, measure_id, relief_id, effect, base_minor, amount_minor,
  CASE WHEN effect IN ('relieved', 'waived') THEN 0 ELSE amount_minor END AS assessed_minor,
  CASE WHEN effect IS NULL THEN amount_minor ELSE 0 END AS payable_minor
FROM (
  SELECT e.*,
    CASE stage WHEN 1 THEN customs_value_minor WHEN 2 THEN duty_base_minor ELSE later_base_minor END AS base_minor,
    CASE stage WHEN 1 THEN duty_minor WHEN 2 THEN excise_minor
      ELSE CAST(round_money(duty_amount(later_base_minor)) AS BIGINT) END AS amount_minor
  FROM excise_lines AS e
) AS based
WHERE NOT positive_base OR base_minor IS NULL OR base_minor > 0
