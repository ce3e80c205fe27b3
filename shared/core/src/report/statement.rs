//! What is asked of the warehouse for reports, and written there.
//!
//! A report is a row of `report_log` for each of its pins (its revisions). Whoever makes a revision inserts the one after the last that
//! they have seen; the key lets one of several be, and by the event's id everybody knows whether it's theirs. So each statement may be
//! sent again.

use alloc::{
    format,
    string::{String, ToString},
    vec::Vec,
};

use serde::{Deserialize, Serialize};
use serde_json::Value;
use uuid::Uuid;

use super::{Fingerprint, Pin, change::Finding, reads::Reads};
use crate::{
    catalog::{content::Change, log::Listing},
    sql::{self, Literal, Statement},
    time::Timestamp,
};

/// Reports in one answer: a name of 200 characters and a reason of 300 each, with escapes, of the 50,000 characters that the warehouse
/// gives ([limits](https://motherduck.com/docs/sql-reference/mcp/)).
pub const PAGE: usize = 30;

/// Loads, and changes of the schema, that a cause lists: half a kilobyte each.
pub const CAUSES: usize = 40;

/// Characters of a kept result that one answer of the warehouse has: with escapes they are at most twice as many.
const KEPT_PAGE: usize = 20_000;

/// Characters of a reason in a list.
const REASON: usize = 300;

/// Characters of names in a cause.
const NAME: usize = 200;

/// The warehouse's clock as a UTC timestamp, whatever the session's time zone.
const NOW: &str = "make_timestamp(epoch_us(now()))";

fn time(column: &str) -> String {
    format!("strftime({column}, '%Y-%m-%dT%H:%M:%S.%fZ')")
}

/// The newest point in time that stays as it is: one row for [`read_pin`].
///
/// That's the last commit that the catalog has taken in, as long as the versions that follow from it are made: a typed view at a later
/// one would change with the catalog.
#[must_use]
pub fn newest_pin() -> Statement {
    Statement::read(
        "SELECT p.commit_seq, (SELECT max(version) FROM schema_snapshots WHERE commit_seq <= p.commit_seq) \
         FROM (SELECT coalesce( \
             (SELECT min(commit_seq) - 1 FROM catalog_log WHERE item_no = 0 AND changes <> '[]' \
                AND commit_seq > (SELECT max(commit_seq) FROM schema_snapshots)), \
             (SELECT max(commit_seq) FROM catalog_log), 0) AS commit_seq) AS p",
    )
}

/// Reads the row of [`newest_pin`]. `None` if it isn't one.
#[must_use]
pub fn read_pin(row: &[Value]) -> Option<Pin> {
    let [commit_seq, version] = row else { return None };
    Some(Pin { schema_version: version.as_i64()?, commit_seq: commit_seq.as_i64()? })
}

/// A query that is saved, as whoever made it wants it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Query {
    pub name: String,
    pub description: Option<String>,
    pub sql_text: String,
    pub parameters: Option<Value>,
    /// Columns that name a row, if somebody said so.
    pub key_columns: Option<Vec<String>>,
}

/// What a query gave at a point in time.
#[derive(Debug, Clone, PartialEq)]
pub struct Pinned {
    pub pin: Pin,
    pub ast_hash: String,
    pub reads: Reads,
    pub fingerprint: Fingerprint,
    /// The result as JSON, if it's small.
    pub kept: Option<String>,
}

/// Who makes a revision.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Event<'a> {
    pub id: Uuid,
    pub by: &'a str,
}

/// Makes a report, unless there is or was one with this id.
#[must_use]
pub fn create(report: Uuid, event: Event<'_>, query: &Query, pinned: &Pinned) -> Statement {
    let key = query.key_columns.as_ref().map(json);
    let parameters = query.parameters.as_ref().map(json);
    Statement::repeatable(format!(
        "INSERT INTO report_log SELECT {id}, 1, 'created', {event}, {NOW}, {by}, {name}, {description}, {sql}, {parameters}, {key}, {pinned} \
         WHERE NOT EXISTS (FROM report_log WHERE report_id = {id})",
        id = Literal::Uuid(report),
        event = Literal::Uuid(event.id),
        by = Literal::Text(event.by),
        name = Literal::Text(&query.name),
        description = Literal::optional(query.description.as_deref(), Literal::Text),
        sql = Literal::Text(&query.sql_text),
        parameters = Literal::optional(parameters.as_deref(), Literal::Json),
        key = Literal::optional(key.as_deref(), Literal::Json),
        pinned = pinned_literals(pinned),
    ))
}

