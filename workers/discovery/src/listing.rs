//! Lists that come in pages.

use std::collections::BTreeMap;

use living_core::catalog::{
    Item, ItemKey, ItemKind,
    log::{Cursor, Listing},
};
use living_warehouse::Warehouse;
use serde::de::DeserializeOwned;
use serde_json::Value;

use crate::Failure;

/// All rows of a listing: names and bodies.
pub(crate) async fn rows(
    warehouse: &impl Warehouse,
    kind: ItemKind,
    listing: &Listing,
) -> Result<Vec<(ItemKey, String)>, Failure> {
    let mut rows = Vec::new();
    let mut cursor: Option<Cursor> = None;
    loop {
        let page = warehouse.run(&listing.page(cursor.as_ref())).await?;
        let mut remaining = 0;
        for row in &page.rows {
            let (scope, question, name, body, left) = read_row(row).ok_or(Failure::Unreadable("a list of items"))?;
            cursor = Some(Cursor { scope: scope.clone(), question: question.clone(), name: name.clone() });
            rows.push((ItemKey { kind, scope, question, name }, body));
            remaining = left;
        }
        if remaining == 0 {
            return Ok(rows);
        }
    }
}

fn read_row(row: &[Value]) -> Option<(String, String, String, String, u64)> {
    let [scope, question, name, body, remaining] = row else {
        return None;
    };
    let text = |value: &Value| value.as_str().map(str::to_owned);
    Some((text(scope)?, text(question)?, text(name)?, text(body)?, remaining.as_u64()?))
}

/// As [`rows`], with each body read as JSON.
pub(crate) async fn parsed<T: DeserializeOwned>(
    warehouse: &impl Warehouse,
    kind: ItemKind,
    listing: &Listing,
) -> Result<BTreeMap<ItemKey, T>, Failure> {
    let parse = |(key, body): (ItemKey, String)| {
        serde_json::from_str(&body)
            .map(|value| (key, value))
            .map_err(|_| Failure::Unreadable("what is known of an item"))
    };
    rows(warehouse, kind, listing).await?.into_iter().map(parse).collect()
}

/// The items of a listing of items.
pub(crate) async fn items(warehouse: &impl Warehouse, kind: ItemKind, listing: &Listing) -> Result<Vec<Item>, Failure> {
    Ok(parsed::<Item>(warehouse, kind, listing).await?.into_values().collect())
}
