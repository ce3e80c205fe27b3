//! `fuzz-landing SECONDS [SEED] (parquet|events|replies)`: mangled input of what lands against its readers: Parquet files, messages of the
//! landing queue, and the warehouse's answers.

use std::process::ExitCode;

use bytes::Bytes;
use fuzzing::{Asked, Chance, Fuzzer, mangle};
use living_core::{landing::event, sql::Statement};
use living_http::HttpResponse;
use living_warehouse::{Action, Endpoint, Exchange, Session};
use native_tests::{foreign_files, made_files, read_rows};

/// Requests and waits of one statement, at most: conflicts are tried again 60 times.
const STEPS: usize = 500;

/// What Parquet's readers trip over: the magic number, lengths and counts of Thrift.
const OF_PARQUET: [&[u8]; 6] =
    [b"PAR1", b"\xff\xff\xff\x7f", b"\xff\xff\xff\xff\x0f", b"\0\0\0\0", b"\x15\0", b"\x80\x80\x80\x80\x08"];

const OF_JSON: [&[u8]; 18] = [
    b"\"",
    b"{",
    b"}",
    b"[",
    b"]",
    b",",
    b":",
    b"null",
    b"1e999",
    b"-1",
    b"18446744073709551616",
    b"\\u0000",
    b"\\ud800",
    b"\xff",
    b"\n",
    b"\r\n\r\n",
    b"data: ",
    b"event: message\n",
];

const EVENTS: [&str; 4] = [
    r#"{"account":"a","action":"PutObject","bucket":"vessel-csv","object":{"key":"a/b.parquet","size":1234,"eTag":"c1"},"eventTime":"2026-11-30T17:00:00.123Z"}"#,
    r#"{"account":"a","action":"DeleteObject","bucket":"vessel-csv","object":{"key":"a/b.parquet"},"eventTime":"2026-11-30T17:00:00.123Z"}"#,
    r#"{"account":"a","action":"CompleteMultipartUpload","bucket":"b","object":{"key":"\u00e9 \"x\"","size":0,"eTag":"d"},"eventTime":"2024-02-29T23:59:59Z","copySource":{"bucket":"x","object":"y"}}"#,
    r#"{"account":"","action":"Replay","bucket":"b","object":{"key":"k"},"eventTime":"1970-01-01T00:00:00.000Z"}"#,
];

/// Answers of MotherDuck's MCP endpoint, as JSON and as events. The first calls of a session have the ids 0 and 2.
const REPLIES: [&str; 5] = [
    r#"{"jsonrpc":"2.0","id":0,"result":{"protocolVersion":"2025-06-18","capabilities":{},"serverInfo":{"name":"s","version":"1"}}}"#,
    r#"{"jsonrpc":"2.0","id":2,"result":{"content":[{"type":"text","text":"{\"success\":true,\"columns\":[\"n\"],\"columnTypes\":[\"BIGINT\"],\"rows\":[[1],[null]],\"rowCount\":2,\"truncated\":false}"}]}}"#,
    r#"{"jsonrpc":"2.0","id":2,"result":{"isError":true,"content":[{"type":"text","text":"{\"success\":false,\"error\":\"Conflict on update!\",\"errorType\":\"TransactionException\"}"}]}}"#,
    r#"{"jsonrpc":"2.0","id":2,"error":{"code":-32603,"message":"internal"}}"#,
    "event: message\ndata: {\"jsonrpc\":\"2.0\",\"id\":2,\"result\":{\"content\":[],\"structuredContent\":{\"success\":true,\"columns\":[],\"rows\":[]}}}\n\n",
];

