//! The port to an OCR engine, and the two kinds of engines behind it. What is sent and what comes back are pure functions.

use std::time::Duration;

use base64::{Engine as _, prelude::BASE64_STANDARD};
use living_http::{HttpRequest, HttpResponse, Method, Transport, TransportError};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

/// A page of small type takes Tesseract half a minute on a busy machine, and its service gives up after two minutes.
const TIME_LIMIT: Duration = Duration::from_secs(150);

/// Bytes of text of a page at most, as for text layers.
const MAX_TEXT: usize = living_pdf::MAX_PAGE_TEXT;

/// Characters of an answer that an error quotes.
const EXCERPT: usize = 200;

/// Tokens that a model may write for a page. A page has some 1,500.
const MAX_TOKENS: u32 = 8_192;

/// What a model is told. The page's own words may say otherwise: what comes back is as untrusted as any document.
const INSTRUCTION: &str = "Write down all text of this scanned page, exactly as it stands there, line by line, in reading order. \
    Nothing else: no comment, no formatting. If there is no text on it, write nothing.";

/// What an engine is given to read. Each kind takes the page in its own form.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Picture {
    pub document_id: String,
    /// From 1.
    pub page_number: u32,
    /// A PDF of this one page, or a JPEG, as the engine's [`Form`] says.
    pub bytes: Vec<u8>,
}

/// What an engine reads.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Form {
    Pdf,
    Jpeg,
}

/// What an engine has read.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Recognised {
    pub text: String,
    /// From 0 to 1; `None` if the engine doesn't tell, or there's no text.
    pub confidence: Option<f64>,
    pub engine: String,
    pub engine_version: Option<String>,
}

/// Why there is no text.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum EngineError {
    /// The engine can't read this page. It will be no better next time.
    #[error("{0}")]
    Refused(String),
    /// It may be there later, or once somebody has mended something.
    #[error("{reason}")]
    Unavailable {
        reason: String,
        /// How long the engine asks to wait, in seconds.
        retry_after: Option<u32>,
    },
}

/// Something that reads pictures of pages.
#[expect(async_fn_in_trait, reason = "used through generics only, on one thread")]
pub trait OcrEngine {
    /// What it is, as far as the deployment says: pages that another read are read again.
    fn name(&self) -> String;

    fn form(&self) -> Form;

    /// # Errors
    /// Why there is no text, by what can be done. Nothing is tried again here.
    async fn read(&self, picture: &Picture) -> Result<Recognised, EngineError>;
}

/// Where an engine is.
#[derive(Clone, PartialEq, Eq)]
pub enum Endpoint {
    /// An HTTP service of the protocol in docs/decisions/0021-scanned-documents.md.
    Service { url: String, token: Option<String> },
    /// A model of Workers AI that takes images, by its [OpenAI-compatible
    /// endpoint](https://developers.cloudflare.com/workers-ai/configuration/open-ai-compatibility/).
    WorkersAi { url: String, model: String, token: String },
}

/// Without the token.
impl std::fmt::Debug for Endpoint {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.name())
    }
}

impl Endpoint {
    fn name(&self) -> String {
        match self {
            Self::Service { url, .. } => format!("service {url}"),
            Self::WorkersAi { model, .. } => format!("workers-ai {model}"),
        }
    }

    /// The request by which a picture is read.
    #[must_use]
    pub fn request(&self, picture: &Picture) -> HttpRequest {
        let bytes = BASE64_STANDARD.encode(&picture.bytes);
        let (url, token, body) = match self {
            Self::Service { url, token } => {
                let Picture { document_id, page_number, .. } = picture;
                let body = json!({ "document_id": document_id, "page_number": page_number, "pdf": bytes });
                (url, token.as_ref(), body)
            }
            Self::WorkersAi { url, model, token } => {
                let content = json!([
                    { "type": "text", "text": INSTRUCTION },
                    { "type": "image_url", "image_url": { "url": format!("data:image/jpeg;base64,{bytes}") } },
                ]);
                let messages = json!([{ "role": "user", "content": content }]);
                let body = json!({ "model": model, "max_tokens": MAX_TOKENS, "temperature": 0, "messages": messages });
                (url, Some(token), body)
            }
        };
        let mut headers = vec![("content-type", "application/json".to_owned())];
        headers.extend(token.map(|token| ("authorization", format!("Bearer {token}"))));
        HttpRequest {
            method: Method::Post,
            url: url.clone(),
            headers,
            body: body.to_string(),
            follows_redirects: false,
            time_limit: TIME_LIMIT,
        }
    }

