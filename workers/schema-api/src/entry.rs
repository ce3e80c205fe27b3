//! What the runtime calls, and the ports of this Worker on Cloudflare.

use std::{pin::pin, time::Duration};

use futures_util::future::{Either, select};
use living_core::schema::Schema;
use living_kit::{
    Caller, ConfigError, Problem, RequestId, Scope, Tokens, WorkerHost, log, misconfigured, required_secret,
    required_var, warehouse,
};
use worker::{
    Context, Delay, Env, Fetcher, Headers, Method, Request, RequestInit, Response, event, kv::KvStore,
    wasm_bindgen::JsValue,
};

use crate::{
    QueryRunner, SchemaCache, SchemaReader, openapi,
    operation::{self, Operation, PathParameters, Route},
    query,
    query_string::QueryString,
    reply::{Cache, Reply},
};

/// The key of the cache under which discovery writes the newest version.
const VERSION_KEY: &str = "schema_version";

/// Largest body of a request, in bytes: a query has 100,000 characters at most, of up to four bytes, and quoting doubles some.
const MAX_BODY: usize = 1 << 20;

#[event(fetch)]
async fn fetch(mut request: Request, env: Env, _ctx: Context) -> worker::Result<Response> {
    let id = RequestId::of(&request, &WorkerHost);
    let origin = request.headers().get("origin").ok().flatten();
    let etag = request.headers().get("if-none-match").ok().flatten();
    let allowed = origin.filter(|origin| is_allowed(&env, origin));
    let outcome =
        if request.method() == Method::Options { Ok(None) } else { respond(&mut request, &env).await.map(Some) };
    let mut response = match outcome {
        Ok(None) => Response::empty()?.with_status(204),
        Ok(Some(reply)) => answer(reply, etag.as_deref())?,
        Err(problem) => id.problem(problem)?,
    };
    let headers = response.headers_mut();
    headers.set("x-request-id", id.as_str())?;
    headers.set("vary", "Origin")?;
    if let Some(origin) = allowed {
        allow(headers, &origin)?;
    }
    Ok(response)
}

fn answer(reply: Reply, known: Option<&str>) -> worker::Result<Response> {
    let Reply { content_type, body, etag, cache } = reply;
    let is_known = etag.as_deref().zip(known).is_some_and(|(etag, known)| {
        known.split(',').map(|one| one.trim().trim_start_matches("W/")).any(|one| one == etag || one == "*")
    });
    let mut response = if is_known { Response::empty()?.with_status(304) } else { Response::from_bytes(body)? };
    let headers = response.headers_mut();
    headers.set("cache-control", cache.header())?;
    if !is_known {
        headers.set("content-type", content_type)?;
    }
    if let Some(etag) = etag {
        headers.set("etag", &etag)?;
    }
    Ok(response)
}

/// Whether pages of that origin may read answers: `ALLOWED_ORIGINS` lists them whole, with blanks between.
fn is_allowed(env: &Env, origin: &str) -> bool {
    required_var(env, "ALLOWED_ORIGINS").is_ok_and(|list| list.split_whitespace().any(|allowed| allowed == origin))
}

fn allow(headers: &mut Headers, origin: &str) -> worker::Result<()> {
    headers.set("access-control-allow-origin", origin)?;
    headers.set("access-control-allow-methods", "GET, POST, DELETE")?;
    headers.set("access-control-allow-headers", "authorization, content-type, if-none-match")?;
    headers.set("access-control-expose-headers", "etag, x-request-id")?;
    headers.set("access-control-max-age", "86400")
}

async fn respond(request: &mut Request, env: &Env) -> Result<Reply, Problem> {
    let url = request.url().map_err(|_| Problem::bad_request("the URL can't be read"))?;
    let (route, path) = operation::find(&request.method(), url.path())?;
    let caller = route.scope.map(|scope| admit(env, request, scope)).transpose()?;
    if let Some(caller) = &caller {
        limit(env, caller).await?;
    }
    let pairs = url.query_pairs().map(|(name, value)| (name.into_owned(), value.into_owned()));
    let query = QueryString::parse(pairs)?;
    carry_out(request, env, route, &path, &query, caller.as_ref()).await
}

