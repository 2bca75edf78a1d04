-- SPDX-License-Identifier: Apache-2.0
-- Batch only: days between which no measure begins or ends are one: the first of them stands for all; so with criteria.
-- Reads: items.on_date; measures, risk_criteria: valid_from, valid_to
-- Adds: on_date DATE, law_date DATE (not after on_date, of measures), risk_date DATE (of risk criteria)
-- Rows: one a day that occurs
SELECT d.on_date,
  COALESCE(MAX(c.changes_on) FILTER (WHERE c.of_measures), MIN(d.on_date)) AS law_date,
  COALESCE(MAX(c.changes_on) FILTER (WHERE NOT c.of_measures), MIN(d.on_date)) AS risk_date
FROM (SELECT DISTINCT on_date FROM items) AS d
LEFT JOIN (
  SELECT valid_from AS changes_on, TRUE AS of_measures FROM measures
  UNION
  SELECT CAST(valid_to + INTERVAL 1 DAY AS DATE), TRUE FROM measures WHERE valid_to < DATE '9999-12-31'
  UNION
  SELECT valid_from, FALSE FROM risk_criteria
  UNION
  SELECT CAST(valid_to + INTERVAL 1 DAY AS DATE), FALSE FROM risk_criteria WHERE valid_to < DATE '9999-12-31'
) AS c ON c.changes_on <= d.on_date
GROUP BY d.on_date
