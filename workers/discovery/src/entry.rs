//! What the runtime calls, and the ports of this Worker on Cloudflare.

use std::str::FromStr;

use living_core::{catalog::health::Cadence, similarity};
use living_http::front_page;
use living_kit::{
    Answer, ConfigError, FetchTransport, Problem, RequestId, WorkerHost, WorkerWarehouse, admit_admin, answer, log,
    messages, method, misconfigured, number_var, optional_secret, optional_var, query_pairs, required_var, warehouse,
};
use living_model::{EmbeddingEndpoint, HttpEmbedder};
use worker::{
    Context, Env, Method, Request, Response, ScheduleContext, ScheduledEvent, event,
    kv::KvStore,
    wasm_bindgen::{JsValue, prelude::wasm_bindgen},
    worker_sys::MessageBatch,
};

use crate::{Discovery, Embeddings, Failure, Options, RunReport, VersionCache, api, outside::entry as outside, typed};

/// Seconds of a run, about: a queue consumer lives for 15 minutes ([limits](https://developers.cloudflare.com/queues/platform/limits/)), and the
/// typed tables are filled in these, too.
const RUN_SECONDS: i64 = 180;

/// Seconds before messages whose run failed are delivered again.
const RETRY_SECONDS: u32 = 30;

/// The key of the cache under which the newest version stands.
const VERSION_KEY: &str = "schema_version";

type WorkerDiscovery = Discovery<WorkerWarehouse, Kv, WorkerHost, HttpEmbedder<FetchTransport>>;

/// Messages say that there are commits, or that somebody wants a run: one run answers all of a batch. What a message says else is
/// of no matter, so that any loader can ask. Those of the outbox's queue say that there may be something to send.
#[wasm_bindgen(wasm_bindgen = ::worker::wasm_bindgen, wasm_bindgen_futures = ::worker::wasm_bindgen_futures, js_sys = ::worker::js_sys)]
pub async fn queue(batch: MessageBatch, env: Env, _ctx: JsValue) {
    let answer = if batch.queue().is_ok_and(|name| outside::is_queue(&String::from(name))) {
        outside::dispatch(&env).await
    } else {
        let report = run_unasked(&env).await;
        if report.is_some() {
            outside::announce(&env).await;
        }
        match report {
            Some(RunReport { goes_on: false, .. }) => Answer::Ack,
            Some(RunReport { goes_on: true, .. }) => Answer::RetryAfter { seconds: 1 },
            None => Answer::RetryAfter { seconds: RETRY_SECONDS },
        }
    };
    for (_, responder) in messages(&batch) {
        responder.answer(answer);
    }
}

/// Every hour, for commits whose message was lost, for what waits (new items, and what is in the outbox), and for what a week or a quarter
/// begins with.
#[event(scheduled)]
async fn scheduled(_event: ScheduledEvent, env: Env, _ctx: ScheduleContext) {
    if run_unasked(&env).await.is_some() && has_decided_unasked(&env).await {
        run_unasked(&env).await;
    }
    outside::dispatch(&env).await;
}

/// Whether what waited was taken in, or something was decided by rule. What goes wrong is logged, and tried again in an hour.
async fn has_decided_unasked(env: &Env) -> bool {
    // A run has just been: the settings make sense.
    let Ok(discovery) = discovery(env) else { return false };
    let logged = |outcome: Result<bool, Failure>, event| {
        outcome.unwrap_or_else(|failure| {
            log::error(event).with("error", failure.to_string()).write();
            false
        })
    };
    let is_resumed = logged(discovery.resume_if_due().await, "resumption_failed");
    let report = discovery.look_after_health().await;
    let is_consolidated = logged(report.map(|report| report.decided > 0), "health_failed");
    is_resumed || is_consolidated
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
        ("/run", Some(Method::Post)) => {
            let report = run(env).await?;
            outside::announce(env).await;
            serde_json::to_value(report).map_err(|_| Problem::unavailable())
        }
        ("/conflicts", Some(Method::Get)) => api::conflicts(&configured(env)?, query_pairs(&url)).await,
        ("/decisions", Some(Method::Post)) => {
            let discovery = configured(env)?;
            let made = api::decide(&discovery, &body(request).await?).await?;
            typed::maintain_and_log(&discovery.warehouse, &discovery.host).await;
            outside::announce(env).await;
            Ok(made)
        }
        ("/decisions/preview", Some(Method::Post)) => api::preview(&configured(env)?, &body(request).await?).await,
        ("/conflicts", _) => Err(Problem::method_not_allowed("GET")),
        ("/run" | "/decisions" | "/decisions/preview", _) => Err(Problem::method_not_allowed("POST")),
        _ => Err(Problem::not_found()),
    }
}

