//! Discovery on real DuckDB: what commits do to the catalog and to the versions of the schema, with runs that die and runs at once.

use discovery::{NotDecided, Request};
use futures_util::future::join_all;
use living_core::{
    catalog::{
        ItemKey, ItemKind,
        content::{Change, Content, apply},
        fold::Folded,
        log::{self, Commit, Event, RowsChange},
        review::Action,
    },
    landing::load::label_profiles,
    profile::is_imo_number,
    time::Timestamp,
};
use living_warehouse::Warehouse;
use native_tests::{Cells, Fault, Faults, Harness, annotations, table};
use proptest::{prelude::*, strategy::ValueTree, test_runner::TestRunner};
use serde_json::Value;

const VERSIONS: &str = "SELECT version, parent_version, created_at::VARCHAR, content_hash, content, diff::VARCHAR, commit_seq, \
                        lineage::VARCHAR FROM schema_snapshots WHERE version > 1 ORDER BY version";

const LOG: &str = "SELECT COLUMNS(* EXCLUDE (superseded_at))::VARCHAR FROM catalog_log ORDER BY catalog_log.commit_seq, catalog_log.item_no";

async fn land_labels(harness: &Harness, key: &str, rows: &[(&str, &str)]) {
    let rows: Vec<(&str, &str, &str)> = rows.iter().map(|(record, label)| (*record, "some text", *label)).collect();
    let event = harness.store.put("argilla", &format!("wnut/{key}.parquet"), annotations(&rows));
    harness.deliver_until_done(&event).await;
}

async fn land_table(harness: &Harness, key: &str, cells: &[(&str, &[&str])]) {
    let rows = cells.first().map_or(0, |(_, values)| values.len());
    let cells = Cells {
        columns: cells.iter().map(|(name, _)| (*name).to_owned()).collect(),
        rows: (0..rows).map(|row| cells.iter().map(|(_, values)| Some(values[row].to_owned())).collect()).collect(),
    };
    let event = harness.store.put("csv", key, table(&cells));
    harness.deliver_until_done(&event).await;
}

/// What a version changed: kind of change, compatibility, name.
async fn changes(harness: &Harness, version: i64) -> Vec<(String, String, String)> {
    let rows =
        harness.duck.query(&format!("SELECT diff::VARCHAR FROM schema_snapshots WHERE version = {version}")).await;
    let changes: Vec<Value> = serde_json::from_str(rows[0][0].as_str().unwrap()).unwrap();
    let text = |change: &Value, name: &str| change[name].as_str().unwrap_or_default().to_owned();
    changes.iter().map(|c| (text(c, "change"), text(c, "compatibility"), text(c, "name"))).collect()
}

fn change(change: &str, compatibility: &str, name: &str) -> (String, String, String) {
    (change.to_owned(), compatibility.to_owned(), name.to_owned())
}

#[tokio::test]
async fn a_new_label_becomes_a_version_and_a_known_one_is_only_counted() {
    let harness = Harness::start().await;
    land_labels(&harness, "1", &[("a", "person"), ("b", "person"), ("c", "ship")]).await;
    let report = harness.discover().await;
    assert_eq!((report.commits, report.new_entity_types, report.version_before, report.version_after), (1, 2, 1, 2));
    assert_eq!(
        changes(&harness, 2).await,
        [change("added", "additive", "person"), change("added", "additive", "ship")]
    );
    assert_eq!(harness.published(), 2);

    land_labels(&harness, "2", &[("d", "person")]).await;
    let report = harness.discover().await;
    assert_eq!((report.commits, report.new_entity_types, report.version_after), (1, 0, 2));
    let counts =
        harness.duck.query("SELECT label, occurrence_count, document_count FROM entity_types ORDER BY label").await;
    assert_eq!(counts, [[Value::from("person"), 3.into(), 3.into()], ["ship".into(), 1.into(), 1.into()]]);
    assert_eq!(harness.discover().await.commits, 0);
}

