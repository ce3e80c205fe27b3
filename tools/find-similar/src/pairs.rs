//! Pairs of names from standard input.

use std::io::{self, BufRead, Write};

use living_core::similarity::{Comparison, Name, Verdict, compare_with};

use crate::Arguments;

/// Pairs that are worked on at once: enough for full batches of embeddings, and output keeps flowing.
const CHUNK: usize = 1024;

/// Compares the pair on each line of standard input.
///
/// # Errors
/// At the first line that isn't two names with a tab between them.
pub(crate) fn run(arguments: &Arguments) -> Result<(), String> {
    let mut out = io::BufWriter::new(io::stdout().lock());
    let mut pairs = Vec::new();
    for (i, line) in io::stdin().lock().split(b'\n').enumerate() {
        let bytes = line.map_err(|error| format!("standard input: {error}"))?;
        match read(bytes, i + 1) {
            Ok(Some((left, right))) => {
                let comparison = compare_with(&arguments.options, &left, &right);
                pairs.push((left, right, comparison));
            }
            Ok(None) => {}
            Err(error) => {
                print(&mut pairs, arguments, &mut out)?;
                return Err(error);
            }
        }
        if pairs.len() >= CHUNK {
            print(&mut pairs, arguments, &mut out)?;
        }
    }
    print(&mut pairs, arguments, &mut out)
}

/// The names on a line; none on a blank one.
fn read(bytes: Vec<u8>, number: usize) -> Result<Option<(Name, Name)>, String> {
    let line = String::from_utf8(bytes).map_err(|_| format!("line {number} is not UTF-8"))?;
    let line = line.trim_end_matches('\r');
    if line.is_empty() {
        return Ok(None);
    }
    match line.split('\t').collect::<Vec<_>>().as_slice() {
        [left, right] => Ok(Some((Name::new(left), Name::new(right)))),
        [_] => Err(format!("line {number} ({line:?}): a line is `left<TAB>right`, and this one has no tab")),
        _ => Err(format!("line {number} ({line:?}): a line is `left<TAB>right`, and this one has more than one tab")),
    }
}

fn print(pairs: &mut Vec<(Name, Name, Comparison)>, arguments: &Arguments, out: &mut impl Write) -> Result<(), String> {
    if let Some(embeddings) = &arguments.embeddings {
        embeddings.weigh_in(pairs)?;
    }
    for (left, right, comparison) in pairs.drain(..) {
        let (left, right, reason) = (left.text(), right.text(), &comparison.reason);
        // Rounded down: what is no duplicate must not look like one.
        let score = (comparison.score * 1000.0 + 1e-6).floor() / 1000.0;
        writeln!(out, "{left}\t{right}\t{score:.3}\t{}\t{reason}", label(comparison.verdict))
            .map_err(|error| failed(&error))?;
    }
    out.flush().map_err(|error| failed(&error))
}

fn failed(error: &io::Error) -> String {
    format!("standard output: {error}")
}

const fn label(verdict: Verdict) -> &'static str {
    match verdict {
        Verdict::Duplicate => "duplicate",
        Verdict::InDoubt => "in doubt",
        Verdict::Different => "different",
    }
}
