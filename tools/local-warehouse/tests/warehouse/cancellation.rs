//! Statements that must stop: at the time limit, and when nobody waits for them.

use std::time::Duration;

use local_warehouse::{Config, Limits};
use serde_json::json;

use crate::client::{BOTH_STYLES, Client, config, start, start_with, tool_call};

/// Runs for hours, and would insert rows if it ended.
const ENDLESS_INSERT: &str =
    "INSERT INTO t SELECT sum(a.range * b.range) FROM range(10_000_000) a, range(10_000_000) b";

#[tokio::test]
async fn a_statement_is_cancelled_and_rolled_back_at_the_time_limit() {
    for style in BOTH_STYLES {
        let limits = Limits { time: Duration::from_millis(300), ..Limits::default() };
        let warehouse = start_with(Config { limits, reply_style: style, ..config() }).await;
        let client = Client::connect(&warehouse).await;
        client.run("CREATE TABLE t (a HUGEINT)").await;
        let result = client.query_rw(ENDLESS_INSERT).await;
        assert_eq!(
            result,
            json!({ "success": false, "error": "Query execution timed out after 0.3 seconds", "errorType": "InterruptException" })
        );
        assert_eq!(client.logged("INSERT").await[0]["outcome"], "timeout");
        assert_eq!(client.rows("SELECT count(*) FROM t").await, json!([[0]]));
        warehouse.stop().await.unwrap();
    }
}

#[tokio::test]
async fn rows_that_come_slowly_are_cancelled_at_the_time_limit_too() {
    let limits = Limits { time: Duration::from_millis(300), ..Limits::default() };
    let warehouse = start_with(Config { limits, ..config() }).await;
    let client = Client::connect(&warehouse).await;
    let result = client.query("SELECT range FROM range(1_000_000_000_000) WHERE hash(range) = 1").await;
    assert_eq!(result["errorType"], "InterruptException", "{result}");
    warehouse.stop().await.unwrap();
}

#[tokio::test]
async fn a_client_that_goes_away_cancels_its_statement() {
    for style in BOTH_STYLES {
        let warehouse = start(style).await;
        let client = Client::connect(&warehouse).await;
        client.run("CREATE TABLE t (a HUGEINT)").await;
        let leaving = tokio::spawn({
            let client = client.clone();
            async move {
                let response = client.send_call("query_rw", json!({ "sql": ENDLESS_INSERT })).await;
                // With an event stream the headers come at once; it's the body that one waits for.
                response.unwrap().text().await
            }
        });
        client.until_outcome("INSERT", "running").await;
        leaving.abort();
        client.until_outcome("INSERT", "cancelled").await;
        assert_eq!(client.rows("SELECT count(*) FROM t").await, json!([[0]]));
        warehouse.stop().await.unwrap();
    }
}

#[tokio::test]
async fn a_cancelled_notification_cancels_the_statement() {
    let warehouse = start_with(config()).await;
    let client = Client::connect(&warehouse).await;
    client.run("CREATE TABLE t (a HUGEINT)").await;
    let waiting = tokio::spawn({
        let client = client.clone();
        async move {
            client
                .post(&tool_call(77, "query_rw", &json!({ "sql": ENDLESS_INSERT })))
                .send()
                .await
                .unwrap()
                .text()
                .await
        }
    });
    client.until_outcome("INSERT", "running").await;
    let cancelled = json!({ "jsonrpc": "2.0", "method": "notifications/cancelled", "params": { "requestId": 77 } });
    assert!(client.post(&cancelled).send().await.unwrap().status().is_success());
    client.until_outcome("INSERT", "cancelled").await;
    assert_eq!(client.rows("SELECT count(*) FROM t").await, json!([[0]]));
    waiting.abort();
    warehouse.stop().await.unwrap();
}

#[tokio::test]
async fn a_reply_that_is_waited_for_is_not_cancelled() {
    for style in BOTH_STYLES {
        let warehouse = start(style).await;
        let client = Client::connect(&warehouse).await;
        client.run("CREATE TABLE t AS SELECT range AS a FROM range(3_000_000)").await;
        for _ in 0..5 {
            assert_eq!(client.query("SELECT count(DISTINCT a) FROM t").await["rows"], json!([[3_000_000]]));
        }
        assert!(client.logged("DISTINCT").await.iter().all(|entry| entry["outcome"] == "ok"));
        warehouse.stop().await.unwrap();
    }
}
