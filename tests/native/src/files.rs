//! Parquet files in the layouts that ingest takes.

use std::sync::Arc;

use arrow_array::{
    ArrayRef, Float64Array, Int32Array, Int64Array, RecordBatch, StringArray,
    builder::{Int64Builder, ListBuilder, StringBuilder, StructBuilder},
};
use arrow_schema::{DataType, Field, Fields, Schema};
use bytes::Bytes;
use living_core::sql::ColumnArrays;
use living_parquet::{Error, Limits, Opened, RowReader, Step};
use parquet::{
    arrow::ArrowWriter,
    file::{metadata::KeyValue, properties::WriterProperties},
};

use crate::data;

/// Bytes of a file that takes long to read.
const LARGE: usize = 100_000;

/// Rows of text cells, with the names of their columns.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Cells {
    pub columns: Vec<String>,
    pub rows: Vec<Vec<Option<String>>>,
}

/// A file of documents: (document, page, text, confidence).
#[must_use]
pub fn documents(rows: &[(&str, i32, &str, Option<f64>)]) -> Bytes {
    let ids: StringArray = rows.iter().map(|row| Some(row.0)).collect();
    let pages: Int32Array = rows.iter().map(|row| Some(row.1)).collect();
    let texts: StringArray = rows.iter().map(|row| Some(row.2)).collect();
    let confidences: Float64Array = rows.iter().map(|row| row.3).collect();
    write(vec![
        ("document_id", Arc::new(ids) as ArrayRef),
        ("page_number", Arc::new(pages)),
        ("text", Arc::new(texts)),
        ("confidence", Arc::new(confidences)),
    ])
}

/// A file of annotations in the layout of an Argilla export: (record, text, label of one span over the whole text). Records whose ids end
/// with the same character are of one document.
#[must_use]
pub fn annotations(rows: &[(&str, &str, &str)]) -> Bytes {
    let ids: StringArray = rows.iter().map(|row| Some(row.0)).collect();
    let texts: StringArray = rows.iter().map(|row| Some(row.1)).collect();
    let documents: StringArray =
        rows.iter().map(|row| row.0.chars().last().map(|last| format!("document {last}"))).collect();
    let span = Fields::from(vec![
        Field::new("start", DataType::Int64, true),
        Field::new("end", DataType::Int64, true),
        Field::new("label", DataType::Utf8, true),
    ]);
    let spans = StructBuilder::from_fields(span, rows.len());
    let mut responses = ListBuilder::new(ListBuilder::new(spans));
    let mut statuses = ListBuilder::new(StringBuilder::new());
    for (_, text, label) in rows {
        let spans = responses.values().values();
        if let Some(start) = spans.field_builder::<Int64Builder>(0) {
            start.append_value(0);
        }
        if let Some(end) = spans.field_builder::<Int64Builder>(1) {
            end.append_value(i64::try_from(text.chars().count()).unwrap_or(i64::MAX));
        }
        if let Some(labels) = spans.field_builder::<StringBuilder>(2) {
            labels.append_value(label);
        }
        spans.append(true);
        responses.values().append(true);
        responses.append(true);
        statuses.values().append_value("submitted");
        statuses.append(true);
    }
    write(vec![
        ("id", Arc::new(ids) as ArrayRef),
        ("text", Arc::new(texts)),
        ("document_id", Arc::new(documents)),
        ("entities.responses", Arc::new(responses.finish())),
        ("entities.responses.status", Arc::new(statuses.finish())),
    ])
}

/// A file of a table whose cells are all text.
#[must_use]
pub fn table(cells: &Cells) -> Bytes {
    let column = |i: usize| -> StringArray { cells.rows.iter().map(|row| row.get(i).cloned().flatten()).collect() };
    let columns = cells.columns.iter().enumerate();
    write(columns.map(|(i, name)| (name.as_str(), Arc::new(column(i)) as ArrayRef)).collect())
}

/// Far more text than a statement may have.
const STATEMENT_BYTES: usize = 16 << 20;

