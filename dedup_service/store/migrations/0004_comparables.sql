-- What matching compares of an active record, as prepared when it was written: a rebuild of the blocking index
-- need not prepare it again. Eight bytes that name the way of preparing it, then the packed comparable.
ALTER TABLE records ADD COLUMN comparable bytea;
ALTER TABLE records ADD CONSTRAINT records_comparable CHECK (state = 'ACTIVE' OR comparable IS NULL);

-- A process of the release before, which knows nothing of the column, must not leave what it was of the values
-- before: stale it would be matched by, and after an erasure it would be what was to be erased.
CREATE FUNCTION drop_stale_comparable() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    NEW.comparable := NULL;
    RETURN NEW;
END
$$;
CREATE TRIGGER records_stale_comparable BEFORE UPDATE OF draft, state ON records FOR EACH ROW
WHEN (NEW.comparable IS NOT DISTINCT FROM OLD.comparable
      AND (NEW.state <> 'ACTIVE' OR NEW.draft -> 'values' IS DISTINCT FROM OLD.draft -> 'values'))
EXECUTE FUNCTION drop_stale_comparable();
