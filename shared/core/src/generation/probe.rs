//! Values that a question names and the model doesn't know: whether columns hold them.

use alloc::{
    collections::BTreeSet,
    format,
    string::{String, ToString},
    vec::Vec,
};

use serde_json::Value;

use super::{
    model::{Column, KnownValue, SemanticModel},
    relevance::Relevance,
    words::words,
};
use crate::sql::{Literal, Statement};

/// Columns that are looked into.
const COLUMNS: usize = 32;

/// Columns that name things are asked for by their values most.
const NAMING: [&str; 8] = ["code", "imo", "label", "mention", "name", "number", "tag", "title"];
const NAMES: f64 = 0.3;

/// Words of a phrase that may be a value, and phrases that are looked for.
const LONGEST_PHRASE: usize = 5;
const PHRASES: usize = 150;

/// Digits of a number that names something, and isn't a count or a year.
const MIN_DIGITS: usize = 5;

/// Values that are taken.
const FOUND: usize = 24;

/// A value that a column holds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Found {
    /// Places in the model.
    pub relation: usize,
    pub column: usize,
    pub value: String,
}

/// Looks for phrases of the question in columns whose values aren't all known, the most relevant ones. `None`: there's nothing to look
/// for. It reads whole columns; whoever runs it sets a limit to the time.
#[must_use]
pub fn probe(model: &SemanticModel, question: &str) -> Option<Statement> {
    let (texts, numbers) = phrases(question);
    let literals = |phrases: &BTreeSet<String>| -> Vec<String> {
        phrases.iter().map(|phrase| Literal::Text(phrase).to_string()).collect()
    };
    let (texts, numbers) = (literals(&texts).join(", "), literals(&numbers).join(", "));
    let looked_for = |column: &Column| match column.data_type.as_str() {
        _ if column.has_all_values => "",
        _ if column.is_text() => texts.as_str(),
        "BIGINT" | "INTEGER" | "UBIGINT" | "HUGEINT" => numbers.as_str(),
        _ => "",
    };
    let relevance = Relevance::of(model, question);
    let mut places = Vec::new();
    for (r, relation) in model.relations.iter().enumerate() {
        let about = relevance.relations.get(r).copied().unwrap_or_default();
        for (c, column) in relation.columns.iter().enumerate().filter(|(_, column)| !looked_for(column).is_empty()) {
            let named = relevance.columns.get(r).and_then(|columns| columns.get(c)).copied().unwrap_or_default();
            let names_things = words(&column.name).iter().any(|word| NAMING.contains(&word.stem.as_str()));
            let score = about + named + if names_things { NAMES } else { 0.0 };
            places.push((score, r, c, relation, column));
        }
    }
    // Stable: among equals in the order of the model.
    places.sort_by(|a, b| b.0.total_cmp(&a.0));
    let selects: Vec<String> = places
        .into_iter()
        .take(COLUMNS)
        .map(|(_, r, c, relation, column)| {
            format!(
                "SELECT {r} AS r, {c} AS c, min(v) AS v FROM (SELECT CAST({expression} AS VARCHAR) AS v FROM {relation}) \
                 WHERE lower(v) IN ({looked_for}) GROUP BY lower(v)",
                expression = column.expression,
                relation = relation.name,
                looked_for = looked_for(column),
            )
        })
        .collect();
    let all = selects.join(" UNION ALL ");
    (!selects.is_empty()).then(|| Statement::read(format!("SELECT r, c, v FROM ({all}) ORDER BY ALL LIMIT {FOUND}")))
}

/// Reads a row of [`probe`]. `None` if it isn't one.
#[must_use]
pub fn read_found(row: &[Value]) -> Option<Found> {
    let [relation, column, value] = row else { return None };
    let place = |value: &Value| usize::try_from(value.as_u64()?).ok();
    Some(Found { relation: place(relation)?, column: place(column)?, value: value.as_str()?.to_string() })
}

/// The model with the values that were found. Those that it had come after them.
#[must_use]
pub fn found(mut model: SemanticModel, values: Vec<Found>) -> SemanticModel {
    for found in values {
        let relation = model.relations.get_mut(found.relation);
        if let Some(column) = relation.and_then(|relation| relation.columns.get_mut(found.column))
            && !column.values.iter().any(|known| known.text == found.value)
        {
            column.values.insert(0, KnownValue::new(found.value));
        }
    }
    model
}

/// What may be a value in a question, in lower case: runs of words as they are written, without the blanks and marks around them; and
/// numbers.
fn phrases(question: &str) -> (BTreeSet<String>, BTreeSet<String>) {
    let question = question.to_lowercase();
    let parts: Vec<&str> = question
        .split(char::is_whitespace)
        .map(|part| part.trim_matches(|c: char| !c.is_alphanumeric()))
        .filter(|part| !part.is_empty())
        .collect();
    let (mut texts, mut numbers) = (BTreeSet::new(), BTreeSet::new());
    // The shortest first: most values are a word or two.
    for length in 1..=LONGEST_PHRASE {
        for run in parts.windows(length) {
            let text = run.join(" ");
            let says_something = words(&text).iter().any(|word| !word.is_asking());
            if says_something && texts.len() < PHRASES {
                texts.insert(text);
            }
        }
    }
    for part in parts {
        if part.len() >= MIN_DIGITS && part.bytes().all(|b| b.is_ascii_digit()) {
            numbers.insert(part.to_string());
        }
    }
    (texts, numbers)
}

#[cfg(test)]
mod tests {
    use alloc::vec;

    use super::*;
    use crate::generation::{Relation, context};

    #[test]
    fn runs_of_words_and_long_numbers_are_looked_for() {
        let (texts, numbers) = phrases("Is the \"Lady Marianne\" (IMO 9101237) in Fu Yuan Yu 7's list of 2024?");
        for text in ["lady marianne", "9101237", "fu yuan yu 7's", "2024"] {
            assert!(texts.contains(text), "{text}: {texts:?}");
        }
        assert!(!texts.contains("is the"));
        assert_eq!(numbers.into_iter().collect::<Vec<_>>(), ["9101237"]);
    }

    #[test]
    fn what_is_found_is_told() {
        let column = |name: &str, data_type: &str| Column {
            name: name.into(),
            expression: name.into(),
            data_type: data_type.into(),
            values: vec![KnownValue::new("Aoraki")],
            ..Column::default()
        };
        let columns = vec![column("ship", "VARCHAR"), column("imo", "BIGINT"), column("length", "DOUBLE")];
        let relation = Relation { name: "typed.fleet".into(), columns, ..Relation::default() };
        let model = SemanticModel { title: "test".into(), relations: vec![relation] };
        let question = "Where's o'Hara, 9101237?";
        let statement = probe(&model, question).unwrap();
        assert!(statement.text.contains("'o''hara'") && statement.text.contains("CAST(imo AS VARCHAR)"));
        assert!(!statement.text.contains("length"));
        let row = [0.into(), 0.into(), "O'Hara".into()];
        let model = found(model, vec![read_found(&row).unwrap()]);
        assert!(context(&model, question, 500).markdown.contains("'O''Hara', 'Aoraki'"));
        assert_eq!(probe(&model, ""), None);
    }
}
