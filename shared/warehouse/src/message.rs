//! Messages of the Model Context Protocol, as far as MotherDuck's endpoint needs them
//! ([specification](https://modelcontextprotocol.io/specification/2025-06-18/basic/transports)).

use living_core::sql::Effect;
use serde::Deserialize;
use serde_json::{Value, json};

use crate::{Error, ErrorClass, classify};

/// The version of the protocol that we ask for.
pub(crate) const PROTOCOL_VERSION: &str = "2025-06-18";

/// What a statement gave: all of its rows, unless it's in a [`Page`].
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
pub struct QueryResult {
    #[serde(default)]
    pub columns: Vec<String>,
    /// As DuckDB spells them.
    #[serde(default, rename = "columnTypes")]
    pub column_types: Vec<String>,
    #[serde(default)]
    pub rows: Vec<Vec<Value>>,
}

/// The first rows of what a statement gave: as many as the warehouse puts into one answer.
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
pub struct Page {
    #[serde(flatten)]
    pub result: QueryResult,
    /// There are more rows than these.
    #[serde(default)]
    pub truncated: bool,
}

impl Page {
    /// The result, if these are all its rows.
    ///
    /// # Errors
    /// `OverLimit`, if they aren't.
    pub fn whole(self) -> Result<QueryResult, Error> {
        if self.truncated {
            let given = self.result.rows.len();
            return Err(Error::new(
                ErrorClass::OverLimit,
                format!("the result is too large for one answer of the warehouse, which gave its first {given} rows"),
            ));
        }
        Ok(self.result)
    }
}

impl QueryResult {
    /// The first row.
    #[must_use]
    pub fn first(&self) -> Option<&[Value]> {
        self.rows.first().map(Vec::as_slice)
    }

    /// The one number that the result is.
    ///
    /// # Errors
    /// `Permanent`, if it isn't one.
    pub fn number(&self) -> Result<u64, Error> {
        self.first().and_then(|row| row.first()).and_then(Value::as_u64).ok_or_else(|| {
            Error::new(ErrorClass::Permanent, "the warehouse's answer is not the number that was asked for")
        })
    }
}

pub(crate) fn initialize(id: u64) -> String {
    json!({
        "jsonrpc": "2.0", "id": id, "method": "initialize",
        "params": {
            "protocolVersion": PROTOCOL_VERSION,
            "capabilities": {},
            "clientInfo": { "name": "living-schema", "version": env!("CARGO_PKG_VERSION") },
        },
    })
    .to_string()
}

pub(crate) fn initialized() -> String {
    json!({ "jsonrpc": "2.0", "method": "notifications/initialized" }).to_string()
}

pub(crate) fn call(id: u64, effect: Effect, database: Option<&str>, sql: &str) -> String {
    let tool = match effect {
        Effect::Read => "query",
        Effect::Repeatable | Effect::Once => "query_rw",
    };
    let arguments = match database {
        Some(database) => json!({ "database": database, "sql": sql }),
        None => json!({ "sql": sql }),
    };
    json!({
        "jsonrpc": "2.0", "id": id, "method": "tools/call",
        "params": { "name": tool, "arguments": arguments },
    })
    .to_string()
}

/// The reply to request `id` in a body, which is JSON or a stream of events.
///
/// # Errors
/// `Ambiguous` if there is no such reply, or what the reply says is wrong.
pub(crate) fn read_reply(content_type: &str, body: &[u8], id: u64) -> Result<Value, Error> {
    let unreadable = |what: &str| Error::new(ErrorClass::Ambiguous, format!("the warehouse's answer {what}"));
    let text = std::str::from_utf8(body).map_err(|_| unreadable("is not text"))?;
    let messages: Vec<Value> = if content_type.starts_with("text/event-stream") {
        events(text).filter_map(|data| serde_json::from_str(&data).ok()).collect()
    } else {
        vec![serde_json::from_str(text).map_err(|error| unreadable(&format!("is not JSON ({error})")))?]
    };
    let reply = messages
        .into_iter()
        .find(|message| message.get("id").and_then(Value::as_u64) == Some(id))
        .ok_or_else(|| unreadable("has no reply to the request"))?;
    if let Some(error) = reply.get("error") {
        return Err(rpc_error(error));
    }
    reply.get("result").cloned().ok_or_else(|| unreadable("has neither a result nor an error"))
}

/// The data of each event ([server-sent events](https://html.spec.whatwg.org/multipage/server-sent-events.html#parsing-an-event-stream)).
fn events(text: &str) -> impl Iterator<Item = String> {
    let mut lines = text.lines();
    std::iter::from_fn(move || {
        let mut data = String::new();
        let mut any = false;
        for line in lines.by_ref() {
            if let Some(value) = line.strip_prefix("data:") {
                if any {
                    data.push('\n');
                }
                data.push_str(value.strip_prefix(' ').unwrap_or(value));
                any = true;
            } else if line.is_empty() && any {
                return Some(data);
            }
        }
        any.then_some(data)
    })
}

/// A JSON-RPC error ([codes](https://www.jsonrpc.org/specification#error_object)): the request didn't fit, so nothing ran; an
/// internal error leaves it open.
fn rpc_error(error: &Value) -> Error {
    let code = error.get("code").and_then(Value::as_i64).unwrap_or_default();
    let message = error.get("message").and_then(Value::as_str).unwrap_or("without a message");
    let class = match code {
        -32700 | -32602..=-32600 => ErrorClass::Permanent,
        _ => ErrorClass::Ambiguous,
    };
    Error::new(class, format!("{message} (JSON-RPC {code})"))
}