/// Reads all rows of a file as a load does. Gives their number.
///
/// # Errors
/// What is wrong with the file.
///
/// # Panics
/// If the text of a statement's rows grows beyond a Worker's memory.
pub fn read_rows(bytes: &Bytes) -> Result<u64, Error> {
    let size = bytes.len() as u64;
    let limits = Limits::default();
    let Opened::File(file) = living_parquet::open(size, bytes, &limits)? else {
        panic!("the whole file was given");
    };
    let mut arrays = ColumnArrays::new(file.columns().len());
    let mut reader = RowReader::new(file, size, limits);
    let mut total = 0;
    loop {
        match reader.next_step()? {
            Step::Read(ranges) => {
                let slice = |range: &std::ops::Range<u64>| {
                    bytes.slice(
                        usize::try_from(range.start).expect("a file fits in memory")
                            ..usize::try_from(range.end).expect("a file fits in memory"),
                    )
                };
                reader.supply(ranges.iter().map(slice).collect())?;
            }
            Step::Rows(rows) => {
                let mut done = 0;
                while done < rows.len() {
                    done += rows.encode(done, &mut arrays, 1 << 20, 10_000)?;
                    total += arrays.rows();
                    assert!(arrays.bytes() < STATEMENT_BYTES, "{} bytes of text", arrays.bytes());
                    arrays.clear();
                }
            }
            Step::Done => return Ok(total),
        }
    }
}

/// Writes columns with the metadata of the contract, in small row groups.
///
/// # Panics
/// If the columns are of different lengths.
#[must_use]
pub fn write(columns: Vec<(&str, ArrayRef)>) -> Bytes {
    let fields: Vec<Field> =
        columns.iter().map(|(name, array)| Field::new(*name, array.data_type().clone(), true)).collect();
    let arrays = columns.into_iter().map(|(_, array)| array).collect();
    let schema = Arc::new(Schema::new(fields));
    let batch = RecordBatch::try_new(Arc::clone(&schema), arrays).expect("columns of one length");
    let metadata = [("schema_version", "1"), ("batch_id", "batch-1"), ("git_sha", "0123abc")];
    let properties = WriterProperties::builder()
        .set_max_row_group_row_count(Some(4))
        .set_key_value_metadata(Some(metadata.map(|(k, v)| KeyValue::new(k.to_owned(), v.to_owned())).into()))
        .build();
    let mut bytes = Vec::new();
    let mut writer = ArrowWriter::try_new(&mut bytes, schema, Some(properties)).expect("a writer");
    writer.write(&batch).expect("rows are written");
    writer.close().expect("the footer is written");
    bytes.into()
}

/// Small files of all layouts.
///
/// # Panics
/// If they can't be written.
#[must_use]
pub fn made_files() -> Vec<Bytes> {
    let numbers: Int64Array = (0..200).collect();
    let texts: StringArray = (0..200).map(|n| (n % 5 != 0).then(|| format!("text {}", n % 11))).collect();
    let reals: Float64Array = (0..200).map(|n| (n % 3 != 0).then(|| f64::from(n) / 7.0)).collect();
    vec![
        write(vec![("n", Arc::new(numbers) as ArrayRef), ("t", Arc::new(texts)), ("r", Arc::new(reals))]),
        annotations(&[("r1", "Chad", "person"), ("r2", "Eire", "location"), ("r3", "x", "none")]),
        documents(&[("d", 1, "text", Some(0.5)), ("d", 2, "", None)]),
    ]
}

/// Those of parquet-testing that don't take long to read; none where `LIVING_SCHEMA_DATA` isn't there.
///
/// # Panics
/// If they can't be read.
#[must_use]
pub fn foreign_files() -> Vec<Bytes> {
    let Some(folder) = data().map(|data| data.join("parquet-testing/data")) else {
        println!("SKIPPED in part: LIVING_SCHEMA_DATA is not there");
        return vec![];
    };
    let mut paths: Vec<_> =
        std::fs::read_dir(folder).expect("a file").map(|entry| entry.expect("a file").path()).collect();
    paths.sort();
    let is_parquet = |path: &std::path::PathBuf| path.extension().is_some_and(|end| end == "parquet");
    let files = paths.into_iter().filter(is_parquet).map(|path| Bytes::from(std::fs::read(path).expect("a file")));
    files.filter(|bytes| bytes.len() < LARGE).collect()
}
