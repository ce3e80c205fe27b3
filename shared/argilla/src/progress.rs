//! What of a dataset was read and written so far: enough to go on after any interruption, and to tell what changed.
//!
//! Argilla can't be asked for the records that changed. A record's `updated_at` moves only when its own row changes, not when a response
//! or a suggestion does, and what its search index knows of it is older still. So each scan reads all records, and a hash of what was last
//! written of each tells which have to be written again. That also finds what was deleted.

use std::{
    collections::BTreeMap,
    fmt::{self, Write},
    str::FromStr,
};

use serde::{Deserialize, Serialize};
use uuid::Uuid;

/// Records of a dataset, at most: their hashes and ids have to fit into a value of KV (25 MiB), at some 75 bytes each.
const MAX_RECORDS: usize = 200_000;

/// Bytes of the whole, at most. KV's own limit is 25 MiB.
const MAX_BYTES: usize = 24 << 20;

/// The progress can't be kept, or what was kept can't be read.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ProgressError {
    #[error("the dataset has more than {MAX_RECORDS} records, which is as many as can be kept track of")]
    TooManyRecords,
    #[error(
        "the ids of the dataset's records are too long to be kept track of: {0} bytes, and {MAX_BYTES} are the most"
    )]
    TooLarge(usize),
    #[error("what was kept of the dataset can't be read: {0}")]
    Unreadable(String),
}

/// A file that was written, and isn't known to be loaded yet.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Part {
    pub key: String,
    pub etag: String,
    pub rows: u64,
}

/// What comes next.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Phase {
    /// Nothing, until somebody begins a scan.
    Idle,
    /// Pages.
    Reading(Reading),
    /// Records that no page had: are they gone?
    Sweeping,
    /// The files have to be loaded.
    Loading,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Reading {
    /// Records before the next page.
    pub offset: u64,
    /// The scan was begun again: pages had moved.
    pub again: bool,
}

/// How a record compares with what was written of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Seen {
    /// This scan has had it already.
    Again,
    Unchanged,
    /// It has to be written.
    Changed,
}

/// What is known of a record.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Known {
    fingerprint: u64,
    /// The scan that saw it last.
    seen: u32,
    /// If it's not the id that the server gave it.
    record_id: Option<Box<str>>,
}

/// Names what was kept once. Two that go on from the same one have the same generation, and differ by the id: only one of them counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Edition {
    pub generation: u64,
    pub id: Uuid,
}

/// As in a mark: `5-018ba990-…`.
impl fmt::Display for Edition {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}-{}", self.generation, self.id)
    }
}

impl FromStr for Edition {
    type Err = ProgressError;

    fn from_str(text: &str) -> Result<Self, ProgressError> {
        let parts = text
            .split_once('-')
            .and_then(|(generation, id)| Some(Self { generation: generation.parse().ok()?, id: id.parse().ok()? }));
        parts.ok_or_else(|| ProgressError::Unreadable(format!("{text:?} names no edition")))
    }
}

impl Known {
    fn new(id: Uuid, record_id: &str, fingerprint: u64, seen: u32) -> Self {
        Self { fingerprint, seen, record_id: (record_id != id.to_string()).then(|| record_id.into()) }
    }

    fn record_id(&self, id: Uuid) -> String {
        self.record_id.as_deref().map_or_else(|| id.to_string(), str::to_owned)
    }
}

/// Of one dataset.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Progress {
    head: Head,
    known: BTreeMap<Uuid, Known>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
struct Head {
    #[serde(flatten)]
    edition: Edition,
    scan: u32,
    scan_id: String,
    phase: Phase,
    files: u32,
    parts: Vec<Part>,
    read: u64,
    written: u64,
    /// Ids on the server, and in exports, of the records that the scan has found to be gone.
    gone: Vec<(Uuid, String)>,
}

impl Default for Progress {
    fn default() -> Self {
        Self::new()
    }
}

impl Progress {
    /// Nothing was read yet.
    #[must_use]
    pub const fn new() -> Self {
        let head = Head {
            edition: Edition { generation: 0, id: Uuid::nil() },
            scan: 0,
            scan_id: String::new(),
            phase: Phase::Idle,
            files: 0,
            parts: Vec::new(),
            read: 0,
            written: 0,
            gone: Vec::new(),
        };
        Self { head, known: BTreeMap::new() }
    }

