//! Column types, read once per result into plain Rust values.

use std::fmt;

use libduckdb_sys as ffi;

use super::handle::owned_text;

/// One column of a result.
#[derive(Debug)]
pub(crate) struct Column {
    pub(crate) name: String,
    pub(crate) data_type: DataType,
}

/// A DuckDB type. Its `Display` is the name that DuckDB gives it, such as `DECIMAL(18,3)` or `STRUCT(a INTEGER)[]`.
#[derive(Debug)]
pub(crate) struct DataType {
    pub(crate) shape: Shape,
    /// The name of a type that is another one underneath: `JSON` is a `VARCHAR`.
    alias: Option<String>,
}

/// How the values of a type lie in memory.
#[derive(Debug)]
pub(crate) enum Shape {
    Boolean,
    TinyInt,
    SmallInt,
    Integer,
    BigInt,
    UTinyInt,
    USmallInt,
    UInteger,
    UBigInt,
    HugeInt,
    UHugeInt,
    BigNum,
    Float,
    Double,
    Decimal {
        width: u8,
        scale: u8,
    },
    Varchar,
    Blob,
    Bit,
    Uuid,
    Date,
    Time,
    TimeNs,
    TimeTz,
    Timestamp,
    TimestampS,
    TimestampMs,
    TimestampNs,
    TimestampTz,
    Interval,
    Enum {
        values: Vec<String>,
        key: EnumKey,
    },
    List(Box<DataType>),
    Array(Box<DataType>, u64),
    Map(Box<DataType>, Box<DataType>),
    Struct(Vec<(String, DataType)>),
    Union(Vec<(String, DataType)>),
    Null,
    /// A type whose values the C API of this version gives no way to read (`VARIANT`, `GEOMETRY`).
    Unreadable(&'static str),
}

/// The integer that stands for an enum's value in memory.
#[derive(Debug, Clone, Copy)]
pub(crate) enum EnumKey {
    U8,
    U16,
    U32,
}

impl DataType {
    /// Takes over `raw` and reads it with everything inside.
    ///
    /// # Safety
    /// `raw` must be a live logical type that nobody else destroys.
    pub(super) unsafe fn take(mut raw: ffi::duckdb_logical_type) -> Self {
        // SAFETY: the caller hands over a live type; it's destroyed once, here, after the last use.
        unsafe {
            let data_type =
                Self { shape: Self::shape(raw), alias: owned_text(ffi::duckdb_logical_type_get_alias(raw)) };
            ffi::duckdb_destroy_logical_type(&raw mut raw);
            data_type
        }
    }

