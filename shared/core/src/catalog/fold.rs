//! What a commit does to the catalog.

use alloc::{
    boxed::Box,
    collections::{BTreeMap, BTreeSet},
    vec::Vec,
};

use super::{
    EntityTotals, FieldTotals, Item, ItemKey, Similar, Status, Totals,
    content::{Change, Definition},
    review::Ruling,
};

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
/// withdrawn; what is as it was is not among them.
///
/// Where nothing but a load was added, this gives what [`add_entities`] does: which of the two is asked depends on hints, which may be
/// others when the log is folded again.
#[must_use]
pub fn recount_entities(before: &[Item], mut counted: BTreeMap<ItemKey, EntityTotals>) -> TotalsByItem {
    let mut after = TotalsByItem::new();
    for item in before {
        let Totals::Entity(known) = &item.totals else { continue };
        let totals = known.recounted(counted.remove(&item.key).unwrap_or_default());
        if totals != *known {
            after.insert(item.key.clone(), Totals::Entity(totals));
        }
    }
    after.extend(counted.into_iter().map(|(key, totals)| (key, Totals::Entity(totals))));
    after
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
/// the original. What has the canonical name of known items belongs to them, and is nothing new.
#[must_use]
pub fn new_items<'a>(before: &[Item], after: &'a TotalsByItem) -> Vec<&'a ItemKey> {
    let known: BTreeSet<ItemKey> = before.iter().flat_map(|item| [item.key.clone(), item.canonical()]).collect();
    let mut new: Vec<(&ItemKey, &Totals)> =
        after.iter().filter(|(key, totals)| totals.is_present() && !known.contains(*key)).collect();
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
    /// The items that it touched, and those of the same definitions, as they are after it.
    pub items: Vec<FoldedItem>,
    /// What it changes in the schema.
    pub changes: Vec<Change>,
}

/// An item after a commit.
#[derive(Debug, Clone, PartialEq)]
pub struct FoldedItem {
    pub item: Item,
    /// Whether it was never seen before.
    pub is_new: bool,
    /// The definition that it stands for: of the items of one definition, the first by name does.
    pub leads: Option<Group>,
}

/// The items of one canonical name, put together.
#[derive(Debug, Clone, PartialEq)]
pub struct Group {
    pub definition: Definition,
    /// All their totals added up; `None` if there's one item, whose totals they are.
    pub totals: Option<Totals>,
}

/// Folds a load or a retraction: `after` has the totals of the items that it touches. A new one is flagged if `similar` has something
/// for it, and waits if `is_paused`; a known one keeps its status.
#[must_use]
pub fn fold(before: &[Item], after: TotalsByItem, mut similar: BTreeMap<ItemKey, Similar>, is_paused: bool) -> Folded {
    let mut items: BTreeMap<ItemKey, Item> = by_key(before);
    let touched: Vec<ItemKey> = after.keys().cloned().collect();
    for (key, totals) in after {
        if let Some(known) = items.get_mut(&key) {
            known.totals = totals;
            continue;
        }
        let similar = similar.remove(&key);
        let status = match &similar {
            _ if is_paused => Status::Waiting,
            Some(_) => Status::Flagged,
            None => Status::Approved,
        };
        items.insert(key.clone(), Item { key, status, ruling: None, totals, similar });
    }
    changed(&by_key(before), items, &touched)
}

/// Folds a decision: `rulings` are those of all decisions up to it, and `before` has the items that [`review::rulings`] changed for,
/// with those of the same definitions before and after it.
///
/// [`review::rulings`]: super::review::rulings
#[must_use]
pub fn fold_decision(before: &[Item], rulings: &BTreeMap<ItemKey, Ruling>) -> Folded {
    let mut items = by_key(before);
    let mut touched = Vec::new();
    for item in items.values_mut() {
        let ruling = rulings.get(&item.key);
        if ruling != item.ruling.as_ref() {
            item.ruling = ruling.cloned();
            touched.push(item.key.clone());
        }
    }
    changed(&by_key(before), items, &touched)
}

/// Folds the end of a pause: what waits is taken in. `before` has the items that wait, with those of the same definitions.
#[must_use]
pub fn fold_resumption(before: &[Item]) -> Folded {
    let mut items = by_key(before);
    let mut touched = Vec::new();
    for item in items.values_mut().filter(|item| item.status == Status::Waiting) {
        item.status = if item.similar.is_some() { Status::Flagged } else { Status::Approved };
        touched.push(item.key.clone());
    }
    changed(&by_key(before), items, &touched)
}

fn by_key(items: &[Item]) -> BTreeMap<ItemKey, Item> {
    items.iter().map(|item| (item.key.clone(), item.clone())).collect()
}

