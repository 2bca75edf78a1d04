-- SPDX-License-Identifier: Apache-2.0
-- Batch only: the reasons of an item, faults for everyone, hits for officers; only for items that have any.
-- Reads: batch_faults
-- Adds: row_id BIGINT, reasons STRUCT(kind, code, ref)[], officer_reasons STRUCT(kind, code, ref)[]
-- Rows: one an item with a reason
SELECT row_id,
  LIST_SORT(LIST(STRUCT_PACK(kind := kind, code := code, ref := ref)) FILTER (WHERE kind <> 'risk')) AS reasons,
  LIST_SORT(LIST(STRUCT_PACK(kind := kind, code := code, ref := ref)) FILTER (WHERE kind = 'risk')) AS officer_reasons
FROM batch_faults
GROUP BY row_id
