//! The binary: its ready line, its signals, and the one file that it leaves.

use std::{
    path::Path,
    process::{ExitStatus, Stdio},
    time::Duration,
};

use serde_json::{Value, json};
use tokio::{
    io::{AsyncBufReadExt, AsyncReadExt, BufReader},
    process::{Child, ChildStdout, Command},
};

use crate::client::{Client, READ_ONLY, READ_WRITE};

/// A running binary, killed when dropped.
struct Warehouse {
    child: Child,
    output: BufReader<ChildStdout>,
    ready: Value,
}

fn command() -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_local-warehouse"));
    command
        .env_clear()
        .env("LOCAL_WAREHOUSE_TOKEN", READ_WRITE)
        .env("LOCAL_WAREHOUSE_READ_ONLY_TOKEN", READ_ONLY)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .kill_on_drop(true);
    command
}

async fn start(arguments: &[&str]) -> Warehouse {
    let mut child = command().args(arguments).spawn().unwrap();
    let mut output = BufReader::new(child.stdout.take().unwrap());
    let mut line = String::new();
    output.read_line(&mut line).await.unwrap();
    Warehouse {
        ready: serde_json::from_str(&line).unwrap_or_else(|_| panic!("no ready line: {line:?}")),
        child,
        output,
    }
}

impl Warehouse {
    async fn client(&self) -> Client {
        Client::connect_to(self.ready["url"].as_str().unwrap(), READ_WRITE).await
    }

    async fn end(mut self) -> ExitStatus {
        let status =
            tokio::time::timeout(Duration::from_secs(20), self.child.wait()).await.expect("ends in time").unwrap();
        let mut rest = String::new();
        self.output.read_to_string(&mut rest).await.unwrap();
        assert_eq!(rest, "", "more than the ready line on standard output");
        status
    }

    async fn signal(self, name: &str) -> ExitStatus {
        let pid = self.child.id().unwrap().to_string();
        assert!(Command::new("kill").args(["-s", name, &pid]).status().await.unwrap().success());
        self.end().await
    }
}

fn files_of(folder: &Path) -> Vec<String> {
    let mut names: Vec<String> =
        folder.read_dir().unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
    names.sort();
    names
}

#[tokio::test]
async fn it_prints_one_ready_line_and_serves_on_it() {
    let warehouse = start(&[]).await;
    assert_eq!(warehouse.ready["duckdb"], "v1.5.5");
    assert_eq!(warehouse.client().await.rows("SELECT version()").await, json!([["v1.5.5"]]));
    assert!(warehouse.signal("TERM").await.success());
}

#[tokio::test]
async fn both_signals_leave_all_data_in_one_file() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("ware house's.db");
    for (round, signal) in ["TERM", "INT", "TERM"].into_iter().enumerate() {
        let warehouse = start(&["--db", file.to_str().unwrap()]).await;
        let client = warehouse.client().await;
        client.run("CREATE TABLE IF NOT EXISTS t (a INTEGER PRIMARY KEY)").await;
        client.run(&format!("INSERT INTO t VALUES ({round})")).await;
        assert_eq!(client.rows("SELECT count(*) FROM t").await, json!([[round + 1]]));
        assert!(warehouse.signal(signal).await.success());
        assert_eq!(files_of(folder.path()), ["ware house's.db"]);
    }
}

#[tokio::test]
async fn what_was_answered_survives_a_kill() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("data.db");
    let mut warehouse = start(&["--db", file.to_str().unwrap()]).await;
    let client = warehouse.client().await;
    client.run("CREATE TABLE t AS SELECT 5 AS a").await;
    warehouse.child.kill().await.unwrap();

    let warehouse = start(&["--db", file.to_str().unwrap()]).await;
    assert_eq!(warehouse.client().await.rows("FROM t").await, json!([[5]]));
    assert!(warehouse.signal("TERM").await.success());
}

#[tokio::test]
async fn it_stops_with_its_parent_when_told_to() {
    let mut warehouse = start(&["--exit-with-parent"]).await;
    drop(warehouse.child.stdin.take());
    assert!(warehouse.end().await.success());
}

#[tokio::test]
async fn a_mistake_at_the_start_ends_it_with_a_message() {
    let folder = tempfile::tempdir().unwrap();
    let not_a_database = folder.path().join("text.db");
    std::fs::write(&not_a_database, "x".repeat(100_000)).unwrap();
    for (arguments, message) in [
        (vec!["--db", not_a_database.to_str().unwrap()], "not a valid DuckDB database file"),
        (vec!["--memory-limit", "plenty"], "memory"),
        (vec!["--r2-endpoint", "127.0.0.1:1"], "--httpfs"),
        (vec!["--port", "70000"], "70000"),
        (vec!["--token", ""], "at least one character"),
    ] {
        let output = command().args(&arguments).output().await.unwrap();
        let error = String::from_utf8(output.stderr).unwrap();
        assert!(!output.status.success() && output.stdout.is_empty(), "{arguments:?}");
        assert!(error.contains(message), "{arguments:?}: {error}");
    }
}

#[tokio::test]
async fn a_token_is_needed_and_never_shown() {
    let output = command().env_remove("LOCAL_WAREHOUSE_TOKEN").output().await.unwrap();
    assert!(String::from_utf8(output.stderr).unwrap().contains("--token"));
    let output = command().arg("--help").output().await.unwrap();
    let help = String::from_utf8(output.stdout).unwrap();
    assert!(help.contains("LOCAL_WAREHOUSE_TOKEN") && !help.contains(READ_WRITE), "{help}");
}
