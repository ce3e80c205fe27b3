//! The transport of all clients: the Worker's own `fetch`.

use std::time::Duration;

use futures_util::future::{Either, select};
use living_http::{HttpRequest, HttpResponse, Method, Transport, TransportError};
use worker::{AbortController, Delay, Fetch, Headers, Request, RequestInit, RequestRedirect};

use crate::{Host, WorkerHost};

/// Sends with `fetch`, waits with `setTimeout`.
#[derive(Debug, Clone, Copy)]
pub struct FetchTransport;

impl Transport for FetchTransport {
    async fn send(&self, request: HttpRequest) -> Result<HttpResponse, TransportError> {
        let time_limit = request.time_limit;
        let request = to_request(&request).map_err(|error| TransportError::NotSent(error.to_string()))?;
        let controller = AbortOnDrop(AbortController::default());
        let signal = controller.0.signal();
        let exchange = Box::pin(exchange(request, &signal));
        match select(exchange, Delay::from(time_limit)).await {
            // `fetch` doesn't say whether the request left.
            Either::Left((outcome, _)) => outcome.map_err(|error| TransportError::Lost(error.to_string())),
            Either::Right(((), unfinished)) => {
                drop(unfinished);
                Err(TransportError::Lost(format!("no answer within {} s", time_limit.as_secs())))
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

/// Whoever drops the future of a request doesn't want its answer any more. The runtime would go on: the other side has to be told.
struct AbortOnDrop(AbortController);

impl Drop for AbortOnDrop {
    fn drop(&mut self) {
        // After the answer it does nothing.
        std::mem::take(&mut self.0).abort();
    }
}

fn to_request(request: &HttpRequest) -> worker::Result<Request> {
    let headers = Headers::new();
    for (name, value) in &request.headers {
        headers.set(name, value)?;
    }
    let mut init = RequestInit::new();
    init.with_headers(headers);
    match request.method {
        Method::Get => init.with_method(worker::Method::Get),
        Method::Post => init.with_method(worker::Method::Post).with_body(Some(request.body.as_str().into())),
    };
    if !request.follows_redirects {
        init.with_redirect(RequestRedirect::Manual);
    }
    Request::new_with_init(&request.url, &init)
}

async fn exchange(request: Request, signal: &worker::AbortSignal) -> worker::Result<HttpResponse> {
    let mut response = Fetch::Request(request).send_with_signal(signal).await?;
    Ok(HttpResponse {
        status: response.status_code(),
        headers: response.headers().entries().collect(),
        body: response.bytes().await?,
    })
}
