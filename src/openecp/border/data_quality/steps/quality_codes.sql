-- SPDX-License-Identifier: Apache-2.0
-- What is vague, a placeholder or impossible in an item as declared, as codes that `docs/data-quality.md` explains.
-- Source: EU ICS2 stop words and CBP's vague descriptions, as the rows of the terms name them; our own short list
-- Reads: parcel_rows (contract of the staged input); vague_terms (term, where_found, action VARCHAR; one row a term and place)
-- Adds: row_id BIGINT; quality VARCHAR, codes with a blank between them, empty where nothing is found; quality_hold BOOLEAN
-- Rows: one an item; what concerns the parties stands on the parcel's first item
-- Limits: fields of more than 240 characters are not looked at for vague words; text is composed (NFC) where it is staged
-- Why: a description is judged once, however many items bear it; patterns fail at the first telling word; only what is vague by its pattern is cut into words and looked up
SELECT row_id,
  CONCAT_WS(' ', goods_code, sender_name_code, sender_address_code, buyer_name_code, buyer_address_code, value_code,
    weight_code) AS quality,
  COALESCE(holds(goods_code) OR sender_name_code = 'sender_name_placeholder'
    OR sender_address_code = 'sender_address_placeholder' OR buyer_name_code = 'buyer_name_placeholder'
    OR buyer_address_code = 'buyer_address_placeholder' OR value_code = 'value_zero', FALSE) AS quality_hold
FROM (
  SELECT k.row_id, k.value_code, k.weight_code,
    CASE
      WHEN k.description IS NULL THEN 'description_missing'
      WHEN t.plain_code IS NOT NULL THEN t.plain_code
      WHEN k.same_text AND t.readable THEN 'description_is_party'
      WHEN NOT k.documents AND v.action = 'hold' THEN 'description_vague'
      WHEN NOT k.documents AND v.action = 'warn' THEN 'description_broad'
      WHEN NOT k.documents THEN t.words_code END AS goods_code,
    party_code(sender_name_key, sn.action, sender_name, 'sender_name') AS sender_name_code,
    party_code(sender_address_key, sa.action, sender_address, 'sender_address') AS sender_address_code,
    party_code(buyer_name_key, bn.action, buyer_name, 'buyer_name') AS buyer_name_code,
    party_code(buyer_address_key, ba.action, buyer_address, 'buyer_address') AS buyer_address_code
  FROM (
    SELECT s.*,
      CASE WHEN doubtful AND LENGTH(sender_name) <= 60 THEN party_key(sender_name) END AS sender_name_key,
      CASE WHEN doubtful AND LENGTH(sender_address) <= 60 THEN party_key(sender_address) END AS sender_address_key,
      CASE WHEN doubtful AND LENGTH(buyer_name) <= 60 THEN party_key(buyer_name) END AS buyer_name_key,
      CASE WHEN doubtful AND LENGTH(buyer_address) <= 60 THEN party_key(buyer_address) END AS buyer_address_key
    FROM (
      SELECT row_id, description,
        CASE WHEN item = 1 THEN REGEXP_MATCHES(
          LOWER(party_fields(sender_name, sender_address, buyer_name, buyer_address)), $party) END AS doubtful,
        COALESCE(documents, FALSE) AS documents,
        COALESCE(description = buyer_name, FALSE) OR COALESCE(description = sender_name, FALSE) AS same_text,
        CASE WHEN item = 1 THEN sender_name END AS sender_name,
        CASE WHEN item = 1 THEN sender_address END AS sender_address,
        CASE WHEN item = 1 THEN buyer_name END AS buyer_name,
        CASE WHEN item = 1 THEN buyer_address END AS buyer_address,
        CASE
          WHEN unit_price_micro = 0 THEN 'value_zero'
          WHEN unit_price_micro = 1000000 THEN 'value_one'
          WHEN unit_price_micro > 0 AND unit_price_micro <= 10000 THEN 'value_token'
          WHEN struck_price(unit_price_micro) THEN 'value_repeated' END AS value_code,
        CASE
          WHEN weight_kg_micro = 0 THEN 'weight_zero'
          WHEN weight_kg_micro > gross_weight_kg_micro THEN 'weight_above_gross' END AS weight_code
      FROM parcel_rows
    ) AS s
  ) AS k
  LEFT JOIN (
    SELECT description, readable,
      CASE WHEN suspect THEN CASE
        WHEN REGEXP_MATCHES(folded, $number_only) THEN 'description_number_only'
        WHEN REGEXP_MATCHES(folded, $product_number) THEN 'description_product_number'
        WHEN REGEXP_MATCHES(folded, $rubbish) THEN 'description_rubbish'
        WHEN REGEXP_MATCHES(folded, $no_words) THEN 'description_missing' END END AS plain_code,
      CASE WHEN suspect THEN vague_words(folded) END AS words_of,
      CASE
        WHEN NOT readable THEN NULL
        WHEN suspect AND NOT REGEXP_MATCHES(folded, $too_short)
          AND (REGEXP_MATCHES(folded, $generic)
            OR NOT REGEXP_MATCHES(folded, $lean) AND REGEXP_MATCHES(folded, $joined)) THEN 'description_embedded'
        WHEN REGEXP_MATCHES(folded, $always) THEN 'description_embedded'
        WHEN suspect AND REGEXP_MATCHES(folded, $too_short) THEN 'description_too_short' END AS words_code
    FROM (
      SELECT f.*, readable AND REGEXP_MATCHES(folded, $suspect) AS suspect
      FROM (
        SELECT d.description, folded_text(d.description) AS folded, LENGTH(d.description) <= 240 AS readable
        FROM (SELECT description FROM parcel_rows WHERE description IS NOT NULL GROUP BY description) AS d
      ) AS f
    ) AS w
  ) AS t ON t.description = k.description
  LEFT JOIN vague_terms AS v ON v.term = t.words_of AND v.where_found = 'goods'
  LEFT JOIN vague_terms AS sn ON sn.term = k.sender_name_key AND sn.where_found = 'party'
  LEFT JOIN vague_terms AS sa ON sa.term = k.sender_address_key AND sa.where_found = 'party'
  LEFT JOIN vague_terms AS bn ON bn.term = k.buyer_name_key AND bn.where_found = 'party'
  LEFT JOIN vague_terms AS ba ON ba.term = k.buyer_address_key AND ba.where_found = 'party'
) AS g
