//! What can be done about an error.

use living_http::HttpResponse;

/// Characters of an answer that an error quotes.
const EXCERPT: usize = 200;

/// An error of Argilla or of the way to it.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("Argilla: {class}: {message}")]
pub struct Error {
    pub class: ErrorClass,
    /// For logs, not for clients.
    pub message: String,
    /// How long the server asks to wait, in seconds.
    pub retry_after: Option<u32>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum ErrorClass {
    /// It doesn't answer, or is too busy. Later it may.
    #[error("unavailable")]
    Unavailable,
    /// The answer is not what the API says: another program answers, or it was cut off. Later it may be better.
    #[error("unreadable")]
    Unreadable,
    /// The key is wrong, or its user may not read this. Somebody has to mend it.
    #[error("not admitted")]
    NotAdmitted,
    /// There is no such thing there.
    #[error("not found")]
    NotFound,
    /// Argilla can't do what it's asked, now or later.
    #[error("refused")]
    Refused,
}

impl Error {
    pub(crate) fn new(class: ErrorClass, message: impl Into<String>) -> Self {
        Self { class, message: message.into(), retry_after: None }
    }

    /// The error that a status says which isn't 200.
    pub(crate) fn of_status(response: &HttpResponse) -> Self {
        let class = match response.status {
            401 | 403 => ErrorClass::NotAdmitted,
            404 => ErrorClass::NotFound,
            408 | 425 | 429 | 500..=599 => ErrorClass::Unavailable,
            _ => ErrorClass::Refused,
        };
        let message = format!("HTTP {}: {}", response.status, response.excerpt(EXCERPT));
        Self { class, message, retry_after: response.retry_after() }
    }

    /// Whether asking again may help.
    #[must_use]
    pub const fn is_passing(&self) -> bool {
        matches!(self.class, ErrorClass::Unavailable | ErrorClass::Unreadable)
    }
}
