//! The schema as DDL: what the typed views would be as tables.

use alloc::{collections::BTreeMap, string::String, vec::Vec};
use core::fmt::Write;

use super::{Field, Schema, quoted};

/// `CREATE TABLE` statements of the typed views, with comments. It runs on DuckDB in an empty database.
#[must_use]
pub fn ddl(schema: &Schema) -> String {
    let mut text = String::new();
    // Writing to a String doesn't fail.
    let _ = writeln!(
        text,
        "-- Schema version {}, of {}\nCREATE SCHEMA typed;",
        schema.version.version, schema.version.created_at
    );
    let mut tables = BTreeMap::<&str, Vec<&Field>>::new();
    for field in &schema.fields {
        tables.entry(&field.source_table).or_default().push(field);
    }
    for (table, fields) in tables {
        let columns: Vec<String> = fields
            .iter()
            .map(|field| alloc::format!("    {} {}", quoted(&field.column_name), field.data_type))
            .collect();
        let _ = writeln!(text, "\nCREATE TABLE typed.{} (\n{}\n);", quoted(table), columns.join(",\n"));
        for field in fields {
            if let Some(description) = &field.description {
                let column = quoted(&field.column_name);
                let comment = crate::sql::Literal::Text(description);
                let _ = writeln!(text, "COMMENT ON COLUMN typed.{}.{column} IS {comment};", quoted(table));
            }
        }
    }
    text
}
