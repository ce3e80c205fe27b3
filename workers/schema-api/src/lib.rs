//! The API: what SQLRooms and every other client talk to.
//!
//! `operation` has the table of operations, which the router (`entry`) and the OpenAPI document (`openapi`) both read.

mod entry;
mod openapi;
mod operation;
mod query;
mod query_string;
mod reply;
mod schema;

pub use openapi::document as openapi_document;
pub use query::{Mode, QueryRequest, QueryResponse, QueryRunner, Validation};
pub use schema::{Diff, SchemaCache, SchemaReader, Versions};
