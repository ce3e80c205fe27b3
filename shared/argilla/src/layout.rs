//! Records as rows, in the layout of `dataset.records.to_datasets().to_parquet(…)` of Argilla's own client, with the times that it leaves
//! out.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

use arrow_schema::{Field, Schema, SchemaRef};
use serde_json::{Map, Value};

use crate::{
    Answers, Question, Record,
    kind::{Kind, time},
    question::{PARTS, columns},
};

/// Where fields and metadata are kept whose names the layout needs for something else: as one JSON object.
const OTHER_FIELDS: &str = "_fields";
const OTHER_METADATA: &str = "_metadata";

/// The status of a record that is gone from Argilla. Its own are `pending` and `completed`.
const DELETED: &str = "deleted";

/// Columns of every record, before those of its fields and after those of its questions.
const FIRST: [(&str, Kind); 3] = [("id", Kind::Text), ("status", Kind::Text), ("_server_id", Kind::Text)];
const LAST: [(&str, Kind); 3] = [("inserted_at", Kind::Time), ("updated_at", Kind::Time), ("annotated_at", Kind::Time)];

/// A record: values by column, none of which is there twice.
#[derive(Debug, Clone, PartialEq)]
pub struct Row(Vec<(String, Value)>);

impl Row {
    /// Values by column. NULLs are among them.
    pub fn cells(&self) -> impl Iterator<Item = (&str, &Value)> {
        self.0.iter().map(|(name, value)| (name.as_str(), value))
    }

    /// Roughly, in memory.
    #[must_use]
    pub fn bytes(&self) -> usize {
        self.cells().map(|(name, value)| name.len() + size(value)).sum()
    }

    /// A hash of all that is in the row. Equal rows have equal ones, in every build.
    #[must_use]
    pub fn fingerprint(&self) -> u64 {
        let text = serde_json::to_vec(&self.0).unwrap_or_default();
        twox_hash::XxHash64::oneshot(0, &text)
    }
}

fn size(value: &Value) -> usize {
    match value {
        Value::String(text) => 24 + text.len(),
        Value::Array(items) => 24 + items.iter().map(size).sum::<usize>(),
        Value::Object(parts) => 24 + parts.iter().map(|(name, value)| 48 + name.len() + size(value)).sum::<usize>(),
        _ => 24,
    }
}

/// The layout of a dataset's records.
#[derive(Debug, Clone, PartialEq)]
pub struct Layout {
    questions: Vec<Question>,
    /// Types of the columns that every file has.
    expected: BTreeMap<String, Kind>,
}

impl Layout {
    #[must_use]
    pub fn new(mut questions: Vec<Question>) -> Self {
        questions.sort_by(|a, b| a.name.cmp(&b.name));
        let of_questions = questions.iter().flat_map(columns);
        let of_records = FIRST.into_iter().chain(LAST).map(|(name, kind)| (name.to_owned(), kind));
        Self { expected: of_questions.chain(of_records).collect(), questions }
    }

    /// In the order of their names.
    #[must_use]
    pub fn questions(&self) -> &[Question] {
        &self.questions
    }

    /// The row of a record.
    #[must_use]
    pub fn row(&self, record: &Record) -> Row {
        let identity = [record.record_id(), record.status.clone(), record.id.to_string()].map(Value::String);
        let mut row: Vec<(String, Value)> = FIRST.into_iter().map(|(name, _)| name.to_owned()).zip(identity).collect();
        let mut taken = BTreeSet::new();
        row.extend(self.unpacked(&record.fields, OTHER_FIELDS, &mut taken));
        row.extend(self.unpacked(record.metadata.as_ref().unwrap_or(&Map::new()), OTHER_METADATA, &mut taken));
        for question in &self.questions {
            let names = columns(question).into_iter().map(|(name, _)| name);
            row.extend(names.zip(Answers::of(question, record).into_values()));
        }
        let times = [time(&record.inserted_at), time(&record.updated_at), annotated_at(record)];
        row.extend(LAST.into_iter().map(|(name, _)| name.to_owned()).zip(times));
        Row(row)
    }

    /// The row of a record that is gone: it takes the place of what was there, and says so. Nobody answered it any more.
    #[must_use]
    pub fn deleted(&self, record_id: &str, server_id: &str) -> Row {
        let texts = [record_id, DELETED, server_id].map(|text| Value::String(text.to_owned()));
        Row(FIRST.into_iter().map(|(name, _)| name.to_owned()).zip(texts).collect())
    }

    /// Fields or metadata, each a column. Those whose name is another column's, or would be taken for a part of a question, are kept in
    /// the column `others`.
    fn unpacked(
        &self,
        values: &Map<String, Value>,
        others: &str,
        taken: &mut BTreeSet<String>,
    ) -> Vec<(String, Value)> {
        let mut out = Vec::new();
        let mut rest = Map::new();
        for (name, value) in values {
            let is_misleading = PARTS.iter().any(|end| name.ends_with(end));
            let is_free = !name.is_empty() && !self.expected.contains_key(name) && !is_misleading;
            if is_free && ![OTHER_FIELDS, OTHER_METADATA].contains(&name.as_str()) && taken.insert(name.clone()) {
                out.push((name.clone(), value.clone()));
            } else {
                rest.insert(name.clone(), value.clone());
            }
        }
        if !rest.is_empty() {
            out.push((others.to_owned(), Value::Object(rest)));
        }
        out
    }
}

