//! The port to the warehouse.
//!
//! [`Warehouse`] runs statements. It has two implementations for MotherDuck, which give the same values and the same errors:
//! - [`McpWarehouse`] speaks the vendor's remote MCP endpoint: the protocol is a state machine ([`Exchange`]) without I/O, which a Worker
//!   drives with `fetch` and a test with whatever it likes ([`Transport`](living_http::Transport));
//! - [`PostgresWarehouse`] speaks the vendor's Postgres endpoint, over any [`Network`](living_postgres::Network).
//!
//! What went wrong is sorted by what can be done about it ([`ErrorClass`]).
#![deny(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]
#![cfg_attr(test, allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing))]

mod backoff;
mod classify;
mod client;
mod error;
mod exchange;
pub mod listing;
mod message;
mod postgres;
mod retry;

pub use client::McpWarehouse;
pub use error::{Error, ErrorClass};
pub use exchange::{Action, Endpoint, Exchange, Session};
pub use message::{Page, QueryResult};
pub use postgres::{PostgresEndpoint, PostgresWarehouse};

use living_core::sql::Statement;

/// Something that runs SQL.
///
/// Futures are not `Send`: a Worker has one thread.
#[expect(async_fn_in_trait, reason = "used through generics only, on one thread")]
pub trait Warehouse {
    /// Rows of one answer at most. A result may be cut at fewer, where they are large.
    fn max_rows(&self) -> u32;

    /// Characters of one answer at most.
    fn max_characters(&self) -> usize;

    /// Runs a statement and gives all its rows. An INSERT, UPDATE or DELETE gives one row with the number of rows it changed.
    ///
    /// It's tried again where that can do no harm: after an error that says it didn't run; and after one that doesn't say so, if the
    /// statement may run twice ([`Effect`](living_core::sql::Effect)).
    ///
    /// # Errors
    /// The last error, when trying again is no use or was of no use. `OverLimit` if the result has more rows than come in one answer:
    /// part of a result is never taken for the whole.
    async fn run(&self, statement: &Statement) -> Result<QueryResult, Error> {
        self.run_page(statement).await?.whole()
    }

    /// As [`Self::run`], for who can do with the first rows of a result.
    ///
    /// # Errors
    /// As [`Self::run`], but for the size of the result.
    async fn run_page(&self, statement: &Statement) -> Result<Page, Error>;
}
