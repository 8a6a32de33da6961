-- name: insert_scoring_model
INSERT INTO scoring_models (version, state, origin, parameters, evaluation, create_time, revision)
VALUES (%(version)s, 'CANDIDATE', %(origin)s, %(parameters)s, %(evaluation)s, %(create_time)s, %(revision)s)

-- name: active_scoring_model_version
SELECT version FROM scoring_models WHERE state = 'ACTIVE'

-- name: scoring_model
SELECT version, state, origin, evaluation, create_time, activate_time, revision, parameters
FROM scoring_models WHERE version = %s

-- name: scoring_models
SELECT version, state, origin, evaluation, create_time, activate_time, revision, ''
FROM scoring_models ORDER BY number DESC

-- name: retire_scoring_model
UPDATE scoring_models SET state = 'RETIRED' WHERE state = 'ACTIVE'

-- name: activate_scoring_model
UPDATE scoring_models SET state = 'ACTIVE', activate_time = %(time)s WHERE version = %(version)s

-- name: delete_scoring_model
DELETE FROM scoring_models WHERE version = %s
