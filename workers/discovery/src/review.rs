//! What persons decide of the schema: asked for, checked, put into the commit log, folded in.

use std::collections::{BTreeMap, BTreeSet};

use living_core::{
    catalog::{
        Item, ItemKey, ItemKind, Totals,
        content::{Change, ChangeKind},
        fold::{Folded, FoldedItem},
        log::{self, Wanted},
        review::{self, Action, Decided, Decision, Known, Refusal},
    },
    report::statement::{self, Reader},
};
use living_kit::{Host, log as line};
use living_model::Embedder;
use living_warehouse::{Warehouse, listing};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use uuid::Uuid;

use crate::{Discovery, Failure, RunReport, VersionCache};

/// How often a decision is tried when others are made at the same time. People are slow: two tries would do.
const TRIES: usize = 5;

/// Reports that a preview names.
const REPORTS: usize = 100;

/// Conflicts in one answer: some hundred characters each, of the 50,000 that the warehouse gives.
const CONFLICTS: usize = 50;

/// A decision that somebody asks for.
#[derive(Debug, Clone, Deserialize)]
pub struct Request {
    /// Made by the client, if it wants to be able to ask twice.
    #[serde(default)]
    pub id: Option<Uuid>,
    pub by: String,
    #[serde(default)]
    pub reason: String,
    /// The last decision about the item that they have seen, as conflicts have it (`revision`); 0 for none. If it's left out, they
    /// overrule whoever decided meanwhile.
    #[serde(default)]
    pub seen: Option<i64>,
    #[serde(flatten)]
    pub action: Action,
}

/// A decision that was made, and what became of the schema.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Made {
    /// Its place in the commit log.
    pub decision: i64,
    pub version: i64,
}

