-- SPDX-License-Identifier: Apache-2.0
-- The journal: events, the tree over them, what was signed; and the writer's own state.

CREATE FUNCTION refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION '% is append-only: % refused', TG_TABLE_NAME, TG_OP USING ERRCODE = 'restrict_violation';
END $$;

CREATE TABLE installation (
    one         boolean PRIMARY KEY DEFAULT true CHECK (one),
    log_origin  text NOT NULL,       -- first line of every checkpoint
    pepper      bytea NOT NULL,      -- salt of the hashes of tokens and session secrets
    created_at  text NOT NULL
);

CREATE TABLE log_keys (
    key_name    text NOT NULL,
    public_key  bytea NOT NULL PRIMARY KEY CHECK (length(public_key) = 32),
    from_size   bigint NOT NULL,     -- the first tree size that this key signs
    added_at    text NOT NULL
);

CREATE TABLE journal_head (
    one            boolean PRIMARY KEY DEFAULT true CHECK (one),
    size           bigint NOT NULL,
    frontier       bytea NOT NULL,   -- hashes of the complete subtrees, largest first
    recorded_at    text NOT NULL,
    ledger_number  bigint NOT NULL,
    ledger_chain   bytea NOT NULL
) WITH (fillfactor = 10);

CREATE TABLE events (
    seq      bigint NOT NULL,
    case_id  text COLLATE "C" NOT NULL,
    record   text COLLATE "C" NOT NULL,  -- the event's canonical JSON; text, since jsonb would not keep it as it is
    leaf     bytea NOT NULL              -- SHA-256 of 00 and the record
);
ALTER TABLE events ADD PRIMARY KEY (seq);
CREATE INDEX events_case ON events (case_id, seq);
CREATE TRIGGER events_append_only BEFORE UPDATE OR DELETE ON events FOR EACH ROW EXECUTE FUNCTION refuse_change();
CREATE TRIGGER events_no_truncate BEFORE TRUNCATE ON events FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();

-- For people who read the journal with SQL.
CREATE VIEW journal AS
    SELECT seq, case_id, r ->> 'kind' AS kind, r ->> 'occurred_at' AS occurred_at, r ->> 'recorded_at' AS recorded_at,
           r ->> 'actor' AS actor, r -> 'body' AS body
    FROM (SELECT seq, case_id, record::json AS r FROM events) AS parsed;

-- Complete subtrees of 256, 65,536, … leaves: a proof reads some hundreds of hashes, never the whole log.
CREATE TABLE merkle_nodes (
    level  smallint NOT NULL,
    index  bigint NOT NULL,
    hash   bytea NOT NULL,
    PRIMARY KEY (level, index)
);
CREATE TRIGGER merkle_nodes_append_only BEFORE UPDATE OR DELETE ON merkle_nodes
    FOR EACH ROW EXECUTE FUNCTION refuse_change();

CREATE TABLE checkpoints (
    size       bigint PRIMARY KEY,
    root       bytea NOT NULL,
    note       text NOT NULL,
    signed_at  text NOT NULL
);
CREATE TRIGGER checkpoints_append_only BEFORE UPDATE OR DELETE ON checkpoints
    FOR EACH ROW EXECUTE FUNCTION refuse_change();

INSERT INTO journal_head VALUES (true, 0, '', '', 0, '');
