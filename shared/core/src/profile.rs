//! What the columns of a load hold, in brief: made once while the file is read, kept with the load.
//!
//! A profile has a fixed size whatever the number of rows. Profiles of one column from several loads can be added up: counts and
//! ranges as such, distinct values by their sketches.

mod calendar;
mod evidence;
mod forms;
mod meaning;
mod number;
mod sketch;

use alloc::{
    borrow::ToOwned,
    string::{String, ToString},
    vec::Vec,
};

use serde::{Deserialize, Serialize};

pub use evidence::{Evidence, is_country_code, is_imo_number, is_mmsi};
pub use forms::{Forms, Places};
pub use meaning::Meaning;
pub use sketch::{SIZE as SKETCH_SIZE, Sketch};

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
    /// What the values read as. Zeros in profiles from before it was counted.
    #[serde(default)]
    pub evidence: Evidence,
    /// Smallest and largest of the texts that read as numbers. `None` for columns of numbers: those have it in `min` and `max`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub text_numbers: Option<(f64, f64)>,
}

impl ColumnProfile {
    /// Adds the profile of the same column in another load. The type stays: what it widens to is for the catalog to say.
    pub fn merge(&mut self, other: &Self) {
        self.rows += other.rows;
        self.nulls += other.nulls;
        self.blanks += other.blanks;
        self.sketch.merge(&other.sketch);
        self.distinct = self.sketch.distinct();
        self.min = merged(self.min.take(), other.min.as_ref(), Bound::is_below);
        self.max = merged(self.max.take(), other.max.as_ref(), |a, b| b.is_below(a));
        self.min_length = self.min_length.into_iter().chain(other.min_length).min();
        self.max_length = self.max_length.into_iter().chain(other.max_length).max();
        self.evidence.merge(&other.evidence);
        self.text_numbers = self.text_numbers.into_iter().chain(other.text_numbers).reduce(spanning);
        for example in &other.examples {
            let is_known = self.examples.iter().any(|known| known.eq_ignore_ascii_case(example));
            if self.examples.len() < EXAMPLES && !is_known {
                self.examples.push(example.clone());
            }
        }
    }

    /// Takes the counts of a load off that was added. Distinct values, ranges and examples can't be taken off: they stay.
    pub fn subtract_counts(&mut self, other: &Self) {
        self.rows = self.rows.saturating_sub(other.rows);
        self.nulls = self.nulls.saturating_sub(other.nulls);
        self.blanks = self.blanks.saturating_sub(other.blanks);
        self.evidence.subtract(&other.evidence);
    }

    /// Values that are neither NULL nor blank: what shares of the evidence are of.
    #[must_use]
    pub const fn values(&self) -> u64 {
        self.rows.saturating_sub(self.nulls).saturating_sub(self.blanks)
    }

    /// Smallest and largest number, of columns of numbers and of numbers in text.
    #[must_use]
    pub fn number_range(&self) -> Option<(f64, f64)> {
        match (&self.min, &self.max) {
            (Some(Bound::Number(min)), Some(Bound::Number(max))) => Some((*min, *max)),
            _ => self.text_numbers,
        }
    }
}

fn merged(mine: Option<Bound>, other: Option<&Bound>, wins: impl Fn(&Bound, &Bound) -> bool) -> Option<Bound> {
    match (mine, other) {
        (Some(mine), Some(other)) if wins(other, &mine) => Some(other.clone()),
        (mine, other) => mine.or_else(|| other.cloned()),
    }
}

fn spanning(a: (f64, f64), b: (f64, f64)) -> (f64, f64) {
    (a.0.min(b.0), a.1.max(b.1))
}

/// An end of a range.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum Bound {
    Number(f64),
    Text(String),
}

