//! What visible loads hold of an item, added up.

use alloc::{
    boxed::Box,
    collections::BTreeMap,
    string::{String, ToString},
    vec::Vec,
};

use serde::{Deserialize, Serialize};

use super::data_type::widest;
use crate::profile::{ColumnProfile, Meaning, Sketch};

/// Examples of an entity type that are kept.
const EXAMPLES: usize = 5;

/// Sums over the visible loads.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum Totals {
    Entity(EntityTotals),
    Field(Box<FieldTotals>),
}

impl Totals {
    /// Whether a visible load holds the item.
    #[must_use]
    pub fn is_present(&self) -> bool {
        match self {
            Self::Entity(totals) => totals.responses + totals.suggestions > 0,
            Self::Field(totals) => totals.loads > 0,
        }
    }

    /// The narrowest type that all values have, as DuckDB spells it. `None` for an entity type.
    #[must_use]
    pub fn data_type(&self) -> Option<String> {
        match self {
            Self::Entity(_) => None,
            Self::Field(totals) => Some(totals.data_type()),
        }
    }

    /// What the values of a field are. `None` for an entity type.
    #[must_use]
    pub fn meaning(&self) -> Option<Meaning> {
        match self {
            Self::Entity(_) => None,
            Self::Field(totals) => Meaning::of(&totals.profile),
        }
    }

    /// Adds those of another item of the same kind. Of another kind, nothing.
    pub fn add(&mut self, other: &Self) {
        match (self, other) {
            (Self::Entity(mine), Self::Entity(theirs)) => mine.add(theirs),
            (Self::Field(mine), Self::Field(theirs)) => mine.add(theirs),
            _ => {}
        }
    }
}

/// Of an entity type.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct EntityTotals {
    /// Spans in submitted responses.
    pub responses: u64,
    /// Spans in suggestions.
    pub suggestions: u64,
    /// Records with such a span.
    pub records: u64,
    /// Documents that these records are of.
    #[serde(default)]
    pub documents: Sketch,
    pub examples: Vec<String>,
    /// Microseconds since 1970.
    pub first_seen: i64,
    pub last_seen: i64,
}

impl EntityTotals {
    /// Adds what a load holds whose records no other visible load holds.
    pub fn add(&mut self, other: &Self) {
        self.responses += other.responses;
        self.suggestions += other.suggestions;
        self.records += other.records;
        self.documents.merge(&other.documents);
        self.see(other);
    }

    /// With the counts of a recount. What was ever seen stays known.
    #[must_use]
    pub fn recounted(&self, mut counted: Self) -> Self {
        if counted.responses + counted.suggestions == 0 {
            (counted.first_seen, counted.last_seen) = (self.first_seen, self.last_seen);
        }
        counted.see(self);
        counted
    }

    /// Takes over what was seen, in a way that doesn't depend on the order.
    fn see(&mut self, other: &Self) {
        self.first_seen = self.first_seen.min(other.first_seen);
        self.last_seen = self.last_seen.max(other.last_seen);
        self.examples.extend_from_slice(&other.examples);
        self.examples.sort_unstable();
        self.examples.dedup();
        self.examples.truncate(EXAMPLES);
    }
}

/// Of a field. Counts are of the rows of visible loads; distinct values, ranges and examples are of all that was ever seen.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct FieldTotals {
    pub loads: u64,
    /// Loads whose values were only sampled, so that the evidence proves nothing.
    pub sampled: u64,
    pub rows: u64,
    /// Rows with a value.
    pub present: u64,
    /// Loads by the type that their file declares.
    pub types: BTreeMap<String, u64>,
    pub profile: ColumnProfile,
    /// Microseconds since 1970.
    pub first_seen: i64,
    pub last_seen: i64,
}

impl FieldTotals {
    /// Of one load: the profile of a column, the load's rows, those of them with a value unless that follows from the profile, and when
    /// it was committed (microseconds since 1970).
    #[must_use]
    pub fn of_load(profile: ColumnProfile, rows: u64, counted: Option<u64>, committed_at: i64) -> Self {
        Self {
            loads: 1,
            sampled: u64::from(profile.rows < rows),
            rows,
            present: counted.unwrap_or_else(|| profile.rows.saturating_sub(profile.nulls)),
            types: [(profile.data_type.clone(), 1)].into(),
            profile,
            first_seen: committed_at,
            last_seen: committed_at,
        }
    }

