//! The log of what ran: `query_executions`.

use living_core::{
    sql::{Literal, Statement},
    time::Timestamp,
};
use serde_json::Value;
use uuid::Uuid;

use super::{Mode, Pin};

/// A run, as it's logged.
#[derive(Debug)]
pub(super) struct Record<'a> {
    pub(super) id: Uuid,
    pub(super) at: Timestamp,
    pub(super) caller: &'a str,
    pub(super) sql: &'a str,
    pub(super) ast_hash: &'a str,
    pub(super) mode: Mode,
    pub(super) pin: Pin,
    pub(super) parameters: Option<&'a Value>,
    pub(super) report_id: Option<Uuid>,
    pub(super) milliseconds: i64,
    pub(super) from_cache: bool,
    /// Or the class of the error.
    pub(super) outcome: Result<Measures<'a>, &'a str>,
}

/// What a result is known by.
#[derive(Debug, Clone, Copy)]
pub(super) struct Measures<'a> {
    pub(super) row_count: usize,
    pub(super) truncated: bool,
    pub(super) hash: &'a str,
}

impl Record<'_> {
    pub(super) fn insert(&self) -> Statement {
        let (rows, truncated, hash) = match self.outcome {
            Ok(Measures { row_count, truncated, hash }) => (row_count.to_string(), truncated.to_string(), Some(hash)),
            Err(_) => ("NULL".to_owned(), "NULL".to_owned(), None),
        };
        let parameters = self.parameters.map(Value::to_string);
        Statement::once(format!(
            "INSERT INTO query_executions \
             (execution_id, executed_at, executed_by, sql_text, ast_hash, mode, schema_version, commit_seq, parameters, report_id, milliseconds, \
              from_cache, row_count, truncated, result_hash, error_class) \
             VALUES ({id}, {at}, {caller}, {sql}, {ast}, '{mode}', {version}, {commit}, {parameters}, {report}, {milliseconds}, {from_cache}, \
             {rows}, {truncated}, {hash}, {error})",
            id = Literal::Uuid(self.id),
            at = self.at.literal(),
            caller = Literal::Text(self.caller),
            sql = Literal::Text(self.sql),
            ast = Literal::Text(self.ast_hash),
            mode = self.mode.name(),
            version = self.pin.schema_version,
            commit = self.pin.commit_seq,
            parameters = Literal::optional(parameters.as_deref(), Literal::Text),
            report = Literal::optional(self.report_id, Literal::Uuid),
            milliseconds = self.milliseconds,
            from_cache = self.from_cache,
            hash = Literal::optional(hash, Literal::Text),
            error = Literal::optional(self.outcome.err(), Literal::Text),
        ))
    }
}

/// An earlier run of a caller: one row for [`read`], or none.
pub(super) fn select(id: Uuid, caller: &str) -> Statement {
    Statement::read(format!(
        "SELECT sql_text, CAST(parameters AS VARCHAR), schema_version, commit_seq, result_hash FROM query_executions \
         WHERE execution_id = {} AND executed_by = {}",
        Literal::Uuid(id),
        Literal::Text(caller)
    ))
}

/// An earlier run.
#[derive(Debug)]
pub(super) struct Earlier {
    pub(super) sql: String,
    pub(super) parameters: Option<Value>,
    pub(super) pin: Pin,
    /// Of its rows, if it succeeded.
    pub(super) hash: Option<String>,
}

pub(super) fn read(row: &[Value]) -> Option<Earlier> {
    let [sql, parameters, schema_version, commit_seq, hash] = row else { return None };
    Some(Earlier {
        sql: sql.as_str()?.to_owned(),
        parameters: parameters.as_str().map(serde_json::from_str).transpose().ok()?,
        pin: Pin { schema_version: schema_version.as_i64()?, commit_seq: commit_seq.as_i64()? },
        hash: hash.as_str().map(str::to_owned),
    })
}
