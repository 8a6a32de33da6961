-- name: configure
SELECT set_config('lock_timeout', %s, false), set_config('statement_timeout', %s, false),
       set_config('timezone', 'UTC', false)

-- name: store_id
SELECT store_id FROM store_identity

-- name: head
SELECT revision, hash FROM ledger_head

-- name: lock_head
SELECT revision, hash, rules_no, clock_timestamp() FROM ledger_head FOR UPDATE

-- name: set_head
UPDATE ledger_head SET revision = %s, hash = %s

-- name: set_rules_no
UPDATE ledger_head SET rules_no = %s

-- name: insert_policy_version
INSERT INTO policy_versions (number, version, text, origin, author, comment, create_time, revision)
VALUES (%s, %s, %s, %s, %s, %s, %s, %s)

-- name: policy_in_force
SELECT number, version, text, origin, author, comment, create_time, revision
FROM policy_versions ORDER BY number DESC LIMIT 1

-- name: policy_version
SELECT number, version, text, origin, author, comment, create_time, revision
FROM policy_versions WHERE version = %s

-- name: insert_changes
INSERT INTO changes (revision, ordinal, time, type, record, record_nos, subjects, salt, payload, digest)
SELECT %(revision)s, ordinal, %(time)s, type, record, record_nos::bigint[], subjects::text[], salt, payload, digest
FROM unnest(%(ordinals)s::integer[], %(types)b::text[], %(records)b::text[], %(record_nos)b::text[],
            %(subjects)b::text[], %(salts)b::bytea[], %(payloads)b::bytea[], %(digests)b::text[])
    AS c (ordinal, type, record, record_nos, subjects, salt, payload, digest)

-- name: insert_audit_entry
INSERT INTO audit_entries
    (revision, time, actor, action, targets, detail, changes_digest, previous_hash, hash)
VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s)

-- name: changes_after
SELECT revision, ordinal, time, type, record, payload FROM changes
WHERE (revision, ordinal) > (%s, %s)
ORDER BY revision, ordinal
LIMIT %s

-- name: changes_of
SELECT revision, ordinal, time, type, record, payload FROM changes WHERE revision = %s ORDER BY ordinal

-- name: touched_record_nos
SELECT revision, array_agg(DISTINCT record_no ORDER BY record_no)
FROM changes, unnest(record_nos) AS record_no
WHERE revision IN (
    SELECT DISTINCT revision FROM changes
    WHERE revision > %s AND cardinality(record_nos) > 0
    ORDER BY revision LIMIT %s
)
GROUP BY revision ORDER BY revision

-- name: acknowledgements_of
SELECT revision, ordinal, source, time FROM acknowledgements
WHERE revision = ANY(%s)
ORDER BY revision, ordinal, source

-- name: acknowledge
INSERT INTO acknowledgements (revision, ordinal, source, time) VALUES (%s, %s, %s, %s)
ON CONFLICT (revision, ordinal, source) DO NOTHING

-- name: oldest_revision
-- Behind what retention has dropped, also where nothing was written since.
SELECT CASE WHEN dropped_upto > 0 THEN dropped_upto + 1 ELSE (SELECT coalesce(min(revision), 0) FROM changes) END
FROM ledger_head

-- name: lock_requests
-- In one order, whoever locks them: two writes with the same ids never wait for one another in a circle.
SELECT pg_advisory_xact_lock(hashtextextended(%(principal)s, hash))
FROM (SELECT hashtext(id) AS hash FROM unnest(%(ids)s::text[]) AS i (id) ORDER BY 1) AS ordered

-- name: answers
SELECT request_id, method, digest, answer FROM request_answers
WHERE principal = %(principal)s AND request_id = ANY(%(ids)s)

-- name: insert_answers
INSERT INTO request_answers (principal, request_id, method, digest, answer, subjects, create_time)
SELECT %(principal)s, request_id, %(method)s, digest, answer, subjects::text[], %(time)s
FROM unnest(%(ids)s::text[], %(digests)s::text[], %(answers)b::bytea[], %(subjects)s::text[])
    AS a (request_id, digest, answer, subjects)

-- name: drop_old_answers
WITH dropped AS (DELETE FROM request_answers WHERE create_time < %(before)s RETURNING 1) SELECT count(*) FROM dropped

-- name: audit_chunk
SELECT revision, time, actor, action, targets, detail, changes_digest, previous_hash, hash
FROM audit_entries WHERE revision > %s ORDER BY revision LIMIT %s

-- name: digests_of
SELECT c.revision, c.ordinal, c.time = coalesce(a.time, c.time), c.salt, c.payload,
       c.type, c.record, c.record_nos, c.subjects, c.digest
FROM changes c LEFT JOIN audit_entries a ON a.revision = c.revision
WHERE (c.revision, c.ordinal) > (%s, %s) AND c.revision <= %s
ORDER BY c.revision, c.ordinal LIMIT %s

-- name: erased_names
SELECT name, max(revision) FROM audit_entries, unnest(targets) AS name
WHERE action = 'EraseRecord'
GROUP BY name

-- name: dropped_details
SELECT detail FROM audit_entries WHERE action = 'DropOldChanges'
