//! The program against a local warehouse: what it prints, what it leaves, and how it says what is wrong.

use std::{
    path::PathBuf,
    process::{Output, Stdio},
};

use local_warehouse::{Config, DEFAULT_DATABASE_NAME, LocalWarehouse, Token, Tokens};
use tokio::process::Command;

const TOKEN: &str = "read-write-token";
const READ_ONLY_TOKEN: &str = "read-only-token";

/// What `scripts/motherduck_setup.sh` applies.
const SCHEMA: [&str; 9] = [
    "schema_v1.sql",
    "schema_catalog.sql",
    "typed.sql",
    "reports.sql",
    "outbox.sql",
    "queries.sql",
    "monitoring.sql",
    "--optional",
    "indexes.sql",
];

async fn warehouse() -> LocalWarehouse {
    let token = |text| Token::new(text).expect("a token");
    let tokens = Tokens { read_write: token(TOKEN), read_only: Some(token(READ_ONLY_TOKEN)) };
    LocalWarehouse::start(Config::new(tokens)).await.expect("the local warehouse starts")
}

fn script(name: &str) -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../sql/motherduck").join(name)
}

fn schema() -> Vec<PathBuf> {
    SCHEMA.iter().map(|name| if name.starts_with("--") { name.into() } else { script(name) }).collect()
}

/// A script with that text.
fn made_script(name: &str, text: &str) -> PathBuf {
    let path = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join(name);
    std::fs::write(&path, text).expect("a place for the script");
    path
}

fn program(token: Option<&str>) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_warehouse-setup"));
    command.env_remove("MOTHERDUCK_TOKEN").envs(token.map(|token| ("MOTHERDUCK_TOKEN", token))).stdin(Stdio::null());
    command
}

async fn set_up(url: &str, token: Option<&str>, scripts: &[PathBuf]) -> Output {
    let mut command = program(token);
    command.args(["--url", url, "--database", DEFAULT_DATABASE_NAME]).args(scripts);
    command.output().await.expect("the program starts")
}

/// What a run printed that succeeded.
fn printed(output: Output) -> String {
    assert!(output.status.success(), "{output:?}");
    String::from_utf8(output.stdout).expect("text")
}

/// What a run said that failed.
fn said(output: Output) -> String {
    assert_eq!(output.status.code(), Some(1), "{output:?}");
    String::from_utf8(output.stderr).expect("text")
}

