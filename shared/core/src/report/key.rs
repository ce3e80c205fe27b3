//! Columns that name a row.

use alloc::{collections::BTreeSet, string::String, vec::Vec};

use super::{ResultSet, cell};

/// Columns of which pairs are tried, when no single one names a row.
const PAIRED: usize = 6;

/// Why columns are no key of a result.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NoKey {
    #[error("the result has no column {0:?}")]
    NoColumn(String),
    #[error("the column {0:?} comes twice")]
    Twice(String),
    #[error("{rows} rows have only {keys} different keys")]
    NotUnique { rows: usize, keys: usize },
}

/// Whether columns name each row of a result.
///
/// # Errors
/// Why not.
pub fn check_key(result: &ResultSet, key: &[String]) -> Result<(), NoKey> {
    let mut places = Vec::new();
    for name in key {
        let place = result.columns.iter().position(|column| column.name == *name);
        let place = place.ok_or_else(|| NoKey::NoColumn(name.clone()))?;
        if places.contains(&place) {
            return Err(NoKey::Twice(name.clone()));
        }
        places.push(place);
    }
    let keys = keys(result, &places).len();
    if keys == result.rows.len() { Ok(()) } else { Err(NoKey::NotUnique { rows: result.rows.len(), keys }) }
}

/// The texts of some columns of a row.
pub(super) type Key = Vec<Option<String>>;

pub(super) fn key_of(row: &[serde_json::Value], places: &[usize], approximate: &[bool]) -> Key {
    let text = |&place: &usize| {
        row.get(place).and_then(|value| cell::text(value, approximate.get(place).copied().unwrap_or(false)))
    };
    places.iter().map(text).collect()
}

/// The different keys of a result.
fn keys(result: &ResultSet, places: &[usize]) -> BTreeSet<Key> {
    let approximate: Vec<bool> = result.columns.iter().map(|column| cell::is_approximate(&column.data_type)).collect();
    result.rows.iter().map(|row| key_of(row, places, &approximate)).collect()
}

/// Finds the columns that name a row in both results. `common`: places of the columns that both have.
///
/// A measure may have different values in each row by chance. What names rows has the same values before and after, so of several
/// candidates the one of which most values stay is taken, of equals text before numbers, and then the one further left.
pub(super) fn detect(before: &ResultSet, after: &ResultSet, common: &[(usize, usize)]) -> Option<Vec<String>> {
    let is_exact = |&&(b, a): &&(usize, usize)| {
        let (Some(old), Some(new)) = (before.columns.get(b), after.columns.get(a)) else { return false };
        // Of columns with one name only the first can be named.
        let is_first = before.columns.iter().position(|column| column.name == old.name) == Some(b);
        is_first && !cell::is_approximate(&old.data_type) && !cell::is_approximate(&new.data_type)
    };
    let mut exact: Vec<(usize, usize)> = common.iter().filter(is_exact).copied().collect();
    // Text names things more often than numbers do. It's the same order backwards.
    exact.sort_by_key(|&(b, a)| {
        let numbers = |result: &ResultSet, place: usize| {
            result.columns.get(place).is_some_and(|column| cell::is_number(&column.data_type))
        };
        let name = before.columns.get(b).map(|column| column.name.clone());
        (numbers(before, b) || numbers(after, a), b.min(a), b.max(a), name)
    });
    let singles = exact.iter().map(|&one| Vec::from([one]));
    let few = exact.get(..PAIRED.min(exact.len())).unwrap_or_default();
    let pairs =
        few.iter().enumerate().flat_map(|(i, &one)| few.iter().skip(i + 1).map(move |&two| Vec::from([one, two])));
    best(before, after, singles).or_else(|| best(before, after, pairs)).map(|places| {
        let name = |&(b, _): &(usize, usize)| before.columns.get(b).map(|column| column.name.clone());
        places.iter().filter_map(name).collect()
    })
}

fn best(
    before: &ResultSet,
    after: &ResultSet,
    candidates: impl Iterator<Item = Vec<(usize, usize)>>,
) -> Option<Vec<(usize, usize)>> {
    let mut best: Option<(usize, Vec<(usize, usize)>)> = None;
    for places in candidates {
        let (of_before, of_after): (Vec<usize>, Vec<usize>) = places.iter().copied().unzip();
        let (keys_before, keys_after) = (keys(before, &of_before), keys(after, &of_after));
        let is_unique = keys_before.len() == before.rows.len() && keys_after.len() == after.rows.len();
        let has_null = keys_before.iter().chain(&keys_after).flatten().any(Option::is_none);
        let shared = keys_before.intersection(&keys_after).count();
        if is_unique && !has_null && shared > best.as_ref().map_or(0, |(most, _)| *most) {
            best = Some((shared, places));
        }
    }
    best.map(|(_, places)| places)
}
