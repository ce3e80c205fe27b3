//! The verdict on a file.

use std::{
    fs,
    io::{self, Read, Seek, SeekFrom},
    ops::Range,
    panic::{AssertUnwindSafe, catch_unwind},
    path::Path,
};

use bytes::Bytes;
use living_core::{
    column_type::ColumnType,
    landing::{
        Dataset,
        contract::{Contract, Provenance},
        route::{MissingMetadata, OnDelete, Route},
    },
};
use living_parquet::{FIRST_READ, File, Limits, Opened, RowReader, Rows, Step};
use serde::Serialize;

/// What ingest would do with a file.
#[derive(Debug, Serialize)]
pub(crate) struct Verdict {
    file: String,
    /// `load` or `quarantine`.
    #[serde(rename = "verdict")]
    decision: &'static str,
    dataset: Option<Dataset>,
    /// Rows of the file, those set aside included.
    rows: Option<u64>,
    /// Rows that would be set aside.
    rejected: Option<u64>,
    columns: Vec<Column>,
    /// As the commit log would have it: what the file lacks is completed.
    metadata: Option<Provenance>,
    /// Why it would go to quarantine; and if only a Worker can't read it, that a deployment with pull would load it.
    reason: Option<String>,
}

#[derive(Debug, Serialize)]
struct Column {
    name: String,
    #[serde(rename = "type")]
    data_type: ColumnType,
}

/// Inspects the file at `path`.
///
/// # Errors
/// If the file can't be read from disk; whatever stands in it is a verdict.
pub(crate) fn of(path: &Path, dataset: Option<Dataset>) -> io::Result<Verdict> {
    let mut source = fs::File::open(path)?;
    let mut verdict = Verdict {
        file: path.display().to_string(),
        decision: "load",
        dataset,
        rows: None,
        rejected: None,
        columns: Vec::new(),
        metadata: None,
        reason: None,
    };
    let inspected = catch_unwind(AssertUnwindSafe(|| inspect(&mut source, path, &mut verdict)));
    let reason = match inspected {
        Ok(Ok(())) => return Ok(verdict),
        Ok(Err(Fault::Disk(error))) => return Err(error),
        Ok(Err(Fault::File(reason) | Fault::TooLarge(reason))) => reason,
        Err(_) => "loading it ends the Worker without a word".to_owned(),
    };
    verdict.decision = "quarantine";
    verdict.rejected = None;
    verdict.reason = Some(reason);
    Ok(verdict)
}

enum Fault {
    Disk(io::Error),
    File(String),
    /// More than a Worker reads.
    TooLarge(String),
}

impl Fault {
    /// What a Worker can't read, the warehouse may, where it's allowed to.
    fn unless_pulled(self) -> Self {
        match self {
            Self::TooLarge(reason) => Self::TooLarge(format!(
                "{reason}. That is for Workers that push: where pull is enabled, the warehouse reads this file by itself"
            )),
            other => other,
        }
    }
}

impl From<io::Error> for Fault {
    fn from(error: io::Error) -> Self {
        Self::Disk(error)
    }
}

impl From<living_parquet::Error> for Fault {
    fn from(error: living_parquet::Error) -> Self {
        if error.is_size() { Self::TooLarge(error.to_string()) } else { Self::File(error.to_string()) }
    }
}

fn inspect(source: &mut fs::File, path: &Path, verdict: &mut Verdict) -> Result<(), Fault> {
    let limits = Limits::default();
    let size = source.metadata()?.len();
    let file = open(source, size, &limits)?;
    verdict.rows = Some(file.rows());
    verdict.columns =
        file.fields().into_iter().map(|field| Column { name: field.name, data_type: field.data_type }).collect();
    let contract = contract(&file, path, verdict.dataset)?;
    verdict.dataset = Some(contract.dataset);
    verdict.metadata = Some(contract.provenance.clone());
    let may_be_pulled = file.no_pull().is_none() && contract.staging.pulled("r2://bucket/key").is_ok();
    let rejected = count_rejected(source, size, file, &contract, limits);
    verdict.rejected = Some(rejected.map_err(|fault| if may_be_pulled { fault.unless_pulled() } else { fault })?);
    Ok(())
}

