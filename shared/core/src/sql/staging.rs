//! The staging relation: the rows of a landed file as a `FROM` item, the same whether the rows come in the statement
//! (*push*) or the warehouse reads the file itself (*pull*).
//!
//! Its columns are `c0 … cN`, one per column of the file by position (names may repeat, or differ only in case), and
//! `row_no`, the row's place in the file from 0. Each has one of six staged types; whatever is above the relation needs to
//! know only these, and gives the same rows in both modes:
//!
//! | column's type | staged as |
//! | --- | --- |
//! | BOOLEAN | BOOLEAN |
//! | integers | BIGINT or UBIGINT |
//! | floats | DOUBLE; of a FLOAT the one with the fewest digits that name it |
//! | text; dates, times, decimals, UUIDs, blobs … | VARCHAR, as DuckDB casts the value to text; instants in UTC |
//! | lists, structs, maps | JSON |

use alloc::{
    format,
    string::{String, ToString},
    vec::Vec,
};
use core::fmt::Write;

use crate::{
    column_type::{ColumnType, Field, distinct_names},
    sql,
};

/// Type of a column of the staging relation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum StagedType {
    Boolean,
    BigInt,
    UBigInt,
    Double,
    Varchar,
    Json,
}

impl StagedType {
    fn of(data_type: &ColumnType) -> Self {
        match data_type {
            ColumnType::Boolean => Self::Boolean,
            ColumnType::Integer(_) => Self::BigInt,
            ColumnType::Unsigned(_) => Self::UBigInt,
            ColumnType::Float | ColumnType::Double => Self::Double,
            ColumnType::List(_) | ColumnType::Struct(_) | ColumnType::Map(..) => Self::Json,
            _ => Self::Varchar,
        }
    }

    fn name(self) -> &'static str {
        match self {
            Self::Boolean => "BOOLEAN",
            Self::BigInt => "BIGINT",
            Self::UBigInt => "UBIGINT",
            Self::Double => "DOUBLE",
            Self::Varchar => "VARCHAR",
            Self::Json => "JSON",
        }
    }
}

/// The staging relation of one file.
#[derive(Debug, Clone)]
pub struct Staging {
    columns: Vec<Field>,
}

impl Staging {
    /// `columns`: those of the file, in its order.
    #[must_use]
    pub fn new(columns: Vec<Field>) -> Self {
        Self { columns }
    }

    /// The columns of the file.
    #[must_use]
    pub fn columns(&self) -> &[Field] {
        &self.columns
    }

    /// Rows sent in the statement. `first_row` is the place in the file of the first one.
    ///
    /// One JSON object of column arrays is the fastest form that DuckDB reads (decision 4: 340,000 rows/s against 45,000 for a
    /// `VALUES` list); it stands in a one-row `VALUES`, as a constant argument would be folded by a slower path.
    #[must_use]
    pub fn pushed(&self, arrays: &ColumnArrays, first_row: u64) -> String {
        let mut structure = String::from("{");
        let mut unnested = String::new();
        for (i, column) in self.columns.iter().enumerate() {
            let comma = if i > 0 { "," } else { "" };
            let _ = write!(structure, "{comma}\"c{i}\":[\"{}\"]", StagedType::of(&column.data_type).name());
            let _ = write!(unnested, "unnest(j.c{i}) AS c{i}, ");
        }
        structure.push('}');
        format!(
            "(SELECT {unnested}unnest(range({first_row}, {})) AS row_no \
             FROM (SELECT from_json_strict(v.x, '{structure}') AS j FROM (VALUES ({})) AS v(x))) AS s",
            first_row + arrays.rows,
            sql::text(&arrays.to_json()),
        )
    }

    /// Rows that the warehouse reads from the Parquet file at `url` (`r2://bucket/key`).
    ///
    /// # Errors
    /// The name of a column whose type the warehouse would read otherwise than we do, and why.
    pub fn pulled(&self, url: &str) -> Result<String, PullRefused> {
        let mut selected = String::new();
        let mut names = String::new();
        for (i, column) in self.columns.iter().enumerate() {
            let raw = format!("r.c{i}");
            let staged = pull_expression(&column.data_type, &raw, 0)
                .map_err(|reason| PullRefused { column: column.name.clone(), reason })?;
            let staged = match StagedType::of(&column.data_type) {
                StagedType::Json => format!("to_json({staged})"),
                _ => staged,
            };
            let _ = write!(selected, "{staged} AS c{i}, ");
            let _ = write!(names, "c{i}, ");
        }
        Ok(format!(
            "(SELECT {selected}r.row_no AS row_no \
             FROM read_parquet({}, file_row_number = true) AS r({names}row_no)) AS s",
            sql::text(url)
        ))
    }

