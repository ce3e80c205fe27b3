//! Points in time.

use alloc::string::{String, ToString};
use core::fmt;

use chrono::{DateTime, SecondsFormat, Utc};

use crate::sql::Literal;

/// A point in time, in microseconds since 1970-01-01 00:00 UTC: the precision of the warehouse.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Timestamp(i64);

impl Timestamp {
    #[must_use]
    pub const fn from_micros(micros: i64) -> Self {
        Self(micros)
    }

    /// From milliseconds, as JavaScript's clock and R2 give them.
    #[must_use]
    pub const fn from_millis(millis: i64) -> Self {
        Self(millis.saturating_mul(1000))
    }

    /// Reads [RFC 3339](https://www.rfc-editor.org/rfc/rfc3339) text. `None` if it isn't.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        DateTime::parse_from_rfc3339(text).ok().map(|t| Self(t.timestamp_micros()))
    }

    #[must_use]
    pub const fn micros(self) -> i64 {
        self.0
    }

    /// Milliseconds since 1970, rounded down.
    #[must_use]
    pub const fn millis(self) -> i64 {
        self.0.div_euclid(1000)
    }

    #[must_use]
    pub const fn plus_seconds(self, seconds: i64) -> Self {
        Self(self.0.saturating_add(seconds.saturating_mul(1_000_000)))
    }

    /// As a value in SQL.
    #[must_use]
    pub const fn literal(self) -> Literal<'static> {
        Literal::Timestamp(self.0)
    }
}

/// RFC 3339 in UTC, with as many decimal places as it takes.
impl fmt::Display for Timestamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match DateTime::<Utc>::from_timestamp_micros(self.0) {
            Some(time) => f.write_str(&time.to_rfc3339_opts(SecondsFormat::AutoSi, true)),
            None => write!(f, "{} µs since 1970", self.0),
        }
    }
}

impl serde::Serialize for Timestamp {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> serde::Deserialize<'de> for Timestamp {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        Self::parse(&text)
            .ok_or_else(|| serde::de::Error::custom(alloc::format!("{text:?} is not a time as in RFC 3339")))
    }
}

/// As [`Timestamp`]'s text; for APIs that take text.
impl From<Timestamp> for String {
    fn from(time: Timestamp) -> Self {
        time.to_string()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_and_microseconds_are_the_same_time() {
        let time = Timestamp::parse("2026-11-24T11:20:22.507832Z").unwrap();
        assert_eq!(time.micros(), 1_795_519_222_507_832);
        assert_eq!(time.to_string(), "2026-11-24T11:20:22.507832Z");
        assert_eq!(Timestamp::parse("2026-11-24T12:20:22.507832+01:00"), Some(time));
        assert_eq!(Timestamp::parse("yesterday"), None);
    }
}
