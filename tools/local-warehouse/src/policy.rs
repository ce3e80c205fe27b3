//! Which statements a tool runs.
//!
//! Configuration and a read-only transaction stop most of what a caller must not do (see `engine.rs`). This names the
//! rest: statements that act outside the transaction.

use crate::{
    auth::Access,
    duckdb::{Connection, StatementKind},
    outcome::Failure,
};

/// Functions that act although they stand in a SELECT: they write DuckDB's log, or end the process when the log can't
/// be written. A plain search of the text is enough here: it guards against accidents. What analysts may run is the
/// SQL gate's business, not this server's.
const ACTING_FUNCTIONS: &[&str] = &[
    "enable_logging",
    "disable_logging",
    "enable_profiling",
    "disable_profiling",
    "truncate_duckdb_logs",
    "write_log",
];

/// Refuses a text because of a function that it names.
pub(crate) fn check_text(sql: &str) -> Result<(), Failure> {
    let lower = sql.to_ascii_lowercase();
    match ACTING_FUNCTIONS.iter().find(|function| lower.contains(*function)) {
        Some(function) => Err(Failure::invalid_input(format_args!("{function} is not available in this warehouse"))),
        None => Ok(()),
    }
}

/// Refuses a text with more statements than one.
///
/// A dynamic PIVOT has no semicolon but is two statements to DuckDB: a CREATE TYPE of its own and the SELECT.
pub(crate) fn check_count(sql: &str, count: u64, allow_multiple: bool) -> Result<(), Failure> {
    match count {
        0 => Err(Failure::invalid_input("the text has no SQL statement")),
        1 => Ok(()),
        _ if allow_multiple || is_one_text(sql) => Ok(()),
        _ => Err(Failure::invalid_input(format_args!("one statement per call is allowed; this text has {count}"))),
    }
}

/// Whether several statements were made out of one text, by DuckDB itself.
pub(crate) fn is_one_text(sql: &str) -> bool {
    !sql.trim_end_matches(|character: char| character.is_whitespace() || character == ';').contains(';')
}

/// Refuses a statement by what it does. `made_by_duckdb` marks all but the last statement of a dynamic PIVOT.
pub(crate) fn check_kind(
    kind: StatementKind,
    access: Access,
    made_by_duckdb: bool,
    allow_multiple: bool,
) -> Result<(), Failure> {
    let refusal = match (kind, access) {
        (StatementKind::Attach | StatementKind::Detach, _) => {
            "this warehouse has one database: ATTACH and DETACH are refused"
        }
        (StatementKind::Load | StatementKind::UpdateExtensions, _) => "extensions can't be installed or loaded",
        (StatementKind::Export, _) => "EXPORT DATABASE is refused: the server's files are not the client's",
        (StatementKind::Transaction, Access::ReadWrite) if !allow_multiple => {
            "each call is a transaction of its own: BEGIN, COMMIT and ROLLBACK are refused"
        }
        (_, Access::ReadWrite) | (StatementKind::Select | StatementKind::Explain, Access::ReadOnly) => return Ok(()),
        (StatementKind::Create, Access::ReadOnly) if made_by_duckdb => return Ok(()),
        (_, Access::ReadOnly) => {
            "only SELECT and EXPLAIN are allowed where only reading is; use query_rw with a read-write token"
        }
    };
    Err(Failure::invalid_input(refusal))
}

/// EXPLAIN ANALYZE runs its statement, and a COPY inside would write a file: only a SELECT may be explained where only
/// reading is allowed. DuckDB doesn't tell what is inside, so its text is parsed by itself.
pub(crate) fn check_explained(connection: &Connection, sql: &str) -> Result<(), Failure> {
    let refused =
        || Failure::invalid_input("only EXPLAIN or EXPLAIN ANALYZE of one SELECT is allowed where only reading is");
    let explained = strip_keyword(sql, "explain").ok_or_else(refused)?;
    let explained = strip_keyword(explained, "analyze").unwrap_or(explained);
    let statements = connection.statements(explained).map_err(|_| refused())?;
    if statements.count() == 1 && statements.prepare(0)?.kind() == StatementKind::Select {
        Ok(())
    } else {
        Err(refused())
    }
}

/// `text` behind the blank-separated `keyword` that it starts with, in any case.
fn strip_keyword<'text>(text: &'text str, keyword: &str) -> Option<&'text str> {
    let text = text.trim_start();
    let (head, rest) = text.split_at_checked(keyword.len())?;
    (head.eq_ignore_ascii_case(keyword) && rest.starts_with(char::is_whitespace)).then_some(rest)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_trailing_semicolon_does_not_make_two_texts() {
        assert!(is_one_text("PIVOT t ON a USING sum(b) ; \n;"));
        assert!(!is_one_text("SELECT 1; SELECT 2"));
    }

    #[test]
    fn a_keyword_is_stripped_only_as_a_whole_word() {
        assert_eq!(strip_keyword("  ExPlAiN SELECT 1", "explain"), Some(" SELECT 1"));
        assert_eq!(strip_keyword("explaining SELECT 1", "explain"), None);
        assert_eq!(strip_keyword("é", "explain"), None);
    }
}
