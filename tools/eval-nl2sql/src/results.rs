//! Whether two queries have the same result.

use serde_json::Value;

/// How far numbers may differ, of one or of the greater of them.
const TOLERANCE: f64 = 1e-6;

/// Results with more columns are compared in the order of their columns only.
const PERMUTED: usize = 7;

/// Whether two results have the same rows: in any order unless `is_ordered`, and with the columns in any order. Names of columns don't
/// count.
pub(crate) fn are_same(gold: &[Vec<Value>], given: &[Vec<Value>], is_ordered: bool) -> bool {
    let width = |rows: &[Vec<Value>]| rows.first().map_or(0, Vec::len);
    if gold.len() != given.len() || width(gold) != width(given) {
        return false;
    }
    let width = width(gold);
    let mut order: Vec<usize> = (0..width).collect();
    if width > PERMUTED {
        return has_same_rows(gold, given, &order, is_ordered);
    }
    permutations(&mut order, 0, &mut |order| has_same_rows(gold, given, order, is_ordered))
}

/// Whether any order of `items` from `at` on passes.
fn permutations(items: &mut [usize], at: usize, passes: &mut dyn FnMut(&[usize]) -> bool) -> bool {
    if at >= items.len() {
        return passes(items);
    }
    for other in at..items.len() {
        items.swap(at, other);
        if permutations(items, at + 1, passes) {
            return true;
        }
        items.swap(at, other);
    }
    false
}

fn has_same_rows(gold: &[Vec<Value>], given: &[Vec<Value>], order: &[usize], is_ordered: bool) -> bool {
    let mut gold: Vec<Vec<Cell>> = gold.iter().map(|row| row.iter().map(Cell::of).collect()).collect();
    let given = given.iter().map(|row| order.iter().map(|at| Cell::of(row.get(*at).unwrap_or(&Value::Null))).collect());
    let mut given: Vec<Vec<Cell>> = given.collect();
    if !is_ordered {
        for rows in [&mut gold, &mut given] {
            rows.sort_by(|a, b| a.iter().map(Cell::key).cmp(b.iter().map(Cell::key)));
        }
    }
    gold.iter().zip(&given).all(|(a, b)| a.len() == b.len() && a.iter().zip(b).all(|(a, b)| a.is(b)))
}

enum Cell {
    Number(f64),
    Other(String),
}

impl Cell {
    fn of(value: &Value) -> Self {
        // Whole numbers beyond 2^53 and decimals come as text.
        let number = value.as_f64().or_else(|| value.as_str().and_then(|text| text.parse().ok()));
        match number.filter(|number: &f64| number.is_finite()) {
            Some(number) => Self::Number(number),
            // A day is the midnight that it begins with: `date_trunc` gives either.
            None => Self::Other(
                value.as_str().map_or_else(|| value.to_string(), |text| text.trim_end_matches(" 00:00:00").to_owned()),
            ),
        }
    }

    /// What rows are sorted by: numbers that are the same within the tolerance have the same.
    fn key(&self) -> String {
        match self {
            Self::Number(number) => format!("{number:.4e}"),
            Self::Other(text) => text.clone(),
        }
    }

    fn is(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Number(a), Self::Number(b)) => (a - b).abs() <= TOLERANCE * a.abs().max(b.abs()).max(1.0),
            (Self::Other(a), Self::Other(b)) => a == b,
            _ => false,
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn rows(value: Value) -> Vec<Vec<Value>> {
        serde_json::from_value(value).unwrap()
    }

    #[test]
    fn the_order_of_columns_and_of_rows_that_nobody_asked_for_is_none() {
        let gold = rows(json!([["a", 1.0], ["b", "2.5"], ["b", 2.5]]));
        assert!(are_same(&gold, &rows(json!([[2.500_000_1, "b"], [1, "a"], [2.5, "b"]])), false));
        assert!(!are_same(&gold, &rows(json!([[2.5, "b"], [1, "a"], [2.5, "b"]])), true));
        assert!(!are_same(&gold, &rows(json!([["a", 1], ["b", 2.5]])), false));
        assert!(!are_same(&gold, &rows(json!([["a", 1], ["a", 1], ["b", 2.5]])), false));
        assert!(are_same(&[], &[], true));
        assert!(are_same(&rows(json!([["2024-10-01"]])), &rows(json!([["2024-10-01 00:00:00"]])), true));
        assert!(!are_same(&rows(json!([[null]])), &rows(json!([[0]])), true));
    }
}
