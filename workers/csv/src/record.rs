//! What became of an upload, as an object beside the outputs: what a person, a browser and the next event find.

use bytes::Bytes;
use living_core::time::Timestamp;
use living_kit::{ObjectStore, ObjectWriter, Read, StoreError, Target};
use living_tables::ColumnType;
use serde::{Deserialize, Serialize};

use crate::{config::Route, output};

/// How often a record is read that changes while it's read.
const READS: u32 = 3;

/// Why an upload is refused whose conversion ended without a word.
pub(crate) const ENDED_WITHOUT_A_WORD: &str =
    "converting it ended the Worker twice without a word: it traps or exhausts the Worker";

/// An upload, and what became of its content.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Record {
    pub bucket: String,
    pub key: String,
    pub source_table: String,
    /// Of the content.
    pub etag: String,
    /// Bytes.
    pub size: u64,
    pub uploaded_at: Timestamp,
    /// The version of the Worker.
    pub build: String,
    /// Since when it's so.
    pub at: Timestamp,
    #[serde(flatten)]
    pub state: State,
    /// Every object that was or may have been written for this upload and not been deleted since.
    pub written: Vec<String>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "state", rename_all = "snake_case")]
pub enum State {
    /// An attempt is under way, or died.
    Converting,
    /// An attempt failed for a reason that may pass. It will be tried again.
    Waiting {
        reason: String,
    },
    Converted {
        outputs: Vec<Output>,
        warnings: Vec<String>,
    },
    /// It won't be tried again until it's uploaded again.
    Refused {
        reason: String,
    },
}

impl State {
    /// The names of all states.
    pub(crate) const NAMES: [&str; 4] = ["converting", "waiting", "converted", "refused"];

    pub(crate) const fn name(&self) -> &'static str {
        let [converting, waiting, converted, refused] = Self::NAMES;
        match self {
            Self::Converting => converting,
            Self::Waiting { .. } => waiting,
            Self::Converted { .. } => converted,
            Self::Refused { .. } => refused,
        }
    }

    pub(crate) const fn is_converted(&self) -> bool {
        matches!(self, Self::Converted { .. })
    }
}

/// A Parquet object that was made.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Output {
    pub bucket: String,
    pub key: String,
    pub etag: String,
    /// Bytes.
    pub size: u64,
    /// The sheet of a workbook.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sheet: Option<String>,
    pub rows: u64,
    /// The columns' names, and what their texts can be read as.
    pub columns: Vec<(String, String)>,
}

impl Output {
    /// A column as a record has it.
    #[must_use]
    pub(crate) fn column(name: &str, data_type: ColumnType) -> (String, String) {
        (name.to_owned(), data_type.name().to_owned())
    }
}

/// The record of an upload. `None`: there is none.
///
/// # Errors
/// The store doesn't answer. A record that can't be read counts as none: it's made anew.
pub(crate) async fn read<S: ObjectStore>(
    store: &S,
    route: &Route,
    bucket: &str,
    key: &str,
) -> Result<Option<Record>, StoreError> {
    read_at(store, &route.output_bucket, &output::record_key(route, bucket, key)).await
}

/// The record in an object.
///
/// # Errors
/// As [`read`].
pub(crate) async fn read_at<S: ObjectStore>(store: &S, bucket: &str, key: &str) -> Result<Option<Record>, StoreError> {
    // An attempt may write it just now.
    for _ in 0..READS {
        let Some(head) = store.head(bucket, key).await? else { return Ok(None) };
        if let Read::Bytes(bytes) = store.read(bucket, key, &head.etag, 0..head.size).await? {
            return Ok(parse(&bytes));
        }
    }
    Err(StoreError("the record of the upload changes faster than it can be read".to_owned()))
}

fn parse(bytes: &Bytes) -> Option<Record> {
    serde_json::from_slice(bytes).ok()
}

/// # Errors
/// The store doesn't take it.
pub(crate) async fn write<S: ObjectWriter>(store: &S, route: &Route, record: &Record) -> Result<(), StoreError> {
    let target = Target {
        bucket: route.output_bucket.clone(),
        key: output::record_key(route, &record.bucket, &record.key),
        content_type: "application/json",
        metadata: Vec::new(),
    };
    let body = serde_json::to_vec(record).map_err(|error| StoreError(error.to_string()))?;
    store.put(&target, body).await.map(drop)
}
