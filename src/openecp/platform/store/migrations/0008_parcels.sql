-- SPDX-License-Identifier: Apache-2.0
-- Bulk decisions: one event a batch, one row a parcel; which rows of an input are recorded; running totals.

CREATE TABLE parcel_batches (
    seq        bigint PRIMARY KEY,                -- of the batch's event, whose body has the root over the records
    source     text COLLATE "C" NOT NULL,
    first_row  bigint NOT NULL,
    last_row   bigint NOT NULL CHECK (last_row >= first_row),
    parcels    integer NOT NULL,
    leaves     bytea STORAGE EXTERNAL NOT NULL    -- SHA-256 of 00 and the record, for each record in its order
);
CREATE UNIQUE INDEX parcel_batches_source ON parcel_batches (source, first_row) INCLUDE (last_row);
CREATE TRIGGER parcel_batches_append_only BEFORE UPDATE OR DELETE ON parcel_batches
    FOR EACH ROW EXECUTE FUNCTION refuse_change();
CREATE TRIGGER parcel_batches_no_truncate BEFORE TRUNCATE ON parcel_batches
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();

-- The date comes first in the key: what is new goes to one end of the index, which stays in memory, and an identifier
-- without its date is looked for once in each date. A batch's rows lie together: a BRIN index finds them and costs
-- nothing to write; a person's parcels, asked for at an erasure only, are found by a filter for each 2 MB of rows.
CREATE TABLE parcels (
    seq        bigint NOT NULL,
    number     integer NOT NULL,                  -- in its batch, from 0
    posted_on  date NOT NULL,
    parcel_id  text COLLATE "C" NOT NULL,
    person     text COLLATE "C",                  -- salted hash of the entity key
    record     text COLLATE "C" NOT NULL          -- canonical JSON without personal data
) WITH (toast_tuple_target = 8160, autovacuum_vacuum_insert_scale_factor = 0.02);
CREATE UNIQUE INDEX parcels_key ON parcels (posted_on, parcel_id);
CREATE INDEX parcels_batch ON parcels
    USING brin (seq, person text_bloom_ops (n_distinct_per_range = 4000, false_positive_rate = 0.01))
    WITH (pages_per_range = 256, autosummarize = on);
CREATE TRIGGER parcels_append_only BEFORE UPDATE OR DELETE ON parcels FOR EACH ROW EXECUTE FUNCTION refuse_change();
CREATE TRIGGER parcels_no_truncate BEFORE TRUNCATE ON parcels FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();

CREATE TABLE parcel_counters (
    entity       text COLLATE "C" NOT NULL,       -- salted hash
    scope        text COLLATE "C" NOT NULL,
    period       text COLLATE "C" NOT NULL,
    currency     text COLLATE "C" NOT NULL,
    version      bigint NOT NULL,
    total_micro  bigint NOT NULL,
    PRIMARY KEY (entity, scope, period, currency)
) WITH (fillfactor = 80);

-- One person is taken out of a document about many: what is left has this digest, told by the event of the erasure.
ALTER TABLE documents ADD COLUMN redacted_digest bytea;
