//! Rows into the tables of their dataset.

use alloc::{format, string::String};
use core::fmt::Write;

use super::Load;
use crate::{
    landing::contract::Contract,
    sql::{Literal, PullRefused, Statement},
};

impl Load {
    /// The staging relation of the whole object, for the warehouse to read.
    ///
    /// # Errors
    /// Why the warehouse may not read it by itself.
    pub fn pulled(&self, contract: &Contract) -> Result<String, PullRefused> {
        contract.staging.pulled(&format!("r2://{}/{}", self.object.bucket, self.object.key))
    }

    /// Puts the rows of a staging relation that keep every rule under this load.
    #[must_use]
    pub fn insert_rows(&self, contract: &Contract, relation: &str) -> Statement {
        let mut columns = String::from("load_id, row_no, batch_id");
        let mut values = format!("{}, s.row_no, {}", self.id_literal(), Literal::Text(&contract.provenance.batch_id));
        for (column, expression) in &contract.target {
            let _ = write!(columns, ", {column}");
            let _ = write!(values, ", {expression}");
        }
        let condition = contract.row_condition().map(|c| format!(" WHERE {c}")).unwrap_or_default();
        let dataset = contract.dataset;
        Statement::once(format!("INSERT INTO landing.{dataset} ({columns}) SELECT {values} FROM {relation}{condition}"))
    }

    /// Sets aside the rows of a staging relation that break a rule. `None` if there is no rule.
    #[must_use]
    pub fn insert_rejected(&self, contract: &Contract, relation: &str) -> Option<Statement> {
        let condition = contract.row_condition()?;
        Some(Statement::once(format!(
            "INSERT INTO landing.rejected_rows (load_id, row_no, reason, content) \
             SELECT {id}, s.row_no, {reason}, {content} FROM {relation} WHERE NOT ({condition})",
            id = self.id_literal(),
            reason = contract.rejection_reason(),
            content = contract.whole_row(),
        )))
    }
}
