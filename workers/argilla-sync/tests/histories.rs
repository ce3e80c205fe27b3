//! Random histories: records come, change and go while steps read them, die before and after any call, and are delivered again; files are
//! loaded in any order, or deleted before that; KV gives what it had before. In the end readers see what Argilla has.

use std::{
    cell::{Cell, RefCell},
    collections::{BTreeMap, BTreeSet, VecDeque},
    rc::Rc,
    time::Duration,
};

use argilla_sync::{Copy, Destination, Failure, Neighbours, Output, ProgressStore, Source, Step, Syncer, Task};
use futures_util::FutureExt;
use living_argilla::{Argilla, Edition, Endpoint, Part};
use living_core::time::Timestamp;
use living_http::{HttpRequest, HttpResponse, Transport, TransportError};
use living_kit::Host;
use proptest::prelude::*;
use serde_json::{Value, json};
use uuid::Uuid;

const QUESTION: &str = "6bbdaddf-8fbe-4d92-9f6d-f3907401cdd5";

/// Deliveries of a message, at most.
const MAX_ATTEMPTS: u32 = 11;

/// Ids of records, and what readers see of them.
type Rows = Vec<(String, String)>;

/// What there is in the world, and how many calls the Worker has left to live.
#[derive(Debug, Default)]
struct World {
    /// Of Argilla, in the order of their insertion.
    records: Vec<Record>,
    inserted: u128,
    /// Newest last.
    kept: BTreeMap<String, Vec<String>>,
    marks: BTreeMap<String, Edition>,
    /// Contents by key: etag and rows.
    objects: BTreeMap<String, (u32, Rows)>,
    puts: u32,
    /// Events that ingest hasn't seen.
    events: Vec<String>,
    /// Keys with etag, in the order of their commits.
    commits: Vec<(String, u32, Rows)>,
    queue: VecDeque<(Task, u32)>,
    now: i64,
}

#[derive(Debug, Clone)]
struct Record {
    id: Uuid,
    answers: u32,
}

#[derive(Debug, Clone, Default)]
struct Ports {
    world: Rc<RefCell<World>>,
    /// Calls until the Worker dies; `None` if it doesn't.
    left: Rc<Cell<Option<u8>>>,
    /// Whether KV gives what it had before the last write.
    stale: Rc<Cell<bool>>,
}

impl Ports {
    /// A call: done or not, and whether its caller lives to see it.
    fn call<T>(&self, what: impl FnOnce(&mut World) -> T) -> Result<T, String> {
        let dead = || Err("dead".to_owned());
        match self.left.get() {
            Some(0) => dead(),
            Some(1) => {
                self.left.set(Some(0));
                // It was done, and nobody hears of it.
                what(&mut self.world.borrow_mut());
                dead()
            }
            left => {
                self.left.set(left.map(|left| left - 1));
                Ok(what(&mut self.world.borrow_mut()))
            }
        }
    }
}

impl Record {
    fn json(&self) -> Value {
        let time = "2026-11-29T17:00:00";
        let responses: Vec<Value> = (0..self.answers)
            .map(|n| {
                let values = json!({ "entities": { "value": [{ "start": n, "end": n + 1, "label": "x" }] } });
                json!({ "status": "submitted", "values": values, "inserted_at": time, "updated_at": time })
            })
            .collect();
        json!({
            "id": self.id, "external_id": self.name(), "status": "pending", "fields": { "text": "t" },
            "responses": responses, "suggestions": [], "inserted_at": time, "updated_at": time,
        })
    }

    fn name(&self) -> String {
        format!("r{}", self.id.as_u128())
    }
}

impl Transport for Ports {
    async fn send(&self, request: HttpRequest) -> Result<HttpResponse, TransportError> {
        let path = request.url.strip_prefix("http://argilla/api/v1/").unwrap().to_owned();
        let answered = self.call(|world| answer(world, &path));
        let (status, body) = answered.map_err(TransportError::Lost)?;
        Ok(HttpResponse { status, body: body.to_string().into(), ..HttpResponse::default() })
    }

    async fn sleep(&self, _: Duration) {}

    fn random(&self) -> u64 {
        0
    }
}

fn answer(world: &World, path: &str) -> (u16, Value) {
    if path.ends_with("/questions") {
        return (200, json!({ "items": [{ "id": QUESTION, "name": "entities", "settings": { "type": "span" } }] }));
    }
    if let Some(id) = path.strip_prefix("records/") {
        let found = world.records.iter().find(|record| record.id.to_string() == id);
        return found.map_or((404, json!({})), |record| (200, record.json()));
    }
    let number = |name: &str| -> usize {
        path.split(&format!("{name}=")).nth(1).unwrap().split('&').next().unwrap().parse().unwrap()
    };
    // Small pages: more can happen between them.
    let page = world.records.iter().skip(number("offset")).take(number("limit").min(3));
    (200, json!({ "items": page.map(Record::json).collect::<Vec<_>>(), "total": world.records.len() }))
}

