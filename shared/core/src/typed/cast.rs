//! Values of JSON as values of a type.
//!
//! `structured_data` holds each value in the form of the staging relation (`sql::Staging`): numbers and booleans as JSON's, lists and
//! structs as JSON, all else as text that DuckDB reads back. A cast gives the same value again, or NULL for what is none of the type.
//! That a value is none is only possible between the commit of a load and its folding into the catalog: then the type widens. DuckDB's
//! own casts would round instead (`CAST('12.7' AS BIGINT)` is 13), so the ones that may are guarded.

use alloc::{
    borrow::ToOwned,
    format,
    string::{String, ToString},
};

use crate::{column_type::MAX_DECIMAL_PRECISION, sql};

/// Type of a column of a typed view.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum SqlType {
    Boolean,
    /// DuckDB's name of an integer type.
    Integer(&'static str),
    /// `FLOAT` or `DOUBLE`.
    Float(&'static str),
    Decimal {
        precision: u8,
        scale: u8,
    },
    Date,
    /// A type whose cast from text neither rounds nor guesses.
    Exact(&'static str),
    Text,
    /// Lists, structs and maps.
    Json,
}

const INTEGERS: [&str; 9] =
    ["TINYINT", "SMALLINT", "INTEGER", "BIGINT", "HUGEINT", "UTINYINT", "USMALLINT", "UINTEGER", "UBIGINT"];
const EXACT: [&str; 7] = ["TIME", "TIMESTAMP", "TIMESTAMP_NS", "TIMESTAMPTZ", "INTERVAL", "UUID", "BLOB"];

impl SqlType {
    /// The type of a column whose type in the catalog is `data_type`. What isn't known here is text, as it stands in the data.
    pub(super) fn of(data_type: &str) -> Self {
        let one_of = |names: &[&'static str]| names.iter().copied().find(|name| *name == data_type);
        if let Some(name) = one_of(&INTEGERS) {
            return Self::Integer(name);
        }
        if let Some(name) = one_of(&EXACT) {
            return Self::Exact(name);
        }
        match data_type {
            "BOOLEAN" => Self::Boolean,
            "FLOAT" => Self::Float("FLOAT"),
            "DOUBLE" => Self::Float("DOUBLE"),
            "DATE" => Self::Date,
            nested if nested.ends_with("[]") || nested.starts_with("STRUCT(") || nested.starts_with("MAP(") => {
                Self::Json
            }
            other => decimal(other).unwrap_or(Self::Text),
        }
    }

    /// As DuckDB spells it.
    pub(super) fn name(&self) -> String {
        match self {
            Self::Boolean => "BOOLEAN",
            Self::Integer(name) | Self::Float(name) | Self::Exact(name) => name,
            Self::Decimal { precision, scale } => return format!("DECIMAL({precision},{scale})"),
            Self::Date => "DATE",
            Self::Text => "VARCHAR",
            Self::Json => "JSON",
        }
        .to_owned()
    }

    /// The value of this type that the text `t` is, or NULL. `t` is a name.
    pub(super) fn cast(&self, t: &str) -> String {
        let name = self.name();
        // What doesn't match becomes the empty text, which is none of these types. Once only stands `t` in each: a filter on the value
        // would read the JSON once for each.
        let matching =
            |pattern: &str, group: u8| format!("TRY_CAST(regexp_extract({t}, '{pattern}', {group}) AS {name})");
        match self {
            // DuckDB reads `1`, `yes` and `t` as true, too.
            Self::Boolean => matching("^ *((?i:true|false)) *$", 1),
            Self::Integer(_) => matching("^[^.eE]*$", 0),
            Self::Decimal { scale, .. } => matching(&format!("^-?[0-9]*([.][0-9]{{0,{scale}}})?$"), 0),
            // DuckDB leaves out the time of day of a timestamp.
            Self::Date => matching("^[^:]*$", 0),
            Self::Float(_) | Self::Exact(_) | Self::Json => format!("TRY_CAST({t} AS {name})"),
            Self::Text => t.to_string(),
        }
    }
}

fn decimal(data_type: &str) -> Option<SqlType> {
    let (precision, scale) = data_type.strip_prefix("DECIMAL(")?.strip_suffix(')')?.split_once(',')?;
    let (precision, scale) = (precision.parse().ok()?, scale.parse().ok()?);
    let is_duckdbs = (1..=MAX_DECIMAL_PRECISION).contains(&precision) && scale <= precision;
    is_duckdbs.then_some(SqlType::Decimal { precision, scale })
}

/// The path of a member of a JSON object, as an SQL expression: a JSON pointer
/// ([RFC 6901](https://www.rfc-editor.org/rfc/rfc6901)), which can name any text.
pub(super) fn member(name: &str) -> String {
    sql::text(&format!("/{}", name.replace('~', "~0").replace('/', "~1")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_type_of_the_catalog_has_one() {
        let name = |data_type: &str| SqlType::of(data_type).name();
        for same in [
            "BOOLEAN",
            "TINYINT",
            "HUGEINT",
            "UBIGINT",
            "FLOAT",
            "DOUBLE",
            "DECIMAL(38,0)",
            "DATE",
            "TIMESTAMP_NS",
            "BLOB",
        ] {
            assert_eq!(name(same), same);
        }
        for nested in ["INTEGER[]", r#"STRUCT("a" BIGINT)"#, "MAP(VARCHAR, INTEGER)", r#"STRUCT("a" BIGINT)[]"#] {
            assert_eq!(name(nested), "JSON");
        }
        for text in
            ["VARCHAR", "JSON", "\"NULL\"", "DECIMAL(76,0)", "DECIMAL(5,-2)", "DECIMAL(2,3)", "x); DROP TABLE y; --"]
        {
            assert_eq!(name(text), "VARCHAR", "{text}");
        }
    }

    #[test]
    fn a_pointer_names_any_member() {
        assert_eq!(member("a/b~c'd"), "'/a~1b~0c''d'");
        assert_eq!(member(""), "'/'");
    }
}
