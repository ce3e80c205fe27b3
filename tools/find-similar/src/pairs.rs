//! Pairs of names from standard input.

use std::io::{self, BufRead, Write};

use living_core::similarity::{Name, Verdict, compare_with};

use crate::Arguments;

/// Compares the pair on each line of standard input.
///
/// # Errors
/// At the first line that isn't two names with a tab between them.
pub(crate) fn run(arguments: &Arguments) -> Result<(), String> {
    let mut out = io::BufWriter::new(io::stdout().lock());
    for (i, line) in io::stdin().lock().split(b'\n').enumerate() {
        let bytes = line.map_err(|error| format!("standard input: {error}"))?;
        let number = i + 1;
        let line = String::from_utf8(bytes).map_err(|_| format!("line {number} is not UTF-8"))?;
        let line = line.trim_end_matches('\r');
        if line.is_empty() {
            continue;
        }
        let (left, right) = split(line).map_err(|rule| format!("line {number} ({line:?}): {rule}"))?;
        let comparison = compare_with(&arguments.options, &Name::new(left), &Name::new(right));
        let (score, reason) = (comparison.score, &comparison.reason);
        writeln!(out, "{left}\t{right}\t{score:.3}\t{}\t{reason}", label(comparison.verdict))
            .map_err(|error| format!("standard output: {error}"))?;
    }
    out.flush().map_err(|error| format!("standard output: {error}"))
}

fn split(line: &str) -> Result<(&str, &str), &'static str> {
    match line.split('\t').collect::<Vec<_>>().as_slice() {
        [left, right] => Ok((left, right)),
        [_] => Err("a line is `left<TAB>right`, and this one has no tab"),
        _ => Err("a line is `left<TAB>right`, and this one has more than one tab"),
    }
}

pub(crate) const fn label(verdict: Verdict) -> &'static str {
    match verdict {
        Verdict::Duplicate => "duplicate",
        Verdict::InDoubt => "in doubt",
        Verdict::Different => "different",
    }
}