/// Reads the result of a tool call.
///
/// # Errors
/// The error that the warehouse reports, sorted; `Ambiguous` if the result can't be read.
pub(crate) fn read_tool_result(result: &Value) -> Result<Page, Error> {
    let text = result.pointer("/content/0/text").and_then(Value::as_str);
    let structured = match result.get("structuredContent") {
        Some(content) if content.is_object() => content.clone(),
        _ => match text.map(serde_json::from_str::<Value>) {
            Some(Ok(content)) if content.is_object() => content,
            // A tool that fails before it has a result says why in plain words.
            _ if result.get("isError").and_then(Value::as_bool) == Some(true) => {
                return Err(reported(text.unwrap_or("without a message")));
            }
            _ => {
                return Err(Error::new(ErrorClass::Ambiguous, "the warehouse's answer has no result in it"));
            }
        },
    };
    if structured.get("success").and_then(Value::as_bool) == Some(true) {
        return serde_json::from_value(structured).map_err(|error| {
            Error::new(ErrorClass::Ambiguous, format!("the warehouse's answer is not a result: {error}"))
        });
    }
    Err(reported(structured.get("error").and_then(Value::as_str).or(text).unwrap_or("without a message")))
}

fn reported(message: &str) -> Error {
    Error::new(classify::sql_error(message), message)
}

#[cfg(test)]
mod tests {
    use super::*;

    const RESULT: &str = r#"{"jsonrpc":"2.0","id":7,"result":{"structuredContent":{"success":true,"columns":["n"],"columnTypes":["BIGINT"],"rows":[[3]],"rowCount":1}}}"#;

    fn result(content_type: &str, body: &str) -> Result<QueryResult, Error> {
        read_tool_result(&read_reply(content_type, body.as_bytes(), 7)?)?.whole()
    }

    #[test]
    fn a_reply_is_json_or_an_event_among_others() {
        assert_eq!(result("application/json", RESULT).unwrap().number(), Ok(3));
        let stream = format!(
            ": hello\r\nevent: message\r\ndata: {{\"jsonrpc\":\"2.0\",\"method\":\"notifications/progress\"}}\r\n\r\nid: 1\r\ndata: {}\r\ndata: {}\r\n\r\n",
            &RESULT[..16],
            &RESULT[16..]
        );
        assert_eq!(result("text/event-stream; charset=utf-8", &stream).unwrap().number(), Ok(3));
        let unfinished = format!("data: {RESULT}");
        assert_eq!(result("text/event-stream", &unfinished).unwrap().number(), Ok(3));
    }

    #[test]
    fn a_result_may_stand_in_the_text_only() {
        let text = r#"{"jsonrpc":"2.0","id":7,"result":{"content":[{"type":"text","text":"{\"success\":true,\"rows\":[[1]]}"}]}}"#;
        assert_eq!(result("application/json", text).unwrap().number(), Ok(1));
    }

    #[test]
    fn a_result_that_was_cut_is_a_page_and_not_taken_for_the_whole() {
        let page = |truncated: bool| {
            let content = json!({ "success": true, "columns": ["n"], "rows": [[1], [2]], "truncated": truncated });
            read_tool_result(&json!({ "structuredContent": content })).unwrap()
        };
        assert_eq!(page(true).result.rows, [[1], [2]]);
        assert_eq!(page(true).whole().unwrap_err().class, ErrorClass::OverLimit);
        assert_eq!(page(false).whole().unwrap().rows, [[1], [2]]);
    }

    #[test]
    fn an_answer_that_cannot_be_read_leaves_it_open_whether_the_statement_ran() {
        for body in
            ["", "<html>", "{}", &RESULT[..60], r#"{"id":8,"result":{}}"#, r#"{"id":7,"result":{}}"#, r#"{"id":7}"#]
        {
            assert_eq!(result("application/json", body).unwrap_err().class, ErrorClass::Ambiguous, "{body}");
            assert_eq!(result("text/event-stream", body).unwrap_err().class, ErrorClass::Ambiguous, "{body}");
        }
    }

    #[test]
    fn errors_are_sorted_by_what_can_be_done() {
        let tool = |text: &str| {
            let content = json!({ "success": false, "error": text, "errorType": "x" });
            read_tool_result(&json!({ "isError": true, "structuredContent": content })).unwrap_err().class
        };
        let duplicate = r#"Constraint Error: Duplicate key "commit_seq: 6" violates primary key constraint."#;
        assert_eq!(tool(duplicate), ErrorClass::Conflict);
        let at_commit = r#"TransactionContext Error: Failed to commit: PRIMARY KEY or UNIQUE constraint violation: duplicate key "6""#;
        assert_eq!(tool(at_commit), ErrorClass::Conflict);
        assert_eq!(tool("TransactionContext Error: Conflict on update!"), ErrorClass::Conflict);
        assert_eq!(tool("Catalog Error: Table with name x does not exist!"), ErrorClass::Permanent);
        assert_eq!(tool("INTERRUPT Error: Interrupted!"), ErrorClass::TimeLimit);
        assert_eq!(tool("Out of Memory Error: failed to allocate"), ErrorClass::OverLimit);
        let plain = json!({ "isError": true, "content": [{ "type": "text", "text": "Query execution timed out after 55 seconds." }] });
        assert_eq!(read_tool_result(&plain).unwrap_err().class, ErrorClass::TimeLimit);
        let rpc = |code: i64| {
            read_reply("application/json", json!({"id": 7, "error": {"code": code}}).to_string().as_bytes(), 7)
        };
        assert_eq!(rpc(-32602).unwrap_err().class, ErrorClass::Permanent);
        assert_eq!(rpc(-32603).unwrap_err().class, ErrorClass::Ambiguous);
    }
}
