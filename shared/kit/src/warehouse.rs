//! The warehouse that a Worker is configured for.

use std::{cell::RefCell, rc::Rc};

use living_core::sql::Statement;
use living_warehouse::{
    Endpoint, Error, McpWarehouse, Page, PostgresEndpoint, PostgresWarehouse, QueryResult, Session, Warehouse,
};
use worker::Env;

use crate::{ConfigError, FetchTransport, SocketNetwork, optional_var, required_secret, required_var};

thread_local! {
    /// The session with the MCP endpoint, for as long as the isolate lives.
    static SESSION: Rc<RefCell<Session>> = Rc::default();
}

/// MotherDuck, by whichever way is configured.
#[derive(Debug)]
pub enum WorkerWarehouse {
    Mcp(McpWarehouse<FetchTransport>),
    Postgres(PostgresWarehouse<SocketNetwork>),
}

impl Warehouse for WorkerWarehouse {
    fn max_rows(&self) -> u32 {
        match self {
            Self::Mcp(warehouse) => warehouse.max_rows(),
            Self::Postgres(warehouse) => warehouse.max_rows(),
        }
    }

    fn max_characters(&self) -> usize {
        match self {
            Self::Mcp(warehouse) => warehouse.max_characters(),
            Self::Postgres(warehouse) => warehouse.max_characters(),
        }
    }

    async fn run(&self, statement: &Statement) -> Result<QueryResult, Error> {
        match self {
            Self::Mcp(warehouse) => warehouse.run(statement).await,
            Self::Postgres(warehouse) => warehouse.run(statement).await,
        }
    }

    async fn run_page(&self, statement: &Statement) -> Result<Page, Error> {
        match self {
            Self::Mcp(warehouse) => warehouse.run_page(statement).await,
            Self::Postgres(warehouse) => warehouse.run_page(statement).await,
        }
    }
}

/// The warehouse of the variables `WAREHOUSE_TRANSPORT`, `WAREHOUSE_URL` or `WAREHOUSE_POSTGRES`, `WAREHOUSE_DATABASE`, and of the secret
/// `MOTHERDUCK_TOKEN`.
///
/// # Errors
/// Which of them is missing or makes no sense.
pub fn warehouse(env: &Env) -> Result<WorkerWarehouse, ConfigError> {
    const TRANSPORT: &str = "WAREHOUSE_TRANSPORT";
    const POSTGRES: &str = "WAREHOUSE_POSTGRES";
    let token = required_secret(env, "MOTHERDUCK_TOKEN")?;
    let database = Some(required_var(env, "WAREHOUSE_DATABASE")?);
    match optional_var(env, TRANSPORT).as_deref() {
        None | Some("mcp") => {
            let endpoint = Endpoint { url: required_var(env, "WAREHOUSE_URL")?, token, database };
            let session = SESSION.with(Rc::clone);
            Ok(WorkerWarehouse::Mcp(McpWarehouse::with_session(endpoint, FetchTransport, session)))
        }
        Some("postgres") => {
            let address = required_var(env, POSTGRES)?.parse();
            let invalid = |error: living_postgres::InvalidAddress| ConfigError::Invalid {
                name: POSTGRES,
                reason: error.to_string(),
            };
            let endpoint = PostgresEndpoint { address: address.map_err(invalid)?, token, database };
            Ok(WorkerWarehouse::Postgres(PostgresWarehouse::new(endpoint, SocketNetwork)))
        }
        Some(_) => Err(ConfigError::Invalid { name: TRANSPORT, reason: "it has to be mcp or postgres".to_owned() }),
    }
}
