-- SPDX-License-Identifier: Apache-2.0
-- Tax on consumption of each item: on its value with freight, insurance and duty, or on a base that holds the tax itself.
-- Source: the regime's own; a rate r inside its own base is r/(1-r) of the base without it
-- Reads: duties_due; reciprocals (one row a share that a base holds of itself)
-- Adds: tax_rate_used_e8, excise_used_e8, tax_base_micro, tax_exact_micro, tax_exact_up_micro, tax_minor BIGINT
-- Rows: one an item
-- Limits: exact: a quotient is taken by its reciprocal and set right by its remainder; rounded once, as in duties_due
SELECT d.*,
  CAST(added(tax_sum_minor, tax_rate_used_e8, excise_used_e8) AS BIGINT) AS tax_minor
FROM (
  SELECT f.*, rounded_minor(tax_whole, tax_floor, has_rest(tax_whole, tax_upto_micro, tax_num, tax_den)) AS tax_sum_minor,
    CAST(tax_own AS BIGINT) AS tax_exact_micro,
    CAST(tax_own + CASE WHEN has_rest(tax_own, tax_base_micro, tax_num, tax_den) THEN 1 ELSE 0 END AS BIGINT)
      AS tax_exact_up_micro
  FROM (
    SELECT e.*, in_steps(tax_whole) AS tax_floor
    FROM (
      SELECT a.*, set_right(tax_guess, tax_upto_micro, tax_num, tax_den) AS tax_whole,
        set_right(own_guess, tax_base_micro, tax_num, tax_den) AS tax_own
      FROM (
        SELECT s.*, CAST(FLOOR(CAST(tax_upto_micro AS DECIMAL(18, 0)) * tax_quotient) AS DECIMAL(19, 0)) AS tax_guess,
          CAST(FLOOR(CAST(tax_base_micro AS DECIMAL(18, 0)) * tax_quotient) AS DECIMAL(19, 0)) AS own_guess
        FROM (
          SELECT q.*,
            upto(tax_base_micro, tax_rate_used_e8, excise_used_e8) AS tax_upto_micro,
            CAST((tax_rate_used_e8 + excise_used_e8) * tax_factor_e4 AS BIGINT) AS tax_num,
            CAST(tax_whole_e8 * 10000 AS BIGINT) AS tax_den,
            CAST(CAST(CAST(CAST(tax_rate_used_e8 + excise_used_e8 AS DECIMAL(10, 0)) * 0.00000001 AS DECIMAL(10, 8))
              * CAST(CAST(tax_factor_e4 AS DECIMAL(6, 0)) * 0.0001 AS DECIMAL(6, 4)) AS DECIMAL(16, 12))
              * r.reciprocal AS DECIMAL(20, 18)) AS tax_quotient
          FROM (
            SELECT p.*,
              CASE WHEN tax_cif THEN cif_micro ELSE price_micro END
                + CASE WHEN tax_on_duty THEN duty_minor * unit_micro ELSE 0 END AS tax_base_micro,
              CAST(100000000 - excise_used_e8 - CASE WHEN tax_inside THEN tax_rate_used_e8 ELSE 0 END AS BIGINT)
                AS tax_whole_e8
            FROM (
              SELECT u.*,
                CASE tax_rule
                  WHEN 0 THEN 0
                  WHEN 2 THEN COALESCE(duty_rate_e8, tax_rate_e8, regime_tax_rate_e8)
                  WHEN 3 THEN COALESCE(tax_rate_e8, regime_tax_rate_e8, 0)
                  ELSE COALESCE(tax_rate_e8, regime_tax_rate_e8) END AS tax_rate_used_e8,
                CASE WHEN tax_with_excise THEN COALESCE(excise_rate_e8, 0) ELSE 0 END AS excise_used_e8
              FROM duties_due AS u
            ) AS p
          ) AS q
          LEFT JOIN reciprocals AS r ON r.whole_e8 = q.tax_whole_e8
        ) AS s
      ) AS a
    ) AS e
  ) AS f
) AS d