    /// # Safety
    /// `raw` must be a live logical type.
    unsafe fn shape(raw: ffi::duckdb_logical_type) -> Shape {
        // SAFETY: every accessor matches the type id that it is called for, and every child type that it returns is
        // new and handed to `take`.
        unsafe {
            match ffi::duckdb_get_type_id(raw) {
                ffi::DUCKDB_TYPE_DUCKDB_TYPE_BOOLEAN => Shape::Boolean,
                ffi::DUCKDB_TYPE_DUCKDB_TYPE_TINYINT => Shape::TinyInt,
                ffi::DUCKDB_TYPE_DUCKDB_TYPE_SMALLINT => Shape::SmallInt,
                ffi::DUCKDB_TYPE_DUCKDB_TYPE_INTEGER => Shape::Integer,
                ffi::DUCKDB_TYPE_DUCKDB_TYPE_BIGINT => Shape::BigInt,
                ffi::DUCKDB_TYPE_DUCKDB_TYPE_UTINYINT => Shape::UTinyInt,
                ffi::DUCKDB_TYPE_DUCKDB_TYPE_USMALLINT => Shape::USmallInt,
                ffi::DUCKDB_TYPE_DUCKDB_TYPE_UINTEGER => Shape::UInteger,
                ffi::DUCKDB_TYPE_DUCKDB_TYPE_UBIGINT => Shape::UBigInt,
                ffi::DUCKDB_TYPE_DUCKDB_TYPE_HUGEINT => Shape::HugeInt,
                ffi::DUCKDB_TYPE_DUCKDB_TYPE_UHUGEINT => Shape::UHugeInt,
                ffi::DUCKDB_TYPE_DUCKDB_TYPE_BIGNUM => Shape::BigNum,
                ffi::DUCKDB_TYPE_DUCKDB_TYPE_FLOAT => Shape::Float,
                ffi::DUCKDB_TYPE_DUCKDB_TYPE_DOUBLE => Shape::Double,
                ffi::DUCKDB_TYPE_DUCKDB_TYPE_DECIMAL => {
                    Shape::Decimal { width: ffi::duckdb_decimal_width(raw), scale: ffi::duckdb_decimal_scale(raw) }
                }
                ffi::DUCKDB_TYPE_DUCKDB_TYPE_VARCHAR => Shape::Varchar,
                ffi::DUCKDB_TYPE_DUCKDB_TYPE_BLOB => Shape::Blob,
                ffi::DUCKDB_TYPE_DUCKDB_TYPE_BIT => Shape::Bit,
                ffi::DUCKDB_TYPE_DUCKDB_TYPE_UUID => Shape::Uuid,
                ffi::DUCKDB_TYPE_DUCKDB_TYPE_DATE => Shape::Date,
                ffi::DUCKDB_TYPE_DUCKDB_TYPE_TIME => Shape::Time,
                ffi::DUCKDB_TYPE_DUCKDB_TYPE_TIME_NS => Shape::TimeNs,
                ffi::DUCKDB_TYPE_DUCKDB_TYPE_TIME_TZ => Shape::TimeTz,
                ffi::DUCKDB_TYPE_DUCKDB_TYPE_TIMESTAMP => Shape::Timestamp,
                ffi::DUCKDB_TYPE_DUCKDB_TYPE_TIMESTAMP_S => Shape::TimestampS,
                ffi::DUCKDB_TYPE_DUCKDB_TYPE_TIMESTAMP_MS => Shape::TimestampMs,
                ffi::DUCKDB_TYPE_DUCKDB_TYPE_TIMESTAMP_NS => Shape::TimestampNs,
                ffi::DUCKDB_TYPE_DUCKDB_TYPE_TIMESTAMP_TZ => Shape::TimestampTz,
                ffi::DUCKDB_TYPE_DUCKDB_TYPE_INTERVAL => Shape::Interval,
                ffi::DUCKDB_TYPE_DUCKDB_TYPE_ENUM => Shape::Enum {
                    values: (0..u64::from(ffi::duckdb_enum_dictionary_size(raw)))
                        .map(|index| owned_text(ffi::duckdb_enum_dictionary_value(raw, index)).unwrap_or_default())
                        .collect(),
                    key: match ffi::duckdb_enum_internal_type(raw) {
                        ffi::DUCKDB_TYPE_DUCKDB_TYPE_UTINYINT => EnumKey::U8,
                        ffi::DUCKDB_TYPE_DUCKDB_TYPE_USMALLINT => EnumKey::U16,
                        _ => EnumKey::U32,
                    },
                },
                ffi::DUCKDB_TYPE_DUCKDB_TYPE_LIST => {
                    Shape::List(Box::new(Self::take(ffi::duckdb_list_type_child_type(raw))))
                }
                ffi::DUCKDB_TYPE_DUCKDB_TYPE_ARRAY => Shape::Array(
                    Box::new(Self::take(ffi::duckdb_array_type_child_type(raw))),
                    ffi::duckdb_array_type_array_size(raw),
                ),
                ffi::DUCKDB_TYPE_DUCKDB_TYPE_MAP => Shape::Map(
                    Box::new(Self::take(ffi::duckdb_map_type_key_type(raw))),
                    Box::new(Self::take(ffi::duckdb_map_type_value_type(raw))),
                ),
                ffi::DUCKDB_TYPE_DUCKDB_TYPE_STRUCT => Shape::Struct(
                    (0..ffi::duckdb_struct_type_child_count(raw))
                        .map(|index| {
                            (
                                owned_text(ffi::duckdb_struct_type_child_name(raw, index)).unwrap_or_default(),
                                Self::take(ffi::duckdb_struct_type_child_type(raw, index)),
                            )
                        })
                        .collect(),
                ),
                ffi::DUCKDB_TYPE_DUCKDB_TYPE_UNION => Shape::Union(
                    (0..ffi::duckdb_union_type_member_count(raw))
                        .map(|index| {
                            (
                                owned_text(ffi::duckdb_union_type_member_name(raw, index)).unwrap_or_default(),
                                Self::take(ffi::duckdb_union_type_member_type(raw, index)),
                            )
                        })
                        .collect(),
                ),
                ffi::DUCKDB_TYPE_DUCKDB_TYPE_SQLNULL => Shape::Null,
                ffi::DUCKDB_TYPE_DUCKDB_TYPE_VARIANT => Shape::Unreadable("VARIANT"),
                ffi::DUCKDB_TYPE_DUCKDB_TYPE_GEOMETRY => Shape::Unreadable("GEOMETRY"),
                _ => Shape::Unreadable("UNKNOWN"),
            }
        }
    }

