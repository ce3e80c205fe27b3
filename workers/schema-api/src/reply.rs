//! What an operation answers, before it's a response of the runtime.

use living_kit::Problem;
use living_warehouse::Error;
use serde::Serialize;

/// An answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Reply {
    pub(crate) content_type: &'static str,
    pub(crate) body: Vec<u8>,
    /// What tells this body from all others at this address.
    pub(crate) etag: Option<String>,
    pub(crate) cache: Cache,
    /// Further headers.
    pub(crate) headers: Vec<(&'static str, String)>,
}

/// How long a client may keep an answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Cache {
    Never,
    /// It has to ask whether it's still the same.
    Revalidate,
    /// It never changes.
    Forever,
}

impl Cache {
    /// Answers are for whoever asked: they took a token to get.
    pub(crate) const fn header(self) -> &'static str {
        match self {
            Self::Never => "no-store",
            Self::Revalidate => "private, no-cache",
            Self::Forever => "private, max-age=31536000, immutable",
        }
    }
}

impl Reply {
    pub(crate) fn json(value: &impl Serialize) -> Self {
        // Everything that is answered has a JSON text.
        Self::bytes("application/json", serde_json::to_vec(value).unwrap_or_default())
    }

    pub(crate) const fn bytes(content_type: &'static str, body: Vec<u8>) -> Self {
        Self { content_type, body, etag: None, cache: Cache::Never, headers: Vec::new() }
    }
}

/// The answer where the warehouse doesn't give what it has to. The log has its words.
pub(crate) fn unavailable(error: Error) -> Problem {
    Problem::unavailable().because(error)
}
