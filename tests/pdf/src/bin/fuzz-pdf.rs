//! Mangled PDF for as many seconds as asked: `fuzz-pdf SECONDS [SEED]`. Nothing may come of them but an answer, within the time and memory
//! that it may take.

use std::{env, path::PathBuf, process::ExitCode};

use fuzzing::{Asked, Fuzzer};
use pdf_tests::{mutant, read, seeds};

fn main() -> ExitCode {
    let Some(asked) = Asked::parse() else {
        eprintln!("Usage: fuzz-pdf SECONDS [SEED]");
        return ExitCode::from(2);
    };
    let seeds = seeds(env::var_os("LIVING_SCHEMA_DATA").map(PathBuf::from).as_deref());
    println!("{} files to begin with", seeds.len());
    let fuzzer = Fuzzer {
        name: "fuzz-pdf",
        make: |chance: &mut _| mutant(&seeds, chance),
        read: |bytes: &[u8]| Ok(read(bytes)),
        panics_of_a_hundred: 0,
    };
    fuzzer.run(&asked)
}
