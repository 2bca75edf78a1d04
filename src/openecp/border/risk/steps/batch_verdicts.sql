-- SPDX-License-Identifier: Apache-2.0
-- Batch only: one rejecting fault of any item rejects the declaration; the strictest hit gives its lane.
-- Reads: batch_faults, outside_faults (found outside the steps: registers, formats)
-- Adds: declaration_no INTEGER, rejected BOOLEAN, lane INTEGER
-- Rows: one a declaration that has any fault or hit
SELECT declaration_no, BOOL_OR(rejects) AS rejected, MAX(lane) AS lane
FROM (
  SELECT declaration_no, rejects, lane FROM batch_faults
  UNION ALL
  SELECT declaration_no, rejects, 0 FROM outside_faults
) AS f
GROUP BY declaration_no
