//! The port to HTTP. Clients of the warehouse, of Slack and of language models say what is sent and read what comes back; how it
//! travels is a [`Transport`]: `fetch` in a Worker, anything in a test.
#![deny(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]
#![cfg_attr(test, allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing))]

use std::time::Duration;

/// How requests are sent and time passes.
///
/// Futures are not `Send`: a Worker has one thread.
#[expect(async_fn_in_trait, reason = "used through generics only, on one thread")]
pub trait Transport {
    /// Sends a request and reads its response to the end, within the request's time limit.
    ///
    /// # Errors
    /// Why there is none, and whether the request may have been sent.
    async fn send(&self, request: HttpRequest) -> Result<HttpResponse, TransportError>;

    async fn sleep(&self, duration: Duration);

    /// A random number, for the waits between tries.
    fn random(&self) -> u64;
}

/// A server's front page is small and quick.
const REACH_TIME_LIMIT: Duration = Duration::from_secs(5);

/// Asks the server of an address for its front page. A request that fails doesn't say whether it was sent; this one does no harm, however
/// often it's sent. So what is down can be told from what got lost.
///
/// # Errors
/// Why another request would get nowhere.
pub async fn reach(transport: &impl Transport, url: &str) -> Result<(), String> {
    let request = HttpRequest {
        method: Method::Get,
        url: front_page(url).ok_or_else(|| "the address is none of HTTP".to_owned())?,
        // A copy in a cache says nothing of the server.
        headers: vec![("cache-control", "no-cache".to_owned())],
        body: String::new(),
        follows_redirects: false,
        time_limit: REACH_TIME_LIMIT,
    };
    match transport.send(request).await {
        Ok(response) if response.status < 500 => Ok(()),
        Ok(response) => Err(format!("HTTP {}: {}", response.status, response.excerpt(100))),
        Err(TransportError::NotSent(message) | TransportError::Lost(message)) => Err(message),
    }
}

/// `https://host:port/` of an address; `None` if it's not one of HTTP.
#[must_use]
pub fn front_page(url: &str) -> Option<String> {
    let (scheme, rest) = url.split_once("://")?;
    let host = rest.split(['/', '?', '#']).next()?;
    let is_plain = !host.is_empty() && !host.contains('@') && !url.chars().any(|c| c.is_whitespace() || c.is_control());
    (matches!(scheme, "https" | "http") && is_plain).then(|| format!("{scheme}://{host}/"))
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Method {
    Get,
    Post,
}

impl Method {
    /// As the request line has it.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Get => "GET",
            Self::Post => "POST",
        }
    }
}

/// A request.
#[derive(Clone, PartialEq, Eq)]
pub struct HttpRequest {
    pub method: Method,
    pub url: String,
    pub headers: Vec<(&'static str, String)>,
    /// Empty for GET.
    pub body: String,
    /// Whether it goes on to where the server points. The headers go with it, whoever that is.
    pub follows_redirects: bool,
    /// From sending to the last byte of the response. What takes longer is given up.
    pub time_limit: Duration,
}

/// Without the address and the headers, either of which may be a secret.
impl std::fmt::Debug for HttpRequest {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("HttpRequest").field("method", &self.method).field("body", &self.body).finish_non_exhaustive()
    }
}

/// Its response, read to the end.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct HttpResponse {
    pub status: u16,
    pub headers: Vec<(String, String)>,
    pub body: Vec<u8>,
}

impl HttpResponse {
    /// The value of the first header of that name, in whatever case.
    #[must_use]
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(known, _)| known.eq_ignore_ascii_case(name)).map(|(_, value)| value.as_str())
    }

    /// `Retry-After` in seconds. `None` also where it's a date, which none of the servers sends.
    #[must_use]
    pub fn retry_after(&self) -> Option<u32> {
        self.header("retry-after").and_then(|value| value.trim().parse().ok())
    }

    #[must_use]
    pub const fn is_success(&self) -> bool {
        200 <= self.status && self.status < 300
    }

    /// The beginning of the body, for messages: at most that many characters.
    #[must_use]
    pub fn excerpt(&self, characters: usize) -> String {
        String::from_utf8_lossy(&self.body).chars().take(characters).collect()
    }
}

/// Why a service can't be reached. Nothing has been sent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unreachable(pub String);

/// What became of a message that is sent at most once.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Delivery {
    Posted,
    /// The service didn't take it, and may take it later.
    Failed {
        reason: String,
        /// How long the service asks to wait, in seconds.
        retry_after: Option<u32>,
        /// Somebody has to mend something first.
        is_lasting: bool,
    },
    /// The service can't read this message.
    Refused(String),
    /// Nobody knows whether it was taken.
    Unknown(String),
}

/// Why there's no response.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum TransportError {
    /// The request was not sent.
    NotSent(String),
    /// It may have been sent.
    Lost(String),
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn headers_are_found_in_any_case() {
        let response = HttpResponse { headers: vec![("Retry-After".into(), " 7 ".into())], ..HttpResponse::default() };
        assert_eq!((response.header("retry-after"), response.retry_after()), (Some(" 7 "), Some(7)));
        assert_eq!(HttpResponse::default().retry_after(), None);
    }

    #[test]
    fn the_front_page_is_that_of_the_addresss_server() {
        let page = |url| front_page(url);
        assert_eq!(page("https://hooks.slack.com/services/T/B/x").as_deref(), Some("https://hooks.slack.com/"));
        assert_eq!(page("http://127.0.0.1:8080?x").as_deref(), Some("http://127.0.0.1:8080/"));
        for wrong in ["", "hooks.slack.com/x", "ftp://x/", "https://", "https:///x", "https://a@b/", "https://a b/"] {
            assert_eq!(page(wrong), None, "{wrong}");
        }
    }

    #[test]
    fn a_request_shows_no_secret() {
        let request = HttpRequest {
            method: Method::Post,
            url: "https://hooks.example/secret".into(),
            headers: vec![("authorization", "Bearer secret".into())],
            body: "{}".into(),
            follows_redirects: false,
            time_limit: Duration::from_secs(1),
        };
        assert!(!format!("{request:?}").contains("secret"));
    }
}