#[tokio::test]
async fn what_a_new_upload_no_longer_holds_leaves_the_schema() {
    let harness = Harness::start().await;
    land_labels(&harness, "1", &[("a", "person"), ("b", "ship")]).await;
    harness.discover().await;
    land_labels(&harness, "1", &[("a", "person")]).await;
    harness.discover().await;
    assert_eq!(changes(&harness, 3).await, [change("removed", "breaking", "ship")]);
    assert_eq!(harness.duck.query("SELECT label FROM entity_types").await, [["person"]]);
    let before = harness.duck.query("SELECT label FROM entity_types_at(1) ORDER BY label").await;
    assert_eq!(before, [["person"], ["ship"]], "the catalog of an earlier commit is still there");
}

#[tokio::test]
async fn columns_get_types_that_widen_and_narrow_with_what_is_there() {
    let harness = Harness::start().await;
    land_table(&harness, "ships/1.parquet", &[("imo", &["9074729", "8814275"]), ("length", &["12", "14"])]).await;
    harness.discover().await;
    land_table(&harness, "ships/2.parquet", &[("imo", &["9319466"]), ("length", &["12.5"]), ("flag", &["NO"])]).await;
    harness.discover().await;
    assert_eq!(
        changes(&harness, 3).await,
        [change("added", "additive", "flag"), change("type_changed", "widening", "length")]
    );
    let fields = harness
        .duck
        .query("SELECT column_name, data_type, occurrence_count, nullable FROM field_definitions ORDER BY column_name")
        .await;
    let field =
        |name: &str, data_type: &str, values: i64| [Value::from(name), data_type.into(), values.into(), false.into()];
    assert_eq!(fields, [field("flag", "VARCHAR", 1), field("imo", "BIGINT", 3), field("length", "DOUBLE", 3)]);

    land_table(&harness, "ships/2.parquet", &[("imo", &["9319466"]), ("length", &["13"])]).await;
    harness.discover().await;
    assert_eq!(
        changes(&harness, 4).await,
        [change("removed", "breaking", "flag"), change("type_changed", "breaking", "length")]
    );
}

#[tokio::test]
async fn a_column_whose_values_seem_to_be_of_another_kind_than_before_is_recorded() {
    let harness = Harness::start().await;
    let numbers: Vec<String> = (9_000_000u64..).filter(|&n| is_imo_number(n)).take(30).map(|n| n.to_string()).collect();
    let numbers: Vec<&str> = numbers.iter().map(String::as_str).collect();
    land_table(&harness, "ships/1.parquet", &[("ship", &numbers)]).await;
    harness.discover().await;
    let meaning = "SELECT meaning FROM field_definitions";
    assert_eq!(harness.duck.query(meaning).await, [["imo_number"]]);
    land_table(&harness, "ships/2.parquet", &[("ship", &["1000001", "1000002", "1000003"])]).await;
    harness.discover().await;
    assert_eq!(changes(&harness, 3).await, [change("meaning_changed", "breaking", "ship")]);
    assert_eq!(harness.duck.query(meaning).await, [[Value::Null]]);
}

#[tokio::test]
async fn what_looks_like_something_that_is_there_is_flagged_with_a_reason() {
    let harness = Harness::start().await;
    land_labels(&harness, "1", &[("a", "product"), ("b", "location")]).await;
    land_labels(&harness, "2", &[("c", "products"), ("d", "weather"), ("e", "PRODUCTS")]).await;
    land_table(&harness, "first/1.parquet", &[("vessel_name", &["Ever Given"]), ("gross_tonnage", &["220940"])]).await;
    land_table(&harness, "second/1.parquet", &[("VesselName", &["Emma"]), ("cargo", &["tea"])]).await;
    let report = harness.discover().await;
    assert_eq!((report.conflicts, report.new_entity_types, report.new_fields), (3, 5, 4));
    let conflicts = harness
        .duck
        .query("SELECT name, similar_item->>'$.name', score >= 0.85, length(reason) > 0 FROM entity_conflicts ORDER BY name")
        .await;
    let conflict = |name: &str, similar: &str| [Value::from(name), similar.into(), true.into(), true.into()];
    assert_eq!(
        conflicts,
        [conflict("PRODUCTS", "product"), conflict("VesselName", "vessel_name"), conflict("products", "product")]
    );
    let flagged = harness.duck.query("SELECT label FROM entity_types WHERE status = 'flagged' ORDER BY label").await;
    assert_eq!(flagged, [["PRODUCTS"], ["products"]], "it can be queried, and says that it's in doubt");
}

