//! Uploads through the converter and ingest into real DuckDB: each cell comes out as it went in, whatever goes wrong on the way.

use std::fmt::Write;

use csv_worker::{State, record_dead_letter};
use living_core::landing::event::Notification;
use living_kit::{Answer, Delivery};
use native_tests::{Fault, Faults, Harness, Point};
use proptest::{prelude::*, strategy::ValueTree, test_runner::TestRunner};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

fn upload(harness: &Harness, key: &str, text: impl Into<Vec<u8>>) -> Notification {
    harness.store.put("uploads", key, text.into().into())
}

fn state(harness: &Harness, key: &str) -> State {
    harness.record(key).expect("a record").state
}

/// The cells of a table's rows, by name of column, in the order of the file.
async fn landed(harness: &Harness, table: &str, columns: &[&str]) -> Vec<Vec<Value>> {
    let cell = |name: &&str| format!("data->>'$.\"{name}\"'");
    let cells: Vec<String> = columns.iter().map(cell).collect();
    let cells = cells.join(", ");
    let sql = format!("SELECT {cells} FROM structured_data WHERE source_table = '{table}' ORDER BY row_no");
    harness.duck.query(&sql).await
}

fn hostile_cell() -> impl Strategy<Value = String> {
    prop_oneof![
        4 => "[a-zA-Z0-9 .äλ船-]{0,12}",
        2 => "[a\"'\\\\,;|\t\n\r ]{0,8}",
        2 => prop::sample::select(vec!["=1+1", "=cmd|' /C calc'!A0", "@SUM(A1)", "+1", "-1", "007", "1e5", "a\0b", "\0", "\u{feff}x",
            "NULL", "#REF!", "\u{202e}evil", "\u{85}", "03/04/2024", "\u{1F6A2}", "\u{10FFFF}", "\\u0000", "'); DROP TABLE commits; --"])
            .prop_map(String::from),
        1 => Just("x".repeat(32_767)),
        1 => Just("\"\n".repeat(16_000)),
    ]
}

/// A table with a first column that no reader takes for a header's or for nothing.
fn hostile_rows() -> impl Strategy<Value = Vec<Vec<String>>> {
    prop::collection::vec(prop::collection::vec(hostile_cell(), 2), 1..12)
}

fn as_csv(rows: &[Vec<String>]) -> String {
    let mut text = "\"line\",\"one\",\"two\"\r\n".to_owned();
    for (n, row) in rows.iter().enumerate() {
        let quoted: Vec<String> = row.iter().map(|cell| format!("\"{}\"", cell.replace('"', "\"\""))).collect();
        let _ = write!(text, "\"n{n}\",{}\r\n", quoted.join(","));
    }
    text
}

#[tokio::test]
async fn hostile_cells_come_out_of_the_warehouse_as_they_went_in() {
    let harness = Harness::start().await;
    let mut runner = TestRunner::deterministic();
    for case in 0..40 {
        let rows = hostile_rows().new_tree(&mut runner).unwrap().current();
        let table = format!("hostile_{case}");
        let event = upload(&harness, &format!("{table}/a.csv"), as_csv(&rows));
        assert_eq!(harness.convert_and_load(&event).await.len(), 1, "{:?}", state(&harness, &event.object.key));
        // As a hash: the cells are longer than an answer, and nothing on the way back can change it.
        let sql = format!(
            "SELECT sha256(data->>'$.one'), sha256(data->>'$.two') FROM structured_data WHERE source_table = '{table}' ORDER BY row_no"
        );
        let hash = |cell: &String| {
            json!(Sha256::digest(cell.as_bytes()).iter().fold(String::new(), |mut hex, byte| {
                let _ = write!(hex, "{byte:02x}");
                hex
            }))
        };
        let expected: Vec<Vec<Value>> = rows.iter().map(|row| row.iter().map(hash).collect()).collect();
        assert_eq!(harness.duck.query(&sql).await, expected, "case {case}: {rows:?}");
    }
}

