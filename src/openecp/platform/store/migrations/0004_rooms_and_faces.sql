-- SPDX-License-Identifier: Apache-2.0
-- Cases of several rooms (capabilities, instruments), and what each looked like at any time.

ALTER TABLE cases ADD COLUMN room text COLLATE "C" NOT NULL DEFAULT 'lodgement';
DROP INDEX cases_newest;
DROP INDEX cases_organisation;
DROP INDEX cases_status;
-- All that a lookup of an LRN asks for, so that it never goes through every case of an organisation.
DROP INDEX cases_lrn;
CREATE INDEX cases_lrn ON cases (lower(lrn), organisation, room);
CREATE INDEX cases_newest ON cases (room, updated_at, case_id);
CREATE INDEX cases_organisation ON cases (room, organisation, updated_at, case_id);
CREATE INDEX cases_status ON cases (room, status, updated_at, case_id);

-- One row a case that has a face: its last one, and the number under which all of them stand.
CREATE TABLE face_streams (
    room         text COLLATE "C" NOT NULL,
    case_id      text COLLATE "C" NOT NULL,
    stream       bigint NOT NULL UNIQUE,  -- seq of the first write with a face
    seq          bigint NOT NULL,
    occurred_at  text COLLATE "C" NOT NULL,
    face         bytea NOT NULL,
    PRIMARY KEY (room, case_id)
) WITH (fillfactor = 80);

-- Every face that was. Small ones lie in the index, so that 10,000 streams are asked for a past date in one go.
CREATE TABLE faces (
    stream       bigint NOT NULL,
    occurred_at  text COLLATE "C" NOT NULL,
    seq          bigint NOT NULL,
    face         bytea STORAGE PLAIN CHECK (length(face) <= 2000),
    large        bytea,                   -- instead of face, where it is longer
    CHECK ((face IS NULL) <> (large IS NULL))
) WITH (autovacuum_vacuum_insert_scale_factor = 0.05);
CREATE UNIQUE INDEX faces_stream ON faces (stream, occurred_at, seq) INCLUDE (face);
CREATE UNIQUE INDEX faces_large ON faces (seq) WHERE large IS NOT NULL;

-- Notifications of one case, whoever receives them.
CREATE INDEX outbox_case ON outbox (case_id);