/// Rows of one dataset, with the types of their columns.
#[derive(Debug, Clone, PartialEq)]
pub struct Table {
    pub schema: SchemaRef,
    /// By column's name; what isn't there is NULL.
    pub rows: Vec<Map<String, Value>>,
}

impl Table {
    /// Gives each column the type that all of its values have: the one that the layout expects, else another, else JSON text.
    #[must_use]
    pub fn new(layout: &Layout, rows: Vec<Row>) -> Self {
        let mut names: Vec<String> = Vec::new();
        let mut known = BTreeSet::new();
        let mut add = |name: &str| {
            if known.insert(name.to_owned()) {
                names.push(name.to_owned());
            }
        };
        for (name, _) in FIRST {
            add(name);
        }
        // Fields and metadata, as they come first in the rows.
        for (name, _) in rows.iter().flat_map(Row::cells).filter(|(name, _)| !layout.expected.contains_key(*name)) {
            add(name);
        }
        for (name, _) in layout.questions.iter().flat_map(columns) {
            add(&name);
        }
        for (name, _) in LAST {
            add(name);
        }
        let mut rows: Vec<Map<String, Value>> =
            rows.into_iter().map(|Row(cells)| cells.into_iter().collect()).collect();
        let mut fields = Vec::with_capacity(names.len());
        for name in names {
            let kind = Kind::of_column(layout.expected.get(&name), &rows.iter().filter_map(|row| row.get(&name)));
            if kind == Kind::Json {
                for value in rows.iter_mut().filter_map(|row| row.get_mut(&name)).filter(|value| !value.is_null()) {
                    *value = Value::String(value.to_string());
                }
            }
            fields.push(Field::new(name, kind.data_type(), true));
        }
        Self { schema: Arc::new(Schema::new(fields)), rows }
    }
}

