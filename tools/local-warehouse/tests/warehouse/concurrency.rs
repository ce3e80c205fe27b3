//! Many clients at once.

use std::time::{Duration, Instant};

use local_warehouse::{Config, Storage};
use serde_json::json;
use tokio::task::JoinSet;

use crate::client::{BOTH_STYLES, Client, config, start, start_with};

const CLIENTS: usize = 50;

#[tokio::test(flavor = "multi_thread")]
async fn fifty_clients_that_insert_and_count_lose_nothing_and_read_only_whole_inserts() {
    const ROUNDS: usize = 4;
    let folder = tempfile::tempdir().unwrap();
    let storage = Storage::File(folder.path().join("data.duckdb"));
    let warehouse = start_with(Config { storage, ..config() }).await;
    let client = Client::connect(&warehouse).await;
    client.run("CREATE TABLE t (client INTEGER, round INTEGER, n INTEGER)").await;

    let mut clients = JoinSet::new();
    for number in 0..CLIENTS {
        let url = warehouse.url().to_owned();
        clients.spawn(async move {
            let client = Client::connect_to(&url, crate::client::READ_WRITE).await;
            for round in 0..ROUNDS {
                client.run(&format!("INSERT INTO t SELECT {number}, {round}, range FROM range(100)")).await;
                let own = client.rows(&format!("SELECT count(*) FROM t WHERE client = {number}")).await;
                assert_eq!(own, json!([[(round + 1) * 100]]));
                let torn = client
                    .rows("SELECT count(*) FROM (SELECT count(*) AS c FROM t GROUP BY client, round) WHERE c <> 100")
                    .await;
                assert_eq!(torn, json!([[0]]));
            }
        });
    }
    while let Some(client) = clients.join_next().await {
        client.unwrap();
    }
    assert_eq!(
        client.rows("SELECT count(*), count(DISTINCT (client, round, n)) FROM t").await,
        json!([[20_000, 20_000]])
    );
    warehouse.stop().await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_primary_key_that_all_want_has_exactly_one_winner() {
    for style in BOTH_STYLES {
        let warehouse = start(style).await;
        let client = Client::connect(&warehouse).await;
        client.run("CREATE TABLE commits (commit_seq BIGINT PRIMARY KEY, winner INTEGER)").await;
        for sequence in 0..5 {
            let mut clients = JoinSet::new();
            for number in 0..CLIENTS {
                let client = client.clone();
                clients.spawn(async move {
                    client.query_rw(&format!("INSERT INTO commits VALUES ({sequence}, {number})")).await
                });
            }
            let (won, lost): (Vec<_>, Vec<_>) =
                clients.join_all().await.into_iter().partition(|result| result["success"] == true);
            assert_eq!((won.len(), lost.len()), (1, CLIENTS - 1));
            for result in lost {
                let class = result["errorType"].as_str().unwrap();
                assert!(["ConstraintException", "TransactionException"].contains(&class), "{result}");
            }
        }
        assert_eq!(client.rows("SELECT count(*) FROM commits").await, json!([[5]]));
        warehouse.stop().await.unwrap();
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn updates_of_one_row_conflict_in_duckdbs_own_words() {
    let warehouse = start_with(config()).await;
    let client = Client::connect(&warehouse).await;
    client.run("CREATE TABLE counter AS SELECT 0 AS n").await;
    let mut clients = JoinSet::new();
    for _ in 0..CLIENTS {
        let client = client.clone();
        clients.spawn(async move { client.query_rw("UPDATE counter SET n = n + 1").await });
    }
    let mut updated = 0;
    for result in clients.join_all().await {
        if result["success"] == true {
            updated += 1;
        } else {
            assert_eq!(result["errorType"], "TransactionException", "{result}");
        }
    }
    assert_eq!(client.rows("FROM counter").await, json!([[updated]]));
    warehouse.stop().await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_short_query_does_not_wait_for_a_long_one() {
    for style in BOTH_STYLES {
        let warehouse = start(style).await;
        let client = Client::connect(&warehouse).await;
        let long = tokio::spawn({
            let client = client.clone();
            async move {
                client.query("SELECT sum(a.range * b.range) AS long FROM range(1_000_000) a, range(1_000_000) b").await
            }
        });
        client.until_outcome("AS long", "running").await;
        let start = Instant::now();
        assert_eq!(client.rows("SELECT 1").await, json!([[1]]));
        assert!(
            !long.is_finished(),
            "the long query was to run beside the short one, which took {:?}",
            start.elapsed()
        );
        long.abort();
        warehouse.stop().await.unwrap();
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn stopping_ends_what_runs_and_refuses_what_comes_later() {
    let warehouse = start_with(config()).await;
    let client = Client::connect(&warehouse).await;
    let long = tokio::spawn({
        let client = client.clone();
        async move {
            client.send_call("query_rw", json!({ "sql": "SELECT sum(a.range * b.range) AS long FROM range(1_000_000) a, range(1_000_000) b" })).await
        }
    });
    client.until_outcome("AS long", "running").await;
    tokio::time::timeout(Duration::from_secs(20), warehouse.stop()).await.expect("stops in time").unwrap();
    drop(long.await);
    assert!(client.send_call("query_rw", json!({ "sql": "SELECT 1" })).await.is_err());
}
