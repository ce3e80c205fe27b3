//! The Postgres protocol, as its usual client and psql speak it.

use std::{process::Stdio, time::Duration};

use local_warehouse::{Config, LocalWarehouse, ReplyStyle};
use serde_json::json;
use tokio::process::Command;
use tokio_postgres::{Client as PostgresClient, Config as Connection, NoTls, SimpleQueryMessage, error::SqlState};

use crate::client::{Client, READ_ONLY, READ_WRITE, config, start, start_with, until};

fn connection(warehouse: &LocalWarehouse, token: &str, database: &str) -> Connection {
    let mut connection = Connection::new();
    let address = warehouse.postgres_address();
    connection.host(address.ip().to_string()).port(address.port()).user("whoever").password(token).dbname(database);
    connection
}

async fn connect(warehouse: &LocalWarehouse, token: &str) -> PostgresClient {
    let (client, connection) = connection(warehouse, token, "living_schema").connect(NoTls).await.unwrap();
    tokio::spawn(connection);
    client
}

async fn rows(client: &PostgresClient, sql: &str) -> Vec<Vec<Option<String>>> {
    let row = |message| match message {
        SimpleQueryMessage::Row(row) => Some((0..row.len()).map(|n| row.get(n).map(str::to_owned)).collect()),
        _ => None,
    };
    client.simple_query(sql).await.unwrap().into_iter().filter_map(row).collect()
}

fn texts(row: &[&str]) -> Vec<Option<String>> {
    row.iter().map(|text| Some((*text).to_owned())).collect()
}

#[tokio::test]
async fn both_ways_lead_to_the_same_database() {
    let warehouse = start(ReplyStyle::StatelessJson).await;
    let postgres = connect(&warehouse, READ_WRITE).await;
    let inserted = "INSERT INTO t SELECT range, 'é' FROM range(3)";
    assert!(rows(&postgres, "CREATE TABLE t (n INTEGER, s VARCHAR)").await.is_empty());
    assert_eq!(rows(&postgres, inserted).await, [texts(&["3"])], "every statement gives a result set");
    let client = Client::connect(&warehouse).await;
    assert_eq!(client.rows("FROM t ORDER BY n LIMIT 1").await, json!([[0, "é"]]));
    client.run("INSERT INTO t VALUES (7, NULL)").await;
    assert_eq!(rows(&postgres, "FROM t ORDER BY n DESC LIMIT 1").await, [[Some("7".to_owned()), None]]);
    warehouse.stop().await.unwrap();
}

#[tokio::test]
async fn the_password_is_a_token_and_says_what_may_be_done() {
    let warehouse = start(ReplyStyle::StatelessJson).await;
    let refused = async |token: &str, database: &str| {
        let error = connection(&warehouse, token, database).connect(NoTls).await.map(drop).unwrap_err();
        error.code().cloned().unwrap()
    };
    assert_eq!(refused("guessed", "living_schema").await, SqlState::INVALID_PASSWORD);
    assert_eq!(refused(READ_WRITE, "other").await, SqlState::INVALID_CATALOG_NAME);
    for database in ["living_schema", "md:", "md:living_schema"] {
        assert!(connection(&warehouse, READ_ONLY, database).connect(NoTls).await.is_ok(), "{database}");
    }
    let reader = connect(&warehouse, READ_ONLY).await;
    assert_eq!(rows(&reader, "SELECT 1").await, [texts(&["1"])]);
    assert!(reader.simple_query("CREATE TABLE t (n INTEGER)").await.is_err());
    warehouse.stop().await.unwrap();
}

#[tokio::test]
async fn a_token_that_may_write_only_reads_within_a_transaction_that_only_reads() {
    let warehouse = start(ReplyStyle::StatelessJson).await;
    let postgres = connect(&warehouse, READ_WRITE).await;
    rows(&postgres, "BEGIN TRANSACTION READ ONLY").await;
    assert!(postgres.simple_query("CREATE TABLE t (n INTEGER)").await.is_err());
    assert_eq!(rows(&postgres, "SELECT 1").await, [texts(&["1"])]);
    rows(&postgres, "ROLLBACK").await;
    rows(&postgres, "CREATE TABLE t (n INTEGER)").await;
    assert!(postgres.simple_query("BEGIN").await.is_err(), "transactions of several statements are not there");
    warehouse.stop().await.unwrap();
}

