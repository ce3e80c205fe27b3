//! The review queue on real DuckDB: what persons decide, what becomes of the schema, and what is refused.

use discovery::{Made, NotDecided, Request};
use futures_util::future::join_all;
use living_core::catalog::{
    ItemKey, ItemKind,
    review::{Action, Refusal},
};
use native_tests::{Cells, Fault, Faults, Harness, TestDiscovery, annotations, table};
use serde_json::Value;
use uuid::Uuid;

fn label(name: &str) -> ItemKey {
    ItemKey { kind: ItemKind::EntityType, scope: "wnut".into(), question: "entities".into(), name: name.into() }
}

fn column(table: &str, name: &str) -> ItemKey {
    ItemKey { kind: ItemKind::Field, scope: table.into(), question: String::new(), name: name.into() }
}

fn ask(action: Action) -> Request {
    Request { id: None, by: "ann".into(), reason: "I know them".into(), seen: None, action }
}

async fn land_labels(harness: &Harness, key: &str, labels: &[&str]) {
    let rows: Vec<(String, &str)> =
        labels.iter().enumerate().map(|(i, label)| (format!("{key}-{i}"), *label)).collect();
    let rows: Vec<(&str, &str, &str)> =
        rows.iter().map(|(record, label)| (record.as_str(), "some text", *label)).collect();
    harness.deliver_until_done(&harness.store.put("argilla", &format!("wnut/{key}.parquet"), annotations(&rows))).await;
    harness.discover().await;
}

async fn land_table(harness: &Harness, key: &str, columns: &[&str]) {
    let row = |n: usize| columns.iter().map(|column| Some(format!("{column} {n}"))).collect();
    let cells =
        Cells { columns: columns.iter().map(|&name| name.to_owned()).collect(), rows: (0..2).map(row).collect() };
    harness.deliver_until_done(&harness.store.put("csv", key, table(&cells))).await;
    harness.discover().await;
}

fn discovery(harness: &Harness) -> TestDiscovery {
    harness.discovery(&Faults::none())
}

async fn decide(harness: &Harness, action: Action) -> Made {
    discovery(harness).decide(ask(action)).await.unwrap()
}

async fn refused(harness: &Harness, request: Request) -> Refusal {
    match discovery(harness).decide(request).await {
        Err(NotDecided::Refused(refusal)) => refusal,
        other => panic!("{other:?}"),
    }
}

async fn content(harness: &Harness) -> String {
    let rows = harness.duck.query("SELECT content FROM schema_snapshots ORDER BY version DESC LIMIT 1").await;
    rows[0][0].as_str().unwrap().to_owned()
}

async fn open_conflicts(harness: &Harness) -> Vec<String> {
    let rows = harness.duck.query("SELECT name FROM entity_conflicts WHERE state = 'open' ORDER BY name").await;
    rows.iter().map(|row| row[0].as_str().unwrap().to_owned()).collect()
}

async fn types(harness: &Harness) -> Vec<Vec<Value>> {
    harness
        .duck
        .query("SELECT label, occurrence_count, array_to_string(aliases, ','), status FROM entity_types ORDER BY label")
        .await
}

fn counted(label: &str, count: i64, aliases: &str, status: &str) -> Vec<Value> {
    vec![label.into(), count.into(), aliases.into(), status.into()]
}

