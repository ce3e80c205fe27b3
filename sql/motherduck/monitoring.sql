-- What operators watch: how the schema changes, how fast queries are, how the catalog's items fare, and what waits on the way from an
-- upload to a version. dashboards/ shows these, and its alerts ask them. It's applied after all others.
--
-- There is nothing but views: each is read from what the others keep. Every statement can be run any number of times. All times are UTC,
-- as TIMESTAMP, and days and weeks (from Monday on) are those of UTC. Sums are BIGINT: DuckDB's own HUGEINT is text to Grafana.

CREATE OR REPLACE MACRO utc_now() AS make_timestamp(epoch_us(now()));

-- Whole seconds; 0 for NULL.
CREATE OR REPLACE MACRO seconds_since(moment) AS coalesce(date_diff('second', moment, utc_now()), 0);

-- ---------------------------------------------------------------------------------------------------------------------
-- The schema
-- ---------------------------------------------------------------------------------------------------------------------

-- What changed in the schema, by day: versions, those of persons' decisions among them, and changes by what they are and by what they
-- mean for a query that worked before. Days without a version have no row. The empty version 1 is none.
CREATE OR REPLACE VIEW schema_churn AS
    SELECT
        date_trunc('day', created_at) AS day,
        date_trunc('week', created_at) AS week,
        count(DISTINCT version) AS versions,
        count(DISTINCT version) FILTER (is_decision) AS decided_versions,
        max(version) AS newest_version,
        count(change) AS changes,
        count(*) FILTER (change = 'added' AND kind = 'entity_type') AS new_entity_types,
        count(*) FILTER (change = 'added' AND kind = 'field') AS new_fields,
        count(*) FILTER (change = 'removed') AS removed,
        count(*) FILTER (change = 'type_changed') AS types_changed,
        count(*) FILTER (change = 'meaning_changed') AS meanings_changed,
        count(*) FILTER (change = 'names_changed') AS names_changed,
        count(*) FILTER (change = 'reviewed') AS reviewed,
        count(*) FILTER (compatibility = 'additive') AS additive,
        count(*) FILTER (compatibility = 'widening') AS widening,
        count(*) FILTER (compatibility = 'breaking') AS breaking
    FROM (
        SELECT version, created_at, is_decision, c->>'$.change' AS change, c->>'$.kind' AS kind, c->>'$.compatibility' AS compatibility
        FROM (
            SELECT version, created_at, (lineage->'$[0].decision') IS NOT NULL AS is_decision, unnest(CAST(diff AS JSON[])) AS c
            FROM schema_snapshots WHERE version > 1
        )
    )
    GROUP BY ALL;

-- How each definition of the schema fares:
--   stale       last seen 90 days ago, or earlier
--   rare        known for 30 days or more, and seen fewer than 5 times
--   growing     known for 30 days or more, and in these 30 days half as much again or more came in
--   conflicted  it looks like another, and nobody has decided yet
-- Occurrences are labels in submitted responses, or rows with a value. Those of 30 days ago are of all items that are one definition today,
-- so that a merge is no growth.
CREATE OR REPLACE VIEW entity_health AS
    SELECT
        *,
        last_seen <= utc_now() - INTERVAL 90 DAY AS is_stale,
        first_seen <= utc_now() - INTERVAL 30 DAY AND occurrences < 5 AS is_rare,
        first_seen <= utc_now() - INTERVAL 30 DAY AND 2 * occurrences >= 3 * occurrences_before AND occurrences > occurrences_before AS is_growing,
        status = 'flagged' AS is_conflicted
    FROM (
        SELECT
            d.kind, d.scope, d.question, d.name, d.status,
            coalesce(CAST(totals->>'$.responses' AS BIGINT), CAST(totals->>'$.present' AS BIGINT)) AS occurrences,
            coalesce(b.occurrences, 0) AS occurrences_before,
            make_timestamp(CAST(totals->>'$.first_seen' AS BIGINT)) AS first_seen,
            make_timestamp(CAST(totals->>'$.last_seen' AS BIGINT)) AS last_seen
        FROM definitions_at(9223372036854775807) AS d
        LEFT JOIN (
            SELECT
                i.kind, i.scope, i.question, i.canonical AS name,
                CAST(sum(coalesce(CAST(o.item->>'$.totals.responses' AS BIGINT), CAST(o.item->>'$.totals.present' AS BIGINT))) AS BIGINT)
                    AS occurrences
            FROM catalog_items_at((SELECT max(commit_seq) FROM commits WHERE committed_at <= utc_now() - INTERVAL 30 DAY)) AS o
            JOIN catalog_items_at(9223372036854775807) AS i USING (kind, scope, question, name)
            GROUP BY ALL
        ) AS b USING (kind, scope, question, name)
    );

