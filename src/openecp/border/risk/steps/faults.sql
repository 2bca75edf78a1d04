-- SPDX-License-Identifier: Apache-2.0
-- Everything that may reject a declaration, in one table.
-- Reads: missing_elements, unknown_codes, relation_faults, tariff_faults, missing_requirements, value_faults
-- Adds: declaration_no INTEGER, rejects INTEGER (1 or 0)
-- Rows: one a declaration with a fault
SELECT declaration_no, MAX(CASE WHEN rejects THEN 1 ELSE 0 END) AS rejects
FROM (
  SELECT declaration_no, rejects FROM missing_elements
  UNION ALL SELECT declaration_no, rejects FROM unknown_codes
  UNION ALL SELECT declaration_no, rejects FROM relation_faults
  UNION ALL SELECT declaration_no, rejects FROM tariff_faults
  UNION ALL SELECT declaration_no, rejects FROM missing_requirements
  UNION ALL SELECT declaration_no, rejects FROM item_values
  UNION ALL SELECT declaration_no, base_minor IS NOT NULL AND amount_minor IS NULL AND NOT open_rate AS rejects
    FROM tax_lines
) AS found
GROUP BY declaration_no
