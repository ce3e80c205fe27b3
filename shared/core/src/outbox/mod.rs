//! The outbox: what is to be told or asked outside, and what became of it.
//!
//! What there is to tell follows from the catalog (the view `outbox_facts`), so nothing has to be put into the outbox, and a run that
//! dies loses nothing. A dispatcher
//!
//! 1. lists what is due ([`due`]),
//! 2. claims it under a message's id with one INSERT, whose key gives each attempt to one dispatcher ([`claim`]),
//! 3. sends one message of what it got ([`claimed`]),
//! 4. records what became of it ([`record`]).
//!
//! If it dies after the claim, nobody knows whether the message was sent. Where a repetition would do harm, it's not sent again.

pub mod description;
pub mod health;
mod wait;

use alloc::{
    format,
    string::{String, ToString},
    vec::Vec,
};

use serde_json::Value;
use uuid::Uuid;

use crate::{
    landing::load::load_id,
    sql::{self, Literal, Statement},
    time::Timestamp,
};

pub use wait::wait_seconds;

/// Facts of one message: their ids, at most 50 characters each, are half of what one result of the warehouse holds.
const FACTS: usize = 500;

/// Characters of a name or a type in a message; it's cut again where it's shown.
const NAME: usize = 80;

/// Characters of a reason.
const REASON: usize = 300;

/// Characters of what a row of outcomes says.
const DETAIL: usize = 300;

/// The warehouse's clock as a UTC timestamp, whatever the session's time zone.
const NOW: &str = "make_timestamp(epoch_us(now()))";

/// The structure of a version's diff, as far as a message shows it.
const DIFF: &str = r#"[{"kind":"VARCHAR","scope":"VARCHAR","question":"VARCHAR","name":"VARCHAR","change":"VARCHAR",
    "compatibility":"VARCHAR","before":{"type":"VARCHAR"},"after":{"type":"VARCHAR"}}]"#;

/// Where facts go.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Channel {
    /// Versions, conflicts, changed reports and health, as messages.
    Slack,
    /// Changed reports and health, by mail.
    Mail,
    /// Items without a description, to a language model.
    Model,
}

impl Channel {
    /// As the outbox has it.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Slack => "slack",
            Self::Mail => "mail",
            Self::Model => "model",
        }
    }
}

/// What became of a message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Outcome {
    Sent,
    /// It didn't get there. All of the channel waits so long.
    Failed {
        reason: String,
        wait_seconds: u32,
    },
    /// It's not taken as it is.
    Refused(String),
    /// Nobody knows whether it got there. All of the channel waits so long.
    Unknown {
        reason: String,
        wait_seconds: u32,
    },
}

impl Outcome {
    /// As the outbox has it.
    #[must_use]
    pub const fn name(&self) -> &'static str {
        match self {
            Self::Sent => "sent",
            Self::Failed { .. } => "failed",
            Self::Refused(_) => "refused",
            Self::Unknown { .. } => "unknown",
        }
    }

    #[must_use]
    pub fn reason(&self) -> Option<&str> {
        match self {
            Self::Sent => None,
            Self::Failed { reason, .. } | Self::Refused(reason) | Self::Unknown { reason, .. } => Some(reason),
        }
    }
}

/// Facts that may be sent now.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Due {
    /// Each with the number of the attempt that it would be.
    pub facts: Vec<(String, u32)>,
    /// How often in a row the channel failed.
    pub failures: u32,
}

/// An id of a message: a UUID of version 7, which sorts by time.
#[must_use]
pub fn message_id(now: Timestamp, random: [u8; 10]) -> Uuid {
    load_id(now, random)
}

/// What may be sent now, at most `limit` facts: rows for [`read_due`].
#[must_use]
pub fn due(channel: Channel, limit: usize) -> Statement {
    Statement::read(format!(
        "SELECT fact, attempts + 1, strikes, coalesce((SELECT failures FROM outbox_failing WHERE channel = {channel}), 0) \
         FROM outbox WHERE channel = {channel} AND status IN ('waiting', 'failed') AND (retry_at IS NULL OR retry_at <= {NOW}) \
         ORDER BY strikes, since, fact LIMIT {limit}",
        channel = Literal::Text(channel.name()),
        limit = limit.min(FACTS),
    ))
}

