-- The tables of the merge desk. Every table that a decision reads is locked through golden_records first.

CREATE TABLE store_identity (
    only_row   boolean PRIMARY KEY DEFAULT true CHECK (only_row),
    store_id   text NOT NULL
);
INSERT INTO store_identity (store_id) VALUES (gen_random_uuid()::text);

-- One row that every commit locks last: revisions are gapless and in commit order (E-1).
CREATE TABLE ledger_head (
    only_row   boolean PRIMARY KEY DEFAULT true CHECK (only_row),
    revision   bigint NOT NULL,
    hash       text NOT NULL
);
INSERT INTO ledger_head (revision, hash) VALUES (0, repeat('0', 64));

CREATE TABLE golden_records (
    golden_id    text PRIMARY KEY,
    kind         text NOT NULL CHECK (kind IN ('LEAD', 'CONTACT', 'ACCOUNT')),
    state        text NOT NULL CHECK (state IN ('LIVE', 'MERGED', 'DELETED', 'ERASED')),
    version      bigint NOT NULL CHECK (version > 0),
    revision     bigint NOT NULL,
    create_time  timestamptz NOT NULL,
    successor_id text REFERENCES golden_records,
    merge_id     text NOT NULL DEFAULT '',
    choices      jsonb NOT NULL DEFAULT '[]',
    CHECK ((state = 'MERGED') = (successor_id IS NOT NULL)),
    CHECK (successor_id <> golden_id)
);

CREATE TABLE records (
    record_no        bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    source           text NOT NULL,
    source_record_id text COLLATE "C" NOT NULL,
    kind             text NOT NULL CHECK (kind IN ('LEAD', 'CONTACT', 'ACCOUNT')),
    state            text NOT NULL CHECK (state IN ('ACTIVE', 'DELETED', 'ERASED')),
    golden_id        text NOT NULL REFERENCES golden_records,
    version          bigint NOT NULL CHECK (version > 0),
    revision         bigint NOT NULL,
    create_time      timestamptz NOT NULL,
    update_time      timestamptz NOT NULL,
    draft            jsonb NOT NULL,
    UNIQUE (source, source_record_id)
);
CREATE INDEX records_golden ON records (golden_id);
CREATE INDEX records_tax_id ON records ((draft -> 'values' ->> 'tax_id'))
    WHERE draft -> 'values' ? 'tax_id';
CREATE INDEX records_registration_number ON records ((draft -> 'values' ->> 'registration_number'))
    WHERE draft -> 'values' ? 'registration_number';
CREATE INDEX records_customer_number ON records ((draft -> 'values' ->> 'customer_number'))
    WHERE draft -> 'values' ? 'customer_number';

CREATE TABLE proposals (
    proposal_id       text PRIMARY KEY,
    state             text NOT NULL
        CHECK (state IN ('PENDING', 'APPROVED', 'REJECTED', 'WITHDRAWN', 'EXECUTED', 'SUPERSEDED')),
    open              boolean GENERATED ALWAYS AS (state IN ('PENDING', 'APPROVED')) STORED,
    type              text NOT NULL,
    impact            text NOT NULL,
    missing_functions text[] NOT NULL,
    proposer          text NOT NULL,
    golden_ids        text[] NOT NULL,
    -- Those that left the plan too: its comments may speak of them (E-4).
    ever_golden_ids   text[] NOT NULL,
    survivor_id       text NOT NULL REFERENCES golden_records,
    kind              text NOT NULL,
    revision          bigint NOT NULL,
    create_time       timestamptz NOT NULL,
    body              jsonb NOT NULL
);
-- No two open proposals for the same members.
CREATE UNIQUE INDEX proposals_open_members ON proposals (golden_ids) WHERE open;
CREATE INDEX proposals_golden_ids ON proposals USING gin (golden_ids);
CREATE INDEX proposals_ever_golden_ids ON proposals USING gin (ever_golden_ids);
CREATE INDEX proposals_state ON proposals (state, create_time, proposal_id);

