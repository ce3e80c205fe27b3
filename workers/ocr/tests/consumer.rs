//! The consumer with everything around it in memory: it dies or fails before and after every await, and several are at one document. Each
//! time the pages are there in the end, whole and once, and nothing else is left.

use std::{
    cell::{Cell, RefCell},
    collections::{BTreeMap, VecDeque},
    num::NonZeroUsize,
    rc::Rc,
};

use arrow_array::{Array, cast::AsArray, types::Int32Type};
use bytes::Bytes;
use futures_util::FutureExt;
use living_core::{
    landing::{
        decision::ObjectHead,
        event::{self, Action, Notification, NotifiedObject},
    },
    time::Timestamp,
};
use living_kit::{Answer, Delivery, Host, Listed, ObjectStore, Range, Read, StoreError};
use ocr::{
    Config, Content, DocumentsQueue, EngineError, Expected, Form, Keys, Ocr, OcrEngine, Picture, Put, Recognised,
    Record, Shelf, State, consume, record_dead_letter,
};
use parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;

const BUCKET: &str = "documents";

/// What happens at a request to something outside.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Fault {
    /// The isolate dies before the request leaves, or after it was carried out.
    DieBefore,
    DieAfter,
    FailBefore,
    FailAfter,
}

const FAULTS: [Fault; 4] = [Fault::DieBefore, Fault::DieAfter, Fault::FailBefore, Fault::FailAfter];

#[derive(Default)]
struct Inside {
    documents: RefCell<BTreeMap<String, (ObjectHead, Vec<u8>)>>,
    shelf: RefCell<BTreeMap<String, Content>>,
    messages: RefCell<VecDeque<(Notification, u32)>>,
    clock: Cell<i64>,
    /// Requests so far, and at which one what happens.
    requests: Cell<usize>,
    fault: Cell<Option<(usize, Fault)>>,
    /// Pages that the engine was asked for.
    asked: RefCell<Vec<u32>>,
    engine_fails: Cell<bool>,
    /// Contents of the pages' object, one after the other.
    visible: RefCell<Vec<Vec<u8>>>,
}

/// R2, the queue, the engine, the clock and chance.
#[derive(Clone, Default)]
struct World(Rc<Inside>);

impl World {
    async fn around<T>(&self, request: impl FnOnce() -> T, failed: impl FnOnce() -> T) -> T {
        let n = self.0.requests.get();
        self.0.requests.set(n + 1);
        match self.0.fault.get().filter(|(at, _)| *at == n).map(|(_, fault)| fault) {
            None => request(),
            Some(Fault::DieBefore) => std::future::pending().await,
            Some(Fault::DieAfter) => {
                request();
                std::future::pending().await
            }
            Some(Fault::FailBefore) => failed(),
            Some(Fault::FailAfter) => {
                request();
                failed()
            }
        }
    }

    fn tick(&self) -> Timestamp {
        self.0.clock.set(self.0.clock.get() + 1);
        Timestamp::from_millis(1_790_000_000_000 + self.0.clock.get())
    }

    fn upload(&self, key: &str, bytes: Vec<u8>) {
        let at = self.tick();
        let etag = etag(&bytes);
        let head = ObjectHead { etag: etag.clone(), size: bytes.len() as u64, uploaded_at: at };
        self.0.documents.borrow_mut().insert(key.to_owned(), (head, bytes));
        self.notify(Action::PutObject, key, Some(etag), at);
    }

    fn delete_document(&self, key: &str) {
        self.0.documents.borrow_mut().remove(key);
        let at = self.tick();
        self.notify(Action::DeleteObject, key, None, at);
    }

    fn notify(&self, action: Action, key: &str, etag: Option<String>, event_time: Timestamp) {
        let object = NotifiedObject { key: key.to_owned(), size: None, etag };
        let message = Notification { account: String::new(), action, bucket: BUCKET.to_owned(), object, event_time };
        self.0.messages.borrow_mut().push_back((message, 0));
    }

