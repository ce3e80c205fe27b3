//! What can be done about an error.

use living_http::HttpResponse;

/// Characters of an answer that an error quotes.
const EXCERPT: usize = 200;

/// What a 400 says that is about this prompt, and not about the account or the request's form: the words of OpenAI, of Azure, and of
/// Anthropic.
const ABOUT_THE_PROMPT: [&str; 5] = [
    "context_length_exceeded",
    "content_filter",
    "content_policy_violation",
    "prompt is too long",
    "content filtering policy",
];

/// An error of the model or of the way to it.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{class}: {message}")]
pub struct Error {
    pub class: ErrorClass,
    /// For logs, not for clients.
    pub message: String,
    /// How long the service asks to wait, in seconds.
    pub retry_after: Option<u32>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum ErrorClass {
    /// The service is down, overloaded or too busy for us. The same prompt may be answered later.
    #[error("unavailable")]
    Unavailable,
    /// The answer didn't come back. The service may have worked on it, and counted it.
    #[error("lost")]
    Lost,
    /// The key, the account, the address, the model's name or a parameter is wrong, or a spending limit is reached: no prompt is
    /// answered until somebody mends it.
    #[error("not admitted")]
    NotAdmitted,
    /// This prompt is not answered: it's too long, or the model or its filter refuses it.
    #[error("refused")]
    Refused,
    /// The answer is not what the protocol says, or was cut off.
    #[error("unreadable")]
    Unreadable,
}

impl Error {
    pub(crate) fn new(class: ErrorClass, message: impl Into<String>) -> Self {
        Self { class, message: message.into(), retry_after: None }
    }

    pub(crate) fn unreadable(message: impl Into<String>) -> Self {
        Self::new(ErrorClass::Unreadable, message)
    }

    /// The error that a status says which isn't a success. Both services use the same ones
    /// ([Anthropic](https://docs.claude.com/en/api/errors), [OpenAI](https://platform.openai.com/docs/guides/error-codes)).
    pub(crate) fn of_status(response: &HttpResponse) -> Self {
        let is_about_prompt = || {
            let body = String::from_utf8_lossy(&response.body);
            ABOUT_THE_PROMPT.iter().any(|words| body.contains(words))
        };
        let class = match response.status {
            413 => ErrorClass::Refused,
            400 if is_about_prompt() => ErrorClass::Refused,
            408 | 409 | 425 | 429 => ErrorClass::Unavailable,
            300..=499 => ErrorClass::NotAdmitted,
            // 529: Anthropic is overloaded.
            _ => ErrorClass::Unavailable,
        };
        Self {
            class,
            message: format!("HTTP {}: {}", response.status, response.excerpt(EXCERPT)),
            retry_after: response.retry_after(),
        }
    }
}
