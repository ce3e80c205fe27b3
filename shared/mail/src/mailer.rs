//! How a message is sent, and what became of it.

use std::time::Duration;

use living_http::{
    Delivery, HttpRequest, HttpResponse, Method, Transport, TransportError, Unreachable, front_page, reach,
};
use serde_json::{Value, json};

use crate::Message;

/// When this is up, nobody knows whether the message was taken, and it's not sent again: rather too long.
const TIME_LIMIT: Duration = Duration::from_secs(20);

/// Characters of an answer that a reason quotes.
const EXCERPT: usize = 100;

/// Addresses that a message goes to, at most: what both services take
/// ([Postmark](https://postmarkapp.com/developer/api/email-api), [Resend](https://resend.com/docs/api-reference/emails/send-email)).
const RECIPIENTS: usize = 50;

/// How a service is spoken to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Protocol {
    Resend,
    Postmark,
}

impl Protocol {
    /// Reads `resend` or `postmark`. `None` if it's neither.
    #[must_use]
    pub fn parse(name: &str) -> Option<Self> {
        match name {
            "resend" => Some(Self::Resend),
            "postmark" => Some(Self::Postmark),
            _ => None,
        }
    }
}

/// An address of mail, with a name before it perhaps: `Reports <reports@example.com>`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Address(String);

impl Address {
    /// `None` if it can't be one. Whether there's a mailbox the service finds out.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let text = text.trim();
        let bare = match text.split_once('<') {
            Some((_, rest)) => rest.strip_suffix('>')?,
            None => text,
        };
        let (mailbox, domain) = bare.split_once('@')?;
        let is_plain = |c: char| !c.is_control() && !c.is_whitespace() && !matches!(c, '<' | '>' | ',' | ';' | '@');
        let fits = !mailbox.is_empty() && domain.contains('.') && bare.len() <= 254;
        (fits
            && mailbox.chars().chain(domain.chars()).all(is_plain)
            && !text.chars().any(|c| c.is_control() || c == ','))
        .then(|| Self(text.to_owned()))
    }
}

/// Who sends to whom, by which service.
#[derive(Clone, PartialEq, Eq)]
pub struct Sender {
    protocol: Protocol,
    /// The whole address that messages are posted to: `https://api.resend.com/emails`.
    url: String,
    key: String,
    from: Address,
    to: Vec<Address>,
}

/// Without the key.
impl std::fmt::Debug for Sender {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Self { protocol, url, key: _, from, to } = self;
        let mut debug = f.debug_struct("Sender");
        debug.field("protocol", protocol).field("url", url).field("from", from).field("to", to).finish_non_exhaustive()
    }
}

impl Sender {
    /// # Errors
    /// Which setting makes no sense, and why.
    pub fn new(protocol: Protocol, url: &str, key: &str, from: &str, to: &str) -> Result<Self, String> {
        front_page(url).ok_or_else(|| format!("{url:?} is not an address of HTTP"))?;
        let address = |text: &str| Address::parse(text).ok_or_else(|| format!("{text:?} is not an address of mail"));
        let to: Vec<Address> = to.split(',').map(address).collect::<Result<_, _>>()?;
        if to.len() > RECIPIENTS {
            return Err(format!("there are {} recipients; {RECIPIENTS} are allowed", to.len()));
        }
        Ok(Self { protocol, url: url.to_owned(), key: key.to_owned(), from: address(from)?, to })
    }

    fn request(&self, message: &Message) -> HttpRequest {
        let to: Vec<&str> = self.to.iter().map(|address| address.0.as_str()).collect();
        let Message { id, subject, text } = message;
        let (headers, body) = match self.protocol {
            Protocol::Resend => (
                // A copy of a request that gets there late is no second message.
                vec![("authorization", format!("Bearer {}", self.key)), ("idempotency-key", id.to_string())],
                json!({ "from": self.from.0, "to": to, "subject": subject, "text": text }),
            ),
            Protocol::Postmark => (
                vec![("x-postmark-server-token", self.key.clone())],
                json!({ "From": self.from.0, "To": to.join(","), "Subject": subject, "TextBody": text }),
            ),
        };
        let common =
            [("content-type", "application/json"), ("accept", "application/json"), ("user-agent", "living-schema")];
        HttpRequest {
            method: Method::Post,
            url: self.url.clone(),
            headers: headers.into_iter().chain(common.map(|(name, value)| (name, value.to_owned()))).collect(),
            body: body.to_string(),
            follows_redirects: false,
            time_limit: TIME_LIMIT,
        }
    }

