//! A run, from the commits that were not seen yet to the versions of the schema. Read [`Discovery::run`] downwards.
//!
//! A run may die at any await, and any number may go at once: what is kept is kept by two statements, each of which does its work once
//! and whole or not at all ([`log::append`], [`log::add_version`]), and every run begins by looking at what is there.

use std::collections::BTreeMap;

use living_core::{
    catalog::{
        EntityTotals, FieldTotals, Item, ItemKey, ItemKind,
        fold::{self, Folded, TotalsByItem},
        health::Cadence,
        log::{self, Commit, CommittedLoad, Event, RowsChange, Version, Wanted},
        review::{self, Action, Decided, Decision},
    },
    column_type::ColumnType,
    landing::Dataset,
    profile::{ColumnProfile, ColumnProfiler},
    similarity,
    sql::Statement,
    time::Timestamp,
};
use living_kit::{Host, log as line};
use living_model::Embedder;
use living_warehouse::{Error, Warehouse};
use serde::Serialize;

use crate::{
    Embeddings, listing,
    similar::{self, Comparing},
};

/// Tells readers that cache the schema which version is the newest.
#[expect(async_fn_in_trait, reason = "used through generics only, on one thread")]
pub trait VersionCache {
    /// # Errors
    /// Why it couldn't be told.
    async fn publish(&self, version: i64) -> Result<(), String>;
}

/// Why a run came to no end. The next one goes on from there.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Failure {
    #[error("warehouse: {0}")]
    Warehouse(#[from] Error),
    #[error("warehouse: its answer is not {0}")]
    Unreadable(&'static str),
}

/// What a run did.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct RunReport {
    pub commits: u64,
    pub new_entity_types: u64,
    pub new_fields: u64,
    /// New items that look like one that was there.
    pub conflicts: u64,
    /// New items that wait because the schema changed too often.
    pub waiting: u64,
    pub decisions: u64,
    pub version_before: i64,
    pub version_after: i64,
    pub milliseconds: i64,
    /// Its time was up before there was nothing left to fold in: another run has to go on.
    pub goes_on: bool,
}

/// The Worker's logic, with its ports.
#[derive(Debug)]
pub struct Discovery<W, C, H, E> {
    pub warehouse: W,
    pub cache: C,
    pub host: H,
    pub options: Options,
    /// `None`: names and values decide alone.
    pub embeddings: Option<Embeddings<E>>,
}

#[derive(Debug, Clone, PartialEq)]
pub struct Options {
    pub similarity: similarity::Options,
    /// After this many versions within a day, those of decisions not counted, new items wait.
    pub versions_a_day: u64,
    pub cadence: Cadence,
    /// Seconds after which a run folds in no more than the commit that it's at. So it ends, and what follows it is done, where commits come as
    /// fast as they are folded in.
    pub run_seconds: i64,
}

/// The items of a commit's scope before it, and the totals of those that it touches after it.
#[derive(Debug, Default)]
struct Touched {
    before: Vec<Item>,
    after: TotalsByItem,
}

impl<W: Warehouse, C: VersionCache, H: Host, E: Embedder> Discovery<W, C, H, E> {
    /// Folds in the commits that are there, as many as it has time for, and makes the versions that follow.
    ///
    /// # Errors
    /// What stopped it. What was done is done.
    pub async fn run(&self) -> Result<RunReport, Failure> {
        let started = self.host.now();
        let mut newest = self.newest_version().await?;
        let mut report = RunReport { version_before: newest.version, ..RunReport::default() };
        let until = started.plus_seconds(self.options.run_seconds);
        loop {
            let commits = self.pending_commits().await?;
            let is_last = commits.is_empty();
            for commit in &commits {
                if !self.fold(commit, &mut report).await? {
                    // Another run is at it. What it has folded in by now needn't be looked at.
                    break;
                }
                if self.host.now() > until {
                    report.goes_on = true;
                    break;
                }
            }
            // Even if nothing was folded in: an earlier run may have died before this.
            while let Some(version) = self.add_version(&newest).await? {
                newest = version;
            }
            if is_last || report.goes_on {
                break;
            }
            self.mark_superseded().await;
        }
        report.version_after = newest.version;
        report.milliseconds = self.host.now().millis() - started.millis();
        self.publish(report.version_after).await;
        if report.commits > 0 {
            self.warehouse.run(&keep(&report, started)).await?;
        }
        line::info("discovery").with("run", &report).write();
        Ok(report)
    }

