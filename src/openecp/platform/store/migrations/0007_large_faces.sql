-- SPDX-License-Identifier: Apache-2.0
-- One write may bring faces of several instants: a large one is found by its seq and its time.

DROP INDEX faces_large;
CREATE INDEX faces_large ON faces (seq, occurred_at) WHERE large IS NOT NULL;