fn pinned_literals(pinned: &Pinned) -> String {
    format!(
        "{}, {}, {}, {}, {}, {}",
        Literal::Text(&pinned.ast_hash),
        Literal::Json(&json(&pinned.reads)),
        pinned.pin.schema_version,
        pinned.pin.commit_seq,
        Literal::Json(&json(&pinned.fingerprint)),
        Literal::optional(pinned.kept.as_deref(), Literal::Text),
    )
}

/// Pins a report anew, if `seen` is still its last revision.
#[must_use]
pub fn refresh(report: Uuid, event: Event<'_>, seen: i64, pinned: &Pinned) -> Statement {
    next_revision(report, event, seen, "refreshed", &pinned_literals(pinned))
}

/// Deletes a report, if `seen` is still its last revision. Its revisions and checks stay.
#[must_use]
pub fn delete(report: Uuid, event: Event<'_>, seen: i64) -> Statement {
    next_revision(
        report,
        event,
        seen,
        "deleted",
        "ast_hash, reads, schema_version, commit_seq, fingerprint, CAST(NULL AS VARCHAR)",
    )
}

fn next_revision(report: Uuid, event: Event<'_>, seen: i64, action: &str, pinned: &str) -> Statement {
    Statement::repeatable(format!(
        "INSERT INTO report_log \
         SELECT report_id, revision + 1, '{action}', {event}, {NOW}, {by}, name, description, sql_text, parameters, key_columns, {pinned} \
         FROM report_log WHERE report_id = {id} AND revision = {seen} AND action <> 'deleted' \
           AND NOT EXISTS (FROM report_log WHERE report_id = {id} AND revision > {seen})",
        event = Literal::Uuid(event.id),
        by = Literal::Text(event.by),
        id = Literal::Uuid(report),
    ))
}

/// The event that made a revision: a row of one text, or none.
#[must_use]
pub fn event_of(report: Uuid, revision: i64) -> Statement {
    Statement::read(format!(
        "SELECT CAST(event_id AS VARCHAR) FROM report_log WHERE report_id = {} AND revision = {revision}",
        Literal::Uuid(report)
    ))
}

/// A report as it's pinned now.
#[derive(Debug, Clone, PartialEq, Deserialize)]
pub struct Stored {
    pub report_id: Uuid,
    pub revision: i64,
    #[serde(flatten)]
    pub query: Query,
    pub ast_hash: String,
    pub reads: Reads,
    #[serde(flatten)]
    pub pin: Pin,
    pub is_kept: bool,
    pub created_at: String,
    pub created_by: String,
    pub pinned_at: String,
    pub pinned_by: String,
}

/// A report that isn't deleted: one text for [`read_document`], or none.
#[must_use]
pub fn find(report: Uuid) -> Statement {
    Statement::read(format!(
        "SELECT CAST(to_json(t) AS VARCHAR) FROM ( \
           SELECT report_id, revision, name, description, sql_text, parameters, key_columns, ast_hash, reads, schema_version, commit_seq, \
                  is_kept, {} AS created_at, created_by, {} AS pinned_at, pinned_by FROM reports WHERE report_id = {}) AS t",
        time("created_at"),
        time("pinned_at"),
        Literal::Uuid(report)
    ))
}

/// A result of one JSON text. `None` if it isn't that.
#[must_use]
pub fn read_document<T: serde::de::DeserializeOwned>(row: &[Value]) -> Option<T> {
    serde_json::from_str(row.first()?.as_str()?).ok()
}

/// What a report gave, and what the last look at it found.
#[derive(Debug, Clone, PartialEq, Deserialize)]
pub struct Known {
    pub fingerprint: Fingerprint,
    pub check: Option<Check>,
}

/// A look at a report.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schemars", derive(schemars::JsonSchema))]
pub struct Check {
    /// UTC.
    pub checked_at: String,
    /// The point in time that it was held against.
    #[serde(flatten)]
    pub pin: Pin,
    #[serde(flatten)]
    pub finding: Finding,
}