/// Reads the rows of [`due`]. `None` if they aren't that.
///
/// A fact that something counts against (it was refused, say) is sent by itself, so that it takes no others with it.
#[must_use]
pub fn read_due(rows: &[Vec<Value>]) -> Option<Due> {
    let mut due = Due::default();
    for row in rows {
        let [fact, attempt, strikes, failures] = row.as_slice() else { return None };
        due.failures = number(failures)?;
        if number(strikes)? == 0 || due.facts.is_empty() {
            due.facts.push((fact.as_str()?.to_string(), number(attempt)?));
        }
    }
    Some(due)
}

fn number(value: &Value) -> Option<u32> {
    value.as_u64().and_then(|n| n.try_into().ok())
}

/// Claims facts for a message, as far as no other dispatcher has them. It may run any number of times, at any time: what it can
/// insert is named here, and who has it is settled when it has run once.
#[must_use]
pub fn claim(channel: Channel, message: Uuid, due: &Due) -> Statement {
    let facts: Vec<String> =
        due.facts.iter().map(|(fact, attempt)| format!("({}, {attempt})", Literal::Text(fact))).collect();
    Statement::repeatable(format!(
        "INSERT INTO outbox_attempts SELECT fact, {channel}, attempt, {message}, {NOW} FROM (VALUES {facts}) AS due(fact, attempt) \
         WHERE NOT EXISTS (FROM outbox_attempts AS a WHERE a.fact = due.fact AND a.channel = {channel} AND a.attempt = due.attempt)",
        channel = Literal::Text(channel.name()),
        message = Literal::Uuid(message),
        facts = facts.join(", "),
    ))
}

/// The facts that a message got: rows of one text each.
#[must_use]
pub fn claimed(message: Uuid) -> Statement {
    Statement::read(format!("{} ORDER BY fact", facts_of(message)))
}

fn facts_of(message: Uuid) -> String {
    format!("SELECT fact FROM outbox_attempts WHERE message_id = {}", Literal::Uuid(message))
}

/// Records what became of a message. A row more says the same.
#[must_use]
pub fn record(channel: Channel, message: Uuid, outcome: &Outcome) -> Statement {
    let retry_at = match outcome {
        Outcome::Failed { wait_seconds, .. } | Outcome::Unknown { wait_seconds, .. } => {
            format!("{NOW} + to_seconds({wait_seconds})")
        }
        Outcome::Sent | Outcome::Refused(_) => "NULL".to_string(),
    };
    let detail: Option<String> = outcome.reason().map(|reason| reason.chars().take(DETAIL).collect());
    Statement::repeatable(format!(
        "INSERT INTO outbox_outcomes VALUES ({}, {}, {NOW}, {}, {retry_at}, {})",
        Literal::Uuid(message),
        Literal::Text(channel.name()),
        Literal::Text(outcome.name()),
        Literal::optional(detail.as_deref(), Literal::Text),
    ))
}

/// What the versions of a message change, but for the items that it shows as conflicts: rows of kind, change, compatibility, count,
/// and the first items as JSON (scope, name, types before and after).
#[must_use]
pub fn changes_of(message: Uuid, listed: usize) -> Statement {
    Statement::read(format!(
        "WITH mine AS ({mine}), \
              conflicts AS (SELECT kind, scope, question, name FROM entity_conflicts WHERE 'conflict:' || conflict_id IN (FROM mine)), \
              changed AS (SELECT v.version, unnest(d.x) \
                          FROM (FROM schema_snapshots WHERE 'version:' || version IN (FROM mine)) AS v, \
                               unnest(from_json(v.diff, '{DIFF}')) AS d(x)) \
         SELECT kind, change, compatibility, count(*), \
                CAST(to_json(list({{'scope': left(scope, {NAME}), 'name': left(name, {NAME}), 'before': left(before.type, {NAME}), \
                                    'after': left(after.type, {NAME})}} ORDER BY version, scope, question, name)[1:{listed}]) AS VARCHAR) \
         FROM changed WHERE (kind, scope, question, name) NOT IN (FROM conflicts) GROUP BY ALL ORDER BY ALL",
        mine = facts_of(message),
    ))
}

