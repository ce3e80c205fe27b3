//! What the runtime calls, and the ports of this Worker on Cloudflare.

use living_core::landing::event::Notification;
use living_kit::{
    ConfigError, FetchTransport, Problem, QueuePort, R2Store, RequestId, StoreError, WorkerHost, admit_admin, answer,
    answer_batch, binding_name, method, misconfigured, percent_decoded, query_pairs, var_as,
};
use worker::{
    Bucket, Conditional, Context, Env, Method, Request, Response, event,
    wasm_bindgen::{JsValue, prelude::wasm_bindgen},
    worker_sys::MessageBatch,
};

use crate::{
    Config, DocumentsQueue, HttpEngine, Ocr,
    api::{self, DocumentsQuery},
    config, consume, record_dead_letter,
    shelf::{Content, Expected, Keys, Put, Shelf},
};

type WorkerOcr = Ocr<R2Store, R2Shelf, HttpEngine<FetchTransport>, QueuePort, WorkerHost>;

/// Batches of the documents' queue and of its dead-letter queue. Each message is answered by itself, and this never fails.
#[wasm_bindgen(wasm_bindgen = ::worker::wasm_bindgen, wasm_bindgen_futures = ::worker::wasm_bindgen_futures, js_sys = ::worker::js_sys)]
pub async fn queue(batch: MessageBatch, env: Env, _ctx: JsValue) {
    answer_batch(&batch, ocr(&env), consume, record_dead_letter).await;
}

#[event(fetch)]
async fn fetch(mut request: Request, env: Env, _ctx: Context) -> worker::Result<Response> {
    let id = RequestId::of(&request, &WorkerHost);
    answer(&id, respond(&mut request, &env).await)
}

async fn respond(request: &mut Request, env: &Env) -> Result<serde_json::Value, Problem> {
    admit_admin(env, request)?;
    let ocr = ocr(env).map_err(|error| misconfigured(&error))?;
    let url = request.url().map_err(|_| Problem::bad_request("the URL can't be read"))?;
    match (url.path(), method(request)) {
        ("/documents", Some(Method::Get)) => {
            api::documents(&ocr.shelf, &DocumentsQuery::parse(query_pairs(&url))?).await
        }
        ("/dead-letters", Some(Method::Get)) => {
            api::dead_letters(
                &ocr.shelf,
                query_pairs(&url).find_map(|(name, value)| (name == "cursor").then_some(value)),
            )
            .await
        }
        ("/replay", Some(Method::Post)) => {
            let body = request.text().await.map_err(|_| Problem::bad_request("the body is not text"))?;
            let reply = api::replay(&ocr, &body).await?;
            serde_json::to_value(reply).map_err(|_| Problem::unavailable())
        }
        ("/replay", _) => Err(Problem::method_not_allowed("POST")),
        ("/documents" | "/dead-letters", _) => Err(Problem::method_not_allowed("GET")),
        (path, method) => match (path.strip_prefix("/documents/"), method) {
            (Some(key), Some(Method::Get)) => api::document(&ocr.shelf, &decoded(key)?).await,
            (Some(_), _) => Err(Problem::method_not_allowed("GET")),
            (None, _) => Err(Problem::not_found()),
        },
    }
}

/// A key as a path has it.
fn decoded(path: &str) -> Result<String, Problem> {
    percent_decoded(path).ok_or_else(|| Problem::bad_request("the key isn't encoded as a path has to be"))
}

fn ocr(env: &Env) -> Result<WorkerOcr, ConfigError> {
    let config: Config = var_as(env, "OCR")?;
    let binding = binding_name(&config.pages_bucket);
    let bucket = env.bucket(&binding).map_err(|_| ConfigError::Invalid {
        name: "OCR",
        reason: format!(
            "pages_bucket: {:?} is not bound as {binding} (wrangler.toml, r2_buckets)",
            config.pages_bucket
        ),
    })?;
    Ok(Ocr {
        store: R2Store::new(env.clone()),
        shelf: R2Shelf { bucket },
        engine: config::engine(env)?,
        queue: QueuePort::new(env, "DOCUMENTS")?,
        host: WorkerHost,
        config,
    })
}

/// The bucket of the pages.
struct R2Shelf {
    bucket: Bucket,
}

impl Shelf for R2Shelf {
    async fn get(&self, key: &str) -> Result<Option<Content>, StoreError> {
        let Some(object) = self.bucket.get(key).execute().await? else {
            return Ok(None);
        };
        let Some(body) = object.body() else {
            return Ok(None);
        };
        Ok(Some(Content { bytes: body.bytes().await?, etag: object.etag() }))
    }

    async fn etag(&self, key: &str) -> Result<Option<String>, StoreError> {
        Ok(self.bucket.head(key).await?.map(|object| object.etag()))
    }

    async fn put(&self, key: &str, bytes: Vec<u8>, expected: &Expected) -> Result<Put, StoreError> {
        let put = self.bucket.put(key, bytes);
        let put = match expected {
            Expected::Anything => put,
            Expected::Nothing => {
                put.only_if(Conditional { etag_does_not_match: Some("*".to_owned()), ..Conditional::default() })
            }
            Expected::Etag(etag) => {
                put.only_if(Conditional { etag_matches: Some(etag.clone()), ..Conditional::default() })
            }
        };
        // Without an object the condition didn't hold.
        Ok(put.execute().await?.map_or(Put::Unexpected, |object| Put::Written { etag: object.etag() }))
    }

    async fn delete(&self, keys: Vec<String>) -> Result<(), StoreError> {
        Ok(self.bucket.delete_multiple(keys).await?)
    }

    async fn list(&self, prefix: &str, limit: u32, cursor: Option<String>) -> Result<Keys, StoreError> {
        let mut list = self.bucket.list().prefix(prefix).limit(limit);
        if let Some(cursor) = cursor {
            list = list.cursor(cursor);
        }
        let page = list.execute().await?;
        Ok(Keys { keys: page.objects().iter().map(worker::Object::key).collect(), cursor: page.cursor() })
    }
}

impl DocumentsQueue for QueuePort {
    async fn send(&self, messages: Vec<Notification>) -> Result<(), String> {
        self.send_all(&messages).await
    }
}
