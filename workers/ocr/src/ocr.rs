//! One event, from the queue to the pages. Read [`Ocr::handle`] downwards: each step is a function whose name is the step.
//!
//! A consumer may die at any await. Pages that are read are kept in objects of their own, and the record says how many there are; so the
//! next delivery goes on there. Nobody sees a page before all of them are in one Parquet file.

use futures_util::future::join_all;
use living_core::{
    landing::{
        decision::ObjectHead,
        event::{Action, Change, Notification, NotifiedObject, ObjectEvent},
    },
    time::Timestamp,
};
use living_kit::{Host, ObjectStore, Read};
use living_pdf::Document;
use living_produce::GIT_SHA;

use crate::{
    config::Config,
    engine::OcrEngine,
    failure::Failure,
    pages::{Extent, MAX_TEXT, PagesFile, ReadPage, STRETCH_PAGES, Stretch, read_stretch},
    record::{Build, Decision, Delivery, Record, Skip, State, decide, document_id, parquet_key},
    shelf::{Content, Expected, Put, Shelf},
};

/// Keys of records begin with this.
pub(crate) const RECORDS: &str = ".ocr/documents/";

/// Keys of pages that are read, and not visible yet, begin with this.
const PAGES: &str = ".ocr/pages/";

/// Keys of messages that nothing could be done with begin with this.
pub(crate) const DEAD_LETTERS: &str = ".ocr/dead-letters/";

/// Bytes of a key at most: R2's 1,024, less what the names of records and pages have besides.
pub(crate) const MAX_KEY: usize = 900;

/// How much of a PDF is read at once. The file is in memory once, and this part twice.
const READ_BYTES: u64 = 4 << 20;

/// How often a document is followed that changes while it's read.
const MAX_ROUNDS: u32 = 3;

/// Keys in one list, and in one deletion ([limits](https://developers.cloudflare.com/r2/api/workers/workers-api-reference/#bucket-method-definitions)).
const LISTED_AT_ONCE: u32 = 1_000;

/// Sends a message to the documents' queue.
#[expect(async_fn_in_trait, reason = "used through generics only, on one thread")]
pub trait DocumentsQueue {
    /// # Errors
    /// Why the messages weren't all sent.
    async fn send(&self, messages: Vec<Notification>) -> Result<(), String>;
}

/// What became of an event.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Outcome {
    Skipped(Skip),
    Done(Report),
    /// Some pages are read; the rest has a message of its own.
    Continued {
        pages_read: u32,
    },
    Refused {
        reason: String,
    },
    /// The PDF is gone, and so are its pages.
    Gone,
    /// Another delivery reads the document.
    Discarded,
    /// The OCR engine doesn't work now.
    Waiting {
        reason: String,
        retry_after: Option<u32>,
    },
    Retry {
        reason: String,
    },
}

/// A document that was read.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct Report {
    pub pages: u32,
    /// Of these, those that the OCR engine read.
    pub recognised: u32,
    pub parquet: String,
    #[serde(skip)]
    pub etag: String,
}

/// The consumer's logic, with its ports.
#[derive(Debug)]
pub struct Ocr<S, P, E, Q, H> {
    pub store: S,
    /// The bucket of the pages.
    pub shelf: P,
    pub engine: Option<E>,
    pub queue: Q,
    pub host: H,
    pub config: Config,
}

/// A record, and the etag by which it's still the one that was read or written.
#[derive(Debug, Clone)]
struct Held {
    record: Record,
    etag: String,
}

impl<S: ObjectStore, P: Shelf, E: OcrEngine, Q: DocumentsQueue, H: Host> Ocr<S, P, E, Q, H> {
    /// Does what an event calls for.
    pub async fn handle(&self, event: &ObjectEvent, redelivered: bool) -> Outcome {
        let mut delivery = Delivery { redelivered, replayed: event.change == Change::Replayed };
        for _ in 0..MAX_ROUNDS {
            let outcome = match self.reconcile(&event.key, delivery).await {
                Ok(outcome) => outcome,
                Err(failure) => outcome_of(failure),
            };
            match self.is_still_so(&event.key, &outcome).await {
                Ok(true) => return outcome,
                // The event of the newer content may have come while this one wasn't done yet.
                Ok(false) => delivery = Delivery { redelivered: false, replayed: false },
                Err(failure) => return outcome_of(failure),
            }
        }
        Outcome::Retry { reason: "the PDF changes faster than it can be read".to_owned() }
    }