    fn ocr(&self) -> Ocr<Self, Self, Self, Self, Self> {
        Ocr {
            store: self.clone(),
            shelf: self.clone(),
            engine: Some(self.clone()),
            queue: self.clone(),
            host: self.clone(),
            // A document is handed on after each stretch.
            config: Config {
                documents_bucket: BUCKET.to_owned(),
                pages_bucket: "pages".to_owned(),
                pages_at_once: NonZeroUsize::new(2).unwrap(),
                budget_seconds: 0,
                retry_seconds: 0,
            },
        }
    }

    /// Delivers the next message. Says whether there was one.
    fn deliver(&self) -> bool {
        let Some((message, attempts)) = self.0.messages.borrow_mut().pop_front() else { return false };
        let body = serde_json::to_string(&message).unwrap();
        let delivery = Delivery { body, attempts: attempts + 1 };
        let again = match consume(&self.ocr(), &delivery).now_or_never() {
            Some(Answer::Ack) => false,
            // Died, or asks for another time.
            Some(Answer::RetryAfter { .. }) | None => true,
        };
        if again {
            assert!(attempts < 20, "it comes to no end");
            self.0.messages.borrow_mut().push_back((message, attempts + 1));
        }
        true
    }

    fn deliver_all(&self) {
        while self.deliver() {}
    }

    fn record(&self, key: &str) -> Option<Record> {
        let kept = self.0.shelf.borrow();
        kept.get(&format!(".ocr/documents/{key}.json")).map(|content| serde_json::from_slice(&content.bytes).unwrap())
    }

    fn pages(&self, parquet: &str) -> Vec<(i32, String)> {
        let bytes = self.0.shelf.borrow().get(parquet).map(|content| content.bytes.clone()).unwrap_or_default();
        rows(bytes)
    }

    /// Keys of pages that nobody sees.
    fn kept(&self) -> usize {
        self.0.shelf.borrow().keys().filter(|key| key.starts_with(".ocr/pages/")).count()
    }
}

fn rows(bytes: Vec<u8>) -> Vec<(i32, String)> {
    if bytes.is_empty() {
        return Vec::new();
    }
    let reader = ParquetRecordBatchReaderBuilder::try_new(Bytes::from(bytes)).unwrap().build().unwrap();
    let mut rows = Vec::new();
    for batch in reader.map(Result::unwrap) {
        let numbers = batch.column_by_name("page_number").unwrap().as_primitive::<Int32Type>();
        let texts = batch.column_by_name("text").unwrap().as_string::<i32>();
        rows.extend((0..texts.len()).map(|row| (numbers.value(row), texts.value(row).to_owned())));
    }
    rows
}

fn etag(bytes: &[u8]) -> String {
    let hash = bytes
        .iter()
        .fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| (hash ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3));
    format!("{hash:016x}")
}

fn failed<T>() -> Result<T, StoreError> {
    Err(StoreError("the fault that was asked for".to_owned()))
}

impl ObjectStore for World {
    async fn head(&self, _bucket: &str, key: &str) -> Result<Option<ObjectHead>, StoreError> {
        self.around(|| Ok(self.0.documents.borrow().get(key).map(|(head, _)| head.clone())), failed).await
    }

    async fn read(&self, _bucket: &str, key: &str, etag: &str, range: Range) -> Result<Read, StoreError> {
        let read = || {
            let documents = self.0.documents.borrow();
            Ok(match documents.get(key).filter(|(head, _)| head.etag == etag) {
                Some((_, bytes)) => {
                    let at = |n: u64| usize::try_from(n).unwrap();
                    Read::Bytes(Bytes::copy_from_slice(&bytes[at(range.start)..at(range.end)]))
                }
                None => Read::Changed,
            })
        };
        self.around(read, failed).await
    }

    async fn list(&self, _bucket: &str, _prefix: &str, _cursor: Option<String>) -> Result<Listed, StoreError> {
        Ok(Listed::default())
    }
}

impl Shelf for World {
    async fn get(&self, key: &str) -> Result<Option<Content>, StoreError> {
        self.around(|| Ok(self.0.shelf.borrow().get(key).cloned()), failed).await
    }

