//! Retention: what nobody needs any more after some days. What a commit number can see is never deleted, nor what says that a message
//! was sent.

use alloc::{format, string::String, vec::Vec};

use serde::Deserialize;

use crate::sql::Statement;

/// Days that things are kept; 0: for ever.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Retention {
    /// Queries that ran, questions to a model, runs of discovery, dead letters, looks at reports that found nothing, and attempts at an
    /// object that came to nothing before one was committed.
    pub logs_days: u32,
    /// Kept results of reports, after a refresh or the deletion. The pin and the fingerprint stay: it can be run again.
    pub results_days: u32,
    /// Profiles of loads, after another took their place. The catalog has what they said; folding the whole log anew needs them.
    pub profiles_days: u32,
}

/// Deletes what is older. The statements may run at any time, in any order, and any number of times.
#[must_use]
pub fn forget(retention: Retention) -> Vec<Statement> {
    let of_kinds = [
        (retention.logs_days, logs as fn(&str) -> Vec<String>),
        (retention.results_days, results),
        (retention.profiles_days, profiles),
    ];
    let statements = of_kinds
        .into_iter()
        .filter(|(days, _)| *days > 0)
        .flat_map(|(days, of_kind)| of_kind(&format!("make_timestamp(epoch_us(now())) - INTERVAL {days} DAY")));
    statements.map(Statement::repeatable).collect()
}

fn logs(before: &str) -> Vec<String> {
    let by_time = [
        ("query_executions", "executed_at"),
        ("generation_events", "recorded_at"),
        ("discovery_runs", "started_at"),
        ("dead_letters", "recorded_at"),
    ];
    let by_time = by_time.map(|(table, time)| format!("DELETE FROM {table} WHERE {time} < {before}"));
    // What follows from a change is told once by its row, and the newest look is what a report shows.
    let looks = format!(
        "DELETE FROM report_checks AS c WHERE checked_at < {before} AND change_id IS NULL \
         AND EXISTS (FROM report_checks AS n WHERE n.report_id = c.report_id AND n.revision = c.revision AND n.checked_at > c.checked_at)"
    );
    let attempts = format!(
        "DELETE FROM load_ledger AS l WHERE recorded_at < {before} AND load_id NOT IN (SELECT load_id FROM commits WHERE kind = 'load') \
         AND EXISTS (FROM commits AS c WHERE c.bucket = l.bucket AND c.key = l.key AND c.committed_at > l.recorded_at \
                     AND c.committed_at < {before})"
    );
    by_time.into_iter().chain([looks, attempts]).collect()
}

fn results(before: &str) -> Vec<String> {
    Vec::from([format!(
        "UPDATE report_log AS r SET kept_result = NULL WHERE kept_result IS NOT NULL \
         AND EXISTS (FROM report_log AS n WHERE n.report_id = r.report_id AND n.revision > r.revision AND n.recorded_at < {before})"
    )])
}

fn profiles(before: &str) -> Vec<String> {
    Vec::from([format!(
        "DELETE FROM landing.load_profiles WHERE load_id IN ( \
           SELECT c.load_id FROM commits AS c JOIN commits AS n ON n.bucket = c.bucket AND n.key = c.key AND n.commit_seq > c.commit_seq \
           WHERE c.kind = 'load' AND n.committed_at < {before} AND n.commit_seq <= (SELECT max(commit_seq) FROM catalog_log))"
    )])
}
