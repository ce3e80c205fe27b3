//! The OCR Worker: the pages of a PDF that lands in R2 become one Parquet file of the dataset `raw_documents`.
//!
//! [`Ocr::handle`] takes one event from the queue to the pages. `consumer` gives it messages and answers for them, `api` is its HTTP side.
//! What a PDF says is read by `living_pdf`; pages without a text layer go to an [`OcrEngine`].

mod api;
mod config;
mod consumer;
mod engine;
#[expect(unreachable_pub, reason = "the runtime reaches them")]
mod entry;
mod failure;
mod ocr;
mod pages;
mod record;
mod shelf;

pub use config::Config;
pub use consumer::{consume, record_dead_letter};
pub use engine::{Endpoint, EngineError, Form, HttpEngine, OcrEngine, Picture, Recognised};
pub use ocr::{DocumentsQueue, Ocr, Outcome, Report};
pub use record::{Build, Decision, Delivery, Record, Skip, State, decide, document_id, parquet_key};
pub use shelf::{Content, Expected, Keys, Put, Shelf};
