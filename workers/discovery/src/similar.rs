//! Which new items look like one that is there.

use std::collections::{BTreeMap, BTreeSet};

use living_core::{
    catalog::{Item, ItemKey, ItemKind, Similar, Totals, fold::TotalsByItem, log},
    profile::ColumnProfile,
    similarity::{self, Column, Comparison, Context, IN_DOUBT, Name, Options, Verdict},
};
use living_warehouse::Warehouse;

use crate::{Failure, listing};

/// Fields whose values are compared for a new one: those whose names are most alike.
const CANDIDATES: usize = 3;

/// Compares new entity types, the most frequent first, with those of the same question, and with the new ones before them.
pub(crate) async fn entity_types(
    warehouse: &impl Warehouse,
    options: &Options,
    commit_seq: i64,
    new: &[&ItemKey],
) -> Result<BTreeMap<ItemKey, Similar>, Failure> {
    let mut similar = BTreeMap::new();
    let questions: BTreeSet<(&str, &str)> = new.iter().map(|key| (key.scope.as_str(), key.question.as_str())).collect();
    for (scope, question) in questions {
        let names = log::names_before(commit_seq, ItemKind::EntityType, Some((scope, question)));
        let known = listing::rows(warehouse, ItemKind::EntityType, &names).await?;
        let mut known: Vec<(ItemKey, Name)> = known
            .into_iter()
            .map(|(key, _)| {
                let name = Name::new(&key.name);
                (key, name)
            })
            .collect();
        for &key in new.iter().filter(|key| key.scope == scope && key.question == question) {
            let name = Name::new(&key.name);
            let compared = known.iter().map(|(other, known)| (other, similarity::compare_with(options, &name, known)));
            if let Some(found) = best(compared) {
                similar.insert(key.clone(), found);
            }
            known.push((key.clone(), name));
        }
    }
    Ok(similar)
}

/// Compares new fields with those of other source tables, and with those of the same one that the load doesn't have: columns that
/// occur together are never duplicates. A name that another table has too is a known name, and no near-duplicate.
pub(crate) async fn fields(
    warehouse: &impl Warehouse,
    options: &Options,
    commit_seq: i64,
    new: &[&ItemKey],
    after: &TotalsByItem,
) -> Result<BTreeMap<ItemKey, Similar>, Failure> {
    let mut similar = BTreeMap::new();
    if new.is_empty() {
        return Ok(similar);
    }
    let known =
        listing::rows(warehouse, ItemKind::Field, &log::names_before(commit_seq, ItemKind::Field, None)).await?;
    let known: Vec<ItemKey> = known.into_iter().map(|(key, _)| key).collect();
    let known = named(&known);
    let touched: Vec<ItemKey> = after.keys().cloned().collect();
    let touched: BTreeMap<&ItemKey, Name> = named(&touched).into_iter().collect();
    let is_known_name =
        |key: &ItemKey| known.iter().any(|(other, _)| other.scope != key.scope && other.name == key.name);
    for &key in new.iter().filter(|key| !is_known_name(key)) {
        let Some(name) = touched.get(key) else { continue };
        let profile = after.get(key).and_then(profile);
        let mut candidates: Vec<(&ItemKey, &Name, f64)> = known
            .iter()
            .filter(|(other, _)| !after.contains_key(*other))
            .map(|(other, known)| (*other, known, similarity::compare_with(options, name, known).score))
            .filter(|(.., score)| *score >= IN_DOUBT)
            .collect();
        candidates.sort_by(|a, b| b.2.total_cmp(&a.2).then_with(|| a.0.cmp(b.0)));
        candidates.truncate(CANDIDATES);
        let mut compared = Vec::new();
        for (other, known, _) in candidates {
            let item = field_before(warehouse, commit_seq, other).await?;
            let left = Column { name, profile };
            let right = Column { name: known, profile: item.as_ref().and_then(|item| self::profile(&item.totals)) };
            compared.push((other, similarity::columns_with(options, left, right)));
        }
        if let Some(found) = best(compared.into_iter()) {
            similar.insert(key.clone(), found);
        }
    }
    Ok(similar)
}

/// The names of fields, each read as a column of its table.
fn named(keys: &[ItemKey]) -> Vec<(&ItemKey, Name)> {
    let mut tables = BTreeMap::<&str, Vec<&str>>::new();
    for key in keys {
        tables.entry(&key.scope).or_default().push(&key.name);
    }
    let contexts: BTreeMap<&str, Context> =
        tables.into_iter().map(|(table, columns)| (table, Context::of_table(table, columns))).collect();
    let context = |key: &ItemKey| contexts.get(key.scope.as_str()).cloned().unwrap_or_default();
    keys.iter().map(|key| (key, Name::in_table(&key.name, &context(key)))).collect()
}

fn profile(totals: &Totals) -> Option<&ColumnProfile> {
    match totals {
        Totals::Field(totals) => Some(&totals.profile),
        Totals::Entity(_) => None,
    }
}

async fn field_before(warehouse: &impl Warehouse, commit_seq: i64, key: &ItemKey) -> Result<Option<Item>, Failure> {
    let result = warehouse.run(&log::field_before(commit_seq, &key.scope, &key.name)).await?;
    let text = result.first().and_then(|row| row.first()).and_then(serde_json::Value::as_str);
    text.map(|text| serde_json::from_str(text).map_err(|_| Failure::Unreadable("what is known of a field"))).transpose()
}

/// The duplicate with the highest score, the first by name among equals.
fn best<'a>(compared: impl Iterator<Item = (&'a ItemKey, Comparison)>) -> Option<Similar> {
    compared
        .filter(|(_, comparison)| comparison.verdict == Verdict::Duplicate)
        .max_by(|a, b| a.1.score.total_cmp(&b.1.score).then_with(|| b.0.cmp(a.0)))
        .map(|(item, comparison)| Similar { item: item.clone(), score: comparison.score, reason: comparison.reason })
}
