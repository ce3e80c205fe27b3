//! Each fault, in both reply styles: what the client sees, and whether the statement ran.

use std::time::Duration;

use local_warehouse::{LocalWarehouse, ReplyStyle};
use reqwest::{Method, Response, StatusCode, header};
use serde_json::{Value, json};

use crate::client::{BOTH_STYLES, Client, message, start};

const INSERT: &str = "INSERT INTO t VALUES (1)";

/// A warehouse with an empty table and one fault on inserts.
async fn with_fault(style: ReplyStyle, fault: Value) -> (LocalWarehouse, Client) {
    let warehouse = start(style).await;
    let client = Client::connect(&warehouse).await;
    client.run("CREATE TABLE t (a INTEGER)").await;
    client
        .add_faults(json!([{ "match": { "tool": "query_rw", "sql_contains": "INSERT", "times": 1 }, "fault": fault }]))
        .await;
    (warehouse, client)
}

async fn insert(client: &Client) -> reqwest::Result<Response> {
    client.send_call("query_rw", json!({ "sql": INSERT })).await
}

async fn assert_inserted(client: &Client, rows: u64, outcome: &str) {
    assert_eq!(client.rows("SELECT count(*) FROM t").await, json!([[rows]]));
    let logged = client.logged(INSERT).await;
    assert_eq!(logged[0]["outcome"], outcome, "{logged:?}");
    assert!(logged[0]["fault"].is_string() && logged[0]["ms"].is_u64(), "{logged:?}");
}

#[tokio::test]
async fn fail_before_is_a_tool_error_and_does_not_run() {
    for style in BOTH_STYLES {
        let (warehouse, client) = with_fault(style, json!({ "kind": "fail_before" })).await;
        let result = client.query_rw(INSERT).await;
        assert_eq!(
            result,
            json!({ "success": false, "error": "HTTP Error: 503 Service Unavailable", "errorType": "HTTPException" })
        );
        assert_inserted(&client, 0, "not_run").await;
        warehouse.stop().await.unwrap();
    }
}

#[tokio::test]
async fn fail_before_can_use_other_words() {
    let fault =
        json!({ "kind": "fail_before", "error": "Connection Error: gone", "error_type": "ConnectionException" });
    let (warehouse, client) = with_fault(ReplyStyle::StatelessJson, fault).await;
    let result = client.query_rw(INSERT).await;
    assert_eq!(
        (&result["error"], &result["errorType"]),
        (&json!("Connection Error: gone"), &json!("ConnectionException"))
    );
    warehouse.stop().await.unwrap();
}

#[tokio::test]
async fn drop_reply_runs_and_cuts_the_connection_before_the_first_byte() {
    for style in BOTH_STYLES {
        let (warehouse, client) = with_fault(style, json!({ "kind": "drop_reply" })).await;
        let error = insert(&client).await.unwrap_err();
        assert!(error.is_request() && error.status().is_none(), "{error:?}");
        assert_inserted(&client, 1, "ok").await;
        warehouse.stop().await.unwrap();
    }
}

#[tokio::test]
async fn status_answers_without_running() {
    for style in BOTH_STYLES {
        for status in [429, 500, 502, 503] {
            let (warehouse, client) =
                with_fault(style, json!({ "kind": "status", "status": status, "retry_after": 3 })).await;
            let response = insert(&client).await.unwrap();
            assert_eq!(response.status().as_u16(), status);
            assert_eq!(response.headers()[header::RETRY_AFTER], "3");
            assert_inserted(&client, 0, "not_run").await;
            warehouse.stop().await.unwrap();
        }
    }
}

#[tokio::test]
async fn status_after_runs_and_then_answers() {
    for style in BOTH_STYLES {
        let (warehouse, client) = with_fault(style, json!({ "kind": "status_after", "status": 502 })).await;
        let response = insert(&client).await.unwrap();
        assert_eq!(response.status(), StatusCode::BAD_GATEWAY);
        assert!(!response.headers().contains_key(header::RETRY_AFTER));
        assert_inserted(&client, 1, "ok").await;
        warehouse.stop().await.unwrap();
    }
}

