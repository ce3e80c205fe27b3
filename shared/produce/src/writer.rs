//! Batches in, the bytes of a file out.

use arrow_array::RecordBatch;
use arrow_schema::SchemaRef;
use parquet::{
    arrow::{ArrowWriter, arrow_writer::ArrowWriterOptions},
    basic::Compression,
    errors::ParquetError,
    file::properties::{EnabledStatistics, WriterProperties},
};

use crate::{Error, Provenance};

/// Rows of a row group, at most. What DuckDB writes and reads one thread by.
const ROW_GROUP_ROWS: usize = 122_880;

/// Bytes of memory of the row group that is being written, at which it's ended. Ingest takes row groups of 32 MiB compressed and 64 MiB
/// with their dictionaries and pages (`living_parquet::Limits`); a producer holds this and a row group's finished bytes.
const ROW_GROUP_BYTES: usize = 8 << 20;

/// Bytes of a column's dictionary in a row group, at which its values are written plainly from there on. Where most values differ, looking
/// them up costs more than it saves: with the usual 1 MiB, writing took 1.35 times as long and the file of `scripts/bench csv` was 1.34
/// times as large.
const DICTIONARY_BYTES: usize = 256 << 10;

/// Writes a Parquet file, Snappy-compressed, whose bytes are taken away as they come.
#[derive(Debug)]
pub struct ParquetWriter {
    writer: ArrowWriter<Vec<u8>>,
    rows: u64,
}

impl ParquetWriter {
    /// # Errors
    /// `Parquet`: the schema has a type that Parquet doesn't.
    pub fn new(schema: &SchemaRef, provenance: &Provenance) -> Result<Self, Error> {
        let properties = WriterProperties::builder()
            .set_compression(Compression::SNAPPY)
            .set_max_row_group_row_count(Some(ROW_GROUP_ROWS))
            .set_dictionary_page_size_limit(DICTIONARY_BYTES)
            .set_statistics_enabled(EnabledStatistics::Chunk)
            .set_offset_index_disabled(true)
            .set_key_value_metadata(Some(provenance.key_values()))
            .build();
        // Parquet's own types say all; Arrow's schema beside them would double the footer of a wide file.
        let options = ArrowWriterOptions::new().with_properties(properties).with_skip_arrow_metadata(true);
        let writer = ArrowWriter::try_new_with_options(Vec::new(), schema.clone(), options).map_err(Error::from)?;
        Ok(Self { writer, rows: 0 })
    }

    /// Adds rows. A page of the file takes a batch's rows of a column whole, so what a batch holds should be no more than a few MiB.
    ///
    /// # Errors
    /// `Parquet`: the batch has another schema.
    pub fn write(&mut self, batch: &RecordBatch) -> Result<(), Error> {
        self.writer.write(batch)?;
        self.rows += batch.num_rows() as u64;
        if self.writer.memory_size() >= ROW_GROUP_BYTES {
            self.writer.flush()?;
        }
        Ok(())
    }

    /// Rows written so far.
    #[must_use]
    pub const fn rows(&self) -> u64 {
        self.rows
    }

    /// The bytes of the file that are done and weren't taken yet; perhaps none.
    #[must_use]
    pub fn take(&mut self) -> Vec<u8> {
        std::mem::take(self.writer.inner_mut())
    }

    /// Ends the file and gives the rest of its bytes.
    ///
    /// # Errors
    /// `Parquet`
    pub fn finish(self) -> Result<Vec<u8>, Error> {
        Ok(self.writer.into_inner()?)
    }
}

/// A whole file, for rows that are few.
///
/// # Errors
/// Those of [`ParquetWriter`].
pub fn parquet_file(schema: &SchemaRef, provenance: &Provenance, batches: &[RecordBatch]) -> Result<Vec<u8>, Error> {
    let mut writer = ParquetWriter::new(schema, provenance)?;
    for batch in batches {
        writer.write(batch)?;
    }
    writer.finish()
}