#[tokio::test]
async fn values_stay_as_they_are_written_and_what_they_can_be_read_as_is_beside_them() {
    let harness = Harness::start().await;
    let text = "IMO;callsign;built;when\n0123456;1e5;1999;03/04/2024\n0223456;2E10;2001;04/03/2024\n";
    harness.convert_and_load(&upload(&harness, "fleet/2026.csv", text)).await;
    let rows = landed(&harness, "fleet", &["IMO", "callsign", "built", "when"]).await;
    assert_eq!(rows[0], ["0123456", "1e5", "1999", "03/04/2024"]);
    let State::Converted { outputs, .. } = state(&harness, "fleet/2026.csv") else { panic!("it's converted") };
    let types: Vec<&str> = outputs[0].columns.iter().map(|(_, data_type)| data_type.as_str()).collect();
    assert_eq!(types, ["text", "text", "integer", "text"]);
    let batch = harness.duck.query("SELECT batch_id, producer FROM commits").await;
    let etag = harness.store.etag("uploads", "fleet/2026.csv");
    assert_eq!(batch[0][0], format!("uploads/fleet/2026.csv@{etag}"));
}

#[tokio::test]
async fn headers_that_repeat_or_are_empty_and_ragged_rows_lose_no_cell() {
    let harness = Harness::start().await;
    let text = "name,Name,,name\na,b,c,d\ne\nf,g,h,i,j,k\n";
    harness.convert_and_load(&upload(&harness, "odd/1.csv", text)).await;
    let rows = landed(&harness, "odd", &["name", "Name_2", "column_3", "name_3", "column_5", "column_6"]).await;
    let null = Value::Null;
    assert_eq!(rows[0], [json!("a"), json!("b"), json!("c"), json!("d"), null.clone(), null.clone()]);
    assert_eq!(rows[1], [json!("e"), null.clone(), null.clone(), null.clone(), null.clone(), null]);
    assert_eq!(rows[2], ["f", "g", "h", "i", "j", "k"]);
    let State::Converted { warnings, .. } = state(&harness, "odd/1.csv") else { panic!("it's converted") };
    assert!(warnings.iter().any(|warning| warning.contains("with more: 1")), "{warnings:?}");
}

#[tokio::test]
async fn a_header_alone_is_a_table_without_rows_and_takes_away_those_before() {
    let harness = Harness::start().await;
    harness.convert_and_load(&upload(&harness, "t/1.csv", "a,b\n1,2\n")).await;
    assert_eq!(harness.duck.number("SELECT count(*) FROM structured_data").await, 1);
    harness.convert_and_load(&upload(&harness, "t/1.csv", "a,b\n")).await;
    assert_eq!(harness.duck.number("SELECT count(*) FROM structured_data").await, 0);
}

#[tokio::test]
async fn the_same_content_gives_the_same_bytes_and_is_converted_once() {
    let harness = Harness::start().await;
    let first = upload(&harness, "t/1.csv", "a,b\n1,2\n");
    let outputs = harness.convert_and_load(&first).await;
    let etag = harness.store.etag("csv", &outputs[0]);
    harness.faults.clear();
    assert_eq!(harness.convert(&first, 2).await, Some(Answer::Ack));
    assert!(!harness.faults.points().iter().any(|point| matches!(point, Point::StoreWrite(_))));
    let _ = harness.store.delete("csv", &outputs[0]);
    assert_eq!(harness.convert(&first, 2).await, Some(Answer::Ack));
    assert_eq!(harness.store.etag("csv", &outputs[0]), etag, "what is gone is made again, byte for byte");
}