#[tokio::test]
async fn garbage_runs_and_answers_what_no_parser_reads() {
    for style in BOTH_STYLES {
        let (warehouse, client) = with_fault(style, json!({ "kind": "garbage" })).await;
        let response = insert(&client).await.unwrap();
        assert_eq!(response.status(), StatusCode::OK);
        let body = response.text().await.unwrap();
        let data = body.strip_prefix("data: ").unwrap_or(&body);
        assert!(serde_json::from_str::<Value>(data).is_err(), "{data}");
        assert_inserted(&client, 1, "ok").await;
        warehouse.stop().await.unwrap();
    }
}

#[tokio::test]
async fn truncate_runs_sends_half_a_body_and_cuts_the_connection() {
    for style in BOTH_STYLES {
        let (warehouse, client) = with_fault(style, json!({ "kind": "truncate" })).await;
        let mut response = insert(&client).await.unwrap();
        assert_eq!(response.status(), StatusCode::OK);
        let mut half = Vec::new();
        let error = loop {
            match response.chunk().await {
                Ok(Some(chunk)) => half.extend_from_slice(&chunk),
                Ok(None) => panic!("the body ended as if it were whole: {:?}", String::from_utf8_lossy(&half)),
                Err(error) => break error,
            }
        };
        assert!(error.is_body() || error.is_decode() || error.is_request(), "{error:?}");
        let whole = client.send_call("query_rw", json!({ "sql": INSERT })).await.unwrap().bytes().await.unwrap();
        assert!(half.len().abs_diff(whole.len() / 2) <= 2, "{} of {} bytes", half.len(), whole.len());
        assert_inserted(&client, 2, "ok").await;
        warehouse.stop().await.unwrap();
    }
}

#[tokio::test]
async fn stall_waits_and_then_runs() {
    for style in BOTH_STYLES {
        let (warehouse, client) = with_fault(style, json!({ "kind": "stall", "ms": 50 })).await;
        assert_eq!(client.query_rw(INSERT).await["success"], true);
        assert_inserted(&client, 1, "ok").await;
        let logged = client.logged(INSERT).await;
        assert!(logged[0]["ms"].as_u64().unwrap() >= 50, "{logged:?}");
        warehouse.stop().await.unwrap();
    }
}

#[tokio::test]
async fn stall_without_end_does_not_run_when_the_client_leaves() {
    for style in BOTH_STYLES {
        let (warehouse, client) = with_fault(style, json!({ "kind": "stall" })).await;
        let leaving = tokio::time::timeout(Duration::from_millis(100), insert(&client)).await;
        assert!(leaving.is_err(), "the reply was to stall");
        client.until_outcome(INSERT, "not_run").await;
        assert_inserted(&client, 0, "not_run").await;
        warehouse.stop().await.unwrap();
    }
}

#[tokio::test]
async fn stall_after_runs_and_lets_the_client_wait() {
    for style in BOTH_STYLES {
        let (warehouse, client) = with_fault(style, json!({ "kind": "stall_after" })).await;
        let leaving = tokio::time::timeout(Duration::from_millis(200), insert(&client)).await;
        assert!(leaving.is_err(), "the reply was to stall");
        client.until_outcome(INSERT, "ok").await;
        assert_inserted(&client, 1, "ok").await;

        client.clear_faults().await;
        client
            .add_faults(
                json!([{ "match": { "sql_contains": "INSERT" }, "fault": { "kind": "stall_after", "ms": 10 } }]),
            )
            .await;
        assert_eq!(client.query_rw(INSERT).await["success"], true);
        warehouse.stop().await.unwrap();
    }
}

#[tokio::test]
async fn a_stop_does_not_wait_for_a_stall() {
    let (warehouse, client) = with_fault(ReplyStyle::StatelessJson, json!({ "kind": "stall" })).await;
    let stalled = tokio::spawn({
        let client = client.clone();
        async move { insert(&client).await }
    });
    client.until_outcome(INSERT, "running").await;
    tokio::time::timeout(Duration::from_secs(20), warehouse.stop()).await.expect("stops in time").unwrap();
    stalled.abort();
}

