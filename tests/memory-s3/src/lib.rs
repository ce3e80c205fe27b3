//! As much of an S3 server as DuckDB's httpfs needs, with its objects in memory.
//!
//! Path style, no authentication: GET and HEAD with ranges, PUT, uploads in one part, and `ListObjectsV2` in one page. The local
//! stack's gateway is the real thing; this is for tests without Node.

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use axum::{
    Router,
    body::Bytes,
    extract::{Path, Query, State},
    http::{HeaderMap, Method, StatusCode, header},
    response::{IntoResponse, Response},
    routing::any,
};
use tokio::net::TcpListener;

/// Objects under `bucket/key`.
#[derive(Debug, Clone, Default)]
pub struct MemoryS3 {
    objects: Arc<Mutex<BTreeMap<String, Bytes>>>,
}

impl MemoryS3 {
    /// Serves the objects on a free port of the loopback interface, as long as the runtime lives, and gives its `host:port`.
    ///
    /// # Errors
    /// If there is no port.
    pub async fn serve(&self) -> std::io::Result<String> {
        let router = Router::new()
            .route("/{bucket}", any(list))
            .route("/{bucket}/", any(list))
            .route("/{bucket}/{*key}", any(object))
            .with_state(self.clone());
        let listener = TcpListener::bind("127.0.0.1:0").await?;
        let endpoint = listener.local_addr()?.to_string();
        tokio::spawn(async move { axum::serve(listener, router).await });
        Ok(endpoint)
    }

    pub fn put(&self, bucket: &str, key: &str, bytes: Bytes) {
        self.lock().insert(format!("{bucket}/{key}"), bytes);
    }

    pub fn delete(&self, bucket: &str, key: &str) {
        self.lock().remove(&format!("{bucket}/{key}"));
    }

    #[must_use]
    pub fn get(&self, bucket: &str, key: &str) -> Option<Bytes> {
        self.lock().get(&format!("{bucket}/{key}")).cloned()
    }

    /// `bucket/key` of every object, in order.
    #[must_use]
    pub fn names(&self) -> Vec<String> {
        self.lock().keys().cloned().collect()
    }

    fn lock(&self) -> MutexGuard<'_, BTreeMap<String, Bytes>> {
        self.objects.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

async fn list(
    State(s3): State<MemoryS3>,
    Path(bucket): Path<String>,
    Query(query): Query<BTreeMap<String, String>>,
) -> String {
    let prefix = format!("{bucket}/{}", query.get("prefix").map_or("", String::as_str));
    let entry = |(name, body): (&String, &Bytes)| {
        let (key, size) = (&name[bucket.len() + 1..], body.len());
        let dated = "<LastModified>2026-01-01T00:00:00.000Z</LastModified><ETag>&quot;e&quot;</ETag>";
        format!("<Contents><Key>{key}</Key>{dated}<Size>{size}</Size></Contents>")
    };
    let contents: String = s3.lock().iter().filter(|(name, _)| name.starts_with(&prefix)).map(entry).collect();
    format!("<?xml version=\"1.0\"?><ListBucketResult><IsTruncated>false</IsTruncated>{contents}</ListBucketResult>")
}

async fn object(
    State(s3): State<MemoryS3>,
    method: Method,
    Path((bucket, key)): Path<(String, String)>,
    Query(query): Query<BTreeMap<String, String>>,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    match method {
        Method::POST if query.contains_key("uploads") => {
            "<InitiateMultipartUploadResult><UploadId>u</UploadId></InitiateMultipartUploadResult>".into_response()
        }
        Method::POST => "<CompleteMultipartUploadResult><ETag>e</ETag></CompleteMultipartUploadResult>".into_response(),
        Method::PUT => {
            s3.put(&bucket, &key, body);
            [(header::ETAG, "\"e\"")].into_response()
        }
        Method::GET | Method::HEAD => match s3.get(&bucket, &key) {
            Some(body) => ranged(&body, &headers),
            None => StatusCode::NOT_FOUND.into_response(),
        },
        _ => StatusCode::METHOD_NOT_ALLOWED.into_response(),
    }
}

/// The whole object, or the range `bytes=first-last` of it.
fn ranged(body: &Bytes, headers: &HeaderMap) -> Response {
    let range =
        headers.get(header::RANGE).and_then(|range| range.to_str().ok()?.strip_prefix("bytes=")?.split_once('-'));
    let Some(first) = range.and_then(|(first, _)| first.parse::<usize>().ok()).filter(|first| *first < body.len())
    else {
        return ([(header::ACCEPT_RANGES, "bytes")], body.clone()).into_response();
    };
    let last = range.and_then(|(_, last)| last.parse().ok()).unwrap_or(usize::MAX).min(body.len() - 1);
    let content_range = format!("bytes {first}-{last}/{}", body.len());
    (StatusCode::PARTIAL_CONTENT, [(header::CONTENT_RANGE, content_range)], body.slice(first..=last)).into_response()
}
