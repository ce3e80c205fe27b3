//! The warehouse schema: every table, key and view does what it's there for, and applying it again changes nothing.

use living_core::sql::{Statement, split};
use living_warehouse::{ErrorClass, Warehouse};
use local_warehouse::ReplyStyle;
use memory_s3::MemoryS3;
use native_tests::{Duck, rows_at_first};

const SCHEMA: &str = include_str!("../../../sql/motherduck/schema_v1.sql");

const LOAD: &str = "'018f0000-0000-7000-8000-000000000001'";
const OTHER: &str = "'018f0000-0000-7000-8000-000000000002'";

async fn duck() -> Duck {
    Duck::start(ReplyStyle::StatelessJson, &MemoryS3::default()).await
}

fn commit(seq: i64, kind: &str, load: &str, key: &str) -> String {
    format!(
        "INSERT INTO commits VALUES ({seq}, '{kind}', {load}, 'b', '{key}', 'e{seq}', now()::TIMESTAMP, 'annotations', 'd', 'batch', 1, \
         NULL, NULL, 1, 0, 'push', now()::TIMESTAMP, NULL)"
    )
}

fn annotation(load: &str, record: &str) -> String {
    format!(
        "INSERT INTO landing.annotations VALUES ({load}, 0, 'batch', 'd', '{record}', NULL, NULL, 'completed', 'text', NULL, '{{}}', NULL, NULL)"
    )
}

#[tokio::test]
async fn applying_the_schema_again_keeps_what_is_there() {
    let duck = duck().await;
    duck.write(&annotation(LOAD, "r")).await;
    duck.write(&commit(1, "load", LOAD, "k")).await;
    for statement in split(SCHEMA) {
        duck.write(&statement).await;
    }
    assert_eq!(duck.number("SELECT count(*) FROM annotations").await, 1);
}

#[tokio::test]
async fn every_table_and_view_can_be_read() {
    let duck = duck().await;
    let relations = duck
        .query(
            "SELECT schema_name || '.' || table_name AS name FROM duckdb_tables() WHERE NOT internal \
             UNION SELECT schema_name || '.' || view_name FROM duckdb_views() WHERE NOT internal AND schema_name = 'main' ORDER BY name",
        )
        .await;
    let names: Vec<&str> = relations.iter().filter_map(|row| row[0].as_str()).collect();
    assert_eq!(
        names,
        [
            "landing.annotations",
            "landing.load_profiles",
            "landing.raw_documents",
            "landing.rejected_rows",
            "landing.structured_data",
            "main.annotations",
            "main.catalog_log",
            "main.commit_embeddings",
            "main.commits",
            "main.consolidation_proposals",
            "main.dead_letters",
            "main.decisions",
            "main.descriptions",
            "main.discovery_lag",
            "main.discovery_runs",
            "main.entity_conflicts",
            "main.entity_descriptions",
            "main.entity_health",
            "main.entity_mentions",
            "main.entity_types",
            "main.field_definitions",
            "main.generation_events",
            "main.health_reports",
            "main.ingest_lag",
            "main.item_briefs",
            "main.load_ledger",
            "main.load_profiles",
            "main.loads",
            "main.loads_waiting",
            "main.model_descriptions",
            "main.name_embeddings",
            "main.outbox",
            "main.outbox_attempts",
            "main.outbox_depth",
            "main.outbox_facts",
            "main.outbox_failing",
            "main.outbox_outcomes",
            "main.outbox_tries",
            "main.outbox_waiting",
            "main.pipeline_health",
            "main.quarantine",
            "main.quarantine_depth",
            "main.query_executions",
            "main.raw_documents",
            "main.rejected_rows",
            "main.report_changes",
            "main.report_checks",
            "main.report_log",
            "main.reports",
            "main.review_depth",
            "main.schema_churn",
            "main.schema_snapshots",
            "main.slow_queries",
            "main.structured_data",
            "main.superseding_loads",
            "main.typed_fills_given_up",
            "main.unsettled_loads",
            "main.verified_queries",
            "main.verified_query_events",
        ]
    );
    for name in names {
        assert_eq!(duck.number(&format!("SELECT count(*) FROM {name}")).await, rows_at_first(name), "{name}");
    }
}

