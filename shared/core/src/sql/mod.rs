//! SQL text for DuckDB: identifiers, literals, and the staging of columns. Nothing here talks to a warehouse.

mod literal;
mod split;
mod staging;
mod statement;

pub use literal::{Literal, decimal, decimal_digits, text};
pub use split::split;
pub use staging::{ColumnArrays, PullRefused, Staging};
pub use statement::{Effect, Statement};

use alloc::string::String;

/// How many rows a common table expression has, beside each of them.
///
/// Not `count(*) OVER ()`: of few rows under a filter DuckDB up to 1.5.5 meets a bug there now and then, after which the database takes no
/// statement until it's restarted (<https://github.com/duckdb/duckdb/issues/25713>).
#[must_use]
pub(crate) fn count_of(expression: &str) -> String {
    alloc::format!("(SELECT count(*) FROM {expression})")
}

/// A quoted identifier: any text can be a column's name.
///
/// A NUL can't stand in SQL text at all; it becomes U+FFFD, as such a name can only come from a damaged file.
#[must_use]
pub fn identifier(name: &str) -> String {
    let mut out = String::with_capacity(name.len() + 2);
    out.push('"');
    for c in name.chars() {
        match c {
            '"' => out.push_str("\"\""),
            '\0' => out.push(char::REPLACEMENT_CHARACTER),
            c => out.push(c),
        }
    }
    out.push('"');
    out
}
