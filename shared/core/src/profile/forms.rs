//! Values whose text a cast to some type and back gives again: what may be read as that type without losing anything.

use alloc::vec::Vec;
use core::array;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// Significant digits that every decimal keeps on its way through a double (`DBL_DIG` of C).
const DOUBLE_DIGITS: usize = 15;

/// Longest text that is looked at, in bytes: `2026-11-24 12:30:00.123456` has 26.
const MAX_BYTES: usize = 26;

/// Counts of values by form. A value of several forms counts in each. Counts of several loads add up.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Forms {
    /// Whole numbers of 64 bits, without plus or leading zeros.
    #[serde(skip_serializing_if = "is_zero")]
    pub integers: u64,
    /// Numbers of at most 15 digits, without plus, leading zeros or exponent, by their decimal places.
    #[serde(skip_serializing_if = "Places::is_empty")]
    pub decimals: Places,
    /// Of these, the ones with decimal places of which the last is 0.
    #[serde(skip_serializing_if = "is_zero")]
    pub padded: u64,
    /// Of these, the ones that end with `.0`, as programs write whole numbers of type DOUBLE.
    #[serde(skip_serializing_if = "is_zero")]
    pub whole: u64,
    /// `true` and `false` in any case.
    #[serde(skip_serializing_if = "is_zero")]
    pub booleans: u64,
    /// Dates of ISO 8601, `2026-11-24`.
    #[serde(skip_serializing_if = "is_zero")]
    pub dates: u64,
    /// Dates with a time of day, `2026-11-24 12:30:00` or with a `T`, with up to six decimal places and without a zone.
    #[serde(skip_serializing_if = "is_zero")]
    pub timestamps: u64,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde calls it so")]
const fn is_zero(count: &u64) -> bool {
    *count == 0
}

impl Forms {
    #[must_use]
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }

    /// The type that loses nothing of `values` values, as DuckDB spells it. `None`: only text does.
    #[must_use]
    pub fn data_type(&self, values: u64) -> Option<&'static str> {
        if values == 0 {
            return None;
        }
        if self.integers == values {
            return Some("BIGINT");
        }
        // `1.10` and `1.1` may be two versions: so padding is taken for padding only where all have the same places, or are written as
        // programs write doubles.
        let is_unambiguous = self.padded == 0
            || self.decimals.used() == 1
            || (self.padded == self.whole && self.decimals.with_places(0) == 0);
        if self.decimals.sum() == values && is_unambiguous {
            return Some("DOUBLE");
        }
        [(self.booleans, "BOOLEAN"), (self.dates, "DATE"), (self.timestamps, "TIMESTAMP")]
            .into_iter()
            .find(|(count, _)| *count == values)
            .map(|(_, data_type)| data_type)
    }

    pub(super) fn merge(&mut self, other: &Self) {
        self.change(other, u64::saturating_add);
    }

    pub(super) fn subtract(&mut self, other: &Self) {
        self.change(other, u64::saturating_sub);
    }

    fn change(&mut self, other: &Self, change: fn(u64, u64) -> u64) {
        self.integers = change(self.integers, other.integers);
        for (count, other) in self.decimals.0.iter_mut().zip(other.decimals.0) {
            *count = change(*count, other);
        }
        self.padded = change(self.padded, other.padded);
        self.whole = change(self.whole, other.whole);
        self.booleans = change(self.booleans, other.booleans);
        self.dates = change(self.dates, other.dates);
        self.timestamps = change(self.timestamps, other.timestamps);
    }

    /// Counts a text without blanks around it.
    pub(super) fn observe(&mut self, text: &str) {
        if text.len() > MAX_BYTES {
            return;
        }
        if text.eq_ignore_ascii_case("true") || text.eq_ignore_ascii_case("false") {
            self.booleans += 1;
        } else if is_number(text) {
            self.observe_number(text);
        } else if let Some((date, rest)) = text.split_at_checked("2026-11-24".len())
            && is_date(date)
        {
            self.dates += u64::from(rest.is_empty());
            self.timestamps += u64::from(rest.strip_prefix([' ', 'T']).is_some_and(is_time));
        }
    }

    /// Counts a value of a column of doubles: it's no integer, as its text in the warehouse is `7.0`.
    pub(super) fn observe_double(&mut self, text: &str) {
        if is_number(text) {
            self.observe_decimal(text);
        }
    }

    fn observe_number(&mut self, text: &str) {
        self.integers += u64::from(text.parse::<i64>().is_ok() && text != "-0");
        self.observe_decimal(text);
    }

    fn observe_decimal(&mut self, text: &str) {
        let (whole, fraction) = text.split_once('.').unwrap_or((text, ""));
        let digits = whole.trim_start_matches('-').trim_start_matches('0').len() + fraction.len();
        if digits <= DOUBLE_DIGITS {
            self.decimals.add(fraction.len());
            self.padded += u64::from(fraction.ends_with('0'));
            self.whole += u64::from(fraction == "0");
        }
    }
}

