//! MotherDuck's Postgres endpoint (a preview of the vendor:
//! [reference](https://motherduck.com/docs/sql-reference/postgres-endpoint/)).
//!
//! What it is like, and what follows:
//! - the SQL is DuckDB's, and parameters have to be cast: values stand in the text, as everywhere here;
//! - only the simple query protocol runs everything;
//! - it always says that no transaction is open: nothing here lets one outlive its statement;
//! - every statement gives a result set; where a server says only how many rows it changed, that is made into one;
//! - it has no limit of rows: ours is what a Worker can hold.

mod value;

use std::{cell::RefCell, time::Duration};

use living_core::sql::{Effect, Statement};
use living_postgres::{
    Address, ConnectError, Connection, Credentials, Field, Limits, Network, QueryError, Reply, ServerError, within,
};
use serde_json::Value;

use crate::{Error, ErrorClass, Page, QueryResult, Warehouse, classify, exchange::TIME_LIMIT, retry::Retries};

use value::Column;

/// Rows of one answer. Small rows of ten values take some 100 bytes a value as JSON values: 100 MB would be the whole isolate, so bytes
/// are bounded too.
const MAX_ROWS: u32 = 100_000;

/// Bytes of one answer, its values' own overhead counted: a Worker has 128 MB, and holds the answer twice while it's made into JSON.
const MAX_BYTES: usize = 32 << 20;

/// Characters of one answer. One takes up to four bytes, and values have their own beside them.
const MAX_CHARACTERS: usize = MAX_BYTES / 8;

/// A connection that takes longer to open is given up.
const CONNECT_TIME_LIMIT: Duration = Duration::from_secs(15);

/// Connections that are kept for the next statement: ingest has two under way at once. An event may have six connections of any kind open
/// ([limit](https://developers.cloudflare.com/workers/platform/limits/#simultaneous-open-connections)), and reading objects needs some.
const MAX_IDLE: usize = 2;

/// The user's name is of no matter there; this is what the vendor's examples have.
const USER: &str = "postgres";

/// Where the warehouse is.
#[derive(Clone)]
pub struct PostgresEndpoint {
    pub address: Address,
    /// It stands for the password.
    pub token: String,
    /// The database that statements run in. Without one only such statements run that need none.
    pub database: Option<String>,
}

/// Without the token.
impl std::fmt::Debug for PostgresEndpoint {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Self { address, database, .. } = self;
        f.debug_struct("PostgresEndpoint").field("address", address).field("database", database).finish_non_exhaustive()
    }
}

/// MotherDuck, by way of its Postgres endpoint.
///
/// A connection runs one statement at a time; those that are free are kept, for as long as this is. In a Worker that's one event: the
/// platform ties a socket to the event that opened it.
#[derive(Debug)]
pub struct PostgresWarehouse<N: Network> {
    endpoint: PostgresEndpoint,
    network: N,
    idle: RefCell<Vec<Connection<N::Stream>>>,
}

/// How much somebody wants to know of a result's types.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Types {
    /// What tells how to read the values.
    OfValues,
    /// DuckDB's own names, which the protocol doesn't have for all.
    Named,
}

impl<N: Network> PostgresWarehouse<N> {
    #[must_use]
    pub fn new(endpoint: PostgresEndpoint, network: N) -> Self {
        Self { endpoint, network, idle: RefCell::default() }
    }

    async fn run_with_retries(&self, statement: &Statement, types: Types) -> Result<Page, Error> {
        let mut retries = Retries::new(self.network.random());
        loop {
            match self.attempt(statement, types).await {
                Ok(page) => return Ok(page),
                Err(error) => match retries.after(&error, statement.effect) {
                    Some(wait) => self.network.sleep(wait).await,
                    None => return Err(error),
                },
            }
        }
    }

    async fn attempt(&self, statement: &Statement, types: Types) -> Result<Page, Error> {
        let reply = match statement.effect {
            // The token may be one that may write: nothing that is meant to read does.
            Effect::Read => self.send(&["BEGIN TRANSACTION READ ONLY", &statement.text, "ROLLBACK"], 1).await?,
            Effect::Repeatable | Effect::Once => self.send(&[&statement.text], 0).await?,
        };
        let mut columns: Vec<Column> = reply.fields.iter().map(Column::announced).collect();
        let is_wanted = |column: &Column| match types {
            Types::OfValues => !column.tells_values(),
            Types::Named => !column.is_named(),
        };
        if statement.effect == Effect::Read && columns.iter().any(is_wanted) {
            self.name_types(statement, &mut columns).await?;
        }
        Ok(page(reply, &columns))
    }

    /// Asks for DuckDB's names of the columns' types.
    async fn name_types(&self, statement: &Statement, columns: &mut [Column]) -> Result<(), Error> {
        let described = match self.send(&[&format!("DESCRIBE {}", statement.text)], 0).await {
            Ok(described) => described,
            // Not everything that gives rows can be described (EXPLAIN can't): then the announced types have to do.
            Err(error) if error.class == ErrorClass::Permanent => return Ok(()),
            Err(error) => return Err(error),
        };
        // The schema may have changed since.
        if described.rows.len() == columns.len() {
            for (column, row) in columns.iter_mut().zip(described.rows) {
                if let Some(Some(name)) = row.into_iter().nth(1) {
                    *column = Column::named(name);
                }
            }
        }
        Ok(())
    }

