//! Real DuckDB behind the surface of MotherDuck's remote MCP server: the warehouse for development and tests.
//!
//! ```no_run
//! # async fn example() -> Result<(), Box<dyn std::error::Error>> {
//! use local_warehouse::{Config, LocalWarehouse, Token, Tokens};
//!
//! let tokens = Tokens { read_write: Token::new("secret")?, read_only: None };
//! let warehouse = LocalWarehouse::start(Config::new(tokens)).await?;
//! println!("{}", warehouse.url());
//! warehouse.stop().await?;
//! # Ok(())
//! # }
//! ```

mod auth;
mod call;
mod config;
mod duckdb;
mod engine;
mod error;
mod faults;
mod http;
mod listener;
mod mcp;
mod outcome;
mod policy;
mod postgres;
mod requests;
mod server;

pub use auth::{InvalidToken, Token, Tokens};
pub use config::{
    Config, DEFAULT_DATABASE_NAME, DEFAULT_MEMORY_LIMIT, Limits, MAX_CHARACTERS, MAX_ROWS, MAX_STATEMENT_TIME, R2,
    ReplyStyle, Storage,
};
pub use error::{StartError, StopError};
pub use server::LocalWarehouse;

/// The version of the linked DuckDB library, such as `v1.5.5`.
#[must_use]
pub fn duckdb_version() -> String {
    duckdb::library_version()
}
