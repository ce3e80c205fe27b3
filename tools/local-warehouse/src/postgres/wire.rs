//! DuckDB's types and values on the wire. Which types MotherDuck's endpoint announces for what Postgres doesn't have is not documented;
//! README.md has the list of what is announced here.

use std::{borrow::Cow, fmt::Write};

use pgwire::messages::data::FieldDescription;
use serde_json::Value;

use crate::duckdb::{Column, DataType, Shape};

/// How values are spelled.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Format {
    Text,
    Binary,
}

impl Format {
    pub(super) const fn code(self) -> i16 {
        match self {
            Self::Text => 0,
            Self::Binary => 1,
        }
    }
}

/// OIDs of `pg_type`.
mod oid {
    pub(super) const BOOL: u32 = 16;
    pub(super) const BYTEA: u32 = 17;
    pub(super) const INT8: u32 = 20;
    pub(super) const INT2: u32 = 21;
    pub(super) const INT4: u32 = 23;
    pub(super) const TEXT: u32 = 25;
    pub(super) const JSON: u32 = 114;
    pub(super) const FLOAT4: u32 = 700;
    pub(super) const FLOAT8: u32 = 701;
    pub(super) const VARCHAR: u32 = 1043;
    pub(super) const DATE: u32 = 1082;
    pub(super) const TIME: u32 = 1083;
    pub(super) const TIMESTAMP: u32 = 1114;
    pub(super) const TIMESTAMPTZ: u32 = 1184;
    pub(super) const INTERVAL: u32 = 1186;
    pub(super) const TIMETZ: u32 = 1266;
    pub(super) const VARBIT: u32 = 1562;
    pub(super) const NUMERIC: u32 = 1700;
    pub(super) const UUID: u32 = 2950;
}

/// What all parameters are, unless the client says something else: hence `CAST($1 AS INTEGER)`.
pub(super) const PARAMETER: u32 = oid::TEXT;

fn type_of(data_type: &DataType) -> u32 {
    if data_type.is_json() {
        return oid::JSON;
    }
    match &data_type.shape {
        Shape::Boolean => oid::BOOL,
        Shape::TinyInt | Shape::UTinyInt | Shape::SmallInt => oid::INT2,
        Shape::USmallInt | Shape::Integer | Shape::Null => oid::INT4,
        Shape::UInteger | Shape::BigInt => oid::INT8,
        Shape::UBigInt | Shape::HugeInt | Shape::UHugeInt | Shape::BigNum | Shape::Decimal { .. } => oid::NUMERIC,
        Shape::Float => oid::FLOAT4,
        Shape::Double => oid::FLOAT8,
        Shape::Varchar => oid::VARCHAR,
        Shape::Blob => oid::BYTEA,
        Shape::Bit => oid::VARBIT,
        Shape::Uuid => oid::UUID,
        Shape::Date => oid::DATE,
        Shape::Time | Shape::TimeNs => oid::TIME,
        Shape::TimeTz => oid::TIMETZ,
        Shape::Timestamp | Shape::TimestampS | Shape::TimestampMs | Shape::TimestampNs => oid::TIMESTAMP,
        Shape::TimestampTz => oid::TIMESTAMPTZ,
        Shape::Interval => oid::INTERVAL,
        Shape::Enum { .. } | Shape::Unreadable(_) => oid::TEXT,
        // Their JSON.
        Shape::List(_) | Shape::Array(..) | Shape::Map(..) | Shape::Struct(_) | Shape::Union(_) => oid::JSON,
    }
}

/// Width and scale of a DECIMAL, as Postgres packs them.
fn modifier(data_type: &DataType) -> i32 {
    const HEADER: i32 = 4;
    match data_type.shape {
        Shape::Decimal { width, scale } => ((i32::from(width) << 16) | i32::from(scale)) + HEADER,
        _ => -1,
    }
}

const fn size(oid: u32) -> i16 {
    match oid {
        oid::BOOL => 1,
        oid::INT2 => 2,
        oid::INT4 | oid::FLOAT4 | oid::DATE => 4,
        oid::INT8 | oid::FLOAT8 | oid::TIME | oid::TIMESTAMP | oid::TIMESTAMPTZ => 8,
        oid::UUID | oid::INTERVAL => 16,
        _ => -1,
    }
}

