//! What Argilla's REST API gives (`argilla_server.api.schemas.v1` of argilla-server 2.8.0), as far as it's read here. Times are text as
//! the server spells them: UTC, without a zone.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use uuid::Uuid;

#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct Workspace {
    pub id: Uuid,
    pub name: String,
}

#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct Dataset {
    pub id: Uuid,
    pub name: String,
    /// `ready` once it's published; a `draft` has no records.
    pub status: String,
    pub workspace_id: Uuid,
}

#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct Question {
    pub id: Uuid,
    pub name: String,
    pub settings: QuestionSettings,
}

#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct QuestionSettings {
    /// `span`, `text`, `rating`, `label_selection`, `multi_label_selection`, `ranking`, or one that isn't known here.
    #[serde(rename = "type")]
    pub kind: String,
}

/// Records in the order of their insertion.
#[derive(Debug, Clone, PartialEq, Deserialize)]
pub struct Page {
    pub items: Vec<Record>,
    /// How many the dataset has.
    pub total: u64,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Record {
    pub id: Uuid,
    /// `pending` or `completed`.
    pub status: String,
    pub fields: Map<String, Value>,
    #[serde(default)]
    pub metadata: Option<Map<String, Value>>,
    /// The id that whoever logged the record gave it.
    #[serde(default)]
    pub external_id: Option<String>,
    /// They have to be there: a record without them would look as if nobody had answered.
    pub responses: Vec<Response>,
    pub suggestions: Vec<Suggestion>,
    pub inserted_at: String,
    pub updated_at: String,
}

/// What a user answered to all questions of a record.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Response {
    /// By the question's name.
    #[serde(default)]
    pub values: Option<BTreeMap<String, Answer>>,
    /// `submitted`, `draft` or `discarded`.
    pub status: String,
    #[serde(default)]
    pub user_id: Option<Uuid>,
    pub inserted_at: String,
    pub updated_at: String,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Answer {
    pub value: Value,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Suggestion {
    pub question_id: Uuid,
    pub value: Value,
    /// A number, or one for each item of the value.
    #[serde(default)]
    pub score: Option<Value>,
    #[serde(default)]
    pub agent: Option<String>,
    pub inserted_at: String,
    pub updated_at: String,
}

impl Record {
    /// The id by which exports know the record.
    #[must_use]
    pub fn record_id(&self) -> String {
        match &self.external_id {
            Some(id) if !id.trim_matches(' ').is_empty() => id.clone(),
            _ => self.id.to_string(),
        }
    }
}
