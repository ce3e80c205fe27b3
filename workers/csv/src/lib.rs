//! The csv Worker: a spreadsheet that is uploaded to R2 becomes Parquet there, which ingest lands.
//!
//! [`Converter::handle`] takes one event from the queue to the Parquet objects. `consumer` gives it messages and answers for them,
//! `api` is its HTTP side.

mod api;
mod config;
mod consumer;
mod content;
mod convert;
mod converter;
#[expect(unreachable_pub, reason = "the runtime reaches them")]
mod entry;
mod failure;
mod output;
mod record;
mod table;

pub use config::{Config, OnDelete, Route, Routes};
pub use consumer::{consume, record_dead_letter};
pub use converter::{Converter, Outcome};
pub use record::{Output, Record, State};
