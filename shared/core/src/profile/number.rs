//! Numbers in decimal digits: as programs write them, and as people do.

/// A number in decimal digits.
#[derive(Debug, PartialEq)]
pub(super) struct Number {
    pub(super) value: f64,
    /// Its amount, if it's written as a whole number that fits.
    pub(super) integer: Option<u64>,
    /// Digits before the point.
    digits: usize,
    /// Digits after it.
    pub(super) decimals: usize,
}

impl Number {
    pub(super) fn read(bytes: &[u8]) -> Option<Self> {
        let (negative, unsigned) = match bytes.split_first()? {
            (b'-', rest) => (true, rest),
            (b'+', rest) => (false, rest),
            _ => (false, bytes),
        };
        let (whole, digits, rest) = take_digits(unsigned);
        let (mut value, mut decimals) = (whole.0, 0);
        let mut integer = whole.1;
        let mut rest = rest;
        if let Some((b'.', fraction)) = rest.split_first() {
            let (amount, count, after) = take_digits(fraction);
            value += scaled(amount.0, -i32::try_from(count).ok()?);
            (decimals, integer, rest) = (count, None, after);
        }
        if digits + decimals == 0 {
            return None;
        }
        if let Some((b'e' | b'E', exponent)) = rest.split_first() {
            let exponent = Self::read(exponent).filter(|e| e.decimals == 0 && e.integer.is_some_and(|e| e < 400))?;
            #[expect(clippy::cast_possible_truncation, reason = "below 400")]
            let power = exponent.value as i32;
            (value, integer, rest) = (scaled(value, power), None, &[]);
        }
        let value = if negative { -value } else { value };
        (rest.is_empty() && value.is_finite()).then_some(Self { value, integer, digits, decimals })
    }
}

/// The number that the leading digits make, as a double and if possible exactly; how many there are; and what follows.
pub(super) fn take_digits(bytes: &[u8]) -> ((f64, Option<u64>), usize, &[u8]) {
    let mut value = 0.0;
    let mut exact = Some(0u64);
    let mut count = 0;
    let mut rest = bytes;
    while let Some((digit @ b'0'..=b'9', after)) = rest.split_first() {
        let digit = digit - b'0';
        value = value * 10.0 + f64::from(digit);
        exact = exact.and_then(|e| e.checked_mul(10)?.checked_add(digit.into()));
        count += 1;
        rest = after;
    }
    ((value, exact), count, rest)
}

/// `value` times ten to the `power`. Near enough for a range: the library's exact parser would add its tables to every Worker.
fn scaled(value: f64, power: i32) -> f64 {
    let mut factor = 1.0;
    for _ in 0..power.unsigned_abs() {
        factor *= 10.0;
    }
    if power < 0 { value / factor } else { value * factor }
}

/// A number as people write it, where [`Number::read`] reads none: digits in groups of three, a decimal comma, a currency's
/// sign, a percent sign, an amount in brackets for a negative one (`1,234.50`, `1.234,5`, `12 345`, `€ 9,90`, `12 %`, `(1,200)`).
///
/// A comma before three digits separates groups, as in English.
pub(super) fn read_written(text: &str) -> Option<f64> {
    let in_brackets = text.strip_prefix('(').and_then(|text| text.strip_suffix(')'));
    let text = in_brackets.map_or(text, str::trim);
    let is_negative = in_brackets.is_some() || text.starts_with(MINUS);
    let amount = text.strip_prefix(MINUS).or_else(|| text.strip_prefix('+')).unwrap_or(text);
    let amount = amount.strip_prefix(CURRENCIES).unwrap_or(amount);
    let amount = amount.strip_suffix(CURRENCIES).or_else(|| amount.strip_suffix('%')).unwrap_or(amount);
    let value = read_grouped(amount.trim())?;
    Some(if is_negative { -value } else { value })
}

/// The hyphen, and the minus sign.
const MINUS: [char; 2] = ['-', '\u{2212}'];

/// The signs of the currencies in Unicode that most amounts are in.
const CURRENCIES: [char; 6] = ['$', '£', '€', '¥', '₹', '₽'];

/// What stands between groups of digits: a comma, a point, an apostrophe, or a space, also one at which no line breaks.
const SEPARATORS: [char; 6] = [',', '.', ' ', '\'', '\u{a0}', '\u{202f}'];

/// A whole number, its digits in groups of three or not, and decimal places.
fn read_grouped(text: &str) -> Option<f64> {
    let (whole, fraction) = match text.rsplit_once([',', '.']) {
        Some((whole, rest)) if is_decimal(whole, text.get(whole.len()..)?.starts_with(','), rest) => {
            (whole, Some(rest))
        }
        _ => (text, None),
    };
    let separator = whole.chars().find(|c| !c.is_ascii_digit()).unwrap_or(',');
    let mut groups = whole.split(separator);
    let first = groups.next()?;
    let mut value = read_digits(first)?;
    for (i, group) in groups.enumerate() {
        let follows = i > 0 || (first.len() <= 3 && !first.starts_with('0'));
        if !follows || group.len() != 3 || !SEPARATORS.contains(&separator) {
            return None;
        }
        value = value * 1000.0 + read_digits(group)?;
    }
    match fraction {
        Some(digits) => Some(value + scaled(read_digits(digits)?, -i32::try_from(digits.len()).ok()?)),
        None => Some(value),
    }
}

/// Whether the last comma or point of a number stands before its decimal places, and not between groups.
fn is_decimal(whole: &str, is_comma: bool, rest: &str) -> bool {
    let is_alone = !whole.contains(SEPARATORS);
    let has_another = !whole.contains(if is_comma { ',' } else { '.' });
    has_another && !(is_comma && is_alone && rest.len() == 3)
}

fn read_digits(text: &str) -> Option<f64> {
    let ((value, _), count, rest) = take_digits(text.as_bytes());
    (count > 0 && rest.is_empty()).then_some(value)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_read_as_people_write_them() {
        for (text, value) in [
            ("1,234", 1234.0),
            ("184,904.05", 184_904.05),
            ("1.234,5", 1234.5),
            ("1.234,567", 1234.567),
            ("1,234,567", 1_234_567.0),
            ("1.234.567", 1_234_567.0),
            ("12,5", 12.5),
            ("0,25", 0.25),
            ("12 345", 12_345.0),
            ("12\u{a0}345,678", 12_345.678),
            ("1'234.50", 1234.5),
            ("£68,486.66", 68_486.66),
            ("9,90 €", 9.9),
            ("$ 12", 12.0),
            ("12 %", 12.0),
            ("-2,610.12", -2610.12),
            ("\u{2212}5,5", -5.5),
            ("(1,200)", -1200.0),
        ] {
            let read = read_written(text).unwrap_or_else(|| panic!("{text} is a number"));
            assert!((read - value).abs() < 1e-9, "{text}: {read}");
        }
    }

    #[test]
    fn what_only_has_digits_is_no_number() {
        for text in [
            "",
            "%",
            "()",
            "1,2,3",
            "1,23,456",
            "1.2.3",
            "020 123 456",
            "24.11.2026",
            "12,",
            ",5",
            "1,234.",
            "12 34",
            "1-2",
            "5 m",
            "1234,567,890",
        ] {
            assert_eq!(read_written(text), None, "{text}");
        }
    }
}
