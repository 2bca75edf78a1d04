-- SPDX-License-Identifier: Apache-2.0
-- Cases and all that a command writes beside its events.

CREATE TABLE cases (
    case_id       text COLLATE "C" PRIMARY KEY,
    organisation  text COLLATE "C" NOT NULL,
    lrn           text COLLATE "C" NOT NULL,
    mrn           text COLLATE "C",
    status        text COLLATE "C" NOT NULL,
    channel       text COLLATE "C",
    office        text COLLATE "C",
    movement      text COLLATE "C",
    version       integer NOT NULL,
    state         bytea NOT NULL,
    updated_at    text COLLATE "C" NOT NULL,
    created_at    text COLLATE "C" NOT NULL,
    last_seq      bigint NOT NULL
) WITH (fillfactor = 80);
CREATE INDEX cases_lrn ON cases (lower(lrn));
CREATE UNIQUE INDEX cases_mrn ON cases (upper(mrn)) WHERE mrn IS NOT NULL;
CREATE INDEX cases_newest ON cases (updated_at, case_id);
CREATE INDEX cases_organisation ON cases (organisation, updated_at, case_id);
CREATE INDEX cases_status ON cases (status, updated_at, case_id);

-- Messages lie outside the log so that they can be erased; `digest` also stands in an event of the case.
CREATE TABLE documents (
    number        bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    document_id   text COLLATE "C" NOT NULL UNIQUE,
    case_id       text COLLATE "C" NOT NULL,
    kind          text COLLATE "C" NOT NULL,
    media_type    text NOT NULL,
    content       bytea,               -- null: erased
    salt          bytea,               -- erased with the content, so that the digest says nothing any more
    digest        bytea NOT NULL,
    retain_until  text COLLATE "C",
    recorded_at   text COLLATE "C" NOT NULL,
    erased_at     text COLLATE "C"
);
CREATE INDEX documents_case ON documents (case_id);
CREATE INDEX documents_retain ON documents (retain_until) WHERE retain_until IS NOT NULL AND erased_at IS NULL;

CREATE TABLE document_persons (
    person_key   text COLLATE "C" NOT NULL,
    document_id  text COLLATE "C" NOT NULL,
    PRIMARY KEY (person_key, document_id)
);

CREATE TABLE idempotency (
    organisation  text COLLATE "C" NOT NULL,
    key           text COLLATE "C" NOT NULL,
    body_hash     bytea NOT NULL,
    case_id       text COLLATE "C" NOT NULL,
    first_seq     bigint NOT NULL,
    last_seq      bigint NOT NULL,
    recorded_at   text COLLATE "C" NOT NULL,
    answer        bytea NOT NULL,
    PRIMARY KEY (organisation, key)
);

CREATE TABLE inbox (
    sender       text COLLATE "C" NOT NULL,
    message_id   text COLLATE "C" NOT NULL,
    body_hash    bytea NOT NULL,
    case_id      text COLLATE "C",
    received_at  text COLLATE "C" NOT NULL,
    PRIMARY KEY (sender, message_id)
);

CREATE TABLE feed_heads (
    organisation  text COLLATE "C" PRIMARY KEY,
    last_number   bigint NOT NULL
) WITH (fillfactor = 50);

CREATE TABLE outbox (
    organisation  text COLLATE "C" NOT NULL,
    number        bigint NOT NULL,     -- from 1 within the organisation, without a gap
    message_id    text COLLATE "C" NOT NULL,
    case_id       text COLLATE "C" NOT NULL,
    kind          text COLLATE "C" NOT NULL,
    body          bytea NOT NULL,
    created_at    text COLLATE "C" NOT NULL,
    PRIMARY KEY (organisation, number)
);
CREATE UNIQUE INDEX outbox_message ON outbox (message_id);

CREATE TABLE ledger (
    number        bigint PRIMARY KEY,  -- from 1 without a gap
    entry_id      text COLLATE "C" NOT NULL UNIQUE,
    case_id       text COLLATE "C" NOT NULL,
    debit         text COLLATE "C" NOT NULL,
    credit        text COLLATE "C" NOT NULL CHECK (credit <> debit),
    amount_minor  bigint NOT NULL CHECK (amount_minor > 0),
    currency      text COLLATE "C" NOT NULL,
    reason        text NOT NULL,
    reverses      text COLLATE "C" REFERENCES ledger (entry_id),
    recorded_at   text COLLATE "C" NOT NULL,
    chain         bytea NOT NULL       -- hash over this entry and the chain before it
);
CREATE INDEX ledger_case ON ledger (case_id);
CREATE INDEX ledger_reverses ON ledger (reverses) WHERE reverses IS NOT NULL;
CREATE TRIGGER ledger_append_only BEFORE UPDATE OR DELETE ON ledger FOR EACH ROW EXECUTE FUNCTION refuse_change();
CREATE TRIGGER ledger_no_truncate BEFORE TRUNCATE ON ledger FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();

CREATE TABLE deadlines (
    case_id        text COLLATE "C" NOT NULL,
    act            text COLLATE "C" NOT NULL,
    due_at         text COLLATE "C" NOT NULL,
    claimed_until  text COLLATE "C" NOT NULL DEFAULT '',
    PRIMARY KEY (case_id, act)
);
CREATE INDEX deadlines_due ON deadlines (due_at);
