//! What is known of a document, and what to do about an event of it.
//!
//! A record is one small object. Whoever reads a document writes its record first, under the condition that it's still what it was when it
//! was looked at; so of two consumers the one that wrote last goes on, and the other finds at its next write that the record isn't its own
//! any more. The record is the only lock, and nobody has to give it back.
//!
//! | the record is | of the content that is there now | then |
//! | --- | --- | --- |
//! | not there, or anything | no | read it from the first page |
//! | `done` | yes, by this build and engine | nothing |
//! | `done` | yes, by others | read it from the first page |
//! | `refused` | yes | nothing, until somebody replays it |
//! | `queued` or `waiting` | yes | go on after the last page that was read |
//! | `reading` | yes | whoever read it has died, or is at it still: go on; after two deaths at one place it's refused |

use living_core::{landing::decision::ObjectHead, time::Timestamp};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

/// Starts in a row that ended without a word at the same page, after which a document is refused.
const MAX_SILENT: u32 = 2;

/// Where a document is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum State {
    /// Some pages are read; a message is on its way for the others.
    Queued,
    /// Somebody is at it, or has died at it.
    Reading,
    /// Something that it needs doesn't work now. It's tried again.
    Waiting,
    /// Its pages are in the pages' bucket.
    Done,
    /// It can't be read, until somebody replays it.
    Refused,
}

/// What is known of a document.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Record {
    pub key: String,
    pub document_id: String,
    pub batch_id: String,
    pub state: State,
    /// Why it's `waiting` or `refused`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// `None` until it was opened.
    pub pages: Option<u32>,
    /// Pages that are read, from the first on.
    pub pages_read: u32,
    /// Of these, those that the OCR engine read.
    pub pages_recognised: u32,
    /// Bytes of their text.
    pub text_bytes: u64,
    /// The object with the pages, once it's `done`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub parquet: Option<String>,
    pub etag: String,
    pub size: u64,
    /// What reads it: the reader of text layers, and the OCR engine.
    pub engines: String,
    /// The commit of the build that reads it.
    pub git_sha: Option<String>,
    /// Starts in a row that ended without a word at the page after `pages_read`.
    #[serde(default)]
    pub silent: u32,
    pub started_at: Timestamp,
    pub updated_at: Timestamp,
    /// Makes each writing of a record another content, so that its etag says whose it is.
    pub writing: Uuid,
}

impl Record {
    /// Where reading goes on.
    fn place(&self) -> String {
        match self.pages {
            None => "when it was opened".to_owned(),
            Some(pages) if pages == self.pages_read => "when its pages were put together".to_owned(),
            Some(_) => format!("at page {}", self.pages_read + 1),
        }
    }
}

/// What the Worker that handles an event is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Build {
    pub engines: String,
    pub git_sha: Option<String>,
}

/// Why an event is handled.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Delivery {
    /// Its message was delivered before.
    pub redelivered: bool,
    /// Somebody asks for the document to be read once more.
    pub replayed: bool,
}

/// What to do.
#[derive(Debug, Clone, PartialEq)]
pub enum Decision {
    /// Read it from the first page.
    Start,
    /// Go on after the pages that are read. If starts have ended without a word there, it's read page by page, so that the one at fault is
    /// known.
    GoOn(Record),
    Refuse(Record, String),
    Skip(Skip),
}

/// Why nothing is to be done.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Skip {
    #[error("this content was read by this build and engine")]
    Done,
    #[error("the document is refused; replay it after the fix")]
    Refused,
}

/// Decides what to do about the content that is there now.
#[must_use]
pub fn decide(record: Option<&Record>, object: &ObjectHead, build: &Build, delivery: Delivery) -> Decision {
    let Some(record) = record.filter(|record| record.etag == object.etag && !delivery.replayed) else {
        return Decision::Start;
    };
    let is_same = record.engines == build.engines;
    match record.state {
        State::Done if is_same && record.git_sha == build.git_sha => Decision::Skip(Skip::Done),
        State::Refused => Decision::Skip(Skip::Refused),
        State::Reading if delivery.redelivered => {
            let silent = record.silent + 1;
            if silent >= MAX_SILENT {
                let reason = format!("reading it ended the Worker {silent} times, {}", record.place());
                Decision::Refuse(record.clone(), reason)
            } else if is_same {
                Decision::GoOn(Record { silent, ..record.clone() })
            } else {
                Decision::Start
            }
        }
        State::Queued | State::Waiting | State::Reading if is_same => Decision::GoOn(record.clone()),
        _ => Decision::Start,
    }
}

