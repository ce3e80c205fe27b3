//! `fuzz-tables SECONDS [SEED] [text|xlsx|xlsb|ods|xls]`: mangled files against the readers. Nothing may end them but an answer, within
//! the time and memory that it may take; and what a survey counts, the rows are.

use std::{env, path::PathBuf, process::ExitCode};

use fuzzing::{Asked, Fuzzer};
use tables_tests::{Seed, mutant, read, seeds};

fn main() -> ExitCode {
    let Some(asked) = Asked::parse() else {
        eprintln!("Usage: fuzz-tables SECONDS [SEED] [text|xlsx|xlsb|ods|xls]");
        return ExitCode::from(2);
    };
    let family = asked.word.as_ref();
    let data = env::var_os("LIVING_SCHEMA_DATA").map(PathBuf::from);
    let seeds: Vec<Seed> =
        seeds(data.as_deref()).into_iter().filter(|seed| family.is_none_or(|family| *family == seed.family)).collect();
    println!("{} files to begin with", seeds.len());
    if seeds.is_empty() {
        println!("SKIPPED: LIVING_SCHEMA_DATA has no file of this kind");
        return ExitCode::SUCCESS;
    }
    let make = |chance: &mut _| mutant(&seeds, chance);
    let fuzzer = Fuzzer { name: "fuzz-tables", make, read, panics_of_a_hundred: 0 };
    fuzzer.run(&asked)
}
