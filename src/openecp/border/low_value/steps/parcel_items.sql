-- SPDX-License-Identifier: Apache-2.0
-- What parcels hold, as the items that are charged: dates, rates and units filled in, freight and insurance shared out.
-- Source: as a quote's basket is read; freight and insurance are shared by price, to the millionth, and sum up to the parcel's
-- Reads: parcel_rows (one row an item, as declared); goods_rates, place_rates, scheme_names, scheme_forms, currency_units (one row a value that occurs); person_totals (one row a parcel, where totals are kept)
-- Adds: the columns of an item; missing INTEGER (bits of what is not declared), is_several BOOLEAN, goods_out, scheme_seen VARCHAR (what regimes name of the goods code and the scheme), carrier VARCHAR, by_number BOOLEAN (the scheme was told by its number alone)
-- Rows: one an item
-- Limits: where no scheme is named, the one whose pattern the seller's number fits counts as named; quantity × unit price has at most six decimals; a table's rate comes before the row's own
SELECT q.row_id, q.basket_id, q.item, $jurisdiction AS jurisdiction, $regime AS regime,
  q.sale_date, $acceptance_date AS acceptance_date, q.arrival_date,
  q.currency, q.unit_micro, q.unit_inverse, '' AS exchange_key, q.channel, q.trade, q.dispatch_country,
  q.destination_subdivision, q.scheme, q.scheme_id, q.buyer_id, '' AS method, q.documents, q.restricted, q.tax_paid,
  q.counted, q.origin, q.hs, q.quantity_micro, q.price_micro,
  share_of_parcel(q.freight_whole) AS freight_micro,
  share_of_parcel(q.insurance_whole) AS insurance_micro,
  q.duty_rate_e8, q.tax_rate_e8, q.excise_rate_e8,
  q.used_order_micro, q.used_day_micro, q.used_month_micro, q.used_year_micro,
  q.missing, q.is_several, q.goods_out, q.scheme_seen, q.carrier, q.by_number
FROM (
  SELECT r.row_id, r.parcel_no AS basket_id, r.item,
    COALESCE(r.sold_on, $acceptance_date) AS sale_date,
    COALESCE(r.arrived_on, $acceptance_date) AS arrival_date,
    r.currency,
    COALESCE(u.unit_micro, 10000) AS unit_micro,
    COALESCE(u.unit_inverse, CAST(0.0001 AS DECIMAL(8, 6))) AS unit_inverse,
    COALESCE(r.channel, 'post') AS channel,
    COALESCE(r.trade, 'B2C') AS trade,
    COALESCE(r.dispatch_country, '') AS dispatch_country,
    COALESCE(r.destination_subdivision, '') AS destination_subdivision,
    COALESCE(s.scheme_plain, f.scheme_told, '') AS scheme,
    COALESCE(r.scheme_id, '') AS scheme_id,
    COALESCE(r.buyer_id, '') AS buyer_id,
    COALESCE(r.documents, FALSE) AS documents,
    COALESCE(r.restricted, FALSE) AS restricted,
    COALESCE(r.tax_paid, FALSE) AS tax_paid,
    COALESCE(t.counted, FALSE) AS counted,
    COALESCE(r.origin, '') AS origin,
    COALESCE(g.hs_plain, '') AS hs,
    COALESCE(r.quantity_micro, 1000000) AS quantity_micro,
    line_price(r.quantity_micro, r.unit_price_micro) AS price_micro,
    COALESCE(r.freight_micro, 0) AS freight_whole,
    COALESCE(r.insurance_micro, 0) AS insurance_whole,
    COALESCE(g.table_duty_e8, r.duty_rate_e8) AS duty_rate_e8,
    COALESCE(p.table_tax_e8, r.tax_rate_e8) AS tax_rate_e8,
    COALESCE(g.table_excise_e8, r.excise_rate_e8) AS excise_rate_e8,
    COALESCE(t.used_order_micro, 0) AS used_order_micro,
    COALESCE(t.used_day_micro, 0) AS used_day_micro,
    COALESCE(t.used_month_micro, 0) AS used_month_micro,
    COALESCE(t.used_year_micro, 0) AS used_year_micro,
    CAST(CASE WHEN LENGTH(COALESCE(r.hs, '')) < 6 THEN 1 ELSE 0 END
      + CASE WHEN COALESCE(r.origin, '') = '' THEN 2 ELSE 0 END
      + CASE WHEN r.weight_kg_micro IS NULL THEN 4 ELSE 0 END
      + CASE WHEN COALESCE(r.description, '') = '' THEN 8 ELSE 0 END
      + CASE WHEN COALESCE(r.buyer_id, '') = '' THEN 16 ELSE 0 END
      + CASE WHEN COALESCE(r.buyer_name, '') = '' THEN 32 ELSE 0 END
      + CASE WHEN COALESCE(r.dispatch_country, '') = '' THEN 64 ELSE 0 END AS INTEGER) AS missing,
    of_several() AS is_several,
    COALESCE(g.goods_out, '') AS goods_out,
    COALESCE(s.scheme_seen, f.scheme_told, '') AS scheme_seen,
    COALESCE(r.carrier, '') AS carrier,
    r.scheme IS NULL AND COALESCE(f.scheme_told, '') <> '' AS by_number
  FROM parcel_rows AS r
  LEFT JOIN goods_rates AS g ON g.hs_given = r.hs
  LEFT JOIN place_rates AS p ON p.place = COALESCE(r.destination_subdivision, '')
  LEFT JOIN scheme_names AS s ON s.scheme_given = r.scheme
  LEFT JOIN scheme_forms AS f ON f.identifier = CASE WHEN r.scheme IS NULL THEN r.scheme_id END
  LEFT JOIN currency_units AS u ON u.currency = r.currency
  LEFT JOIN person_totals AS t ON t.basket_id = r.parcel_no
) AS q
