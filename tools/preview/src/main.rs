//! `preview FILE…`: what would be read of spreadsheets, as a JSON line each, by the crate that reads them in the Worker.

mod answer;

use std::{path::PathBuf, process::ExitCode};

use lexopt::prelude::{Long, Short, Value};

const USAGE: &str = "\
Usage: preview FILE...

Says of each CSV, TSV, XLSX, XLSM, XLSB, XLS or ODS file what would be read of it, as a JSON line:
  {file, sheets: [{name, state, header, rows, columns, types, first}], warnings}
or, where nothing would be:
  {file, error}
";

fn main() -> ExitCode {
    let files = match arguments() {
        Ok(files) => files,
        Err(error) => {
            eprintln!("preview: {error}\n\n{USAGE}");
            return ExitCode::from(2);
        }
    };
    // A damaged workbook may end its reader with a panic. That's a refusal too; its text would only be in the way.
    std::panic::set_hook(Box::new(|_| {}));
    for path in files {
        println!("{}", answer::of(&path));
    }
    ExitCode::SUCCESS
}

fn arguments() -> Result<Vec<PathBuf>, lexopt::Error> {
    let mut files = Vec::new();
    let mut parser = lexopt::Parser::from_env();
    while let Some(argument) = parser.next()? {
        match argument {
            Short('h') | Long("help") => {
                print!("{USAGE}");
                std::process::exit(0);
            }
            Value(path) => files.push(path.into()),
            other => return Err(other.unexpected()),
        }
    }
    if files.is_empty() { Err("no file is named".into()) } else { Ok(files) }
}
