//! Pages of other origins that may read a Worker's answers ([CORS](https://fetch.spec.whatwg.org/#http-cors-protocol)).

use worker::{Env, Headers, Request};

use crate::required_var;

/// What pages of allowed origins may do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Cors {
    /// Methods, with commas between.
    pub methods: &'static str,
    /// Headers of requests.
    pub headers: &'static str,
    /// Headers of answers that they may read.
    pub exposed: &'static str,
}

impl Cors {
    /// Tells the browser of a request whether its page may read the answer: if `ALLOWED_ORIGINS` lists its origin, whole, with blanks
    /// between.
    ///
    /// # Errors
    /// If the runtime doesn't take the headers.
    pub fn apply(&self, env: &Env, origin: Option<&str>, headers: &mut Headers) -> worker::Result<()> {
        headers.set("vary", "Origin")?;
        let Some(origin) = origin.filter(|origin| is_allowed(env, origin)) else { return Ok(()) };
        headers.set("access-control-allow-origin", origin)?;
        headers.set("access-control-allow-methods", self.methods)?;
        headers.set("access-control-allow-headers", self.headers)?;
        headers.set("access-control-expose-headers", self.exposed)?;
        headers.set("access-control-max-age", "86400")
    }

    /// The origin of a request's page, as its browser says.
    #[must_use]
    pub fn origin(request: &Request) -> Option<String> {
        request.headers().get("origin").ok().flatten()
    }
}

fn is_allowed(env: &Env, origin: &str) -> bool {
    required_var(env, "ALLOWED_ORIGINS").is_ok_and(|list| list.split_whitespace().any(|allowed| allowed == origin))
}