/// What changes where the items `touched` are in `after` what they are there.
fn changed(before: &BTreeMap<ItemKey, Item>, after: BTreeMap<ItemKey, Item>, touched: &[ItemKey]) -> Folded {
    let canonical = |items: &BTreeMap<ItemKey, Item>| -> BTreeSet<ItemKey> {
        touched.iter().filter_map(|key| items.get(key)).map(Item::canonical).collect()
    };
    let mut groups = canonical(before);
    groups.append(&mut canonical(&after));
    let mut old = group(before, &groups);
    let mut new = group(&after, &groups);
    let mut folded = Folded::default();
    for key in &groups {
        let before = old.remove(key).map(|(_, group)| group.definition);
        let after = new.get(key).map(|(_, group)| &group.definition);
        folded.changes.extend(Change::between(key, before.as_ref(), after));
    }
    for item in after.into_values() {
        let canonical = item.canonical();
        if groups.contains(&canonical) {
            let is_lead = new.get(&canonical).is_some_and(|(lead, _)| *lead == item.key);
            let leads = if is_lead { new.remove(&canonical).map(|(_, group)| group) } else { None };
            let is_new = !before.contains_key(&item.key);
            folded.items.push(FoldedItem { item, is_new, leads });
        }
    }
    folded
}

/// The definitions of `wanted` canonical names that the schema has, each with the item that stands for it.
fn group(items: &BTreeMap<ItemKey, Item>, wanted: &BTreeSet<ItemKey>) -> BTreeMap<ItemKey, (ItemKey, Group)> {
    let mut members = BTreeMap::<ItemKey, Vec<&Item>>::new();
    for item in items.values().filter(|item| item.is_in_schema()) {
        let canonical = item.canonical();
        if wanted.contains(&canonical) {
            members.entry(canonical).or_default().push(item);
        }
    }
    members.into_iter().filter_map(|(key, items)| define(&key, items).map(|group| (key, group))).collect()
}

fn define(canonical: &ItemKey, mut items: Vec<&Item>) -> Option<(ItemKey, Group)> {
    // Its own name first, then by name.
    items.sort_by_key(|item| (item.key.name != canonical.name, &item.key.name));
    let (lead, others) = items.split_first()?;
    let sum = (!others.is_empty()).then(|| {
        let mut sum = lead.totals.clone();
        for item in others {
            sum.add(&item.totals);
        }
        sum
    });
    let totals = sum.as_ref().unwrap_or(&lead.totals);
    let has_other_names = items.iter().any(|item| item.key.name != canonical.name);
    let names = items.iter().filter(|_| has_other_names).map(|item| item.key.name.clone()).collect();
    let definition = Definition {
        data_type: totals.data_type(),
        meaning: totals.meaning(),
        names,
        flagged: items.iter().any(|item| item.status() == Status::Flagged),
    };
    Some((lead.key.clone(), Group { definition, totals: sum }))
}

#[cfg(test)]
mod tests {
    use alloc::{string::ToString, vec};

    use uuid::Uuid;

    use super::*;
    use crate::catalog::{
        ItemKind,
        content::ChangeKind,
        review::{Action, Decided, Decision, rulings},
    };

    fn key(label: &str) -> ItemKey {
        ItemKey { kind: ItemKind::EntityType, scope: "wnut".into(), question: "entities".into(), name: label.into() }
    }

    fn count(responses: u64) -> EntityTotals {
        EntityTotals { responses, records: responses, first_seen: 5, last_seen: 9, ..EntityTotals::default() }
    }

    fn items(folded: Folded) -> Vec<Item> {
        folded.items.into_iter().map(|folded| folded.item).collect()
    }

    fn first(label: &str, similar: Option<Similar>) -> Folded {
        let similar = similar.map(|similar| (key(label), similar)).into_iter().collect();
        fold(&[], add_entities(&[], [(key(label), count(2))].into()), similar, false)
    }

    #[test]
    fn a_known_type_is_counted_and_changes_nothing() {
        let first = first("person", None);
        assert_eq!(first.changes.len(), 1);
        let before = items(first);
        let after = add_entities(&before, [(key("person"), count(3))].into());
        let second = fold(&before, after, BTreeMap::new(), false);
        assert_eq!(second.changes, vec![]);
        assert_eq!(items(second)[0].totals, Totals::Entity(count(5)));
    }

