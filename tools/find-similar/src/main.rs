//! `find-similar`: near-duplicate names from standard input, or near-duplicate columns of files, by the rules of discovery.

mod files;
mod pairs;
mod table;

use std::{path::PathBuf, process::ExitCode};

use lexopt::prelude::{Long, Short, Value, ValueExt};
use living_core::similarity::Options;

const USAGE: &str = "\
Usage: similar < PAIRS
       similar --files FILE FILE... [--names] [--json]

Without --files: reads lines `left<TAB>right` and prints for each, separated by tabs: left, right, score (0 to 1; a duplicate from
0.85), verdict (duplicate, in doubt, different), reason.
With --files: profiles CSV and Parquet files and prints the columns of different files that are one under two names.
  --names             look at the names alone, not at the values
  --json              a JSON line each: {left_file, left_column, right_file, right_column, score, reason}
  --levenshtein N     least similarity of two spellings of one word, from 0 to 1 (default 0.85)
";

fn main() -> ExitCode {
    let arguments = match Arguments::read() {
        Ok(arguments) => arguments,
        Err(error) => {
            eprintln!("similar: {error}\n\n{USAGE}");
            return ExitCode::from(2);
        }
    };
    let done = match &arguments.files {
        None => pairs::run(&arguments),
        Some(files) => files::run(files, &arguments),
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("similar: {error}");
            ExitCode::FAILURE
        }
    }
}

/// What the command line says.
#[derive(Debug, Default)]
struct Arguments {
    files: Option<Vec<PathBuf>>,
    names_only: bool,
    json: bool,
    options: Options,
}

impl Arguments {
    fn read() -> Result<Self, lexopt::Error> {
        let mut arguments = Self::default();
        let mut parser = lexopt::Parser::from_env();
        while let Some(argument) = parser.next()? {
            match argument {
                Long("files") => arguments.files.get_or_insert_default().extend(parser.values()?.map(PathBuf::from)),
                Long("names") => arguments.names_only = true,
                Long("json") => arguments.json = true,
                Long("levenshtein") => {
                    let threshold: f64 = parser.value()?.parse()?;
                    if !(0.0..=1.0).contains(&threshold) {
                        return Err(format!("--levenshtein is {threshold}, not from 0 to 1").into());
                    }
                    arguments.options.levenshtein = threshold;
                }
                Short('h') | Long("help") => {
                    print!("{USAGE}");
                    std::process::exit(0);
                }
                Value(file) if arguments.files.is_some() => arguments.files.get_or_insert_default().push(file.into()),
                other => return Err(other.unexpected()),
            }
        }
        if arguments.files.as_ref().is_some_and(|files| files.len() < 2) {
            return Err("--files takes two files or more: columns of one file are never duplicates".into());
        }
        Ok(arguments)
    }
}