#[tokio::test]
async fn a_merge_shows_first_what_it_touches_then_does_just_that_and_can_be_undone() {
    let harness = Harness::start().await;
    land_labels(&harness, "1", &["product", "product"]).await;
    land_labels(&harness, "2", &["products"]).await;
    let before = content(&harness).await;
    assert_eq!(open_conflicts(&harness).await, ["products"]);
    harness
        .duck
        .write(
            "INSERT INTO report_log VALUES (uuid(), 1, 'created', uuid(), now()::TIMESTAMP, 'ann', 'by label', NULL, 'SELECT …', NULL, NULL, \
             'hash', '{\"relations\":[\"entity_mentions\"],\"sources\":[],\"columns\":[\"label\"],\"every_column\":false}', 3, 2, '{}', NULL)",
        )
        .await;

    let merge = Action::Merge { item: label("products"), into: label("product") };
    let preview = discovery(&harness).preview(&ask(merge.clone())).await.unwrap();
    let changes: Vec<&str> = preview.changes.iter().map(|change| change.item.name.as_str()).collect();
    assert_eq!(changes, ["product", "products"]);
    assert_eq!((preview.versions.next, preview.versions.unchanged), (Some(4), 1));
    let counts: Vec<(&str, u64, u64)> =
        preview.counts.iter().map(|count| (count.item.name.as_str(), count.before, count.after)).collect();
    assert_eq!(counts, [("product", 2, 3), ("products", 1, 0)]);
    assert_eq!(preview.views, ["entity_mentions"]);
    assert_eq!(preview.reports[0].name, "by label");
    let kept = Action::KeepBoth { item: label("products"), other: None };
    let keeping = discovery(&harness).preview(&ask(kept)).await.unwrap();
    assert_eq!((keeping.changes.len(), keeping.views.len()), (1, 0), "it's no longer flagged, and no value changes");
    assert_eq!(content(&harness).await, before, "a preview changes nothing");

    let made = decide(&harness, merge.clone()).await;
    assert_eq!((made.decision, made.version), (3, 4));
    assert_eq!(types(&harness).await, [counted("product", 3, "products", "approved")]);
    assert_eq!(open_conflicts(&harness).await, [""; 0]);
    let diff = harness.duck.query("SELECT diff::VARCHAR FROM schema_snapshots WHERE version = 4").await;
    assert_eq!(diff[0][0].as_str().unwrap(), serde_json::to_string(&preview.changes).unwrap());

    land_labels(&harness, "3", &["products", "products"]).await;
    assert_eq!(types(&harness).await, [counted("product", 5, "products", "approved")], "later loads count together");

    let undone = decide(&harness, Action::Undo { decision: made.decision }).await;
    assert_eq!(content(&harness).await, before);
    assert_eq!(open_conflicts(&harness).await, ["products"], "it waits for a person again");
    decide(&harness, Action::Undo { decision: undone.decision }).await;
    assert_eq!(types(&harness).await, [counted("product", 5, "products", "approved")], "an undoing can be undone");
    assert_eq!(
        refused(&harness, ask(Action::Undo { decision: undone.decision })).await,
        Refusal::IsUndone(undone.decision)
    );
    let who = harness.duck.query("SELECT decided_by, action, reason FROM decisions ORDER BY decision LIMIT 1").await;
    assert_eq!(who, [["ann", "merge", "I know them"]]);
}

#[tokio::test]
async fn what_is_merged_is_one_column_of_the_typed_view_and_one_label_of_the_mentions() {
    let harness = Harness::start().await;
    land_table(&harness, "register/1.parquet", &["flag", "tonnage"]).await;
    land_table(&harness, "register/2.parquet", &["flag_state", "tonnage"]).await;
    land_labels(&harness, "1", &["ship", "vessel"]).await;
    harness.maintain_typed().await;
    let merge = Action::Merge { item: column("register", "flag_state"), into: column("register", "flag") };
    let made = decide(&harness, merge).await;
    decide(&harness, Action::Merge { item: label("ship"), into: label("vessel") }).await;
    harness.maintain_typed().await;
    let flags = "SELECT flag FROM typed.register ORDER BY flag";
    assert_eq!(harness.duck.query(flags).await, [["flag 0"], ["flag 1"], ["flag_state 0"], ["flag_state 1"]]);
    let mentions = "SELECT label, label_in_data FROM entity_mentions ORDER BY ALL";
    assert_eq!(harness.duck.query(mentions).await, [["vessel", "ship"], ["vessel", "vessel"]]);
    let before = format!("SELECT label FROM entity_mentions_at({}) ORDER BY ALL", made.decision);
    assert_eq!(harness.duck.query(&before).await, [["ship"], ["vessel"]], "before the merge they were two");

    decide(&harness, Action::Undo { decision: made.decision }).await;
    harness.maintain_typed().await;
    let both = "SELECT flag, flag_state FROM typed.register ORDER BY ALL NULLS FIRST";
    let null = || Value::Null;
    let expected = [
        [null(), "flag_state 0".into()],
        [null(), "flag_state 1".into()],
        ["flag 0".into(), null()],
        ["flag 1".into(), null()],
    ];
    assert_eq!(harness.duck.query(both).await, expected);
}

#[tokio::test]
async fn what_is_kept_apart_is_never_asked_again() {
    let harness = Harness::start().await;
    land_table(&harness, "first/1.parquet", &["vessel_name", "tonnage"]).await;
    land_table(&harness, "second/1.parquet", &["VesselName", "cargo"]).await;
    assert_eq!(open_conflicts(&harness).await, ["VesselName"]);
    let item = column("second", "VesselName");
    decide(&harness, Action::KeepBoth { item, other: None }).await;
    assert_eq!(open_conflicts(&harness).await, [""; 0]);
    let other = harness.duck.query("SELECT other_item->>'$.name' FROM decisions").await;
    assert_eq!(other, [["vessel_name"]], "what it looked like is kept with the decision");

    // The same two names in another pair of tables.
    land_table(&harness, "second/1.parquet", &["cargo"]).await;
    land_table(&harness, "third/1.parquet", &["VesselName", "port"]).await;
    assert_eq!(open_conflicts(&harness).await, [""; 0]);
}

