//! The weekly health report and consolidation by rule, on real DuckDB: what is proposed, told, and decided, and when.

use discovery::{HealthReport, Request};
use living_core::catalog::{ItemKey, ItemKind, health::Cadence, review::Action};
use native_tests::{Fault, Faults, Harness, StandIn, TestDiscovery, annotations, until_death};
use proptest::{prelude::*, strategy::ValueTree, test_runner::TestRunner};
use serde_json::{Value, json};

const CADENCE: Cadence = Cadence { months: 3, by_rule_below: 10 };
const NOTHING: HealthReport = HealthReport { is_made: false, decided: 0, refused: Vec::new() };

fn discovery(harness: &Harness, cadence: Cadence) -> TestDiscovery {
    let mut discovery = harness.discovery(&Faults::none());
    discovery.options.cadence = cadence;
    discovery
}

async fn look(harness: &Harness, cadence: Cadence) -> HealthReport {
    discovery(harness, cadence).look_after_health().await.unwrap()
}

/// Lands a file with these labels, so many days ago.
async fn land(harness: &Harness, days: u32, labels: &[&str]) {
    let rows: Vec<(String, &str)> = labels.iter().map(|label| (format!("{days} {label}"), *label)).collect();
    let rows: Vec<(&str, &str, &str)> = rows.iter().map(|(id, label)| (id.as_str(), "some text", *label)).collect();
    let file = harness.store.put("argilla", &format!("wnut/{days}.parquet"), annotations(&rows));
    harness.deliver_until_done(&file).await;
    let newest = "commit_seq = (SELECT max(commit_seq) FROM commits)";
    harness
        .duck
        .write(&format!("UPDATE commits SET committed_at = committed_at - INTERVAL {days} DAY WHERE {newest}"))
        .await;
    harness.discover().await;
}

/// A dataset that is alive, with a label that nobody uses any more and a near-duplicate that nobody decided about.
async fn neglected() -> Harness {
    let harness = Harness::start().await;
    land(&harness, 100, &["crew", "product"]).await;
    land(&harness, 40, &["products", "product"]).await;
    land(&harness, 1, &["product", "port"]).await;
    harness
}

async fn let_a_week_pass(harness: &Harness) {
    harness.duck.write("UPDATE health_reports SET week = week - 7, made_at = made_at - INTERVAL 7 DAY").await;
}

async fn labels(harness: &Harness) -> Vec<String> {
    let rows = harness.duck.query("SELECT label FROM entity_types ORDER BY label").await;
    rows.iter().map(|row| row[0].as_str().unwrap().to_owned()).collect()
}

async fn proposals(harness: &Harness) -> Vec<Vec<Value>> {
    harness
        .duck
        .query("SELECT name, action, into_item->>'$.name', is_sure, reason FROM consolidation_proposals ORDER BY name")
        .await
}

fn label(name: &str) -> ItemKey {
    ItemKey { kind: ItemKind::EntityType, scope: "wnut".into(), question: "entities".into(), name: name.into() }
}

async fn decide(harness: &Harness, action: Action) {
    let request = Request { id: None, by: "ann".into(), reason: String::new(), seen: None, action };
    discovery(harness, CADENCE).decide(request).await.unwrap();
}

#[tokio::test]
async fn what_is_stale_and_rare_or_a_duplicate_that_nobody_decides_about_is_proposed() {
    let harness = neglected().await;
    let rows = proposals(&harness).await;
    let crew = &rows[0];
    assert_eq!(crew[..4], [json!("crew"), json!("reject"), Value::Null, json!(true)]);
    assert!(crew[4].as_str().unwrap().starts_with("seen 1 time, last on 20"), "{crew:?}");
    let products = &rows[1];
    assert_eq!(products[..4], [json!("products"), json!("merge"), json!("product"), json!(true)]);
    assert_eq!(rows.len(), 2);
}

#[tokio::test]
async fn a_dataset_that_rests_as_a_whole_is_left_alone() {
    let harness = Harness::start().await;
    land(&harness, 100, &["crew", "product"]).await;
    assert_eq!(harness.duck.number("SELECT count(*) FROM entity_health WHERE is_stale AND is_rare").await, 2);
    assert!(proposals(&harness).await.is_empty());
}

#[tokio::test]
async fn a_week_has_one_report_and_it_is_told_once_to_slack_and_by_mail() {
    let harness = neglected().await;
    let stand_in = StandIn::default();
    harness.dispatch(&stand_in).await;
    assert_eq!(look(&harness, CADENCE).await, HealthReport { is_made: true, ..NOTHING });
    assert_eq!(look(&harness, CADENCE).await, NOTHING);
    harness.dispatch(&stand_in).await;
    harness.dispatch(&stand_in).await;

    let posted = stand_in.posted();
    assert_eq!(posted.len(), 2);
    let text = posted[1].to_string();
    assert!(posted[1]["blocks"][0]["text"]["text"].as_str().unwrap().starts_with("Health of the schema, week of 20"));
    for part in [
        "1 not seen for 90 days, 3 seen fewer than 5 times, 2 to consolidate",
        "the entity type `crew` in `wnut` could be left out: seen 1 time",
        "the entity type `products` in `wnut` could be merged into `product` in `wnut`",
        "What is sure is decided by rule in a week",
    ] {
        assert!(text.contains(part), "{part}: {text}");
    }
    let mailed = stand_in.mailed();
    assert_eq!(mailed.len(), 1);
    assert!(mailed[0].to_string().contains("the entity type crew in wnut could be left out"), "{mailed:?}");
}