-- Append only: the tally is a fold over this log (C-4).
CREATE TABLE votes (
    vote_no     bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    proposal_id text NOT NULL REFERENCES proposals,
    principal   text NOT NULL,
    functions   text[] NOT NULL,
    decision    text NOT NULL CHECK (decision IN ('APPROVE', 'REJECT')),
    plan_hash   text NOT NULL,
    comment     text NOT NULL,
    time        timestamptz NOT NULL
);
CREATE INDEX votes_proposal ON votes (proposal_id, vote_no);

CREATE TABLE merges (
    merge_id     text PRIMARY KEY,
    proposal_id  text NOT NULL UNIQUE REFERENCES proposals,
    survivor_id  text NOT NULL REFERENCES golden_records,
    state        text NOT NULL CHECK (state IN ('EXECUTED', 'UNDONE')),
    revision     bigint NOT NULL,
    execute_time timestamptz NOT NULL,
    body         jsonb NOT NULL
);
CREATE INDEX merges_survivor ON merges (survivor_id);

-- A golden record is merged away by at most one standing merge (B-3).
CREATE TABLE merged_golden_records (
    golden_id text NOT NULL REFERENCES golden_records,
    merge_id  text NOT NULL REFERENCES merges,
    standing  boolean NOT NULL,
    PRIMARY KEY (merge_id, golden_id)
);
CREATE UNIQUE INDEX merged_once ON merged_golden_records (golden_id) WHERE standing;

CREATE TABLE distinctions (
    distinction_id text PRIMARY KEY,
    create_time    timestamptz NOT NULL,
    body           jsonb NOT NULL
);
CREATE TABLE distinction_records (
    distinction_id   text NOT NULL REFERENCES distinctions ON DELETE CASCADE,
    side             "char" NOT NULL CHECK (side IN ('L', 'R')),
    source           text NOT NULL,
    source_record_id text COLLATE "C" NOT NULL,
    PRIMARY KEY (distinction_id, side, source, source_record_id),
    FOREIGN KEY (source, source_record_id) REFERENCES records (source, source_record_id)
);
CREATE INDEX distinction_records_record ON distinction_records (source, source_record_id);

CREATE TABLE changes (
    revision    bigint NOT NULL,
    ordinal     integer NOT NULL,
    time        timestamptz NOT NULL,
    type        text NOT NULL,
    record      text NOT NULL,
    record_nos  bigint[] NOT NULL,
    subjects    text[] NOT NULL,
    salt        bytea,
    payload     bytea,
    digest      text NOT NULL,
    PRIMARY KEY (revision, ordinal)
);
CREATE INDEX changes_record ON changes (record) WHERE record <> '';
CREATE INDEX changes_subjects ON changes USING gin (subjects)
    WHERE cardinality(subjects) > 1 OR type = 'RECORD_ERASED';

CREATE TABLE acknowledgements (
    revision bigint NOT NULL,
    ordinal  integer NOT NULL,
    source   text NOT NULL,
    time     timestamptz NOT NULL,
    PRIMARY KEY (revision, ordinal, source),
    FOREIGN KEY (revision, ordinal) REFERENCES changes (revision, ordinal)
);

CREATE TABLE audit_entries (
    revision       bigint PRIMARY KEY,
    time           timestamptz NOT NULL,
    actor          text NOT NULL,
    action         text NOT NULL,
    targets        text[] NOT NULL,
    detail         text NOT NULL,
    changes_digest text NOT NULL,
    previous_hash  text NOT NULL,
    hash           text NOT NULL
);

CREATE TABLE request_answers (
    principal   text NOT NULL,
    request_id  text NOT NULL,
    method      text NOT NULL,
    digest      text NOT NULL,
    answer      bytea,
    subjects    text[] NOT NULL,
    create_time timestamptz NOT NULL,
    PRIMARY KEY (principal, request_id)
);
CREATE INDEX request_answers_subjects ON request_answers USING gin (subjects) WHERE cardinality(subjects) > 0;
CREATE INDEX request_answers_create_time ON request_answers (create_time);