-- What would make the schema smaller. All of it has had 30 days to be decided, or to come to life:
--   merge   it looks like another, and nobody has decided
--   reject  stale and rare, while its dataset or table is alive: others there were seen within 90 days
-- A near-duplicate is sure from a score of 0.95 on, a definition that is stale and rare always is: these a rule may decide. What somebody has
-- decided about, or undone, isn't proposed again.
CREATE OR REPLACE VIEW consolidation_proposals AS
    SELECT
        h.kind, h.scope, h.question, h.name, h.occurrences, h.last_seen,
        'merge' AS action, c.similar_item AS into_item, c.reason, c.score >= 0.95 AS is_sure
    FROM entity_conflicts AS c JOIN entity_health AS h USING (kind, scope, question, name)
    WHERE c.status = 'flagged' AND c.similar_item IS NOT NULL AND c.revision = 0 AND c.opened_at <= utc_now() - INTERVAL 30 DAY
    UNION ALL
    SELECT
        kind, scope, question, name, occurrences, last_seen, 'reject', NULL,
        'seen ' || occurrences || CASE occurrences WHEN 1 THEN ' time' ELSE ' times' END || ', last on ' || CAST(last_seen AS DATE), true
    FROM (SELECT *, max(last_seen) OVER (PARTITION BY kind, scope) AS scope_last_seen FROM entity_health) AS h
    WHERE is_stale AND is_rare AND NOT is_conflicted AND scope_last_seen > utc_now() - INTERVAL 90 DAY
      AND NOT EXISTS (
        FROM catalog_items_at(9223372036854775807) AS i
        WHERE i.kind = h.kind AND i.scope = h.scope AND i.question = h.question AND i.canonical = h.name AND (i.item->'$.ruling') IS NOT NULL
      );

-- ---------------------------------------------------------------------------------------------------------------------
-- Queries
-- ---------------------------------------------------------------------------------------------------------------------

-- How long queries took, by day and version of the schema: those that the warehouse ran, whether they succeeded or not, as one that was
-- given up took its time, too. Answers from the cache are counted, and not measured. Slow is what takes longer than 3 s.
CREATE OR REPLACE VIEW slow_queries AS
    SELECT
        day, schema_version, executions, failures, cached,
        avg_ms, percentiles[1] AS p50_ms, percentiles[2] AS p95_ms, percentiles[3] AS p99_ms, max_ms, slow, slowest_sql
    FROM (
        SELECT
            date_trunc('day', executed_at) AS day,
            schema_version,
            count(*) FILTER (is_measured) AS executions,
            count(error_class) AS failures,
            count(*) FILTER (NOT is_measured) AS cached,
            avg(milliseconds) FILTER (is_measured) AS avg_ms,
            quantile_cont(milliseconds, [0.5, 0.95, 0.99]) FILTER (is_measured) AS percentiles,
            max(milliseconds) FILTER (is_measured) AS max_ms,
            count(*) FILTER (is_measured AND milliseconds > 3000) AS slow,
            arg_max(sql_text, milliseconds) FILTER (is_measured) AS slowest_sql
        FROM (SELECT *, from_cache IS NOT TRUE AS is_measured FROM query_executions)
        GROUP BY ALL
    );

