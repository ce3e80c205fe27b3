//! Why a document isn't read to its end now.

use living_kit::StoreError;

use crate::engine::EngineError;

/// What stopped the reading, by what is to be done.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(crate) enum Failure {
    /// The document is at fault. It will be no better next time.
    #[error("{0}")]
    Refused(String),
    /// The OCR engine doesn't work now.
    #[error("{reason}")]
    Waiting { reason: String, retry_after: Option<u32> },
    /// The PDF is gone or has a new content.
    #[error("the PDF changed while it was read")]
    Changed,
    /// Another consumer has taken the document over.
    #[error("another delivery reads the document")]
    TakenOver,
    /// Pages that were read aren't where they were kept: somebody has deleted them. The document is read anew.
    #[error("the pages from {page} on aren't where they were kept")]
    Lost { page: u32 },
    /// Something else doesn't work. It may next time.
    #[error("{0}")]
    Passing(String),
}

impl From<living_pdf::Error> for Failure {
    fn from(error: living_pdf::Error) -> Self {
        Self::Refused(error.to_string())
    }
}

impl From<StoreError> for Failure {
    fn from(error: StoreError) -> Self {
        Self::Passing(format!("R2: {error}"))
    }
}

impl Failure {
    /// Of a page that the engine was asked for.
    pub(crate) fn of_engine(page: u32, error: EngineError) -> Self {
        match error {
            EngineError::Refused(reason) => {
                Self::Refused(format!("page {page}: the OCR engine can't read it: {reason}"))
            }
            EngineError::Unavailable { reason, retry_after } => {
                Self::Waiting { reason: format!("page {page}: OCR engine: {reason}"), retry_after }
            }
        }
    }
}
