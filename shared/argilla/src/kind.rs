//! Types of columns, as the values in them allow.

use std::sync::Arc;

use arrow_schema::{DataType, Field, Fields, TimeUnit};
use chrono::{DateTime, NaiveDateTime};
use serde_json::Value;

/// Whole numbers up to this are exact as doubles.
const MAX_EXACT: u64 = 1 << 53;

/// What a column holds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Kind {
    Text,
    Boolean,
    Integer,
    Number,
    /// A point in time, UTC, in microseconds.
    Time,
    List(Box<Self>),
    /// `{start, end, label}`
    Span,
    /// `{value, rank}`
    Rank,
    /// Anything, as JSON text.
    Json,
}

/// The spelling of times in rows.
const TIME_FORMAT: &str = "%Y-%m-%dT%H:%M:%S%.6f";

/// A time of Argilla's, as rows spell it: UTC without a zone. One that can't be read stays as it is.
pub(crate) fn time(text: &str) -> Value {
    let naive = DateTime::parse_from_rfc3339(text).map(|time| time.naive_utc());
    let naive = naive.or_else(|_| NaiveDateTime::parse_from_str(text, "%Y-%m-%dT%H:%M:%S%.f"));
    Value::String(naive.map_or_else(|_| text.to_owned(), |time| time.format(TIME_FORMAT).to_string()))
}

impl Kind {
    pub(crate) fn list(item: Self) -> Self {
        Self::List(Box::new(item))
    }

    /// Of an answer to a question of that type.
    pub(crate) fn of_question(kind: &str) -> Self {
        match kind {
            "span" => Self::list(Self::Span),
            "ranking" => Self::list(Self::Rank),
            "multi_label_selection" => Self::list(Self::Text),
            "text" | "label_selection" => Self::Text,
            "rating" => Self::Integer,
            _ => Self::Json,
        }
    }

    /// The type that all values of a column have: the expected one, else the first that fits.
    pub(crate) fn of_column<'v>(expected: Option<&Self>, values: &(impl Iterator<Item = &'v Value> + Clone)) -> Self {
        let scores = expected == Some(&Self::Number);
        let expected = expected.into_iter().cloned();
        let others = [
            Self::Text,
            Self::Boolean,
            Self::Integer,
            Self::Number,
            Self::list(Self::Text),
            // Scores, one for each item.
            if scores { Self::list(Self::Number) } else { Self::list(Self::Integer) },
            Self::list(Self::Number),
        ];
        expected.chain(others).find(|kind| values.clone().all(|value| kind.fits(value))).unwrap_or(Self::Json)
    }

    /// Whether a value can be one of a column of this type without losing anything. NULL always can.
    pub(crate) fn fits(&self, value: &Value) -> bool {
        match (self, value) {
            (_, Value::Null) | (Self::Json, _) | (Self::Text, Value::String(_)) | (Self::Boolean, Value::Bool(_)) => {
                true
            }
            (Self::Integer, Value::Number(number)) => number.is_i64(),
            (Self::Number, Value::Number(number)) => {
                number.is_f64() || number.as_i64().is_some_and(|whole| whole.unsigned_abs() <= MAX_EXACT)
            }
            (Self::Time, Value::String(text)) => NaiveDateTime::parse_from_str(text, TIME_FORMAT).is_ok(),
            (Self::List(item), Value::Array(items)) => items.iter().all(|value| item.fits(value)),
            (Self::Span, Value::Object(_)) => {
                is_struct(value, &[("start", Self::Integer), ("end", Self::Integer), ("label", Self::Text)])
            }
            (Self::Rank, Value::Object(_)) => is_struct(value, &[("value", Self::Text), ("rank", Self::Integer)]),
            _ => false,
        }
    }

    pub(crate) fn data_type(&self) -> DataType {
        let nullable = |(name, kind): (&str, Self)| Field::new(name, kind.data_type(), true);
        match self {
            Self::Text | Self::Json => DataType::Utf8,
            Self::Boolean => DataType::Boolean,
            Self::Integer => DataType::Int64,
            Self::Number => DataType::Float64,
            Self::Time => DataType::Timestamp(TimeUnit::Microsecond, None),
            Self::List(item) => DataType::List(Arc::new(Field::new("element", item.data_type(), true))),
            Self::Span => {
                let parts = [("start", Self::Integer), ("end", Self::Integer), ("label", Self::Text)];
                DataType::Struct(Fields::from_iter(parts.map(nullable)))
            }
            Self::Rank => {
                DataType::Struct(Fields::from_iter([("value", Self::Text), ("rank", Self::Integer)].map(nullable)))
            }
        }
    }
}

fn is_struct(value: &Value, parts: &[(&str, Kind)]) -> bool {
    value.as_object().is_some_and(|object| {
        object.iter().all(|(name, value)| parts.iter().any(|(known, kind)| known == name && kind.fits(value)))
    })
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn of(expected: Option<&Kind>, values: &[Value]) -> Kind {
        Kind::of_column(expected, &values.iter())
    }

    #[test]
    fn a_column_has_the_type_that_all_of_its_values_have() {
        assert_eq!(of(None, &[json!("a"), Value::Null]), Kind::Text);
        assert_eq!(of(None, &[json!(1), json!(-2)]), Kind::Integer);
        assert_eq!(of(None, &[json!(1), json!(0.5)]), Kind::Number);
        assert_eq!(of(None, &[json!(u64::MAX)]), Kind::Json, "as a double it would be another number");
        assert_eq!(of(None, &[json!(true)]), Kind::Boolean);
        assert_eq!(of(None, &[json!(["a"]), json!([])]), Kind::list(Kind::Text));
        assert_eq!(of(None, &[json!("a"), json!(1)]), Kind::Json);
        assert_eq!(of(None, &[json!({})]), Kind::Json);
        assert_eq!(of(None, &[Value::Null]), Kind::Text);
    }

    #[test]
    fn an_expected_type_is_taken_if_it_fits() {
        let spans = Kind::list(Kind::list(Kind::Span));
        assert_eq!(of(Some(&spans), &[json!([[{ "start": 0, "end": 4, "label": "x" }], null])]), spans);
        assert_eq!(of(Some(&spans), &[json!([[{ "start": 0, "end": 4, "label": "x", "odd": 1 }]])]), Kind::Json);
        assert_eq!(of(Some(&spans), &[json!([[{ "start": "0" }]])]), Kind::Json);
        assert_eq!(of(Some(&Kind::Number), &[json!([1, 0])]), Kind::list(Kind::Number), "scores");
        assert_eq!(of(Some(&Kind::Number), &[json!([1]), json!(0.5)]), Kind::Json);
        assert_eq!(of(Some(&Kind::Time), &[json!("2026-11-29T17:32:58.434001")]), Kind::Time);
        assert_eq!(of(Some(&Kind::Time), &[json!("yesterday")]), Kind::Text);
    }

    #[test]
    fn times_are_utc_without_a_zone() {
        assert_eq!(time("2026-11-29T17:00:00"), "2026-11-29T17:00:00.000000");
        assert_eq!(time("2026-11-29T17:00:00.5+01:00"), "2026-11-29T16:00:00.500000");
        assert_eq!(time("soon"), "soon");
    }
}
