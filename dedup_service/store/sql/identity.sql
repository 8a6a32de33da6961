-- name: save_roles
-- The newest token counts; of two that were issued in one second what both say.
INSERT INTO principal_roles AS known (principal, roles, issued_time, seen_time)
VALUES (%(principal)s, %(roles)s, to_timestamp(%(issued)s), to_timestamp(%(seen)s))
ON CONFLICT (principal) DO UPDATE SET
    roles = CASE
        WHEN excluded.issued_time > known.issued_time THEN excluded.roles
        WHEN excluded.issued_time < known.issued_time THEN known.roles
        ELSE ARRAY(SELECT unnest(excluded.roles) INTERSECT SELECT unnest(known.roles))
    END,
    issued_time = greatest(excluded.issued_time, known.issued_time),
    seen_time = CASE
        WHEN excluded.issued_time < known.issued_time THEN known.seen_time
        ELSE greatest(excluded.seen_time, known.seen_time)
    END
RETURNING principal, roles, extract(epoch FROM issued_time)::float8, extract(epoch FROM seen_time)::float8

-- name: roles_seen_since
SELECT principal, roles, extract(epoch FROM issued_time)::float8, extract(epoch FROM seen_time)::float8
FROM principal_roles
WHERE seen_time >= to_timestamp(%(since)s)
