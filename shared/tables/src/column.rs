//! What the texts of one column have in common, and the names of columns.

use std::collections::HashSet;

use serde::{Serialize, Serializer};

/// What all texts of a column can be read as without losing anything: printed again, each is the text that it was.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum ColumnType {
    /// No cell holds anything.
    #[default]
    Empty,
    /// `true` and `false`, in capitals or not.
    Boolean,
    /// A 64-bit integer without sign `+`, leading zeros or separators.
    Integer,
    /// A decimal number with a point, of up to 15 digits, without leading zeros or exponent.
    Decimal,
    /// `YYYY-MM-DD`.
    Date,
    /// `YYYY-MM-DD HH:MM:SS`, with `T` or a blank, and fractions of a second perhaps.
    Timestamp,
    /// Anything else. Dates such as `03/04/2024` too, whose order isn't written anywhere.
    Text,
}

impl ColumnType {
    /// The type's name, as it stands in a preview.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Empty => "empty",
            Self::Boolean => "boolean",
            Self::Integer => "integer",
            Self::Decimal => "decimal",
            Self::Date => "date",
            Self::Timestamp => "timestamp",
            Self::Text => "text",
        }
    }

    /// What one text can be read as.
    #[must_use]
    pub fn of(text: &str) -> Self {
        let bytes = text.as_bytes();
        match bytes.first() {
            None => Self::Empty,
            Some(b'0'..=b'9' | b'-') => number_type(text).unwrap_or_else(|| date_or_timestamp(text)),
            Some(b't' | b'T' | b'f' | b'F')
                if matches!(text, "true" | "false" | "TRUE" | "FALSE" | "True" | "False") =>
            {
                Self::Boolean
            }
            Some(_) => Self::Text,
        }
    }

    /// What two texts, or two columns, can both be read as.
    #[must_use]
    pub fn and(self, other: Self) -> Self {
        match (self, other) {
            (same, other) if same == other => same,
            (Self::Empty, known) | (known, Self::Empty) => known,
            (Self::Integer | Self::Decimal, Self::Integer | Self::Decimal) => Self::Decimal,
            _ => Self::Text,
        }
    }
}

impl Serialize for ColumnType {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.name())
    }
}

fn digits(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit())
}

/// Digits that fit 64 bits whatever they are.
const INTEGER_DIGITS: usize = 18;

/// Digits that a double keeps whatever they are.
const DECIMAL_DIGITS: usize = 15;

/// Whether a text is an integer or a decimal number, written as a program prints it. Each byte is looked at once: this runs for every cell
/// of an upload.
fn number_type(text: &str) -> Option<ColumnType> {
    let unsigned = text.strip_prefix('-').unwrap_or(text).as_bytes();
    let count = |bytes: &[u8]| bytes.iter().take_while(|byte| byte.is_ascii_digit()).count();
    let whole = count(unsigned);
    // `0`, or digits that don't begin with 0.
    if whole == 0 || (whole > 1 && unsigned.first() == Some(&b'0')) {
        return None;
    }
    match unsigned.get(whole..)? {
        [] if text == "-0" => None,
        [] => (whole <= INTEGER_DIGITS || text.parse::<i64>().is_ok()).then_some(ColumnType::Integer),
        [b'.', fraction @ ..] => {
            let is_plain = !fraction.is_empty() && count(fraction) == fraction.len();
            (is_plain && whole + fraction.len() <= DECIMAL_DIGITS).then_some(ColumnType::Decimal)
        }
        _ => None,
    }
}

fn date_or_timestamp(text: &str) -> ColumnType {
    let Some((date, time)) = text.split_at_checked(DATE_LENGTH) else { return ColumnType::Text };
    match time.strip_prefix(['T', ' ']) {
        None if time.is_empty() && is_date(date) => ColumnType::Date,
        Some(time) if is_date(date) && is_time(time) => ColumnType::Timestamp,
        _ => ColumnType::Text,
    }
}

/// `YYYY-MM-DD`.
const DATE_LENGTH: usize = 10;

