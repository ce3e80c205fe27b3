//! Values of a result as JSON.
//!
//! The rules follow what Python's `json.dumps(row, default=str)` makes of DuckDB's rows, which is what MotherDuck's
//! open-source server sends. They leave it where Python would lose something; README.md has the list.

use std::{ffi::c_void, slice};

use libduckdb_sys as ffi;
use serde_json::{Map, Value};

use super::{
    data_type::{DataType, EnumKey, Shape},
    handle::owned_text,
};

/// First byte of a BIGNUM: set for numbers of zero and above, whose bytes are stored as they are.
const BIGNUM_POSITIVE: u8 = 0x80;
/// Bytes before the digits of a BIGNUM.
const BIGNUM_HEADER: usize = 3;
/// DuckDB stores UUIDs with the top bit flipped, so that they sort as signed numbers.
const UUID_SIGN: u128 = 1 << 127;

/// Reads one value.
///
/// # Safety
/// `vector` must be live, of type `data_type`, and longer than `row`.
pub(super) unsafe fn read(vector: ffi::duckdb_vector, data_type: &DataType, row: u64) -> Value {
    // SAFETY: `row` is in range, so it's in the mask; a null mask says that all rows are valid.
    let valid = unsafe { ffi::duckdb_validity_row_is_valid(ffi::duckdb_vector_get_validity(vector), row) };
    if !valid {
        return Value::Null;
    }
    // SAFETY: `shape` says how the vector's memory is laid out, as documented in duckdb.h for each type.
    unsafe {
        let data = ffi::duckdb_vector_get_data(vector);
        match &data_type.shape {
            Shape::Boolean => Value::from(*at::<u8>(data, row) != 0),
            Shape::TinyInt => Value::from(*at::<i8>(data, row)),
            Shape::SmallInt => Value::from(*at::<i16>(data, row)),
            Shape::Integer => Value::from(*at::<i32>(data, row)),
            Shape::BigInt => Value::from(*at::<i64>(data, row)),
            Shape::UTinyInt => Value::from(*at::<u8>(data, row)),
            Shape::USmallInt => Value::from(*at::<u16>(data, row)),
            Shape::UInteger => Value::from(*at::<u32>(data, row)),
            Shape::UBigInt => Value::from(*at::<u64>(data, row)),
            Shape::HugeInt => {
                let number = signed(*at(data, row));
                i64::try_from(number)
                    .map(Value::from)
                    .or_else(|_| u64::try_from(number).map(Value::from))
                    .unwrap_or_else(|_| Value::from(number.to_string()))
            }
            Shape::UHugeInt => {
                let number = unsigned(*at(data, row));
                u64::try_from(number).map_or_else(|_| Value::from(number.to_string()), Value::from)
            }
            Shape::BigNum => bignum(bytes(data, row)),
            Shape::Float => float(f64::from(*at::<f32>(data, row))),
            Shape::Double => float(*at::<f64>(data, row)),
            Shape::Decimal { width, scale } => decimal(data, row, *width, *scale),
            Shape::Varchar => Value::from(String::from_utf8_lossy(bytes(data, row))),
            Shape::Blob => {
                let blob = bytes(data, row);
                printed(ffi::duckdb_create_blob(blob.as_ptr(), blob.len() as u64))
            }
            Shape::Bit => {
                let bits = bytes(data, row);
                printed(ffi::duckdb_create_bit(ffi::duckdb_bit {
                    data: bits.as_ptr().cast_mut(),
                    size: bits.len() as u64,
                }))
            }
            Shape::Uuid => {
                printed(ffi::duckdb_create_uuid(uhugeint(signed(*at(data, row)).cast_unsigned() ^ UUID_SIGN)))
            }
            Shape::Date => printed(ffi::duckdb_create_date(*at(data, row))),
            Shape::Time => printed(ffi::duckdb_create_time(*at(data, row))),
            Shape::TimeNs => printed(ffi::duckdb_create_time_ns(*at(data, row))),
            Shape::TimeTz => printed(ffi::duckdb_create_time_tz_value(*at(data, row))),
            Shape::Timestamp => printed(ffi::duckdb_create_timestamp(*at(data, row))),
            Shape::TimestampS => printed(ffi::duckdb_create_timestamp_s(*at(data, row))),
            Shape::TimestampMs => printed(ffi::duckdb_create_timestamp_ms(*at(data, row))),
            Shape::TimestampNs => printed(ffi::duckdb_create_timestamp_ns(*at(data, row))),
            Shape::TimestampTz => printed(ffi::duckdb_create_timestamp_tz(*at(data, row))),
            Shape::Interval => printed(ffi::duckdb_create_interval(*at(data, row))),
            Shape::Enum { values, key } => {
                let index = match key {
                    EnumKey::U8 => usize::from(*at::<u8>(data, row)),
                    EnumKey::U16 => usize::from(*at::<u16>(data, row)),
                    EnumKey::U32 => *at::<u32>(data, row) as usize,
                };
                values.get(index).cloned().map_or(Value::Null, Value::from)
            }
            Shape::List(item) => {
                let entry: &ffi::duckdb_list_entry = at(data, row);
                let child = ffi::duckdb_list_vector_get_child(vector);
                (entry.offset..entry.offset + entry.length).map(|index| read(child, item, index)).collect()
            }
            Shape::Array(item, length) => {
                let child = ffi::duckdb_array_vector_get_child(vector);
                (row * length..(row + 1) * length).map(|index| read(child, item, index)).collect()
            }
            Shape::Map(key, value) => map(vector, *at(data, row), key, value),
            Shape::Struct(fields) => structure(vector, fields, row),
            Shape::Union(members) => {
                let tag = u64::from(*at::<u8>(
                    ffi::duckdb_vector_get_data(ffi::duckdb_struct_vector_get_child(vector, 0)),
                    row,
                ));
                members.get(usize::try_from(tag).unwrap_or(usize::MAX)).map_or(Value::Null, |(_, member)| {
                    read(ffi::duckdb_struct_vector_get_child(vector, tag + 1), member, row)
                })
            }
            Shape::Null | Shape::Unreadable(_) => Value::Null,
        }
    }
}

