-- Models that were trained for this store; the one that ships with the release is in no row.
CREATE TABLE scoring_models (
    number        bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    version       text NOT NULL UNIQUE,
    state         text NOT NULL CHECK (state IN ('CANDIDATE', 'ACTIVE', 'RETIRED')),
    origin        text NOT NULL,
    -- As text, so that every number is read again as it was written.
    parameters    text NOT NULL,
    -- What was found before and after it, in sentences and figures.
    evaluation    jsonb NOT NULL,
    create_time   timestamptz NOT NULL,
    activate_time timestamptz,
    revision      bigint NOT NULL
);
-- At most one is in use; with none it is the shipped one.
CREATE UNIQUE INDEX scoring_models_active ON scoring_models (state) WHERE state = 'ACTIVE';
