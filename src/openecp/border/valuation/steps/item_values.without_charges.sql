-- SPDX-License-Identifier: Apache-2.0
-- No item of the batch bears a charge: the customs value is the price in national currency.
SELECT i.*,
  CAST(round_money(CAST(i.value_e4 AS DECIMAL(19, 0)) * i.rate_to_minor) AS BIGINT) AS customs_value_minor,
  CAST(round_money(CAST(i.statistical_e4 AS DECIMAL(19, 0)) * $national_rate_to_minor) AS BIGINT)
    AS declared_statistical_minor,
  i.rate_to_minor IS NULL AND i.value_currency <> '' AS value_open
FROM item_rates AS i
