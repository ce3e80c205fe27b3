//! What happened between two points in time that can matter to a query.

use living_core::report::{
    Pin,
    change::Since,
    reads::Reads,
    statement::{self, LoadCause, SchemaCause},
};
use living_kit::{Host, Problem};
use living_warehouse::Warehouse;
use schemars::JsonSchema;
use serde::Serialize;
use serde_json::Value;

use super::Reports;
use crate::reply::unavailable;

/// What happened, the newest first.
#[derive(Debug, Clone, Default, PartialEq, Serialize, JsonSchema)]
pub struct Cause {
    /// Loads and retractions of rows that the query reads.
    pub loads: Vec<LoadCause>,
    /// How many of them are not listed.
    pub loads_left_out: u64,
    /// Changes of the schema that can affect the query, each with its version and the decision that caused it, if one did. As in the
    /// difference of two versions.
    #[schemars(with = "Vec<Value>")]
    pub schema_changes: Vec<SchemaCause>,
    pub schema_changes_left_out: u64,
    /// How much there was of what.
    pub since: Since,
    /// The newest commit among it.
    #[serde(skip)]
    pub(super) newest: i64,
}

impl<W: Warehouse, H: Host> Reports<'_, W, H> {
    pub(super) async fn cause(&self, reads: &Reads, after: Pin, until: Pin) -> Result<Cause, Problem> {
        if after.commit_seq >= until.commit_seq {
            return Ok(Cause::default());
        }
        let mut cause = Cause::default();
        for row in &self.ask(&statement::loads_between(reads, after, until)).await?.rows {
            let (load, all, newest) = statement::read_load(row).ok_or_else(Problem::unavailable)?;
            cause.loads.push(load);
            cause.since.loads = all;
            cause.newest = newest;
        }
        cause.loads_left_out = cause.since.loads - cause.loads.len() as u64;
        self.add_schema_changes(&mut cause, reads, after, until).await?;
        Ok(cause)
    }

    async fn add_schema_changes(
        &self,
        cause: &mut Cause,
        reads: &Reads,
        after: Pin,
        until: Pin,
    ) -> Result<(), Problem> {
        let rows = self.ask(&statement::schema_changes_between(reads, after, until)).await?.rows;
        if rows.is_empty() {
            let count = self.ask(&statement::count_schema_changes(after, until)).await?.number();
            cause.since.other_schema_changes = count.map_err(unavailable)?;
            return Ok(());
        }
        let (mut noticed, mut all) = (0, 0);
        for row in &rows {
            let (change, noticed_now, all_now) = statement::read_schema_change(row).ok_or_else(Problem::unavailable)?;
            (noticed, all) = (noticed_now, all_now);
            if reads.can_be_affected_by(&change.change) {
                cause.newest = cause.newest.max(change.commit_seq);
                cause.schema_changes.push(change);
            }
        }
        // Those that weren't looked at may affect it.
        let unseen = noticed - rows.len() as u64;
        if unseen > 0 {
            cause.newest = until.commit_seq;
        }
        cause.since.schema_changes = cause.schema_changes.len() as u64 + unseen;
        cause.since.other_schema_changes = all - cause.since.schema_changes;
        cause.schema_changes.truncate(statement::CAUSES);
        cause.schema_changes_left_out = cause.since.schema_changes - cause.schema_changes.len() as u64;
        Ok(())
    }
}
