//! Rows as JSON, CSV or Arrow.

use std::sync::Arc;

use arrow_array::RecordBatch;
use arrow_ipc::writer::StreamWriter;
use arrow_json::ReaderBuilder;
use arrow_schema::{ArrowError, DataType, Field, Fields, Schema, SchemaRef, TimeUnit};
use living_kit::Problem;
use serde::{Serialize, Serializer, ser::SerializeMap};
use serde_json::Value;

use super::{Outcome, QueryResponse, Rows};
use crate::reply::Reply;

/// The form of an answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Format {
    Json,
    Csv,
    Arrow,
}

impl Format {
    const ALL: [(Self, &'static str); 3] = [
        (Self::Json, "application/json"),
        (Self::Csv, "text/csv"),
        (Self::Arrow, "application/vnd.apache.arrow.stream"),
    ];

    pub(crate) fn content_type(self) -> &'static str {
        Self::ALL.iter().find(|(format, _)| *format == self).map(|(_, name)| *name).unwrap_or_default()
    }

    /// The first form of an `Accept` header that there is. Weights are not looked at: clients list what they prefer first.
    ///
    /// # Errors
    /// 406, if there is none.
    pub(crate) fn accepted(accept: Option<&str>) -> Result<Self, Problem> {
        let accept = accept.filter(|accept| !accept.trim().is_empty()).unwrap_or("*/*");
        let mut ranges = accept.split(',').map(|range| range.split(';').next().unwrap_or_default().trim());
        ranges.find_map(Self::of_range).ok_or_else(|| {
            let names = Self::ALL.map(|(_, name)| name).join(", ");
            Problem::new(406, "Not acceptable", format!("the answer comes as one of {names}"))
        })
    }

    fn of_range(range: &str) -> Option<Self> {
        let is_in = |name: &str| match range.split_once('/') {
            Some(("*", "*")) => true,
            Some((kind, "*")) => name.split_once('/').is_some_and(|(own, _)| own.eq_ignore_ascii_case(kind)),
            _ => name.eq_ignore_ascii_case(range),
        };
        Self::ALL.iter().find(|(_, name)| is_in(name)).map(|(format, _)| *format)
    }
}

/// An outcome in the form that was asked for. What CSV and Arrow have no place for is in headers.
///
/// # Errors
/// If the rows can't be put into Arrow.
pub(crate) fn encode(outcome: Outcome, format: Format) -> Result<Reply, Problem> {
    let headers = vec![
        ("x-execution-id", outcome.execution_id.to_string()),
        ("x-served-by", outcome.served_by.name().to_owned()),
        ("x-schema-version", outcome.pin.schema_version.to_string()),
        ("x-commit-seq", outcome.pin.commit_seq.to_string()),
        ("x-truncated", outcome.rows.truncated.to_string()),
        ("x-result-hash", outcome.result_hash.clone()),
    ];
    let body = match format {
        Format::Json => return Ok(Reply { headers, ..Reply::json(&QueryResponse::from(outcome)) }),
        Format::Csv => csv(&outcome.rows).into_bytes(),
        Format::Arrow => arrow_stream(&outcome.rows)?,
    };
    Ok(Reply { headers, ..Reply::bytes(format.content_type(), body) })
}

/// As [RFC 4180](https://www.rfc-editor.org/rfc/rfc4180) has it. NULL is nothing, an empty text is `""`.
fn csv(rows: &Rows) -> String {
    let mut out = String::new();
    let names = rows.columns.iter().map(|column| Value::from(column.name.as_str()));
    push_record(&mut out, names);
    for row in &rows.rows {
        push_record(&mut out, row.iter().cloned());
    }
    out
}

fn push_record(out: &mut String, cells: impl Iterator<Item = Value>) {
    for (i, cell) in cells.enumerate() {
        if i > 0 {
            out.push(',');
        }
        match cell {
            Value::Null => {}
            Value::String(text) => push_text(out, &text),
            other => push_text(out, &other.to_string()),
        }
    }
    out.push_str("\r\n");
}