/// The id of a document: the key of its PDF without `.pdf` at the end. Argilla's records of its pages carry it in their metadata, with
/// `page_number` and `batch_id`.
#[must_use]
pub fn document_id(key: &str) -> &str {
    key.strip_suffix(".pdf").unwrap_or(key)
}

/// The object with a document's pages.
#[must_use]
pub fn parquet_key(key: &str) -> String {
    format!("{}.parquet", document_id(key))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn object(etag: &str) -> ObjectHead {
        ObjectHead { etag: etag.into(), size: 9, uploaded_at: Timestamp::from_millis(0) }
    }

    fn build() -> Build {
        Build { engines: "e".into(), git_sha: Some("sha".into()) }
    }

    fn record(state: State) -> Record {
        Record {
            key: "a.pdf".into(),
            document_id: "a".into(),
            batch_id: "b".into(),
            state,
            reason: None,
            pages: Some(9),
            pages_read: 4,
            pages_recognised: 0,
            text_bytes: 0,
            parquet: None,
            etag: "x".into(),
            size: 9,
            engines: "e".into(),
            git_sha: Some("sha".into()),
            silent: 0,
            started_at: Timestamp::from_millis(0),
            updated_at: Timestamp::from_millis(0),
            writing: Uuid::nil(),
        }
    }

    const FIRST: Delivery = Delivery { redelivered: false, replayed: false };
    const AGAIN: Delivery = Delivery { redelivered: true, replayed: false };
    const REPLAY: Delivery = Delivery { redelivered: false, replayed: true };

    fn decided(record: &Record, delivery: Delivery) -> Decision {
        decide(Some(record), &object("x"), &build(), delivery)
    }

    #[test]
    fn new_content_is_read_from_the_first_page() {
        assert_eq!(decide(None, &object("x"), &build(), FIRST), Decision::Start);
        for state in [State::Queued, State::Reading, State::Waiting, State::Done, State::Refused] {
            assert_eq!(decide(Some(&record(state)), &object("y"), &build(), AGAIN), Decision::Start);
            assert_eq!(decided(&record(state), REPLAY), Decision::Start);
        }
    }

    #[test]
    fn what_this_build_has_read_is_not_read_again() {
        for delivery in [FIRST, AGAIN] {
            assert_eq!(decided(&record(State::Done), delivery), Decision::Skip(Skip::Done));
            assert_eq!(decided(&record(State::Refused), delivery), Decision::Skip(Skip::Refused));
        }
        let older = Record { git_sha: None, ..record(State::Done) };
        assert_eq!(decided(&older, FIRST), Decision::Start);
        let other = Record { engines: "f".into(), ..record(State::Done) };
        assert_eq!(decided(&other, FIRST), Decision::Start);
    }

    #[test]
    fn what_was_begun_goes_on_unless_another_engine_began_it() {
        for state in [State::Queued, State::Waiting, State::Reading] {
            assert_eq!(decided(&record(state), FIRST), Decision::GoOn(record(state)));
            let other = Record { engines: "f".into(), ..record(state) };
            assert_eq!(decided(&other, FIRST), Decision::Start);
        }
    }

    #[test]
    fn two_deaths_at_one_place_refuse_a_document() {
        let once = record(State::Reading);
        let twice = Record { silent: 1, ..once.clone() };
        assert_eq!(decided(&once, AGAIN), Decision::GoOn(twice.clone()));
        let refused = |record: &Record, place: &str| {
            let reason = format!("reading it ended the Worker 2 times, {place}");
            assert_eq!(decided(record, AGAIN), Decision::Refuse(record.clone(), reason));
        };
        refused(&twice, "at page 5");
        refused(&Record { pages: None, pages_read: 0, ..twice.clone() }, "when it was opened");
        refused(&Record { pages_read: 9, ..twice.clone() }, "when its pages were put together");
        assert_eq!(decided(&twice, FIRST), Decision::GoOn(twice), "another copy of the event may be at it");
        let waiting = Record { silent: 1, ..record(State::Waiting) };
        assert_eq!(decided(&waiting, AGAIN), Decision::GoOn(waiting.clone()), "that one ended with a word");
    }

    #[test]
    fn a_document_is_named_by_its_key() {
        assert_eq!(document_id("fleet/2026/report.v2.pdf"), "fleet/2026/report.v2");
        assert_eq!(document_id("REPORT.PDF"), "REPORT.PDF");
        assert_eq!(parquet_key("fleet/report.pdf"), "fleet/report.parquet");
    }
}