/// The [`Known`] of a report: one text for [`read_document`], or none.
#[must_use]
pub fn known(report: Uuid) -> Statement {
    Statement::read(format!(
        "SELECT CAST(json_object('fingerprint', fingerprint, 'check', CASE WHEN checked_at IS NOT NULL THEN json_merge_patch(finding, \
                json_object('checked_at', {}, 'schema_version', checked_version, 'commit_seq', checked_commit)) END) AS VARCHAR) \
         FROM reports WHERE report_id = {}",
        time("checked_at"),
        Literal::Uuid(report)
    ))
}

/// A part of the kept result of a report's revision: a text, empty after the last.
#[must_use]
pub fn kept(report: Uuid, revision: i64, part: usize) -> Statement {
    Statement::read(format!(
        "SELECT coalesce(substr(kept_result, {}, {KEPT_PAGE}), '') FROM report_log WHERE report_id = {} AND revision = {revision}",
        part * KEPT_PAGE + 1,
        Literal::Uuid(report)
    ))
}

/// Whether there are parts of a kept result after one of so many characters.
#[must_use]
pub const fn is_last_part(characters: usize) -> bool {
    characters < KEPT_PAGE
}

/// A line of the list of reports.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schemars", derive(schemars::JsonSchema))]
pub struct Summary {
    pub report_id: Uuid,
    pub revision: i64,
    pub name: String,
    #[serde(flatten)]
    pub pin: Pin,
    pub created_at: String,
    pub created_by: String,
    pub pinned_at: String,
    /// What the last look at it found: `unchecked`, `unchanged`, `data_changed`, `schema_changed`, `fails`.
    pub state: String,
    pub reason: Option<String>,
    pub checked_at: Option<String>,
    /// How far the last look went: there may have been commits since.
    pub checked_commit: Option<i64>,
}

/// Reports, the newest first, after one of them: a JSON text each for [`read_document`].
#[must_use]
pub fn list(after: Option<Uuid>, state: Option<&str>) -> Statement {
    let after = after.map_or_else(
        || "true".to_string(),
        |id| {
            format!(
                "(reports.created_at, report_id) < (SELECT (recorded_at, report_id) FROM report_log WHERE report_id = {} AND revision = 1)",
                Literal::Uuid(id)
            )
        },
    );
    let state = state.map_or_else(|| "true".to_string(), |state| format!("state = {}", Literal::Text(state)));
    Statement::read(format!(
        "SELECT CAST(to_json(t) AS VARCHAR) FROM ( \
           SELECT report_id, revision, name, schema_version, commit_seq, {} AS created_at, created_by, {} AS pinned_at, state, \
                  left(reason, {REASON}) AS reason, {} AS checked_at, checked_commit FROM reports \
           WHERE {after} AND {state} ORDER BY reports.created_at DESC, report_id DESC LIMIT {PAGE}) AS t",
        time("created_at"),
        time("pinned_at"),
        time("checked_at")
    ))
}

/// What was done with a report.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schemars", derive(schemars::JsonSchema))]
pub struct Revision {
    pub revision: i64,
    /// `created`, `refreshed` or `deleted`.
    pub action: String,
    pub recorded_at: String,
    pub recorded_by: String,
    #[serde(flatten)]
    pub pin: Pin,
    pub row_count: u64,
    pub row_hash: String,
}

/// Revisions of a report, deleted or not, the newest first: a JSON text each for [`read_document`].
#[must_use]
pub fn revisions(report: Uuid, before: Option<i64>) -> Statement {
    Statement::read(format!(
        "SELECT CAST(to_json(t) AS VARCHAR) FROM ( \
           SELECT revision, action, {} AS recorded_at, recorded_by, schema_version, commit_seq, \
                  CAST(fingerprint->>'$.row_count' AS BIGINT) AS row_count, fingerprint->>'$.row_hash' AS row_hash \
           FROM report_log WHERE report_id = {} AND revision < {} ORDER BY revision DESC LIMIT {PAGE}) AS t",
        time("recorded_at"),
        Literal::Uuid(report),
        before.unwrap_or(i64::from(i32::MAX)),
    ))
}

/// A look at a report, in brief.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schemars", derive(schemars::JsonSchema))]
pub struct PastCheck {
    pub revision: i64,
    pub checked_at: String,
    #[serde(flatten)]
    pub pin: Pin,
    pub state: String,
    pub reason: String,
}

