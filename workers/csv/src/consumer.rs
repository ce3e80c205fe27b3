//! Messages of the queue of uploads and of its dead-letter queue.

use living_core::landing::event::{self, ObjectEvent};
use living_kit::{Answer, Delivery, Host, ObjectStore, ObjectWriter, StoreError, Target, log, log_event};

use crate::{Converter, Outcome};

/// Handles one message of the queue of uploads.
pub async fn consume<S, H>(converter: &Converter<S, H>, delivery: &Delivery) -> Answer
where
    S: ObjectStore + ObjectWriter,
    H: Host,
{
    let started = converter.host.now();
    let event = match event::parse(&delivery.body) {
        Ok(event) => event,
        // It's no better next time. It's kept where someone can find it.
        Err(error) => {
            let kept = set_aside(converter, &delivery.body, &error.to_string()).await;
            return Answer::recorded(kept, converter.config.retry_seconds, delivery.attempts);
        }
    };
    let outcome = converter.handle(&event, delivery.attempts > 1).await;
    write_log(&event, &outcome, delivery.attempts, converter.host.now().millis() - started.millis());
    match outcome {
        Outcome::Retry { .. } => Answer::retry(converter.config.retry_seconds, delivery.attempts),
        _ => Answer::Ack,
    }
}

/// Handles one message of the dead-letter queue: all its retries failed. The record of its upload says so.
pub async fn record_dead_letter<S, H>(converter: &Converter<S, H>, delivery: &Delivery) -> Answer
where
    S: ObjectStore + ObjectWriter,
    H: Host,
{
    log::error("dead_letter").with("message", &delivery.body).write();
    let kept = match event::parse(&delivery.body) {
        Err(error) => set_aside(converter, &delivery.body, &error.to_string()).await.map_err(|error| error.to_string()),
        Ok(event) => converter.give_up(&event).await.map_err(|error| error.to_string()),
    };
    Answer::recorded(kept, converter.config.retry_seconds, delivery.attempts)
}

/// Keeps a message that nothing else can be done with, beside the outputs of the first route.
async fn set_aside<S, H>(converter: &Converter<S, H>, message: &str, reason: &str) -> Result<(), StoreError>
where
    S: ObjectStore + ObjectWriter,
    H: Host,
{
    log::warning("message_set_aside").with("message", message).with("reason", reason).write();
    let Some(route) = converter.config.routes.first() else { return Ok(()) };
    let target = Target {
        bucket: route.output_bucket.clone(),
        key: format!("{}.messages/{}.json", route.output_prefix, converter.host.new_id()),
        content_type: "application/json",
        metadata: Vec::new(),
    };
    let body = serde_json::json!({ "message": message, "reason": reason, "at": converter.host.now() });
    converter.store.put(&target, body.to_string().into_bytes()).await.map(drop)
}

fn write_log(event: &ObjectEvent, outcome: &Outcome, attempts: u32, millis: i64) {
    let line = match outcome {
        Outcome::NotOurs => log::info("not_ours"),
        Outcome::Skipped(skip) => log::info("skipped").with("reason", skip.to_string()),
        Outcome::Converted { outputs, .. } => log::info("converted")
            .with("outputs", outputs.iter().map(|output| &output.key).collect::<Vec<_>>())
            .with("rows", outputs.iter().map(|output| output.rows).sum::<u64>()),
        Outcome::Removed { outputs } => log::info("removed").with("outputs", outputs),
        Outcome::Refused { reason, .. } => log::warning("refused").with("reason", reason),
        Outcome::Retry { reason } => log::error("failed").with("reason", reason),
    };
    log_event(line, event, attempts, millis);
}
