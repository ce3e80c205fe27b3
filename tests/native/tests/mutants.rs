//! Damaged files: bytes of good ones changed at random. Reading them ends with rows or with an error, in bounded time and memory.

use std::{
    panic::{AssertUnwindSafe, catch_unwind},
    sync::Arc,
};

use arrow_array::{ArrayRef, Float64Array, Int64Array, StringArray};
use bytes::Bytes;
use native_tests::{annotations, data, documents, read_rows, write};
use proptest::{prelude::*, strategy::ValueTree, test_runner::TestRunner};

/// Files of all layouts.
fn good_files() -> Vec<Bytes> {
    let numbers: Int64Array = (0..200).collect();
    let texts: StringArray = (0..200).map(|n| (n % 5 != 0).then(|| format!("text {}", n % 11))).collect();
    let reals: Float64Array = (0..200).map(|n| (n % 3 != 0).then(|| f64::from(n) / 7.0)).collect();
    vec![
        write(vec![("n", Arc::new(numbers) as ArrayRef), ("t", Arc::new(texts)), ("r", Arc::new(reals))]),
        annotations(&[("r1", "Chad", "person"), ("r2", "Eire", "location"), ("r3", "x", "none")]),
        documents(&[("d", 1, "text", Some(0.5)), ("d", 2, "", None)]),
    ]
}

/// Mutants of each good file, and of each file of parquet-testing. `MUTANTS` multiplies them, for a long run.
const MUTANTS: usize = 500;
const MUTANTS_OF_OTHERS: usize = 20;

/// Files larger than this take long to read.
const LARGE: usize = 100_000;

fn other_files() -> Vec<Bytes> {
    let Some(folder) = data().map(|data| data.join("parquet-testing/data")) else {
        println!("SKIPPED in part: LIVING_SCHEMA_DATA is not there");
        return vec![];
    };
    let mut paths: Vec<_> = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    paths.sort();
    let is_parquet = |path: &std::path::PathBuf| path.extension().is_some_and(|end| end == "parquet");
    let files = paths.into_iter().filter(is_parquet).map(|path| Bytes::from(std::fs::read(path).unwrap()));
    files.filter(|bytes| bytes.len() < LARGE).collect()
}

/// Some bytes of a file changed.
fn mutant(file: &Bytes, changes: &[(prop::sample::Index, u8)]) -> Bytes {
    let mut bytes = file.to_vec();
    for (place, value) in changes {
        let at = place.index(bytes.len());
        bytes[at] = *value;
    }
    bytes.into()
}

#[test]
fn a_damaged_file_is_read_or_refused() {
    let mut runner = TestRunner::default();
    let changes = proptest::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..4);
    let (mut read, mut refused, mut panicked) = (0, 0, 0);
    std::panic::set_hook(Box::new(|_| {}));
    let times: usize = std::env::var("MUTANTS").map_or(1, |n| n.parse().expect("MUTANTS is a number"));
    let good = good_files().into_iter().map(|file| (file, MUTANTS * times));
    let others = other_files().into_iter().map(|file| (file, MUTANTS_OF_OTHERS * times));
    for (file, count) in good.chain(others) {
        for _ in 0..count {
            let changes = changes.new_tree(&mut runner).unwrap().current();
            let bytes = mutant(&file, &changes);
            match catch_unwind(AssertUnwindSafe(|| read_rows(&bytes))) {
                Ok(Ok(_)) => read += 1,
                Ok(Err(_)) => refused += 1,
                Err(_) => panicked += 1,
            }
        }
    }
    let _ = std::panic::take_hook();
    println!("{read} read, {refused} refused, {panicked} ended the decoder");
    // The decoder's own checks are not complete; such a file goes to quarantine at its second attempt.
    assert!(panicked * 100 < read + refused, "{panicked} of {}", read + refused + panicked);
}
