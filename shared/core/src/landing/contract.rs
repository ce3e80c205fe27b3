//! The landing contract: what a file has to hold for its dataset, and how its columns become those of the table.
//!
//! A *file* breaks the contract when a required column or value of its metadata is missing or of another type: it goes to
//! quarantine. A *row* breaks it when a value is missing or out of range: the row is set aside. A column that the dataset doesn't
//! know is kept in `extra`; for structured data every column is kept in `data`.

use alloc::{
    borrow::ToOwned,
    collections::BTreeMap,
    format,
    string::{String, ToString},
    vec::Vec,
};
use core::fmt::Write;

use serde::Serialize;

use super::{
    Dataset,
    route::{MissingMetadata, Route},
};
use crate::{
    column_type::{ColumnType, Field},
    profile::Cell,
    sql::{self, Staging},
};

/// Parts of a question in an Argilla export, as the ends of column names
/// ([`Dataset.records.to_datasets`](https://docs.argilla.io/latest/how_to_guides/import_export/)), and their names in `questions`.
/// Longer ends come first.
const QUESTION_PARTS: [(&str, &str); 6] = [
    (".responses.users", "users"),
    (".responses.status", "status"),
    (".responses", "responses"),
    (".suggestion.score", "score"),
    (".suggestion.agent", "agent"),
    (".suggestion", "suggestion"),
];

