//! Push and pull through ingest: which one is taken, that the rows are the same, and what happens when one can't.

use std::{cell::Cell, sync::Arc};

use arrow_array::{ArrayRef, Int64Array, StringArray};
use bytes::Bytes;
use futures_util::future::join;
use ingest::Config;
use living_kit::Answer;
use living_parquet::Limits;
use native_tests::{Faults, Harness, Point, annotations, documents, write};

/// Objects from so many bytes on are pulled.
async fn pulling_from(bytes: u64) -> Harness {
    let mut harness = Harness::start().await;
    harness.config = Config { pull: ingest::Pull { enabled: true, from_bytes: bytes }, ..harness.config };
    harness
}

fn table(rows: i64) -> Bytes {
    table_from(0, rows)
}

fn table_from(first: i64, rows: i64) -> Bytes {
    let numbers: Int64Array = (first..first + rows).collect();
    let texts: StringArray = (0..rows).map(|n| (n % 7 != 0).then(|| format!("it's {n} 🚢"))).collect();
    write(vec![("n", Arc::new(numbers) as ArrayRef), ("text", Arc::new(texts))])
}

async fn transfers(harness: &Harness) -> Vec<(String, i64, i64)> {
    let rows = harness.duck.query("SELECT transfer, row_count, rejected_count FROM commits ORDER BY commit_seq").await;
    rows.iter()
        .map(|row| (row[0].as_str().unwrap().to_owned(), row[1].as_i64().unwrap(), row[2].as_i64().unwrap()))
        .collect()
}

/// All columns of a dataset's rows but those that name the load, in order.
async fn rows(harness: &Harness, dataset: &str) -> Vec<Vec<serde_json::Value>> {
    harness.duck.query(&format!("SELECT * EXCLUDE (load_id) FROM landing.{dataset} ORDER BY load_id, row_no")).await
}

#[tokio::test]
async fn the_same_file_pushed_and_pulled_gives_the_same_rows_and_rejected_rows() {
    let bad = &[
        ("d", 1, "ok", Some(0.1)),
        ("", 2, "no id", None),
        ("d", -3, "no page", Some(0.5)),
        ("d", 4, "sure", Some(7.0)),
        ("d", 5, "it's 🚢", None),
    ];
    for (dataset, bucket, file) in [
        ("structured_data", "csv", table(50)),
        (
            "annotations",
            "argilla",
            annotations(&[("r1", "Chad", "person"), ("r2", "Eire", "location"), ("", "x", "none")]),
        ),
        ("raw_documents", "ocr", documents(bad)),
    ] {
        let mut halves = vec![];
        for from_bytes in [u64::MAX, 0] {
            let harness = pulling_from(from_bytes).await;
            harness.deliver_until_done(&harness.store.put(bucket, "reg/1.parquet", file.clone())).await;
            let transfer = if from_bytes == 0 { "pull" } else { "push" };
            assert_eq!(transfers(&harness).await[0].0, transfer);
            let labels =
                harness.duck.query("SELECT name, profile FROM load_profiles WHERE kind = 'label' ORDER BY name").await;
            let commit = harness.duck.query("SELECT row_count, rejected_count, batch_id, source FROM commits").await;
            halves.push((rows(&harness, dataset).await, rows(&harness, "rejected_rows").await, labels, commit));
        }
        assert_eq!(halves[0], halves[1], "{dataset}");
    }
}

#[tokio::test]
async fn small_objects_are_pushed_and_large_ones_pulled() {
    let (small, large) = (table(3), table(3_000));
    let harness = pulling_from(large.len() as u64).await;
    harness.deliver_until_done(&harness.store.put("csv", "small.parquet", small)).await;
    harness.deliver_until_done(&harness.store.put("csv", "large.parquet", large)).await;
    assert_eq!(transfers(&harness).await, [("push".to_owned(), 3, 0), ("pull".to_owned(), 3_000, 0)]);
}

#[tokio::test]
async fn what_the_warehouse_may_not_read_by_itself_is_pushed() {
    let harness = pulling_from(0).await;
    let times = arrow_array::Time64NanosecondArray::from(vec![1, 2]);
    harness
        .deliver_until_done(&harness.store.put("csv", "x.parquet", write(vec![("t", Arc::new(times) as ArrayRef)])))
        .await;
    assert_eq!(transfers(&harness).await, [("push".to_owned(), 2, 0)]);
}

#[tokio::test]
async fn what_is_too_large_to_be_read_here_is_pulled_as_a_load_of_its_own() {
    let mut harness = pulling_from(u64::MAX).await;
    harness.limits = Limits { page_bytes: 1_000, ..Limits::default() };
    let wide: StringArray = (0..8).map(|n| Some("x".repeat(n * 300))).collect();
    harness
        .deliver_until_done(&harness.store.put("csv", "x.parquet", write(vec![("a", Arc::new(wide) as ArrayRef)])))
        .await;
    assert_eq!(transfers(&harness).await, [("pull".to_owned(), 8, 0)]);
    let loads = harness.duck.query("SELECT state, reason FROM loads ORDER BY load_id").await;
    assert_eq!(loads[0][0], "failed");
    assert!(loads[0][1].as_str().unwrap().contains("at most 1000 are read"), "{}", loads[0][1]);
    assert_eq!(loads[1][0], "committed");
}

