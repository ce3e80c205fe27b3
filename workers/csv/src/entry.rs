//! What the runtime calls, and the ports of this Worker on Cloudflare.

use living_kit::{
    ConfigError, Cors, Problem, QueryString, R2Store, RequestId, Scope, Target, WorkerHost, admit, answer_batch, log,
    method, misconfigured, query_pairs, var_as,
};
use living_produce::GIT_SHA;
use serde::Serialize;
use serde_json::Value;
use worker::{
    Context, Env, Method, Request, Response, event,
    wasm_bindgen::{JsValue, prelude::wasm_bindgen},
    worker_sys::MessageBatch,
};

use crate::{
    Converter,
    api::{MAX_PREVIEWED_BODY, UploadAnswer},
    consume, output, record_dead_letter,
};

type WorkerConverter = Converter<R2Store, WorkerHost>;

/// What pages of `ALLOWED_ORIGINS` may do.
const CORS: Cors = Cors {
    methods: "GET, POST, PUT",
    headers: "accept, authorization, content-type",
    exposed: "location, x-request-id",
};

/// Batches of the queue of uploads and of its dead-letter queue. Each message is answered by itself, and this never fails.
#[wasm_bindgen(wasm_bindgen = ::worker::wasm_bindgen, wasm_bindgen_futures = ::worker::wasm_bindgen_futures, js_sys = ::worker::js_sys)]
pub async fn queue(batch: MessageBatch, env: Env, _ctx: JsValue) {
    answer_batch(&batch, converter(&env), consume, record_dead_letter).await;
}

#[event(fetch)]
async fn fetch(mut request: Request, env: Env, _ctx: Context) -> worker::Result<Response> {
    let id = RequestId::of(&request, &WorkerHost);
    let origin = Cors::origin(&request);
    let outcome = if method(&request) == Some(Method::Options) {
        Response::empty().map(|response| response.with_status(204))
    } else {
        match respond(&mut request, &env).await {
            Ok(reply) => reply.into_response(),
            Err(problem) => id.problem(problem),
        }
    };
    let mut response = outcome?;
    let headers = response.headers_mut();
    headers.set("x-request-id", id.as_str())?;
    headers.set("cache-control", "no-store")?;
    CORS.apply(&env, origin.as_deref(), headers)?;
    Ok(response)
}

/// An answer that is no problem.
struct Reply {
    status: u16,
    body: Value,
    location: Option<String>,
}

impl Reply {
    fn ok(body: &impl Serialize) -> Result<Self, Problem> {
        let body = serde_json::to_value(body).map_err(|error| Problem::unavailable().because(error))?;
        Ok(Self { status: 200, body, location: None })
    }

    fn into_response(self) -> worker::Result<Response> {
        let mut response = Response::from_json(&self.body)?.with_status(self.status);
        if let Some(location) = self.location {
            response.headers_mut().set("location", &location)?;
        }
        Ok(response)
    }
}

async fn respond(request: &mut Request, env: &Env) -> Result<Reply, Problem> {
    admit(env, request, Scope::Upload).await?;
    let converter = converter(env).map_err(|error| misconfigured(&error))?;
    let url = request.url().map_err(|_| Problem::bad_request("the URL can't be read"))?;
    let query = QueryString::parse(query_pairs(&url))?;
    match (url.path(), method(request)) {
        ("/preview", Some(Method::Post)) => preview(&converter, request, &query).await,
        ("/uploads", Some(Method::Get)) => match query.get("key") {
            Some(key) => Reply::ok(&converter.status(&query, key).await?),
            None => Reply::ok(&converter.list(&query).await?),
        },
        ("/preview", _) => Err(Problem::method_not_allowed("POST")),
        ("/uploads", _) => Err(Problem::method_not_allowed("GET")),
        (path, method) => match (path.strip_prefix("/uploads/"), method) {
            (Some(place), Some(Method::Put)) => put(&converter, request, place).await,
            (Some(_), _) => Err(Problem::method_not_allowed("PUT")),
            (None, _) => Err(Problem::not_found()),
        },
    }
}

/// `POST /preview`: of the upload that a JSON body names, else of the file that the body is, called `name`.
async fn preview(converter: &WorkerConverter, request: &mut Request, query: &QueryString) -> Result<Reply, Problem> {
    query.only(&["name"])?;
    if content_length(request).is_some_and(|length| length > MAX_PREVIEWED_BODY as u64) {
        return Err(too_large(MAX_PREVIEWED_BODY as u64));
    }
    let body = request.bytes().await.map_err(|_| Problem::bad_request("the body ended early"))?;
    if body.len() > MAX_PREVIEWED_BODY {
        return Err(too_large(MAX_PREVIEWED_BODY as u64));
    }
    let content_type = header(request, "content-type").unwrap_or_default();
    if content_type.split(';').next().is_some_and(|name| name.trim().eq_ignore_ascii_case("application/json")) {
        Reply::ok(&converter.preview_upload(&body).await?)
    } else {
        Reply::ok(&converter.preview_body(query.get("name").unwrap_or("body"), body.into()).await?)
    }
}

/// `PUT /uploads/{table}/{file}`: the body goes to R2 as it comes, and is there once all of it came.
async fn put(converter: &WorkerConverter, request: &Request, place: &str) -> Result<Reply, Problem> {
    let (route, key) = converter.place(place)?;
    let length = content_length(request)
        .ok_or_else(|| Problem::new(411, "Length required", "an upload tells its length: Content-Length"))?;
    let limit = converter.config.max_upload_bytes;
    if length > limit {
        return Err(too_large(limit));
    }
    let content_type = "application/octet-stream";
    let target = Target { bucket: route.bucket.clone(), key, content_type, metadata: Vec::new() };
    let written = converter.store.put_body(&target, request).await;
    let written = written.map_err(|error| Problem::unavailable().because(format!("R2: {error}")))?;
    let status = status_path(&target.bucket, &target.key);
    log::info("uploaded").with("bucket", &target.bucket).with("key", &target.key).with("size", written.size).write();
    let answer = UploadAnswer {
        bucket: &target.bucket,
        key: &target.key,
        source_table: output::source_table(route, &target.key),
        etag: &written.etag,
        size: written.size,
        status: status.clone(),
    };
    Ok(Reply { status: 202, location: Some(status), ..Reply::ok(&answer)? })
}

/// Where the state of an upload is told.
fn status_path(bucket: &str, key: &str) -> String {
    let encoded = |text: &str| String::from(worker::js_sys::encode_uri_component(text));
    format!("/uploads?bucket={}&key={}", encoded(bucket), encoded(key))
}

fn header(request: &Request, name: &str) -> Option<String> {
    request.headers().get(name).ok().flatten()
}

fn content_length(request: &Request) -> Option<u64> {
    header(request, "content-length")?.parse().ok()
}

fn too_large(limit: u64) -> Problem {
    Problem::new(
        413,
        "Content too large",
        format!("a body has at most {limit} bytes here; put it and name it by its key"),
    )
}

fn converter(env: &Env) -> Result<WorkerConverter, ConfigError> {
    Ok(Converter {
        store: R2Store::new(env.clone()),
        host: WorkerHost,
        config: var_as(env, "CSV")?,
        build: format!("{} {}", env!("CARGO_PKG_VERSION"), GIT_SHA.unwrap_or("unknown")),
    })
}
