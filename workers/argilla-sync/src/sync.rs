//! One step of a dataset's sync, with its ports.
//!
//! What was written of a dataset is kept ([`Progress`]) only after it's written. A step that dies is done again: it writes under the same
//! key, in whose place the new file stands. Of two that kept their progress only the one counts that was marked last. So nothing is lost,
//! and nothing is there twice; and as readers know records by dataset and id, a row that did come twice would count once.

use living_argilla::{Argilla, Edition, Layout, Part, Phase, Progress, Reading, Row, Seen};
use living_core::time::Timestamp;
use living_http::Transport;
use living_kit::{Host, log};
use serde_json::{Value, json};

use crate::{Failure, Finished, Report, Source, Task};

/// Rows of a file, at most but for the last page's. Ingest is done with so many in a second.
const PART_ROWS: usize = 1_000;

/// Bytes of the rows of a file, at most but for the last page's: they are held several times over while the file is made, of the
/// isolate's 128 MB.
const PART_BYTES: usize = 8 << 20;

/// Pages of a step. With those of the questions, of R2, KV and the queue it takes some 50 requests of the 1,000 that an invocation has
/// ([limits](https://developers.cloudflare.com/workers/platform/limits/#subrequests)); each may be sent 4 times.
const STEP_PAGES: usize = 40;

/// Records of the first page of a step. The next ones have as many as [`PAGE_BYTES`] hold.
const FIRST_PAGE: u32 = 50;
const MOST_PER_PAGE: u32 = 500;

/// Bytes of a page's rows, about.
const PAGE_BYTES: usize = 2 << 20;

/// Records of a step that are looked up one by one.
const STEP_LOOKUPS: usize = 100;

/// Files of a step whose load is looked up.
const STEP_LOADS: usize = 50;

/// Longest wait between two looks, in seconds.
const MAX_WAIT: u32 = 300;

/// Where progress and reports are kept.
#[expect(async_fn_in_trait, reason = "used through generics only, on one thread")]
pub trait ProgressStore {
    /// What was kept under a key. It may be older than the newest.
    ///
    /// # Errors
    /// Why it can't be had.
    async fn get(&self, key: &str) -> Result<Option<String>, String>;

    /// # Errors
    /// Why it may not have been kept.
    async fn put(&self, key: &str, value: String) -> Result<(), String>;

    /// The edition that counts, by the last mark that was set; never by an older one.
    ///
    /// # Errors
    /// Why it can't be had.
    async fn marked(&self, key: &str) -> Result<Option<Edition>, String>;

    /// Has an edition count from now on.
    ///
    /// # Errors
    /// Why it may not count.
    async fn mark(&self, key: &str, edition: Edition) -> Result<(), String>;
}

/// What is written at once.
#[derive(Debug)]
pub struct Output<'a> {
    pub source: &'a Source,
    /// Of the scan, in all of its files.
    pub scan_id: &'a str,
    /// The key of the file.
    pub key: &'a str,
    pub layout: &'a Layout,
    /// Possibly none: then a file has to go out of the way that a step wrote which came to no end.
    pub rows: Vec<Row>,
}

/// What takes rows.
#[expect(async_fn_in_trait, reason = "used through generics only, on one thread")]
pub trait Destination {
    /// Whether a step that came to no end may have written what this one is about to write.
    ///
    /// # Errors
    /// Why that isn't known.
    async fn may_have(&self, key: &str, attempt: u32) -> Result<bool, Failure>;

    /// Writes rows. Writing the same ones again changes nothing.
    ///
    /// # Errors
    /// Why they may not be there.
    async fn write(&self, output: Output<'_>) -> Result<Option<Part>, Failure>;

    /// Whether a file is still what was written.
    ///
    /// # Errors
    /// Why that isn't known.
    async fn stands(&self, part: &Part) -> Result<bool, Failure>;
}

/// The Workers that go on with what is written.
#[expect(async_fn_in_trait, reason = "used through generics only, on one thread")]
pub trait Neighbours {
    /// Whether ingest has committed the file.
    ///
    /// # Errors
    /// Why that isn't known.
    async fn is_loaded(&self, part: &Part) -> Result<bool, String>;

    /// Has discovery run, and gives its report.
    ///
    /// # Errors
    /// Why there is none.
    async fn discover(&self) -> Result<Value, String>;
}

/// What becomes of a message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Step {
    /// There's nothing more to do for it.
    Done,
    /// This has to be sent, to be delivered after some seconds.
    Next(Task, u32),
}

#[derive(Debug)]
pub struct Syncer<T, S, D, N, H> {
    pub argilla: Argilla<T>,
    pub store: S,
    pub destination: D,
    pub neighbours: N,
    pub host: H,
    pub wait_seconds: u32,
}