fn push_text(out: &mut String, text: &str) {
    if text.is_empty() || text.contains([',', '"', '\r', '\n']) {
        out.push('"');
        out.push_str(&text.replace('"', "\"\""));
        out.push('"');
    } else {
        out.push_str(text);
    }
}

/// An Arrow IPC stream: a schema, one batch, the end.
///
/// # Errors
/// If a value isn't of its column's type.
pub(crate) fn arrow_stream(rows: &Rows) -> Result<Vec<u8>, Problem> {
    let written = batch(rows).and_then(|batch| {
        let mut writer = StreamWriter::try_new(Vec::new(), &batch.schema())?;
        writer.write(&batch)?;
        writer.into_inner()
    });
    written.map_err(|error| {
        Problem::new(422, "Not as Arrow", format!("the rows can't be written as Arrow: {error}; ask for JSON or CSV"))
    })
}

fn batch(rows: &Rows) -> Result<RecordBatch, ArrowError> {
    let named: Vec<Field> =
        rows.columns.iter().map(|column| Field::new(&column.name, data_type(&column.data_type), true)).collect();
    // Columns may share a name, but not the keys of a JSON object: those are their places.
    let placed: Fields = named.iter().enumerate().map(|(i, field)| field.clone().with_name(i.to_string())).collect();
    let texts = TextColumns::of(&named);
    let mut decoder = ReaderBuilder::new(Arc::new(Schema::new(placed)))
        .with_batch_size(rows.rows.len().max(1))
        .with_coerce_primitive(true)
        .build_decoder()?;
    let records: Vec<Record<'_>> = rows.rows.iter().map(|row| Record { row, texts: &texts }).collect();
    decoder.serialize(&records)?;
    let schema: SchemaRef = Arc::new(Schema::new(named));
    match decoder.flush()? {
        Some(batch) => RecordBatch::try_new(schema, batch.columns().to_vec()),
        None => Ok(RecordBatch::new_empty(schema)),
    }
}

/// Which columns are text in Arrow: values of other types in them are written as JSON.
struct TextColumns(Vec<bool>);

impl TextColumns {
    fn of(fields: &[Field]) -> Self {
        Self(fields.iter().map(|field| *field.data_type() == DataType::Utf8).collect())
    }
}

/// A row as an object, with the columns' places as keys.
struct Record<'a> {
    row: &'a [Value],
    texts: &'a TextColumns,
}

impl Serialize for Record<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(Some(self.row.len()))?;
        for (i, (value, is_text)) in self.row.iter().zip(&self.texts.0).enumerate() {
            match value {
                Value::Array(_) | Value::Object(_) if *is_text => {
                    map.serialize_entry(&i.to_string(), &value.to_string())?;
                }
                value => map.serialize_entry(&i.to_string(), value)?,
            }
        }
        map.end()
    }
}

