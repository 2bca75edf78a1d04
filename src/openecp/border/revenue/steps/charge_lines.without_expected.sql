-- SPDX-License-Identifier: Apache-2.0
-- All lines to be computed are those of the measures that apply.
SELECT * FROM measures_applied
