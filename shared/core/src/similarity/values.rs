//! What the values of two columns say of whether they are one.

use alloc::{format, string::String};

use super::{
    Comparison, DUPLICATE, IN_DOUBT, Name, compare_with,
    judge::{GUESS, Options},
};
use crate::profile::ColumnProfile;

/// Share of values that must read as something for the column to be that. The rest are errors and words for "unknown".
const MOST: f64 = 0.9;

/// As [`MOST`], for numbers with a check digit: one in ten numbers has it right by chance, so that four of five is sure too.
const MOST_CHECKED: f64 = 0.8;

/// Values from which shares mean something.
const MIN_VALUES: u64 = 5;

/// Different values from which what two columns share can hardly be chance.
const MIN_DISTINCT: u64 = 20;

/// Share of all values that must be seen in both sketches, five of 256 hashes: from one or two, what a large set has of a small one can't
/// be told.
const MIN_JACCARD: f64 = 0.02;

/// As [`MIN_JACCARD`], where names don't agree at all.
const MIN_JACCARD_ALONE: f64 = 0.3;

/// Most codes that a column of categories has.
const MAX_CODES: u64 = 100;

/// A column of a table.
#[derive(Debug, Clone, Copy)]
pub struct Column<'a> {
    pub name: &'a Name,
    pub profile: Option<&'a ColumnProfile>,
}

/// Compares two columns of different tables by their names and, where both have a profile, their values.
///
/// Symmetric. Columns that occur together in one file are never duplicates: see [`resolve`](super::resolve), or leave them out.
#[must_use]
pub fn columns(a: Column<'_>, b: Column<'_>) -> Comparison {
    columns_with(&Options::default(), a, b)
}

/// As [`columns`], with other thresholds.
#[must_use]
pub fn columns_with(options: &Options, a: Column<'_>, b: Column<'_>) -> Comparison {
    let names = compare_with(options, a.name, b.name);
    match (a.profile, b.profile) {
        (Some(of_a), Some(of_b)) => combine(&names, &Values::compare(of_a, of_b)),
        _ => names,
    }
}

/// What a column's values are, as far as they say.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    ImoNumber,
    Mmsi,
    Country,
    Coordinate,
    Date,
    Boolean,
    Year,
    Number,
    Text,
}

impl Kind {
    /// `None` if the column has few values, or of several kinds.
    #[must_use]
    pub fn of(profile: &ColumnProfile) -> Option<Self> {
        let values = profile.values();
        if values < MIN_VALUES {
            return None;
        }
        let evidence = &profile.evidence;
        #[expect(clippy::cast_precision_loss, reason = "a share")]
        let share = |count: u64| count as f64 / values as f64;
        let numbers = evidence.decimals + evidence.written_numbers;
        Some(if share(evidence.imo_numbers) >= MOST_CHECKED {
            Self::ImoNumber
        } else if share(evidence.mmsis) >= MOST {
            Self::Mmsi
        } else if share(evidence.dates + evidence.timestamps) >= MOST {
            Self::Date
        } else if share(evidence.booleans) >= MOST {
            Self::Boolean
        } else if share(evidence.countries) >= MOST {
            Self::Country
        } else if share(evidence.coordinates) >= MOST {
            Self::Coordinate
        } else if share(evidence.integers) >= MOST && profile.number_range().is_some_and(is_years) {
            Self::Year
        } else if share(numbers) >= MOST {
            Self::Number
        } else if share(numbers + evidence.dates + evidence.timestamps) <= 1.0 - MOST {
            Self::Text
        } else {
            return None;
        })
    }

    const fn label(self) -> &'static str {
        match self {
            Self::ImoNumber => "IMO numbers",
            Self::Mmsi => "MMSIs",
            Self::Country => "country codes",
            Self::Coordinate => "coordinates",
            Self::Date => "dates",
            Self::Boolean => "yes or no",
            Self::Year => "years",
            Self::Number => "numbers",
            Self::Text => "text",
        }
    }

    const fn is_numeric(self) -> bool {
        matches!(self, Self::ImoNumber | Self::Mmsi | Self::Coordinate | Self::Year | Self::Number)
    }

    /// Whether values of the two kinds can't be of one column, however it is written.
    const fn excludes(self, other: Self) -> bool {
        match (self, other) {
            (Self::ImoNumber, Self::Mmsi)
            | (Self::Mmsi, Self::ImoNumber)
            | (Self::ImoNumber | Self::Mmsi, Self::Year | Self::Coordinate)
            | (Self::Year | Self::Coordinate, Self::ImoNumber | Self::Mmsi) => true,
            (Self::Date, other) | (other, Self::Date) => !matches!(other, Self::Date | Self::Year),
            _ => self.is_numeric() != other.is_numeric(),
        }
    }
}

fn is_years((min, max): (f64, f64)) -> bool {
    min >= 1700.0 && max <= 2100.0
}

