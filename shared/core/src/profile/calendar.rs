//! Dates and times, as programs and people write them.

use super::number::take_digits;

/// A day, or a moment.
#[derive(Debug, PartialEq)]
pub(super) enum Calendar {
    Date,
    Timestamp,
}

impl Calendar {
    /// Reads a date, with or without a time of day and a zone after it: `2026-11-24`, `24.11.2026`, `11/24/26`, `24-Nov-26`,
    /// `24 November 2026`, `Nov 24, 2026`.
    pub(super) fn read(bytes: &[u8]) -> Option<Self> {
        let rest = take_numeric(bytes).or_else(|| take_named(bytes)).or_else(|| take_month_first(bytes))?;
        match rest.split_first() {
            None => Some(Self::Date),
            Some((b'T' | b't' | b' ', time)) => is_time(time).then_some(Self::Timestamp),
            Some(_) => None,
        }
    }
}

/// Three numbers, the year first or last. A year of two digits comes last.
fn take_numeric(bytes: &[u8]) -> Option<&[u8]> {
    let (a, a_digits, rest) = take_field(bytes)?;
    let (&separator @ (b'-' | b'/' | b'.'), rest) = rest.split_first()? else { return None };
    let (b, b_digits, rest) = take_field(rest)?;
    let (c, c_digits, rest) = take_field(rest.strip_prefix(&[separator])?)?;
    let is_month = |n: u64| (1..=12).contains(&n);
    let is_date = b_digits <= 2
        && match (a_digits, c_digits) {
            (4, 1..=2) => is_month(b) && is_day(c),
            (1..=2, 2 | 4) => (is_month(a) && is_day(b)) || (is_day(a) && is_month(b)),
            _ => false,
        };
    is_date.then_some(rest)
}

/// `24-Nov-2026`, `24 November 26`, `24NOV2026`, `2026-Nov-24`.
fn take_named(bytes: &[u8]) -> Option<&[u8]> {
    let (a, a_digits, rest) = take_field(bytes)?;
    let rest = take_month(skip_separator(rest))?;
    let (b, b_digits, rest) = take_field(skip_separator(rest))?;
    let is_date = match (a_digits, b_digits) {
        (1..=2, 2 | 4) => is_day(a),
        (4, 1..=2) => is_day(b),
        _ => false,
    };
    is_date.then_some(rest)
}

/// `Nov 24, 2026`.
fn take_month_first(bytes: &[u8]) -> Option<&[u8]> {
    let (day, 1..=2, rest) = take_field(take_month(bytes)?.strip_prefix(b" ")?)? else { return None };
    let (_, 4, rest) = take_field(rest.strip_prefix(b",").unwrap_or(rest).strip_prefix(b" ")?)? else { return None };
    is_day(day).then_some(rest)
}

fn is_day(n: u64) -> bool {
    (1..=31).contains(&n)
}

/// The months in English. They are cut after three letters, or after four (`Sept`).
const MONTHS: [&[u8]; 12] = [
    b"january",
    b"february",
    b"march",
    b"april",
    b"may",
    b"june",
    b"july",
    b"august",
    b"september",
    b"october",
    b"november",
    b"december",
];

fn take_month(bytes: &[u8]) -> Option<&[u8]> {
    let length = bytes.iter().take_while(|byte| byte.is_ascii_alphabetic()).count();
    let (word, rest) = bytes.split_at_checked(length)?;
    let is_word = |month: &&[u8]| {
        let begins = month.get(..length).is_some_and(|start| start.eq_ignore_ascii_case(word));
        begins && (length == month.len() || matches!(length, 3 | 4))
    };
    MONTHS.iter().any(is_word).then(|| rest.strip_prefix(b".").unwrap_or(rest))
}

fn skip_separator(bytes: &[u8]) -> &[u8] {
    match bytes.split_first() {
        Some((b'-' | b' ' | b'/' | b'.', rest)) => rest,
        _ => bytes,
    }
}

fn take_field(bytes: &[u8]) -> Option<(u64, usize, &[u8])> {
    let ((_, value), count, rest) = take_digits(bytes);
    (count > 0).then_some((value?, count, rest))
}

/// `h:mm`, `hh:mm:ss`, `hh:mm:ss.fff`, and a zone or AM and PM after it.
fn is_time(bytes: &[u8]) -> bool {
    let Some((hour, 1..=2, rest)) = take_field(bytes) else { return false };
    let Some((minute, 2, rest)) = rest.strip_prefix(b":").and_then(take_field) else { return false };
    let rest = match rest.strip_prefix(b":").map(take_field) {
        Some(Some((0..=60, 2, rest))) => rest,
        Some(_) => return false,
        None => rest,
    };
    let rest = rest.strip_prefix(b".").map_or(rest, |fraction| take_digits(fraction).2).trim_ascii_start();
    let is_zone = match rest.first() {
        None => true,
        Some(b'+' | b'-') => rest.iter().skip(1).all(|b| b.is_ascii_digit() || *b == b':'),
        Some(_) => rest.len() <= 4 && rest.iter().all(u8::is_ascii_alphabetic),
    };
    hour <= 24 && minute < 60 && is_zone
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dates_are_read_as_people_write_them() {
        for text in [
            "2026-11-24",
            "2026/1/4",
            "24.11.2026",
            "11/24/2026",
            "03/09/18",
            "09-Mar-11",
            "24 November 2026",
            "24-nov-2026",
            "24NOV2026",
            "2026-Nov-24",
            "Nov 24, 2026",
            "Sept. 4 2026",
        ] {
            assert_eq!(Calendar::read(text.as_bytes()), Some(Calendar::Date), "{text}");
        }
        for text in ["24-Nov-2026 09:05", "2026-11-24T11:20:22Z", "11/24/26 9:05 PM"] {
            assert_eq!(Calendar::read(text.as_bytes()), Some(Calendar::Timestamp), "{text}");
        }
    }

    #[test]
    fn other_numbers_and_words_are_no_dates() {
        for text in [
            "2026-13-01",
            "2026-11",
            "1-2-3",
            "31/31/2026",
            "99/99/99",
            "24-Nor-2026",
            "24 Novem 2026",
            "42 May 2026",
            "May",
            "March 2026",
            "Mar 2026",
            "Mary 4, 2026",
            "4 Maya 2026",
            "12 Dec",
            "1.2.345",
            "2026-Nov",
        ] {
            assert_eq!(Calendar::read(text.as_bytes()), None, "{text}");
        }
    }
}
