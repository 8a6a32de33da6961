-- What lists of proposals are filtered and counted by: besides what is there, the verdict of the weakest link, and the
-- sources of the records of the plan and, while it is open, their owners. It stands in the body too.

ALTER TABLE proposals
    -- Empty without a link.
    ADD COLUMN verdict text   NOT NULL DEFAULT '' CHECK (verdict IN ('', 'MATCH', 'REVIEW', 'NO_MATCH')),
    ADD COLUMN sources text[] NOT NULL DEFAULT '{}',
    ADD COLUMN owners  text[] NOT NULL DEFAULT '{}';

-- The weakest link of a proposal that is there already was scored by some model of before: its verdict is by the
-- thresholds of the one in use, or of the one that ships. Nothing of this brings a proposal into an inbox.
ALTER TABLE proposals DISABLE TRIGGER keep_waiting_proposals;
UPDATE proposals SET
    verdict = coalesce(found.verdict, ''),
    sources = found.sources,
    owners = found.owners,
    body = jsonb_set(body, '{owners}', to_jsonb(found.owners))
        || CASE WHEN found.verdict IS NULL THEN '{}'::jsonb ELSE jsonb_build_object(
            'weakest_link', body -> 'weakest_link' || jsonb_build_object('verdict', found.verdict)
        ) END
