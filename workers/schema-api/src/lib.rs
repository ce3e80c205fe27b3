//! The API: what SQLRooms and every other client talk to.
//!
//! `operation` has the table of operations, which the router (`entry`) and the OpenAPI document (`openapi`) both read.

mod body;
mod bridge;
mod busy;
mod decisions;
mod entry;
mod generate;
mod graphql;
mod kv;
mod neighbour;
mod openapi;
mod operation;
mod postgres;
mod queries;
mod query;
mod rate_limit;
mod reply;
mod report;
mod running;
mod schema;
mod uploads;
mod verified;

pub use generate::{GenerateRequest, GenerateResponse, QueryGenerator};
pub use openapi::document as openapi_document;
pub use postgres::PostgresReader;
pub use query::{
    Afterwards, Asked, Column, Mode, Moment, Outcome, Pin, Query, QueryRequest, QueryResponse, QueryRunner,
    ResultCache, Rows, ServedBy, Stop, Validation, admit,
};
pub use report::{
    Cause, Checked, CheckedReports, Deleted, Report, ReportDiff, ReportHistory, ReportList, ReportRequest, ReportRun,
    Reports, Side,
};
pub use running::RunningQuery;
pub use schema::{Diff, SchemaCache, SchemaReader, Versions};
pub use verified::{VerifiedQueries, VerifiedRequest, VerifiedStore};
