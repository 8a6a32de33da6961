-- name: merge_family
-- Every golden record that any merge, standing or undone, ever joined with these.
WITH RECURSIVE links AS (
    SELECT x.golden_id AS one, m.survivor_id AS other
    FROM merges m JOIN merged_golden_records x ON x.merge_id = m.merge_id
), family AS (
    SELECT unnest(%s::text[]) AS golden_id
    UNION
    SELECT CASE WHEN links.one = family.golden_id THEN links.other ELSE links.one END
    FROM family JOIN links ON family.golden_id IN (links.one, links.other)
)
SELECT golden_id FROM family

-- name: lock_proposals_of
SELECT proposal_id FROM proposals WHERE ever_golden_ids && %(golden_ids)s::text[]
ORDER BY proposal_id FOR NO KEY UPDATE

-- name: erase_change_payloads
-- An erasure's own change shows those who stay, and may show one alone. Which golden records it showed is kept, so that
-- their history can say where something was erased.
WITH erased AS (
    UPDATE changes SET payload = NULL, salt = NULL, golden_ids = ARRAY(
        SELECT DISTINCT substr(image ->> 'name', length('goldenRecords/') + 1)
        FROM jsonb_path_query(convert_from(payload, 'UTF8')::jsonb, '$.*[*] ? (@.name starts with "goldenRecords/")') AS image
    )
    WHERE payload IS NOT NULL AND (
        record = %(name)s
        OR ((cardinality(subjects) > 1 OR type = 'RECORD_ERASED') AND subjects @> ARRAY[%(name)s])
    )
    RETURNING 1
)
SELECT count(*) FROM erased

-- name: erase_answers
-- Answers with comments and reasons are forgotten altogether: they may speak of anybody. So is the digest of what was
-- sent, by which a guess of it could be tried.
WITH erased AS (
    UPDATE request_answers SET answer = NULL, digest = ''
    WHERE (cardinality(subjects) > 0 AND subjects @> ARRAY[%(name)s])
       OR method ~ '(MergeProposals?|Merge|Distinction|Delegation|Policy|CleanupJob)$'
    RETURNING 1
)
SELECT count(*) FROM erased

-- name: drop_named_answers
-- Whoever names a request after a person has it carried out anew when it is repeated. Ids drawn at random are left
-- alone: in a million of them some word is found.
WITH dropped AS (
    DELETE FROM request_answers
    WHERE request_id !~* '^[0-9a-f-]{32,36}$' AND request_id ~* %(pattern)s
    RETURNING 1
)
SELECT count(*) FROM dropped

-- name: erase_intake_owners
-- To whom an intake gave the record, as far as the record says so.
WITH erased AS (
    UPDATE intakes SET principal = CASE WHEN principal = ANY(%(owners)s::text[]) THEN '' ELSE principal END,
                       queue = CASE WHEN queue = ANY(%(owners)s::text[]) THEN '' ELSE queue END
    WHERE source = %(source)s AND source_record_id = %(source_record_id)s
      AND (principal = ANY(%(owners)s::text[]) OR queue = ANY(%(owners)s::text[]))
    RETURNING 1
)
SELECT count(*) FROM erased

-- name: erase_vote_comments
WITH erased AS (
    UPDATE votes SET comment = ''
    WHERE comment <> '' AND proposal_id IN (SELECT proposal_id FROM proposals WHERE ever_golden_ids && %(golden_ids)s::text[])
    RETURNING 1
)
SELECT count(*) FROM erased

-- name: erase_proposal_comments
WITH erased AS (
    UPDATE proposals SET body = body || '{"comment": "", "closing_comment": "", "decision": null}'
    WHERE ever_golden_ids && %(golden_ids)s::text[]
    RETURNING 1
)
SELECT count(*) FROM erased

-- name: erase_distinction_reasons
WITH erased AS (
    UPDATE distinctions SET body = body || '{"reason": "(erased)"}'
    WHERE body ->> 'reason' <> '(erased)' AND distinction_id IN (
        SELECT d.distinction_id FROM distinction_records d
        JOIN records r ON r.source = d.source AND r.source_record_id = d.source_record_id
        WHERE r.golden_id = ANY(%(golden_ids)s::text[])
           OR (d.source = %(source)s AND d.source_record_id = %(source_record_id)s)
    )
    RETURNING 1
)
SELECT count(*) FROM erased

-- name: erase_undo_reasons
WITH erased AS (
    UPDATE merges SET body = body || '{"undo_reason": "(erased)"}'
    WHERE state = 'UNDONE' AND body ->> 'undo_reason' <> '(erased)'
      AND (survivor_id = ANY(%(golden_ids)s::text[])
           OR merge_id IN (SELECT merge_id FROM merged_golden_records WHERE golden_id = ANY(%(golden_ids)s::text[])))
    RETURNING 1
)
SELECT count(*) FROM erased

