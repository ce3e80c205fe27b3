//! What goes wrong.

use std::{fmt, io};

/// What a server says it refuses, and why.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ServerError {
    /// The SQLSTATE, five characters ([codes](https://www.postgresql.org/docs/current/errcodes-appendix.html)).
    pub code: String,
    pub message: String,
    /// The character of the statement that the server points at, from 1.
    pub position: Option<usize>,
    /// The connection is over too.
    pub is_fatal: bool,
}

impl fmt::Display for ServerError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} (SQLSTATE {})", self.message, self.code)
    }
}

/// Why there is no connection. No statement was sent.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ConnectError {
    #[error("{0}")]
    Refused(ServerError),
    #[error("no connection: {0}")]
    Unreachable(String),
}

/// Why a statement has no reply.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum QueryError {
    /// The server says that it failed.
    #[error("{0}")]
    Server(ServerError),
    /// The statement was sent, or part of it, and nobody knows what became of it.
    #[error("the connection was lost: {0}")]
    Lost(String),
}

impl From<io::Error> for ConnectError {
    fn from(error: io::Error) -> Self {
        Self::Unreachable(error.to_string())
    }
}

impl From<io::Error> for QueryError {
    fn from(error: io::Error) -> Self {
        Self::Lost(error.to_string())
    }
}