    /// Whether it's JSON, which is a VARCHAR underneath.
    pub(crate) fn is_json(&self) -> bool {
        self.alias.as_deref() == Some("JSON")
    }

    /// The first type inside this one that can't be read, by name.
    pub(crate) fn unreadable(&self) -> Option<&'static str> {
        match &self.shape {
            Shape::Unreadable(name) => Some(name),
            Shape::List(item) | Shape::Array(item, _) => item.unreadable(),
            Shape::Map(key, value) => key.unreadable().or_else(|| value.unreadable()),
            Shape::Struct(fields) | Shape::Union(fields) => fields.iter().find_map(|(_, field)| field.unreadable()),
            _ => None,
        }
    }
}

impl fmt::Display for DataType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(alias) = &self.alias {
            return f.write_str(alias);
        }
        let name = match &self.shape {
            Shape::Boolean => "BOOLEAN",
            Shape::TinyInt => "TINYINT",
            Shape::SmallInt => "SMALLINT",
            Shape::Integer => "INTEGER",
            Shape::BigInt => "BIGINT",
            Shape::UTinyInt => "UTINYINT",
            Shape::USmallInt => "USMALLINT",
            Shape::UInteger => "UINTEGER",
            Shape::UBigInt => "UBIGINT",
            Shape::HugeInt => "HUGEINT",
            Shape::UHugeInt => "UHUGEINT",
            Shape::BigNum => "BIGNUM",
            Shape::Float => "FLOAT",
            Shape::Double => "DOUBLE",
            Shape::Decimal { width, scale } => return write!(f, "DECIMAL({width},{scale})"),
            Shape::Varchar => "VARCHAR",
            Shape::Blob => "BLOB",
            Shape::Bit => "BIT",
            Shape::Uuid => "UUID",
            Shape::Date => "DATE",
            Shape::Time => "TIME",
            Shape::TimeNs => "TIME_NS",
            Shape::TimeTz => "TIME WITH TIME ZONE",
            Shape::Timestamp => "TIMESTAMP",
            Shape::TimestampS => "TIMESTAMP_S",
            Shape::TimestampMs => "TIMESTAMP_MS",
            Shape::TimestampNs => "TIMESTAMP_NS",
            Shape::TimestampTz => "TIMESTAMP WITH TIME ZONE",
            Shape::Interval => "INTERVAL",
            Shape::Null => "\"NULL\"",
            Shape::Unreadable(name) => name,
            Shape::Enum { values, .. } => {
                let quoted: Vec<String> =
                    values.iter().map(|value| format!("'{}'", value.replace('\'', "''"))).collect();
                return write!(f, "ENUM({})", quoted.join(", "));
            }
            Shape::List(item) => return write!(f, "{item}[]"),
            Shape::Array(item, length) => return write!(f, "{item}[{length}]"),
            Shape::Map(key, value) => return write!(f, "MAP({key}, {value})"),
            Shape::Struct(fields) => return write_fields(f, "STRUCT", fields),
            Shape::Union(members) => return write_fields(f, "UNION", members),
        };
        f.write_str(name)
    }
}

fn write_fields(f: &mut fmt::Formatter<'_>, name: &str, fields: &[(String, DataType)]) -> fmt::Result {
    write!(f, "{name}(")?;
    for (index, (field, data_type)) in fields.iter().enumerate() {
        if index > 0 {
            f.write_str(", ")?;
        }
        match field.as_str() {
            "" => write!(f, "{data_type}")?,
            plain if is_plain_identifier(plain) => write!(f, "{plain} {data_type}")?,
            other => write!(f, "\"{}\" {data_type}", other.replace('"', "\"\""))?,
        }
    }
    f.write_str(")")
}

/// DuckDB also quotes reserved words; this doesn't, as its list of them changes with the version.
fn is_plain_identifier(name: &str) -> bool {
    name.bytes().enumerate().all(|(index, byte)| {
        byte == b'_' || byte.is_ascii_lowercase() || byte.is_ascii_uppercase() || (index > 0 && byte.is_ascii_digit())
    })
}