/// What a decision would do.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Preview {
    /// To the schema: these changes are the diff of the next version. None: no version is made.
    pub changes: Vec<Change>,
    pub versions: Versions,
    /// How often what is touched occurs, before and after.
    pub counts: Vec<Count>,
    /// Views whose columns or values change.
    pub views: Vec<String>,
    /// Reports that read what is touched, by their name. Their pinned results stay; a refreshed one may differ.
    pub reports: Vec<Report>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Versions {
    /// The version that it would make.
    pub next: Option<i64>,
    /// Versions since the item was first seen. They stay as they are.
    pub unchanged: i64,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Count {
    #[serde(flatten)]
    pub item: ItemKey,
    pub before: u64,
    pub after: u64,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Report {
    pub report_id: String,
    pub name: String,
    pub schema_version: i64,
}

/// Why nothing was decided.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NotDecided {
    /// The rules don't allow it.
    #[error(transparent)]
    Refused(#[from] Refusal),
    #[error("others decide at the same time; try again")]
    Busy,
    #[error(transparent)]
    Failed(#[from] Failure),
}

impl From<living_warehouse::Error> for NotDecided {
    fn from(error: living_warehouse::Error) -> Self {
        Self::Failed(error.into())
    }
}

impl<W: Warehouse, C: VersionCache, H: Host, E: Embedder> Discovery<W, C, H, E> {
    /// Makes a decision, and the version that follows from it. One that was made under the same id is not made again.
    ///
    /// # Errors
    /// Why it isn't made. If the warehouse failed, it may have been: asking again with the same id finds out.
    pub async fn decide(&self, request: Request) -> Result<Made, NotDecided> {
        self.run().await?;
        let mut decision = self.decision(&request);
        for _ in 0..TRIES {
            let decided = self.decisions_until(i64::MAX).await?;
            if let Some(made) = decided.iter().find(|entry| entry.decision.id == decision.id) {
                return self.made(made.commit_seq).await;
            }
            decision.action = self.checked(&request, &decided).await?;
            let last = decided.last().map_or(0, |entry| entry.commit_seq);
            let result = self.warehouse.run(&log::decide(&decision, last)).await?;
            if let Some(number) = result.first().and_then(|row| row.first()).and_then(Value::as_i64) {
                line::info("decision").with("decision", number).with("made", &decision).write();
                return self.made(number).await;
            }
        }
        Err(NotDecided::Busy)
    }

    async fn made(&self, decision: i64) -> Result<Made, NotDecided> {
        let RunReport { version_after: version, .. } = self.run().await?;
        Ok(Made { decision, version })
    }

    /// What a decision would do. Nothing is written.
    ///
    /// # Errors
    /// Why it can't be made.
    pub async fn preview(&self, request: &Request) -> Result<Preview, NotDecided> {
        let report = self.run().await?;
        let decided = self.decisions_until(i64::MAX).await?;
        let mut decision = self.decision(request);
        decision.action = self.checked(request, &decided).await?;
        let action = decision.action.clone();
        let folded = if action == Action::Resume {
            self.fold_decision(i64::MAX, &decision).await?
        } else {
            let with_it: Vec<Decided> =
                decided.iter().cloned().chain([Decided { commit_seq: i64::MAX, decision }]).collect();
            self.fold_rulings(i64::MAX, &decided, &with_it).await?
        };
        let named: Vec<ItemKey> = folded.items.iter().map(|folded| folded.item.key.clone()).collect();
        let before = self.named(&named).await?;
        let unchanged = match review::named_items(&action, &decided).first() {
            Some(item) => self.versions_since(item).await?,
            None => 0,
        };
        Ok(Preview {
            versions: Versions { next: (!folded.changes.is_empty()).then_some(report.version_after + 1), unchanged },
            counts: counts(&before, &folded),
            views: views(&folded),
            reports: self.reports(&folded).await?,
            changes: folded.changes,
        })
    }

    /// Conflicts in a state, as JSON objects, the oldest first, and the id to go on after.
    ///
    /// # Errors
    /// If the warehouse doesn't answer.
    pub async fn conflicts(&self, state: &str, after: Option<Uuid>) -> Result<Value, Failure> {
        let result = self.warehouse.run(&log::conflicts(state, after, CONFLICTS)).await?;
        let conflict = |row: &Vec<Value>| serde_json::from_str::<Value>(row.first()?.as_str()?).ok();
        let conflicts: Option<Vec<Value>> = result.rows.iter().map(conflict).collect();
        let conflicts = conflicts.ok_or(Failure::Unreadable("a list of conflicts"))?;
        let next = conflicts.last().filter(|_| conflicts.len() == CONFLICTS).map(|last| last["conflict_id"].clone());
        Ok(serde_json::json!({ "conflicts": conflicts, "next": next }))
    }

    /// Takes in what waits, if the schema hasn't changed too often within the last day.
    ///
    /// # Errors
    /// If the warehouse doesn't answer.
    pub async fn resume_if_due(&self) -> Result<bool, Failure> {
        let decision = Decision {
            id: self.host.new_id(),
            by: "discovery".to_owned(),
            reason: "the schema has changed less often within a day than the limit".to_owned(),
            action: Action::Resume,
        };
        let resumed = self.warehouse.run(&log::resume_if_due(&decision, self.options.versions_a_day)).await?;
        Ok(!resumed.rows.is_empty())
    }

    fn decision(&self, request: &Request) -> Decision {
        Decision {
            id: request.id.unwrap_or_else(|| self.host.new_id()),
            by: request.by.clone(),
            reason: request.reason.clone(),
            action: request.action.clone(),
        }
    }

    /// The action, if it may be done now; of one that keeps two items apart, with what the item looks like.
    async fn checked(&self, request: &Request, decided: &[Decided]) -> Result<Action, NotDecided> {
        let mut wanted: Vec<ItemKey> = review::named_items(&request.action, decided).into_iter().cloned().collect();
        if let Action::Rename { item, to } = &request.action {
            wanted.push(item.named(to));
        }
        let items = match &request.action {
            Action::Resume => self.waiting(i64::MAX).await?,
            _ => self.named(&wanted).await?,
        };
        Known { decided, items: &items, seen: request.seen }.check(&request.action)?;
        match &request.action {
            Action::Merge { item, into } => self.check_together(item, into, &items).await?,
            Action::KeepBoth { item, other: None } => {
                let known = items.iter().find(|known| known.key == *item);
                let other = known.and_then(|known| known.similar.as_ref()).map(|similar| similar.item.clone());
                return Ok(Action::KeepBoth { item: item.clone(), other });
            }
            _ => {}
        }
        Ok(request.action.clone())
    }

    /// Columns that occur together are not one column: of two values in a row, one would be hidden.
    async fn check_together(&self, item: &ItemKey, into: &ItemKey, items: &[Item]) -> Result<(), NotDecided> {
        let canonical = |key: &ItemKey| items.iter().find(|known| known.key == *key).map(Item::canonical);
        let (ItemKind::Field, Some(from), Some(to)) = (item.kind, canonical(item), canonical(into)) else {
            return Ok(());
        };
        // In the item's own table, the other name may stand for columns, too.
        let (from, to) = (item.named(from.name), item.named(to.name));
        let known = self.named(&[from.clone(), to.clone()]).await?;
        let names = |canonical: &ItemKey| -> Vec<&str> {
            let of_it = known.iter().filter(|known| known.canonical() == *canonical);
            of_it.map(|known| known.key.name.as_str()).collect()
        };
        let loads = log::loads_with_both(&item.scope, &names(&from), &names(&to));
        match self.warehouse.run(&loads).await?.number()? {
            0 => Ok(()),
            loads => Err(Refusal::OccurTogether { item: item.name.clone(), into: into.name.clone(), loads }.into()),
        }
    }

    /// The items of these names as they are, and all others of their definitions.
    async fn named(&self, keys: &[ItemKey]) -> Result<Vec<Item>, Failure> {
        let mut items = self.items_before(i64::MAX, Wanted::Named(ItemKind::EntityType, keys)).await?;
        items.append(&mut self.items_before(i64::MAX, Wanted::Named(ItemKind::Field, keys)).await?);
        Ok(items)
    }

    async fn versions_since(&self, item: &ItemKey) -> Result<i64, Failure> {
        let result = self.warehouse.run(&log::versions_since(item)).await?;
        let count = result.first().and_then(|row| row.first()).and_then(Value::as_i64);
        count.ok_or(Failure::Unreadable("a number of versions"))
    }

    async fn reports(&self, folded: &Folded) -> Result<Vec<Report>, Failure> {
        if folded.changes.is_empty() {
            return Ok(Vec::new());
        }
        let readers: Vec<(_, Reader)> = listing::parsed(&self.warehouse, &statement::readers()).await?;
        let is_touched = |reader: &Reader| folded.changes.iter().any(|change| reader.reads.can_be_affected_by(change));
        let touched = readers.into_iter().map(|(_, reader)| reader).filter(is_touched);
        let report = |Reader { report_id, name, schema_version, .. }| Report {
            report_id: report_id.to_string(),
            name,
            schema_version,
        };
        let mut reports: Vec<Report> = touched.map(report).collect();
        reports.sort_by(|a, b| (&a.name, &a.report_id).cmp(&(&b.name, &b.report_id)));
        reports.truncate(REPORTS);
        Ok(reports)
    }
}

/// How often each definition occurs, before and after.
fn counts(before: &[Item], folded: &Folded) -> Vec<Count> {
    let mut counts = BTreeMap::<ItemKey, (u64, u64)>::new();
    for item in before.iter().filter(|item| item.is_in_schema()) {
        counts.entry(item.canonical()).or_default().0 += occurrences(item);
    }
    for FoldedItem { item, .. } in folded.items.iter().filter(|folded| folded.item.is_in_schema()) {
        counts.entry(item.canonical()).or_default().1 += occurrences(item);
    }
    counts.into_iter().map(|(item, (before, after))| Count { item, before, after }).collect()
}

fn occurrences(item: &Item) -> u64 {
    match &item.totals {
        Totals::Entity(totals) => totals.responses + totals.suggestions,
        Totals::Field(totals) => totals.present,
    }
}

fn views(folded: &Folded) -> Vec<String> {
    let view = |change: &Change| match change.item.kind {
        ItemKind::EntityType => "entity_mentions".to_owned(),
        ItemKind::Field => format!("typed.{}", change.item.scope),
    };
    let is_seen = |change: &&Change| !matches!(change.change, ChangeKind::Reviewed | ChangeKind::MeaningChanged);
    let views: BTreeSet<String> = folded.changes.iter().filter(is_seen).map(view).collect();
    views.into_iter().collect()
}
