# SPDX-License-Identifier: Apache-2.0
"""Writes parcels into Parquet, as a platform would send a day: one parcel in ten has two to four items."""

from __future__ import annotations

from pathlib import Path

import duckdb

_HEAD = """
SELECT 'RB' || LPAD(CAST(p AS VARCHAR), 9, '0') || 'CN' AS parcel_id, DATE '2026-06-30' AS posted_on,
  ['post', 'express', 'other'][1 + a % 3] AS channel, ['B2C', 'B2C', 'B2C', 'gift'][1 + b % 4] AS trade,
  'EUR' AS currency, ['CN', 'US', 'GB', 'VN', 'TR'][1 + c % 5] AS dispatch_country,
  ['FR', 'DE', 'PT', 'IT'][1 + d % 4] AS destination_subdivision, 'CARRIER-' || e % 20 AS carrier,
  CASE WHEN a % 7 > 1 THEN 'IOSS' END AS scheme,
  CASE WHEN a % 7 > 1 THEN 'IM' || LPAD(CAST(b % 300 AS VARCHAR), 10, '0') END AS scheme_id, 'O-' || p AS order_id,
  'Seller ' || b % 300 AS sender_name, (b % 300) || ' Long Road, Shenzhen' AS sender_address,
  ['Anna', 'Bert', 'Clara', 'Dora', 'Emil'][1 + c % 5] || ' ' || ['Muster', 'Santos', 'Rossi'][1 + d % 3] || e % 9999
    AS buyer_name, (d % 200) || ' Main Street, ' || (10000 + c % 80000) || ' Town' AS buyer_address,
  CASE WHEN e % 4 = 0 THEN CAST(2.99 AS DECIMAL(10, 2)) END AS freight,
  ['cotton T-shirt', 'leather shoes', 'phone case of silicone', 'toy car of metal'][1 + (a + n) % 4] AS description,
  CAST(390000 + (b * n) % 4000 AS VARCHAR) AS hs, ['CN', 'CN', 'US', 'VN'][1 + c % 4] AS origin,
  CAST(1 + (d + n) % 5 // 4 AS BIGINT) AS quantity, CAST(0.5 + (e * n) % 9000 * 0.01 AS DECIMAL(10, 2)) AS unit_price,
  CAST(0.3 AS DECIMAL(6, 3)) AS weight_kg, CAST(0.12 AS DECIMAL(6, 4)) AS duty_rate,
  [CAST(0.20 AS DECIMAL(6, 4)), 0.19, 0.23, 0.22][1 + d % 4] AS tax_rate
FROM (SELECT p, UNNEST(RANGE(1, CASE WHEN f % 10 = 0 THEN CAST(3 + f % 3 AS BIGINT) ELSE 2 END)) AS n, a, b, c, d, e
  FROM (SELECT p, {draws} FROM RANGE(1, {many} + 1) AS t(p)))
ORDER BY p, n
"""


_BAD = """
SELECT * REPLACE (
  CASE f % 1000 WHEN 1 THEN 'pigeon' ELSE channel END AS channel,
  CASE f % 1000 WHEN 2 THEN '=1+1' WHEN 3 THEN 'shirt' || CHR(7) WHEN 4 THEN '' ELSE description END AS description,
  CASE f % 1000 WHEN 5 THEN '610' ELSE hs END AS hs, CASE f % 1000 WHEN 6 THEN 'China' ELSE origin END AS origin,
  CASE f % 1000 WHEN 7 THEN '20' WHEN 8 THEN '20%' ELSE CAST(tax_rate AS VARCHAR) END AS tax_rate,
  CASE f % 1000 WHEN 9 THEN '-9.50' WHEN 10 THEN '9,50' WHEN 11 THEN '1e3' ELSE CAST(unit_price AS VARCHAR) END
    AS unit_price,
  CASE f % 1000 WHEN 12 THEN 'RB000000001CN' ELSE parcel_id END AS parcel_id,
  CASE WHEN f % 1000 = 13 THEN f % 3 WHEN f % 4 = 0 THEN 2.99 END AS freight
) FROM (SELECT *, HASH(parcel_id, description, hs, unit_price) % 1000003 AS f FROM ({rows}))
"""


def write_parcels(path: Path, many: int, *, seed: int = 1, bad: bool = False) -> int:
    """Write so many parcels, with `bad` one row in a hundred of them spoilt; return the rows."""
    draws = ", ".join(
        f"CAST(HASH(p, {seed * 10 + number}) % 1000003 AS BIGINT) AS {name}" for number, name in enumerate("abcdef")
    )
    with duckdb.connect() as run:
        rows = _HEAD.format(draws=draws, many=many)
        if bad:
            columns = "* EXCLUDE (f)"
            rows = f"SELECT {columns} FROM ({_BAD.format(rows=rows)})"
        written = run.execute(f"COPY ({rows}) TO '{path}' (FORMAT parquet)").fetchone()
    return int(written[0]) if written else 0
