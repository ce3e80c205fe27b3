//! Decisions on the schema, which the discovery Worker takes.

use living_kit::{Caller, ConfigError, Problem, misconfigured, required_secret};
use worker::{Env, Fetcher, Headers, Method, Request, RequestInit, wasm_bindgen::JsValue};

use crate::{body::json_body, neighbour::passed_on, reply::Reply};

/// What discovery refuses.
const REFUSALS: [(u16, &str); 4] = [(400, "Bad request"), (404, "Not found"), (409, "Conflict"), (422, "Not allowed")];

/// `GET /api/review/conflicts`.
pub(crate) async fn conflicts(env: &Env, request: &Request) -> Result<Reply, Problem> {
    let url = request.url().map_err(|_| Problem::bad_request("the URL can't be read"))?;
    forward(env, "GET", &format!("/conflicts?{}", url.query().unwrap_or_default()), None).await
}

/// What a decision would change.
pub(crate) async fn preview(env: &Env, request: &mut Request, caller: Option<&Caller>) -> Result<Reply, Problem> {
    let body = decision(request, caller).await?;
    forward(env, "POST", "/decisions/preview", Some(body)).await
}

/// Takes a decision.
pub(crate) async fn decide(env: &Env, request: &mut Request, caller: Option<&Caller>) -> Result<Reply, Problem> {
    let body = decision(request, caller).await?;
    forward(env, "POST", "/decisions", Some(body)).await
}

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
    passed_on("discovery", &mut response, &REFUSALS).await.map(|answer| Reply::json(&answer))
}
