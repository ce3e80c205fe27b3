-- The core of the warehouse: what was landed, what of it is committed, and the views that readers use.
--
-- Rows go into the tables of the schema `landing` under the id of a load, in any number of statements. One row in `commits`
-- makes a load visible (docs/architecture.md). Readers never touch `landing`: they use the views of the same names in `main`.
--
-- Every statement can be run any number of times. All times are UTC, as TIMESTAMP: no session setting changes what they mean.

CREATE SCHEMA IF NOT EXISTS landing;

-- ---------------------------------------------------------------------------------------------------------------------
-- Rows as landed. Append-only; no keys, as MotherDuck wants big tables. `load_id` grows with time (UUID version 7), so that
-- DuckDB's min-max statistics find the rows of a load without reading the rest.
--
-- `superseded_by` is what keeps the reader views fast. It may name a load that holds the same record and commits later, or be
-- the nil UUID ("some other load holds this record; look"). NULL promises that no load of another object that commits later
-- holds the record. It's a hint: it never says whether a row is visible (see `…_at` below).
-- ---------------------------------------------------------------------------------------------------------------------

-- A row is a page of a document. Record key: (document_id, page_number).
CREATE TABLE IF NOT EXISTS landing.raw_documents (
    load_id        UUID NOT NULL,
    row_no         BIGINT NOT NULL,
    batch_id       VARCHAR,
    document_id    VARCHAR NOT NULL,
    page_number    BIGINT NOT NULL,
    text           VARCHAR,
    confidence     DOUBLE,
    source_uri     VARCHAR,
    engine         VARCHAR,
    engine_version VARCHAR,
    extra          JSON,
    superseded_by  UUID
);

-- A row is an annotated record. Record key: (dataset, record_id).
CREATE TABLE IF NOT EXISTS landing.annotations (
    load_id        UUID NOT NULL,
    row_no         BIGINT NOT NULL,
    batch_id       VARCHAR,
    dataset        VARCHAR NOT NULL,
    record_id      VARCHAR NOT NULL,
    server_id      VARCHAR,
    document_id    VARCHAR,
    status         VARCHAR,
    text           VARCHAR,
    annotated_at   TIMESTAMP,
    questions      JSON NOT NULL,
    extra          JSON,
    superseded_by  UUID
);

-- A row is a row of a table that somebody brought. Record key: none, unless the route to it configures one.
CREATE TABLE IF NOT EXISTS landing.structured_data (
    load_id        UUID NOT NULL,
    row_no         BIGINT NOT NULL,
    batch_id       VARCHAR,
    source_table   VARCHAR NOT NULL,
    record_key     VARCHAR,
    data           JSON NOT NULL,
    superseded_by  UUID
);

-- Rows that broke the contract, set aside whole.
CREATE TABLE IF NOT EXISTS landing.rejected_rows (
    load_id        UUID NOT NULL,
    row_no         BIGINT NOT NULL,
    reason         VARCHAR NOT NULL,
    content        JSON NOT NULL
);

-- What a load's columns hold, and which labels it has: one row per column or label. Discovery reads these, not the rows.
CREATE TABLE IF NOT EXISTS landing.load_profiles (
    load_id        UUID NOT NULL,
    kind           VARCHAR NOT NULL CHECK (kind IN ('column', 'label')),
    name           VARCHAR NOT NULL,
    profile        JSON NOT NULL
);

-- ---------------------------------------------------------------------------------------------------------------------
-- The commit log and what leads up to it.
-- ---------------------------------------------------------------------------------------------------------------------

