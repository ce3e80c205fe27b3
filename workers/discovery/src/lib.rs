//! The discovery Worker: new entity types and columns in committed loads become part of the catalog, and of the next version of the
//! schema, by themselves.
//!
//! [`Discovery::run`] folds in the commits that were not seen yet. The queue, the cron and `POST /run` start it (`entry`); what a
//! commit does to the catalog is a rule of `living_core::catalog`.

mod discovery;
#[expect(unreachable_pub, reason = "the runtime reaches them")]
mod entry;
mod listing;
mod similar;
mod typed;

pub use discovery::{Discovery, Failure, RunReport, VersionCache};
pub use typed::{TypedReport, maintain as maintain_typed};
