//! Results that are kept for a while. What a query gives at a pin never changes, so a kept result can't be stale.

use living_core::{
    schema::{self, At},
    sql::Statement,
};
use living_kit::log;
use living_sqlgate::Admitted;
use living_warehouse::Warehouse;
use serde_json::Value;

use super::{Mode, Pin, Rows, rows::sha256};

/// Bytes of the largest result that is kept.
const MAX_KEPT: usize = 1 << 20;

/// Relations that also show descriptions, which change without a commit. As of a point in time they don't show them.
const DESCRIBED: [&str; 2] = ["entity_types", "field_definitions"];

/// What is kept of results between requests. It can be thrown away at any time.
#[expect(async_fn_in_trait, reason = "used through generics only, on one thread")]
pub trait ResultCache {
    async fn get(&self, key: &str) -> Option<Rows>;
    /// `result` is [`Rows`] as JSON.
    async fn put(&self, key: &str, result: &str);
}

/// Where the result of a query is kept: by what runs, where it looks, and how many rows come. `None` if it isn't the same each time.
pub(super) fn key(admitted: &Admitted, mode: Mode, pin: Pin, most: u32) -> Option<String> {
    let is_live = mode == Mode::Live;
    let is_described = admitted.relations().iter().any(|relation| DESCRIBED.contains(&relation.name.as_str()));
    if !admitted.is_repeatable() || (is_live && is_described) {
        return None;
    }
    let tree = sha256(admitted.sql().as_bytes());
    let Pin { schema_version, commit_seq } = pin;
    let reads = if is_live { "live" } else { "then" };
    // Raise the number when the form of what is kept changes.
    Some(format!("result/1/{tree}/{reads}/{schema_version}/{commit_seq}/{most}"))
}

/// Whether rows may be few enough to be kept: each value takes two bytes at least. Large results needn't be copied to find out.
pub(super) fn may_fit(rows: &Rows) -> bool {
    rows.rows.len() * rows.columns.len() * 2 <= MAX_KEPT
}

/// What is left to do when the answer is on its way.
#[derive(Debug)]
#[must_use]
pub struct Afterwards {
    pub(super) record: Statement,
    pub(super) keep: Option<Keep>,
}

#[derive(Debug)]
pub(super) struct Keep {
    pub(super) key: String,
    pub(super) rows: Rows,
    /// Of live queries: the result is that of the pin only if nothing was committed while it ran.
    pub(super) if_still: Option<Pin>,
}

impl Afterwards {
    /// Logs the run, and keeps its result. Neither is worth a failure.
    pub async fn carry_out(self, warehouse: &impl Warehouse, cache: &impl ResultCache) {
        if let Err(error) = warehouse.run(&self.record).await {
            log::warning("query_not_logged").with("error", error.to_string()).write();
        }
        let Some(Keep { key, rows, if_still }) = self.keep else { return };
        let text = serde_json::to_string(&rows).unwrap_or_default();
        if text.len() > MAX_KEPT {
            return;
        }
        if let Some(pin) = if_still {
            let newest = warehouse.run(&schema::pin(At::Newest)).await.ok();
            let newest =
                newest.as_ref().and_then(|result| result.first()).and_then(|row: &[Value]| schema::read_pin(row));
            if newest != Some((Some(pin.schema_version), pin.commit_seq)) {
                return;
            }
        }
        cache.put(&key, &text).await;
    }
}