impl<T: Transport, S: ProgressStore, D: Destination, N: Neighbours, H: Host> Syncer<T, S, D, N, H> {
    /// Takes a dataset one step further. `attempt`: how often the message was delivered, this time included.
    ///
    /// # Errors
    /// Why it didn't. Nothing of the step counts then.
    pub async fn step(&self, task: &Task, attempt: u32) -> Result<Step, Failure> {
        let mut progress = self.progress(task).await?;
        if let Some(step) = self.is_out_of_turn(task, &progress, attempt) {
            return Ok(step);
        }
        if progress.phase() == Phase::Idle {
            progress.begin(scan_id(self.host.now()), task.whole);
            // Kept before anything is written, so that whoever comes after this step writes under the same keys.
            self.keep(task, &mut progress).await?;
        }
        match progress.phase() {
            Phase::Reading(reading) => self.read(task, &mut progress, reading, attempt).await?,
            Phase::Sweeping => self.sweep(task, &mut progress, attempt).await?,
            Phase::Loading => self.look(&mut progress).await?,
            Phase::Idle => {}
        }
        let finished = if progress.phase() == Phase::Idle { Some(self.finish(&progress).await) } else { None };
        self.keep(task, &mut progress).await?;
        self.report(task, &progress, finished).await;
        Ok(self.next(task, &progress))
    }

    /// Keeps in sight that a step failed.
    pub async fn report_failure(&self, task: &Task, failure: &Failure) {
        let mut report = self.last_report(task).await;
        report.fail(&failure.to_string(), self.host.now().to_string());
        self.keep_report(task, &report).await;
    }

    async fn progress(&self, task: &Task) -> Result<Progress, Failure> {
        let key = task.progress_key();
        let Some(marked) = self.store.marked(&key).await.map_err(Failure::Passing)? else {
            return Ok(Progress::new());
        };
        let kept = self.store.get(&slot(&key, marked)).await.map_err(Failure::Passing)?;
        let progress = kept.map(|text| Progress::decode(&text)).transpose()?;
        progress.filter(|progress| progress.edition() == marked).ok_or(Failure::Stale)
    }

    /// What to do with a message whose step was done.
    fn is_out_of_turn(&self, task: &Task, progress: &Progress, attempt: u32) -> Option<Step> {
        let expected = task.generation?;
        if expected == progress.edition().generation && progress.phase() != Phase::Idle {
            return None;
        }
        // A redelivery may mean that whoever did it died before the next message was sent.
        Some(if attempt > 1 { self.next(task, progress) } else { Step::Done })
    }

    fn next(&self, task: &Task, progress: &Progress) -> Step {
        if progress.phase() == Phase::Idle {
            return Step::Done;
        }
        let looks = if progress.phase() == Phase::Loading { task.looks + 1 } else { 0 };
        let wait = match looks {
            0 => 0,
            _ => self.wait_seconds.saturating_mul(1u32.checked_shl(looks - 1).unwrap_or(u32::MAX)).min(MAX_WAIT),
        };
        let generation = Some(progress.edition().generation);
        Step::Next(Task { generation, looks, whole: false, ..task.clone() }, wait)
    }

    /// Reads pages until a file is full, and writes what changed.
    async fn read(&self, task: &Task, progress: &mut Progress, reading: Reading, attempt: u32) -> Result<(), Failure> {
        let layout = Layout::new(self.argilla.questions(task.source.id).await?);
        let key = progress.next_key(&task.source.folder);
        let written_before = self.destination.may_have(&key, attempt).await?;
        let mut rows = Rows::default();
        let mut offset = reading.offset;
        let mut limit = FIRST_PAGE;
        let mut total = None;
        for _ in 0..STEP_PAGES {
            let page = self.argilla.page(task.source.id, offset, limit).await?;
            offset += page.items.len() as u64;
            let mut page_bytes = 0;
            for record in &page.items {
                let row = layout.row(record);
                page_bytes += row.bytes();
                if progress.see(record.id, &record.record_id(), row.fingerprint(), written_before)? == Seen::Changed {
                    rows.push(row);
                }
            }
            if page.items.is_empty() || offset >= page.total {
                total = Some(page.total);
                break;
            }
            if rows.is_full() {
                break;
            }
            limit = next_limit(page.items.len(), page_bytes);
        }
        self.write(task, progress, &layout, &key, rows.rows, written_before).await?;
        match total {
            Some(total) => progress.read_all(total),
            None => progress.read_on(offset),
        }
        Ok(())
    }

    /// Looks up records that no page had. Those that are gone are written as such; others were only missed.
    async fn sweep(&self, task: &Task, progress: &mut Progress, attempt: u32) -> Result<(), Failure> {
        let layout = Layout::new(self.argilla.questions(task.source.id).await?);
        let key = progress.next_key(&task.source.folder);
        let written_before = self.destination.may_have(&key, attempt).await?;
        let mut rows = Rows::default();
        for (id, record_id) in progress.missing(STEP_LOOKUPS) {
            match self.argilla.record(id).await? {
                None => {
                    rows.push(layout.deleted(&record_id, &id.to_string()));
                    progress.forget(id);
                }
                Some(record) => {
                    let row = layout.row(&record);
                    if progress.see(id, &record_id, row.fingerprint(), written_before)? == Seen::Changed {
                        rows.push(row);
                    }
                }
            }
            if rows.is_full() {
                break;
            }
        }
        self.write(task, progress, &layout, &key, rows.rows, written_before).await?;
        progress.move_on();
        Ok(())
    }

