-- SPDX-License-Identifier: Apache-2.0
-- Focal points report for the actions of their own bodies.

ALTER TABLE principals ADD COLUMN bodies text[] NOT NULL DEFAULT '{}';
