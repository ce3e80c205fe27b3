//! What an operation answers, before it's a response of the runtime.

use serde::Serialize;

/// An answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Reply {
    pub(crate) content_type: &'static str,
    pub(crate) body: Vec<u8>,
    /// What tells this body from all others at this address.
    pub(crate) etag: Option<String>,
    pub(crate) cache: Cache,
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
        let body = serde_json::to_vec(value).unwrap_or_default();
        Self { content_type: "application/json", body, etag: None, cache: Cache::Never }
    }
}