    /// Only a hint for readers: what fails here, the next run does.
    async fn mark_superseded(&self) {
        if let Err(error) = self.warehouse.run(&log::mark_superseded()).await {
            line::warning("not_marked").with("error", error.to_string()).write();
        }
    }

    async fn newest_version(&self) -> Result<Version, Failure> {
        let result = self.warehouse.run(&log::newest_version()).await?;
        result.first().and_then(log::read_version).ok_or(Failure::Unreadable("a version"))
    }

    async fn pending_commits(&self) -> Result<Vec<Commit>, Failure> {
        let result = self.warehouse.run(&log::pending_commits()).await?;
        let commits: Option<_> = result.rows.iter().map(|row| log::read_commit(row)).collect();
        commits.ok_or(Failure::Unreadable("a list of commits"))
    }

    /// Folds a commit in. `false`: another run was first.
    async fn fold(&self, commit: &Commit, report: &mut RunReport) -> Result<bool, Failure> {
        let mut news = RunReport::default();
        let folded = match &commit.event {
            Event::Rows(change) => self.fold_rows(commit, change, &mut news).await?,
            Event::Decision(decision) => self.fold_decision(commit.commit_seq, decision).await?,
        };
        // Dying before or after this statement: the commit is pending still, or folded in whole.
        if self.warehouse.run(&log::append(commit, &folded)).await?.number()? == 0 {
            return Ok(false);
        }
        report.commits += 1;
        report.new_entity_types += news.new_entity_types;
        report.new_fields += news.new_fields;
        report.conflicts += news.conflicts;
        report.waiting += news.waiting;
        report.decisions += u64::from(matches!(commit.event, Event::Decision(_)));
        Ok(true)
    }

    async fn fold_rows(&self, commit: &Commit, change: &RowsChange, news: &mut RunReport) -> Result<Folded, Failure> {
        let Touched { before, after } = self.touched(commit.commit_seq, change).await?;
        let new = fold::new_items(&before, &after);
        if new.is_empty() {
            return Ok(fold::fold(&before, after, BTreeMap::new(), false));
        }
        let is_paused = self.is_paused(commit).await?;
        let decided = self.decisions_until(commit.commit_seq).await?;
        let (new_types, new_fields): (Vec<&ItemKey>, Vec<&ItemKey>) =
            new.into_iter().partition(|key| key.kind == ItemKind::EntityType);
        let options = &self.options.similarity;
        let comparing = Comparing::new(&self.warehouse, options, commit.commit_seq, &after, &decided);
        let mut compared = comparing.entity_types(&new_types).await?;
        let (mut similar, others) = comparing.merged_elsewhere(&new_fields);
        compared.append(&mut comparing.fields(&others).await?);
        if let Some(embeddings) = &self.embeddings {
            comparing.weigh_in(embeddings, &mut compared).await?;
        }
        similar.append(&mut similar::best(compared));
        news.new_entity_types = new_types.len() as u64;
        news.new_fields = new_fields.len() as u64;
        news.conflicts = similar.len() as u64;
        news.waiting = if is_paused { news.new_entity_types + news.new_fields } else { 0 };
        Ok(fold::fold(&before, after, similar, is_paused))
    }

