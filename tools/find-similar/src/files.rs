//! Columns of files.

use std::{
    io::{self, Write},
    path::PathBuf,
};

use living_core::similarity::{Column, Context, Match, Name, resolve};
use serde::Serialize;

use find_similar::Table;

use crate::Arguments;

/// A proposed match, as it's printed.
#[derive(Debug, Serialize)]
struct Line<'a> {
    left_file: &'a str,
    left_column: &'a str,
    right_file: &'a str,
    right_column: &'a str,
    score: f64,
    reason: &'a str,
}

/// Prints the columns of different files that are one.
///
/// # Errors
/// If a file can't be read, and says which rule it breaks.
pub(crate) fn run(files: &[PathBuf], arguments: &Arguments) -> Result<(), String> {
    let read = |path: &PathBuf| Table::read(path).map_err(|error| format!("{}: {error}", path.display()));
    let tables: Vec<Table> = files.iter().map(read).collect::<Result<Vec<_>, _>>()?.into_iter().flatten().collect();
    let names: Vec<Vec<Name>> = tables.iter().map(names_of).collect();
    let columns: Vec<Vec<Column<'_>>> = tables
        .iter()
        .zip(&names)
        .map(|(table, names)| {
            let profiles = table.columns.iter().map(|(_, profile)| (!arguments.names_only).then_some(profile));
            names.iter().zip(profiles).map(|(name, profile)| Column { name, profile }).collect()
        })
        .collect();
    print(&tables, &resolve(&arguments.options, &columns), arguments.json)
        .map_err(|error| format!("standard output: {error}"))
}

fn names_of(table: &Table) -> Vec<Name> {
    let stem = table.file.rsplit_once('.').map_or(table.file.as_str(), |(stem, _)| stem);
    let context = Context::of_table(stem, table.columns.iter().map(|(name, _)| name.as_str()));
    table.columns.iter().map(|(name, _)| Name::in_table(name, &context)).collect()
}

fn print(tables: &[Table], matches: &[Match], as_json: bool) -> io::Result<()> {
    let mut out = io::BufWriter::new(io::stdout().lock());
    for found in matches {
        let (Some((left_file, left_column)), Some((right_file, right_column))) =
            (place(tables, found.left), place(tables, found.right))
        else {
            continue;
        };
        let (score, reason) = ((found.comparison.score * 1000.0).round() / 1000.0, found.comparison.reason.as_str());
        if as_json {
            let line = Line { left_file, left_column, right_file, right_column, score, reason };
            writeln!(out, "{}", serde_json::to_string(&line)?)?;
        } else {
            let (left, right) = (format!("{left_file}: {left_column}"), format!("{right_file}: {right_column}"));
            writeln!(out, "{score:.3}  {left:<50}  {right:<50}  {reason}")?;
        }
    }
    out.flush()
}

fn place(tables: &[Table], (table, column): (usize, usize)) -> Option<(&str, &str)> {
    let table = tables.get(table)?;
    Some((&table.file, &table.columns.get(column)?.0))
}
