//! A warehouse in memory, with the schema in it.

use std::{
    path::{Path, PathBuf},
    sync::atomic::{AtomicU32, Ordering},
    time::Duration,
};

use living_core::sql::Statement;
use living_http::{HttpRequest, HttpResponse, Transport, TransportError};
use living_warehouse::{Endpoint, McpWarehouse, QueryResult, Warehouse};
use local_warehouse::{Config, LocalWarehouse, R2, ReplyStyle, Storage, Token, Tokens};
use memory_s3::MemoryS3;
use serde_json::{Value, json};

use crate::{Faults, Point, ports::hash};

/// The schema, as set-up applies it.
const SCHEMA: [&str; 7] = [
    include_str!("../../../sql/motherduck/schema_v1.sql"),
    include_str!("../../../sql/motherduck/schema_catalog.sql"),
    include_str!("../../../sql/motherduck/typed.sql"),
    include_str!("../../../sql/motherduck/reports.sql"),
    include_str!("../../../sql/motherduck/outbox.sql"),
    include_str!("../../../sql/motherduck/queries.sql"),
    include_str!("../../../sql/motherduck/monitoring.sql"),
];

/// How many rows a relation, named with its schema, has in a new warehouse.
#[must_use]
pub fn rows_at_first(relation: &str) -> i64 {
    match relation {
        // The empty version 1. Each stage, whether something waits or not; the outbox has a row for each channel.
        "main.schema_snapshots"
        | "main.ingest_lag"
        | "main.quarantine_depth"
        | "main.discovery_lag"
        | "main.review_depth" => 1,
        "main.outbox_depth" => 3,
        "main.pipeline_health" => 7,
        _ => 0,
    }
}

/// Real DuckDB, reached by the client that the Workers use.
#[derive(Debug)]
pub struct Duck {
    pub server: LocalWarehouse,
    endpoint: Endpoint,
}

impl Duck {
    /// A new warehouse with the schema in it, that reads `r2://` from `objects`.
    ///
    /// # Panics
    /// If it can't be started.
    pub async fn start(style: ReplyStyle, objects: &MemoryS3) -> Self {
        Self::start_with(Storage::CopyOf(template().await), style, objects).await
    }

    /// As [`Self::start`], by the schema's own scripts: for tests of what those make.
    ///
    /// # Panics
    /// If it can't be started.
    pub async fn start_by_scripts(style: ReplyStyle, objects: &MemoryS3) -> Self {
        Self::by_scripts(Storage::Memory, style, objects).await
    }

    async fn by_scripts(storage: Storage, style: ReplyStyle, objects: &MemoryS3) -> Self {
        let duck = Self::start_with(storage, style, objects).await;
        let client = duck.reader();
        for statement in SCHEMA.into_iter().flat_map(living_core::sql::split) {
            client.run(&Statement::repeatable(statement)).await.expect("the schema applies");
        }
        duck
    }

    async fn start_with(storage: Storage, style: ReplyStyle, objects: &MemoryS3) -> Self {
        let token = Token::new("test-token").expect("a token");
        let mut config = Config::new(Tokens { read_write: token, read_only: None });
        config.storage = storage;
        config.reply_style = style;
        config.threads = Some(2);
        config.httpfs = Some(httpfs());
        config.r2 = Some(R2 {
            endpoint: objects.serve().await.expect("a port for the objects"),
            key_id: "id".to_owned(),
            secret: "secret".to_owned(),
        });
        let server = LocalWarehouse::start(config).await.expect("the local warehouse starts");
        let endpoint = Endpoint {
            url: server.url().to_owned(),
            token: "test-token".to_owned(),
            database: Some(local_warehouse::DEFAULT_DATABASE_NAME.to_owned()),
        };
        Self { server, endpoint }
    }

    /// A client of its own, that meets no faults.
    #[must_use]
    pub fn reader(&self) -> McpWarehouse<HttpTransport> {
        client(&self.endpoint, Faults::none())
    }

    /// A client of its own, that meets `faults`.
    #[must_use]
    pub fn client_with(&self, faults: Faults) -> McpWarehouse<HttpTransport> {
        client(&self.endpoint, faults)
    }

    /// Lets statements with this text in them fail with this error, as the warehouse reports it.
    ///
    /// # Panics
    /// If the warehouse doesn't take that.
    pub async fn fail(&self, sql_contains: &str, error: &str) {
        let rules =
            json!([{ "match": { "sql_contains": sql_contains }, "fault": { "kind": "fail_before", "error": error } }]);
        let url = self.endpoint.url.replace("/mcp", "/faults");
        let request = reqwest::Client::new().post(url).bearer_auth(&self.endpoint.token).body(rules.to_string());
        let response = request.header("content-type", "application/json").send().await.expect("the warehouse answers");
        assert!(response.status().is_success(), "{:?}", response.text().await);
    }

    /// The rows of a query, as JSON.
    ///
    /// # Panics
    /// If the query fails.
    pub async fn query(&self, sql: &str) -> Vec<Vec<Value>> {
        self.try_query(sql).await.unwrap_or_else(|error| panic!("{error}\n{sql}")).rows
    }

