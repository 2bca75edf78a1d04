-- SPDX-License-Identifier: Apache-2.0
-- No item of the batch is under a relief or suspension.
SELECT l.*, CAST(NULL AS BIGINT) AS relief_id, CAST(NULL AS VARCHAR) AS effect, 1 AS kept
FROM charge_lines AS l
