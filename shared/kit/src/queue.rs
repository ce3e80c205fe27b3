//! Messages of a queue, as the runtime delivers them.

use living_core::landing::event::ObjectEvent;
use serde::Serialize;
use worker::{
    BatchMessageBuilder, Env, Queue, SendMessage,
    js_sys::{self, Array, Reflect},
    wasm_bindgen::{JsCast, JsValue},
    worker_sys::{Message, MessageBatch},
};

use crate::{ConfigError, log, memory_bytes};

/// End of the name of a dead-letter queue.
const DEAD_LETTER_SUFFIX: &str = "-dead";

/// Messages in one `sendBatch` ([limits](https://developers.cloudflare.com/queues/platform/limits/)).
const SEND_BATCH: usize = 100;

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

/// Longest wait before a message is delivered again, in seconds. With 10 retries from 5 seconds on, one that always fails at once is
/// given up after 51 minutes.
const MAX_RETRY_SECONDS: u32 = 900;

impl Answer {
    /// Delivers a message again after `first` seconds, doubled with each of the `attempts` so far, up to a quarter of an hour.
    #[must_use]
    pub fn retry(first: u32, attempts: u32) -> Self {
        let doubled = first.saturating_mul(1u32.checked_shl(attempts.saturating_sub(1)).unwrap_or(u32::MAX));
        Self::RetryAfter { seconds: doubled.min(MAX_RETRY_SECONDS) }
    }

    /// To a message that nothing could be done with but to record it. One that couldn't be recorded comes again, as of [`Answer::retry`].
    #[must_use]
    pub fn recorded(outcome: Result<(), impl std::fmt::Display>, first: u32, attempts: u32) -> Self {
        match outcome {
            Ok(()) => Self::Ack,
            Err(error) => {
                log::error("not_recorded").with("error", error.to_string()).write();
                Self::retry(first, attempts)
            }
        }
    }
}

/// Answers each message of a batch by itself, and never fails. `consume` takes those of a queue, `record_dead_letter` those of its
/// dead-letter queue; `worker` is what both work with, if the settings make sense.
///
/// One after the other: an object that traps the Worker takes only messages with it that come after its own, and those are delivered
/// again.
pub async fn answer_batch<T>(
    batch: &MessageBatch,
    worker: Result<T, ConfigError>,
    consume: impl AsyncFn(&T, &Delivery) -> Answer,
    record_dead_letter: impl AsyncFn(&T, &Delivery) -> Answer,
) {
    let is_dead = batch.queue().is_ok_and(|name| String::from(name).ends_with(DEAD_LETTER_SUFFIX));
    for (delivery, responder) in messages(batch) {
        responder.answer(match &worker {
            Ok(worker) if is_dead => record_dead_letter(worker, &delivery).await,
            Ok(worker) => consume(worker, &delivery).await,
            Err(error) => {
                log::error("misconfigured").with("error", error.to_string()).write();
                Answer::RetryAfter { seconds: 60 }
            }
        });
    }
}

/// Writes what became of an event into the log: `line` says what.
pub fn log_event(line: log::Line, event: &ObjectEvent, attempts: u32, milliseconds: i64) {
    line.with("bucket", &event.bucket)
        .with("key", &event.key)
        .with("attempts", attempts)
        .with("milliseconds", milliseconds)
        .with("memory_bytes", memory_bytes())
        .write();
}

/// A queue that a Worker sends to.
#[derive(Debug)]
pub struct QueuePort(Queue);

impl QueuePort {
    /// # Errors
    /// If the binding isn't there.
    pub fn new(env: &Env, binding: &'static str) -> Result<Self, ConfigError> {
        env.queue(binding).map(Self).map_err(|_| ConfigError::MissingVar(binding))
    }

    /// Sends one message: a value, or one with options ([`worker::MessageBuilder`]).
    ///
    /// # Errors
    /// The runtime's words. The message may have been sent all the same.
    pub async fn send_one<M: Serialize>(&self, message: impl Into<SendMessage<M>>) -> Result<(), String> {
        self.0.send(message).await.map_err(|error| error.to_string())
    }

    /// Sends messages, in as few requests as the platform takes.
    ///
    /// # Errors
    /// The runtime's words. Some of the messages may have been sent.
    pub async fn send_all<M: Serialize + Clone>(&self, messages: &[M]) -> Result<(), String> {
        for some in messages.chunks(SEND_BATCH) {
            let batch = BatchMessageBuilder::new().messages(some.iter().cloned()).build();
            self.0.send_batch(batch).await.map_err(|error| error.to_string())?;
        }
        Ok(())
    }
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn waits_double_up_to_a_quarter_of_an_hour() {
        let seconds = |attempts| match Answer::retry(5, attempts) {
            Answer::RetryAfter { seconds } => seconds,
            Answer::Ack => 0,
        };
        assert_eq!([seconds(1), seconds(2), seconds(5), seconds(9), seconds(100)], [5, 10, 80, 900, 900]);
        assert_eq!(seconds(0), 5);
    }
}
