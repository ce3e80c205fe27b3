//! The one row that makes a load visible.

use alloc::{
    format,
    string::{String, ToString},
};

use uuid::Uuid;

use super::{COMMIT_WITHIN_SECONDS, Load, Transfer, WAREHOUSE_NOW};
use crate::{
    landing::{Dataset, contract::Contract},
    sql::{Literal, Statement},
    time::Timestamp,
};

/// A load's commit.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CommitRow {
    pub commit_seq: i64,
    pub rows: u64,
    pub rejected: u64,
}

impl Load {
    /// Commits, if all `rows` that the file has are there (loaded or set aside), the load isn't too old, and the object's key has no
    /// commit of the same content or a newer one. Gives one row for [`read_commit`], or none.
    ///
    /// A violated primary key means that another commit came first: run it again. It may be repeated: once it has committed, the
    /// key has a commit of the same content.
    #[must_use]
    pub fn commit(&self, contract: &Contract, rows: u64, transfer: Transfer) -> Statement {
        let id = self.id_literal();
        let object = &self.object;
        let provenance = &contract.provenance;
        Statement::repeatable(format!(
            "INSERT INTO commits \
             SELECT log.commit_seq + 1, 'load', {id}, {bucket}, {key}, {etag}, {uploaded_at}, '{dataset}', {source}, {batch_id}, \
                    {schema_version}, {git_sha}, {producer}, loaded.n, rejected.n, '{transfer}', \
                    greatest(log.committed_at, {WAREHOUSE_NOW}), NULL \
             FROM (SELECT coalesce(max(commit_seq), 0) AS commit_seq, \
                          coalesce(max(committed_at), TIMESTAMP '1970-01-01') AS committed_at FROM commits) AS log, \
                  (SELECT count(*) AS n FROM landing.{dataset} WHERE load_id = {id}) AS loaded, \
                  (SELECT count(*) AS n FROM landing.rejected_rows WHERE load_id = {id}) AS rejected \
             WHERE loaded.n + rejected.n = {rows} \
               AND {WAREHOUSE_NOW} <= {deadline} \
               AND NOT EXISTS (SELECT 1 FROM (SELECT kind, etag, uploaded_at FROM commits \
                                              WHERE bucket = {bucket} AND key = {key} ORDER BY commit_seq DESC LIMIT 1) AS newest \
                               WHERE newest.uploaded_at > {uploaded_at} OR (newest.kind = 'load' AND newest.etag = {etag})) \
             RETURNING commit_seq, row_count, rejected_count",
            bucket = Literal::Text(&object.bucket),
            key = Literal::Text(&object.key),
            etag = Literal::Text(&object.head.etag),
            uploaded_at = object.head.uploaded_at.literal(),
            dataset = contract.dataset,
            source = optional_text(contract.source.as_deref()),
            batch_id = Literal::Text(&provenance.batch_id),
            schema_version = provenance.schema_version,
            git_sha = optional_text(provenance.git_sha.as_deref()),
            producer = optional_text(provenance.producer.as_deref()),
            transfer = transfer.name(),
            deadline = self.started_at.plus_seconds(COMMIT_WITHIN_SECONDS).literal(),
        ))
    }

    /// Asks for this load's commit: one row for [`read_commit`], or none.
    #[must_use]
    pub fn find_commit(&self) -> Statement {
        Statement::read(format!(
            "SELECT commit_seq, row_count, rejected_count FROM commits WHERE load_id = {} AND kind = 'load'",
            self.id_literal()
        ))
    }

    /// Counts the rows that are loaded and set aside: two numbers. If they aren't all there, that's why [`Self::commit`] did nothing.
    #[must_use]
    pub fn count_rows(&self, dataset: Dataset) -> Statement {
        let id = self.id_literal();
        Statement::read(format!(
            "SELECT (SELECT count(*) FROM landing.{dataset} WHERE load_id = {id}), \
                    (SELECT count(*) FROM landing.rejected_rows WHERE load_id = {id})"
        ))
    }
}

fn optional_text(value: Option<&str>) -> String {
    Literal::optional(value, Literal::Text).to_string()
}

/// Reads the row that [`Load::commit`] and [`Load::find_commit`] give. `None` if it isn't such a row.
#[must_use]
pub fn read_commit(row: &[serde_json::Value]) -> Option<CommitRow> {
    let [commit_seq, rows, rejected] = row else {
        return None;
    };
    Some(CommitRow { commit_seq: commit_seq.as_i64()?, rows: rows.as_u64()?, rejected: rejected.as_u64()? })
}

/// Makes the rows of a deleted object invisible from now on, if its newest commit is a load of a content from before the deletion.
/// Gives the number of the commit, or nothing.
#[must_use]
pub fn retract(id: Uuid, bucket: &str, key: &str, deleted_at: Timestamp) -> Statement {
    let bucket = Literal::Text(bucket);
    let key = Literal::Text(key);
    let deleted_at = deleted_at.literal();
    Statement::repeatable(format!(
        "INSERT INTO commits \
         SELECT log.commit_seq + 1, 'retraction', {id}, {bucket}, {key}, newest.etag, {deleted_at}, newest.dataset, newest.source, \
                newest.batch_id, newest.schema_version, newest.git_sha, newest.producer, 0, 0, 'none', \
                greatest(log.committed_at, {WAREHOUSE_NOW}), NULL \
         FROM (SELECT max(commit_seq) AS commit_seq, max(committed_at) AS committed_at FROM commits) AS log, \
              (FROM commits WHERE bucket = {bucket} AND key = {key} ORDER BY commit_seq DESC LIMIT 1) AS newest \
         WHERE newest.kind = 'load' AND newest.uploaded_at <= {deleted_at} \
         RETURNING commit_seq",
        id = Literal::Uuid(id),
    ))
}

/// Asks for the retraction that [`retract`] was to make under this id: its number, or nothing.
#[must_use]
pub fn find_retraction(id: Uuid) -> Statement {
    Statement::read(format!(
        "SELECT commit_seq FROM commits WHERE load_id = {} AND kind = 'retraction'",
        Literal::Uuid(id)
    ))
}
