//! Dates and times as DuckDB writes and reads them, over its whole range (years 290308 BC to 294247), which is wider than
//! that of the usual date libraries.

use alloc::{format, string::String};

const MICROS_PER_DAY: i64 = 86_400_000_000;

/// Year, month and day of a day number (0 is 1970-01-01) in the proleptic Gregorian calendar; year 0 is 1 BC.
///
/// After Howard Hinnant, [chrono-Compatible Low-Level Date Algorithms](https://howardhinnant.github.io/date_algorithms.html).
fn from_days(days: i64) -> (i64, i64, i64) {
    let z = days + 719_468;
    let era = z.div_euclid(146_097);
    let day_of_era = z.rem_euclid(146_097);
    let year_of_era = (day_of_era - day_of_era / 1460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let shifted_month = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * shifted_month + 2) / 5 + 1;
    let month = if shifted_month < 10 { shifted_month + 3 } else { shifted_month - 9 };
    let year = year_of_era + era * 400 + i64::from(month <= 2);
    (year, month, day)
}

/// `2026-11-24`, `0045-03-15 (BC)`, `infinity`. `days` since 1970-01-01; `i32::MAX` and `-i32::MAX` are the infinities.
#[must_use]
pub fn date(days: i32) -> String {
    match days {
        i32::MAX => "infinity".into(),
        d if d == -i32::MAX => "-infinity".into(),
        d => day(i64::from(d)),
    }
}

fn day(days: i64) -> String {
    let (year, month, day) = from_days(days);
    if year > 0 {
        format!("{year:04}-{month:02}-{day:02}")
    } else {
        format!("{:04}-{month:02}-{day:02} (BC)", 1 - year)
    }
}

/// `.5`, or nothing where the fraction is 0. `value` has `digits` decimal places.
fn fraction(value: i64, digits: usize) -> String {
    if value == 0 {
        return String::new();
    }
    let padded = format!(".{value:0digits$}");
    padded.trim_end_matches('0').into()
}

/// `12:34:56.789`: microseconds since midnight. Zeros at the end of the fraction are left out, as DuckDB does.
#[must_use]
pub fn time(micros: i64) -> String {
    let seconds = micros.div_euclid(1_000_000);
    let (hours, minutes, seconds) = (seconds / 3600, seconds / 60 % 60, seconds % 60);
    format!("{hours:02}:{minutes:02}:{seconds:02}{}", fraction(micros.rem_euclid(1_000_000), 6))
}

/// As [`time`], from nanoseconds.
#[must_use]
pub fn time_nanos(nanos: i64) -> String {
    let seconds = nanos.div_euclid(1_000_000_000);
    format!("{}{}", time(seconds * 1_000_000), fraction(nanos.rem_euclid(1_000_000_000), 9))
}

/// `2026-11-24 12:34:56.789`: microseconds since 1970-01-01 00:00.
#[must_use]
pub fn timestamp(micros: i64) -> String {
    match micros {
        i64::MAX => "infinity".into(),
        m if m == -i64::MAX => "-infinity".into(),
        m => format!("{} {}", day(m.div_euclid(MICROS_PER_DAY)), time(m.rem_euclid(MICROS_PER_DAY))),
    }
}

/// As [`timestamp`], from nanoseconds.
#[must_use]
pub fn timestamp_nanos(nanos: i64) -> String {
    let micros = nanos.div_euclid(1000);
    let seconds = micros.div_euclid(1_000_000);
    let whole = timestamp(seconds * 1_000_000);
    format!("{whole}{}", fraction(nanos.rem_euclid(1_000_000_000), 9))
}

/// An instant with its zone: `2026-11-24 12:34:56.789+00`.
#[must_use]
pub fn instant(micros: i64) -> String {
    let text = timestamp(micros);
    if text.ends_with("infinity") { text } else { format!("{text}+00") }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dates_of_every_era_are_written_as_duckdb_writes_them() {
        assert_eq!(date(0), "1970-01-01");
        assert_eq!(date(20_781), "2026-11-24");
        assert_eq!(date(-719_162), "0001-01-01");
        assert_eq!(date(-719_163), "0001-12-31 (BC)");
        assert_eq!(date(-i32::MAX), "-infinity");
    }

    #[test]
    fn fractions_lose_their_last_zeros() {
        assert_eq!(timestamp(1_500_000), "1970-01-01 00:00:01.5");
        assert_eq!(timestamp(-1), "1969-12-31 23:59:59.999999");
        assert_eq!(timestamp_nanos(-1), "1969-12-31 23:59:59.999999999");
        assert_eq!(instant(i64::MAX), "infinity");
        assert_eq!(time(MICROS_PER_DAY), "24:00:00");
    }
}
