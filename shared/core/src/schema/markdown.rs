//! The schema as Markdown: what a language model and a person read.

use alloc::{
    collections::BTreeMap,
    string::{String, ToString},
    vec::Vec,
};
use core::fmt::Write;

use super::{EntityType, Field, RELATIONS, Schema, identifier};

/// Examples of an item that are shown.
const EXAMPLES: usize = 3;

/// Characters of an example that are shown.
const EXAMPLE_CHARACTERS: usize = 30;

/// The schema as Markdown.
#[must_use]
pub fn markdown(schema: &Schema) -> String {
    let mut text = String::new();
    let version = &schema.version;
    // Writing to a String doesn't fail.
    let _ = writeln!(text, "# Schema version {}, of {}\n\nDuckDB SQL.\n", version.version, version.created_at);
    always_there(&mut text);
    let mut questions = BTreeMap::<(&str, &str), Vec<&EntityType>>::new();
    for entity in &schema.entity_types {
        questions.entry((&entity.dataset, &entity.question)).or_default().push(entity);
    }
    for ((dataset, question), entities) in questions {
        let _ = writeln!(text, "## Labels of dataset {}, question {}\n", code(dataset), code(question));
        for entity in entities {
            let _ = write!(
                text,
                "- {}: {} times in {} records",
                code(&entity.label),
                entity.occurrence_count,
                entity.record_count
            );
            also(&mut text, &entity.aliases);
            describe(&mut text, entity.description.as_deref(), entity.description_source.as_deref());
            examples(&mut text, &entity.examples);
            text.push('\n');
        }
        text.push('\n');
    }
    let mut tables = BTreeMap::<&str, Vec<&Field>>::new();
    for field in &schema.fields {
        tables.entry(&field.source_table).or_default().push(field);
    }
    for (table, fields) in tables {
        let rows = fields.iter().map(|field| field.occurrence_count + field.null_count).max().unwrap_or(0);
        let _ = writeln!(text, "## Table typed.{}, about {rows} rows\n", identifier(table));
        for field in fields {
            let _ = write!(text, "- {} {}", code(&identifier(&field.column_name)), field.data_type);
            if let Some(meaning) = &field.meaning {
                let _ = write!(text, ", {}", meaning.replace('_', " "));
            }
            if field.null_count > 0 {
                let _ = write!(text, ", {} without a value", field.null_count);
            }
            also(&mut text, &field.aliases);
            describe(&mut text, field.description.as_deref(), field.description_source.as_deref());
            range(&mut text, field);
            examples(&mut text, &field.examples);
            text.push('\n');
        }
        text.push('\n');
    }
    if schema.left_out > 0 {
        let _ = writeln!(text, "{} items of less use were left out.", schema.left_out);
    }
    text
}

fn always_there(text: &mut String) {
    text.push_str("## Relations that are always there\n\n");
    for (name, description, columns) in RELATIONS {
        let columns: Vec<String> = columns.iter().map(|(name, ..)| identifier(name)).collect();
        let _ = writeln!(text, "- `{name}({})`: {description}", columns.join(", "));
    }
    text.push('\n');
}

fn also(text: &mut String, aliases: &[String]) {
    if !aliases.is_empty() {
        let aliases: Vec<String> = aliases.iter().map(|alias| code(alias)).collect();
        let _ = write!(text, ", in the data also {}", aliases.join(", "));
    }
}

/// A plain description says nothing that isn't said beside it.
fn describe(text: &mut String, description: Option<&str>, source: Option<&str>) {
    if let Some(description) = description.filter(|_| source != Some("plain")) {
        let _ = write!(text, ". {}", one_line(description).trim_end_matches('.'));
    }
}

fn range(text: &mut String, field: &Field) {
    if let (Some(min), Some(max)) = (&field.min_value, &field.max_value)
        && field.data_type != "VARCHAR"
    {
        let _ = write!(text, "; from {} to {}", code(&clipped(min)), code(&clipped(max)));
    }
}

fn examples(text: &mut String, examples: &[String]) {
    let examples: Vec<String> = examples.iter().take(EXAMPLES).map(|example| code(&clipped(example))).collect();
    if !examples.is_empty() {
        let _ = write!(text, "; e.g. {}", examples.join(", "));
    }
}

/// In one line, and not so long.
fn clipped(text: &str) -> String {
    let line = one_line(text);
    match line.char_indices().nth(EXAMPLE_CHARACTERS) {
        Some((end, _)) => line.get(..end).unwrap_or_default().to_string() + "…",
        None => line,
    }
}

fn one_line(text: &str) -> String {
    text.chars().map(|c| if c.is_control() { ' ' } else { c }).collect()
}

/// A code span, whatever is in the text: it comes from outside.
fn code(text: &str) -> String {
    let longest = text.split(|c| c != '`').map(str::len).max().unwrap_or(0);
    let fence = "`".repeat(longest + 1);
    let pad = if longest > 0 { " " } else { "" };
    let text = one_line(text);
    [fence.as_str(), pad, &text, pad, &fence].concat()
}
