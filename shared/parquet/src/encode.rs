//! Values as JSON text, in the forms that the staging relation takes (`living_core::sql::Staging`).

use std::{fmt::Write, ops::Range};

use arrow_array::PrimitiveArray;
use arrow_array::{
    Array, BinaryViewArray, BooleanArray, Decimal128Array, Decimal256Array, FixedSizeBinaryArray, ListArray, MapArray,
    StringViewArray, StructArray,
    cast::AsArray,
    types::{
        Date32Type, Float16Type, Float32Type, Float64Type, Int8Type, Int16Type, Int32Type, Int64Type,
        Time32MillisecondType, Time64MicrosecondType, Time64NanosecondType, TimestampMicrosecondType,
        TimestampMillisecondType, TimestampNanosecondType, UInt8Type, UInt16Type, UInt32Type, UInt64Type,
    },
};
use arrow_schema::{DataType, TimeUnit};
use living_core::{
    civil,
    column_type::{ColumnType, Field},
    profile::Cell,
    sql,
};

use crate::Error;

/// Writes the values of one column.
#[derive(Debug)]
pub struct Encoder<'a> {
    name: &'a str,
    values: Values<'a>,
}

#[derive(Debug)]
enum Values<'a> {
    Null,
    Boolean(&'a BooleanArray),
    Int8(&'a PrimitiveArray<Int8Type>),
    Int16(&'a PrimitiveArray<Int16Type>),
    Int32(&'a PrimitiveArray<Int32Type>),
    Int64(&'a PrimitiveArray<Int64Type>),
    UInt8(&'a PrimitiveArray<UInt8Type>),
    UInt16(&'a PrimitiveArray<UInt16Type>),
    UInt32(&'a PrimitiveArray<UInt32Type>),
    UInt64(&'a PrimitiveArray<UInt64Type>),
    Float16(&'a PrimitiveArray<Float16Type>),
    Float32(&'a PrimitiveArray<Float32Type>),
    Float64(&'a PrimitiveArray<Float64Type>),
    Decimal128(&'a Decimal128Array, i8),
    Decimal256(&'a Decimal256Array, i8),
    Text(&'a StringViewArray),
    Blob(&'a BinaryViewArray),
    FixedBlob(&'a FixedSizeBinaryArray),
    Uuid(&'a FixedSizeBinaryArray),
    Date(&'a PrimitiveArray<Date32Type>),
    TimeMillis(&'a PrimitiveArray<Time32MillisecondType>),
    TimeMicros(&'a PrimitiveArray<Time64MicrosecondType>),
    TimeNanos(&'a PrimitiveArray<Time64NanosecondType>),
    /// The flag says that it's an instant.
    TimestampMillis(&'a PrimitiveArray<TimestampMillisecondType>, bool),
    TimestampMicros(&'a PrimitiveArray<TimestampMicrosecondType>, bool),
    TimestampNanos(&'a PrimitiveArray<TimestampNanosecondType>, bool),
    List(&'a ListArray, Box<Values<'a>>),
    Map(&'a MapArray, Box<Values<'a>>, Box<Values<'a>>),
    Struct(&'a StructArray, Vec<(&'a str, Values<'a>)>),
}

impl<'a> Encoder<'a> {
    pub(crate) fn new(array: &'a dyn Array, field: &'a Field) -> Result<Self, Error> {
        let values = Values::new(array, &field.data_type).ok_or_else(|| Error::UnsupportedType {
            column: field.name.clone(),
            reason: format!("{} where {} was asked for", array.data_type(), field.data_type),
        })?;
        Ok(Self { name: &field.name, values })
    }

    /// The column's name.
    #[must_use]
    pub fn name(&self) -> &str {
        self.name
    }

    /// Appends the value of a row as JSON. `text` is room for values that have no text of their own.
    pub(crate) fn write(&self, row: usize, text: &mut String, out: &mut String) -> Result<(), String> {
        self.values.write(row, text, out)
    }

    /// The value of a row, for profiles and row rules. `text` is room for values that have no text of their own.
    ///
    /// # Errors
    /// Why the value has no text form.
    pub fn cell<'t>(&'t self, row: usize, text: &'t mut String) -> Result<Cell<'t>, String> {
        self.values.cell(row, text)
    }
}

impl<'a> Values<'a> {
    /// `None` if the array isn't of the type that stands for `data_type`.
    fn new(array: &'a dyn Array, data_type: &'a ColumnType) -> Option<Self> {
        let instant = *data_type == ColumnType::Instant;
        Some(match (data_type, array.data_type()) {
            (ColumnType::Null, _) => Self::Null,
            (ColumnType::Boolean, _) => Self::Boolean(array.as_boolean_opt()?),
            (ColumnType::Integer(8), _) => Self::Int8(array.as_primitive_opt()?),
            (ColumnType::Integer(16), _) => Self::Int16(array.as_primitive_opt()?),
            (ColumnType::Integer(32), _) => Self::Int32(array.as_primitive_opt()?),
            (ColumnType::Integer(_), _) => Self::Int64(array.as_primitive_opt()?),
            (ColumnType::Unsigned(8), _) => Self::UInt8(array.as_primitive_opt()?),
            (ColumnType::Unsigned(16), _) => Self::UInt16(array.as_primitive_opt()?),
            (ColumnType::Unsigned(32), _) => Self::UInt32(array.as_primitive_opt()?),
            (ColumnType::Unsigned(_), _) => Self::UInt64(array.as_primitive_opt()?),
            (ColumnType::Float, DataType::Float16) => Self::Float16(array.as_primitive_opt()?),
            (ColumnType::Float, _) => Self::Float32(array.as_primitive_opt()?),
            (ColumnType::Double, _) => Self::Float64(array.as_primitive_opt()?),
            (ColumnType::Decimal { scale, .. }, DataType::Decimal256(..)) => {
                Self::Decimal256(array.as_primitive_opt()?, *scale)
            }
            (ColumnType::Decimal { scale, .. }, _) => Self::Decimal128(array.as_primitive_opt()?, *scale),
            (ColumnType::Text | ColumnType::Json, _) => Self::Text(array.as_string_view_opt()?),
            (ColumnType::Blob, DataType::FixedSizeBinary(_)) => Self::FixedBlob(array.as_fixed_size_binary_opt()?),
            (ColumnType::Blob, _) => Self::Blob(array.as_binary_view_opt()?),
            (ColumnType::Uuid, _) => Self::Uuid(array.as_fixed_size_binary_opt()?),
            (ColumnType::Date, _) => Self::Date(array.as_primitive_opt()?),
            (ColumnType::Time, DataType::Time32(_)) => Self::TimeMillis(array.as_primitive_opt()?),
            (ColumnType::Time, DataType::Time64(TimeUnit::Nanosecond)) => Self::TimeNanos(array.as_primitive_opt()?),
            (ColumnType::Time, _) => Self::TimeMicros(array.as_primitive_opt()?),
            (
                ColumnType::Timestamp | ColumnType::TimestampNanos | ColumnType::Instant,
                DataType::Timestamp(unit, _),
            ) => match unit {
                TimeUnit::Millisecond => Self::TimestampMillis(array.as_primitive_opt()?, instant),
                TimeUnit::Microsecond => Self::TimestampMicros(array.as_primitive_opt()?, instant),
                TimeUnit::Nanosecond => Self::TimestampNanos(array.as_primitive_opt()?, instant),
                TimeUnit::Second => return None,
            },
            (ColumnType::List(item), _) => {
                let list: &ListArray = array.as_list_opt()?;
                Self::List(list, Box::new(Self::new(list.values().as_ref(), item)?))
            }
            (ColumnType::Map(key, value), _) => {
                let map = array.as_map_opt()?;
                let key = Self::new(map.keys().as_ref(), key)?;
                Self::Map(map, Box::new(key), Box::new(Self::new(map.values().as_ref(), value)?))
            }
            (ColumnType::Struct(fields), _) => {
                let members = array.as_struct_opt()?;
                let values = fields
                    .iter()
                    .zip(members.columns())
                    .map(|(field, column)| Some((field.name.as_str(), Self::new(column.as_ref(), &field.data_type)?)))
                    .collect::<Option<_>>()?;
                Self::Struct(members, values)
            }
            _ => return None,
        })
    }

    fn is_null(&self, row: usize) -> bool {
        match self {
            Self::Null => true,
            Self::Boolean(a) => a.is_null(row),
            Self::Int8(a) => a.is_null(row),
            Self::Int16(a) => a.is_null(row),
            Self::Int32(a) => a.is_null(row),
            Self::Int64(a) => a.is_null(row),
            Self::UInt8(a) => a.is_null(row),
            Self::UInt16(a) => a.is_null(row),
            Self::UInt32(a) => a.is_null(row),
            Self::UInt64(a) => a.is_null(row),
            Self::Float16(a) => a.is_null(row),
            Self::Float32(a) => a.is_null(row),
            Self::Float64(a) => a.is_null(row),
            Self::Decimal128(a, _) => a.is_null(row),
            Self::Decimal256(a, _) => a.is_null(row),
            Self::Text(a) => a.is_null(row),
            Self::Blob(a) => a.is_null(row),
            Self::FixedBlob(a) | Self::Uuid(a) => a.is_null(row),
            Self::Date(a) => a.is_null(row),
            Self::TimeMillis(a) => a.is_null(row),
            Self::TimeMicros(a) => a.is_null(row),
            Self::TimeNanos(a) => a.is_null(row),
            Self::TimestampMillis(a, _) => a.is_null(row),
            Self::TimestampMicros(a, _) => a.is_null(row),
            Self::TimestampNanos(a, _) => a.is_null(row),
            Self::List(a, _) => a.is_null(row),
            Self::Map(a, ..) => a.is_null(row),
            Self::Struct(a, _) => a.is_null(row),
        }
    }

    fn write(&self, row: usize, text: &mut String, out: &mut String) -> Result<(), String> {
        match self {
            Self::List(..) | Self::Map(..) | Self::Struct(..) => self.write_nested(row, text, out),
            Self::Text(array) if !array.is_null(row) => {
                json_string(array.value(row), out);
                Ok(())
            }
            _ => {
                match self.cell(row, text)? {
                    Cell::Null => out.push_str("null"),
                    Cell::Boolean(value) => out.push_str(if value { "true" } else { "false" }),
                    Cell::Integer(value) => out.push_str(itoa::Buffer::new().format(value)),
                    Cell::Unsigned(value) => out.push_str(itoa::Buffer::new().format(value)),
                    Cell::Double(value) if value.is_finite() => match self {
                        #[expect(clippy::cast_possible_truncation, reason = "it was widened from f32")]
                        Self::Float16(_) | Self::Float32(_) => float_text(value as f32, out),
                        _ => out.push_str(zmij::Buffer::new().format(value)),
                    },
                    Cell::Double(value) => json_string(non_finite(value), out),
                    Cell::Text(value) => json_string(value, out),
                    Cell::Nested => {}
                }
                Ok(())
            }
        }
    }

    fn write_nested(&self, row: usize, text: &mut String, out: &mut String) -> Result<(), String> {
        if self.is_null(row) {
            out.push_str("null");
            return Ok(());
        }
        match self {
            Self::List(array, items) => {
                out.push('[');
                for (n, i) in offsets(array.value_offsets(), row).enumerate() {
                    if n > 0 {
                        out.push(',');
                    }
                    items.write(i, text, out)?;
                }
                out.push(']');
            }
            Self::Map(array, keys, values) => {
                out.push('[');
                for (n, i) in offsets(array.value_offsets(), row).enumerate() {
                    out.push_str(if n > 0 { ",{\"key\":" } else { "{\"key\":" });
                    keys.write(i, text, out)?;
                    out.push_str(",\"value\":");
                    values.write(i, text, out)?;
                    out.push('}');
                }
                out.push(']');
            }
            Self::Struct(_, members) => {
                out.push('{');
                for (n, (name, values)) in members.iter().enumerate() {
                    if n > 0 {
                        out.push(',');
                    }
                    json_string(name, out);
                    out.push(':');
                    values.write(row, text, out)?;
                }
                out.push('}');
            }
            scalar => scalar.write(row, text, out)?,
        }
        Ok(())
    }

    fn cell<'t>(&'t self, row: usize, text: &'t mut String) -> Result<Cell<'t>, String> {
        if self.is_null(row) {
            return Ok(Cell::Null);
        }
        text.clear();
        match self {
            Self::Null => return Ok(Cell::Null),
            Self::Boolean(a) => return Ok(Cell::Boolean(a.value(row))),
            Self::Int8(a) => return Ok(Cell::Integer(a.value(row).into())),
            Self::Int16(a) => return Ok(Cell::Integer(a.value(row).into())),
            Self::Int32(a) => return Ok(Cell::Integer(a.value(row).into())),
            Self::Int64(a) => return Ok(Cell::Integer(a.value(row))),
            Self::UInt8(a) => return Ok(Cell::Unsigned(a.value(row).into())),
            Self::UInt16(a) => return Ok(Cell::Unsigned(a.value(row).into())),
            Self::UInt32(a) => return Ok(Cell::Unsigned(a.value(row).into())),
            Self::UInt64(a) => return Ok(Cell::Unsigned(a.value(row))),
            Self::Float16(a) => return Ok(Cell::Double(a.value(row).to_f64())),
            Self::Float32(a) => return Ok(Cell::Double(a.value(row).into())),
            Self::Float64(a) => return Ok(Cell::Double(a.value(row))),
            Self::Text(a) => return Ok(Cell::Text(a.value(row))),
            Self::List(..) | Self::Map(..) | Self::Struct(..) => return Ok(Cell::Nested),
            Self::Decimal128(a, scale) => *text = sql::decimal(a.value(row), (*scale).into()),
            Self::Decimal256(a, scale) => {
                let value = a.value(row);
                let digits = value.to_string();
                *text = sql::decimal_digits(digits.trim_start_matches('-'), value.is_negative(), (*scale).into());
            }
            Self::Blob(a) => blob_text(a.value(row), text),
            Self::FixedBlob(a) => blob_text(a.value(row), text),
            Self::Uuid(a) => uuid_text(a.value(row), text),
            Self::Date(a) => civil::push_date(a.value(row), text),
            Self::TimeMillis(a) => civil::push_time(i64::from(a.value(row)) * 1000, text),
            Self::TimeMicros(a) => civil::push_time(a.value(row), text),
            Self::TimeNanos(a) => civil::push_time_nanos(a.value(row), text),
            Self::TimestampMillis(a, instant) => {
                let millis = a.value(row);
                let micros = millis
                    .checked_mul(1000)
                    .ok_or_else(|| format!("{millis} ms since 1970 is outside of what the warehouse can hold"))?;
                push_timestamp(micros, *instant, text);
            }
            Self::TimestampMicros(a, instant) => push_timestamp(a.value(row), *instant, text),
            Self::TimestampNanos(a, instant) => {
                civil::push_timestamp_nanos(a.value(row), text);
                if *instant {
                    text.push_str("+00");
                }
            }
        }
        Ok(Cell::Text(text))
    }
}

fn push_timestamp(micros: i64, instant: bool, out: &mut String) {
    if instant { civil::push_instant(micros, out) } else { civil::push_timestamp(micros, out) }
}

/// The fewest digits that name a finite FLOAT, at least 6, as the staging relation has them.
fn float_text(value: f32, out: &mut String) {
    const MANTISSA: u32 = (1 << 23) - 1;
    if value.is_normal() && value.to_bits() & MANTISSA != 0 {
        out.push_str(zmij::Buffer::new().format(value));
        return;
    }
    // Zmij takes the nearest of the shortest decimals that name the value. For numbers below 2^-126, which have fewer digits, and for
    // powers of two, whose neighbours are closer below than above, that may be another than the nearest of 6 and more digits.
    for digits in 6..=9 {
        let text = format!("{value:.*e}", digits - 1);
        if digits == 9 || text.parse() == Ok(value) {
            out.push_str(&text);
            return;
        }
    }
}

/// The indexes of a row's items.
fn offsets(offsets: &[i32], row: usize) -> Range<usize> {
    let at = |i: usize| offsets.get(i).and_then(|&n| usize::try_from(n).ok()).unwrap_or(0);
    at(row)..at(row + 1)
}

/// As DuckDB writes and reads them.
fn non_finite(value: f64) -> &'static str {
    match value {
        v if v.is_nan() => "NaN",
        v if v > 0.0 => "Infinity",
        _ => "-Infinity",
    }
}

/// DuckDB's text of a BLOB: printable ASCII stands for itself, all else as `\xAB`
/// ([blob type](https://duckdb.org/docs/stable/sql/data_types/blob)). A cast reads it back.
fn blob_text(bytes: &[u8], out: &mut String) {
    for &byte in bytes {
        match byte {
            b'\'' | b'"' | b'\\' => {}
            b' '..=b'~' => {
                out.push(byte.into());
                continue;
            }
            _ => {}
        }
        // Writing to a String doesn't fail.
        let _ = write!(out, "\\x{byte:02X}");
    }
}

fn uuid_text(bytes: &[u8], out: &mut String) {
    for (i, byte) in bytes.iter().enumerate() {
        if matches!(i, 4 | 6 | 8 | 10) {
            out.push('-');
        }
        let _ = write!(out, "{byte:02x}");
    }
}

/// Appends `value` as a JSON string ([RFC 8259, section 7](https://www.rfc-editor.org/rfc/rfc8259#section-7)).
fn json_string(value: &str, out: &mut String) {
    out.push('"');
    let mut rest = value;
    while let Some(at) = rest.bytes().position(|b| b < 0x20 || b == b'"' || b == b'\\') {
        let (clean, special) = rest.split_at(at);
        out.push_str(clean);
        match special.as_bytes().first() {
            Some(b'"') => out.push_str("\\\""),
            Some(b'\\') => out.push_str("\\\\"),
            Some(b'\n') => out.push_str("\\n"),
            Some(byte) => {
                let _ = write!(out, "\\u{byte:04x}");
            }
            None => {}
        }
        rest = special.get(1..).unwrap_or_default();
    }
    out.push_str(rest);
    out.push('"');
}

/// About how many bytes of text the values of some rows are. Long ones are what counts.
pub(crate) fn text_bytes(array: &dyn Array, rows: Range<usize>) -> usize {
    /// Digits, quotes and a comma.
    const SCALAR: usize = 12;
    match array.data_type() {
        DataType::Utf8View => view_bytes(array.as_string_view().views(), rows, 1),
        // A byte that isn't printable takes five.
        DataType::BinaryView => view_bytes(array.as_binary_view().views(), rows, 5),
        DataType::FixedSizeBinary(width) => rows.len() * usize::try_from(*width).unwrap_or(0) * 5,
        DataType::List(_) => {
            let list: &ListArray = array.as_list();
            text_bytes(list.values().as_ref(), span(list.value_offsets(), rows))
        }
        DataType::Map(..) => {
            let map = array.as_map();
            let entries = span(map.value_offsets(), rows);
            let names = entries.len() * "{\"key\":,\"value\":},".len();
            names + text_bytes(map.keys().as_ref(), entries.clone()) + text_bytes(map.values().as_ref(), entries)
        }
        DataType::Struct(fields) => {
            let members = array.as_struct().columns().iter().map(|c| text_bytes(c.as_ref(), rows.clone()));
            let names: usize = fields.iter().map(|f| f.name().len() + 4).sum();
            members.sum::<usize>() + names * rows.len()
        }
        _ => SCALAR * rows.len(),
    }
}

fn span(offsets_of: &[i32], rows: Range<usize>) -> Range<usize> {
    if rows.is_empty() {
        return 0..0;
    }
    offsets(offsets_of, rows.start).start..offsets(offsets_of, rows.end - 1).end
}

/// The length of a string is in the low 32 bits of its view.
fn view_bytes(views: &[u128], rows: Range<usize>, width: usize) -> usize {
    #[expect(clippy::cast_possible_truncation, reason = "the low 32 bits are meant")]
    views.get(rows).unwrap_or_default().iter().map(|&view| view as u32 as usize * width + 3).sum()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn json(value: &str) -> String {
        let mut out = String::new();
        json_string(value, &mut out);
        out
    }

    #[test]
    fn any_text_is_a_json_string() {
        for value in ["", "plain", "\"\\\n\t\0\u{1f}\u{7f}", "Ærø 🚢 \u{2028}", "'"] {
            assert_eq!(serde_json::from_str::<String>(&json(value)).unwrap(), value);
        }
    }

    #[test]
    fn a_blob_is_written_as_duckdb_writes_it() {
        let mut out = String::new();
        blob_text(b"\xffab\\'\" ~\x7f\0", &mut out);
        assert_eq!(out, r"\xFFab\x5C\x27\x22 ~\x7F\x00");
    }
}
