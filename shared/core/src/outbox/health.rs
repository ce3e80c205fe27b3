//! What a message says of the weekly health report.

use alloc::{
    borrow::ToOwned,
    format,
    string::{String, ToString},
    vec::Vec,
};

use serde_json::Value;
use uuid::Uuid;

use super::{NAME, REASON, facts_of};
use crate::sql::Statement;

/// The health report of a week.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Health {
    /// Its Monday: `2026-11-30`.
    pub week: String,
    pub stale: u64,
    pub rare: u64,
    /// How much there was to consolidate.
    pub proposal_count: u64,
    pub consolidation: Option<Consolidation>,
    /// The first of what there is to consolidate now.
    pub proposals: Vec<Proposal>,
}

/// Consolidation is due. Who decides?
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Consolidation {
    ByHand,
    /// A week later, of what is sure.
    ByRule,
}

/// A definition of which the schema could do without.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Proposal {
    /// `entity_type` or `field`.
    pub kind: String,
    /// The annotated dataset, or the source table.
    pub scope: String,
    pub name: String,
    /// Scope and name of what it could be merged into. `None`: it could be left out.
    pub into: Option<(String, String)>,
    pub reason: String,
}

/// The newest health report among the facts of a message: a row for [`read`], or none.
#[must_use]
pub fn of_message(message: Uuid) -> Statement {
    Statement::read(format!(
        "SELECT CAST(week AS VARCHAR), stale, rare, proposals, consolidation \
         FROM health_reports WHERE 'health:' || week IN ({mine}) ORDER BY week DESC LIMIT 1",
        mine = facts_of(message)
    ))
}

/// What there is to consolidate, the sure part first: rows for [`read_proposal`].
#[must_use]
pub fn proposals(listed: usize) -> Statement {
    Statement::read(format!(
        "SELECT kind, left(scope, {NAME}), left(name, {NAME}), left(into_item->>'$.scope', {NAME}), \
                left(into_item->>'$.name', {NAME}), left(reason, {REASON}) \
         FROM consolidation_proposals ORDER BY is_sure DESC, kind, scope, question, name LIMIT {listed}"
    ))
}

/// Reads the row of [`of_message`]. `None` if it isn't one.
#[must_use]
pub fn read(row: &[Value], proposals: Vec<Proposal>) -> Option<Health> {
    let [week, stale, rare, proposal_count, consolidation] = row else { return None };
    let consolidation = match consolidation.as_str() {
        Some("by_rule") => Some(Consolidation::ByRule),
        Some("by_hand") => Some(Consolidation::ByHand),
        Some(_) => return None,
        None => None,
    };
    Some(Health {
        week: week.as_str()?.to_owned(),
        stale: stale.as_u64()?,
        rare: rare.as_u64()?,
        proposal_count: proposal_count.as_u64()?,
        consolidation,
        proposals,
    })
}

/// Reads a row of [`proposals`]. `None` if it isn't one.
#[must_use]
pub fn read_proposal(row: &[Value]) -> Option<Proposal> {
    let [kind, scope, name, into_scope, into_name, reason] = row else { return None };
    let text = |value: &Value| value.as_str().map(str::to_owned);
    Some(Proposal {
        kind: text(kind)?,
        scope: text(scope)?,
        name: text(name)?,
        into: text(into_scope).zip(text(into_name)),
        reason: text(reason)?,
    })
}

impl Health {
    #[must_use]
    pub fn title(&self) -> String {
        format!("Health of the schema, week of {}", self.week)
    }

    /// How many of what.
    #[must_use]
    pub fn summary(&self) -> String {
        let Self { stale, rare, proposal_count, .. } = self;
        format!("{stale} not seen for 90 days, {rare} seen fewer than 5 times, {proposal_count} to consolidate")
    }

    /// What is to be done now, if something is.
    #[must_use]
    pub fn call(&self) -> Option<&'static str> {
        self.consolidation.map(|who| match who {
            Consolidation::ByHand => "Consolidation is due: please decide about these.",
            Consolidation::ByRule => {
                "Consolidation is due. What is sure is decided by rule in a week, unless somebody decides before."
            }
        })
    }
}

impl Proposal {
    /// The proposal in a sentence. `name` and `text` make what comes from outside fit for where it's shown.
    #[must_use]
    pub fn sentence(&self, name: impl Fn(&str) -> String, text: impl Fn(&str) -> String) -> String {
        let what = format!("the {} {} in {}", self.kind.replace('_', " "), name(&self.name), name(&self.scope));
        let proposed = match &self.into {
            Some((scope, other)) => format!("could be merged into {} in {}", name(other), name(scope)),
            None => "could be left out".to_string(),
        };
        format!("{what} {proposed}: {}", text(&self.reason))
    }
}