/// What two columns' values have in common.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Values {
    /// The kinds of both, where they say.
    pub kinds: Option<(Kind, Kind)>,
    /// About which share of the smaller set of values the larger has too, 0 to 1.
    pub containment: f64,
    /// About which share of the values of either both have, 0 to 1.
    pub jaccard: f64,
    /// Different values of the column that has fewer.
    pub distinct: u64,
    /// Whether one may hold number codes for what the other has in words.
    pub may_be_coded: bool,
    /// How much of the narrower range of numbers is in the wider, 0 to 1, by orders of magnitude. `None` where one has no numbers.
    pub range: Option<f64>,
}

impl Values {
    /// Compares the values that two profiles saw.
    #[must_use]
    pub fn compare(a: &ColumnProfile, b: &ColumnProfile) -> Self {
        let distinct = a.distinct.min(b.distinct);
        let jaccard = a.sketch.overlap(&b.sketch);
        #[expect(clippy::cast_precision_loss, reason = "an estimate")]
        let containment = if distinct == 0 {
            0.0
        } else {
            let shared = jaccard / (1.0 + jaccard) * (a.distinct as f64 + b.distinct as f64);
            (shared / distinct as f64).min(1.0)
        };
        Self {
            kinds: Kind::of(a).zip(Kind::of(b)),
            containment,
            jaccard,
            distinct,
            may_be_coded: may_be_codes(a) != may_be_codes(b),
            range: a.number_range().zip(b.number_range()).map(|(a, b)| range_agreement(a, b)),
        }
    }

    /// Whether both hold numbers of one scheme that nothing else follows by chance.
    fn is_same_scheme(&self) -> Option<Kind> {
        self.kinds.and_then(|(a, b)| (a == b && matches!(a, Kind::ImoNumber | Kind::Mmsi)).then_some(a))
    }

    fn excluded(&self) -> Option<(Kind, Kind)> {
        self.kinds.filter(|&(a, b)| a.excludes(b))
    }

    /// Whether they share more values than chance gives. Small numbers are shared by everything that is counted or measured.
    fn share_values(&self) -> bool {
        let is_measure = self.kinds.is_none_or(|(a, b)| {
            matches!(a, Kind::Number | Kind::Year | Kind::Boolean)
                || matches!(b, Kind::Number | Kind::Year | Kind::Boolean)
        });
        !is_measure && self.containment >= 0.3 && self.jaccard >= MIN_JACCARD && self.distinct >= MIN_DISTINCT
    }

    /// Whether nothing in the values speaks against names that are alike.
    fn agree(&self) -> bool {
        let Some((a, b)) = self.kinds else { return false };
        match self.range {
            Some(range) if a.is_numeric() => a == b && range >= 0.5,
            _ => a == b && (self.containment >= 0.1 || !matches!(a, Kind::Text | Kind::Date | Kind::Boolean)),
        }
    }

    /// Whether they are of different kinds or sizes, which columns of one thing may be, and two things mostly are.
    fn speak_against(&self) -> bool {
        let Some((a, b)) = self.kinds else { return false };
        match self.range {
            Some(range) if a.is_numeric() && b.is_numeric() => range < 0.5,
            _ => a != b,
        }
    }

    /// Whether one column is a copy of the other, as spreadsheets have them: the same values, and enough of them.
    #[must_use]
    pub fn is_copy(&self) -> bool {
        self.jaccard >= 0.9 && self.distinct >= MIN_VALUES
    }
}

/// Few different whole numbers are often codes.
fn may_be_codes(profile: &ColumnProfile) -> bool {
    Kind::of(profile) == Some(Kind::Number)
        && profile.distinct <= MAX_CODES
        && profile.evidence.integers == profile.evidence.decimals
}

/// How much of the narrower range is in the wider, in powers of two: 1 for all of it, 0 if they don't touch.
fn range_agreement(a: (f64, f64), b: (f64, f64)) -> f64 {
    let (a, b) = ((magnitude(a.0), magnitude(a.1)), (magnitude(b.0), magnitude(b.1)));
    let shared = a.1.min(b.1) - a.0.max(b.0);
    let smaller = (a.1 - a.0).min(b.1 - b.0);
    // A range of one value has no extent.
    ((shared + 1.0) / (smaller + 1.0)).clamp(0.0, 1.0)
}

/// About the logarithm to base 2 of 1 and the amount, with the sign of the value.
fn magnitude(value: f64) -> f64 {
    let amount = 1.0 + value.abs();
    let bits = amount.to_bits();
    #[expect(clippy::cast_precision_loss, reason = "eleven bits")]
    let exponent = (bits >> 52) as f64 - 1023.0;
    // Between powers of two, a straight line is near enough.
    let mantissa = f64::from_bits(bits & 0x000f_ffff_ffff_ffff | 0x3ff0_0000_0000_0000) - 1.0;
    if value < 0.0 { -(exponent + mantissa) } else { exponent + mantissa }
}

