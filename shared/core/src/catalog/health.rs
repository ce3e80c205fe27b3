//! The weekly health report, and consolidation: `health_reports` and the views `entity_health` and `consolidation_proposals`.
//!
//! Consolidation is due in the first week of each period of some months that has something to consolidate. Where the schema hardly
//! changes any more, its sure part is decided by rule in the week after the report has said so; persons have that week to be first.

use alloc::{format, string::String};

use serde::Deserialize;
use serde_json::Value;

use super::{log::Listing, review::Action};
use crate::sql::Statement;

/// The Monday of this week.
const WEEK: &str = "CAST(date_trunc('week', utc_now()) AS DATE)";

/// When consolidation is due, and who decides.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Cadence {
    /// Months of a period, counted from January on: 3 for quarters. 0: consolidation is never due.
    pub months: u32,
    /// With fewer versions in 90 days than this, those of decisions not counted, a rule decides what is sure. 0: it never does.
    pub by_rule_below: u32,
}

/// What a rule decides.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct Ruled {
    pub action: Action,
    /// Why it's proposed.
    pub reason: String,
}

/// What is to be done in this week: a row for [`read_week`].
#[must_use]
pub fn week() -> Statement {
    Statement::read(format!(
        "SELECT count(*) FILTER (week = {WEEK}), count(*) FILTER (week = {WEEK} - 7 AND consolidation = 'by_rule') FROM health_reports"
    ))
}

/// Whether this week has its report, and whether the rule decides in it, as that of the week before has said. `None`: the row is none of
/// [`week`].
#[must_use]
pub fn read_week(row: &[Value]) -> Option<(bool, bool)> {
    let [reports, ruled] = row else { return None };
    Some((reports.as_u64()? > 0, ruled.as_u64()? > 0))
}

/// Makes the report of this week, unless there is one. A violated key says that another run has made it.
#[must_use]
pub fn make_report(cadence: Cadence) -> Statement {
    let Cadence { months, by_rule_below } = cadence;
    let is_due = if months == 0 {
        "false".into()
    } else {
        let period = |week: &str| format!("(year({week}) * 12 + month({week}) - 1) // {months}");
        format!(
            "p.proposals > 0 AND NOT EXISTS ( \
               FROM health_reports AS r WHERE r.consolidation IS NOT NULL AND {of_report} = {of_this})",
            of_report = period("r.week"),
            of_this = period("w.week")
        )
    };
    Statement::repeatable(format!(
        "INSERT INTO health_reports \
         SELECT w.week, utc_now(), h.*, v.versions, p.proposals, \
                CASE WHEN {is_due} THEN CASE WHEN v.versions < {by_rule_below} THEN 'by_rule' ELSE 'by_hand' END END \
         FROM (SELECT {WEEK} AS week) AS w, \
              (SELECT count(*), count(*) FILTER (is_stale), count(*) FILTER (is_rare), count(*) FILTER (is_growing), \
                      count(*) FILTER (is_conflicted) FROM entity_health) AS h, \
              (SELECT count(*) AS versions FROM catalog_log AS l JOIN commits AS c USING (commit_seq) \
               WHERE l.item_no = 0 AND l.changes <> '[]' AND c.kind <> 'decision' \
                 AND c.committed_at > utc_now() - INTERVAL 90 DAY) AS v, \
              (SELECT count(*) AS proposals FROM consolidation_proposals) AS p \
         WHERE NOT EXISTS (FROM health_reports AS r WHERE r.week = w.week)"
    ))
}

/// What a rule decides in a week of its own, each a [`Ruled`]: the sure proposals.
#[must_use]
pub fn ruled() -> Listing {
    Listing::new(
        "SELECT scope, question, name, \
                CAST(json_object('reason', reason, 'action', CASE action \
                  WHEN 'merge' THEN json_object('action', action, 'item', item, 'into', into_item) \
                  ELSE json_object('action', action, 'item', item) END) AS VARCHAR) AS body \
         FROM (SELECT *, json_object('kind', kind, 'scope', scope, 'question', question, 'name', name) AS item \
               FROM consolidation_proposals) \
         WHERE is_sure"
            .into(),
    )
}
