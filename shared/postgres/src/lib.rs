//! A client of the Postgres wire protocol: what the Workers need of it, over any stream.
//!
//! It speaks the [simple query protocol](https://www.postgresql.org/docs/current/protocol-flow.html#PROTOCOL-FLOW-SIMPLE-QUERY): statements
//! as text, values as text, with the types that the server announces. The messages are those of the crate `postgres-protocol`; what is
//! here is the order of them, and what each way of ending says about the statement: the server refused it ([`QueryError::Server`]), or
//! nobody knows ([`QueryError::Lost`]).
#![deny(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]
#![cfg_attr(test, allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing))]

mod connection;
mod error;
mod network;

pub use connection::{Connection, Credentials, Field, Limits, Reply};
pub use error::{ConnectError, QueryError, ServerError};
pub use network::{Address, InvalidAddress, Network, within};
