-- name: written_revisions
-- How many changes since then touched records: what the blocking index may not have seen.
-- In order, so that the index of revisions is read from there on, and never the whole table up to its end.
SELECT (SELECT revision FROM ledger_head),
       CASE WHEN (SELECT dropped_upto FROM ledger_head) > %(after)s THEN %(limit)s + 1 ELSE (
            SELECT count(*) FROM (
                SELECT FROM changes WHERE revision > %(after)s AND cardinality(record_nos) > 0
                ORDER BY revision LIMIT %(limit)s + 1
            ) AS touched
        ) END

-- name: entries_written_after
SELECT record_no, kind,
       CASE WHEN substring(comparable FOR 8) = %(way)b THEN substring(comparable FROM 9) END,
       CASE WHEN substring(comparable FOR 8) = %(way)b THEN NULL ELSE draft END
FROM records
WHERE state = 'ACTIVE' AND record_no IN (
    SELECT unnest(record_nos) FROM (
        SELECT record_nos FROM changes WHERE revision > %(after)s ORDER BY revision OFFSET 0
    ) AS written
)

-- name: team_turn
SELECT principal FROM team_turns WHERE team = %s

-- name: save_team_turns
INSERT INTO team_turns (team, principal)
SELECT team, principal FROM unnest(%s::text[], %s::text[]) AS t (team, principal)
ON CONFLICT (team) DO UPDATE SET principal = excluded.principal

-- name: assignment_counts
SELECT principal, count(*) FROM intakes
WHERE principal = ANY(%s) AND principal <> '' AND action <> 'UPDATE' AND time >= %s
GROUP BY principal

-- name: insert_intakes
INSERT INTO intakes
    (revision, ordinal, time, caller, action, step, source, source_record_id, account,
     principal, function, team, queue, partner, rule, rung, policy_version)
SELECT %(revision)s, ordinal, %(time)s, %(caller)s, action, step, source, source_record_id, account,
       principal, function, team, queue, partner, rule, rung, %(policy_version)s
FROM unnest(%(ordinals)s::integer[], %(actions)s::text[], %(steps)s::text[], %(sources)s::text[], %(ids)s::text[],
            %(accounts)s::text[], %(principals)s::text[], %(functions)s::text[], %(teams)s::text[],
            %(queues)s::text[], %(partners)s::text[], %(rules)s::text[], %(rungs)s::text[])
    AS i (ordinal, action, step, source, source_record_id, account,
          principal, function, team, queue, partner, rule, rung)
