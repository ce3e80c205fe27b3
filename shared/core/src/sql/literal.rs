//! Values as SQL text. MotherDuck's HTTP tools take no bind parameters, so every value goes through here.

use alloc::{
    format,
    string::{String, ToString},
    vec::Vec,
};
use core::fmt::{self, Write};

use uuid::Uuid;

use crate::civil;

/// A value that is written into SQL text. What DuckDB reads back is the same value, bit for bit (NaN payloads aside).
#[derive(Debug, Clone, PartialEq)]
pub enum Literal<'a> {
    Null,
    Boolean(bool),
    Integer(i64),
    HugeInt(i128),
    Double(f64),
    /// `unscaled / 10^scale`, with `scale` at most 38 and at most 38 digits.
    Decimal {
        unscaled: i128,
        scale: u8,
    },
    Text(&'a str),
    Json(&'a str),
    Blob(&'a [u8]),
    Uuid(Uuid),
    /// Days since 1970-01-01. `i32::MAX` and `-i32::MAX` are DuckDB's infinities.
    Date(i32),
    /// Microseconds since midnight, 0 to 86,400,000,000.
    Time(i64),
    /// Microseconds since 1970-01-01 00:00. `i64::MAX` and `-i64::MAX` are DuckDB's infinities.
    Timestamp(i64),
    /// An instant: microseconds since 1970-01-01 00:00 UTC.
    Instant(i64),
    Interval {
        months: i32,
        days: i32,
        micros: i64,
    },
    List(Vec<Literal<'a>>),
    Struct(Vec<(&'a str, Literal<'a>)>),
}

/// `Some` becomes the literal that `f` makes, `None` becomes NULL.
impl Literal<'_> {
    #[must_use]
    pub fn optional<T>(value: Option<T>, f: impl FnOnce(T) -> Self) -> Self {
        value.map_or(Self::Null, f)
    }
}

impl fmt::Display for Literal<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match *self {
            Self::Null => f.write_str("NULL"),
            Self::Boolean(value) => write!(f, "{value}"),
            // A bare minus after another one would begin a comment.
            Self::Integer(value) if value < 0 => write!(f, "({value})"),
            Self::Integer(value) => write!(f, "{value}"),
            Self::HugeInt(value) => write!(f, "'{value}'::HUGEINT"),
            // With an exponent the number is read as DOUBLE; without one as DECIMAL, which rounds differently.
            Self::Double(value) if value.is_finite() => write!(f, "({value:e})"),
            Self::Double(value) if value.is_nan() => f.write_str("'NaN'::DOUBLE"),
            Self::Double(value) => write!(f, "'{}Infinity'::DOUBLE", if value < 0.0 { "-" } else { "" }),
            Self::Decimal { unscaled, scale } => {
                write!(f, "'{}'::DECIMAL(38,{scale})", decimal(unscaled, i32::from(scale)))
            }
            Self::Text(value) => f.write_str(&text(value)),
            Self::Json(value) => write!(f, "{}::JSON", text(value)),
            Self::Blob(value) => {
                f.write_str("unhex('")?;
                for byte in value {
                    write!(f, "{byte:02X}")?;
                }
                f.write_str("')")
            }
            Self::Uuid(value) => write!(f, "'{value}'::UUID"),
            Self::Date(i32::MAX) => f.write_str("'infinity'::DATE"),
            Self::Date(days) if days == -i32::MAX => f.write_str("'-infinity'::DATE"),
            Self::Date(days) => write!(f, "(DATE '1970-01-01' + ({days}))"),
            Self::Time(micros) => write!(f, "'{}'::TIME", spelled(civil::push_time, micros)),
            Self::Timestamp(micros) => write!(f, "'{}'::TIMESTAMP", spelled(civil::push_timestamp, micros)),
            Self::Instant(micros) => write!(f, "'{}'::TIMESTAMPTZ", spelled(civil::push_instant, micros)),
            Self::Interval { months, days, micros } => {
                write!(f, "(to_months({months}) + to_days({days}) + to_microseconds({micros}))")
            }
            Self::List(ref items) => {
                f.write_str("[")?;
                for (i, item) in items.iter().enumerate() {
                    let comma = if i > 0 { ", " } else { "" };
                    write!(f, "{comma}{item}")?;
                }
                f.write_str("]")
            }
            Self::Struct(ref fields) => {
                f.write_str("{")?;
                for (i, (name, value)) in fields.iter().enumerate() {
                    let comma = if i > 0 { ", " } else { "" };
                    write!(f, "{comma}{}: {value}", text(name))?;
                }
                f.write_str("}")
            }
        }
    }
}

