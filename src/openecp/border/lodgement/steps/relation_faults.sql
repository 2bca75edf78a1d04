-- SPDX-License-Identifier: Apache-2.0
-- Two declared fields contradict each other, or a count does not agree with what is counted.
-- Source: the profile's relations.csv switches each rule on
-- Reads: items.relation_bits (comparisons over the whole declaration, columns.py), net_e6, gross_e6
-- Adds: declaration_no INTEGER, row_id BIGINT, ref BIGINT (bits of RELATION_FACTS), rejects BOOLEAN
-- Rows: one an item with a fault
SELECT declaration_no, row_id, ref, (ref & $rejecting_relations) <> 0 AS rejects
FROM (SELECT declaration_no, row_id, relation_bits & $enabled_relations AS ref FROM items) AS f
WHERE ref <> 0