async fn carry_out(
    request: &mut Request,
    env: &Env,
    route: &Route,
    path: &PathParameters,
    query: &QueryString,
    caller: Option<&Caller>,
) -> Result<Reply, Problem> {
    let warehouse = warehouse(env).map_err(|error| misconfigured(&error))?;
    let cache = Kv::new(env).map_err(|error| misconfigured(&error))?;
    let schema = SchemaReader { warehouse: &warehouse, cache: &cache, host: &WorkerHost };
    let part = |name: &str| path.get(name).map(String::as_str).unwrap_or_default();
    match route.operation {
        Operation::CurrentSchema => schema.current(query).await,
        Operation::SchemaAt => schema.at(part("date"), query).await,
        Operation::Versions => schema.versions(query).await,
        Operation::Version => schema.one(part("version"), query).await,
        Operation::Diff => schema.diff(query).await,
        Operation::Conflicts => forward(env, "GET", &format!("/conflicts?{}", request_query(request)), None).await,
        Operation::PreviewDecision => {
            let body = decision(request, caller).await?;
            forward(env, "POST", "/decisions/preview", Some(body)).await
        }
        Operation::Decide => {
            let body = decision(request, caller).await?;
            forward(env, "POST", "/decisions", Some(body)).await
        }
        Operation::Validate | Operation::Execute => {
            let asked = query::parse(json_body(request).await?)?;
            let runner = QueryRunner { warehouse: &warehouse, host: &WorkerHost };
            if route.operation == Operation::Validate {
                return runner.validate(&asked).await.map(|validation| Reply::json(&validation));
            }
            let caller = caller.map(|caller| caller.name.as_str()).unwrap_or_default();
            let time_limit = Delay::from(Duration::from_secs(u64::from(asked.mode.seconds())));
            let running = pin!(runner.execute(&asked, caller));
            match select(running, time_limit).await {
                Either::Left((answer, _)) => answer.map(|answer| Reply::json(&answer)),
                // What is under way is dropped with the request, and the warehouse told.
                Either::Right(_) => Err(query::too_slow(asked.mode)),
            }
        }
        Operation::OpenApi => Ok(Reply { cache: Cache::Revalidate, ..Reply::json(&openapi::document()) }),
    }
}

fn request_query(request: &Request) -> String {
    request.url().ok().and_then(|url| url.query().map(str::to_owned)).unwrap_or_default()
}

// ---- Who asks ------------------------------------------------------------------------------------------------------------

fn admit(env: &Env, request: &Request, scope: Scope) -> Result<Caller, Problem> {
    let tokens = tokens(env).map_err(|error| misconfigured(&error))?;
    let authorization = request.headers().get("authorization").ok().flatten();
    let caller = tokens.caller(authorization.as_deref()).ok_or_else(Problem::unauthorized)?;
    if caller.may(scope) {
        Ok(caller.clone())
    } else {
        Err(Problem::new(403, "Forbidden", format!("this token has not the scope {:?}", scope.name())))
    }
}

fn tokens(env: &Env) -> Result<Tokens, ConfigError> {
    const NAME: &str = "API_TOKENS";
    Tokens::parse(&required_secret(env, NAME)?).map_err(|reason| ConfigError::Invalid { name: NAME, reason })
}

/// Each token has so many requests a minute, as the binding `RATE_LIMIT` says; without one there's no limit.
async fn limit(env: &Env, caller: &Caller) -> Result<(), Problem> {
    let Ok(limiter) = env.rate_limiter("RATE_LIMIT") else {
        return Ok(());
    };
    match limiter.limit(caller.name.clone()).await {
        Ok(outcome) if !outcome.success => {
            Err(Problem::new(429, "Too many requests", "this token has sent too many requests within a minute"))
        }
        Ok(_) => Ok(()),
        Err(error) => {
            // Whoever may ask is not kept out because a limit can't be counted.
            log::warning("rate_limit_failed").with("error", error.to_string()).write();
            Ok(())
        }
    }
}

// ---- What the discovery Worker does --------------------------------------------------------------------------------------

