//! Rows of texts into a Parquet file.

use std::sync::Arc;

use arrow_array::{ArrayRef, RecordBatch, builder::StringBuilder};
use arrow_schema::{DataType, Field, Schema, SchemaRef};
use living_produce::{ParquetWriter, Provenance};

use crate::failure::Failure;

/// Rows of a batch at most, and bytes of their texts: a batch is what a page of the file takes at least, and what is held beside the row
/// group.
const BATCH_ROWS: usize = 8_192;
const BATCH_BYTES: usize = 1 << 20;

/// Cells of a batch at most: each takes four bytes besides its text.
const BATCH_CELLS: usize = 1 << 18;

/// A table that is being written: each cell is the text that it was; a cell that a row doesn't have is NULL.
#[derive(Debug)]
pub(crate) struct TableWriter {
    schema: SchemaRef,
    columns: Vec<StringBuilder>,
    /// Rows of the batch, bytes of their texts, and how many rows it takes.
    rows: usize,
    bytes: usize,
    most_rows: usize,
    file: ParquetWriter,
}

impl TableWriter {
    pub(crate) fn new(columns: &[String], provenance: &Provenance) -> Result<Self, Failure> {
        let fields: Vec<Field> = columns.iter().map(|name| Field::new(name, DataType::Utf8, true)).collect();
        let schema = Arc::new(Schema::new(fields));
        let file = ParquetWriter::new(&schema, provenance)?;
        let most_rows = (BATCH_CELLS / columns.len().max(1)).clamp(1, BATCH_ROWS);
        let columns = columns.iter().map(|_| StringBuilder::with_capacity(0, 0)).collect();
        Ok(Self { schema, columns, rows: 0, bytes: 0, most_rows, file })
    }

    /// Adds a row. It has as many cells as there are columns, or fewer.
    pub(crate) fn row<'a>(&mut self, mut cells: impl Iterator<Item = &'a str>) -> Result<(), Failure> {
        for column in &mut self.columns {
            match cells.next() {
                Some(cell) => {
                    self.bytes += cell.len();
                    column.append_value(cell);
                }
                None => column.append_null(),
            }
        }
        if cells.next().is_some() {
            // It was counted, so this is no row of what was counted.
            return Err(Failure::Changed);
        }
        self.rows += 1;
        if self.rows == self.most_rows || self.bytes >= BATCH_BYTES { self.end_batch() } else { Ok(()) }
    }

    fn end_batch(&mut self) -> Result<(), Failure> {
        if self.rows == 0 {
            return Ok(());
        }
        let rows = self.rows;
        let array = |builder: &mut StringBuilder| -> ArrayRef {
            let bytes = builder.values_slice().len();
            let next = StringBuilder::with_capacity(rows, bytes);
            Arc::new(std::mem::replace(builder, next).finish())
        };
        let arrays = self.columns.iter_mut().map(array).collect();
        let batch = RecordBatch::try_new(self.schema.clone(), arrays)
            .map_err(|error| Failure::Refused(format!("the rows make no table: {error}")))?;
        self.file.write(&batch)?;
        self.rows = 0;
        self.bytes = 0;
        Ok(())
    }

    /// The bytes of the file that are done and weren't taken yet; perhaps none.
    pub(crate) fn take(&mut self) -> Vec<u8> {
        self.file.take()
    }

    /// Ends the file: the rest of its bytes, and how many rows it has.
    pub(crate) fn finish(mut self) -> Result<(Vec<u8>, u64), Failure> {
        self.end_batch()?;
        let rows = self.file.rows();
        Ok((self.file.finish()?, rows))
    }
}
