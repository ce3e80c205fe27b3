//! Descriptions of items by a language model. Asking twice does no harm, so what nobody knows the end of is asked again.

use living_core::outbox::{
    self, Channel, Outcome,
    description::{self, ItemBrief},
};
use living_http::Transport;
use living_kit::Host;
use living_model::{Error, ErrorClass, Model, Prompt};
use living_warehouse::Warehouse;
use uuid::Uuid;

use super::{Describer, Outside, Sent, unsent};
use crate::Failure;

/// Requests of one dispatch: at a minute each, far from the 15 minutes that a consumer has.
const REQUESTS: usize = 5;

impl<W: Warehouse, H: Host, T: Transport, M: Model> Outside<W, H, T, M> {
    /// Has items described that aren't yet, as far as the day's budget goes.
    pub(super) async fn describe(&self, describer: &Describer<M>) -> Result<Sent, Failure> {
        let mut sent = Sent::default();
        for _ in 0..REQUESTS {
            let asked = self.warehouse.run(&description::asked_today()).await?.number()?;
            let left = usize::try_from(describer.items_per_day.saturating_sub(asked)).unwrap_or(usize::MAX);
            let due = self.due(Channel::Model, left.min(description::BATCH)).await?;
            if due.facts.is_empty() {
                break;
            }
            let message = self.new_message_id();
            let facts = self.claim(Channel::Model, message, &due).await?;
            if facts.is_empty() {
                // Another dispatcher has them.
                break;
            }
            let outcome = match self.items(message).await {
                Ok(items) => self.ask(&describer.model, &items, due.failures, &mut sent).await?,
                Err(failure) => unsent(&failure),
            };
            self.record(Channel::Model, message, &outcome).await?;
            sent.problems.extend(outcome.reason().map(str::to_owned));
            if matches!(outcome, Outcome::Failed { .. } | Outcome::Unknown { .. }) {
                break;
            }
        }
        Ok(sent)
    }

    async fn items(&self, message: Uuid) -> Result<Vec<ItemBrief>, Failure> {
        let result = self.warehouse.run(&description::items_of(message)).await?;
        let items: Option<Vec<ItemBrief>> = result.rows.iter().map(|row| description::read_item(row)).collect();
        items.ok_or(Failure::Unreadable("what is known of items"))
    }

    /// Asks for descriptions, and keeps those that can be taken.
    async fn ask(&self, model: &M, items: &[ItemBrief], failures: u32, sent: &mut Sent) -> Result<Outcome, Failure> {
        let (system, content) = description::prompt(items);
        let prompt = Prompt { system: system.to_owned(), content, max_tokens: description::MAX_TOKENS };
        let answer = match model.complete(&prompt).await {
            Ok(answer) => description::read_answer(items, &answer),
            Err(error) => return Ok(outcome(&error, failures)),
        };
        sent.messages += 1;
        sent.facts += answer.descriptions.len() as u64;
        if !answer.descriptions.is_empty() {
            self.warehouse.run(&description::keep(&answer.descriptions, model.name())).await?;
        }
        Ok(if answer.refused.is_empty() { Outcome::Sent } else { Outcome::Refused(answer.refused.join("; ")) })
    }
}

/// What an error means for the outbox.
fn outcome(error: &Error, failures: u32) -> Outcome {
    let reason = error.to_string();
    let wait_seconds = outbox::wait_seconds(failures, error.retry_after, error.class == ErrorClass::NotAdmitted);
    match error.class {
        ErrorClass::Unavailable | ErrorClass::NotAdmitted => Outcome::Failed { reason, wait_seconds },
        ErrorClass::Lost => Outcome::Unknown { reason, wait_seconds },
        ErrorClass::Refused | ErrorClass::Unreadable => Outcome::Refused(reason),
    }
}