#[tokio::test]
async fn a_fault_at_any_point_ends_in_the_same_output() {
    const TEXT: &str = "a,b\n1,2\n3,4\n";
    let run = async |harness: &Harness| harness.convert(&upload(harness, "t/1.csv", TEXT), 1).await;
    let harness = Harness::start().await;
    harness.faults.clear();
    assert_eq!(run(&harness).await, Some(Answer::Ack));
    let points = harness.faults.points();
    let etag = harness.store.etag("csv", "t/1.csv.parquet");
    assert!(points.len() > 8, "{points:#?}");
    for fault in [Fault::DieBefore, Fault::DieAfter, Fault::FailBefore, Fault::FailAfter] {
        for (n, point) in points.iter().enumerate() {
            let case = format!("{fault:?} at point {n}, {point:?}");
            let harness = Harness::start().await;
            let event = upload(&harness, "t/1.csv", TEXT);
            harness.faults.plan(n, fault);
            if harness.convert(&event, 1).await != Some(Answer::Ack) {
                harness.faults.clear();
                assert_eq!(harness.convert(&event, 2).await, Some(Answer::Ack), "{case}");
            }
            assert_eq!(harness.store.etag("csv", "t/1.csv.parquet"), etag, "{case}");
            assert!(matches!(state(&harness, "t/1.csv"), State::Converted { .. }), "{case}");
        }
    }
}

#[tokio::test]
async fn an_upload_that_ends_the_worker_twice_is_refused_and_tried_again_when_it_is_uploaded_again() {
    let harness = Harness::start().await;
    let event = upload(&harness, "t/1.csv", "a,b\n1,2\n");
    let dies = |attempts: u32| {
        // Where the content is read.
        harness.faults.plan(4, Fault::DieBefore);
        harness.convert(&event, attempts)
    };
    assert_eq!(dies(1).await, None);
    assert_eq!(state(&harness, "t/1.csv"), State::Converting);
    assert_eq!(dies(2).await, None);
    harness.faults.clear();
    assert_eq!(harness.convert(&event, 3).await, Some(Answer::Ack));
    assert!(matches!(state(&harness, "t/1.csv"), State::Refused { reason } if reason.contains("without a word")));
    assert!(harness.outputs("t/1.csv").is_empty());
    let again = upload(&harness, "t/1.csv", "a,b\n1,2\n");
    assert_eq!(harness.convert(&again, 1).await, Some(Answer::Ack));
    assert_eq!(harness.outputs("t/1.csv"), ["t/1.csv.parquet"]);
}

