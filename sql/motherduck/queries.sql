-- Verified queries, which show a language model how questions are answered here, and what models were asked. It's applied after
-- outbox.sql.
--
-- Every statement can be run any number of times. All times are UTC, as TIMESTAMP.

-- What happened to verified queries: append-only. A query that was withdrawn stays in it.
CREATE TABLE IF NOT EXISTS verified_query_events (
    query_id          UUID NOT NULL,
    recorded_at       TIMESTAMP NOT NULL,
    -- Whose token it was.
    recorded_by       VARCHAR NOT NULL,
    event             VARCHAR NOT NULL CHECK (event IN ('verified', 'withdrawn')),
    -- Of `verified`:
    question          VARCHAR,
    sql_text          VARCHAR,
    ast_hash          VARCHAR,
    note              VARCHAR,
    schema_version    BIGINT
);

-- Verified queries that nobody has withdrawn.
CREATE OR REPLACE VIEW verified_queries AS
    SELECT query_id, question, sql_text, ast_hash, note, recorded_by AS verified_by, recorded_at AS verified_at, schema_version
    FROM verified_query_events AS e
    WHERE event = 'verified'
      AND NOT EXISTS (FROM verified_query_events AS w WHERE w.query_id = e.query_id AND w.event = 'withdrawn')
    -- An event that was sent twice.
    QUALIFY row_number() OVER (PARTITION BY query_id ORDER BY recorded_at) = 1;

-- Questions that a language model was asked, and what became of each: append-only, a row before and a row after.
CREATE TABLE IF NOT EXISTS generation_events (
    generation_id     UUID NOT NULL,
    recorded_at       TIMESTAMP NOT NULL,
    recorded_by       VARCHAR NOT NULL,
    event             VARCHAR NOT NULL CHECK (event IN ('asked', 'answered', 'failed')),
    question          VARCHAR NOT NULL,
    model             VARCHAR NOT NULL,
    schema_version    BIGINT NOT NULL,
    -- Prompts that were sent.
    attempts          INTEGER NOT NULL,
    sql_text          VARCHAR,
    detail            VARCHAR
);
