//! One fault at every point where ingest waits for something outside. After redelivery the rows are exact, and whoever looked
//! meanwhile saw none of a file or all of it.

use living_kit::Answer;
use native_tests::{Fault, Harness, Point, annotations};

const FAULTS: [Fault; 4] = [Fault::DieBefore, Fault::DieAfter, Fault::FailBefore, Fault::FailAfter];

/// What a reader sees: records and labels, in order.
const SEEN: &str = "SELECT record_id, questions->>'$.entities.responses[0][0].label' FROM annotations ORDER BY ALL";

/// An object that was loaded before, in the newest of which two records come again.
async fn with_an_older_object() -> Harness {
    let harness = Harness::start().await;
    let older = annotations(&[("r1", "a", "old"), ("r2", "b", "old"), ("r3", "c", "old")]);
    harness.deliver_until_done(&harness.store.put("argilla", "wnut/1.parquet", older)).await;
    harness
}

fn newer() -> bytes::Bytes {
    annotations(&[("r2", "b", "new"), ("r3", "c", "new"), ("r4", "d", "new"), ("r5", "e", "new"), ("r6", "f", "new")])
}

fn before() -> Vec<[&'static str; 2]> {
    vec![["r1", "old"], ["r2", "old"], ["r3", "old"]]
}

fn after() -> Vec<[&'static str; 2]> {
    vec![["r1", "old"], ["r2", "new"], ["r3", "new"], ["r4", "new"], ["r5", "new"], ["r6", "new"]]
}

/// The points of a run without faults.
async fn points() -> Vec<Point> {
    let harness = with_an_older_object().await;
    harness.faults.clear();
    let put = harness.store.put("argilla", "wnut/2.parquet", newer());
    assert_eq!(harness.deliver(&put, 1).await, Some(Answer::Ack));
    harness.faults.points()
}

#[tokio::test]
async fn a_fault_at_any_point_loses_nothing_and_doubles_nothing() {
    let points = points().await;
    assert!(points.len() > 15, "{points:#?}");
    for fault in FAULTS {
        for (n, point) in points.iter().enumerate() {
            let case = format!("{fault:?} at point {n}, {point:?}");
            println!("{case}");
            let harness = with_an_older_object().await;
            let put = harness.store.put("argilla", "wnut/2.parquet", newer());
            harness.faults.plan(n, fault);
            let first = harness.deliver(&put, 1).await;
            let seen = harness.duck.query(SEEN).await;
            assert!(seen == before() || seen == after(), "{case}: a reader saw part of a file: {seen:?}");
            if first != Some(Answer::Ack) {
                harness.faults.clear();
                assert_eq!(harness.deliver(&put, 2).await, Some(Answer::Ack), "{case}");
            }
            assert_eq!(harness.duck.query(SEEN).await, after(), "{case}");
            let commits = harness.duck.query("SELECT row_count, rejected_count FROM commits ORDER BY commit_seq").await;
            assert_eq!(commits, [[3, 0], [5, 0]], "{case}");
            assert_eq!(harness.announced().last(), Some(&2), "{case}: discovery was told");
            let in_quarantine = harness.duck.number("SELECT count(*) FROM quarantine").await;
            assert_eq!(in_quarantine, 0, "{case}: dying once is no reason for quarantine");
        }
    }
}

/// The same for a deletion whose route says that the rows go with their object.
#[tokio::test]
async fn a_fault_at_any_point_of_a_retraction_leaves_it_done_once_and_announced() {
    let loaded = async || {
        let harness = Harness::start().await;
        harness.deliver_until_done(&harness.store.put("csv", "gone/1.parquet", annotations(&[("r1", "a", "x")]))).await;
        let deletion = harness.store.delete("csv", "gone/1.parquet");
        harness.faults.clear();
        (harness, deletion)
    };
    let (harness, deletion) = loaded().await;
    assert_eq!(harness.deliver(&deletion, 1).await, Some(Answer::Ack));
    let points = harness.faults.points();
    assert!(points.contains(&Point::Announce), "{points:#?}");
    for fault in FAULTS {
        for (n, point) in points.iter().enumerate() {
            let case = format!("{fault:?} at point {n}, {point:?}");
            let (harness, deletion) = loaded().await;
            harness.faults.plan(n, fault);
            if harness.deliver(&deletion, 1).await != Some(Answer::Ack) {
                harness.faults.clear();
                assert_eq!(harness.deliver(&deletion, 2).await, Some(Answer::Ack), "{case}");
            }
            let commits = harness.duck.query("SELECT kind FROM commits ORDER BY commit_seq").await;
            assert_eq!(commits, [["load"], ["retraction"]], "{case}");
            assert_eq!(harness.duck.number("SELECT count(*) FROM structured_data").await, 0, "{case}");
            assert_eq!(harness.announced().last(), Some(&2), "{case}: discovery was told");
        }
    }
}

#[tokio::test]
async fn an_object_that_ends_the_worker_twice_is_in_quarantine_and_stays_there() {
    let harness = with_an_older_object().await;
    let put = harness.store.put("argilla", "wnut/2.parquet", newer());
    let reading = points().await.iter().position(|point| *point == Point::StoreRead).unwrap();
    for attempts in 1..=2 {
        harness.faults.plan(reading, Fault::DieAfter);
        assert_eq!(harness.deliver(&put, attempts).await, None, "the Worker dies while it reads");
    }
    let quarantined = harness.duck.query("SELECT reason FROM quarantine").await;
    assert_eq!(quarantined, [["loading it ended the Worker twice without a word: it traps or exhausts the Worker"]]);
    harness.faults.clear();
    assert_eq!(harness.deliver(&put, 3).await, Some(Answer::Ack));
    assert!(!harness.faults.points().contains(&Point::StoreRead), "it isn't read again");
    assert_eq!(harness.duck.query(SEEN).await, before());
}

#[tokio::test]
async fn a_copy_of_an_event_under_way_is_not_taken_for_a_death() {
    let harness = with_an_older_object().await;
    let put = harness.store.put("argilla", "wnut/2.parquet", newer());
    let reading = points().await.iter().position(|point| *point == Point::StoreRead).unwrap();
    harness.faults.plan(reading, Fault::DieAfter);
    assert_eq!(harness.deliver(&put, 1).await, None);
    harness.faults.plan(reading, Fault::DieAfter);
    assert_eq!(harness.deliver(&put, 1).await, None, "another copy, delivered for the first time");
    assert_eq!(harness.duck.number("SELECT count(*) FROM quarantine").await, 0);
}
