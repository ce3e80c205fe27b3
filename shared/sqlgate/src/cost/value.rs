//! What is known of a value without running anything: upper bounds.

/// Bounds of a value, or of the values of a column.
#[derive(Clone, Copy, Debug)]
pub(super) struct Value {
    /// The largest absolute number that it can be; of a list, that its elements can be. Infinite if nothing is known.
    pub(super) most: f64,
    /// The smallest absolute number that it can be, unless it's 0; 0 if nothing is known. What is divided by it grows.
    pub(super) least: f64,
    /// Bytes, about.
    pub(super) size: f64,
    /// Elements of a list.
    pub(super) elements: f64,
    /// Opening brackets and braces in its text, which bound how deep JSON in it can be.
    pub(super) brackets: f64,
    /// From when to when a date or a timestamp can be, in days since 1970-01-01; or how long an interval, in days.
    pub(super) days: Option<(f64, f64)>,
}

impl Value {
    /// A stored column: text like a page, lists like tags, numbers like counts, dates of a century. An estimate, as queries are not bound to
    /// the data here; DuckDB's time limit stands behind it.
    pub(super) const STORED: Self = Self {
        most: 10_000.0,
        least: 0.001,
        size: 1_000.0,
        elements: 100.0,
        brackets: 100.0,
        days: Some((0.0, 36_525.0)),
    };

    /// Something small of which nothing is known.
    pub(super) const UNKNOWN: Self =
        Self { most: f64::INFINITY, least: 0.0, size: 100.0, elements: 100.0, brackets: 1.0, days: None };

    pub(super) const fn number(most: f64) -> Self {
        Self { most, least: 0.0, size: 16.0, elements: 1.0, brackets: 0.0, days: None }
    }

    /// A length, a count or a part of a date.
    pub(super) const SMALL: Self = Self { least: 1.0, ..Self::number(Self::STORED.most) };

    pub(super) fn text(text: &str) -> Self {
        let brackets = text.chars().filter(|c| matches!(c, '[' | '{')).count();
        Self {
            most: text.trim().parse().map_or(f64::INFINITY, f64::abs),
            least: 0.0,
            size: count(text.len()),
            elements: 1.0,
            brackets: count(brackets),
            days: parse_date(text),
        }
    }

    /// What can be either.
    pub(super) fn or(self, other: Self) -> Self {
        Self {
            most: self.most.max(other.most),
            least: self.least.min(other.least),
            size: self.size.max(other.size),
            elements: self.elements.max(other.elements),
            brackets: self.brackets.max(other.brackets),
            days: match (self.days, other.days) {
                (Some(a), Some(b)) => Some((a.0.min(b.0), a.1.max(b.1))),
                (days, None) | (None, days) => days,
            },
        }
    }

    /// What holds both: a list, a struct, a text of two.
    pub(super) fn and(self, other: Self) -> Self {
        let either = self.or(other);
        Self {
            size: self.size + other.size,
            elements: self.elements + other.elements,
            brackets: self.brackets + other.brackets,
            ..either
        }
    }

    /// So many of it in a list.
    pub(super) fn times(self, n: f64) -> Self {
        Self { size: self.size * n, elements: n, brackets: self.brackets * n, ..self }
    }

    /// An element of it, if it's a list.
    pub(super) fn element(self) -> Self {
        Self {
            size: (self.size / self.elements.max(1.0)).max(16.0),
            elements: Self::STORED.elements.min(self.elements),
            ..self
        }
    }
}

pub(super) const fn count(n: usize) -> f64 {
    // Exact far beyond any text that is let in.
    #[expect(clippy::cast_precision_loss, reason = "texts are shorter than 2^52 bytes")]
    {
        n as f64
    }
}

/// `2025-01-31` with anything after it, in days since 1970-01-01.
fn parse_date(text: &str) -> Option<(f64, f64)> {
    let text = text.trim();
    let (year, rest) = text.split_once('-').filter(|(year, _)| !year.is_empty())?;
    let (month, rest) = rest.split_once('-')?;
    let day = rest.get(..rest.find(|c: char| !c.is_ascii_digit()).unwrap_or(rest.len()))?;
    let (year, month, day): (f64, f64, f64) = (year.parse().ok()?, month.parse().ok()?, day.parse().ok()?);
    // To the month is exact enough: a day more at each end.
    let days = (year - 1970.0).mul_add(365.2425, (month - 1.0) * 30.44) + day;
    Some((days - 2.0, days + 2.0))
}

/// Days of so many units, by the unit's singular in capitals.
pub(super) fn days_of(unit: &str) -> Option<f64> {
    Some(match unit {
        "MICROSECOND" => 1.0 / 86_400_000_000.0,
        "MILLISECOND" => 1.0 / 86_400_000.0,
        "SECOND" => 1.0 / 86_400.0,
        "MINUTE" => 1.0 / 1_440.0,
        "HOUR" => 1.0 / 24.0,
        "DAY" => 1.0,
        "WEEK" => 7.0,
        "MONTH" => 30.0,
        "QUARTER" => 91.0,
        "YEAR" => 365.0,
        "DECADE" => 3_652.0,
        "CENTURY" => 36_525.0,
        "MILLENNIUM" => 365_250.0,
        _ => return None,
    })
}

/// The length of an interval that's written out, such as `1 day` or `2 hours 30 minutes`.
pub(super) fn parse_interval(text: &str) -> Option<f64> {
    let words: Vec<&str> = text.split_ascii_whitespace().collect();
    let (pairs, []) = words.as_chunks::<2>() else { return None };
    if pairs.is_empty() {
        return None;
    }
    pairs.iter().try_fold(0.0, |days, [number, unit]| {
        let number: f64 = number.parse().ok()?;
        let unit = unit.to_ascii_uppercase();
        let unit = unit.strip_suffix('S').unwrap_or(&unit);
        Some(number.mul_add(days_of(unit)?, days))
    })
}
