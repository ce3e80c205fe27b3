//! What can be done about an error.

/// An error of the warehouse or of the way to it.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{class}: {message}")]
pub struct Error {
    pub class: ErrorClass,
    /// What the warehouse said, or what happened on the way. It may quote SQL: for logs, not for clients.
    pub message: String,
    /// How long the warehouse asks to wait, in seconds.
    pub retry_after: Option<u32>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum ErrorClass {
    /// The statement can't succeed as it is. It didn't run.
    #[error("permanent")]
    Permanent,
    /// The statement didn't run, and may succeed later.
    #[error("transient")]
    Transient,
    /// Nobody knows whether the statement ran.
    #[error("ambiguous")]
    Ambiguous,
    /// The statement was interrupted: the warehouse's time for one was up. Nobody knows whether it ran, and it would take as long again.
    #[error("over the time limit")]
    TimeLimit,
    /// Another statement got in first: a violated key or a write conflict. This one didn't run.
    #[error("conflict")]
    Conflict,
    /// The token is missing, wrong, or not allowed to do this. The statement didn't run.
    #[error("not authorised")]
    Auth,
    /// A limit of the warehouse: rows or bytes of the result, memory, size of the request.
    #[error("over a limit")]
    OverLimit,
}

impl Error {
    pub(crate) fn new(class: ErrorClass, message: impl Into<String>) -> Self {
        Self { class, message: message.into(), retry_after: None }
    }
}
