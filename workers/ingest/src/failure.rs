//! Why a load didn't come to its commit.

use living_core::landing::{contract::ContractError, load::Transfer};
use living_kit::StoreError;
use living_warehouse::{Error, ErrorClass};

/// What stopped a load, by what is to be done.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(crate) enum Failure {
    /// The object is at fault. It will be no better next time: quarantine.
    #[error("{0}")]
    Unreadable(String),
    /// The rows can't be moved this way, but perhaps the other. If not: `instead`.
    #[error("{instead}")]
    Switch { to: Transfer, instead: Box<Failure> },
    /// The object is gone or has a new content, which has its own event.
    #[error("the object changed while it was read")]
    Changed,
    /// Another attempt was first, or the key has a newer commit.
    #[error("{0}")]
    Outrun(&'static str),
    /// The warehouse's time for one statement was up.
    #[error("{0}")]
    OutOfTime(String),
    /// Something else doesn't work. It may next time.
    #[error("{0}")]
    Passing(String),
    /// As `Passing`; and what was to be done was certainly not done.
    #[error("{0}")]
    NotDone(String),
}

impl From<living_parquet::Error> for Failure {
    fn from(error: living_parquet::Error) -> Self {
        let unreadable = Self::Unreadable(error.to_string());
        if error.is_size() { Self::Switch { to: Transfer::Pull, instead: Box::new(unreadable) } } else { unreadable }
    }
}

impl From<ContractError> for Failure {
    fn from(error: ContractError) -> Self {
        Self::Unreadable(error.to_string())
    }
}

impl From<StoreError> for Failure {
    fn from(error: StoreError) -> Self {
        Self::Passing(format!("R2: {error}"))
    }
}

impl From<Error> for Failure {
    fn from(error: Error) -> Self {
        let reason = format!("warehouse: {error}");
        match error.class {
            ErrorClass::Transient | ErrorClass::Conflict => Self::NotDone(reason),
            ErrorClass::TimeLimit => Self::OutOfTime(reason),
            _ => Self::Passing(reason),
        }
    }
}