async fn body(request: &mut Request) -> Result<String, Problem> {
    request.text().await.map_err(|_| Problem::bad_request("the body is not text"))
}

fn configured(env: &Env) -> Result<WorkerDiscovery, Problem> {
    discovery(env).map_err(|error| misconfigured(&error))
}

/// A run that nobody waits for. `None`: it failed; it logs why.
async fn run_unasked(env: &Env) -> Option<RunReport> {
    let outcome = run(env).await;
    if let Err(problem) = &outcome {
        log::error("discovery_failed").with("error", &problem.cause).write();
    }
    outcome.ok()
}

async fn run(env: &Env) -> Result<RunReport, Problem> {
    let discovery = configured(env)?;
    let report = discovery.run().await.map_err(|failure| Problem::unavailable().because(failure))?;
    typed::maintain_and_log(&discovery.warehouse, &discovery.host).await;
    Ok(report)
}

fn discovery(env: &Env) -> Result<WorkerDiscovery, ConfigError> {
    Ok(Discovery {
        warehouse: warehouse(env)?,
        cache: Kv(env.kv("SCHEMA_CACHE").map_err(|_| ConfigError::MissingVar("SCHEMA_CACHE"))?),
        host: WorkerHost,
        options: options(env)?,
        embeddings: embeddings(env)?,
    })
}

/// `EMBEDDINGS_URL`: an OpenAI-compatible address; empty: no embeddings. `EMBEDDINGS_MODEL`: the model there. `EMBEDDINGS_MIN_COSINE`:
/// from where on two names in doubt are one.
fn embeddings(env: &Env) -> Result<Option<Embeddings<HttpEmbedder<FetchTransport>>>, ConfigError> {
    const URL: &str = "EMBEDDINGS_URL";
    let Some(url) = optional_var(env, URL) else {
        return Ok(None);
    };
    if front_page(&url).is_none() {
        return Err(ConfigError::Invalid { name: URL, reason: "it's not an address of HTTP".to_owned() });
    }
    let is_cosine = |cosine: &f64| (-1.0..=1.0).contains(cosine);
    let least = parsed(env, "EMBEDDINGS_MIN_COSINE", "a number from -1 to 1", is_cosine)?;
    let model = required_var(env, "EMBEDDINGS_MODEL")?;
    let endpoint = EmbeddingEndpoint { url, model, key: optional_secret(env, "EMBEDDINGS_API_KEY") };
    Ok(Some(Embeddings::new(HttpEmbedder { endpoint, transport: FetchTransport }, least)))
}

/// `SIMILARITY_THRESHOLD`: least normalised Levenshtein similarity. `MAX_VERSIONS_PER_DAY`: after so many, new items wait.
/// `CONSOLIDATION_MONTHS`, `CONSOLIDATION_BY_RULE_BELOW`: see [`Cadence`].
fn options(env: &Env) -> Result<Options, ConfigError> {
    let is_share = |share: &f64| (0.0..=1.0).contains(share);
    let levenshtein = parsed(env, "SIMILARITY_THRESHOLD", "a number from 0 to 1", is_share)?;
    let versions_a_day = parsed(env, "MAX_VERSIONS_PER_DAY", "a whole number from 1", |most: &u64| *most >= 1)?;
    let cadence = Cadence {
        months: number_var(env, "CONSOLIDATION_MONTHS")?,
        by_rule_below: number_var(env, "CONSOLIDATION_BY_RULE_BELOW")?,
    };
    Ok(Options { similarity: similarity::Options { levenshtein }, versions_a_day, cadence, run_seconds: RUN_SECONDS })
}

fn parsed<T: FromStr>(
    env: &Env,
    name: &'static str,
    rule: &str,
    is_valid: impl Fn(&T) -> bool,
) -> Result<T, ConfigError> {
    let text = required_var(env, name)?;
    let invalid = || ConfigError::Invalid { name, reason: format!("{text:?} is not {rule}") };
    text.parse().ok().filter(is_valid).ok_or_else(invalid)
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
