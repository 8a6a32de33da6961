-- name: activity
-- All that happened since the first moment of a day, by day in UTC.
SELECT 'FOUND' AS event, (create_time AT TIME ZONE 'UTC')::date AS day, count(*)
FROM proposals WHERE create_time >= %(start)s GROUP BY 2
UNION ALL
SELECT CASE state WHEN 'EXECUTED' THEN 'MERGED' WHEN 'REJECTED' THEN 'REJECTED' ELSE 'LAPSED' END,
       (end_time AT TIME ZONE 'UTC')::date, count(*)
FROM proposals WHERE end_time >= %(start)s GROUP BY 1, 2
UNION ALL
SELECT 'UNDONE', (undo_time AT TIME ZONE 'UTC')::date, count(*)
FROM merges WHERE undo_time >= %(start)s GROUP BY 2

-- name: open_proposal_counts
SELECT state, count(*) FROM proposals WHERE end_time IS NULL GROUP BY state

-- name: queues
-- Moments are compared and not ages: an age is computed for each row, which takes longer than all the rest.
SELECT waits_for,
       count(*) FILTER (WHERE create_time > %(one_day_ago)s),
       count(*) FILTER (WHERE create_time <= %(one_day_ago)s AND create_time > %(three_days_ago)s),
       count(*) FILTER (WHERE create_time <= %(three_days_ago)s AND create_time > %(seven_days_ago)s),
       count(*) FILTER (WHERE create_time <= %(seven_days_ago)s),
       count(*) FILTER (WHERE due_time <= %(now)s),
       min(create_time),
       (SELECT proposal_id FROM waiting_proposals w WHERE w.waits_for = waiting.waits_for
        ORDER BY create_time, proposal_id LIMIT 1)
FROM waiting_proposals AS waiting WHERE waits_for = ANY(%(functions)s)
GROUP BY waits_for

-- name: calibration
-- What a person voted on: a proposal that was merged without one has no voters.
SELECT width_bucket(weakest_probability, %(bounds)s::float8[]) AS bin, avg(weakest_probability), count(*),
       count(*) FILTER (WHERE p.state = 'REJECTED'), count(m.merge_id)
FROM proposals p LEFT JOIN merges m ON m.proposal_id = p.proposal_id AND m.undo_time IS NOT NULL
WHERE p.state IN ('EXECUTED', 'REJECTED') AND p.voters <> '{}'
  AND (%(start)s::timestamptz IS NULL OR p.end_time >= %(start)s)
  AND (%(end)s::timestamptz IS NULL OR p.end_time < %(end)s)
GROUP BY bin

-- name: provisional_account_count
-- A live golden record of the kind has an active account; those that the customer master numbers are taken away.
SELECT (SELECT count(*) FROM golden_records WHERE kind = 'ACCOUNT' AND state = 'LIVE')
     - (SELECT count(DISTINCT golden_id) FROM records
        WHERE kind = 'ACCOUNT' AND state = 'ACTIVE'
          AND btrim(draft -> 'values' ->> 'customer_number', %(blanks)s) <> ''
          AND source = ANY(%(master_sources)s))

-- name: revision_time
SELECT time FROM audit_entries WHERE revision = %s

-- name: golden_changes
-- Those of records that are members now or were when a merge joined the golden record with others, and the merges.
WITH own_merges AS (
    SELECT merge_id, revision, body FROM merges WHERE survivor_id = %(golden_id)s
    UNION
    SELECT merge_id, revision, body FROM merges JOIN merged_golden_records x USING (merge_id)
    WHERE x.golden_id = %(golden_id)s
)
SELECT revision, ordinal, time, type, record, payload FROM (
    SELECT * FROM changes WHERE record <> '' AND record = ANY(ARRAY(
        SELECT 'sources/' || source || '/records/' || source_record_id FROM records
        WHERE golden_id = %(golden_id)s
        UNION
        SELECT 'sources/' || (key ->> 'source') || '/records/' || (key ->> 'source_record_id')
        FROM own_merges, jsonb_path_query(body, '$.before[*].records[*]') AS key
    ))
    UNION ALL
    SELECT * FROM changes WHERE type IN ('MERGED', 'UNDONE') AND revision = ANY(ARRAY(
        SELECT unnest(ARRAY[revision, (body ->> 'undo_revision')::bigint]) FROM own_merges
    ))
) AS found
WHERE (payload IS NOT NULL OR %(golden_id)s = ANY(golden_ids))
  AND (revision, ordinal) < (%(revision)s, %(ordinal)s)
ORDER BY revision DESC, ordinal DESC
LIMIT %(limit)s
