//! The footer of a file: what the file says of itself, checked before anything else is read.

use std::{collections::BTreeMap, ops::Range, sync::Arc};

use living_core::column_type::Field;
use parquet::{
    arrow::arrow_reader::{ArrowReaderMetadata, ArrowReaderOptions},
    basic::Compression,
    file::metadata::{ColumnChunkMetaData, ParquetMetaData, ParquetMetaDataReader},
};

use crate::{
    Error, Limits,
    schema::{Column, map_columns},
    thrift::Cursor,
};

/// Bytes at the end of every Parquet file: the footer's length and the letters `PAR1`.
const TAIL: usize = 8;

/// Smallest file: `PAR1`, an empty footer, its length, `PAR1`.
const SMALLEST: u64 = 12;

/// How many bytes from the end to read first. Footers of ordinary files fit; so do small files as a whole.
pub const FIRST_READ: u64 = 64 << 10;

/// Outcome of [`open`].
#[derive(Debug)]
pub enum Opened {
    File(File),
    /// The footer is longer than what was given: call again with this many bytes from the file's end.
    NeedsTail(u64),
}

/// A file whose footer has been read and believed.
#[derive(Debug, Clone)]
pub struct File {
    pub(crate) metadata: ArrowReaderMetadata,
    columns: Arc<[Column]>,
    rows: u64,
    key_values: BTreeMap<String, String>,
}

/// Reads the footer of a file of `size` bytes from `tail`, the file's last bytes (at least [`FIRST_READ`], or all of it).
///
/// # Errors
/// What is wrong with the file, or which limit it exceeds.
pub fn open(size: u64, tail: &[u8], limits: &Limits) -> Result<Opened, Error> {
    let footer_length = footer_length(size, tail)?;
    if footer_length > limits.footer_bytes {
        return Err(Error::OverLimit { what: "bytes of the footer", value: footer_length, limit: limits.footer_bytes });
    }
    let needed = footer_length + TAIL as u64;
    if needed > size - 4 {
        return Err(Error::FooterOutside { length: footer_length, size });
    }
    let Some(start) = usize::try_from(needed).ok().and_then(|n| tail.len().checked_sub(n)) else {
        return Ok(Opened::NeedsTail(needed));
    };
    let footer = tail.get(start..tail.len() - TAIL).unwrap_or_default();
    check_structure(footer, limits)?;
    let metadata =
        ParquetMetaDataReader::decode_metadata(footer).map_err(|error| Error::from(error).within("the footer"))?;
    File::new(metadata, size, limits).map(Opened::File)
}

/// Walks the footer once before the decoder allocates for it: lists have to be as long as they say.
fn check_structure(footer: &[u8], limits: &Limits) -> Result<(), Error> {
    /// `FileMetaData.encryption_algorithm`: the columns are encrypted, the footer isn't.
    const ENCRYPTION_ALGORITHM: i16 = 8;
    let longest_list = limits.row_groups.max(limits.columns) as u64;
    let mut cursor = Cursor::new(footer, longest_list);
    let mut previous = 0;
    let mut walk = || -> Result<(), Error> {
        while let Some(field) = cursor.field(previous)? {
            previous = field.id;
            if field.id == ENCRYPTION_ALGORITHM {
                return Err(Error::Encrypted);
            }
            cursor.skip(&field)?;
        }
        Ok(())
    };
    walk().map_err(|error| error.within("the footer"))
}

fn footer_length(size: u64, tail: &[u8]) -> Result<u64, Error> {
    if size < SMALLEST || tail.len() < TAIL {
        return Err(Error::TooSmall(size));
    }
    match tail.last_chunk::<TAIL>() {
        Some([a, b, c, d, b'P', b'A', b'R', b'1']) => Ok(u32::from_le_bytes([*a, *b, *c, *d]).into()),
        Some([.., b'P', b'A', b'R', b'E']) => Err(Error::Encrypted),
        _ => Err(Error::NotParquet),
    }
}