/// The element at `row` of a vector's memory.
///
/// # Safety
/// `data` must be an array of `T` that is longer than `row` and lives as long as the result.
unsafe fn at<'chunk, T>(data: *mut c_void, row: u64) -> &'chunk T {
    #[allow(clippy::cast_possible_truncation, reason = "a vector that lies in memory has a usize length")]
    let row = row as usize;
    // SAFETY: the caller promises type and length; DuckDB aligns its vectors for their type.
    unsafe { &*data.cast::<T>().add(row) }
}

/// The bytes of a string or blob.
///
/// # Safety
/// As for [`at`], with `duckdb_string_t` elements.
unsafe fn bytes<'chunk>(data: *mut c_void, row: u64) -> &'chunk [u8] {
    // SAFETY: the string lies in the vector, or in memory that the chunk keeps alive.
    unsafe {
        let string = at::<ffi::duckdb_string_t>(data, row);
        let length = ffi::duckdb_string_t_length(*string) as usize;
        let start = ffi::duckdb_string_t_data(std::ptr::from_ref(string).cast_mut());
        slice::from_raw_parts(start.cast(), length)
    }
}

/// The text that DuckDB prints for a value.
///
/// # Safety
/// `value` must be new; it is destroyed here.
unsafe fn printed(mut value: ffi::duckdb_value) -> Value {
    // SAFETY: the value is live until destroyed, and the text is ours.
    unsafe {
        let text = owned_text(ffi::duckdb_get_varchar(value));
        ffi::duckdb_destroy_value(&raw mut value);
        text.map_or(Value::Null, Value::from)
    }
}

/// JSON has no NaN and no infinities: they become strings, as DuckDB prints them.
fn float(number: f64) -> Value {
    serde_json::Number::from_f64(number).map_or_else(
        || {
            Value::from(match number {
                f64::INFINITY => "inf",
                f64::NEG_INFINITY => "-inf",
                _ => "nan",
            })
        },
        Value::Number,
    )
}

