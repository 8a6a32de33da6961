-- What the tokens of people last said of their roles, so that a decision knows them when they do not call.

CREATE TABLE principal_roles (
    principal   text PRIMARY KEY,
    -- Those that the newest token said, as it spells them.
    roles       text[] NOT NULL,
    issued_time timestamptz NOT NULL,
    -- Of the last call that carried them.
    seen_time   timestamptz NOT NULL
);
CREATE INDEX principal_roles_seen ON principal_roles (seen_time);
