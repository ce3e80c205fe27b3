//! `sql-check`: whether the SQL gate lets queries through. Reads JSON lines and answers each with one.

use std::{
    io::{self, BufRead, Write},
    process::ExitCode,
};

use lexopt::prelude::{Long, Short, ValueExt};
use living_sqlgate::{Gate, Policy, RelationName};
use serde::Serialize;
use serde_json::{Map, Value};

const USAGE: &str = "\
Usage: sql-check [--relation [SCHEMA.]NAME]... [--database NAME] < LINES

Reads lines {\"sql\": …} and answers each with a line {\"allowed\": true} or {\"allowed\": false, \"reason\", \"line\", \"column\"}.
A line that isn't such an object is not allowed either, and the next one is read.
  --relation  a relation that queries may read; without any, the relations for readers and those of the catalog and of reports
  --database  a name by which relations may be qualified
";

/// What readers may query by default: the reader views, the catalog, and reports with their runs.
const RELATIONS: [&str; 9] = [
    "raw_documents",
    "annotations",
    "structured_data",
    "entity_types",
    "field_definitions",
    "entity_conflicts",
    "schema_snapshots",
    "saved_queries",
    "query_executions",
];

#[derive(Debug, Default, Serialize)]
struct Answer {
    allowed: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    reason: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    line: Option<usize>,
    #[serde(skip_serializing_if = "Option::is_none")]
    column: Option<usize>,
}

fn main() -> ExitCode {
    let gate = match arguments() {
        Ok(policy) => Gate::new(policy),
        Err(error) => {
            eprintln!("sql-check: {error}\n\n{USAGE}");
            return ExitCode::from(2);
        }
    };
    match answer_all(&gate) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("sql-check: {error}");
            ExitCode::FAILURE
        }
    }
}

fn arguments() -> Result<Policy, lexopt::Error> {
    let (mut relations, mut database) = (Vec::new(), None);
    let mut parser = lexopt::Parser::from_env();
    while let Some(argument) = parser.next()? {
        match argument {
            Long("relation") => relations.push(relation(&parser.value()?.string()?)),
            Long("database") => database = Some(parser.value()?.string()?),
            Short('h') | Long("help") => {
                print!("{USAGE}");
                std::process::exit(0);
            }
            other => return Err(other.unexpected()),
        }
    }
    let policy = if relations.is_empty() { Policy::new(RELATIONS) } else { Policy::new(relations) };
    Ok(match database {
        Some(database) => policy.with_database(&database),
        None => policy,
    })
}

fn relation(name: &str) -> RelationName {
    name.split_once('.').map_or_else(|| name.into(), Into::into)
}

fn answer_all(gate: &Gate) -> io::Result<()> {
    let mut out = io::stdout().lock();
    for line in io::stdin().lock().split(b'\n') {
        let line = line?;
        writeln!(out, "{}", serde_json::to_string(&answer(gate, &line))?)?;
        out.flush()?;
    }
    Ok(())
}

fn answer(gate: &Gate, line: &[u8]) -> Answer {
    let sql = match question(line) {
        Ok(sql) => sql,
        Err(error) => {
            return Answer {
                reason: Some(format!("the line is no object {{\"sql\": \"…\"}}: {error}")),
                ..Answer::default()
            };
        }
    };
    match gate.check(&sql) {
        Ok(_) => Answer { allowed: true, ..Answer::default() },
        Err(refusal) => Answer {
            allowed: false,
            reason: Some(refusal.to_string()),
            line: Some(refusal.position.line),
            column: Some(refusal.position.column),
        },
    }
}

fn question(line: &[u8]) -> Result<String, String> {
    let mut object: Map<String, Value> = serde_json::from_slice(line).map_err(|error| error.to_string())?;
    match object.remove("sql") {
        Some(Value::String(sql)) => Ok(sql),
        Some(_) => Err("\"sql\" is no text".to_owned()),
        None => Err("it has no \"sql\"".to_owned()),
    }
}
