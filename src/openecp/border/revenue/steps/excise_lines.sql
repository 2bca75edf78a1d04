-- SPDX-License-Identifier: Apache-2.0
-- Excise duties (stage 2): on quantities, or on the customs value and the duties of stage 1.
-- Source: the measure's own; the tax type's base in the profile's tax_types.csv
-- Reads: duty_lines
-- Adds: excise_base_minor, excise_minor BIGINT
-- Rows: one an item and line
-- Limits: a base that holds an open line is null
SELECT *,
  CASE WHEN stage = 2 THEN CAST(round_money(duty_amount(excise_base_minor)) AS BIGINT) END AS excise_minor
FROM (
  SELECT *,
    CASE WHEN open_parts = 0 THEN on_value * customs_value_minor + sum_parts END AS excise_base_minor
  FROM (
    SELECT *,
      CAST(on_duty * duty_sum + on_territorial * territorial_sum + on_safeguard * safeguard_sum AS BIGINT) AS sum_parts,
      on_duty * duty_open + on_territorial * territorial_open + on_safeguard * safeguard_open AS open_parts
    FROM (
      SELECT *,
        COALESCE(SUM(CASE WHEN tax_group = 'duty' THEN duty_minor * kept END) OVER item, 0) AS duty_sum,
        COALESCE(SUM(CASE WHEN tax_group = 'territorial' THEN duty_minor * kept END) OVER item, 0) AS territorial_sum,
        COALESCE(SUM(CASE WHEN tax_group = 'safeguard' THEN duty_minor * kept END) OVER item, 0) AS safeguard_sum,
        MAX(CASE WHEN tax_group = 'duty' AND duty_minor IS NULL THEN kept ELSE 0 END) OVER item AS duty_open,
        MAX(CASE WHEN tax_group = 'territorial' AND duty_minor IS NULL THEN kept ELSE 0 END) OVER item
          AS territorial_open,
        MAX(CASE WHEN tax_group = 'safeguard' AND duty_minor IS NULL THEN kept ELSE 0 END) OVER item AS safeguard_open
      FROM duty_lines
      WINDOW item AS (PARTITION BY row_id)
    ) AS summed
  ) AS added
) AS based
