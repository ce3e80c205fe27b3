//! Ingest with everything around it.

use std::{
    cell::{Cell, RefCell},
    collections::BTreeMap,
    rc::Rc,
    task::Poll,
};

use bytes::Bytes;
use csv_worker::{Converter, Record, State};
use discovery::{
    Describer, Discovery, Embeddings, Outside, OutsideReport, RunReport, Slack, TypedReport, VersionCache,
    maintain_typed,
};
use futures_util::FutureExt;
use ingest::{Announcer, CommitNotice, Config, Ingest, consume, record_dead_letter};
use living_core::{
    catalog::health::Cadence,
    landing::{
        decision::ObjectHead,
        event::{Action, Notification, NotifiedObject},
    },
    time::Timestamp,
};
use living_kit::{Answer, Delivery, Host, Listed, ObjectStore, ObjectWriter, Range, Read, StoreError, Target, Written};
use living_model::{HttpEmbedder, HttpModel};
use living_parquet::Limits;
use living_warehouse::McpWarehouse;
use local_warehouse::ReplyStyle;
use memory_s3::MemoryS3;

use crate::{Duck, Faults, HttpTransport, Point, StandIn, StandInEmbedder};

/// Three buckets, as in production; structured data of `keyed/` has a record key, that of `gone/` is retracted when deleted.
const CONFIG: &str = r#"{ "routes": [
    { "bucket": "ocr", "dataset": "raw_documents" },
    { "bucket": "argilla", "dataset": "annotations" },
    { "bucket": "csv", "prefix": "keyed/", "dataset": "structured_data", "record_key": ["imo"] },
    { "bucket": "csv", "prefix": "gone/", "dataset": "structured_data", "on_delete": "retract" },
    { "bucket": "csv", "dataset": "structured_data" } ] }"#;

/// Custom metadata of objects, by bucket and key.
type Metadata = BTreeMap<(String, String), BTreeMap<String, String>>;

/// Objects by bucket and key.
type Objects = BTreeMap<(String, String), (ObjectHead, Bytes)>;

/// Objects in memory.
#[derive(Debug, Clone, Default)]
pub struct MemoryStore {
    objects: Rc<RefCell<Objects>>,
    metadata: Rc<RefCell<Metadata>>,
    /// The same objects, as the warehouse sees them.
    s3: MemoryS3,
    faults: Faults,
    clock: Rc<Cell<i64>>,
}

impl MemoryStore {
    /// Writes an object and gives the event of it.
    #[must_use]
    pub fn put(&self, bucket: &str, key: &str, bytes: Bytes) -> Notification {
        let at = self.tick();
        let etag = format!("{:016x}-{}", hash(&bytes), bytes.len());
        let head = ObjectHead { etag: etag.clone(), size: bytes.len() as u64, uploaded_at: at };
        self.s3.put(bucket, key, bytes.clone());
        self.objects.borrow_mut().insert((bucket.to_owned(), key.to_owned()), (head, bytes));
        notification(Action::PutObject, bucket, key, Some(etag), at)
    }

    /// Deletes an object and gives the event of it.
    #[must_use]
    pub fn delete(&self, bucket: &str, key: &str) -> Notification {
        self.s3.delete(bucket, key);
        self.s3.delete(bucket, key);
        self.objects.borrow_mut().remove(&(bucket.to_owned(), key.to_owned()));
        notification(Action::DeleteObject, bucket, key, None, self.tick())
    }

    /// Lets the warehouse no longer read an object.
    pub fn hide_from_warehouse(&self, bucket: &str, key: &str) {
        self.s3.delete(bucket, key);
    }

    /// Keys and contents of all objects of a bucket.
    #[must_use]
    pub fn contents(&self, bucket: &str) -> Vec<(String, Bytes)> {
        let objects = self.objects.borrow();
        objects
            .iter()
            .filter(|((b, _), _)| b == bucket)
            .map(|((_, key), (_, bytes))| (key.clone(), bytes.clone()))
            .collect()
    }

    /// The etag of an object that is there.
    #[must_use]
    pub fn etag(&self, bucket: &str, key: &str) -> String {
        self.get(bucket, key).map(|(head, _)| head.etag).unwrap_or_default()
    }

