//! What persons decide of items: that one is another under a second name, that two are not the same, what one is called, that one is
//! no part of the schema; and the undoing of each.
//!
//! A decision is an entry of the commit log, like a load: it has its place among them, and is never changed. What holds for an item
//! follows from the decisions that aren't undone ([`rulings`]), whatever the order in which loads came.

use alloc::{
    borrow::ToOwned,
    collections::{BTreeMap, BTreeSet},
    string::String,
    vec::Vec,
};

use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::{Item, ItemKey, ItemKind};

/// Longest canonical name that a person may give, in characters. DuckDB has no limit; this is longer than any header worth querying.
pub const MAX_NAME: usize = 255;

/// What a person decided.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Decision {
    /// Made by whoever asks for it, so that asking twice decides once.
    pub id: Uuid,
    /// Who decided.
    pub by: String,
    /// Why; may be empty.
    #[serde(default)]
    pub reason: String,
    #[serde(flatten)]
    pub action: Action,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "action", rename_all = "snake_case")]
pub enum Action {
    /// `item` is another name of `into`.
    Merge { item: ItemKey, into: ItemKey },
    /// `item` is a thing of its own. Whether it's the same as `other` is never asked again, wherever the two names come up.
    KeepBoth { item: ItemKey, other: Option<ItemKey> },
    /// The schema calls `item`, and what was merged into it, by another name.
    Rename { item: ItemKey, to: String },
    /// `item` is no part of the schema.
    Reject { item: ItemKey },
    /// An earlier decision, named by its place in the commit log, doesn't hold any more.
    Undo { decision: i64 },
    /// What waits because the schema changed too often need wait no longer.
    Resume,
}

impl Action {
    /// The item that it's about.
    #[must_use]
    pub const fn item(&self) -> Option<&ItemKey> {
        match self {
            Self::Merge { item, .. }
            | Self::KeepBoth { item, .. }
            | Self::Rename { item, .. }
            | Self::Reject { item } => Some(item),
            Self::Undo { .. } | Self::Resume => None,
        }
    }
}

/// A decision and its place in the commit log.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Decided {
    pub commit_seq: i64,
    pub decision: Decision,
}

/// What holds for an item by the decisions so far.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Ruling {
    /// `None`: undone, or only renamed.
    #[serde(flatten, skip_serializing_if = "Option::is_none", default)]
    pub verdict: Option<Verdict>,
    /// What the schema calls it, if not by its own name.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub canonical: Option<String>,
    /// The last decision about it, an undoing included: by this number somebody who looks at the item finds out whether another has
    /// decided meanwhile.
    pub decision: i64,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "verdict", rename_all = "snake_case")]
pub enum Verdict {
    Kept,
    Merged { into: ItemKey },
    Rejected,
}

/// The decisions that hold, of all that were made: those that no decision that holds undoes.
fn in_force(decided: &[Decided]) -> impl Iterator<Item = &Decided> {
    let mut undone = BTreeSet::new();
    for entry in decided.iter().rev() {
        if let Action::Undo { decision } = entry.decision.action
            && decision < entry.commit_seq
            && !undone.contains(&entry.commit_seq)
        {
            undone.insert(decision);
        }
    }
    decided.iter().filter(move |entry| !undone.contains(&entry.commit_seq))
}

/// What holds for each item that was ever decided about. `decided`: all decisions up to a commit, in their order.
#[must_use]
pub fn rulings(decided: &[Decided]) -> BTreeMap<ItemKey, Ruling> {
    let verdicts = verdicts(decided);
    let renamed = in_force(decided).filter_map(|entry| match &entry.decision.action {
        Action::Rename { item, to } => Some((item, to)),
        _ => None,
    });
    let names: BTreeMap<&ItemKey, &String> = renamed.collect();
    let ruling = |(item, decision): (&ItemKey, i64)| {
        let root = root(item, &verdicts);
        let canonical = names.get(root).map_or(&root.name, |name| *name);
        let canonical = (*canonical != item.name).then(|| canonical.clone());
        (item.clone(), Ruling { verdict: verdicts.get(item).cloned(), canonical, decision })
    };
    last_decisions(decided).into_iter().map(ruling).collect()
}

/// The last verdict on each item.
fn verdicts(decided: &[Decided]) -> BTreeMap<&ItemKey, Verdict> {
    let verdict = |entry: &'_ Decided| match &entry.decision.action {
        Action::Merge { into, .. } => Some(Verdict::Merged { into: into.clone() }),
        Action::KeepBoth { .. } => Some(Verdict::Kept),
        Action::Reject { .. } => Some(Verdict::Rejected),
        Action::Rename { .. } | Action::Undo { .. } | Action::Resume => None,
    };
    in_force(decided).filter_map(|entry| Some((entry.decision.action.item()?, verdict(entry)?))).collect()
}

