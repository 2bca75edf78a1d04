-- SPDX-License-Identifier: Apache-2.0
-- Who is known to the installation, and where its notifications are sent.

CREATE TABLE organisations (
    organisation_id  text COLLATE "C" PRIMARY KEY,
    name             text NOT NULL,
    webhook_url      text,
    erased_at        text
);

CREATE TABLE organisation_identifiers (
    identifier       text COLLATE "C" PRIMARY KEY,
    organisation_id  text COLLATE "C" NOT NULL REFERENCES organisations
);
CREATE INDEX organisation_identifiers_owner ON organisation_identifiers (organisation_id);

CREATE TABLE principals (
    principal_id   text COLLATE "C" PRIMARY KEY,
    kind           text NOT NULL CHECK (kind IN ('person', 'system')),
    organisation   text COLLATE "C" NOT NULL,
    name           text NOT NULL,
    roles          text[] NOT NULL,
    office         text,
    password_salt  bytea,
    password_hash  bytea,
    erased_at      text
);

CREATE TABLE tokens (
    token_hash    bytea PRIMARY KEY,
    principal_id  text COLLATE "C" NOT NULL REFERENCES principals
);
CREATE INDEX tokens_principal ON tokens (principal_id);

CREATE TABLE sessions (
    secret_hash   bytea PRIMARY KEY,
    principal_id  text COLLATE "C" NOT NULL REFERENCES principals,
    opened_at     text COLLATE "C" NOT NULL,
    expires_at    text COLLATE "C" NOT NULL
);
CREATE INDEX sessions_principal ON sessions (principal_id, opened_at);

-- One row a receiver; messages go out in the order of the feed, and a failing receiver delays only itself.
CREATE TABLE webhooks (
    organisation   text COLLATE "C" PRIMARY KEY,
    url            text NOT NULL,
    secret         bytea NOT NULL,
    delivered      bigint NOT NULL DEFAULT 0,  -- feed number up to which all is delivered or given up
    attempts       integer NOT NULL DEFAULT 0, -- at the message after `delivered`
    next_at        text COLLATE "C" NOT NULL DEFAULT '',
    leased_until   text COLLATE "C" NOT NULL DEFAULT ''
) WITH (fillfactor = 50);

CREATE TABLE webhook_deliveries (
    organisation  text COLLATE "C" NOT NULL,
    number        bigint NOT NULL,
    attempt       integer NOT NULL,
    attempted_at  text COLLATE "C" NOT NULL,
    outcome       text NOT NULL CHECK (outcome IN ('delivered', 'failed', 'dead')),
    detail        text NOT NULL,
    PRIMARY KEY (organisation, number, attempt)
);
CREATE INDEX webhook_deliveries_dead ON webhook_deliveries (organisation) WHERE outcome = 'dead';