    fn tick(&self) -> Timestamp {
        self.clock.set(self.clock.get() + 1);
        Timestamp::from_millis(1_790_000_000_000 + self.clock.get())
    }

    fn get(&self, bucket: &str, key: &str) -> Option<(ObjectHead, Bytes)> {
        self.objects.borrow().get(&(bucket.to_owned(), key.to_owned())).cloned()
    }
}

fn notification(action: Action, bucket: &str, key: &str, etag: Option<String>, at: Timestamp) -> Notification {
    let object = NotifiedObject { key: key.to_owned(), size: None, etag };
    Notification { account: "test".to_owned(), action, bucket: bucket.to_owned(), object, event_time: at }
}

pub(crate) fn hash(bytes: &[u8]) -> u64 {
    // FNV-1a: the same content has the same etag in every run.
    bytes.iter().fold(0xcbf2_9ce4_8422_2325, |hash, byte| (hash ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3))
}

fn store_failed<T>() -> Result<T, StoreError> {
    Err(StoreError("the fault that was asked for".to_owned()))
}

impl ObjectStore for MemoryStore {
    async fn head(&self, bucket: &str, key: &str) -> Result<Option<ObjectHead>, StoreError> {
        let head = async { Ok(self.get(bucket, key).map(|(head, _)| head)) };
        self.faults.around(Point::StoreHead, head, store_failed).await
    }

    async fn read(&self, bucket: &str, key: &str, etag: &str, range: Range) -> Result<Read, StoreError> {
        let read = async {
            Ok(match self.get(bucket, key) {
                Some((head, bytes)) if head.etag == etag => {
                    let at = |n: u64| usize::try_from(n).unwrap_or(usize::MAX).min(bytes.len());
                    Read::Bytes(bytes.slice(at(range.start)..at(range.end)))
                }
                _ => Read::Changed,
            })
        };
        self.faults.around(Point::StoreRead, read, store_failed).await
    }

    async fn list(&self, bucket: &str, prefix: &str, _cursor: Option<String>) -> Result<Listed, StoreError> {
        let objects = self.objects.borrow();
        let listed = objects.iter().filter(|((b, key), _)| b == bucket && key.starts_with(prefix));
        Ok(Listed {
            objects: listed.map(|((_, key), (head, _))| (key.clone(), head.uploaded_at)).collect(),
            cursor: None,
        })
    }
}

impl ObjectWriter for MemoryStore {
    type Multipart = (Target, Vec<u8>);

    async fn put(&self, target: &Target, bytes: Vec<u8>) -> Result<Written, StoreError> {
        let put = async {
            let size = bytes.len() as u64;
            drop(self.put(&target.bucket, &target.key, bytes.into()));
            let place = (target.bucket.clone(), target.key.clone());
            self.metadata.borrow_mut().insert(place, target.metadata.iter().cloned().collect());
            Ok(Written { etag: self.etag(&target.bucket, &target.key), size })
        };
        self.faults.around(Point::StoreWrite(target.key.clone()), put, store_failed).await
    }

    async fn begin(&self, target: &Target) -> Result<Self::Multipart, StoreError> {
        let begin = async { Ok((target.clone(), Vec::new())) };
        self.faults.around(Point::StoreWrite(target.key.clone()), begin, store_failed).await
    }

    async fn put_part(&self, (target, parts): &mut Self::Multipart, bytes: Vec<u8>) -> Result<(), StoreError> {
        let key = target.key.clone();
        let put_part = async {
            parts.extend(bytes);
            Ok(())
        };
        self.faults.around(Point::StoreWrite(key), put_part, store_failed).await
    }

    async fn complete(&self, (target, parts): Self::Multipart) -> Result<Written, StoreError> {
        ObjectWriter::put(self, &target, parts).await
    }

    async fn abort(&self, _upload: Self::Multipart) -> Result<(), StoreError> {
        Ok(())
    }

    async fn metadata(&self, bucket: &str, key: &str) -> Result<Option<BTreeMap<String, String>>, StoreError> {
        let place = (bucket.to_owned(), key.to_owned());
        let metadata = async {
            let is_there = self.objects.borrow().contains_key(&place);
            Ok(is_there.then(|| self.metadata.borrow().get(&place).cloned().unwrap_or_default()))
        };
        self.faults.around(Point::StoreHead, metadata, store_failed).await
    }

