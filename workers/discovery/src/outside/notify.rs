//! Messages to people, to Slack and by mail: each fact at most once by each way.

use living_core::outbox::{
    self, Channel, Outcome,
    health::{self, Health},
};
use living_http::{Delivery, Transport, Unreachable};
use living_kit::Host;
use living_mail::Mailer;
use living_model::Model;
use living_slack::{Change, ChangedReport, Conflict, LISTED, News};
use living_warehouse::Warehouse;
use serde_json::Value;
use uuid::Uuid;

use super::{Outside, Sent, Slack, unsent};
use crate::Failure;

/// Messages of one dispatch: one, but for more than 500 facts and for refused ones. Slack takes one a second
/// ([limits](https://docs.slack.dev/apis/web-api/rate-limits)); at 25 s each that's far from the 15 minutes that a consumer has.
const MESSAGES: usize = 5;

/// Facts of one message.
const FACTS: usize = 500;

/// A way to tell people something, at most once.
pub(super) trait Messenger<O> {
    const CHANNEL: Channel;

    /// What is posted.
    type Message;

    /// Whether a message would get there.
    async fn reach(&self) -> Result<(), Unreachable>;

    /// The message of the facts that it got. Nothing is sent.
    async fn compose(&self, outside: &O, message: Uuid, facts: &[String]) -> Result<Self::Message, Failure>;

    async fn post(&self, message: Self::Message) -> Delivery;
}

impl<W: Warehouse, H: Host, T: Transport, M: Model> Messenger<Outside<W, H, T, M>> for Slack<T> {
    const CHANNEL: Channel = Channel::Slack;

    type Message = String;

    async fn reach(&self) -> Result<(), Unreachable> {
        self.webhook.reach().await
    }

    async fn compose(&self, outside: &Outside<W, H, T, M>, message: Uuid, facts: &[String]) -> Result<String, Failure> {
        let news = outside.news(message, facts).await?;
        Ok(news.message(message, self.review_url.as_ref()).to_string())
    }

    async fn post(&self, message: String) -> Delivery {
        self.webhook.post(message).await
    }
}

impl<W: Warehouse, H: Host, T: Transport, M: Model> Messenger<Outside<W, H, T, M>> for Mailer<T> {
    const CHANNEL: Channel = Channel::Mail;

    type Message = living_mail::Message;

    async fn reach(&self) -> Result<(), Unreachable> {
        self.reach().await
    }

    async fn compose(
        &self,
        outside: &Outside<W, H, T, M>,
        message: Uuid,
        facts: &[String],
    ) -> Result<living_mail::Message, Failure> {
        let (reports, report_count) = outside.changed_reports(message, facts, living_mail::LISTED).await?;
        let report = |(name, reason)| living_mail::ChangedReport { name, reason };
        let reports = reports.into_iter().map(report).collect();
        let health = outside.health(message, facts, living_mail::LISTED).await?;
        Ok(living_mail::News { report_count, reports, health }.message(message))
    }

    async fn post(&self, message: living_mail::Message) -> Delivery {
        self.post(&message).await
    }
}

