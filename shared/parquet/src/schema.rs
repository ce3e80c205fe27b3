//! From a Parquet schema to column types, and to the Arrow types in which the decoder is to give them.

use std::sync::Arc;

use arrow_schema::{DataType, FieldRef, TimeUnit};
use living_core::column_type::{ColumnType, Field};
use parquet::{
    basic::{ConvertedType, LogicalType, Type as PhysicalType},
    schema::types::{ColumnDescriptor, SchemaDescriptor},
};

use crate::Error;

/// A column of the file.
#[derive(Debug, Clone)]
pub struct Column {
    pub field: Field,
    /// Why the warehouse can't be let to read this column by itself: it would read it otherwise than we do.
    pub no_pull: Option<&'static str>,
}

/// Maps the columns of a file. `arrow` are the decoder's own types for `schema`.
///
/// Gives with each column the Arrow field to read it as: strings as views, which share the page's memory (a dictionary entry
/// that a million rows repeat is held once), and INT96 in microseconds, whose range is that of the warehouse.
///
/// # Errors
/// `UnsupportedType` with the column's name.
pub(crate) fn map_columns(arrow: &[FieldRef], schema: &SchemaDescriptor) -> Result<Vec<(Column, FieldRef)>, Error> {
    let mut leaves = Leaves { schema, next: 0 };
    arrow
        .iter()
        .map(|field| {
            let mut mapping = Mapping { leaves: &mut leaves, no_pull: None };
            let (data_type, arrow_type) = mapping
                .map(field.data_type())
                .map_err(|reason| Error::UnsupportedType { column: field.name().clone(), reason })?;
            let column = Column { field: Field::new(field.name(), data_type), no_pull: mapping.no_pull };
            Ok((column, Arc::new(field.as_ref().clone().with_data_type(arrow_type))))
        })
        .collect()
}

/// The leaf columns, which Arrow and Parquet have in the same order.
struct Leaves<'a> {
    schema: &'a SchemaDescriptor,
    next: usize,
}

struct Mapping<'a, 'b> {
    leaves: &'a mut Leaves<'b>,
    no_pull: Option<&'static str>,
}

impl Mapping<'_, '_> {
    fn map(&mut self, arrow: &DataType) -> Result<(ColumnType, DataType), String> {
        match arrow {
            DataType::List(item) => {
                let (data_type, inner) = self.map(item.data_type())?;
                Ok((ColumnType::List(Box::new(data_type)), DataType::List(retyped(item, inner))))
            }
            DataType::Struct(fields) => {
                let mut data_types = Vec::with_capacity(fields.len());
                let mut inner = Vec::with_capacity(fields.len());
                for field in fields {
                    let (data_type, arrow_type) = self.map(field.data_type())?;
                    data_types.push(Field::new(field.name(), data_type));
                    inner.push(retyped(field, arrow_type));
                }
                Ok((ColumnType::Struct(data_types), DataType::Struct(inner.into())))
            }
            DataType::Map(entries, sorted) => {
                let DataType::Struct(fields) = entries.data_type() else {
                    return Err("a map without entries".into());
                };
                let [key, value] = &fields[..] else {
                    return Err(format!("a map whose entries have {} members", fields.len()));
                };
                let (key_type, key_arrow) = self.map(key.data_type())?;
                let (value_type, value_arrow) = self.map(value.data_type())?;
                let inner = DataType::Struct(vec![retyped(key, key_arrow), retyped(value, value_arrow)].into());
                let data_type = ColumnType::Map(Box::new(key_type), Box::new(value_type));
                Ok((data_type, DataType::Map(retyped(entries, inner), *sorted)))
            }
            scalar => {
                let index = self.leaves.next;
                self.leaves.next += 1;
                if index >= self.leaves.schema.num_columns() {
                    return Err("the schema has fewer columns than its types".into());
                }
                let leaf = self.leaves.schema.column(index);
                self.map_leaf(scalar, &leaf)
            }
        }
    }