/// The entity types, counted anew in what readers see.
async fn recount(harness: &Harness) -> Vec<Vec<Value>> {
    let profiles = label_profiles("annotations", "true");
    harness
        .duck
        .query(&format!(
            "SELECT profile->>'$.dataset' AS dataset, name, sum(CAST(profile->>'$.responses' AS BIGINT))::BIGINT, \
                    sum(CAST(profile->>'$.suggestions' AS BIGINT))::BIGINT, sum(CAST(profile->>'$.records' AS BIGINT))::BIGINT, \
                    len(list_distinct(flatten(list(regexp_extract_all(profile->>'$.documents', '.{{16}}'))))) \
             FROM ({profiles}) AS p(load_id, kind, name, profile) GROUP BY ALL ORDER BY ALL"
        ))
        .await
}

/// Of each label that the data has, whatever the schema calls it.
async fn catalogued(harness: &Harness) -> Vec<Vec<Value>> {
    harness
        .duck
        .query(
            "SELECT scope, name, CAST(item->>'$.totals.responses' AS BIGINT), CAST(item->>'$.totals.suggestions' AS BIGINT), \
                    CAST(item->>'$.totals.records' AS BIGINT), sketch_count(item->>'$.totals.documents') \
             FROM catalog_items_at(9223372036854775807) WHERE kind = 'entity_type' AND is_present ORDER BY ALL",
        )
        .await
}

/// Rows and values by column, counted anew in what readers see.
async fn recount_fields(harness: &Harness) -> Vec<Vec<Value>> {
    harness
        .duck
        .query(
            "SELECT source_table, e.key, count(*) FILTER (e.type <> 'NULL') \
             FROM structured_data AS s, json_each(s.data) AS e GROUP BY ALL ORDER BY ALL",
        )
        .await
}

/// Of each column that the data has.
async fn catalogued_fields(harness: &Harness) -> Vec<Vec<Value>> {
    harness
        .duck
        .query(
            "SELECT scope, name, CAST(item->>'$.totals.present' AS BIGINT) \
             FROM catalog_items_at(9223372036854775807) WHERE kind = 'field' AND is_present ORDER BY ALL",
        )
        .await
}

/// What the schema has counts what its items count, and no item is in two definitions or, without reason, in none.
async fn check_definitions(harness: &Harness) {
    let of_items = "SELECT kind, scope, question, canonical, list(name ORDER BY name <> canonical, name), \
                           sum(CAST(coalesce(item->>'$.totals.responses', item->>'$.totals.present') AS BIGINT))::BIGINT \
                    FROM catalog_items_at(9223372036854775807) \
                    WHERE is_present AND status IN ('approved', 'flagged') GROUP BY ALL";
    let of_schema = "SELECT kind, scope, question, name, names, CAST(coalesce(totals->>'$.responses', totals->>'$.present') AS BIGINT) \
                     FROM definitions_at(9223372036854775807)";
    let differing = format!(
        "SELECT count(*) FROM ((({of_items}) EXCEPT ({of_schema})) UNION ALL (({of_schema}) EXCEPT ({of_items})))"
    );
    assert_eq!(harness.duck.number(&differing).await, 0);
}

/// Each version is what its parent becomes by its diff, and has its own hash.
async fn check_versions(harness: &Harness) {
    let mut content = Content::default();
    for (i, row) in harness.duck.query(VERSIONS).await.iter().enumerate() {
        let text = |n: usize| row[n].as_str().unwrap();
        assert_eq!(row[0], i + 2, "no gap and no twin");
        let changes: Vec<Change> = serde_json::from_str(text(5)).unwrap();
        content = apply(&changes, &content);
        assert_eq!(Content::parse(text(4)).as_ref(), Ok(&content));
        assert_eq!(content.canonical(), text(4), "the warehouse writes the same canonical text");
    }
    let wrong =
        harness.duck.number("SELECT count(*) FROM schema_snapshots WHERE content_hash <> sha256(content)").await;
    assert_eq!(wrong, 0);
}