-- What happened, in order: one row makes a load visible (kind 'load'), or an object's rows invisible (kind 'retraction': the object was
-- deleted), or says what a person decided about the schema (kind 'decision'). A point in time is a number of this log.
CREATE TABLE IF NOT EXISTS commits (
    commit_seq     BIGINT PRIMARY KEY,
    kind           VARCHAR NOT NULL CHECK (kind IN ('load', 'retraction', 'decision')),
    load_id        UUID,
    bucket         VARCHAR,
    key            VARCHAR,
    etag           VARCHAR,
    uploaded_at    TIMESTAMP,
    dataset        VARCHAR CHECK (dataset IN ('raw_documents', 'annotations', 'structured_data')),
    source         VARCHAR,
    batch_id       VARCHAR,
    schema_version INTEGER,
    git_sha        VARCHAR,
    producer       VARCHAR,
    row_count      BIGINT,
    rejected_count BIGINT,
    transfer       VARCHAR CHECK (transfer IN ('push', 'pull', 'none')),
    committed_at   TIMESTAMP NOT NULL,
    -- Who decided what and why, of decisions; only they have it.
    decision       JSON,
    CHECK ((kind = 'decision') = (decision IS NOT NULL)),
    CHECK (kind = 'decision' OR (load_id IS NOT NULL AND bucket IS NOT NULL AND key IS NOT NULL AND etag IS NOT NULL
                                 AND uploaded_at IS NOT NULL AND dataset IS NOT NULL AND row_count IS NOT NULL
                                 AND rejected_count IS NOT NULL AND transfer IS NOT NULL))
);

-- The load ledger: every attempt to load an object, and how it ended. Append-only. A load that is in `commits` is committed,
-- whatever stands here; one that has started and not ended is under way, or died.
CREATE TABLE IF NOT EXISTS load_ledger (
    load_id        UUID NOT NULL,
    recorded_at    TIMESTAMP NOT NULL,
    state          VARCHAR NOT NULL CHECK (state IN ('started', 'failed', 'quarantined', 'discarded')),
    bucket         VARCHAR NOT NULL,
    key            VARCHAR NOT NULL,
    etag           VARCHAR NOT NULL,
    uploaded_at    TIMESTAMP NOT NULL,
    size           BIGINT,
    dataset        VARCHAR NOT NULL,
    reason         VARCHAR
);

-- Messages of the queues that nothing could be done with: no event, or one of a content that its object no longer has.
CREATE TABLE IF NOT EXISTS dead_letters (
    recorded_at    TIMESTAMP NOT NULL,
    message        VARCHAR NOT NULL,
    reason         VARCHAR NOT NULL
);

-- Loads that may stand in `superseded_by`.
CREATE TABLE IF NOT EXISTS superseding_loads (
    load_id        UUID NOT NULL
);

-- ---------------------------------------------------------------------------------------------------------------------
-- What was visible at a commit. `…_at(n)` shows the world just after commit n; the views show it as it is.
-- ---------------------------------------------------------------------------------------------------------------------

-- Of each object the newest commit, unless that is a retraction.
CREATE OR REPLACE MACRO visible_loads_at(at_commit) AS TABLE
    SELECT load_id, commit_seq
    FROM (
        SELECT
            max(commit_seq) AS commit_seq,
            arg_max(load_id, commit_seq) AS load_id,
            arg_max(kind, commit_seq) AS kind
        FROM commits
        WHERE commit_seq <= at_commit
        GROUP BY bucket, key
    )
    WHERE kind = 'load';

-- Loads that superseded rows, but are not visible at that commit: rows that name them have to be looked at.
CREATE OR REPLACE MACRO doubtful_loads_at(at_commit) AS TABLE
    SELECT load_id FROM superseding_loads
    EXCEPT
    SELECT load_id FROM visible_loads_at(at_commit);

