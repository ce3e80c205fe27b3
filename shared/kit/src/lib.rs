//! What the Workers share: ports to the platform and their implementations, authentication, problem documents, logs.
//!
//! A Worker's logic is written against the ports ([`ObjectStore`], [`Host`]), so that it runs natively in tests; the
//! implementations for Cloudflare are beside them.

mod access;
mod auth;
mod cloudflare_access;
mod config;
mod fetch;
mod flag;
mod host;
pub mod log;
mod origin;
mod platform;
mod postgres;
mod problem;
mod query_string;
mod queue;
mod request;
mod socket;
mod store;
mod upload;
mod warehouse;

pub use access::{Caller, Scope, Tokens};
pub use auth::{AdminTokens, TokenHash};
pub use cloudflare_access::{ASSERTION, AccessPolicy};
pub use config::{ConfigError, optional_secret, optional_var, required_secret, required_var, var_as};
pub use fetch::FetchTransport;
pub use flag::Flag;
pub use host::{Host, WorkerHost, memory_bytes};
pub use origin::Cors;
pub use platform::{admit, admit_admin, misconfigured, model, number_var};
pub use postgres::PostgresSettings;
pub use problem::Problem;
pub use query_string::QueryString;
pub use queue::{Answer, Delivery, QueuePort, Responder, answer_batch, log_event, messages};
pub use request::{RequestId, answer, method, percent_decoded, query_pairs};
pub use socket::{SocketNetwork, SocketStream};
pub use store::{Listed, ObjectStore, R2Multipart, R2Store, Range, Read, StoreError, binding_name};
pub use upload::{ObjectWriter, PART_BYTES, Target, Upload, Written, upload};
pub use warehouse::{WorkerWarehouse, warehouse};
