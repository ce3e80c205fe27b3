//! The rows of a file, row group by row group.

use std::{collections::VecDeque, ops::Range, sync::Arc};

use arrow_array::RecordBatch;
use bytes::Bytes;
use living_core::sql::ColumnArrays;
use parquet::{
    DecodeResult,
    arrow::{arrow_reader::ParquetRecordBatchReader, push_decoder::ParquetPushDecoderBuilder},
};

use crate::{
    Error, File, Limits,
    encode::{Encoder, text_bytes},
    file::chunk_range,
    pages,
    schema::Column,
};

/// Rows that are decoded at a time. Strings are views, so a row's share is some tens of bytes a column.
const BATCH_ROWS: usize = 4096;

/// Column chunks closer than this are fetched in one read: a request costs more than the bytes between them.
const READ_GAP: u64 = 64 << 10;

/// What [`RowReader::next_step`] wants or gives.
#[derive(Debug)]
pub enum Step {
    /// Read these ranges of the file and hand them to [`RowReader::supply`], in this order.
    Read(Vec<Range<u64>>),
    Rows(Rows),
    Done,
}

/// Reads the rows of some row groups of a file. It does no I/O: it says which bytes it needs.
///
/// In memory is one row group at a time; see [`Limits::working_set_bytes`].
#[derive(Debug)]
pub struct RowReader {
    file: File,
    file_size: u64,
    limits: Limits,
    waiting: VecDeque<usize>,
    state: State,
    next_row: u64,
}

enum State {
    Between,
    Reading { row_group: usize, ranges: Vec<Range<u64>> },
    Decoding { row_group: usize, reader: Box<ParquetRecordBatchReader>, rows_left: u64 },
}

impl std::fmt::Debug for State {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Between => f.write_str("Between"),
            Self::Reading { row_group, .. } => write!(f, "Reading({row_group})"),
            Self::Decoding { row_group, .. } => write!(f, "Decoding({row_group})"),
        }
    }
}

impl RowReader {
    /// A reader of all rows of `file`, which has `file_size` bytes.
    #[must_use]
    pub fn new(file: File, file_size: u64, limits: Limits) -> Self {
        let groups = file.row_groups();
        Self { file, file_size, limits, waiting: (0..groups).collect(), state: State::Between, next_row: 0 }
    }

    /// Leaves out all but the first `count` row groups.
    #[must_use]
    pub fn first_row_groups(mut self, count: usize) -> Self {
        self.waiting.truncate(count);
        self
    }

    /// What to do next.
    ///
    /// # Errors
    /// What is wrong with the file. The reader can't go on after an error.
    pub fn next_step(&mut self) -> Result<Step, Error> {
        loop {
            match &mut self.state {
                State::Between => {
                    let Some(row_group) = self.waiting.pop_front() else {
                        return Ok(Step::Done);
                    };
                    let ranges = self.ranges(row_group)?;
                    self.state = State::Reading { row_group, ranges };
                }
                State::Reading { ranges, .. } => return Ok(Step::Read(ranges.clone())),
                State::Decoding { row_group, reader, rows_left } => {
                    let batch = reader
                        .next()
                        .transpose()
                        .map_err(|e| Error::from(e).within(format_args!("row group {row_group}")));
                    let Some(batch) = batch? else {
                        if *rows_left > 0 {
                            return Err(Error::damaged(format!("row group {row_group} ends {rows_left} rows early")));
                        }
                        self.state = State::Between;
                        continue;
                    };
                    let count = batch.num_rows() as u64;
                    *rows_left = rows_left.checked_sub(count).ok_or_else(|| {
                        Error::damaged(format!("row group {row_group} has more rows than the footer says"))
                    })?;
                    let first = self.next_row;
                    self.next_row += count;
                    return Ok(Step::Rows(Rows { first, batch, columns: self.file.shared_columns() }));
                }
            }
        }
    }

    /// Takes the bytes that the last [`Step::Read`] asked for.
    ///
    /// # Errors
    /// What is wrong with the row group, or which limit it exceeds; or that the bytes aren't those asked for.
    pub fn supply(&mut self, bytes: Vec<Bytes>) -> Result<(), Error> {
        let State::Reading { row_group, ranges } = std::mem::replace(&mut self.state, State::Between) else {
            return Err(Error::damaged("bytes came that nobody asked for"));
        };
        let held = Held::new(ranges, bytes)?;
        self.check_pages(row_group, &held)?;
        self.start_decoding(row_group, &held).map_err(|error| error.within(format_args!("row group {row_group}")))
    }

    fn start_decoding(&mut self, row_group: usize, held: &Held) -> Result<(), Error> {
        let mut decoder = ParquetPushDecoderBuilder::new_with_metadata(self.file.metadata.clone())
            .with_row_groups(vec![row_group])
            .with_batch_size(BATCH_ROWS)
            .build()?;
        let rows_left = self.file.parquet().row_group_num_rows(row_group)? as u64;
        loop {
            match decoder.try_next_reader()? {
                DecodeResult::NeedsData(wanted) => {
                    let data = wanted.iter().map(|range| held.slice(range)).collect::<Result<_, _>>()?;
                    decoder.push_ranges(wanted, data)?;
                }
                DecodeResult::Data(reader) => {
                    self.state = State::Decoding { row_group, reader: Box::new(reader), rows_left };
                    return Ok(());
                }
                DecodeResult::Finished if rows_left == 0 => return Ok(()),
                DecodeResult::Finished => {
                    return Err(Error::damaged(format!("row group {row_group} holds none of its {rows_left} rows")));
                }
            }
        }
    }

