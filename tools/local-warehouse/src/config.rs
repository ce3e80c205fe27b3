//! What a warehouse is started with.

use std::{path::PathBuf, time::Duration};

use crate::auth::Tokens;

/// Rows that MotherDuck's remote MCP server returns at most, as its documentation says.
pub const MAX_ROWS: usize = 2_048;
/// Characters of JSON that MotherDuck's remote MCP server returns at most, as its documentation says.
pub const MAX_CHARACTERS: usize = 50_000;
/// Time after which MotherDuck's remote MCP server cancels a statement, as its documentation says.
pub const MAX_STATEMENT_TIME: Duration = Duration::from_secs(55);
/// Name under which the database is known to clients.
pub const DEFAULT_DATABASE_NAME: &str = "living_schema";
/// Memory that DuckDB may use; half of what a small build machine has.
pub const DEFAULT_MEMORY_LIMIT: &str = "2GB";

/// What a warehouse is started with. [`Config::new`] gives an empty database in memory on a free port, with the
/// limits that MotherDuck documents.
#[derive(Debug, Clone)]
pub struct Config {
    /// Where the data is kept.
    pub storage: Storage,
    /// The database's name, as tools and SQL spell it.
    pub database_name: String,
    /// TCP port on 127.0.0.1; 0 takes a free one.
    pub port: u16,
    /// TCP port of the Postgres protocol, likewise.
    pub postgres_port: u16,
    /// Who may call.
    pub tokens: Tokens,
    /// How tool calls are answered.
    pub reply_style: ReplyStyle,
    /// The `httpfs` extension as a file (`httpfs.duckdb_extension`), which `r2://` reads need. Nothing is downloaded.
    pub httpfs: Option<PathBuf>,
    /// The S3-style server behind `r2://`. Needs `httpfs`.
    pub r2: Option<R2>,
    /// DuckDB's threads; `None` takes one per core.
    pub threads: Option<u16>,
    /// DuckDB's memory limit in its own notation, such as `2GB`.
    pub memory_limit: String,
    /// When results are cut and statements cancelled.
    pub limits: Limits,
    /// Whether one call may carry several statements. Off, as nobody knows what MotherDuck does with such text.
    pub allow_multiple_statements: bool,
}

impl Config {
    /// An empty database in memory, on a free port.
    #[must_use]
    pub fn new(tokens: Tokens) -> Self {
        Self {
            storage: Storage::Memory,
            database_name: DEFAULT_DATABASE_NAME.to_owned(),
            port: 0,
            postgres_port: 0,
            tokens,
            reply_style: ReplyStyle::StatefulSse,
            httpfs: None,
            r2: None,
            threads: None,
            memory_limit: DEFAULT_MEMORY_LIMIT.to_owned(),
            limits: Limits::default(),
            allow_multiple_statements: false,
        }
    }
}

/// Where the data is kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Storage {
    /// Gone when the warehouse stops.
    Memory,
    /// As [`Storage::Memory`], and begins with what a DuckDB file holds. The file is only read.
    CopyOf(PathBuf),
    /// One DuckDB file, made when it isn't there. Only one process may have it open.
    File(PathBuf),
}

/// The two ways in which a server of MCP's Streamable HTTP may answer. Which one MotherDuck uses is unverified, so
/// clients are tested against both.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ReplyStyle {
    /// `initialize` opens a session, whose id every later request carries; replies are event streams.
    StatefulSse,
    /// Every request stands alone; replies are plain JSON.
    StatelessJson,
}

/// An S3-style server that stands for R2.
#[derive(Clone)]
pub struct R2 {
    /// `host:port`, reached over plain HTTP with the bucket as the first part of the path.
    pub endpoint: String,
    /// Access key id.
    pub key_id: String,
    /// Secret access key.
    pub secret: String,
}

impl std::fmt::Debug for R2 {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("R2").field("endpoint", &self.endpoint).field("key_id", &self.key_id).finish_non_exhaustive()
    }
}

/// When results are cut and statements cancelled.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// Rows of a result; more are cut, and the result says so.
    pub rows: usize,
    /// Characters (not bytes) of the JSON text of a result; rows are cut from its end until it fits.
    pub characters: usize,
    /// Running time of a call, after which its statement is cancelled and rolled back.
    pub time: Duration,
}

impl Default for Limits {
    fn default() -> Self {
        Self { rows: MAX_ROWS, characters: MAX_CHARACTERS, time: MAX_STATEMENT_TIME }
    }
}
