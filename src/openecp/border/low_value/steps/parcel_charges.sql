-- SPDX-License-Identifier: Apache-2.0
-- What is charged on each item, who collects it and when, and in which category the parcel is released.
-- Source: the regime's own; WCO Immediate Release Guidelines, categories 1 to 4
-- Reads: taxes_due
-- Adds: row_id, basket_id BIGINT, item INTEGER, treatment_no, unrated_no BIGINT, duty_base_micro, duty_rate_used_e8, duty_minor BIGINT, duty_by, duty_due VARCHAR, tax_base_micro, tax_rate_used_e8, excise_used_e8, tax_minor BIGINT, tax_by, tax_due VARCHAR, remitted BOOLEAN, tax_before_minor BIGINT, category INTEGER
-- Rows: one an item
-- Limits: papers alone that are declared without a value are not charged; a tax so small that the regime does not collect it is 0; `tax_before_minor` says what it would have been
SELECT row_id, basket_id, item, treatment_no, unrated_no,
  duty_base_micro, duty_rate_used_e8, duty_minor, duty_by, duty_due,
  tax_base_micro, tax_rate_used_e8, excise_used_e8, tax_minor, tax_by, tax_due, remitted, tax_before_minor,
  CASE
    WHEN full_category > 0 THEN full_category
    WHEN basket_sum(COALESCE(CASE WHEN duty_due <> 'sale' THEN duty_minor ELSE 0 END, 0)
      + COALESCE(CASE WHEN tax_due <> 'sale' THEN tax_minor ELSE 0 END, 0)) > 0
      THEN category_due
    WHEN documents THEN category_documents
    ELSE category_free END AS category
FROM (
  SELECT m.row_id, m.basket_id, m.item, m.treatment_no, m.unrated_no, m.documents,
    m.full_category, m.category_due, m.category_documents, m.category_free,
    m.duty_base_micro, m.duty_rate_used_e8, m.duty_due,
    CASE WHEN m.papers OR (m.remitted AND m.remit_duty) THEN 0 ELSE m.duty_minor END AS duty_minor,
    CASE WHEN m.duty_by = 'carrier' THEN m.carrier ELSE m.duty_by END AS duty_by,
    m.tax_base_micro, m.tax_rate_used_e8, m.excise_used_e8, m.remitted, m.tax_minor AS tax_before_minor,
    CASE WHEN m.papers OR m.remitted THEN 0 ELSE m.tax_minor END AS tax_minor,
    CASE WHEN m.tax_paid THEN 'seller' WHEN m.tax_by = 'carrier' THEN m.carrier ELSE m.tax_by END AS tax_by,
    CASE WHEN m.tax_paid THEN 'sale' ELSE m.tax_due END AS tax_due
  FROM (
    SELECT w.*, w.documents AND w.basket_price_micro = 0 AND w.full_category = 0 AS papers,
      CASE w.channel WHEN 'post' THEN 'post' WHEN 'express' THEN 'express' ELSE 'broker' END AS carrier,
      CASE WHEN w.remit_micro IS NULL OR w.num IS NULL THEN FALSE
        WHEN w.remit_rounded THEN below(CASE WHEN w.remit_scope = 1 THEN w.tax_minor * w.unit_micro
          ELSE basket_sum(w.tax_minor * w.unit_micro) END, w.remit_micro, w.num, w.den, w.remit_below)
        WHEN w.remit_below THEN below(CASE WHEN w.remit_scope = 1 THEN w.tax_exact_micro
          ELSE basket_sum(w.tax_exact_micro) END, w.remit_micro, w.num, w.den, TRUE)
        ELSE below(CASE WHEN w.remit_scope = 1 THEN w.tax_exact_up_micro
          ELSE basket_sum(w.tax_exact_up_micro) END, w.remit_micro, w.num, w.den, FALSE)
        END AS remitted
    FROM taxes_due AS w
  ) AS m
) AS c