    /// What a response says.
    ///
    /// # Errors
    /// What it says is wrong, or that it can't be understood.
    pub fn answer(&self, response: &HttpResponse) -> Result<Recognised, EngineError> {
        let excerpt = || response.excerpt(EXCERPT);
        match response.status {
            200..300 => {}
            // Of the page, not of the request: it can't be rendered, or is too large.
            413 | 422 => return Err(EngineError::Refused(reason(response).unwrap_or_else(excerpt))),
            status => {
                return Err(EngineError::Unavailable {
                    reason: format!("HTTP {status}: {}", reason(response).unwrap_or_else(excerpt)),
                    retry_after: response.retry_after(),
                });
            }
        }
        let recognised = match self {
            Self::Service { .. } => serde_json::from_slice(&response.body).map_err(|error| {
                unreadable(format!("its answer isn't that of an OCR service ({error}): {}", excerpt()))
            })?,
            Self::WorkersAi { model, .. } => completion(model, &response.body)?,
        };
        check(recognised)
    }
}

/// The `error` of a JSON answer.
fn reason(response: &HttpResponse) -> Option<String> {
    let answer: Value = serde_json::from_slice(&response.body).ok()?;
    let error = answer.get("error")?.as_str()?;
    Some(error.chars().take(EXCERPT).collect())
}

/// What a model has written, if it came to its end.
fn completion(model: &str, body: &[u8]) -> Result<Recognised, EngineError> {
    let answer: Value =
        serde_json::from_slice(body).map_err(|error| unreadable(format!("its answer isn't JSON ({error})")))?;
    match answer.pointer("/choices/0/finish_reason").and_then(Value::as_str) {
        Some("stop") => {}
        Some("length") => return Err(EngineError::Refused(format!("the text is longer than {MAX_TOKENS} tokens"))),
        Some("content_filter") => return Err(EngineError::Refused("a content filter refuses the page".to_owned())),
        _ => return Err(unreadable("its answer has no choice that came to its end")),
    }
    let text = answer.pointer("/choices/0/message/content").and_then(Value::as_str);
    let text = text.ok_or_else(|| unreadable("its answer has no text"))?;
    Ok(Recognised {
        text: text.trim().to_owned(),
        confidence: None,
        engine: "workers-ai".to_owned(),
        engine_version: Some(model.to_owned()),
    })
}

/// An answer that nobody understands is taken for a passing state of what is in between: a portal, a proxy, a deployment.
fn unreadable(reason: impl Into<String>) -> EngineError {
    EngineError::Unavailable { reason: reason.into(), retry_after: None }
}

/// Holds an answer against the landing contract.
fn check(recognised: Recognised) -> Result<Recognised, EngineError> {
    if recognised.confidence.is_some_and(|confidence| !(0.0..=1.0).contains(&confidence)) {
        return Err(unreadable("its confidence isn't between 0 and 1"));
    }
    if recognised.engine.trim().is_empty() {
        return Err(unreadable("its answer doesn't name the engine"));
    }
    if recognised.text.len() > MAX_TEXT {
        return Err(EngineError::Refused(format!("more than {MAX_TEXT} bytes of text")));
    }
    Ok(recognised)
}

/// An engine behind HTTP.
#[derive(Debug)]
pub struct HttpEngine<T> {
    pub endpoint: Endpoint,
    pub transport: T,
}

impl<T: Transport> OcrEngine for HttpEngine<T> {
    fn name(&self) -> String {
        self.endpoint.name()
    }

    fn form(&self) -> Form {
        match self.endpoint {
            Endpoint::Service { .. } => Form::Pdf,
            Endpoint::WorkersAi { .. } => Form::Jpeg,
        }
    }