/// The last decision about each item, of those that hold and those that don't.
fn last_decisions(decided: &[Decided]) -> BTreeMap<&ItemKey, i64> {
    let by_number: BTreeMap<i64, &Decided> = decided.iter().map(|entry| (entry.commit_seq, entry)).collect();
    let mut last = BTreeMap::new();
    for entry in decided {
        let mut about = entry;
        // An undoing may undo an undoing. Numbers go down: it ends.
        while let Action::Undo { decision } = about.decision.action
            && let Some(undone) = by_number.get(&decision).filter(|undone| undone.commit_seq < about.commit_seq)
        {
            about = undone;
        }
        if let Some(item) = about.decision.action.item() {
            last.insert(item, entry.commit_seq);
        }
    }
    last
}

/// The item that `item` is merged into, over any number of merges.
fn root<'a>(item: &'a ItemKey, verdicts: &'a BTreeMap<&ItemKey, Verdict>) -> &'a ItemKey {
    let mut root = item;
    // No more steps than there are verdicts: decisions that would make a ring are refused, and if one is there all the same, this ends.
    for _ in 0..verdicts.len() {
        match verdicts.get(root) {
            Some(Verdict::Merged { into }) => root = into,
            _ => break,
        }
    }
    root
}

/// Pairs of names that a person said are not the same, each in both orders.
#[must_use]
pub fn kept_apart(decided: &[Decided]) -> BTreeSet<(ItemKind, String, String)> {
    let pairs = in_force(decided).filter_map(|entry| match &entry.decision.action {
        Action::KeepBoth { item, other: Some(other) } => Some((item, other)),
        _ => None,
    });
    pairs
        .flat_map(|(a, b)| [(a.kind, a.name.clone(), b.name.clone()), (a.kind, b.name.clone(), a.name.clone())])
        .collect()
}

/// The items for which something else holds, and the canonical names that they had and have.
#[must_use]
pub fn differing(before: &BTreeMap<ItemKey, Ruling>, after: &BTreeMap<ItemKey, Ruling>) -> Vec<ItemKey> {
    let canonical = |item: &ItemKey, ruling: Option<&Ruling>| {
        ruling.and_then(|ruling| ruling.canonical.as_ref()).map(|name| item.named(name))
    };
    let items: BTreeSet<&ItemKey> = before.keys().chain(after.keys()).collect();
    let differing = items.into_iter().filter(|item| before.get(*item) != after.get(*item));
    let named = differing.flat_map(|item| {
        [Some(item.clone()), canonical(item, before.get(item)), canonical(item, after.get(item))].into_iter().flatten()
    });
    let named: BTreeSet<ItemKey> = named.collect();
    named.into_iter().collect()
}

/// Why a decision can't be made.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    #[error("{0:?} is not in the catalog")]
    Unknown(String),
    #[error("{item:?} was decided about by decision {decision} meanwhile; look at it again")]
    Changed { item: String, decision: i64 },
    #[error("an item can't be merged into itself: {0:?}")]
    IntoItself(String),
    #[error("{item:?} is merged into {into:?} already")]
    AlreadyMerged { item: String, into: String },
    #[error("{0:?} and {1:?} are of different kinds: an entity type can't be merged with a field")]
    OfDifferentKinds(String, String),
    #[error("{0:?} is rejected; undo that first")]
    IsRejected(String),
    #[error("{item:?} is merged into {into:?}; decide about that, or undo the merge first")]
    IsMerged { item: String, into: String },
    #[error("{others} other names are merged into {item:?}; undo those merges first")]
    HasAliases { item: String, others: usize },
    #[error("{0:?} is the name of another item there; merge the two instead")]
    NameTaken(String),
    #[error("a name has from 1 to {MAX_NAME} characters, and no control characters")]
    NotAName,
    #[error("there is no decision {0}")]
    NoDecision(i64),
    #[error("decision {0} doesn't hold any more: it was undone")]
    IsUndone(i64),
    #[error("decision {0} can't be undone: what it let into the schema is there")]
    CantBeUndone(i64),
    #[error("undoing {0} would merge items in a ring")]
    MakesRing(i64),
    #[error("nothing waits")]
    NothingWaits,
    #[error(
        "{item:?} and {into:?} occur together in {loads} loads, so they can't be one column: the values of one would hide the other's"
    )]
    OccurTogether { item: String, into: String, loads: u64 },
}

/// What a decision is checked against.
#[derive(Debug)]
pub struct Known<'a> {
    /// All decisions so far.
    pub decided: &'a [Decided],
    /// The items that the decision names, and all of their scopes whose names or canonical names are in question.
    pub items: &'a [Item],
    /// The last decision about the item that whoever decides has seen. `None`: they don't mind.
    pub seen: Option<i64>,
}

