//! Matches between the columns of several tables.

use alloc::{collections::BTreeSet, vec::Vec};

use super::{Column, Comparison, Values, Verdict, columns_with, judge::Options};

/// A pair of columns of different tables: each the number of its table and of its column there.
#[derive(Debug, Clone, PartialEq)]
pub struct Match {
    pub left: (usize, usize),
    pub right: (usize, usize),
    pub comparison: Comparison,
}

/// How much better another match must be for it to take a column away.
const BETTER: f64 = 0.02;

/// The duplicates between the columns of different tables.
///
/// Columns of one table are never duplicates, so at most one of them is that of a column elsewhere: of several candidates the best
/// stays, unless the weaker one is a copy of the better by its values. For the same reason two names that stand in one table are not
/// merged between others.
#[must_use]
pub fn resolve(options: &Options, tables: &[Vec<Column<'_>>]) -> Vec<Match> {
    let together = names_together(tables);
    let mut matches = Vec::new();
    for (i, left) in tables.iter().enumerate() {
        for (j, right) in tables.iter().enumerate().skip(i + 1) {
            matches.extend(between(options, (i, left), (j, right), &together));
        }
    }
    matches
}

/// Pairs of keys, in order, that stand in one table and are no copies of each other.
fn names_together<'a>(tables: &[Vec<Column<'a>>]) -> BTreeSet<(&'a str, &'a str)> {
    let mut together = BTreeSet::new();
    for table in tables {
        for (i, a) in table.iter().enumerate() {
            let is_other = |b: &&Column<'_>| a.name.has_unit_column == b.name.has_unit_column && !are_copies(a, b);
            for b in table.iter().skip(i + 1).filter(is_other) {
                let (a, b) = (a.name.key(), b.name.key());
                together.insert(if a <= b { (a, b) } else { (b, a) });
            }
        }
    }
    together
}

fn are_copies(a: &Column<'_>, b: &Column<'_>) -> bool {
    a.profile.zip(b.profile).is_some_and(|(a, b)| Values::compare(a, b).is_copy())
}

fn between(
    options: &Options,
    (i, left): (usize, &[Column<'_>]),
    (j, right): (usize, &[Column<'_>]),
    together: &BTreeSet<(&str, &str)>,
) -> Vec<Match> {
    let mut found = Vec::new();
    for (x, a) in left.iter().enumerate() {
        for (y, b) in right.iter().enumerate() {
            let (first, second) = if a.name.key() <= b.name.key() { (a, b) } else { (b, a) };
            if together.contains(&(first.name.key(), second.name.key())) {
                continue;
            }
            let comparison = columns_with(options, *a, *b);
            if comparison.verdict == Verdict::Duplicate {
                found.push(Match { left: (i, x), right: (j, y), comparison });
            }
        }
    }
    let is_outdone = |candidate: &Match| {
        found.iter().any(|other| {
            let is_better = other.comparison.score >= candidate.comparison.score + BETTER;
            let rivals = if other.left == candidate.left && other.right != candidate.right {
                right.get(other.right.1).zip(right.get(candidate.right.1))
            } else if other.right == candidate.right && other.left != candidate.left {
                left.get(other.left.1).zip(left.get(candidate.left.1))
            } else {
                None
            };
            is_better && rivals.is_some_and(|(a, b)| !are_copies(a, b))
        })
    };
    found.iter().filter(|candidate| !is_outdone(candidate)).cloned().collect()
}
