-- What an erasure removed and where; how far retention has dropped the changes; and where heads were published.

-- One for each erased record, which is erased once. The audit entry of its revision covers its digest.
CREATE TABLE erasure_certificates (
    record   text COLLATE "C" PRIMARY KEY,
    revision bigint NOT NULL UNIQUE,
    body     jsonb NOT NULL,
    -- Whether dead rows and statistics were cleared since.
    tidied   boolean NOT NULL DEFAULT false
);
CREATE INDEX erasure_certificates_untidied ON erasure_certificates (revision) WHERE NOT tidied;

-- Changes up to this revision are no longer kept: a reader that has not got as far must read the store anew.
ALTER TABLE ledger_head ADD COLUMN dropped_upto bigint NOT NULL DEFAULT 0;
CREATE INDEX changes_time ON changes (time);

CREATE INDEX changes_published_heads ON changes (revision) WHERE type = 'AUDIT_HEAD_PUBLISHED';
-- What a check of the chain must know before it begins: who was erased when, and what was dropped.
CREATE INDEX audit_entries_forgetting ON audit_entries (revision) WHERE action IN ('EraseRecord', 'DropOldChanges');

-- Retention looks for what is old.
CREATE INDEX intakes_time ON intakes (time);
-- Erasure and export look for those of one record.
CREATE INDEX intakes_record ON intakes (source, source_record_id);
CREATE INDEX cleanup_runs_end ON cleanup_runs (end_time) WHERE end_time IS NOT NULL;
