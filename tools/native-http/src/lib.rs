//! The transport of native tools: blocking requests.

use std::time::Duration;

use living_http::{HttpRequest, HttpResponse, Method, Transport, TransportError};
use ureq::Agent;

/// Sends with `ureq`, waits by sleeping. Its futures are done when they are first polled.
#[derive(Debug, Clone)]
pub struct UreqTransport(Agent);

impl Default for UreqTransport {
    fn default() -> Self {
        Self::new()
    }
}

impl UreqTransport {
    #[must_use]
    pub fn new() -> Self {
        // Statuses are the client's business.
        Self(Agent::config_builder().http_status_as_error(false).build().into())
    }

    fn exchange(&self, request: &HttpRequest) -> Result<HttpResponse, ureq::Error> {
        let mut response = match request.method {
            Method::Post => {
                let mut builder = self.0.post(&request.url).config().timeout_global(Some(request.time_limit)).build();
                for (name, value) in &request.headers {
                    builder = builder.header(*name, value);
                }
                builder.send(request.body.as_str())?
            }
            Method::Get => {
                let mut builder = self.0.get(&request.url).config().timeout_global(Some(request.time_limit)).build();
                for (name, value) in &request.headers {
                    builder = builder.header(*name, value);
                }
                builder.call()?
            }
        };
        let status = response.status().as_u16();
        let text = |value: &ureq::http::HeaderValue| value.to_str().unwrap_or_default().to_owned();
        let headers = response.headers().iter().map(|(name, value)| (name.as_str().to_owned(), text(value))).collect();
        Ok(HttpResponse { status, headers, body: response.body_mut().read_to_vec()? })
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
