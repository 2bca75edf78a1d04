-- SPDX-License-Identifier: Apache-2.0
-- A declaration is rejected where any rule rejects it; else its channel is the strictest that selects it.
-- Source: Kyoto Convention, General Annex, Chapter 6; the profile's [selection] shares for random control
-- Reads: faults, risk_hits, items.draw
-- Adds: declaration_no INTEGER, rejected INTEGER, lane INTEGER (0 green, 1 blue, 2 yellow, 3 red), random_lane INTEGER
-- Rows: one a declaration
SELECT i.declaration_no, COALESCE(MAX(f.rejects), 0) AS rejected, COALESCE(MAX(h.lane), 0) AS lane,
  MAX(CASE WHEN i.draw < $random_red THEN 3 WHEN i.draw < $random_yellow THEN 2 WHEN i.draw < $random_blue THEN 1
    ELSE 0 END) AS random_lane
FROM items AS i
LEFT JOIN faults AS f ON f.declaration_no = i.declaration_no
LEFT JOIN risk_hits AS h ON h.row_id = i.row_id
GROUP BY i.declaration_no
