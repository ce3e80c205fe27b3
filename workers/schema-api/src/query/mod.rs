//! Queries: what may run is checked by the gate, runs as of a point in time, and is logged.
//!
//! [`QueryRunner::execute`] is the way of one query, from its text to its rows.

mod encode;
mod kept;
mod moment;
mod record;
mod request;
mod rows;
mod runner;

pub(crate) use encode::{Format, arrow_stream, encode};
pub use kept::{Afterwards, ResultCache};
pub use moment::{Moment, Pin};
pub(crate) use request::Cancellation;
pub use request::{Asked, Mode, Query, QueryRequest};
pub(crate) use request::{parse, point_in_time, read_cancellation, read_parameters};
pub use rows::{Column, Rows};
pub use runner::{Outcome, QueryResponse, QueryRunner, ServedBy, Stop, Validation, admit};
pub(crate) use runner::{gate, not_allowed, typed_sources};
