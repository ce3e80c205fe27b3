//! Parquet files that ingest reads: what all producers of them share.
//!
//! [`ParquetWriter`] takes batches and gives the file's bytes as they come, so that a file of any size is written in bounded memory;
//! [`parquet_file`] writes a small one at once. [`Provenance`] becomes the key-value metadata of the landing contract. [`batch`] makes a
//! batch of anything that serialises.
//!
//! ```
//! use std::sync::Arc;
//! use arrow_schema::{DataType, Field, Schema};
//! use living_produce::{Provenance, batch, parquet_file};
//!
//! let schema = Arc::new(Schema::new(vec![Field::new("mmsi", DataType::Utf8, true)]));
//! let rows = batch(&schema, &[serde_json::json!({ "mmsi": "224012000" })])?;
//! let provenance = Provenance::new("batch-1", "example");
//! let bytes = parquet_file(&schema, &provenance, &[rows])?;
//! assert!(bytes.starts_with(b"PAR1") && bytes.ends_with(b"PAR1"));
//! # Ok::<(), living_produce::Error>(())
//! ```
#![deny(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]
#![cfg_attr(test, allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing))]

mod json;
mod provenance;
mod writer;

pub use json::batch;
pub use provenance::{GIT_SHA, Provenance, SCHEMA_VERSION};
pub use writer::{ParquetWriter, parquet_file};

/// Why there is no file.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Error {
    #[error("the Parquet file can't be written: {0}")]
    Parquet(String),
    #[error("the rows aren't of the schema: {0}")]
    Rows(String),
}
