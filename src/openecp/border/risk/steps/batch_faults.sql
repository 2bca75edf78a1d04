-- SPDX-License-Identifier: Apache-2.0
-- Batch only: whatever speaks against an item or sends it to a lane, with the profile's code for it.
-- Source: the profile's error codes and severities, as tables
-- Reads: every step that finds faults or hits, batch_lines (relation_bits, value_open, open_lines); …_texts (code and severity by reference; of a risk hit the rule, with the version); rateless_measures (times for which a measure's currency has no rate)
-- Adds: declaration_no INTEGER, row_id BIGINT, kind VARCHAR, code VARCHAR, ref VARCHAR, rejects BOOLEAN, lane INTEGER
-- Rows: one an item and fault, and one an item and risk hit
SELECT i.declaration_no, i.row_id, 'obligation' AS kind, t.code, CAST(e.ref AS VARCHAR) AS ref, TRUE AS rejects, 0 AS lane
FROM missing_elements AS e
JOIN obligation_patterns AS p ON p.row_id = e.row_id
JOIN items AS i ON i.data_set = p.data_set AND i.present_1 = p.present_1 AND i.present_2 = p.present_2 AND i.present_3 = p.present_3
JOIN obligation_texts AS t ON t.ref = e.ref
UNION ALL
SELECT c.declaration_no, c.row_id, t.kind, t.code, c.code, t.rejects, 0
FROM unknown_codes AS c
JOIN items AS i ON i.row_id = c.row_id
JOIN coded_texts AS t ON t.coded = SPLIT_PART(c.code, ':', 1) AND (t.data_set = '' OR t.data_set = i.data_set)
UNION ALL
SELECT q.declaration_no, q.row_id, 'requirement', t.code, CAST(q.ref AS VARCHAR), TRUE, 0
FROM missing_requirements AS q
JOIN requirement_texts AS t ON t.ref = q.ref
UNION ALL
SELECT v.declaration_no, v.row_id, 'relation', t.code, t.rule, t.rejects, 0
FROM batch_lines AS v
JOIN relation_texts AS t ON (v.relation_bits & t.bit) <> 0
WHERE v.relation_bits <> 0
UNION ALL
SELECT declaration_no, row_id, 'valuation', rate_code(), value_currency, taxed AND rate_rejects(), 0
FROM batch_lines
WHERE value_open
UNION ALL
SELECT l.declaration_no, l.row_id, CASE WHEN r.measure_id IS NULL THEN 'quantity' ELSE 'revenue' END,
  CASE WHEN r.measure_id IS NULL THEN quantity_code() ELSE rate_code() END, CAST(l.measure_id AS VARCHAR),
  r.measure_id IS NULL OR rate_rejects(), 0
FROM (SELECT declaration_no, row_id, UNNEST(open_lines) AS measure_id FROM batch_lines WHERE open_lines IS NOT NULL) AS l
JOIN items AS i ON i.row_id = l.row_id
LEFT JOIN rateless_measures AS r ON r.measure_id = l.measure_id AND i.on_date BETWEEN r.valid_from AND r.valid_to
UNION ALL
SELECT DISTINCT k.declaration_no, k.row_id, 'risk', t.code, t.rule, FALSE, k.lane
FROM risk_hits AS k
JOIN risk_texts AS t ON t.ref = k.ref
