//! The schema as a semantic model of the Open Semantic Interchange, core specification 1.0
//! (<https://github.com/open-semantic-interchange/OSI>).

use alloc::{collections::BTreeMap, format, vec::Vec};

use serde_json::{Value, json};

use super::{Field, Schema, quoted};

/// One dataset for each source table; labels are no part of OSI.
#[must_use]
pub fn osi(schema: &Schema) -> Value {
    let mut tables = BTreeMap::<&str, Vec<&Field>>::new();
    for field in &schema.fields {
        tables.entry(&field.source_table).or_default().push(field);
    }
    let datasets: Vec<Value> = tables
        .into_iter()
        .map(|(table, fields)| {
            let fields: Vec<Value> = fields.into_iter().map(field).collect();
            json!({ "name": table, "source": format!("typed.{}", quoted(table)), "fields": fields })
        })
        .collect();
    json!({
        "semantic_model": [{
            "name": "living_schema",
            "description": format!("Schema version {}", schema.version.version),
            "datasets": datasets,
        }]
    })
}

fn field(field: &Field) -> Value {
    json!({
        "name": field.column_name,
        "expression": { "dialects": [{ "dialect": "ANSI_SQL", "expression": quoted(&field.column_name) }] },
        "description": field.description,
        "ai_context": { "synonyms": field.aliases, "examples": field.examples },
    })
}
