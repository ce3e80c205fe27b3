//! The warehouse client's transport: blocking requests.

use std::time::Duration;

use living_warehouse::{HttpRequest, HttpResponse, Transport, TransportError};
use ureq::Agent;

/// A statement is stopped by the warehouse after 55 s.
const TIME_LIMIT: Duration = Duration::from_secs(70);

#[derive(Debug)]
pub(crate) struct UreqTransport(Agent);

impl UreqTransport {
    pub(crate) fn new() -> Self {
        // Statuses are the client's business.
        let config = Agent::config_builder().timeout_global(Some(TIME_LIMIT)).http_status_as_error(false);
        Self(config.build().into())
    }

    fn exchange(&self, request: &HttpRequest) -> Result<HttpResponse, ureq::Error> {
        let mut builder = self.0.post(&request.url);
        for (name, value) in &request.headers {
            builder = builder.header(*name, value);
        }
        let mut response = builder.send(request.body.as_str())?;
        let header = |name: &str| response.headers().get(name).and_then(|v| v.to_str().ok()).map(str::to_owned);
        Ok(HttpResponse {
            status: response.status().as_u16(),
            content_type: header("content-type").unwrap_or_default(),
            session_id: header("mcp-session-id"),
            retry_after: header("retry-after").and_then(|v| v.parse().ok()),
            body: response.body_mut().read_to_vec()?,
        })
    }
}

impl Transport for UreqTransport {
    async fn send(&self, request: HttpRequest) -> Result<HttpResponse, TransportError> {
        self.exchange(&request).map_err(|error| match error {
            ureq::Error::ConnectionFailed | ureq::Error::HostNotFound => TransportError::NotSent(error.to_string()),
            other => TransportError::Lost(other.to_string()),
        })
    }

    async fn sleep(&self, duration: Duration) {
        std::thread::sleep(duration);
    }

    fn random(&self) -> u64 {
        std::hash::BuildHasher::hash_one(&std::hash::RandomState::new(), 0)
    }
}