/// The Arrow type of a DuckDB type, as DuckDB's own export has it. Types whose JSON says less than they hold come as text.
fn data_type(name: &str) -> DataType {
    if let Some(item) = name.strip_suffix("[]") {
        return DataType::List(Arc::new(Field::new("item", data_type(item), true)));
    }
    if let Some(fields) = name.strip_prefix("STRUCT(").and_then(|rest| rest.strip_suffix(')')) {
        return struct_fields(fields).map_or(DataType::Utf8, DataType::Struct);
    }
    if let Some((width, scale)) = decimal(name) {
        return DataType::Decimal128(width, scale);
    }
    match name {
        "BOOLEAN" => DataType::Boolean,
        "TINYINT" => DataType::Int8,
        "SMALLINT" => DataType::Int16,
        "INTEGER" => DataType::Int32,
        "BIGINT" => DataType::Int64,
        "UTINYINT" => DataType::UInt8,
        "USMALLINT" => DataType::UInt16,
        "UINTEGER" => DataType::UInt32,
        "UBIGINT" => DataType::UInt64,
        "HUGEINT" => DataType::Decimal128(38, 0),
        "FLOAT" => DataType::Float32,
        "DOUBLE" => DataType::Float64,
        "DATE" => DataType::Date32,
        "TIMESTAMP" => DataType::Timestamp(TimeUnit::Microsecond, None),
        "TIMESTAMP_S" => DataType::Timestamp(TimeUnit::Second, None),
        "TIMESTAMP_MS" => DataType::Timestamp(TimeUnit::Millisecond, None),
        "TIMESTAMP_NS" => DataType::Timestamp(TimeUnit::Nanosecond, None),
        "TIMESTAMP WITH TIME ZONE" => DataType::Timestamp(TimeUnit::Microsecond, Some("UTC".into())),
        "TIME" => DataType::Time64(TimeUnit::Microsecond),
        "NULL" | "\"NULL\"" => DataType::Null,
        _ => DataType::Utf8,
    }
}

fn decimal(name: &str) -> Option<(u8, i8)> {
    let (width, scale) = name.strip_prefix("DECIMAL(")?.strip_suffix(')')?.split_once(',')?;
    Some((width.trim().parse().ok()?, scale.trim().parse().ok()?))
}

/// The fields of `a INTEGER, "b c" VARCHAR[]`. `None` if it isn't that.
fn struct_fields(text: &str) -> Option<Fields> {
    let mut fields = Vec::new();
    let mut rest = text;
    while !rest.is_empty() {
        let (name, after) = identifier(rest)?;
        let after = after.strip_prefix(' ')?;
        let end = end_of_type(after);
        let (of_type, more) = after.split_at_checked(end)?;
        fields.push(Field::new(name, data_type(of_type), true));
        rest = more.trim_start_matches(", ");
    }
    let is_unique =
        fields.iter().enumerate().all(|(i, field)| fields.iter().skip(i + 1).all(|f| f.name() != field.name()));
    is_unique.then(|| fields.into())
}

/// A name, in quotes or not, and what stands behind it.
fn identifier(text: &str) -> Option<(String, &str)> {
    let Some(quoted) = text.strip_prefix('"') else {
        let (name, _) = text.split_once(' ')?;
        return Some((name.to_owned(), text.strip_prefix(name)?));
    };
    let mut name = String::new();
    let mut rest = quoted;
    loop {
        let (part, after) = rest.split_once('"')?;
        name.push_str(part);
        match after.strip_prefix('"') {
            Some(more) => {
                name.push('"');
                rest = more;
            }
            None => return Some((name, after)),
        }
    }
}

/// Where a type ends: at the comma that stands in no brackets and no quotes.
fn end_of_type(text: &str) -> usize {
    let (mut depth, mut quote) = (0_usize, None);
    for (i, c) in text.char_indices() {
        match (quote, c) {
            (Some(open), _) => quote = quote.filter(|_| c != open),
            (None, '"' | '\'') => quote = Some(c),
            (None, '(') => depth += 1,
            (None, ')') => depth = depth.saturating_sub(1),
            (None, ',') if depth == 0 => return i,
            (None, _) => {}
        }
    }
    text.len()
}

#[cfg(test)]
mod tests {
    use arrow_array::{Array, cast::AsArray, types::Int64Type};
    use arrow_ipc::reader::StreamReader;
    use serde_json::json;

    use super::*;
    use crate::query::Column;

    fn rows(columns: &[(&str, &str)], rows: Vec<Vec<Value>>) -> Rows {
        let column = |(name, data_type): &(&str, &str)| Column { name: (*name).into(), data_type: (*data_type).into() };
        Rows { columns: columns.iter().map(column).collect(), rows, truncated: false }
    }