    /// As [`Self::query`].
    ///
    /// # Errors
    /// The warehouse's.
    pub async fn try_query(&self, sql: &str) -> Result<QueryResult, living_warehouse::Error> {
        self.reader().run(&Statement::read(sql)).await
    }

    /// The one number that a query gives.
    ///
    /// # Panics
    /// If it gives anything else.
    pub async fn number(&self, sql: &str) -> i64 {
        self.query(sql).await[0][0].as_i64().unwrap_or_else(|| panic!("no number: {sql}"))
    }

    /// Runs a statement that writes.
    ///
    /// # Errors
    /// The warehouse's.
    pub async fn try_write(&self, sql: &str) -> Result<QueryResult, living_warehouse::Error> {
        self.reader().run(&Statement::repeatable(sql)).await
    }

    /// As [`Self::try_write`].
    ///
    /// # Panics
    /// If it fails.
    pub async fn write(&self, sql: &str) -> QueryResult {
        self.reader().run(&Statement::repeatable(sql)).await.unwrap_or_else(|error| panic!("{error}\n{sql}"))
    }
}

/// A file with the schema in it, beside the tests' executables. Made by the first test that finds none: applying the schema takes DuckDB
/// five times as long as copying what came of it, and some tests need a hundred warehouses.
async fn template() -> PathBuf {
    let tests = std::env::current_exe().expect("a test has an executable");
    let folder = tests.parent().expect("a folder");
    let name = format!("schema-{:016x}", hash(SCHEMA.concat().as_bytes()));
    let template = folder.join(&name).with_extension("duckdb");
    if !template.exists() {
        static MAKERS: AtomicU32 = AtomicU32::new(0);
        let maker = MAKERS.fetch_add(1, Ordering::Relaxed);
        let unfinished = folder.join(format!("{name}-{}-{maker}.duckdb", std::process::id()));
        let objects = MemoryS3::default();
        let storage = Storage::File(unfinished.clone());
        let duck = Duck::by_scripts(storage, ReplyStyle::StatelessJson, &objects).await;
        duck.server.stop().await.expect("the warehouse stops");
        std::fs::rename(unfinished, &template).expect("the template is there");
    }
    template
}

fn client(endpoint: &Endpoint, faults: Faults) -> McpWarehouse<HttpTransport> {
    McpWarehouse::new(endpoint.clone(), HttpTransport::new(faults))
}

/// HTTP over loopback. A call to the warehouse is a point at which a fault may happen.
#[derive(Debug, Clone)]
pub struct HttpTransport {
    http: reqwest::Client,
    faults: Faults,
}

impl HttpTransport {
    #[must_use]
    pub fn new(faults: Faults) -> Self {
        Self { http: reqwest::Client::new(), faults }
    }

    async fn exchange(&self, request: HttpRequest) -> Result<HttpResponse, reqwest::Error> {
        let mut builder = self.http.post(&request.url).body(request.body);
        for (name, value) in request.headers {
            builder = builder.header(name, value);
        }
        let response = builder.timeout(Duration::from_secs(20)).send().await?;
        let status = response.status().as_u16();
        let text = |value: &reqwest::header::HeaderValue| value.to_str().unwrap_or_default().to_owned();
        let headers = response.headers().iter().map(|(name, value)| (name.as_str().to_owned(), text(value))).collect();
        Ok(HttpResponse { status, headers, body: response.bytes().await?.to_vec() })
    }
}

impl Transport for HttpTransport {
    async fn send(&self, request: HttpRequest) -> Result<HttpResponse, TransportError> {
        let point = Point::Warehouse(statement_of(&request.body));
        let exchange = async { self.exchange(request).await.map_err(|error| TransportError::Lost(error.to_string())) };
        self.faults
            .around(point, exchange, || Err(TransportError::Lost("the fault that was asked for".to_owned())))
            .await
    }

    /// Waits are counted, not waited.
    async fn sleep(&self, duration: Duration) {
        tokio::time::sleep(duration.min(Duration::from_millis(20))).await;
    }

    fn random(&self) -> u64 {
        std::hash::BuildHasher::hash_one(&std::collections::hash_map::RandomState::new(), 0)
    }
}

/// The beginning of the statement in a request, or the method of one that carries none.
fn statement_of(body: &str) -> String {
    let message: Value = serde_json::from_str(body).unwrap_or_default();
    let text = message.pointer("/params/arguments/sql").or_else(|| message.get("method")).and_then(Value::as_str);
    text.unwrap_or_default().split_whitespace().take(4).collect::<Vec<_>>().join(" ")
}

/// DuckDB's extension for `r2://`, where set-up puts it.
fn httpfs() -> PathBuf {
    let default = || Path::new(env!("CARGO_MANIFEST_DIR")).join("../../.toolchain/duckdb/httpfs.duckdb_extension");
    std::env::var_os("DUCKDB_HTTPFS").map_or_else(default, PathBuf::from)
}

/// The folder of third-party test data, if there is one.
#[must_use]
pub fn data() -> Option<PathBuf> {
    let named = std::env::var_os("LIVING_SCHEMA_DATA").map(PathBuf::from);
    let path = named.unwrap_or_else(|| Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/data"));
    path.is_dir().then_some(path)
}
