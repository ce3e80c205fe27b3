//! SQLSTATEs of DuckDB's errors ([codes](https://www.postgresql.org/docs/current/errcodes-appendix.html)).

use crate::{duckdb::INTERRUPTED, outcome::Failure};

pub(super) const INVALID_PASSWORD: &str = "28P01";
pub(super) const UNKNOWN_DATABASE: &str = "3D000";
pub(super) const PROTOCOL_VIOLATION: &str = "08P01";
pub(super) const NOT_SUPPORTED: &str = "0A000";
pub(super) const QUERY_CANCELED: &str = "57014";

/// The SQLSTATE that a client of Postgres would expect for a failure.
pub(super) fn of(failure: &Failure) -> &'static str {
    match failure.error_type.as_str() {
        "ParserException" | "SyntaxException" => "42601",
        "CatalogException" => "42P01",
        "BinderException" => "42000",
        "ConstraintException" if failure.error.contains("NOT NULL") => "23502",
        "ConstraintException" if failure.error.contains("key") || failure.error.contains("unique") => "23505",
        "ConstraintException" => "23000",
        "ConversionException" => "22P02",
        "OutOfRangeException" => "22003",
        "InvalidInputException" | "InvalidTypeException" | "TypeMismatchException" => "22023",
        "TransactionException" => "40001",
        "OutOfMemoryException" => "53200",
        "IOException" => "58030",
        "HTTPException" => "58000",
        "ConnectionException" => "08000",
        "NotImplementedException" => NOT_SUPPORTED,
        "PermissionException" => "42501",
        "DependencyException" => "2BP01",
        INTERRUPTED => QUERY_CANCELED,
        _ => "XX000",
    }
}

/// The SQLSTATE of a fault that stands for an HTTP status.
pub(super) fn of_status(status: u16) -> &'static str {
    match status {
        401 | 403 => "28000",
        // Nothing ran: too many connections.
        408 | 425 | 429 | 503 => "53300",
        // The session is over.
        404 => "57P01",
        _ => "XX000",
    }
}