    /// Brings the pages to what the PDF is now.
    async fn reconcile(&self, key: &str, delivery: Delivery) -> Result<Outcome, Failure> {
        let object = self.store.head(&self.config.documents_bucket, key).await?;
        let before = self.record(key).await?;
        let Some(object) = object else {
            return self.forget(key, before).await;
        };
        let build = self.build();
        let (record, reads) = match decide(before.as_ref().map(|held| &held.record), &object, &build, delivery) {
            Decision::Skip(skip) => {
                // Whoever wrote how it ended may have died before the pages that nobody needs any more were gone.
                if let Some(held) = before.filter(|_| delivery.redelivered) {
                    self.clear(&held.record).await?;
                }
                return Ok(Outcome::Skipped(skip));
            }
            Decision::Start => (self.new_record(key, &object, &build), true),
            Decision::Refuse(record, reason) => (record.refused(reason), false),
            Decision::GoOn(record) => {
                (Record { state: State::Reading, reason: None, git_sha: build.git_sha, ..record }, true)
            }
        };
        // Dying from here on: the record says `reading`, and the next delivery goes on.
        let held = self.write(record, before.as_ref().map(|held| held.etag.as_str())).await?;
        if !reads {
            let reason = held.record.reason.unwrap_or_default();
            return Ok(Outcome::Refused { reason });
        }
        self.attempt(held, &object).await
    }

    /// Reads a document, and writes how it ended into its record.
    async fn attempt(&self, mut held: Held, object: &ObjectHead) -> Result<Outcome, Failure> {
        let failure = match self.read(&mut held, object).await {
            Ok(outcome) => return Ok(outcome),
            Err(failure) => failure,
        };
        let state = match &failure {
            Failure::Refused(_) => State::Refused,
            Failure::Waiting { .. } | Failure::Passing(_) | Failure::Lost { .. } => State::Waiting,
            // Its own event, or whoever has taken it over, says what is so.
            Failure::Changed | Failure::TakenOver => return Err(failure),
        };
        let mut record = Record { state, reason: Some(failure.to_string()), ..held.record };
        if let Failure::Lost { .. } = &failure {
            record = record.begun_anew();
        }
        match self.write(record, Some(&held.etag)).await {
            Ok(_) | Err(Failure::TakenOver) => Err(failure),
            Err(unwritten) => Err(unwritten),
        }
    }

    /// Reads the pages that are left; then all of them become visible at once.
    async fn read(&self, held: &mut Held, object: &ObjectHead) -> Result<Outcome, Failure> {
        let from = self.host.now();
        living_pdf::check_size(object.size)?;
        if held.record.pages != Some(held.record.pages_read) {
            let document = Document::open(self.fetch(&held.record.key, object).await?)?;
            let pages = document.pages();
            if held.record.pages != Some(pages) {
                self.update(held, |record| record.pages = Some(pages)).await?;
            }
            while held.record.pages_read < pages {
                self.read_more(held, &document).await?;
                if held.record.pages_read < pages && self.is_over(from) {
                    return self.leave_the_rest(held).await;
                }
            }
        }
        self.publish(held).await
    }

    /// Whether others have waited long enough.
    fn is_over(&self, from: Timestamp) -> bool {
        self.host.now().millis() - from.millis() >= i64::from(self.config.budget_seconds) * 1_000
    }

    /// The PDF, in one piece.
    async fn fetch(&self, key: &str, object: &ObjectHead) -> Result<Vec<u8>, Failure> {
        let mut bytes = Vec::with_capacity(usize::try_from(object.size).unwrap_or(0));
        let mut from = 0;
        while from < object.size {
            let to = (from + READ_BYTES).min(object.size);
            match self.store.read(&self.config.documents_bucket, key, &object.etag, from..to).await? {
                Read::Bytes(part) => bytes.extend_from_slice(&part),
                Read::Changed => return Err(Failure::Changed),
            }
            from = to;
        }
        Ok(bytes)
    }