fn is_date(text: &str) -> bool {
    let (Some(year), Some(month), Some(day)) = (text.get(..4), text.get(5..7), text.get(8..10)) else {
        return false;
    };
    let month = number(month, 2);
    let days = match month {
        Some(2) if leap(year) => 29,
        Some(2) => 28,
        Some(4 | 6 | 9 | 11) => 30,
        _ => 31,
    };
    let separators = (text.as_bytes().get(4), text.as_bytes().get(7));
    separators == (Some(&b'-'), Some(&b'-'))
        && text.len() == DATE_LENGTH
        && digits(year)
        && month.is_some_and(|month| (1..=12).contains(&month))
        && number(day, 2).is_some_and(|day| (1..=days).contains(&day))
}

fn leap(year: &str) -> bool {
    year.parse::<u32>().is_ok_and(|year| year % 4 == 0 && (year % 100 != 0 || year % 400 == 0))
}

fn is_time(text: &str) -> bool {
    let (seconds, fraction) = text.split_once('.').map_or((text, None), |(whole, fraction)| (whole, Some(fraction)));
    let mut parts = seconds.split(':');
    let hours = parts.next().and_then(|part| number(part, 2)).is_some_and(|hour| hour < 24);
    let minutes = parts.next().and_then(|part| number(part, 2)).is_some_and(|minute| minute < 60);
    let seconds = parts.next().is_none_or(|part| number(part, 2).is_some_and(|second| second < 60));
    hours && minutes && seconds && parts.next().is_none() && fraction.is_none_or(|part| digits(part) && part.len() <= 6)
}

fn number(text: &str, length: usize) -> Option<u32> {
    (text.len() == length && digits(text)).then(|| text.parse().ok()).flatten()
}

/// One name for each of `columns` columns: the header's cells without blanks at both ends; `column_3` where there is none; a number
/// behind a name that was there before, in any case of letters.
#[must_use]
pub fn column_names(header: &[String], columns: usize) -> Vec<String> {
    let mut names = Vec::with_capacity(columns);
    let mut taken = HashSet::new();
    let given: HashSet<String> = header.iter().map(|cell| cell.trim().to_lowercase()).collect();
    for column in 0..columns {
        let cell = header.get(column).map_or("", |cell| cell.trim());
        let base = if cell.is_empty() { format!("column_{}", column + 1) } else { cell.to_owned() };
        let mut name = base.clone();
        let mut number = 1;
        // A made name must not take one that the header itself gives to another column.
        while taken.contains(&name.to_lowercase()) || (name != cell && given.contains(&name.to_lowercase())) {
            number += 1;
            name = format!("{base}_{number}");
        }
        taken.insert(name.to_lowercase());
        names.push(name);
    }
    names
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_text_is_read_as_a_value_only_if_nothing_is_lost() {
        for (text, expected) in [
            ("", ColumnType::Empty),
            ("12", ColumnType::Integer),
            ("-12", ColumnType::Integer),
            ("0", ColumnType::Integer),
            ("-0", ColumnType::Text),
            ("007", ColumnType::Text),
            ("+1", ColumnType::Text),
            ("1e5", ColumnType::Text),
            ("9223372036854775808", ColumnType::Text),
            ("1.50", ColumnType::Decimal),
            ("01.5", ColumnType::Text),
            (".5", ColumnType::Text),
            ("1,5", ColumnType::Text),
            ("1.2345678901234567", ColumnType::Text),
            ("true", ColumnType::Boolean),
            ("yes", ColumnType::Text),
            ("2024-02-29", ColumnType::Date),
            ("2023-02-29", ColumnType::Text),
            ("03/04/2024", ColumnType::Text),
            ("2024-02-29 12:30", ColumnType::Timestamp),
            ("2024-02-29T12:30:59.123", ColumnType::Timestamp),
            ("2024-02-29T25:30:59", ColumnType::Text),
            (" 12", ColumnType::Text),
            ("1é", ColumnType::Text),
        ] {
            assert_eq!(ColumnType::of(text), expected, "{text:?}");
        }
    }

    #[test]
    fn columns_have_names_of_their_own() {
        let header = ["id", "", "ID", "id_2", "column_2"].map(String::from);
        assert_eq!(column_names(&header, 7), ["id", "column_2_2", "ID_3", "id_2", "column_2", "column_6", "column_7"]);
    }

    proptest! {
        #[test]
        fn names_never_repeat(header in prop::collection::vec("[aA_2 ]{0,4}|column_[1-4]", 0..12), more in 0_usize..4) {
            let names = column_names(&header, header.len() + more);
            let distinct: HashSet<_> = names.iter().map(|name| name.to_lowercase()).collect();
            prop_assert_eq!(distinct.len(), names.len());
        }
    }
}