#[tokio::test]
async fn a_name_that_was_merged_in_one_table_is_held_up_in_the_next() {
    let harness = Harness::start().await;
    land_table(&harness, "first/1.parquet", &["flag", "tonnage"]).await;
    land_table(&harness, "second/1.parquet", &["nationality", "cargo"]).await;
    decide(&harness, Action::Merge { item: column("second", "nationality"), into: column("first", "flag") }).await;
    let columns = harness
        .duck
        .query("SELECT column_name, aliases::VARCHAR FROM field_definitions WHERE source_table = 'second' ORDER BY 1")
        .await;
    assert_eq!(
        columns,
        [["cargo", "[]"], ["flag", "[nationality]"]],
        "a column has the name of the one it was merged into"
    );
    land_table(&harness, "third/1.parquet", &["nationality", "port"]).await;
    let open = harness
        .duck
        .query("SELECT scope, name, similar_item->>'$.name', reason FROM entity_conflicts WHERE state = 'open'")
        .await;
    assert_eq!(open, [["third", "nationality", "flag", "in \"second\" it is another name of \"flag\""]]);
}

#[tokio::test]
async fn what_is_renamed_or_rejected_keeps_its_rows_and_can_be_undone() {
    let harness = Harness::start().await;
    land_labels(&harness, "1", &["ship", "typo"]).await;
    let before = content(&harness).await;
    let renamed = decide(&harness, Action::Rename { item: label("ship"), to: "vessel".into() }).await;
    let rejected = decide(&harness, Action::Reject { item: label("typo") }).await;
    assert_eq!(types(&harness).await, [counted("vessel", 1, "ship", "approved")]);
    assert_eq!(harness.duck.number("SELECT count(*) FROM annotations").await, 2);
    land_labels(&harness, "2", &["vessel", "ship", "typo"]).await;
    assert_eq!(
        types(&harness).await,
        [counted("vessel", 3, "ship", "approved")],
        "the new name is a name in the data, too"
    );
    assert_eq!(open_conflicts(&harness).await, [""; 0]);

    land_labels(&harness, "2", &[]).await;
    decide(&harness, Action::Undo { decision: rejected.decision }).await;
    decide(&harness, Action::Undo { decision: renamed.decision }).await;
    assert_eq!(content(&harness).await, before);
}

#[tokio::test]
async fn what_can_not_be_is_refused_with_the_rule() {
    let harness = Harness::start().await;
    land_labels(&harness, "1", &["ship", "vessel", "boat"]).await;
    land_table(&harness, "register/1.parquet", &["flag", "flag_code"]).await;
    let merge = |item: &str, into: &str| Action::Merge { item: label(item), into: label(into) };
    let refused = async |action: Action| refused(&harness, ask(action)).await;
    assert_eq!(refused(merge("ship", "yacht")).await, Refusal::Unknown("yacht".into()));
    assert_eq!(refused(merge("ship", "ship")).await, Refusal::IntoItself("ship".into()));
    decide(&harness, merge("ship", "vessel")).await;
    decide(&harness, merge("vessel", "boat")).await;
    assert_eq!(types(&harness).await, [counted("boat", 3, "ship,vessel", "approved")], "merges follow each other");
    assert_eq!(refused(merge("boat", "ship")).await, Refusal::IntoItself("boat".into()), "that would be a ring");
    assert_eq!(
        refused(merge("ship", "vessel")).await,
        Refusal::AlreadyMerged { item: "ship".into(), into: "vessel".into() }
    );
    assert_eq!(
        refused(Action::Reject { item: label("boat") }).await,
        Refusal::HasAliases { item: "boat".into(), others: 1 }
    );
    let rename = |name: &str, to: &str| Action::Rename { item: label(name), to: to.into() };
    assert_eq!(refused(rename("ship", "x")).await, Refusal::IsMerged { item: "ship".into(), into: "vessel".into() });
    for name in ["", "  ", "a\nb", &"x".repeat(256)] {
        assert_eq!(refused(rename("boat", name)).await, Refusal::NotAName, "{name:?}");
    }
    assert_eq!(refused(Action::Undo { decision: 99 }).await, Refusal::NoDecision(99));
    assert_eq!(refused(Action::Undo { decision: 1 }).await, Refusal::NoDecision(1), "a load is no decision");
    assert_eq!(refused(Action::Resume).await, Refusal::NothingWaits);
    let columns = Action::Merge { item: column("register", "flag_code"), into: column("register", "flag") };
    let together = Refusal::OccurTogether { item: "flag_code".into(), into: "flag".into(), loads: 1 };
    assert_eq!(refused(columns).await, together);
    let other_kind = Action::Merge { item: label("boat"), into: column("register", "flag") };
    assert_eq!(refused(other_kind).await, Refusal::OfDifferentKinds("boat".into(), "flag".into()));
    let taken = Action::Rename { item: column("register", "flag_code"), to: "flag".into() };
    assert_eq!(refused(taken).await, Refusal::NameTaken("flag".into()));
}

