-- SPDX-License-Identifier: Apache-2.0
-- All lines to be computed: measures that apply, and taxes that are due without a known measure.
-- Reads: measures_applied, expected_lines
-- Rows: one an item and line
SELECT * FROM measures_applied
UNION ALL
SELECT * FROM expected_lines
