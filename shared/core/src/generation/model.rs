//! What queries may read, with the names that people use for it.

use alloc::{
    borrow::ToOwned,
    collections::{BTreeMap, BTreeSet},
    format,
    string::String,
    vec::Vec,
};

use crate::{
    schema::{AlwaysThere, Field, RELATIONS, Schema, identifier},
    typed::distinct_identifiers,
};

/// Relations with their columns and the values known of them.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct SemanticModel {
    /// What it is of, in a few words: `version 7 of the schema`.
    pub title: String,
    pub relations: Vec<Relation>,
}

/// A table or view.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Relation {
    /// As SQL names it, quoted where needed.
    pub name: String,
    pub description: Option<String>,
    /// About.
    pub rows: Option<u64>,
    pub columns: Vec<Column>,
}

/// A column, or a value within one (a path of JSON).
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Column {
    /// Its name in words: what questions are held against.
    pub name: String,
    /// How SQL gets at it: `"Gross tonnage"`, `data->>'$.imo'`.
    pub expression: String,
    /// As DuckDB spells it.
    pub data_type: String,
    /// Other names.
    pub aliases: Vec<String>,
    pub description: Option<String>,
    /// What its values are: `imo_number`, `country_code`, …
    pub meaning: Option<String>,
    /// Least and greatest value, as text.
    pub range: Option<(String, String)>,
    /// Different values, about.
    pub distinct: Option<u64>,
    /// Rows without a value.
    pub nulls: u64,
    /// The most frequent ones first.
    pub values: Vec<KnownValue>,
    /// Whether there are no others.
    pub has_all_values: bool,
}

/// A value of a column.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct KnownValue {
    pub text: String,
    /// Other names for it.
    pub aliases: Vec<String>,
    /// What it stands for.
    pub description: Option<String>,
    /// Texts that it's given to.
    pub examples: Vec<String>,
}

impl KnownValue {
    #[must_use]
    pub fn new(text: impl Into<String>) -> Self {
        Self { text: text.into(), ..Self::default() }
    }
}

impl Column {
    fn new(name: &str, data_type: &str, description: &str) -> Self {
        Self {
            name: name.to_owned(),
            expression: identifier(name),
            data_type: data_type.to_owned(),
            description: (!description.is_empty()).then(|| description.to_owned()),
            ..Self::default()
        }
    }

    /// Whether it holds text.
    #[must_use]
    pub fn is_text(&self) -> bool {
        self.data_type.starts_with("VARCHAR") || self.data_type.starts_with("ENUM")
    }

    /// Whether it says when.
    #[must_use]
    pub fn is_temporal(&self) -> bool {
        ["DATE", "TIME"].iter().any(|kind| self.data_type.starts_with(kind))
            || matches!(self.meaning.as_deref(), Some("date" | "timestamp"))
    }
}

impl SemanticModel {
    /// Of a version of the schema: the relations that are always there, with its labels as values, and a typed view of each source table.
    #[must_use]
    pub fn of_schema(schema: &Schema) -> Self {
        let mut relations: Vec<Relation> = RELATIONS.iter().map(|relation| always_there(*relation)).collect();
        let mut tables = BTreeMap::<&str, Vec<&Field>>::new();
        for field in &schema.fields {
            tables.entry(&field.source_table).or_default().push(field);
        }
        let sources: BTreeSet<&str> = tables.keys().copied().collect();
        let datasets = schema.entity_types.iter().map(|entity| entity.dataset.as_str()).collect();
        let questions = schema.entity_types.iter().map(|entity| entity.question.as_str()).collect();
        for relation in &mut relations {
            for column in &mut relation.columns {
                match column.name.as_str() {
                    "label" => column.values = labels(schema),
                    "dataset" => column.values = plain(&datasets),
                    "question" => column.values = plain(&questions),
                    "source_table" => column.values = plain(&sources),
                    "origin" => column.values = plain(&["response", "suggestion"].into_iter().collect()),
                    _ => continue,
                }
                column.has_all_values = true;
                column.distinct = u64::try_from(column.values.len()).ok();
            }
        }
        let names = distinct_identifiers(tables.keys().copied(), &[]);
        relations
            .extend(tables.into_iter().zip(names).map(|((source, fields), name)| typed_view(source, &name, &fields)));
        let title = format!("version {} of the schema, of {}", schema.version.version, schema.version.created_at);
        Self { title, relations }
    }
}

fn always_there((name, description, columns): AlwaysThere) -> Relation {
    Relation {
        name: name.to_owned(),
        description: Some(description.to_owned()),
        rows: None,
        columns: columns
            .iter()
            .map(|(name, data_type, description)| Column::new(name, data_type, description))
            .collect(),
    }
}

fn plain(texts: &BTreeSet<&str>) -> Vec<KnownValue> {
    texts.iter().map(|text| KnownValue::new(*text)).collect()
}

/// Each label once, the most frequent first.
fn labels(schema: &Schema) -> Vec<KnownValue> {
    let mut labels = BTreeMap::<&str, (u64, KnownValue)>::new();
    for entity in &schema.entity_types {
        let (count, value) = labels.entry(&entity.label).or_insert_with(|| (0, KnownValue::new(entity.label.as_str())));
        *count = count.saturating_add(entity.occurrence_count);
        value.aliases.extend(entity.aliases.iter().cloned());
        value.examples.extend(entity.examples.iter().cloned());
        let is_plain = entity.description_source.as_deref() == Some("plain");
        if value.description.is_none() && !is_plain {
            value.description.clone_from(&entity.description);
        }
    }
    let mut labels: Vec<(u64, KnownValue)> = labels.into_values().collect();
    labels.sort_by_key(|(count, _)| core::cmp::Reverse(*count));
    labels.into_iter().map(|(_, value)| value).collect()
}

fn typed_view(source: &str, name: &str, fields: &[&Field]) -> Relation {
    let rows = fields.iter().map(|field| field.occurrence_count.saturating_add(field.null_count)).max();
    Relation {
        name: format!("typed.{}", identifier(name)),
        description: Some(format!("rows of the source table {source}")),
        rows,
        columns: fields.iter().map(|field| typed_column(field)).collect(),
    }
}

fn typed_column(field: &Field) -> Column {
    let is_plain = field.description_source.as_deref() == Some("plain");
    let range = field.min_value.clone().zip(field.max_value.clone());
    Column {
        name: field.column_name.clone(),
        expression: identifier(&field.column_name),
        data_type: field.data_type.clone(),
        aliases: field.aliases.clone(),
        description: field.description.clone().filter(|_| !is_plain),
        meaning: field.meaning.clone(),
        range: range.filter(|_| field.data_type != "VARCHAR"),
        distinct: Some(field.distinct_estimate),
        nulls: field.null_count,
        values: field.examples.iter().map(|example| KnownValue::new(example.clone())).collect(),
        has_all_values: u64::try_from(field.examples.len()).is_ok_and(|shown| shown >= field.distinct_estimate),
    }
}