#[tokio::test]
async fn of_a_healthy_schema_nothing_is_told() {
    let harness = Harness::start().await;
    land(&harness, 1, &["product", "products"]).await;
    assert!(look(&harness, CADENCE).await.is_made);
    let facts = "SELECT count(*) FROM outbox WHERE fact LIKE 'health:%'";
    assert_eq!(harness.duck.number(facts).await, 0);
    let report = "SELECT definitions, stale, rare, growing, conflicted, proposals, consolidation FROM health_reports";
    let expected: [Value; 7] = [2.into(), 0.into(), 0.into(), 0.into(), 1.into(), 0.into(), Value::Null];
    assert_eq!(harness.duck.query(report).await, [expected]);
}

#[tokio::test]
async fn what_is_sure_is_decided_by_rule_a_week_after_it_was_said() {
    let harness = neglected().await;
    look(&harness, CADENCE).await;
    assert_eq!(labels(&harness).await, ["crew", "port", "product", "products"]);
    let_a_week_pass(&harness).await;
    assert_eq!(look(&harness, CADENCE).await, HealthReport { is_made: true, decided: 2, refused: Vec::new() });
    assert_eq!(labels(&harness).await, ["port", "product"]);
    assert_eq!(look(&harness, CADENCE).await, NOTHING);
    let decided = harness.duck.query("SELECT DISTINCT decided_by, action FROM decisions ORDER BY action").await;
    assert_eq!(
        decided,
        [["consolidation rule", "merge"], ["consolidation rule", "reject"]].map(|row| row.map(Value::from))
    );

    // Who undoes it isn't asked again.
    let number = harness.duck.number("SELECT decision FROM decisions WHERE action = 'reject'").await;
    decide(&harness, Action::Undo { decision: number }).await;
    assert_eq!(labels(&harness).await, ["crew", "port", "product"]);
    assert!(proposals(&harness).await.is_empty());
    assert_eq!(look(&harness, CADENCE).await, NOTHING);
}

#[tokio::test]
async fn a_person_may_be_first() {
    let harness = neglected().await;
    look(&harness, CADENCE).await;
    decide(&harness, Action::KeepBoth { item: label("products"), other: None }).await;
    decide(&harness, Action::Merge { item: label("crew"), into: label("port") }).await;
    let_a_week_pass(&harness).await;
    assert_eq!(look(&harness, CADENCE).await, HealthReport { is_made: true, ..NOTHING });
    assert_eq!(labels(&harness).await, ["port", "product", "products"]);
}

#[tokio::test]
async fn the_rule_decides_only_where_the_schema_hardly_changes_and_consolidation_is_due() {
    for (cadence, expected) in [
        (Cadence { by_rule_below: 0, ..CADENCE }, Some("by_hand")),
        // Two loads changed the schema within 90 days.
        (Cadence { by_rule_below: 2, ..CADENCE }, Some("by_hand")),
        (Cadence { by_rule_below: 3, ..CADENCE }, Some("by_rule")),
        (Cadence { months: 0, ..CADENCE }, None),
    ] {
        let harness = neglected().await;
        look(&harness, cadence).await;
        let due = harness.duck.query("SELECT consolidation FROM health_reports").await;
        assert_eq!(due, [[Value::from(expected)]], "{cadence:?}");
        let_a_week_pass(&harness).await;
        let decided = if expected == Some("by_rule") { 2 } else { 0 };
        assert_eq!(look(&harness, cadence).await.decided, decided, "{cadence:?}");
    }
}

#[tokio::test]
async fn consolidation_is_due_once_in_a_period() {
    let harness = neglected().await;
    let by_hand = Cadence { by_rule_below: 0, ..CADENCE };
    look(&harness, by_hand).await;
    let due = "SELECT count(consolidation) FROM health_reports";
    // A report of the same period in another week, whatever today is.
    harness
        .duck
        .write(
            "UPDATE health_reports SET week = CASE WHEN month(week - 7) = month(week) THEN week - 7 ELSE week + 7 END",
        )
        .await;
    assert!(look(&harness, by_hand).await.is_made);
    assert_eq!(harness.duck.number(due).await, 1);
    harness.duck.write("UPDATE health_reports SET week = week - INTERVAL 1 YEAR - INTERVAL 3 DAY").await;
    assert!(look(&harness, by_hand).await.is_made);
    assert_eq!(harness.duck.number(due).await, 2);
}

/// Runs die anywhere; what comes of all is what would come of one.
#[test]
fn runs_that_die_make_one_report_and_decide_each_thing_once() {
    let cases = std::env::var("PROPTEST_CASES").ok().and_then(|cases| cases.parse().ok()).unwrap_or(4);
    let mut runner = TestRunner::deterministic();
    for _ in 0..cases {
        let fault = prop::sample::select(vec![Fault::DieBefore, Fault::DieAfter, Fault::FailBefore, Fault::FailAfter]);
        let deaths = proptest::collection::vec((0..60_usize, fault), 1..4).new_tree(&mut runner).unwrap().current();
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(async {
            let harness = neglected().await;
            look(&harness, CADENCE).await;
            let_a_week_pass(&harness).await;
            for (point, fault) in &deaths {
                let faults = Faults::none();
                faults.plan(*point, *fault);
                let dying = harness.discovery(&faults);
                let _ = until_death(&faults, dying.look_after_health()).await;
            }
            look(&harness, CADENCE).await;
            assert_eq!(labels(&harness).await, ["port", "product"], "{deaths:?}");
            assert_eq!(harness.duck.number("SELECT count(*) FROM decisions").await, 2, "{deaths:?}");
            assert_eq!(harness.duck.number("SELECT count(*) FROM health_reports").await, 2, "{deaths:?}");
        });
    }
}