impl File {
    fn new(metadata: ParquetMetaData, size: u64, limits: &Limits) -> Result<Self, Error> {
        let over = |what, value: usize, limit: usize| {
            if value > limit {
                Err(Error::OverLimit { what, value: value as u64, limit: limit as u64 })
            } else {
                Ok(())
            }
        };
        let schema = metadata.file_metadata().schema_descr_ptr();
        over("columns", schema.num_columns(), limits.columns)?;
        over("row groups", metadata.num_row_groups(), limits.row_groups)?;
        let rows = check_row_groups(&metadata, size)?;
        let key_values = metadata
            .file_metadata()
            .key_value_metadata()
            .into_iter()
            .flatten()
            .map(|kv| (kv.key.clone(), kv.value.clone().unwrap_or_default()))
            .collect();

        // Types come from the Parquet schema alone, as in DuckDB; the hints that Arrow writers leave are not followed.
        let options = ArrowReaderOptions::new().with_skip_arrow_metadata(true);
        let plain = ArrowReaderMetadata::try_new(Arc::new(metadata), options)?;
        let mapped = map_columns(plain.schema().fields(), &schema)?;
        let (columns, fields): (Vec<Column>, Vec<_>) = mapped.into_iter().unzip();
        if columns.is_empty() {
            return Err(Error::damaged("the file has no columns"));
        }
        let depth = columns.iter().map(|c| c.field.data_type.depth()).max().unwrap_or(0);
        over("levels of nesting", depth, limits.nesting)?;
        let options = ArrowReaderOptions::new().with_schema(Arc::new(arrow_schema::Schema::new(fields)));
        let metadata = ArrowReaderMetadata::try_new(plain.metadata().clone(), options)?;
        Ok(Self { metadata, columns: columns.into(), rows, key_values })
    }

    /// Rows, as the footer says. Reading them checks it.
    #[must_use]
    pub fn rows(&self) -> u64 {
        self.rows
    }

    #[must_use]
    pub fn columns(&self) -> &[Column] {
        &self.columns
    }

    /// Name and type of each column.
    #[must_use]
    pub fn fields(&self) -> Vec<Field> {
        self.columns.iter().map(|c| c.field.clone()).collect()
    }

    /// The key-value metadata. Of equal keys the last one counts.
    #[must_use]
    pub fn key_values(&self) -> &BTreeMap<String, String> {
        &self.key_values
    }

    #[must_use]
    pub fn row_groups(&self) -> usize {
        self.parquet().num_row_groups()
    }

    /// Why the warehouse may not read the file by itself, if so.
    #[must_use]
    pub fn no_pull(&self) -> Option<&'static str> {
        if self.key_values.contains_key("geo") {
            return Some("it is GeoParquet, whose columns DuckDB reads as a type of its own");
        }
        self.columns.iter().find_map(|c| c.no_pull)
    }

    pub(crate) fn parquet(&self) -> &ParquetMetaData {
        self.metadata.metadata()
    }

    pub(crate) fn shared_columns(&self) -> Arc<[Column]> {
        Arc::clone(&self.columns)
    }
}

/// Sums the rows, and checks that every column chunk lies in the file: the decoder takes that for granted.
fn check_row_groups(metadata: &ParquetMetaData, size: u64) -> Result<u64, Error> {
    let mut rows = 0u64;
    for group in metadata.row_groups() {
        let count = u64::try_from(group.num_rows())
            .map_err(|_| Error::damaged(format!("a row group says that it has {} rows", group.num_rows())))?;
        rows = rows
            .checked_add(count)
            .ok_or_else(|| Error::damaged("the row groups have more rows than can be counted"))?;
        for chunk in group.columns() {
            check_codec(chunk)?;
            let range = chunk_range(chunk, size)?;
            if count == 0 && chunk.num_values() > 0 && !range.is_empty() {
                return Err(Error::damaged(format!(
                    "a row group says that it has 0 rows, and column {:?} has {} values in it",
                    chunk.column_path().string(),
                    chunk.num_values()
                )));
            }
        }
    }
    // The decoder gives as many rows as the footer says of the whole, whatever the row groups hold.
    match u64::try_from(metadata.file_metadata().num_rows()) {
        Ok(total) if total == rows => Ok(rows),
        _ => Err(Error::damaged(format!(
            "the footer says that the file has {} rows, and its row groups have {rows}",
            metadata.file_metadata().num_rows()
        ))),
    }
}

fn check_codec(chunk: &ColumnChunkMetaData) -> Result<(), Error> {
    match chunk.compression() {
        Compression::LZO => Err(Error::UnsupportedCodec {
            column: chunk.column_path().string(),
            codec: chunk.compression().to_string(),
        }),
        _ => Ok(()),
    }
}

/// Where the bytes of a column chunk are.
pub(crate) fn chunk_range(chunk: &ColumnChunkMetaData, size: u64) -> Result<Range<u64>, Error> {
    let start = chunk.dictionary_page_offset().unwrap_or_else(|| chunk.data_page_offset());
    let outside = || {
        Error::damaged(format!(
            "column {:?} says that it lies at byte {start} with {} bytes, in a file of {size}",
            chunk.column_path().string(),
            chunk.compressed_size()
        ))
    };
    let start_byte = u64::try_from(start).map_err(|_| outside())?;
    let length = u64::try_from(chunk.compressed_size()).map_err(|_| outside())?;
    let end = start_byte.checked_add(length).filter(|&end| end <= size).ok_or_else(outside)?;
    Ok(start_byte..end)
}