    /// Reads the next pages, keeps them, and says so in the record. If the engine fails at one of them, those before it are kept.
    async fn read_more(&self, held: &mut Held, document: &Document) -> Result<(), Failure> {
        let first = held.record.pages_read + 1;
        let extent = if held.record.silent > 0 {
            Extent { pages: 1, pictures: 1 }
        } else {
            Extent { pages: STRETCH_PAGES, pictures: self.config.pages_at_once.get() }
        };
        let form = self.engine.as_ref().map(OcrEngine::form);
        let stretch = read_stretch(document, &held.record.document_id, first, form, extent)?;
        let (pages, recognised, failure) = self.recognise(first, stretch).await;
        if !pages.is_empty() {
            // Dying before the record is written: these pages are read again, and the object is written over.
            self.keep(held, first, &pages).await?;
            let count = u32::try_from(pages.len()).unwrap_or(u32::MAX);
            let text: u64 = pages.iter().map(|page| page.read.text.len() as u64).sum();
            self.update(held, |record| {
                record.pages_read += count;
                record.pages_recognised += recognised;
                record.text_bytes += text;
                record.silent = 0;
            })
            .await?;
            if held.record.text_bytes > MAX_TEXT {
                return Err(Failure::Refused(format!("more than {MAX_TEXT} bytes of text: split it")));
            }
        }
        failure.map_or(Ok(()), Err)
    }

    /// Asks the engine for the pictures of a stretch. Gives the pages from `first` on up to the first one that failed, and how many of them
    /// the engine read.
    async fn recognise(&self, first: u32, stretch: Stretch) -> (Vec<ReadPage>, u32, Option<Failure>) {
        let Stretch { mut pages, pictures } = stretch;
        let mut failures = Vec::new();
        let mut recognised = Vec::new();
        if let Some(engine) = &self.engine {
            let answers = join_all(pictures.iter().map(|picture| engine.read(picture))).await;
            for (picture, answer) in pictures.iter().zip(answers) {
                match answer {
                    Ok(read) => {
                        recognised.push(picture.page_number);
                        pages.push(ReadPage { page_number: picture.page_number, read });
                    }
                    Err(error) => failures.push((picture.page_number, error)),
                }
            }
        }
        pages.sort_by_key(|page| page.page_number);
        let whole = (first..).zip(&pages).take_while(|(number, page)| *number == page.page_number).count();
        pages.truncate(whole);
        let read = |number: &&u32| pages.last().is_some_and(|last| **number <= last.page_number);
        let recognised = u32::try_from(recognised.iter().filter(read).count()).unwrap_or(u32::MAX);
        let failure = failures.into_iter().min_by_key(|(page, _)| *page);
        (pages, recognised, failure.map(|(page, error)| Failure::of_engine(page, error)))
    }

    async fn keep(&self, held: &Held, first: u32, pages: &[ReadPage]) -> Result<(), Failure> {
        let bytes = serde_json::to_vec(pages).map_err(|error| Failure::Passing(error.to_string()))?;
        self.shelf.put(&pages_key(&held.record, first), bytes, &Expected::Anything).await?;
        Ok(())
    }

    /// Leaves the rest to a message of its own.
    async fn leave_the_rest(&self, held: &mut Held) -> Result<Outcome, Failure> {
        let Record { key, etag, size, .. } = &held.record;
        let message = message(&self.config.documents_bucket, key, etag, *size, self.host.now());
        // Sent first: dying between the two, the other consumer takes the document over; the other way round nobody would.
        self.queue.send(vec![message]).await.map_err(|error| Failure::Passing(format!("documents queue: {error}")))?;
        let pages_read = held.record.pages_read;
        match self.update(held, |record| record.state = State::Queued).await {
            Ok(()) | Err(Failure::TakenOver) => Ok(Outcome::Continued { pages_read }),
            Err(failure) => Err(failure),
        }
    }

    /// Puts all pages into one Parquet file, unless the PDF has another content by now or another consumer was first.
    async fn publish(&self, held: &mut Held) -> Result<Outcome, Failure> {
        let record = &held.record;
        let pages = record.pages_read;
        let parquet = parquet_key(&record.key);
        let bytes = self.put_together(record).await?;
        // What is there now is of an older content, or of this one: what a newer one made would be seen by its PDF in the next line.
        let replaced = self.shelf.etag(&parquet).await?;
        self.check_unchanged(record).await?;
        let expected = replaced.map_or(Expected::Nothing, Expected::Etag);
        if self.shelf.put(&parquet, bytes, &expected).await? == Put::Unexpected {
            // If another consumer was first, the record is its own by now.
            return Err(Failure::Passing(format!("{parquet} was written by somebody else meanwhile")));
        }
        // Dying here: the next delivery writes the same file again, which ingest knows by its etag.
        self.update(held, |record| {
            record.state = State::Done;
            record.parquet = Some(parquet.clone());
        })
        .await?;
        // Dying here: the redelivered event deletes the objects with pages.
        if let Err(failure) = self.clear(&held.record).await {
            // The document is done, and its record says so: only the message comes again.
            return Ok(Outcome::Retry { reason: format!("the objects with its pages are still there: {failure}") });
        }
        let Record { pages_recognised, etag, .. } = &held.record;
        Ok(Outcome::Done(Report { pages, recognised: *pages_recognised, parquet, etag: etag.clone() }))
    }

