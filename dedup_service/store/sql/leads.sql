-- name: save_lead_states
INSERT INTO lead_states
    (record_no, source, owner, function, queue, history, lead_class, requested_time, touch_time,
     disqualified_time, age_days, reason, reason_key, step, step_key, lead_source, lead_source_key)
SELECT s.record_no, r.source, s.owner, s.function, s.queue, g.kind <> 'LEAD', s.lead_class, s.requested_time,
       s.touch_time, s.disqualified_time, s.age_days, s.reason, s.reason_key, s.step, s.step_key, s.lead_source,
       s.lead_source_key
FROM json_to_recordset(%(states)s::json) AS s
    (record_no bigint, version bigint, owner text, function text, queue text, lead_class text,
     requested_time timestamptz, touch_time timestamptz, disqualified_time timestamptz, age_days integer,
     reason text, reason_key bigint, step text, step_key bigint, lead_source text, lead_source_key bigint)
-- One that was written or erased since it was read is left to that write.
JOIN records r ON r.record_no = s.record_no AND r.version = s.version AND r.state = 'ACTIVE'
JOIN golden_records g ON g.golden_id = r.golden_id
ON CONFLICT (record_no) DO UPDATE SET
    owner = excluded.owner, function = excluded.function, queue = excluded.queue, history = excluded.history,
    lead_class = excluded.lead_class, requested_time = excluded.requested_time, touch_time = excluded.touch_time,
    disqualified_time = excluded.disqualified_time, age_days = excluded.age_days,
    reason = excluded.reason, reason_key = excluded.reason_key,
    step = excluded.step, step_key = excluded.step_key,
    lead_source = excluded.lead_source, lead_source_key = excluded.lead_source_key

-- name: drop_lead_states
DELETE FROM lead_states WHERE record_no = ANY(%s)

-- name: move_lead_states
UPDATE lead_states SET history = g.kind <> 'LEAD'
FROM golden_records g
WHERE g.golden_id = %s AND lead_states.record_no = ANY(%s)

-- name: changed_lead_classes
-- LIVE ones that have become dormant, and dormant ones that are LIVE under another policy.
(SELECT record_no FROM lead_states
 WHERE lead_class = 'LIVE' AND requested_time < %(asked_since)s
 ORDER BY requested_time LIMIT %(limit)s)
UNION ALL
(SELECT record_no FROM lead_states
 WHERE lead_class = 'NAME' AND requested_time >= %(asked_since)s
 ORDER BY requested_time LIMIT %(limit)s)
LIMIT %(limit)s

-- name: told_lead_classes
SELECT record_no, lead_class FROM lead_states WHERE record_no = ANY(%s)

-- name: tell_lead_classes
UPDATE lead_states SET lead_class = n.lead_class
FROM unnest(%s::bigint[], %s::text[]) AS n (record_no, lead_class)
WHERE lead_states.record_no = n.record_no

-- name: sorting
-- For this transaction.
SELECT set_config('enable_sort', %s, true)

-- name: untold_leads
-- The class is judged by the times, so that what was last told of it may be late.
SELECT s.touch_time, r.record_no, r.state, r.golden_id, r.version, r.revision, r.create_time, r.update_time, r.draft
FROM lead_states s JOIN records r USING (record_no)
WHERE s.lead_class <> 'DEAD' AND NOT s.history AND s.requested_time >= %(asked_since)s
  AND s.touch_time >= %(asked_since)s AND s.touch_time < %(touched_before)s
  AND (s.told_touch_time IS NULL OR s.told_touch_time < s.touch_time)
  AND (SELECT true FROM records m JOIN lead_states t ON t.record_no = m.record_no
       WHERE m.golden_id = r.golden_id AND t.touch_time >= %(touched_before)s LIMIT 1) IS NULL
ORDER BY s.touch_time, s.record_no LIMIT %(limit)s

-- name: tell_unattended_leads
UPDATE lead_states SET told_touch_time = touch_time WHERE record_no = ANY(%s)

-- name: lead_states_awaited
SELECT after_no, last_no FROM lead_states_awaited

-- name: awaited_records
SELECT record_no, state, golden_id, version, revision, create_time, update_time, draft
FROM records WHERE record_no > %(after)s AND record_no <= %(last)s AND kind = 'LEAD' AND state = 'ACTIVE'
ORDER BY record_no LIMIT %(limit)s

-- name: lead_states_taken_up
UPDATE lead_states_awaited SET after_no = %(upto)s WHERE after_no = %(after)s RETURNING after_no

-- name: no_lead_states_awaited
DELETE FROM lead_states_awaited WHERE after_no >= last_no

-- name: all_leads
-- Every lead with the keys of the dimensions that each has a group of.
SELECT source AS source_key,
       CASE WHEN lead_source = '' THEN '~not given' ELSE lead_source_key::text END AS lead_source_key
FROM lead_states WHERE (%(source)s = '' OR source = %(source)s)

-- name: dead_leads
-- Leads that died, with the keys of all dimensions; what a study does not ask for is not computed.
SELECT dead, unreachable, reason, step, lead_source, source AS source_key,
       CASE WHEN lead_source = '' THEN '~not given' ELSE lead_source_key::text END AS lead_source_key,
       CASE WHEN unreachable THEN '~unreachable' WHEN reason = '' THEN '~not given' ELSE reason_key::text END
           AS reason_key,
       CASE WHEN unreachable THEN '~unreachable' WHEN step = '' THEN '~not given' ELSE step_key::text END
           AS step_key,
       CASE WHEN unreachable THEN '~unreachable' WHEN age_days IS NULL THEN '~not given'
            ELSE width_bucket(age_days, %(age_bounds)s::integer[])::text END AS age_key,
       CASE WHEN unreachable THEN '~unreachable'
            ELSE to_char(disqualified_time AT TIME ZONE 'UTC', 'YYYY-MM') END AS month_key
FROM (
    -- DEAD and not because it was disqualified: then nobody can be reached. The latest request counts.
    SELECT *, lead_class = 'DEAD' AS dead,
           lead_class = 'DEAD' AND (disqualified_time IS NULL OR coalesce(requested_time > disqualified_time, false))
               AS unreachable
    FROM lead_states
) AS leads
WHERE (dead OR disqualified_time IS NOT NULL)
  AND (%(source)s = '' OR source = %(source)s)
  AND (%(start_time)s::timestamptz IS NULL OR disqualified_time >= %(start_time)s)
  AND (%(end_time)s::timestamptz IS NULL OR disqualified_time < %(end_time)s)

-- name: dead_lead_totals
SELECT count(*) FILTER (WHERE dead), count(*) FILTER (WHERE unreachable), count(*) FILTER (WHERE NOT dead),
       (SELECT count(*) FROM ({all_leads}) AS a)
FROM ({dead_leads}) AS d
