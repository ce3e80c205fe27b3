//! Sends prompts with a transport.

use std::time::Duration;

use living_http::{HttpRequest, HttpResponse, Method, Transport, TransportError, reach};
use serde_json::Value;

use crate::{Error, ErrorClass, Model, Prompt, anthropic, openai};

/// A few thousand tokens take a large model half a minute.
const TIME_LIMIT: Duration = Duration::from_mins(1);

/// How a service is spoken to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Protocol {
    /// Anthropic's [Messages API](https://docs.claude.com/en/api/messages).
    Anthropic,
    /// [Chat completions](https://platform.openai.com/docs/api-reference/chat/create), as OpenAI has them and many other servers
    /// imitate them.
    OpenAi,
}

impl Protocol {
    /// Reads `anthropic` or `openai`. `None` if it's neither.
    #[must_use]
    pub fn parse(name: &str) -> Option<Self> {
        match name {
            "anthropic" => Some(Self::Anthropic),
            "openai" => Some(Self::OpenAi),
            _ => None,
        }
    }
}

/// Where a model is.
#[derive(Clone, PartialEq, Eq)]
pub struct Endpoint {
    pub protocol: Protocol,
    /// The whole address that prompts are posted to: `https://api.anthropic.com/v1/messages`.
    pub url: String,
    pub model: String,
    pub key: String,
}

/// Without the key.
impl std::fmt::Debug for Endpoint {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Self { protocol, url, model, key: _ } = self;
        f.debug_struct("Endpoint")
            .field("protocol", protocol)
            .field("url", url)
            .field("model", model)
            .finish_non_exhaustive()
    }
}

impl Endpoint {
    /// The request that a prompt is.
    #[must_use]
    pub fn request(&self, prompt: &Prompt) -> HttpRequest {
        let (mut headers, body) = match self.protocol {
            Protocol::Anthropic => (anthropic::headers(&self.key), anthropic::body(&self.model, prompt)),
            Protocol::OpenAi => (openai::headers(&self.key), openai::body(&self.url, &self.model, prompt)),
        };
        headers.push(("content-type", "application/json".to_owned()));
        HttpRequest {
            method: Method::Post,
            url: self.url.clone(),
            headers,
            body: body.to_string(),
            follows_redirects: false,
            time_limit: TIME_LIMIT,
        }
    }

    /// The text that a response is.
    ///
    /// # Errors
    /// What the response says is wrong, or that it can't be read.
    pub fn read(&self, response: &HttpResponse) -> Result<String, Error> {
        if !response.is_success() {
            return Err(Error::of_status(response));
        }
        let answer: Value = serde_json::from_slice(&response.body)
            .map_err(|error| Error::unreadable(format!("the answer is not JSON ({error})")))?;
        match self.protocol {
            Protocol::Anthropic => anthropic::text(&answer),
            Protocol::OpenAi => openai::text(&answer),
        }
    }
}

/// A model behind HTTP.
#[derive(Debug)]
pub struct HttpModel<T> {
    pub endpoint: Endpoint,
    pub transport: T,
}

impl<T: Transport> Model for HttpModel<T> {
    fn name(&self) -> &str {
        &self.endpoint.model
    }

