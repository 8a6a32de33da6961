-- name: records_by_key
SELECT r.record_no, r.state, r.golden_id, r.version, r.revision, r.create_time, r.update_time, r.draft
FROM records r
JOIN unnest(%s::text[], %s::text[]) AS k (source, source_record_id)
    ON r.source = k.source AND r.source_record_id = k.source_record_id

-- name: golden_ids_by_key
SELECT DISTINCT r.golden_id
FROM records r
JOIN unnest(%s::text[], %s::text[]) AS k (source, source_record_id)
    ON r.source = k.source AND r.source_record_id = k.source_record_id

-- name: records_by_no
SELECT record_no, state, golden_id, version, revision, create_time, update_time, draft
FROM records WHERE record_no = ANY(%s)

-- name: live_records
SELECT record_no, source, source_record_id, kind, golden_id, CASE WHEN kind = 'LEAD' THEN draft END
FROM records WHERE record_no = ANY($1::bigint[]) AND state = 'ACTIVE'

-- name: records_of_goldens
SELECT record_no, state, golden_id, version, revision, create_time, update_time, draft
FROM records WHERE golden_id = ANY(%s) ORDER BY source, source_record_id

-- name: insert_golden_records
INSERT INTO golden_records (golden_id, kind, state, version, revision, create_time)
SELECT golden_id, kind, 'LIVE', 1, %(revision)s, %(time)s
FROM unnest(%(golden_ids)b::text[], %(kinds)b::text[]) AS g (golden_id, kind)

-- name: insert_records
INSERT INTO records
    (source, source_record_id, kind, state, golden_id, version, revision, create_time, update_time, draft,
     comparable)
SELECT source, source_record_id, kind, 'ACTIVE', golden_id, 1, %(revision)s, %(time)s, %(time)s, draft::jsonb,
       comparable
FROM unnest(%(sources)b::text[], %(ids)b::text[], %(kinds)b::text[], %(golden_ids)b::text[], %(drafts)b::text[],
            %(comparables)b::bytea[])
    AS r (source, source_record_id, kind, golden_id, draft, comparable)
RETURNING record_no, golden_id

-- name: update_records
UPDATE records SET
    state = n.state, version = n.version, revision = n.revision, update_time = n.update_time,
    draft = n.draft::jsonb, comparable = n.comparable
FROM unnest(%(nos)s::bigint[], %(states)s::text[], %(versions)s::bigint[], %(revisions)s::bigint[],
            %(times)s::timestamptz[], %(drafts)s::text[], %(comparables)s::bytea[])
    AS n (record_no, state, version, revision, update_time, draft, comparable)
WHERE records.record_no = n.record_no

-- name: move_members
UPDATE records SET golden_id = %s WHERE record_no = ANY(%s)

-- name: lock_goldens
SELECT golden_id FROM golden_records WHERE golden_id = ANY(%s) ORDER BY golden_id FOR NO KEY UPDATE

-- name: lock_goldens_at_once
SELECT golden_id FROM golden_records WHERE golden_id = ANY(%s) ORDER BY golden_id FOR NO KEY UPDATE NOWAIT

-- name: golden_rows
SELECT golden_id, kind, state, version, revision, create_time, successor_id, merge_id, choices
FROM golden_records WHERE golden_id = ANY(%s)

-- name: redirect_chain
WITH RECURSIVE chain AS (
    SELECT g.*, 0 AS step FROM golden_records g WHERE g.golden_id = %s
    UNION ALL
    SELECT g.*, chain.step + 1 FROM golden_records g JOIN chain ON g.golden_id = chain.successor_id
) CYCLE golden_id SET looped USING path
SELECT golden_id, kind, state, version, revision, create_time, successor_id, merge_id, choices
FROM chain WHERE NOT looped ORDER BY step

-- name: update_goldens
UPDATE golden_records SET
    kind = n.kind, state = n.state, version = n.version, revision = n.revision,
    successor_id = nullif(n.successor_id, ''), merge_id = n.merge_id, choices = n.choices::jsonb
FROM unnest(%(ids)s::text[], %(kinds)s::text[], %(states)s::text[], %(versions)s::bigint[], %(revisions)s::bigint[],
            %(successors)s::text[], %(merges)s::text[], %(choices)s::text[])
    AS n (golden_id, kind, state, version, revision, successor_id, merge_id, choices)
WHERE golden_records.golden_id = n.golden_id

-- name: index_entries_after
SELECT record_no, kind,
       CASE WHEN substring(comparable FOR 8) = %(way)b THEN substring(comparable FROM 9) END,
       CASE WHEN substring(comparable FOR 8) = %(way)b THEN NULL ELSE draft END
FROM records WHERE state = 'ACTIVE' AND record_no > %(after)s ORDER BY record_no LIMIT %(limit)s

-- name: active_record_count
SELECT count(*) FROM records WHERE state = 'ACTIVE'

-- name: record_counts
SELECT source, kind, count(*) FROM records WHERE state = 'ACTIVE' GROUP BY source, kind ORDER BY source, kind

-- name: proposal_counts
SELECT state, impact, count(*) FROM proposals GROUP BY state, impact
