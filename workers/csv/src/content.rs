//! The bytes of a file, and what is in them.

use std::pin::pin;

use bytes::Bytes;
use futures_util::{future::maybe_done, poll};
use living_core::landing::decision::ObjectHead;
use living_kit::{ObjectStore, Read};
use living_tables::{
    Kind, Preview, WorkbookKind,
    csv::{Format, Outcome, Survey},
    workbook,
};

use crate::failure::Failure;

/// Bytes of a text that are read at once: while they are worked on, as many are on their way.
const CHUNK: u64 = 2 << 20;

/// Bytes of a workbook at most: it's held whole, with what its reader makes of it, in a Worker's 128 MB.
const MAX_WORKBOOK: u64 = 16 << 20;

/// What the parts of a workbook may unpack to. Sheets are unpacked bit by bit, shared texts are held.
pub(crate) const MAX_WORKBOOK_UNPACKED: u64 = 256 << 20;

/// Bytes by which the kind of a file is told.
const HEAD: u64 = 1024;

/// A content to read.
#[derive(Debug)]
pub(crate) enum Content<'a, S> {
    /// That of an object with this etag, while it has it.
    Object {
        store: &'a S,
        bucket: &'a str,
        key: &'a str,
        head: &'a ObjectHead,
    },
    Bytes(Bytes),
}

/// What a content is, looked through.
#[derive(Debug)]
pub(crate) enum Surveyed {
    Text(Box<Format>, Preview),
    Workbook(WorkbookKind, Bytes, Preview),
}

impl Surveyed {
    pub(crate) fn preview(self) -> Preview {
        let (Self::Text(_, preview) | Self::Workbook(_, _, preview)) = self;
        preview
    }
}

impl<S: ObjectStore> Content<'_, S> {
    fn size(&self) -> u64 {
        match self {
            Self::Object { head, .. } => head.size,
            Self::Bytes(bytes) => bytes.len() as u64,
        }
    }

    /// Looks through the whole content.
    pub(crate) async fn survey(&self) -> Result<Surveyed, Failure> {
        let head = self.read(0, HEAD).await?;
        match Kind::of(&head)? {
            Kind::Text => {
                let (format, preview) = self.survey_text().await?;
                Ok(Surveyed::Text(Box::new(format), preview))
            }
            Kind::Workbook(kind) => {
                if self.size() > MAX_WORKBOOK {
                    let (size, limit) = (self.size(), MAX_WORKBOOK);
                    return Err(Failure::Refused(format!(
                        "a workbook of {size} bytes, and at most {limit} are read; save its sheets as CSV"
                    )));
                }
                let bytes = self.read(0, self.size()).await?;
                let preview = workbook::preview(&bytes, kind, MAX_WORKBOOK_UNPACKED)?;
                Ok(Surveyed::Workbook(kind, bytes, preview))
            }
        }
    }

    async fn survey_text(&self) -> Result<(Format, Preview), Failure> {
        let mut survey = Survey::new();
        loop {
            self.for_each_chunk(async |bytes| Ok(survey.push(bytes)?)).await?;
            match survey.finish()? {
                Outcome::Done(format, preview) => return Ok((format, preview)),
                Outcome::Again(other) => survey = other,
            }
        }
    }

    /// Gives all bytes, one chunk after the other.
    pub(crate) async fn for_each_chunk(
        &self,
        mut take: impl AsyncFnMut(&[u8]) -> Result<(), Failure>,
    ) -> Result<(), Failure> {
        let mut at = 0;
        let mut bytes = self.read(at, CHUNK).await?;
        while !bytes.is_empty() {
            at += bytes.len() as u64;
            // The next chunk is on its way while this one is worked on.
            let mut ahead = pin!(maybe_done(self.read(at, CHUNK)));
            let _ = poll!(ahead.as_mut());
            take(&bytes).await?;
            ahead.as_mut().await;
            bytes = ahead.take_output().unwrap_or_else(|| Ok(Bytes::new()))?;
        }
        Ok(())
    }

    /// Bytes from `start` on, `length` at most.
    async fn read(&self, start: u64, length: u64) -> Result<Bytes, Failure> {
        let end = self.size().min(start.saturating_add(length));
        // R2 refuses a range of nothing.
        if start >= end {
            return Ok(Bytes::new());
        }
        match self {
            Self::Object { store, bucket, key, head } => match store.read(bucket, key, &head.etag, start..end).await? {
                Read::Bytes(bytes) => Ok(bytes),
                Read::Changed => Err(Failure::Changed),
            },
            Self::Bytes(bytes) => {
                let index = |at: u64| usize::try_from(at).unwrap_or(usize::MAX);
                Ok(bytes.slice(index(start)..index(end)))
            }
        }
    }
}
