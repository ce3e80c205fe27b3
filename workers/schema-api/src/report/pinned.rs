//! Queries of reports: what they read, and what they give at a point in time.

use std::future::pending;

use living_core::report::{Column, Pin, ResultSet, reads::Reads, statement::Query};
use living_kit::{Host, Problem};
use living_sqlgate::{Admitted, Parameters, RelationName};
use living_warehouse::Warehouse;
use uuid::Uuid;

use crate::query::{
    self, Mode, Moment, QueryRunner, ResultCache, Rows, admit, not_allowed, read_parameters, typed_sources,
};

/// Rows that a report has at most: what comes in one answer of the warehouse.
const MAX_ROWS: u32 = 2_047;

/// A query that may be a report's.
pub(super) struct Checked {
    pub(super) admitted: Admitted,
    pub(super) reads: Reads,
    /// What runs, with its values in it. Its rows are in an order, so that of more than [`MAX_ROWS`] always the same ones come.
    sql: String,
}

impl<W: Warehouse, H: Host> super::Reports<'_, W, H> {
    /// Whether a query may run at a point in time, and may be asked again.
    ///
    /// # Errors
    /// 400 (its parameters can't be read) or 422, with the reason.
    pub(super) async fn checked(&self, query: &Query, pin: Pin) -> Result<Checked, Problem> {
        let parameters = query.parameters.as_ref().map_or(Ok(Parameters::none()), read_parameters)?;
        let admitted = admit(self.database, &query.sql_text, &parameters)?;
        if !admitted.is_repeatable() {
            return Err(not_allowed(
                "the clock or chance has a part in the query (now, random, a sample), and a report has to give the same for ever: \
                 write the value into it, or make it a parameter"
                    .to_owned(),
            ));
        }
        let reads = self.reads(&admitted, pin).await?;
        let sql = if admitted.has_order() {
            admitted.sql().to_owned()
        } else {
            format!("SELECT * FROM ({}) ORDER BY ALL", admitted.sql())
        };
        Ok(Checked { admitted, reads, sql })
    }

    async fn reads(&self, admitted: &Admitted, pin: Pin) -> Result<Reads, Problem> {
        let columns = admitted.columns();
        let mut reads = Reads { columns: columns.names.clone(), every_column: columns.every, ..Reads::default() };
        let (main, typed): (Vec<&RelationName>, Vec<&RelationName>) =
            admitted.relations().iter().partition(|relation| relation.schema == "main");
        reads.relations.extend(main.iter().map(|relation| relation.name.clone()));
        if !typed.is_empty() {
            let sources = typed_sources(self.warehouse, pin.commit_seq).await?;
            let is_read = |view: &String| typed.iter().any(|relation| relation.name.eq_ignore_ascii_case(view));
            let read = sources.into_iter().filter(|(_, view)| is_read(view));
            reads.sources.extend(read.map(|(source, _)| source));
        }
        Ok(reads)
    }

    /// What the query of a report gives at a point in time. It runs, whatever is kept of earlier runs: whether it still gives the same is the question.
    ///
    /// # Errors
    /// As of any query at that time.
    pub(super) async fn run_at(&self, report_id: Uuid, checked: &Checked, pin: Pin) -> Result<ResultSet, Problem> {
        let cache = NothingKept;
        let runner = QueryRunner { warehouse: self.warehouse, cache: &cache, host: self.host, database: self.database };
        let query = query::Query {
            sql: checked.sql.clone(),
            parameters: Parameters::none(),
            given: None,
            mode: Mode::Snapshot,
            moment: Moment::at_commit(pin.commit_seq, Some(pin.schema_version)),
            max_rows: MAX_ROWS,
            report_id: Some(report_id),
        };
        // The warehouse itself gives up what takes longer than its 55 s.
        let (outcome, afterwards) = runner.run(&query, self.caller, pending()).await?;
        afterwards.carry_out(self.warehouse, &cache).await;
        let Rows { columns, rows, truncated } = outcome.rows;
        let column = |column: query::Column| Column { name: column.name, data_type: column.data_type };
        Ok(ResultSet { columns: columns.into_iter().map(column).collect(), rows, truncated })
    }
}

struct NothingKept;

impl ResultCache for NothingKept {
    async fn get(&self, _key: &str) -> Option<Rows> {
        None
    }

    async fn put(&self, _key: &str, _result: &str) {}
}
