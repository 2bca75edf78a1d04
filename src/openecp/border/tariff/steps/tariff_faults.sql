-- SPDX-License-Identifier: Apache-2.0
-- The commodity code is not in the tariff on the date.
-- Source: the profile's nomenclature.csv (where the profile says that it is complete)
-- Reads: items.goods_code, items.on_date; nomenclature
-- Adds: declaration_no INTEGER, row_id BIGINT, rejects BOOLEAN
-- Rows: one an item with an unknown code
SELECT i.declaration_no, i.row_id, TRUE AS rejects
FROM items AS i
LEFT JOIN nomenclature AS n ON n.goods_code = i.goods_code AND i.on_date BETWEEN n.valid_from AND n.valid_to
WHERE i.goods_code <> '' AND n.goods_code IS NULL
