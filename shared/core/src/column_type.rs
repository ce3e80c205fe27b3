//! The type of a column, as the warehouse sees it.

use alloc::{borrow::ToOwned, boxed::Box, format, string::String, vec::Vec};
use core::fmt;

use serde::Serialize;

/// Largest precision of DuckDB's `DECIMAL` ([data types, numeric](https://duckdb.org/docs/stable/sql/data_types/numeric)).
pub const MAX_DECIMAL_PRECISION: u8 = 38;

/// Type of a column of a landed file, in DuckDB's terms.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ColumnType {
    /// A column that holds only NULL (Parquet's `Null` logical type).
    Null,
    Boolean,
    /// Signed integer of 8, 16, 32 or 64 bits.
    Integer(u8),
    /// Unsigned integer of 8, 16, 32 or 64 bits.
    Unsigned(u8),
    /// 16- or 32-bit float.
    Float,
    Double,
    /// Exact number. `precision` may be over [`MAX_DECIMAL_PRECISION`]; such a column is kept as text.
    Decimal {
        precision: u8,
        scale: i8,
    },
    Text,
    /// Text whose writer declares it to be JSON. It may be malformed.
    Json,
    Blob,
    Uuid,
    /// Days; no time zone.
    Date,
    /// Time of day, in microseconds.
    Time,
    /// Date and time of no stated zone, in microseconds.
    Timestamp,
    /// Date and time of no stated zone, in nanoseconds.
    TimestampNanos,
    /// An instant: date and time in UTC, in microseconds.
    Instant,
    Interval,
    List(Box<ColumnType>),
    Struct(Vec<Field>),
    /// Entries of key and value. Kept as a list of `{key, value}`: keys may repeat and need not be text.
    Map(Box<ColumnType>, Box<ColumnType>),
}

/// A named member of a struct, or a column of a file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Field {
    pub name: String,
    pub data_type: ColumnType,
}

impl Field {
    #[must_use]
    pub fn new(name: impl Into<String>, data_type: ColumnType) -> Self {
        Self { name: name.into(), data_type }
    }
}

impl ColumnType {
    /// Whether the values are whole numbers.
    #[must_use]
    pub fn is_integer(&self) -> bool {
        matches!(self, Self::Integer(_) | Self::Unsigned(_))
    }

    /// Whether the values are numbers.
    #[must_use]
    pub fn is_number(&self) -> bool {
        self.is_integer() || matches!(self, Self::Float | Self::Double | Self::Decimal { .. })
    }

    /// Levels of nesting: 0 for a scalar.
    #[must_use]
    pub fn depth(&self) -> usize {
        match self {
            Self::List(item) => 1 + item.depth(),
            Self::Map(key, value) => 1 + key.depth().max(value.depth()),
            Self::Struct(fields) => 1 + fields.iter().map(|f| f.data_type.depth()).max().unwrap_or(0),
            _ => 0,
        }
    }
}

/// The name that people and the catalog use, in DuckDB's spelling.
impl fmt::Display for ColumnType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Null => f.write_str("NULL"),
            Self::Boolean => f.write_str("BOOLEAN"),
            Self::Integer(8) => f.write_str("TINYINT"),
            Self::Integer(16) => f.write_str("SMALLINT"),
            Self::Integer(32) => f.write_str("INTEGER"),
            Self::Integer(_) => f.write_str("BIGINT"),
            Self::Unsigned(8) => f.write_str("UTINYINT"),
            Self::Unsigned(16) => f.write_str("USMALLINT"),
            Self::Unsigned(32) => f.write_str("UINTEGER"),
            Self::Unsigned(_) => f.write_str("UBIGINT"),
            Self::Float => f.write_str("FLOAT"),
            Self::Double => f.write_str("DOUBLE"),
            Self::Decimal { precision, scale } => write!(f, "DECIMAL({precision},{scale})"),
            Self::Text => f.write_str("VARCHAR"),
            Self::Json => f.write_str("JSON"),
            Self::Blob => f.write_str("BLOB"),
            Self::Uuid => f.write_str("UUID"),
            Self::Date => f.write_str("DATE"),
            Self::Time => f.write_str("TIME"),
            Self::Timestamp => f.write_str("TIMESTAMP"),
            Self::TimestampNanos => f.write_str("TIMESTAMP_NS"),
            Self::Instant => f.write_str("TIMESTAMPTZ"),
            Self::Interval => f.write_str("INTERVAL"),
            Self::List(item) => write!(f, "{item}[]"),
            Self::Map(key, value) => write!(f, "MAP({key}, {value})"),
            Self::Struct(fields) => {
                f.write_str("STRUCT(")?;
                for (i, field) in fields.iter().enumerate() {
                    if i > 0 {
                        f.write_str(", ")?;
                    }
                    write!(f, "{} {}", crate::sql::identifier(&field.name), field.data_type)?;
                }
                f.write_str(")")
            }
        }
    }
}

impl Serialize for ColumnType {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

/// Names for the columns of one file under which each can be told from the others: a name that stands more than once gets
/// `_2`, `_3`, … at its later places, as no JSON reader keeps both of two equal keys.
#[must_use]
pub fn distinct_names<'a>(names: impl IntoIterator<Item = &'a str>) -> Vec<String> {
    let names: Vec<&str> = names.into_iter().collect();
    let mut taken: alloc::collections::BTreeSet<String> = names.iter().map(|&n| n.to_owned()).collect();
    let mut seen = alloc::collections::BTreeSet::new();
    names
        .iter()
        .map(|&name| {
            if seen.insert(name) {
                return name.to_owned();
            }
            let mut n = 2u32;
            loop {
                let candidate = format!("{name}_{n}");
                if taken.insert(candidate.clone()) {
                    return candidate;
                }
                n += 1;
            }
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::vec;

    #[test]
    fn a_type_is_spelled_as_duckdb_spells_it() {
        let span = ColumnType::Struct(vec![
            Field::new("start", ColumnType::Integer(64)),
            Field::new("a \"b\"", ColumnType::Decimal { precision: 10, scale: 2 }),
        ]);
        let nested = ColumnType::List(Box::new(ColumnType::Map(Box::new(ColumnType::Text), Box::new(span))));
        assert_eq!(format!("{nested}"), r#"MAP(VARCHAR, STRUCT("start" BIGINT, "a ""b""" DECIMAL(10,2)))[]"#);
        assert_eq!(nested.depth(), 3);
    }

    #[test]
    fn repeated_names_are_told_apart_and_never_take_a_name_that_stands() {
        assert_eq!(distinct_names(["a", "a", "a_2", "A", "a"]), ["a", "a_3", "a_2", "A", "a_4"]);
    }
}
