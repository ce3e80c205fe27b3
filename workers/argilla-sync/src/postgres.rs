//! Rows in a table of PostgreSQL, for as long as somebody may have to go back to it.

use std::time::Duration;

use living_argilla::{Annotation, Part};
use living_kit::{ConfigError, PostgresSettings, optional_var};
use living_postgres::{Connection, Limits, Network, within};
use serde_json::{Map, Value};
use worker::Env;

use crate::{Destination, Failure, Output};

/// The table, in the configured schema (`sql/postgresql/annotations.sql`). What the API serves from PostgreSQL are relations of that
/// schema, so a query of `annotations` is answered by either database.
const TABLE: &str = "annotations";

/// Text of the rows of one statement, in bytes, at most but for the last row's.
const STATEMENT_BYTES: usize = 1 << 20;

/// For a connection and all statements of a step.
const TIME_LIMIT: Duration = Duration::from_mins(1);

/// What a statement may take, as the database counts.
const STATEMENT_MILLIS: &str = "20000";

/// Where the table is, if `WRITE_POSTGRES` is `true`.
///
/// # Errors
/// Which variable is missing or makes no sense.
pub(crate) fn settings(env: &Env) -> Result<Option<PostgresSettings>, ConfigError> {
    const SWITCH: &str = "WRITE_POSTGRES";
    match optional_var(env, SWITCH).as_deref() {
        None | Some("false") => Ok(None),
        Some("true") => PostgresSettings::read(env).map(Some),
        Some(_) => Err(ConfigError::Invalid { name: SWITCH, reason: "it has to be true or false".to_owned() }),
    }
}

/// The table.
#[derive(Debug)]
pub(crate) struct PostgresTable<N> {
    pub(crate) settings: PostgresSettings,
    pub(crate) network: N,
}

impl<N: Network> Destination for PostgresTable<N> {
    async fn may_have(&self, _key: &str, attempt: u32) -> Result<bool, Failure> {
        Ok(attempt > 1)
    }

    async fn stands(&self, _part: &Part) -> Result<bool, Failure> {
        Ok(true)
    }

    async fn write(&self, output: Output<'_>) -> Result<Option<Part>, Failure> {
        let annotations = output.rows.iter().map(|row| Annotation::of(output.layout, row));
        let statements = upserts(&self.settings.schema, &output.source.folder, annotations);
        match within(&self.network, TIME_LIMIT, self.run(&statements)).await {
            Some(ran) => ran.map(|()| None),
            None => Err(Failure::Passing(format!("PostgreSQL: not done within {} s", TIME_LIMIT.as_secs()))),
        }
    }
}

impl<N: Network> PostgresTable<N> {
    /// One after the other. Each is whole by itself, and may run again.
    async fn run(&self, statements: &[String]) -> Result<(), Failure> {
        let PostgresSettings { address, credentials, .. } = &self.settings;
        let parameters = [
            ("application_name", "living-schema-argilla-sync"),
            ("statement_timeout", STATEMENT_MILLIS),
            ("search_path", "pg_catalog"),
            ("standard_conforming_strings", "on"),
            ("TimeZone", "UTC"),
        ];
        let failed = |error: String| Failure::Passing(format!("PostgreSQL: {error}"));
        let opened = Connection::open(&self.network, address, credentials, &parameters).await;
        let mut connection = opened.map_err(|error| failed(error.to_string()))?;
        for statement in statements {
            let outcomes = connection.run(&[statement], Limits { rows: 1, bytes: 1 << 20 }).await;
            for outcome in outcomes.map_err(|error| failed(error.to_string()))? {
                outcome.map_err(|error| failed(error.to_string()))?;
            }
        }
        Ok(())
    }
}

