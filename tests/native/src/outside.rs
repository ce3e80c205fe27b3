//! A stand-in for Slack, for a mail service and for a language model, in memory: it reads and answers what the real ones would.

use std::{cell::RefCell, collections::VecDeque, rc::Rc, time::Duration};

use living_http::{HttpRequest, HttpResponse, Method, Transport, TransportError};
use living_mail::{Mailer, Protocol, Sender};
use living_model::{Endpoint, HttpModel};
use living_slack::Webhook;
use serde_json::{Value, json};

use crate::{Faults, Point};

const WEBHOOK: &str = "http://slack.stand-in/services/T0/B0/secret";
const MAIL: &str = "http://mail.stand-in/emails";
const MODEL: &str = "http://model.stand-in/v1/messages";

/// What a stand-in does with a message, instead of taking it. Requests for the front page meet `Down` only, and end it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum StandInFault {
    /// No connection.
    Down,
    /// It takes nothing, and answers this.
    Answer { status: u16, body: &'static str, retry_after: Option<u32> },
    /// It takes nothing, and nothing comes back.
    Silent,
    /// It takes the message, and the answer is lost.
    LostAnswer,
    /// It takes the message, and something else answers.
    Garbage,
}

/// All services. Clones are the same ones, with their own way to them.
#[derive(Debug, Clone, Default)]
pub struct StandIn {
    state: Rc<RefCell<State>>,
    faults: Faults,
}

#[derive(Debug, Default)]
struct State {
    /// Bodies of the messages that Slack posted.
    posted: Vec<Value>,
    /// Bodies of the prompts that the model got.
    prompts: Vec<Value>,
    /// Bodies of the messages that the mail service took, each with its idempotency key.
    mailed: Vec<(String, Value)>,
    slack_faults: VecDeque<StandInFault>,
    mail_faults: VecDeque<StandInFault>,
    model_faults: VecDeque<StandInFault>,
    /// What the model says instead of descriptions.
    answer: Option<String>,
    /// What it says to the next prompts, before that.
    answers: VecDeque<String>,
}

impl StandIn {
    /// The same services, on a way that meets `faults`.
    #[must_use]
    pub fn with(&self, faults: &Faults) -> Self {
        Self { state: Rc::clone(&self.state), faults: faults.clone() }
    }

    /// # Panics
    /// If the address is none.
    #[must_use]
    pub fn webhook(&self) -> Webhook<Self> {
        Webhook::new(WEBHOOK, self.clone()).expect("an address")
    }

    /// # Panics
    /// If an address is none.
    #[must_use]
    pub fn mailer(&self) -> Mailer<Self> {
        let sender = Sender::new(Protocol::Resend, MAIL, "key", "reports@example.com", "ann@example.com");
        Mailer { sender: sender.expect("addresses"), transport: self.clone() }
    }

    #[must_use]
    pub fn model(&self) -> HttpModel<Self> {
        let endpoint = Endpoint {
            protocol: living_model::Protocol::Anthropic,
            url: MODEL.to_owned(),
            model: "stand-in".to_owned(),
            key: "key".to_owned(),
        };
        HttpModel { endpoint, transport: self.clone() }
    }

    /// What Slack does with the next messages; after them it takes all.
    pub fn slack_meets(&self, faults: impl IntoIterator<Item = StandInFault>) {
        self.state.borrow_mut().slack_faults = faults.into_iter().collect();
    }

    /// What the mail service does with the next messages.
    pub fn mail_meets(&self, faults: impl IntoIterator<Item = StandInFault>) {
        self.state.borrow_mut().mail_faults = faults.into_iter().collect();
    }

    /// What the model does with the next prompts.
    pub fn model_meets(&self, faults: impl IntoIterator<Item = StandInFault>) {
        self.state.borrow_mut().model_faults = faults.into_iter().collect();
    }

    /// Lets the model say this; `None`: descriptions.
    pub fn model_says(&self, answer: Option<&str>) {
        self.state.borrow_mut().answer = answer.map(str::to_owned);
    }