/// The last looks at a report: a JSON text each for [`read_document`].
#[must_use]
pub fn checks(report: Uuid) -> Statement {
    Statement::read(format!(
        "SELECT CAST(to_json(t) AS VARCHAR) FROM ( \
           SELECT revision, {} AS checked_at, schema_version, commit_seq, state, left(reason, {REASON}) AS reason \
           FROM report_checks WHERE report_id = {} ORDER BY report_checks.checked_at DESC LIMIT {PAGE}) AS t",
        time("report_checks.checked_at"),
        Literal::Uuid(report)
    ))
}

/// Where a revision is pinned: one row for [`read_pin`], or none.
#[must_use]
pub fn pin_of(report: Uuid, revision: i64) -> Statement {
    Statement::read(format!(
        "SELECT commit_seq, schema_version FROM report_log WHERE report_id = {} AND revision = {revision} AND action <> 'deleted'",
        Literal::Uuid(report)
    ))
}

/// Keeps what a look at a report found. A row more says the same.
#[must_use]
pub fn record_check(report: Uuid, revision: i64, at: Timestamp, pin: Pin, finding: &Finding) -> Statement {
    let change = finding.change().map(|change| format!("{report} {revision} {change}"));
    Statement::repeatable(format!(
        "INSERT INTO report_checks VALUES ({}, {revision}, {}, {}, {}, '{}', {}, {}, {})",
        Literal::Uuid(report),
        at.literal(),
        pin.schema_version,
        pin.commit_seq,
        finding.state.name(),
        Literal::Text(&finding.reason),
        Literal::Json(&json(finding)),
        change.map_or_else(|| "NULL".to_string(), |change| format!("CAST(md5({}) AS UUID)", Literal::Text(&change))),
    ))
}

/// Reports that were not held against this commit or a later one, those that were looked at longest ago first: rows of (id, how many
/// there are in all).
#[must_use]
pub fn due(newest: Pin, most: usize) -> Statement {
    Statement::read(format!(
        "WITH due AS (FROM reports WHERE coalesce(checked_commit, commit_seq) < {}) \
         SELECT CAST(report_id AS VARCHAR), {} FROM due ORDER BY checked_at NULLS FIRST, report_id LIMIT {most}",
        newest.commit_seq,
        sql::count_of("due"),
    ))
}

/// A report that reads something of the schema.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct Reader {
    pub report_id: Uuid,
    pub name: String,
    pub schema_version: i64,
    pub reads: Reads,
}

/// The reports that read something of the schema, as [`Reader`]s.
#[must_use]
pub fn readers() -> Listing {
    Listing::new(
        "SELECT '' AS scope, '' AS question, CAST(report_id AS VARCHAR) AS name, \
                CAST(json_object('report_id', report_id, 'name', name, 'schema_version', schema_version, 'reads', reads) AS VARCHAR) AS body \
         FROM reports WHERE json_array_length(reads->'$.relations') + json_array_length(reads->'$.sources') > 0"
            .into(),
    )
}

/// Loads that happened to what a query reads.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schemars", derive(schemars::JsonSchema))]
pub struct LoadCause {
    pub commit_seq: i64,
    /// `load` or `retraction`.
    pub kind: String,
    pub bucket: String,
    pub key: String,
    pub dataset: String,
    /// The source table, or the annotated dataset.
    pub source: Option<String>,
    pub rows: u64,
    /// Rows of the object's earlier content, which are no longer visible.
    pub rows_replaced: Option<u64>,
    pub committed_at: String,
}

/// Loads and retractions of what a query reads, after one point in time until another, the newest first: rows of (JSON text of a
/// [`LoadCause`], how many there are in all, the newest).
#[must_use]
pub fn loads_between(reads: &Reads, after: Pin, until: Pin) -> Statement {
    let of_rows = |dataset: &str, source: &str| {
        let each = reads.rows().into_iter().map(|rows| match rows.source {
            Some(name) => format!("({dataset} = '{}' AND {source} = {})", rows.dataset, Literal::Text(&name)),
            None => format!("{dataset} = '{}'", rows.dataset),
        });
        let each: Vec<String> = each.collect();
        if each.is_empty() { "false".to_string() } else { each.join(" OR ") }
    };
    Statement::read(format!(
        "WITH causes AS ( \
           FROM (SELECT c.*, p.dataset AS old_dataset, p.source AS old_source, CASE p.kind WHEN 'load' THEN p.row_count END AS replaced \
                 FROM (FROM commits WHERE commit_seq > {} AND commit_seq <= {} AND kind <> 'decision') AS c \
                 ASOF LEFT JOIN commits AS p ON p.bucket = c.bucket AND p.key = c.key AND c.commit_seq > p.commit_seq) \
           WHERE {} OR {}) \
         SELECT CAST(to_json({{'commit_seq': commit_seq, 'kind': kind, 'bucket': bucket, 'key': left(key, {NAME}), 'dataset': dataset, \
                 'source': left(source, {NAME}), 'rows': row_count, 'rows_replaced': replaced, 'committed_at': {}}}) AS VARCHAR), \
                {}, (SELECT max(commit_seq) FROM causes) \
         FROM causes ORDER BY commit_seq DESC LIMIT {CAUSES}",
        after.commit_seq,
        until.commit_seq,
        of_rows("dataset", "source"),
        of_rows("old_dataset", "old_source"),
        time("committed_at"),
        sql::count_of("causes"),
    ))
}

