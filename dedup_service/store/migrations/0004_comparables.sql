-- What matching compares of an active record, as prepared when it was written: a rebuild of the blocking index
-- need not prepare it again. Eight bytes that name the way of preparing it, then the packed comparable.
ALTER TABLE records ADD COLUMN comparable bytea;
