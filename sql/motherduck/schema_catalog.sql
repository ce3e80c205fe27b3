-- The catalog: which entity types and fields there are, what the schema was at each version, what waits for a person, and what was
-- asked. Discovery writes the first three tables, the API the others.
--
-- Every statement can be run any number of times. All times are UTC, as TIMESTAMP.

-- What each commit did to the catalog. A commit that was folded in has a row for itself (item_no 0), with what it changes in the
-- schema, and a row for each item that it touched, as the item is after it. They come in one statement: a commit is folded in once
-- and whole. The catalog at any commit is the newest row of each item up to there.
--
-- An item is what the data has: a label, or a column. Items of one scope with one canonical name are one definition of the schema. One
-- of them, the first, carries it.
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
    -- Whether it was never seen before.
    is_new            BOOLEAN,
    -- Whether a visible load holds it.
    is_present        BOOLEAN,
    -- Flagged: it looked like another item when it was first seen. Waiting: it came when the schema changed too often. Rejected: a person
    -- said that it's no part of the schema.
    status            VARCHAR CHECK (status IN ('approved', 'flagged', 'waiting', 'rejected')),
    -- What the schema calls it, if not by its name in the data.
    canonical         VARCHAR,
    -- Whether it carries the definition of its canonical name. The five columns after this one are of the definition.
    leads             BOOLEAN,
    -- The narrowest type that all values have, as DuckDB spells it; of fields.
    data_type         VARCHAR,
    -- What the values are, where nearly all are of one kind; of fields.
    meaning           VARCHAR,
    -- All names that it has in the data, its own first; NULL if that is the only one.
    names             JSON,
    -- Whether one of its items is flagged.
    flagged           BOOLEAN,
    -- Counts and profile of all its items together; NULL if this is the only one.
    totals            JSON,
    -- All that is known of the item: counts, profile, what it looks like, what was decided of it.
    item              JSON,
    -- What the commit changes in the schema, with the kind of change and its compatibility.
    changes           JSON,
    -- The commit that touched the item next: from there on, readers pass this row over. Only a hint, and never one too many: where it's
    -- NULL, readers have to compare.
    superseded_at     BIGINT,
    PRIMARY KEY (commit_seq, item_no)
);

-- The schema at each version: immutable, and content-addressed. Counts, times and descriptions are no part of the content.
CREATE TABLE IF NOT EXISTS schema_snapshots (
    version           INTEGER PRIMARY KEY,
    parent_version    INTEGER,
    created_at        TIMESTAMP NOT NULL,
    -- SHA-256 of the content, in hexadecimal.
    content_hash      VARCHAR NOT NULL,
    -- Canonical JSON of all definitions, with the names that each has in the data.
    content           VARCHAR NOT NULL,
    -- What changed since the parent, with the kind of change and its compatibility.
    diff              JSON NOT NULL,
    -- The last commit that it takes in, and the load or the decision that caused it.
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
    -- New items that wait, because the schema had changed too often within a day.
    waiting           BIGINT NOT NULL,
    decisions         BIGINT NOT NULL,
    version_before    INTEGER NOT NULL,
    version_after     INTEGER NOT NULL
);

-- How the schema fared, week by week: made once in each, by the first hourly run of discovery. outbox.sql tells those that have something to look at.
CREATE TABLE IF NOT EXISTS health_reports (
    -- Its Monday.
    week              DATE PRIMARY KEY,
    made_at           TIMESTAMP NOT NULL,
    -- Entity types and fields of the schema, and how many of them are what `entity_health` says.
    definitions       BIGINT NOT NULL,
    stale             BIGINT NOT NULL,
    rare              BIGINT NOT NULL,
    growing           BIGINT NOT NULL,
    conflicted        BIGINT NOT NULL,
    -- Versions that loads made within the 90 days before: the churn.
    versions          BIGINT NOT NULL,
    -- What there was to consolidate (`consolidation_proposals`).
    proposals         BIGINT NOT NULL,
    -- Whether consolidation is due in this week, and who decides: persons, or, of what is sure, discovery a week later. NULL: it isn't.
    consolidation     VARCHAR CHECK (consolidation IN ('by_hand', 'by_rule'))
);