    fn ranges(&self, row_group: usize) -> Result<Vec<Range<u64>>, Error> {
        let chunks = self.file.parquet().row_group(row_group).columns();
        let mut ranges =
            chunks.iter().map(|chunk| chunk_range(chunk, self.file_size)).collect::<Result<Vec<_>, _>>()?;
        ranges.sort_by_key(|range| range.start);
        let mut merged: Vec<Range<u64>> = Vec::new();
        for range in ranges {
            match merged.last_mut() {
                Some(last) if range.start <= last.end.saturating_add(READ_GAP) => last.end = last.end.max(range.end),
                _ => merged.push(range),
            }
        }
        let bytes: u64 = merged.iter().map(|r| r.end - r.start).sum();
        if bytes > self.limits.row_group_bytes {
            let limit = self.limits.row_group_bytes;
            return Err(Error::TooLarge { row_group, what: "compressed", value: bytes, limit });
        }
        Ok(merged)
    }

    /// Checks that reading the row group stays within bounds.
    fn check_pages(&self, row_group: usize, held: &Held) -> Result<(), Error> {
        let mut working_set: u64 = held.ranges.iter().map(|r| r.end - r.start).sum();
        for chunk in self.file.parquet().row_group(row_group).columns() {
            let range = chunk_range(chunk, self.file_size)?;
            let sizes = pages::check(&held.slice(&range)?, chunk.compression(), chunk.column_type(), &self.limits)
                .map_err(|error| in_column(error, row_group, &chunk.column_path().string()))?;
            working_set = working_set.saturating_add(sizes.dictionary).saturating_add(sizes.largest_data_page);
        }
        if working_set > self.limits.working_set_bytes {
            let limit = self.limits.working_set_bytes;
            return Err(Error::TooLarge {
                row_group,
                what: "unpacked, as far as needed at once",
                value: working_set,
                limit,
            });
        }
        Ok(())
    }
}

fn in_column(error: Error, row_group: usize, column: &str) -> Error {
    match error {
        Error::TooLarge { what, value, limit, .. } => Error::TooLarge { row_group, what, value, limit },
        other => other.within(format_args!("row group {row_group}, column {column:?}")),
    }
}

/// The bytes of a row group.
struct Held {
    ranges: Vec<Range<u64>>,
    bytes: Vec<Bytes>,
}

impl Held {
    fn new(ranges: Vec<Range<u64>>, bytes: Vec<Bytes>) -> Result<Self, Error> {
        let matches = ranges.len() == bytes.len()
            && ranges.iter().zip(&bytes).all(|(range, data)| range.end - range.start == data.len() as u64);
        if matches { Ok(Self { ranges, bytes }) } else { Err(Error::damaged("the file is shorter than it was")) }
    }

    fn slice(&self, wanted: &Range<u64>) -> Result<Bytes, Error> {
        self.ranges
            .iter()
            .zip(&self.bytes)
            .find(|(range, _)| range.start <= wanted.start && wanted.end <= range.end)
            .and_then(|(range, data)| {
                let start = usize::try_from(wanted.start - range.start).ok()?;
                let end = usize::try_from(wanted.end - range.start).ok()?;
                Some(data.slice(start..end))
            })
            .ok_or_else(|| Error::damaged(format!("bytes {wanted:?} belong to no column chunk")))
    }
}

/// Decoded rows that follow each other in the file.
#[derive(Debug)]
pub struct Rows {
    first: u64,
    batch: RecordBatch,
    columns: Arc<[Column]>,
}

impl Rows {
    /// Place in the file of the first row, from 0.
    #[must_use]
    pub fn first(&self) -> u64 {
        self.first
    }

    #[must_use]
    pub fn len(&self) -> usize {
        self.batch.num_rows()
    }

    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// One encoder per column.
    ///
    /// # Errors
    /// The column whose Arrow type is not the one that was asked for.
    pub fn encoders(&self) -> Result<Vec<Encoder<'_>>, Error> {
        self.batch
            .columns()
            .iter()
            .zip(self.columns.iter())
            .map(|(array, column)| Encoder::new(array.as_ref(), &column.field))
            .collect()
    }

    /// About how many bytes of text the rows from `start` to `end` (of these rows, from 0) are.
    fn text_bytes(&self, range: Range<usize>) -> usize {
        self.batch.columns().iter().map(|array| text_bytes(array.as_ref(), range.clone())).sum()
    }

    /// Appends rows from `start` on to `arrays`, until its text has about `max_bytes` or it has `max_rows`; at least one row.
    /// Gives how many it appended.
    ///
    /// # Errors
    /// The row and column of a value that has no text form.
    pub fn encode(
        &self,
        start: usize,
        arrays: &mut ColumnArrays,
        max_bytes: usize,
        max_rows: usize,
    ) -> Result<usize, Error> {
        let room = max_rows.saturating_sub(usize::try_from(arrays.rows()).unwrap_or(usize::MAX)).max(1);
        let mut count = (self.len() - start).min(room);
        let bytes_left = max_bytes.saturating_sub(arrays.bytes());
        // Long strings are few in most files: halving finds a fitting number in a few sums over lengths.
        while count > 1 && self.text_bytes(start..start + count) > bytes_left {
            count /= 2;
        }
        let mut scratch = String::new();
        for (encoder, text) in self.encoders()?.iter().zip(arrays.columns_mut()) {
            for row in start..start + count {
                encoder.write(row, &mut scratch, text).map_err(|reason| Error::Value {
                    row: self.first + row as u64,
                    column: encoder.name().to_owned(),
                    reason,
                })?;
                text.push(',');
            }
        }
        arrays.add_rows(count as u64);
        Ok(count)
    }
}
