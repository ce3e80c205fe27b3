//! Dates and times as DuckDB writes and reads them, over its whole range (years 290308 BC to 294247), which is wider than
//! that of the usual date libraries.

use alloc::string::String;

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

/// Appends `2026-11-24`, `0045-03-15 (BC)` or `infinity`. `days` since 1970-01-01; `i32::MAX` and `-i32::MAX` are the infinities.
pub fn push_date(days: i32, out: &mut String) {
    match days {
        i32::MAX => out.push_str("infinity"),
        d if d == -i32::MAX => out.push_str("-infinity"),
        d => push_day(i64::from(d), out),
    }
}

fn push_day(days: i64, out: &mut String) {
    let (year, month, day) = from_days(days);
    push_padded(if year > 0 { year } else { 1 - year }, 4, out);
    out.push('-');
    push_padded(month, 2, out);
    out.push('-');
    push_padded(day, 2, out);
    if year <= 0 {
        out.push_str(" (BC)");
    }
}

/// A number of at least `width` digits. Files hold millions of dates: this is several times as fast as `write!`.
fn push_padded(value: i64, width: usize, out: &mut String) {
    let mut buffer = itoa::Buffer::new();
    let digits = buffer.format(value);
    out.extend(core::iter::repeat_n('0', width.saturating_sub(digits.len())));
    out.push_str(digits);
}

/// `.5`, or nothing where the fraction is 0. `value` has `digits` decimal places.
fn push_fraction(value: i64, digits: usize, out: &mut String) {
    if value != 0 {
        out.push('.');
        push_padded(value, digits, out);
        out.truncate(out.trim_end_matches('0').len());
    }
}

/// Appends `12:34:56.789`: microseconds since midnight. Zeros at the end of the fraction are left out, as DuckDB does.
pub fn push_time(micros: i64, out: &mut String) {
    push_seconds(micros.div_euclid(1_000_000), out);
    push_fraction(micros.rem_euclid(1_000_000), 6, out);
}

/// As [`push_time`], from nanoseconds.
pub fn push_time_nanos(nanos: i64, out: &mut String) {
    push_seconds(nanos.div_euclid(1_000_000_000), out);
    push_fraction(nanos.rem_euclid(1_000_000_000), 9, out);
}

fn push_seconds(seconds: i64, out: &mut String) {
    push_padded(seconds / 3600, 2, out);
    out.push(':');
    push_padded(seconds / 60 % 60, 2, out);
    out.push(':');
    push_padded(seconds % 60, 2, out);
}

/// Appends `2026-11-24 12:34:56.789`: microseconds since 1970-01-01 00:00. `i64::MAX` and `-i64::MAX` are the infinities.
pub fn push_timestamp(micros: i64, out: &mut String) {
    match micros {
        i64::MAX => out.push_str("infinity"),
        m if m == -i64::MAX => out.push_str("-infinity"),
        m => {
            push_day(m.div_euclid(MICROS_PER_DAY), out);
            out.push(' ');
            push_time(m.rem_euclid(MICROS_PER_DAY), out);
        }
    }
}

/// As [`push_timestamp`], from nanoseconds, without infinities.
pub fn push_timestamp_nanos(nanos: i64, out: &mut String) {
    push_day(nanos.div_euclid(MICROS_PER_DAY * 1000), out);
    out.push(' ');
    push_time_nanos(nanos.rem_euclid(MICROS_PER_DAY * 1000), out);
}

/// An instant with its zone: `2026-11-24 12:34:56.789+00`.
pub fn push_instant(micros: i64, out: &mut String) {
    push_timestamp(micros, out);
    if micros.unsigned_abs() != i64::MAX.unsigned_abs() {
        out.push_str("+00");
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text<T>(push: impl Fn(T, &mut String), value: T) -> String {
        let mut out = String::new();
        push(value, &mut out);
        out
    }

    #[test]
    fn dates_of_every_era_are_written_as_duckdb_writes_them() {
        assert_eq!(text(push_date, 0), "1970-01-01");
        assert_eq!(text(push_date, 20_781), "2026-11-24");
        assert_eq!(text(push_date, -719_162), "0001-01-01");
        assert_eq!(text(push_date, -719_163), "0001-12-31 (BC)");
        assert_eq!(text(push_date, -i32::MAX), "-infinity");
    }

    #[test]
    fn fractions_lose_their_last_zeros() {
        assert_eq!(text(push_timestamp, 1_500_000), "1970-01-01 00:00:01.5");
        assert_eq!(text(push_timestamp, 10_000_000), "1970-01-01 00:00:10");
        assert_eq!(text(push_timestamp, -1), "1969-12-31 23:59:59.999999");
        assert_eq!(text(push_timestamp_nanos, -1), "1969-12-31 23:59:59.999999999");
        assert_eq!(text(push_instant, i64::MAX), "infinity");
        assert_eq!(text(push_instant, 0), "1970-01-01 00:00:00+00");
        assert_eq!(text(push_time, MICROS_PER_DAY), "24:00:00");
        assert_eq!(text(push_time_nanos, 1), "00:00:00.000000001");
    }
}