    /// What an answer means. Both services say which message it became.
    fn delivery(&self, response: &HttpResponse) -> Delivery {
        let answer: Value = serde_json::from_slice(&response.body).unwrap_or_default();
        let is_taken = match self.protocol {
            Protocol::Resend => answer.get("id").is_some_and(Value::is_string),
            Protocol::Postmark => answer.get("ErrorCode").and_then(Value::as_i64) == Some(0),
        };
        let reason = || format!("HTTP {}: {}", response.status, response.excerpt(EXCERPT));
        let failed =
            |is_lasting| Delivery::Failed { reason: reason(), retry_after: response.retry_after(), is_lasting };
        match response.status {
            200..=299 if is_taken => Delivery::Posted,
            // Somebody else answers in the service's place, or before it.
            200..=299 | 408 => Delivery::Unknown(reason()),
            413 => Delivery::Refused(reason()),
            // 5xx: those that say "not now", or that no connection was made (as for Slack).
            425 | 429 | 500 | 503 | 521 | 523 | 525 | 526 | 530 => failed(false),
            // A wrong key, or an address that the service doesn't take.
            300..=499 => failed(true),
            _ => Delivery::Unknown(reason()),
        }
    }
}

/// A service that takes mail.
#[derive(Debug, Clone)]
pub struct Mailer<T> {
    pub sender: Sender,
    pub transport: T,
}

impl<T: Transport> Mailer<T> {
    /// Whether the service is there: what is down is found by this, and not by the message.
    ///
    /// # Errors
    /// Why the message would get nowhere.
    pub async fn reach(&self) -> Result<(), Unreachable> {
        reach(&self.transport, &self.sender.url).await.map_err(Unreachable)
    }

    /// Sends a message.
    pub async fn post(&self, message: &Message) -> Delivery {
        match self.transport.send(self.sender.request(message)).await {
            Ok(response) => self.sender.delivery(&response),
            Err(TransportError::NotSent(reason)) => Delivery::Failed { reason, retry_after: None, is_lasting: false },
            Err(TransportError::Lost(reason)) => Delivery::Unknown(reason),
        }
    }
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;

    fn sender(protocol: Protocol) -> Sender {
        Sender::new(
            protocol,
            "https://mail.example/send",
            "secret",
            "Reports <r@example.com>",
            "a@example.com, b@example.com",
        )
        .unwrap()
    }

    fn sent(protocol: Protocol) -> (Vec<(&'static str, String)>, Value) {
        let message = Message { id: Uuid::nil(), subject: "s".into(), text: "t".into() };
        let request = sender(protocol).request(&message);
        (request.headers, serde_json::from_str(&request.body).unwrap())
    }

    #[test]
    fn each_service_is_spoken_to_in_its_own_words() {
        let (headers, body) = sent(Protocol::Resend);
        assert!(headers.contains(&("authorization", "Bearer secret".into())));
        assert!(headers.contains(&("idempotency-key", Uuid::nil().to_string())));
        let to = ["a@example.com", "b@example.com"];
        assert_eq!(body, json!({ "from": "Reports <r@example.com>", "to": to, "subject": "s", "text": "t" }));
        let (headers, body) = sent(Protocol::Postmark);
        assert!(headers.contains(&("x-postmark-server-token", "secret".into())));
        assert_eq!(body["To"], "a@example.com,b@example.com");
    }

    #[test]
    fn an_answer_tells_whether_it_is_sent_again() {
        let of = |protocol, status, body: &str| {
            sender(protocol).delivery(&HttpResponse { status, body: body.into(), ..HttpResponse::default() })
        };
        assert_eq!(of(Protocol::Resend, 200, r#"{"id": "x"}"#), Delivery::Posted);
        assert_eq!(of(Protocol::Postmark, 200, r#"{"ErrorCode": 0}"#), Delivery::Posted);
        for body in ["", "<html>", "{}", r#"{"ErrorCode": 300}"#] {
            assert!(matches!(of(Protocol::Resend, 200, body), Delivery::Unknown(_)), "{body}");
            assert!(matches!(of(Protocol::Postmark, 200, body), Delivery::Unknown(_)), "{body}");
        }
        for (status, lasting) in [(401, true), (403, true), (422, true), (302, true), (429, false), (503, false)] {
            let delivery = of(Protocol::Resend, status, "{}");
            assert!(matches!(delivery, Delivery::Failed { is_lasting, .. } if is_lasting == lasting), "{status}");
        }
        for status in [408, 502, 504] {
            assert!(matches!(of(Protocol::Resend, status, ""), Delivery::Unknown(_)), "{status}");
        }
        assert!(matches!(of(Protocol::Resend, 413, ""), Delivery::Refused(_)));
    }

    #[test]
    fn settings_that_make_no_sense_are_named() {
        let new = |url, from, to| Sender::new(Protocol::Resend, url, "k", from, to);
        assert!(new("https://x/", "a@b.c", "a@b.c").is_ok());
        for (url, from, to) in [
            ("x", "a@b.c", "a@b.c"),
            ("https://x/", "a", "a@b.c"),
            ("https://x/", "a@b.c", ""),
            ("https://x/", "a@b.c\r\nBcc: x@y.z", "a@b.c"),
            ("https://x/", "a@b.c", "a@b.c,"),
            ("https://x/", "A <a@b.c", "a@b.c"),
        ] {
            assert!(new(url, from, to).is_err(), "{from} {to}");
        }
        assert!(!format!("{:?}", sender(Protocol::Resend)).contains("secret"));
    }
}