    async fn put_together(&self, record: &Record) -> Result<Vec<u8>, Failure> {
        let mut file = PagesFile::new(record, &self.config.documents_bucket)?;
        let mut next = 1;
        while next <= record.pages_read {
            let key = pages_key(record, next);
            let content = self.shelf.get(&key).await?;
            let pages: Option<Vec<ReadPage>> =
                content.and_then(|Content { bytes, .. }| serde_json::from_slice(&bytes).ok());
            let pages = pages.filter(|pages| !pages.is_empty()).ok_or(Failure::Lost { page: next })?;
            file.add(&pages)?;
            next += u32::try_from(pages.len()).unwrap_or(u32::MAX);
        }
        if file.rows() != u64::from(record.pages_read) {
            return Err(Failure::Lost { page: next });
        }
        file.finish()
    }

    async fn check_unchanged(&self, record: &Record) -> Result<(), Failure> {
        let object = self.store.head(&self.config.documents_bucket, &record.key).await?;
        if object.is_some_and(|object| object.etag == record.etag) { Ok(()) } else { Err(Failure::Changed) }
    }

    /// Of a PDF that is gone nothing stays here. What becomes of its rows in the warehouse, ingest's route says (`on_delete`).
    async fn forget(&self, key: &str, before: Option<Held>) -> Result<Outcome, Failure> {
        // The record last: dying before, the redelivered event finds it.
        self.shelf.delete(vec![parquet_key(key)]).await?;
        if let Some(Held { record, .. }) = before {
            self.clear(&record).await?;
            self.shelf.delete(vec![record_key(key)]).await?;
        }
        Ok(Outcome::Gone)
    }

    /// Deletes the objects with the pages of a reading, and of those before it; a later one may be under way.
    async fn clear(&self, record: &Record) -> Result<(), Failure> {
        let newest = pages_prefix(record);
        let mut cursor = None;
        loop {
            let listed = self.shelf.list(&document_prefix(&record.key), LISTED_AT_ONCE, cursor).await?;
            let own = |key: &String| key.get(..newest.len()).is_some_and(|prefix| *prefix <= *newest);
            let old: Vec<String> = listed.keys.into_iter().filter(own).collect();
            if !old.is_empty() {
                self.shelf.delete(old).await?;
            }
            cursor = listed.cursor;
            if cursor.is_none() {
                return Ok(());
            }
        }
    }

    /// Whether the PDF still is what the outcome says of it.
    async fn is_still_so(&self, key: &str, outcome: &Outcome) -> Result<bool, Failure> {
        let expected = match outcome {
            Outcome::Done(report) => Some(report.etag.as_str()),
            Outcome::Gone => None,
            _ => return Ok(true),
        };
        let object = self.store.head(&self.config.documents_bucket, key).await?;
        Ok(object.as_ref().map(|object| object.etag.as_str()) == expected)
    }

    // ---- Records ---------------------------------------------------------------------------------------------------------

    /// What reads documents here.
    fn build(&self) -> Build {
        let engine = self.engine.as_ref().map_or_else(|| "none".to_owned(), OcrEngine::name);
        Build {
            engines: format!("{} {}, {engine}", living_pdf::ENGINE, living_pdf::ENGINE_VERSION),
            git_sha: GIT_SHA.map(str::to_owned),
        }
    }

    fn new_record(&self, key: &str, object: &ObjectHead, build: &Build) -> Record {
        let now = self.host.now();
        Record {
            key: key.to_owned(),
            document_id: document_id(key).to_owned(),
            batch_id: batch_id(&self.config.documents_bucket, key, object),
            state: State::Reading,
            reason: None,
            pages: None,
            pages_read: 0,
            pages_recognised: 0,
            text_bytes: 0,
            parquet: None,
            etag: object.etag.clone(),
            size: object.size,
            engines: build.engines.clone(),
            git_sha: build.git_sha.clone(),
            silent: 0,
            started_at: now,
            updated_at: now,
            writing: self.host.new_id(),
        }
    }

