//! The embedding signal in discovery, on real DuckDB: it decides what is in doubt, and what it says is kept, so that no fold depends on
//! whether the service answers.

use futures_util::future::join_all;
use native_tests::{Fault, Faults, Harness, Point, StandInEmbedder, StandInFault, annotations};
use serde_json::Value;

const LOG: &str = "SELECT COLUMNS(* EXCLUDE (superseded_at))::VARCHAR FROM catalog_log ORDER BY catalog_log.commit_seq, catalog_log.item_no";

const VERSIONS: &str =
    "SELECT version, content_hash, content, diff::VARCHAR, commit_seq FROM schema_snapshots ORDER BY version";

const RECORDS: &str = "SELECT commit_seq, cosines::VARCHAR FROM commit_embeddings ORDER BY ALL";

async fn land(harness: &Harness, key: &str, labels: &[&str]) {
    let records: Vec<String> = (0..labels.len()).map(|n| format!("{key}-{n}")).collect();
    let rows: Vec<(&str, &str, &str)> =
        records.iter().zip(labels).map(|(record, label)| (record.as_str(), "some text", *label)).collect();
    let event = harness.store.put("argilla", &format!("wnut/{key}.parquet"), annotations(&rows));
    harness.deliver_until_done(&event).await;
}

/// A service that knows that an overall length is a length.
fn service() -> StandInEmbedder {
    let service = StandInEmbedder::default();
    service.learn("overall length", "length");
    service
}

async fn with_service(service: &StandInEmbedder) -> Harness {
    let mut harness = Harness::start().await;
    harness.embedder = Some(service.clone());
    harness
}

/// Flagged labels, with the reason.
async fn flagged(harness: &Harness) -> Vec<(String, String)> {
    let rows = harness.duck.query("SELECT name, reason FROM entity_conflicts ORDER BY name").await;
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    rows.iter().map(|row| (text(&row[0]), text(&row[1]))).collect()
}

async fn clear(harness: &Harness) {
    harness.duck.write("DELETE FROM catalog_log").await;
    harness.duck.write("DELETE FROM schema_snapshots WHERE version > 1").await;
}

/// Folds the whole log into an empty catalog. It has to give the same.
async fn check_replay(harness: &Harness) {
    let before = (harness.duck.query(LOG).await, harness.duck.query(VERSIONS).await);
    clear(harness).await;
    harness.discover().await;
    assert_eq!((harness.duck.query(LOG).await, harness.duck.query(VERSIONS).await), before);
}

#[tokio::test]
async fn names_in_doubt_that_mean_the_same_are_flagged() {
    let service = service();
    let harness = with_service(&service).await;
    land(&harness, "1", &["length", "hull width"]).await;
    harness.discover().await;
    land(&harness, "2", &["overall length", "total width"]).await;
    harness.discover().await;
    let flagged = flagged(&harness).await;
    assert_eq!(flagged.len(), 1, "{flagged:?}");
    assert_eq!(flagged[0].0, "overall length");
    assert!(flagged[0].1.contains("alike by 1.00 (embedding)"), "{flagged:?}");
}

#[tokio::test]
async fn nothing_is_asked_of_names_that_are_sure_and_no_name_twice() {
    let service = service();
    let harness = with_service(&service).await;
    land(&harness, "1", &["length", "captain"]).await;
    land(&harness, "2", &["lengths", "captains", "tide"]).await;
    harness.discover().await;
    assert_eq!((service.asked(), harness.duck.query(RECORDS).await.len()), (vec![], 0));
    land(&harness, "3", &["overall length"]).await;
    harness.discover().await;
    land(&harness, "4", &["moulded length"]).await;
    harness.discover().await;
    let mut asked = service.asked();
    let all = asked.len();
    asked.sort();
    asked.dedup();
    assert_eq!(asked.len(), all, "{asked:?}");
}

