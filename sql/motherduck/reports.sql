-- Saved reports: queries that are pinned to a point in time, what they gave then, and whether they still would. It's applied after
-- schema_catalog.sql and before outbox.sql.
--
-- Both tables are append-only. Every statement can be run any number of times. All times are UTC, as TIMESTAMP.

-- What was done with each report. A revision is a pin: the first by whoever made the report, the others by refreshing it. The last may
-- be its deletion.
CREATE TABLE IF NOT EXISTS report_log (
    report_id         UUID NOT NULL,
    -- From 1 on. Of several that are made at once the key lets one be.
    revision          INTEGER NOT NULL,
    action            VARCHAR NOT NULL CHECK (action IN ('created', 'refreshed', 'deleted')),
    -- Of the request: whoever made the revision knows it by this.
    event_id          UUID NOT NULL,
    recorded_at       TIMESTAMP NOT NULL,
    recorded_by       VARCHAR NOT NULL,
    -- The four that follow stay as they were made.
    name              VARCHAR NOT NULL,
    description       VARCHAR,
    sql_text          VARCHAR NOT NULL,
    parameters        JSON,
    -- Columns that name a row, if somebody said so.
    key_columns       JSON,
    -- Of the syntax tree.
    ast_hash          VARCHAR NOT NULL,
    -- Relations, source tables and columns that the query reads.
    reads             JSON NOT NULL,
    schema_version    INTEGER NOT NULL,
    commit_seq        BIGINT NOT NULL,
    -- Columns with types, number of rows and order-blind hash of the result, and whether there were more rows.
    fingerprint       JSON NOT NULL,
    -- The result itself, a JSON document; NULL where it's too large.
    kept_result       VARCHAR,
    PRIMARY KEY (report_id, revision)
);

-- Each time that somebody looked whether a report would still give the same.
CREATE TABLE IF NOT EXISTS report_checks (
    report_id         UUID NOT NULL,
    revision          INTEGER NOT NULL,
    checked_at        TIMESTAMP NOT NULL,
    -- The point in time that it was held against.
    schema_version    INTEGER NOT NULL,
    commit_seq        BIGINT NOT NULL,
    state             VARCHAR NOT NULL CHECK (state IN ('unchanged', 'data_changed', 'schema_changed', 'fails')),
    -- Why, in a sentence.
    reason            VARCHAR NOT NULL,
    finding           JSON NOT NULL,
    -- What the change is known by: the same whenever it's found. NULL where nothing has changed.
    change_id         UUID
);

-- Reports as they are pinned now, each with its last check.
CREATE OR REPLACE VIEW reports AS
    SELECT
        r.report_id, r.revision, r.name, r.description, r.sql_text, r.parameters, r.key_columns, r.ast_hash, r.reads, r.schema_version,
        r.commit_seq, r.fingerprint, r.kept_result IS NOT NULL AS is_kept,
        f.recorded_at AS created_at, f.recorded_by AS created_by, r.recorded_at AS pinned_at, r.recorded_by AS pinned_by,
        coalesce(c.state, 'unchecked') AS state, c.reason, c.checked_at, c.schema_version AS checked_version, c.commit_seq AS checked_commit,
        c.finding
    FROM (FROM report_log QUALIFY row_number() OVER (PARTITION BY report_id ORDER BY revision DESC) = 1) AS r
    JOIN report_log AS f ON f.report_id = r.report_id AND f.revision = 1
    LEFT JOIN (
        FROM report_checks QUALIFY row_number() OVER (PARTITION BY report_id, revision ORDER BY commit_seq DESC, checked_at DESC) = 1
    ) AS c ON c.report_id = r.report_id AND c.revision = r.revision
    WHERE r.action <> 'deleted';

-- Changes of reports, each once, as it was first found. What is told outside follows from this.
CREATE OR REPLACE VIEW report_changes AS
    SELECT
        'report:' || c.change_id AS fact, min(c.checked_at) AS found_at, any_value(c.report_id) AS report_id, any_value(r.name) AS name,
        any_value(c.state) AS state, arg_min(c.reason, c.checked_at) AS reason
    FROM report_checks AS c JOIN report_log AS r ON r.report_id = c.report_id AND r.revision = 1
    WHERE c.change_id IS NOT NULL
    GROUP BY c.change_id;
