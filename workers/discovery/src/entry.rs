//! What the runtime calls, and the ports of this Worker on Cloudflare.

use living_core::similarity;
use living_kit::{
    Answer, ConfigError, FetchTransport, Problem, RequestId, WorkerHost, admit_admin, answer, log, messages,
    misconfigured, required_var, warehouse,
};
use living_warehouse::McpWarehouse;
use worker::{
    Context, Env, Method, Request, Response, ScheduleContext, ScheduledEvent, event,
    kv::KvStore,
    wasm_bindgen::{JsValue, prelude::wasm_bindgen},
    worker_sys::MessageBatch,
};

use crate::{Discovery, VersionCache, typed};

/// Seconds before messages whose run failed are delivered again.
const RETRY_SECONDS: u32 = 30;

/// The key of the cache under which the newest version stands.
const VERSION_KEY: &str = "schema_version";

type WorkerDiscovery = Discovery<McpWarehouse<FetchTransport>, Kv, WorkerHost>;

/// Messages say that there are commits, or that somebody wants a run: one run answers all of a batch. What a message says else is
/// of no matter, so that any loader can ask.
#[wasm_bindgen(wasm_bindgen = ::worker::wasm_bindgen, wasm_bindgen_futures = ::worker::wasm_bindgen_futures, js_sys = ::worker::js_sys)]
pub async fn queue(batch: MessageBatch, env: Env, _ctx: JsValue) {
    let answer = if run_unasked(&env).await { Answer::Ack } else { Answer::RetryAfter { seconds: RETRY_SECONDS } };
    for (_, responder) in messages(&batch) {
        responder.answer(answer);
    }
}

/// Every hour, for commits whose message was lost.
#[event(scheduled)]
async fn scheduled(_event: ScheduledEvent, env: Env, _ctx: ScheduleContext) {
    run_unasked(&env).await;
}

#[event(fetch)]
async fn fetch(request: Request, env: Env, _ctx: Context) -> worker::Result<Response> {
    let id = RequestId::of(&request, &WorkerHost);
    answer(id, respond(&request, &env).await)
}

async fn respond(request: &Request, env: &Env) -> Result<serde_json::Value, Problem> {
    admit_admin(env, request)?;
    match (request.path().as_str(), request.method()) {
        ("/run", Method::Post) => run(env).await,
        ("/run", _) => Err(Problem::method_not_allowed("POST")),
        _ => Err(Problem::not_found()),
    }
}

/// A run that nobody waits for: says whether it came to its end, and logs why not.
async fn run_unasked(env: &Env) -> bool {
    let outcome = run(env).await;
    if let Err(problem) = &outcome {
        log::error("discovery_failed").with("error", &problem.cause).write();
    }
    outcome.is_ok()
}

async fn run(env: &Env) -> Result<serde_json::Value, Problem> {
    let discovery = discovery(env).map_err(|error| misconfigured(&error))?;
    let report = discovery.run().await.map_err(|failure| Problem::unavailable().because(failure))?;
    typed::maintain_and_log(&discovery.warehouse, &discovery.host).await;
    serde_json::to_value(report).map_err(|_| Problem::unavailable())
}

fn discovery(env: &Env) -> Result<WorkerDiscovery, ConfigError> {
    Ok(Discovery {
        warehouse: warehouse(env)?,
        cache: Kv(env.kv("SCHEMA_CACHE").map_err(|_| ConfigError::MissingVar("SCHEMA_CACHE"))?),
        host: WorkerHost,
        options: options(env)?,
    })
}

/// Thresholds of similarity; `SIMILARITY_THRESHOLD` is that of normalised Levenshtein.
fn options(env: &Env) -> Result<similarity::Options, ConfigError> {
    const NAME: &str = "SIMILARITY_THRESHOLD";
    let threshold = required_var(env, NAME)?;
    match threshold.parse() {
        Ok(levenshtein) if (0.0..=1.0).contains(&levenshtein) => Ok(similarity::Options { levenshtein }),
        _ => Err(ConfigError::Invalid { name: NAME, reason: format!("{threshold:?} is not a number from 0 to 1") }),
    }
}

/// The newest version, where readers of the schema look for it.
struct Kv(KvStore);

impl VersionCache for Kv {
    async fn publish(&self, version: i64) -> Result<(), String> {
        let version = version.to_string();
        let known = self.0.get(VERSION_KEY).text().await.map_err(|error| error.to_string())?;
        // KV takes one write a second for a key, so none is made for nothing.
        if known.as_deref() == Some(version.as_str()) {
            return Ok(());
        }
        let put = self.0.put(VERSION_KEY, version).map_err(|error| error.to_string())?;
        put.execute().await.map_err(|error| error.to_string())
    }
}
