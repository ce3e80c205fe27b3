-- Typed views and the derived tables behind them, and annotations as one row for each labelled span.
--
-- Discovery makes a view in `typed` for each source table of structured data, named as the table is (docs/decisions/0011-typed-tables.md).
-- The tables in `derived` may be dropped at any time: they are made again, and the views show the same meanwhile.
--
-- Every statement can be run any number of times. All times are UTC, as TIMESTAMP.

CREATE SCHEMA IF NOT EXISTS typed;
CREATE SCHEMA IF NOT EXISTS derived;

-- Loads that one statement had no time to bring into a derived table. They are read from JSON, and tried again a day later.
CREATE TABLE IF NOT EXISTS typed_fills_given_up (
    derived_table  VARCHAR NOT NULL,
    load_id        UUID NOT NULL,
    given_up_at    TIMESTAMP NOT NULL
);

-- The loads of a source table that are visible and have rows.
CREATE OR REPLACE MACRO typed_loads_at(at_commit, of_source) AS TABLE
    SELECT load_id, k.row_count
    FROM visible_loads_at(at_commit) AS v JOIN commits AS k USING (load_id)
    WHERE k.kind = 'load' AND k.dataset = 'structured_data' AND k.source = of_source AND k.row_count > 0;

-- Labelled spans: of annotations, what submitted responses and suggestions mark in the text, with the label as the schema calls it and
-- as the data has it. Answers of other kinds (a rating, a text) are no spans. `"end"` is the place after the last character, counted in characters from 0.
CREATE OR REPLACE MACRO entity_mentions_at(at_commit) AS TABLE
    WITH question AS (
        SELECT a.load_id, a.row_no, a.batch_id, a.dataset, a.record_id, a.document_id, a.text, a.annotated_at, q.key AS question,
               q.value AS parts
        FROM annotations_at(at_commit) AS a, json_each(a.questions) AS q
    ), answer AS (
        SELECT * EXCLUDE (parts),
               unnest(from_json(parts->'$.responses', '["JSON"]')) AS spans,
               unnest(from_json(parts->'$.status', '["VARCHAR"]')) AS status,
               unnest(from_json(parts->'$.users', '["VARCHAR"]')) AS annotator
        FROM question
    ), span AS (
        SELECT * EXCLUDE (spans, status), 'response' AS origin, CAST(NULL AS DOUBLE) AS score,
               unnest(from_json(spans, '[{"start":"BIGINT","end":"BIGINT","label":"VARCHAR"}]')) AS s
        FROM answer
        WHERE status = 'submitted' AND json_type(spans) = 'ARRAY' AND json_type(spans->'$[0]') = 'OBJECT'
        UNION ALL
        -- The score is a number for each span, or one for all.
        SELECT * EXCLUDE (parts, spans, place), 'suggestion',
               TRY_CAST(CASE json_type(parts->'$.score') WHEN 'ARRAY' THEN parts->>('$.score[' || (place - 1) || ']') ELSE parts->>'$.score' END
                        AS DOUBLE),
               spans[place]
        FROM (
            SELECT *, unnest(range(1, len(spans) + 1)) AS place
            FROM (
                SELECT *, parts->>'$.agent' AS annotator,
                       from_json(parts->'$.suggestion', '[{"start":"BIGINT","end":"BIGINT","label":"VARCHAR"}]') AS spans
                FROM question
                WHERE json_type(parts->'$.suggestion') = 'ARRAY' AND json_type(parts->'$.suggestion[0]') = 'OBJECT'
            )
        )
    )
    SELECT dataset, span.question, coalesce(r.canonical, s.label) AS label, s.label AS label_in_data, record_id, document_id, s.start AS start, s."end" AS "end",
           text[s.start + 1 : s."end"] AS mention, origin, score, annotator, annotated_at, batch_id, load_id, row_no
    FROM span
    LEFT JOIN (
        SELECT scope, question, name, canonical FROM catalog_items_at(at_commit) WHERE kind = 'entity_type' AND canonical <> name
    ) AS r ON r.scope = dataset AND r.question = span.question AND r.name = s.label
    WHERE s.label IS NOT NULL;

-- As they are. The largest BIGINT stands for "now".
CREATE OR REPLACE VIEW entity_mentions AS FROM entity_mentions_at(9223372036854775807);
