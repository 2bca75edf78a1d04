-- SPDX-License-Identifier: Apache-2.0
-- A data element that the data set demands is missing, or one that it forbids is there.
-- Source: the profile's obligations.csv, one row a data set and element
-- Reads: items.data_set, items.present_1…3 (bits); obligations
-- Adds: declaration_no INTEGER, row_id BIGINT, ref BIGINT (obligation), rejects BOOLEAN
-- Rows: one an item and violated obligation
-- Why: obligations are rows and masks, so that hundreds cost no more to plan than one (docs/adr/0001)
SELECT i.declaration_no, i.row_id, o.obligation_id AS ref, TRUE AS rejects
FROM items AS i
JOIN obligations AS o ON o.data_set = i.data_set
WHERE (i.present_1 & o.when_1) = o.when_1
  AND (i.present_2 & o.when_2) = o.when_2
  AND (i.present_3 & o.when_3) = o.when_3
  AND (i.present_1 & o.unless_1) = 0
  AND (i.present_2 & o.unless_2) = 0
  AND (i.present_3 & o.unless_3) = 0
  AND ((i.present_1 & o.any_1) = 0 AND (i.present_2 & o.any_2) = 0 AND (i.present_3 & o.any_3) = 0) <> o.forbidden
