//! What a result is known by.

use alloc::{format, string::String, vec::Vec};
use core::fmt::Write;

use serde::{Deserialize, Serialize};
use serde_json::Value;
use sha2::{Digest, Sha256};

use super::{Column, ResultSet, cell};

/// Columns, number of rows, and a hash of the rows. Two results with the same one are the same result.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schemars", derive(schemars::JsonSchema))]
pub struct Fingerprint {
    pub columns: Vec<Column>,
    pub row_count: u64,
    /// SHA-256 of the rows, in hexadecimal; blind to their order. Of floating-point numbers twelve digits count.
    pub row_hash: String,
    /// The result has more rows than these, and they are not in the hash.
    pub truncated: bool,
}

impl Fingerprint {
    #[must_use]
    pub fn of(result: &ResultSet) -> Self {
        Self {
            columns: result.columns.clone(),
            row_count: result.rows.len() as u64,
            row_hash: row_hash(result),
            truncated: result.truncated,
        }
    }
}

fn row_hash(result: &ResultSet) -> String {
    let approximate: Vec<bool> = result.columns.iter().map(|column| cell::is_approximate(&column.data_type)).collect();
    let canonical = |row: &Vec<Value>| {
        let cells = row.iter().enumerate().map(|(i, value)| match approximate.get(i) {
            Some(true) => cell::canonical(value),
            _ => value.clone(),
        });
        format!("{}\n", Value::Array(cells.collect()))
    };
    let mut rows: Vec<String> = result.rows.iter().map(canonical).collect();
    rows.sort_unstable();
    let mut hash = Sha256::new();
    for row in &rows {
        hash.update(row.as_bytes());
    }
    hash.finalize().iter().fold(String::new(), |mut text, byte| {
        // Writing to a String doesn't fail.
        let _ = write!(text, "{byte:02x}");
        text
    })
}

#[cfg(test)]
mod tests {
    use alloc::vec;

    use proptest::prelude::*;
    use serde_json::json;

    use super::{super::diff::tests::result_sets, *};

    proptest! {
        #[test]
        fn the_order_of_rows_is_of_no_matter(result in result_sets(), seed in any::<prop::sample::Index>()) {
            let mut turned = result.clone();
            if !turned.rows.is_empty() {
                let by = seed.index(turned.rows.len());
                turned.rows.rotate_left(by);
                turned.rows.reverse();
            }
            prop_assert_eq!(Fingerprint::of(&result), Fingerprint::of(&turned));
        }
    }

    #[test]
    fn every_row_counts_as_often_as_it_comes() {
        let of = |rows: Vec<Vec<Value>>| {
            let columns = vec![Column { name: "a".into(), data_type: "VARCHAR".into() }];
            Fingerprint::of(&ResultSet { columns, rows, truncated: false }).row_hash
        };
        let one = of(vec![vec![json!("x")]]);
        assert_ne!(one, of(vec![vec![json!("x")], vec![json!("x")]]));
        assert_ne!(one, of(vec![vec![json!("y")]]));
        assert_ne!(of(vec![vec![json!("1")]]), of(vec![vec![json!(1)]]));
    }
}
