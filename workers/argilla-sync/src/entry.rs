//! What the runtime calls, and the ports of this Worker on Cloudflare.

use std::time::Duration;

use living_argilla::{Argilla, Edition, Endpoint, ProgressError};
use living_http::front_page;
use living_kit::{
    Answer, ConfigError, Delivery, FetchTransport, ObjectWriter, Problem, QueuePort, R2Store, RequestId, SocketNetwork,
    Target, WorkerHost, admit_admin, answer, log, messages, method, misconfigured, query_pairs, required_secret,
    required_var, var_as,
};
use worker::{
    Context, Delay, Env, MessageBuilder, Method, Request, Response, ScheduleContext, ScheduledEvent, event,
    kv::KvStore,
    wasm_bindgen::{JsValue, prelude::wasm_bindgen},
    worker_sys::MessageBatch,
};

use crate::{
    Config, Copy, Destination, Failure, ProgressStore, Report, Step, Syncer, Task,
    api::{self, SyncReply, SyncRequest, Syncs},
    neighbours::BoundNeighbours,
    parquet::ParquetFiles,
    postgres::{self, PostgresTable},
    sources,
    task::REPORTS,
};

/// Reports in one reply.
const PAGE: u64 = 50;

/// KV takes one write a second for a key ([limits](https://developers.cloudflare.com/kv/platform/limits/)).
const KV_PAUSE: Duration = Duration::from_millis(1_100);

/// Steps of datasets, one at a time.
#[wasm_bindgen(wasm_bindgen = ::worker::wasm_bindgen, wasm_bindgen_futures = ::worker::wasm_bindgen_futures, js_sys = ::worker::js_sys)]
pub async fn queue(batch: MessageBatch, env: Env, _ctx: JsValue) {
    for (delivery, responder) in messages(&batch) {
        responder.answer(consume(&env, &delivery).await);
    }
}

/// Begins a scan of every dataset, or goes on with one that stopped.
#[event(scheduled)]
async fn scheduled(_event: ScheduledEvent, env: Env, _ctx: ScheduleContext) {
    // The runtime throws the error of a scheduled event away.
    if let Err(problem) = begin(&env, &SyncRequest::default()).await {
        log::error("sync_not_begun").with("error", problem.cause.unwrap_or(problem.detail)).write();
    }
}

#[event(fetch)]
async fn fetch(mut request: Request, env: Env, _ctx: Context) -> worker::Result<Response> {
    let id = RequestId::of(&request, &WorkerHost);
    answer(&id, respond(&mut request, &env).await)
}

async fn respond(request: &mut Request, env: &Env) -> Result<serde_json::Value, Problem> {
    admit_admin(env, request)?;
    let url = request.url().map_err(|_| Problem::bad_request("the URL can't be read"))?;
    match (url.path(), method(request)) {
        ("/sync", Some(Method::Post)) => {
            let body = request.text().await.map_err(|_| Problem::bad_request("the body is not text"))?;
            json(begin(env, &SyncRequest::parse(&body)?).await?)
        }
        ("/syncs", Some(Method::Get)) => json(list(env, api::cursor(query_pairs(&url))?).await?),
        ("/healthz", Some(Method::Get)) => health(env).await,
        ("/sync", _) => Err(Problem::method_not_allowed("POST")),
        ("/syncs" | "/healthz", _) => Err(Problem::method_not_allowed("GET")),
        _ => Err(Problem::not_found()),
    }
}

fn json(value: impl serde::Serialize) -> Result<serde_json::Value, Problem> {
    serde_json::to_value(value).map_err(|_| Problem::unavailable())
}

/// Sends a message for each dataset. What dies in between has begun some of them; the next cron begins the others.
async fn begin(env: &Env, request: &SyncRequest) -> Result<SyncReply, Problem> {
    let wrong = |error: ConfigError| misconfigured(&error);
    let config = config(env).map_err(wrong)?;
    let copies = match postgres::settings(env).map_err(wrong)? {
        Some(_) => vec![Copy::Parquet, Copy::Postgres],
        None => vec![Copy::Parquet],
    };
    let argilla = argilla(env).map_err(wrong)?;
    let sources = sources(&argilla, &config).await.map_err(|failure| api::problem(&failure))?;
    api::log_refused(&sources.refused);
    let tasks = request.tasks(&sources, &copies);
    let sent = tasks_queue(env).map_err(wrong)?.send_all(&tasks).await;
    sent.map_err(|error| Problem::unavailable().because(format!("queue: {error}")))?;
    log::info("sync_begun").with("queued", tasks.len()).with("refused", sources.refused.len()).write();
    Ok(SyncReply::new(tasks, sources.refused))
}

