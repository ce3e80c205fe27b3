//! The DuckDB instance, and how one call runs on it.
//!
//! Each call has a connection of its own, which is closed when the call ends. So settings, temporary tables and
//! transactions never reach another client, and calls run beside each other.

use std::{
    path::Path,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use serde_json::Value;
use tokio_util::{sync::CancellationToken, task::TaskTracker};

use crate::{
    auth::Access,
    config::{Config, Limits, R2, Storage},
    duckdb::{Column, Connection, Database, DuckDbError, INTERRUPTED, Prepared, StatementKind},
    error::StartError,
    outcome::Failure,
    policy,
};

/// How often a statement that has to stop is interrupted until it does. An interrupt that comes just before DuckDB
/// begins is lost, so once is not enough.
const INTERRUPT_INTERVAL: Duration = Duration::from_millis(20);

/// Session settings that clients may change: those that can't reach beyond their own call. `TimeZone` could, with SET
/// GLOBAL, and is therefore set anew on every connection.
const CHANGEABLE_SETTINGS: &str = "['TimeZone', 'search_path']";

/// The DuckDB instance.
#[derive(Debug)]
pub(crate) struct Engine {
    /// Empty once closed.
    database: Mutex<Option<Arc<Database>>>,
    database_name: String,
    limits: Limits,
    allow_multiple_statements: bool,
    /// Cancelled when the server stops; ends all statements.
    shutdown: CancellationToken,
    running: TaskTracker,
}

/// Takes the result of a call while it's made.
pub(crate) trait Sink: Send + 'static {
    /// Comes once, before any row.
    fn columns(&mut self, columns: &[Column]);

    /// Takes the next rows, each an array of one value per column, and says whether it wants more. May block.
    fn rows(&mut self, columns: &[Column], rows: Vec<Value>) -> bool;
}

/// What the text of a call is run with.
#[derive(Debug, Default)]
pub(crate) struct Parameters(pub(crate) Vec<Option<String>>);

/// What a statement asks for and gives, before it runs.
#[derive(Debug)]
pub(crate) struct Description {
    /// How many parameters it has.
    pub(crate) parameters: usize,
    pub(crate) columns: Vec<Column>,
}

/// How a call ended.
#[derive(Debug)]
pub(crate) enum Ending<S> {
    /// The sink has the whole result, or as much as it wanted.
    Done(S),
    Failed(Failure),
    /// Interrupted at the time limit.
    TimedOut(Failure),
    /// Interrupted because nobody waits for the reply any more.
    Cancelled,
}

/// Why a running statement has to stop.
#[derive(Debug, Clone, Copy)]
enum Stop {
    TimeLimit,
    Departure,
}

impl Engine {
    /// Opens the database and locks it down: no local files, no network but `r2://`, no change of global settings.
    pub(crate) fn open(config: &Config, shutdown: CancellationToken) -> Result<Self, StartError> {
        let threads = config.threads.map(|threads| threads.to_string());
        let mut settings = vec![
            ("memory_limit", config.memory_limit.as_str()),
            // The extension file of the package carries no signature that this build of the library accepts.
            ("allow_unsigned_extensions", "true"),
            ("allow_community_extensions", "false"),
            ("autoinstall_known_extensions", "false"),
            ("autoload_known_extensions", "false"),
            ("allow_persistent_secrets", "false"),
        ];
        if let Some(threads) = &threads {
            settings.push(("threads", threads));
        }
        let database = Database::open_in_memory(&settings).map_err(StartError::database)?;
        let connection = database.connect().map_err(StartError::database)?;
        for sql in set_up_sql(config)? {
            connection.execute(&sql).map_err(StartError::database)?;
        }
        Ok(Self {
            database: Mutex::new(Some(Arc::new(database))),
            database_name: config.database_name.clone(),
            limits: config.limits,
            allow_multiple_statements: config.allow_multiple_statements,
            shutdown,
            running: TaskTracker::new(),
        })
    }

    pub(crate) fn database_name(&self) -> &str {
        &self.database_name
    }

    pub(crate) fn limits(&self) -> &Limits {
        &self.limits
    }

    /// Runs `sql` to its end: the reply, the time limit, or `departure`. Returns only when the statement has really
    /// ended, so after a cancellation nothing of it runs or commits any more.
    pub(crate) async fn run<S: Sink>(
        self: Arc<Self>,
        sql: String,
        parameters: Parameters,
        access: Access,
        departure: CancellationToken,
        sink: S,
    ) -> Ending<S> {
        let tracker = self.running.clone();
        // A task of its own: the caller's future may be dropped at any time, the interrupt must still be sent.
        let task = tracker.spawn(self.run_interruptibly(sql, parameters, access, departure, sink));
        task.await.unwrap_or_else(|error| Ending::Failed(internal_failure(&error)))
    }