/// When the last of the submitted answers was given.
fn annotated_at(record: &Record) -> Value {
    let submitted = record.responses.iter().filter(|response| response.status == "submitted");
    let times = submitted.map(|response| time(&response.updated_at));
    // The spelling sorts as time does.
    times.max_by(|a, b| a.as_str().cmp(&b.as_str())).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    const USER: &str = "078f7c8b-72e8-5b18-85c2-fccb09c47196";
    const QUESTION: &str = "6bbdaddf-8fbe-4d92-9f6d-f3907401cdd5";

    fn layout(kind: &str) -> Layout {
        Layout::new(vec![
            serde_json::from_value(json!({ "id": QUESTION, "name": "entities", "settings": { "type": kind } }))
                .unwrap(),
        ])
    }

    fn record(changes: &Value) -> Record {
        let mut record = json!({
            "id": "abee8521-5bc7-40e9-a804-5400323eaacb", "status": "completed", "external_id": "r1",
            "fields": { "text": "Ever Given" }, "metadata": { "page": 3 },
            "responses": [{
                "values": { "entities": { "value": [{ "start": 0, "end": 4, "label": "vessel" }] } },
                "status": "submitted", "user_id": USER, "inserted_at": "2026-11-29T17:00:00", "updated_at": "2026-11-29T17:00:01.5",
            }],
            "suggestions": [{
                "question_id": QUESTION, "value": [], "score": null, "agent": "m",
                "inserted_at": "2026-11-29T17:00:00", "updated_at": "2026-11-29T17:00:00",
            }],
            "inserted_at": "2026-11-29T16:00:00.000001", "updated_at": "2026-11-29T16:00:00.000001",
        });
        for (name, value) in changes.as_object().unwrap() {
            record[name] = value.clone();
        }
        serde_json::from_value(record).unwrap()
    }

    fn cell<'r>(row: &'r Row, column: &str) -> &'r Value {
        row.cells().find(|(name, _)| *name == column).map(|(_, value)| value).unwrap()
    }

    #[test]
    fn a_record_is_a_row_as_argillas_client_exports_it_with_its_times() {
        let row = layout("span").row(&record(&json!({})));
        let names: Vec<&str> = row.cells().map(|(name, _)| name).collect();
        assert_eq!(
            names,
            [
                "id",
                "status",
                "_server_id",
                "text",
                "page",
                "entities.responses",
                "entities.responses.users",
                "entities.responses.status",
                "entities.suggestion",
                "entities.suggestion.score",
                "entities.suggestion.agent",
                "entities.responses.inserted_at",
                "entities.responses.updated_at",
                "entities.suggestion.updated_at",
                "inserted_at",
                "updated_at",
                "annotated_at",
            ]
        );
        assert_eq!(cell(&row, "entities.responses"), &json!([[{ "start": 0, "end": 4, "label": "vessel" }]]));
        assert_eq!(cell(&row, "entities.responses.users"), &json!([USER]));
        assert_eq!(cell(&row, "entities.responses.status"), &json!(["submitted"]));
        assert_eq!(cell(&row, "annotated_at"), &json!("2026-11-29T17:00:01.500000"));
    }

    #[test]
    fn a_discarded_record_is_answered_by_null_and_a_question_left_out_is_not() {
        let answered = |status: &str, values: Value| {
            let times = json!({ "inserted_at": "2026-11-29T17:00:00", "updated_at": "2026-11-29T17:00:00" });
            let mut response = json!({ "status": status, "user_id": USER, "values": values });
            response.as_object_mut().unwrap().extend(times.as_object().unwrap().clone());
            let row = layout("span").row(&record(&json!({ "responses": [response] })));
            (cell(&row, "entities.responses").clone(), cell(&row, "annotated_at").clone())
        };
        assert_eq!(answered("discarded", Value::Null), (json!([null]), Value::Null));
        assert_eq!(answered("discarded", json!({})), (json!([null]), Value::Null));
        assert_eq!(answered("draft", json!({})), (Value::Null, Value::Null));
    }

    #[test]
    fn a_table_has_the_types_of_an_export() {
        let layout = layout("span");
        let table = Table::new(&layout, vec![layout.row(&record(&json!({}))), layout.deleted("r2", "s2")]);
        let of = |name: &str| table.schema.field_with_name(name).unwrap().data_type().to_string();
        assert_eq!(of("page"), "Int64");
        assert_eq!(of("annotated_at"), "Timestamp(µs)");
        assert!(of("entities.responses").starts_with("List(List(Struct("), "{}", of("entities.responses"));
        assert_eq!(table.rows.len(), 2);
        assert_eq!(table.rows[1]["status"], "deleted");
    }

    #[test]
    fn nothing_is_lost_whose_name_is_anothers() {
        let metadata =
            json!({ "id": 7, "text": "t", "entities.responses": 1, "x.suggestion": 2, "": 3, "_fields": 4, "page": 5 });
        let row =
            layout("span").row(&record(&json!({ "metadata": metadata, "fields": { "text": "a", "status": "b" } })));
        assert_eq!(cell(&row, "id"), "r1");
        assert_eq!(cell(&row, "text"), "a");
        assert_eq!(cell(&row, "page"), 5);
        assert_eq!(cell(&row, "_fields"), &json!({ "status": "b" }));
        assert_eq!(
            cell(&row, "_metadata"),
            &json!({ "": 3, "_fields": 4, "entities.responses": 1, "id": 7, "text": "t", "x.suggestion": 2 })
        );
    }

    #[test]
    fn a_row_is_an_annotation_as_readers_know_it() {
        let layout = layout("span");
        let row = layout.row(&record(&json!({ "metadata": { "page": 3, "document_id": 12 } })));
        let annotation = crate::Annotation::of(&layout, &row);
        assert_eq!((annotation.record_id.as_str(), annotation.document_id.as_deref()), ("r1", Some("12")));
        assert_eq!((annotation.text.as_deref(), annotation.status.as_deref()), (Some("Ever Given"), Some("completed")));
        assert_eq!(annotation.annotated_at.as_deref(), Some("2026-11-29T17:00:01.500000"));
        assert_eq!(
            annotation.questions,
            json!({ "entities": {
                "responses": [[{ "start": 0, "end": 4, "label": "vessel" }]], "users": [USER], "status": ["submitted"],
                "suggestion": [], "score": null, "agent": "m",
            } })
        );
        assert_eq!(annotation.extra["page"], 3);
        assert_eq!(annotation.extra["entities.responses.updated_at"], json!(["2026-11-29T17:00:01.500000"]));
        let gone = crate::Annotation::of(&layout, &layout.deleted("r2", "s2"));
        assert_eq!((gone.status.as_deref(), &gone.questions["entities"]["responses"]), (Some("deleted"), &Value::Null));
    }

    #[test]
    fn values_that_do_not_fit_are_kept_as_json() {
        let layout = layout("rating");
        let table = Table::new(&layout, vec![layout.row(&record(&json!({ "metadata": { "page": [1, "a"] } })))]);
        assert_eq!(table.rows[0]["page"], r#"[1,"a"]"#);
        assert_eq!(table.rows[0]["entities.responses"], r#"[[{"end":4,"label":"vessel","start":0}]]"#);
    }

    #[test]
    fn every_change_changes_the_fingerprint() {
        let layout = layout("span");
        let print = |changes: Value| layout.row(&record(&changes)).fingerprint();
        let same = print(json!({}));
        assert_eq!(same, print(json!({ "status": "completed" })));
        for change in [
            json!({ "responses": [] }),
            json!({ "suggestions": [] }),
            json!({ "metadata": {} }),
            json!({ "status": "pending" }),
            json!({ "updated_at": "2026-11-29T16:00:00.000002" }),
        ] {
            assert_ne!(same, print(change.clone()), "{change}");
        }
    }
}