/// One step. It never fails: what can't be done now is tried again, and what can't be done at all is in the log and in the report.
async fn consume(env: &Env, delivery: &Delivery) -> Answer {
    let task: Task = match serde_json::from_str(&delivery.body) {
        Ok(task) => task,
        Err(error) => {
            log::error("no_task").with("error", error.to_string()).with("body", &delivery.body).write();
            return Answer::Ack;
        }
    };
    let outcome = match task.copy {
        Copy::Parquet => match parquet_files(env) {
            Ok(files) => step(env, files, &task, delivery.attempts).await,
            Err(error) => Err(Failure::Passing(error.to_string())),
        },
        Copy::Postgres => match postgres::settings(env) {
            Ok(Some(settings)) => {
                step(env, PostgresTable { settings, network: SocketNetwork }, &task, delivery.attempts).await
            }
            // It was switched off. What it has missed is found when it's switched on again.
            Ok(None) => Ok(()),
            Err(error) => Err(Failure::Passing(error.to_string())),
        },
    };
    match outcome {
        Ok(()) => Answer::Ack,
        Err(failure) => {
            let line = log::error("sync_failed").with("copy", task.copy).with("dataset", &task.source.folder);
            line.with("error", failure.to_string()).with("attempt", delivery.attempts).write();
            retry(env, &failure, delivery.attempts)
        }
    }
}

fn retry(env: &Env, failure: &Failure, attempts: u32) -> Answer {
    if !failure.is_passing() {
        return Answer::Ack;
    }
    match failure.retry_after() {
        Some(seconds) => Answer::RetryAfter { seconds },
        None => Answer::retry(config(env).map_or(30, |config| config.wait_seconds), attempts),
    }
}

async fn step(env: &Env, destination: impl Destination, task: &Task, attempt: u32) -> Result<(), Failure> {
    let wrong = |error: ConfigError| Failure::Passing(error.to_string());
    let Config { bucket, wait_seconds, .. } = config(env).map_err(wrong)?;
    let syncer = Syncer {
        argilla: argilla(env).map_err(wrong)?,
        store: Kv::new(env).map_err(wrong)?,
        destination,
        neighbours: BoundNeighbours { env: env.clone(), bucket },
        host: WorkerHost,
        wait_seconds,
    };
    let outcome = async {
        let Step::Next(next, seconds) = syncer.step(task, attempt).await? else {
            return Ok(());
        };
        // Dead before this is sent: the message comes again, finds the step done, and sends it.
        let message = MessageBuilder::new(next).delay_seconds(seconds).build();
        let sent = tasks_queue(env).map_err(wrong)?.send_one(message).await;
        sent.map_err(|error| Failure::Passing(format!("queue: {error}")))
    };
    let outcome = outcome.await;
    if let Err(failure) = &outcome
        && *failure != Failure::Stale
    {
        syncer.report_failure(task, failure).await;
    }
    outcome
}

async fn list(env: &Env, cursor: Option<String>) -> Result<Syncs, Problem> {
    let store = Kv::new(env).map_err(|error| misconfigured(&error))?;
    let failed = |error: String| Problem::unavailable().because(format!("KV: {error}"));
    let mut list = store.values.list().prefix(REPORTS.to_owned()).limit(PAGE);
    if let Some(cursor) = cursor {
        list = list.cursor(cursor);
    }
    let page = list.execute().await.map_err(|error| failed(error.to_string()))?;
    let mut syncs = Vec::new();
    for key in page.keys {
        let text = store.get(&key.name).await.map_err(failed)?.unwrap_or_default();
        syncs.extend(serde_json::from_str::<Report>(&text).ok());
    }
    Ok(Syncs { syncs, cursor: if page.list_complete { None } else { page.cursor } })
}

