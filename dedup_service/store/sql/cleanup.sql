-- name: save_cleanup_job
INSERT INTO cleanup_jobs (job_id, creator, paused, next_run_time, create_time, delete_time, revision, body)
VALUES (%(id)s, %(creator)s, %(paused)s, %(next_run_time)s, %(create_time)s, %(delete_time)s, %(revision)s, %(body)s)
ON CONFLICT (job_id) DO UPDATE SET
    paused = excluded.paused, next_run_time = excluded.next_run_time, delete_time = excluded.delete_time,
    revision = excluded.revision, body = excluded.body

-- name: cleanup_job
SELECT body FROM cleanup_jobs WHERE job_id = %s

-- name: count_cleanup_jobs
SELECT count(*) FROM cleanup_jobs WHERE delete_time IS NULL

-- name: due_cleanup_jobs
SELECT body FROM cleanup_jobs WHERE next_run_time <= %(now)s ORDER BY next_run_time, job_id LIMIT %(limit)s

-- name: insert_cleanup_run
INSERT INTO cleanup_runs (run_id, job_id, state, create_time, body, progress)
VALUES (%(id)s, %(job_id)s, 'QUEUED', %(create_time)s, %(body)s, %(progress)s)

-- name: cleanup_run
SELECT state, wait_time, body, progress FROM cleanup_runs WHERE run_id = %s

-- name: lock_cleanup_run
SELECT state, wait_time, body, progress, wish FROM cleanup_runs WHERE run_id = %s FOR UPDATE

-- name: lock_leased_cleanup_run
SELECT state, wait_time, body, progress, wish FROM cleanup_runs
WHERE run_id = %(run_id)s AND state = 'RUNNING' AND lease_holder = %(holder)s FOR UPDATE

-- name: active_cleanup_run
SELECT run_id FROM cleanup_runs WHERE job_id = %s AND end_time IS NULL

-- name: active_cleanup_runs
SELECT run_id FROM cleanup_runs WHERE end_time IS NULL

-- name: last_succeeded_cleanup_run
SELECT state, wait_time, body, progress FROM cleanup_runs
WHERE job_id = %s AND state = 'SUCCEEDED' ORDER BY end_time DESC LIMIT 1

-- name: last_measured_cleanup_run
SELECT state, wait_time, body, progress FROM cleanup_runs
WHERE state = 'SUCCEEDED' AND (body -> 'counts' ->> 'records')::bigint > 0 ORDER BY end_time DESC LIMIT 1

-- name: wish_of_cleanup_run
UPDATE cleanup_runs SET wish = %(wish)s WHERE run_id = %(run_id)s

-- name: move_cleanup_run
-- Out of the hands of any worker.
UPDATE cleanup_runs SET
    state = %(state)s, wish = '', lease_holder = '', lease_time = NULL, wait_time = %(wait_time)s,
    end_time = %(end_time)s, body = %(body)s, take_count = 0
WHERE run_id = %(run_id)s

-- name: save_cleanup_run
UPDATE cleanup_runs SET body = %(body)s, take_count = 0 WHERE run_id = %(run_id)s

-- name: lock_leases
SELECT pg_advisory_xact_lock(7310014)

-- name: take_cleanup_lease
UPDATE cleanup_runs SET
    state = 'RUNNING', lease_holder = %(holder)s, lease_time = clock_timestamp() + %(lease)s,
    take_count = take_count + 1
WHERE run_id = (
    SELECT run_id FROM cleanup_runs
    WHERE end_time IS NULL
      AND (state = 'QUEUED'
           OR state = 'WAITING' AND wait_time <= clock_timestamp()
           OR state = 'RUNNING' AND lease_time < clock_timestamp())
    ORDER BY create_time, run_id LIMIT 1 FOR UPDATE
)
  AND (SELECT count(*) FROM cleanup_runs WHERE end_time IS NULL AND lease_time >= clock_timestamp()) < %(most)s
RETURNING run_id, take_count

-- name: runs_to_take
SELECT count(*) FILTER (WHERE state = 'QUEUED' OR state = 'WAITING' AND wait_time <= clock_timestamp()
                           OR state = 'RUNNING' AND lease_time < clock_timestamp()),
       count(*) FILTER (WHERE lease_time >= clock_timestamp())
FROM cleanup_runs WHERE end_time IS NULL

-- name: beat_cleanup_lease
UPDATE cleanup_runs SET lease_time = clock_timestamp() + %(lease)s, progress = %(progress)s
WHERE run_id = %(run_id)s AND state = 'RUNNING' AND lease_holder = %(holder)s
RETURNING wish

