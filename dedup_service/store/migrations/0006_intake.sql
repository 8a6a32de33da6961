-- What intake decided about each record that was handed in. No column holds a value of anybody's.
CREATE TABLE intakes (
    revision         bigint NOT NULL,
    ordinal          integer NOT NULL,
    time             timestamptz NOT NULL,
    caller           text NOT NULL,
    action           text NOT NULL CHECK (action IN ('INSERT', 'INSERT_WITH_PROPOSAL', 'UPDATE')),
    step             text NOT NULL,
    source           text NOT NULL,
    source_record_id text COLLATE "C" NOT NULL,
    account          text NOT NULL,
    principal        text NOT NULL,
    function         text NOT NULL,
    team             text NOT NULL,
    queue            text NOT NULL,
    partner          text NOT NULL,
    rule             text NOT NULL,
    rung             text NOT NULL,
    policy_version   text NOT NULL,
    PRIMARY KEY (revision, ordinal)
);
-- How many somebody was given: what a team shares out by.
CREATE INDEX intakes_principal ON intakes (principal, time) WHERE principal <> '' AND action <> 'UPDATE';

-- Whose turn it was last. Written under the ledger head, so that turns and choices are in one order.
CREATE TABLE team_turns (
    team      text PRIMARY KEY,
    principal text NOT NULL
);
