//! Saved reports on real DuckDB: what is pinned stays, whatever happens; what changed is found, with its cause, and told once.

use discovery::Request;
use futures_util::future::join_all;
use living_core::{
    catalog::{ItemKey, ItemKind, review::Action},
    report::change::State,
};
use living_kit::Problem;
use living_warehouse::McpWarehouse;
use native_tests::{
    Cells, Fault, Faults, Harness, HttpTransport, StandIn, StandInFault, TestHost, annotations, documents, table,
    until_death,
};
use proptest::{prelude::*, strategy::ValueTree, test_runner::TestRunner};
use schema_api::{Report, ReportRequest, Reports};
use uuid::Uuid;

/// Whoever asks for reports, with a way of their own to the warehouse.
struct Analyst {
    warehouse: McpWarehouse<HttpTransport>,
    host: TestHost,
}

impl Analyst {
    fn of(harness: &Harness) -> Self {
        Self { warehouse: harness.duck.reader(), host: TestHost::default() }
    }

    fn with(harness: &Harness, faults: &Faults) -> Self {
        Self { warehouse: harness.duck.client_with(faults.clone()), host: TestHost::default() }
    }

    fn reports(&self) -> Reports<'_, McpWarehouse<HttpTransport>, TestHost> {
        Reports {
            warehouse: &self.warehouse,
            host: &self.host,
            database: local_warehouse::DEFAULT_DATABASE_NAME,
            caller: "ann",
        }
    }

    async fn save(&self, name: &str, sql: &str) -> Report {
        self.reports().create(request(name, sql)).await.unwrap_or_else(|problem| panic!("{problem:?}\n{sql}"))
    }

    async fn state(&self, report: &Report) -> (State, String, bool) {
        let checked = self.reports().check(report.report_id).await.unwrap();
        (checked.check.finding.state, checked.check.finding.reason, checked.ran)
    }
}

fn request(name: &str, sql: &str) -> ReportRequest {
    ReportRequest {
        id: None,
        name: name.to_owned(),
        description: None,
        sql: sql.to_owned(),
        parameters: None,
        key: None,
    }
}

fn label(name: &str) -> ItemKey {
    ItemKey { kind: ItemKind::EntityType, scope: "wnut".into(), question: "entities".into(), name: name.into() }
}

fn column(name: &str) -> ItemKey {
    ItemKey { kind: ItemKind::Field, scope: "register".into(), question: String::new(), name: name.into() }
}

async fn land_labels(harness: &Harness, key: &str, labels: &[&str]) {
    let rows: Vec<(String, &str)> = labels.iter().enumerate().map(|(i, l)| (format!("{key}-{i}"), *l)).collect();
    let rows: Vec<(&str, &str, &str)> = rows.iter().map(|(id, label)| (id.as_str(), "text", *label)).collect();
    harness.deliver_until_done(&harness.store.put("argilla", &format!("wnut/{key}.parquet"), annotations(&rows))).await;
}

async fn land_table(harness: &Harness, key: &str, columns: &[&str], rows: &[&[&str]]) {
    let cells = Cells {
        columns: columns.iter().map(|name| (*name).to_owned()).collect(),
        rows: rows.iter().map(|row| row.iter().map(|cell| Some((*cell).to_owned())).collect()).collect(),
    };
    harness.deliver_until_done(&harness.store.put("csv", key, table(&cells))).await;
}

async fn decide(harness: &Harness, action: Action) -> Option<i64> {
    let request = Request { id: None, by: "ann".into(), reason: String::new(), seen: None, action };
    harness.discovery(&Faults::none()).decide(request).await.ok().map(|made| made.decision)
}

const FLAGS: &str = "SELECT flag, count(*) AS ships FROM typed.register GROUP BY flag";