-- name: erase_cleanup_owners
-- Whom the merges of cleanup runs counted for, as far as the erased record says so.
WITH erased AS (
    UPDATE cleanup_items SET owners = ARRAY(
        SELECT owner FROM unnest(owners) AS owner WHERE owner <> ALL(%(owners)s::text[]))
    WHERE cardinality(owners) > 0 AND owners && %(owners)s::text[] AND golden_ids && %(golden_ids)s::text[]
    RETURNING 1
)
SELECT count(*) FROM erased

-- name: own_payloads
-- What the record said before: its values of every time are looked for in texts.
SELECT payload FROM changes WHERE record = %(name)s AND payload IS NOT NULL AND record <> ''

-- name: free_texts
-- What people wrote that belongs to no record: the place, which row of it, and the text.
SELECT 'delegation reasons' AS place, delegation_id AS id, body ->> 'reason' AS text FROM delegations
UNION ALL
SELECT 'policy comments', version, comment FROM policy_versions
UNION ALL
SELECT 'cleanup job names', job_id, body -> 'definition' ->> 'display_name' FROM cleanup_jobs
UNION ALL
SELECT 'cleanup run names', run_id, body -> 'definition' ->> 'display_name' FROM cleanup_runs
UNION ALL
SELECT 'policy texts', version, text FROM policy_versions
UNION ALL
SELECT 'reasons of other erasures', record, body ->> 'reason' FROM erasure_certificates

-- name: erase_delegation_reasons
UPDATE delegations SET body = body || '{"reason": "(erased)"}' WHERE delegation_id = ANY(%s)

-- name: erase_policy_comments
UPDATE policy_versions SET comment = '(erased)' WHERE version = ANY(%s)

-- name: erase_cleanup_job_names
UPDATE cleanup_jobs SET body = jsonb_set(body, '{definition,display_name}', '"(erased)"') WHERE job_id = ANY(%s)

-- name: erase_cleanup_run_names
UPDATE cleanup_runs SET body = jsonb_set(body, '{definition,display_name}', '"(erased)"') WHERE run_id = ANY(%s)

-- name: insert_erasure_certificate
INSERT INTO erasure_certificates (record, revision, body) VALUES (%s, %s, %s)

-- name: erasure_certificate
SELECT c.body, a.hash FROM erasure_certificates c JOIN audit_entries a ON a.revision = c.revision WHERE c.record = %s

-- name: certificates_and_entries
SELECT c.revision, c.body, coalesce(a.detail, '')
FROM erasure_certificates c LEFT JOIN audit_entries a ON a.revision = c.revision ORDER BY c.revision

-- name: changes_about
SELECT revision, ordinal, time, type, record, payload FROM changes
WHERE (record = %(name)s AND record <> '')
   OR ((cardinality(subjects) > 1 OR type = 'RECORD_ERASED') AND subjects @> ARRAY[%(name)s])
ORDER BY revision, ordinal

-- name: proposals_about
SELECT body FROM proposals WHERE ever_golden_ids && %(golden_ids)s::text[] ORDER BY create_time, proposal_id

-- name: merges_about
SELECT body FROM merges
WHERE survivor_id = ANY(%(golden_ids)s::text[])
   OR merge_id IN (SELECT merge_id FROM merged_golden_records WHERE golden_id = ANY(%(golden_ids)s::text[]))
ORDER BY execute_time, merge_id

-- name: distinctions_about
SELECT body FROM distinctions WHERE distinction_id IN (
    SELECT distinction_id FROM distinction_records
    WHERE source = %(source)s AND source_record_id = %(source_record_id)s
) ORDER BY create_time, distinction_id

-- name: intakes_about
SELECT revision, ordinal, time, caller, action, step, source, source_record_id, account, principal, function, team,
       queue, partner, rule, rung, policy_version
FROM intakes WHERE source = %(source)s AND source_record_id = %(source_record_id)s ORDER BY revision, ordinal

-- name: audit_about
SELECT revision, time, actor, action, targets, detail, changes_digest, previous_hash, hash
FROM audit_entries WHERE %(name)s = ANY(targets) ORDER BY revision

-- name: answers_about
SELECT principal, method, create_time, answer FROM request_answers
WHERE answer IS NOT NULL AND cardinality(subjects) > 0 AND subjects @> ARRAY[%(name)s] ORDER BY create_time

-- name: lead_state_about
SELECT row_to_json(s)::text FROM lead_states s WHERE record_no = %(record_no)s

