//! The port to Argilla 2.
//!
//! [`Argilla`] reads datasets and pages of records over its REST API. [`Layout`] makes rows of records, in the layout of Argilla's own
//! export, and [`Table`] gives them types. [`Progress`] is what of a dataset was read and written: which records changed since, which are
//! gone, and where to go on. Nothing here but the client does I/O.
#![deny(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]
#![cfg_attr(test, allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing))]

mod annotation;
mod client;
mod error;
mod kind;
mod layout;
mod model;
mod progress;
mod question;

pub use annotation::Annotation;
pub use client::{Argilla, Endpoint, MAX_PAGE};
pub use error::{Error, ErrorClass};
pub use layout::{Layout, Row, Table};
pub use model::{Dataset, Page, Question, Record, Response, Suggestion, Workspace};
pub use progress::{Edition, Part, Phase, Progress, ProgressError, Reading, Seen};
pub use question::Answers;