/// Text as an SQL expression. DuckDB's parser ends at a NUL, so NULs are put in by `chr(0)`.
#[must_use]
pub fn text(value: &str) -> String {
    let mut out = String::with_capacity(value.len() + 2);
    if !value.contains('\0') {
        quote(value, &mut out);
        return out;
    }
    out.push('(');
    for (i, part) in value.split('\0').enumerate() {
        if i > 0 {
            out.push_str(" || chr(0) || ");
        }
        quote(part, &mut out);
    }
    out.push(')');
    out
}

/// `value` holds no NUL.
fn quote(value: &str, out: &mut String) {
    out.push('\'');
    for (i, part) in value.split('\'').enumerate() {
        if i > 0 {
            out.push_str("''");
        }
        out.push_str(part);
    }
    out.push('\'');
}

/// The digits of `unscaled / 10^scale`, exact. A negative `scale` multiplies.
#[must_use]
pub fn decimal(unscaled: i128, scale: i32) -> String {
    decimal_digits(&unscaled.unsigned_abs().to_string(), unscaled < 0, scale)
}

fn spelled(push: fn(i64, &mut String), micros: i64) -> String {
    let mut text = String::new();
    push(micros, &mut text);
    text
}

/// As [`decimal`], from the digits of a number of any size.
#[must_use]
pub fn decimal_digits(digits: &str, negative: bool, scale: i32) -> String {
    let mut out = String::with_capacity(digits.len() + 3);
    if negative {
        out.push('-');
    }
    let Ok(places) = usize::try_from(scale) else {
        out.push_str(digits);
        // Zeros in front of nothing are no number.
        if digits != "0" {
            out.extend(core::iter::repeat_n('0', scale.unsigned_abs() as usize));
        }
        return out;
    };
    if places == 0 {
        out.push_str(digits);
        return out;
    }
    let padded =
        if digits.len() <= places { format!("{digits:0>width$}", width = places + 1) } else { digits.to_string() };
    let (whole, fraction) = padded.split_at(padded.len() - places);
    let _ = write!(out, "{whole}.{fraction}");
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::vec;

    #[test]
    fn text_is_quoted_and_a_nul_is_put_in_by_a_function() {
        assert_eq!(text("it's"), "'it''s'");
        assert_eq!(text("a\0'\0"), "('a' || chr(0) || '''' || chr(0) || '')");
    }

    #[test]
    fn a_decimal_keeps_every_digit() {
        assert_eq!(decimal(-5, 3), "-0.005");
        assert_eq!(decimal(12345, 2), "123.45");
        assert_eq!(decimal(7, 0), "7");
        assert_eq!(decimal(7, -2), "700");
        assert_eq!(decimal(0, -2), "0");
        assert_eq!(decimal(i128::MIN, 38), "-1.70141183460469231731687303715884105728");
    }

    #[test]
    fn a_negative_number_never_begins_a_comment() {
        assert_eq!(format!("1-{}", Literal::Integer(-1)), "1-(-1)");
        assert_eq!(format!("1-{}", Literal::Double(-0.5)), "1-(-5e-1)");
    }

    #[test]
    fn nested_values_are_literals_too() {
        let value = Literal::Struct(vec![("a'b", Literal::List(vec![Literal::Null, Literal::Boolean(true)]))]);
        assert_eq!(value.to_string(), "{'a''b': [NULL, true]}");
    }
}
