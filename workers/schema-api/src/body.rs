//! Bodies of requests.

use living_kit::Problem;
use worker::Request;

/// Largest body, in bytes: a query has 100,000 characters at most, of up to four bytes, and quoting doubles some.
const MAX_BODY: usize = 1 << 20;

/// The body as JSON.
///
/// # Errors
/// 415, 413 or 400, with the rule.
pub(crate) async fn json_body(request: &mut Request) -> Result<serde_json::Value, Problem> {
    let content_type = request.headers().get("content-type").ok().flatten().unwrap_or_default();
    if content_type.split(';').next().is_none_or(|kind| !kind.trim().eq_ignore_ascii_case("application/json")) {
        return Err(Problem::new(415, "Unsupported media type", "the body has to be application/json"));
    }
    let too_large = || Problem::new(413, "Content too large", format!("a body has at most {MAX_BODY} bytes"));
    let declared =
        request.headers().get("content-length").ok().flatten().and_then(|length| length.parse::<usize>().ok());
    if declared.is_some_and(|length| length > MAX_BODY) {
        return Err(too_large());
    }
    let body = request.bytes().await.map_err(|_| Problem::bad_request("the body can't be read"))?;
    if body.len() > MAX_BODY {
        return Err(too_large());
    }
    serde_json::from_slice(&body).map_err(|error| Problem::bad_request(format!("the body is not JSON: {error}")))
}