#[tokio::test]
async fn what_changed_is_found_with_its_cause_and_nothing_runs_when_nothing_happened() {
    let harness = Harness::start().await;
    land_table(&harness, "register/1.parquet", &["imo", "flag"], &[&["1", "NO"], &["2", "SE"]]).await;
    land_labels(&harness, "1", &["ship", "vessel"]).await;
    harness.discover().await;
    let ann = Analyst::of(&harness);
    let flags = ann.save("Ships by flag", FLAGS).await;
    assert_eq!((flags.fingerprint.row_count, flags.pin.commit_seq, flags.is_kept), (2, 2, true));
    let unchanged = |reason: &str, ran| (State::Unchanged, reason.to_owned(), ran);
    assert_eq!(ann.state(&flags).await, unchanged("nothing that it reads has changed", false));

    // Something else lands.
    land_labels(&harness, "2", &["port"]).await;
    harness.deliver_until_done(&harness.store.put("ocr", "a/1.parquet", documents(&[("d", 1, "text", None)]))).await;
    harness.discover().await;
    let elsewhere = "nothing that it reads has changed; 1 change of the schema can't affect it";
    assert_eq!(ann.state(&flags).await, unchanged(elsewhere, false));

    // Rows land that it reads.
    land_table(&harness, "register/2.parquet", &["imo", "flag"], &[&["3", "NO"], &["4", "DK"]]).await;
    harness.discover().await;
    let changed = (State::DataChanged, "3 rows now, 2 when it was pinned, after 1 load".to_owned());
    let (state, reason, ran) = ann.state(&flags).await;
    assert_eq!(((state, reason), ran), (changed.clone(), true));
    land_labels(&harness, "3", &["port"]).await;
    harness.discover().await;
    let (state, reason, ran) = ann.state(&flags).await;
    assert_eq!(((state, reason), ran), (changed, false), "what was found still holds");

    let diff = ann.reports().diff(flags.report_id, None, None).await.unwrap();
    assert_eq!(diff.cause.loads[0].key, "register/2.parquet");
    assert_eq!((diff.cause.loads.len(), diff.cause.schema_changes.len()), (1, 0));
    assert_eq!(diff.diff.key, Some(vec!["flag".to_owned()]));
    let rows = &diff.diff.rows;
    assert_eq!((rows.unchanged, rows.added.count, rows.removed.count, rows.changed.count), (1, 1, 0, 1));

    // Pinned anew, it's unchanged; a rename then breaks it.
    let refreshed = ann.reports().refresh(flags.report_id, Some(1)).await.unwrap();
    assert_eq!((refreshed.revision, refreshed.fingerprint.row_count), (2, 3));
    decide(&harness, Action::Rename { item: column("flag"), to: "flag_state".into() }).await.unwrap();
    let (state, reason, _) = ann.state(&flags).await;
    assert_eq!(state, State::Fails, "{reason}");
    let diff = ann.reports().diff(flags.report_id, Some("1"), Some("2")).await.unwrap();
    assert_eq!(diff.diff.rows.added.count, 1);
    assert!(ann.reports().run(flags.report_id, false).await.unwrap().reproduced, "at its pin it has its old name");
    assert!(ann.reports().run(flags.report_id, true).await.unwrap().reproduced, "and it's kept");
}

#[tokio::test]
async fn a_merge_changes_reports_of_its_labels_and_says_before_which() {
    let harness = Harness::start().await;
    land_labels(&harness, "1", &["ship", "vessel"]).await;
    land_table(&harness, "register/1.parquet", &["imo", "flag"], &[&["1", "NO"]]).await;
    harness.discover().await;
    let ann = Analyst::of(&harness);
    let labels = ann.save("Labels", "SELECT label, count(*) AS n FROM entity_mentions GROUP BY label").await;
    let others = ann.save("Flags", FLAGS).await;
    let merge = Action::Merge { item: label("ship"), into: label("vessel") };
    let asked = Request { id: None, by: "ann".into(), reason: String::new(), seen: None, action: merge.clone() };
    let preview = harness.discovery(&Faults::none()).preview(&asked).await.unwrap();
    assert_eq!(preview.reports.iter().map(|report| report.name.as_str()).collect::<Vec<_>>(), ["Labels"]);
    decide(&harness, merge).await.unwrap();
    let (state, reason, _) = ann.state(&labels).await;
    assert_eq!((state, reason.contains("changes of the schema")), (State::DataChanged, true), "{reason}");
    assert_eq!(ann.state(&others).await.0, State::Unchanged);
    let diff = ann.reports().diff(labels.report_id, None, None).await.unwrap();
    let decision = diff.cause.schema_changes[0].decision.as_ref().unwrap();
    assert_eq!(decision["by"], "ann");
    assert_eq!((diff.diff.rows.removed.count, diff.diff.rows.changed.count), (1, 1));
    let found =
        ann.reports().detect_report_changes(10, living_core::time::Timestamp::from_micros(i64::MAX)).await.unwrap();
    assert_eq!((found.checked.len(), found.left), (0, 0), "both were looked at");
}

