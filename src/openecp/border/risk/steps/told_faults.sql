-- SPDX-License-Identifier: Apache-2.0
-- Batch with a plan of selection only: the faults of all items, and of the criteria hit those that selected.
-- Reads: batch_faults, risk_hits, told_hits (declaration and criterion), risk_texts
-- Adds: declaration_no INTEGER, row_id BIGINT, kind VARCHAR, code VARCHAR, ref VARCHAR, rejects BOOLEAN, lane INTEGER
-- Rows: one an item and fault, and one an item and risk hit that is told
SELECT declaration_no, row_id, kind, code, ref, rejects, lane
FROM batch_faults
WHERE kind <> 'risk'
UNION ALL
SELECT DISTINCT k.declaration_no, k.row_id, 'risk', t.code, t.rule, FALSE, k.lane
FROM risk_hits AS k
JOIN told_hits AS h ON h.declaration_no = k.declaration_no AND h.ref = k.ref
JOIN risk_texts AS t ON t.ref = k.ref
