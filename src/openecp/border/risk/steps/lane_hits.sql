-- SPDX-License-Identifier: Apache-2.0
-- Batch with a plan of selection only: which criteria each declaration hits, once each.
-- Reads: risk_hits, lane_subjects
-- Adds: declaration_no INTEGER, ref BIGINT (criterion)
-- Rows: one a declaration and criterion, by declaration
SELECT DISTINCT k.declaration_no, k.ref
FROM risk_hits AS k
JOIN lane_subjects AS s ON s.declaration_no = k.declaration_no
ORDER BY k.declaration_no, k.ref