    async fn delete(&self, bucket: &str, key: &str) -> Result<(), StoreError> {
        let delete = async {
            drop(self.delete(bucket, key));
            Ok(())
        };
        self.faults.around(Point::StoreWrite(key.to_owned()), delete, store_failed).await
    }
}

/// Keeps what is announced.
#[derive(Debug, Clone, Default)]
pub struct MemoryAnnouncer {
    notices: Rc<RefCell<Vec<i64>>>,
    faults: Faults,
}

impl Announcer for MemoryAnnouncer {
    async fn announce(&self, notice: &CommitNotice) -> Result<(), String> {
        let announce = async {
            self.notices.borrow_mut().push(notice.commit_seq);
            Ok(())
        };
        self.faults.around(Point::Announce, announce, || Err("the fault that was asked for".to_owned())).await
    }
}

/// The machine's clock, and chance from a counter.
#[derive(Debug, Clone, Default)]
pub struct TestHost {
    counter: Rc<Cell<u64>>,
}

impl Host for TestHost {
    fn now(&self) -> Timestamp {
        let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap_or_default();
        Timestamp::from_micros(i64::try_from(now.as_micros()).unwrap_or(i64::MAX))
    }

    fn fill_random(&self, bytes: &mut [u8]) {
        self.counter.set(self.counter.get() + 1);
        for (byte, random) in bytes.iter_mut().zip(self.counter.get().to_be_bytes().into_iter().cycle()) {
            *byte = random;
        }
    }
}

/// Ingest, its ports, and the switch for their faults.
#[derive(Debug)]
pub struct Harness {
    pub duck: Duck,
    pub store: MemoryStore,
    pub faults: Faults,
    announcer: MemoryAnnouncer,
    cache: MemoryCache,
    host: TestHost,
    pub config: Config,
    pub limits: Limits,
    /// Who makes embeddings; `None`: nobody.
    pub embedder: Option<StandInEmbedder>,
}

pub type TestDiscovery = Discovery<McpWarehouse<HttpTransport>, MemoryCache, TestHost, HttpEmbedder<StandInEmbedder>>;

type TestOutside = Outside<McpWarehouse<HttpTransport>, TestHost, StandIn, HttpModel<StandIn>>;

/// Keeps the version that was published last.
#[derive(Debug, Clone, Default)]
pub struct MemoryCache {
    version: Rc<Cell<i64>>,
    faults: Faults,
}

impl VersionCache for MemoryCache {
    async fn publish(&self, version: i64) -> Result<(), String> {
        let publish = async {
            self.version.set(version);
            Ok(())
        };
        self.faults.around(Point::Publish, publish, || Err("the fault that was asked for".to_owned())).await
    }
}

type TestIngest = Ingest<MemoryStore, McpWarehouse<HttpTransport>, MemoryAnnouncer, TestHost>;

impl Harness {
    /// # Panics
    /// If the warehouse can't be started.
    pub async fn start() -> Self {
        Self::start_with(ReplyStyle::StatelessJson).await
    }

    /// # Panics
    /// If the warehouse can't be started.
    pub async fn start_with(style: ReplyStyle) -> Self {
        let faults = Faults::none();
        let store = MemoryStore { faults: faults.clone(), ..MemoryStore::default() };
        Self {
            duck: Duck::start(style, &store.s3).await,
            store,
            announcer: MemoryAnnouncer { faults: faults.clone(), ..MemoryAnnouncer::default() },
            cache: MemoryCache::default(),
            host: TestHost::default(),
            config: serde_json::from_str(CONFIG).expect("the configuration of the tests"),
            limits: Limits::default(),
            embedder: None,
            faults,
        }
    }

    /// A consumer that has just been started, and meets `faults`.
    #[must_use]
    pub fn ingest(&self, faults: &Faults) -> TestIngest {
        Ingest {
            store: MemoryStore { faults: faults.clone(), ..self.store.clone() },
            warehouse: self.duck.client_with(faults.clone()),
            announcer: MemoryAnnouncer { faults: faults.clone(), ..self.announcer.clone() },
            host: self.host.clone(),
            config: self.config.clone(),
            limits: self.limits.clone(),
        }
    }