#[tokio::test]
async fn a_commit_number_is_given_once() {
    let duck = duck().await;
    duck.write(&commit(1, "load", LOAD, "k")).await;
    // Not by way of a client that would try again.
    let again = Statement::once(commit(1, "load", OTHER, "l"));
    let error = duck.reader().run(&again).await.unwrap_err();
    assert_eq!(error.class, ErrorClass::Conflict, "{error}");
}

#[tokio::test]
async fn an_entry_of_the_commit_log_has_what_its_kind_has() {
    let duck = duck().await;
    duck.write(
        "INSERT INTO commits (commit_seq, kind, committed_at, decision) VALUES (1, 'decision', now()::TIMESTAMP, '{}')",
    )
    .await;
    for wrong in [
        "(commit_seq, kind, committed_at) VALUES (2, 'decision', now()::TIMESTAMP)",
        "(commit_seq, kind, committed_at) VALUES (2, 'load', now()::TIMESTAMP)",
        "SELECT 2, 'retraction', * EXCLUDE (commit_seq, kind) FROM commits",
    ] {
        assert!(duck.try_write(&format!("INSERT INTO commits {wrong}")).await.is_err(), "{wrong}");
    }
}

#[tokio::test]
async fn words_that_are_not_in_the_lists_are_refused() {
    let duck = duck().await;
    for statement in [
        commit(1, "guess", LOAD, "k"),
        commit(1, "load", LOAD, "k").replace("'push'", "'shove'"),
        commit(1, "load", LOAD, "k").replace("'annotations'", "'pictures'"),
        format!("INSERT INTO landing.load_profiles VALUES ({LOAD}, 'colour', 'x', '{{}}')"),
        annotation(LOAD, "r").replace("'{}'", "'{'"),
        annotation("NULL", "r"),
    ] {
        let error = duck.reader().run(&Statement::once(statement.clone())).await.unwrap_err();
        assert_eq!(error.class, ErrorClass::Permanent, "{statement}: {error}");
    }
}

#[tokio::test]
async fn readers_see_committed_loads_only_and_of_each_object_the_newest() {
    let duck = duck().await;
    let count = async || duck.number("SELECT count(*) FROM annotations").await;
    duck.write(&annotation(LOAD, "r")).await;
    assert_eq!(count().await, 0, "not committed");
    duck.write(&commit(1, "load", LOAD, "k")).await;
    assert_eq!(count().await, 1);
    duck.write(&annotation(OTHER, "s")).await;
    duck.write(&commit(2, "load", OTHER, "k")).await;
    assert_eq!(duck.query("SELECT record_id FROM annotations").await, [["s"]], "another content of the object");
    duck.write(&commit(3, "retraction", OTHER, "k")).await;
    assert_eq!(count().await, 0, "deleted");
    let past = |n: i64| format!("SELECT record_id FROM annotations_at({n})");
    assert_eq!(duck.query(&past(1)).await, [["r"]]);
    assert_eq!(duck.query(&past(2)).await, [["s"]]);
    assert_eq!(duck.query(&past(3)).await.len(), 0);
}

#[tokio::test]
async fn the_newest_load_that_holds_a_record_shows_it_across_objects() {
    let duck = duck().await;
    duck.write(&annotation(LOAD, "r")).await;
    duck.write(&commit(1, "load", LOAD, "k")).await;
    duck.write(&annotation(OTHER, "r")).await;
    duck.write(&format!("INSERT INTO superseding_loads VALUES ({OTHER})")).await;
    duck.write(&format!("UPDATE landing.annotations SET superseded_by = {OTHER} WHERE load_id = {LOAD}")).await;
    let seen = async |from: &str| {
        let rows = duck.query(&format!("SELECT CAST(load_id AS VARCHAR) FROM {from}")).await;
        rows.iter().map(|row| format!("'{}'", row[0].as_str().unwrap())).collect::<Vec<_>>()
    };
    assert_eq!(seen("annotations").await, [LOAD], "what supersedes it isn't committed");
    duck.write(&commit(2, "load", OTHER, "l")).await;
    assert_eq!(seen("annotations").await, [OTHER]);
    assert_eq!(seen("annotations_at(1)").await, [LOAD]);
    duck.write(&commit(3, "retraction", OTHER, "l")).await;
    assert_eq!(seen("annotations").await, [LOAD], "what superseded it is retracted");
}

