//! Random histories: objects that are put, put again, deleted, loaded at once by several consumers that may die. At every commit the
//! reader views show what their definition says, which is slow and simple: of the visible loads, each record's rows in the newest one.

use std::cell::Cell;

use futures_util::future::{join, join_all};
use living_core::{
    landing::{
        event::Notification,
        load::{label_profiles, settle_superseded},
    },
    sql::Statement,
};
use living_warehouse::Warehouse;
use native_tests::{Fault, Faults, Harness, annotations};
use proptest::{prelude::*, strategy::ValueTree, test_runner::TestRunner};

/// The definition: rows of `annotations` at a commit, by load and place.
fn by_definition(commit_seq: i64) -> String {
    format!(
        "SELECT CAST(load_id AS VARCHAR), row_no, record_id FROM ( \
           SELECT a.*, v.commit_seq, max(v.commit_seq) OVER (PARTITION BY a.dataset, a.record_id) AS newest \
           FROM landing.annotations AS a JOIN ( \
             SELECT * FROM commits WHERE commit_seq <= {commit_seq} \
             QUALIFY row_number() OVER (PARTITION BY bucket, key ORDER BY commit_seq DESC) = 1) AS v \
           ON v.load_id = a.load_id AND v.kind = 'load') \
         WHERE commit_seq = newest ORDER BY ALL"
    )
}

fn by_view(commit_seq: i64) -> String {
    format!("SELECT CAST(load_id AS VARCHAR), row_no, record_id FROM annotations_at({commit_seq}) ORDER BY ALL")
}

#[derive(Debug, Clone)]
enum Step {
    /// Puts objects and delivers their events at once, several times each.
    Put {
        objects: Vec<(u8, Vec<u8>)>,
        copies: usize,
    },
    /// As `Put` with one object, and its consumer dies at this point before the event comes again.
    PutAndDie {
        key: u8,
        records: Vec<u8>,
        at: usize,
        after: bool,
    },
    Delete(u8),
    /// Takes rows out of doubt.
    Settle,
}

fn records() -> impl Strategy<Value = Vec<u8>> {
    proptest::collection::vec(0u8..8, 0..5)
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let put = (proptest::collection::vec((0u8..4, records()), 1..4), 1usize..3)
        .prop_map(|(objects, copies)| Step::Put { objects, copies });
    let die = (0u8..4, records(), 0usize..20, any::<bool>()).prop_map(|(key, records, at, after)| Step::PutAndDie {
        key,
        records,
        at,
        after,
    });
    proptest::collection::vec(
        prop_oneof![6 => put, 3 => die, 1 => (0u8..4).prop_map(Step::Delete), 1 => Just(Step::Settle)],
        4..9,
    )
}

fn put(harness: &Harness, key: u8, records: &[u8], version: usize) -> Notification {
    let ids: Vec<String> = records.iter().map(|record| format!("r{record}")).collect();
    let label = format!("label{}", version % 3);
    let rows: Vec<(&str, &str, &str)> = ids.iter().map(|id| (id.as_str(), "text", label.as_str())).collect();
    harness.store.put("argilla", &format!("wnut/{key}.parquet"), annotations(&rows))
}

async fn carry_out(harness: &Harness, step: &Step, version: usize) {
    harness.faults.clear();
    match step {
        Step::Put { objects, copies } => {
            let events: Vec<Notification> = objects
                .iter()
                .enumerate()
                .map(|(i, (key, records))| put(harness, *key, records, version + i))
                .collect();
            let deliveries = (0..*copies).flat_map(|_| &events).map(|event| harness.deliver_until_done(event));
            join_all(deliveries).await;
        }
        Step::PutAndDie { key, records, at, after } => {
            let event = put(harness, *key, records, version);
            harness.faults.plan(*at, if *after { Fault::DieAfter } else { Fault::DieBefore });
            if harness.deliver(&event, 1).await.is_none() {
                harness.faults.clear();
                harness.deliver(&event, 2).await;
            }
        }
        Step::Delete(key) => {
            harness.deliver_until_done(&harness.store.delete("argilla", &format!("wnut/{key}.parquet"))).await;
        }
        Step::Settle => {
            for statement in settle_superseded() {
                harness.duck.reader().run(&statement).await.unwrap();
            }
        }
    }
}

#[tokio::test]
async fn at_every_commit_the_views_show_what_their_definition_says() {
    let mut runner = TestRunner::default();
    for _ in 0..12 {
        let steps = steps().new_tree(&mut runner).unwrap().current();
        let mut harness = Harness::start().await;
        harness.config = retracting();
        for (version, step) in steps.iter().enumerate() {
            carry_out(&harness, step, version * 10).await;
            let newest = harness.duck.number("SELECT coalesce(max(commit_seq), 0) FROM commits").await;
            for commit_seq in 0..=newest {
                let expected = harness.duck.query(&by_definition(commit_seq)).await;
                assert_eq!(
                    harness.duck.query(&by_view(commit_seq)).await,
                    expected,
                    "at {commit_seq}, after {step:?} of\n{steps:#?}"
                );
            }
        }
        check_log(&harness, &steps).await;
    }
}

