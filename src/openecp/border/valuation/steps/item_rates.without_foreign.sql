-- SPDX-License-Identifier: Apache-2.0
-- All prices of the batch are in national currency.
SELECT
  i.item_columns,
  $national_rate_to_minor AS rate_to_minor
FROM items AS i
