//! What is asked of the warehouse for a version of the schema.

use alloc::{
    format,
    string::{String, ToString},
};

use serde_json::Value;

use super::Version;
use crate::{catalog::log::Listing, sql::Statement, time::Timestamp};

/// Which version is wanted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum At {
    Newest,
    Version(i64),
    /// The last one that takes in no commit after this.
    Commit(i64),
    /// The last one that was there at a time.
    Time(Timestamp),
}

/// A version: one row for [`read_version`], or none.
#[must_use]
pub fn version(at: At) -> Statement {
    let condition = match at {
        At::Newest => "true".to_string(),
        At::Version(version) => format!("version = {version}"),
        At::Commit(commit_seq) => format!("commit_seq <= {commit_seq}"),
        At::Time(time) => format!("created_at <= {}", time.literal()),
    };
    Statement::read(format!("SELECT {VERSION} FROM schema_snapshots WHERE {condition} ORDER BY version DESC LIMIT 1"))
}

const VERSION: &str = "version, parent_version, strftime(created_at, '%Y-%m-%dT%H:%M:%S.%fZ'), commit_seq, content_hash, CAST(lineage AS VARCHAR)";

/// Where a query looks: one row for [`read_pin`].
#[must_use]
pub fn pin(at: At) -> Statement {
    let (version, commit) = match at {
        At::Newest => ("true".to_string(), "true".to_string()),
        At::Version(version) => (
            format!("version = {version}"),
            format!("commit_seq <= (SELECT commit_seq FROM schema_snapshots WHERE version = {version})"),
        ),
        At::Commit(commit_seq) => (format!("commit_seq <= {commit_seq}"), format!("commit_seq <= {commit_seq}")),
        At::Time(time) => (format!("created_at <= {}", time.literal()), format!("committed_at <= {}", time.literal())),
    };
    Statement::read(format!(
        "SELECT (SELECT max(version) FROM schema_snapshots WHERE {version}), \
                (SELECT coalesce(max(commit_seq), 0) FROM commits WHERE {commit})"
    ))
}

/// Reads the row of [`pin`]: the version, if there was one, and the newest commit, 0 if there was none. `None` if it isn't one.
#[must_use]
pub fn read_pin(row: &[Value]) -> Option<(Option<i64>, i64)> {
    let [version, commit_seq] = row else {
        return None;
    };
    Some((version.as_i64(), commit_seq.as_i64()?))
}

/// Versions up to one, the newest first: rows for [`read_version`].
#[must_use]
pub fn versions(before: Option<i64>, most: usize) -> Statement {
    let condition: String = before.map_or_else(|| "true".to_string(), |before| format!("version < {before}"));
    Statement::read(format!(
        "SELECT {VERSION} FROM schema_snapshots WHERE {condition} ORDER BY version DESC LIMIT {most}"
    ))
}

/// Reads a row of [`version`] or [`versions`]. `None` if it isn't one.
#[must_use]
pub fn read_version(row: &[Value]) -> Option<Version> {
    let [version, parent, created_at, commit_seq, content_hash, lineage] = row else {
        return None;
    };
    Some(Version {
        version: version.as_i64()?,
        parent: parent.as_i64(),
        created_at: created_at.as_str()?.to_string(),
        commit_seq: commit_seq.as_i64()?,
        content_hash: content_hash.as_str()?.to_string(),
        lineage: serde_json::from_str(lineage.as_str()?).ok()?,
    })
}

/// The entity types of the version that takes in commits up to `commit_seq`: [`EntityType`](super::EntityType)s as JSON.
#[must_use]
pub fn entity_types(commit_seq: i64) -> Listing {
    Listing::new(format!(
        "SELECT dataset AS scope, question, label AS name, CAST(to_json(t) AS VARCHAR) AS body \
         FROM (SELECT t.*, d.description, d.source AS description_source FROM entity_types_at({commit_seq}) AS t LEFT JOIN entity_descriptions AS d \
               ON d.kind = 'entity_type' AND d.scope = t.dataset AND d.question = t.question AND d.name = t.label) AS t"
    ))
}

/// The fields of the version that takes in commits up to `commit_seq`: [`Field`](super::Field)s as JSON.
#[must_use]
pub fn fields(commit_seq: i64) -> Listing {
    Listing::new(format!(
        "SELECT source_table AS scope, '' AS question, column_name AS name, CAST(to_json(t) AS VARCHAR) AS body \
         FROM (SELECT t.*, d.description, d.source AS description_source FROM field_definitions_at({commit_seq}) AS t LEFT JOIN entity_descriptions AS d \
               ON d.kind = 'field' AND d.scope = t.source_table AND d.name = t.column_name) AS t"
    ))
}