#[tokio::test]
async fn what_is_too_large_goes_to_quarantine_where_nothing_is_pulled() {
    let mut harness = Harness::start().await;
    harness.limits = Limits { page_bytes: 10, ..Limits::default() };
    let put = harness.store.put("csv", "x.parquet", table(100));
    assert_eq!(harness.deliver(&put, 1).await, Some(Answer::Ack));
    let quarantined = harness.duck.query("SELECT reason FROM quarantine").await;
    assert!(quarantined[0][0].as_str().unwrap().contains("at most 10 are read"), "{quarantined:?}");
}

#[tokio::test]
async fn what_the_warehouse_cannot_reach_is_pushed() {
    let harness = pulling_from(0).await;
    let put = harness.store.put("csv", "x.parquet", table(5));
    harness.store.hide_from_warehouse("csv", "x.parquet");
    harness.deliver_until_done(&put).await;
    assert_eq!(transfers(&harness).await, [("push".to_owned(), 5, 0)]);
    let loads = harness.duck.query("SELECT state, reason FROM loads ORDER BY load_id").await;
    assert_eq!(loads[0][0], "failed");
    assert!(loads[0][1].as_str().unwrap().contains("404"), "{}", loads[0][1]);
}

#[tokio::test]
async fn what_is_too_large_and_would_read_otherwise_in_the_warehouse_goes_to_quarantine() {
    let mut harness = pulling_from(u64::MAX).await;
    harness.limits = Limits { page_bytes: 10, ..Limits::default() };
    let times = arrow_array::Time64NanosecondArray::from_iter_values(0..100);
    let put = harness.store.put("csv", "x.parquet", write(vec![("t", Arc::new(times) as ArrayRef)]));
    assert_eq!(harness.deliver(&put, 1).await, Some(Answer::Ack));
    let attempts = harness.duck.query("SELECT state, reason FROM loads ORDER BY load_id").await;
    assert!(attempts[0][1].as_str().unwrap().contains("at most 10 are read"), "{attempts:?}");
    assert_eq!(attempts[1][0], "quarantined");
    assert!(attempts[1][1].as_str().unwrap().contains("it can't be pulled"), "{attempts:?}");
}

/// The text of a statement that takes the warehouse too long.
const OUT_OF_TIME: &str = "Query execution timed out after 55 seconds";

#[tokio::test]
async fn what_the_warehouse_has_no_time_to_pull_is_pushed() {
    let harness = pulling_from(0).await;
    harness.duck.fail("read_parquet", OUT_OF_TIME).await;
    let put = harness.store.put("csv", "x.parquet", table(5));
    assert_eq!(harness.deliver(&put, 1).await, Some(Answer::Ack));
    assert_eq!(transfers(&harness).await, [("push".to_owned(), 5, 0)]);
    let loads = harness.duck.query("SELECT state, reason FROM loads ORDER BY load_id").await;
    assert_eq!(loads[0][0], "failed");
    assert!(loads[0][1].as_str().unwrap().contains(OUT_OF_TIME), "{}", loads[0][1]);
}

#[tokio::test]
async fn what_takes_too_long_to_pull_and_is_too_large_to_push_goes_to_quarantine_with_the_reason() {
    for from_bytes in [0, u64::MAX] {
        let mut harness = pulling_from(from_bytes).await;
        harness.limits = Limits { page_bytes: 10, ..Limits::default() };
        harness.duck.fail("read_parquet", OUT_OF_TIME).await;
        let put = harness.store.put("csv", "x.parquet", table(100));
        assert_eq!(harness.deliver(&put, 1).await, Some(Answer::Ack));
        let attempts = harness.duck.query("SELECT state, reason FROM loads ORDER BY load_id").await;
        assert_eq!((attempts.len(), attempts[1][0].as_str()), (2, Some("quarantined")));
        let reasons = format!("{attempts:?}");
        assert!(reasons.contains("at most 10 are read") && reasons.contains(OUT_OF_TIME), "{reasons}");
    }
}

/// The object gets another content, with as many rows, between the reading of its footer and the pull.
#[tokio::test]
async fn an_object_that_changes_while_it_is_pulled_is_not_committed_as_what_it_was() {
    let harness = pulling_from(0).await;
    let old = harness.store.put("csv", "x.parquet", table(5));
    let gate = Faults::gated();
    let is_done = Cell::new(false);
    let consumer = async {
        let answer = harness.deliver_with(&gate, &old, 1).await;
        is_done.set(true);
        answer
    };
    let change = async {
        let mut new = None;
        while !is_done.get() {
            if gate.is_waiting() {
                if new.is_none() && gate.points().contains(&Point::StoreRead) {
                    new = Some(harness.store.put("csv", "x.parquet", table_from(1000, 5)));
                }
                gate.let_pass();
            }
            tokio::task::yield_now().await;
        }
        new
    };
    let (answer, new) = join(consumer, change).await;
    assert_eq!(answer, Some(Answer::Ack));
    assert_eq!(harness.duck.query("SELECT state FROM loads").await, [["discarded"]]);
    harness.deliver_until_done(&new.unwrap()).await;
    let etags = harness.duck.query("SELECT etag FROM commits").await;
    assert_eq!(etags, [[harness.store.etag("csv", "x.parquet")]]);
}