impl ProgressStore for Ports {
    async fn get(&self, key: &str) -> Result<Option<String>, String> {
        let back = usize::from(self.stale.get() && key.starts_with("progress"));
        self.call(|world| world.kept.get(key).and_then(|kept| kept.iter().rev().nth(back.min(kept.len() - 1)).cloned()))
    }

    async fn put(&self, key: &str, value: String) -> Result<(), String> {
        self.call(|world| world.kept.entry(key.to_owned()).or_default().push(value))
    }

    async fn marked(&self, key: &str) -> Result<Option<Edition>, String> {
        self.call(|world| world.marks.get(key).copied())
    }

    async fn mark(&self, key: &str, edition: Edition) -> Result<(), String> {
        self.call(|world| {
            world.marks.insert(key.to_owned(), edition);
        })
    }
}

impl Destination for Ports {
    async fn may_have(&self, key: &str, _: u32) -> Result<bool, Failure> {
        self.call(|world| world.objects.contains_key(key)).map_err(Failure::Passing)
    }

    async fn write(&self, output: Output<'_>) -> Result<Option<Part>, Failure> {
        let cell = |row: &living_argilla::Row, column: &str| {
            row.cells().find(|(name, _)| *name == column).map(|(_, value)| value.to_string()).unwrap_or_default()
        };
        let id = |row: &living_argilla::Row| cell(row, "id").trim_matches('"').to_owned();
        let state = |row: &living_argilla::Row| format!("{} {}", cell(row, "status"), cell(row, "entities.responses"));
        let rows: Rows = output.rows.iter().map(|row| (id(row), state(row))).collect();
        let ids: BTreeSet<&String> = rows.iter().map(|(id, _)| id).collect();
        assert_eq!(ids.len(), rows.len(), "a record is in a file once");
        let count = rows.len() as u64;
        let etag = self.call(|world| {
            world.puts += 1;
            world.objects.insert(output.key.to_owned(), (world.puts, rows));
            world.events.push(output.key.to_owned());
            world.puts
        });
        let etag = etag.map_err(Failure::Passing)?.to_string();
        Ok(Some(Part { key: output.key.to_owned(), etag, rows: count }))
    }

    async fn stands(&self, part: &Part) -> Result<bool, Failure> {
        let stands =
            |world: &mut World| world.objects.get(&part.key).is_some_and(|(etag, _)| etag.to_string() == part.etag);
        self.call(stands).map_err(Failure::Passing)
    }
}

impl Neighbours for Ports {
    async fn is_loaded(&self, part: &Part) -> Result<bool, String> {
        self.call(|world| world.commits.iter().any(|(key, etag, _)| *key == part.key && etag.to_string() == part.etag))
    }

    async fn discover(&self) -> Result<Value, String> {
        self.call(|_| json!({}))
    }
}

impl Host for Ports {
    fn now(&self) -> Timestamp {
        let mut world = self.world.borrow_mut();
        world.now += 1;
        Timestamp::from_millis(world.now)
    }

    fn fill_random(&self, bytes: &mut [u8]) {
        bytes.fill(0);
    }
}

#[derive(Debug, Clone, Copy)]
enum Event {
    Begin {
        whole: bool,
    },
    /// Deliver a message; the Worker dies after some calls.
    Deliver {
        calls: Option<u8>,
        stale: bool,
    },
    /// Ingest an event, not the oldest first.
    Load(usize),
    /// Somebody deletes a file that ingest hasn't seen in any form.
    Lose(usize),
    Add,
    Answer(usize),
    Unanswer(usize),
    Delete(usize),
}

fn task() -> Task {
    let source = Source { id: Uuid::nil(), workspace: "w".into(), name: "d".into(), folder: "d".into() };
    Task { copy: Copy::Parquet, source, whole: false, generation: None, looks: 0 }
}

