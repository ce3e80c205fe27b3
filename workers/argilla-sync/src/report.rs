//! What operators see of a dataset's sync.

use std::collections::VecDeque;

use living_argilla::{Phase, Progress};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::{Copy, Source, Task};

/// Finished scans that are kept, the newest first.
const KEPT_SCANS: usize = 10;

/// Characters of an error that are kept.
const ERROR_CHARACTERS: usize = 500;

/// The present state, and what the last scans did.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Report {
    pub copy: Copy,
    pub source: Source,
    /// `idle`, `reading`, `sweeping` or `loading`.
    pub phase: String,
    /// Records that are known.
    pub records: usize,
    /// Of the present scan, or the last.
    pub read: u64,
    pub written: u64,
    pub deleted: usize,
    pub files: u32,
    /// Files that aren't loaded yet.
    pub waiting_for: Vec<String>,
    pub updated_at: String,
    /// Why the last step came to no end.
    pub error: Option<String>,
    pub scans: VecDeque<Finished>,
}

/// A scan that is through.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Finished {
    pub scan: String,
    pub finished_at: String,
    pub read: u64,
    /// Rows of new and changed records, and of those that are gone.
    pub written: u64,
    pub deleted: usize,
    pub files: u32,
    /// What the run of discovery after it said, or why there was none.
    pub discovery: Option<Value>,
}

impl Report {
    pub(crate) fn new(task: &Task) -> Self {
        Self {
            copy: task.copy,
            source: task.source.clone(),
            phase: "idle".to_owned(),
            records: 0,
            read: 0,
            written: 0,
            deleted: 0,
            files: 0,
            waiting_for: Vec::new(),
            updated_at: String::new(),
            error: None,
            scans: VecDeque::new(),
        }
    }

    pub(crate) fn tell(&mut self, progress: &Progress, now: String) {
        let phase = match progress.phase() {
            Phase::Idle => "idle",
            Phase::Reading(_) => "reading",
            Phase::Sweeping => "sweeping",
            Phase::Loading => "loading",
        };
        phase.clone_into(&mut self.phase);
        self.records = progress.records();
        (self.read, self.written, self.deleted) = (progress.read(), progress.written(), progress.deleted());
        self.files = progress.files();
        self.waiting_for = progress.parts().iter().map(|part| part.key.clone()).collect();
        self.updated_at = now;
        self.error = None;
    }

    pub(crate) fn fail(&mut self, error: &str, now: String) {
        self.error = Some(error.chars().take(ERROR_CHARACTERS).collect());
        self.updated_at = now;
    }

    pub(crate) fn finish(&mut self, finished: Finished) {
        self.scans.push_front(finished);
        self.scans.truncate(KEPT_SCANS);
    }
}
