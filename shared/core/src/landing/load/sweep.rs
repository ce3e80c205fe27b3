//! Housekeeping: what loads left that didn't commit.

use alloc::{format, vec::Vec};

use uuid::Uuid;

use super::{SWEEP_AFTER_SECONDS, load_id};
use crate::{
    sql::{Literal, Statement},
    time::Timestamp,
};

/// Tables whose rows belong to a load.
const TABLES: [&str; 5] = ["raw_documents", "annotations", "structured_data", "rejected_rows", "load_profiles"];

/// Deletes what is older than [`SWEEP_AFTER_SECONDS`] and was never committed. It never touches rows of a committed load, visible or
/// not. The statements may run at any time and in any order.
#[must_use]
pub fn sweep(now: Timestamp) -> Vec<Statement> {
    // Load ids sort by time, so one comparison finds the old ones.
    let oldest_kept = Literal::Uuid(load_id(now.plus_seconds(-SWEEP_AFTER_SECONDS), [0; 10]));
    let delete = |table: &&str| {
        Statement::repeatable(format!(
            "DELETE FROM landing.{table} WHERE load_id < {oldest_kept} \
             AND load_id NOT IN (SELECT load_id FROM commits WHERE kind = 'load')"
        ))
    };
    TABLES.iter().map(delete).collect()
}

/// Takes rows out of doubt that carry the nil id, where the doubt is gone: no other load holds their record any more, or all that do
/// are committed. It keeps the promise of `superseded_by`, as the row's successor is then the next commit that holds the record.
///
/// Statements to run in this order. A load that marks the same rows meanwhile makes one of the two fail; then the doubt stays
/// until the next time.
#[must_use]
pub fn settle_superseded() -> Vec<Statement> {
    [
        ("raw_documents", ["document_id", "page_number"]),
        ("annotations", ["dataset", "record_id"]),
        ("structured_data", ["source_table", "record_key"]),
    ]
    .iter()
    .flat_map(|(table, key)| settle(table, *key))
    .collect()
}

fn settle(table: &str, [a, b]: [&str; 2]) -> [Statement; 2] {
    let nil = Literal::Uuid(Uuid::nil());
    let settled = format!(
        "(SELECT r.load_id, r.row_no, \
                 arg_min(later.load_id, lc.commit_seq) FILTER (lc.commit_seq > rc.commit_seq) AS successor \
          FROM landing.{table} AS r \
          JOIN commits AS rc ON rc.load_id = r.load_id AND rc.kind = 'load' \
          LEFT JOIN landing.{table} AS later ON later.{a} = r.{a} AND later.{b} = r.{b} AND later.load_id <> r.load_id \
          LEFT JOIN commits AS lc ON lc.load_id = later.load_id AND lc.kind = 'load' \
          WHERE r.superseded_by = {nil} \
          GROUP BY ALL \
          HAVING count(later.load_id) = count(lc.load_id))"
    );
    // Whatever may stand in `superseded_by` has to be on the list first.
    let announce = format!(
        "INSERT INTO superseding_loads SELECT DISTINCT successor FROM {settled} \
         WHERE successor IS NOT NULL AND successor NOT IN (SELECT load_id FROM superseding_loads)"
    );
    let mark = format!(
        "UPDATE landing.{table} AS o SET superseded_by = n.successor FROM {settled} AS n \
         WHERE o.load_id = n.load_id AND o.row_no = n.row_no AND o.superseded_by = {nil} \
           AND (n.successor IS NULL OR n.successor IN (SELECT load_id FROM superseding_loads))"
    );
    [Statement::repeatable(announce), Statement::repeatable(mark)]
}
