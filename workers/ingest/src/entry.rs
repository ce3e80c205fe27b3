//! What the runtime calls, and the ports of this Worker on Cloudflare.

use std::{cell::RefCell, rc::Rc};

use living_core::landing::event::Notification;
use living_kit::{
    ConfigError, FetchTransport, Problem, R2Store, TokenHash, WorkerHost, log, required_secret, required_var, var_as,
};
use living_parquet::Limits;
use living_warehouse::{Endpoint, McpWarehouse, Session};
use worker::{
    BatchMessageBuilder, Context, Env, Method, Queue, Request, Response, ScheduleContext, ScheduledEvent, event,
    js_sys::{self, Reflect},
    wasm_bindgen::{JsCast, JsValue, prelude::wasm_bindgen},
    worker_sys::{Message, MessageBatch},
};

use crate::{
    Announcer, Answer, CommitNotice, Delivery, Ingest,
    api::{self, LandingQueue, LoadsQuery},
    consume, housekeeping, record_dead_letter,
};

thread_local! {
    /// The warehouse's session, for as long as the isolate lives.
    static SESSION: Rc<RefCell<Session>> = Rc::default();
}

type WorkerIngest = Ingest<R2Store, McpWarehouse<FetchTransport>, QueuePort, WorkerHost>;

/// End of the name of a dead-letter queue.
const DEAD_LETTER_SUFFIX: &str = "-dead";

/// Messages in one `sendBatch` ([limits](https://developers.cloudflare.com/queues/platform/limits/)).
const SEND_BATCH: usize = 100;

/// Batches of the landing queue and of its dead-letter queue.
///
/// `#[event(queue)]` would do, but doesn't tell how often a message was delivered. A message that is neither acknowledged nor retried
/// when this returns is taken as acknowledged; when it fails, as not: so each message is answered by itself, and this never fails.
#[wasm_bindgen(wasm_bindgen = ::worker::wasm_bindgen, wasm_bindgen_futures = ::worker::wasm_bindgen_futures, js_sys = ::worker::js_sys)]
pub async fn queue(batch: MessageBatch, env: Env, _ctx: JsValue) {
    let ingest = ingest(&env);
    let is_dead = batch.queue().is_ok_and(|name| String::from(name).ends_with(DEAD_LETTER_SUFFIX));
    let messages = batch.messages().unwrap_or_default();
    // One after the other: an object that traps the Worker takes only messages with it that come after its own, and those are
    // delivered again.
    for message in messages.iter() {
        // The runtime's messages are of no class that could be checked.
        let message: Message = message.unchecked_into();
        let delivery = read_delivery(&message);
        let answer = match &ingest {
            Ok(ingest) if is_dead => record_dead_letter(ingest, &delivery).await,
            Ok(ingest) => consume(ingest, &delivery).await,
            Err(error) => {
                log::error("misconfigured").with("error", error.to_string()).write();
                Answer::RetryAfter { seconds: 60 }
            }
        };
        // Both only mark the message; they fail for no reason that could be answered here.
        let _ = match answer {
            Answer::Ack => message.ack(),
            Answer::RetryAfter { seconds } => message.retry(retry_options(seconds)),
        };
    }
}

fn read_delivery(message: &Message) -> Delivery {
    let body = message.body().unwrap_or(JsValue::UNDEFINED);
    let text = match body.as_string() {
        Some(text) => text,
        None => js_sys::JSON::stringify(&body).map(String::from).unwrap_or_default(),
    };
    let attempts = Reflect::get(message, &"attempts".into()).ok().and_then(|n| n.as_f64());
    // Without a count it might be the second time.
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a small whole number")]
    Delivery { body: text, attempts: attempts.map_or(2, |n| n as u32) }
}

fn retry_options(seconds: u32) -> JsValue {
    let options = js_sys::Object::new();
    // A plain object takes any property.
    let _ = Reflect::set(&options, &"delaySeconds".into(), &seconds.into());
    options.into()
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
    match respond(&mut request, &env).await {
        Ok(value) => Response::from_json(&value),
        Err(problem) => problem.into_response(),
    }
}

async fn respond(request: &mut Request, env: &Env) -> Result<serde_json::Value, Problem> {
    let misconfigured = |error: ConfigError| {
        log::error("misconfigured").with("error", error.to_string()).write();
        Problem::new(500, "Misconfigured", "the Worker's log says what is missing")
    };
    let admin = admin_token(env).map_err(misconfigured)?;
    if !admin.admits(request.headers().get("authorization").ok().flatten().as_deref()) {
        return Err(Problem::unauthorized());
    }
    let ingest = ingest(env).map_err(misconfigured)?;
    let url = request.url().map_err(|_| Problem::bad_request("the URL can't be read"))?;
    match (url.path(), request.method()) {
        ("/replay", Method::Post) => {
            let body = request.text().await.map_err(|_| Problem::bad_request("the body is not text"))?;
            let queue = QueuePort::new(env, "LANDED").map_err(misconfigured)?;
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

fn admin_token(env: &Env) -> Result<TokenHash, ConfigError> {
    const NAME: &str = "ADMIN_TOKEN_HASH";
    TokenHash::parse(&required_secret(env, NAME)?).ok_or_else(|| ConfigError::Invalid {
        name: NAME,
        reason: "it has to be the SHA-256 of the token in hexadecimal".to_owned(),
    })
}

fn ingest(env: &Env) -> Result<WorkerIngest, ConfigError> {
    let endpoint = Endpoint {
        url: required_var(env, "WAREHOUSE_URL")?,
        token: required_secret(env, "MOTHERDUCK_TOKEN")?,
        database: Some(required_var(env, "WAREHOUSE_DATABASE")?),
    };
    Ok(Ingest {
        store: R2Store::new(env.clone()),
        warehouse: McpWarehouse::with_session(endpoint, FetchTransport, SESSION.with(Rc::clone)),
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