    /// Lets the model say these to the next prompts.
    pub fn model_answers<'a>(&self, answers: impl IntoIterator<Item = &'a str>) {
        self.state.borrow_mut().answers = answers.into_iter().map(str::to_owned).collect();
    }

    /// The messages that Slack posted, in their order.
    #[must_use]
    pub fn posted(&self) -> Vec<Value> {
        self.state.borrow().posted.clone()
    }

    /// The messages that the mail service took, in their order.
    #[must_use]
    pub fn mailed(&self) -> Vec<Value> {
        self.state.borrow().mailed.iter().map(|(_, body)| body.clone()).collect()
    }

    /// The prompts that the model got.
    #[must_use]
    pub fn prompts(&self) -> Vec<Value> {
        self.state.borrow().prompts.clone()
    }

    fn serve(&self, request: &HttpRequest) -> Result<HttpResponse, TransportError> {
        let is_slack = request.url.starts_with("http://slack.");
        let is_mail = request.url.starts_with("http://mail.");
        let state = &mut *self.state.borrow_mut();
        let faults = match (is_slack, is_mail) {
            (true, _) => &mut state.slack_faults,
            (false, true) => &mut state.mail_faults,
            (false, false) => &mut state.model_faults,
        };
        if request.method == Method::Get {
            return match faults.front() {
                Some(StandInFault::Down) => {
                    faults.pop_front();
                    Err(lost())
                }
                _ => Ok(answer(404, "Not Found", None)),
            };
        }
        let fault = match faults.front() {
            // The model is still down when its front page is asked for.
            Some(StandInFault::Down) if !is_slack && !is_mail => Some(StandInFault::Down),
            _ => faults.pop_front(),
        };
        match fault {
            Some(StandInFault::Down | StandInFault::Silent) => return Err(lost()),
            Some(StandInFault::Answer { status, body, retry_after }) => return Ok(answer(status, body, retry_after)),
            None | Some(StandInFault::LostAnswer | StandInFault::Garbage) => {}
        }
        let body: Value = serde_json::from_str(&request.body).expect("a body of JSON");
        let taken = if is_slack {
            state.posted.push(body);
            answer(200, "ok", None)
        } else if is_mail {
            let key = request.headers.iter().find(|(name, _)| *name == "idempotency-key");
            let key = key.map(|(_, value)| value.clone()).expect("a key against repetition");
            let known = state.mailed.iter().any(|(known, _)| *known == key);
            if !known {
                state.mailed.push((key, body));
            }
            answer(200, r#"{"id":"stand-in"}"#, None)
        } else {
            let says =
                state.answers.pop_front().or_else(|| state.answer.clone()).unwrap_or_else(|| descriptions(&body));
            state.prompts.push(body);
            let content = json!([{ "type": "text", "text": says }]);
            let message =
                json!({ "type": "message", "role": "assistant", "stop_reason": "end_turn", "content": content });
            answer(200, &message.to_string(), None)
        };
        match fault {
            Some(StandInFault::LostAnswer) => Err(lost()),
            Some(StandInFault::Garbage) => Ok(answer(200, "<html>a portal</html>", None)),
            _ => Ok(taken),
        }
    }
}

impl Transport for StandIn {
    async fn send(&self, request: HttpRequest) -> Result<HttpResponse, TransportError> {
        let exchange = async {
            tokio::task::yield_now().await;
            self.serve(&request)
        };
        self.faults.around(Point::Outside, exchange, || Err(lost())).await
    }

    async fn sleep(&self, duration: Duration) {
        tokio::time::sleep(duration.min(Duration::from_millis(20))).await;
    }

    fn random(&self) -> u64 {
        0
    }
}

/// `fetch` doesn't say whether a request was sent, and so doesn't this.
fn lost() -> TransportError {
    TransportError::Lost(format!("connection to {WEBHOOK} lost"))
}

fn answer(status: u16, body: &str, retry_after: Option<u32>) -> HttpResponse {
    let headers = retry_after.map(|seconds| ("retry-after".to_owned(), seconds.to_string()));
    HttpResponse { status, headers: headers.into_iter().collect(), body: body.into() }
}

/// A description of each item of a prompt.
fn descriptions(prompt: &Value) -> String {
    let content = prompt.pointer("/messages/0/content").and_then(Value::as_str).expect("a content");
    let data: Value = serde_json::from_str(content.lines().nth(1).expect("data")).expect("data as JSON");
    let items = data["items"].as_object().expect("items");
    let described = items.iter().map(|(number, item)| {
        let name = item["name"].as_str().unwrap_or_default();
        (number.clone(), json!(format!("What the stand-in knows of {}.", name.replace(['<', '>'], ""))))
    });
    Value::Object(described.collect()).to_string()
}
