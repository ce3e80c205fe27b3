//! What a tool call gives back: a result cut to the limits, or a failure.

use serde_json::{Value, json};

use crate::{
    config::Limits,
    duckdb::{Column, DuckDbError},
    engine::Sink,
};

/// Share of the rows that goes at each step until a result fits its character limit: one in ten, as in MotherDuck's
/// open-source server.
const CUT_DIVISOR: usize = 10;

/// The first rows of a statement: at most one more than the limit, which shows that there are more.
#[derive(Debug)]
pub(crate) struct Table {
    most: usize,
    columns: Vec<String>,
    column_types: Vec<String>,
    /// Arrays of one value per column.
    rows: Vec<Value>,
}

/// Why a tool call failed, in the words of DuckDB where it's DuckDB that refused.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Failure {
    pub(crate) error: String,
    pub(crate) error_type: String,
}

impl Failure {
    /// A refusal of this server, in the form that DuckDB gives its own.
    pub(crate) fn invalid_input(message: impl std::fmt::Display) -> Self {
        DuckDbError::new(format!("Invalid Input Error: {message}")).into()
    }

    /// Whether DuckDB itself is wrong, rather than the statement. After some of these bugs it takes no other statement.
    pub(crate) fn is_bug(&self) -> bool {
        ["INTERNAL Error", "FATAL Error"].iter().any(|class| self.error.starts_with(class))
    }

    pub(crate) fn to_json(&self) -> Value {
        json!({ "success": false, "error": self.error, "errorType": self.error_type })
    }
}

impl From<DuckDbError> for Failure {
    fn from(error: DuckDbError) -> Self {
        Self { error_type: error.class().to_owned(), error: error.message }
    }
}

impl Sink for Table {
    fn columns(&mut self, columns: &[Column]) {
        self.columns = columns.iter().map(|column| column.name.clone()).collect();
        self.column_types = columns.iter().map(|column| column.data_type.to_string()).collect();
    }

    fn rows(&mut self, _: &[Column], rows: Vec<Value>) -> bool {
        self.rows.extend(rows);
        self.rows.truncate(self.most);
        self.rows.len() < self.most
    }
}

impl Table {
    pub(crate) fn new(limits: &Limits) -> Self {
        Self { most: limits.rows + 1, columns: Vec::new(), column_types: Vec::new(), rows: Vec::new() }
    }

    /// The result as the tool returns it. `self` may hold more rows than the limit: that's how more data shows.
    pub(crate) fn into_json(self, limits: &Limits) -> Value {
        let Self { columns, column_types, mut rows, .. } = self;
        let mut warning = None;
        if rows.len() > limits.rows {
            rows.truncate(limits.rows);
            warning = Some(format!("Results limited to {} rows. Query returned more data.", grouped(limits.rows)));
        }

        let row_lengths: Vec<usize> = rows.iter().map(json_length).collect();
        let mut result = result_object(&columns, &column_types, warning.as_deref());
        while !rows.is_empty() && total_length(&result, &row_lengths[..rows.len()]) > limits.characters {
            rows.truncate(rows.len() - (rows.len() / CUT_DIVISOR).max(1));
            let warning = format!(
                "Results limited to {} rows due to {}KB output size limit.",
                grouped(rows.len()),
                limits.characters / 1000
            );
            result = result_object(&columns, &column_types, Some(&warning));
        }
        result["rowCount"] = rows.len().into();
        result["rows"] = rows.into();
        result
    }
}

/// The result without its rows.
fn result_object(columns: &[String], column_types: &[String], warning: Option<&str>) -> Value {
    let mut result = json!({
        "success": true,
        "columns": columns,
        "columnTypes": column_types,
        "rows": [],
        "rowCount": 0,
    });
    if let Some(warning) = warning {
        result["truncated"] = true.into();
        result["warning"] = warning.into();
    }
    result
}

/// Characters of `result` once rows of these lengths, and their number, stand in it.
fn total_length(result: &Value, row_lengths: &[usize]) -> usize {
    let commas = row_lengths.len().saturating_sub(1);
    let count_digits = row_lengths.len().to_string().len() - "0".len();
    json_length(result) + row_lengths.iter().sum::<usize>() + commas + count_digits
}

fn json_length(value: &Value) -> usize {
    value.to_string().chars().count()
}

/// `12345` as `12,345`.
fn grouped(number: usize) -> String {
    let digits = number.to_string();
    let mut text = String::with_capacity(digits.len() + digits.len() / 3);
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    fn table(rows: Vec<Value>) -> Table {
        Table { most: usize::MAX, columns: vec!["a".to_owned()], column_types: vec!["VARCHAR".to_owned()], rows }
    }

    fn limits(rows: usize, characters: usize) -> Limits {
        Limits { rows, characters, ..Limits::default() }
    }

    #[test]
    fn a_result_within_both_limits_is_whole_and_says_nothing_of_truncation() {
        let result = table(vec![json!(["x"]); 3]).into_json(&limits(3, 1_000));
        assert_eq!(
            result,
            json!({ "success": true, "columns": ["a"], "columnTypes": ["VARCHAR"], "rows": [["x"], ["x"], ["x"]], "rowCount": 3 })
        );
    }

    #[test]
    fn one_row_over_the_limit_is_cut_with_a_warning() {
        let result = table(vec![json!([1]); 2_049]).into_json(&limits(2_048, 50_000));
        assert_eq!(result["rowCount"], 2_048);
        assert_eq!(result["truncated"], true);
        assert_eq!(result["warning"], "Results limited to 2,048 rows. Query returned more data.");
    }

    #[test]
    fn a_result_of_exactly_the_character_limit_is_whole_and_one_more_is_cut() {
        let whole = table(vec![json!(["é"]); 25]).into_json(&limits(100, 1_000));
        let length = json_length(&whole);
        assert_eq!(table(vec![json!(["é"]); 25]).into_json(&limits(100, length)), whole);

        let cut = table(vec![json!(["é"]); 25]).into_json(&limits(100, length - 1));
        assert!(json_length(&cut) < length);
        assert_eq!(cut["truncated"], true);
    }

    #[test]
    fn a_single_row_over_the_character_limit_leaves_no_rows() {
        let result = table(vec![json!(["x".repeat(2_000)])]).into_json(&limits(100, 1_000));
        assert_eq!(result["rowCount"], 0);
        assert_eq!(result["warning"], "Results limited to 0 rows due to 1KB output size limit.");
    }

    #[test]
    fn numbers_are_grouped_by_thousands() {
        assert_eq!([0, 999, 1_000, 1_234_567].map(grouped), ["0", "999", "1,000", "1,234,567"]);
    }
}