#[tokio::test]
async fn errors_have_a_sqlstate_and_the_connection_goes_on() {
    let warehouse = start(ReplyStyle::StatelessJson).await;
    let postgres = connect(&warehouse, READ_WRITE).await;
    rows(&postgres, "CREATE TABLE t (n INTEGER PRIMARY KEY, s VARCHAR NOT NULL)").await;
    rows(&postgres, "INSERT INTO t VALUES (1, 'x')").await;
    for (sql, code) in [
        ("SELEC 1", SqlState::SYNTAX_ERROR),
        ("FROM nowhere", SqlState::UNDEFINED_TABLE),
        ("INSERT INTO t VALUES (1, 'x')", SqlState::UNIQUE_VIOLATION),
        ("INSERT INTO t VALUES (2, NULL)", SqlState::NOT_NULL_VIOLATION),
        ("SELECT CAST('x' AS INTEGER)", SqlState::INVALID_TEXT_REPRESENTATION),
        ("SELECT CAST(300 AS TINYINT)", SqlState::INVALID_TEXT_REPRESENTATION),
    ] {
        let error = postgres.simple_query(sql).await.unwrap_err();
        assert_eq!(error.code(), Some(&code), "{sql}: {error}");
    }
    assert_eq!(rows(&postgres, "SELECT count(*) FROM t").await, [texts(&["1"])]);
    warehouse.stop().await.unwrap();
}

#[tokio::test]
async fn results_have_no_limit_of_rows_and_are_not_held_in_memory() {
    let warehouse = start(ReplyStyle::StatelessJson).await;
    let postgres = connect(&warehouse, READ_WRITE).await;
    let sql = "SELECT range, repeat('x', 100) FROM range(300_000)";
    let mut stream = std::pin::pin!(postgres.simple_query_raw(sql).await.unwrap());
    let mut count = 0;
    while let Some(message) = futures_util::StreamExt::next(&mut stream).await {
        count += u64::from(matches!(message.unwrap(), SimpleQueryMessage::Row(_)));
    }
    assert_eq!(count, 300_000);
    warehouse.stop().await.unwrap();
}

#[tokio::test]
async fn prepared_statements_take_text_and_give_what_has_a_binary_form() {
    let warehouse = start(ReplyStyle::StatelessJson).await;
    let postgres = connect(&warehouse, READ_WRITE).await;
    let sql = "SELECT CAST($1 AS INTEGER) + 1, CAST($2 AS VARCHAR) || '!', CAST($3 AS DOUBLE), CAST($1 AS BIGINT) > 6, [1, 2]::JSON, CAST($4 AS TEXT)";
    let row = postgres.query_one(sql, &[&"6", &"é", &"0.5", &None::<&str>]).await.unwrap();
    assert_eq!((row.get::<_, i32>(0), row.get::<_, &str>(1), row.get::<_, f64>(2)), (7, "é!", 0.5));
    assert_eq!((row.get::<_, bool>(3), row.get::<_, Option<&str>>(5)), (false, None));
    assert!(postgres.prepare("SELECT $1").await.is_err(), "every parameter has to be cast");
    postgres.execute("CREATE TABLE t (n INTEGER)", &[]).await.unwrap();
    let statement = postgres.prepare("INSERT INTO t SELECT CAST($1 AS INTEGER)").await.unwrap();
    for n in ["1", "2"] {
        postgres.query(&statement, &[&n]).await.unwrap();
    }
    let date = postgres.query("SELECT DATE '2024-01-31'", &[]).await.unwrap_err();
    assert_eq!(date.code(), Some(&SqlState::FEATURE_NOT_SUPPORTED), "{date}");
    let wrong = postgres.query("SELECT CAST($1 AS INTEGER)", &[&"x"]).await.unwrap_err();
    assert_eq!(wrong.code(), Some(&SqlState::INVALID_TEXT_REPRESENTATION), "{wrong}");
    assert_eq!(postgres.query_one("SELECT count(*) FROM t", &[]).await.unwrap().get::<_, i64>(0), 2);
    warehouse.stop().await.unwrap();
}

#[tokio::test]
async fn a_cancel_request_stops_the_statement_and_leaves_the_connection() {
    let warehouse = start(ReplyStyle::StatelessJson).await;
    let postgres = connect(&warehouse, READ_WRITE).await;
    let token = postgres.cancel_token();
    let slow = "SELECT count(*) FROM range(10_000_000) a, range(10_000_000) b WHERE a.range + b.range = 7";
    let cancel = async {
        tokio::time::sleep(Duration::from_millis(100)).await;
        token.cancel_query(NoTls).await.unwrap();
    };
    let (outcome, ()) = tokio::join!(postgres.simple_query(slow), cancel);
    assert_eq!(outcome.unwrap_err().code(), Some(&SqlState::QUERY_CANCELED));
    assert_eq!(rows(&postgres, "SELECT 1").await, [texts(&["1"])]);
    warehouse.stop().await.unwrap();
}