/// What was noted of rows is right, and readers see the same without it.
async fn check_hints(harness: &Harness) {
    let wrong = "SELECT count(*) FROM catalog_log AS l WHERE superseded_at IS NOT NULL AND superseded_at <> \
                 (SELECT min(n.commit_seq) FROM catalog_log AS n WHERE (n.kind, n.scope, n.question, n.name) = \
                    (l.kind, l.scope, l.question, l.name) AND n.commit_seq > l.commit_seq)";
    assert_eq!(harness.duck.number(wrong).await, 0);
}

/// Folds the whole log into an empty catalog. It has to give the same, byte for byte.
async fn check_replay(harness: &Harness) {
    let (log, versions) = (harness.duck.query(LOG).await, harness.duck.query(VERSIONS).await);
    harness.duck.write("DELETE FROM catalog_log").await;
    harness.duck.write("DELETE FROM schema_snapshots WHERE version > 1").await;
    harness.discover().await;
    assert_eq!(harness.duck.query(LOG).await, log);
    assert_eq!(harness.duck.query(VERSIONS).await, versions);
}

#[derive(Debug, Clone)]
enum Step {
    Labels { key: u8, rows: Vec<(u8, u8)> },
    Table { key: u8, columns: Vec<u8> },
    Delete { key: u8 },
    Decide { action: u8, item: u8, other: u8 },
    Discover,
    DiscoverAndDie { at: usize, after: bool },
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let labels =
        (0u8..3, proptest::collection::vec((0u8..6, 0u8..4), 0..5)).prop_map(|(key, rows)| Step::Labels { key, rows });
    let table =
        (0u8..3, proptest::collection::vec(0u8..4, 1..4)).prop_map(|(key, columns)| Step::Table { key, columns });
    let die = (0usize..25, any::<bool>()).prop_map(|(at, after)| Step::DiscoverAndDie { at, after });
    let decide = (0u8..5, 0u8..8, 0u8..8).prop_map(|(action, item, other)| Step::Decide { action, item, other });
    let step = prop_oneof![
        4 => labels, 4 => decide, 3 => table, 1 => (0u8..3).prop_map(|key| Step::Delete { key }), 2 => Just(Step::Discover), 2 => die
    ];
    proptest::collection::vec(step, 5..14)
}

const LABELS: [&str; 4] = ["person", "vessel", "Vessels", "location \"x\""];
const COLUMNS: [&str; 4] = ["imo", "IMO number", "length_m", "remarks"];

/// One of the labels, or of the columns.
fn item_of(n: u8) -> ItemKey {
    let (kind, scope, question, names) =
        if n < 4 { (ItemKind::EntityType, "wnut", "entities", LABELS) } else { (ItemKind::Field, "gone", "", COLUMNS) };
    let name = names[usize::from(n % 4)];
    ItemKey { kind, scope: scope.into(), question: question.into(), name: name.into() }
}

async fn carry_out(harness: &Harness, step: &Step) {
    match step {
        Step::Labels { key, rows } => {
            let ids: Vec<String> = rows.iter().map(|(record, _)| format!("r{record}")).collect();
            let rows: Vec<(&str, &str)> =
                rows.iter().zip(&ids).map(|((_, label), id)| (id.as_str(), LABELS[usize::from(*label)])).collect();
            land_labels(harness, &key.to_string(), &rows).await;
        }
        Step::Table { key, columns } => {
            let mut columns = columns.clone();
            columns.sort_unstable();
            columns.dedup();
            let cells: Vec<(&str, &[&str])> =
                columns.iter().map(|column| (COLUMNS[usize::from(*column)], ["1", "2"].as_slice())).collect();
            land_table(harness, &format!("gone/{key}.parquet"), &cells).await;
        }
        Step::Delete { key } => {
            harness.deliver_until_done(&harness.store.delete("csv", &format!("gone/{key}.parquet"))).await;
        }
        Step::Decide { action, item, other } => {
            let undone = i64::from(item % 4) + i64::from(other % 4);
            let (item, other) = (item_of(*item), item_of(*other));
            let action = match action {
                0 => Action::Merge { item, into: other },
                1 => Action::KeepBoth { item, other: None },
                2 => Action::Rename { item, to: other.name.to_uppercase() },
                3 => Action::Reject { item },
                _ => Action::Undo { decision: undone },
            };
            let request = Request { id: None, by: "ann".into(), reason: String::new(), seen: None, action };
            match harness.discovery(&Faults::none()).decide(request).await {
                Ok(_) | Err(NotDecided::Refused(_)) => {}
                Err(error) => panic!("{error}"),
            }
        }
        Step::Discover => {
            harness.discover().await;
        }
        Step::DiscoverAndDie { at, after } => {
            let faults = Faults::none();
            faults.plan(*at, if *after { Fault::DieAfter } else { Fault::DieBefore });
            harness.discover_with(&faults).await;
        }
    }
}

