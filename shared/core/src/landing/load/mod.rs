//! The statements of a load, from its first ledger row to its commit.
//!
//! The order is what makes a load whole and single, with nothing but single statements, any of which may be lost, be sent by two
//! consumers, or run after its sender gave up:
//!
//! 1. [`Load::start`] says in the ledger that the attempt begins.
//! 2. [`Load::insert_rows`] and [`Load::insert_rejected`] put the rows under the load's own id, in any number of statements.
//! 3. [`Load::count_shared_records`]; if it gives more than 0, [`Load::announce_superseding`] and [`Load::mark_superseded`].
//! 4. [`Load::insert_label_profiles`] and [`Load::insert_column_profiles`].
//! 5. [`Load::commit`] counts the rows and commits, in one statement.
//!
//! A load is given up when nobody knows whether one of its statements ran ([`Effect::Once`](crate::sql::Effect)): it's never
//! committed, and whatever that statement still does, it does to rows that nobody will see. So each step may rely on all steps
//! before it having happened exactly once.

mod commit;
mod ledger;
mod profiles;
mod rows;
mod supersede;
mod sweep;

use alloc::string::String;

use uuid::Uuid;

use super::decision::ObjectHead;
use crate::{sql::Literal, time::Timestamp};

pub use commit::{CommitRow, find_retraction, read_commit, retract};
pub use ledger::{Ending, key_history, leave_quarantine, read_key_history};
pub use profiles::label_profiles;
pub use sweep::{settle_superseded, sweep};

/// A load older than this is not committed any more.
///
/// A queue consumer lives for 15 minutes at most ([limits](https://developers.cloudflare.com/queues/platform/limits/)).
pub const COMMIT_WITHIN_SECONDS: i64 = 3600;

/// Rows of loads that didn't commit are swept when the load is older than this. It's far longer than [`COMMIT_WITHIN_SECONDS`], so
/// that the sweep and a late commit never meet.
pub const SWEEP_AFTER_SECONDS: i64 = 24 * 3600;

/// The warehouse's clock as a UTC timestamp, whatever the session's time zone.
pub(crate) const WAREHOUSE_NOW: &str = "make_timestamp(epoch_us(now()))";

/// A content that an object has or had.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ObjectVersion {
    pub bucket: String,
    pub key: String,
    pub head: ObjectHead,
}

/// One attempt to load an object.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Load {
    pub id: Uuid,
    pub object: ObjectVersion,
    pub started_at: Timestamp,
}

/// How the rows get into the warehouse.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Transfer {
    /// In the statements.
    Push,
    /// The warehouse reads the object itself.
    Pull,
}

impl Transfer {
    /// As the commit log has it.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Push => "push",
            Self::Pull => "pull",
        }
    }
}

/// A load id: a UUID of version 7, which sorts by time.
#[must_use]
pub fn load_id(now: Timestamp, random: [u8; 10]) -> Uuid {
    let millis = u64::try_from(now.millis()).unwrap_or(0);
    uuid::Builder::from_unix_timestamp_millis(millis, &random).into_uuid()
}

impl Load {
    fn id_literal(&self) -> Literal<'static> {
        Literal::Uuid(self.id)
    }

    /// True for a row of `alias`, which has a load id, if its load is of another object. Two loads of one object are never visible
    /// at once, so what they hold in common doesn't matter.
    fn is_other_object(&self, alias: &str) -> String {
        alloc::format!(
            "{alias}.load_id NOT IN (SELECT load_id FROM load_ledger WHERE bucket = {bucket} AND key = {key})",
            bucket = Literal::Text(&self.object.bucket),
            key = Literal::Text(&self.object.key),
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn load_ids_sort_by_time() {
        let earlier = load_id(Timestamp::from_millis(1_000), [0xff; 10]);
        let later = load_id(Timestamp::from_millis(1_001), [0; 10]);
        assert!(earlier < later);
        assert_eq!(later.get_version_num(), 7);
    }
}
