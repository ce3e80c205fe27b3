//! Damaged files: bytes of good ones changed at random. Reading them ends with rows or with an error, in bounded time and memory.

use std::panic::{AssertUnwindSafe, catch_unwind};

use bytes::Bytes;
use native_tests::{foreign_files, made_files, read_rows};
use proptest::{prelude::*, strategy::ValueTree, test_runner::TestRunner};

/// Mutants of each good file, and of each file of parquet-testing. `MUTANTS` multiplies them, for a long run.
const MUTANTS: usize = 500;
const MUTANTS_OF_OTHERS: usize = 20;

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
    let good = made_files().into_iter().map(|file| (file, MUTANTS * times));
    let others = foreign_files().into_iter().map(|file| (file, MUTANTS_OF_OTHERS * times));
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
