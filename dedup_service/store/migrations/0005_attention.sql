-- One row for each active lead record: what its facts come to, so that attention and the study of dead leads need
-- not read a million records. Whoever writes here holds the ledger head, so no two writers ever meet.
CREATE TABLE lead_states (
    record_no         bigint PRIMARY KEY REFERENCES records,
    source            text NOT NULL,
    owner             text NOT NULL,
    function          text NOT NULL,
    queue             text NOT NULL,
    -- Whether the lead has joined a contact or account: then nobody works it any more (domain 8.5).
    history           boolean NOT NULL,
    -- As last told, by a write of the record or by a change of its own. DEAD is so whatever the time; whether one
    -- that is not is LIVE or NAME at some moment, requested_time and the policy say.
    lead_class        text NOT NULL CHECK (lead_class IN ('LIVE', 'NAME', 'DEAD')),
    requested_time    timestamptz,
    touch_time        timestamptz,
    -- The touch after which the last breach of the service level was told.
    told_touch_time   timestamptz,
    disqualified_time timestamptz,
    age_days          integer,
    -- Free texts, each with a number that is the same however the text is cased.
    reason            text NOT NULL,
    reason_key        bigint NOT NULL,
    step              text NOT NULL,
    step_key          bigint NOT NULL,
    lead_source       text NOT NULL,
    lead_source_key   bigint NOT NULL
);
-- Who waits longest, in all and for one owner. A touch is never before the request, so the oldest that can be LIVE
-- bounds the scan from below.
CREATE INDEX lead_states_touch ON lead_states (touch_time, record_no)
    WHERE lead_class <> 'DEAD' AND NOT history AND requested_time IS NOT NULL;
CREATE INDEX lead_states_owner ON lead_states (owner, touch_time, record_no)
    WHERE lead_class <> 'DEAD' AND NOT history AND requested_time IS NOT NULL;
-- Breaches that nobody was told of yet are among these.
CREATE INDEX lead_states_untold ON lead_states (touch_time, record_no)
    WHERE lead_class <> 'DEAD' AND NOT history AND requested_time IS NOT NULL
      AND (told_touch_time IS NULL OR told_touch_time < touch_time);
-- Whose class is no longer the one last told.
CREATE INDEX lead_states_requested ON lead_states (lead_class, requested_time)
    WHERE lead_class <> 'DEAD' AND requested_time IS NOT NULL;

-- Moving a lead from one golden record to another keeps `history` true; this does where a golden record becomes of
-- another kind, as in a conversion.
CREATE FUNCTION keep_lead_history() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    UPDATE lead_states SET history = NEW.kind <> 'LEAD'
    FROM records WHERE records.golden_id = NEW.golden_id AND lead_states.record_no = records.record_no;
    RETURN NULL;
END
$$;
CREATE TRIGGER keep_lead_history AFTER UPDATE OF kind ON golden_records FOR EACH ROW
WHEN (OLD.kind <> NEW.kind) EXECUTE FUNCTION keep_lead_history();

-- Records that were written before this table are taken up in pieces, by the service while it runs.
CREATE TABLE lead_states_awaited (
    only_row boolean PRIMARY KEY DEFAULT true CHECK (only_row),
    after_no bigint NOT NULL,
    last_no  bigint NOT NULL
);
INSERT INTO lead_states_awaited (after_no, last_no) SELECT 0, max(record_no) FROM records HAVING count(*) > 0;
