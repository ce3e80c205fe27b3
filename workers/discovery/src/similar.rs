//! Which new items look like one that is there.

use std::{
    cmp::Reverse,
    collections::{BTreeMap, BTreeSet},
};

use living_core::{
    catalog::{
        Item, ItemKey, ItemKind, Similar, Status, Totals,
        embeddings::{self, MAX_PAIRS, Pair},
        fold::TotalsByItem,
        log::{self, Wanted},
        review::{self, Decided, Ruling, Verdict as Ruled},
    },
    profile::ColumnProfile,
    similarity::{
        Column, Comparison, Context, Index, Name, Options, Verdict, columns_with, compare_with, with_embedding,
    },
};
use living_model::Embedder;
use living_warehouse::Warehouse;

use crate::{Embeddings, Failure, listing};

/// Known items that a new one is compared with in full: those whose names are most alike.
const CANDIDATES: usize = 3;

/// What new items of a commit are compared against.
pub(crate) struct Comparing<'a, W> {
    warehouse: &'a W,
    options: &'a Options,
    commit_seq: i64,
    /// The items that the commit touches, as they are after it.
    after: &'a TotalsByItem,
    rulings: BTreeMap<ItemKey, Ruling>,
    kept_apart: BTreeSet<(ItemKind, String, String)>,
}

/// A new item, and known ones whose names are like its own, the best first.
type Candidates<'a> = (&'a ItemKey, Vec<ItemKey>);

/// A new item beside a candidate.
#[derive(Debug)]
pub(crate) struct Compared {
    new: ItemKey,
    known: ItemKey,
    /// Whether the candidate isn't new too.
    was_there: bool,
    comparison: Comparison,
}

impl Compared {
    /// The names as an embedding is asked for them.
    fn pair(&self) -> Option<Pair> {
        embeddings::pair(Name::new(&self.new.name).phrase(), Name::new(&self.known.name).phrase())
    }
}

impl<'a, W: Warehouse> Comparing<'a, W> {
    pub(crate) fn new(
        warehouse: &'a W,
        options: &'a Options,
        commit_seq: i64,
        after: &'a TotalsByItem,
        decided: &[Decided],
    ) -> Self {
        let (rulings, kept_apart) = (review::rulings(decided), review::kept_apart(decided));
        Self { warehouse, options, commit_seq, after, rulings, kept_apart }
    }