    /// What was kept last. Its generation counts how often that was.
    #[must_use]
    pub const fn edition(&self) -> Edition {
        self.head.edition
    }

    #[must_use]
    pub const fn phase(&self) -> Phase {
        self.head.phase
    }

    /// What names the present scan, or the last.
    #[must_use]
    pub fn scan_id(&self) -> &str {
        &self.head.scan_id
    }

    /// Records that the scan has read.
    #[must_use]
    pub const fn read(&self) -> u64 {
        self.head.read
    }

    /// Rows that the scan has written, those of deleted records among them.
    #[must_use]
    pub const fn written(&self) -> u64 {
        self.head.written
    }

    /// Records that the scan has found to be gone.
    #[must_use]
    pub const fn deleted(&self) -> usize {
        self.head.gone.len()
    }

    /// Files that the scan has written.
    #[must_use]
    pub const fn files(&self) -> u32 {
        self.head.files
    }

    /// Those of them that aren't known to be loaded.
    #[must_use]
    pub fn parts(&self) -> &[Part] {
        &self.head.parts
    }

    /// Records that are known.
    #[must_use]
    pub fn records(&self) -> usize {
        self.known.len()
    }

    /// Begins a scan. `scan_id` has to be one that no other scan of the dataset has. `whole`: all records are written, changed or not.
    pub fn begin(&mut self, scan_id: String, whole: bool) {
        let head = &mut self.head;
        head.scan = head.scan.wrapping_add(1);
        head.scan_id = scan_id;
        head.phase = Phase::Reading(Reading { offset: 0, again: false });
        head.files = 0;
        (head.read, head.written) = (0, 0);
        head.gone.clear();
        if whole {
            self.doubt_all();
        }
    }

    /// The next scan writes all records, changed or not.
    fn doubt_all(&mut self) {
        // No row's hash but for one in 2⁶⁴, whose record would be left out.
        self.known.values_mut().for_each(|known| known.fingerprint = 0);
    }

    /// The key of the next file, the same until one is written.
    #[must_use]
    pub fn next_key(&self, folder: &str) -> String {
        format!("{folder}/{}-{:04}.parquet", self.head.scan_id, self.head.files + 1)
    }

    /// Takes note of a record that was read. `written_before`: it may have been written by a try that came to no end, so it's written
    /// again in any case.
    ///
    /// # Errors
    /// `TooManyRecords`
    pub fn see(
        &mut self,
        id: Uuid,
        record_id: &str,
        fingerprint: u64,
        written_before: bool,
    ) -> Result<Seen, ProgressError> {
        let scan = self.head.scan;
        if let Some(known) = self.known.get_mut(&id) {
            if known.seen == scan {
                // Should it have changed since, the next scan writes it: two files of one scan may be loaded in any order.
                return Ok(Seen::Again);
            }
            known.seen = scan;
            let changed = known.fingerprint != fingerprint || written_before;
            known.fingerprint = fingerprint;
            self.head.read += 1;
            return Ok(if changed { Seen::Changed } else { Seen::Unchanged });
        }
        if self.known.len() >= MAX_RECORDS {
            return Err(ProgressError::TooManyRecords);
        }
        self.known.insert(id, Known::new(id, record_id, fingerprint, scan));
        self.head.read += 1;
        Ok(Seen::Changed)
    }

    /// Takes note of rows that were written; `part` is the file that has to be loaded, if that's where they are.
    pub fn wrote(&mut self, rows: u64, part: Option<Part>) {
        self.head.written += rows;
        if let Some(part) = part {
            self.head.files += 1;
            self.head.parts.push(part);
        }
    }

    /// Goes on with the page at `offset`.
    pub const fn read_on(&mut self, offset: u64) {
        if let Phase::Reading(reading) = &mut self.head.phase {
            reading.offset = offset;
        }
    }

    /// There are no more pages. `total`: records that the dataset has, by the last of them.
    pub fn read_all(&mut self, total: u64) {
        let Phase::Reading(reading) = self.head.phase else {
            return;
        };
        // While it was read, records may have gone, and others moved up past the next page.
        self.head.phase = if self.head.read < total && !reading.again {
            Phase::Reading(Reading { offset: 0, again: true })
        } else {
            Phase::Sweeping
        };
        self.move_on();
    }

