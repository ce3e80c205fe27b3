//! The argilla-sync Worker: what experts label in Argilla becomes Parquet files in R2, which ingest lands.
//!
//! [`start::sources`] finds the datasets; [`Syncer::step`] takes one of them a bounded step further: some pages, some records that may be
//! gone, or a look whether the files are loaded. Each step is a message of a queue, and the next one is sent by the last.

mod api;
mod config;
#[expect(unreachable_pub, reason = "the runtime reaches them")]
mod entry;
mod failure;
mod neighbours;
mod parquet;
mod postgres;
mod report;
mod start;
mod sync;
mod task;

pub use config::{Config, Selection};
pub use failure::Failure;
pub use report::{Finished, Report};
pub use start::{Refused, Sources, sources};
pub use sync::{Destination, Neighbours, Output, ProgressStore, Step, Syncer};
pub use task::{Copy, Source, Task};
