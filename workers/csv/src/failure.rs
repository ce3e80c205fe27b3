//! Why an upload didn't become Parquet.

use living_kit::StoreError;

/// What stopped a conversion, by what is to be done.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(crate) enum Failure {
    /// The upload is at fault. It will be no better next time.
    #[error("{0}")]
    Refused(String),
    /// The upload is gone or has a new content.
    #[error("the upload changed while it was read")]
    Changed,
    /// Something else doesn't work. It may next time.
    #[error("{0}")]
    Passing(String),
}

impl From<living_tables::Error> for Failure {
    fn from(error: living_tables::Error) -> Self {
        Self::Refused(error.to_string())
    }
}

impl From<living_produce::Error> for Failure {
    fn from(error: living_produce::Error) -> Self {
        Self::Refused(error.to_string())
    }
}

impl From<StoreError> for Failure {
    fn from(error: StoreError) -> Self {
        Self::Passing(format!("R2: {error}"))
    }
}