#[tokio::test]
async fn a_change_is_told_once_to_slack_and_by_mail() {
    let harness = Harness::start().await;
    let stand_in = StandIn::default();
    land_table(&harness, "register/1.parquet", &["imo", "flag"], &[&["1", "NO"]]).await;
    harness.discover().await;
    let ann = Analyst::of(&harness);
    for n in 0..3 {
        ann.save(&format!("Flags {n}"), FLAGS).await;
    }
    harness.dispatch(&stand_in).await;
    assert!(stand_in.mailed().is_empty());
    let posted = stand_in.posted().len();
    land_table(&harness, "register/2.parquet", &["imo", "flag"], &[&["2", "NO"]]).await;
    harness.discover().await;
    for round in 0..2 {
        let mut left = 3;
        while left > 0 {
            let found =
                ann.reports().detect_report_changes(2, living_core::time::Timestamp::from_micros(i64::MAX)).await;
            left = found.unwrap().left;
        }
        stand_in.mail_meets((round == 0).then_some(StandInFault::Down));
        harness.dispatch(&stand_in).await;
        harness.let_pass(100).await;
        harness.dispatch(&stand_in).await;
        // Something else lands; the reports are looked at again, and are as they were found.
        land_labels(&harness, &format!("{round}"), &["ship"]).await;
        harness.discover().await;
    }
    let mails = stand_in.mailed();
    assert_eq!(mails.len(), 1);
    assert_eq!(mails[0]["subject"], "3 reports changed");
    let text = mails[0]["text"].as_str().unwrap();
    assert!(text.contains("- Flags 1: as many rows, with other values, after 1 load\n"), "{text}");
    let told = &stand_in.posted()[posted..];
    assert!(told[0]["text"].as_str().unwrap().starts_with("3 reports have changed"), "{told:?}");
    let waiting = "SELECT count(*) FROM outbox WHERE fact LIKE 'report:%' AND status <> 'sent'";
    assert_eq!(harness.duck.number(waiting).await, 0);
}

#[tokio::test]
async fn a_report_is_made_once_however_often_it_is_asked_for_and_whoever_dies() {
    let harness = Harness::start().await;
    land_table(&harness, "register/1.parquet", &["imo", "flag"], &[&["1", "NO"]]).await;
    harness.discover().await;
    for fault in [Fault::DieBefore, Fault::DieAfter, Fault::FailBefore, Fault::FailAfter] {
        for n in 0.. {
            let id = Uuid::from_u128(u128::try_from(n).unwrap() << 8 | fault as u128);
            let wanted = ReportRequest { id: Some(id), ..request("Flags", FLAGS) };
            let faults = Faults::none();
            faults.plan(n, fault);
            let dying = Analyst::with(&harness, &faults);
            let _ = until_death(&faults, dying.reports().create(wanted.clone())).await;
            if faults.points().len() <= n {
                break;
            }
            let report = Analyst::of(&harness).reports().create(wanted).await.unwrap();
            assert_eq!((report.report_id, report.revision), (id, 1), "{fault:?} {n}");
        }
    }
    let twice = "SELECT count(*) FROM (SELECT count(*) AS n FROM report_log GROUP BY report_id) WHERE n > 1";
    assert_eq!(harness.duck.number(twice).await, 0);
}

#[tokio::test]
async fn of_several_who_refresh_or_delete_at_once_one_does() {
    let harness = Harness::start().await;
    land_table(&harness, "register/1.parquet", &["imo", "flag"], &[&["1", "NO"]]).await;
    harness.discover().await;
    let ann = Analyst::of(&harness);
    let report = ann.save("Flags", FLAGS).await;
    let analysts: Vec<Analyst> = (0..5).map(|_| Analyst::of(&harness)).collect();
    let refreshed = join_all(analysts.iter().enumerate().map(async |(i, one)| {
        if i == 0 {
            one.reports().delete(report.report_id, Some(1)).await.map(|_| ())
        } else {
            one.reports().refresh(report.report_id, Some(1)).await.map(|_| ())
        }
    }))
    .await;
    let statuses: Vec<u16> =
        refreshed.iter().map(|outcome| outcome.as_ref().map_or_else(|problem| problem.status, |()| 200)).collect();
    assert_eq!(statuses.iter().filter(|status| **status == 200).count(), 1, "{statuses:?}");
    assert!(statuses.iter().all(|status| matches!(status, 200 | 404 | 409)), "{statuses:?}");
    assert_eq!(harness.duck.number("SELECT max(revision) FROM report_log").await, 2);
}

