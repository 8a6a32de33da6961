-- What is counted over the whole store, so that no body is read for it; and what a golden record was.

ALTER TABLE proposals
    -- When it was carried out, voted down, withdrawn, superseded or expired. NULL while it is open.
    ADD COLUMN end_time timestamptz,
    -- Of the weakest link. NULL without one.
    ADD COLUMN weakest_probability double precision
        GENERATED ALWAYS AS ((body #>> '{weakest_link,match_probability}')::double precision) STORED;
ALTER TABLE merges ADD COLUMN undo_time timestamptz;
UPDATE proposals SET end_time = (body ->> 'update_time')::timestamptz WHERE NOT open;
UPDATE merges SET undo_time = (body ->> 'undo_time')::timestamptz WHERE state = 'UNDONE';
ALTER TABLE proposals ADD CONSTRAINT proposals_end_time CHECK (open = (end_time IS NULL));
ALTER TABLE merges ADD CONSTRAINT merges_undo_time CHECK ((state = 'UNDONE') = (undo_time IS NOT NULL));

-- A trigger, so that no way of writing a proposal leaves its end out. A write after the end does not move it.
CREATE FUNCTION keep_end_time() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NEW.state IN ('PENDING', 'APPROVED') THEN
        NEW.end_time := NULL;
    ELSIF NEW.end_time IS NULL THEN
        NEW.end_time := (NEW.body ->> 'update_time')::timestamptz;
    END IF;
    RETURN NEW;
END
$$;
CREATE TRIGGER keep_end_time BEFORE INSERT OR UPDATE OF state
ON proposals FOR EACH ROW EXECUTE FUNCTION keep_end_time();

CREATE INDEX proposals_create ON proposals (create_time);
CREATE INDEX proposals_end ON proposals (end_time) INCLUDE (state);
-- What people decided.
CREATE INDEX proposals_judged ON proposals (end_time) INCLUDE (weakest_probability, state, proposal_id)
    WHERE state IN ('EXECUTED', 'REJECTED') AND voters <> '{}';
CREATE INDEX merges_undo ON merges (undo_time) INCLUDE (proposal_id, merge_id) WHERE undo_time IS NOT NULL;
-- Who waits longest to be known to the customer master.
CREATE INDEX records_accounts ON records (create_time, record_no) INCLUDE (golden_id)
    WHERE kind = 'ACCOUNT' AND state = 'ACTIVE';

-- Every merge of a golden record, standing or undone.
CREATE INDEX merged_golden_records_golden ON merged_golden_records (golden_id);
-- The golden records that an erased change showed; empty while the payload is there, which shows them itself.
ALTER TABLE changes ADD COLUMN golden_ids text[] NOT NULL DEFAULT '{}';
-- What was erased before can only be told by where its records are now, and by the merge itself.
UPDATE changes SET golden_ids = ARRAY(
    SELECT r.golden_id FROM records r
    WHERE r.source = split_part(changes.record, '/', 2)
      AND r.source_record_id = substr(changes.record, strpos(changes.record, '/records/') + 9)
    UNION
    SELECT before ->> 'golden_id' FROM merges m, jsonb_array_elements(m.body -> 'before') AS before
    WHERE changes.type IN ('MERGED', 'UNDONE')
      AND changes.revision IN (m.revision, (m.body ->> 'undo_revision')::bigint)
)
WHERE payload IS NULL;
