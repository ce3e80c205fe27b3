//! A plain MCP client, and warehouses to point it at.

use std::{
    future::Future,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use local_warehouse::{Config, LocalWarehouse, ReplyStyle, Token, Tokens};
use reqwest::{Method, RequestBuilder, Response, StatusCode, header};
use serde_json::{Value, json};

pub(crate) const READ_WRITE: &str = "read-write-token";
pub(crate) const READ_ONLY: &str = "read-only-token";
pub(crate) const BOTH_STYLES: [ReplyStyle; 2] = [ReplyStyle::StatefulSse, ReplyStyle::StatelessJson];
pub(crate) const PROTOCOL_VERSION: &str = "2025-06-18";
const ACCEPT: &str = "application/json, text/event-stream";

/// Only stops a test that would hang.
const PATIENCE: Duration = Duration::from_secs(30);

pub(crate) fn tokens() -> Tokens {
    Tokens { read_write: Token::new(READ_WRITE).unwrap(), read_only: Some(Token::new(READ_ONLY).unwrap()) }
}

pub(crate) fn config() -> Config {
    Config { threads: Some(2), ..Config::new(tokens()) }
}

pub(crate) async fn start(style: ReplyStyle) -> LocalWarehouse {
    start_with(Config { reply_style: style, ..config() }).await
}

pub(crate) async fn start_with(config: Config) -> LocalWarehouse {
    LocalWarehouse::start(config).await.unwrap()
}

/// Polls until `condition` holds.
pub(crate) async fn until<Check: Future<Output = bool>>(what: &str, mut condition: impl FnMut() -> Check) {
    let patience = tokio::time::timeout(PATIENCE, async {
        while !condition().await {
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    });
    assert!(patience.await.is_ok(), "waited in vain until {what}");
}

/// One client. Clones share its session.
#[derive(Clone)]
pub(crate) struct Client {
    http: reqwest::Client,
    url: String,
    token: &'static str,
    pub(crate) session: Option<String>,
    /// Ids must differ within a session.
    last_id: Arc<AtomicU64>,
}

impl Client {
    /// A client that has done the handshake.
    pub(crate) async fn connect(warehouse: &LocalWarehouse) -> Self {
        Self::connect_to(warehouse.url(), READ_WRITE).await
    }

    pub(crate) async fn connect_to(url: &str, token: &'static str) -> Self {
        let mut client = Self::new(url, token);
        let response = client.post(&initialize()).send().await.unwrap();
        assert_eq!(response.status(), StatusCode::OK);
        client.session = response.headers().get("mcp-session-id").map(|id| id.to_str().unwrap().to_owned());
        message(response).await;
        let initialized = json!({ "jsonrpc": "2.0", "method": "notifications/initialized" });
        assert_eq!(client.post(&initialized).send().await.unwrap().status(), StatusCode::ACCEPTED);
        client
    }

    /// A client that has said nothing yet.
    pub(crate) fn new(url: &str, token: &'static str) -> Self {
        let http = reqwest::Client::builder().no_proxy().timeout(PATIENCE).build().unwrap();
        Self { http, url: url.to_owned(), token, session: None, last_id: Arc::default() }
    }

    /// The same client with another session id.
    pub(crate) fn with_session(&self, session: Option<&str>) -> Self {
        Self { session: session.map(str::to_owned), ..self.clone() }
    }

    /// A request with everything that the protocol asks for.
    pub(crate) fn request(&self, method: Method) -> RequestBuilder {
        let request = self
            .http
            .request(method, &self.url)
            .bearer_auth(self.token)
            .header(header::ACCEPT, ACCEPT)
            .header("mcp-protocol-version", PROTOCOL_VERSION);
        match &self.session {
            Some(session) => request.header("mcp-session-id", session),
            None => request,
        }
    }

    pub(crate) fn post(&self, body: &Value) -> RequestBuilder {
        self.request(Method::POST).json(body)
    }

    /// Sends a tool call and gives the raw response.
    pub(crate) async fn send_call(&self, tool: &str, arguments: Value) -> reqwest::Result<Response> {
        let id = self.last_id.fetch_add(1, Ordering::Relaxed) + 1;
        self.post(&tool_call(id, tool, &arguments)).send().await
    }

    /// Calls a tool and gives its `structuredContent`, which is checked against the text.
    pub(crate) async fn call(&self, tool: &str, arguments: Value) -> Value {
        let mut reply = message(self.send_call(tool, arguments).await.unwrap()).await;
        let result = reply["result"].take();
        let content = result["structuredContent"].clone();
        assert!(content.is_object(), "no structured content in {reply} {result}");
        let text: Value = serde_json::from_str(result["content"][0]["text"].as_str().unwrap()).unwrap();
        assert_eq!(text, content, "text and structured content differ");
        assert_eq!(result["isError"], !content["success"].as_bool().unwrap());
        content
    }

    pub(crate) async fn query(&self, sql: &str) -> Value {
        self.call("query", json!({ "database": "living_schema", "sql": sql })).await
    }

    pub(crate) async fn query_rw(&self, sql: &str) -> Value {
        self.call("query_rw", json!({ "sql": sql })).await
    }

    /// The rows of a query that must succeed.
    pub(crate) async fn rows(&self, sql: &str) -> Value {
        let mut result = self.query(sql).await;
        assert_eq!(result["success"], true, "{sql}: {result}");
        result["rows"].take()
    }

    /// Runs a statement that must succeed.
    pub(crate) async fn run(&self, sql: &str) {
        let result = self.query_rw(sql).await;
        assert_eq!(result["success"], true, "{sql}: {result}");
    }

    /// A request to the control API beside the endpoint.
    pub(crate) fn control(&self, method: Method, path: &str) -> RequestBuilder {
        let url = self.url.replace("/mcp", path);
        self.http.request(method, url).bearer_auth(self.token)
    }

    pub(crate) async fn add_faults(&self, rules: Value) {
        let response = self.control(Method::POST, "/faults").json(&rules).send().await.unwrap();
        assert_eq!(response.status(), StatusCode::NO_CONTENT, "{rules} was refused");
    }

    pub(crate) async fn clear_faults(&self) {
        self.control(Method::DELETE, "/faults").send().await.unwrap();
    }

    /// Tool calls of the request log whose SQL contains `part`.
    pub(crate) async fn logged(&self, part: &str) -> Vec<Value> {
        let log: Vec<Value> = self.control(Method::GET, "/requests").send().await.unwrap().json().await.unwrap();
        log.into_iter()
            .filter(|entry| entry["tool"].is_string() && entry["sql"].as_str().unwrap().contains(part))
            .collect()
    }

    /// Waits until the only tool call with `part` in its SQL has `outcome`.
    pub(crate) async fn until_outcome(&self, part: &str, outcome: &str) {
        until(&format!("{part} is {outcome}"), || async {
            self.logged(part).await.first().is_some_and(|entry| entry["outcome"] == outcome)
        })
        .await;
    }
}

pub(crate) fn initialize() -> Value {
    json!({
        "jsonrpc": "2.0", "id": 0, "method": "initialize",
        "params": { "protocolVersion": PROTOCOL_VERSION, "capabilities": {}, "clientInfo": { "name": "test", "version": "1" } },
    })
}

pub(crate) fn tool_call(id: u64, tool: &str, arguments: &Value) -> Value {
    json!({ "jsonrpc": "2.0", "id": id, "method": "tools/call", "params": { "name": tool, "arguments": arguments } })
}

/// The one JSON-RPC message of a reply, plain or as an event stream.
pub(crate) async fn message(response: Response) -> Value {
    let is_stream = response.headers()[header::CONTENT_TYPE] == "text/event-stream";
    let body = response.text().await.unwrap();
    if !is_stream {
        return serde_json::from_str(&body).unwrap();
    }
    let mut data = body.lines().filter_map(|line| line.strip_prefix("data: ")).filter(|data| !data.is_empty());
    let message = serde_json::from_str(data.next().expect("an event with data")).unwrap();
    assert_eq!(data.next(), None, "more than one message");
    message
}