/// The body of a decision, with the name of whoever the token is of: nobody decides in another's name.
async fn decision(request: &mut Request, caller: Option<&Caller>) -> Result<String, Problem> {
    let mut body = json_body(request).await?;
    let fields = body.as_object_mut().ok_or_else(|| Problem::bad_request("the body is not a JSON object"))?;
    let name = caller.map(|caller| caller.name.clone()).unwrap_or_default();
    if fields.insert("by".to_owned(), name.into()).is_some() {
        return Err(Problem::bad_request("by: whoever decides is known by the token"));
    }
    Ok(body.to_string())
}

async fn json_body(request: &mut Request) -> Result<serde_json::Value, Problem> {
    let content_type = request.headers().get("content-type").ok().flatten().unwrap_or_default();
    if content_type.split(';').next().is_none_or(|kind| !kind.trim().eq_ignore_ascii_case("application/json")) {
        return Err(Problem::new(415, "Unsupported media type", "the body has to be application/json"));
    }
    let too_large = || Problem::new(413, "Content too large", format!("a body has at most {MAX_BODY} bytes"));
    let declared =
        request.headers().get("content-length").ok().flatten().and_then(|length| length.parse::<usize>().ok());
    if declared.is_some_and(|length| length > MAX_BODY) {
        return Err(too_large());
    }
    let body = request.bytes().await.map_err(|_| Problem::bad_request("the body can't be read"))?;
    if body.len() > MAX_BODY {
        return Err(too_large());
    }
    serde_json::from_slice(&body).map_err(|error| Problem::bad_request(format!("the body is not JSON: {error}")))
}

/// Asks the discovery Worker, over the binding `DISCOVERY`, and gives its answer on.
async fn forward(env: &Env, method: &str, path: &str, body: Option<String>) -> Result<Reply, Problem> {
    let failed = |error: worker::Error| Problem::unavailable().because(error);
    let discovery: Fetcher =
        env.service("DISCOVERY").map_err(|_| misconfigured(&ConfigError::MissingVar("DISCOVERY")))?;
    let token = required_secret(env, "DISCOVERY_TOKEN").map_err(|error| misconfigured(&error))?;
    let headers = Headers::new();
    headers.set("authorization", &format!("Bearer {token}")).map_err(failed)?;
    let mut init = RequestInit::new();
    init.with_method(Method::from(method.to_owned()))
        .with_headers(headers)
        .with_body(body.map(|text| JsValue::from_str(&text)));
    let mut response = discovery.fetch(format!("https://discovery{path}"), Some(init)).await.map_err(failed)?;
    let answer: serde_json::Value = response.json().await.map_err(failed)?;
    match response.status_code() {
        200 => Ok(Reply::json(&answer)),
        status @ (400 | 404 | 409 | 422) => {
            let detail = answer.get("detail").and_then(|detail| detail.as_str()).unwrap_or_default();
            let title = match status {
                400 => "Bad request",
                404 => "Not found",
                409 => "Conflict",
                _ => "Not allowed",
            };
            Err(Problem::new(status, title, detail))
        }
        status => Err(Problem::unavailable().because(format_args!("the discovery Worker answered {status}"))),
    }
}

// ---- Ports ---------------------------------------------------------------------------------------------------------------

/// Seconds for which the schema at a version is kept. Nothing but descriptions changes in it.
const KEPT_SECONDS: u64 = 300;

struct Kv(KvStore);

impl Kv {
    fn new(env: &Env) -> Result<Self, ConfigError> {
        env.kv("SCHEMA_CACHE").map(Self).map_err(|_| ConfigError::MissingVar("SCHEMA_CACHE"))
    }
}

impl SchemaCache for Kv {
    async fn newest_version(&self) -> Option<i64> {
        self.0.get(VERSION_KEY).text().await.ok().flatten()?.parse().ok()
    }

    async fn get(&self, version: i64) -> Option<Schema> {
        self.0.get(&schema_key(version)).json().await.ok().flatten()
    }

    async fn put(&self, schema: &Schema) {
        let put = match self.0.put(&schema_key(schema.version.version), schema) {
            Ok(put) => put.expiration_ttl(KEPT_SECONDS).execute().await.map_err(|error| error.to_string()),
            Err(error) => Err(error.to_string()),
        };
        if let Err(error) = put {
            log::warning("schema_not_cached").with("error", error).write();
        }
    }
}

fn schema_key(version: i64) -> String {
    // Raise the number when the document's form changes.
    format!("schema/1/{version}")
}