fn combine(names: &Comparison, values: &Values) -> Comparison {
    let because = |text: String| format!("{}; {text}", names.reason);
    let is_coded = names.score >= 0.9 && values.may_be_coded;
    if let Some((a, b)) = values.excluded().filter(|_| !is_coded) {
        let (first, second) = (a.label().min(b.label()), a.label().max(b.label()));
        let reason = because(format!("but the values differ: {first} and {second}"));
        return Comparison::contradicted(names.score.min(0.7) * 0.9, reason);
    }
    if let Some(scheme) = values.is_same_scheme() {
        return Comparison::new(names.score.max(0.9), because(format!("both hold {}", scheme.label())));
    }
    if names.is_weak && names.score >= DUPLICATE && values.speak_against() {
        return Comparison::contradicted(GUESS, because("but the values don't bear it out".into()));
    }
    if names.score >= DUPLICATE {
        return if values.share_values() {
            let reason = because(format!("about {:.0} % of the values are shared", values.containment * 100.0));
            Comparison::new(names.score.midpoint(1.0), reason)
        } else {
            names.clone()
        };
    }
    if values.share_values()
        && (names.score >= IN_DOUBT || (values.containment >= 0.6 && values.jaccard >= MIN_JACCARD_ALONE))
    {
        let reason = because(format!("about {:.0} % of the values are shared", values.containment * 100.0));
        return Comparison::new(0.88, reason);
    }
    // What qualifies a name is for the values to judge: a length over all is a length, a year of scrapping no year built.
    if names.score >= 0.65 && values.agree() {
        return Comparison::new(0.86, because("the values are of one kind and range".into()));
    }
    names.clone()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        column_type::ColumnType,
        profile::{Cell, ColumnProfiler},
    };
    use alloc::string::ToString;

    fn profile(values: impl IntoIterator<Item = String>) -> ColumnProfile {
        let mut profiler = ColumnProfiler::new(&ColumnType::Text);
        values.into_iter().for_each(|value| profiler.observe(Cell::Text(&value)));
        profiler.finish()
    }

    fn imo_numbers(from: u64) -> ColumnProfile {
        profile((from..).filter(|&n| crate::profile::is_imo_number(n)).take(50).map(|n| n.to_string()))
    }

    fn score(a: &str, of_a: &ColumnProfile, b: &str, of_b: &ColumnProfile) -> f64 {
        let (a, b) = (Name::new(a), Name::new(b));
        let of = |name, profile| Column { name, profile: Some(profile) };
        let comparison = columns(of(&a, of_a), of(&b, of_b));
        assert_eq!(comparison, columns(of(&b, of_b), of(&a, of_a)));
        comparison.score
    }

    #[test]
    fn numbers_of_one_checked_scheme_are_one_column_whatever_its_name() {
        assert!(score("lloyds ref", &imo_numbers(9_000_000), "imo", &imo_numbers(9_500_000)) >= DUPLICATE);
    }

    #[test]
    fn one_name_over_two_kinds_of_values_is_in_doubt() {
        let numbers = profile((0..50).map(|n| format!("{n}.5")));
        let words = profile((0..50).map(|n| format!("w{n}")));
        assert!(score("status", &numbers, "Status", &words) < DUPLICATE);
        assert!(score("status", &numbers, "Status", &numbers) >= DUPLICATE);
        let mmsis = profile((0..50).map(|n| (247_000_000 + n).to_string()));
        assert!(score("ship id", &imo_numbers(9_000_000), "ship_id", &mmsis) < DUPLICATE);
    }

    #[test]
    fn a_qualified_name_is_a_duplicate_where_the_values_agree() {
        let lengths = profile((10..90).map(|n| n.to_string()));
        let others = profile((12..110).map(|n| format!("{n}.5")));
        let tiny = profile((1..50).map(|n| format!("0.00{n}")));
        assert!(score("length", &lengths, "overall length", &others) >= DUPLICATE);
        assert!(score("length", &lengths, "overall length", &tiny) < DUPLICATE);
        assert!(score("length", &lengths, "width", &others) < DUPLICATE, "ranges alone say nothing");
    }

    #[test]
    fn shared_codes_make_doubtful_names_one() {
        let codes = |from: u32| profile((from..from + 60).map(|n| format!("AB{n}")));
        assert!(score("IRCS", &codes(0), "signal letters", &codes(10)) >= DUPLICATE);
        assert!(score("IRCS", &codes(0), "signal letters", &codes(1000)) < DUPLICATE);
    }

    #[test]
    fn how_values_are_written_tells_no_columns_apart() {
        let plain = profile((0..50).map(|n| format!("{}.5", 1000 + n)));
        let grouped = profile((0..50).map(|n| format!("£1,{n:03}.50")));
        assert!(score("amount", &plain, "AMOUNT", &grouped) >= DUPLICATE);
        let iso = profile((1..29).map(|n| format!("2011-03-{n:02}")));
        let english = profile((1..29).map(|n| format!("{n:02}-Mar-11")));
        assert!(score("date", &iso, "DATE", &english) >= DUPLICATE);
    }

    #[test]
    fn without_values_names_decide() {
        let empty = profile([]);
        assert!(score("length", &empty, "Length", &empty) >= DUPLICATE);
        assert_eq!(Kind::of(&empty), None);
    }
}
