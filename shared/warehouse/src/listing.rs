//! Lists that come in pages.

use living_core::catalog::log::{Cursor, Listing};
use serde::de::DeserializeOwned;
use serde_json::Value;

use crate::{Error, ErrorClass, Warehouse};

/// All rows of a listing: what names each, and its body.
///
/// # Errors
/// Those of the warehouse; `Permanent` if what comes is no listing.
pub async fn rows(warehouse: &impl Warehouse, listing: &Listing) -> Result<Vec<(Cursor, String)>, Error> {
    let mut rows = Vec::new();
    loop {
        let after = rows.last().map(|(cursor, _)| cursor);
        // Two fifths are left for marks around the texts: a body is JSON in JSON.
        let characters = warehouse.max_characters() / 5 * 3;
        let page = warehouse.run(&listing.page(after, warehouse.max_rows(), characters)).await?;
        let mut remaining = 0;
        for row in &page.rows {
            let (cursor, body, left) = read_row(row).ok_or_else(unreadable)?;
            rows.push((cursor, body));
            remaining = left;
        }
        if remaining == 0 {
            return Ok(rows);
        }
    }
}

/// As [`rows`], with each body read as JSON.
///
/// # Errors
/// As [`rows`]; `Permanent` if a body isn't what it should be.
pub async fn parsed<T: DeserializeOwned>(
    warehouse: &impl Warehouse,
    listing: &Listing,
) -> Result<Vec<(Cursor, T)>, Error> {
    let parse = |(cursor, body): (Cursor, String)| {
        serde_json::from_str(&body).map(|value| (cursor, value)).map_err(|_| unreadable())
    };
    rows(warehouse, listing).await?.into_iter().map(parse).collect()
}

fn read_row(row: &[Value]) -> Option<(Cursor, String, u64)> {
    let [scope, question, name, body, remaining] = row else {
        return None;
    };
    let text = |value: &Value| value.as_str().map(str::to_owned);
    let cursor = Cursor { scope: text(scope)?, question: text(question)?, name: text(name)? };
    Some((cursor, text(body)?, remaining.as_u64()?))
}

fn unreadable() -> Error {
    Error::new(ErrorClass::Permanent, "the warehouse's answer is not the list that was asked for")
}
