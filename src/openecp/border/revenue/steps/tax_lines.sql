-- SPDX-License-Identifier: Apache-2.0
-- All charges of an item: duties, excise, then value added tax (stage 3) on the value with the charges before it.
-- Source: the measure's own; the tax type's base in the profile's tax_types.csv
-- Reads: excise_lines
-- Adds: base_minor, amount_minor (before relief), assessed_minor, deducted_minor, payable_minor BIGINT
-- Rows: one an item and line
-- Limits: an amount is null where a quantity or a rate is not known; a reason says which
SELECT declaration_no, row_id, measure_id, relief_id, effect, base_minor, amount_minor, s1_rate IS NULL AS open_rate,
  CASE WHEN effect = 'relieved' THEN 0 ELSE amount_minor END AS assessed_minor,
  CASE WHEN effect = 'relieved' AND deducts THEN amount_minor ELSE 0 END AS deducted_minor,
  CASE WHEN effect IS NULL THEN amount_minor ELSE 0 END AS payable_minor
FROM (
  SELECT *,
    CASE stage WHEN 1 THEN customs_value_minor WHEN 2 THEN excise_base_minor ELSE vat_base_minor END AS base_minor,
    CASE stage WHEN 1 THEN duty_minor WHEN 2 THEN excise_minor
      ELSE CAST(round_money(duty_amount(vat_base_minor)) AS BIGINT) END AS amount_minor
  FROM (
    SELECT *,
      CASE WHEN on_excise * excise_open = 0 THEN CAST(excise_base_minor + on_excise * excise_sum AS BIGINT) END
        AS vat_base_minor
    FROM (
      SELECT *,
        COALESCE(SUM(excise_minor * kept) OVER item, 0) AS excise_sum,
        MAX(CASE WHEN stage = 2 AND excise_minor IS NULL THEN kept ELSE 0 END) OVER item AS excise_open
      FROM excise_lines
      WINDOW item AS (PARTITION BY row_id)
    ) AS summed
  ) AS based
) AS assessed
WHERE NOT positive_base OR base_minor IS NULL OR base_minor > 0