    /// Records that this scan hasn't seen, `most` at most: their ids on the server, and in exports.
    #[must_use]
    pub fn missing(&self, most: usize) -> Vec<(Uuid, String)> {
        let missing = self.known.iter().filter(|(_, known)| known.seen != self.head.scan);
        missing.take(most).map(|(id, known)| (*id, known.record_id(*id))).collect()
    }

    /// Takes note that a record is gone.
    pub fn forget(&mut self, id: Uuid) {
        if let Some(known) = self.known.remove(&id) {
            self.head.gone.push((id, known.record_id(id)));
        }
    }

    /// Takes note that a file is loaded.
    pub fn loaded(&mut self, key: &str) {
        self.head.parts.retain(|part| part.key != key);
    }

    /// Takes note that a file was deleted or overwritten before it was known to be loaded. Which records were in it isn't known any more.
    pub fn lost(&mut self, key: &str) {
        self.loaded(key);
        self.doubt_all();
        // The next scan misses them again.
        for (id, record_id) in &self.head.gone {
            self.known.entry(*id).or_insert_with(|| Known::new(*id, record_id, 0, self.head.scan));
        }
    }

    /// Goes to the next phase if there's nothing left to do in this one.
    pub fn move_on(&mut self) {
        if self.head.phase == Phase::Sweeping && self.missing(1).is_empty() {
            self.head.phase = Phase::Loading;
        }
        if self.head.phase == Phase::Loading && self.head.parts.is_empty() {
            self.head.phase = Phase::Idle;
        }
    }

    /// As text that [`Self::decode`] reads, one generation on. `id`: one that nobody else gives.
    ///
    /// # Errors
    /// `TooLarge`
    pub fn encode(&mut self, id: Uuid) -> Result<String, ProgressError> {
        self.head.edition = Edition { generation: self.head.edition.generation + 1, id };
        let mut text =
            serde_json::to_string(&self.head).map_err(|error| ProgressError::Unreadable(error.to_string()))?;
        text.reserve(self.known.len() * 80);
        for (id, Known { fingerprint, seen, record_id }) in &self.known {
            // Writing to a text doesn't fail.
            let _ = write!(text, "\n{} {fingerprint:016x} {seen}", id.simple());
            if let Some(record_id) = record_id {
                text.push(' ');
                text.push_str(&serde_json::Value::from(&**record_id).to_string());
            }
        }
        if text.len() > MAX_BYTES { Err(ProgressError::TooLarge(text.len())) } else { Ok(text) }
    }

    /// # Errors
    /// `Unreadable`
    pub fn decode(text: &str) -> Result<Self, ProgressError> {
        let unreadable = |what: String| ProgressError::Unreadable(what);
        let mut lines = text.split('\n');
        let head = serde_json::from_str(lines.next().unwrap_or_default());
        let head = head.map_err(|error| unreadable(error.to_string()))?;
        let known = lines.map(|line| read_known(line).ok_or_else(|| unreadable(format!("{line:?}"))));
        Ok(Self { head, known: known.collect::<Result<_, _>>()? })
    }
}

