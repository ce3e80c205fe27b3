//! A row as the landing contract has it: for a copy elsewhere that readers know the columns of.

use serde_json::{Map, Value};

use crate::{Layout, Row, question::PARTS};

/// What the parts of a question are called within it, in the order of their columns' ends.
const PART_NAMES: [&str; 6] = ["responses", "users", "status", "suggestion", "score", "agent"];

/// Columns that are no part of a question and have a place of their own.
const OWN: [&str; 6] = ["id", "status", "_server_id", "text", "document_id", "annotated_at"];

/// A record as readers of the relation `annotations` see it.
#[derive(Debug, Clone, PartialEq)]
pub struct Annotation {
    pub record_id: String,
    pub server_id: Option<String>,
    pub document_id: Option<String>,
    pub status: Option<String>,
    pub text: Option<String>,
    /// UTC, without a zone.
    pub annotated_at: Option<String>,
    /// By question: `{responses, users, status, suggestion, score, agent}`.
    pub questions: Value,
    /// All other columns.
    pub extra: Value,
}

impl Annotation {
    #[must_use]
    pub fn of(layout: &Layout, row: &Row) -> Self {
        let mut cells: Map<String, Value> = row.cells().map(|(name, value)| (name.to_owned(), value.clone())).collect();
        let mut questions = Map::new();
        for question in layout.questions() {
            let mut part = |end: &str| cells.remove(&format!("{}{end}", question.name)).unwrap_or_default();
            let parts = PART_NAMES.iter().zip(PARTS).map(|(name, end)| ((*name).to_owned(), part(end)));
            questions.insert(question.name.clone(), Value::Object(parts.collect()));
        }
        let [record_id, status, server_id, text, document_id, annotated_at] = OWN.map(|name| {
            // Of a value that is no text or number, such as a chat, the readers' column has nothing: it stays among the others.
            let is_plain = cells.get(name).is_some_and(|value| !value.is_array() && !value.is_object());
            let value = if is_plain { cells.remove(name) } else { None };
            match value {
                None | Some(Value::Null) => None,
                Some(Value::String(text)) => Some(text),
                Some(other) => Some(other.to_string()),
            }
        });
        Self {
            record_id: record_id.unwrap_or_default(),
            server_id,
            document_id,
            status,
            text,
            annotated_at,
            questions: Value::Object(questions),
            extra: Value::Object(cells),
        }
    }
}
