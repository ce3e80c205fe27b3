//! Every file of Apache's parquet-testing has an expectation, and meets it: the rows that pyarrow or DuckDB reads, or quarantine with a
//! reason.

use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
};

use bytes::Bytes;
use living_core::sql::ColumnArrays;
use living_parquet::{Error, Limits, Opened, RowReader, Step};
use native_tests::data;
use serde_json::Value;

/// By path: `rows` and who else reads that many, or `quarantine` with the reason.
const EXPECTED: &str = include_str!("../parquet-testing.json");

/// The most memory that reading a row group may take, with everything: what a Worker has.
const WORKER_BYTES: usize = 128 << 20;

#[test]
fn every_file_of_parquet_testing_is_read_or_refused_as_expected() {
    let Some(folder) = data().map(|data| data.join("parquet-testing")) else {
        println!("SKIPPED: LIVING_SCHEMA_DATA is not there");
        return;
    };
    let expected: BTreeMap<String, Value> = serde_json::from_str(EXPECTED).unwrap();
    let mut seen = 0;
    for path in files(&folder) {
        let name = path.strip_prefix(&folder).unwrap().to_string_lossy().into_owned();
        let expectation = expected.get(&name).unwrap_or_else(|| panic!("{name} has no expectation"));
        match read(&std::fs::read(&path).unwrap().into()) {
            Ok(rows) => assert_eq!(expectation["rows"], rows, "{name}"),
            Err(error) => assert_eq!(expectation["quarantine"], error.to_string(), "{name}"),
        }
        seen += 1;
    }
    assert_eq!(seen, expected.len(), "files that are expected are not there");
}

fn files(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            found.extend(files(&path));
        } else if path.extension().is_some_and(|end| end == "parquet" || end == "encrypted") {
            found.push(path);
        }
    }
    found
}

/// Reads all rows as a load does. Gives their number.
fn read(bytes: &Bytes) -> Result<u64, Error> {
    let size = bytes.len() as u64;
    let limits = Limits::default();
    let Opened::File(file) = living_parquet::open(size, bytes, &limits)? else {
        panic!("the whole file was given");
    };
    let mut arrays = ColumnArrays::new(file.columns().len());
    let mut reader = RowReader::new(file, size, limits);
    let mut total = 0;
    loop {
        match reader.next_step()? {
            Step::Read(ranges) => {
                let slice = |range: &std::ops::Range<u64>| {
                    bytes.slice(usize::try_from(range.start).unwrap()..usize::try_from(range.end).unwrap())
                };
                reader.supply(ranges.iter().map(slice).collect())?;
            }
            Step::Rows(rows) => {
                let mut done = 0;
                while done < rows.len() {
                    done += rows.encode(done, &mut arrays, 1 << 20, 10_000)?;
                    total += arrays.rows();
                    assert!(arrays.bytes() < WORKER_BYTES / 8, "{} bytes of text", arrays.bytes());
                    arrays.clear();
                }
            }
            Step::Done => return Ok(total),
        }
    }
}
