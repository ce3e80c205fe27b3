//! The exact edges of the limits on results.

use local_warehouse::{Config, Limits, MAX_CHARACTERS, MAX_ROWS, ReplyStyle};
use serde_json::{Value, json};

use crate::client::{Client, config, start, start_with};

#[tokio::test]
async fn rows_up_to_the_limit_are_whole_and_one_more_is_cut() {
    let warehouse = start(ReplyStyle::StatelessJson).await;
    let client = Client::connect(&warehouse).await;
    let whole = client.query(&format!("FROM range({MAX_ROWS})")).await;
    assert_eq!(
        (&whole["rowCount"], &whole["truncated"], &whole["warning"]),
        (&json!(2_048), &Value::Null, &Value::Null)
    );

    let cut = client.query(&format!("FROM range({})", MAX_ROWS + 1)).await;
    assert_eq!((&cut["rowCount"], &cut["truncated"]), (&json!(2_048), &json!(true)));
    assert_eq!(cut["rows"].as_array().unwrap().last(), Some(&json!([2_047])));
    assert_eq!(cut["warning"], "Results limited to 2,048 rows. Query returned more data.");
    warehouse.stop().await.unwrap();
}

#[tokio::test]
async fn characters_up_to_the_limit_are_whole_and_one_more_is_cut() {
    let warehouse = start(ReplyStyle::StatelessJson).await;
    let client = Client::connect(&warehouse).await;
    let result_with = async |characters: usize| client.query(&format!("SELECT repeat('é', {characters}) AS a")).await;
    let around = result_with(0).await.to_string().chars().count();

    let whole = result_with(MAX_CHARACTERS - around).await;
    assert_eq!(whole.to_string().chars().count(), MAX_CHARACTERS);
    assert_eq!((&whole["rowCount"], &whole["truncated"]), (&json!(1), &Value::Null));

    let cut = result_with(MAX_CHARACTERS - around + 1).await;
    assert_eq!((&cut["rowCount"], &cut["truncated"]), (&json!(0), &json!(true)));
    assert_eq!(cut["warning"], "Results limited to 0 rows due to 50KB output size limit.");
    warehouse.stop().await.unwrap();
}

#[tokio::test]
async fn a_result_without_end_stops_at_the_limit() {
    let warehouse = start(ReplyStyle::StatelessJson).await;
    let client = Client::connect(&warehouse).await;
    let result = client.query("SELECT range, repeat('x', 1000) FROM range(1_000_000_000_000)").await;
    assert_eq!(result["truncated"], true, "{result}");
    warehouse.stop().await.unwrap();
}

#[tokio::test]
async fn all_rows_are_written_also_when_the_reply_shows_only_some() {
    let limits = Limits { rows: 5, ..Limits::default() };
    let warehouse = start_with(Config { limits, ..config() }).await;
    let client = Client::connect(&warehouse).await;
    client.run("CREATE TABLE t (a BIGINT)").await;
    let inserted = client.query_rw("INSERT INTO t FROM range(10_000) RETURNING a").await;
    assert_eq!((&inserted["rowCount"], &inserted["truncated"]), (&json!(5), &json!(true)));
    assert_eq!(client.rows("SELECT count(*) FROM t").await, json!([[10_000]]));
    warehouse.stop().await.unwrap();
}
