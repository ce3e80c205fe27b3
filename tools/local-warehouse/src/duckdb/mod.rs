//! Safe, owning wrappers over the part of DuckDB's C API that this server needs.
//!
//! This is the only module with `unsafe` code. Handles destroy themselves, borrow from what they depend on, and never
//! leave the module as raw pointers.

#![allow(unsafe_code, reason = "C functions are called here, and nowhere else")]
#![warn(clippy::undocumented_unsafe_blocks)]

mod data_type;
mod error;
mod handle;
mod value;

pub(crate) use data_type::{Column, DataType, Shape};
pub(crate) use error::{DuckDbError, INTERRUPTED};
pub(crate) use handle::{Connection, Database, Prepared, StatementKind, library_version};