#[tokio::test]
async fn what_cannot_be_the_same_for_ever_is_no_report() {
    let harness = Harness::start().await;
    land_table(&harness, "register/1.parquet", &["imo", "flag"], &[&["1", "NO"], &["2", "NO"]]).await;
    harness.discover().await;
    let ann = Analyst::of(&harness);
    let status = async |wanted: ReportRequest| {
        let Problem { status, detail, .. } = ann.reports().create(wanted).await.unwrap_err();
        (status, detail)
    };
    let (code, detail) = status(request("x", "SELECT now()")).await;
    assert!(code == 422 && detail.starts_with("the clock or chance has a part"), "{code} {detail}");
    assert_eq!(status(request("x", "SELECT nothing FROM typed.register")).await.0, 422);
    assert_eq!(status(request("x", "DROP TABLE commits")).await.0, 422);
    assert_eq!(status(request(" ", "SELECT 1")).await.0, 400);
    let by = |key: &str| ReportRequest { key: Some(vec![key.to_owned()]), ..request("x", "FROM typed.register") };
    assert!(status(by("flag")).await.1.contains("2 rows have only 1 different keys"));
    assert!(status(by("port")).await.1.contains("no column"));
    assert!(ann.reports().create(by("imo")).await.is_ok());
    let by_flag = ReportRequest {
        parameters: Some(serde_json::json!({ "flag": "NO" })),
        ..request("x", "SELECT count(*) AS n FROM typed.register WHERE flag = $flag")
    };
    let by_flag = ann.reports().create(by_flag).await.unwrap();
    assert_eq!(ann.reports().run(by_flag.report_id, false).await.unwrap().rows, [[2]]);
    assert_eq!(status(request("x", "SELECT $flag")).await.0, 422, "a value is missing");
    let limited = ann.save("x", "SELECT imo FROM typed.register LIMIT 1").await;
    assert_eq!(limited.warnings.len(), 1, "{:?}", limited.warnings);
}

/// A step of a random history.
#[derive(Debug, Clone)]
enum Step {
    Labels {
        key: u8,
        labels: Vec<u8>,
    },
    Table {
        key: u8,
        columns: u8,
        rows: Vec<u8>,
    },
    Delete {
        labels: bool,
        key: u8,
    },
    Merge {
        fields: bool,
        item: u8,
        into: u8,
    },
    Rename {
        fields: bool,
        item: u8,
        to: u8,
    },
    Undo(prop::sample::Index),
    /// Folds in what is pending, and perhaps dies on the way.
    Discover(Option<usize>),
}

const LABELS: [&str; 4] = ["vessel", "ship", "port", "cargo"];
const COLUMNS: [&str; 4] = ["imo", "flag", "tonnage", "flag_state"];

const QUERIES: [&str; 9] = [
    "SELECT label, count(*) AS n FROM entity_mentions GROUP BY label",
    "SELECT label, aliases, occurrence_count FROM entity_types",
    "SELECT source_table, column_name, data_type, aliases FROM field_definitions",
    "FROM typed.register",
    "SELECT flag, count(*) AS n, avg(TRY_CAST(imo AS DOUBLE)) AS mean FROM typed.register GROUP BY ALL",
    "SELECT dataset, record_id, length(text) AS characters FROM annotations",
    "SELECT source_table, count(*) AS n FROM structured_data GROUP BY ALL",
    "SUMMARIZE typed.register",
    "SELECT m.label, t.status FROM entity_mentions AS m LEFT JOIN entity_types AS t USING (dataset, label)",
];

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let step = prop_oneof![
        3 => (0u8..3, proptest::collection::vec(0u8..4, 0..4)).prop_map(|(key, labels)| Step::Labels { key, labels }),
        3 => (0u8..3, 1u8..16, proptest::collection::vec(0u8..9, 0..4))
            .prop_map(|(key, columns, rows)| Step::Table { key, columns, rows }),
        2 => (any::<bool>(), 0u8..3).prop_map(|(labels, key)| Step::Delete { labels, key }),
        2 => (any::<bool>(), 0u8..4, 0u8..4).prop_map(|(fields, item, into)| Step::Merge { fields, item, into }),
        2 => (any::<bool>(), 0u8..4, 0u8..4).prop_map(|(fields, item, to)| Step::Rename { fields, item, to }),
        2 => any::<prop::sample::Index>().prop_map(Step::Undo),
        2 => proptest::option::of(0usize..12).prop_map(Step::Discover),
    ];
    proptest::collection::vec(step, 5..12)
}

fn item(fields: bool, place: u8) -> ItemKey {
    let place = usize::from(place);
    if fields { column(COLUMNS[place]) } else { label(LABELS[place]) }
}