    #[test]
    fn the_first_form_that_there_is_is_taken() {
        let accepted = |accept: Option<&str>| Format::accepted(accept).map_err(|problem| problem.status);
        for json in [None, Some(""), Some("*/*"), Some("application/json; q=0.5"), Some("text/html, application/*")] {
            assert_eq!(accepted(json), Ok(Format::Json), "{json:?}");
        }
        assert_eq!(accepted(Some("text/*, application/json")), Ok(Format::Csv));
        assert_eq!(accepted(Some("application/vnd.apache.arrow.stream")), Ok(Format::Arrow));
        assert_eq!(accepted(Some("text/html")), Err(406));
    }

    #[test]
    fn csv_tells_null_from_an_empty_text() {
        let rows = rows(
            &[("a", "VARCHAR"), ("b,\"c\"", "BIGINT"), ("d", "BIGINT[]")],
            vec![vec![json!(""), json!(null), json!([1, 2])], vec![json!("x\ny"), json!(3), json!(null)]],
        );
        assert_eq!(csv(&rows), "a,\"b,\"\"c\"\"\",d\r\n\"\",,\"[1,2]\"\r\n\"x\ny\",3,\r\n");
    }

    #[test]
    fn types_are_read_as_duckdb_spells_them() {
        let list = |item| DataType::List(Arc::new(Field::new("item", item, true)));
        assert_eq!(data_type("DECIMAL(18,3)[]"), list(DataType::Decimal128(18, 3)));
        let fields: Fields = vec![
            Field::new("a", list(DataType::Int32), true),
            Field::new("b \" c", DataType::Struct(vec![Field::new("d", DataType::Utf8, true)].into()), true),
        ]
        .into();
        assert_eq!(
            data_type("STRUCT(a INTEGER[], \"b \"\" c\" STRUCT(d ENUM('x, )', 'y')))"),
            DataType::Struct(fields)
        );
        for text in
            ["MAP(VARCHAR, INTEGER)", "UUID", "INTERVAL", "INTEGER[3]", "STRUCT(", "STRUCT(a INTEGER, a INTEGER)"]
        {
            assert_eq!(data_type(text), DataType::Utf8, "{text}");
        }
    }

    #[test]
    fn an_arrow_stream_has_the_values_under_their_names_even_twice() {
        let rows = rows(
            &[
                ("n", "BIGINT"),
                ("n", "HUGEINT"),
                ("t", "TIMESTAMP"),
                ("d", "DATE"),
                ("s", "STRUCT(a DOUBLE)[]"),
                ("m", "MAP(VARCHAR, BIGINT)"),
                ("x", "DECIMAL(4,1)"),
            ],
            vec![
                vec![
                    json!(i64::MAX),
                    json!("170141183460469231731687303715884105"),
                    json!("2026-01-31 12:00:00.5"),
                    json!("2026-01-31"),
                    json!([{"a": "nan"}]),
                    json!({"k": 1}),
                    json!("1.5"),
                ],
                vec![Value::Null; 7],
            ],
        );
        let stream = arrow_stream(&rows).unwrap();
        let batches: Vec<RecordBatch> =
            StreamReader::try_new(stream.as_slice(), None).unwrap().map(Result::unwrap).collect();
        let [batch] = batches.as_slice() else { panic!("{} batches", batches.len()) };
        assert_eq!(batch.num_rows(), 2);
        assert_eq!(batch.schema().field(1).name(), "n");
        assert_eq!(batch.column(0).as_primitive::<Int64Type>().value(0), i64::MAX);
        assert_eq!(batch.column(5).as_string::<i32>().value(0), "{\"k\":1}");
        assert!(batch.columns().iter().all(|column| column.is_null(1)));
    }

    #[test]
    fn no_rows_are_a_stream_too() {
        let stream = arrow_stream(&rows(&[("a", "BIGINT")], Vec::new())).unwrap();
        assert_eq!(StreamReader::try_new(stream.as_slice(), None).unwrap().schema().fields().len(), 1);
    }
}
