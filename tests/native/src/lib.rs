//! Ports for tests of ingest: real DuckDB behind MotherDuck's protocol, and R2, queue, clock and chance in memory, with faults that can
//! be switched on.

mod duck;
mod embedder;
mod faults;
mod files;
mod outside;
mod ports;
mod postgres;
pub mod sqlgate;

pub use duck::{Duck, HttpTransport, data, rows_at_first};
pub use embedder::StandInEmbedder;
pub use faults::{Fault, Faults, Point};
pub use files::{Cells, annotations, documents, foreign_files, made_files, read_rows, table, write};
pub use outside::{StandIn, StandInFault};
pub use ports::{Harness, MemoryStore, TestDiscovery, TestHost, until_death};
pub use postgres::{TcpNetwork, postgres_client};