    /// A converter of uploads that has just been started, and meets `faults`: from the bucket `uploads` into that of structured data.
    ///
    /// # Panics
    /// Never: its configuration is one.
    #[must_use]
    pub fn converter(&self, faults: &Faults) -> Converter<MemoryStore, TestHost> {
        let config = r#"{ "routes": [
            { "bucket": "uploads", "prefix": "kept/", "output_bucket": "csv", "on_delete": "keep" },
            { "bucket": "uploads", "output_bucket": "csv" } ] }"#;
        Converter {
            store: MemoryStore { faults: faults.clone(), ..self.store.clone() },
            host: self.host.clone(),
            config: serde_json::from_str(config).expect("the configuration of the tests"),
            build: "test".to_owned(),
        }
    }

    /// Delivers a message to a new converter. `None`: it died.
    pub async fn convert(&self, event: &Notification, attempts: u32) -> Option<Answer> {
        let body = serde_json::to_string(event).unwrap_or_default();
        let converter = self.converter(&self.faults);
        until_death(&self.faults, csv_worker::consume(&converter, &Delivery { body, attempts })).await
    }

    /// Converts an upload, as it is, and loads what became of it. Gives the keys of the outputs.
    ///
    /// # Panics
    /// If it isn't converted at once.
    pub async fn convert_and_load(&self, event: &Notification) -> Vec<String> {
        assert_eq!(self.convert(event, 1).await, Some(Answer::Ack));
        let outputs = self.outputs(&event.object.key);
        for key in &outputs {
            let etag = Some(self.store.etag("csv", key));
            self.deliver_until_done(&notification(Action::PutObject, "csv", key, etag, self.store.tick())).await;
        }
        outputs
    }

    /// The record of an upload.
    ///
    /// # Panics
    /// If it's there and can't be read.
    #[must_use]
    pub fn record(&self, key: &str) -> Option<Record> {
        let (_, bytes) = self.store.get("csv", &format!(".uploads/uploads/{key}.json"))?;
        Some(serde_json::from_slice(&bytes).expect("a record"))
    }

    /// The keys of what an upload became.
    #[must_use]
    pub fn outputs(&self, key: &str) -> Vec<String> {
        match self.record(key).map(|record| record.state) {
            Some(State::Converted { outputs, .. }) => outputs.into_iter().map(|output| output.key).collect(),
            _ => Vec::new(),
        }
    }

    /// A discovery Worker that has just been started, and meets `faults`.
    #[must_use]
    pub fn discovery(&self, faults: &Faults) -> TestDiscovery {
        Discovery {
            warehouse: self.duck.client_with(faults.clone()),
            cache: MemoryCache { faults: faults.clone(), ..self.cache.clone() },
            host: self.host.clone(),
            options: discovery::Options {
                similarity: living_core::similarity::Options::default(),
                versions_a_day: u64::MAX,
                cadence: Cadence { months: 3, by_rule_below: 10 },
                run_seconds: 600,
            },
            embeddings: self
                .embedder
                .as_ref()
                .map(|embedder| Embeddings::new(embedder.with(faults).client(), living_core::similarity::COSINE)),
        }
    }

    /// A run of discovery. `None`: it failed, or died.
    pub async fn discover_with(&self, faults: &Faults) -> Option<RunReport> {
        let discovery = self.discovery(faults);
        until_death(faults, discovery.run()).await.and_then(Result::ok)
    }

    /// A run of discovery that meets no faults.
    ///
    /// # Panics
    /// If it fails.
    pub async fn discover(&self) -> RunReport {
        self.discovery(&Faults::none()).run().await.unwrap_or_else(|failure| panic!("{failure}"))
    }

    /// A dispatcher of the outbox that has just been started, and meets `faults`. All channels are configured.
    #[must_use]
    pub fn outside(&self, stand_in: &StandIn, faults: &Faults) -> TestOutside {
        let stand_in = stand_in.with(faults);
        Outside {
            warehouse: self.duck.client_with(faults.clone()),
            host: self.host.clone(),
            slack: Some(Slack { webhook: stand_in.webhook(), review_url: None }),
            mail: Some(stand_in.mailer()),
            model: Some(Describer { model: stand_in.model(), items_per_day: 100 }),
        }
    }

    /// A dispatch that meets `faults`. `None`: it failed, or died.
    pub async fn dispatch_with(&self, stand_in: &StandIn, faults: &Faults) -> Option<OutsideReport> {
        let outside = self.outside(stand_in, faults);
        until_death(faults, outside.run()).await.and_then(Result::ok)
    }

    /// A dispatch that meets no faults but those of the stand-in.
    ///
    /// # Panics
    /// If it fails.
    pub async fn dispatch(&self, stand_in: &StandIn) -> OutsideReport {
        self.outside(stand_in, &Faults::none()).run().await.unwrap_or_else(|failure| panic!("{failure}"))
    }

    /// Lets time pass for what the outbox has written.
    pub async fn let_pass(&self, minutes: u32) {
        let ago = format!("INTERVAL {minutes} MINUTE");
        self.duck.write(&format!("UPDATE outbox_attempts SET claimed_at = claimed_at - {ago}")).await;
        let outcomes =
            format!("UPDATE outbox_outcomes SET recorded_at = recorded_at - {ago}, retry_at = retry_at - {ago}");
        self.duck.write(&outcomes).await;
    }

    /// Keeps the typed views, with faults. `None`: it failed, or died.
    pub async fn maintain_typed_with(&self, faults: &Faults) -> Option<TypedReport> {
        let warehouse = self.duck.client_with(faults.clone());
        until_death(faults, maintain_typed(&warehouse, &self.host)).await.and_then(Result::ok)
    }

    /// Keeps the typed views, without faults.
    ///
    /// # Panics
    /// If it fails.
    pub async fn maintain_typed(&self) -> TypedReport {
        maintain_typed(&self.duck.reader(), &self.host).await.unwrap_or_else(|failure| panic!("{failure}"))
    }

    /// The version that readers were told of.
    #[must_use]
    pub fn published(&self) -> i64 {
        self.cache.version.get()
    }

    /// Delivers a message to a new consumer. `None`: the consumer died.
    pub async fn deliver(&self, event: &Notification, attempts: u32) -> Option<Answer> {
        self.deliver_with(&self.faults, event, attempts).await
    }

    /// As [`Self::deliver`], to a consumer with faults of its own.
    pub async fn deliver_with(&self, faults: &Faults, event: &Notification, attempts: u32) -> Option<Answer> {
        let body = serde_json::to_string(event).unwrap_or_default();
        let delivery = Delivery { body, attempts };
        let ingest = self.ingest(faults);
        until_death(faults, consume(&ingest, &delivery)).await
    }

    /// Delivers a message until it's acknowledged, as a queue does. Gives the number of deliveries.
    ///
    /// # Panics
    /// If that takes more than ten deliveries.
    pub async fn deliver_until_done(&self, event: &Notification) -> u32 {
        for attempts in 1..=10 {
            if self.deliver(event, attempts).await == Some(Answer::Ack) {
                return attempts;
            }
            self.faults.clear();
        }
        panic!("not acknowledged after ten deliveries: {event:?}");
    }

    /// Delivers a message of the dead-letter queue: all its retries were used up.
    pub async fn give_up(&self, event: &Notification) -> Answer {
        let body = serde_json::to_string(event).unwrap_or_default();
        record_dead_letter(&self.ingest(&self.faults), &Delivery { body, attempts: 1 }).await
    }

    /// Numbers of the commits that were announced.
    #[must_use]
    pub fn announced(&self) -> Vec<i64> {
        self.announcer.notices.borrow().clone()
    }
}

/// What a run comes to. `None`: its isolate died.
pub async fn until_death<T>(faults: &Faults, run: impl Future<Output = T>) -> Option<T> {
    let mut running = Box::pin(run);
    std::future::poll_fn(|context| match running.poll_unpin(context) {
        Poll::Ready(outcome) => Poll::Ready(Some(outcome)),
        Poll::Pending if faults.is_dead() => Poll::Ready(None),
        Poll::Pending => Poll::Pending,
    })
    .await
}