#[tokio::test]
async fn a_run_whose_time_is_up_ends_and_the_next_goes_on() {
    let harness = Harness::start().await;
    for (key, label) in [("1", "person"), ("2", "harbour"), ("3", "cargo")] {
        let file = annotations(&[(&format!("{key} a"), "some text", label)]);
        harness.deliver_until_done(&harness.store.put("argilla", &format!("wnut/{key}.parquet"), file)).await;
    }
    let mut hurried = harness.discovery(&Faults::none());
    hurried.options.run_seconds = -1;
    for _ in 0..3 {
        let report = hurried.run().await.unwrap();
        assert_eq!((report.commits, report.goes_on), (1, true));
    }
    let report = hurried.run().await.unwrap();
    assert_eq!((report.commits, report.goes_on), (0, false));
    assert_eq!(harness.duck.number("SELECT max(commit_seq) FROM catalog_log").await, 3);
}

#[tokio::test]
async fn after_any_history_the_catalog_is_a_full_recount_and_the_log_replays_to_the_same_versions() {
    let mut runner = TestRunner::default();
    for _ in 0..16 {
        let steps = steps().new_tree(&mut runner).unwrap().current();
        let harness = Harness::start().await;
        for step in &steps {
            carry_out(&harness, step).await;
        }
        harness.discover().await;
        assert_eq!(catalogued(&harness).await, recount(&harness).await, "{steps:#?}");
        assert_eq!(catalogued_fields(&harness).await, recount_fields(&harness).await, "{steps:#?}");
        check_definitions(&harness).await;
        check_versions(&harness).await;
        check_hints(&harness).await;
        check_replay(&harness).await;
    }
}

#[tokio::test]
async fn a_commit_that_is_folded_in_is_not_tried_again() {
    let harness = Harness::start().await;
    let event = Event::Rows(RowsChange { load: None, replaced: None });
    let commit = Commit { commit_seq: 7, committed_at: Timestamp::from_millis(0), event };
    let append = log::append(&commit, &Folded::default());
    let faults = Faults::none();
    let warehouse = harness.duck.client_with(faults.clone());
    assert_eq!(warehouse.run(&append).await.unwrap().number(), Ok(1));
    let once = faults.points().len();
    assert_eq!(warehouse.run(&append).await.unwrap().number(), Ok(0));
    assert!(faults.points().len() <= once + 1, "one request, and no waiting for a key that stays taken");
}

#[tokio::test]
async fn fifty_runs_at_once_some_of_which_die_give_the_result_of_one() {
    let harness = Harness::start().await;
    for round in 0..12u8 {
        let label = format!("label {round}");
        land_labels(&harness, &round.to_string(), &[("same", "person"), (&label, &label)]).await;
    }
    let plans: Vec<Faults> = (0..50)
        .map(|n| {
            let faults = Faults::none();
            if n % 3 != 0 {
                faults.plan(n * 7 % 40, if n % 2 == 0 { Fault::DieAfter } else { Fault::DieBefore });
            }
            faults
        })
        .collect();
    join_all(plans.iter().map(|faults| harness.discover_with(faults))).await;
    harness.discover().await;
    assert_eq!(harness.duck.number("SELECT count(*) FROM catalog_log WHERE item_no = 0").await, 12);
    assert_eq!(catalogued(&harness).await, recount(&harness).await);
    check_versions(&harness).await;
    check_replay(&harness).await;
}
