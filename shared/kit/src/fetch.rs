//! The warehouse client's transport: the Worker's own `fetch`.

use std::time::Duration;

use futures_util::future::{Either, select};
use living_warehouse::{HttpRequest, HttpResponse, Transport, TransportError};
use worker::{AbortController, Delay, Fetch, Headers, Method, Request, RequestInit};

use crate::{Host, WorkerHost};

/// A response that takes longer is given up: the warehouse itself stops a statement after 55 s.
const TIME_LIMIT: Duration = Duration::from_secs(70);

/// Sends with `fetch`, waits with `setTimeout`.
#[derive(Debug, Clone, Copy)]
pub struct FetchTransport;

impl Transport for FetchTransport {
    async fn send(&self, request: HttpRequest) -> Result<HttpResponse, TransportError> {
        let request = to_request(&request).map_err(|error| TransportError::NotSent(error.to_string()))?;
        let controller = AbortController::default();
        let signal = controller.signal();
        let exchange = Box::pin(exchange(request, &signal));
        match select(exchange, Delay::from(TIME_LIMIT)).await {
            // `fetch` doesn't say whether the request left.
            Either::Left((outcome, _)) => outcome.map_err(|error| TransportError::Lost(error.to_string())),
            Either::Right(((), unfinished)) => {
                controller.abort();
                drop(unfinished);
                Err(TransportError::Lost(format!("no answer within {} s", TIME_LIMIT.as_secs())))
            }
        }
    }

    async fn sleep(&self, duration: Duration) {
        Delay::from(duration).await;
    }

    fn random(&self) -> u64 {
        let mut bytes = [0; 8];
        WorkerHost.fill_random(&mut bytes);
        u64::from_le_bytes(bytes)
    }
}

fn to_request(request: &HttpRequest) -> worker::Result<Request> {
    let headers = Headers::new();
    for (name, value) in &request.headers {
        headers.set(name, value)?;
    }
    let mut init = RequestInit::new();
    init.with_method(Method::Post).with_headers(headers).with_body(Some(request.body.as_str().into()));
    Request::new_with_init(&request.url, &init)
}

async fn exchange(request: Request, signal: &worker::AbortSignal) -> worker::Result<HttpResponse> {
    let mut response = Fetch::Request(request).send_with_signal(signal).await?;
    let header = |name: &str| response.headers().get(name).ok().flatten();
    let content_type = header("content-type").unwrap_or_default();
    let session_id = header("mcp-session-id");
    let retry_after = header("retry-after").and_then(|value| value.trim().parse().ok());
    let status = response.status_code();
    let body = response.bytes().await?;
    Ok(HttpResponse { status, content_type, session_id, retry_after, body })
}