/// A column as a client hears of it.
pub(super) fn field(column: &Column, format: Format) -> FieldDescription {
    let oid = type_of(&column.data_type);
    FieldDescription::new(column.name.clone(), 0, 0, oid, size(oid), modifier(&column.data_type), format.code())
}

/// Whether values of a type can be spelled so.
pub(super) fn has(data_type: &DataType, format: Format) -> bool {
    let binary =
        [oid::BOOL, oid::INT2, oid::INT4, oid::INT8, oid::FLOAT4, oid::FLOAT8, oid::VARCHAR, oid::TEXT, oid::JSON];
    format == Format::Text || binary.contains(&type_of(data_type))
}

/// A value's bytes; `None` for NULL.
pub(super) fn bytes(value: &Value, data_type: &DataType, format: Format) -> Option<Vec<u8>> {
    let oid = type_of(data_type);
    match (value, format) {
        (Value::Null, _) => None,
        (_, Format::Text) => Some(text(value, oid).into_owned().into_bytes()),
        (_, Format::Binary) => Some(binary(value, oid)),
    }
}

fn text(value: &Value, oid: u32) -> Cow<'_, str> {
    match (value, oid) {
        (Value::Bool(true), oid::BOOL) => "t".into(),
        (Value::Bool(false), oid::BOOL) => "f".into(),
        #[expect(clippy::cast_possible_truncation, reason = "the number was a FLOAT")]
        (Value::Number(number), oid::FLOAT4) => {
            number.as_f64().map(|n| format!("{:?}", n as f32)).unwrap_or_default().into()
        }
        (Value::String(text), oid::FLOAT4 | oid::FLOAT8) => match text.as_str() {
            "inf" => "Infinity".into(),
            "-inf" => "-Infinity".into(),
            _ => "NaN".into(),
        },
        (Value::String(text), oid::BYTEA) => hexadecimal(text).into(),
        (Value::String(text), _) => text.into(),
        (other, _) => other.to_string().into(),
    }
}

/// A BLOB as Postgres prints it, from DuckDB's print: `\xC3A` for the bytes C3 and 41.
fn hexadecimal(printed: &str) -> String {
    let mut hexadecimal = String::from("\\x");
    let mut rest = printed;
    while let Some(character) = rest.chars().next() {
        if let Some(escape) = rest.strip_prefix("\\x").and_then(|escape| escape.get(..2)) {
            hexadecimal.push_str(&escape.to_ascii_lowercase());
            rest = rest.get(4..).unwrap_or_default();
        } else {
            // Writing to a String doesn't fail.
            let _ = write!(hexadecimal, "{:02x}", u32::from(character));
            rest = rest.get(character.len_utf8()..).unwrap_or_default();
        }
    }
    hexadecimal
}

#[expect(clippy::cast_possible_truncation, reason = "the value fits the type that it's of")]
fn binary(value: &Value, oid: u32) -> Vec<u8> {
    let integer = value.as_i64().unwrap_or_default();
    let float = match value {
        Value::String(text) if text == "inf" => f64::INFINITY,
        Value::String(text) if text == "-inf" => f64::NEG_INFINITY,
        other => other.as_f64().unwrap_or(f64::NAN),
    };
    match oid {
        oid::BOOL => vec![u8::from(value.as_bool().unwrap_or_default())],
        oid::INT2 => (integer as i16).to_be_bytes().to_vec(),
        oid::INT4 => (integer as i32).to_be_bytes().to_vec(),
        oid::INT8 => integer.to_be_bytes().to_vec(),
        oid::FLOAT4 => (float as f32).to_be_bytes().to_vec(),
        oid::FLOAT8 => float.to_be_bytes().to_vec(),
        // Text is the same in both.
        _ => text(value, oid).into_owned().into_bytes(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_blob_is_its_bytes_in_hexadecimal() {
        assert_eq!(hexadecimal("\\x00\\xFFabc\\x27"), "\\x00ff61626327");
        assert_eq!(hexadecimal(""), "\\x");
    }
}