    /// Compares new entity types, the most frequent first, with those of the same question, and with the new ones before them.
    pub(crate) async fn entity_types(&self, new: &[&'a ItemKey]) -> Result<Vec<Compared>, Failure> {
        const KIND: ItemKind = ItemKind::EntityType;
        let mut candidates = Vec::new();
        let questions: BTreeSet<(&str, &str)> =
            new.iter().map(|key| (key.scope.as_str(), key.question.as_str())).collect();
        for (scope, question) in questions {
            let mut index = Index::new(self.options.clone());
            for key in self.known_names(KIND, Some((scope, question))).await? {
                let name = Name::new(&key.name);
                index.insert(key, name, None);
            }
            for &key in new.iter().filter(|key| key.scope == scope && key.question == question) {
                let name = Name::new(&key.name);
                candidates.push((key, self.found(key, &index, &name)));
                index.insert(key.clone(), name, None);
            }
        }
        let compare = |new: &ItemKey, known: &Item| {
            Some(compare_with(self.options, &Name::new(&new.name), &Name::new(&known.key.name)))
        };
        self.settle(KIND, &candidates, compare).await
    }

    /// Compares new fields with those of other source tables, and with those of the same one that the load doesn't have: columns that
    /// occur together are never duplicates. A name that another table has too is a known name, and no near-duplicate; but if it was
    /// merged there, it may have to be here: see [`Self::merged_elsewhere`].
    pub(crate) async fn fields(&self, new: &[&'a ItemKey]) -> Result<Vec<Compared>, Failure> {
        const KIND: ItemKind = ItemKind::Field;
        if new.is_empty() {
            return Ok(Vec::new());
        }
        let known = self.known_names(KIND, None).await?;
        let is_known_name =
            |key: &ItemKey| known.iter().any(|other| other.scope != key.scope && other.name == key.name);
        let touched: Vec<ItemKey> = self.after.keys().filter(|key| key.kind == KIND).cloned().collect();
        let names: BTreeMap<ItemKey, Name> = named(&known).into_iter().chain(named(&touched)).collect();
        let mut index = Index::new(self.options.clone());
        for key in known.iter().filter(|key| !self.after.contains_key(*key)) {
            if let Some(name) = names.get(key) {
                index.insert(key.clone(), name.clone(), None);
            }
        }
        let new = new.iter().copied().filter(|key| !is_known_name(key));
        let candidates: Vec<Candidates<'_>> =
            new.filter_map(|key| Some((key, self.found(key, &index, names.get(key)?)))).collect();
        let compare = |new: &ItemKey, known: &Item| {
            let left = Column { name: names.get(new)?, profile: self.after.get(new).and_then(profile) };
            let right = Column { name: names.get(&known.key)?, profile: profile(&known.totals) };
            Some(columns_with(self.options, left, right))
        };
        self.settle(KIND, &candidates, compare).await
    }

    /// The names that were there before the commit, but for those that it withdraws.
    async fn known_names(&self, kind: ItemKind, within: Option<(&str, &str)>) -> Result<Vec<ItemKey>, Failure> {
        let names = log::names_before(self.commit_seq, kind, within);
        let names = listing::rows(self.warehouse, kind, &names).await?.into_iter().map(|(key, _)| key);
        Ok(names.filter(|key| self.after.get(key).is_none_or(Totals::is_present)).collect())
    }

    /// The known items whose names are most like that of a new one, but for those that a person said are something else.
    fn found(&self, new: &ItemKey, index: &Index<ItemKey>, name: &Name) -> Vec<ItemKey> {
        let found = index.find(Column { name, profile: None }).into_iter().map(|found| found.id);
        found.filter(|known| !self.is_kept_apart(new, known)).take(CANDIDATES).collect()
    }

    fn is_kept_apart(&self, a: &ItemKey, b: &ItemKey) -> bool {
        self.kept_apart.contains(&(a.kind, a.name.clone(), b.name.clone()))
    }

    /// New items whose name is merged into another in some other scope; and the rest.
    pub(crate) fn merged_elsewhere(&self, new: &[&'a ItemKey]) -> (BTreeMap<ItemKey, Similar>, Vec<&'a ItemKey>) {
        let mut similar = BTreeMap::new();
        let mut rest = Vec::new();
        for &key in new {
            let merged = self.rulings.iter().find_map(|(item, ruling)| match &ruling.verdict {
                Some(Ruled::Merged { into }) if item.kind == key.kind && item.name == key.name => Some((item, into)),
                _ => None,
            });
            match merged.filter(|(_, into)| !self.is_kept_apart(key, into) && !self.after.contains_key(*into)) {
                Some((item, into)) => {
                    let reason = format!("in {:?} it is another name of {:?}", item.scope, into.name);
                    similar.insert(key.clone(), Similar { item: into.clone(), score: 1.0, reason });
                }
                None => rest.push(key),
            }
        }
        (similar, rest)
    }

    /// Compares new items with the candidates themselves.
    async fn settle(
        &self,
        kind: ItemKind,
        candidates: &[Candidates<'_>],
        compare: impl Fn(&ItemKey, &Item) -> Option<Comparison>,
    ) -> Result<Vec<Compared>, Failure> {
        let known: BTreeSet<&ItemKey> = candidates.iter().flat_map(|(_, known)| known).collect();
        let known: Vec<ItemKey> = known.into_iter().filter(|key| !self.after.contains_key(*key)).cloned().collect();
        let mut items = if known.is_empty() {
            Vec::new()
        } else {
            listing::items(self.warehouse, kind, &log::items_before(self.commit_seq, Wanted::Named(kind, &known)))
                .await?
        };
        items.retain(|item| item.totals.is_present() && item.status() != Status::Rejected);
        // Of those that the commit touches, as they are after it.
        items.extend(self.after.iter().map(|(key, totals)| Item {
            key: key.clone(),
            status: Status::Approved,
            ruling: None,
            totals: totals.clone(),
            similar: None,
        }));
        let items: BTreeMap<&ItemKey, &Item> = items.iter().map(|item| (&item.key, item)).collect();
        let new: BTreeSet<&ItemKey> = candidates.iter().map(|(new, _)| *new).collect();
        let compared = candidates.iter().flat_map(|(key, known)| known.iter().map(move |other| (*key, other)));
        let compared = compared.filter_map(|(key, other)| {
            let comparison = compare(key, items.get(other)?)?;
            Some(Compared { new: key.clone(), known: other.clone(), was_there: !new.contains(other), comparison })
        });
        Ok(compared.collect())
    }

    /// Lets embeddings weigh in on what is in doubt. Of more pairs than are recorded, the most likely are.
    pub(crate) async fn weigh_in<E: Embedder>(
        &self,
        embeddings: &Embeddings<E>,
        compared: &mut [Compared],
    ) -> Result<(), Failure> {
        let mut doubtful: Vec<(&Comparison, Pair)> = compared
            .iter()
            .filter(|compared| compared.comparison.is_open())
            .filter_map(|compared| Some((&compared.comparison, compared.pair()?)))
            .collect();
        doubtful.sort_by(|(a, of_a), (b, of_b)| b.score.total_cmp(&a.score).then_with(|| of_a.cmp(of_b)));
        let pairs: BTreeSet<Pair> = doubtful.into_iter().take(MAX_PAIRS).map(|(_, pair)| pair).collect();
        if pairs.is_empty() {
            return Ok(());
        }
        let cosines = embeddings.cosines(self.warehouse, self.commit_seq, &pairs).await?;
        for compared in compared {
            if let Some(&cosine) = compared.pair().and_then(|pair| cosines.get(&pair)) {
                compared.comparison = with_embedding(&compared.comparison, cosine, embeddings.least_cosine);
            }
        }
        Ok(())
    }
}

/// The names of fields, each read as a column of its table.
fn named(keys: &[ItemKey]) -> Vec<(ItemKey, Name)> {
    let mut tables = BTreeMap::<&str, Vec<&str>>::new();
    for key in keys {
        tables.entry(&key.scope).or_default().push(&key.name);
    }
    let contexts: BTreeMap<&str, Context> =
        tables.into_iter().map(|(table, columns)| (table, Context::of_table(table, columns))).collect();
    let context = |key: &ItemKey| contexts.get(key.scope.as_str()).cloned().unwrap_or_default();
    keys.iter().map(|key| (key.clone(), Name::in_table(&key.name, &context(key)))).collect()
}

fn profile(totals: &Totals) -> Option<&ColumnProfile> {
    match totals {
        Totals::Field(totals) => Some(&totals.profile),
        Totals::Entity(_) => None,
    }
}

/// For each new item the best of its duplicates: one that was there before, if there's one; of these the one with the highest score, the
/// first by name among equals.
pub(crate) fn best(mut compared: Vec<Compared>) -> BTreeMap<ItemKey, Similar> {
    compared.retain(|compared| compared.comparison.verdict == Verdict::Duplicate);
    compared.sort_by(|a, b| {
        let by_age = Reverse(a.was_there).cmp(&Reverse(b.was_there));
        by_age.then_with(|| b.comparison.score.total_cmp(&a.comparison.score)).then_with(|| a.known.cmp(&b.known))
    });
    let mut similar = BTreeMap::new();
    for Compared { new, known, comparison, .. } in compared {
        let Comparison { score, reason, .. } = comparison;
        similar.entry(new).or_insert(Similar { item: known, score, reason });
    }
    similar
}
