//! A log of the requests that came in, so that a test can see every point at which a client talks to the warehouse.

use std::{
    collections::VecDeque,
    sync::{Arc, Mutex, PoisonError},
    time::Instant,
};

use serde::Serialize;

use crate::call::Call;

/// Requests that are kept; the oldest go first. A test of one file makes some hundreds.
const CAPACITY: usize = 10_000;
/// Characters of the SQL that are kept: the whole of a statement that carries no rows; chunks of rows are cut.
const SQL_CHARACTERS: usize = 4_000;

/// How a request ended, as the warehouse knows it. A fault may have told the client something else.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Outcome {
    /// Not ended yet.
    Running,
    /// The statement ran; a request other than a tool call was answered.
    Ok,
    /// The statement failed, so nothing of it stays.
    Error,
    /// Cancelled at the time limit.
    Timeout,
    /// Cancelled because the client left or the server stops.
    Cancelled,
    /// Ended before any statement was started.
    NotRun,
}

/// One request.
#[derive(Debug, Clone, Serialize)]
pub(crate) struct Entry {
    /// Number of the request, from 1 in order of arrival. Never used twice, also not after a clearing.
    sequence: u64,
    method: String,
    tool: Option<String>,
    /// The first characters of the SQL.
    sql: String,
    outcome: Outcome,
    /// Name of the fault that hit the request.
    fault: Option<&'static str>,
    /// Milliseconds from arrival to the end.
    ms: Option<u64>,
}

/// The log. Bounded; safe for any number of concurrent requests.
#[derive(Debug, Default)]
pub(crate) struct RequestLog(Mutex<Ring>);

#[derive(Debug, Default)]
struct Ring {
    last_sequence: u64,
    entries: VecDeque<Entry>,
}

/// A request on its way. When the last copy goes away without an end, the request was not run.
#[derive(Debug)]
pub(crate) struct OpenEntry {
    log: Arc<RequestLog>,
    sequence: u64,
    arrival: Instant,
}

impl RequestLog {
    /// Enters a request that has just arrived.
    pub(crate) fn open(self: &Arc<Self>, call: &Call, fault: Option<&'static str>) -> OpenEntry {
        let mut ring = self.lock();
        ring.last_sequence += 1;
        let sequence = ring.last_sequence;
        if ring.entries.len() == CAPACITY {
            ring.entries.pop_front();
        }
        ring.entries.push_back(Entry {
            sequence,
            method: call.method.clone(),
            tool: call.tool.clone(),
            sql: call.sql.chars().take(SQL_CHARACTERS).collect(),
            outcome: Outcome::Running,
            fault,
            ms: None,
        });
        OpenEntry { log: self.clone(), sequence, arrival: Instant::now() }
    }

    /// All entries that are kept, oldest first.
    pub(crate) fn list(&self) -> Vec<Entry> {
        self.lock().entries.iter().cloned().collect()
    }

    pub(crate) fn clear(&self) {
        self.lock().entries.clear();
    }

    fn close(&self, sequence: u64, outcome: Outcome, ms: u64) {
        let mut ring = self.lock();
        // Cleared or pushed out meanwhile: then nobody asks for it.
        let entry = ring.entries.binary_search_by_key(&sequence, |entry| entry.sequence).ok();
        if let Some(entry) = entry.and_then(|index| ring.entries.get_mut(index))
            && entry.outcome == Outcome::Running
        {
            entry.outcome = outcome;
            entry.ms = Some(ms);
        }
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Ring> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl OpenEntry {
    /// Records the end. Only the first one counts.
    pub(crate) fn close(&self, outcome: Outcome) {
        let ms = u64::try_from(self.arrival.elapsed().as_millis()).unwrap_or(u64::MAX);
        self.log.close(self.sequence, outcome, ms);
    }
}

impl Drop for OpenEntry {
    fn drop(&mut self) {
        self.close(Outcome::NotRun);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn call(sql: &str) -> Call {
        Call { method: "tools/call".to_owned(), tool: Some("query".to_owned()), sql: sql.to_owned() }
    }

    #[test]
    fn an_entry_is_visible_while_it_runs_and_keeps_its_first_end() {
        let log = Arc::new(RequestLog::default());
        let entry = log.open(&call("SELECT 1"), None);
        assert_eq!(log.list()[0].outcome, Outcome::Running);
        entry.close(Outcome::Ok);
        drop(entry);
        assert_eq!(log.list()[0].outcome, Outcome::Ok);
    }

    #[test]
    fn a_request_that_goes_away_without_an_end_was_not_run() {
        let log = Arc::new(RequestLog::default());
        drop(log.open(&call("SELECT 1"), Some("status")));
        assert_eq!((log.list()[0].outcome, log.list()[0].fault), (Outcome::NotRun, Some("status")));
    }

    #[test]
    fn the_log_keeps_the_newest_requests_and_the_head_of_their_sql() {
        let log = Arc::new(RequestLog::default());
        let sql = "é".repeat(SQL_CHARACTERS + 1);
        for _ in 0..=CAPACITY {
            log.open(&call(&sql), None);
        }
        let entries = log.list();
        assert_eq!((entries.len(), entries[0].sequence), (CAPACITY, 2));
        assert_eq!(entries[0].sql, "é".repeat(SQL_CHARACTERS));
    }

    #[test]
    fn sequence_numbers_go_on_after_a_clearing() {
        let log = Arc::new(RequestLog::default());
        log.open(&call("a"), None);
        log.clear();
        log.open(&call("b"), None);
        assert_eq!(log.list().iter().map(|entry| entry.sequence).collect::<Vec<_>>(), [2]);
    }
}
