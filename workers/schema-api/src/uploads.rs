//! Spreadsheets that people upload: passed on to the csv Worker, with what became of their rows in the warehouse.

use living_core::sql::{Literal, Statement};
use living_kit::Problem;
use living_warehouse::Warehouse;
use serde::Deserialize;
use serde_json::{Value, json};
use worker::{Env, Fetcher, Request, wasm_bindgen::JsCast, web_sys};

use crate::{
    neighbour::passed_on,
    reply::{Reply, unavailable},
};

/// The binding of the csv Worker. A deployment without it takes no uploads.
const CSV: &str = "CSV";

/// What the csv Worker refuses.
const REFUSALS: [(u16, &str); 8] = [
    (400, "Bad request"),
    (401, "Unauthorized"),
    (403, "Forbidden"),
    (404, "Not found"),
    (409, "Conflict"),
    (411, "Length required"),
    (413, "Content too large"),
    (422, "Not read"),
];

/// What its operations begin with here, and don't there.
const PREFIX: &str = "/api";

/// Where a preview is asked for, here and there.
const PREVIEW: (&str, &str) = ("/api/uploads/preview", "/preview");

/// An output of an upload, as the csv Worker tells of it.
#[derive(Debug, Deserialize)]
struct Output {
    bucket: String,
    key: String,
    etag: String,
}

/// What is read of the csv Worker's word on an upload.
#[derive(Debug, Deserialize)]
struct Told {
    #[serde(default)]
    outputs: Vec<Output>,
}

/// Passes a request on as it came, its body as a stream, and gives the answer on. The csv Worker looks at the token by itself.
///
/// # Errors
/// 404 if there is no csv Worker; its own.
pub(crate) async fn forward(env: &Env, request: &Request) -> Result<Value, Problem> {
    let failed = |error: worker::Error| Problem::unavailable().because(error);
    let no_uploads = || Problem::new(404, "Not found", "this deployment takes no uploads: it has no csv Worker (CSV)");
    let csv: Fetcher = env.service(CSV).map_err(|_| no_uploads())?;
    let mut response = csv.fetch_request(redirected(request).map_err(failed)?).await.map_err(failed)?;
    passed_on("csv", &mut response, &REFUSALS).await
}

/// The same request at the csv Worker's address.
fn redirected(request: &Request) -> worker::Result<Request> {
    let mut url = request.url()?;
    let path = if url.path() == PREVIEW.0 { PREVIEW.1 } else { url.path().trim_start_matches(PREFIX) }.to_owned();
    url.set_path(&path);
    // A request stands for the options of another: method, headers, and the body, which isn't read here.
    let init: &web_sys::RequestInit = request.inner().unchecked_ref();
    let inner = web_sys::Request::new_with_str_and_init(url.as_str(), init)?;
    Ok(Request::from(inner))
}

/// What the csv Worker tells of an upload, with `loads`: the newest attempt to load each of its outputs, and the version of the schema that
/// takes it in. Anything else that it tells as it is.
///
/// # Errors
/// If the warehouse doesn't answer.
pub(crate) async fn with_loads(mut told: Value, warehouse: &impl Warehouse) -> Result<Reply, Problem> {
    let Told { outputs } = serde_json::from_value(told.clone()).unwrap_or(Told { outputs: Vec::new() });
    if outputs.is_empty() {
        return Ok(Reply::json(&told));
    }
    let result = warehouse.run(&loads(&outputs)).await.map_err(unavailable)?;
    let load = |row: &Vec<Value>| serde_json::from_str::<Value>(row.first()?.as_str()?).ok();
    let loads: Option<Vec<Value>> = result.rows.iter().map(load).collect();
    if let Some(fields) = told.as_object_mut() {
        fields.insert("loads".to_owned(), json!(loads.ok_or_else(Problem::unavailable)?));
    }
    Ok(Reply::json(&told))
}

/// The newest attempt to load each of some objects with the content that they have: one JSON text each. The version is null until the
/// catalog has folded the commit in.
fn loads(outputs: &[Output]) -> Statement {
    let wanted: Vec<String> = outputs
        .iter()
        .map(|Output { bucket, key, etag }| {
            format!("({}, {}, {})", Literal::Text(bucket), Literal::Text(key), Literal::Text(etag))
        })
        .collect();
    Statement::read(format!(
        "SELECT CAST(json_object('key', key, 'state', state, 'reason', reason, 'commit_seq', commit_seq, 'schema_version', \
                CASE WHEN EXISTS (FROM catalog_log WHERE catalog_log.commit_seq = l.commit_seq) \
                     THEN (SELECT max(version) FROM schema_snapshots WHERE schema_snapshots.commit_seq <= l.commit_seq) END) AS VARCHAR) \
         FROM (FROM loads WHERE (bucket, key, etag) IN ({}) \
               QUALIFY row_number() OVER (PARTITION BY bucket, key ORDER BY uploaded_at DESC, started_at DESC) = 1) AS l",
        wanted.join(", ")
    ))
}
