-- Who may merge what: versions of the policy, delegations, and proposals that wait for somebody until a time.

-- Append only: what any proposal was ever decided by can be read again.
CREATE TABLE policy_versions (
    number      bigint PRIMARY KEY CHECK (number > 0),
    version     text NOT NULL UNIQUE,
    text        text NOT NULL,
    origin      text NOT NULL CHECK (origin IN ('SHIPPED', 'FILE', 'CALL')),
    author      text NOT NULL,
    comment     text NOT NULL,
    create_time timestamptz NOT NULL,
    revision    bigint NOT NULL
);

-- The number of the policy in force, in the row that every commit locks: no write is decided by an older one.
ALTER TABLE ledger_head ADD COLUMN rules_no bigint NOT NULL DEFAULT 0;

CREATE TABLE delegations (
    delegation_id text PRIMARY KEY,
    delegator     text NOT NULL,
    -- Empty for an absence that nobody stands in for.
    delegate      text NOT NULL,
    start_time    timestamptz NOT NULL,
    end_time      timestamptz NOT NULL,
    create_time   timestamptz NOT NULL,
    revision      bigint NOT NULL,
    body          jsonb NOT NULL
);
-- Those that hold are among the few that have not ended.
CREATE INDEX delegations_end ON delegations (end_time, start_time);
CREATE INDEX delegations_create ON delegations (create_time, delegation_id);

ALTER TABLE proposals
    DROP CONSTRAINT proposals_state_check,
    ADD CONSTRAINT proposals_state_check CHECK (
        state IN ('PENDING', 'APPROVED', 'REJECTED', 'WITHDRAWN', 'EXECUTED', 'SUPERSEDED', 'EXPIRED')
    ),
    ADD COLUMN impact_rank   smallint CHECK (impact_rank BETWEEN 0 AND 2),
    ADD COLUMN due_time      timestamptz,
    -- Without one the proposal never expires.
    ADD COLUMN expire_time   timestamptz,
    ADD COLUMN escalate_time timestamptz,
    ADD COLUMN escalated_to  text[] NOT NULL DEFAULT '{}',
    ADD COLUMN voters        text[] NOT NULL DEFAULT '{}',
    -- A new policy looks for the open proposals that are still planned under another one.
    ADD COLUMN policy_version text GENERATED ALWAYS AS (body -> 'plan' ->> 'policy_version') STORED;

-- Pending proposals by whom they wait for, a function that is missing or a person they were escalated to, with
-- what inboxes are ordered and mostly filtered by. One index scan a function gives a page, however rare the
-- function is and whatever plan PostgreSQL keeps; no index over the arrays of `proposals` has an order.
CREATE TABLE waiting_proposals (
    proposal_id text NOT NULL REFERENCES proposals,
    waits_for   text NOT NULL,
    -- The proposer and those who have voted: they hold the function, but nothing waits for them.
    but_not_for text[] NOT NULL,
    type        text NOT NULL,
    kind        text NOT NULL,
    impact      text NOT NULL,
    impact_rank smallint NOT NULL,
    due_time    timestamptz NOT NULL,
    create_time timestamptz NOT NULL,
    PRIMARY KEY (proposal_id, waits_for)
);
-- The rank counts below zero: all of the order ascends, so that a page goes on by one comparison of rows.
CREATE INDEX waiting_proposals_impact
    ON waiting_proposals (waits_for, (-impact_rank), due_time, proposal_id);
CREATE INDEX waiting_proposals_due ON waiting_proposals (waits_for, due_time, proposal_id);
CREATE INDEX waiting_proposals_create ON waiting_proposals (waits_for, create_time, proposal_id);

-- A trigger, so that no way of writing a proposal leaves it out of an inbox.
CREATE FUNCTION keep_waiting_proposals() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    DELETE FROM waiting_proposals WHERE proposal_id = NEW.proposal_id;
    IF NEW.state = 'PENDING' THEN
        INSERT INTO waiting_proposals
            (proposal_id, waits_for, but_not_for, type, kind, impact, impact_rank, due_time, create_time)
        SELECT NEW.proposal_id, waits_for, but_not_for,
               NEW.type, NEW.kind, NEW.impact, NEW.impact_rank, NEW.due_time, NEW.create_time
        FROM (
            SELECT function, NEW.voters || NEW.proposer FROM unnest(NEW.missing_functions) AS function
            UNION
            SELECT principal, '{}' FROM unnest(NEW.escalated_to) AS principal
        ) AS waiting (waits_for, but_not_for);
    END IF;
    RETURN NULL;
