//! What the values of a column are, by the evidence that they give.

use serde::{Deserialize, Serialize};

use super::ColumnProfile;

/// Fewer values say nothing: by chance, one number in ten ends in the check digit of an IMO number.
const MIN_VALUES: u64 = 20;

/// Share of the values, in percent, that have to be of a kind. Real columns have slips of the pen.
const MIN_PERCENT: u64 = 95;

/// A kind of values that queries and people treat alike, whatever the column's type.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Meaning {
    ImoNumber,
    Mmsi,
    CountryCode,
    Coordinate,
    Timestamp,
    Date,
    Boolean,
}

impl Meaning {
    /// As the catalog's tables have it.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::ImoNumber => "imo_number",
            Self::Mmsi => "mmsi",
            Self::CountryCode => "country_code",
            Self::Coordinate => "coordinate",
            Self::Timestamp => "timestamp",
            Self::Date => "date",
            Self::Boolean => "boolean",
        }
    }

    /// What nearly all values of a column are; `None` if they aren't of one kind, or too few.
    #[must_use]
    pub fn of(profile: &ColumnProfile) -> Option<Self> {
        let values = profile.values();
        let evidence = &profile.evidence;
        // The narrower kind first: `NO` is a country and a boolean.
        let kinds = [
            (Self::ImoNumber, evidence.imo_numbers),
            (Self::Mmsi, evidence.mmsis),
            (Self::CountryCode, evidence.countries),
            (Self::Coordinate, evidence.coordinates),
            (Self::Timestamp, evidence.timestamps),
            (Self::Date, evidence.dates),
            (Self::Boolean, evidence.booleans),
        ];
        let is_nearly_all = |count: u64| count.saturating_mul(100) >= values.saturating_mul(MIN_PERCENT);
        let found = kinds.into_iter().find(|(_, count)| is_nearly_all(*count));
        found.filter(|_| values >= MIN_VALUES).map(|(meaning, _)| meaning)
    }
}