    /// `c3` as a JSON value: what JSON can't hold (NaN, infinities) becomes text.
    #[must_use]
    pub fn json_value(&self, index: usize) -> String {
        let column = format!("s.c{index}");
        match self.columns.get(index).map(|c| StagedType::of(&c.data_type)) {
            Some(StagedType::Double) => finite_or_text(&column),
            _ => column,
        }
    }

    /// A JSON object of these columns under their names, or NULL if `indexes` is empty.
    #[must_use]
    pub fn json_object(&self, indexes: &[usize]) -> String {
        if indexes.is_empty() {
            return "NULL".to_string();
        }
        let names = distinct_names(indexes.iter().filter_map(|&i| self.columns.get(i)).map(|c| c.name.as_str()));
        let mut out = String::from("json_object(");
        for (place, (name, &index)) in names.iter().zip(indexes).enumerate() {
            let comma = if place > 0 { ", " } else { "" };
            let _ = write!(out, "{comma}{}, {}", sql::text(name), self.json_value(index));
        }
        out.push(')');
        out
    }
}

/// A file that the warehouse may not read by itself. It can still be pushed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("column {column:?}: {reason}")]
pub struct PullRefused {
    pub column: String,
    pub reason: &'static str,
}

/// The staged form of `e`, a value of this type as DuckDB's Parquet reader gives it. `depth` keeps the names of nested
/// lambda parameters apart.
fn pull_expression(data_type: &ColumnType, e: &str, depth: usize) -> Result<String, &'static str> {
    Ok(match data_type {
        ColumnType::Null => "CAST(NULL AS VARCHAR)".to_string(),
        ColumnType::Boolean | ColumnType::Text => e.to_string(),
        ColumnType::Double if depth == 0 => e.to_string(),
        ColumnType::Double => finite_or_text(e),
        ColumnType::Float if depth == 0 => widened(e),
        ColumnType::Float => finite_or_text(&widened(e)),
        ColumnType::Integer(_) => format!("CAST({e} AS BIGINT)"),
        ColumnType::Unsigned(_) => format!("CAST({e} AS UBIGINT)"),
        ColumnType::Decimal { precision, .. } if *precision > crate::column_type::MAX_DECIMAL_PRECISION => {
            return Err("DuckDB reads decimals of more than 38 digits as DOUBLE");
        }
        // DuckDB leaves out the 0 before the point where the type has no digit for it.
        ColumnType::Decimal { precision, scale } if i8::try_from(*precision) == Ok(*scale) => {
            format!("regexp_replace(CAST({e} AS VARCHAR), '^(-?)[.]', '\\1' || '0.')")
        }
        // Not by a cast: that would use the session's time zone.
        ColumnType::Instant => format!("CAST(make_timestamp(epoch_us({e})) AS VARCHAR) || '+00'"),
        ColumnType::Decimal { .. }
        | ColumnType::Json
        | ColumnType::Blob
        | ColumnType::Uuid
        | ColumnType::Date
        | ColumnType::Time
        | ColumnType::Timestamp
        | ColumnType::TimestampNanos
        | ColumnType::Interval => format!("CAST({e} AS VARCHAR)"),
        ColumnType::List(item) => {
            let x = format!("x{depth}");
            let inner = pull_expression(item, &x, depth + 1)?;
            if inner == x { e.to_string() } else { format!("list_transform({e}, lambda {x}: {inner})") }
        }
        ColumnType::Map(key, value) => {
            let x = format!("x{depth}");
            let key = pull_expression(key, &format!("{x}.key"), depth + 1)?;
            let value = pull_expression(value, &format!("{x}.value"), depth + 1)?;
            format!("list_transform(map_entries({e}), lambda {x}: {{'key': {key}, 'value': {value}}})")
        }
        ColumnType::Struct(fields) => {
            let mut out = format!("CASE WHEN {e} IS NULL THEN NULL ELSE {{");
            let mut unchanged = true;
            let mut seen = alloc::collections::BTreeSet::new();
            for (i, field) in fields.iter().enumerate() {
                if !seen.insert(field.name.to_lowercase()) {
                    return Err("it has struct members whose names differ only in case, and DuckDB ignores case");
                }
                let member = format!("{e}.{}", sql::identifier(&field.name));
                let inner = pull_expression(&field.data_type, &member, depth + 1)?;
                unchanged &= inner == member;
                let comma = if i > 0 { ", " } else { "" };
                let _ = write!(out, "{comma}{}: {inner}", sql::text(&field.name));
            }
            out.push_str("} END");
            if unchanged { e.to_string() } else { out }
        }
    })
}

