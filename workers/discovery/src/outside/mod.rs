//! Outside help: messages to Slack and by mail, and descriptions by a language model. Nothing waits for it, and nothing else fails with it.
//!
//! A run of discovery only says that there may be something to send ([`entry::announce`]). A dispatcher, in an event of its own, takes
//! what is due from the outbox (`living_core::outbox`) and sends it. It may die at any await, and any number may go at once.

mod describe;
pub(crate) mod entry;
mod notify;

use living_core::outbox::{self, Channel, Due, Outcome};
use living_kit::{Host, log as line};
use living_mail::Mailer;
use living_model::Model;
use living_slack::{ReviewUrl, Webhook};
use living_warehouse::{QueryResult, Warehouse};
use serde::Serialize;
use serde_json::Value;
use uuid::Uuid;

use crate::Failure;

/// A dispatcher, with its ports. What is not configured is `None`: it waits.
#[derive(Debug)]
pub struct Outside<W, H, T, M> {
    pub warehouse: W,
    pub host: H,
    pub slack: Option<Slack<T>>,
    pub mail: Option<Mailer<T>>,
    pub model: Option<Describer<M>>,
}

/// Where messages go.
#[derive(Debug)]
pub struct Slack<T> {
    pub webhook: Webhook<T>,
    pub review_url: Option<ReviewUrl>,
}

/// Who describes items.
#[derive(Debug)]
pub struct Describer<M> {
    pub model: M,
    /// Items that the model may be asked for within 24 hours.
    pub items_per_day: u64,
}

/// What a dispatcher did for a channel.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Sent {
    pub messages: u64,
    pub facts: u64,
    /// What went wrong, in its words.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub problems: Vec<String>,
}

/// What a dispatcher did. `None`: the channel is not configured.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct OutsideReport {
    pub slack: Option<Sent>,
    pub mail: Option<Sent>,
    pub model: Option<Sent>,
    /// What waits after it: channel, status and number of facts.
    pub waiting: Vec<(String, String, u64)>,
}

impl<W, H, T, M> Outside<W, H, T, M>
where
    W: Warehouse,
    H: Host,
    T: living_http::Transport,
    M: Model,
{
    /// Sends what is due.
    ///
    /// # Errors
    /// Only those of the warehouse. Each channel is done, even if that of another failed.
    pub async fn run(&self) -> Result<OutsideReport, Failure> {
        let slack = match &self.slack {
            Some(slack) => Some(self.tell(slack).await),
            None => None,
        };
        let mail = match &self.mail {
            Some(mailer) => Some(self.tell(mailer).await),
            None => None,
        };
        let model = match &self.model {
            Some(describer) => Some(self.describe(describer).await),
            None => None,
        };
        let waiting = self.warehouse.run(&outbox::waiting()).await?;
        let report = OutsideReport {
            slack: slack.transpose()?,
            mail: mail.transpose()?,
            model: model.transpose()?,
            waiting: read_waiting(&waiting).ok_or(Failure::Unreadable("what waits"))?,
        };
        let all_well =
            [&report.slack, &report.mail, &report.model].into_iter().flatten().all(|sent| sent.problems.is_empty());
        let entry = if all_well { line::info("outbox") } else { line::warning("outbox") };
        entry.with("report", &report).write();
        Ok(report)
    }

    async fn due(&self, channel: Channel, limit: usize) -> Result<Due, Failure> {
        let result = self.warehouse.run(&outbox::due(channel, limit)).await?;
        outbox::read_due(&result.rows).ok_or(Failure::Unreadable("a list of facts"))
    }

    fn new_message_id(&self) -> Uuid {
        let mut random = [0; 10];
        self.host.fill_random(&mut random);
        outbox::message_id(self.host.now(), random)
    }

    /// Claims what is due for a message, and gives what it got. Nothing has been sent yet: if this fails, it's recorded so, whether the
    /// claim ran or will yet run.
    async fn claim(&self, channel: Channel, message: Uuid, due: &Due) -> Result<Vec<String>, Failure> {
        let claimed = async {
            self.warehouse.run(&outbox::claim(channel, message, due)).await?;
            let result = self.warehouse.run(&outbox::claimed(message)).await?;
            texts(&result).ok_or(Failure::Unreadable("a list of facts"))
        };
        match claimed.await {
            Ok(facts) => Ok(facts),
            Err(failure) => {
                self.record(channel, message, &unsent(&failure)).await?;
                Err(failure)
            }
        }
    }

    async fn record(&self, channel: Channel, message: Uuid, outcome: &Outcome) -> Result<(), Failure> {
        self.warehouse.run(&outbox::record(channel, message, outcome)).await?;
        Ok(())
    }
}

/// The outcome of a message that was not sent, as the warehouse didn't say what is in it.
fn unsent(failure: &Failure) -> Outcome {
    Outcome::Failed { reason: failure.to_string(), wait_seconds: outbox::wait_seconds(0, None, false) }
}

/// A result of one text each row.
fn texts(result: &QueryResult) -> Option<Vec<String>> {
    result.rows.iter().map(|row| row.first().and_then(Value::as_str).map(str::to_owned)).collect()
}

fn read_waiting(result: &QueryResult) -> Option<Vec<(String, String, u64)>> {
    let read = |row: &Vec<Value>| {
        let [channel, status, facts] = row.as_slice() else { return None };
        Some((channel.as_str()?.to_owned(), status.as_str()?.to_owned(), facts.as_u64()?))
    };
    result.rows.iter().map(read).collect()
}
