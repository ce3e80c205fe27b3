//! Messages of a queue, as the runtime delivers them.

use worker::{
    js_sys::{self, Array, Reflect},
    wasm_bindgen::{JsCast, JsValue},
    worker_sys::{Message, MessageBatch},
};

/// A message as the queue delivers it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Delivery {
    /// The body, which should be JSON.
    pub body: String,
    /// How often it was delivered, this time included.
    pub attempts: u32,
}

/// What the queue is told.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Answer {
    Ack,
    RetryAfter { seconds: u32 },
}

/// The messages of a batch, each with what answers it.
///
/// `#[event(queue)]` of the crate `worker` doesn't tell how often a message was delivered, and a batch that it fails on panics the
/// isolate.
#[must_use]
pub fn messages(batch: &MessageBatch) -> Vec<(Delivery, Responder)> {
    let messages: Array = batch.messages().map(JsCast::unchecked_into).unwrap_or_default();
    messages
        .iter()
        .map(|message| {
            // The runtime's messages are of no class that could be checked.
            let message: Message = message.unchecked_into();
            (delivery(&message), Responder(message))
        })
        .collect()
}

/// Answers a message. One that isn't answered when the handler returns is taken as acknowledged; when it fails, as not.
#[derive(Debug)]
pub struct Responder(Message);

impl Responder {
    pub fn answer(&self, answer: Answer) {
        // Both only mark the message; they fail for no reason that could be answered here.
        let _ = match answer {
            Answer::Ack => self.0.ack(),
            Answer::RetryAfter { seconds } => self.0.retry(retry_options(seconds)),
        };
    }
}

fn delivery(message: &Message) -> Delivery {
    let body = message.body().unwrap_or(JsValue::UNDEFINED);
    let text = match body.as_string() {
        Some(text) => text,
        None => js_sys::JSON::stringify(&body).map(String::from).unwrap_or_default(),
    };
    let attempts = Reflect::get(message, &"attempts".into()).ok().and_then(|n| n.as_f64());
    // Without a count it might be the second time.
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a small whole number")]
    Delivery { body: text, attempts: attempts.map_or(2, |n| n as u32) }
}

fn retry_options(seconds: u32) -> JsValue {
    let options = js_sys::Object::new();
    // A plain object takes any property.
    let _ = Reflect::set(&options, &"delaySeconds".into(), &seconds.into());
    options.into()
}