/// A FLOAT as the DOUBLE that people mean by it: 0.1, not 0.10000000149011612. It has the fewest digits that still name the FLOAT, from
/// 6 (which every FLOAT keeps) to 9 (which name every FLOAT).
fn widened(e: &str) -> String {
    let mut out = format!("CASE WHEN NOT isfinite({e}) THEN CAST({e} AS DOUBLE)");
    for digits in 6..9 {
        let text = format!("printf('%.{digits}g', {e})");
        // Writing to a String doesn't fail.
        let _ = write!(out, " WHEN CAST({text} AS FLOAT) = {e} THEN CAST({text} AS DOUBLE)");
    }
    let _ = write!(out, " ELSE CAST(printf('%.9g', {e}) AS DOUBLE) END");
    out
}

/// A double as a JSON value: what JSON can't hold becomes text, spelled as JavaScript and Parquet's writers spell it; DuckDB's own
/// spellings vary with the sign bit of a NaN.
fn finite_or_text(e: &str) -> String {
    format!(
        "CASE WHEN isfinite({e}) THEN to_json({e}) WHEN isnan({e}) THEN to_json('NaN') WHEN {e} > 0 THEN to_json('Infinity') \
         WHEN {e} < 0 THEN to_json('-Infinity') END"
    )
}

/// Rows as JSON arrays, one per column: `{"c0":[…],"c1":[…]}`.
#[derive(Debug, Clone, Default)]
pub struct ColumnArrays {
    columns: Vec<String>,
    rows: u64,
}

impl ColumnArrays {
    #[must_use]
    pub fn new(columns: usize) -> Self {
        Self { columns: alloc::vec![String::new(); columns], rows: 0 }
    }

    /// The text of each column: JSON values, with a comma after each.
    pub fn columns_mut(&mut self) -> &mut [String] {
        &mut self.columns
    }

    /// Says that each column's text has got `rows` values more.
    pub fn add_rows(&mut self, rows: u64) {
        self.rows += rows;
    }

    #[must_use]
    pub fn rows(&self) -> u64 {
        self.rows
    }

    /// Size of the text in bytes.
    #[must_use]
    pub fn bytes(&self) -> usize {
        self.columns.iter().map(String::len).sum()
    }

    /// Empties it, and keeps the memory.
    pub fn clear(&mut self) {
        self.columns.iter_mut().for_each(String::clear);
        self.rows = 0;
    }

    /// One JSON object: `{"c0":[…],"c1":[…],…}`.
    #[must_use]
    pub fn to_json(&self) -> String {
        let mut out = String::with_capacity(self.bytes() + self.columns.len() * 8 + 2);
        out.push('{');
        for (i, column) in self.columns.iter().enumerate() {
            let comma = if i > 0 { "," } else { "" };
            let _ = write!(out, "{comma}\"c{i}\":[{}]", column.strip_suffix(',').unwrap_or(column));
        }
        out.push('}');
        out
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::{boxed::Box, vec};

    fn staging() -> Staging {
        Staging::new(vec![Field::new("id", ColumnType::Text), Field::new("n", ColumnType::Integer(32))])
    }

    #[test]
    fn pushed_rows_stand_in_the_statement_and_are_numbered_from_the_first_one() {
        let mut arrays = ColumnArrays::new(2);
        arrays.columns_mut()[0].push_str("\"it's\",null,");
        arrays.columns_mut()[1].push_str("1,2,");
        arrays.add_rows(2);
        assert_eq!(
            staging().pushed(&arrays, 10),
            "(SELECT unnest(j.c0) AS c0, unnest(j.c1) AS c1, unnest(range(10, 12)) AS row_no FROM (SELECT \
             from_json_strict(v.x, '{\"c0\":[\"VARCHAR\"],\"c1\":[\"BIGINT\"]}') AS j FROM (VALUES ('{\"c0\":[\"it''s\",null],\
             \"c1\":[1,2]}')) AS v(x))) AS s"
        );
    }

    #[test]
    fn pulled_columns_are_named_by_position() {
        assert_eq!(
            staging().pulled("r2://b/it's").unwrap(),
            "(SELECT r.c0 AS c0, CAST(r.c1 AS BIGINT) AS c1, r.row_no AS row_no FROM read_parquet('r2://b/it''s', \
             file_row_number = true) AS r(c0, c1, row_no)) AS s"
        );
    }

    #[test]
    fn a_column_that_the_warehouse_reads_otherwise_is_not_pulled() {
        let wide = Staging::new(vec![Field::new("d", ColumnType::Decimal { precision: 76, scale: 0 })]);
        assert_eq!(wide.pulled("x").unwrap_err().column, "d");
        let twins = ColumnType::Struct(vec![Field::new("A", ColumnType::Text), Field::new("a", ColumnType::Text)]);
        assert!(Staging::new(vec![Field::new("s", ColumnType::List(Box::new(twins)))]).pulled("x").is_err());
    }
}
