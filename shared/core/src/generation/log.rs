//! The statements of verified queries and of the log of generations (`sql/motherduck/queries.sql`).

use alloc::{
    format,
    string::{String, ToString},
    vec::Vec,
};

use serde::Serialize;
use serde_json::Value;
use uuid::Uuid;

use super::examples::{Example, telling};
use crate::{
    sql::{Literal, Statement},
    time::Timestamp,
};

/// Verified queries of one page: at 4,700 characters each at most, within the 50,000 of an answer of the warehouse.
const PAGE: usize = 9;

/// Candidates for examples: those with the most words of the question. They too are within one answer.
const CANDIDATES: usize = 10;

/// Words of a question that candidates are looked for by.
const WORDS: usize = 40;

/// A query that somebody marked as the right one for a question.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "schemars", derive(schemars::JsonSchema))]
pub struct VerifiedQuery {
    pub id: String,
    pub question: String,
    pub sql: String,
    pub note: Option<String>,
    pub verified_by: String,
    /// UTC, as RFC 3339 has it.
    pub verified_at: String,
    /// The newest version of the schema then.
    pub schema_version: i64,
}

/// Keeps a verified query.
#[must_use]
pub fn keep_verified(
    id: Uuid,
    at: Timestamp,
    by: &str,
    query: (&str, &str, Option<&str>),
    ast_hash: &str,
    schema_version: i64,
) -> Statement {
    let (question, sql, note) = query;
    event(
        id,
        at,
        by,
        "verified",
        &[
            Literal::Text(question).to_string(),
            Literal::Text(sql).to_string(),
            Literal::Text(ast_hash).to_string(),
            Literal::optional(note, Literal::Text).to_string(),
            schema_version.to_string(),
        ],
    )
}

/// Takes a verified query back. Its row stays.
#[must_use]
pub fn withdraw(id: Uuid, at: Timestamp, by: &str) -> Statement {
    event(id, at, by, "withdrawn", &["NULL", "NULL", "NULL", "NULL", "NULL"].map(ToString::to_string))
}

/// Events say the same however often they are there.
fn event(id: Uuid, at: Timestamp, by: &str, event: &str, rest: &[String; 5]) -> Statement {
    Statement::repeatable(format!(
        "INSERT INTO verified_query_events VALUES ({}, {}, {}, '{event}', {})",
        Literal::Uuid(id),
        at.literal(),
        Literal::Text(by),
        rest.join(", ")
    ))
}

const VERIFIED: &str = "CAST(query_id AS VARCHAR), question, sql_text, note, verified_by, \
                        strftime(verified_at, '%Y-%m-%dT%H:%M:%S.%fZ'), schema_version";

/// Verified queries, the newest first, before the one with the id `before`: rows for [`read_verified`], and one more if there are more.
/// Ids are ordered by time.
#[must_use]
pub fn verified(before: Option<Uuid>) -> (Statement, usize) {
    let condition = before.map_or_else(|| "true".to_string(), |id| format!("query_id < {}", Literal::Uuid(id)));
    let select =
        format!("SELECT {VERIFIED} FROM verified_queries WHERE {condition} ORDER BY query_id DESC LIMIT {}", PAGE + 1);
    (Statement::read(select), PAGE)
}

/// One verified query.
#[must_use]
pub fn verified_one(id: Uuid) -> Statement {
    Statement::read(format!("SELECT {VERIFIED} FROM verified_queries WHERE query_id = {}", Literal::Uuid(id)))
}

/// Reads a row of [`verified`]. `None` if it isn't one.
#[must_use]
pub fn read_verified(row: &[Value]) -> Option<VerifiedQuery> {
    let [id, question, sql, note, by, at, version] = row else { return None };
    let text = |value: &Value| value.as_str().map(ToString::to_string);
    Some(VerifiedQuery {
        id: text(id)?,
        question: text(question)?,
        sql: text(sql)?,
        note: text(note),
        verified_by: text(by)?,
        verified_at: text(at)?,
        schema_version: version.as_i64()?,
    })
}

/// Verified queries that may be [picked](super::pick) for a question: rows for [`read_candidate`], the newest first among equals.
#[must_use]
pub fn candidates(question: &str) -> Statement {
    // By the beginnings of words: `flagged` and `flags` are both looked for as `flag`.
    let words = telling(question).into_iter().take(WORDS).map(|word| word.stem.chars().take(4).collect::<String>());
    let mut shared: Vec<String> =
        words.map(|word| format!("CAST(contains(q, {}) AS INTEGER)", Literal::Text(&word))).collect();
    // A bare number would be the place of a column.
    shared.push("CAST(0 AS INTEGER)".to_string());
    Statement::read(format!(
        "SELECT CAST(query_id AS VARCHAR), question, sql_text FROM (SELECT *, lower(question) AS q FROM verified_queries) \
         ORDER BY {} DESC, query_id DESC LIMIT {CANDIDATES}",
        shared.join(" + ")
    ))
}

/// Reads a row of [`candidates`]. `None` if it isn't one.
#[must_use]
pub fn read_candidate(row: &[Value]) -> Option<Example> {
    let [id, question, sql] = row else { return None };
    let text = |value: &Value| value.as_str().map(ToString::to_string);
    Some(Example { id: text(id)?, question: text(question)?, sql: text(sql)? })
}

/// A question that a model is asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Asked<'a> {
    pub id: Uuid,
    pub at: Timestamp,
    pub by: &'a str,
    pub question: &'a str,
    pub model: &'a str,
    pub schema_version: i64,
}

/// How many questions models were asked within the last 24 hours, whatever became of them: one number.
#[must_use]
pub fn asked_today(now: Timestamp) -> Statement {
    Statement::read(format!(
        "SELECT count(DISTINCT generation_id) FROM generation_events WHERE event = 'asked' AND recorded_at > {} - INTERVAL 1 DAY",
        now.literal()
    ))
}

/// Notes that a model is asked, before it is: so that no question is asked that isn't counted.
#[must_use]
pub fn started(asked: &Asked<'_>) -> Statement {
    generation(asked, asked.at, "asked", 0, None, None)
}

/// Notes what became of it: the query, or why there's none.
#[must_use]
pub fn ended(asked: &Asked<'_>, at: Timestamp, attempts: u32, outcome: Result<&str, &str>) -> Statement {
    match outcome {
        Ok(sql) => generation(asked, at, "answered", attempts, Some(sql), None),
        Err(reason) => generation(asked, at, "failed", attempts, None, Some(reason)),
    }
}

fn generation(
    asked: &Asked<'_>,
    at: Timestamp,
    event: &str,
    attempts: u32,
    sql: Option<&str>,
    detail: Option<&str>,
) -> Statement {
    Statement::repeatable(format!(
        "INSERT INTO generation_events VALUES ({id}, {at}, {by}, '{event}', {question}, {model}, {version}, {attempts}, {sql}, {detail})",
        id = Literal::Uuid(asked.id),
        at = at.literal(),
        by = Literal::Text(asked.by),
        question = Literal::Text(asked.question),
        model = Literal::Text(asked.model),
        version = asked.schema_version,
        sql = Literal::optional(sql, Literal::Text),
        detail = Literal::optional(detail, Literal::Text),
    ))
}