impl Known<'_> {
    /// Whether a decision can be made.
    ///
    /// # Errors
    /// Why not.
    pub fn check(&self, action: &Action) -> Result<(), Refusal> {
        match action {
            Action::Merge { item, into } => self.check_merge(item, into),
            Action::KeepBoth { item, .. } => self.check_item(item).map(|_| ()),
            Action::Rename { item, to } => self.check_rename(item, to),
            Action::Reject { item } => self.check_reject(item),
            Action::Undo { decision } => self.check_undo(*decision),
            Action::Resume => {
                let waits = self.items.iter().any(|item| item.status() == super::Status::Waiting);
                if waits { Ok(()) } else { Err(Refusal::NothingWaits) }
            }
        }
    }

    fn find(&self, key: &ItemKey) -> Result<&Item, Refusal> {
        self.items.iter().find(|item| item.key == *key).ok_or_else(|| Refusal::Unknown(key.name.clone()))
    }

    /// The item, if nobody has decided about it since it was looked at.
    fn check_item(&self, key: &ItemKey) -> Result<&Item, Refusal> {
        let item = self.find(key)?;
        let decision = item.ruling.as_ref().map_or(0, |ruling| ruling.decision);
        match self.seen {
            Some(seen) if seen != decision => Err(Refusal::Changed { item: key.name.clone(), decision }),
            _ => Ok(item),
        }
    }

    fn check_merge(&self, key: &ItemKey, into: &ItemKey) -> Result<(), Refusal> {
        if key.kind != into.kind {
            return Err(Refusal::OfDifferentKinds(key.name.clone(), into.name.clone()));
        }
        let item = self.check_item(key)?;
        let target = self.find(into)?;
        if root(into, &verdicts(self.decided)) == key {
            return Err(Refusal::IntoItself(key.name.clone()));
        }
        if target.status() == super::Status::Rejected {
            return Err(Refusal::IsRejected(into.name.clone()));
        }
        match merged_into(item) {
            Some(known) if known == into => {
                Err(Refusal::AlreadyMerged { item: key.name.clone(), into: into.name.clone() })
            }
            _ => Ok(()),
        }
    }

    fn check_rename(&self, key: &ItemKey, to: &str) -> Result<(), Refusal> {
        let item = self.check_item(key)?;
        if to.trim().is_empty() || to.chars().count() > MAX_NAME || to.chars().any(char::is_control) {
            return Err(Refusal::NotAName);
        }
        if let Some(into) = merged_into(item) {
            return Err(Refusal::IsMerged { item: key.name.clone(), into: into.name.clone() });
        }
        let canonical = item.canonical();
        let wanted = key.named(to);
        let is_taken = |other: &Item| {
            let theirs = other.canonical();
            theirs == wanted && theirs != canonical
        };
        if self.items.iter().any(is_taken) { Err(Refusal::NameTaken(to.to_owned())) } else { Ok(()) }
    }

    fn check_reject(&self, key: &ItemKey) -> Result<(), Refusal> {
        let item = self.check_item(key)?;
        if item.status() == super::Status::Rejected {
            return Err(Refusal::IsRejected(key.name.clone()));
        }
        let others = rulings(self.decided)
            .values()
            .filter(|ruling| matches!(&ruling.verdict, Some(Verdict::Merged { into }) if into == key))
            .count();
        if others > 0 {
            return Err(Refusal::HasAliases { item: key.name.clone(), others });
        }
        Ok(())
    }

    fn check_undo(&self, number: i64) -> Result<(), Refusal> {
        let Some(entry) = self.decided.iter().find(|entry| entry.commit_seq == number) else {
            return Err(Refusal::NoDecision(number));
        };
        if entry.decision.action == Action::Resume {
            return Err(Refusal::CantBeUndone(number));
        }
        if !in_force(self.decided).any(|holding| holding.commit_seq == number) {
            return Err(Refusal::IsUndone(number));
        }
        let undone = Decided {
            commit_seq: i64::MAX,
            decision: Decision {
                id: Uuid::nil(),
                by: String::new(),
                reason: String::new(),
                action: Action::Undo { decision: number },
            },
        };
        let after: Vec<Decided> = self.decided.iter().cloned().chain([undone]).collect();
        let verdicts = verdicts(&after);
        let ends_in_merge =
            |item: &&ItemKey| matches!(verdicts.get(root(item, &verdicts)), Some(Verdict::Merged { .. }));
        if verdicts.keys().any(ends_in_merge) { Err(Refusal::MakesRing(number)) } else { Ok(()) }
    }
}

fn merged_into(item: &Item) -> Option<&ItemKey> {
    match &item.ruling.as_ref()?.verdict {
        Some(Verdict::Merged { into }) => Some(into),
        _ => None,
    }
}

/// The items that a decision names, in whatever decisions it undoes.
#[must_use]
pub fn named_items<'a>(action: &'a Action, decided: &'a [Decided]) -> Vec<&'a ItemKey> {
    match action {
        Action::Merge { item, into } => [item, into].into(),
        Action::Undo { decision } => {
            let undone = decided.iter().find(|entry| entry.commit_seq == *decision);
            // Undone decisions come before those that undo them.
            let earlier = decided.split_at(decided.iter().take_while(|entry| entry.commit_seq < *decision).count()).0;
            undone.map(|entry| named_items(&entry.decision.action, earlier)).unwrap_or_default()
        }
        _ => action.item().into_iter().collect(),
    }
}
