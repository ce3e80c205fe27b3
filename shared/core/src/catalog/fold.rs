//! What a commit does to the catalog.

use alloc::{boxed::Box, collections::BTreeMap, vec::Vec};

use super::{EntityTotals, FieldTotals, Item, ItemKey, Similar, Status, Totals, content::Change};

/// Totals by item.
pub type TotalsByItem = BTreeMap<ItemKey, Totals>;

/// Entity types after a load whose records no other visible load holds: what it holds is added.
#[must_use]
pub fn add_entities(before: &[Item], added: BTreeMap<ItemKey, EntityTotals>) -> TotalsByItem {
    let known: BTreeMap<&ItemKey, &Totals> = before.iter().map(|item| (&item.key, &item.totals)).collect();
    added
        .into_iter()
        .map(|(key, added)| {
            let totals = match known.get(&key) {
                Some(Totals::Entity(known)) => {
                    let mut sum = known.clone();
                    sum.add(&added);
                    sum
                }
                _ => added,
            };
            (key, Totals::Entity(totals))
        })
        .collect()
}

/// Entity types after a commit that changed which rows of a record are visible: as counted anew. What isn't there any more is
/// withdrawn.
#[must_use]
pub fn recount_entities(before: &[Item], counted: BTreeMap<ItemKey, EntityTotals>) -> TotalsByItem {
    let withdrawn = before.iter().filter_map(|item| match &item.totals {
        Totals::Entity(totals) => Some((item.key.clone(), Totals::Entity(totals.withdrawn()))),
        Totals::Field(_) => None,
    });
    withdrawn.chain(counted.into_iter().map(|(key, totals)| (key, Totals::Entity(totals)))).collect()
}

/// Fields after a commit: with the columns of the load that became visible, without those of the one that it replaces.
#[must_use]
pub fn change_fields(
    before: &[Item],
    added: &BTreeMap<ItemKey, FieldTotals>,
    removed: &BTreeMap<ItemKey, FieldTotals>,
) -> TotalsByItem {
    let mut totals = BTreeMap::<ItemKey, FieldTotals>::new();
    for item in before {
        if let Totals::Field(known) = &item.totals {
            totals.insert(item.key.clone(), (**known).clone());
        }
    }
    for (key, load) in removed {
        if let Some(known) = totals.get_mut(key) {
            known.subtract(load);
        }
    }
    for (key, load) in added {
        totals.entry(key.clone()).and_modify(|known| known.add(load)).or_insert_with(|| load.clone());
    }
    let touched = |key: &ItemKey| added.contains_key(key) || removed.contains_key(key);
    totals
        .into_iter()
        .filter(|(key, _)| touched(key))
        .map(|(key, totals)| (key, Totals::Field(Box::new(totals))))
        .collect()
}

/// The items of `after` that were never seen before, the most frequent first: of two new ones that look alike, the frequent one is
/// the original.
#[must_use]
pub fn new_items<'a>(before: &[Item], after: &'a TotalsByItem) -> Vec<&'a ItemKey> {
    let mut new: Vec<(&ItemKey, &Totals)> =
        after.iter().filter(|(key, totals)| totals.is_present() && !before.iter().any(|i| i.key == **key)).collect();
    // Stable: equally frequent ones stay in the order of their names.
    new.sort_by_key(|(_, totals)| core::cmp::Reverse(frequency(totals)));
    new.into_iter().map(|(key, _)| key).collect()
}

fn frequency(totals: &Totals) -> u64 {
    match totals {
        Totals::Entity(totals) => totals.responses + totals.suggestions,
        Totals::Field(totals) => totals.present,
    }
}

/// What a commit leaves.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Folded {
    /// The items that it touched, as they are after it.
    pub items: Vec<Item>,
    /// What it changes in the schema.
    pub changes: Vec<Change>,
}

/// Puts the items of a commit together: a new one is flagged if `similar` has something for it; a known one keeps its status.
#[must_use]
pub fn fold(before: &[Item], after: TotalsByItem, mut similar: BTreeMap<ItemKey, Similar>) -> Folded {
    let known: BTreeMap<&ItemKey, &Item> = before.iter().map(|item| (&item.key, item)).collect();
    let mut folded = Folded::default();
    for (key, totals) in after {
        let item = if let Some(known) = known.get(&key) {
            Item { totals, ..(*known).clone() }
        } else {
            let similar = similar.remove(&key);
            let status = if similar.is_some() { Status::Flagged } else { Status::Approved };
            Item { key, status, totals, similar }
        };
        let before = known.get(&item.key).and_then(|known| known.definition());
        folded.changes.extend(Change::between(&item.key, before.as_ref(), item.definition().as_ref()));
        folded.items.push(item);
    }
    folded
}

#[cfg(test)]
mod tests {
    use alloc::vec;

    use super::*;
    use crate::catalog::{ItemKind, content::ChangeKind};

    fn key(label: &str) -> ItemKey {
        ItemKey { kind: ItemKind::EntityType, scope: "wnut".into(), question: "entities".into(), name: label.into() }
    }

    fn count(responses: u64) -> EntityTotals {
        EntityTotals { responses, records: responses, first_seen: 5, last_seen: 9, ..EntityTotals::default() }
    }

    #[test]
    fn a_known_type_is_counted_and_changes_nothing() {
        let first = fold(&[], add_entities(&[], [(key("person"), count(2))].into()), BTreeMap::new());
        assert_eq!(first.changes.len(), 1);
        let after = add_entities(&first.items, [(key("person"), count(3))].into());
        let second = fold(&first.items, after, BTreeMap::new());
        assert_eq!(second.changes, vec![]);
        assert_eq!(second.items[0].totals, Totals::Entity(count(5)));
    }

    #[test]
    fn a_type_that_no_load_holds_leaves_the_schema_and_comes_back_as_it_was() {
        let similar = Similar { item: key("person"), score: 1.0, reason: "same word".into() };
        let first = fold(&[], add_entities(&[], [(key("Person"), count(2))].into()), [(key("Person"), similar)].into());
        let gone = fold(&first.items, recount_entities(&first.items, BTreeMap::new()), BTreeMap::new());
        assert_eq!(gone.changes[0].change, ChangeKind::Removed);
        assert_eq!(gone.items[0].totals, Totals::Entity(EntityTotals { responses: 0, records: 0, ..count(2) }));
        let back =
            fold(&gone.items, recount_entities(&gone.items, [(key("Person"), count(1))].into()), BTreeMap::new());
        assert_eq!(back.changes[0].change, ChangeKind::Added);
        assert_eq!(back.items[0].status, Status::Flagged);
    }

    #[test]
    fn of_new_items_the_frequent_come_first() {
        let after = add_entities(&[], [(key("a"), count(1)), (key("b"), count(7)), (key("c"), count(1))].into());
        let names: Vec<&str> = new_items(&[], &after).iter().map(|key| key.name.as_str()).collect();
        assert_eq!(names, ["b", "a", "c"]);
    }
}