-- The rows of visible loads whose record no visible newer load holds. First those of which that is known; then, of the records
-- with a row in doubt, the newest. Where nothing is in doubt, the second part costs nothing. (`superseded_by IS NOT NULL` follows from
-- the join; it tells the planner that few rows are meant, or it would put all the others into a hash table first.)
CREATE OR REPLACE MACRO raw_documents_at(at_commit) AS TABLE
    SELECT r.* EXCLUDE (superseded_by)
    FROM landing.raw_documents AS r SEMI JOIN visible_loads_at(at_commit) AS v USING (load_id)
    WHERE r.superseded_by IS NULL
    UNION ALL
    SELECT c.* EXCLUDE (superseded_by, commit_seq, newest)
    FROM (
        SELECT r.*, v.commit_seq, max(v.commit_seq) OVER (PARTITION BY r.document_id, r.page_number) AS newest
        FROM (
            SELECT a.* FROM landing.raw_documents AS a SEMI JOIN (
                SELECT d.document_id, d.page_number FROM landing.raw_documents AS d SEMI JOIN doubtful_loads_at(at_commit) AS l
                ON d.superseded_by = l.load_id WHERE d.superseded_by IS NOT NULL
            ) AS k USING (document_id, page_number)
        ) AS r
        JOIN visible_loads_at(at_commit) AS v USING (load_id)
    ) AS c
    WHERE c.superseded_by IS NOT NULL AND c.commit_seq = c.newest;

CREATE OR REPLACE MACRO annotations_at(at_commit) AS TABLE
    SELECT r.* EXCLUDE (superseded_by)
    FROM landing.annotations AS r SEMI JOIN visible_loads_at(at_commit) AS v USING (load_id)
    WHERE r.superseded_by IS NULL
    UNION ALL
    SELECT c.* EXCLUDE (superseded_by, commit_seq, newest)
    FROM (
        SELECT r.*, v.commit_seq, max(v.commit_seq) OVER (PARTITION BY r.dataset, r.record_id) AS newest
        FROM (
            SELECT a.* FROM landing.annotations AS a SEMI JOIN (
                SELECT d.dataset, d.record_id FROM landing.annotations AS d SEMI JOIN doubtful_loads_at(at_commit) AS l
                ON d.superseded_by = l.load_id WHERE d.superseded_by IS NOT NULL
            ) AS k USING (dataset, record_id)
        ) AS r
        JOIN visible_loads_at(at_commit) AS v USING (load_id)
    ) AS c
    WHERE c.superseded_by IS NOT NULL AND c.commit_seq = c.newest;

-- The second part by itself, as the typed views have the first one in tables (typed.sql).
CREATE OR REPLACE MACRO structured_data_in_doubt_at(at_commit) AS TABLE
    SELECT c.* EXCLUDE (superseded_by, commit_seq, newest)
    FROM (
        SELECT r.*, v.commit_seq, max(v.commit_seq) OVER (PARTITION BY r.source_table, r.record_key) AS newest
        FROM (
            SELECT a.* FROM landing.structured_data AS a SEMI JOIN (
                SELECT d.source_table, d.record_key FROM landing.structured_data AS d SEMI JOIN doubtful_loads_at(at_commit) AS l
                ON d.superseded_by = l.load_id WHERE d.superseded_by IS NOT NULL
            ) AS k USING (source_table, record_key)
        ) AS r
        JOIN visible_loads_at(at_commit) AS v USING (load_id)
    ) AS c
    WHERE c.superseded_by IS NOT NULL AND c.commit_seq = c.newest;

CREATE OR REPLACE MACRO structured_data_at(at_commit) AS TABLE
    SELECT r.* EXCLUDE (superseded_by)
    FROM landing.structured_data AS r SEMI JOIN visible_loads_at(at_commit) AS v USING (load_id)
    WHERE r.superseded_by IS NULL
    UNION ALL
    SELECT * FROM structured_data_in_doubt_at(at_commit);

-- The largest BIGINT stands for "now".
CREATE OR REPLACE VIEW raw_documents AS FROM raw_documents_at(9223372036854775807);
CREATE OR REPLACE VIEW annotations AS FROM annotations_at(9223372036854775807);
CREATE OR REPLACE VIEW structured_data AS FROM structured_data_at(9223372036854775807);

-- Rows set aside and profiles, of the loads that are visible.
CREATE OR REPLACE VIEW rejected_rows AS
    FROM landing.rejected_rows SEMI JOIN visible_loads_at(9223372036854775807) USING (load_id);
CREATE OR REPLACE VIEW load_profiles AS
    FROM landing.load_profiles SEMI JOIN visible_loads_at(9223372036854775807) USING (load_id);

