//! How a landed object becomes a committed load: the rules, and the statements that carry them out.
//!
//! Read in the order of things: [`event`] what happened to an object, [`route`] whether it's ours and what it holds,
//! [`decision`] what to do about it, [`contract`] whether its columns are what the dataset needs, [`load`] the statements that
//! move its rows and commit them.

pub mod contract;
pub mod decision;
pub mod event;
pub mod load;
pub mod route;

use core::fmt;

use serde::{Deserialize, Serialize};

/// Where rows go. Each is a table of the schema `landing` and a view of the same name in `main`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Dataset {
    /// Pages of documents, as an OCR step delivers them.
    RawDocuments,
    /// Annotated records in the layout of an Argilla export.
    Annotations,
    /// Rows of any table.
    StructuredData,
}

impl Dataset {
    /// The name of its table.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::RawDocuments => "raw_documents",
            Self::Annotations => "annotations",
            Self::StructuredData => "structured_data",
        }
    }
}

impl fmt::Display for Dataset {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}