fn happen(ports: &Ports, event: Event) {
    let world = &ports.world;
    let pick = |n: usize| {
        let records = world.borrow().records.len();
        (records > 0).then(|| n % records.max(1))
    };
    match event {
        Event::Begin { whole } => world.borrow_mut().queue.push_back((Task { whole, ..task() }, 0)),
        Event::Deliver { calls, stale } => deliver(ports, calls, stale),
        Event::Load(n) => {
            let mut world = world.borrow_mut();
            if !world.events.is_empty() {
                let place = n % world.events.len();
                let key = world.events.remove(place);
                // An event is only a reason to look: what is loaded is the object as it is.
                if let Some((etag, rows)) = world.objects.get(&key).cloned()
                    && !world.commits.iter().rev().any(|(known, last, _)| *known == key && *last == etag)
                {
                    world.commits.push((key, etag, rows));
                }
            }
        }
        Event::Lose(n) => {
            let mut world = world.borrow_mut();
            let committed: BTreeSet<String> = world.commits.iter().map(|(key, ..)| key.clone()).collect();
            let key = world.objects.keys().filter(|key| !committed.contains(*key)).nth(n).cloned();
            key.map(|key| world.objects.remove(&key));
        }
        Event::Add => {
            let mut world = world.borrow_mut();
            world.inserted += 1;
            let id = Uuid::from_u128(world.inserted);
            world.records.push(Record { id, answers: 0 });
        }
        Event::Answer(n) => {
            if let Some(n) = pick(n) {
                world.borrow_mut().records[n].answers += 1;
            }
        }
        Event::Unanswer(n) => {
            if let Some(n) = pick(n) {
                world.borrow_mut().records[n].answers = 0;
            }
        }
        Event::Delete(n) => {
            if let Some(n) = pick(n) {
                world.borrow_mut().records.remove(n);
            }
        }
    }
}

fn deliver(ports: &Ports, calls: Option<u8>, stale: bool) {
    let Some((task, attempts)) = ports.world.borrow_mut().queue.pop_front() else {
        return;
    };
    let attempt = attempts + 1;
    ports.left.set(calls);
    ports.stale.set(stale);
    let syncer = Syncer {
        argilla: Argilla {
            endpoint: Endpoint { url: "http://argilla".into(), key: "k".into() },
            transport: ports.clone(),
        },
        store: ports.clone(),
        destination: ports.clone(),
        neighbours: ports.clone(),
        host: ports.clone(),
        wait_seconds: 1,
    };
    let outcome = syncer.step(&task, attempt).now_or_never().expect("nothing waits");
    let sent = match outcome {
        Ok(Step::Done) => Ok(()),
        Ok(Step::Next(next, _)) => ports.call(|world| world.queue.push_back((next, 0))),
        Err(failure) => Err(failure.to_string()),
    };
    ports.left.set(None);
    ports.stale.set(false);
    if sent.is_err() && attempt < MAX_ATTEMPTS {
        ports.world.borrow_mut().queue.push_back((task, attempt));
    }
}

/// Goes on until nothing is left to do.
fn settle(ports: &Ports) {
    for _ in 0..10_000 {
        if ports.world.borrow().queue.is_empty() && ports.world.borrow().events.is_empty() {
            return;
        }
        happen(ports, Event::Deliver { calls: None, stale: false });
        happen(ports, Event::Load(0));
    }
    panic!("it never ends");
}

/// What readers see: of each object its newest commit, and of each record its newest row among those.
fn visible(world: &World) -> BTreeMap<String, String> {
    let newest: BTreeMap<&String, usize> = world.commits.iter().enumerate().map(|(n, (key, ..))| (key, n)).collect();
    let mut seen = BTreeMap::new();
    for (n, (key, _, rows)) in world.commits.iter().enumerate() {
        if newest.get(key) == Some(&n) {
            seen.extend(rows.iter().cloned());
        }
    }
    seen
}

fn event() -> impl Strategy<Value = Event> {
    prop_oneof![
        2 => any::<bool>().prop_map(|whole| Event::Begin { whole }),
        8 => (prop::option::weighted(0.5, 1u8..30), prop::bool::weighted(0.1)).prop_map(|(calls, stale)| Event::Deliver { calls, stale }),
        4 => any::<usize>().prop_map(Event::Load),
        1 => (0usize..3).prop_map(Event::Lose),
        4 => Just(Event::Add),
        4 => any::<usize>().prop_map(Event::Answer),
        1 => any::<usize>().prop_map(Event::Unanswer),
        2 => any::<usize>().prop_map(Event::Delete),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]

    #[test]
    fn in_the_end_readers_see_what_argilla_has(records in 0..30, events in prop::collection::vec(event(), 0..120)) {
        let ports = Ports::default();
        for _ in 0..records {
            happen(&ports, Event::Add);
        }
        for event in events {
            happen(&ports, event);
        }
        settle(&ports);
        // One scan sees all that changed before it began; one that was under way may have been past it.
        for _ in 0..2 {
            happen(&ports, Event::Begin { whole: false });
            settle(&ports);
        }
        let world = ports.world.borrow();
        let seen = visible(&world);
        let there: BTreeMap<String, String> = world.records.iter().map(|record| {
            let spans: Vec<Value> = (0..record.answers).map(|n| json!([{ "start": n, "end": n + 1, "label": "x" }])).collect();
            let answers = if spans.is_empty() { Value::Null } else { Value::Array(spans) };
            (record.name(), format!("\"pending\" {answers}"))
        }).collect();
        let living: BTreeMap<String, String> = seen.into_iter().filter(|(_, state)| !state.starts_with("\"deleted\"")).collect();
        prop_assert_eq!(living, there);
    }
}
