//! Messages that were given up: what is left of them is what somebody has to look at, and nothing else.

use living_core::landing::event;
use living_kit::Answer;
use native_tests::{Harness, Point, documents};

fn file(text: &str) -> bytes::Bytes {
    documents(&[("d", 1, text, None)])
}

async fn quarantined(harness: &Harness) -> Vec<Vec<serde_json::Value>> {
    harness.duck.query("SELECT etag FROM quarantine").await
}

async fn kept(harness: &Harness) -> i64 {
    harness.duck.number("SELECT count(*) FROM dead_letters").await
}

#[tokio::test]
async fn content_that_could_not_be_loaded_is_in_quarantine_until_it_is_replayed() {
    let harness = Harness::start().await;
    let put = harness.store.put("ocr", "x.parquet", file("t"));
    assert_eq!(harness.give_up(&put).await, Answer::Ack);
    assert_eq!(quarantined(&harness).await, [[harness.store.etag("ocr", "x.parquet")]]);
    harness.deliver_until_done(&event::replay("ocr", "x.parquet", put.event_time)).await;
    assert_eq!(quarantined(&harness).await.len(), 0);
    assert_eq!(harness.duck.number("SELECT count(*) FROM raw_documents").await, 1);
}

#[tokio::test]
async fn content_that_is_committed_is_not_in_quarantine_but_announced() {
    let harness = Harness::start().await;
    let put = harness.store.put("ocr", "x.parquet", file("t"));
    harness.deliver_until_done(&put).await;
    assert_eq!(harness.give_up(&put).await, Answer::Ack);
    assert_eq!((quarantined(&harness).await.len(), kept(&harness).await), (0, 0));
    assert_eq!(harness.announced(), [1, 1], "it may have failed at just that");
}

#[tokio::test]
async fn newer_content_is_left_to_its_own_message() {
    let harness = Harness::start().await;
    let (first, second) =
        (harness.store.put("ocr", "x.parquet", file("one")), harness.store.put("ocr", "x.parquet", file("two")));
    assert_eq!(harness.give_up(&first).await, Answer::Ack);
    assert_eq!((quarantined(&harness).await.len(), kept(&harness).await), (0, 1));
    harness.deliver_until_done(&second).await;
    assert_eq!(harness.duck.query("SELECT text FROM raw_documents").await, [["two"]]);
}

/// As before, but the older content is what is committed: its message failed after that.
#[tokio::test]
async fn newer_content_is_left_to_its_own_message_when_the_older_is_committed() {
    let harness = Harness::start().await;
    let first = harness.store.put("ocr", "x.parquet", file("one"));
    harness.deliver_until_done(&first).await;
    let second = harness.store.put("ocr", "x.parquet", file("two"));
    assert_eq!(harness.give_up(&first).await, Answer::Ack);
    assert_eq!((quarantined(&harness).await.len(), kept(&harness).await), (0, 1));
    harness.deliver_until_done(&second).await;
    assert_eq!(harness.duck.query("SELECT text FROM raw_documents").await, [["two"]]);
}

#[tokio::test]
async fn a_message_whose_object_is_gone_is_kept() {
    let harness = Harness::start().await;
    let put = harness.store.put("ocr", "x.parquet", file("t"));
    let _ = harness.store.delete("ocr", "x.parquet");
    assert_eq!(harness.give_up(&put).await, Answer::Ack);
    assert_eq!((quarantined(&harness).await.len(), kept(&harness).await), (0, 1));
}

#[tokio::test]
async fn content_that_was_given_up_leaves_quarantine_with_its_object() {
    let harness = Harness::start().await;
    assert_eq!(harness.give_up(&harness.store.put("ocr", "x.parquet", file("t"))).await, Answer::Ack);
    harness.deliver_until_done(&harness.store.delete("ocr", "x.parquet")).await;
    assert_eq!(quarantined(&harness).await.len(), 0);
}

#[tokio::test]
async fn what_cannot_be_recorded_now_is_recorded_later() {
    let harness = Harness::start().await;
    let put = harness.store.put("ocr", "x.parquet", file("t"));
    assert_eq!(harness.give_up(&put).await, Answer::Ack);
    let points = harness.faults.points().len();
    for n in 0..points {
        let harness = Harness::start().await;
        let put = harness.store.put("ocr", "x.parquet", file("t"));
        harness.faults.plan(n, native_tests::Fault::FailBefore);
        // The client of the warehouse tries again by itself.
        if harness.give_up(&put).await != Answer::Ack {
            assert_eq!(harness.faults.points().last(), Some(&Point::StoreHead));
            assert_eq!(harness.give_up(&put).await, Answer::Ack);
        }
        assert_eq!(quarantined(&harness).await.len(), 1, "a fault at point {n}");
    }
}

/// Whichever of two consumers came last: what can be read is in no quarantine.
#[tokio::test]
async fn content_that_is_committed_while_it_is_given_up_is_in_no_quarantine() {
    let harness = Harness::start().await;
    let put = harness.store.put("ocr", "x.parquet", file("t"));
    harness.deliver_until_done(&put).await;
    harness
        .duck
        .write(
            "INSERT INTO load_ledger SELECT uuidv7(), recorded_at + INTERVAL 1 SECOND, 'quarantined', bucket, key, etag, \
             uploaded_at, size, dataset, 'given up' FROM load_ledger",
        )
        .await;
    assert_eq!(quarantined(&harness).await.len(), 0);
}