-- name: drop_old_changes
-- Those that the ledger says are dropped; what was acknowledged of them goes too.
WITH old AS (
    SELECT revision, ordinal FROM changes WHERE revision <= (SELECT dropped_upto FROM ledger_head) ORDER BY revision, ordinal LIMIT %(limit)s
), unsaid AS (
    DELETE FROM acknowledgements a USING old WHERE a.revision = old.revision AND a.ordinal = old.ordinal
), dropped AS (
    DELETE FROM changes c USING old WHERE c.revision = old.revision AND c.ordinal = old.ordinal RETURNING 1
)
SELECT count(*) FROM dropped

-- name: last_revision_before
-- By time alone, so that one look at its index is enough however many changes there are.
SELECT coalesce((SELECT revision FROM changes WHERE time < %s ORDER BY time DESC LIMIT 1), 0)

-- name: set_dropped_upto
UPDATE ledger_head SET dropped_upto = greatest(dropped_upto, %s)

-- name: touched_records_since
-- The same as `touched_record_nos` where the changes are no longer kept: each record at its last write.
SELECT revision, array_agg(record_no ORDER BY record_no) FROM records
WHERE revision > %(after)s AND (SELECT dropped_upto FROM ledger_head) > %(after)s
GROUP BY revision ORDER BY revision LIMIT %(limit)s

-- name: untidied_erasures
SELECT revision FROM erasure_certificates WHERE NOT tidied

-- name: clear_statistics_of_empty
-- ANALYZE leaves what it knew of a table or an index that has no rows any more.
SELECT pg_clear_attribute_stats(s.schemaname::text, s.tablename::text, s.attname::text, s.inherited)
FROM pg_stats s
JOIN pg_class c ON c.relname = s.tablename AND c.relnamespace = current_schema()::regnamespace
WHERE s.schemaname = current_schema() AND c.reltuples = 0

-- name: erasures_tidied
UPDATE erasure_certificates SET tidied = true WHERE revision = ANY(%s)

-- name: tidying
SELECT pg_try_advisory_lock(7310015)

-- name: drop_old_intakes
WITH dropped AS (DELETE FROM intakes WHERE time < %(before)s RETURNING 1) SELECT count(*) FROM dropped

-- name: forget_old_comments
-- Of proposals that ended before then, and with them what was voted with.
WITH old AS (
    SELECT proposal_id FROM proposals
    WHERE end_time < %(before)s
      AND (body ->> 'comment' <> '' OR body ->> 'closing_comment' <> '' OR body -> 'decision' <> 'null'
           OR EXISTS (SELECT FROM votes v WHERE v.proposal_id = proposals.proposal_id AND v.comment <> ''))
    ORDER BY proposal_id LIMIT %(limit)s FOR NO KEY UPDATE SKIP LOCKED
), silent AS (
    UPDATE votes SET comment = '' FROM old WHERE votes.proposal_id = old.proposal_id AND comment <> ''
), forgotten AS (
    UPDATE proposals SET body = body || '{"comment": "", "closing_comment": "", "decision": null}'
    FROM old WHERE proposals.proposal_id = old.proposal_id RETURNING 1
)
SELECT count(*) FROM forgotten

-- name: drop_old_cleanup_items
-- Of runs that ended before then: what they found and how strongly it hung together. What became of it stays with its
-- proposals and merges.
WITH dropped AS (
    DELETE FROM cleanup_items
    WHERE run_id IN (SELECT run_id FROM cleanup_runs WHERE end_time < %(before)s) RETURNING 1
)
SELECT count(*) FROM dropped

-- name: forget_deleted_jobs
-- Nobody can see the items of a job that was deleted, once its last run has ended.
WITH dropped AS (
    DELETE FROM cleanup_items WHERE run_id IN (
        SELECT r.run_id FROM cleanup_jobs j JOIN cleanup_runs r ON r.job_id = j.job_id
        WHERE j.delete_time IS NOT NULL
          AND NOT EXISTS (SELECT FROM cleanup_runs a WHERE a.job_id = j.job_id AND a.end_time IS NULL)
    ) RETURNING 1
)
SELECT count(*) FROM dropped

-- name: last_published_head
-- When a head was last published and by which revision; before the first, when the first entry was written.
SELECT revision, time FROM changes WHERE type = 'AUDIT_HEAD_PUBLISHED'
UNION ALL
(SELECT 0, time FROM audit_entries ORDER BY revision LIMIT 1)
ORDER BY revision DESC LIMIT 1

-- name: published_heads
SELECT payload FROM changes WHERE type = 'AUDIT_HEAD_PUBLISHED' ORDER BY revision
