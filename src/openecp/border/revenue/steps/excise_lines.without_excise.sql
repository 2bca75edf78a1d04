-- SPDX-License-Identifier: Apache-2.0
-- No item of the batch bears excise.
SELECT a.*, duty_base_minor AS later_base_minor, CAST(NULL AS BIGINT) AS excise_minor
FROM (SELECT d.*, value_with_duties() AS duty_base_minor FROM duty_lines AS d WINDOW item AS (PARTITION BY row_id)) AS a
