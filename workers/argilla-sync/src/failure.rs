//! Why a step came to no end.

use living_argilla::{ErrorClass, ProgressError};

#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Failure {
    #[error("{0}")]
    Argilla(#[from] living_argilla::Error),
    /// KV, R2, the queue or PostgreSQL doesn't do what it's asked. Later it may.
    #[error("{0}")]
    Passing(String),
    /// The progress that was read isn't the one that counts.
    #[error("KV doesn't give the progress that was kept last; it may take a minute")]
    Stale,
    /// It will be no better another time.
    #[error("{0}")]
    Lasting(String),
}

impl Failure {
    /// Whether the same step may come to an end later.
    #[must_use]
    pub const fn is_passing(&self) -> bool {
        match self {
            Self::Argilla(error) => error.is_passing(),
            Self::Passing(_) | Self::Stale => true,
            Self::Lasting(_) => false,
        }
    }

    /// Seconds that Argilla asks to wait.
    #[must_use]
    pub const fn retry_after(&self) -> Option<u32> {
        match self {
            Self::Argilla(error) => error.retry_after,
            _ => None,
        }
    }

    /// Whether the dataset isn't there any more.
    #[must_use]
    pub fn is_gone(&self) -> bool {
        matches!(self, Self::Argilla(error) if error.class == ErrorClass::NotFound)
    }
}

impl From<ProgressError> for Failure {
    fn from(error: ProgressError) -> Self {
        Self::Lasting(error.to_string())
    }
}

impl From<living_produce::Error> for Failure {
    fn from(error: living_produce::Error) -> Self {
        Self::Lasting(error.to_string())
    }
}