    async fn etag(&self, key: &str) -> Result<Option<String>, StoreError> {
        self.around(|| Ok(self.0.shelf.borrow().get(key).map(|content| content.etag.clone())), failed).await
    }

    async fn put(&self, key: &str, bytes: Vec<u8>, expected: &Expected) -> Result<Put, StoreError> {
        let put = || {
            let mut kept = self.0.shelf.borrow_mut();
            let there = kept.get(key).map(|content| content.etag.clone());
            let holds = match expected {
                Expected::Anything => true,
                Expected::Nothing => there.is_none(),
                Expected::Etag(etag) => there.as_ref() == Some(etag),
            };
            if !holds {
                return Ok(Put::Unexpected);
            }
            if key.ends_with(".parquet") {
                self.0.visible.borrow_mut().push(bytes.clone());
            }
            let etag = etag(&bytes);
            kept.insert(key.to_owned(), Content { bytes, etag: etag.clone() });
            Ok(Put::Written { etag })
        };
        self.around(put, failed).await
    }

    async fn delete(&self, keys: Vec<String>) -> Result<(), StoreError> {
        let delete = || {
            for key in &keys {
                self.0.shelf.borrow_mut().remove(key);
            }
            Ok(())
        };
        self.around(delete, failed).await
    }

    async fn list(&self, prefix: &str, limit: u32, _cursor: Option<String>) -> Result<Keys, StoreError> {
        let list = || {
            let kept = self.0.shelf.borrow();
            let keys = kept.keys().filter(|key| key.starts_with(prefix)).take(limit as usize).cloned();
            Ok(Keys { keys: keys.collect(), cursor: None })
        };
        self.around(list, failed).await
    }
}

impl DocumentsQueue for World {
    async fn send(&self, messages: Vec<Notification>) -> Result<(), String> {
        let send = || {
            self.0.messages.borrow_mut().extend(messages.into_iter().map(|message| (message, 0)));
            Ok(())
        };
        self.around(send, || Err("the fault that was asked for".to_owned())).await
    }
}

impl OcrEngine for World {
    fn name(&self) -> String {
        "memory".to_owned()
    }

    fn form(&self) -> Form {
        Form::Pdf
    }

    async fn read(&self, picture: &Picture) -> Result<Recognised, EngineError> {
        let away = || Err(EngineError::Unavailable { reason: "away".to_owned(), retry_after: None });
        let read = || {
            assert!(picture.bytes.starts_with(b"%PDF-"));
            if self.0.engine_fails.get() {
                return away();
            }
            self.0.asked.borrow_mut().push(picture.page_number);
            let text = format!("picture {}", picture.page_number);
            Ok(Recognised { text, confidence: Some(0.5), engine: "memory".to_owned(), engine_version: None })
        };
        self.around(read, away).await
    }
}

impl Host for World {
    fn now(&self) -> Timestamp {
        self.tick()
    }

    fn fill_random(&self, bytes: &mut [u8]) {
        let tick = self.tick().millis().to_le_bytes();
        for (byte, other) in bytes.iter_mut().zip(tick.iter().cycle()) {
            *byte = *other;
        }
    }
}

/// A PDF whose pages have these texts; one without a text is a picture.
fn pdf(pages: &[Option<&str>]) -> Vec<u8> {
    use std::fmt::Write;
    let kids: String = (0..pages.len()).fold(String::new(), |mut kids, n| {
        let _ = write!(kids, "{} 0 R ", 10 + 2 * n);
        kids
    });
    let mut text = format!(
        "%PDF-1.7\n1 0 obj << /Type /Catalog /Pages 2 0 R >> endobj\n2 0 obj << /Type /Pages /Count {} /Kids [{kids}] >> endobj\n\
         3 0 obj << /Type /Font /Subtype /Type1 /BaseFont /Helvetica >> endobj\n",
        pages.len()
    );
    for (n, page) in pages.iter().enumerate() {
        let content =
            page.map_or("0 0 99 99 re f".to_owned(), |words| format!("BT /F 12 Tf 50 700 Td ({words}) Tj ET"));
        let number = 10 + 2 * n;
        let _ = write!(
            text,
            "{number} 0 obj << /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] /Contents {} 0 R \
             /Resources << /Font << /F 3 0 R >> >> >> endobj\n{} 0 obj << /Length {} >> stream\n{content}\nendstream endobj\n",
            number + 1,
            number + 1,
            content.len()
        );
    }
    text.push_str("trailer << /Root 1 0 R >>\n");
    text.into_bytes()
}

