//! Records that stand in more than one object.
//!
//! A reader sees of a record only the rows of the newest visible load that holds it. Finding that out by comparing all rows would
//! make every read several times slower, so rows carry a hint, `superseded_by`, and readers compare only the rows in doubt. What
//! the hint promises:
//!
//! - NULL: no load of another object that commits later holds the record.
//! - A load's id: that load holds the record, and if it commits, it commits later than this row's load.
//! - The nil id: nothing. Look.
//!
//! It's kept among concurrent loads without a lock, because each load puts its rows in, then marks, then commits. Take two loads
//! that hold a record. The one that marks later sees the rows of the other. If that is committed, then this one commits later and
//! is its successor. If not, nobody knows which of them commits first, and both rows get the nil id.

use alloc::{format, string::String, vec::Vec};

use uuid::Uuid;

use super::Load;
use crate::{
    landing::{Dataset, contract::Contract},
    sql::{Literal, Statement},
};

/// Loads that are committed, whether readers see them or not.
const COMMITTED: &str = "(SELECT load_id FROM commits WHERE kind = 'load')";

impl Load {
    /// Counts the rows of other objects that hold a record which this load holds too: one number. `None` if the dataset has no
    /// record key.
    #[must_use]
    pub fn count_shared_records(&self, contract: &Contract) -> Option<Statement> {
        let record = RecordKey::of(contract)?;
        Some(Statement::read(format!(
            "SELECT count(*) FROM landing.{table} AS o SEMI JOIN {mine} AS m ON {same} WHERE {scope} AND {other}",
            table = contract.dataset,
            mine = self.own_records(&record, contract.dataset),
            same = record.equal("o", "m"),
            scope = record.scope("o"),
            other = self.is_other_object("o"),
        )))
    }

    /// Says that this load's id, and the nil id, may stand in `superseded_by`. It comes before [`Self::mark_superseded`]: readers find
    /// rows in doubt by this list.
    #[must_use]
    pub fn announce_superseding(&self) -> Statement {
        Statement::repeatable(format!(
            "INSERT INTO superseding_loads SELECT id FROM (VALUES ({}), ({})) AS ids(id) \
             WHERE id NOT IN (SELECT load_id FROM superseding_loads)",
            self.id_literal(),
            Literal::Uuid(Uuid::nil())
        ))
    }

    /// Marks the rows of other objects that hold the same records, and this load's rows whose order is not known. Two statements.
    #[must_use]
    pub fn mark_superseded(&self, contract: &Contract) -> Option<[Statement; 2]> {
        let record = RecordKey::of(contract)?;
        let table = contract.dataset;
        let id = self.id_literal();
        let nil = Literal::Uuid(Uuid::nil());
        let same = record.equal("o", "m");
        let scope = record.scope("o");
        // A successor that readers see now may stay. Any other is replaced, so that later reads have less in doubt.
        let others = format!(
            "UPDATE landing.{table} AS o \
             SET superseded_by = CASE WHEN o.load_id IN {COMMITTED} THEN {id} ELSE {nil} END \
             FROM {mine} AS m \
             WHERE {same} AND {scope} AND {other} \
               AND (o.superseded_by IS NULL OR o.superseded_by NOT IN (SELECT load_id FROM visible_loads_at({now})))",
            mine = self.own_records(&record, table),
            other = self.is_other_object("o"),
            now = i64::MAX,
        );
        let own = format!(
            "UPDATE landing.{table} AS o SET superseded_by = {nil} \
             FROM (SELECT DISTINCT {columns} FROM landing.{table} AS x \
                   WHERE {scope_x} AND {other_x} AND x.load_id NOT IN {COMMITTED}) AS m \
             WHERE {same} AND o.load_id = {id} AND o.superseded_by IS NULL",
            columns = record.columns("x"),
            scope_x = record.scope("x"),
            other_x = self.is_other_object("x"),
        );
        Some([Statement::once(others), Statement::once(own)])
    }

    fn own_records(&self, record: &RecordKey, table: Dataset) -> String {
        format!(
            "(SELECT DISTINCT {columns} FROM landing.{table} AS r WHERE r.load_id = {id})",
            columns = record.columns("r"),
            id = self.id_literal()
        )
    }
}

/// The columns that name a record.
struct RecordKey {
    columns: [&'static str; 2],
    /// A column of the key that has one value in the whole load: with it the warehouse can leave most of the table unread.
    constant: Option<(&'static str, String)>,
}

impl RecordKey {
    fn of(contract: &Contract) -> Option<Self> {
        if !contract.has_record_key {
            return None;
        }
        let source = contract.source.clone();
        Some(match contract.dataset {
            Dataset::RawDocuments => Self { columns: ["document_id", "page_number"], constant: None },
            Dataset::Annotations => {
                Self { columns: ["dataset", "record_id"], constant: source.map(|s| ("dataset", s)) }
            }
            Dataset::StructuredData => {
                Self { columns: ["source_table", "record_key"], constant: source.map(|s| ("source_table", s)) }
            }
        })
    }

    fn columns(&self, alias: &str) -> String {
        let columns: Vec<String> = self.columns.iter().map(|c| format!("{alias}.{c}")).collect();
        columns.join(", ")
    }

    fn equal(&self, left: &str, right: &str) -> String {
        let equal: Vec<String> = self.columns.iter().map(|c| format!("{left}.{c} = {right}.{c}")).collect();
        equal.join(" AND ")
    }

    fn scope(&self, alias: &str) -> String {
        match &self.constant {
            Some((column, value)) => format!("{alias}.{column} = {}", Literal::Text(value)),
            None => "true".into(),
        }
    }
}
