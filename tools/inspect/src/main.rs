//! `inspect FILE…`: what ingest would say of Parquet files, as a JSON line each, by the same crates.
//!
//! Without `--dataset` a file is taken for the dataset whose contract it keeps: documents, else annotations, else structured data.

mod verdict;

use std::{path::PathBuf, process::ExitCode};

use lexopt::prelude::{Long, Short, Value, ValueExt};
use living_core::landing::Dataset;

const USAGE: &str = "\
Usage: inspect [--dataset raw_documents|annotations|structured_data] FILE...

Says of each Parquet file what ingest would do with it, as a JSON line:
  {file, verdict: load|quarantine, dataset, rows, rejected, columns, metadata, reason}
Without --dataset a file is taken for the dataset whose contract it keeps.
";

fn main() -> ExitCode {
    let (files, dataset) = match arguments() {
        Ok(arguments) => arguments,
        Err(error) => {
            eprintln!("inspect: {error}\n\n{USAGE}");
            return ExitCode::from(2);
        }
    };
    // A damaged file may still end the decoder with a panic. That's a verdict too; its text would only be in the way.
    std::panic::set_hook(Box::new(|_| {}));
    let mut code = ExitCode::SUCCESS;
    for path in files {
        match verdict::of(&path, dataset) {
            Ok(verdict) => println!("{}", serde_json::to_string(&verdict).unwrap_or_default()),
            Err(error) => {
                eprintln!("inspect: {}: {error}", path.display());
                code = ExitCode::FAILURE;
            }
        }
    }
    code
}

fn arguments() -> Result<(Vec<PathBuf>, Option<Dataset>), lexopt::Error> {
    let mut files = Vec::new();
    let mut dataset = None;
    let mut parser = lexopt::Parser::from_env();
    while let Some(argument) = parser.next()? {
        match argument {
            Long("dataset") => {
                let name = parser.value()?.string()?;
                let parsed = serde_json::from_value(name.clone().into());
                dataset = Some(parsed.map_err(|_| format!("there is no dataset {name:?}"))?);
            }
            Short('h') | Long("help") => {
                print!("{USAGE}");
                std::process::exit(0);
            }
            Value(path) => files.push(path.into()),
            other => return Err(other.unexpected()),
        }
    }
    if files.is_empty() {
        return Err("no file is named".into());
    }
    Ok((files, dataset))
}
