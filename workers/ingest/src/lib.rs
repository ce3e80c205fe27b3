//! The ingest Worker: a Parquet file that lands in R2 is in the warehouse, whole and exactly once.
//!
//! [`Ingest::handle`] takes one event from the queue to the commit. `consumer` gives it messages and answers for them, `api` is its
//! HTTP side, `housekeeping` its cron.

mod api;
mod config;
mod consumer;
#[expect(unreachable_pub, reason = "the runtime reaches them")]
mod entry;
mod failure;
mod housekeeping;
mod ingest;
mod object;
mod transfer;

pub use config::{Config, Pull};
pub use consumer::{consume, record_dead_letter};
pub use ingest::{Announcer, CommitNotice, Ingest, Outcome, Report};
