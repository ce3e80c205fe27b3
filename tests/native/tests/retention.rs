//! Retention on real DuckDB: what is forgotten, and what never is.

use living_core::retention::{Retention, forget};
use living_warehouse::Warehouse;
use native_tests::{Harness, annotations};

const FOR_EVER: Retention = Retention { logs_days: 0, results_days: 0, profiles_days: 0 };

/// Carries out what retention says, and gives how many rows it took.
async fn forget_all(harness: &Harness, retention: Retention) -> u64 {
    let mut forgotten = 0;
    for statement in forget(retention) {
        forgotten += harness.duck.reader().run(&statement).await.unwrap().number().unwrap();
    }
    forgotten
}

async fn land(harness: &Harness, key: &str, label: &str) {
    let file = annotations(&[(&format!("{key} {label}"), "some text", label)]);
    harness.deliver_until_done(&harness.store.put("argilla", key, file)).await;
}

/// Moves all commits into the past.
async fn age_commits(harness: &Harness, days: u32) {
    harness.duck.write(&format!("UPDATE commits SET committed_at = committed_at - INTERVAL {days} DAY")).await;
}

#[tokio::test]
async fn what_is_older_than_its_days_goes_and_the_rest_stays() {
    let harness = Harness::start().await;
    for days in [9, 11] {
        let at = format!("make_timestamp(epoch_us(now())) - INTERVAL {days} DAY");
        for insert in [
            format!("dead_letters VALUES ({at}, 'm', 'r')"),
            format!("discovery_runs VALUES ({at}, 1, 1, 1, 1, 1, 1, 1, 1, 2)"),
            format!(
                "generation_events VALUES (uuid(), {at}, 'ann', 'asked', 'how many?', 'a model', 1, 1, NULL, NULL)"
            ),
            format!(
                "query_executions VALUES (uuid(), {at}, 'ann', 'SELECT 1', 'h', 'live', 1, 0, NULL, NULL, 1, false, 1, false, 'h', NULL)"
            ),
        ] {
            harness.duck.write(&format!("INSERT INTO {insert}")).await;
        }
    }
    assert_eq!(forget_all(&harness, FOR_EVER).await, 0);
    let ten_days = Retention { logs_days: 10, ..FOR_EVER };
    assert_eq!(forget_all(&harness, ten_days).await, 4);
    assert_eq!(forget_all(&harness, ten_days).await, 0);
    for table in ["dead_letters", "discovery_runs", "generation_events", "query_executions"] {
        assert_eq!(harness.duck.number(&format!("SELECT count(*) FROM {table}")).await, 1, "{table}");
    }
}

#[tokio::test]
async fn of_looks_at_a_report_the_newest_stays_and_each_that_found_a_change() {
    let harness = Harness::start().await;
    for (days, change) in [(30, "NULL"), (20, "uuid()"), (15, "NULL")] {
        let row = format!(
            "'018f0000-0000-7000-8000-000000000001', 1, make_timestamp(epoch_us(now())) - INTERVAL {days} DAY, 1, {days}, 'unchanged', \
             'why', '{{}}', {change}"
        );
        harness.duck.write(&format!("INSERT INTO report_checks VALUES ({row})")).await;
    }
    assert_eq!(forget_all(&harness, Retention { logs_days: 10, ..FOR_EVER }).await, 1);
    let left = harness.duck.query("SELECT commit_seq FROM report_checks ORDER BY commit_seq").await;
    assert_eq!(left, [[15], [20]]);
}

#[tokio::test]
async fn the_kept_result_of_the_present_pin_stays() {
    let harness = Harness::start().await;
    for (revision, action, days) in [(1, "created", 50), (2, "refreshed", 30), (3, "refreshed", 20)] {
        let row = format!(
            "'018f0000-0000-7000-8000-000000000001', {revision}, '{action}', uuid(), make_timestamp(epoch_us(now())) - INTERVAL {days} DAY, \
             'ann', 'calls', NULL, 'SELECT 1', NULL, NULL, 'h', '{{}}', 1, 0, '{{}}', 'kept'"
        );
        harness.duck.write(&format!("INSERT INTO report_log VALUES ({row})")).await;
    }
    let kept = "SELECT revision FROM report_log WHERE kept_result IS NOT NULL ORDER BY revision";
    assert_eq!(forget_all(&harness, Retention { results_days: 25, ..FOR_EVER }).await, 1);
    assert_eq!(harness.duck.query(kept).await, [[2], [3]]);
    assert_eq!(forget_all(&harness, Retention { results_days: 1, ..FOR_EVER }).await, 1);
    assert_eq!(harness.duck.query(kept).await, [[3]]);
}

#[tokio::test]
async fn profiles_go_when_another_load_has_long_taken_their_place_in_the_catalog() {
    let harness = Harness::start().await;
    let ten_days = Retention { profiles_days: 10, ..FOR_EVER };
    land(&harness, "wnut/1.parquet", "product").await;
    land(&harness, "wnut/1.parquet", "location").await;
    age_commits(&harness, 11).await;
    assert_eq!(forget_all(&harness, ten_days).await, 0, "discovery needs them yet");
    harness.discover().await;
    assert_eq!(forget_all(&harness, Retention { profiles_days: 12, ..FOR_EVER }).await, 0, "they are too young");
    assert!(forget_all(&harness, ten_days).await > 0);
    let left = "SELECT DISTINCT commit_seq FROM landing.load_profiles JOIN commits USING (load_id)";
    assert_eq!(harness.duck.query(left).await, [[2]]);

    // What comes after is counted as if nothing were gone.
    land(&harness, "wnut/1.parquet", "port").await;
    land(&harness, "wnut/2.parquet", "port").await;
    harness.discover().await;
    let types = harness.duck.query("SELECT label, occurrence_count FROM entity_types").await;
    assert_eq!(types, [[serde_json::Value::from("port"), 2.into()]]);
}

#[tokio::test]
async fn attempts_that_came_to_nothing_go_once_their_object_is_committed() {
    let harness = Harness::start().await;
    let attempt = |object: &str, days: u32, state: &str| {
        format!(
            "INSERT INTO load_ledger VALUES (uuid(), make_timestamp(epoch_us(now())) - INTERVAL {days} DAY, '{state}', 'argilla', '{object}', \
             'e', make_timestamp(epoch_us(now())), 1, 'annotations', NULL)"
        )
    };
    harness.duck.write(&attempt("wnut/1.parquet", 30, "failed")).await;
    harness.duck.write(&attempt("broken.parquet", 30, "quarantined")).await;
    land(&harness, "wnut/1.parquet", "product").await;
    age_commits(&harness, 20).await;
    harness.duck.write(&attempt("wnut/1.parquet", 15, "failed")).await;
    let ledger = harness.duck.number("SELECT count(*) FROM load_ledger").await;
    assert_eq!(forget_all(&harness, Retention { logs_days: 10, ..FOR_EVER }).await, 1);
    assert_eq!(harness.duck.number("SELECT count(*) FROM load_ledger").await, ledger - 1);
    assert_eq!(harness.duck.number("SELECT count(*) FROM quarantine").await, 1);
    assert_eq!(harness.duck.number("SELECT count(*) FROM visible_loads_at(99)").await, 1);
}