async fn carry_out(harness: &Harness, step: &Step, decisions: &mut Vec<i64>) {
    let decided = match step {
        Step::Labels { key, labels } => {
            let labels: Vec<&str> = labels.iter().map(|&label| LABELS[usize::from(label)]).collect();
            land_labels(harness, &key.to_string(), &labels).await;
            None
        }
        Step::Table { key, columns, rows } => {
            let columns: Vec<&str> =
                COLUMNS.into_iter().enumerate().filter(|(i, _)| columns >> i & 1 == 1).map(|(_, name)| name).collect();
            let rows: Vec<Vec<String>> =
                rows.iter().map(|row| columns.iter().map(|_| row.to_string()).collect()).collect();
            let rows: Vec<Vec<&str>> = rows.iter().map(|row| row.iter().map(String::as_str).collect()).collect();
            let rows: Vec<&[&str]> = rows.iter().map(Vec::as_slice).collect();
            land_table(harness, &format!("register/{key}.parquet"), &columns, &rows).await;
            None
        }
        Step::Delete { labels, key } => {
            let (bucket, folder) = if *labels { ("argilla", "wnut") } else { ("csv", "register") };
            harness.deliver_until_done(&harness.store.delete(bucket, &format!("{folder}/{key}.parquet"))).await;
            None
        }
        Step::Merge { fields, item: one, into } => {
            decide(harness, Action::Merge { item: item(*fields, *one), into: item(*fields, *into) }).await
        }
        Step::Rename { fields, item: one, to } => {
            let names = ["hull", "Flag", "port of call", "imo_number"];
            decide(harness, Action::Rename { item: item(*fields, *one), to: names[usize::from(*to)].into() }).await
        }
        Step::Undo(which) if !decisions.is_empty() => {
            let decision = decisions[which.index(decisions.len())];
            decide(harness, Action::Undo { decision }).await
        }
        Step::Undo(_) => None,
        Step::Discover(None) => {
            harness.discover().await;
            None
        }
        Step::Discover(Some(at)) => {
            let faults = Faults::none();
            faults.plan(*at, Fault::DieAfter);
            harness.discover_with(&faults).await;
            None
        }
    };
    decisions.extend(decided);
}

#[tokio::test]
async fn whatever_happens_each_pinned_report_gives_at_every_later_moment_what_it_gave_first() {
    let mut runner = TestRunner::default();
    let mut pinned_in_all = 0;
    for _ in 0..6 {
        let (steps, picks) =
            (steps(), proptest::collection::vec(0..QUERIES.len(), 12)).new_tree(&mut runner).unwrap().current();
        let mut harness = Harness::start().await;
        harness.config = serde_json::from_str(
            r#"{"routes": [{"bucket": "argilla", "dataset": "annotations", "on_delete": "retract"},
                           {"bucket": "csv", "dataset": "structured_data", "on_delete": "retract"}]}"#,
        )
        .unwrap();
        land_labels(&harness, "0", &["vessel", "ship"]).await;
        land_table(&harness, "register/0.parquet", &["imo", "flag"], &[&["1", "NO"], &["2", "SE"]]).await;
        harness.discover().await;
        let ann = Analyst::of(&harness);
        let (mut pinned, mut decisions): (Vec<Report>, Vec<i64>) = (Vec::new(), Vec::new());
        for (step, pick) in steps.iter().zip(picks) {
            carry_out(&harness, step, &mut decisions).await;
            match ann.reports().create(request("x", QUERIES[pick])).await {
                Ok(report) => pinned.push(report),
                // A column or a view that it names isn't there now.
                Err(problem) => assert_eq!(problem.status, 422, "{problem:?} after {step:?} of\n{steps:#?}"),
            }
            for report in &pinned {
                let run = ann.reports().run(report.report_id, false).await.unwrap();
                assert!(
                    run.reproduced && run.fingerprint == report.fingerprint,
                    "{} at {:?} after {step:?} of\n{steps:#?}\n{:?}\n{run:?}",
                    report.sql,
                    report.pin,
                    report.fingerprint
                );
            }
        }
        // What is found of each is what running it tells; and what didn't run would have told nothing else.
        harness.discover().await;
        for report in &pinned {
            let checked = ann.reports().check(report.report_id).await.unwrap();
            let now = ann.reports().diff(report.report_id, None, None).await;
            let is_unchanged = checked.check.finding.state == State::Unchanged;
            let context = format!("{} at {:?} of\n{steps:#?}\n{checked:?}\n{now:?}", report.sql, report.pin);
            match now {
                Ok(now) => assert_eq!(is_unchanged, now.diff.is_empty(), "{context}"),
                Err(problem) => {
                    assert_eq!((problem.status, checked.check.finding.state), (422, State::Fails), "{context}");
                }
            }
        }
        pinned_in_all += pinned.len();
    }
    assert!(pinned_in_all > 12, "{pinned_in_all} reports were pinned");
}
