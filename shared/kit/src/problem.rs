//! Errors of an HTTP API, as [RFC 9457](https://www.rfc-editor.org/rfc/rfc9457) has them.

use serde::Serialize;

/// What a client is told. It holds nothing of the inside; the log has that, under the same request id ([`answer`](crate::answer)).
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Problem {
    pub status: u16,
    /// The same for every problem of a kind.
    pub title: &'static str,
    /// What is wrong with this request, and the rule.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub detail: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub request_id: Option<String>,
    /// What happened inside, for the log only.
    #[serde(skip)]
    pub cause: Option<String>,
    /// Headers that belong to the status, such as `retry-after`.
    #[serde(skip)]
    pub headers: Vec<(&'static str, String)>,
}

impl Problem {
    #[must_use]
    pub fn new(status: u16, title: &'static str, detail: impl Into<String>) -> Self {
        Self { status, title, detail: detail.into(), request_id: None, cause: None, headers: Vec::new() }
    }

    #[must_use]
    pub fn bad_request(detail: impl Into<String>) -> Self {
        Self::new(400, "Bad request", detail)
    }

    #[must_use]
    pub fn unauthorized() -> Self {
        Self::new(401, "Unauthorized", "a bearer token is needed: Authorization: Bearer <token>")
    }

    #[must_use]
    pub fn not_found() -> Self {
        Self::new(404, "Not found", "there is nothing at this path")
    }

    #[must_use]
    pub fn method_not_allowed(allowed: &str) -> Self {
        let problem = Self::new(405, "Method not allowed", format!("this path takes {allowed}"));
        problem.with_header("allow", allowed)
    }

    /// The warehouse or the store doesn't answer as it should.
    #[must_use]
    pub fn unavailable() -> Self {
        Self::new(503, "Unavailable", "something that this needs does not answer; try again later")
    }

    #[must_use]
    pub fn with_header(mut self, name: &'static str, value: impl std::fmt::Display) -> Self {
        self.headers.push((name, value.to_string()));
        self
    }

    /// With what happened inside, for the log.
    #[must_use]
    pub fn because(self, cause: impl std::fmt::Display) -> Self {
        Self { cause: Some(cause.to_string()), ..self }
    }

    /// As the response to a request.
    ///
    /// # Errors
    /// If the runtime doesn't take it.
    pub fn into_response(self) -> worker::Result<worker::Response> {
        let body = serde_json::to_vec(&self).unwrap_or_default();
        let mut response = worker::Response::from_bytes(body)?.with_status(self.status);
        response.headers_mut().set("content-type", "application/problem+json")?;
        for (name, value) in &self.headers {
            response.headers_mut().set(name, value)?;
        }
        if self.status == 401 {
            response.headers_mut().set("www-authenticate", "Bearer")?;
        }
        Ok(response)
    }
}
