//! Lists of items, with the keys that the catalog has for them.

use std::collections::BTreeMap;

use living_core::catalog::{
    Item, ItemKey, ItemKind,
    log::{Cursor, Listing},
};
use living_warehouse::{Warehouse, listing};
use serde::de::DeserializeOwned;

use crate::Failure;

/// All rows of a listing: names and bodies.
pub(crate) async fn rows(
    warehouse: &impl Warehouse,
    kind: ItemKind,
    listing: &Listing,
) -> Result<Vec<(ItemKey, String)>, Failure> {
    let rows = listing::rows(warehouse, listing).await?;
    Ok(rows.into_iter().map(|(cursor, body)| (key(kind, cursor), body)).collect())
}

/// As [`rows`], with each body read as JSON.
pub(crate) async fn parsed<T: DeserializeOwned>(
    warehouse: &impl Warehouse,
    kind: ItemKind,
    listing: &Listing,
) -> Result<BTreeMap<ItemKey, T>, Failure> {
    let rows = listing::parsed(warehouse, listing).await?;
    Ok(rows.into_iter().map(|(cursor, value)| (key(kind, cursor), value)).collect())
}

/// The items of a listing of items.
pub(crate) async fn items(warehouse: &impl Warehouse, kind: ItemKind, listing: &Listing) -> Result<Vec<Item>, Failure> {
    Ok(parsed::<Item>(warehouse, kind, listing).await?.into_values().collect())
}

fn key(kind: ItemKind, Cursor { scope, question, name }: Cursor) -> ItemKey {
    ItemKey { kind, scope, question, name }
}
