//! MotherDuck's two tools as an MCP server.

use std::{borrow::Cow, sync::Arc};

use axum::http::request::Parts;
use rmcp::{
    ErrorData, RoleServer, ServerHandler,
    model::{
        CallToolRequestParams, CallToolResponse, CallToolResult, Implementation, ListToolsResult,
        PaginatedRequestParams, ServerCapabilities, ServerConfig, Tool, ToolAnnotations,
    },
    service::RequestContext,
};
use serde::Deserialize;
use serde_json::{Value, json};
use tokio_util::sync::CancellationToken;

use crate::{
    auth::Access,
    duckdb::DuckDbError,
    engine::{Ending, Engine, Parameters},
    outcome::{Failure, Table},
    requests::{OpenEntry, Outcome},
};

const QUERY: &str = "query";
const QUERY_RW: &str = "query_rw";

/// What the HTTP layer tells a tool about the call that it serves; travels as an extension of the request.
#[derive(Debug, Clone)]
pub(crate) struct CallContext {
    /// Cancelled when nobody waits for the reply any more.
    pub(crate) departure: CancellationToken,
    pub(crate) entry: Arc<OpenEntry>,
    /// Answer with this instead of running.
    pub(crate) injected_failure: Option<Failure>,
}

/// The tools over one database.
#[derive(Debug, Clone)]
pub(crate) struct WarehouseTools {
    engine: Arc<Engine>,
}

/// Arguments of `query`.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct QueryArguments {
    database: String,
    sql: String,
}

/// Arguments of `query_rw`.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct QueryRwArguments {
    sql: String,
    #[serde(default)]
    database: Option<String>,
}

impl WarehouseTools {
    pub(crate) fn new(engine: Arc<Engine>) -> Self {
        Self { engine }
    }

    fn check_database(&self, database: Option<&str>) -> Result<(), Failure> {
        let served = self.engine.database_name();
        match database {
            Some(other) if other != served => Err(DuckDbError::new(format!(
                "Catalog Error: Database \"{other}\" does not exist! This warehouse has one database: \"{served}\""
            ))
            .into()),
            _ => Ok(()),
        }
    }

    /// Runs a call, records how it ended, and returns its JSON.
    async fn answer(
        &self,
        sql: String,
        database: Option<&str>,
        access: Access,
        call: &CallContext,
    ) -> Result<Value, Value> {
        if let Some(failure) = &call.injected_failure {
            call.entry.close(Outcome::NotRun);
            return Err(failure.to_json());
        }
        if let Err(failure) = self.check_database(database) {
            call.entry.close(Outcome::Error);
            return Err(failure.to_json());
        }
        let table = Table::new(self.engine.limits());
        let running = self.engine.clone().run(sql, Parameters::default(), access, call.departure.clone(), table);
        let (outcome, answer) = match running.await {
            Ending::Done(table) => (Outcome::Ok, Ok(table.into_json(self.engine.limits()))),
            Ending::Failed(failure) => (Outcome::Error, Err(failure.to_json())),
            Ending::TimedOut(failure) => (Outcome::Timeout, Err(failure.to_json())),
            Ending::Cancelled => (Outcome::Cancelled, Err(cancelled().to_json())),
        };
        call.entry.close(outcome);
        answer
    }
}

impl ServerHandler for WarehouseTools {
    fn get_info(&self) -> ServerConfig {
        ServerConfig::new(ServerCapabilities::builder().enable_tools().build())
            .with_server_info(Implementation::new("local-warehouse", env!("CARGO_PKG_VERSION")))
            .with_instructions("A local DuckDB that answers like MotherDuck's MCP server.")
    }

    async fn list_tools(
        &self,
        _request: Option<PaginatedRequestParams>,
        _context: RequestContext<RoleServer>,
    ) -> Result<ListToolsResult, ErrorData> {
        Ok(ListToolsResult::with_all_items(vec![query_tool(), query_rw_tool()]))
    }

    fn get_tool(&self, name: &str) -> Option<Tool> {
        match name {
            QUERY => Some(query_tool()),
            QUERY_RW => Some(query_rw_tool()),
            _ => None,
        }
    }

    async fn call_tool(
        &self,
        request: CallToolRequestParams,
        context: RequestContext<RoleServer>,
    ) -> Result<CallToolResponse, ErrorData> {
        let parts = context.extensions.get::<Parts>();
        let (Some(granted), Some(call)) = (
            parts.and_then(|parts| parts.extensions.get::<Access>()),
            parts.and_then(|parts| parts.extensions.get::<CallContext>()),
        ) else {
            return Err(ErrorData::internal_error("the call did not come through the HTTP layer", None));
        };
        let arguments = Value::Object(request.arguments.unwrap_or_default());
        let (sql, database, access) = match request.name.as_ref() {
            QUERY => {
                let QueryArguments { database, sql } = parse(QUERY, arguments)?;
                (sql, Some(database), Access::ReadOnly)
            }
            QUERY_RW => {
                let QueryRwArguments { sql, database } = parse(QUERY_RW, arguments)?;
                (sql, database, *granted)
            }
            other => {
                let message = format!("unknown tool {other:?}: the tools are {QUERY:?} and {QUERY_RW:?}");
                return Err(ErrorData::invalid_params(message, None));
            }
        };
        // `notifications/cancelled` reaches the call through the SDK's token.
        let cancelled = context.ct.clone();
        let departure = call.departure.clone();
        let watch = tokio::spawn(async move {
            cancelled.cancelled().await;
            departure.cancel();
        });
        let answer = self.answer(sql, database.as_deref(), access, call).await;
        watch.abort();
        Ok(CallToolResponse::Complete(match answer {
            Ok(result) => CallToolResult::structured(result),
            Err(failure) => CallToolResult::structured_error(failure),
        }))
    }
}

fn parse<Arguments: serde::de::DeserializeOwned>(tool: &str, arguments: Value) -> Result<Arguments, ErrorData> {
    serde_json::from_value(arguments)
        .map_err(|error| ErrorData::invalid_params(format!("the arguments of {tool:?} are wrong: {error}"), None))
}

/// Sent to nobody, or to a client that has cancelled and no longer listens.
fn cancelled() -> Failure {
    DuckDbError::new("INTERRUPT Error: Interrupted!").into()
}

fn query_tool() -> Tool {
    tool(
        QUERY,
        "Run a read-only SQL query. At most 2,048 rows and 50,000 characters come back; a query is cancelled after 55 seconds.",
        &["database", "sql"],
    )
    .with_annotations(ToolAnnotations::new().read_only(true).open_world(false))
}

fn query_rw_tool() -> Tool {
    tool(QUERY_RW, "Run a SQL statement that may change data. The same limits hold as for reading.", &["sql"])
        .with_annotations(ToolAnnotations::new().read_only(false).destructive(true).open_world(false))
}

fn tool(name: &'static str, description: &'static str, required: &[&str]) -> Tool {
    let schema = json!({
        "type": "object",
        "properties": {
            "database": { "type": "string", "description": "Name of the database." },
            "sql": { "type": "string", "description": "One SQL statement in DuckDB's dialect." },
        },
        "required": required,
        "additionalProperties": false,
    });
    let Value::Object(schema) = schema else { unreachable!("the schema above is an object") };
    Tool::new(Cow::Borrowed(name), description, schema)
}
