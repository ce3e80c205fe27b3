//! What the runtime calls, and the ports of this Worker on Cloudflare.

use living_core::landing::event::Notification;
use living_kit::{
    Answer, ConfigError, FetchTransport, Problem, R2Store, RequestId, WorkerHost, admit_admin, answer, log, messages,
    misconfigured, var_as, warehouse,
};
use living_parquet::Limits;
use living_warehouse::McpWarehouse;
use worker::{
    BatchMessageBuilder, Context, Env, Method, Queue, Request, Response, ScheduleContext, ScheduledEvent, event,
    wasm_bindgen::{JsValue, prelude::wasm_bindgen},
    worker_sys::MessageBatch,
};

use crate::{
    Announcer, CommitNotice, Ingest,
    api::{self, LandingQueue, LoadsQuery},
    consume, housekeeping, record_dead_letter,
};

type WorkerIngest = Ingest<R2Store, McpWarehouse<FetchTransport>, QueuePort, WorkerHost>;

/// End of the name of a dead-letter queue.
const DEAD_LETTER_SUFFIX: &str = "-dead";

/// Messages in one `sendBatch` ([limits](https://developers.cloudflare.com/queues/platform/limits/)).
const SEND_BATCH: usize = 100;

/// Batches of the landing queue and of its dead-letter queue. Each message is answered by itself, and this never fails.
#[wasm_bindgen(wasm_bindgen = ::worker::wasm_bindgen, wasm_bindgen_futures = ::worker::wasm_bindgen_futures, js_sys = ::worker::js_sys)]
pub async fn queue(batch: MessageBatch, env: Env, _ctx: JsValue) {
    let ingest = ingest(&env);
    let is_dead = batch.queue().is_ok_and(|name| String::from(name).ends_with(DEAD_LETTER_SUFFIX));
    // One after the other: an object that traps the Worker takes only messages with it that come after its own, and those are
    // delivered again.
    for (delivery, responder) in messages(&batch) {
        responder.answer(match &ingest {
            Ok(ingest) if is_dead => record_dead_letter(ingest, &delivery).await,
            Ok(ingest) => consume(ingest, &delivery).await,
            Err(error) => {
                log::error("misconfigured").with("error", error.to_string()).write();
                Answer::RetryAfter { seconds: 60 }
            }
        });
    }
}

#[event(scheduled)]
async fn scheduled(_event: ScheduledEvent, env: Env, _ctx: ScheduleContext) {
    let outcome = match ingest(&env) {
        Ok(ingest) => housekeeping::run(&ingest.warehouse, &ingest.host).await.map_err(|error| error.to_string()),
        Err(error) => Err(error.to_string()),
    };
    // The runtime throws the error of a scheduled event away.
    if let Err(error) = outcome {
        log::error("housekeeping_failed").with("error", error).write();
    }
}

#[event(fetch)]
async fn fetch(mut request: Request, env: Env, _ctx: Context) -> worker::Result<Response> {
    let id = RequestId::of(&request, &WorkerHost);
    answer(&id, respond(&mut request, &env).await)
}

async fn respond(request: &mut Request, env: &Env) -> Result<serde_json::Value, Problem> {
    admit_admin(env, request)?;
    let ingest = ingest(env).map_err(|error| misconfigured(&error))?;
    let url = request.url().map_err(|_| Problem::bad_request("the URL can't be read"))?;
    match (url.path(), request.method()) {
        ("/replay", Method::Post) => {
            let body = request.text().await.map_err(|_| Problem::bad_request("the body is not text"))?;
            let queue = QueuePort::new(env, "LANDED").map_err(|error| misconfigured(&error))?;
            let reply = api::replay(&ingest, &queue, &body).await?;
            serde_json::to_value(reply).map_err(|_| Problem::unavailable())
        }
        ("/loads", Method::Get) => {
            let pairs = url.query_pairs().map(|(name, value)| (name.into_owned(), value.into_owned()));
            api::loads(&ingest.warehouse, &LoadsQuery::parse(pairs)?).await
        }
        ("/healthz", Method::Get) => api::health(&ingest).await,
        ("/replay", _) => Err(Problem::method_not_allowed("POST")),
        ("/loads" | "/healthz", _) => Err(Problem::method_not_allowed("GET")),
        _ => Err(Problem::not_found()),
    }
}

fn ingest(env: &Env) -> Result<WorkerIngest, ConfigError> {
    Ok(Ingest {
        store: R2Store::new(env.clone()),
        warehouse: warehouse(env)?,
        announcer: QueuePort::new(env, "DISCOVERY")?,
        host: WorkerHost,
        config: var_as(env, "INGEST")?,
        limits: Limits::default(),
    })
}

/// A queue that this Worker sends to.
struct QueuePort(Queue);

impl QueuePort {
    fn new(env: &Env, binding: &'static str) -> Result<Self, ConfigError> {
        env.queue(binding).map(Self).map_err(|_| ConfigError::MissingVar(binding))
    }
}

impl Announcer for QueuePort {
    async fn announce(&self, notice: &CommitNotice) -> Result<(), String> {
        self.0.send(notice).await.map_err(|error| error.to_string())
    }
}

impl LandingQueue for QueuePort {
    async fn send(&self, messages: Vec<Notification>) -> Result<(), String> {
        for some in messages.chunks(SEND_BATCH) {
            let batch = BatchMessageBuilder::new().messages(some.iter().cloned()).build();
            self.0.send_batch(batch).await.map_err(|error| error.to_string())?;
        }
        Ok(())
    }
}