    async fn is_paused(&self, commit: &Commit) -> Result<bool, Failure> {
        let changes = self.warehouse.run(&log::changes_within_a_day(commit)).await?.number()?;
        Ok(changes >= self.options.versions_a_day)
    }

    pub(crate) async fn fold_decision(&self, commit_seq: i64, decision: &Decision) -> Result<Folded, Failure> {
        if decision.action == Action::Resume {
            return Ok(fold::fold_resumption(&self.waiting(commit_seq).await?));
        }
        let decided = self.decisions_until(commit_seq).await?;
        let earlier: Vec<Decided> = decided.iter().filter(|entry| entry.commit_seq < commit_seq).cloned().collect();
        self.fold_rulings(commit_seq, &earlier, &decided).await
    }

    /// What changes when the decisions `before` become those `after`.
    pub(crate) async fn fold_rulings(
        &self,
        commit_seq: i64,
        before: &[Decided],
        after: &[Decided],
    ) -> Result<Folded, Failure> {
        let rulings = review::rulings(after);
        let named = review::differing(&review::rulings(before), &rulings);
        let mut items = self.items_before(commit_seq, Wanted::Named(ItemKind::EntityType, &named)).await?;
        items.append(&mut self.items_before(commit_seq, Wanted::Named(ItemKind::Field, &named)).await?);
        Ok(fold::fold_decision(&items, &rulings))
    }

    pub(crate) async fn decisions_until(&self, commit_seq: i64) -> Result<Vec<Decided>, Failure> {
        let rows = listing::rows(&self.warehouse, ItemKind::Field, &log::decisions_until(commit_seq)).await?;
        let decided: Option<_> = rows.iter().map(|(key, body)| log::read_decided(&key.name, body)).collect();
        decided.ok_or(Failure::Unreadable("a list of decisions"))
    }

    /// The items that wait, and all others of their definitions.
    pub(crate) async fn waiting(&self, commit_seq: i64) -> Result<Vec<Item>, Failure> {
        let mut waiting = self.items_before(commit_seq, Wanted::Waiting(ItemKind::EntityType)).await?;
        waiting.append(&mut self.items_before(commit_seq, Wanted::Waiting(ItemKind::Field)).await?);
        Ok(waiting)
    }

    pub(crate) async fn items_before(&self, commit_seq: i64, wanted: Wanted<'_>) -> Result<Vec<Item>, Failure> {
        listing::items(&self.warehouse, wanted.kind(), &log::items_before(commit_seq, wanted)).await
    }

    async fn touched(&self, commit_seq: i64, change: &RowsChange) -> Result<Touched, Failure> {
        let mut touched = Touched::default();
        if change.loads().any(|load| load.dataset == Dataset::Annotations) {
            touched = self.touched_entities(commit_seq, change).await?;
        }
        let mut sources: Vec<&str> = structured(change.loads()).filter_map(|load| load.source.as_deref()).collect();
        sources.dedup();
        for source in sources {
            let fields = self.touched_fields(commit_seq, change, source).await?;
            touched.before.extend(fields.before);
            touched.after.extend(fields.after);
        }
        Ok(touched)
    }

    async fn touched_entities(&self, commit_seq: i64, change: &RowsChange) -> Result<Touched, Failure> {
        const KIND: ItemKind = ItemKind::EntityType;
        if let (Some(load), None) = (&change.load, &change.replaced)
            && !self.shares_records(load).await?
        {
            let before = self.items_before(commit_seq, Wanted::EntitiesOf(load)).await?;
            let added = listing::parsed::<EntityTotals>(&self.warehouse, KIND, &log::entities_of(load)).await?;
            let after = fold::add_entities(&before, added);
            return Ok(Touched { before, after });
        }
        let before = self.items_before(commit_seq, Wanted::EntitiesOfDatasets(change)).await?;
        let counted = log::recount_entities(commit_seq, change);
        let counted = listing::parsed::<EntityTotals>(&self.warehouse, KIND, &counted).await?;
        let after = fold::recount_entities(&before, counted);
        Ok(Touched { before, after })
    }

