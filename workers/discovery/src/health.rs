//! The week's health report, and what a rule decides of what it proposes.

use living_core::catalog::{
    ItemKind,
    health::{self, Ruled},
};
use living_kit::{Host, log as line};
use living_model::Embedder;
use living_warehouse::Warehouse;
use serde::Serialize;

use crate::{Discovery, Failure, NotDecided, Request, VersionCache, listing};

/// As whom the rule decides.
const RULE: &str = "consolidation rule";

/// Decisions of one run: each is a few statements, and the hourly event has 15 minutes. The next run makes the others.
const DECISIONS: usize = 50;

/// What a run did.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct HealthReport {
    /// Whether it made the report of this week.
    pub is_made: bool,
    /// What the rule decided.
    pub decided: u64,
    /// What it may not decide, in the words of the refusal.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub refused: Vec<String>,
}

impl<W: Warehouse, C: VersionCache, H: Host, E: Embedder> Discovery<W, C, H, E> {
    /// Makes the health report of this week, unless there is one, and decides what the rule is to decide now. It may die at any await, and
    /// any number may go at once.
    ///
    /// # Errors
    /// If the warehouse doesn't answer. What was done is done.
    pub async fn look_after_health(&self) -> Result<HealthReport, Failure> {
        let mut report = HealthReport::default();
        let week = self.warehouse.run(&health::week()).await?;
        let (has_report, is_ruled) = week.first().and_then(health::read_week).ok_or(Failure::Unreadable("a week"))?;
        if !has_report {
            let made = self.warehouse.run(&health::make_report(self.options.cadence)).await?;
            report.is_made = made.number()? > 0;
        }
        let ruled = if is_ruled { self.ruled().await? } else { Vec::new() };
        for ruled in ruled.into_iter().take(DECISIONS) {
            match self.decide_by_rule(ruled).await {
                Ok(()) => report.decided += 1,
                Err(NotDecided::Failed(failure)) => return Err(failure),
                // Somebody was first, or it's for a person to find another way.
                Err(refused) => report.refused.push(refused.to_string()),
            }
        }
        if report != HealthReport::default() {
            line::info("health").with("run", &report).write();
        }
        Ok(report)
    }

    async fn ruled(&self) -> Result<Vec<Ruled>, Failure> {
        let ruled = listing::parsed::<Ruled>(&self.warehouse, ItemKind::Field, &health::ruled()).await?;
        Ok(ruled.into_values().collect())
    }

    async fn decide_by_rule(&self, Ruled { action, reason }: Ruled) -> Result<(), NotDecided> {
        // Nothing has been decided about it when it's proposed.
        let request = Request { id: None, by: RULE.to_owned(), reason, seen: Some(0), action };
        self.decide(request).await.map(drop)
    }
}
