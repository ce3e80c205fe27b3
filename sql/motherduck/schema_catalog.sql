-- The catalog: which entity types and fields there are, what the schema was at each version, what waits for a person, and what was
-- asked. Discovery writes the first three tables, the API the others.
--
-- Every statement can be run any number of times. All times are UTC, as TIMESTAMP.

-- What each commit did to the catalog. A commit that was folded in has a row for itself (item_no 0), with what it changes in the
-- schema, and a row for each item that it touched, as the item is after it. They come in one statement: a commit is folded in once
-- and whole. The catalog at any commit is the newest row of each item up to there.
CREATE TABLE IF NOT EXISTS catalog_log (
    commit_seq        BIGINT NOT NULL,
    item_no           INTEGER NOT NULL,
    kind              VARCHAR NOT NULL CHECK (kind IN ('commit', 'entity_type', 'field')),
    -- The annotated dataset, or the source table.
    scope             VARCHAR,
    -- Empty for a field.
    question          VARCHAR,
    -- The label, or the column's name, as the data has it.
    name              VARCHAR,
    -- Flagged: it looked like another item when it was first seen.
    status            VARCHAR CHECK (status IN ('approved', 'flagged')),
    -- Whether a visible load holds it.
    is_present        BOOLEAN,
    -- The narrowest type that all values have, as DuckDB spells it; of fields that are present.
    data_type         VARCHAR,
    -- All that is known of it: counts, profile, what it looks like.
    item              JSON,
    -- What the commit changes in the schema, with the kind of change and its compatibility.
    changes           JSON,
    PRIMARY KEY (commit_seq, item_no)
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

-- Each run of discovery that found something to do.
CREATE TABLE IF NOT EXISTS discovery_runs (
    started_at        TIMESTAMP NOT NULL,
    milliseconds      BIGINT NOT NULL,
    commits_folded    BIGINT NOT NULL,
    new_entity_types  BIGINT NOT NULL,
    new_fields        BIGINT NOT NULL,
    new_conflicts     BIGINT NOT NULL,
    version_before    INTEGER NOT NULL,
    version_after     INTEGER NOT NULL
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

-- ---------------------------------------------------------------------------------------------------------------------
-- The catalog as readers see it. `…_at(n)` shows it as it is once commit n is folded in.
-- ---------------------------------------------------------------------------------------------------------------------

CREATE OR REPLACE MACRO catalog_items_at(at_commit) AS TABLE
    SELECT * EXCLUDE (item_no, changes)
    FROM catalog_log
    WHERE commit_seq <= at_commit AND item_no > 0
    QUALIFY row_number() OVER (PARTITION BY kind, scope, question, name ORDER BY commit_seq DESC) = 1;

-- Entity types: the labels that the questions of annotated datasets give. Submitted responses count; suggestions are counted apart.
CREATE OR REPLACE MACRO entity_types_at(at_commit) AS TABLE
    SELECT
        scope AS dataset, question, name AS label, status,
        CAST(item->>'$.totals.responses' AS BIGINT) AS occurrence_count,
        CAST(item->>'$.totals.suggestions' AS BIGINT) AS suggestion_count,
        CAST(item->>'$.totals.records' AS BIGINT) AS record_count,
        from_json(item->'$.totals.examples', '["VARCHAR"]') AS examples,
        make_timestamp(CAST(item->>'$.totals.first_seen' AS BIGINT)) AS first_seen,
        make_timestamp(CAST(item->>'$.totals.last_seen' AS BIGINT)) AS last_seen,
        is_present
    FROM catalog_items_at(at_commit)
    WHERE kind = 'entity_type';

-- Fields: the columns of source tables of structured data. Counts are of rows in visible loads; distinct values, range and examples are
-- of all that was ever seen.
CREATE OR REPLACE MACRO field_definitions_at(at_commit) AS TABLE
    SELECT
        scope AS source_table, name AS column_name, status, data_type,
        -- Of the rows that were looked at: how many values read as integers, dates, IMO numbers, …
        item->'$.totals.profile.evidence' AS type_evidence,
        CAST(item->>'$.totals.present' AS BIGINT) < CAST(item->>'$.totals.rows' AS BIGINT) AS nullable,
        CAST(item->>'$.totals.present' AS BIGINT) AS occurrence_count,
        CAST(item->>'$.totals.rows' AS BIGINT) - CAST(item->>'$.totals.present' AS BIGINT) AS null_count,
        CAST(item->>'$.totals.profile.distinct' AS BIGINT) AS distinct_estimate,
        item->>'$.totals.profile.min' AS min_value,
        item->>'$.totals.profile.max' AS max_value,
        from_json(item->'$.totals.profile.examples', '["VARCHAR"]') AS examples,
        make_timestamp(CAST(item->>'$.totals.first_seen' AS BIGINT)) AS first_seen,
        make_timestamp(CAST(item->>'$.totals.last_seen' AS BIGINT)) AS last_seen,
        is_present
    FROM catalog_items_at(at_commit)
    WHERE kind = 'field';

-- As they are. The largest BIGINT stands for "now".
CREATE OR REPLACE VIEW entity_types AS
    SELECT * EXCLUDE (is_present) FROM entity_types_at(9223372036854775807) WHERE is_present;
CREATE OR REPLACE VIEW field_definitions AS
    SELECT * EXCLUDE (is_present) FROM field_definitions_at(9223372036854775807) WHERE is_present;

-- Items that looked like another when they were first seen, and wait for a person. The id is made from the item: it's the same
-- wherever the log is folded anew.
CREATE OR REPLACE VIEW entity_conflicts AS
    SELECT
        CAST(md5(l.kind || chr(31) || scope || chr(31) || question || chr(31) || name) AS UUID) AS conflict_id,
        l.kind, scope, question, name,
        item->'$.similar.item' AS similar_item,
        CAST(item->>'$.similar.score' AS DOUBLE) AS score,
        item->>'$.similar.reason' AS reason,
        c.committed_at AS opened_at
    FROM (
        FROM catalog_log WHERE item_no > 0 AND status = 'flagged'
        QUALIFY row_number() OVER (PARTITION BY kind, scope, question, name ORDER BY commit_seq) = 1
    ) AS l
    JOIN commits AS c USING (commit_seq);
