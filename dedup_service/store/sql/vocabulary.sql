-- name: vocabulary_percent
-- How much of the table must be read to see so many records; numbers are given out one by one, so the highest of
-- them bounds how many there are.
SELECT least(100.0, 100.0 * %(records)s / greatest(max(record_no), 1)) FROM records

-- name: vocabulary_counts
-- Golden records are counted and not records: somebody who stands in five systems still is one person.
WITH sampled AS MATERIALIZED (
    SELECT golden_id, draft -> 'values' AS vals
    FROM records TABLESAMPLE SYSTEM (%(percent)s)
    WHERE state = 'ACTIVE'
),
held AS (
    SELECT s.golden_id, f.field, w.word
    FROM sampled s
    CROSS JOIN unnest(%(word_fields)s::text[]) AS f (field)
    CROSS JOIN regexp_split_to_table(s.vals ->> f.field, %(between_words)s) AS w (word)
    UNION
    SELECT s.golden_id, f.field, btrim(s.vals ->> f.field)
    FROM sampled s
    CROSS JOIN unnest(%(value_fields)s::text[]) AS f (field)
),
counted AS (
    SELECT field, word, count(*) AS golden_count
    FROM held
    WHERE length(word) BETWEEN %(least_length)s AND %(most_length)s AND word !~ '[0-9]'
    GROUP BY field, word
    HAVING count(*) >= %(least_count)s
),
ranked AS (
    SELECT *, row_number() OVER (PARTITION BY field ORDER BY golden_count DESC, word) AS place FROM counted
)
SELECT field, word, golden_count FROM ranked WHERE place <= %(limit)s ORDER BY field, place