#[tokio::test]
async fn rules_are_listed_with_their_hits_and_cleared() {
    let warehouse = start(ReplyStyle::StatelessJson).await;
    let client = Client::connect(&warehouse).await;
    client
        .add_faults(json!([{ "match": { "skip": 1, "times": 1 }, "fault": { "kind": "status", "status": 500 } }]))
        .await;
    let statuses = [insert(&client).await, insert(&client).await, insert(&client).await]
        .map(|response| response.unwrap().status().as_u16());
    assert_eq!(statuses, [200, 500, 200]);
    let rules: Value = client.control(Method::GET, "/faults").send().await.unwrap().json().await.unwrap();
    assert_eq!(
        (&rules[0]["matched"], &rules[0]["hits"], &rules[0]["fault"]["status"]),
        (&json!(3), &json!(1), &json!(500))
    );

    client.clear_faults().await;
    let rules: Value = client.control(Method::GET, "/faults").send().await.unwrap().json().await.unwrap();
    assert_eq!(rules, json!([]));
    warehouse.stop().await.unwrap();
}

#[tokio::test]
async fn a_wrong_rule_is_refused_and_none_of_its_list_is_taken() {
    let warehouse = start(ReplyStyle::StatelessJson).await;
    let client = Client::connect(&warehouse).await;
    let fail_before = json!({ "match": { "method": "initialize" }, "fault": { "kind": "fail_before" } });
    for (wrong, mistake) in [(json!({ "fault": { "kind": "explode" } }), "explode"), (fail_before, "tools/call")] {
        let rules = json!([{ "fault": { "kind": "garbage" } }, wrong]);
        let response = client.control(Method::POST, "/faults").json(&rules).send().await.unwrap();
        assert_eq!(response.status(), StatusCode::UNPROCESSABLE_ENTITY);
        assert!(response.text().await.unwrap().contains(mistake));
    }
    assert_eq!(client.query_rw("SELECT 1").await["success"], true);
    warehouse.stop().await.unwrap();
}

#[tokio::test]
async fn the_handshake_can_be_hit_too() {
    for style in BOTH_STYLES {
        let warehouse = start(style).await;
        let client = Client::connect(&warehouse).await;
        client.add_faults(json!([{ "match": { "method": "initialize", "times": 1 }, "fault": { "kind": "status", "status": 503 } }])).await;
        let newcomer = Client::new(warehouse.url(), crate::client::READ_WRITE);
        let response = newcomer.post(&crate::client::initialize()).send().await.unwrap();
        assert_eq!(response.status(), StatusCode::SERVICE_UNAVAILABLE);
        message(newcomer.post(&crate::client::initialize()).send().await.unwrap()).await;
        warehouse.stop().await.unwrap();
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn of_many_calls_at_once_exactly_the_given_number_is_hit_and_all_are_logged() {
    let warehouse = start(ReplyStyle::StatelessJson).await;
    let client = Client::connect(&warehouse).await;
    client
        .add_faults(json!([{ "match": { "skip": 7, "times": 11 }, "fault": { "kind": "status", "status": 503 } }]))
        .await;
    let mut calls = tokio::task::JoinSet::new();
    for _ in 0..100 {
        let client = client.clone();
        calls.spawn(async move { client.send_call("query_rw", json!({ "sql": "SELECT 1" })).await.unwrap().status() });
    }
    let hit = calls.join_all().await.into_iter().filter(|status| *status == StatusCode::SERVICE_UNAVAILABLE).count();
    assert_eq!(hit, 11);
    let logged = client.logged("SELECT 1").await;
    assert_eq!(logged.len(), 100);
    assert_eq!(logged.iter().filter(|entry| entry["fault"] == "status").count(), 11);
    let sequences: std::collections::BTreeSet<u64> =
        logged.iter().map(|entry| entry["sequence"].as_u64().unwrap()).collect();
    assert_eq!(sequences.len(), 100);
    warehouse.stop().await.unwrap();
}
