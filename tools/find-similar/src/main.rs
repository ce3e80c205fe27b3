//! `find-similar`: near-duplicate names from standard input, or near-duplicate columns of files, by the rules of discovery.

mod embeddings;
mod files;
mod pairs;

use std::{path::PathBuf, process::ExitCode};

use embeddings::Embeddings;
use lexopt::prelude::{Long, Short, Value, ValueExt};
use living_core::similarity::{COSINE, Options};

const USAGE: &str = "\
Usage: similar < PAIRS
       similar --files FILE FILE... [--names] [--json]

Without --files: reads lines `left<TAB>right` and prints for each, separated by tabs: left, right, score (0 to 1; a duplicate from
0.85), verdict (duplicate, in doubt, different), reason.
With --files: profiles spreadsheets and Parquet files, as the Workers read them, and prints the columns of different files that are one under two names.
  --names             look at the names alone, not at the values
  --json              a JSON line each: {left_file, left_column, right_file, right_column, score, reason}
  --embeddings URL    let an OpenAI-compatible endpoint (…/v1/embeddings) weigh in on pairs in doubt; not with --files.
                      A token is read from the environment variable EMBEDDINGS_TOKEN
  --model NAME        its model (default text-embedding-3-small)
  --cosine N          least cosine that makes a duplicate of a pair in doubt, from 0 to 1 (default 0.92)
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
#[derive(Debug)]
struct Arguments {
    files: Option<Vec<PathBuf>>,
    embeddings: Option<Embeddings>,
    names_only: bool,
    json: bool,
    options: Options,
}

impl Arguments {
    fn read() -> Result<Self, lexopt::Error> {
        let mut arguments =
            Self { files: None, embeddings: None, names_only: false, json: false, options: Options::default() };
        let (mut url, mut model, mut cosine) = (None, "text-embedding-3-small".to_owned(), COSINE);
        let mut parser = lexopt::Parser::from_env();
        while let Some(argument) = parser.next()? {
            match argument {
                Long("files") => arguments.files.get_or_insert_default().extend(parser.values()?.map(PathBuf::from)),
                Long("names") => arguments.names_only = true,
                Long("json") => arguments.json = true,
                Long("levenshtein") => arguments.options.levenshtein = share("--levenshtein", &mut parser)?,
                Long("embeddings") => url = Some(parser.value()?.string()?),
                Long("model") => model = parser.value()?.string()?,
                Long("cosine") => cosine = share("--cosine", &mut parser)?,
                Short('h') | Long("help") => {
                    print!("{USAGE}");
                    std::process::exit(0);
                }
                Value(file) if arguments.files.is_some() => arguments.files.get_or_insert_default().push(file.into()),
                other => return Err(other.unexpected()),
            }
        }
        arguments.embeddings = url.map(|url| Embeddings::new(url, model, cosine));
        if arguments.files.is_some() && arguments.embeddings.is_some() {
            return Err("--embeddings is for pairs of names; it doesn't go with --files".into());
        }
        if arguments.files.as_ref().is_some_and(|files| files.len() < 2) {
            return Err("--files takes two files or more: columns of one file are never duplicates".into());
        }
        Ok(arguments)
    }
}

fn share(option: &str, parser: &mut lexopt::Parser) -> Result<f64, lexopt::Error> {
    let value: f64 = parser.value()?.parse()?;
    if (0.0..=1.0).contains(&value) { Ok(value) } else { Err(format!("{option} is {value}, not from 0 to 1").into()) }
}