    async fn complete(&self, prompt: &Prompt) -> Result<String, Error> {
        match self.transport.send(self.endpoint.request(prompt)).await {
            Ok(response) => self.endpoint.read(&response),
            Err(TransportError::NotSent(message)) => Err(Error::new(ErrorClass::Unavailable, message)),
            Err(TransportError::Lost(message)) => match reach(&self.transport, &self.endpoint.url).await {
                Ok(()) => Err(Error::new(ErrorClass::Lost, message)),
                Err(reason) => Err(Error::new(ErrorClass::Unavailable, reason)),
            },
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::json;

    use super::*;

    fn endpoint(protocol: Protocol, url: &str) -> Endpoint {
        Endpoint { protocol, url: url.into(), model: "m".into(), key: "secret".into() }
    }

    fn prompt() -> Prompt {
        Prompt { system: "rules".into(), content: "data".into(), max_tokens: 9 }
    }

    fn response(status: u16, body: &Value) -> HttpResponse {
        HttpResponse { status, body: body.to_string().into(), ..HttpResponse::default() }
    }

    fn class(protocol: Protocol, status: u16, body: &Value) -> ErrorClass {
        endpoint(protocol, "http://x").read(&response(status, body)).unwrap_err().class
    }

    fn sent(endpoint: &Endpoint) -> (Vec<(&'static str, String)>, Value) {
        let request = endpoint.request(&prompt());
        (request.headers, serde_json::from_str(&request.body).unwrap())
    }

    #[test]
    fn anthropic_is_asked_by_its_messages_api() {
        let (headers, body) = sent(&endpoint(Protocol::Anthropic, "https://api.anthropic.com/v1/messages"));
        assert!(headers.contains(&("x-api-key", "secret".into())));
        assert!(headers.contains(&("anthropic-version", "2023-06-01".into())));
        let expected = json!({
            "model": "m", "max_tokens": 9, "system": "rules", "messages": [{ "role": "user", "content": "data" }],
        });
        assert_eq!(body, expected);
        let answer = json!({
            "type": "message", "role": "assistant", "stop_reason": "end_turn",
            "content": [{ "type": "thinking", "thinking": "hm" }, { "type": "text", "text": "one " }, { "type": "text", "text": "two" }],
        });
        let text = endpoint(Protocol::Anthropic, "x").read(&response(200, &answer));
        assert_eq!(text, Ok("one two".into()));
    }

    #[test]
    fn openai_is_asked_by_chat_completions() {
        let (headers, body) = sent(&endpoint(Protocol::OpenAi, "https://api.openai.com/v1/chat/completions"));
        assert!(headers.contains(&("authorization", "Bearer secret".into())));
        let messages = json!([{ "role": "system", "content": "rules" }, { "role": "user", "content": "data" }]);
        assert_eq!(body, json!({ "model": "m", "max_completion_tokens": 9, "messages": messages }));
        let answer = json!({
            "object": "chat.completion",
            "choices": [{ "index": 0, "finish_reason": "stop", "message": { "role": "assistant", "content": "one", "refusal": null } }],
        });
        assert_eq!(endpoint(Protocol::OpenAi, "x").read(&response(200, &answer)), Ok("one".into()));
    }

    #[test]
    fn other_servers_get_the_limit_under_the_name_that_they_know() {
        for url in [
            "http://127.0.0.1:11434/v1/chat/completions",
            "https://api.openai.com.example/v1",
            "https://x/?api.openai.com/",
        ] {
            let (_, body) = sent(&endpoint(Protocol::OpenAi, url));
            assert_eq!((&body["max_tokens"], &body["max_completion_tokens"]), (&json!(9), &Value::Null), "{url}");
        }
    }

    #[test]
    fn errors_are_sorted_by_what_can_be_done() {
        use ErrorClass::{NotAdmitted, Refused, Unavailable};
        for (status, expected) in [
            (400, NotAdmitted),
            (422, NotAdmitted),
            (413, Refused),
            (401, NotAdmitted),
            (402, NotAdmitted),
            (403, NotAdmitted),
            (404, NotAdmitted),
            (307, NotAdmitted),
            (429, Unavailable),
            (500, Unavailable),
            (503, Unavailable),
            (529, Unavailable),
        ] {
            let body = json!({ "type": "error", "error": { "type": "x", "message": "y" } });
            assert_eq!(class(Protocol::Anthropic, status, &body), expected, "{status}");
            assert_eq!(class(Protocol::OpenAi, status, &body), expected, "{status}");
        }
        let about_prompt =
            json!({ "error": { "type": "invalid_request_error", "message": "prompt is too long: 9 > 1" } });
        assert_eq!(class(Protocol::Anthropic, 400, &about_prompt), Refused);
        let mut busy = response(429, &json!({}));
        busy.headers.push(("retry-after".into(), "12".into()));
        assert_eq!(endpoint(Protocol::OpenAi, "x").read(&busy).unwrap_err().retry_after, Some(12));
    }

    #[test]
    fn part_of_an_answer_is_never_taken_for_the_whole() {
        let anthropic =
            |reason: &str| json!({ "content": [{ "type": "text", "text": "some" }], "stop_reason": reason });
        assert_eq!(class(Protocol::Anthropic, 200, &anthropic("max_tokens")), ErrorClass::Unreadable);
        assert_eq!(
            class(Protocol::Anthropic, 200, &anthropic("model_context_window_exceeded")),
            ErrorClass::Unreadable
        );
        assert_eq!(class(Protocol::Anthropic, 200, &anthropic("refusal")), ErrorClass::Refused);
        let openai =
            |reason: &str| json!({ "choices": [{ "finish_reason": reason, "message": { "content": "some" } }] });
        assert_eq!(class(Protocol::OpenAi, 200, &openai("length")), ErrorClass::Unreadable);
        assert_eq!(class(Protocol::OpenAi, 200, &openai("content_filter")), ErrorClass::Refused);
        let refusal =
            json!({ "choices": [{ "finish_reason": "stop", "message": { "content": null, "refusal": "no" } }] });
        assert_eq!(class(Protocol::OpenAi, 200, &refusal), ErrorClass::Refused);
    }

    #[test]
    fn what_is_no_answer_is_an_error() {
        for body in [json!(null), json!({}), json!({ "content": "text" }), json!({ "choices": [] }), json!([1])] {
            assert_eq!(class(Protocol::Anthropic, 200, &body), ErrorClass::Unreadable, "{body}");
            assert_eq!(class(Protocol::OpenAi, 200, &body), ErrorClass::Unreadable, "{body}");
        }
    }

    #[test]
    fn a_key_is_not_in_debug_output() {
        let endpoint = endpoint(Protocol::Anthropic, "http://x");
        assert!(!format!("{endpoint:?}{:?}", endpoint.request(&prompt())).contains("secret"));
    }

    proptest! {
        #[test]
        fn no_bytes_make_it_fall(status in 100u16..700, body in proptest::collection::vec(any::<u8>(), 0..200)) {
            let response = HttpResponse { status, body, ..HttpResponse::default() };
            for protocol in [Protocol::Anthropic, Protocol::OpenAi] {
                let _ = endpoint(protocol, "http://x").read(&response);
            }
        }
    }
}