    async fn record(&self, key: &str) -> Result<Option<Held>, Failure> {
        let Some(Content { bytes, etag }) = self.shelf.get(&record_key(key)).await? else {
            return Ok(None);
        };
        match serde_json::from_slice(&bytes) {
            Ok(record) => Ok(Some(Held { record, etag })),
            // Of another version of this Worker: the document is read anew, and the record written over.
            Err(_) => Ok(Some(Held { record: self.unknown_record(key), etag })),
        }
    }

    fn unknown_record(&self, key: &str) -> Record {
        let nothing = ObjectHead { etag: String::new(), size: 0, uploaded_at: Timestamp::from_millis(0) };
        self.new_record(key, &nothing, &self.build())
    }

    /// Writes a record over the one with this etag, or where there is none.
    async fn write(&self, record: Record, over: Option<&str>) -> Result<Held, Failure> {
        let record = Record { updated_at: self.host.now(), writing: self.host.new_id(), ..record };
        let bytes = serde_json::to_vec(&record).map_err(|error| Failure::Passing(error.to_string()))?;
        let expected = over.map_or(Expected::Nothing, |etag| Expected::Etag(etag.to_owned()));
        if let Put::Written { etag } = self.shelf.put(&record_key(&record.key), bytes, &expected).await? {
            return Ok(Held { record, etag });
        }
        // R2 may have carried out a try whose answer it lost itself, and found that one at the next.
        let there = self.record(&record.key).await?;
        there.filter(|there| there.record.writing == record.writing).ok_or(Failure::TakenOver)
    }

    async fn update(&self, held: &mut Held, change: impl FnOnce(&mut Record)) -> Result<(), Failure> {
        let mut record = held.record.clone();
        change(&mut record);
        *held = self.write(record, Some(&held.etag)).await?;
        Ok(())
    }

    /// Refuses a document whose message was given up, unless it's done or refused already.
    pub(crate) async fn give_up(&self, key: &str) -> Result<(), Failure> {
        let Some(held) = self.record(key).await? else {
            return Ok(());
        };
        if matches!(held.record.state, State::Done | State::Refused) {
            return Ok(());
        }
        let last = held.record.reason.clone().unwrap_or_else(|| "the Worker died each time".to_owned());
        let record = held.record.refused(format!("every attempt failed; the last: {last}"));
        self.write(record, Some(&held.etag)).await.map(drop)
    }
}

impl Record {
    fn refused(self, reason: String) -> Self {
        Self { state: State::Refused, reason: Some(reason), ..self }
    }

    fn begun_anew(self) -> Self {
        Self { pages: None, pages_read: 0, pages_recognised: 0, text_bytes: 0, ..self }
    }
}

/// The batch of a document: this content of its PDF. Whoever makes Argilla's records of its pages takes it over from there, so that
/// documents and their annotations have one.
fn batch_id(bucket: &str, key: &str, object: &ObjectHead) -> String {
    format!("{bucket}/{key}@{}", object.etag)
}

/// Where a document's record is.
pub(crate) fn record_key(key: &str) -> String {
    format!("{RECORDS}{key}.json")
}

/// Where the pages of a document are. The length keeps `a.pdf` apart from `a.pdf/b.pdf`.
fn document_prefix(key: &str) -> String {
    format!("{PAGES}{}:{key}/", key.len())
}

/// Where the pages of one reading are; later readings sort behind it.
fn pages_prefix(record: &Record) -> String {
    format!("{}{:015}/", document_prefix(&record.key), record.started_at.millis())
}

/// Where pages from `first` on are.
fn pages_key(record: &Record, first: u32) -> String {
    format!("{}{first:06}.json", pages_prefix(record))
}

/// A message of the form of R2's own, for a document.
pub(crate) fn message(bucket: &str, key: &str, etag: &str, size: u64, at: Timestamp) -> Notification {
    Notification {
        account: String::new(),
        action: Action::PutObject,
        bucket: bucket.to_owned(),
        object: NotifiedObject { key: key.to_owned(), size: Some(size), etag: Some(etag.to_owned()) },
        event_time: at,
    }
}

fn outcome_of(failure: Failure) -> Outcome {
    match failure {
        Failure::Refused(reason) => Outcome::Refused { reason },
        Failure::Waiting { reason, retry_after } => Outcome::Waiting { reason, retry_after },
        Failure::TakenOver => Outcome::Discarded,
        Failure::Changed | Failure::Lost { .. } => Outcome::Retry { reason: failure.to_string() },
        Failure::Passing(reason) => Outcome::Retry { reason },
    }
}