    async fn shares_records(&self, load: &CommittedLoad) -> Result<bool, Failure> {
        let result = self.warehouse.run(&log::shares_records(load)).await?;
        result
            .first()
            .and_then(|row| row.first())
            .and_then(serde_json::Value::as_bool)
            .ok_or(Failure::Unreadable("whether a load shares records"))
    }

    async fn touched_fields(&self, commit_seq: i64, change: &RowsChange, source: &str) -> Result<Touched, Failure> {
        let before = self.items_before(commit_seq, Wanted::FieldsOf(source)).await?;
        let of_source = |load: Option<&'_ CommittedLoad>| -> Option<CommittedLoad> {
            structured(load.into_iter()).find(|load| load.source.as_deref() == Some(source)).cloned()
        };
        let added = self.columns(of_source(change.load.as_ref())).await?;
        let removed = self.columns(of_source(change.replaced.as_ref())).await?;
        let after = fold::change_fields(&before, &added, &removed);
        Ok(Touched { before, after })
    }

    /// What the columns of a load hold; nothing for no load.
    async fn columns(&self, load: Option<CommittedLoad>) -> Result<BTreeMap<ItemKey, FieldTotals>, Failure> {
        const KIND: ItemKind = ItemKind::Field;
        let Some(load) = load else {
            return Ok(BTreeMap::new());
        };
        let mut profiles = listing::parsed::<ColumnProfile>(&self.warehouse, KIND, &log::columns_of(&load)).await?;
        let of_load = |profile, counted| FieldTotals::of_load(profile, load.rows, counted, load.committed_at.micros());
        // Profiles of a load whose rows were all read, and all loaded, say how many values there are.
        if !profiles.is_empty() && profiles.values().all(|profile| profile.rows == load.rows) {
            return Ok(profiles.into_iter().map(|(key, profile)| (key, of_load(profile, None))).collect());
        }
        let counted = listing::parsed::<u64>(&self.warehouse, KIND, &log::count_columns_of(&load)).await?;
        let columns = counted.into_iter().map(|(key, values)| {
            let profile = profiles.remove(&key).unwrap_or_else(|| ColumnProfiler::new(&ColumnType::Text).finish());
            (key, of_load(profile, Some(values)))
        });
        Ok(columns.collect())
    }

    /// Makes the next version, if one is due.
    async fn add_version(&self, newest: &Version) -> Result<Option<Version>, Failure> {
        let result = self.warehouse.run(&log::add_version(newest.commit_seq)).await?;
        result.first().map(|row| log::read_version(row).ok_or(Failure::Unreadable("a version"))).transpose()
    }

    /// After the version is there, never before. If this fails or never happens, the next run does it.
    async fn publish(&self, version: i64) {
        if let Err(error) = self.cache.publish(version).await {
            line::warning("version_not_published").with("version", version).with("error", error).write();
        }
    }
}

fn structured<'a>(loads: impl Iterator<Item = &'a CommittedLoad>) -> impl Iterator<Item = &'a CommittedLoad> {
    loads.filter(|load| load.dataset == Dataset::StructuredData)
}

/// Keeps the figures of a run, for dashboards. They are no part of the catalog: a row more or less does no harm.
fn keep(report: &RunReport, started: Timestamp) -> Statement {
    let RunReport {
        commits,
        new_entity_types,
        new_fields,
        conflicts,
        waiting,
        decisions,
        version_before,
        version_after,
        milliseconds,
        goes_on: _,
    } = report;
    let started = started.literal();
    Statement::repeatable(format!(
        "INSERT INTO discovery_runs VALUES ({started}, {milliseconds}, {commits}, {new_entity_types}, {new_fields}, \
         {conflicts}, {waiting}, {decisions}, {version_before}, {version_after})"
    ))
}
