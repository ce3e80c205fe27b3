//! Saved reports: what a result is known by, how two results differ, and what of the world's changes can matter to a query.
//!
//! A report is a query and a point in time. At that point it gives the same rows for ever; what is asked here is whether it still would
//! now, and what is different if not.

mod cell;
pub mod change;
pub mod diff;
mod fingerprint;
mod key;
pub mod reads;
pub mod statement;

use alloc::{string::String, vec::Vec};

use serde::{Deserialize, Serialize};
use serde_json::Value;

pub use fingerprint::Fingerprint;
pub use key::{NoKey, check_key};

/// A point in time: a version of the schema and a number of the commit log.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schemars", derive(schemars::JsonSchema))]
pub struct Pin {
    pub schema_version: i64,
    pub commit_seq: i64,
}

/// A column of a result.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schemars", derive(schemars::JsonSchema))]
pub struct Column {
    pub name: String,
    /// As DuckDB spells it.
    #[serde(rename = "type")]
    pub data_type: String,
}

/// The rows of a query.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct ResultSet {
    pub columns: Vec<Column>,
    /// In the order of the columns.
    pub rows: Vec<Vec<Value>>,
    /// There are more rows than these.
    pub truncated: bool,
}