    #[test]
    fn a_type_that_no_load_holds_leaves_the_schema_and_comes_back_as_it_was() {
        let similar = Similar { item: key("person"), score: 1.0, reason: "same word".into() };
        let first = items(first("Person", Some(similar)));
        let gone = fold(&first, recount_entities(&first, BTreeMap::new()), BTreeMap::new(), false);
        assert_eq!(gone.changes[0].change, ChangeKind::Removed);
        let gone = items(gone);
        assert_eq!(gone[0].totals, Totals::Entity(EntityTotals { responses: 0, records: 0, ..count(2) }));
        let back = recount_entities(&gone, [(key("Person"), count(1))].into());
        let back = fold(&gone, back, BTreeMap::new(), false);
        assert_eq!(back.changes[0].change, ChangeKind::Added);
        assert_eq!(items(back)[0].status(), Status::Flagged);
    }

    /// A label was withdrawn, and comes again: whether a recount is needed is a guess that may be another in a replay.
    #[test]
    fn adding_a_load_and_counting_anew_give_the_same() {
        let seen = |responses, examples: &[&str], at| EntityTotals {
            examples: examples.iter().map(ToString::to_string).collect(),
            first_seen: at,
            last_seen: at,
            ..count(responses)
        };
        let before = items(fold(
            &[],
            add_entities(&[], [(key("ship"), seen(2, &["b", "d"], 5))].into()),
            BTreeMap::new(),
            false,
        ));
        let gone = items(fold(&before, recount_entities(&before, BTreeMap::new()), BTreeMap::new(), false));
        let load: BTreeMap<ItemKey, EntityTotals> = [(key("ship"), seen(1, &["a", "c", "e", "f", "g"], 9))].into();
        let after = recount_entities(&gone, load.clone());
        assert_eq!(after, add_entities(&gone, load));
        let Some(Totals::Entity(ship)) = after.get(&key("ship")) else { panic!("no ship") };
        assert_eq!((ship.first_seen, ship.last_seen, ship.examples.concat()), (5, 9, "abcde".to_string()));
        let counted = [(key("ship"), seen(2, &["b", "d"], 5))].into();
        assert_eq!(recount_entities(&before, counted), BTreeMap::new(), "what is as it was is not touched");
    }

    #[test]
    fn of_new_items_the_frequent_come_first() {
        let after = add_entities(&[], [(key("a"), count(1)), (key("b"), count(7)), (key("c"), count(1))].into());
        let names: Vec<&str> = new_items(&[], &after).iter().map(|key| key.name.as_str()).collect();
        assert_eq!(names, ["b", "a", "c"]);
    }

    #[test]
    fn a_merge_makes_one_definition_of_two_items_and_its_undoing_two_again() {
        let before = [items(first("ship", None)), items(first("vessel", None))].concat();
        let merge = Action::Merge { item: key("ship"), into: key("vessel") };
        let decided = |commit_seq, action| Decided {
            commit_seq,
            decision: Decision { id: Uuid::nil(), by: "ann".to_string(), reason: "one thing".to_string(), action },
        };
        let log = [decided(3, merge), decided(4, Action::Undo { decision: 3 })];

        let merged = fold_decision(&before, &rulings(&log[..1]));
        let changes: Vec<_> = merged.changes.iter().map(|change| (change.item.name.as_str(), change.change)).collect();
        assert_eq!(changes, [("ship", ChangeKind::Removed), ("vessel", ChangeKind::NamesChanged)]);
        let group = merged.items.iter().find_map(|folded| folded.leads.as_ref()).unwrap();
        assert_eq!(group.definition.names, ["vessel", "ship"]);
        assert_eq!(group.totals, Some(Totals::Entity(count(4))));

        let merged = items(merged);
        let after = fold(&merged, add_entities(&merged, [(key("ship"), count(1))].into()), BTreeMap::new(), false);
        assert_eq!(after.changes, vec![], "what is merged is counted with the other, and changes nothing");

        let undone = fold_decision(&merged, &rulings(&log));
        let changes: Vec<_> = undone.changes.iter().map(|change| (change.item.name.as_str(), change.change)).collect();
        assert_eq!(changes, [("ship", ChangeKind::Added), ("vessel", ChangeKind::NamesChanged)]);
        assert!(undone.items.iter().all(|folded| folded.leads.is_some()));
    }

    #[test]
    fn what_comes_during_a_pause_waits_until_it_ends() {
        let after = add_entities(&[], [(key("person"), count(2))].into());
        let paused = fold(&[], after, BTreeMap::new(), true);
        assert_eq!((paused.changes.len(), paused.items[0].item.status()), (0, Status::Waiting));
        let resumed = fold_resumption(&items(paused));
        assert_eq!((resumed.changes.len(), resumed.items[0].item.status()), (1, Status::Approved));
    }
}
