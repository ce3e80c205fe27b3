//! Every file of Apache's parquet-testing has an expectation, and meets it: the rows that pyarrow or DuckDB reads, or quarantine with a
//! reason.

use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
};

use native_tests::{data, read_rows};
use serde_json::Value;

/// By path: `rows` and who else reads that many, or `quarantine` with the reason.
const EXPECTED: &str = include_str!("../parquet-testing.json");

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
        match read_rows(&std::fs::read(&path).unwrap().into()) {
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