/// Whether it's digits, with a minus or decimal places if need be, and without leading zeros.
fn is_number(text: &str) -> bool {
    let unsigned = text.strip_prefix('-').unwrap_or(text);
    let (whole, has_fraction) = match unsigned.split_once('.') {
        Some((whole, fraction)) => (whole, is_digits(fraction)),
        None => (unsigned, true),
    };
    has_fraction && is_digits(whole) && (whole == "0" || !whole.starts_with('0'))
}

fn is_digits(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit())
}

/// A day of the Gregorian calendar, `YYYY-MM-DD`, from the year 1 on: DuckDB spells the years before otherwise.
fn is_date(text: &str) -> bool {
    let mut parts = text.split('-');
    let mut part = |digits: usize| parts.next().filter(|p| p.len() == digits && is_digits(p))?.parse::<u32>().ok();
    let (Some(year), Some(month), Some(day)) = (part(4), part(2), part(2)) else { return false };
    let days = match month {
        4 | 6 | 9 | 11 => 30,
        2 if year.is_multiple_of(4) && (!year.is_multiple_of(100) || year.is_multiple_of(400)) => 29,
        2 => 28,
        1..=12 => 31,
        _ => return false,
    };
    year > 0 && (1..=days).contains(&day)
}

/// `HH:MM:SS` or `HH:MM:SS.ffffff`.
fn is_time(text: &str) -> bool {
    let (seconds, fraction) = text.split_once('.').unwrap_or((text, "0"));
    let mut parts = seconds.split(':');
    let mut is_below = |limit: u32| {
        parts.next().is_some_and(|p| p.len() == 2 && is_digits(p) && p.parse::<u32>().is_ok_and(|n| n < limit))
    };
    let is_of_day = is_below(24) && is_below(60) && is_below(60);
    is_of_day && parts.next().is_none() && is_digits(fraction) && fraction.len() <= 6
}

/// Counts by number of decimal places, from 0 to 15. As JSON: a list, as long as need be.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Places([u64; DOUBLE_DIGITS + 1]);

impl Places {
    fn is_empty(&self) -> bool {
        self.used() == 0
    }

    fn add(&mut self, places: usize) {
        if let Some(count) = self.0.get_mut(places) {
            *count += 1;
        }
    }

    fn with_places(&self, places: usize) -> u64 {
        self.0.get(places).copied().unwrap_or(0)
    }

    fn used(&self) -> usize {
        self.0.iter().filter(|count| **count > 0).count()
    }

    fn sum(&self) -> u64 {
        self.0.iter().sum()
    }
}

impl Serialize for Places {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let length = self.0.iter().rposition(|count| *count > 0).map_or(0, |last| last + 1);
        serializer.collect_seq(self.0.iter().take(length))
    }
}

