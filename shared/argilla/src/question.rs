//! The parts of a question in an export: columns named after it.

use serde_json::Value;

use crate::{
    Record,
    kind::{Kind, time},
    model::Question,
};

/// Ends of the columns of a question that the landing contract knows. A column of another origin that ends so would be taken for one.
pub(crate) const PARTS: [&str; 6] =
    [".responses", ".responses.users", ".responses.status", ".suggestion", ".suggestion.score", ".suggestion.agent"];

/// Ends of the columns with times, which the export of Argilla's client doesn't have.
const TIMES: [&str; 3] = [".responses.inserted_at", ".responses.updated_at", ".suggestion.updated_at"];

/// The columns of a question and their types, in order.
pub(crate) fn columns(question: &Question) -> Vec<(String, Kind)> {
    let value = Kind::of_question(&question.settings.kind);
    let kinds = [
        Kind::list(value.clone()),
        Kind::list(Kind::Text),
        Kind::list(Kind::Text),
        value,
        Kind::Number,
        Kind::Text,
        Kind::list(Kind::Time),
        Kind::list(Kind::Time),
        Kind::Time,
    ];
    let ends = PARTS.iter().chain(&TIMES);
    ends.zip(kinds).map(|(end, kind)| (format!("{}{end}", question.name), kind)).collect()
}

/// What was answered to a question of a record, and suggested for it, in the order of [`columns`].
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Answers {
    values: Vec<Value>,
}

impl Answers {
    /// As Argilla's client exports them: a list with an item for each user who answered the question. One who discarded the record
    /// without a value has NULL. Without any the columns are NULL.
    #[must_use]
    pub fn of(question: &Question, record: &Record) -> Self {
        let mut lists: [Vec<Value>; 5] = Default::default();
        for response in &record.responses {
            let value =
                response.values.as_ref().and_then(|values| values.get(&question.name)).map(|answer| &answer.value);
            // Who left a question out that needn't be answered has no answer; who discarded the record has one to each.
            let Some(value) = value.or((response.status == "discarded").then_some(&Value::Null)) else {
                continue;
            };
            let user = response.user_id.map_or(Value::Null, |user| Value::String(user.to_string()));
            let [values, users, statuses, inserted, updated] = &mut lists;
            values.push(value.clone());
            users.push(user);
            statuses.push(Value::String(response.status.clone()));
            inserted.push(time(&response.inserted_at));
            updated.push(time(&response.updated_at));
        }
        let [responses, users, statuses, inserted, updated] =
            lists.map(|list| if list.is_empty() { Value::Null } else { Value::Array(list) });
        let suggestion = record.suggestions.iter().find(|suggestion| suggestion.question_id == question.id);
        let suggested = |part: fn(&crate::Suggestion) -> Value| suggestion.map_or(Value::Null, part);
        Self {
            values: vec![
                responses,
                users,
                statuses,
                suggested(|suggestion| suggestion.value.clone()),
                suggested(|suggestion| suggestion.score.clone().unwrap_or_default()),
                suggested(|suggestion| suggestion.agent.clone().map_or(Value::Null, Value::String)),
                inserted,
                updated,
                suggested(|suggestion| time(&suggestion.updated_at)),
            ],
        }
    }

    pub(crate) fn into_values(self) -> Vec<Value> {
        self.values
    }
}
