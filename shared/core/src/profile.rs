//! What the columns of a load hold, in brief: made once while the file is read, kept with the load.
//!
//! A profile has a fixed size whatever the number of rows. Profiles of one column from several loads can be added up: counts and
//! ranges as such, distinct values by their sketches.

mod sketch;

use alloc::{
    borrow::ToOwned,
    string::{String, ToString},
    vec::Vec,
};

use serde::{Deserialize, Serialize};

pub use sketch::Sketch;

use crate::column_type::ColumnType;

/// Different values that a profile shows.
const EXAMPLES: usize = 5;

/// Longest text in a profile, in characters: enough to recognise a value, too little to be one's diary.
const MAX_TEXT: usize = 80;

/// A value of a column, as profiles and row rules see it.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Cell<'a> {
    Null,
    Boolean(bool),
    Integer(i64),
    Unsigned(u64),
    Double(f64),
    /// Text, or a value that the staging relation holds as text: dates, decimals, UUIDs, …
    Text(&'a str),
    /// A list, struct or map.
    Nested,
}

/// Profile of one column.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ColumnProfile {
    /// The column's type, as DuckDB spells it.
    #[serde(rename = "type")]
    pub data_type: String,
    /// Rows that were looked at.
    pub rows: u64,
    /// Of these, NULL.
    pub nulls: u64,
    /// Of these, text of blanks or nothing.
    pub blanks: u64,
    /// Different values, about; NULL and blanks don't count.
    pub distinct: u64,
    /// Smallest and largest value: of numbers by value, of text by its code points. `None` where there is none.
    pub min: Option<Bound>,
    pub max: Option<Bound>,
    /// Shortest and longest text, in characters.
    pub min_length: Option<u64>,
    pub max_length: Option<u64>,
    /// The first different values.
    pub examples: Vec<String>,
    pub sketch: Sketch,
}

/// An end of a range.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum Bound {
    Number(f64),
    Text(String),
}

/// Builds the profile of a column.
#[derive(Debug, Clone)]
pub struct ColumnProfiler {
    data_type: String,
    rows: u64,
    nulls: u64,
    blanks: u64,
    numbers: Option<(f64, f64)>,
    texts: Option<(String, String)>,
    lengths: Option<(u64, u64)>,
    examples: Vec<String>,
    sketch: Sketch,
    scratch: String,
}

impl ColumnProfiler {
    #[must_use]
    pub fn new(data_type: &ColumnType) -> Self {
        Self {
            data_type: data_type.to_string(),
            rows: 0,
            nulls: 0,
            blanks: 0,
            numbers: None,
            texts: None,
            lengths: None,
            examples: Vec::new(),
            sketch: Sketch::default(),
            scratch: String::new(),
        }
    }

    /// Takes the next value.
    pub fn observe(&mut self, cell: Cell<'_>) {
        self.rows += 1;
        match cell {
            Cell::Null => self.nulls += 1,
            Cell::Nested => {}
            Cell::Boolean(value) => self.value(if value { "true" } else { "false" }),
            Cell::Text(text) => self.text(text),
            #[expect(clippy::cast_precision_loss, reason = "a range is a rough thing")]
            Cell::Integer(value) => self.number(value as f64, value),
            #[expect(clippy::cast_precision_loss, reason = "a range is a rough thing")]
            Cell::Unsigned(value) => self.number(value as f64, value),
            // The whole number 7.0 is the same value as the integer 7 in another file.
            Cell::Double(value) => match whole(value) {
                Some(integer) => self.number(value, integer),
                None => self.number(value, value),
            },
        }
    }

    fn number(&mut self, value: f64, text: impl core::fmt::Display) {
        // JSON has no infinities.
        if value.is_finite() {
            let (min, max) = self.numbers.unwrap_or((value, value));
            self.numbers = Some((min.min(value), max.max(value)));
        }
        let mut scratch = core::mem::take(&mut self.scratch);
        scratch.clear();
        // Writing to a String doesn't fail.
        let _ = core::fmt::write(&mut scratch, format_args!("{text}"));
        self.value(&scratch);
        self.scratch = scratch;
    }

    fn text(&mut self, text: &str) {
        let trimmed = text.trim();
        if trimmed.is_empty() {
            self.blanks += 1;
            return;
        }
        let length = text.chars().count() as u64;
        let (shortest, longest) = self.lengths.unwrap_or((length, length));
        self.lengths = Some((shortest.min(length), longest.max(length)));
        match &mut self.texts {
            Some((min, max)) => {
                if text < min.as_str() {
                    shortened(text).clone_into(min);
                } else if text > max.as_str() {
                    shortened(text).clone_into(max);
                }
            }
            None => self.texts = Some((shortened(text).to_owned(), shortened(text).to_owned())),
        }
        self.value(trimmed);
    }

