//! Messages to Slack: each fact at most once.

use living_core::outbox::{self, Channel, Outcome};
use living_http::Transport;
use living_kit::Host;
use living_model::Model;
use living_slack::{Change, Conflict, Delivery, LISTED, News, Unreachable};
use living_warehouse::Warehouse;
use serde_json::Value;
use uuid::Uuid;

use super::{Outside, Sent, Slack, unsent};
use crate::Failure;

/// Messages of one dispatch: one, but for more than 500 facts and for refused ones. Slack takes one a second
/// ([limits](https://docs.slack.dev/apis/web-api/rate-limits)); at 20 s each that's far from the 15 minutes that a consumer has.
const MESSAGES: usize = 5;

/// Facts of one message.
const FACTS: usize = 500;

impl<W: Warehouse, H: Host, T: Transport, M: Model> Outside<W, H, T, M> {
    /// Tells what is due. All that a message could get goes into one.
    pub(super) async fn notify(&self, slack: &Slack<T>) -> Result<Sent, Failure> {
        let mut sent = Sent::default();
        for _ in 0..MESSAGES {
            let due = self.due(Channel::Slack, FACTS).await?;
            if due.facts.is_empty() {
                break;
            }
            let message = self.new_message_id();
            if let Err(Unreachable(reason)) = slack.webhook.reach().await {
                let wait_seconds = outbox::wait_seconds(due.failures, None, false);
                sent.problems.push(reason.clone());
                // First the outcome, then the claim: who dies in between leaves no claim without an outcome, and nothing was sent.
                self.record(Channel::Slack, message, &Outcome::Failed { reason, wait_seconds }).await?;
                self.claim(Channel::Slack, message, &due).await?;
                break;
            }
            let facts = self.claim(Channel::Slack, message, &due).await?;
            if facts.is_empty() {
                // Another dispatcher has them.
                break;
            }
            let outcome = match self.news(message, &facts).await {
                // Who dies from here on until the outcome is recorded leaves it unknown.
                Ok(news) => {
                    let body = news.message(message, slack.review_url.as_ref()).to_string();
                    outcome(slack.webhook.post(body).await, due.failures)
                }
                Err(failure) => unsent(&failure),
            };
            self.record(Channel::Slack, message, &outcome).await?;
            sent.problems.extend(outcome.reason().map(str::to_owned));
            match outcome {
                Outcome::Sent => {
                    sent.messages += 1;
                    sent.facts += facts.len() as u64;
                }
                Outcome::Refused(_) => {}
                Outcome::Failed { .. } | Outcome::Unknown { .. } => break,
            }
        }
        Ok(sent)
    }

    /// What a message has to tell.
    async fn news(&self, message: Uuid, facts: &[String]) -> Result<News, Failure> {
        const UNREADABLE: Failure = Failure::Unreadable("what a message is to tell");
        let changes = self.warehouse.run(&outbox::changes_of(message, LISTED)).await?;
        let changes: Option<Vec<Change>> = changes.rows.iter().map(|row| read_change(row)).collect();
        let conflicts = self.warehouse.run(&outbox::conflicts_of(message, LISTED)).await?;
        let conflicts: Option<Vec<(Conflict, u64)>> = conflicts.rows.iter().map(|row| read_conflict(row)).collect();
        let conflicts = conflicts.ok_or(UNREADABLE)?;
        let waiting = self.warehouse.run(&outbox::waiting_of(message)).await?.number()?;
        Ok(News {
            versions: outbox::versions(facts.iter().map(String::as_str)),
            changes: changes.ok_or(UNREADABLE)?,
            conflict_count: conflicts.first().map_or(0, |(_, all)| *all),
            conflicts: conflicts.into_iter().map(|(conflict, _)| conflict).collect(),
            waiting,
            resumed: facts.iter().any(|fact| fact.starts_with("resumed:")),
        })
    }
}

/// What a delivery means for the outbox.
fn outcome(delivery: Delivery, failures: u32) -> Outcome {
    match delivery {
        Delivery::Posted => Outcome::Sent,
        Delivery::Failed { reason, retry_after, is_lasting } => {
            Outcome::Failed { reason, wait_seconds: outbox::wait_seconds(failures, retry_after, is_lasting) }
        }
        Delivery::Refused(reason) => Outcome::Refused(reason),
        Delivery::Unknown(reason) => {
            Outcome::Unknown { reason, wait_seconds: outbox::wait_seconds(failures, None, false) }
        }
    }
}

fn read_change(row: &[Value]) -> Option<Change> {
    let [kind, change, compatibility, count, items] = row else { return None };
    let text = |value: &Value| value.as_str().map(str::to_owned);
    Some(Change {
        kind: text(kind)?,
        change: text(change)?,
        compatibility: text(compatibility)?,
        count: count.as_u64()?,
        items: serde_json::from_str(items.as_str()?).ok()?,
    })
}

fn read_conflict(row: &[Value]) -> Option<(Conflict, u64)> {
    let [kind, scope, name, similar_scope, similar_name, similarity, reason, all] = row else { return None };
    let text = |value: &Value| value.as_str().map(str::to_owned);
    let conflict = Conflict {
        kind: text(kind)?,
        scope: text(scope)?,
        name: text(name)?,
        similar_scope: text(similar_scope)?,
        similar_name: text(similar_name)?,
        score: similarity.as_f64()?,
        reason: text(reason)?,
    };
    Some((conflict, all.as_u64()?))
}