/// A file that breaks the contract. The text is what a person finds in quarantine.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ContractError {
    #[error("column {column:?} is missing; {dataset} needs it (the file has: {present})")]
    MissingColumn { dataset: Dataset, column: String, present: String },
    #[error("column {column:?} is {found}; {dataset} needs {needed}")]
    ColumnType { dataset: Dataset, column: String, found: String, needed: &'static str },
    #[error("there is no question: no column ends with .responses or .suggestion (the file has: {present})")]
    NoQuestion { present: String },
    #[error("metadata {name} is missing, and this route needs it")]
    MissingMetadata { name: &'static str },
    #[error("metadata schema_version is {0:?}; it has to be a whole number from 1 on")]
    SchemaVersion(String),
    #[error("the key names no {what}: a folder, or a file name before the last dot")]
    NoSource { what: &'static str },
}

/// Where the rows of a load come from: the file's key-value metadata, completed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Provenance {
    pub schema_version: i32,
    /// Links documents to their annotations. Without one in the file: the object and its content.
    pub batch_id: String,
    pub git_sha: Option<String>,
    pub producer: Option<String>,
}

/// A file that keeps the contract, and how to load it.
#[derive(Debug, Clone)]
pub struct Contract {
    pub dataset: Dataset,
    /// The dataset of annotations or the source table of structured data; `None` for documents.
    pub source: Option<String>,
    pub provenance: Provenance,
    pub staging: Staging,
    /// Columns of the table, and the expression over the staging relation that gives each.
    pub(super) target: Vec<(&'static str, String)>,
    pub(super) rules: Vec<RowRule>,
    /// The question names of annotations.
    pub questions: Vec<String>,
    pub(super) has_record_key: bool,
}

/// What a row has to have in a column.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RowRule {
    column: usize,
    name: String,
    check: Check,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Check {
    /// A value, and not only blanks.
    Present,
    /// A whole number from 0 on.
    NotNegative,
    /// NULL, or a number from 0 to 1.
    Fraction,
}

impl RowRule {
    /// Place of the column in the file.
    #[must_use]
    pub fn column(&self) -> usize {
        self.column
    }

    /// Whether a value keeps the rule. [`Self::condition`] says the same in SQL.
    #[must_use]
    pub fn keeps(&self, cell: Cell<'_>) -> bool {
        match (self.check, cell) {
            (Check::Present | Check::NotNegative, Cell::Null) => false,
            (Check::Present, Cell::Text(text)) => !text.trim_matches(' ').is_empty(),
            (Check::Present, _) | (Check::Fraction, Cell::Null) | (Check::NotNegative, Cell::Unsigned(_)) => true,
            (Check::NotNegative, Cell::Integer(value)) => value >= 0,
            (Check::Fraction, Cell::Integer(value)) => (0..=1).contains(&value),
            (Check::Fraction, Cell::Unsigned(value)) => value <= 1,
            (Check::Fraction, Cell::Double(value)) => (0.0..=1.0).contains(&value),
            (Check::Fraction, Cell::Text(text)) => text.parse::<f64>().is_ok_and(|v| (0.0..=1.0).contains(&v)),
            _ => false,
        }
    }

    /// True for rows that keep the rule, else false; never NULL.
    fn condition(&self) -> String {
        let column = format!("s.c{}", self.column);
        match self.check {
            Check::Present => format!("coalesce(trim(CAST({column} AS VARCHAR)) <> '', false)"),
            Check::NotNegative => format!("coalesce({column} >= 0, false)"),
            Check::Fraction => format!("({column} IS NULL OR CAST({column} AS DOUBLE) BETWEEN 0 AND 1)"),
        }
    }

    fn reason(&self) -> String {
        let rule = match self.check {
            Check::Present => "is missing or blank",
            Check::NotNegative => "is missing or negative",
            Check::Fraction => "is not between 0 and 1",
        };
        format!("{} {rule}", self.name)
    }
}

impl Contract {
    /// Checks a file against the contract of its route.
    ///
    /// `columns`: those of the file, in its order. `key_values`: its key-value metadata. `key` and `etag`, with the route's bucket,
    /// name the batch of a file that belongs to none.
    ///
    /// # Errors
    /// The first thing that breaks the contract.
    pub fn check(
        route: &Route,
        key: &str,
        etag: &str,
        columns: Vec<Field>,
        key_values: &BTreeMap<String, String>,
    ) -> Result<Self, ContractError> {
        let provenance = Provenance::read(route, key, etag, key_values)?;
        let source = match route.dataset {
            Dataset::RawDocuments => None,
            Dataset::Annotations => Some(source(route, key, "dataset")?),
            Dataset::StructuredData => Some(source(route, key, "source table")?),
        };
        let mut mapping = Mapping {
            dataset: route.dataset,
            columns: &columns,
            used: Vec::new(),
            target: Vec::new(),
            rules: Vec::new(),
        };
        let mut questions = Vec::new();
        match route.dataset {
            Dataset::RawDocuments => mapping.documents()?,
            Dataset::Annotations => questions = mapping.annotations(source.as_deref().unwrap_or_default())?,
            Dataset::StructuredData => mapping.structured(source.as_deref().unwrap_or_default(), &route.record_key)?,
        }
        let Mapping { target, rules, .. } = mapping;
        Ok(Self {
            dataset: route.dataset,
            source,
            provenance,
            staging: Staging::new(columns),
            target,
            rules,
            questions,
            has_record_key: route.dataset != Dataset::StructuredData || !route.record_key.is_empty(),
        })
    }

    /// What every row has to keep.
    #[must_use]
    pub fn rules(&self) -> &[RowRule] {
        &self.rules
    }

    /// True for rows that keep every rule. `None` if there is no rule.
    pub(super) fn row_condition(&self) -> Option<String> {
        let conditions: Vec<String> = self.rules.iter().map(RowRule::condition).collect();
        if conditions.is_empty() { None } else { Some(conditions.join(" AND ")) }
    }

    /// Why a row is set aside: the first rule that it breaks.
    pub(super) fn rejection_reason(&self) -> String {
        let mut out = String::from("CASE");
        for rule in &self.rules {
            let _ = write!(out, " WHEN NOT {} THEN {}", rule.condition(), sql::text(&rule.reason()));
        }
        out.push_str(" END");
        out
    }

    /// All columns of a row as JSON.
    pub(super) fn whole_row(&self) -> String {
        let all: Vec<usize> = (0..self.staging.columns().len()).collect();
        self.staging.json_object(&all)
    }
}

fn source(route: &Route, key: &str, what: &'static str) -> Result<String, ContractError> {
    match route.source(key).trim() {
        "" => Err(ContractError::NoSource { what }),
        name => Ok(name.to_owned()),
    }
}

impl Provenance {
    fn read(
        route: &Route,
        key: &str,
        etag: &str,
        key_values: &BTreeMap<String, String>,
    ) -> Result<Self, ContractError> {
        let value = |name| key_values.get(name).map(|v| v.trim()).filter(|v| !v.is_empty());
        let required = |name: &'static str| match (value(name), route.missing_metadata) {
            (None, MissingMetadata::Quarantine) => Err(ContractError::MissingMetadata { name }),
            (found, _) => Ok(found),
        };
        let schema_version = match required("schema_version")? {
            None => 1,
            Some(text) => match text.parse::<i32>() {
                Ok(version @ 1..) => version,
                _ => return Err(ContractError::SchemaVersion(text.to_owned())),
            },
        };
        let batch_id = match required("batch_id")? {
            Some(id) => id.to_owned(),
            None => format!("{}/{key}@{etag}", route.bucket),
        };
        let git_sha = required("git_sha")?.map(ToOwned::to_owned);
        Ok(Self { schema_version, batch_id, git_sha, producer: value("producer").map(ToOwned::to_owned) })
    }
}

/// Finds the columns of the file that the dataset knows.
struct Mapping<'a> {
    dataset: Dataset,
    columns: &'a [Field],
    used: Vec<usize>,
    target: Vec<(&'static str, String)>,
    rules: Vec<RowRule>,
}

impl Mapping<'_> {
    fn documents(&mut self) -> Result<(), ContractError> {
        let id = self.required("document_id", "text or a whole number", is_identifier)?;
        self.map("document_id", format!("CAST(s.c{id} AS VARCHAR)"));
        self.rule(id, Check::Present);
        let page = self.required("page_number", "a whole number", |t| t.is_integer() || *t == ColumnType::Null)?;
        self.map("page_number", format!("CAST(s.c{page} AS BIGINT)"));
        self.rule(page, Check::NotNegative);
        let text = self.required("text", "text", is_text)?;
        self.map("text", format!("s.c{text}"));
        if let Some(confidence) = self.optional("confidence", ColumnType::is_number) {
            self.map("confidence", format!("CAST(s.c{confidence} AS DOUBLE)"));
            self.rule(confidence, Check::Fraction);
        }
        for name in ["source_uri", "engine", "engine_version"] {
            if let Some(column) = self.optional(name, is_text) {
                self.map(name, format!("s.c{column}"));
            }
        }
        self.map_rest("extra");
        Ok(())
    }

    fn annotations(&mut self, dataset: &str) -> Result<Vec<String>, ContractError> {
        self.map("dataset", sql::text(dataset));
        let id = self.required("id", "text or a whole number", is_identifier)?;
        self.map("record_id", format!("CAST(s.c{id} AS VARCHAR)"));
        self.rule(id, Check::Present);
        for (target, name) in
            [("server_id", "_server_id"), ("document_id", "document_id"), ("status", "status"), ("text", "text")]
        {
            if let Some(column) = self.optional(name, is_identifier) {
                self.map(target, format!("CAST(s.c{column} AS VARCHAR)"));
            }
        }
        if let Some(column) = self.optional("annotated_at", is_time) {
            self.map("annotated_at", format!("CAST(s.c{column} AS TIMESTAMP)"));
        }
        let questions = self.questions()?;
        self.map_rest("extra");
        Ok(questions)
    }

    /// Maps the columns of questions, and gives the questions' names.
    fn questions(&mut self) -> Result<Vec<String>, ContractError> {
        let mut questions: BTreeMap<&str, Vec<(usize, &str)>> = BTreeMap::new();
        for (i, column) in self.columns.iter().enumerate() {
            let part = QUESTION_PARTS
                .iter()
                .find_map(|(end, part)| column.name.strip_suffix(end).filter(|q| !q.is_empty()).map(|q| (q, *part)));
            if let Some((question, part)) = part {
                questions.entry(question).or_default().push((i, part));
            }
        }
        questions.retain(|_, parts| parts.iter().any(|(_, part)| matches!(*part, "responses" | "suggestion")));
        if questions.is_empty() {
            return Err(ContractError::NoQuestion { present: self.present() });
        }
        let staging = Staging::new(self.columns.to_vec());
        let mut all = String::from("json_object(");
        for (n, (question, parts)) in questions.iter().enumerate() {
            let comma = if n > 0 { ", " } else { "" };
            let _ = write!(all, "{comma}{}, json_object(", sql::text(question));
            for (m, (column, part)) in parts.iter().enumerate() {
                let comma = if m > 0 { ", " } else { "" };
                let _ = write!(all, "{comma}'{part}', {}", staging.json_value(*column));
                self.used.push(*column);
            }
            all.push(')');
        }
        all.push(')');
        self.map("questions", all);
        Ok(questions.into_keys().map(ToString::to_string).collect())
    }

    fn structured(&mut self, source_table: &str, record_key: &[String]) -> Result<(), ContractError> {
        self.map("source_table", sql::text(source_table));
        let mut parts = Vec::new();
        for name in record_key {
            let column = self.required(name, "a single value", |t| t.depth() == 0)?;
            parts.push(format!("CAST(s.c{column} AS VARCHAR)"));
            self.rule(column, Check::Present);
        }
        if !parts.is_empty() {
            self.map("record_key", format!("CAST(json_array({}) AS VARCHAR)", parts.join(", ")));
        }
        // The columns of the key are part of the row like all others.
        self.used.clear();
        self.map_rest("data");
        Ok(())
    }

    /// The column of that name; if there is none, the first whose name differs only in case.
    fn find(&self, name: &str) -> Option<usize> {
        let exact = self.columns.iter().position(|c| c.name == name);
        exact.or_else(|| self.columns.iter().position(|c| c.name.eq_ignore_ascii_case(name)))
    }

    fn required(
        &mut self,
        name: &str,
        needed: &'static str,
        fits: fn(&ColumnType) -> bool,
    ) -> Result<usize, ContractError> {
        let missing =
            || ContractError::MissingColumn { dataset: self.dataset, column: name.to_owned(), present: self.present() };
        let index = self.find(name).ok_or_else(missing)?;
        let found = self.columns.get(index).map(|c| &c.data_type).filter(|t| !fits(t));
        if let Some(found) = found {
            return Err(ContractError::ColumnType {
                dataset: self.dataset,
                column: name.to_owned(),
                found: found.to_string(),
                needed,
            });
        }
        self.used.push(index);
        Ok(index)
    }

    /// The column of that name, if its type fits. One whose type doesn't is kept in `extra`.
    fn optional(&mut self, name: &str, fits: fn(&ColumnType) -> bool) -> Option<usize> {
        let index = self.find(name)?;
        self.columns.get(index).filter(|c| fits(&c.data_type))?;
        self.used.push(index);
        Some(index)
    }

    fn map(&mut self, target: &'static str, expression: String) {
        self.target.push((target, expression));
    }

    fn map_rest(&mut self, target: &'static str) {
        let rest: Vec<usize> = (0..self.columns.len()).filter(|i| !self.used.contains(i)).collect();
        let staging = Staging::new(self.columns.to_vec());
        self.map(target, staging.json_object(&rest));
    }

    fn rule(&mut self, column: usize, check: Check) {
        let name = self.columns.get(column).map(|c| c.name.clone()).unwrap_or_default();
        self.rules.push(RowRule { column, name, check });
    }

    fn present(&self) -> String {
        let names: Vec<&str> = self.columns.iter().map(|c| c.name.as_str()).collect();
        names.join(", ")
    }
}

