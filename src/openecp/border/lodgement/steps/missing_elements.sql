-- SPDX-License-Identifier: Apache-2.0
-- A data element that the data set demands is missing, or one that it forbids is there.
-- Source: the profile's obligations.csv, one row a data set and element
-- Reads: items.data_set, items.present_1…3 (bits); obligations
-- Adds: declaration_no INTEGER, row_id BIGINT, ref BIGINT (obligation)
-- Rows: one an item and violated obligation
-- Why: obligations are rows and masks, so that hundreds cost no more to plan than one (docs/adr/0001)
SELECT i.declaration_no, i.row_id, o.obligation_id AS ref
FROM items AS i
JOIN obligations AS o ON o.data_set = i.data_set
WHERE obligation_violated()
