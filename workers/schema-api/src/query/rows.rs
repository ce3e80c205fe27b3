//! The rows of a query, and what tells them from others.

use std::fmt::Write;

use living_warehouse::Page;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use sha2::{Digest as _, Sha256};

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Column {
    pub name: String,
    /// As DuckDB spells it.
    #[serde(rename = "type")]
    pub data_type: String,
}

/// What a query gave.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Rows {
    pub columns: Vec<Column>,
    /// In the order of the columns.
    pub rows: Vec<Vec<Value>>,
    /// There are more rows than these.
    pub truncated: bool,
}

impl Rows {
    /// The first rows of a page, as many as were asked for.
    pub(crate) fn within(page: Page, most: u32) -> Self {
        let Page { result, truncated } = page;
        let mut rows = result.rows;
        let more = rows.len() > most as usize;
        rows.truncate(most as usize);
        let types = result.column_types.into_iter().map(Some).chain(std::iter::repeat(None));
        let column =
            |(name, data_type): (String, Option<String>)| Column { name, data_type: data_type.unwrap_or_default() };
        let columns = result.columns.into_iter().zip(types).map(column).collect();
        Self { columns, rows, truncated: more || truncated }
    }

    /// SHA-256 in hexadecimal of the rows; blind to their order unless the query gives one.
    #[must_use]
    pub fn hash(&self, is_ordered: bool) -> String {
        // Lists of values always have a JSON text.
        let mut texts: Vec<String> =
            self.rows.iter().map(|row| serde_json::to_string(row).unwrap_or_default()).collect();
        if !is_ordered {
            texts.sort_unstable();
        }
        sha256(texts.join("\n").as_bytes())
    }
}

pub(super) fn sha256(bytes: &[u8]) -> String {
    Sha256::digest(bytes).iter().fold(String::new(), |mut hash, byte| {
        // Writing to a String doesn't fail.
        let _ = write!(hash, "{byte:02x}");
        hash
    })
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_hash_is_blind_to_the_order_that_nobody_asked_for() {
        let of = |rows: [Vec<Value>; 2], is_ordered| {
            Rows { columns: Vec::new(), rows: rows.into(), truncated: false }.hash(is_ordered)
        };
        let a = || [vec![json!(1), json!("x")], vec![json!(2), json!(null)]];
        let b = || [vec![json!(2), json!(null)], vec![json!(1), json!("x")]];
        assert_eq!(of(a(), false), of(b(), false));
        assert_ne!(of(a(), true), of(b(), true));
    }
}