impl<W: Warehouse, H: Host, T: Transport, M: Model> Outside<W, H, T, M> {
    /// Tells what is due. All that a message could get goes into one.
    pub(super) async fn tell<N: Messenger<Self>>(&self, messenger: &N) -> Result<Sent, Failure> {
        let mut sent = Sent::default();
        for _ in 0..MESSAGES {
            let due = self.due(N::CHANNEL, FACTS).await?;
            if due.facts.is_empty() {
                break;
            }
            let message = self.new_message_id();
            if let Err(Unreachable(reason)) = messenger.reach().await {
                let wait_seconds = outbox::wait_seconds(due.failures, None, false);
                sent.problems.push(reason.clone());
                // First the outcome, then the claim: who dies in between leaves no claim without an outcome, and nothing was sent.
                self.record(N::CHANNEL, message, &Outcome::Failed { reason, wait_seconds }).await?;
                self.claim(N::CHANNEL, message, &due).await?;
                break;
            }
            let facts = self.claim(N::CHANNEL, message, &due).await?;
            if facts.is_empty() {
                // Another dispatcher has them.
                break;
            }
            let outcome = match messenger.compose(self, message, &facts).await {
                // Who dies from here on until the outcome is recorded leaves it unknown.
                Ok(composed) => outcome(messenger.post(composed).await, due.failures),
                Err(failure) => unsent(&failure),
            };
            self.record(N::CHANNEL, message, &outcome).await?;
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

    /// What a message to Slack has to tell.
    async fn news(&self, message: Uuid, facts: &[String]) -> Result<News, Failure> {
        const UNREADABLE: Failure = Failure::Unreadable("what a message is to tell");
        let changes = self.warehouse.run(&outbox::changes_of(message, LISTED)).await?;
        let changes: Option<Vec<Change>> = changes.rows.iter().map(|row| read_change(row)).collect();
        let conflicts = self.warehouse.run(&outbox::conflicts_of(message, LISTED)).await?;
        let conflicts: Option<Vec<(Conflict, u64)>> = conflicts.rows.iter().map(|row| read_conflict(row)).collect();
        let conflicts = conflicts.ok_or(UNREADABLE)?;
        let waiting = self.warehouse.run(&outbox::waiting_of(message)).await?.number()?;
        let (reports, report_count) = self.changed_reports(message, facts, LISTED).await?;
        Ok(News {
            versions: outbox::versions(facts.iter().map(String::as_str)),
            changes: changes.ok_or(UNREADABLE)?,
            conflict_count: conflicts.first().map_or(0, |(_, all)| *all),
            conflicts: conflicts.into_iter().map(|(conflict, _)| conflict).collect(),
            report_count,
            reports: reports.into_iter().map(|(name, reason)| ChangedReport { name, reason }).collect(),
            health: self.health(message, facts, LISTED).await?,
            waiting,
            resumed: has(facts, "resumed:"),
        })
    }

    /// The first changed reports of a message, with why, and how many there are.
    async fn changed_reports(
        &self,
        message: Uuid,
        facts: &[String],
        listed: usize,
    ) -> Result<(Vec<(String, String)>, u64), Failure> {
        if !has(facts, "report:") {
            return Ok((Vec::new(), 0));
        }
        let result = self.warehouse.run(&outbox::reports_of(message, listed)).await?;
        let read = |row: &Vec<Value>| {
            let [name, _state, reason, all] = row.as_slice() else { return None };
            Some(((name.as_str()?.to_owned(), reason.as_str()?.to_owned()), all.as_u64()?))
        };
        let rows: Option<Vec<((String, String), u64)>> = result.rows.iter().map(read).collect();
        let rows = rows.ok_or(Failure::Unreadable("reports that have changed"))?;
        let all = rows.first().map_or(0, |(_, all)| *all);
        Ok((rows.into_iter().map(|(report, _)| report).collect(), all))
    }

    /// The newest health report of a message, with the first of what there is to consolidate.
    async fn health(&self, message: Uuid, facts: &[String], listed: usize) -> Result<Option<Health>, Failure> {
        const UNREADABLE: Failure = Failure::Unreadable("a health report");
        if !has(facts, "health:") {
            return Ok(None);
        }
        let proposals = self.warehouse.run(&health::proposals(listed)).await?;
        let proposals: Option<Vec<_>> = proposals.rows.iter().map(|row| health::read_proposal(row)).collect();
        let reports = self.warehouse.run(&health::of_message(message)).await?;
        let report = reports.first().zip(proposals).and_then(|(row, proposals)| health::read(row, proposals));
        report.map(Some).ok_or(UNREADABLE)
    }
}

/// Whether facts of a kind are among these.
fn has(facts: &[String], kind: &str) -> bool {
    facts.iter().any(|fact| fact.starts_with(kind))
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
