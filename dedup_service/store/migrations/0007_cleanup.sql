-- Cleanup jobs, their runs, and what each run works off. No column holds a value of anybody's.
CREATE TABLE cleanup_jobs (
    job_id        text PRIMARY KEY,
    creator       text NOT NULL,
    paused        boolean NOT NULL,
    next_run_time timestamptz,
    create_time   timestamptz NOT NULL,
    delete_time   timestamptz,
    revision      bigint NOT NULL,
    body          jsonb NOT NULL,
    -- What is paused or deleted never comes due.
    CHECK (next_run_time IS NULL OR (NOT paused AND delete_time IS NULL))
);
CREATE INDEX cleanup_jobs_create ON cleanup_jobs (create_time, job_id) WHERE delete_time IS NULL;
CREATE INDEX cleanup_jobs_due ON cleanup_jobs (next_run_time) WHERE next_run_time IS NOT NULL;

CREATE TABLE cleanup_runs (
    run_id       text PRIMARY KEY,
    job_id       text NOT NULL REFERENCES cleanup_jobs,
    state        text NOT NULL CHECK (
        state IN ('QUEUED', 'RUNNING', 'PAUSED', 'WAITING', 'SUCCEEDED', 'FAILED', 'CANCELLED', 'STOPPED')
    ),
    -- What somebody asked of a run that a worker has: told to it with its next heartbeat.
    wish         text NOT NULL DEFAULT '' CHECK (wish IN ('', 'PAUSE', 'CANCEL')),
    -- Until when people look at the canary.
    wait_time    timestamptz,
    -- A worker that lets its lease end loses the run: whatever it still tries to write is refused.
    lease_holder text NOT NULL DEFAULT '',
    lease_time   timestamptz,
    -- How often it was taken since it last came a step further: what ends every worker must not be taken for ever.
    take_count   integer NOT NULL DEFAULT 0,
    create_time  timestamptz NOT NULL,
    end_time     timestamptz,
    -- What only a write that also does the work may say, and what a worker tells at any time.
    body         jsonb NOT NULL,
    progress     jsonb NOT NULL,
    CHECK ((state = 'RUNNING') = (lease_holder <> '')),
    CHECK ((lease_holder <> '') = (lease_time IS NOT NULL)),
    CHECK (wish = '' OR state = 'RUNNING'),
    CHECK (state <> 'WAITING' OR wait_time IS NOT NULL),
    CHECK ((end_time IS NOT NULL) = (state IN ('SUCCEEDED', 'FAILED', 'CANCELLED', 'STOPPED')))
);
-- A job has one run at a time.
CREATE UNIQUE INDEX cleanup_runs_active ON cleanup_runs (job_id) WHERE end_time IS NULL;
CREATE INDEX cleanup_runs_taken ON cleanup_runs (create_time) WHERE end_time IS NULL;
CREATE INDEX cleanup_runs_create ON cleanup_runs (create_time, run_id);
CREATE INDEX cleanup_runs_job ON cleanup_runs (job_id, create_time, run_id);
CREATE INDEX cleanup_runs_succeeded ON cleanup_runs (job_id, end_time) WHERE state = 'SUCCEEDED';

-- Groups of golden records, in the order of work. What becomes of one is written with the proposal or merge itself.
CREATE TABLE cleanup_items (
    run_id            text NOT NULL REFERENCES cleanup_runs,
    item_no           integer NOT NULL,
    job_id            text NOT NULL REFERENCES cleanup_jobs,
    golden_ids        text[] NOT NULL CHECK (cardinality(golden_ids) BETWEEN 2 AND 50),
    is_review         boolean NOT NULL,
    match_weight_bits double precision NOT NULL,
    match_probability double precision NOT NULL,
    stage             text NOT NULL DEFAULT 'FOUND'
        CHECK (stage IN ('FOUND', 'PROPOSED', 'AUTOMATIC', 'MERGED', 'KEPT', 'SKIPPED')),
    reason            text NOT NULL DEFAULT '',
    is_canary         boolean NOT NULL DEFAULT false,
    proposal_id       text REFERENCES proposals,
    -- An earlier run of the job made the proposal.
    taken_up          boolean NOT NULL DEFAULT false,
    merge_id          text UNIQUE REFERENCES merges,
    merge_time        timestamptz,
    -- Whom the merge counts for.
    owners            text[] NOT NULL DEFAULT '{}',
    sources           text[] NOT NULL DEFAULT '{}',
    PRIMARY KEY (run_id, item_no),
    CHECK ((stage IN ('FOUND', 'SKIPPED')) = (proposal_id IS NULL)),
    CHECK ((stage = 'MERGED') = (merge_id IS NOT NULL)),
    CHECK ((merge_id IS NOT NULL) = (merge_time IS NOT NULL)),
    CHECK ((stage IN ('KEPT', 'SKIPPED')) = (reason <> ''))
);
CREATE INDEX cleanup_items_stage ON cleanup_items (run_id, stage, item_no);
CREATE UNIQUE INDEX cleanup_items_proposal ON cleanup_items (proposal_id, run_id) WHERE proposal_id IS NOT NULL;
CREATE INDEX cleanup_items_proposed ON cleanup_items (job_id, run_id) WHERE proposal_id IS NOT NULL;
CREATE INDEX cleanup_items_merged ON cleanup_items (merge_time, job_id) WHERE merge_time IS NOT NULL;