    fn map_leaf(&mut self, arrow: &DataType, leaf: &ColumnDescriptor) -> Result<(ColumnType, DataType), String> {
        let same = |data_type| Ok((data_type, arrow.clone()));
        match arrow {
            DataType::Null => same(ColumnType::Null),
            DataType::Boolean => same(ColumnType::Boolean),
            DataType::Int8 => same(ColumnType::Integer(8)),
            DataType::Int16 => same(ColumnType::Integer(16)),
            DataType::Int32 => same(ColumnType::Integer(32)),
            DataType::Int64 => same(ColumnType::Integer(64)),
            DataType::UInt8 => same(ColumnType::Unsigned(8)),
            DataType::UInt16 => same(ColumnType::Unsigned(16)),
            DataType::UInt32 => same(ColumnType::Unsigned(32)),
            DataType::UInt64 => same(ColumnType::Unsigned(64)),
            DataType::Float16 | DataType::Float32 => same(ColumnType::Float),
            DataType::Float64 => same(ColumnType::Double),
            DataType::Decimal128(precision, scale) | DataType::Decimal256(precision, scale) => {
                same(ColumnType::Decimal { precision: *precision, scale: *scale })
            }
            DataType::Date32 => same(ColumnType::Date),
            DataType::Time32(_) | DataType::Time64(TimeUnit::Microsecond) => same(ColumnType::Time),
            DataType::Time64(_) => {
                self.no_pull = Some("its times are in nanoseconds, which DuckDB cuts to microseconds");
                same(ColumnType::Time)
            }
            DataType::Timestamp(unit, zone) => Ok(self.map_timestamp(*unit, zone.is_some(), leaf)),
            DataType::Utf8 if is_json(leaf) => Ok((ColumnType::Json, DataType::Utf8View)),
            DataType::Utf8 => Ok((ColumnType::Text, DataType::Utf8View)),
            DataType::Binary if is_enum(leaf) => Ok((ColumnType::Text, DataType::Utf8View)),
            DataType::Binary => {
                if is_geography(leaf) {
                    self.no_pull = Some("it holds geometries, which DuckDB reads as a type of its own");
                }
                Ok((ColumnType::Blob, DataType::BinaryView))
            }
            DataType::FixedSizeBinary(16) if leaf.logical_type_ref() == Some(&LogicalType::Uuid) => {
                same(ColumnType::Uuid)
            }
            DataType::FixedSizeBinary(_) => same(ColumnType::Blob),
            // The decoder keeps the days and milliseconds of an INTERVAL and drops its months.
            DataType::Interval(_) => Err("INTERVAL".into()),
            other => Err(other.to_string()),
        }
    }

    fn map_timestamp(&mut self, unit: TimeUnit, has_zone: bool, leaf: &ColumnDescriptor) -> (ColumnType, DataType) {
        if leaf.physical_type() == PhysicalType::INT96 {
            self.no_pull = Some("its timestamps are INT96, of which DuckDB reads those far from 1970 wrongly");
            return (ColumnType::Timestamp, DataType::Timestamp(TimeUnit::Microsecond, None));
        }
        // The older annotation says nothing of a zone; Arrow takes it for UTC, DuckDB for none. A stated zone is an instant.
        let stated = leaf.logical_type_ref().is_some();
        let data_type = match (unit, has_zone && stated) {
            (TimeUnit::Nanosecond, true) => {
                self.no_pull = Some("its instants are in nanoseconds, which DuckDB cuts to microseconds");
                ColumnType::Instant
            }
            (_, true) => ColumnType::Instant,
            (TimeUnit::Nanosecond, false) => ColumnType::TimestampNanos,
            (_, false) => ColumnType::Timestamp,
        };
        (data_type, DataType::Timestamp(unit, has_zone.then(|| "UTC".into())))
    }
}

fn retyped(field: &FieldRef, data_type: DataType) -> FieldRef {
    Arc::new(field.as_ref().clone().with_data_type(data_type))
}

fn is_json(leaf: &ColumnDescriptor) -> bool {
    leaf.logical_type_ref() == Some(&LogicalType::Json) || leaf.converted_type() == ConvertedType::JSON
}

fn is_enum(leaf: &ColumnDescriptor) -> bool {
    leaf.logical_type_ref() == Some(&LogicalType::Enum) || leaf.converted_type() == ConvertedType::ENUM
}

fn is_geography(leaf: &ColumnDescriptor) -> bool {
    matches!(leaf.logical_type_ref(), Some(LogicalType::Geometry { .. } | LogicalType::Geography { .. }))
}