#[tokio::test]
async fn what_is_no_table_is_refused_with_its_reason_and_what_was_there_stays() {
    let harness = Harness::start().await;
    harness.convert_and_load(&upload(&harness, "t/1.csv", "a,b\n1,2\n")).await;
    for (content, reason) in [
        (&b""[..], "the file is empty"),
        (b"%PDF-1.7", "a PDF"),
        (b"PK\x03\x04rubbish", "damaged"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1rubbish", "damaged"),
    ] {
        assert_eq!(harness.convert(&upload(&harness, "t/1.csv", content), 1).await, Some(Answer::Ack));
        let State::Refused { reason: told } = state(&harness, "t/1.csv") else { panic!("it's refused: {reason}") };
        assert!(told.contains(reason), "{told}");
    }
    assert_eq!(harness.duck.number("SELECT count(*) FROM structured_data").await, 1);
    assert_eq!(harness.convert(&upload(&harness, ".csv", "a,b\n1,2\n"), 1).await, Some(Answer::Ack));
    assert!(matches!(state(&harness, ".csv"), State::Refused { reason } if reason.contains("no source table")));
    let wide = (0..5_000).map(|n| format!("c{n}")).collect::<Vec<_>>().join(",") + "\n";
    assert_eq!(harness.convert(&upload(&harness, "t/wide.csv", wide), 1).await, Some(Answer::Ack));
    assert!(matches!(state(&harness, "t/wide.csv"), State::Refused { reason } if reason.contains("5000 columns")));
}

#[tokio::test]
async fn a_deleted_upload_takes_its_output_with_it_where_the_route_says_so() {
    let harness = Harness::start().await;
    for (key, output, stays) in [("t/1.csv", "t/1.csv.parquet", false), ("kept/t/1.csv", "t/1.csv.parquet", true)] {
        harness.convert_and_load(&upload(&harness, key, "a,b\n1,2\n")).await;
        let deletion = harness.store.delete("uploads", key);
        assert_eq!(harness.convert(&deletion, 1).await, Some(Answer::Ack));
        assert_eq!(harness.store.contents("csv").iter().any(|(key, _)| key == output), stays, "{key}");
        assert_eq!(harness.record(key).is_some(), stays);
    }
}

#[tokio::test]
async fn two_uploads_never_write_one_object() {
    let harness = Harness::start().await;
    harness.convert_and_load(&upload(&harness, "t/1.csv", "a,b\n1,2\n")).await;
    let other = upload(&harness, "kept/t/1.csv", "a,b\n3,4\n");
    assert_eq!(harness.convert(&other, 1).await, Some(Answer::Ack));
    let State::Refused { reason } = state(&harness, "kept/t/1.csv") else { panic!("it's refused") };
    assert!(reason.contains("of the upload uploads/t/1.csv"), "{reason}");
    assert_eq!(landed(&harness, "t", &["a"]).await, [["1"]]);
}

#[tokio::test]
async fn an_upload_that_changes_meanwhile_ends_as_its_newest_content() {
    const OLD: &str = "a,b\nold,1\n";
    const NEW: &str = "a,b\nnew,2\n";
    let harness = Harness::start().await;
    assert_eq!(harness.convert(&upload(&harness, "t/1.csv", OLD), 1).await, Some(Answer::Ack));
    let points = harness.faults.points().len();
    for n in 0..points {
        let harness = Harness::start().await;
        let event = upload(&harness, "t/1.csv", OLD);
        let faults = Faults::gated();
        let converter = harness.converter(&faults);
        let delivery = Delivery { body: serde_json::to_string(&event).unwrap(), attempts: 1 };
        let consume = csv_worker::consume(&converter, &delivery);
        let steps = async {
            for step in 0.. {
                while !faults.is_waiting() {
                    tokio::task::yield_now().await;
                }
                if step == n {
                    drop(upload(&harness, "t/1.csv", NEW));
                }
                faults.let_pass();
            }
        };
        tokio::select! {
            answer = consume => assert_eq!(answer, Answer::Ack, "changed at point {n}"),
            () = steps => unreachable!("it never ends"),
        }
        harness.convert_and_load(&event).await;
        assert_eq!(landed(&harness, "t", &["a"]).await, [["new"]], "changed at point {n}");
    }
}

#[tokio::test]
async fn what_all_deliveries_failed_on_is_refused_and_what_is_no_event_is_kept() {
    let harness = Harness::start().await;
    let event = upload(&harness, "t/1.csv", "a,b\n1,2\n");
    harness.faults.plan(4, Fault::FailBefore);
    assert!(matches!(harness.convert(&event, 1).await, Some(Answer::RetryAfter { .. })));
    assert!(matches!(state(&harness, "t/1.csv"), State::Waiting { .. }));
    harness.faults.clear();
    let converter = harness.converter(&harness.faults);
    let give_up = async |body: String| record_dead_letter(&converter, &Delivery { body, attempts: 1 }).await;
    assert_eq!(give_up(serde_json::to_string(&event).unwrap()).await, Answer::Ack);
    assert!(
        matches!(state(&harness, "t/1.csv"), State::Refused { reason } if reason.contains("the fault that was asked for"))
    );
    assert_eq!(give_up("rubbish".to_owned()).await, Answer::Ack);
    let kept =
        harness.store.contents("csv").into_iter().find(|(key, _)| key.starts_with(".messages/")).expect("a message");
    assert!(String::from_utf8_lossy(&kept.1).contains("rubbish"));
}