/// # Safety
/// `data` must be a vector of decimals of this width, longer than `row`.
unsafe fn decimal(data: *mut c_void, row: u64, width: u8, scale: u8) -> Value {
    // SAFETY: DuckDB stores a decimal in the smallest integer that holds its width.
    unsafe {
        let number = match width {
            0..=4 => i128::from(*at::<i16>(data, row)),
            5..=9 => i128::from(*at::<i32>(data, row)),
            10..=18 => i128::from(*at::<i64>(data, row)),
            _ => signed(*at(data, row)),
        };
        printed(ffi::duckdb_create_decimal(ffi::duckdb_decimal { width, scale, value: hugeint(number) }))
    }
}

/// # Safety
/// `stored` must be the bytes of a BIGNUM.
unsafe fn bignum(stored: &[u8]) -> Value {
    let is_negative = stored.first().is_some_and(|byte| byte & BIGNUM_POSITIVE == 0);
    let mut magnitude: Vec<u8> =
        stored.iter().skip(BIGNUM_HEADER).map(|byte| if is_negative { !byte } else { *byte }).collect();
    // SAFETY: DuckDB copies the bytes.
    unsafe {
        printed(ffi::duckdb_create_bignum(ffi::duckdb_bignum {
            data: magnitude.as_mut_ptr(),
            size: magnitude.len() as u64,
            is_negative,
        }))
    }
}

/// A struct as an object; one without field names, as `row(1, 2)` makes it, as an array.
///
/// # Safety
/// As for [`read`].
unsafe fn structure(vector: ffi::duckdb_vector, fields: &[(String, DataType)], row: u64) -> Value {
    let cells = fields.iter().zip(0..).map(|((name, field), index)| {
        // SAFETY: a struct vector has one child of its own length per field.
        let cell = unsafe { read(ffi::duckdb_struct_vector_get_child(vector, index), field, row) };
        (name.clone(), cell)
    });
    if fields.iter().all(|(name, _)| name.is_empty()) {
        Value::Array(cells.map(|(_, cell)| cell).collect())
    } else {
        Value::Object(cells.collect())
    }
}

/// A map as an object, with the keys' text as names; one with nested keys as `{"key": […], "value": […]}`.
///
/// # Safety
/// As for [`read`]; `entry` must be the row's own.
unsafe fn map(vector: ffi::duckdb_vector, entry: ffi::duckdb_list_entry, key: &DataType, value: &DataType) -> Value {
    // SAFETY: a map vector is a list of structs of key and value.
    let (keys, values): (Vec<Value>, Vec<Value>) = unsafe {
        let entries = ffi::duckdb_list_vector_get_child(vector);
        let key_vector = ffi::duckdb_struct_vector_get_child(entries, 0);
        let value_vector = ffi::duckdb_struct_vector_get_child(entries, 1);
        (entry.offset..entry.offset + entry.length)
            .map(|index| (read(key_vector, key, index), read(value_vector, value, index)))
            .unzip()
    };
    if keys.iter().any(|key| key.is_array() || key.is_object()) {
        return Value::Object(Map::from_iter([("key".to_owned(), keys.into()), ("value".to_owned(), values.into())]));
    }
    let names = keys.into_iter().map(|key| match key {
        Value::String(text) => text,
        other => other.to_string(),
    });
    Value::Object(names.zip(values).collect())
}

fn signed(number: ffi::duckdb_hugeint) -> i128 {
    (i128::from(number.upper) << 64) | i128::from(number.lower)
}

fn unsigned(number: ffi::duckdb_uhugeint) -> u128 {
    (u128::from(number.upper) << 64) | u128::from(number.lower)
}

#[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "the two halves of the number")]
fn hugeint(number: i128) -> ffi::duckdb_hugeint {
    ffi::duckdb_hugeint { lower: number as u64, upper: (number >> 64) as i64 }
}

#[allow(clippy::cast_possible_truncation, reason = "the two halves of the number")]
fn uhugeint(number: u128) -> ffi::duckdb_uhugeint {
    ffi::duckdb_uhugeint { lower: number as u64, upper: (number >> 64) as u64 }
}
