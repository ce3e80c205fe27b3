//! A request as faults and the request log see it.

use serde_json::Value;

/// The parts of a request that a fault may match.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Call {
    pub(crate) method: String,
    /// Only of `tools/call`.
    pub(crate) tool: Option<String>,
    /// Only of `tools/call` and `postgres`; empty when the tool got no SQL.
    pub(crate) sql: String,
}

/// The method of a JSON-RPC request that runs a statement.
pub(crate) const TOOL_CALL: &str = "tools/call";
/// What stands for the method in a statement that came over the Postgres protocol.
pub(crate) const POSTGRES: &str = "postgres";

impl Call {
    /// A statement that came over the Postgres protocol.
    pub(crate) fn postgres(sql: &str) -> Self {
        Self { method: POSTGRES.to_owned(), tool: None, sql: sql.to_owned() }
    }

    /// Whether it's to run a statement, whichever way it came.
    pub(crate) fn is_statement(&self) -> bool {
        self.method == TOOL_CALL || self.method == POSTGRES
    }

    /// Reads a request's body. `None` when it's no JSON-RPC call at all. What else may be wrong with it, such as the
    /// type of an argument, is for the protocol layer to say.
    pub(crate) fn read(body: &[u8]) -> Option<Self> {
        let mut message: Value = serde_json::from_slice(body).ok()?;
        let method = message.get_mut("method").map(Value::take).and_then(text)?;
        let mut at = |pointer| message.pointer_mut(pointer).map(Value::take).and_then(text);
        if method == TOOL_CALL {
            Some(Self { method, tool: at("/params/name"), sql: at("/params/arguments/sql").unwrap_or_default() })
        } else {
            Some(Self { method, tool: None, sql: String::new() })
        }
    }
}

fn text(value: Value) -> Option<String> {
    match value {
        Value::String(text) => Some(text),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_tool_call_has_its_tool_and_sql() {
        let body = br#"{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"query","arguments":{"sql":"SELECT 1"}}}"#;
        let call = Call { method: "tools/call".to_owned(), tool: Some("query".to_owned()), sql: "SELECT 1".to_owned() };
        assert_eq!(Call::read(body), Some(call));
    }

    #[test]
    fn other_methods_have_neither() {
        let call = Call::read(br#"{"jsonrpc":"2.0","method":"notifications/initialized"}"#);
        assert_eq!(call.map(|call| (call.method, call.tool)), Some(("notifications/initialized".to_owned(), None)));
    }

    #[test]
    fn a_tool_call_with_wrong_arguments_is_still_a_call() {
        for params in
            [r#"{"name":"query","arguments":{"sql":1}}"#, r#"{"name":"query","arguments":[]}"#, r#"{"name":"query"}"#]
        {
            let body = format!(r#"{{"method":"tools/call","params":{params}}}"#);
            let call = Call { method: "tools/call".to_owned(), tool: Some("query".to_owned()), sql: String::new() };
            assert_eq!(Call::read(body.as_bytes()), Some(call), "{params}");
        }
        let call = Call::read(br#"{"method":"tools/call","params":[]}"#);
        assert_eq!(call.map(|call| call.tool), Some(None));
    }

    #[test]
    fn a_body_that_is_no_call_is_left_to_the_protocol_layer() {
        for body in [&b"{"[..], b"[]", br#"{"method":5}"#, b"\xff"] {
            assert_eq!(Call::read(body), None);
        }
    }
}