-- ---------------------------------------------------------------------------------------------------------------------
-- The pipeline
-- ---------------------------------------------------------------------------------------------------------------------

-- Objects that ingest is at: their newest attempt is under way, or failed and will be tried again. They wait since the first of the attempts
-- after the last one that came to an end (committed, quarantined or discarded). An object whose event hasn't come yet isn't known here.
-- An attempt that began a day ago and has no end is nobody's any more: its message has been given up since, or its object is gone. Nor does
-- anybody wait for a content that another attempt at it has committed.
CREATE OR REPLACE VIEW loads_waiting AS
    SELECT w.bucket, w.key, w.state, w.attempts, w.waiting_since, w.reason
    FROM (
        SELECT
            bucket, key,
            arg_max(state, (uploaded_at, started_at)) AS state,
            arg_max(etag, (uploaded_at, started_at)) AS etag,
            arg_max(started_at, (uploaded_at, started_at)) AS started_at,
            arg_max(reason, started_at) FILTER (ended_before IS NULL OR started_at > ended_before) AS reason,
            count(*) FILTER (ended_before IS NULL OR started_at > ended_before) AS attempts,
            min(started_at) FILTER (ended_before IS NULL OR started_at > ended_before) AS waiting_since
        FROM (
            SELECT *, max(started_at) FILTER (state NOT IN ('started', 'failed')) OVER (PARTITION BY bucket, key) AS ended_before
            FROM unsettled_loads
        )
        GROUP BY bucket, key
    ) AS w
    WHERE w.state IN ('started', 'failed') AND w.started_at > utc_now() - INTERVAL 1 DAY
      AND NOT EXISTS (FROM unsettled_loads AS l WHERE l.bucket = w.bucket AND l.key = w.key AND l.etag = w.etag AND l.state = 'committed');

-- What waits at each stage, how much of it, since when and for how long: a row for each, whether something waits or not. Each has a view of its
-- own, as DuckDB plans the one of all stages as a whole, whichever of them is asked for.

-- Objects that are being loaded, or are to be tried again.
CREATE OR REPLACE VIEW ingest_lag AS
    SELECT count(*) AS waiting, min(waiting_since) AS oldest, seconds_since(min(waiting_since)) AS lag_seconds FROM loads_waiting;

-- Objects that can't be loaded as they are.
CREATE OR REPLACE VIEW quarantine_depth AS
    SELECT count(*) AS waiting, min(quarantined_at) AS oldest, seconds_since(min(quarantined_at)) AS lag_seconds FROM quarantine;

-- Commits that aren't folded in yet.
CREATE OR REPLACE VIEW discovery_lag AS
    SELECT count(*) AS waiting, min(committed_at) AS oldest, seconds_since(min(committed_at)) AS lag_seconds
    FROM commits WHERE commit_seq > (SELECT coalesce(max(commit_seq), 0) FROM catalog_log);

-- Items that a person has to decide about.
CREATE OR REPLACE VIEW review_depth AS
    SELECT count(*) AS waiting, min(opened_at) AS oldest, seconds_since(min(opened_at)) AS lag_seconds
    FROM entity_conflicts WHERE state = 'open';

-- Messages that aren't out, and descriptions that aren't made, by channel. Without a channel's settings all of its own wait.
CREATE OR REPLACE VIEW outbox_depth AS
    SELECT channel, count(fact) AS waiting, min(since) AS oldest, seconds_since(min(since)) AS lag_seconds
    FROM (VALUES ('slack'), ('mail'), ('model')) AS channels(channel)
    LEFT JOIN (FROM outbox WHERE status <> 'sent') USING (channel)
    GROUP BY channel;

CREATE OR REPLACE VIEW pipeline_health AS
    SELECT 'ingest' AS stage, * FROM ingest_lag
    UNION ALL SELECT 'quarantine', * FROM quarantine_depth
    UNION ALL SELECT 'discovery', * FROM discovery_lag
    UNION ALL SELECT 'review', * FROM review_depth
    UNION ALL SELECT 'outbox_' || channel, * EXCLUDE (channel) FROM outbox_depth;