    async fn write(
        &self,
        task: &Task,
        progress: &mut Progress,
        layout: &Layout,
        key: &str,
        rows: Vec<Row>,
        written_before: bool,
    ) -> Result<(), Failure> {
        if rows.is_empty() && !written_before {
            return Ok(());
        }
        let count = rows.len() as u64;
        let output = Output { source: &task.source, scan_id: progress.scan_id(), key, layout, rows };
        let part = self.destination.write(output).await?;
        progress.wrote(count, part);
        Ok(())
    }

    /// Looks whether the files are loaded. The next scan doesn't begin before they are: of two files with a record, the one that is
    /// loaded later counts. A file that is gone, or has another content, never will be.
    async fn look(&self, progress: &mut Progress) -> Result<(), Failure> {
        let parts: Vec<Part> = progress.parts().iter().take(STEP_LOADS).cloned().collect();
        for part in parts {
            if self.neighbours.is_loaded(&part).await.map_err(Failure::Passing)? {
                progress.loaded(&part.key);
            } else if !self.destination.stands(&part).await? {
                log::warning("sync_file_lost").with("key", &part.key).write();
                progress.lost(&part.key);
            }
        }
        progress.move_on();
        Ok(())
    }

    /// After the last step of a scan. Ingest announces each commit to discovery by itself; this run is for its report.
    async fn finish(&self, progress: &Progress) -> Finished {
        let discovery = match progress.files() {
            0 => None,
            _ => Some(self.neighbours.discover().await.unwrap_or_else(|error| json!({ "error": error }))),
        };
        Finished {
            scan: progress.scan_id().to_owned(),
            finished_at: self.host.now().to_string(),
            read: progress.read(),
            written: progress.written(),
            deleted: progress.deleted(),
            files: progress.files(),
            discovery,
        }
    }

    async fn keep(&self, task: &Task, progress: &mut Progress) -> Result<(), Failure> {
        let key = task.progress_key();
        let text = progress.encode(self.host.new_id())?;
        // Not where the edition is that counts. Dead before this one is marked: the step is done again, and overwrites it.
        self.store.put(&slot(&key, progress.edition()), text).await.map_err(Failure::Passing)?;
        self.store.mark(&key, progress.edition()).await.map_err(Failure::Passing)
    }

    async fn report(&self, task: &Task, progress: &Progress, finished: Option<Finished>) {
        let mut report = self.last_report(task).await;
        report.tell(progress, self.host.now().to_string());
        let line = if finished.is_some() { log::info("sync_finished") } else { log::info("sync_step") };
        line.with("copy", task.copy)
            .with("dataset", &task.source.folder)
            .with("scan", progress.scan_id())
            .with("phase", &report.phase)
            .with("read", progress.read())
            .with("written", progress.written())
            .with("deleted", progress.deleted())
            .with("files", progress.files())
            .with("waiting_for", report.waiting_for.len())
            .with("discovery", finished.as_ref().and_then(|finished| finished.discovery.as_ref()))
            .write();
        if let Some(finished) = finished {
            report.finish(finished);
        }
        self.keep_report(task, &report).await;
    }

    async fn last_report(&self, task: &Task) -> Report {
        let kept = self.store.get(&task.report_key()).await.ok().flatten();
        let kept: Option<Report> = kept.and_then(|text| serde_json::from_str(&text).ok());
        // A dataset may have been renamed.
        kept.map_or_else(|| Report::new(task), |report| Report { source: task.source.clone(), ..report })
    }

    /// A report that is lost is one that the next step makes.
    async fn keep_report(&self, task: &Task, report: &Report) {
        let text = serde_json::to_string(report).unwrap_or_default();
        if let Err(error) = self.store.put(&task.report_key(), text).await {
            log::warning("report_not_kept").with("dataset", &task.source.folder).with("error", error).write();
        }
    }
}

#[derive(Debug, Default)]
struct Rows {
    rows: Vec<Row>,
    bytes: usize,
}

impl Rows {
    fn push(&mut self, row: Row) {
        self.bytes += row.bytes();
        self.rows.push(row);
    }

    const fn is_full(&self) -> bool {
        self.rows.len() >= PART_ROWS || self.bytes >= PART_BYTES
    }
}

/// Where an edition is kept: beside the one before, in the place of the one before that.
fn slot(key: &str, edition: Edition) -> String {
    format!("{key}/{}", if edition.generation.is_multiple_of(2) { "even" } else { "odd" })
}

/// Records of the next page, after one of so many in so many bytes.
fn next_limit(records: usize, bytes: usize) -> u32 {
    let fitting = PAGE_BYTES / (bytes / records.max(1)).max(1);
    u32::try_from(fitting).unwrap_or(u32::MAX).clamp(1, MOST_PER_PAGE)
}

/// What names a scan: the time at which it began, to the millisecond.
fn scan_id(now: Timestamp) -> String {
    now.to_string().chars().filter(char::is_ascii_alphanumeric).collect()
}
