//! Messages of the landing queue and of its dead-letter queue.

use living_core::{
    landing::{
        decision::{GivenUp, ObjectHead, give_up},
        event::{self, ObjectEvent},
        load::{Ending, Load, ObjectVersion},
        route::Route,
    },
    sql::{Literal, Statement},
};
use living_kit::{Answer, Delivery, Host, ObjectStore, log, log_event};
use living_warehouse::{Error, Warehouse};

use crate::{Announcer, Ingest, Outcome, failure::Failure};

/// Handles one message of the landing queue.
pub async fn consume<S, W, A, H>(ingest: &Ingest<S, W, A, H>, delivery: &Delivery) -> Answer
where
    S: ObjectStore,
    W: Warehouse,
    A: Announcer,
    H: Host,
{
    let started = ingest.host.now();
    let event = match event::parse(&delivery.body) {
        Ok(event) => event,
        // It's no better next time. It's kept where someone can find it.
        Err(error) => {
            return Answer::recorded(
                record(ingest, &delivery.body, &error.to_string()).await.map_err(Failure::from),
                ingest.config.retry_seconds,
                delivery.attempts,
            );
        }
    };
    let outcome = ingest.handle(&event, delivery.attempts > 1).await;
    write_log(&event, &outcome, delivery.attempts, ingest.host.now().millis() - started.millis());
    match outcome {
        Outcome::Retry { .. } => Answer::retry(ingest.config.retry_seconds, delivery.attempts),
        _ => Answer::Ack,
    }
}

/// Handles one message of the dead-letter queue: all its retries failed. The content that it's of goes to quarantine, from where a
/// replay brings it back, unless it's committed after all; what is no event, or has no such content any more, is kept as it is.
pub async fn record_dead_letter<S, W, A, H>(ingest: &Ingest<S, W, A, H>, delivery: &Delivery) -> Answer
where
    S: ObjectStore,
    W: Warehouse,
    A: Announcer,
    H: Host,
{
    log::error("dead_letter").with("message", &delivery.body).write();
    let recorded = match event::parse(&delivery.body) {
        Err(error) => record(ingest, &delivery.body, &error.to_string()).await.map_err(Failure::from),
        Ok(event) => record_event(ingest, &event, &delivery.body).await,
    };
    Answer::recorded(recorded, ingest.config.retry_seconds, delivery.attempts)
}

/// Records an event that was given up: by what is so now, as for one that is handled.
async fn record_event<S, W, A, H>(
    ingest: &Ingest<S, W, A, H>,
    event: &ObjectEvent,
    message: &str,
) -> Result<(), Failure>
where
    S: ObjectStore,
    W: Warehouse,
    A: Announcer,
    H: Host,
{
    const REASON: &str = "every attempt failed; the ledger has the reasons";
    let Some(route) = ingest.config.routes.find(&event.bucket, &event.key) else {
        return Ok(record(ingest, message, REASON).await?);
    };
    let object = ingest.store.head(&event.bucket, &event.key).await?;
    let history = ingest.key_history(event, object.as_ref()).await?;
    match (give_up(event, object.as_ref(), &history, route.on_delete), object) {
        (GivenUp::Done { announce: Some(commit_seq) }, _) => ingest.announce(commit_seq).await,
        (GivenUp::Done { announce: None }, _) => Ok(()),
        (GivenUp::Quarantine, Some(head)) => {
            quarantine(ingest, route, event, head, REASON).await?;
            // The event of its deletion may have come before.
            let looked_at = ingest.host.now();
            match ingest.store.head(&event.bucket, &event.key).await? {
                Some(_) => Ok(()),
                None => ingest.leave_quarantine(event, looked_at).await,
            }
        }
        (GivenUp::Quarantine | GivenUp::Keep, _) => Ok(record(ingest, message, REASON).await?),
    }
}

async fn quarantine<S: ObjectStore, W: Warehouse, A: Announcer, H: Host>(
    ingest: &Ingest<S, W, A, H>,
    route: &Route,
    event: &ObjectEvent,
    head: ObjectHead,
    reason: &str,
) -> Result<(), Error> {
    let now = ingest.host.now();
    let object = ObjectVersion { bucket: event.bucket.clone(), key: event.key.clone(), head };
    let load = Load { id: ingest.new_load_id(now), object, started_at: now };
    ingest.warehouse.run(&load.end(Ending::Quarantined, now, route.dataset, reason)).await.map(drop)
}

/// Keeps a message that nothing else can be done with.
async fn record<S, W: Warehouse, A, H: Host>(
    ingest: &Ingest<S, W, A, H>,
    message: &str,
    reason: &str,
) -> Result<(), Error> {
    log::warning("message_set_aside").with("message", message).with("reason", reason).write();
    let statement = Statement::repeatable(format!(
        "INSERT INTO dead_letters VALUES ({}, {}, {})",
        ingest.host.now().literal(),
        Literal::Text(message),
        Literal::Text(reason)
    ));
    ingest.warehouse.run(&statement).await.map(drop)
}

fn write_log(event: &ObjectEvent, outcome: &Outcome, attempts: u32, millis: i64) {
    let line = match outcome {
        Outcome::NotOurs => log::info("not_ours"),
        Outcome::Skipped(skip) => log::info("skipped").with("reason", skip.to_string()),
        Outcome::Committed(report) => log::info("committed").with("load", report),
        Outcome::Retracted { commit_seq } => log::info("retracted").with("commit_seq", commit_seq),
        Outcome::Quarantined { reason } => log::warning("quarantined").with("reason", reason),
        Outcome::Discarded { reason } => log::info("discarded").with("reason", reason),
        Outcome::Retry { reason } => log::error("failed").with("reason", reason),
    };
    log_event(line, event, attempts, millis);
}