    /// Sends statements, and gives the reply to the one at `wanted`.
    async fn send(&self, statements: &[&str], wanted: usize) -> Result<Reply, Error> {
        let mut connection = self.connection().await?;
        let limits = Limits { rows: MAX_ROWS as usize, bytes: MAX_BYTES };
        let outcomes = within(&self.network, TIME_LIMIT, connection.run(statements, limits)).await;
        let outcomes = outcomes.ok_or_else(|| {
            // The connection is closed with this, which tells the server to stop.
            Error::new(ErrorClass::TimeLimit, format!("no answer within {} s", TIME_LIMIT.as_secs()))
        })?;
        let outcomes = outcomes.map_err(|error| match error {
            QueryError::Server(error) => refused(&error),
            QueryError::Lost(message) => Error::new(ErrorClass::Ambiguous, message),
        })?;
        // What comes before the wanted one is there for its sake: without it, the wanted one is not what it should be.
        let failed = outcomes.iter().take(wanted + 1).find_map(|outcome| outcome.as_ref().err());
        let failed = failed.map(refused);
        let reply = outcomes.into_iter().nth(wanted).and_then(Result::ok);
        if connection.is_usable() && self.idle.borrow().len() < MAX_IDLE {
            self.idle.borrow_mut().push(connection);
        }
        match (failed, reply) {
            (None, Some(reply)) => Ok(reply),
            (Some(error), _) => Err(error),
            (None, None) => Err(Error::new(ErrorClass::Ambiguous, "the warehouse gave fewer replies than it has to")),
        }
    }

    /// One that is free, or a new one. Whatever goes wrong: no statement was sent.
    async fn connection(&self) -> Result<Connection<N::Stream>, Error> {
        loop {
            let idle = self.idle.borrow_mut().pop();
            let Some(mut connection) = idle else {
                return self.open().await;
            };
            if connection.is_usable() {
                return Ok(connection);
            }
        }
    }

    async fn open(&self) -> Result<Connection<N::Stream>, Error> {
        let PostgresEndpoint { address, token, database } = &self.endpoint;
        let credentials = Credentials {
            user: USER.to_owned(),
            password: token.clone(),
            // The vendor's name for "whichever".
            database: database.clone().unwrap_or_else(|| "md:".to_owned()),
        };
        let opened =
            within(&self.network, CONNECT_TIME_LIMIT, Connection::open(&self.network, address, &credentials, &[]));
        match opened.await {
            Some(Ok(connection)) => Ok(connection),
            Some(Err(ConnectError::Refused(error))) => {
                let class = match classify::server_error(&error.code, &error.message) {
                    ErrorClass::Auth => ErrorClass::Auth,
                    // There is no such database, and the like.
                    ErrorClass::Permanent => ErrorClass::Permanent,
                    _ => ErrorClass::Transient,
                };
                Err(Error::new(class, error.to_string()))
            }
            Some(Err(ConnectError::Unreachable(message))) => Err(Error::new(ErrorClass::Transient, message)),
            None => {
                let message = format!("no connection within {} s", CONNECT_TIME_LIMIT.as_secs());
                Err(Error::new(ErrorClass::Transient, message))
            }
        }
    }
}

impl<N: Network> Warehouse for PostgresWarehouse<N> {
    fn max_rows(&self) -> u32 {
        MAX_ROWS
    }

    fn max_characters(&self) -> usize {
        MAX_CHARACTERS
    }

    async fn run(&self, statement: &Statement) -> Result<QueryResult, Error> {
        self.run_with_retries(statement, Types::OfValues).await?.whole()
    }

    async fn run_page(&self, statement: &Statement) -> Result<Page, Error> {
        self.run_with_retries(statement, Types::Named).await
    }
}

fn refused(error: &ServerError) -> Error {
    Error::new(classify::server_error(&error.code, &error.message), &error.message)
}

fn page(reply: Reply, columns: &[Column]) -> Page {
    let Reply { fields, rows, tag, truncated } = reply;
    if fields.is_empty() {
        return Page { result: changed_rows(&tag), truncated: false };
    }
    let read = |row: Vec<Option<String>>| {
        row.into_iter()
            .zip(columns)
            .map(|(value, column)| value.map_or(Value::Null, |text| column.read(text)))
            .collect()
    };
    let result = QueryResult {
        columns: fields.into_iter().map(|Field { name, .. }| name).collect(),
        column_types: columns.iter().map(|column| column.name().to_owned()).collect(),
        rows: rows.into_iter().map(read).collect(),
    };
    Page { result, truncated }
}

/// What DuckDB gives for a statement that changes rows, from a tag such as `INSERT 0 3`.
fn changed_rows(tag: &str) -> QueryResult {
    let count = tag.rsplit(' ').next().and_then(|count| count.parse::<u64>().ok());
    QueryResult {
        columns: vec!["Count".to_owned()],
        column_types: vec!["BIGINT".to_owned()],
        rows: count.map(|count| vec![Value::from(count)]).into_iter().collect(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_tag_becomes_the_row_that_duckdb_would_give() {
        assert_eq!(changed_rows("INSERT 0 3").rows, [[3]]);
        assert_eq!(changed_rows("DELETE 0").rows, [[0]]);
        assert_eq!(changed_rows("CREATE TABLE").rows, Vec::<Vec<Value>>::new());
    }

    #[test]
    fn an_endpoint_shows_no_token() {
        let endpoint =
            PostgresEndpoint { address: Address { host: "h".into(), port: 1 }, token: "secret".into(), database: None };
        assert!(!format!("{endpoint:?}").contains("secret"));
    }
}