    async fn run_interruptibly<S: Sink>(
        self: Arc<Self>,
        sql: String,
        parameters: Parameters,
        access: Access,
        departure: CancellationToken,
        sink: S,
    ) -> Ending<S> {
        let connection = match self.connect() {
            Ok(connection) => Arc::new(connection),
            Err(error) => return Ending::Failed(error.into()),
        };
        let mut statement = {
            let (engine, connection) = (self.clone(), connection.clone());
            tokio::task::spawn_blocking(move || {
                engine
                    .execute(&connection, &sql, &parameters, access, sink)
                    .inspect_err(|failure| tell_of_bug(failure, &sql))
            })
        };
        let stop = tokio::select! {
            result = &mut statement => return ending(result, None),
            () = tokio::time::sleep(self.limits.time) => Stop::TimeLimit,
            () = departure.cancelled() => Stop::Departure,
            () = self.shutdown.cancelled() => Stop::Departure,
        };
        loop {
            connection.interrupt();
            tokio::select! {
                result = &mut statement => return ending(result, Some((stop, self.limits.time))),
                () = tokio::time::sleep(INTERRUPT_INTERVAL) => {}
            }
        }
    }

    fn connect(&self) -> Result<Connection, DuckDbError> {
        let database = self.database.lock().unwrap_or_else(PoisonError::into_inner).clone();
        database.ok_or_else(|| DuckDbError::new("Connection Error: the warehouse has stopped"))?.connect()
    }

    /// Blocks until the call's statement has ended.
    fn execute<S: Sink>(
        &self,
        connection: &Connection,
        sql: &str,
        parameters: &Parameters,
        access: Access,
        mut sink: S,
    ) -> Result<S, Failure> {
        policy::check_text(sql)?;
        self.set_up(connection)?;
        if access == Access::ReadOnly {
            connection.execute("BEGIN TRANSACTION READ ONLY")?;
        }

        let statements = connection.statements(sql)?;
        let count = statements.count();
        policy::check_count(sql, count, self.allow_multiple_statements)?;
        let one_text = policy::is_one_text(sql);
        for index in 0..count {
            let prepared = statements.prepare(index)?;
            let kind = prepared.kind();
            let is_last = index + 1 == count;
            policy::check_kind(kind, access, one_text && !is_last, self.allow_multiple_statements)?;
            if access == Access::ReadOnly && kind == StatementKind::Explain {
                policy::check_explained(connection, sql)?;
            }
            prepared.bind(&parameters.0)?;
            // The result of a text is that of its last statement.
            run_prepared(&prepared, is_last.then_some(&mut sink))?;
        }
        Ok(sink)
    }

    /// What a text of one statement asks for and gives. Nothing of it runs.
    pub(crate) async fn describe(self: Arc<Self>, sql: String) -> Result<Description, Failure> {
        let describe = move || self.description(&sql).inspect_err(|failure| tell_of_bug(failure, &sql));
        tokio::task::spawn_blocking(describe).await.unwrap_or_else(|error| Err(internal_failure(&error)))
    }

    fn description(&self, sql: &str) -> Result<Description, Failure> {
        policy::check_text(sql)?;
        let connection = self.connect()?;
        self.set_up(&connection)?;
        let statements = connection.statements(sql)?;
        policy::check_count(sql, statements.count(), self.allow_multiple_statements)?;
        let prepared = statements.prepare(statements.count() - 1)?;
        if prepared.has_open_columns() {
            return Err(Failure::invalid_input("every parameter has to be cast: CAST($1 AS TEXT)"));
        }
        Ok(Description { parameters: prepared.parameter_count(), columns: prepared.columns() })
    }

    fn set_up(&self, connection: &Connection) -> Result<(), DuckDbError> {
        connection.execute(&format!("USE {}; SET SESSION TimeZone = 'UTC'", quoted_name(&self.database_name)))
    }

    /// Waits for running statements (which the shutdown token interrupts), writes everything to the database file and
    /// closes it.
    pub(crate) async fn close(&self) -> Result<(), DuckDbError> {
        self.running.close();
        self.running.wait().await;
        let Some(database) = self.database.lock().unwrap_or_else(PoisonError::into_inner).take() else {
            return Ok(());
        };
        let checkpoint = format!("CHECKPOINT {}", quoted_name(&self.database_name));
        tokio::task::spawn_blocking(move || database.connect()?.execute(&checkpoint))
            .await
            .unwrap_or_else(|error| Err(DuckDbError::new(format!("INTERNAL Error: {error}"))))
    }
}

/// Runs one statement to its end, or until the sink has enough.
fn run_prepared(prepared: &Prepared<'_>, sink: Option<&mut impl Sink>) -> Result<(), Failure> {
    // Before the run: what an INSERT … RETURNING can't show must not be inserted.
    check_readable(&prepared.columns())?;
    let mut stream = prepared.run()?;
    let columns = stream.columns();
    check_readable(&columns)?;
    let mut rows = Vec::new();
    match sink {
        Some(sink) => {
            sink.columns(&columns);
            while stream.fetch(&columns, &mut rows)? && sink.rows(&columns, std::mem::take(&mut rows)) {}
        }
        None => {
            while stream.fetch(&columns, &mut rows)? {
                rows.clear();
            }
        }
    }
    Ok(())
}