    async fn read(&self, picture: &Picture) -> Result<Recognised, EngineError> {
        match self.transport.send(self.endpoint.request(picture)).await {
            Ok(response) => self.endpoint.answer(&response),
            // Reading twice does no harm.
            Err(TransportError::NotSent(message) | TransportError::Lost(message)) => Err(unreadable(message)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn service() -> Endpoint {
        Endpoint::Service { url: "http://127.0.0.1:1/v1/pages".into(), token: Some("secret".into()) }
    }

    fn workers_ai() -> Endpoint {
        Endpoint::WorkersAi {
            url: "https://x/ai/v1/chat/completions".into(),
            model: "@cf/m".into(),
            token: "secret".into(),
        }
    }

    fn picture() -> Picture {
        Picture { document_id: "fleet/a".into(), page_number: 3, bytes: b"%PDF".to_vec() }
    }

    fn answer(endpoint: &Endpoint, status: u16, body: &str) -> Result<Recognised, EngineError> {
        endpoint.answer(&HttpResponse { status, body: body.as_bytes().to_vec(), ..HttpResponse::default() })
    }

    #[test]
    fn a_service_gets_one_page_and_says_what_is_on_it() {
        let request = service().request(&picture());
        assert!(request.headers.contains(&("authorization", "Bearer secret".into())));
        let body: Value = serde_json::from_str(&request.body).unwrap();
        assert_eq!(body, json!({ "document_id": "fleet/a", "page_number": 3, "pdf": "JVBERg==" }));
        let said = r#"{"text": "MV Asta", "confidence": 0.93, "engine": "tesseract", "engine_version": "5.3.0"}"#;
        let recognised = answer(&service(), 200, said).unwrap();
        assert_eq!((recognised.text.as_str(), recognised.confidence), ("MV Asta", Some(0.93)));
        let blank =
            answer(&service(), 200, r#"{"text": "", "confidence": null, "engine": "t", "engine_version": null}"#);
        assert_eq!(blank.unwrap().confidence, None);
    }

    #[test]
    fn workers_ai_gets_an_image_and_writes_its_text() {
        let body: Value = serde_json::from_str(&workers_ai().request(&picture()).body).unwrap();
        assert_eq!(body["messages"][0]["content"][1]["image_url"]["url"], "data:image/jpeg;base64,JVBERg==");
        let said = r#"{"choices": [{"finish_reason": "stop", "message": {"content": "MV Asta\n"}}]}"#;
        let recognised = answer(&workers_ai(), 200, said).unwrap();
        let expected = ("MV Asta", None, "workers-ai", Some("@cf/m"));
        let Recognised { text, confidence, engine, engine_version } = &recognised;
        assert_eq!((text.as_str(), *confidence, engine.as_str(), engine_version.as_deref()), expected);
        assert!(matches!(
            answer(&workers_ai(), 200, r#"{"choices": [{"finish_reason": "length", "message": {"content": "MV"}}]}"#),
            Err(EngineError::Refused(_))
        ));
    }

    #[test]
    fn what_is_the_pages_fault_is_told_from_what_passes() {
        for status in [413, 422] {
            let refused = answer(&service(), status, r#"{"error": "it can't be rendered"}"#);
            assert_eq!(refused, Err(EngineError::Refused("it can't be rendered".into())));
        }
        for (status, body) in [
            (401, "{}"),
            (404, "nobody"),
            (429, "{}"),
            (500, ""),
            (503, r#"{"error": "busy"}"#),
            (200, "<html>a portal</html>"),
            (200, r#"{"text": "a"}"#),
            (200, r#"{"text": "a", "confidence": 93, "engine": "t", "engine_version": "1"}"#),
            (200, r#"{"text": "a", "confidence": null, "engine": " ", "engine_version": "1"}"#),
        ] {
            assert!(
                matches!(answer(&service(), status, body), Err(EngineError::Unavailable { .. })),
                "{status} {body}"
            );
        }
        for body in ["", "{}", r#"{"choices": []}"#, r#"{"choices": [{"finish_reason": "stop", "message": {}}]}"#] {
            assert!(matches!(answer(&workers_ai(), 200, body), Err(EngineError::Unavailable { .. })), "{body}");
        }
    }

    #[test]
    fn tokens_are_nowhere_in_debug_output() {
        for endpoint in [service(), workers_ai()] {
            assert!(!format!("{endpoint:?} {:?}", endpoint.request(&picture())).contains("secret"));
        }
    }
}
