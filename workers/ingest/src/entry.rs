//! What the runtime calls, and the ports of this Worker on Cloudflare.

use living_core::landing::event::Notification;
use living_kit::{
    ConfigError, Problem, QueuePort, R2Store, RequestId, WorkerHost, WorkerWarehouse, admit_admin, answer,
    answer_batch, log, method, misconfigured, query_pairs, var_as, warehouse,
};
use living_parquet::Limits;
use worker::{
    Context, Env, Method, Request, Response, ScheduleContext, ScheduledEvent, event,
    wasm_bindgen::{JsValue, prelude::wasm_bindgen},
    worker_sys::MessageBatch,
};

use crate::{
    Announcer, CommitNotice, Ingest,
    api::{self, LandingQueue, LoadsQuery},
    consume, housekeeping, record_dead_letter,
};

type WorkerIngest = Ingest<R2Store, WorkerWarehouse, QueuePort, WorkerHost>;

/// Batches of the landing queue and of its dead-letter queue. Each message is answered by itself, and this never fails.
#[wasm_bindgen(wasm_bindgen = ::worker::wasm_bindgen, wasm_bindgen_futures = ::worker::wasm_bindgen_futures, js_sys = ::worker::js_sys)]
pub async fn queue(batch: MessageBatch, env: Env, _ctx: JsValue) {
    answer_batch(&batch, ingest(&env), consume, record_dead_letter).await;
}

#[event(scheduled)]
async fn scheduled(_event: ScheduledEvent, env: Env, _ctx: ScheduleContext) {
    let outcome = match warehouse(&env).and_then(|warehouse| Ok((warehouse, var_as(&env, "RETENTION")?))) {
        Ok((warehouse, retention)) => {
            housekeeping::run(&warehouse, &WorkerHost, retention).await.map_err(|error| error.to_string())
        }
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
    match (url.path(), method(request)) {
        ("/replay", Some(Method::Post)) => {
            let body = request.text().await.map_err(|_| Problem::bad_request("the body is not text"))?;
            let queue = QueuePort::new(env, "LANDED").map_err(|error| misconfigured(&error))?;
            let reply = api::replay(&ingest, &queue, &body).await?;
            serde_json::to_value(reply).map_err(|_| Problem::unavailable())
        }
        ("/loads", Some(Method::Get)) => api::loads(&ingest.warehouse, &LoadsQuery::parse(query_pairs(&url))?).await,
        ("/healthz", Some(Method::Get)) => api::health(&ingest).await,
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

impl Announcer for QueuePort {
    async fn announce(&self, notice: &CommitNotice) -> Result<(), String> {
        self.send_one(notice).await
    }
}

impl LandingQueue for QueuePort {
    async fn send(&self, messages: Vec<Notification>) -> Result<(), String> {
        self.send_all(&messages).await
    }
}