impl Bound {
    /// Numbers come before text, so that sums of profiles are the same in any order even where a column's type changed.
    fn is_below(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Number(a), Self::Number(b)) => a < b,
            (Self::Text(a), Self::Text(b)) => a < b,
            (Self::Number(_), Self::Text(_)) => true,
            (Self::Text(_), Self::Number(_)) => false,
        }
    }
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
    evidence: Evidence,
    text_numbers: Option<(f64, f64)>,
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
            evidence: Evidence::default(),
            text_numbers: None,
            scratch: String::new(),
        }
    }

    /// Takes the next value.
    pub fn observe(&mut self, cell: Cell<'_>) {
        self.rows += 1;
        match cell {
            Cell::Null => self.nulls += 1,
            Cell::Nested => {}
            Cell::Boolean(value) => {
                self.evidence.observe_boolean();
                self.value(if value { "true" } else { "false" });
            }
            Cell::Text(text) => self.text(text),
            #[expect(clippy::cast_precision_loss, reason = "a range is a rough thing")]
            Cell::Integer(value) => self.number(value as f64, value, Forms::observe),
            #[expect(clippy::cast_precision_loss, reason = "a range is a rough thing")]
            Cell::Unsigned(value) => self.number(value as f64, value, Forms::observe),
            // The whole number 7.0 is the same value as the integer 7 in another file.
            Cell::Double(value) => match whole(value) {
                Some(integer) => self.number(value, integer, Forms::observe_double),
                None => self.number(value, value, Forms::observe_double),
            },
        }
    }

    fn number(&mut self, value: f64, text: impl core::fmt::Display, observe_form: fn(&mut Forms, &str)) {
        // JSON has no infinities.
        if value.is_finite() {
            let (min, max) = self.numbers.unwrap_or((value, value));
            self.numbers = Some((min.min(value), max.max(value)));
        }
        let mut scratch = core::mem::take(&mut self.scratch);
        scratch.clear();
        // Writing to a String doesn't fail.
        let _ = core::fmt::write(&mut scratch, format_args!("{text}"));
        self.evidence.observe_text(&scratch);
        observe_form(&mut self.evidence.forms, &scratch);
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
        if let Some(number) = self.evidence.observe_text(trimmed) {
            self.text_numbers =
                Some(self.text_numbers.map_or((number, number), |range| spanning(range, (number, number))));
        }
        // A cast doesn't skip other blanks than these.
        if text.trim_matches(' ') == trimmed {
            self.evidence.forms.observe(trimmed);
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
            evidence: self.evidence,
            text_numbers: self.text_numbers,
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
    fn evidence_is_the_same_in_every_type() {
        let whole = profile(&ColumnType::Integer(32), &[Cell::Integer(9_074_729), Cell::Null]);
        let double = profile(&ColumnType::Double, &[Cell::Double(9_074_729.0)]);
        let text = profile(&ColumnType::Text, &[Cell::Text(" 9074729 "), Cell::Text(" ")]);
        assert_eq!(whole.evidence.imo_numbers, 1);
        assert_eq!(whole.evidence, Evidence { forms: whole.evidence.forms, ..double.evidence });
        assert_eq!(whole.evidence, text.evidence);
        assert_eq!(whole.number_range(), text.number_range());
        assert_eq!((whole.values(), text.values()), (1, 1));
        assert_eq!(profile(&ColumnType::Double, &[Cell::Double(52.194_87)]).evidence.coordinates, 1);
        assert_eq!(profile(&ColumnType::Boolean, &[Cell::Boolean(true)]).evidence.booleans, 1);
    }

    #[test]
    fn a_sum_of_profiles_is_the_profile_of_the_sum() {
        let cells = ["b", "7", "", "2026-11-24", "-3", "B", "c", "d", "e", "f"].map(Cell::Text);
        let (left, right) = cells.split_at(4);
        let mut sum = profile(&ColumnType::Text, left);
        sum.merge(&profile(&ColumnType::Text, right));
        assert_eq!(sum, profile(&ColumnType::Text, &cells));
        let mut unchanged = sum.clone();
        unchanged.merge(&profile(&ColumnType::Text, &[]));
        assert_eq!(unchanged, sum);
    }

    #[test]
    fn the_range_of_a_column_whose_type_changed_is_blind_to_order() {
        let numbers = profile(&ColumnType::Double, &[Cell::Double(5.0)]);
        let texts = profile(&ColumnType::Text, &[Cell::Text("x")]);
        let mut one = numbers.clone();
        one.merge(&texts);
        let mut other = texts.clone();
        other.merge(&numbers);
        assert_eq!((&one.min, &one.max), (&other.min, &other.max));
    }

    #[test]
    fn a_profile_from_before_evidence_was_counted_is_read() {
        let old = r#"{"type":"VARCHAR","rows":1,"nulls":0,"blanks":0,"distinct":0,"min":null,"max":null,
            "min_length":null,"max_length":null,"examples":[],"sketch":""}"#;
        assert_eq!(serde_json::from_str::<ColumnProfile>(old).unwrap().evidence, Evidence::default());
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
