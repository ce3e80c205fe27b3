-- What people and outside services are to be told or asked, and what became of it: messages to Slack and by mail, and descriptions by a
-- language model. It's applied after schema_catalog.sql and reports.sql.
--
-- Nothing is put into an outbox: what there is to tell follows from the catalog and from what was found of reports (`outbox_facts`). Only attempts are written.
-- Every statement can be run any number of times. All times are UTC, as TIMESTAMP.

-- Each attempt to send a fact: claimed before anything is sent. Of any number of dispatchers the key lets one have it.
CREATE TABLE IF NOT EXISTS outbox_attempts (
    fact              VARCHAR NOT NULL,
    -- `slack`, `mail` or `model`.
    channel           VARCHAR NOT NULL,
    -- From 1 on.
    attempt           INTEGER NOT NULL,
    -- Of the message or request that the fact is part of.
    message_id        UUID NOT NULL,
    claimed_at        TIMESTAMP NOT NULL,
    PRIMARY KEY (fact, channel, attempt)
);

-- What became of each message; append-only, the newest row of a message counts. To have an unknown one sent again, insert `failed`.
CREATE TABLE IF NOT EXISTS outbox_outcomes (
    message_id        UUID NOT NULL,
    channel           VARCHAR NOT NULL,
    recorded_at       TIMESTAMP NOT NULL,
    -- Failed: it didn't get there. Refused: it got there, and is not taken as it is. Unknown: nobody knows whether it got there.
    outcome           VARCHAR NOT NULL CHECK (outcome IN ('sent', 'failed', 'refused', 'unknown')),
    -- After a failure, or an end that nobody knows: when the channel is tried again.
    retry_at          TIMESTAMP,
    detail            VARCHAR
);

-- ---------------------------------------------------------------------------------------------------------------------
-- The outbox
-- ---------------------------------------------------------------------------------------------------------------------

-- All that is to be sent, by channel. What may not be repeated is sent at most once.
CREATE OR REPLACE VIEW outbox_facts AS
    SELECT 'slack' AS channel, 'version:' || version AS fact, created_at AS since, false AS may_repeat, false AS is_done
    FROM schema_snapshots WHERE version > 1
    UNION ALL
    SELECT 'slack', 'conflict:' || conflict_id, opened_at, false, false
    FROM entity_conflicts WHERE similar_item IS NOT NULL
    UNION ALL
    SELECT DISTINCT 'slack', 'paused:' || commit_seq, c.committed_at, false, false
    FROM catalog_log AS l JOIN commits AS c USING (commit_seq) WHERE l.is_new AND l.status = 'waiting'
    UNION ALL
    SELECT 'slack', 'resumed:' || decision, decided_at, false, false
    FROM decisions WHERE action = 'resume'
    UNION ALL
    SELECT channel, fact, found_at, false, false
    FROM report_changes, (VALUES ('slack'), ('mail')) AS told(channel)
    UNION ALL
    SELECT channel, 'health:' || week, made_at, false, false
    FROM health_reports, (VALUES ('slack'), ('mail')) AS told(channel)
    WHERE stale > 0 OR rare > 0 OR proposals > 0
    UNION ALL
    SELECT 'model', 'item:' || item_id(kind, scope, question, name), first_seen, true, m.name IS NOT NULL
    FROM item_briefs AS b LEFT JOIN model_descriptions AS m USING (kind, scope, question, name);

-- Each attempt with its end. A dispatcher lives for 15 minutes at most (https://developers.cloudflare.com/queues/platform/limits/): one
-- that has said nothing for 20 is dead.
CREATE OR REPLACE VIEW outbox_tries AS
    SELECT
        a.channel, a.fact, a.attempt, a.message_id, a.claimed_at, o.detail,
        CASE
            WHEN o.outcome IS NOT NULL THEN o.outcome
            WHEN a.claimed_at > make_timestamp(epoch_us(now())) - INTERVAL 20 MINUTE THEN 'sending'
            ELSE 'unknown'
        END AS outcome
    FROM outbox_attempts AS a
    LEFT JOIN (
        FROM outbox_outcomes QUALIFY row_number() OVER (PARTITION BY message_id ORDER BY recorded_at DESC) = 1
    ) AS o USING (message_id);

-- Channels that don't work: how often in a row it failed, and when it's tried again.
CREATE OR REPLACE VIEW outbox_failing AS
    SELECT channel, count(*) AS failures, arg_max(retry_at, recorded_at) AS retry_at, arg_max(detail, recorded_at) AS detail
    FROM (
        SELECT *, max(recorded_at) FILTER (outcome IN ('sent', 'refused')) OVER (PARTITION BY channel) AS worked_at FROM outbox_outcomes
    )
    WHERE outcome IN ('failed', 'unknown') AND (worked_at IS NULL OR recorded_at > worked_at)
    GROUP BY channel;

-- What waits, what is under way, and what became of the rest:
--   waiting    not tried yet                          sent      it got there; for `model`: there's a description
--   sending    a dispatcher is at it                  unknown   nobody knows whether it got there; not tried again
--   failed     tried again at `retry_at`              given_up  refused three times
CREATE OR REPLACE VIEW outbox AS
    SELECT
        channel, fact, since, attempts, strikes, status, message_id, claimed_at,
        CASE status
            WHEN 'waiting' THEN channel_retry_at
            WHEN 'failed' THEN greatest(channel_retry_at, CASE WHEN outcome <> 'failed' THEN claimed_at + INTERVAL 6 HOUR END)
        END AS retry_at,
        detail
    FROM (
        SELECT
            f.channel, f.fact, f.since, coalesce(t.attempts, 0) AS attempts, coalesce(t.strikes, 0) AS strikes,
            CASE
                WHEN f.is_done OR (t.outcome = 'sent' AND NOT f.may_repeat) THEN 'sent'
                WHEN t.outcome IS NULL THEN 'waiting'
                WHEN t.outcome = 'sending' THEN 'sending'
                WHEN t.outcome = 'unknown' AND NOT f.may_repeat THEN 'unknown'
                WHEN t.strikes >= 9 THEN 'given_up'
                ELSE 'failed'
            END AS status,
            t.message_id, t.claimed_at, t.outcome, c.retry_at AS channel_retry_at, t.detail
        FROM outbox_facts AS f
        LEFT JOIN (
            SELECT
                *, count(*) OVER tries AS attempts,
                -- What counts against the fact itself: a refusal; for the model also an answer without a description, and, a third as
                -- much, one that got lost.
                CAST(sum(CASE
                    WHEN outcome = 'refused' OR (channel = 'model' AND outcome = 'sent') THEN 3
                    WHEN channel = 'model' AND outcome = 'unknown' THEN 1
                    ELSE 0
                END) OVER tries AS INTEGER) AS strikes
            FROM outbox_tries
            WINDOW tries AS (PARTITION BY channel, fact)
            QUALIFY row_number() OVER (PARTITION BY channel, fact ORDER BY attempt DESC) = 1
        ) AS t ON t.channel = f.channel AND t.fact = f.fact
        LEFT JOIN outbox_failing AS c ON c.channel = f.channel
    );

-- How much waits, and since when.
CREATE OR REPLACE VIEW outbox_waiting AS
    SELECT
        channel, status, count(*) AS facts, min(since) AS oldest, min(retry_at) AS retry_at, arg_max(detail, claimed_at) AS last_detail
    FROM outbox WHERE status <> 'sent' GROUP BY ALL;
