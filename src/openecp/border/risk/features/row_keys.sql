-- SPDX-License-Identifier: Apache-2.0
-- The keys of each item; a key with an unknown part is none.
-- Reads: feature_rows
-- Adds: kind VARCHAR, key VARCHAR
-- Rows: one an item and key
SELECT r.row_id, r.seq, r.hour, r.declaration, r.item, r.value_minor, r.gift, k.kind, k.key
FROM feature_rows AS r, UNNEST([
  {'kind': 'importer', 'key': NULLIF(importer, '')},
  {'kind': 'seller', 'key': NULLIF(seller, '')},
  {'kind': 'declarant', 'key': NULLIF(declarant, '')},
  {'kind': 'importer_product', 'key': NULLIF(importer, '') || '|' || NULLIF(product, '')},
  {'kind': 'importer_origin', 'key': NULLIF(importer, '') || '|' || NULLIF(origin, '')},
  {'kind': 'product_origin', 'key': NULLIF(product, '') || '|' || NULLIF(origin, '')},
  {'kind': 'route', 'key': NULLIF(origin, '') || '|' || NULLIF(departure, '')},
  {'kind': 'seller_origin', 'key': NULLIF(seller, '') || '|' || NULLIF(origin, '')},
  {'kind': 'heading_route', 'key': NULLIF(heading, '') || '|' || NULLIF(departure, '')},
  {'kind': 'heading_route_origin',
    'key': NULLIF(heading, '') || '|' || NULLIF(departure, '') || '|' || NULLIF(origin, '')},
  {'kind': 'entity', 'key': NULLIF(entity, '')},
  {'kind': 'seller_heading_entity',
    'key': NULLIF(seller, '') || '|' || NULLIF(heading, '') || '|' || NULLIF(entity, '')},
  {'kind': 'address', 'key': NULLIF(address, '')},
  {'kind': 'identifier', 'key': NULLIF(identifier, '')}
]) AS u (k)
WHERE k.key IS NOT NULL
