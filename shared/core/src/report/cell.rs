//! Values as they are compared.
//!
//! A sum of floating-point numbers depends on the order in which threads bring them, in its last digits. So of such numbers twelve
//! digits count: more than any measurement has, and fewer than what the order changes.

use alloc::{
    format,
    string::{String, ToString},
};

use serde_json::{Number, Value};

/// Digits after the first.
const DIGITS: usize = 11;

/// Whether values of a type, or what is in them, are floating-point numbers.
pub(super) fn is_approximate(data_type: &str) -> bool {
    ["DOUBLE", "FLOAT"].iter().any(|name| data_type.contains(name))
}

/// Whether values of a type are numbers, for sums and means.
pub(super) fn is_number(data_type: &str) -> bool {
    let name = data_type.split('(').next().unwrap_or_default();
    matches!(
        name,
        "TINYINT"
            | "SMALLINT"
            | "INTEGER"
            | "BIGINT"
            | "HUGEINT"
            | "UTINYINT"
            | "USMALLINT"
            | "UINTEGER"
            | "UBIGINT"
            | "UHUGEINT"
            | "FLOAT"
            | "DOUBLE"
            | "DECIMAL"
    ) && !data_type.ends_with(']')
}

/// A value as text; `None` for NULL.
pub(super) fn text(value: &Value, approximate: bool) -> Option<String> {
    match value {
        Value::Null => None,
        Value::String(text) => Some(text.clone()),
        Value::Number(number) if approximate => Some(rounded(number)),
        other if approximate => Some(canonical(other).to_string()),
        other => Some(other.to_string()),
    }
}

/// A value with all numbers in it rounded.
pub(super) fn canonical(value: &Value) -> Value {
    match value {
        Value::Number(number) => Value::String(rounded(number)),
        Value::Array(items) => items.iter().map(canonical).collect(),
        Value::Object(fields) => {
            Value::Object(fields.iter().map(|(name, value)| (name.clone(), canonical(value))).collect())
        }
        other => other.clone(),
    }
}

/// A number of at most twelve digits.
fn rounded(number: &Number) -> String {
    let Some(value) = number.as_f64() else { return number.to_string() };
    let short: f64 = format!("{value:.DIGITS$e}").parse().unwrap_or(value);
    // There is one zero.
    if short == 0.0 { "0".to_string() } else { short.to_string() }
}

/// A value as a number, however the warehouse sends it: decimals and large integers come as text.
pub(super) fn number(value: &Value) -> Option<f64> {
    let number = match value {
        Value::Number(number) => number.as_f64(),
        Value::String(text) => text.parse().ok(),
        _ => None,
    };
    number.filter(|number| number.is_finite())
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn the_last_digits_of_a_sum_do_not_count() {
        let same = |a: Value, b: Value| text(&a, true) == text(&b, true);
        assert!(same(json!(0.1 + 0.2), json!(0.3)));
        assert!(same(json!(-0.0), json!(0)));
        assert!(same(json!(2.0), json!(2)));
        assert!(same(json!([0.1 + 0.2, null]), json!([0.3, null])));
        assert!(!same(json!(0.300_001), json!(0.3)));
        assert!(!same(json!(null), json!("null")));
        assert_eq!(text(&json!(9_007_199_254_740_993_i64), false).as_deref(), Some("9007199254740993"));
    }

    #[test]
    fn types_say_whether_they_are_numbers() {
        assert!(is_number("DECIMAL(18,3)") && is_number("HUGEINT") && !is_number("BIGINT[]") && !is_number("DATE"));
        assert!(is_approximate("STRUCT(a DOUBLE)") && !is_approximate("DECIMAL(18,3)"));
    }
}