fn main() -> ExitCode {
    let Some((asked, kind)) = Asked::parse().and_then(|asked| Some((asked.clone(), asked.word?))) else {
        eprintln!("Usage: fuzz-landing SECONDS [SEED] (parquet|events|replies)");
        return ExitCode::from(2);
    };
    match kind.as_str() {
        "parquet" => {
            let seeds: Vec<Bytes> = made_files().into_iter().chain(foreign_files()).collect();
            println!("{} files to begin with", seeds.len());
            let make = |chance: &mut Chance| mutant(&seeds, &OF_PARQUET, chance);
            // Its decoder's own checks are not complete; such a file goes to quarantine at its second attempt.
            Fuzzer { name: "fuzz-parquet", make, read: read_parquet, panics_of_a_hundred: 1 }.run(&asked)
        }
        "events" => {
            let make = |chance: &mut Chance| mutant(&EVENTS, &OF_JSON, chance);
            Fuzzer { name: "fuzz-events", make, read: read_event, panics_of_a_hundred: 0 }.run(&asked)
        }
        "replies" => {
            let make = |chance: &mut Chance| mutant(&REPLIES, &OF_JSON, chance);
            Fuzzer { name: "fuzz-replies", make, read: read_reply, panics_of_a_hundred: 0 }.run(&asked)
        }
        _ => {
            eprintln!("there is nothing called {kind:?} to fuzz: parquet, events or replies");
            ExitCode::from(2)
        }
    }
}

fn mutant(seeds: &[impl AsRef<[u8]>], tokens: &[&[u8]], chance: &mut Chance) -> Vec<u8> {
    let mut bytes = chance.one(seeds).as_ref().to_vec();
    mangle(&mut bytes, tokens, chance);
    bytes
}

#[expect(clippy::unnecessary_wraps, reason = "it's a reader")]
fn read_parquet(bytes: &[u8]) -> Result<bool, String> {
    Ok(read_rows(&Bytes::copy_from_slice(bytes)).is_ok())
}

/// What was read is written and read again as the same.
fn read_event(bytes: &[u8]) -> Result<bool, String> {
    let text = String::from_utf8_lossy(bytes);
    let Ok(read) = event::parse(&text) else { return Ok(false) };
    let written: event::Notification = serde_json::from_str(&text).map_err(|error| error.to_string())?;
    let written = serde_json::to_string(&written).map_err(|error| error.to_string())?;
    let again = event::parse(&written);
    if again.as_ref() == Ok(&read) { Ok(true) } else { Err(format!("{read:?} is written as {again:?}")) }
}

/// Answers the requests of a statement with the same bytes, from its handshake or from its call on, as JSON and as events, as a success or
/// not: it comes to an end.
fn read_reply(bytes: &[u8]) -> Result<bool, String> {
    let mut has_result = false;
    for content_type in ["application/json", "text/event-stream"] {
        for status in [200, 404, 503] {
            for agrees in [false, true] {
                has_result |= answer_all(content_type, status, agrees, bytes)?;
            }
        }
    }
    Ok(has_result)
}

/// Whether the statement has a result. `agrees`: the first handshake succeeds.
fn answer_all(content_type: &str, status: u16, agrees: bool, bytes: &[u8]) -> Result<bool, String> {
    let endpoint = Endpoint { url: "http://w/mcp".to_owned(), token: "t".to_owned(), database: None };
    let statement = Statement::read("SELECT 1");
    let mut session = Session::default();
    let mut exchange = Exchange::new(&endpoint, &statement, 1);
    for step in 0..STEPS {
        let (status, body) = match exchange.next_action(&mut session) {
            Action::Done(outcome) => return Ok(outcome.is_ok()),
            Action::Wait(_) => continue,
            Action::Send(_) if agrees && step == 0 => (200, REPLIES[0].as_bytes()),
            Action::Send(_) if agrees && step == 1 => (202, b"".as_slice()),
            Action::Send(_) => (status, bytes),
        };
        let content_type = if agrees && step == 0 { "application/json" } else { content_type };
        let headers = [("content-type", content_type), ("mcp-session-id", "s")];
        let headers = headers.map(|(name, value)| (name.to_owned(), value.to_owned())).to_vec();
        exchange.received(&mut session, Ok(HttpResponse { status, headers, body: body.to_vec() }));
    }
    Err(format!("a statement has no end after {STEPS} steps"))
}