/// SQL that turns a fresh instance into the warehouse, in order.
fn set_up_sql(config: &Config) -> Result<Vec<String>, StartError> {
    let name = quoted_name(&config.database_name);
    let mut sql = Vec::new();
    if let Some(httpfs) = &config.httpfs {
        sql.push(format!("LOAD {}", quoted_path(httpfs)?));
    }
    match &config.storage {
        Storage::Memory => sql.extend(in_memory(&name)),
        Storage::CopyOf(file) => {
            sql.extend(in_memory(&name));
            sql.push(format!("ATTACH {} AS template (READ_ONLY)", quoted_path(file)?));
            sql.push(format!("COPY FROM DATABASE template TO {name}"));
            sql.push("DETACH template".to_owned());
        }
        Storage::File(file) => {
            let mut spill = file.clone().into_os_string();
            spill.push(".tmp");
            sql.push(format!("SET GLOBAL temp_directory = {}", quoted_path(Path::new(&spill))?));
            sql.push(format!("ATTACH {} AS {name}", quoted_path(file)?));
        }
    }
    // The instance's own empty database would be a second one, which all clients share and nothing saves.
    sql.push(format!("USE {name}"));
    sql.push("DETACH memory".to_owned());
    if let Some(R2 { endpoint, key_id, secret }) = &config.r2 {
        if config.httpfs.is_none() {
            return Err(StartError::R2WithoutHttpfs);
        }
        sql.push(format!(
            "CREATE SECRET r2 (TYPE r2, KEY_ID {}, SECRET {}, ENDPOINT {}, URL_STYLE 'path', USE_SSL false)",
            quoted_text(key_id),
            quoted_text(secret),
            quoted_text(endpoint)
        ));
        sql.push("SET GLOBAL allowed_directories = ['r2://']".to_owned());
    }
    sql.extend([
        "SET GLOBAL TimeZone = 'UTC'".to_owned(),
        // Attached files and the spill directory stay allowed.
        "SET GLOBAL enable_external_access = false".to_owned(),
        format!("SET GLOBAL allowed_configs = {CHANGEABLE_SETTINGS}"),
        "SET GLOBAL lock_configuration = true".to_owned(),
    ]);
    Ok(sql)
}

fn in_memory(name: &str) -> [String; 2] {
    ["SET GLOBAL temp_directory = ''".to_owned(), format!("ATTACH ':memory:' AS {name}")]
}

fn ending<S>(
    result: Result<Result<S, Failure>, tokio::task::JoinError>,
    stopped: Option<(Stop, Duration)>,
) -> Ending<S> {
    match (result, stopped) {
        (Ok(Ok(sink)), _) => Ending::Done(sink),
        (Ok(Err(failure)), Some((stop, limit))) if failure.error_type == INTERRUPTED => match stop {
            Stop::TimeLimit => Ending::TimedOut(Failure {
                error: format!("Query execution timed out after {} seconds", limit.as_secs_f64()),
                error_type: INTERRUPTED.to_owned(),
            }),
            Stop::Departure => Ending::Cancelled,
        },
        (Ok(Err(failure)), _) => Ending::Failed(failure),
        (Err(error), _) => Ending::Failed(internal_failure(&error)),
    }
}

/// Names the statement at which DuckDB itself is wrong.
fn tell_of_bug(failure: &Failure, sql: &str) {
    if failure.is_bug() {
        tracing::error!(sql, error = failure.error, "DuckDB has met a bug of its own");
    }
}

fn internal_failure(error: &tokio::task::JoinError) -> Failure {
    DuckDbError::new(format!("INTERNAL Error: {error}")).into()
}

/// Refuses columns whose values can't be shown, by name.
fn check_readable(columns: &[Column]) -> Result<(), Failure> {
    match columns.iter().find_map(|column| column.data_type.unreadable().map(|unreadable| (column, unreadable))) {
        Some((column, unreadable)) => Err(Failure::invalid_input(format_args!(
            "column \"{}\" holds values of type {unreadable}, which this warehouse can't return; cast it to VARCHAR or JSON",
            column.name
        ))),
        None => Ok(()),
    }
}

fn quoted_name(name: &str) -> String {
    format!("\"{}\"", name.replace('"', "\"\""))
}

fn quoted_text(text: &str) -> String {
    format!("'{}'", text.replace('\'', "''"))
}

fn quoted_path(path: &Path) -> Result<String, StartError> {
    path.to_str().map(quoted_text).ok_or_else(|| StartError::PathNotUnicode(path.to_owned()))
}
