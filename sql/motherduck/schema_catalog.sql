-- The catalog: which entity types and fields there are, what the schema was at each version, what waits for a person, and what was
-- asked. Discovery writes the first four, the API the others.
--
-- Every statement can be run any number of times. All times are UTC, as TIMESTAMP.

-- An entity type: a label that a question of an annotated dataset gives.
CREATE TABLE IF NOT EXISTS entity_types (
    dataset           VARCHAR NOT NULL,
    question          VARCHAR NOT NULL,
    label             VARCHAR NOT NULL,
    -- The name under which it's catalogued: its own, or that of the type it was merged into.
    canonical_name    VARCHAR NOT NULL,
    status            VARCHAR NOT NULL CHECK (status IN ('approved', 'flagged', 'merged', 'rejected')),
    description       VARCHAR,
    -- Submitted responses count; suggestions are counted apart.
    occurrence_count  BIGINT NOT NULL,
    suggestion_count  BIGINT NOT NULL,
    record_count      BIGINT NOT NULL,
    examples          JSON NOT NULL,
    first_seen        TIMESTAMP NOT NULL,
    last_seen         TIMESTAMP NOT NULL,
    discovered_by     UUID NOT NULL,
    PRIMARY KEY (dataset, question, label)
);

-- A field: a column of a source table of structured data.
CREATE TABLE IF NOT EXISTS field_definitions (
    source_table      VARCHAR NOT NULL,
    column_name       VARCHAR NOT NULL,
    canonical_name    VARCHAR NOT NULL,
    status            VARCHAR NOT NULL CHECK (status IN ('approved', 'flagged', 'merged', 'rejected')),
    description       VARCHAR,
    -- The narrowest type that all values have, as DuckDB spells it, and the shares of values that parse as each.
    data_type         VARCHAR NOT NULL,
    type_evidence     JSON NOT NULL,
    nullable          BOOLEAN NOT NULL,
    -- Rows with a value.
    occurrence_count  BIGINT NOT NULL,
    null_count        BIGINT NOT NULL,
    distinct_estimate BIGINT NOT NULL,
    min_value         VARCHAR,
    max_value         VARCHAR,
    examples          JSON NOT NULL,
    first_seen        TIMESTAMP NOT NULL,
    last_seen         TIMESTAMP NOT NULL,
    discovered_by     UUID NOT NULL,
    PRIMARY KEY (source_table, column_name)
);

-- The schema at each version: immutable, and content-addressed. Counts, times and descriptions are no part of the content.
CREATE TABLE IF NOT EXISTS schema_snapshots (
    version           INTEGER PRIMARY KEY,
    parent_version    INTEGER,
    created_at        TIMESTAMP NOT NULL,
    -- SHA-256 of the content, in hexadecimal.
    content_hash      VARCHAR NOT NULL,
    -- Canonical JSON of all approved items and their aliases.
    content           VARCHAR NOT NULL,
    -- What changed since the parent, with the kind of change and its compatibility.
    diff              JSON NOT NULL,
    -- The last commit that it takes in, and the loads that caused it.
    commit_seq        BIGINT NOT NULL,
    lineage           JSON NOT NULL
);

-- Items that look like one that exists, and what was decided. An undone decision is a row of its own.
CREATE TABLE IF NOT EXISTS entity_conflicts (
    conflict_id       UUID PRIMARY KEY,
    kind              VARCHAR NOT NULL CHECK (kind IN ('entity_type', 'field')),
    item              JSON NOT NULL,
    similar_item      JSON NOT NULL,
    score             DOUBLE NOT NULL CHECK (score BETWEEN 0 AND 1),
    evidence          JSON NOT NULL,
    suggestion        VARCHAR NOT NULL,
    status            VARCHAR NOT NULL CHECK (status IN ('open', 'merged', 'kept_both', 'renamed', 'rejected')),
    opened_at         TIMESTAMP NOT NULL,
    decided_at        TIMESTAMP,
    decided_by        VARCHAR,
    reason            VARCHAR
);

-- Every query that ran through the API.
CREATE TABLE IF NOT EXISTS query_executions (
    execution_id      UUID NOT NULL,
    executed_at       TIMESTAMP NOT NULL,
    executed_by       VARCHAR NOT NULL,
    sql_text          VARCHAR NOT NULL,
    -- Of the syntax tree: the same for queries that differ only in blanks and comments.
    ast_hash          VARCHAR NOT NULL,
    mode              VARCHAR NOT NULL CHECK (mode IN ('live', 'snapshot', 'time_travel')),
    schema_version    INTEGER NOT NULL,
    commit_seq        BIGINT NOT NULL,
    parameters        JSON,
    report_id         UUID,
    milliseconds      BIGINT NOT NULL,
    row_count         BIGINT,
    truncated         BOOLEAN,
    -- Blind to the order of rows, unless the query gives one.
    result_hash       VARCHAR,
    -- NULL where it succeeded.
    error_class       VARCHAR
);

-- Saved reports: a query with the point in time that it's pinned to, and what it gave then.
CREATE TABLE IF NOT EXISTS saved_queries (
    report_id         UUID PRIMARY KEY,
    name              VARCHAR NOT NULL,
    description       VARCHAR,
    sql_text          VARCHAR NOT NULL,
    ast_hash          VARCHAR NOT NULL,
    parameters        JSON,
    schema_version    INTEGER NOT NULL,
    commit_seq        BIGINT NOT NULL,
    -- Columns, row count and order-blind hash of the pinned result; and the result itself, if it's small.
    fingerprint       JSON,
    kept_result       JSON,
    -- A person says that the query answers its question: it serves as an example.
    verified          BOOLEAN NOT NULL DEFAULT false,
    created_at        TIMESTAMP NOT NULL,
    created_by        VARCHAR NOT NULL,
    updated_at        TIMESTAMP NOT NULL,
    deleted_at        TIMESTAMP
);

-- Version 1: nothing is known yet.
INSERT INTO schema_snapshots
SELECT 1, NULL, make_timestamp(epoch_us(now())), sha256(empty.content), empty.content, '[]', 0, '[]'
FROM (SELECT '{"entity_types":[],"fields":[]}' AS content) AS empty
WHERE NOT EXISTS (SELECT 1 FROM schema_snapshots);
