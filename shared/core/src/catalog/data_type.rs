//! Types of columns, as DuckDB spells them, and which holds the values of which.

/// How a type takes part in widening.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Family {
    /// Every value is NULL.
    Nothing,
    Boolean,
    /// Bits, and whether it's signed.
    Integer(u8, bool),
    Decimal,
    Float,
    Date,
    Timestamp,
    Other,
}

fn family(data_type: &str) -> Family {
    match data_type {
        "\"NULL\"" | "NULL" => Family::Nothing,
        "BOOLEAN" => Family::Boolean,
        "TINYINT" => Family::Integer(8, true),
        "SMALLINT" => Family::Integer(16, true),
        "INTEGER" => Family::Integer(32, true),
        "BIGINT" => Family::Integer(64, true),
        "HUGEINT" => Family::Integer(128, true),
        "UTINYINT" => Family::Integer(8, false),
        "USMALLINT" => Family::Integer(16, false),
        "UINTEGER" => Family::Integer(32, false),
        "UBIGINT" => Family::Integer(64, false),
        "FLOAT" | "DOUBLE" => Family::Float,
        "DATE" => Family::Date,
        "TIMESTAMP" => Family::Timestamp,
        decimal if decimal.starts_with("DECIMAL(") => Family::Decimal,
        _ => Family::Other,
    }
}

/// The narrowest type that holds the values of both, as text where nothing else does. It doesn't depend on their order, and the result
/// for several types doesn't depend on how they are grouped.
#[must_use]
pub fn widest<'a>(a: &'a str, b: &'a str) -> &'a str {
    if a == b {
        return a;
    }
    match (family(a), family(b)) {
        (Family::Nothing, _) => b,
        (_, Family::Nothing) => a,
        (Family::Integer(bits_a, signed_a), Family::Integer(bits_b, signed_b)) => {
            // A signed type holds an unsigned one of half its size.
            let bits =
                |bits: u8, signed: bool| if signed || signed_a == signed_b { bits } else { bits.saturating_mul(2) };
            integer(bits(bits_a, signed_a).max(bits(bits_b, signed_b)), signed_a || signed_b)
        }
        (
            Family::Integer(..) | Family::Decimal | Family::Float,
            Family::Integer(..) | Family::Decimal | Family::Float,
        ) => "DOUBLE",
        // Nanoseconds reach from 1677 to 2262 only, and microseconds don't hold them.
        (Family::Date | Family::Timestamp, Family::Date | Family::Timestamp) => "TIMESTAMP",
        _ => "VARCHAR",
    }
}

fn integer(bits: u8, signed: bool) -> &'static str {
    match (bits, signed) {
        (8, true) => "TINYINT",
        (16, true) => "SMALLINT",
        (32, true) => "INTEGER",
        (64, true) => "BIGINT",
        (8, false) => "UTINYINT",
        (16, false) => "USMALLINT",
        (32, false) => "UINTEGER",
        (64, false) => "UBIGINT",
        _ => "HUGEINT",
    }
}

/// Whether every value of `from` is one of `to`.
#[must_use]
pub fn holds(to: &str, from: &str) -> bool {
    widest(to, from) == to
}

#[cfg(test)]
mod tests {
    use super::*;

    const TYPES: [&str; 18] = [
        "\"NULL\"",
        "BOOLEAN",
        "TINYINT",
        "SMALLINT",
        "INTEGER",
        "BIGINT",
        "HUGEINT",
        "UTINYINT",
        "USMALLINT",
        "UINTEGER",
        "UBIGINT",
        "FLOAT",
        "DOUBLE",
        "DECIMAL(18,3)",
        "DATE",
        "TIMESTAMP",
        "TIMESTAMP_NS",
        "VARCHAR",
    ];

    #[test]
    fn a_wider_type_holds_both() {
        assert_eq!(widest("INTEGER", "BIGINT"), "BIGINT");
        assert_eq!(widest("UINTEGER", "INTEGER"), "BIGINT");
        assert_eq!(widest("UBIGINT", "TINYINT"), "HUGEINT");
        assert_eq!(widest("BIGINT", "DECIMAL(18,3)"), "DOUBLE");
        assert_eq!(widest("DATE", "TIMESTAMP"), "TIMESTAMP");
        assert_eq!(widest("TIMESTAMP", "TIMESTAMP_NS"), "VARCHAR");
        assert_eq!(widest("BOOLEAN", "DATE"), "VARCHAR");
        assert_eq!(widest("\"NULL\"", "UUID"), "UUID");
    }

    #[test]
    fn neither_order_nor_grouping_matters() {
        for a in TYPES {
            for b in TYPES {
                assert_eq!(widest(a, b), widest(b, a), "{a} {b}");
                assert!(holds(widest(a, b), a), "{a} {b}");
                for c in TYPES {
                    assert_eq!(widest(widest(a, b), c), widest(a, widest(b, c)), "{a} {b} {c}");
                }
            }
        }
    }
}
