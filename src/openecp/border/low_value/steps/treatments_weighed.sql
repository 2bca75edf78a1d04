-- SPDX-License-Identifier: Apache-2.0
-- Each treatment of the jurisdiction that is in force is weighed for each item; what does not fit is kept as a mask.
-- Source: the regime's own; docs/low-value.md lists the bits of the mask
-- Reads: parcel_values; treatments (one row a treatment of a regime), exchange (one row a pair of currencies and period)
-- Adds: row_id BIGINT, basket_id BIGINT, treatment_no BIGINT, regime_no INTEGER, ordinary BOOLEAN, shut_scope INTEGER, shut BIGINT (bits of what shuts the item out), failed BIGINT (bits of what else does not fit)
-- Rows: one an item and treatment in force
-- Why: a treatment is a row: a new regime needs no code (docs/adr/0016)
SELECT row_id, basket_id, treatment_no, regime_no, ordinary, shut_scope, failed,
  goods_out * 128 + origin_out * 256 + restricted_out * 512 AS shut
FROM (
  SELECT v.row_id, v.basket_id, t.treatment_no, t.regime_no, t.ordinary, t.shut_scope,
    CASE WHEN t.goods_not <> '' AND (CONTAINS(t.goods_not, '|' || SUBSTR(v.hs, 1, 2) || '|')
        OR CONTAINS(t.goods_not, '|' || SUBSTR(v.hs, 1, 4) || '|')
        OR CONTAINS(t.goods_not, '|' || SUBSTR(v.hs, 1, 6) || '|')) THEN 1 ELSE 0 END AS goods_out,
    CASE WHEN (t.origin_not <> '' AND CONTAINS(t.origin_not, '|' || v.origin || '|')
        AND law_day(v, t) >= t.origin_not_from)
        OR (t.origin_in <> '' AND NOT CONTAINS(t.origin_in, '|' || v.origin || '|')) THEN 1 ELSE 0 END AS origin_out,
    CASE WHEN t.restricted_not AND v.restricted THEN 1 ELSE 0 END AS restricted_out,
    CASE WHEN v.regime = '' OR v.regime = t.regime_id OR t.ordinary THEN 0 ELSE 1 END
      + CASE WHEN selects(v, t) THEN 0 ELSE 16 END
      + CASE WHEN listed(t.channels, v.channel) THEN 0 ELSE 2 END
      + CASE WHEN listed(t.trades, v.trade) THEN 0 ELSE 4 END
      + CASE WHEN t.scheme_rule = 0 OR (CONTAINS(t.schemes, '|' || v.scheme || '|') AND masked(t.scheme_masks, v.scheme_id))
        THEN 0 ELSE 8 END
      + CASE WHEN listed(t.dispatch_in, v.dispatch_country)
        AND NOT (t.dispatch_not <> '' AND CONTAINS(t.dispatch_not, '|' || v.dispatch_country || '|')) THEN 0 ELSE 32 END
      + CASE WHEN t.buyer_rule = 0 OR (v.buyer_id <> '' AND masked(t.buyer_masks, v.buyer_id)) THEN 0 ELSE 64 END
      + CASE WHEN NOT t.single_article OR v.basket_quantity_micro <= 1000000 THEN 0 ELSE 1024 END
      + CASE WHEN t.method_asked = v.method OR t.method_asked = '' THEN 0 ELSE 2048 END
      + CASE WHEN t.rate_below_e8 IS NULL OR v.basket_duty_rate_e8 < t.rate_below_e8
        OR (t.rate_equal AND v.basket_duty_rate_e8 = t.rate_below_e8) THEN 0 ELSE 4096 END
      + CASE WHEN t.limit_micro IS NULL OR x.num IS NULL THEN 0
        WHEN within_limit(v, x, t.limit_micro, t.limit_scope, t.limit_cif, t.limit_below) THEN 0 ELSE 8192 END
      + CASE WHEN t.limit2_micro IS NULL OR x.num IS NULL THEN 0
        WHEN within_limit(v, x, t.limit2_micro, t.limit2_scope, t.limit2_cif, t.limit2_below) THEN 0 ELSE 16384 END
      + CASE WHEN t.has_amounts AND x.num IS NULL THEN 32768 ELSE 0 END AS failed
  FROM parcel_values AS v
  JOIN treatments AS t ON t.of_jurisdiction = v.jurisdiction AND law_day(v, t) BETWEEN t.valid_from AND t.valid_to
  LEFT JOIN exchange AS x ON x.exchange_key = v.exchange_key AND x.from_currency = v.currency
    AND x.to_currency = t.amount_currency AND law_day(v, t) BETWEEN x.rate_from AND x.rate_to
) AS own
