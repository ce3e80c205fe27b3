//! Why a warehouse could not start or stop.

use std::{io, path::PathBuf};

use crate::duckdb::DuckDbError;

/// Why a warehouse could not start.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// DuckDB refuses the database file, the extension or a setting; the text is its own.
    #[error("DuckDB could not be set up: {0}")]
    Database(String),
    /// An endpoint for `r2://` was given, but not the extension that reads from it.
    #[error("reading from r2:// needs the httpfs extension: give its file")]
    R2WithoutHttpfs,
    /// A path that DuckDB could not be told of.
    #[error("the path {0:?} is not valid Unicode")]
    PathNotUnicode(PathBuf),
    /// The port is taken or not allowed.
    #[error("could not listen on 127.0.0.1:{port}: {source}")]
    Listen {
        /// The port that was asked for.
        port: u16,
        /// What the system says.
        source: io::Error,
    },
}

impl StartError {
    pub(crate) fn database(error: DuckDbError) -> Self {
        Self::Database(error.message)
    }
}

/// The last write to the database file failed; the write-ahead log beside it keeps the data.
#[derive(Debug, thiserror::Error)]
#[error("DuckDB could not write its checkpoint: {0}")]
pub struct StopError(pub(crate) String);