#[tokio::test(flavor = "multi_thread")]
async fn the_first_run_prints_all_it_made_and_the_second_that_nothing_changed() {
    let warehouse = warehouse().await;
    let first = printed(set_up(warehouse.url(), Some(TOKEN), &schema()).await);
    assert!(first.starts_with(&format!("{}, database {DEFAULT_DATABASE_NAME}: DuckDB v", warehouse.url())), "{first}");
    for made in [
        "table landing.annotations",
        "table main.schema_snapshots",
        "view main.loads",
        "macro main.annotations_at",
        "index landing.annotations_document_id",
    ] {
        assert!(first.contains(&format!("\n  + {made}\n")), "{made} is not in:\n{first}");
    }
    let scripts = SCHEMA.iter().filter(|name| !name.starts_with("--"));
    let texts = scripts.map(|name| std::fs::read_to_string(script(name)).expect("the script is there"));
    let statements: Vec<String> = texts.flat_map(|text| living_core::sql::split(&text)).collect();
    let things = statements.iter().filter(|text| text.contains("CREATE ") && !text.contains("CREATE SCHEMA")).count();
    assert_eq!(first.matches("\n  + ").count(), things, "{first}");
    let sample = "sample query: schema version 1, commit 0; 0 pages, 0 annotated records, 0 rows of tables\n";
    assert!(first.ends_with(sample), "{first}");

    let second = printed(set_up(warehouse.url(), Some(TOKEN), &schema()).await);
    let scripts = SCHEMA.iter().filter(|name| !name.starts_with("--")).count();
    assert_eq!(second.matches("\n  nothing changed\n").count(), scripts, "{second}");
    assert_eq!(second.matches("\n  ").count(), scripts, "{second}");
    assert!(second.ends_with(sample), "{second}");
    warehouse.stop().await.expect("it stops");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_wrong_token_is_named_as_the_reason_and_not_shown() {
    let warehouse = warehouse().await;
    let error = said(set_up(warehouse.url(), Some("no-such-token"), &schema()).await);
    assert!(error.contains(warehouse.url()) && error.contains("not authorised: HTTP 401"), "{error}");
    assert!(!error.contains("no-such-token"), "{error}");
    warehouse.stop().await.expect("it stops");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_token_that_may_only_read_ends_the_run_at_the_first_statement() {
    let warehouse = warehouse().await;
    let error = said(set_up(warehouse.url(), Some(READ_ONLY_TOKEN), &schema()).await);
    assert!(error.contains("schema_v1.sql") && error.contains("read-write token"), "{error}");
    assert!(error.contains("\nin: CREATE SCHEMA"), "{error}");
    warehouse.stop().await.expect("it stops");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_url_at_which_nothing_answers_is_named() {
    // A port that was free just now.
    let listener = std::net::TcpListener::bind("127.0.0.1:0").expect("a port");
    let url = format!("http://{}/mcp", listener.local_addr().expect("an address"));
    drop(listener);
    let error = said(set_up(&url, Some(TOKEN), &schema()).await);
    assert!(error.contains(&format!("no connection to {url}")) && error.contains("refused"), "{error}");
}

#[tokio::test(flavor = "multi_thread")]
async fn without_a_token_it_says_where_the_token_has_to_be() {
    let error = said(set_up("http://127.0.0.1:9/mcp", None, &schema()).await);
    assert!(error.contains("MOTHERDUCK_TOKEN is not set"), "{error}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_script_that_is_not_there_is_named() {
    let warehouse = warehouse().await;
    let error = said(set_up(warehouse.url(), Some(TOKEN), &["nowhere/nothing.sql".into()]).await);
    assert!(error.contains("nowhere/nothing.sql: No such file"), "{error}");
    warehouse.stop().await.expect("it stops");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_statement_that_fails_is_shown_and_ends_the_run() {
    let warehouse = warehouse().await;
    let broken = made_script("broken.sql", "CREATE TABLE a (i INTEGER); CREATE INDEX x ON nothing (i)");
    let error = said(set_up(warehouse.url(), Some(TOKEN), &[broken]).await);
    assert!(
        error.contains("broken.sql: permanent") && error.contains("\nin: CREATE INDEX x ON nothing (i)"),
        "{error}"
    );
    warehouse.stop().await.expect("it stops");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_an_optional_script_can_not_make_is_shown_and_the_rest_is_made() {
    let warehouse = warehouse().await;
    let optional = made_script("optional.sql", "CREATE INDEX x ON nothing (i); CREATE TABLE a (i INTEGER)");
    let scripts = [schema(), vec!["--optional".into(), optional]].concat();
    let output = printed(set_up(warehouse.url(), Some(TOKEN), &scripts).await);
    assert!(output.contains("\n  + table main.a\n  not offered here: CREATE INDEX x ON nothing (i)… ("), "{output}");
    warehouse.stop().await.expect("it stops");
}

#[tokio::test]
async fn arguments_that_it_does_not_know_or_lacks_are_answered_with_its_usage() {
    for arguments in [&["--url", "http://127.0.0.1:9/mcp", "x.sql"][..], &["--colour"], &[]] {
        let output = program(Some(TOKEN)).args(arguments).output().await.expect("the program starts");
        assert_eq!(output.status.code(), Some(2), "{output:?}");
        let error = String::from_utf8(output.stderr).expect("text");
        assert!(error.contains("\nUsage: warehouse-setup "), "{error}");
    }
}
