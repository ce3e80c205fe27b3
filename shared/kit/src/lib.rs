//! What the Workers share: ports to the platform and their implementations, authentication, problem documents, logs.
//!
//! A Worker's logic is written against the ports ([`ObjectStore`], [`Host`]), so that it runs natively in tests; the
//! implementations for Cloudflare are beside them.

mod access;
mod auth;
mod config;
mod fetch;
mod host;
pub mod log;
mod platform;
mod problem;
mod queue;
mod request;
mod store;

pub use access::{Caller, Scope, Tokens};
pub use auth::TokenHash;
pub use config::{ConfigError, optional_secret, optional_var, required_secret, required_var, var_as};
pub use fetch::FetchTransport;
pub use host::{Host, WorkerHost, memory_bytes};
pub use platform::{admit_admin, misconfigured, warehouse};
pub use problem::Problem;
pub use queue::{Answer, Delivery, Responder, messages};
pub use request::{RequestId, answer};
pub use store::{Listed, ObjectStore, R2Store, Range, Read, StoreError, binding_name};
