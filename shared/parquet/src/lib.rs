//! Reads Parquet files that nobody vouches for.
//!
//! The reader does no I/O: [`open`] takes the last bytes of a file and gives its footer, checked; [`RowReader`] says which byte
//! ranges it needs next and gives rows, as JSON text for a statement or as cells for profiles. Whatever is wrong with a file
//! is an [`Error`] that a person understands. What decodes is `parquet` of arrow-rs (docs/decisions/0002-parquet-decoder.md);
//! none of its types are in this crate's interface, so that another could take its place.
#![deny(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]
#![cfg_attr(test, allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing))]

mod encode;
mod error;
mod file;
mod limits;
mod pages;
mod rows;
mod schema;
mod thrift;

pub use encode::Encoder;
pub use error::Error;
pub use file::{FIRST_READ, File, Opened, open};
pub use limits::Limits;
pub use rows::{RowReader, Rows, Step};
pub use schema::Column;
