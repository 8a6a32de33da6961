-- name: proposal
SELECT body FROM proposals WHERE proposal_id = %s

-- name: lock_proposal
SELECT body FROM proposals WHERE proposal_id = %s FOR UPDATE

-- name: open_proposals_of
SELECT body FROM proposals WHERE open AND golden_ids && %s::text[] ORDER BY proposal_id

-- name: open_proposal_for
SELECT proposal_id FROM proposals WHERE open AND golden_ids = %s::text[]

-- name: refused_member_sets
-- What was merged and undone again was refused, too.
SELECT golden_ids FROM proposals p
WHERE golden_ids && %s::text[]
  AND (state IN ('REJECTED', 'WITHDRAWN')
       OR state = 'EXECUTED'
          AND EXISTS (SELECT FROM merges m WHERE m.proposal_id = p.proposal_id AND m.state = 'UNDONE'))

-- name: votes_of
SELECT proposal_id, principal, function, on_behalf_of, decision, plan_hash, comment, time, impact
FROM votes WHERE proposal_id = ANY(%s) ORDER BY vote_no

-- name: save_proposal
INSERT INTO proposals
    (proposal_id, state, type, impact, missing_functions, proposer, golden_ids, ever_golden_ids, survivor_id,
     kind, revision, create_time, impact_rank, due_time, expire_time, escalate_time, escalated_to, voters,
     verdict, sources, owners, body)
VALUES (%(id)s, %(state)s, %(type)s, %(impact)s, %(missing)s, %(proposer)s, %(golden_ids)s, %(golden_ids)s,
        %(survivor_id)s, %(kind)s, %(revision)s, %(create_time)s, %(impact_rank)s, %(due_time)s, %(expire_time)s,
        %(escalate_time)s, %(escalated_to)s, %(voters)s, %(verdict)s, %(sources)s, %(owners)s, %(body)s)
ON CONFLICT (proposal_id) DO UPDATE SET
    state = excluded.state, impact = excluded.impact, missing_functions = excluded.missing_functions,
    type = excluded.type, golden_ids = excluded.golden_ids,
    ever_golden_ids = ARRAY(SELECT DISTINCT unnest(proposals.ever_golden_ids || excluded.golden_ids)),
    survivor_id = excluded.survivor_id,
    kind = excluded.kind, revision = excluded.revision, impact_rank = excluded.impact_rank,
    due_time = excluded.due_time, expire_time = excluded.expire_time, escalate_time = excluded.escalate_time,
    escalated_to = excluded.escalated_to, voters = excluded.voters, verdict = excluded.verdict,
    sources = excluded.sources, owners = excluded.owners, body = excluded.body

-- name: add_vote
INSERT INTO votes (proposal_id, principal, function, on_behalf_of, decision, plan_hash, comment, time, impact)
VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s)

-- name: overdue_proposals
-- Ids first: bodies are read for those of the page alone.
SELECT body FROM (
    SELECT proposal_id, due_time FROM proposals
    WHERE state = 'PENDING'
      AND ((due_time <= %(now)s AND escalate_time IS NULL) OR expire_time <= %(now)s)
    ORDER BY due_time, proposal_id LIMIT %(limit)s
) AS overdue JOIN proposals USING (proposal_id)
ORDER BY overdue.due_time, proposal_id

-- name: delegation
SELECT body FROM delegations WHERE delegation_id = %s

-- name: delegations_holding
SELECT body FROM delegations WHERE start_time <= %(now)s AND end_time > %(now)s ORDER BY delegation_id

-- name: save_delegation
INSERT INTO delegations (delegation_id, delegator, delegate, start_time, end_time, create_time, revision, body)
VALUES (%s, %s, %s, %s, %s, %s, %s, %s)
ON CONFLICT (delegation_id) DO UPDATE SET
    delegator = excluded.delegator, delegate = excluded.delegate, start_time = excluded.start_time,
    end_time = excluded.end_time, revision = excluded.revision, body = excluded.body

-- name: merge
SELECT body FROM merges WHERE merge_id = %s

-- name: standing_merges_of
SELECT m.body FROM merges m
WHERE m.merge_id IN (SELECT merge_id FROM merged_golden_records WHERE standing AND golden_id = ANY(%s))
ORDER BY m.revision

-- name: save_merge
INSERT INTO merges (merge_id, proposal_id, survivor_id, state, revision, execute_time, undo_time, body)
VALUES (%(id)s, %(proposal_id)s, %(survivor_id)s, %(state)s, %(revision)s, %(execute_time)s, %(undo_time)s, %(body)s)
ON CONFLICT (merge_id) DO UPDATE SET
    state = excluded.state, undo_time = excluded.undo_time, body = excluded.body

-- name: save_merged_golden_records
INSERT INTO merged_golden_records (golden_id, merge_id, standing)
SELECT golden_id, %(merge_id)s, %(standing)s FROM unnest(%(golden_ids)s::text[]) AS golden_id
ON CONFLICT (merge_id, golden_id) DO UPDATE SET standing = excluded.standing

-- name: distinction
SELECT body FROM distinctions WHERE distinction_id = %s

-- name: distinctions_between
WITH touched AS (
    SELECT DISTINCT d.distinction_id, d.side
    FROM distinction_records d
    JOIN unnest(%s::text[], %s::text[]) AS k (source, source_record_id)
        ON d.source = k.source AND d.source_record_id = k.source_record_id
)
SELECT body FROM distinctions
WHERE distinction_id IN (SELECT distinction_id FROM touched WHERE side = 'L')
  AND distinction_id IN (SELECT distinction_id FROM touched WHERE side = 'R')
ORDER BY distinction_id

-- name: insert_distinction
INSERT INTO distinctions (distinction_id, create_time, body) VALUES (%s, %s, %s)

-- name: insert_distinction_records
INSERT INTO distinction_records (distinction_id, side, source, source_record_id)
SELECT %s, side::"char", source, source_record_id
FROM unnest(%s::text[], %s::text[], %s::text[]) AS d (side, source, source_record_id)

-- name: delete_distinction
DELETE FROM distinctions WHERE distinction_id = %s
