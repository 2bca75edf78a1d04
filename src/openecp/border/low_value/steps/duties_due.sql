-- SPDX-License-Identifier: Apache-2.0
-- Duty of each item: a rate on the value, or a flat amount for each HS subheading or parcel, less a deduction.
-- Source: the regime's own
-- Reads: parcel_values, treatments_chosen; treatments, exchange
-- Adds: the columns of the item, its treatment and rate of exchange; duty_base_micro, duty_rate_used_e8, duty_minor BIGINT
-- Rows: one an item
-- Limits: rounded once, on what the items of a parcel under one rate sum up to, or item by item as the regime says; an item bears what it adds to the sum. Null where the rate is not known
SELECT d.*,
  CAST(added(duty_sum_minor, duty_rate_used_e8, treatment_no) AS BIGINT) AS duty_minor
FROM (
  SELECT r.*, rounded_minor(duty_whole, duty_floor, FALSE) AS duty_sum_minor
  FROM (
    SELECT w.*, in_steps(duty_whole) AS duty_floor
    FROM (
      SELECT s.*,
        not_negative(CAST(FLOOR(CAST(duty_upto_micro AS DECIMAL(19, 0))
          * CAST(CAST(duty_rate_used_e8 AS DECIMAL(12, 0)) * 0.00000001 AS DECIMAL(12, 8))) AS DECIMAL(19, 0))
          - CASE WHEN duty_deduct_micro IS NULL THEN 0
            ELSE set_right(deduct_guess, duty_deduct_micro, den, num) END) AS duty_whole
      FROM (
        SELECT b.*,
          upto(duty_base_micro, duty_rate_used_e8, treatment_no) AS duty_upto_micro
        FROM (
          SELECT g.*,
            CAST(CASE duty_rule
              WHEN 0 THEN 0
              WHEN 3 THEN CASE WHEN goods_no = 1 THEN set_right(flat_guess, duty_flat_micro, den, num) ELSE 0 END
              WHEN 4 THEN CASE WHEN item_no = 1 THEN set_right(flat_guess, duty_flat_micro, den, num) ELSE 0 END
              ELSE CASE WHEN duty_cif THEN cif_micro ELSE price_micro END END AS BIGINT) AS duty_base_micro,
            CASE duty_rule
              WHEN 1 THEN regime_duty_rate_e8
              WHEN 2 THEN CASE WHEN duty_chapters <> '' AND SUBSTR(hs, 1, 2) > duty_chapters THEN 0
                ELSE duty_rate_e8 END
              ELSE 100000000 END AS duty_rate_used_e8
          FROM (
            SELECT v.*, t.*, c.unrated_no, x.num, x.den,
              CAST(FLOOR(CAST(t.duty_flat_micro AS DECIMAL(14, 0)) * x.inverse) AS DECIMAL(19, 0)) AS flat_guess,
              CAST(FLOOR(CAST(t.duty_deduct_micro AS DECIMAL(14, 0)) * x.inverse) AS DECIMAL(19, 0)) AS deduct_guess
            FROM treatments_chosen AS c
            JOIN parcel_values AS v ON v.row_id = c.row_id
            JOIN treatments AS t ON t.treatment_no = c.treatment_no
            LEFT JOIN exchange AS x ON x.exchange_key = v.exchange_key AND x.from_currency = v.currency
              AND x.to_currency = t.amount_currency AND law_day(v, t) BETWEEN x.rate_from AND x.rate_to
          ) AS g
        ) AS b
      ) AS s
    ) AS w
  ) AS r
) AS d