/// `GET /healthz`: whether Argilla answers.
async fn health(env: &Env) -> Result<serde_json::Value, Problem> {
    let argilla = argilla(env).map_err(|error| misconfigured(&error))?;
    let datasets = argilla.datasets().await.map_err(|error| api::problem(&error.into()))?;
    Ok(serde_json::json!({ "ok": true, "datasets": datasets.len() }))
}

// ---- Settings and ports ------------------------------------------------------------------------------------------------------------

fn config(env: &Env) -> Result<Config, ConfigError> {
    var_as(env, "ARGILLA_SYNC")
}

fn argilla(env: &Env) -> Result<Argilla<FetchTransport>, ConfigError> {
    let endpoint = Endpoint { url: argilla_url(env)?, key: required_secret(env, "ARGILLA_API_KEY")? };
    Ok(Argilla { endpoint, transport: FetchTransport })
}

fn argilla_url(env: &Env) -> Result<String, ConfigError> {
    const URL: &str = "ARGILLA_URL";
    let url = required_var(env, URL)?;
    if front_page(&url).is_none() {
        return Err(ConfigError::Invalid { name: URL, reason: "it's not an address of HTTP".to_owned() });
    }
    Ok(url.trim_end_matches('/').to_owned())
}

fn parquet_files(env: &Env) -> Result<ParquetFiles, ConfigError> {
    Ok(ParquetFiles { store: R2Store::new(env.clone()), bucket: config(env)?.bucket, url: argilla_url(env)? })
}

fn tasks_queue(env: &Env) -> Result<QueuePort, ConfigError> {
    QueuePort::new(env, "SYNC")
}

/// Progress and reports, in KV, which may give older values for a minute; and in R2, which doesn't, which edition of a progress counts.
struct Kv {
    values: KvStore,
    marks: R2Store,
    /// The bucket of the marks.
    bucket: String,
}

/// Of an edition, in the metadata of a mark.
const EDITION: &str = "edition";

impl Kv {
    fn new(env: &Env) -> Result<Self, ConfigError> {
        const BINDING: &str = "SYNC_PROGRESS";
        let values = env.kv(BINDING).map_err(|_| ConfigError::MissingVar(BINDING))?;
        Ok(Self { values, marks: R2Store::new(env.clone()), bucket: config(env)?.bucket })
    }

    async fn try_put(&self, key: &str, value: &str) -> Result<(), String> {
        let put = self.values.put(key, value).map_err(|error| error.to_string())?;
        put.execute().await.map_err(|error| error.to_string())
    }
}

impl ProgressStore for Kv {
    async fn get(&self, key: &str) -> Result<Option<String>, String> {
        self.values.get(key).text().await.map_err(|error| format!("KV: {error}"))
    }

    async fn put(&self, key: &str, value: String) -> Result<(), String> {
        if self.try_put(key, &value).await.is_ok() {
            return Ok(());
        }
        // The last write of this key may have been less than a second ago.
        Delay::from(KV_PAUSE).await;
        self.try_put(key, &value).await.map_err(|error| format!("KV: {error}"))
    }

    async fn marked(&self, key: &str) -> Result<Option<Edition>, String> {
        let found = self.marks.metadata(&self.bucket, &mark_key(key)).await;
        let Some(metadata) = found.map_err(|error| format!("R2: {error}"))? else {
            return Ok(None);
        };
        let edition = metadata.get(EDITION).map(String::as_str).unwrap_or_default().parse();
        edition.map(Some).map_err(|error: ProgressError| format!("{}: {error}", mark_key(key)))
    }

    async fn mark(&self, key: &str, edition: Edition) -> Result<(), String> {
        let target = Target::parquet(&self.bucket, mark_key(key)).with(EDITION, edition.to_string());
        let target = Target { content_type: "text/plain", ..target };
        self.marks.put(&target, Vec::new()).await.map(drop).map_err(|error| format!("R2: {error}"))
    }
}

/// The object that marks an edition of a progress: none that ingest takes.
fn mark_key(key: &str) -> String {
    format!("_{key}")
}