/// Reads a row of [`loads_between`]. `None` if it isn't one.
#[must_use]
pub fn read_load(row: &[Value]) -> Option<(LoadCause, u64, i64)> {
    let [load, all, newest] = row else { return None };
    Some((serde_json::from_str(load.as_str()?).ok()?, all.as_u64()?, newest.as_i64()?))
}

/// A change of the schema, and what caused it.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct SchemaCause {
    pub version: i64,
    pub commit_seq: i64,
    /// Who decided what and why, if it was a decision.
    pub decision: Option<Value>,
    #[serde(flatten)]
    pub change: Change,
}

/// Changes of the schema after one point in time until another, of entity types and fields that a query can notice, the newest first:
/// rows for [`read_schema_change`], and how many there were of all kinds.
#[must_use]
pub fn schema_changes_between(reads: &Reads, after: Pin, until: Pin) -> Statement {
    let sources: Vec<String> = reads.sources.iter().map(|source| Literal::Text(source).to_string()).collect();
    let fields = match (reads.has_all_fields(), sources.is_empty()) {
        (true, _) => "true".to_string(),
        (false, true) => "false".to_string(),
        (false, false) => format!("(change->>'$.scope') IN ({})", sources.join(", ")),
    };
    Statement::read(format!(
        "WITH changes AS (SELECT version, commit_seq, unnest(CAST(diff AS JSON[])) AS change FROM schema_snapshots \
                          WHERE commit_seq > {} AND commit_seq <= {}), \
              noticed AS (FROM changes WHERE CASE change->>'$.kind' WHEN 'entity_type' THEN {} ELSE {fields} END) \
         SELECT n.version, n.commit_seq, CAST(n.change AS VARCHAR), CAST(c.decision AS VARCHAR), {}, {} \
         FROM noticed AS n JOIN commits AS c USING (commit_seq) ORDER BY n.commit_seq DESC, CAST(n.change AS VARCHAR) LIMIT {SCHEMA_CHANGES}",
        after.commit_seq,
        until.commit_seq,
        reads.has_entity_types(),
        sql::count_of("noticed"),
        sql::count_of("changes"),
    ))
}

/// How many changes of all kinds there were, when [`schema_changes_between`] gives no row: one number.
#[must_use]
pub fn count_schema_changes(after: Pin, until: Pin) -> Statement {
    Statement::read(format!(
        "SELECT CAST(coalesce(sum(json_array_length(diff)), 0) AS BIGINT) FROM schema_snapshots WHERE commit_seq > {} AND commit_seq <= {}",
        after.commit_seq, until.commit_seq
    ))
}

/// Changes that are looked at: a definition has a few hundred characters.
pub const SCHEMA_CHANGES: usize = 60;

/// Reads a row of [`schema_changes_between`], with how many can be noticed and how many there are in all. `None` if it isn't one.
#[must_use]
pub fn read_schema_change(row: &[Value]) -> Option<(SchemaCause, u64, u64)> {
    let [version, commit_seq, change, decision, noticed, all] = row else { return None };
    let decision = match decision.as_str() {
        Some(decision) => Some(serde_json::from_str(decision).ok()?),
        None => None,
    };
    let cause = SchemaCause {
        version: version.as_i64()?,
        commit_seq: commit_seq.as_i64()?,
        decision,
        change: serde_json::from_str(change.as_str()?).ok()?,
    };
    Some((cause, noticed.as_u64()?, all.as_u64()?))
}

fn json(value: &impl Serialize) -> String {
    // Everything in it has a JSON text.
    serde_json::to_string(value).unwrap_or_else(|_| "null".to_string())
}