    fn value(&mut self, text: &str) {
        let is_new = self.sketch.insert(text);
        if is_new && self.examples.len() < EXAMPLES {
            let example = shortened(text);
            if !self.examples.iter().any(|e| e == example) {
                self.examples.push(example.to_owned());
            }
        }
    }

    /// The profile so far.
    #[must_use]
    pub fn finish(self) -> ColumnProfile {
        let (min, max) = match (self.numbers, self.texts) {
            (Some((min, max)), _) => (Some(Bound::Number(min)), Some(Bound::Number(max))),
            (None, Some((min, max))) => (Some(Bound::Text(min)), Some(Bound::Text(max))),
            (None, None) => (None, None),
        };
        ColumnProfile {
            data_type: self.data_type,
            rows: self.rows,
            nulls: self.nulls,
            blanks: self.blanks,
            distinct: self.sketch.distinct(),
            min,
            max,
            min_length: self.lengths.map(|l| l.0),
            max_length: self.lengths.map(|l| l.1),
            examples: self.examples,
            sketch: self.sketch,
        }
    }
}

/// The integer that `value` is, if it is one that a double holds exactly.
#[expect(clippy::cast_possible_truncation, clippy::cast_precision_loss, clippy::float_cmp, reason = "exact below 2^53")]
fn whole(value: f64) -> Option<i64> {
    let integer = value as i64;
    (value.abs() < 9_007_199_254_740_992.0 && integer as f64 == value).then_some(integer)
}

fn shortened(text: &str) -> &str {
    text.char_indices().nth(MAX_TEXT).and_then(|(end, _)| text.get(..end)).unwrap_or(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn profile(data_type: &ColumnType, cells: &[Cell<'_>]) -> ColumnProfile {
        let mut profiler = ColumnProfiler::new(data_type);
        for &cell in cells {
            profiler.observe(cell);
        }
        profiler.finish()
    }

    #[test]
    fn values_are_counted_apart_from_nulls_and_blanks() {
        let cells = [Cell::Text("b"), Cell::Null, Cell::Text("  "), Cell::Text("a"), Cell::Text("b "), Cell::Text("")];
        let profile = profile(&ColumnType::Text, &cells);
        assert_eq!((profile.rows, profile.nulls, profile.blanks, profile.distinct), (6, 1, 2, 2));
        assert_eq!((profile.min, profile.max), (Some(Bound::Text("a".into())), Some(Bound::Text("b ".into()))));
        assert_eq!(profile.examples, ["b", "a"]);
        assert_eq!((profile.min_length, profile.max_length), (Some(1), Some(2)));
    }

    #[test]
    fn a_number_is_the_same_value_in_every_type() {
        let whole = profile(&ColumnType::Integer(32), &[Cell::Integer(8_930_043), Cell::Integer(-1)]);
        let double = profile(&ColumnType::Double, &[Cell::Double(8_930_043.0), Cell::Double(-1.0)]);
        let text = profile(&ColumnType::Text, &[Cell::Text(" 8930043"), Cell::Text("-1")]);
        assert_eq!(whole.sketch, double.sketch);
        assert_eq!(whole.sketch, text.sketch);
        assert_eq!((whole.min, whole.max), (Some(Bound::Number(-1.0)), Some(Bound::Number(8_930_043.0))));
    }

    #[test]
    fn odd_numbers_do_no_harm() {
        let cells = [Cell::Double(f64::NAN), Cell::Double(f64::INFINITY), Cell::Unsigned(u64::MAX), Cell::Double(-0.0)];
        let profile = profile(&ColumnType::Double, &cells);
        assert_eq!(profile.rows, 4);
        assert_eq!(profile.min, Some(Bound::Number(0.0)), "NaN and infinity are in no range");
    }

    #[test]
    fn a_profile_survives_being_written_and_read() {
        let profile = profile(&ColumnType::Text, &[Cell::Text("é🚢"), Cell::Text(&"x".repeat(500))]);
        assert_eq!(profile.max_length, Some(500));
        let text = serde_json::to_string(&profile).unwrap();
        assert!(text.len() < 600, "{text}");
        assert_eq!(serde_json::from_str::<ColumnProfile>(&text).unwrap(), profile);
    }
}