#[tokio::test]
async fn pages_and_rows_of_tables_are_shown_by_the_newest_load_too_if_they_have_a_record_key() {
    for (table, row) in [
        ("raw_documents (load_id, row_no, document_id, page_number)", "0, 'd', 1"),
        ("structured_data (load_id, row_no, source_table, record_key, data)", "0, 't', 'key', '{}'"),
    ] {
        let duck = duck().await;
        let name = table.split(' ').next().unwrap();
        let seen = async || duck.query(&format!("SELECT CAST(load_id AS VARCHAR) FROM {name}")).await;
        for (seq, load, key) in [(1, LOAD, "k"), (2, OTHER, "l")] {
            duck.write(&format!("INSERT INTO landing.{table} VALUES ({load}, {row})")).await;
            duck.write(&commit(seq, "load", load, key)).await;
        }
        assert_eq!(seen().await.len(), 2, "{name}: nothing says that they have a record in common");
        duck.write(&format!("INSERT INTO superseding_loads VALUES ({OTHER})")).await;
        duck.write(&format!("UPDATE landing.{name} SET superseded_by = {OTHER} WHERE load_id = {LOAD}")).await;
        assert_eq!(seen().await, [[OTHER.trim_matches('\'')]], "{name}");
        duck.write(&commit(3, "retraction", OTHER, "l")).await;
        assert_eq!(seen().await, [[LOAD.trim_matches('\'')]], "{name}: what superseded it is retracted");
    }
}

#[tokio::test]
async fn rows_without_a_record_key_are_all_shown() {
    let duck = duck().await;
    for (seq, load, key) in [(1, LOAD, "k"), (2, OTHER, "l")] {
        duck.write(&format!(
            "INSERT INTO landing.structured_data (load_id, row_no, source_table, data) \
             SELECT {load}, row_no, 't', '{{}}' FROM range(3) AS rows(row_no)"
        ))
        .await;
        duck.write(&commit(seq, "load", load, key)).await;
    }
    assert_eq!(duck.number("SELECT count(*) FROM structured_data").await, 6);
}

#[tokio::test]
async fn rows_set_aside_and_profiles_are_seen_as_long_as_their_load_is() {
    let duck = duck().await;
    let seen =
        async || duck.query("SELECT (SELECT count(*) FROM rejected_rows), (SELECT count(*) FROM load_profiles)").await;
    duck.write(&format!("INSERT INTO landing.rejected_rows VALUES ({LOAD}, 0, 'why', '{{}}')")).await;
    duck.write(&format!("INSERT INTO landing.load_profiles VALUES ({LOAD}, 'column', 'x', '{{}}')")).await;
    assert_eq!(seen().await, [[0, 0]], "not committed");
    duck.write(&commit(1, "load", LOAD, "k")).await;
    assert_eq!(seen().await, [[1, 1]]);
    duck.write(&commit(2, "load", OTHER, "k")).await;
    assert_eq!(seen().await, [[0, 0]], "another content of the object");
}

#[tokio::test]
async fn an_attempt_is_what_its_last_word_says_and_a_commit_is_the_last_word() {
    let duck = duck().await;
    let ledger = |load: &str, state: &str, second: u32| {
        format!(
            "INSERT INTO load_ledger VALUES ({load}, TIMESTAMP '2026-01-01 00:00:{second:02}', '{state}', 'b', 'k', 'e', \
             TIMESTAMP '2026-01-01', 1, 'annotations', 'why')"
        )
    };
    let states = async || duck.query("SELECT state, reason FROM loads ORDER BY load_id").await;
    duck.write(&ledger(LOAD, "started", 1)).await;
    assert_eq!(states().await, [["started".into(), serde_json::Value::Null]]);
    duck.write(&ledger(LOAD, "quarantined", 1)).await;
    assert_eq!(states().await, [["quarantined", "why"]]);
    assert_eq!(duck.number("SELECT count(*) FROM quarantine").await, 1);
    duck.write(&ledger(LOAD, "failed", 2)).await;
    assert_eq!(states().await, [["failed", "why"]]);
    duck.write(&commit(1, "load", LOAD, "k")).await;
    assert_eq!(states().await, [["committed".into(), serde_json::Value::Null]]);
    assert_eq!(duck.number("SELECT count(*) FROM quarantine").await, 0);
    duck.write(&ledger(OTHER, "started", 3)).await;
    duck.write(&commit(2, "load", OTHER, "k")).await;
    assert_eq!(states().await[0][0], "replaced");
}