#[tokio::test]
async fn a_statement_stops_at_the_time_limit_and_when_its_client_leaves() {
    let mut limited: Config = config();
    limited.limits.time = Duration::from_millis(200);
    let slow = "SELECT count(*) FROM range(10_000_000) a, range(10_000_000) b WHERE a.range + b.range = 7";
    let warehouse = start_with(limited).await;
    let error = connect(&warehouse, READ_WRITE).await.simple_query(slow).await.unwrap_err();
    assert_eq!(error.code(), Some(&SqlState::QUERY_CANCELED));
    assert!(error.as_db_error().unwrap().message().contains("timed out"), "{error}");
    warehouse.stop().await.unwrap();

    let warehouse = start(ReplyStyle::StatelessJson).await;
    let (client, connection) = connection(&warehouse, READ_WRITE, "living_schema").connect(NoTls).await.unwrap();
    let connection = tokio::spawn(connection);
    let running = tokio::spawn(async move { client.simple_query(slow).await.map(drop) });
    let control = Client::connect(&warehouse).await;
    let outcome = async |wanted: &str| {
        let url = warehouse.url().replace("/mcp", "/requests");
        let log = reqwest::Client::new().get(url).bearer_auth(READ_WRITE).send().await.unwrap();
        let log: Vec<serde_json::Value> = log.json().await.unwrap();
        log.iter().any(|entry| entry["method"] == "postgres" && entry["outcome"] == wanted)
    };
    until("it runs", || outcome("running")).await;
    connection.abort();
    running.abort();
    until("it's cancelled", || outcome("cancelled")).await;
    assert_eq!(control.rows("SELECT 1").await, json!([[1]]));
    warehouse.stop().await.unwrap();
}

#[tokio::test]
async fn what_is_no_message_ends_the_connection_and_nothing_else() {
    use tokio::io::{AsyncReadExt, AsyncWriteExt};
    let warehouse = start(ReplyStyle::StatelessJson).await;
    for rubbish in [&b"GET / HTTP/1.1\r\n\r\n"[..], b"\0\0\0\x08\0\x02\0\0", b"\0\0\0\x04", &[0xff; 64]] {
        let mut stream = tokio::net::TcpStream::connect(warehouse.postgres_address()).await.unwrap();
        stream.write_all(rubbish).await.unwrap();
        stream.shutdown().await.unwrap();
        let mut answer = Vec::new();
        let ended = tokio::time::timeout(Duration::from_secs(5), stream.read_to_end(&mut answer)).await;
        assert!(ended.is_ok(), "{rubbish:?}");
    }
    assert_eq!(rows(&connect(&warehouse, READ_WRITE).await, "SELECT 1").await, [texts(&["1"])]);
    warehouse.stop().await.unwrap();
}

/// Only where psql is installed.
#[tokio::test]
async fn psql_prints_results_and_errors() {
    let warehouse = start(ReplyStyle::StatelessJson).await;
    let address = warehouse.postgres_address();
    let psql = Command::new("psql")
        .args([
            "-X",
            "-A",
            "-t",
            "-v",
            "ON_ERROR_STOP=0",
            "-h",
            &address.ip().to_string(),
            "-p",
            &address.port().to_string(),
        ])
        .args(["-U", "postgres", "-d", "md:"])
        .args(["-c", "SELECT 42 AS n, {'a': [1, NULL]} AS s, DATE '2024-01-31' AS d"])
        .args(["-c", "FROM nowhere", "-c", "SELECT 'after'"])
        .env("PGPASSWORD", READ_WRITE)
        .stdin(Stdio::null())
        .output()
        .await;
    match psql {
        Ok(output) => {
            let printed = String::from_utf8_lossy(&output.stdout);
            let complained = String::from_utf8_lossy(&output.stderr);
            assert_eq!(printed, "42|{\"a\":[1,null]}|2024-01-31\nafter\n", "{complained}");
            assert!(complained.contains("Table with name nowhere does not exist"), "{complained}");
        }
        Err(error) => eprintln!("skipped: psql can't be run ({error})"),
    }
    warehouse.stop().await.unwrap();
}