impl From<ParquetError> for Error {
    fn from(error: ParquetError) -> Self {
        Self::Parquet(error.to_string())
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use arrow_array::{Array, StringArray};
    use arrow_schema::{DataType, Field, Schema};
    use bytes::Bytes;
    use living_core::profile::Cell;
    use living_parquet::{File, Limits, Opened, RowReader, Step};

    use super::*;

    fn texts(columns: &[&str]) -> SchemaRef {
        Arc::new(Schema::new(columns.iter().map(|name| Field::new(*name, DataType::Utf8, true)).collect::<Vec<_>>()))
    }

    fn open(bytes: &[u8]) -> File {
        match living_parquet::open(bytes.len() as u64, &Bytes::copy_from_slice(bytes), &Limits::default()).unwrap() {
            Opened::File(file) => file,
            Opened::NeedsTail(_) => panic!("the whole file is there"),
        }
    }

    /// The texts of the first column, as ingest reads them.
    fn first_column(bytes: &[u8]) -> Vec<String> {
        let mut reader = RowReader::new(open(bytes), bytes.len() as u64, Limits::default());
        let mut found = Vec::new();
        loop {
            match reader.next_step().unwrap() {
                Step::Read(ranges) => {
                    let read = |range: &std::ops::Range<u64>| {
                        Bytes::copy_from_slice(
                            &bytes[usize::try_from(range.start).unwrap()..usize::try_from(range.end).unwrap()],
                        )
                    };
                    reader.supply(ranges.iter().map(read).collect()).unwrap();
                }
                Step::Rows(rows) => {
                    let mut text = String::new();
                    for row in 0..rows.len() {
                        match rows.encoders().unwrap()[0].cell(row, &mut text).unwrap() {
                            Cell::Text(text) => found.push(text.to_owned()),
                            other => panic!("{other:?}"),
                        }
                    }
                }
                Step::Done => return found,
            }
        }
    }

    #[test]
    fn ingest_reads_the_metadata_of_the_contract() {
        let provenance =
            Provenance::new("batch-1", "test 1").of_source("r2://uploads/a.csv").with("sheet", "Übersicht");
        let file = open(&parquet_file(&texts(&["name"]), &provenance, &[]).unwrap());
        let values = file.key_values();
        for (name, value) in [
            ("schema_version", "1"),
            ("batch_id", "batch-1"),
            ("producer", "test 1"),
            ("source_uri", "r2://uploads/a.csv"),
            ("sheet", "Übersicht"),
        ] {
            assert_eq!(values.get(name).map(String::as_str), Some(value), "{name}");
        }
    }

    #[test]
    fn a_file_taken_away_in_pieces_is_whole_and_its_memory_bounded() {
        let schema = texts(&["name"]);
        let mut writer = ParquetWriter::new(&schema, &Provenance::new("b", "test")).unwrap();
        let mut bytes = Vec::new();
        let mut expected = Vec::new();
        for batch in 0_u64..60 {
            // Texts that Snappy can't make smaller.
            let scramble = |row: u64| {
                format!(
                    "{:0128x}",
                    u128::from(row * 60 + batch + 1).wrapping_mul(0x9E37_79B9_7F4A_7C15_F39C_C060_5CED_C835)
                )
            };
            let names: Vec<String> = (0..8_000).map(scramble).collect();
            let column = StringArray::from(names.iter().map(String::as_str).collect::<Vec<_>>());
            expected.extend(names);
            writer
                .write(&RecordBatch::try_new(schema.clone(), vec![Arc::new(column) as Arc<dyn Array>]).unwrap())
                .unwrap();
            assert!(writer.writer.memory_size() < ROW_GROUP_BYTES + (2 << 20));
            bytes.extend(writer.take());
        }
        assert_eq!(writer.rows(), expected.len() as u64);
        bytes.extend(writer.finish().unwrap());
        assert_eq!(first_column(&bytes), expected);
    }
}