-- Descriptions of items by a language model; append-only, the newest of an item counts.
CREATE TABLE IF NOT EXISTS descriptions (
    kind              VARCHAR NOT NULL CHECK (kind IN ('entity_type', 'field')),
    scope             VARCHAR NOT NULL,
    question          VARCHAR NOT NULL,
    name              VARCHAR NOT NULL,
    description       VARCHAR NOT NULL,
    -- `model:` and its name.
    source            VARCHAR NOT NULL,
    described_at      TIMESTAMP NOT NULL
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
    -- Whether the result had been kept from an earlier run of the same query at the same version and commit.
    from_cache        BOOLEAN,
    row_count         BIGINT,
    truncated         BOOLEAN,
    -- Blind to the order of rows, unless the query gives one.
    result_hash       VARCHAR,
    -- NULL where it succeeded.
    error_class       VARCHAR
);

-- Vectors of names by a model of embeddings, if one is configured: each is asked for once.
CREATE TABLE IF NOT EXISTS name_embeddings (
    model             VARCHAR NOT NULL,
    -- As a phrase: `call sign` of `callSign`.
    name              VARCHAR NOT NULL,
    vector            FLOAT[] NOT NULL,
    PRIMARY KEY (model, name)
);

-- What the vectors said of the pairs of names that were in doubt when a commit was folded in: `[{a, b, cosine}]`. Written once, before the
-- fold, which reads it: so a replay decides the same, whatever the service answers then. A pair that it doesn't have was judged
-- without.
CREATE TABLE IF NOT EXISTS commit_embeddings (
    commit_seq        BIGINT PRIMARY KEY,
    model             VARCHAR NOT NULL,
    cosines           JSON NOT NULL,
    recorded_at       TIMESTAMP NOT NULL
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
    SELECT * EXCLUDE (item_no, changes, superseded_at) REPLACE (coalesce(canonical, name) AS canonical)
    FROM catalog_log
    WHERE commit_seq <= at_commit AND item_no > 0 AND (superseded_at IS NULL OR superseded_at > at_commit)
    QUALIFY row_number() OVER (PARTITION BY kind, scope, question, name ORDER BY commit_seq DESC) = 1;

-- How many values a sketch stands for, about: it has the 256 smallest hashes of them, of 16 hexadecimal digits each, and below that all.
CREATE OR REPLACE MACRO sketch_count(sketch) AS
    CASE WHEN length(sketch) < 256 * 16
        THEN length(sketch) // 16
        ELSE CAST(255 / (CAST('0x' || right(sketch, 16) AS UBIGINT) / 18446744073709551615) AS BIGINT)
    END;

-- The end of a range: of text that reads as numbers that of the numbers, else that of the values.
CREATE OR REPLACE MACRO bound_text(data_type, number, bound) AS
    CASE data_type
        WHEN 'BIGINT' THEN coalesce(CAST(CAST(CAST(number AS DOUBLE) AS BIGINT) AS VARCHAR), bound)
        WHEN 'DOUBLE' THEN coalesce(number, bound)
        ELSE bound
    END;

-- What the schema has: entity types and fields under their canonical names, each with the names that it has in the data.
CREATE OR REPLACE MACRO definitions_at(at_commit) AS TABLE
    SELECT
        kind, scope, question, canonical AS name,
        CASE WHEN flagged THEN 'flagged' ELSE 'approved' END AS status,
        data_type, meaning,
        coalesce(from_json(names, '["VARCHAR"]'), [name]) AS names,
        coalesce(totals, item->'$.totals') AS totals,
        commit_seq
    FROM catalog_items_at(at_commit)
    WHERE leads;

-- Entity types: the labels that the questions of annotated datasets give. Submitted responses count; suggestions are counted apart.
CREATE OR REPLACE MACRO entity_types_at(at_commit) AS TABLE
    SELECT
        scope AS dataset, question, name AS label, status,
        list_filter(names, lambda alias : alias <> name) AS aliases,
        CAST(totals->>'$.responses' AS BIGINT) AS occurrence_count,
        CAST(totals->>'$.suggestions' AS BIGINT) AS suggestion_count,
        CAST(totals->>'$.records' AS BIGINT) AS record_count,
        -- About: exact below 256.
        sketch_count(totals->>'$.documents') AS document_count,
        from_json(totals->'$.examples', '["VARCHAR"]') AS examples,
        make_timestamp(CAST(totals->>'$.first_seen' AS BIGINT)) AS first_seen,
        make_timestamp(CAST(totals->>'$.last_seen' AS BIGINT)) AS last_seen
    FROM definitions_at(at_commit)
    WHERE kind = 'entity_type';

-- Fields: the columns of source tables of structured data. Counts are of rows in visible loads; distinct values, range and examples are
-- of all that was ever seen.
CREATE OR REPLACE MACRO field_definitions_at(at_commit) AS TABLE
    SELECT
        scope AS source_table, name AS column_name, status, data_type, meaning,
        list_filter(names, lambda alias : alias <> name) AS aliases,
        -- Of the rows that were looked at: how many values read as integers, dates, IMO numbers, …
        totals->'$.profile.evidence' AS type_evidence,
        CAST(totals->>'$.present' AS BIGINT) < CAST(totals->>'$.rows' AS BIGINT) AS nullable,
        CAST(totals->>'$.present' AS BIGINT) AS occurrence_count,
        CAST(totals->>'$.rows' AS BIGINT) - CAST(totals->>'$.present' AS BIGINT) AS null_count,
        CAST(totals->>'$.profile.distinct' AS BIGINT) AS distinct_estimate,
        bound_text(data_type, totals->>'$.profile.text_numbers[0]', totals->>'$.profile.min') AS min_value,
        bound_text(data_type, totals->>'$.profile.text_numbers[1]', totals->>'$.profile.max') AS max_value,
        from_json(totals->'$.profile.examples', '["VARCHAR"]') AS examples,
        make_timestamp(CAST(totals->>'$.first_seen' AS BIGINT)) AS first_seen,
        make_timestamp(CAST(totals->>'$.last_seen' AS BIGINT)) AS last_seen
    FROM definitions_at(at_commit)
    WHERE kind = 'field';

-- ---------------------------------------------------------------------------------------------------------------------
-- Descriptions: of what the schema has
-- ---------------------------------------------------------------------------------------------------------------------

-- What is called by one id everywhere, made from the item as that of a conflict is.
CREATE OR REPLACE MACRO item_id(kind, scope, question, name) AS
    CAST(md5(kind || chr(31) || scope || chr(31) || question || chr(31) || name) AS UUID);

-- The beginning of a text from outside, on one line.
CREATE OR REPLACE MACRO in_brief(value, characters) AS
    left(regexp_replace(value, '[[:cntrl:][:space:]]+', ' ', 'g'), characters);

CREATE OR REPLACE MACRO quoted(value) AS '"' || in_brief(value, 60) || '"';

CREATE OR REPLACE MACRO counted(n, what) AS n || ' ' || what || CASE n WHEN 1 THEN '' ELSE 's' END;

-- `; for example "x", "y"`, or nothing.
CREATE OR REPLACE MACRO for_example(examples) AS
    coalesce('; for example ' || array_to_string(nullif(list_transform(examples[1:3], lambda example: quoted(example)), []), ', '), '');

-- The items of the catalog that visible loads hold: what a description can be made of. It reads the catalog by `…_at`, so that
-- `entity_types` and `field_definitions` may show what is made here.
CREATE OR REPLACE VIEW item_briefs AS
    SELECT
        'entity_type' AS kind, dataset AS scope, question, label AS name, first_seen,
        json_object(
            'is', 'a label that annotators give', 'dataset', in_brief(dataset, 80), 'question', in_brief(question, 80),
            'name', in_brief(label, 120), 'answers', occurrence_count, 'records', record_count,
            'examples', list_transform(examples[1:3], lambda example: in_brief(example, 60))) AS brief,
        concat('Label ', quoted(label), ' of the question ', quoted(question), ' in the dataset ', quoted(dataset), ': ',
            counted(occurrence_count, 'answer'), ' in ', counted(record_count, 'record'), for_example(examples), '.') AS plain
    FROM entity_types_at(9223372036854775807)
    UNION ALL
    SELECT
        'field', source_table, '', column_name, first_seen,
        json_object(
            'is', 'a column of a table', 'table', in_brief(source_table, 80), 'name', in_brief(column_name, 120),
            'type', in_brief(data_type, 60), 'values', occurrence_count, 'missing', null_count, 'distinct', distinct_estimate,
            'least', in_brief(min_value, 60), 'greatest', in_brief(max_value, 60),
            'examples', list_transform(examples[1:3], lambda example: in_brief(example, 60))),
        concat('Column ', quoted(column_name), ' of the table ', quoted(source_table), ': ', data_type, ', ', counted(occurrence_count, 'value'),
            ', ' || nullif(null_count, 0) || ' missing', ', about ' || nullif(distinct_estimate, 0) || ' different',
            ', from ' || quoted(min_value) || ' to ' || quoted(max_value), for_example(examples), '.')
    FROM field_definitions_at(9223372036854775807);

CREATE OR REPLACE VIEW model_descriptions AS
    FROM descriptions
    QUALIFY row_number() OVER (PARTITION BY kind, scope, question, name ORDER BY described_at DESC) = 1;

-- A description of every item: the newest by a model, else a plain one (source `plain`).
CREATE OR REPLACE VIEW entity_descriptions AS
    SELECT kind, scope, question, name, coalesce(m.description, b.plain) AS description, coalesce(m.source, 'plain') AS source
    FROM item_briefs AS b LEFT JOIN model_descriptions AS m USING (kind, scope, question, name);

-- As they are, with descriptions. The largest BIGINT stands for "now".
CREATE OR REPLACE VIEW entity_types AS
    SELECT t.*, d.description, d.source AS description_source
    FROM entity_types_at(9223372036854775807) AS t
    LEFT JOIN entity_descriptions AS d
        ON d.kind = 'entity_type' AND d.scope = t.dataset AND d.question = t.question AND d.name = t.label;
CREATE OR REPLACE VIEW field_definitions AS
    SELECT t.*, d.description, d.source AS description_source
    FROM field_definitions_at(9223372036854775807) AS t
    LEFT JOIN entity_descriptions AS d ON d.kind = 'field' AND d.scope = t.source_table AND d.name = t.column_name;

-- Items that a person has to look at, or has: those that looked like another when they were first seen, those that came when the schema
-- changed too often, and those that somebody decided about without being asked. The id is made from the item: it's the same wherever
-- the log is folded anew.
CREATE OR REPLACE VIEW entity_conflicts AS
    SELECT
        item_id(i.kind, scope, question, name) AS conflict_id,
        i.kind, scope, question, name,
        item->'$.similar.item' AS similar_item,
        CAST(item->>'$.similar.score' AS DOUBLE) AS score,
        coalesce(item->>'$.similar.reason', 'it came when the schema had changed too often within a day') AS reason,
        -- What somebody most likely decides.
        CASE WHEN (item->'$.similar') IS NOT NULL THEN 'merge' ELSE 'keep_both' END AS suggestion,
        CASE
            WHEN status IN ('flagged', 'waiting') THEN 'open'
            ELSE coalesce(item->>'$.ruling.verdict', 'renamed')
        END AS state,
        status, is_present, canonical,
        -- The last decision about it; 0 if there's none.
        coalesce(CAST(item->>'$.ruling.decision' AS BIGINT), 0) AS revision,
        first.committed_at AS opened_at,
        CASE WHEN status NOT IN ('flagged', 'waiting') THEN d.committed_at END AS decided_at,
        CASE WHEN status NOT IN ('flagged', 'waiting') THEN d.decision->>'$.by' END AS decided_by,
        CASE WHEN status NOT IN ('flagged', 'waiting') THEN d.decision->>'$.reason' END AS decided_because
    FROM catalog_items_at(9223372036854775807) AS i
    JOIN (
        SELECT l.kind, l.scope, l.question, l.name, c.committed_at
        FROM catalog_log AS l JOIN commits AS c USING (commit_seq)
        WHERE l.is_new
    ) AS first USING (kind, scope, question, name)
    LEFT JOIN commits AS d ON d.commit_seq = CAST(item->>'$.ruling.decision' AS BIGINT)
    WHERE (item->>'$.status') <> 'approved' OR (item->'$.ruling') IS NOT NULL;

-- What persons decided, in order. A decision that another undoes holds no more.
CREATE OR REPLACE VIEW decisions AS
    SELECT
        commit_seq AS decision, committed_at AS decided_at,
        decision->>'$.by' AS decided_by, decision->>'$.action' AS action,
        decision->'$.item' AS item, decision->'$.into' AS into_item, decision->'$.other' AS other_item, decision->>'$.to' AS new_name,
        CAST(decision->>'$.decision' AS BIGINT) AS undoes,
        decision->>'$.reason' AS reason
    FROM commits
    WHERE kind = 'decision';
