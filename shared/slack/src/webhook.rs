//! How a message is sent, and what became of it.

use std::time::Duration;

use living_http::{
    Delivery, HttpRequest, HttpResponse, Method, Transport, TransportError, Unreachable, front_page, reach,
};

/// When this is up, nobody knows whether the message was posted, and it's not sent again: rather too long.
const POST_TIME_LIMIT: Duration = Duration::from_secs(15);

/// Characters of an answer that a reason quotes.
const EXCERPT: usize = 100;

/// What Slack says of a message that it can't read
/// ([errors](https://docs.slack.dev/messaging/sending-messages-using-incoming-webhooks#handling_errors)).
const ABOUT_THE_MESSAGE: [&str; 4] = ["invalid_payload", "invalid_blocks", "no_text", "too_many_attachments"];

/// A webhook: whoever knows its address can post.
#[derive(Clone)]
pub struct Webhook<T> {
    url: String,
    transport: T,
}

/// Without the address.
impl<T> std::fmt::Debug for Webhook<T> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Webhook")
    }
}

impl<T: Transport> Webhook<T> {
    /// `None` if it's not an address of HTTP.
    #[must_use]
    pub fn new(url: &str, transport: T) -> Option<Self> {
        front_page(url).map(|_| Self { url: url.to_owned(), transport })
    }

    /// Whether Slack is there: what is down is found by this, and not by the message.
    ///
    /// # Errors
    /// Why the message would get nowhere.
    pub async fn reach(&self) -> Result<(), Unreachable> {
        reach(&self.transport, &self.url).await.map_err(|reason| Unreachable(self.without_address(&reason)))
    }

    /// Sends a message.
    pub async fn post(&self, message: String) -> Delivery {
        let request = HttpRequest {
            method: Method::Post,
            url: self.url.clone(),
            headers: vec![("content-type", "application/json".to_owned())],
            body: message,
            follows_redirects: false,
            time_limit: POST_TIME_LIMIT,
        };
        match self.transport.send(request).await {
            Ok(response) => delivery(&response),
            Err(TransportError::NotSent(message)) => {
                Delivery::Failed { reason: self.without_address(&message), retry_after: None, is_lasting: false }
            }
            Err(TransportError::Lost(message)) => Delivery::Unknown(self.without_address(&message)),
        }
    }

    /// Some transports name the address in their messages.
    fn without_address(&self, message: &str) -> String {
        message.replace(&self.url, "the webhook").chars().take(EXCERPT).collect()
    }
}

/// What Slack's answer to a message means.
///
/// 500 and 503 are Slack's own words for "not now", and 521, 523, 525, 526 and 530 are Cloudflare's for a server that it got no
/// connection to ([5xx](https://developers.cloudflare.com/support/troubleshooting/http-status-codes/cloudflare-5xx-errors/)). Other 5xx
/// come from between, and say nothing of what happened behind.
fn delivery(response: &HttpResponse) -> Delivery {
    let body = String::from_utf8_lossy(&response.body);
    let failed =
        |is_lasting| Delivery::Failed { reason: quote(response), retry_after: response.retry_after(), is_lasting };
    match response.status {
        200..=299 if body.trim() == "ok" => Delivery::Posted,
        // Somebody else answers in Slack's place, or before it.
        200..=299 | 408 => Delivery::Unknown(quote(response)),
        400 | 413 if response.status == 413 || ABOUT_THE_MESSAGE.iter().any(|word| body.contains(word)) => {
            Delivery::Refused(quote(response))
        }
        425 | 429 | 500 | 503 | 521 | 523 | 525 | 526 | 530 => failed(false),
        300..=499 => failed(true),
        _ => Delivery::Unknown(quote(response)),
    }
}

fn quote(response: &HttpResponse) -> String {
    format!("HTTP {}: {}", response.status, response.excerpt(EXCERPT))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(status: u16, body: &str) -> Delivery {
        delivery(&HttpResponse { status, body: body.into(), ..HttpResponse::default() })
    }

    fn is_failed(delivery: &Delivery, lasting: bool) -> bool {
        matches!(delivery, Delivery::Failed { is_lasting, .. } if *is_lasting == lasting)
    }

    #[test]
    fn only_ok_means_posted() {
        assert_eq!(of(200, "ok"), Delivery::Posted);
        for body in ["", "<html>", "not ok"] {
            assert!(matches!(of(200, body), Delivery::Unknown(_)), "{body}");
        }
    }

    #[test]
    fn what_slack_says_of_a_failure_tells_whether_it_is_tried_again_and_when() {
        for status in [429, 500, 503, 521, 530] {
            assert!(is_failed(&of(status, "x"), false), "{status}");
        }
        for (status, body) in [(403, "action_prohibited"), (404, "no_service"), (410, "channel_is_archived"), (302, "")]
        {
            assert!(is_failed(&of(status, body), true), "{status}");
        }
        assert!(is_failed(&of(400, "user_not_found"), true));
        for (status, body) in [(400, "invalid_payload"), (400, "invalid_blocks"), (413, "")] {
            assert!(matches!(of(status, body), Delivery::Refused(_)), "{status}");
        }
        for status in [408, 502, 504, 520, 522, 524] {
            assert!(matches!(of(status, ""), Delivery::Unknown(_)), "{status}");
        }
    }

    #[test]
    fn retry_after_is_passed_on() {
        let headers = vec![("Retry-After".into(), "30".into())];
        let busy = delivery(&HttpResponse { status: 429, headers, ..HttpResponse::default() });
        assert!(matches!(busy, Delivery::Failed { retry_after: Some(30), .. }));
    }
}
