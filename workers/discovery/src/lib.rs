//! The discovery Worker: new entity types and columns in committed loads become part of the catalog, and of the next version of the
//! schema, by themselves.
//!
//! [`Discovery::run`] folds in the commits that were not seen yet. The queue, the cron and `POST /run` start it (`entry`); what a
//! commit does to the catalog is a rule of `living_core::catalog`. [`Outside::run`] then tells Slack, and has new items described by a
//! language model; it's an event of its own, on which no run depends.

mod api;
mod discovery;
mod embeddings;
#[expect(unreachable_pub, reason = "the runtime reaches them")]
mod entry;
mod health;
mod listing;
mod outside;
mod review;
mod similar;
mod typed;

pub use discovery::{Discovery, Failure, Options, RunReport, VersionCache};
pub use embeddings::Embeddings;
pub use health::HealthReport;
pub use outside::{Describer, Outside, OutsideReport, Sent, Slack};
pub use review::{Count, Made, NotDecided, Preview, Report, Request, Versions};
pub use typed::{TypedReport, maintain as maintain_typed};
