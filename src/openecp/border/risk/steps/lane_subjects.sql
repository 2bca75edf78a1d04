-- SPDX-License-Identifier: Apache-2.0
-- Batch with a plan of selection only: what the lane of a declaration is chosen by.
-- Reads: items (office, draw, importer, declarant, stake_minor), batch_verdicts (rejected), lane_offices, trusted_holders
-- Adds: declaration_no INTEGER, office BIGINT (its place in lane_offices, 0 for all that are not known), draw BIGINT, trusted BOOLEAN, stake_minor BIGINT
-- Rows: one a declaration that is not rejected, by its number
SELECT d.declaration_no, COALESCE(o.place, 0) AS office, d.draw, h.holder IS NOT NULL AS trusted, d.stake_minor
FROM (
  SELECT declaration_no, MAX(office) AS office, MAX(draw) AS draw, CAST(SUM(stake_minor) AS BIGINT) AS stake_minor,
    COALESCE(NULLIF(MAX(importer), ''), MAX(declarant)) AS party
  FROM items
  GROUP BY declaration_no
) AS d
LEFT JOIN batch_verdicts AS v ON v.declaration_no = d.declaration_no
LEFT JOIN lane_offices AS o ON o.office = d.office
LEFT JOIN trusted_holders AS h ON h.holder = d.party
WHERE NOT COALESCE(v.rejected, FALSE)
ORDER BY d.declaration_no