#[tokio::test]
async fn a_replay_decides_the_same_whether_the_service_answers_or_not() {
    let service = service();
    let harness = with_service(&service).await;
    land(&harness, "1", &["length"]).await;
    land(&harness, "2", &["overall length"]).await;
    harness.discover().await;
    assert_eq!(flagged(&harness).await.len(), 1);
    service.is_down(true);
    check_replay(&harness).await;
    // As it was when the service was down.
    let other = with_service(&service).await;
    land(&other, "1", &["length"]).await;
    land(&other, "2", &["overall length"]).await;
    other.discover().await;
    assert_eq!(flagged(&other).await, []);
    service.is_down(false);
    check_replay(&other).await;
    assert_eq!(flagged(&other).await, []);
    // What it answers to a later commit doesn't change what was decided before it.
    land(&other, "3", &["moulded length"]).await;
    other.discover().await;
    check_replay(&other).await;
}

#[tokio::test]
async fn a_service_that_fails_stalls_or_answers_rubbish_gives_what_none_gives() {
    let run = async |embedder: Option<StandInEmbedder>| {
        let mut harness = Harness::start().await;
        harness.embedder = embedder;
        for (key, labels) in [("1", ["length", "hull"]), ("2", ["overall length", "hulls"])] {
            land(&harness, key, &labels).await;
        }
        let report = harness.discover().await;
        (report.commits, report.conflicts, flagged(&harness).await)
    };
    let without = run(None).await;
    let status = |status| StandInFault::Answer { status, body: "no", retry_after: None };
    for fault in
        [StandInFault::Down, StandInFault::Silent, StandInFault::Garbage, status(401), status(503), status(200)]
    {
        let service = service();
        service.meets([fault.clone()]);
        assert_eq!(run(Some(service)).await, without, "{fault:?}");
    }
    assert_ne!(run(Some(service())).await, without);
}

#[tokio::test]
async fn after_a_failure_a_run_asks_no_more() {
    let service = service();
    service.is_down(true);
    let harness = with_service(&service).await;
    land(&harness, "0", &["length"]).await;
    for kind in ["overall", "moulded", "registered", "total", "hull"] {
        land(&harness, kind, &[&format!("{kind} length")]).await;
    }
    harness.discover().await;
    assert_eq!(service.asked(), ["length", "overall length"]);
    harness.discover().await;
    assert_eq!(service.asked().len(), 2);
    assert_eq!(harness.duck.query(RECORDS).await.len(), 5, "each commit is recorded, with nothing known");
}

#[tokio::test]
async fn runs_that_die_anywhere_and_runs_at_once_record_one_answer() {
    // Without faults, to know what comes out and how many points there are.
    let whole = with_service(&service()).await;
    land(&whole, "1", &["length"]).await;
    land(&whole, "2", &["overall length"]).await;
    let faults = Faults::none();
    whole.discover_with(&faults).await.unwrap();
    let expected = flagged(&whole).await;
    let is_of_embeddings = |point: &Point| match point {
        Point::Outside => true,
        Point::Warehouse(statement) => ["embeddings", "cosines"].iter().any(|word| statement.contains(word)),
        _ => false,
    };
    let points: Vec<usize> =
        faults.points().iter().enumerate().filter(|(_, point)| is_of_embeddings(point)).map(|(at, _)| at).collect();
    // Record, names known, service, vectors, record, and the record again.
    assert!(points.len() >= 6, "{:?}", faults.points());
    for at in points {
        for fault in [Fault::DieBefore, Fault::DieAfter] {
            let harness = with_service(&service()).await;
            land(&harness, "1", &["length"]).await;
            land(&harness, "2", &["overall length"]).await;
            let faults = Faults::none();
            faults.plan(at, fault);
            harness.discover_with(&faults).await;
            harness.discover().await;
            assert_eq!(flagged(&harness).await, expected, "{fault:?} at {at}");
        }
    }
    // Some runs can't reach the service: who is first decides, and all others agree.
    let service = service();
    let harness = with_service(&service).await;
    land(&harness, "1", &["length"]).await;
    land(&harness, "2", &["overall length"]).await;
    service.meets([StandInFault::Down, StandInFault::Garbage]);
    let none = Faults::none();
    join_all((0..10).map(|_| harness.discover_with(&none))).await;
    harness.discover().await;
    assert_eq!(harness.duck.query(RECORDS).await.len(), 1);
    check_replay(&harness).await;
}
