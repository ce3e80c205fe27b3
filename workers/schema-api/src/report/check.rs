//! Whether reports would still give now what they gave when they were pinned.

use std::collections::BTreeSet;

use living_core::{
    report::{
        Fingerprint, Pin,
        change::{Finding, Now, State, judge},
        statement::{self, Check, Known, Stored},
    },
    time::Timestamp,
};
use living_kit::{Host, Problem, log};
use living_warehouse::Warehouse;
use schemars::JsonSchema;
use serde::Serialize;
use serde_json::Value;
use uuid::Uuid;

use super::Reports;

/// Ids of reports that one statement lists.
const DUE: usize = 200;

/// A report that was looked at.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
pub struct Checked {
    pub report_id: Uuid,
    pub revision: i64,
    pub name: String,
    /// Whether the query ran. It doesn't where nothing happened that can matter to it.
    pub ran: bool,
    #[serde(flatten)]
    pub check: Check,
}

/// Reports that were looked at.
#[derive(Debug, Clone, Default, PartialEq, Serialize, JsonSchema)]
pub struct CheckedReports {
    pub checked: Vec<Checked>,
    /// Reports that couldn't be looked at now, as something else doesn't answer.
    pub failed: Vec<Uuid>,
    /// Reports that are left to look at: ask again. The others were held against the newest commit.
    pub left: u64,
}

impl CheckedReports {
    /// How many are no longer what they were.
    #[must_use]
    pub fn changed(&self) -> usize {
        self.checked.iter().filter(|checked| checked.check.finding.state != State::Unchanged).count()
    }
}

impl<W: Warehouse, H: Host> Reports<'_, W, H> {
    /// `POST /api/reports/{id}/check`
    ///
    /// # Errors
    /// 404, or the warehouse's. That the query fails is a finding.
    pub async fn check(&self, id: Uuid) -> Result<Checked, Problem> {
        let now = self.now().await?;
        self.check_at(id, now).await
    }

    /// `POST /api/reports/check`, and daily: looks at reports that were not held against the newest commit yet, those that were looked at
    /// longest ago first, at most so many and until a time. Nobody has to remember where it ended.
    ///
    /// # Errors
    /// The warehouse's, before the first of them.
    pub async fn detect_report_changes(&self, most: usize, until: Timestamp) -> Result<CheckedReports, Problem> {
        let now = self.now().await?;
        let mut report = CheckedReports::default();
        let mut tried = BTreeSet::new();
        loop {
            let (due, all) = self.due(now).await?;
            let new: Vec<Uuid> = due.into_iter().filter(|id| !tried.contains(id)).collect();
            report.left = all;
            if new.is_empty() {
                return Ok(report);
            }
            for id in new {
                if tried.len() >= most || self.host.now() >= until {
                    return Ok(report);
                }
                tried.insert(id);
                match self.check_at(id, now).await {
                    Ok(checked) => {
                        report.checked.push(checked);
                        report.left = report.left.saturating_sub(1);
                    }
                    // It was deleted meanwhile.
                    Err(problem) if problem.status == 404 => report.left = report.left.saturating_sub(1),
                    Err(problem) => {
                        let line = log::warning("report_not_checked").with("report", id.to_string());
                        line.with("error", problem.cause.unwrap_or(problem.detail)).write();
                        report.failed.push(id);
                    }
                }
            }
        }
    }

    async fn due(&self, now: Pin) -> Result<(Vec<Uuid>, u64), Problem> {
        let result = self.ask(&statement::due(now, DUE)).await?;
        let read = |row: &Vec<Value>| {
            let [id, all] = row.as_slice() else { return None };
            Some((Uuid::parse_str(id.as_str()?).ok()?, all.as_u64()?))
        };
        let rows: Option<Vec<(Uuid, u64)>> = result.rows.iter().map(read).collect();
        let rows = rows.ok_or_else(Problem::unavailable)?;
        let all = rows.first().map_or(0, |(_, all)| *all);
        Ok((rows.into_iter().map(|(id, _)| id).collect(), all))
    }

    async fn check_at(&self, id: Uuid, now: Pin) -> Result<Checked, Problem> {
        let stored = self.find(id).await?;
        let Known { fingerprint, check: last } = self.known(id).await?;
        let cause = self.cause(&stored.reads, stored.pin, now).await?;
        let looked_at = last.as_ref().map_or(stored.pin, |check| check.pin);
        let holds = |last: &Check| {
            // What fails may be only slow.
            cause.newest <= looked_at.commit_seq && last.finding.state != State::Fails
        };
        let (finding, ran) = match last.filter(holds) {
            _ if !cause.since.may_matter() => (judge(&fingerprint, Now::NothingHappened, cause.since), false),
            // Nothing that matters came after the last look: what it found still holds.
            Some(last) => (Finding { since: cause.since, ..last.finding }, false),
            None => (judge(&fingerprint, self.found_now(&stored, now).await?, cause.since), true),
        };
        let at = self.host.now();
        self.ask(&statement::record_check(id, stored.revision, at, now, &finding)).await?;
        Ok(Checked {
            report_id: id,
            revision: stored.revision,
            name: stored.query.name,
            ran,
            check: Check { checked_at: at.to_string(), pin: now, finding },
        })
    }

    /// What a report gives now. Only what is wrong with the query itself is a finding.
    async fn found_now(&self, stored: &Stored, now: Pin) -> Result<Now, Problem> {
        match self.result_at(stored, now).await {
            Ok(result) => Ok(Now::Ran(Fingerprint::of(&result))),
            Err(problem) if matches!(problem.status, 422 | 504) => Ok(Now::Failed(problem.detail)),
            Err(problem) => Err(problem),
        }
    }
}