impl<'de> Deserialize<'de> for Places {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let mut counts = Vec::<u64>::deserialize(deserializer)?.into_iter();
        Ok(Self(array::from_fn(|_| counts.next().unwrap_or(0))))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn data_type(texts: &[&str]) -> Option<&'static str> {
        let mut forms = Forms::default();
        for text in texts {
            forms.observe(text);
        }
        forms.data_type(texts.len() as u64)
    }

    #[test]
    fn an_integer_is_one_that_is_written_as_bigint_writes_it() {
        assert_eq!(data_type(&["7", "-12", "0", "9223372036854775807", "-9223372036854775808"]), Some("BIGINT"));
        for text in ["007", "+5", "1e5", "-0", "9223372036854775808", "7 ", "1_000", "٣", "0x10", ""] {
            assert_ne!(data_type(&["7", text]), Some("BIGINT"), "{text}");
        }
        assert_eq!(data_type(&["9074729", "09074729"]), None);
        assert_eq!(data_type(&["+4712345678"]), None, "a telephone number");
        assert_eq!(data_type(&["1E5", "2E5"]), None, "call signs");
    }

    #[test]
    fn a_decimal_has_no_more_digits_than_a_double_keeps() {
        assert_eq!(data_type(&["12", "12.5", "-0.001"]), Some("DOUBLE"));
        assert_eq!(data_type(&["0.123456789012345", "123456789012345", "1.5"]), Some("DOUBLE"));
        for text in
            ["0.1234567890123456", "1234567890123456.5", "1234567890123456789012", ".5", "5.", "01.5", "1e3", "NaN"]
        {
            assert_eq!(data_type(&["1.5", text]), None, "{text}");
        }
    }

    #[test]
    fn padding_is_no_number_unless_it_is_everywhere() {
        assert_eq!(data_type(&["1.1", "1.10", "1.9"]), None, "versions");
        assert_eq!(data_type(&["12.50", "7.00", "1.25"]), Some("DOUBLE"), "prices");
        assert_eq!(data_type(&["12.0", "7.25"]), Some("DOUBLE"), "doubles");
        assert_eq!(data_type(&["1.0", "1", "1.5"]), None);
    }

    #[test]
    fn dates_times_and_truth_are_those_that_nobody_reads_otherwise() {
        assert_eq!(data_type(&["2026-11-24", "2024-02-29", "0001-01-01"]), Some("DATE"));
        for text in ["2026-02-29", "24.11.2026", "11/24/2026", "2026-11-24Z", "0000-01-01", "2026-1-1", "20261124"] {
            assert_ne!(data_type(&[text, "2026-11-24"]), Some("DATE"), "{text}");
        }
        assert_eq!(data_type(&["2026-11-24T12:30:00", "2026-11-24 12:30:00.5"]), Some("TIMESTAMP"));
        for text in ["2026-11-24 12:30:00Z", "2026-11-24 24:00:00", "2026-11-24 12:30", "2026-11-24 12:30:00.1234567"] {
            assert_eq!(data_type(&[text, "2026-11-24 12:30:00"]), None, "{text}");
        }
        assert_eq!(data_type(&["2026-11-24", "2026-11-24 00:00:00"]), None, "a day is no midnight");
        assert_eq!(data_type(&["true", "False"]), Some("BOOLEAN"));
        assert_eq!(data_type(&["yes", "no"]), None);
        assert_eq!(data_type(&[]), None);
    }

    #[test]
    fn counts_survive_being_written_and_read_and_can_be_taken_off() {
        let mut forms = Forms::default();
        for text in ["1", "2.25", "true", "2026-11-24", "2026-11-24 00:00:00"] {
            forms.observe(text);
        }
        let text = serde_json::to_string(&forms).unwrap();
        assert_eq!(text, r#"{"integers":1,"decimals":[1,0,1],"booleans":1,"dates":1,"timestamps":1}"#);
        assert_eq!(serde_json::from_str::<Forms>(&text).unwrap(), forms);
        let mut twice = forms;
        twice.merge(&forms);
        twice.subtract(&forms);
        assert_eq!(twice, forms);
    }
}