    /// Adds a load that became visible.
    pub fn add(&mut self, other: &Self) {
        self.loads += other.loads;
        self.sampled += other.sampled;
        self.rows += other.rows;
        self.present += other.present;
        for (data_type, loads) in &other.types {
            *self.types.entry(data_type.clone()).or_default() += loads;
        }
        self.profile.merge(&other.profile);
        self.first_seen = self.first_seen.min(other.first_seen);
        self.last_seen = self.last_seen.max(other.last_seen);
    }

    /// Takes a load off that is no longer visible.
    pub fn subtract(&mut self, other: &Self) {
        self.loads = self.loads.saturating_sub(other.loads);
        self.sampled = self.sampled.saturating_sub(other.sampled);
        self.rows = self.rows.saturating_sub(other.rows);
        self.present = self.present.saturating_sub(other.present);
        for (data_type, loads) in &other.types {
            if let Some(left) = self.types.get_mut(data_type) {
                *left = left.saturating_sub(*loads);
            }
        }
        self.types.retain(|_, loads| *loads > 0);
        self.profile.subtract_counts(&other.profile);
    }

    /// The widest of the declared types; for text, the type that loses nothing of any value.
    #[must_use]
    pub fn data_type(&self) -> String {
        let declared = self.types.keys().fold("\"NULL\"", |widest_so_far, next| widest(widest_so_far, next));
        match declared {
            "\"NULL\"" => "VARCHAR",
            "VARCHAR" if self.sampled > 0 => "VARCHAR",
            "VARCHAR" => self.profile.evidence.forms.data_type(self.profile.values()).unwrap_or("VARCHAR"),
            other => other,
        }
        .to_string()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        column_type::ColumnType,
        profile::{Cell, ColumnProfiler},
    };

    fn load(data_type: &ColumnType, values: &[Cell<'_>], at: i64) -> FieldTotals {
        let mut profiler = ColumnProfiler::new(data_type);
        for &value in values {
            profiler.observe(value);
        }
        FieldTotals::of_load(profiler.finish(), values.len() as u64, None, at)
    }

    #[test]
    fn text_that_reads_as_numbers_is_of_a_type_of_numbers() {
        let mut totals = load(&ColumnType::Text, &[Cell::Text("9074729"), Cell::Null], 1);
        assert_eq!(totals.data_type(), "BIGINT");
        totals.add(&load(&ColumnType::Text, &[Cell::Text("12.5")], 2));
        assert_eq!(totals.data_type(), "DOUBLE");
        totals.add(&load(&ColumnType::Text, &[Cell::Text("unknown")], 3));
        assert_eq!(totals.data_type(), "VARCHAR");
    }

    #[test]
    fn text_that_a_number_would_change_stays_text() {
        for text in ["007", "+5", "1e5", "9223372036854775808", "\u{a0}5"] {
            let totals = load(&ColumnType::Text, &[Cell::Text("5"), Cell::Text(text), Cell::Text(" ")], 1);
            assert_eq!(totals.data_type(), "VARCHAR", "{text:?}");
        }
        let mut totals = load(&ColumnType::Integer(32), &[Cell::Integer(5), Cell::Null], 1);
        totals.add(&load(&ColumnType::Text, &[Cell::Text(" 7 ")], 2));
        assert_eq!(totals.data_type(), "BIGINT", "a file of numbers and one of text that says numbers");
        totals.add(&load(&ColumnType::Double, &[Cell::Double(7.0)], 3));
        assert_eq!(totals.data_type(), "DOUBLE", "and one of doubles");
    }

    #[test]
    fn counts_and_types_go_down_with_a_load_that_is_taken_off() {
        let first = load(&ColumnType::Integer(32), &[Cell::Integer(1), Cell::Null], 1);
        let second = load(&ColumnType::Text, &[Cell::Text("x")], 2);
        let mut totals = first.clone();
        totals.add(&second);
        assert_eq!((totals.loads, totals.rows, totals.present, totals.data_type().as_str()), (2, 3, 2, "VARCHAR"));
        totals.subtract(&second);
        assert_eq!((totals.loads, totals.rows, totals.present, totals.data_type().as_str()), (1, 2, 1, "INTEGER"));
        totals.subtract(&first);
        assert!(!Totals::Field(Box::new(totals)).is_present());
    }

    #[test]
    fn a_sample_proves_no_type() {
        let mut totals = load(&ColumnType::Text, &[Cell::Text("1")], 1);
        totals.sampled = 1;
        assert_eq!(totals.data_type(), "VARCHAR");
    }
}