const MIXED: [Option<&str>; 7] = [Some("one"), None, Some("three"), None, None, Some("six"), None];

fn expected(pages: &[Option<&str>]) -> Vec<(i32, String)> {
    (1_i32..)
        .zip(pages)
        .map(|(number, text)| (number, text.map_or_else(|| format!("picture {number}"), str::to_owned)))
        .collect()
}

/// Requests that reading the document takes without a fault.
fn requests(run: impl Fn(&World)) -> usize {
    let world = World::default();
    run(&world);
    world.0.requests.get()
}

#[test]
fn a_document_is_read_page_by_page_and_visible_at_once() {
    let world = World::default();
    world.upload("a/b.pdf", pdf(&MIXED));
    world.deliver_all();
    assert_eq!(world.pages("a/b.parquet"), expected(&MIXED));
    let record = world.record("a/b.pdf").unwrap();
    assert_eq!((record.state, record.pages, record.pages_read, record.pages_recognised), (State::Done, Some(7), 7, 4));
    assert_eq!(record.document_id, "a/b");
    assert_eq!(world.0.visible.borrow().len(), 1);
    assert_eq!(world.kept(), 0);
    assert_eq!(*world.0.asked.borrow(), [2, 4, 5, 7]);
}

#[test]
fn whatever_dies_or_fails_at_any_request_the_pages_are_whole_and_once() {
    let run = |world: &World| {
        world.upload("a.pdf", pdf(&MIXED));
        world.deliver_all();
    };
    let count = requests(run);
    assert!(count > 25, "{count}");
    for fault in FAULTS {
        for n in 0..count {
            let world = World::default();
            world.0.fault.set(Some((n, fault)));
            run(&world);
            let what = format!("{fault:?} at {n}");
            assert_eq!(world.pages("a.parquet"), expected(&MIXED), "{what}");
            assert_eq!(world.record("a.pdf").unwrap().state, State::Done, "{what}");
            for visible in world.0.visible.borrow().iter() {
                assert_eq!(rows(visible.clone()), expected(&MIXED), "{what}: a part was visible");
            }
            assert_eq!(world.kept(), 0, "{what}");
            // At most one stretch is asked for again.
            assert!(world.0.asked.borrow().len() <= 6, "{what}: {:?}", world.0.asked.borrow());
        }
    }
}

#[test]
fn a_document_that_changes_while_it_is_read_ends_as_its_last_content() {
    let newer = [Some("uno"), None];
    let run = |world: &World| {
        world.upload("a.pdf", pdf(&MIXED));
        world.deliver_all();
    };
    // The new content comes after any number of deliveries, and its event before the older one's.
    for deliveries in 0..8 {
        for first in [true, false] {
            let world = World::default();
            world.upload("a.pdf", pdf(&MIXED));
            for _ in 0..deliveries {
                world.deliver();
            }
            world.upload("a.pdf", pdf(&newer));
            if first {
                world.0.messages.borrow_mut().rotate_right(1);
            }
            world.deliver_all();
            assert_eq!(world.pages("a.parquet"), expected(&newer), "{deliveries} {first}");
            assert_eq!(world.record("a.pdf").unwrap().state, State::Done);
            assert_eq!(world.kept(), 0);
        }
    }
    assert!(requests(run) > 0);
}

