//! `r2://` on a tiny S3-style server.

use std::{
    collections::BTreeMap,
    path::PathBuf,
    sync::{Arc, Mutex},
};

use axum::{
    Router,
    body::Bytes,
    extract::{Path, Query, State},
    http::{HeaderMap, Method, StatusCode, header},
    response::{IntoResponse, Response},
    routing::any,
};
use local_warehouse::{Config, R2, StartError};
use serde_json::json;
use tokio::net::TcpListener;

use crate::client::{Client, config, start_with};

/// Objects by bucket and key; parts of an upload under the key with `#part`.
type Objects = Arc<Mutex<BTreeMap<String, Bytes>>>;

/// The extension's file: `DUCKDB_HTTPFS`, or where the project's set-up puts it.
fn httpfs() -> PathBuf {
    std::env::var_os("DUCKDB_HTTPFS").map_or_else(
        || PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../.toolchain/duckdb/httpfs.duckdb_extension"),
        PathBuf::from,
    )
}

/// Serves objects on a free port and gives its `host:port`.
async fn serve(objects: Objects) -> String {
    let router = Router::new()
        .route("/{bucket}", any(list))
        .route("/{bucket}/", any(list))
        .route("/{bucket}/{*key}", any(object))
        .with_state(objects);
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let endpoint = listener.local_addr().unwrap().to_string();
    tokio::spawn(async move { axum::serve(listener, router).await.unwrap() });
    endpoint
}

/// `ListObjectsV2`, all in one page.
async fn list(
    State(objects): State<Objects>,
    Path(bucket): Path<String>,
    Query(query): Query<BTreeMap<String, String>>,
) -> String {
    let prefix = format!("{bucket}/{}", query.get("prefix").map_or("", String::as_str));
    let objects = objects.lock().unwrap();
    let contents: Vec<String> = objects
        .iter()
        .filter(|(name, _)| name.starts_with(&prefix))
        .map(|(name, body)| {
            let (key, size) = (&name[bucket.len() + 1..], body.len());
            let dated = "<LastModified>2026-01-01T00:00:00.000Z</LastModified><ETag>&quot;e&quot;</ETag>";
            format!("<Contents><Key>{key}</Key>{dated}<Size>{size}</Size></Contents>")
        })
        .collect();
    let contents = contents.concat();
    format!("<?xml version=\"1.0\"?><ListBucketResult><IsTruncated>false</IsTruncated>{contents}</ListBucketResult>")
}

/// GET and HEAD with ranges, PUT, and uploads in one part.
async fn object(
    State(objects): State<Objects>,
    method: Method,
    Path((bucket, key)): Path<(String, String)>,
    Query(query): Query<BTreeMap<String, String>>,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    let name = format!("{bucket}/{key}");
    let mut objects = objects.lock().unwrap();
    match method {
        Method::POST if query.contains_key("uploads") => {
            "<InitiateMultipartUploadResult><UploadId>u</UploadId></InitiateMultipartUploadResult>".into_response()
        }
        Method::POST => "<CompleteMultipartUploadResult><ETag>e</ETag></CompleteMultipartUploadResult>".into_response(),
        Method::PUT => {
            objects.insert(name, body);
            [(header::ETAG, "\"e\"")].into_response()
        }
        Method::GET | Method::HEAD => match objects.get(&name) {
            Some(body) => ranged(body, &headers),
            None => StatusCode::NOT_FOUND.into_response(),
        },
        _ => StatusCode::METHOD_NOT_ALLOWED.into_response(),
    }
}

fn ranged(body: &Bytes, headers: &HeaderMap) -> Response {
    let range =
        headers.get(header::RANGE).and_then(|range| range.to_str().ok()?.strip_prefix("bytes=")?.split_once('-'));
    let Some((first, last)) = range else {
        return ([(header::ACCEPT_RANGES, "bytes")], body.clone()).into_response();
    };
    let first: usize = first.parse().unwrap();
    let last = last.parse().unwrap_or(usize::MAX).min(body.len() - 1);
    let content_range = format!("bytes {first}-{last}/{}", body.len());
    (StatusCode::PARTIAL_CONTENT, [(header::CONTENT_RANGE, content_range)], body.slice(first..=last)).into_response()
}

#[tokio::test(flavor = "multi_thread")]
async fn parquet_files_are_read_from_the_bucket_by_key_and_by_pattern() {
    assert!(httpfs().exists(), "no httpfs extension at {}: set DUCKDB_HTTPFS", httpfs().display());
    let objects = Objects::default();
    let r2 = R2 { endpoint: serve(objects.clone()).await, key_id: "id".to_owned(), secret: "it's".to_owned() };
    let warehouse = start_with(Config { httpfs: Some(httpfs()), r2: Some(r2), ..config() }).await;
    let client = Client::connect(&warehouse).await;
    for part in 0..2 {
        client
            .run(&format!(
                "COPY (SELECT range AS a, 'part {part}' AS b FROM range(50_000)) TO 'r2://lake/in/part{part}.parquet'"
            ))
            .await;
    }
    assert_eq!(objects.lock().unwrap().keys().collect::<Vec<_>>(), ["lake/in/part0.parquet", "lake/in/part1.parquet"]);

    let one = client.rows("SELECT count(*), sum(a), min(b) FROM read_parquet('r2://lake/in/part0.parquet')").await;
    assert_eq!(one, json!([[50_000, 1_249_975_000, "part 0"]]));
    let all =
        client.rows("SELECT count(*), count(DISTINCT filename) FROM read_parquet('r2://lake/in/*.parquet')").await;
    assert_eq!(all, json!([[100_000, 2]]));
    client.run("CREATE TABLE t AS FROM read_parquet('r2://lake/in/part1.parquet')").await;
    assert_eq!(client.rows("SELECT count(*) FROM t").await, json!([[50_000]]));

    let missing = client.query("FROM read_parquet('r2://lake/none.parquet')").await;
    assert!(missing["error"].as_str().unwrap().contains("404"), "{missing}");
    for elsewhere in ["http://127.0.0.1:9/x.parquet", "s3://lake/in/part0.parquet", "/etc/passwd"] {
        let refused = client.query(&format!("FROM read_parquet('{elsewhere}')")).await;
        assert_eq!(refused["errorType"], "PermissionException", "{refused}");
    }
    warehouse.stop().await.unwrap();
}

#[tokio::test]
async fn an_endpoint_without_the_extension_is_a_clear_mistake() {
    let r2 = R2 { endpoint: "127.0.0.1:9".to_owned(), key_id: "id".to_owned(), secret: "secret".to_owned() };
    let refused = local_warehouse::LocalWarehouse::start(Config { r2: Some(r2), ..config() }).await;
    assert!(matches!(refused, Err(StartError::R2WithoutHttpfs)), "{refused:?}");
}

#[tokio::test]
async fn a_missing_extension_file_is_named() {
    let httpfs = Some(PathBuf::from("/nowhere/httpfs.duckdb_extension"));
    let refused = local_warehouse::LocalWarehouse::start(Config { httpfs, ..config() }).await.unwrap_err();
    assert!(refused.to_string().contains("/nowhere/httpfs.duckdb_extension"), "{refused}");
}