#[tokio::test]
async fn a_decision_on_something_that_changed_meanwhile_is_refused_and_one_asked_twice_is_made_once() {
    let harness = Harness::start().await;
    land_labels(&harness, "1", &["ship", "vessel"]).await;
    let id = Some(Uuid::from_u128(7));
    let reject = Request { id, seen: Some(0), ..ask(Action::Reject { item: label("ship") }) };
    let made = discovery(&harness).decide(reject.clone()).await.unwrap();
    assert_eq!(discovery(&harness).decide(reject).await.unwrap(), made);
    let late = Request { seen: Some(0), ..ask(Action::Merge { item: label("ship"), into: label("vessel") }) };
    let changed = Refusal::Changed { item: "ship".into(), decision: made.decision };
    assert_eq!(refused(&harness, late.clone()).await, changed);
    let informed = Request { seen: Some(made.decision), ..late };
    discovery(&harness).decide(informed).await.unwrap();
    assert_eq!(types(&harness).await, [counted("vessel", 2, "ship", "approved")]);
}

#[tokio::test]
async fn of_many_decisions_at_once_some_of_whose_makers_die_each_is_made_once_or_never() {
    let harness = Harness::start().await;
    let names: Vec<String> = (0..8).map(|n| format!("{}", char::from(b'a' + n)).repeat(6)).collect();
    land_labels(&harness, "1", &names.iter().map(String::as_str).collect::<Vec<_>>()).await;
    let attempts = names.iter().enumerate().map(|(n, name)| {
        let request = Request {
            id: Some(Uuid::from_u128(n as u128 + 1)),
            ..ask(Action::Rename { item: label(name), to: format!("name {n}") })
        };
        let faults = Faults::none();
        if n % 2 == 0 {
            faults.plan(n * 3 + 4, if n % 4 == 0 { Fault::DieAfter } else { Fault::DieBefore });
        }
        let discovery = harness.discovery(&faults);
        async move { native_tests::until_death(&faults, discovery.decide(request)).await }
    });
    join_all(attempts).await;
    for (n, name) in names.iter().enumerate() {
        let request = Request {
            id: Some(Uuid::from_u128(n as u128 + 1)),
            ..ask(Action::Rename { item: label(name), to: format!("name {n}") })
        };
        discovery(&harness).decide(request).await.unwrap();
    }
    assert_eq!(harness.duck.number("SELECT count(*) FROM decisions").await, 8);
    let renamed = harness.duck.number("SELECT count(*) FROM entity_types WHERE label LIKE 'name %'").await;
    assert_eq!(renamed, 8);
}

#[tokio::test]
async fn what_comes_when_the_schema_changed_too_often_waits_until_a_person_or_time_takes_it_in() {
    let harness = Harness::start().await;
    for name in ["alpha", "bravo", "charlie"] {
        harness
            .deliver_until_done(&harness.store.put(
                "argilla",
                &format!("wnut/{name}.parquet"),
                annotations(&[(name, "text", name)]),
            ))
            .await;
    }
    let mut limited = discovery(&harness);
    limited.options.versions_a_day = 2;
    let report = limited.run().await.unwrap();
    assert_eq!((report.new_entity_types, report.waiting, report.version_after), (3, 1, 3));
    assert_eq!(types(&harness).await.len(), 2);
    assert_eq!(open_conflicts(&harness).await, ["charlie"]);
    assert!(!limited.resume_if_due().await.unwrap(), "too early");
    limited.decide(ask(Action::Resume)).await.unwrap();
    assert_eq!((types(&harness).await.len(), open_conflicts(&harness).await.len()), (3, 0));

    // A day later.
    harness.duck.write("UPDATE commits SET committed_at = committed_at - INTERVAL 25 HOUR").await;
    harness
        .deliver_until_done(&harness.store.put("argilla", "wnut/d.parquet", annotations(&[("d", "text", "delta")])))
        .await;
    assert_eq!(limited.run().await.unwrap().waiting, 0);
    for name in ["echo", "foxtrot"] {
        harness
            .deliver_until_done(&harness.store.put(
                "argilla",
                &format!("wnut/{name}.parquet"),
                annotations(&[(name, "text", name)]),
            ))
            .await;
    }
    assert_eq!(limited.run().await.unwrap().waiting, 1);
    harness.duck.write("UPDATE commits SET committed_at = committed_at - INTERVAL 25 HOUR").await;
    assert!(limited.resume_if_due().await.unwrap());
    limited.run().await.unwrap();
    assert_eq!((types(&harness).await.len(), open_conflicts(&harness).await.len()), (6, 0));
    assert!(!limited.resume_if_due().await.unwrap(), "nothing waits any more");
}
