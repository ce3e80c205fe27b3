//! Messages of the documents' queue and of its dead-letter queue.

use living_core::landing::event::{self, ObjectEvent};
use living_kit::{Answer, Delivery, Host, ObjectStore, log, log_event};

use crate::{
    DocumentsQueue, Ocr, OcrEngine, Outcome,
    failure::Failure,
    ocr::{DEAD_LETTERS, MAX_KEY},
    shelf::{Expected, Shelf},
};

/// Handles one message of the documents' queue.
pub async fn consume<S, P, E, Q, H>(ocr: &Ocr<S, P, E, Q, H>, delivery: &Delivery) -> Answer
where
    S: ObjectStore,
    P: Shelf,
    E: OcrEngine,
    Q: DocumentsQueue,
    H: Host,
{
    let started = ocr.host.now();
    let event = match read(ocr, &delivery.body) {
        Ok(event) => event,
        // It's no better next time. It's kept where someone can find it.
        Err(reason) => {
            return Answer::recorded(
                keep(ocr, &delivery.body, &reason).await,
                ocr.config.retry_seconds,
                delivery.attempts,
            );
        }
    };
    let outcome = ocr.handle(&event, delivery.attempts > 1).await;
    write_log(&event, &outcome, delivery.attempts, ocr.host.now().millis() - started.millis());
    match outcome {
        Outcome::Retry { .. } => retry(ocr.config.retry_seconds, delivery.attempts, None),
        Outcome::Waiting { retry_after, .. } => retry(ocr.config.retry_seconds, delivery.attempts, retry_after),
        _ => Answer::Ack,
    }
}

/// Handles one message of the dead-letter queue: all its retries failed. The document that it's of is refused; a message that is of none is
/// kept.
pub async fn record_dead_letter<S, P, E, Q, H>(ocr: &Ocr<S, P, E, Q, H>, delivery: &Delivery) -> Answer
where
    S: ObjectStore,
    P: Shelf,
    E: OcrEngine,
    Q: DocumentsQueue,
    H: Host,
{
    log::error("dead_letter").with("message", &delivery.body).write();
    let recorded = match read(ocr, &delivery.body) {
        Err(reason) => keep(ocr, &delivery.body, &reason).await,
        Ok(event) => match ocr.give_up(&event.key).await {
            // Somebody is at it.
            Err(Failure::TakenOver) => Ok(()),
            other => other,
        },
    };
    Answer::recorded(recorded, ocr.config.retry_seconds, delivery.attempts)
}

/// The event that a message is, or why nothing can be done with it.
fn read<S, P, E, Q, H>(ocr: &Ocr<S, P, E, Q, H>, message: &str) -> Result<ObjectEvent, String> {
    let event = event::parse(message).map_err(|error| error.to_string())?;
    let ours = &ocr.config.documents_bucket;
    if event.bucket != *ours {
        return Err(format!("it's of the bucket {:?}; documents are in {ours:?}", event.bucket));
    }
    if event.key.len() > MAX_KEY {
        return Err(format!("the key has {} bytes; at most {MAX_KEY} are taken", event.key.len()));
    }
    Ok(event)
}

/// Keeps a message that nothing else can be done with.
async fn keep<S, P: Shelf, E, Q, H: Host>(
    ocr: &Ocr<S, P, E, Q, H>,
    message: &str,
    reason: &str,
) -> Result<(), Failure> {
    log::warning("message_set_aside").with("message", message).with("reason", reason).write();
    let letter = serde_json::json!({ "received_at": ocr.host.now(), "reason": reason, "message": message });
    let key = format!("{}{}.json", DEAD_LETTERS, ocr.host.new_id());
    ocr.shelf.put(&key, letter.to_string().into_bytes(), &Expected::Anything).await?;
    Ok(())
}

/// As [`Answer::retry`], but no sooner than the engine asks, within an hour.
fn retry(first: u32, attempts: u32, asked: Option<u32>) -> Answer {
    match (Answer::retry(first, attempts), asked) {
        (Answer::RetryAfter { seconds }, Some(asked)) => Answer::RetryAfter { seconds: seconds.max(asked.min(3_600)) },
        (answer, _) => answer,
    }
}

fn write_log(event: &ObjectEvent, outcome: &Outcome, attempts: u32, millis: i64) {
    let line = match outcome {
        Outcome::Skipped(skip) => log::info("skipped").with("reason", skip.to_string()),
        Outcome::Done(report) => log::info("read").with("document", report),
        Outcome::Continued { pages_read } => log::info("continued").with("pages_read", pages_read),
        Outcome::Refused { reason } => log::warning("refused").with("reason", reason),
        Outcome::Gone => log::info("gone"),
        Outcome::Discarded => log::info("discarded"),
        Outcome::Waiting { reason, .. } => log::warning("waiting").with("reason", reason),
        Outcome::Retry { reason } => log::error("failed").with("reason", reason),
    };
    log_event(line, event, attempts, millis);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn waits_are_no_shorter_than_the_engine_asks() {
        let seconds = |attempts, asked| match retry(5, attempts, asked) {
            Answer::RetryAfter { seconds } => seconds,
            Answer::Ack => 0,
        };
        assert_eq!(
            [seconds(1, None), seconds(1, Some(30)), seconds(1, Some(50_000)), seconds(5, Some(1))],
            [5, 30, 3_600, 80]
        );
    }
}
