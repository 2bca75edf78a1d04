-- SPDX-License-Identifier: Apache-2.0
-- Batch only: items of one data set with the same elements declared are judged once.
-- Reads: items.data_set, present_1…3
-- Adds: declaration_no INTEGER (0), row_id BIGINT (number of the pattern), data_set VARCHAR, present_1, present_2, present_3 BIGINT
-- Rows: one a pattern: a few thousand where there are millions of items
SELECT 0 AS declaration_no, ROW_NUMBER() OVER () AS row_id, data_set, present_1, present_2, present_3
FROM (SELECT DISTINCT data_set, present_1, present_2, present_3 FROM items) AS p