/// What has to hold of the commit log, and of the objects that are there.
async fn check_log(harness: &Harness, steps: &[Step]) {
    let gaps = harness.duck.number("SELECT count(*) FROM commits AS c WHERE commit_seq > 1 AND NOT EXISTS (FROM commits AS d WHERE d.commit_seq = c.commit_seq - 1)").await;
    assert_eq!(gaps, 0, "{steps:#?}");
    for (key, _) in harness.store.contents("argilla") {
        // An object may be unloaded if its consumer died twice; else its newest commit is its content.
        let stale = harness
            .duck
            .query(&format!("SELECT c.etag FROM commits AS c WHERE c.key = '{key}' ORDER BY commit_seq DESC LIMIT 1"))
            .await;
        let etag = harness.store.etag("argilla", &key);
        let in_quarantine = harness.duck.number(&format!("SELECT count(*) FROM quarantine WHERE key = '{key}'")).await;
        assert!(
            in_quarantine == 1 || stale == [[etag.clone()]],
            "{key}: {stale:?} is committed, {etag} is there\n{steps:#?}"
        );
    }
    let profiles = harness
        .duck
        .query("SELECT load_id::VARCHAR, name, profile FROM load_profiles WHERE kind = 'label' ORDER BY ALL")
        .await;
    let recounted = label_profiles(
        "landing.annotations",
        "a.load_id IN (SELECT load_id FROM visible_loads_at(9223372036854775807))",
    );
    let recount = Statement::read(format!(
        "SELECT load_id::VARCHAR, label, profile FROM ({recounted}) AS p(load_id, kind, label, profile) ORDER BY ALL"
    ));
    assert_eq!(profiles, harness.duck.reader().run(&recount).await.unwrap().rows, "{steps:#?}");
}

/// Annotations are retracted when their object is deleted.
fn retracting() -> ingest::Config {
    serde_json::from_str(r#"{"routes": [{"bucket": "argilla", "dataset": "annotations", "on_delete": "retract"}]}"#)
        .unwrap()
}

/// Consumers of different objects with common records, which take turns between any two of their requests.
#[tokio::test]
async fn whatever_turns_concurrent_loads_take_no_record_shows_twice() {
    let mut runner = TestRunner::default();
    for _ in 0..60 {
        let (contents, turns) =
            (proptest::collection::vec(records(), 2..4), proptest::collection::vec(any::<prop::sample::Index>(), 100))
                .new_tree(&mut runner)
                .unwrap()
                .current();
        let harness = Harness::start().await;
        let events: Vec<Notification> = contents
            .iter()
            .enumerate()
            .map(|(key, records)| put(&harness, u8::try_from(key).unwrap(), records, key))
            .collect();
        let gates: Vec<Faults> = events.iter().map(|_| Faults::gated()).collect();
        let done: Vec<Cell<bool>> = vec![Cell::new(false); events.len()];
        let consumers = join_all(events.iter().zip(&gates).zip(&done).map(async |((event, gate), done)| {
            harness.deliver_with(gate, event, 1).await;
            done.set(true);
        }));
        let scheduler = async {
            let mut turns = turns.iter().cycle();
            while !done.iter().all(Cell::get) {
                let Some(turn) = turns.next() else { return };
                let chosen = turn.index(gates.len());
                // The one whose turn it is goes on as long as chance has it, so that one may overtake another by far.
                for _ in 0..=turn.index(12) {
                    while !gates[chosen].is_waiting() && !done[chosen].get() {
                        tokio::task::yield_now().await;
                    }
                    gates[chosen].let_pass();
                }
            }
        };
        join(consumers, scheduler).await;
        let newest = harness.duck.number("SELECT max(commit_seq) FROM commits").await;
        assert_eq!(newest, i64::try_from(events.len()).unwrap());
        for commit_seq in 0..=newest {
            let expected = harness.duck.query(&by_definition(commit_seq)).await;
            assert_eq!(harness.duck.query(&by_view(commit_seq)).await, expected, "at {commit_seq}: {contents:?}");
        }
    }
}

#[tokio::test]
async fn a_hundred_copies_of_one_event_at_once_commit_once() {
    let harness = Harness::start().await;
    let event = put(&harness, 1, &[1, 2, 3], 0);
    join_all((0..100).map(|_| harness.deliver_until_done(&event))).await;
    assert_eq!(harness.duck.query("SELECT commit_seq, row_count FROM commits").await, [[1, 3]]);
    assert_eq!(harness.duck.number("SELECT count(*) FROM annotations").await, 3);
    let not_ended = harness.duck.number("SELECT count(*) FROM loads WHERE state = 'started'").await;
    assert_eq!(not_ended, 0, "every attempt has its last word");
}

/// Events of twenty objects, some of them put again meanwhile: each three times, in any order, many at once.
#[tokio::test]
async fn twenty_objects_whose_events_come_shuffled_and_repeated_show_their_newest_content() {
    let harness = Harness::start().await;
    let mut events = Vec::new();
    for round in 0..3usize {
        for key in 0..20u8 {
            if round == 0 || usize::from(key) % (round + 1) == 0 {
                events.push(put(&harness, key, &[key * 3, key * 3 + 1], round));
            }
        }
    }
    let expected = harness.store.contents("argilla").len();
    events = events.iter().cycle().take(events.len() * 3).cloned().collect();
    let order = Just(events).prop_shuffle().new_tree(&mut TestRunner::default()).unwrap().current();
    for some in order.chunks(15) {
        join_all(some.iter().map(|event| harness.deliver_until_done(event))).await;
    }
    let twice = harness
        .duck
        .number("SELECT count(*) FROM (SELECT key, etag FROM commits GROUP BY ALL HAVING count(*) > 1)")
        .await;
    assert_eq!(twice, 0);
    assert_eq!(harness.duck.number("SELECT count(DISTINCT key) FROM commits").await, 20);
    for (key, _) in harness.store.contents("argilla") {
        let newest = harness
            .duck
            .query(&format!("SELECT etag FROM commits WHERE key = '{key}' ORDER BY commit_seq DESC LIMIT 1"))
            .await;
        assert_eq!(newest, [[harness.store.etag("argilla", &key)]], "{key}");
    }
    assert_eq!(harness.duck.number("SELECT count(*) FROM annotations").await, i64::try_from(expected * 2).unwrap());
}
