//! A request to a Worker's HTTP side, from its id to its answer.

use std::fmt::Write;

use serde_json::Value;
use worker::{Method, Request, Response, Url};

use crate::{Host, Problem, log};

/// Longest id that is taken over.
const MAX_ID_LENGTH: usize = 64;

/// What a request is called in its answer and in the log.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RequestId(String);

impl RequestId {
    /// Cloudflare's own id of the request, `cf-ray`, under which its other logs have it too; without one a random id.
    #[must_use]
    pub fn of(request: &Request, host: &impl Host) -> Self {
        Self::from_ray(request.headers().get("cf-ray").ok().flatten(), host)
    }

    fn from_ray(ray: Option<String>, host: &impl Host) -> Self {
        // Elsewhere than on Cloudflare anybody may send that header.
        let plain = |id: &String| {
            (1..=MAX_ID_LENGTH).contains(&id.len()) && id.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-')
        };
        Self(ray.filter(plain).unwrap_or_else(|| random_id(host)))
    }
}

impl RequestId {
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The response to a request that has a problem, with the id in it. It's logged under that id, with the cause that its reader isn't
    /// told.
    ///
    /// # Errors
    /// If the runtime doesn't take it.
    pub fn problem(&self, problem: Problem) -> worker::Result<Response> {
        write_log(&self.0, &problem);
        Problem { request_id: Some(self.0.clone()), ..problem }.into_response()
    }
}

/// The method of a request; `None` if it's none that the runtime's bindings know, which take those for GET.
#[must_use]
pub fn method(request: &Request) -> Option<Method> {
    let name = request.inner().method();
    let method = request.method();
    (method.as_ref() == name).then_some(method)
}

/// The names and values of an address's query.
pub fn query_pairs(url: &Url) -> impl Iterator<Item = (String, String)> {
    url.query_pairs().map(|(name, value)| (name.into_owned(), value.into_owned()))
}

/// Text with `%XX` for bytes, as [RFC 3986](https://www.rfc-editor.org/rfc/rfc3986#section-2.1) has it. `None` if it isn't text.
#[must_use]
pub fn percent_decoded(text: &str) -> Option<String> {
    let digit = |byte: u8| char::from(byte).to_digit(16).and_then(|digit| u8::try_from(digit).ok());
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.bytes();
    while let Some(byte) = rest.next() {
        bytes.push(if byte == b'%' { digit(rest.next()?)? * 16 + digit(rest.next()?)? } else { byte });
    }
    String::from_utf8(bytes).ok()
}

fn random_id(host: &impl Host) -> String {
    let mut bytes = [0; 16];
    host.fill_random(&mut bytes);
    bytes.iter().fold(String::new(), |mut id, byte| {
        let _ = write!(id, "{byte:02x}");
        id
    })
}

/// The answer to a request, with its id in the header `x-request-id` and in a problem. A problem is logged under that id, with the
/// cause that its reader isn't told.
///
/// # Errors
/// If the runtime doesn't take it.
pub fn answer(request_id: &RequestId, result: Result<Value, Problem>) -> worker::Result<Response> {
    let mut response = match result {
        Ok(value) => Response::from_json(&value)?,
        Err(problem) => request_id.problem(problem)?,
    };
    response.headers_mut().set("x-request-id", request_id.as_str())?;
    Ok(response)
}

fn write_log(id: &str, problem: &Problem) {
    let line = if problem.status >= 500 { log::error("problem") } else { log::info("problem") };
    line.with("request_id", id)
        .with("status", problem.status)
        .with("detail", &problem.detail)
        .with("cause", &problem.cause)
        .write();
}

#[cfg(test)]
mod tests {
    use living_core::time::Timestamp;

    use super::*;

    struct Sevens;

    impl Host for Sevens {
        fn now(&self) -> Timestamp {
            Timestamp::from_millis(0)
        }

        fn fill_random(&self, bytes: &mut [u8]) {
            bytes.fill(7);
        }
    }

    #[test]
    fn a_request_has_the_id_that_cloudflare_gives_it_or_a_random_one() {
        let id = |ray: Option<&str>| RequestId::from_ray(ray.map(str::to_owned), &Sevens).0;
        assert_eq!(id(Some("8c1f0a2b3d4e5f60-AMS")), "8c1f0a2b3d4e5f60-AMS");
        let random = "07".repeat(16);
        for ray in [None, Some(""), Some("a\"b"), Some("é"), Some(&*"x".repeat(65))] {
            assert_eq!(id(ray), random, "{ray:?}");
        }
    }

    #[test]
    fn percent_signs_stand_before_two_digits() {
        assert_eq!(percent_decoded("a%20%C3%A4").as_deref(), Some("a ä"));
        for wrong in ["%", "%2", "%+f", "%zz", "%FF"] {
            assert_eq!(percent_decoded(wrong), None, "{wrong}");
        }
    }
}
