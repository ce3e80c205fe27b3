//! Objects into the warehouse, with nothing going wrong.

use std::cell::Cell;

use futures_util::future::join;
use living_core::landing::event;
use living_kit::Answer;
use native_tests::{Cells, Faults, Harness, Point, annotations, documents, table};
use serde_json::json;

fn cells(columns: &[&str], rows: &[&[Option<&str>]]) -> Cells {
    Cells {
        columns: columns.iter().map(|c| (*c).to_owned()).collect(),
        rows: rows.iter().map(|row| row.iter().map(|cell| cell.map(str::to_owned)).collect()).collect(),
    }
}

async fn loads(harness: &Harness) -> Vec<(String, String)> {
    let rows = harness.duck.query("SELECT state, coalesce(reason, '') FROM loads ORDER BY load_id").await;
    rows.iter().map(|row| (row[0].as_str().unwrap().to_owned(), row[1].as_str().unwrap().to_owned())).collect()
}

#[tokio::test]
async fn documents_become_rows_with_their_batch() {
    let harness = Harness::start().await;
    let file = documents(&[("d1", 1, "it's 🚢\0", Some(0.5)), ("d1", 2, "", None), ("d2", 1, "x", Some(1.0))]);
    assert_eq!(harness.deliver(&harness.store.put("ocr", "x.parquet", file), 1).await, Some(Answer::Ack));
    let rows = harness
        .duck
        .query("SELECT document_id, page_number, text, confidence, batch_id, row_no FROM raw_documents ORDER BY row_no")
        .await;
    assert_eq!(rows[0], [json!("d1"), json!(1), json!("it's 🚢\0"), json!(0.5), json!("batch-1"), json!(0)]);
    assert_eq!(rows[1], [json!("d1"), json!(2), json!(""), json!(null), json!("batch-1"), json!(1)]);
    assert_eq!(rows.len(), 3);
    assert_eq!(harness.announced(), [1]);
}

#[tokio::test]
async fn rows_that_break_the_contract_are_set_aside_and_the_sum_is_kept() {
    let harness = Harness::start().await;
    let file = documents(&[
        ("d1", 1, "ok", None),
        ("  ", 1, "no id", None),
        ("d1", -1, "no page", None),
        ("d1", 3, "sure", Some(1.5)),
    ]);
    harness.deliver_until_done(&harness.store.put("ocr", "x.parquet", file)).await;
    assert_eq!(harness.duck.query("SELECT row_count, rejected_count FROM commits").await, [[1, 3]]);
    let rejected =
        harness.duck.query("SELECT row_no, reason, content->>'text' FROM rejected_rows ORDER BY row_no").await;
    assert_eq!(rejected[0], [json!(1), json!("document_id is missing or blank"), json!("no id")]);
    assert_eq!(rejected[1], [json!(2), json!("page_number is missing or negative"), json!("no page")]);
    assert_eq!(rejected[2], [json!(3), json!("confidence is not between 0 and 1"), json!("sure")]);
}

#[tokio::test]
async fn annotations_keep_their_questions_and_their_labels_are_counted() {
    let harness = Harness::start().await;
    let file = annotations(&[("r1", "Chad", "person"), ("r2", "Ireland", "location"), ("r3", "Eire", "location")]);
    harness.deliver_until_done(&harness.store.put("argilla", "wnut/1.parquet", file)).await;
    let rows = harness
        .duck
        .query("SELECT dataset, record_id, questions->>'$.entities.responses[0][0].label' FROM annotations ORDER BY 2")
        .await;
    assert_eq!(rows[1], [json!("wnut"), json!("r2"), json!("location")]);
    let labels = harness
        .duck
        .query("SELECT name, CAST(profile->>'$.responses' AS BIGINT), profile->>'$.examples' FROM load_profiles WHERE kind = 'label' ORDER BY 1")
        .await;
    assert_eq!(labels[0], [json!("location"), json!(2), json!("[\"Eire\",\"Ireland\"]")]);
    assert_eq!(labels[1], [json!("person"), json!(1), json!("[\"Chad\"]")]);
}

