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