-- name: leave_cleanup_lease
UPDATE cleanup_runs SET lease_time = clock_timestamp(), take_count = take_count - 1
WHERE run_id = %(run_id)s AND state = 'RUNNING' AND lease_holder = %(holder)s

-- name: drop_cleanup_items
DELETE FROM cleanup_items WHERE run_id = %s

-- name: copy_cleanup_items
COPY cleanup_items (run_id, item_no, job_id, golden_ids, is_review, match_weight_bits, match_probability) FROM STDIN

-- name: cleanup_items
SELECT item_no, golden_ids, stage, coalesce(proposal_id, ''), is_canary FROM cleanup_items
WHERE run_id = %(run_id)s AND stage = %(stage)s AND (NOT %(canary)s OR is_canary)
ORDER BY item_no LIMIT %(limit)s

-- name: count_cleanup_items
SELECT count(*) FROM cleanup_items WHERE run_id = %(run_id)s AND stage = %(stage)s AND (NOT %(canary)s OR is_canary)

-- name: mark_canary_items
UPDATE cleanup_items SET is_canary = true WHERE run_id = %s AND item_no = ANY(%s)

-- name: settle_cleanup_items
UPDATE cleanup_items AS i SET
    stage = s.stage, reason = s.reason, proposal_id = coalesce(nullif(s.proposal_id, ''), i.proposal_id),
    taken_up = i.taken_up OR s.taken_up, merge_id = nullif(s.merge_id, ''),
    merge_time = CASE WHEN s.merge_id <> '' THEN %(time)s::timestamptz END,
    owners = s.owners::text[], sources = s.sources::text[]
FROM unnest(%(nos)s::integer[], %(stages)s::text[], %(reasons)s::text[], %(proposals)s::text[], %(taken_up)s::boolean[],
            %(merges)s::text[], %(owners)s::text[], %(sources)s::text[])
    AS s (item_no, stage, reason, proposal_id, taken_up, merge_id, owners, sources)
WHERE i.run_id = %(run_id)s AND i.item_no = s.item_no

-- name: skip_found_cleanup_items
WITH skipped AS (
    UPDATE cleanup_items SET stage = 'SKIPPED', reason = %(reason)s
    WHERE run_id = %(run_id)s AND stage = 'FOUND'
    RETURNING item_no
)
SELECT count(*) FROM skipped

-- name: open_proposals_of_cleanup_job
SELECT count(*) FROM proposals p
WHERE p.state IN ('PENDING', 'APPROVED')
  AND EXISTS (SELECT FROM cleanup_items i WHERE i.proposal_id = p.proposal_id AND i.job_id = %s)

-- name: is_proposal_of_cleanup_job
SELECT EXISTS (SELECT FROM cleanup_items WHERE proposal_id = %(proposal_id)s AND job_id = %(job_id)s)

-- name: cleanup_merges_since
SELECT what, name, count(*) FROM (
    SELECT 'all' AS what, '' AS name FROM cleanup_items WHERE job_id = %(job_id)s AND merge_time >= %(since)s
    UNION ALL
    -- Whoever a record is of, it makes no difference to them which job it was.
    SELECT 'owner', unnest(owners) FROM cleanup_items WHERE merge_time >= %(since)s
    UNION ALL
    SELECT 'source', unnest(sources) FROM cleanup_items WHERE merge_time >= %(since)s
) AS merged GROUP BY what, name

-- name: cleanup_opinions
-- Rejected, and decided by people at all; undone, and merged by the run.
SELECT i.run_id,
       count(*) FILTER (WHERE p.state IN ('REJECTED', 'WITHDRAWN')),
       count(*) FILTER (WHERE p.state IN ('REJECTED', 'WITHDRAWN')
                           OR i.merge_id IS NULL AND (p.state = 'EXECUTED' OR p.state = 'APPROVED' AND p.voters <> '{}')),
       count(*) FILTER (WHERE m.state = 'UNDONE'),
       count(m.merge_id)
FROM cleanup_items i
JOIN proposals p ON p.proposal_id = i.proposal_id
LEFT JOIN merges m ON m.merge_id = i.merge_id
WHERE i.run_id = ANY(%s) AND i.proposal_id IS NOT NULL
GROUP BY i.run_id

-- name: runs_by_schedule
-- The runs of a job that its schedule has started since somebody last started one, and that one.
SELECT run_id FROM cleanup_runs
WHERE job_id = %(job_id)s AND create_time >= coalesce(
    (SELECT max(create_time) FROM cleanup_runs WHERE job_id = %(job_id)s AND body ->> 'requested_by' <> %(by)s),
    '-infinity')

-- name: is_erased_since
SELECT EXISTS (SELECT FROM changes WHERE type = 'RECORD_ERASED' AND revision > %s)
