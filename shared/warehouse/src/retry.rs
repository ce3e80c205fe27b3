//! When a statement that failed is tried again.

use std::time::Duration;

use living_core::sql::Effect;

use crate::{Error, ErrorClass, backoff::Backoff};

/// How often a statement is tried when it fails in a way that may pass.
pub(crate) const MAX_TRIES: u32 = 6;

/// How often it's tried when others get in first. Each conflict means that another statement succeeded, so many are a busy log, not
/// a broken one.
pub(crate) const MAX_CONFLICTS: u32 = 60;

/// Longest `Retry-After` that is waited for; with a longer one the message goes back to its queue instead.
pub(crate) const MAX_ASKED_WAIT: Duration = Duration::from_mins(1);

/// The failures of one statement so far.
#[derive(Debug)]
pub(crate) struct Retries {
    backoff: Backoff,
    failures: u32,
    conflicts: u32,
}

impl Retries {
    /// `seed` makes the waits differ from those of others.
    pub(crate) fn new(seed: u64) -> Self {
        Self { backoff: Backoff::new(seed), failures: 0, conflicts: 0 }
    }

    /// How long to wait before the next try; `None` if there's to be none.
    pub(crate) fn after(&mut self, error: &Error, effect: Effect) -> Option<Duration> {
        match error.class {
            ErrorClass::Conflict => {
                self.conflicts += 1;
                (self.conflicts < MAX_CONFLICTS).then(|| self.backoff.after_conflict(self.conflicts))
            }
            ErrorClass::Ambiguous | ErrorClass::TimeLimit if effect == Effect::Once => None,
            // A warehouse that was busy may be quicker next time.
            ErrorClass::Transient | ErrorClass::Ambiguous | ErrorClass::TimeLimit => {
                self.failures += 1;
                (self.failures < MAX_TRIES).then(|| {
                    let asked = Duration::from_secs(error.retry_after.unwrap_or(0).into());
                    self.backoff.after_failure(self.failures).max(asked.min(MAX_ASKED_WAIT))
                })
            }
            ErrorClass::Permanent | ErrorClass::Auth | ErrorClass::OverLimit => None,
        }
    }
}