END
$$;
CREATE TRIGGER keep_waiting_proposals
AFTER INSERT OR UPDATE OF
    state, missing_functions, proposer, voters, escalated_to, type, kind, impact, impact_rank, due_time, create_time
ON proposals FOR EACH ROW EXECUTE FUNCTION keep_waiting_proposals();

-- Nobody was told of a deadline before this release, so the period of an open proposal begins with it: three
-- working days and two more, over a weekend. Its decision is computed anew; none of the old shape can be read.
UPDATE proposals SET
    impact_rank = CASE impact WHEN 'HIGH' THEN 2 WHEN 'MEDIUM' THEN 1 ELSE 0 END,
    due_time = CASE WHEN open THEN now() + interval '5 days' ELSE create_time END,
    expire_time = CASE WHEN open THEN now() + interval '7 days' END,
    voters = ARRAY(
        SELECT DISTINCT counted -> 'vote' ->> 'principal'
        FROM jsonb_path_query(body, '$.decision.votes[*] ? (@.counts == true)') AS counted
        ORDER BY 1
    ),
    body = body || '{"decision": null}';

ALTER TABLE proposals
    ALTER COLUMN impact_rank SET NOT NULL,
    ALTER COLUMN due_time SET NOT NULL,
    ALTER COLUMN escalated_to DROP DEFAULT,
    ALTER COLUMN voters DROP DEFAULT;
CREATE INDEX proposals_due ON proposals (state, due_time, proposal_id);
CREATE INDEX proposals_impact ON proposals (state, (-impact_rank), due_time, proposal_id);
CREATE INDEX proposals_expire ON proposals (expire_time) WHERE state = 'PENDING';
-- As the filters of lists spell them: a new policy and a simulation go through all that are open.
CREATE INDEX proposals_open ON proposals ((open::text), create_time, proposal_id);
CREATE INDEX proposals_survivor ON proposals (('goldenRecords/' || survivor_id));

-- Rules of the same name were others in that release: no vote on them counts now, whatever the operator's file
-- calls its version. No version may hold a slash, so every open proposal is planned anew at the first start.
UPDATE proposals
SET body = jsonb_set(body, '{plan,policy_version}', to_jsonb('before/' || (body -> 'plan' ->> 'policy_version')))
WHERE open;

-- Answers with a decision of the old shape: a repetition is told that the call was carried out.
UPDATE request_answers SET answer = NULL
WHERE method ~ 'MergeProposal$' AND method <> 'ExecuteMergeProposal';

-- A vote is cast for one function, by one's own role or on behalf of a delegator.
ALTER TABLE votes
    ADD COLUMN function     text,
    ADD COLUMN on_behalf_of text NOT NULL DEFAULT '',
    -- What the voter saw; none of the votes cast before counts any more.
    ADD COLUMN impact       text NOT NULL DEFAULT 'LOW' CHECK (impact IN ('LOW', 'MEDIUM', 'HIGH'));
UPDATE votes SET function = coalesce(functions[1], '');
ALTER TABLE votes
    ALTER COLUMN function SET NOT NULL,
    ALTER COLUMN on_behalf_of DROP DEFAULT,
    ALTER COLUMN impact DROP DEFAULT,
    DROP COLUMN functions;

-- Provisional and mastered accounts: what a customer number of a master source makes of an account is the policy's
-- to say, so the index holds every account with one. The characters are those that count as blank (domain 4.3).
CREATE INDEX golden_accounts ON golden_records (golden_id) WHERE kind = 'ACCOUNT' AND state = 'LIVE';
CREATE INDEX records_numbered_accounts ON records (golden_id, source)
    WHERE kind = 'ACCOUNT' AND state = 'ACTIVE' AND btrim(
        draft -> 'values' ->> 'customer_number',
        E' \t\n\u000b\f\r\u001c\u001d\u001e\u001f\u0085\u00a0\u1680\u2000\u2001\u2002\u2003\u2004\u2005\u2006'
        '\u2007\u2008\u2009\u200a\u2028\u2029\u202f\u205f\u3000'
    ) <> '';