/// The conflicts of a message, the closest first: rows of kind, scope, name, scope and name of what it looks like, score, reason, and
/// the number of all.
#[must_use]
pub fn conflicts_of(message: Uuid, listed: usize) -> Statement {
    Statement::read(format!(
        "WITH found AS (FROM entity_conflicts WHERE 'conflict:' || conflict_id IN ({mine})) \
         SELECT kind, left(scope, {NAME}), left(name, {NAME}), left(similar_item->>'$.scope', {NAME}), \
                left(similar_item->>'$.name', {NAME}), score, left(reason, {REASON}), {all} \
         FROM found ORDER BY score DESC, kind, scope, name LIMIT {listed}",
        mine = facts_of(message),
        all = sql::count_of("found"),
    ))
}

/// The changed reports of a message, the newest first: rows of name, state, reason, and the number of all.
#[must_use]
pub fn reports_of(message: Uuid, listed: usize) -> Statement {
    Statement::read(format!(
        "WITH found AS (FROM report_changes WHERE fact IN ({mine})) \
         SELECT left(name, {NAME}), state, left(reason, {REASON}), {all} FROM found ORDER BY found_at DESC, name, fact LIMIT {listed}",
        mine = facts_of(message),
        all = sql::count_of("found"),
    ))
}

/// How many new items the pauses of a message keep out of the schema: one number.
#[must_use]
pub fn waiting_of(message: Uuid) -> Statement {
    Statement::read(format!(
        "SELECT count(*) FROM catalog_log WHERE is_new AND status = 'waiting' AND 'paused:' || commit_seq IN ({mine})",
        mine = facts_of(message)
    ))
}

/// The first and the last version among facts.
#[must_use]
pub fn versions<'a>(facts: impl Iterator<Item = &'a str>) -> Option<(i64, i64)> {
    let versions = facts.filter_map(|fact| fact.strip_prefix("version:")?.parse::<i64>().ok());
    versions.fold(None, |range, version| match range {
        None => Some((version, version)),
        Some((first, last)) => Some((version.min(first), version.max(last))),
    })
}

/// How much of each channel waits: rows of channel, status, and number of facts.
#[must_use]
pub fn waiting() -> Statement {
    Statement::read("SELECT channel, status, facts FROM outbox_waiting ORDER BY channel, status")
}

#[cfg(test)]
mod tests {
    use alloc::vec;

    use serde_json::json;

    use super::*;

    fn row(fact: &str, strikes: u32) -> Vec<Value> {
        vec![json!(fact), json!(strikes + 1), json!(strikes), json!(2)]
    }

    #[test]
    fn what_was_refused_is_sent_by_itself() {
        let due = |rows: &[Vec<Value>]| read_due(rows).unwrap();
        let fresh = due(&[row("a", 0), row("b", 0), row("c", 1)]);
        assert_eq!(fresh, Due { facts: vec![("a".into(), 1), ("b".into(), 1)], failures: 2 });
        assert_eq!(due(&[row("c", 1), row("d", 1)]).facts, [("c".into(), 2)]);
        assert_eq!(due(&[]), Due::default());
        assert_eq!(read_due(&[vec![json!(1)]]), None);
    }

    #[test]
    fn versions_are_found_among_facts() {
        assert_eq!(versions(["version:3", "conflict:x", "version:12", "version:x"].into_iter()), Some((3, 12)));
        assert_eq!(versions(["conflict:x"].into_iter()), None);
    }

    #[test]
    fn an_outcome_says_why_and_how_long_the_channel_waits() {
        let record = |outcome| record(Channel::Slack, Uuid::nil(), &outcome).text;
        assert!(record(Outcome::Sent).contains("'sent', NULL, NULL"));
        assert!(record(Outcome::Refused("it's bad".into())).contains("'refused', NULL, 'it''s bad'"));
        let failed = Outcome::Failed { reason: "x".repeat(9_999), wait_seconds: 77 };
        assert!(record(failed.clone()).contains("to_seconds(77)"));
        assert!(record(failed).len() < 1_000);
    }
}