fn is_text(data_type: &ColumnType) -> bool {
    matches!(data_type, ColumnType::Text | ColumnType::Json | ColumnType::Null)
}

fn is_identifier(data_type: &ColumnType) -> bool {
    is_text(data_type) || data_type.is_integer() || *data_type == ColumnType::Uuid
}

fn is_time(data_type: &ColumnType) -> bool {
    matches!(
        data_type,
        ColumnType::Timestamp | ColumnType::TimestampNanos | ColumnType::Instant | ColumnType::Date | ColumnType::Null
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::{boxed::Box, vec};

    fn route(json: &str) -> Route {
        serde_json::from_str(json).unwrap()
    }

    fn documents() -> Vec<Field> {
        vec![
            Field::new("Document_ID", ColumnType::Integer(64)),
            Field::new("page_number", ColumnType::Integer(32)),
            Field::new("text", ColumnType::Text),
            Field::new("confidence", ColumnType::Float),
            Field::new("rotation", ColumnType::Double),
        ]
    }

    fn check(
        dataset: &str,
        key: &str,
        columns: Vec<Field>,
        metadata: &[(&str, &str)],
    ) -> Result<Contract, ContractError> {
        let route = route(&format!(r#"{{"bucket":"b","dataset":"{dataset}"}}"#));
        let metadata = metadata.iter().map(|(k, v)| ((*k).to_string(), (*v).to_string())).collect();
        Contract::check(&route, key, "e1", columns, &metadata)
    }

    #[test]
    fn known_columns_are_mapped_and_the_others_kept() {
        let contract =
            check("raw_documents", "x.parquet", documents(), &[("batch_id", "ocr-1"), ("schema_version", "3")])
                .unwrap();
        let extra = contract.target.iter().find(|(name, _)| *name == "extra").unwrap();
        assert!(extra.1.starts_with("json_object('rotation', CASE"), "{}", extra.1);
        assert_eq!(contract.provenance.schema_version, 3);
        assert_eq!(contract.provenance.batch_id, "ocr-1");
        assert_eq!(contract.source, None);
    }

    #[test]
    fn a_file_without_metadata_is_a_batch_of_its_own() {
        let contract = check("raw_documents", "x.parquet", documents(), &[("batch_id", "  ")]).unwrap();
        assert_eq!(contract.provenance.batch_id, "b/x.parquet@e1");
        assert_eq!(contract.provenance.schema_version, 1);
    }

    #[test]
    fn a_route_can_insist_on_metadata() {
        let route = route(r#"{"bucket":"b","dataset":"raw_documents","missing_metadata":"quarantine"}"#);
        let error = Contract::check(&route, "x.parquet", "e", documents(), &BTreeMap::new()).unwrap_err();
        assert_eq!(error.to_string(), "metadata schema_version is missing, and this route needs it");
    }

    #[test]
    fn a_broken_contract_is_named() {
        let missing = documents().into_iter().filter(|c| c.name != "page_number").collect();
        let error = check("raw_documents", "x.parquet", missing, &[]).unwrap_err().to_string();
        assert!(
            error.starts_with(
                "column \"page_number\" is missing; raw_documents needs it (the file has: Document_ID, text"
            ),
            "{error}"
        );
        let mut wrong = documents();
        wrong[1].data_type = ColumnType::List(Box::new(ColumnType::Text));
        let error = check("raw_documents", "x.parquet", wrong, &[]).unwrap_err().to_string();
        assert_eq!(error, "column \"page_number\" is VARCHAR[]; raw_documents needs a whole number");
        for version in ["0", "-1", "one", "99999999999"] {
            assert!(
                check("raw_documents", "x.parquet", documents(), &[("schema_version", version)]).is_err(),
                "{version}"
            );
        }
        assert!(check("structured_data", ".parquet", documents(), &[]).is_err());
    }

    #[test]
    fn the_questions_of_an_argilla_export_are_found_by_their_column_names() {
        let columns = vec![
            Field::new("id", ColumnType::Text),
            Field::new("entities.suggestion.score", ColumnType::Double),
            Field::new("entities.responses", ColumnType::Null),
            Field::new("is.ok.responses.status", ColumnType::Null),
            Field::new("lonely.responses.users", ColumnType::Null),
            Field::new("is.ok.suggestion", ColumnType::Text),
            Field::new(".responses", ColumnType::Text),
        ];
        let contract = check("annotations", "wnut/1.parquet", columns, &[]).unwrap();
        assert_eq!(contract.questions, ["entities", "is.ok"]);
        let (_, questions) = contract.target.iter().find(|(name, _)| *name == "questions").unwrap();
        assert!(
            questions.ends_with("'responses', s.c2), 'is.ok', json_object('status', s.c3, 'suggestion', s.c5))"),
            "{questions}"
        );
        let (_, extra) = contract.target.iter().find(|(name, _)| *name == "extra").unwrap();
        assert_eq!(extra, "json_object('lonely.responses.users', s.c4, '.responses', s.c6)");
    }

    #[test]
    fn a_row_rule_says_the_same_of_a_value_as_its_reason() {
        let rule = |check| RowRule { column: 0, name: "x".into(), check };
        for blank in [Cell::Null, Cell::Text(""), Cell::Text("  ")] {
            assert!(!rule(Check::Present).keeps(blank));
        }
        assert!(rule(Check::Present).keeps(Cell::Text("\t")));
        assert!(rule(Check::Present).keeps(Cell::Integer(0)));
        assert!(!rule(Check::NotNegative).keeps(Cell::Integer(-1)));
        assert!(rule(Check::NotNegative).keeps(Cell::Unsigned(u64::MAX)));
        assert!(rule(Check::Fraction).keeps(Cell::Null));
        assert!(rule(Check::Fraction).keeps(Cell::Double(1.0)));
        assert!(!rule(Check::Fraction).keeps(Cell::Double(f64::NAN)));
        assert!(!rule(Check::Fraction).keeps(Cell::Text("1.0000001")));
        assert_eq!(rule(Check::Fraction).reason(), "x is not between 0 and 1");
    }
}