fn read_known(line: &str) -> Option<(Uuid, Known)> {
    let mut parts = line.splitn(4, ' ');
    let id = parts.next()?.parse().ok()?;
    let fingerprint = u64::from_str_radix(parts.next()?, 16).ok()?;
    let seen = parts.next()?.parse().ok()?;
    let record_id = match parts.next() {
        Some(json) => Some(serde_json::from_str::<Box<str>>(json).ok()?),
        None => None,
    };
    Some((id, Known { fingerprint, seen, record_id }))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn id(n: u128) -> Uuid {
        Uuid::from_u128(n)
    }

    fn begun() -> Progress {
        let mut progress = Progress::new();
        progress.begin("s1".into(), false);
        progress
    }

    fn part(key: &str) -> Part {
        Part { key: key.into(), etag: "e".into(), rows: 1 }
    }

    #[test]
    fn a_record_is_written_when_it_is_new_or_changed() {
        let mut progress = begun();
        assert_eq!(progress.see(id(1), "r1", 7, false), Ok(Seen::Changed));
        assert_eq!(progress.see(id(1), "r1", 8, false), Ok(Seen::Again), "the next scan writes it");
        progress.begin("s2".into(), false);
        assert_eq!(progress.see(id(1), "r1", 7, false), Ok(Seen::Unchanged));
        progress.begin("s3".into(), false);
        assert_eq!(progress.see(id(1), "r1", 9, false), Ok(Seen::Changed));
        progress.begin("s4".into(), false);
        assert_eq!(progress.see(id(1), "r1", 9, true), Ok(Seen::Changed), "a try before may have written it");
        progress.begin("s5".into(), true);
        assert_eq!(progress.see(id(1), "r1", 9, false), Ok(Seen::Changed), "the whole was asked for");
    }

    #[test]
    fn a_scan_goes_from_pages_to_what_is_missing_to_what_is_loaded() {
        let mut progress = begun();
        assert_eq!(progress.next_key("d"), "d/s1-0001.parquet");
        progress.see(id(1), "r1", 1, false).unwrap();
        progress.see(id(2), &id(2).to_string(), 1, false).unwrap();
        progress.wrote(2, Some(part("d/s1-0001.parquet")));
        assert_eq!(progress.next_key("d"), "d/s1-0002.parquet");
        progress.read_all(2);
        assert_eq!(progress.phase(), Phase::Loading);
        progress.loaded("d/s1-0001.parquet");
        progress.move_on();
        assert_eq!(progress.phase(), Phase::Idle);

        progress.begin("s2".into(), false);
        progress.read_all(0);
        assert_eq!(progress.phase(), Phase::Sweeping);
        assert_eq!(progress.missing(9), [(id(1), "r1".into()), (id(2), id(2).to_string())]);
        progress.forget(id(1));
        progress.forget(id(2));
        progress.move_on();
        assert_eq!((progress.phase(), progress.deleted(), progress.records()), (Phase::Idle, 2, 0));
    }

    #[test]
    fn a_scan_that_missed_something_begins_again_once() {
        let mut progress = begun();
        progress.read_on(50);
        assert_eq!(progress.phase(), Phase::Reading(Reading { offset: 50, again: false }));
        progress.see(id(1), "r1", 1, false).unwrap();
        progress.read_all(2);
        assert_eq!(progress.phase(), Phase::Reading(Reading { offset: 0, again: true }));
        progress.read_all(2);
        assert_eq!(progress.phase(), Phase::Idle);
    }

    #[test]
    fn after_a_file_that_was_lost_all_records_are_written_again() {
        let mut progress = begun();
        progress.see(id(1), "r1", 7, false).unwrap();
        progress.see(id(2), "r2", 7, false).unwrap();
        progress.begin("s2".into(), false);
        progress.see(id(1), "r1", 7, false).unwrap();
        progress.read_all(1);
        progress.forget(id(2));
        progress.wrote(1, Some(part("d/s2-0001.parquet")));
        progress.move_on();
        progress.lost("d/s2-0001.parquet");
        progress.move_on();
        assert_eq!(progress.phase(), Phase::Idle);
        progress.begin("s3".into(), false);
        assert_eq!(progress.see(id(1), "r1", 7, false), Ok(Seen::Changed));
        assert_eq!(progress.missing(9), [(id(2), "r2".into())], "that it's gone is written again, too");
    }

    #[test]
    fn what_was_kept_by_somebody_else_is_refused() {
        for text in ["", "{}", "null\nx"] {
            assert!(matches!(Progress::decode(text), Err(ProgressError::Unreadable(_))), "{text}");
        }
        let kept = begun().encode(id(7)).unwrap();
        assert!(Progress::decode(&format!("{kept}\nabc")).is_err());
        assert!(Progress::decode(&format!("{kept}\n{} 00 1 {{}}", id(1).simple())).is_err());
    }

    proptest! {
        #[test]
        fn what_is_kept_is_read_again(records in prop::collection::btree_map(any::<u128>(), (any::<u64>(), ".*"), 0..20), edition: u128) {
            let mut progress = begun();
            for (n, (fingerprint, record_id)) in &records {
                progress.see(id(*n), record_id, *fingerprint, false).unwrap();
            }
            progress.wrote(3, Some(part("k")));
            let text = progress.encode(id(edition)).unwrap();
            prop_assert_eq!(progress.edition(), Edition { generation: 1, id: id(edition) });
            prop_assert_eq!(progress.edition().to_string().parse(), Ok(progress.edition()));
            prop_assert_eq!(Progress::decode(&text).unwrap(), progress);
        }
    }
}
