//! What an error text of DuckDB means for us.

use crate::ErrorClass;

/// Beginnings and parts of messages, and their classes; the first that fits counts. The texts are DuckDB's own (1.5); MotherDuck
/// passes them on.
const TEXTS: [(&str, ErrorClass); 12] = [
    // A violated PRIMARY KEY, at the statement or at its commit.
    ("violates primary key constraint", ErrorClass::Conflict),
    ("violates unique constraint", ErrorClass::Conflict),
    ("PRIMARY KEY or UNIQUE constraint violat", ErrorClass::Conflict),
    // Two transactions changed the same rows or the same entry of the catalog.
    ("Conflict on", ErrorClass::Conflict),
    ("write-write conflict", ErrorClass::Conflict),
    ("Transaction conflict", ErrorClass::Conflict),
    ("Out of Memory Error", ErrorClass::OverLimit),
    // The time limit: the statement may have been done when the interrupt came. MotherDuck's own words for it are not known.
    ("timed out", ErrorClass::TimeLimit),
    ("INTERRUPT Error", ErrorClass::TimeLimit),
    ("FATAL Error", ErrorClass::Ambiguous),
    // An object that can't be read just now.
    ("HTTP Error", ErrorClass::Transient),
    ("Connection Error", ErrorClass::Transient),
];

/// The class of an error that the warehouse itself reports.
pub(crate) fn sql_error(message: &str) -> ErrorClass {
    TEXTS.iter().find(|(text, _)| message.contains(text)).map_or(ErrorClass::Permanent, |(_, class)| *class)
}

/// The class of an error that came over the Postgres protocol. DuckDB's own words say more than the SQLSTATE, which is the gateway's
/// choice.
pub(crate) fn server_error(code: &str, message: &str) -> ErrorClass {
    match sql_error(message) {
        ErrorClass::Permanent => sqlstate(code),
        class => class,
    }
}

/// By [SQLSTATE](https://www.postgresql.org/docs/current/errcodes-appendix.html).
fn sqlstate(code: &str) -> ErrorClass {
    match code {
        "57014" => ErrorClass::TimeLimit,
        // Too many connections, or starting: refused before anything ran.
        "53300" | "57P03" => ErrorClass::Transient,
        "23505" => ErrorClass::Conflict,
        _ => match code.get(..2) {
            Some("28") => ErrorClass::Auth,
            // Rolled back, because of another transaction.
            Some("40") => ErrorClass::Conflict,
            // Memory, disk, and the like; or a statement that is too complex.
            Some("53" | "54") => ErrorClass::OverLimit,
            // The connection, an operator, the system, the server itself: it may have happened after the statement was done.
            Some("08" | "57" | "58" | "XX") => ErrorClass::Ambiguous,
            _ => ErrorClass::Permanent,
        },
    }
}

/// The class of an HTTP status that isn't a success.
pub(crate) fn http_status(status: u16) -> ErrorClass {
    match status {
        401 | 403 => ErrorClass::Auth,
        413 => ErrorClass::OverLimit,
        // Too early, too many: refused before anything ran.
        408 | 425 | 429 => ErrorClass::Transient,
        400..=499 => ErrorClass::Permanent,
        _ => ErrorClass::Ambiguous,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_words_of_an_error_count_before_its_sqlstate() {
        let duplicate = "Constraint Error: Duplicate key \"commit_seq: 6\" violates primary key constraint.";
        assert_eq!(server_error("XX000", duplicate), ErrorClass::Conflict);
        assert_eq!(server_error("XX000", "INTERRUPT Error: Interrupted!"), ErrorClass::TimeLimit);
        assert_eq!(server_error("58000", "HTTP Error: 503"), ErrorClass::Transient);
        for (code, class) in [
            ("42601", ErrorClass::Permanent),
            ("22P02", ErrorClass::Permanent),
            ("0A000", ErrorClass::Permanent),
            ("28P01", ErrorClass::Auth),
            ("23505", ErrorClass::Conflict),
            ("23502", ErrorClass::Permanent),
            ("40001", ErrorClass::Conflict),
            ("53300", ErrorClass::Transient),
            ("57P03", ErrorClass::Transient),
            ("53200", ErrorClass::OverLimit),
            ("57014", ErrorClass::TimeLimit),
            ("57P01", ErrorClass::Ambiguous),
            ("08006", ErrorClass::Ambiguous),
            ("XX000", ErrorClass::Ambiguous),
            ("", ErrorClass::Permanent),
        ] {
            assert_eq!(server_error(code, "words"), class, "{code}");
        }
    }
}