-- Every attempt to load an object and what became of it.
CREATE OR REPLACE VIEW loads AS
    SELECT
        l.load_id, l.bucket, l.key, l.etag, l.uploaded_at, l.size,
        l.dataset,
        c.source,
        CASE
            WHEN c.commit_seq IS NULL THEN l.state
            WHEN v.load_id IS NULL THEN 'replaced'
            ELSE 'committed'
        END AS state,
        CASE WHEN c.commit_seq IS NULL THEN l.reason END AS reason,
        c.commit_seq, c.row_count, c.rejected_count, c.transfer, c.batch_id, c.schema_version, c.git_sha, c.producer,
        l.started_at,
        coalesce(c.committed_at, l.ended_at) AS ended_at
    FROM (
        SELECT
            load_id,
            any_value(bucket) AS bucket, any_value(key) AS key, any_value(etag) AS etag,
            any_value(uploaded_at) AS uploaded_at, any_value(size) AS size,
            any_value(dataset) AS dataset,
            -- An ending comes after the start, whatever the clocks say.
            coalesce(arg_max(state, recorded_at) FILTER (state <> 'started'), 'started') AS state,
            arg_max(reason, recorded_at) FILTER (state <> 'started') AS reason,
            min(recorded_at) AS started_at,
            max(recorded_at) FILTER (state <> 'started') AS ended_at
        FROM load_ledger
        GROUP BY load_id
    ) AS l
    LEFT JOIN commits AS c ON c.load_id = l.load_id AND c.kind = 'load'
    LEFT JOIN visible_loads_at(9223372036854775807) AS v ON v.load_id = l.load_id;

-- Attempts at objects that have an attempt which isn't committed, with what became of each. That is what there is to look after; most objects
-- have none, so that this costs little beside `loads`.
CREATE OR REPLACE VIEW unsettled_loads AS
    SELECT l.* REPLACE (CASE WHEN c.load_id IS NULL THEN l.state ELSE 'committed' END AS state)
    FROM (
        SELECT
            load_id, bucket, key, any_value(etag) AS etag, any_value(uploaded_at) AS uploaded_at, any_value(size) AS size,
            any_value(dataset) AS dataset,
            coalesce(arg_max(state, recorded_at) FILTER (state <> 'started'), 'started') AS state,
            arg_max(reason, recorded_at) FILTER (state <> 'started') AS reason,
            min(recorded_at) AS started_at,
            max(recorded_at) FILTER (state <> 'started') AS ended_at
        FROM (
            FROM load_ledger SEMI JOIN (SELECT bucket, key FROM load_ledger ANTI JOIN commits USING (load_id)) USING (bucket, key)
        )
        GROUP BY load_id, bucket, key
    ) AS l
    LEFT JOIN (SELECT load_id FROM commits WHERE kind = 'load') AS c USING (load_id);

-- Objects whose newest attempt ended in quarantine: what somebody has to look at. Another attempt at the same content may have
-- committed it meanwhile; a visible content is in no quarantine.
CREATE OR REPLACE VIEW quarantine AS
    WITH quarantined AS (
        FROM (
            FROM unsettled_loads QUALIFY row_number() OVER (PARTITION BY bucket, key ORDER BY uploaded_at DESC, started_at DESC) = 1
        )
        WHERE state = 'quarantined'
    ), newest_commit AS (
        SELECT bucket, key, arg_max(kind, commit_seq) AS kind, arg_max(etag, commit_seq) AS etag
        FROM commits SEMI JOIN quarantined USING (bucket, key)
        GROUP BY bucket, key
    )
    SELECT q.bucket, q.key, q.etag, q.uploaded_at, q.size, q.dataset, q.reason, q.load_id, q.ended_at AS quarantined_at
    FROM quarantined AS q LEFT JOIN newest_commit AS c ON c.bucket = q.bucket AND c.key = q.key AND c.etag = q.etag AND c.kind = 'load'
    WHERE c.key IS NULL;