#[test]
fn of_a_document_that_is_deleted_at_any_time_nothing_stays() {
    for deliveries in 0..8 {
        let world = World::default();
        world.upload("a.pdf", pdf(&MIXED));
        for _ in 0..deliveries {
            world.deliver();
        }
        world.delete_document("a.pdf");
        world.deliver_all();
        assert!(world.0.shelf.borrow().is_empty(), "{deliveries}: {:?}", world.0.shelf.borrow().keys());
    }
}

#[test]
fn deaths_at_every_request_of_a_deletion_leave_nothing() {
    let run = |world: &World| {
        world.upload("a.pdf", pdf(&MIXED));
        world.deliver_all();
        world.delete_document("a.pdf");
        world.deliver_all();
    };
    for fault in FAULTS {
        for n in 0..requests(run) {
            let world = World::default();
            world.0.fault.set(Some((n, fault)));
            run(&world);
            assert!(world.0.shelf.borrow().is_empty(), "{fault:?} at {n}: {:?}", world.0.shelf.borrow().keys());
        }
    }
}

#[test]
fn neighbours_whose_names_begin_alike_keep_their_pages() {
    let world = World::default();
    world.upload("a.pdf/b.pdf", pdf(&MIXED));
    world.deliver();
    world.upload("a.pdf", pdf(&[Some("one")]));
    world.0.messages.borrow_mut().rotate_right(1);
    world.deliver();
    assert_eq!(world.record("a.pdf").unwrap().state, State::Done);
    world.deliver_all();
    assert_eq!(world.pages("a.pdf/b.parquet"), expected(&MIXED));
}

#[test]
fn pages_that_somebody_has_deleted_are_read_again() {
    let world = World::default();
    world.upload("a.pdf", pdf(&MIXED));
    world.deliver();
    world.deliver();
    world.0.shelf.borrow_mut().retain(|key, _| !key.starts_with(".ocr/pages/"));
    world.deliver_all();
    assert_eq!(world.pages("a.parquet"), expected(&MIXED));
}

#[test]
fn a_document_waits_for_its_engine_and_is_refused_when_it_is_given_up() {
    let world = World::default();
    world.0.engine_fails.set(true);
    world.upload("a.pdf", pdf(&MIXED));
    for _ in 0..3 {
        world.deliver();
    }
    let record = world.record("a.pdf").unwrap();
    assert_eq!((record.state, record.pages_read), (State::Waiting, 1));
    assert_eq!(record.reason.as_deref(), Some("page 2: OCR engine: away"));

    let (message, attempts) = world.0.messages.borrow_mut().pop_front().unwrap();
    let delivery = Delivery { body: serde_json::to_string(&message).unwrap(), attempts };
    assert_eq!(record_dead_letter(&world.ocr(), &delivery).now_or_never(), Some(Answer::Ack));
    let record = world.record("a.pdf").unwrap();
    assert_eq!(record.state, State::Refused);
    assert_eq!(record.reason.as_deref(), Some("every attempt failed; the last: page 2: OCR engine: away"));

    world.0.engine_fails.set(false);
    let replay = event::replay(BUCKET, "a.pdf", world.tick());
    world.0.messages.borrow_mut().push_back((replay, 0));
    world.deliver_all();
    assert_eq!(world.pages("a.parquet"), expected(&MIXED));
}

#[test]
fn a_document_at_which_the_worker_dies_each_time_is_refused_at_the_third_start() {
    let world = World::default();
    world.upload("a.pdf", pdf(&MIXED));
    // Each start dies when it reads the file.
    for start in 0..3 {
        world.0.requests.set(0);
        // The document's head, its record, the record's writing; then the file.
        world.0.fault.set(Some((3, Fault::DieBefore)));
        world.deliver();
        let expected = if start < 2 { State::Reading } else { State::Refused };
        assert_eq!(world.record("a.pdf").unwrap().state, expected, "start {start}");
    }
    assert_eq!(
        world.record("a.pdf").unwrap().reason.as_deref(),
        Some("reading it ended the Worker 2 times, when it was opened")
    );
    assert!(world.0.messages.borrow().is_empty());
}