FROM (
    SELECT proposal_id,
           CASE
               WHEN chance IS NULL THEN NULL
               WHEN chance >= least_match THEN 'MATCH'
               WHEN chance >= least_review THEN 'REVIEW'
               ELSE 'NO_MATCH'
           END AS verdict,
           ARRAY(
               SELECT DISTINCT key ->> 'source' COLLATE "C"
               FROM jsonb_path_query(body, '$.plan.members[*].records[*].key') AS key ORDER BY 1
           ) AS sources,
           ARRAY(
               SELECT DISTINCT owner COLLATE "C"
               FROM jsonb_path_query(body, '$.plan.members[*].records[*].key') AS key
               JOIN records ON records.source = key ->> 'source'
                   AND records.source_record_id = key ->> 'source_record_id'
               CROSS JOIN LATERAL coalesce(
                   nullif(draft -> 'owner' ->> 'principal', ''), nullif(draft -> 'owner' ->> 'queue', '')
               ) AS owner
               WHERE open AND records.state = 'ACTIVE' AND owner IS NOT NULL ORDER BY 1
           ) AS owners
    FROM proposals
    CROSS JOIN LATERAL (SELECT (body #>> '{weakest_link,match_probability}')::double precision) AS link (chance)
    CROSS JOIN (
        SELECT coalesce(min((parameters::jsonb #>> '{people,match_threshold}')::double precision), 0.96),
               coalesce(min((parameters::jsonb #>> '{people,review_threshold}')::double precision), 0.25)
        FROM scoring_models WHERE state = 'ACTIVE'
    ) AS model (least_match, least_review)
) AS found
WHERE found.proposal_id = proposals.proposal_id;
ALTER TABLE proposals ENABLE TRIGGER keep_waiting_proposals;

-- A mark is a condition that holds, as a filter spells it: `source:crm`. One index serves all fields, alone and
-- together, in every combination.
CREATE FUNCTION marks_of(field text, field_values text[]) RETURNS text[] LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
    SELECT ARRAY(SELECT field || ':' || value FROM unnest(field_values) AS value)
$$;
CREATE FUNCTION proposal_marks(
    state text, type text, kind text, impact text, verdict text, proposer text, escalated boolean,
    missing_functions text[], sources text[]
) RETURNS text[] LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
    SELECT ARRAY[
        'state:' || state, 'open:' || (state IN ('PENDING', 'APPROVED'))::text, 'type:' || type, 'kind:' || kind,
        'impact:' || impact, 'verdict:' || verdict, 'proposer:' || proposer, 'escalated:' || escalated::text
    ] || marks_of('missing_functions', missing_functions) || marks_of('source', sources)
$$;
ALTER TABLE proposals ADD COLUMN marks text[] NOT NULL GENERATED ALWAYS AS (
    proposal_marks(
        state, type, kind, impact, verdict, proposer, escalate_time IS NOT NULL, missing_functions, sources
    ) || marks_of('owner', owners)
) STORED;
-- Without the list of what is not yet in the index, which every search would read through.
CREATE INDEX proposals_marks ON proposals USING gin (marks) WITH (fastupdate = off);

-- With whom it waits for, so that this and a filter are one question, too.
ALTER TABLE waiting_proposals ADD COLUMN marks text[] NOT NULL DEFAULT '{}';
UPDATE waiting_proposals SET marks = proposals.marks || ('waits_for:' || waits_for)
FROM proposals WHERE proposals.proposal_id = waiting_proposals.proposal_id;
ALTER TABLE waiting_proposals ALTER COLUMN marks DROP DEFAULT;
CREATE INDEX waiting_proposals_marks ON waiting_proposals USING gin (marks) WITH (fastupdate = off);

DROP TRIGGER keep_waiting_proposals ON proposals;
CREATE OR REPLACE FUNCTION keep_waiting_proposals() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    DELETE FROM waiting_proposals WHERE proposal_id = NEW.proposal_id;
    IF NEW.state = 'PENDING' THEN
        INSERT INTO waiting_proposals
            (proposal_id, waits_for, but_not_for, type, kind, impact, impact_rank, due_time, create_time, marks)
        SELECT NEW.proposal_id, waits_for, but_not_for,
               NEW.type, NEW.kind, NEW.impact, NEW.impact_rank, NEW.due_time, NEW.create_time,
               NEW.marks || ('waits_for:' || waits_for)
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
    state, missing_functions, proposer, voters, escalated_to, escalate_time, type, kind, impact, impact_rank, due_time,
    create_time, verdict, sources, owners
ON proposals FOR EACH ROW EXECUTE FUNCTION keep_waiting_proposals();

-- How many proposals there are of each group that is alike in all that is counted by, whoever asks: exact, and as
-- quick to add up among a million proposals as among a hundred. Whoever writes here holds the ledger head, so no two
-- writers ever meet.
CREATE TABLE proposal_groups (
    group_key         uuid PRIMARY KEY,
    -- Without those of owners: groups by every mix of owners would be as many as there are proposals.
    marks             text[] NOT NULL,
    missing_functions text[] NOT NULL,
    escalated_to      text[] NOT NULL,
    but_not_for       text[] NOT NULL,
    count             bigint NOT NULL
) WITH (fillfactor = 50);
-- How many of a group each owner has a record in.
CREATE TABLE proposal_group_owners (
    owner     text NOT NULL,
    group_key uuid NOT NULL,
    count     bigint NOT NULL,
    PRIMARY KEY (group_key, owner)
) WITH (fillfactor = 50);
CREATE INDEX proposal_group_owners_owner ON proposal_group_owners (owner);

-- The statement that counts changed rows of proposals, each with +1 or -1, and gives the groups that are empty now.
CREATE FUNCTION counting_of(changed_rows text) RETURNS text LANGUAGE sql IMMUTABLE AS $$
    SELECT format($counting$
        WITH marked AS (
            SELECT proposal_marks(state, type, kind, impact, verdict, proposer, escalate_time IS NOT NULL,
                       missing_functions, sources) AS group_marks,
                   missing_functions, escalated_to, owners, change,
                   CASE WHEN state = 'PENDING' THEN voters || proposer ELSE '{}' END AS but_not_for
            FROM (%s) AS changed
        ), grouped AS (
            SELECT md5(ROW(group_marks, missing_functions, escalated_to, but_not_for)::text)::uuid AS group_key, *
            FROM marked
        ), groups AS (
            INSERT INTO proposal_groups AS known
            SELECT group_key, group_marks, missing_functions, escalated_to, but_not_for, sum(change) FROM grouped
            GROUP BY group_key, group_marks, missing_functions, escalated_to, but_not_for HAVING sum(change) <> 0
            ON CONFLICT (group_key) DO UPDATE SET count = known.count + excluded.count
            RETURNING group_key, count
        ), shares AS (
            INSERT INTO proposal_group_owners AS known
            SELECT owner, group_key, sum(change) FROM grouped CROSS JOIN LATERAL unnest(owners) AS owner
            GROUP BY owner, group_key HAVING sum(change) <> 0
            ON CONFLICT (owner, group_key) DO UPDATE SET count = known.count + excluded.count
            RETURNING group_key, count
        )
        SELECT array_agg(group_key) FROM (SELECT * FROM groups UNION ALL SELECT * FROM shares) AS told
        WHERE count = 0
    $counting$, changed_rows)
$$;

-- By statement, not by row: a bulk load changes each count once.
CREATE FUNCTION keep_proposal_counts() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    emptied uuid[];
BEGIN
    EXECUTE counting_of(CASE TG_OP
        WHEN 'INSERT' THEN 'SELECT *, 1 AS change FROM new_rows'
        WHEN 'DELETE' THEN 'SELECT *, -1 AS change FROM old_rows'
        ELSE 'SELECT *, 1 AS change FROM new_rows UNION ALL SELECT *, -1 FROM old_rows'
    END) INTO emptied;
    IF emptied IS NOT NULL THEN
        DELETE FROM proposal_groups WHERE group_key = ANY(emptied) AND count = 0;
        DELETE FROM proposal_group_owners WHERE group_key = ANY(emptied) AND count = 0;
    END IF;
    RETURN NULL;
END
$$;
CREATE TRIGGER count_inserted_proposals AFTER INSERT ON proposals
REFERENCING NEW TABLE AS new_rows FOR EACH STATEMENT EXECUTE FUNCTION keep_proposal_counts();
CREATE TRIGGER count_updated_proposals AFTER UPDATE ON proposals
REFERENCING OLD TABLE AS old_rows NEW TABLE AS new_rows FOR EACH STATEMENT EXECUTE FUNCTION keep_proposal_counts();
CREATE TRIGGER count_deleted_proposals AFTER DELETE ON proposals
REFERENCING OLD TABLE AS old_rows FOR EACH STATEMENT EXECUTE FUNCTION keep_proposal_counts();

DO $$ BEGIN EXECUTE counting_of('SELECT *, 1 AS change FROM proposals'); END $$;

ALTER TABLE proposals
    ALTER COLUMN verdict DROP DEFAULT,
    ALTER COLUMN sources DROP DEFAULT,
    ALTER COLUMN owners DROP DEFAULT;