#[tokio::test]
async fn a_table_keeps_every_cell_under_its_header_and_is_profiled() {
    let harness = Harness::start().await;
    let file = table(&cells(
        &["IMO", "imo", "it's \"x\""],
        &[&[Some("0012"), None, Some("a\nb")], &[Some("0012"), Some("1e5"), Some("")]],
    ));
    harness.deliver_until_done(&harness.store.put("csv", "reg/1.parquet", file)).await;
    let rows =
        harness.duck.query("SELECT source_table, CAST(data AS VARCHAR) FROM structured_data ORDER BY row_no").await;
    assert_eq!(rows[0], [json!("reg"), json!(r#"{"IMO":"0012","imo":null,"it's \"x\"":"a\nb"}"#)]);
    assert_eq!(rows[1], [json!("reg"), json!(r#"{"IMO":"0012","imo":"1e5","it's \"x\"":""}"#)]);
    let profiles = harness
        .duck
        .query("SELECT name, profile->>'$.rows', profile->>'$.nulls', profile->>'$.distinct' FROM load_profiles ORDER BY name")
        .await;
    assert_eq!(profiles[0], ["IMO", "2", "0", "1"]);
    assert_eq!(profiles[1], ["imo", "2", "1", "1"]);
}

#[tokio::test]
async fn a_new_upload_replaces_the_rows_and_the_same_content_changes_nothing() {
    let harness = Harness::start().await;
    let put = |text: &str| harness.store.put("csv", "reg.parquet", table(&cells(&["a"], &[&[Some(text)]])));
    let seen = async || harness.duck.query("SELECT data->>'a' FROM structured_data").await;
    let first = put("one");
    harness.deliver_until_done(&first).await;
    harness.deliver_until_done(&put("two")).await;
    assert_eq!(seen().await, [["two"]]);
    harness.deliver_until_done(&put("two")).await;
    harness.deliver_until_done(&first).await;
    assert_eq!(
        harness.duck.number("SELECT count(*) FROM commits").await,
        2,
        "the same content, and an event that came late"
    );
    harness.deliver_until_done(&put("one")).await;
    assert_eq!(seen().await, [["one"]], "an old content that is put again is the newest");
}

#[tokio::test]
async fn a_record_that_comes_again_in_another_object_replaces_its_older_rows() {
    let harness = Harness::start().await;
    for (key, rows) in [
        ("wnut/1.parquet", [("r1", "a", "old"), ("r2", "b", "old")]),
        ("wnut/2.parquet", [("r2", "b", "new"), ("r3", "c", "new")]),
        ("other/1.parquet", [("r2", "b", "elsewhere"), ("r4", "c", "elsewhere")]),
    ] {
        harness.deliver_until_done(&harness.store.put("argilla", key, annotations(&rows))).await;
    }
    let seen = harness
        .duck
        .query(
            "SELECT dataset, record_id, questions->>'$.entities.responses[0][0].label' FROM annotations ORDER BY 1, 2",
        )
        .await;
    assert_eq!(
        seen,
        [
            ["other", "r2", "elsewhere"],
            ["other", "r4", "elsewhere"],
            ["wnut", "r1", "old"],
            ["wnut", "r2", "new"],
            ["wnut", "r3", "new"]
        ]
    );
}

#[tokio::test]
async fn a_deleted_object_is_kept_or_retracted_as_its_route_says() {
    let harness = Harness::start().await;
    for prefix in ["kept", "gone"] {
        let key = format!("{prefix}/x.parquet");
        harness.deliver_until_done(&harness.store.put("csv", &key, table(&cells(&["a"], &[&[Some("1")]])))).await;
        harness.deliver_until_done(&harness.store.delete("csv", &key)).await;
    }
    assert_eq!(harness.duck.query("SELECT source_table FROM structured_data").await, [["kept"]]);
    assert_eq!(harness.announced(), [1, 2, 3]);
    harness
        .deliver_until_done(&harness.store.put("csv", "gone/x.parquet", table(&cells(&["a"], &[&[Some("1")]]))))
        .await;
    assert_eq!(harness.duck.number("SELECT count(*) FROM structured_data").await, 2, "put again, it's visible again");
}

#[tokio::test]
async fn what_cannot_be_read_goes_to_quarantine_with_the_reason_until_it_is_replayed() {
    let harness = Harness::start().await;
    let put = harness.store.put("ocr", "x.parquet", b"no Parquet at all".to_vec().into());
    assert_eq!(harness.deliver(&put, 1).await, Some(Answer::Ack));
    let quarantined = ("quarantined".to_owned(), "not a Parquet file: it doesn't end with the letters PAR1".to_owned());
    assert_eq!(loads(&harness).await, std::slice::from_ref(&quarantined));
    harness.deliver_until_done(&put).await;
    assert_eq!(loads(&harness).await.len(), 1, "its event alone doesn't bring it back");
    let replay = event::replay("ocr", "x.parquet", put.event_time);
    harness.deliver_until_done(&replay).await;
    assert_eq!(loads(&harness).await, [quarantined.clone(), quarantined]);
    harness.deliver_until_done(&harness.store.put("ocr", "x.parquet", documents(&[("d", 1, "t", None)]))).await;
    assert_eq!(loads(&harness).await[2].0, "committed");
    assert_eq!(harness.duck.number("SELECT count(*) FROM quarantine").await, 0);
}

#[tokio::test]
async fn what_is_deleted_leaves_quarantine_and_the_ledger_keeps_why_it_was_there() {
    let harness = Harness::start().await;
    for key in ["kept/x.parquet", "gone/x.parquet"] {
        harness.deliver_until_done(&harness.store.put("csv", key, table(&cells(&["a"], &[&[Some("1")]])))).await;
        harness.deliver_until_done(&harness.store.put("csv", key, b"no Parquet at all".to_vec().into())).await;
        let in_quarantine = format!("SELECT count(*) FROM quarantine WHERE key = '{key}'");
        assert_eq!(harness.duck.number(&in_quarantine).await, 1, "{key}");
        let deletion = harness.store.delete("csv", key);
        harness.deliver_until_done(&deletion).await;
        harness.deliver_until_done(&deletion).await;
        assert_eq!(harness.duck.number(&in_quarantine).await, 0, "{key}");
        let attempts = format!(
            "SELECT state, reason FROM loads WHERE key = '{key}' AND state <> 'committed' AND state <> 'replaced' ORDER BY started_at"
        );
        let attempts = harness.duck.query(&attempts).await;
        assert_eq!(attempts[0], ["quarantined", "not a Parquet file: it doesn't end with the letters PAR1"]);
        assert_eq!(attempts[1..], [["discarded", "the object was in quarantine, and is gone"]], "once: {key}");
        harness.deliver_until_done(&harness.store.put("csv", key, b"no Parquet at all".to_vec().into())).await;
        assert_eq!(harness.duck.number(&in_quarantine).await, 1, "put again, it's tried again: {key}");
    }
}

#[tokio::test]
async fn what_is_deleted_while_it_goes_into_quarantine_does_not_stay_there() {
    let harness = Harness::start().await;
    let put = harness.store.put("ocr", "x.parquet", b"no Parquet at all".to_vec().into());
    let gate = Faults::gated();
    let is_done = Cell::new(false);
    let consumer = async {
        harness.deliver_with(&gate, &put, 1).await;
        is_done.set(true);
    };
    let deletion = async {
        while !is_done.get() {
            if gate.is_waiting() {
                // It was read, and the outcome isn't written yet.
                if gate.points().last() == Some(&Point::StoreRead) {
                    harness.deliver_until_done(&harness.store.delete("ocr", "x.parquet")).await;
                }
                gate.let_pass();
            }
            tokio::task::yield_now().await;
        }
    };
    join(consumer, deletion).await;
    assert_eq!(loads(&harness).await.len(), 2);
    assert_eq!(harness.duck.number("SELECT count(*) FROM quarantine").await, 0);
}

#[tokio::test]
async fn a_file_that_breaks_the_contract_goes_to_quarantine() {
    let harness = Harness::start().await;
    let file = table(&cells(&["document_id", "text"], &[&[Some("d"), Some("t")]]));
    harness.deliver_until_done(&harness.store.put("ocr", "x.parquet", file)).await;
    let (state, reason) = &loads(&harness).await[0];
    assert_eq!(state, "quarantined");
    assert_eq!(reason, "column \"page_number\" is missing; raw_documents needs it (the file has: document_id, text)");
}

#[tokio::test]
async fn what_is_not_ours_is_left_alone() {
    let harness = Harness::start().await;
    for (bucket, key) in [("ocr", "notes.txt"), ("somewhere", "x.parquet")] {
        let put = harness.store.put(bucket, key, b"x".to_vec().into());
        assert_eq!(harness.deliver(&put, 1).await, Some(Answer::Ack));
    }
    assert_eq!(harness.duck.number("SELECT count(*) FROM load_ledger").await, 0);
}

#[tokio::test]
async fn a_file_without_rows_is_committed_with_none() {
    let harness = Harness::start().await;
    harness.deliver_until_done(&harness.store.put("csv", "empty.parquet", table(&cells(&["a"], &[])))).await;
    assert_eq!(harness.duck.query("SELECT row_count, rejected_count FROM commits").await, [[0, 0]]);
}

#[tokio::test]
async fn a_record_key_of_the_route_is_a_rule_and_replaces_records() {
    let harness = Harness::start().await;
    let put =
        |key: &str, rows: &[&[Option<&str>]]| harness.store.put("csv", key, table(&cells(&["imo", "name"], rows)));
    harness
        .deliver_until_done(&put(
            "keyed/reg/1.parquet",
            &[&[Some("1"), Some("A")], &[Some("2"), Some("B")], &[None, Some("C")]],
        ))
        .await;
    harness.deliver_until_done(&put("keyed/reg/2.parquet", &[&[Some("2"), Some("B2")]])).await;
    assert_eq!(harness.duck.query("SELECT data->>'name' FROM structured_data ORDER BY 1").await, [["A"], ["B2"]]);
    assert_eq!(harness.duck.query("SELECT reason FROM rejected_rows").await, [["imo is missing or blank"]]);
}