/// Statements that put annotations into the table, in place of what is there of the same records.
fn upserts(schema: &str, dataset: &str, annotations: impl Iterator<Item = Annotation>) -> Vec<String> {
    let head = format!(
        "INSERT INTO {}.{} (dataset, record_id, server_id, document_id, status, text, annotated_at, questions, extra) VALUES ",
        identifier(schema),
        identifier(TABLE)
    );
    let tail = " ON CONFLICT (dataset, record_id) DO UPDATE SET server_id = excluded.server_id, \
                document_id = excluded.document_id, status = excluded.status, text = excluded.text, \
                annotated_at = excluded.annotated_at, questions = excluded.questions, extra = excluded.extra, \
                synced_at = now()";
    let mut statements = Vec::new();
    let mut rows = String::new();
    for annotation in annotations {
        if !rows.is_empty() {
            rows.push_str(", ");
        }
        rows.push_str(&values(dataset, annotation));
        if rows.len() >= STATEMENT_BYTES {
            statements.push(format!("{head}{rows}{tail}"));
            rows.clear();
        }
    }
    if !rows.is_empty() {
        statements.push(format!("{head}{rows}{tail}"));
    }
    statements
}

fn values(dataset: &str, annotation: Annotation) -> String {
    let Annotation { record_id, server_id, document_id, status, text, annotated_at, questions, extra } = annotation;
    let optional = |text: Option<String>| text.map_or_else(|| "NULL".to_owned(), |text| literal(&text));
    let json = |value: Value| literal(&without_nul(value).to_string());
    format!(
        "({}, {}, {}, {}, {}, {}, {}::timestamp, {}::jsonb, {}::jsonb)",
        literal(dataset),
        literal(&record_id),
        optional(server_id),
        optional(document_id),
        optional(status),
        optional(text),
        optional(annotated_at),
        json(questions),
        json(extra)
    )
}

/// PostgreSQL has no NUL in its texts, nor in JSON.
fn without_nul(value: Value) -> Value {
    match value {
        Value::String(text) => Value::String(replace_nul(&text)),
        Value::Array(items) => Value::Array(items.into_iter().map(without_nul).collect()),
        Value::Object(parts) => {
            let parts = parts.into_iter().map(|(name, value)| (replace_nul(&name), without_nul(value)));
            Value::Object(parts.collect::<Map<_, _>>())
        }
        other => other,
    }
}

fn replace_nul(text: &str) -> String {
    text.replace('\0', "\u{fffd}")
}

fn identifier(name: &str) -> String {
    format!("\"{}\"", name.replace('"', "\"\""))
}

/// With standard strings nothing but the quote is special.
fn literal(text: &str) -> String {
    format!("'{}'", replace_nul(text).replace('\'', "''"))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn annotation(text: &str) -> Annotation {
        Annotation {
            record_id: "r'1".into(),
            server_id: None,
            document_id: None,
            status: Some("completed".into()),
            text: Some(text.into()),
            annotated_at: Some("2026-11-29T17:00:00.000000".into()),
            questions: json!({ "e\0": ["a\0'b"] }),
            extra: json!({}),
        }
    }

    #[test]
    fn values_stay_within_their_quotes_and_have_no_nul() {
        let statements = upserts("pub\"lic", "d", std::iter::once(annotation("O'Brien\\\0")));
        let [statement] = statements.as_slice() else { panic!("{statements:?}") };
        assert!(statement.starts_with("INSERT INTO \"pub\"\"lic\".\"annotations\" ("), "{statement}");
        let values = "('d', 'r''1', NULL, NULL, 'completed', 'O''Brien\\\u{fffd}', '2026-11-29T17:00:00.000000'::timestamp, \
             '{\"e\u{fffd}\":[\"a\u{fffd}''b\"]}'::jsonb, '{}'::jsonb)";
        assert!(statement.contains(values), "{statement}");
    }

    #[test]
    fn statements_are_bounded() {
        let long = "x".repeat(STATEMENT_BYTES / 2);
        let statements = upserts("public", "d", (0..5).map(|_| annotation(&long)));
        assert_eq!(statements.len(), 3);
        assert!(statements.iter().all(|statement| statement.len() < 2 * STATEMENT_BYTES));
        assert_eq!(upserts("public", "d", std::iter::empty()), Vec::<String>::new());
    }
}
