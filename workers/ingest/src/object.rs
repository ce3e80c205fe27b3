//! Reads one content of an object: its footer, then ranges of it.

use std::ops::Range;

use bytes::Bytes;
use living_core::landing::load::ObjectVersion;
use living_kit::{ObjectStore, Read};
use living_parquet::{File, Limits, Opened};

use crate::failure::Failure;

/// Objects up to this size are read at once: one request instead of two or three.
const WHOLE_BYTES: u64 = 1 << 20;

/// An object, and its last bytes once they are read.
#[derive(Debug)]
pub(crate) struct ObjectReader<'a, S> {
    store: &'a S,
    object: &'a ObjectVersion,
    tail: Bytes,
}

impl<'a, S: ObjectStore> ObjectReader<'a, S> {
    pub(crate) fn new(store: &'a S, object: &'a ObjectVersion) -> Self {
        Self { store, object, tail: Bytes::new() }
    }

    /// Reads and checks the footer.
    pub(crate) async fn open(&mut self, limits: &Limits) -> Result<File, Failure> {
        let size = self.object.head.size;
        let mut wanted = if size <= WHOLE_BYTES { size } else { living_parquet::FIRST_READ };
        loop {
            self.tail = self.fetch(size - wanted.min(size)..size).await?;
            match living_parquet::open(size, &self.tail, limits)? {
                Opened::File(file) => return Ok(file),
                Opened::NeedsTail(length) => wanted = length,
            }
        }
    }

    /// Reads ranges, in their order.
    pub(crate) async fn read(&self, ranges: Vec<Range<u64>>) -> Result<Vec<Bytes>, Failure> {
        let mut out = Vec::with_capacity(ranges.len());
        for range in ranges {
            out.push(match self.in_tail(&range) {
                Some(bytes) => bytes,
                None => self.fetch(range).await?,
            });
        }
        Ok(out)
    }

    fn in_tail(&self, range: &Range<u64>) -> Option<Bytes> {
        let start = self.object.head.size.checked_sub(self.tail.len() as u64)?;
        let from = usize::try_from(range.start.checked_sub(start)?).ok()?;
        let to = usize::try_from(range.end.checked_sub(start)?).ok()?;
        (to <= self.tail.len()).then(|| self.tail.slice(from..to))
    }

    async fn fetch(&self, range: Range<u64>) -> Result<Bytes, Failure> {
        // R2 refuses a range of nothing.
        if range.is_empty() {
            return Ok(Bytes::new());
        }
        let ObjectVersion { bucket, key, head } = self.object;
        match self.store.read(bucket, key, &head.etag, range).await? {
            Read::Bytes(bytes) => Ok(bytes),
            Read::Changed => Err(Failure::Changed),
        }
    }
}
