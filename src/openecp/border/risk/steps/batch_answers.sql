-- SPDX-License-Identifier: Apache-2.0
-- Batch only: the answer for each item: outcome and channel of its declaration, values, taxes, reasons.
-- Reads: batch_lines, batch_overrides, batch_verdicts, batch_reasons; lane_choices where a plan of selection rules
-- Adds: outcome, channel, ground VARCHAR; at_random BOOLEAN; statistical_value_minor BIGINT; the lists of taxes and reasons
-- Rows: one an item
SELECT i.row_id, i.declaration_no, i.item, i.data_set,
  CASE WHEN COALESCE(v.rejected, FALSE) THEN 'rejected' ELSE 'accepted' END AS outcome,
  CASE WHEN COALESCE(v.rejected, FALSE) THEN NULL ELSE channel_name(COALESCE(l.lane,
    GREATEST(COALESCE(v.lane, 0), random_lane(i.draw)))) END AS channel,
  i.customs_value_minor, i.statistical_value_minor,
  CASE WHEN COALESCE(v.rejected, FALSE) THEN NULL ELSE COALESCE(o.taxes, i.taxes) END AS taxes,
  CASE WHEN COALESCE(v.rejected, FALSE) THEN NULL ELSE COALESCE(o.assessed_minor, i.assessed_minor) END AS assessed_minor,
  CASE WHEN COALESCE(v.rejected, FALSE) THEN NULL ELSE COALESCE(o.payable_minor, i.payable_minor) END AS payable_minor,
  CASE WHEN COALESCE(v.rejected, FALSE) THEN NULL ELSE i.secured_minor END AS secured_minor,
  r.reasons, r.officer_reasons,
  NOT COALESCE(v.rejected, FALSE)
    AND COALESCE(l.at_random, random_lane(i.draw) > GREATEST(COALESCE(v.lane, 0), default_lane())) AS at_random,
  ground_name(COALESCE(l.ground, -1)) AS ground
FROM batch_lines AS i
LEFT JOIN batch_verdicts AS v ON v.declaration_no = i.declaration_no
LEFT JOIN lane_choices AS l ON l.declaration_no = i.declaration_no
LEFT JOIN batch_overrides AS o ON o.row_id = i.row_id
LEFT JOIN batch_reasons AS r ON r.row_id = i.row_id