fn open(source: &mut fs::File, size: u64, limits: &Limits) -> Result<File, Fault> {
    let mut wanted = FIRST_READ.min(size);
    loop {
        let tail = read(source, &(size - wanted..size))?;
        match living_parquet::open(size, &tail, limits)? {
            Opened::File(file) => return Ok(file),
            Opened::NeedsTail(length) => wanted = length,
        }
    }
}

/// The contract that the file keeps; of several, the one that asks for most. Where it keeps none, the error is the one for structured
/// data, which asks for least.
fn contract(file: &File, path: &Path, dataset: Option<Dataset>) -> Result<Contract, Fault> {
    let key = path.file_name().unwrap_or_default().to_string_lossy();
    let check = |dataset| {
        let route = Route {
            bucket: "local".to_owned(),
            prefix: String::new(),
            suffix: String::new(),
            dataset,
            missing_metadata: MissingMetadata::Default,
            on_delete: OnDelete::Keep,
            record_key: Vec::new(),
        };
        Contract::check(&route, &key, "local", file.fields(), file.key_values())
    };
    let contract = match dataset {
        Some(dataset) => check(dataset),
        None => check(Dataset::RawDocuments)
            .or_else(|_| check(Dataset::Annotations))
            .or_else(|_| check(Dataset::StructuredData)),
    };
    contract.map_err(|error| Fault::File(error.to_string()))
}

/// Reads all rows, and counts those that break a rule.
fn count_rejected(
    source: &mut fs::File,
    size: u64,
    file: File,
    contract: &Contract,
    limits: Limits,
) -> Result<u64, Fault> {
    let mut reader = RowReader::new(file, size, limits);
    let mut rejected = 0;
    loop {
        match reader.next_step()? {
            Step::Read(ranges) => {
                let bytes = ranges.iter().map(|range| read(source, range)).collect::<io::Result<_>>()?;
                reader.supply(bytes)?;
            }
            Step::Rows(rows) => rejected += rejected_rows(&rows, contract)?,
            Step::Done => return Ok(rejected),
        }
    }
}

fn rejected_rows(rows: &Rows, contract: &Contract) -> Result<u64, Fault> {
    let encoders = rows.encoders()?;
    let mut rejected = 0;
    let mut text = String::new();
    for row in 0..rows.len() {
        let mut keeps_all = true;
        // Values that no rule is about are looked at too: one that has no text form sends the file to quarantine.
        for (i, encoder) in encoders.iter().enumerate() {
            let cell = encoder.cell(row, &mut text).map_err(|reason| {
                Fault::File(format!("row {}, column {:?}: {reason}", rows.first() + row as u64, encoder.name()))
            })?;
            keeps_all &= contract.rules().iter().filter(|rule| rule.column() == i).all(|rule| rule.keeps(cell));
        }
        rejected += u64::from(!keeps_all);
    }
    Ok(rejected)
}

fn read(source: &mut fs::File, range: &Range<u64>) -> io::Result<Bytes> {
    let length = usize::try_from(range.end - range.start).map_err(io::Error::other)?;
    let mut bytes = vec![0; length];
    source.seek(SeekFrom::Start(range.start))?;
    source.read_exact(&mut bytes)?;
    Ok(bytes.into())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn reason(error: living_parquet::Error) -> String {
        match Fault::from(error).unless_pulled() {
            Fault::File(reason) | Fault::TooLarge(reason) => reason,
            Fault::Disk(error) => error.to_string(),
        }
    }

    #[test]
    fn of_a_file_that_is_only_too_large_for_a_worker_it_is_said_that_a_pull_would_load_it() {
        let large = living_parquet::Error::TooLarge { row_group: 0, what: "it has", value: 2, limit: 1 };
        assert!(reason(large.clone()).starts_with(&large.to_string()));
        assert!(reason(large).contains("where pull is enabled"));
        assert!(!reason(living_parquet::Error::NotParquet).contains("pull"));
    }
}
