//! A run, from the commits that were not seen yet to the versions of the schema. Read [`Discovery::run`] downwards.
//!
//! A run may die at any await, and any number may go at once: what is kept is kept by two statements, each of which does its work once
//! and whole or not at all ([`log::append`], [`log::add_version`]), and every run begins by looking at what is there.

use std::collections::BTreeMap;

use living_core::{
    catalog::{
        EntityTotals, FieldTotals, Item, ItemKey, ItemKind,
        fold::{self, TotalsByItem},
        log::{self, Commit, CommittedLoad, Version, Wanted},
    },
    column_type::ColumnType,
    landing::Dataset,
    profile::{ColumnProfile, ColumnProfiler},
    similarity,
    sql::Statement,
    time::Timestamp,
};
use living_kit::{Host, log as line};
use living_warehouse::{Error, Warehouse};
use serde::Serialize;

use crate::{listing, similar};

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
    pub version_before: i64,
    pub version_after: i64,
    pub milliseconds: i64,
}

/// The Worker's logic, with its ports.
#[derive(Debug)]
pub struct Discovery<W, C, H> {
    pub warehouse: W,
    pub cache: C,
    pub host: H,
    pub options: similarity::Options,
}

/// The items of a commit's scope before it, and the totals of those that it touches after it.
#[derive(Debug, Default)]
struct Touched {
    before: Vec<Item>,
    after: TotalsByItem,
}

impl<W: Warehouse, C: VersionCache, H: Host> Discovery<W, C, H> {
    /// Folds in all commits that are there, and makes the versions that follow.
    ///
    /// # Errors
    /// What stopped it. What was done is done.
    pub async fn run(&self) -> Result<RunReport, Failure> {
        let started = self.host.now();
        let mut report = RunReport { version_before: self.newest_version().await?, ..RunReport::default() };
        report.version_after = report.version_before;
        loop {
            let commits = self.pending_commits().await?;
            let is_last = commits.is_empty();
            for commit in &commits {
                if !self.fold(commit, &mut report).await? {
                    // Another run is at it. What it has folded in by now needn't be looked at.
                    break;
                }
            }
            // Even if nothing was folded in: an earlier run may have died before this.
            while let Some(version) = self.add_version().await? {
                report.version_after = version.version;
            }
            if is_last {
                break;
            }
        }
        report.milliseconds = self.host.now().millis() - started.millis();
        self.publish(report.version_after).await;
        if report.commits > 0 {
            self.warehouse.run(&keep(&report, started)).await?;
        }
        line::info("discovery").with("run", &report).write();
        Ok(report)
    }

    async fn newest_version(&self) -> Result<i64, Failure> {
        let result = self.warehouse.run(&Statement::read("SELECT max(version) FROM schema_snapshots")).await?;
        result
            .first()
            .and_then(|row| row.first())
            .and_then(serde_json::Value::as_i64)
            .ok_or(Failure::Unreadable("the number of a version"))
    }

    async fn pending_commits(&self) -> Result<Vec<Commit>, Failure> {
        let result = self.warehouse.run(&log::pending_commits()).await?;
        let commits: Option<_> = result.rows.iter().map(|row| log::read_commit(row)).collect();
        commits.ok_or(Failure::Unreadable("a list of commits"))
    }

    /// Folds a commit in. `false`: another run was first.
    async fn fold(&self, commit: &Commit, report: &mut RunReport) -> Result<bool, Failure> {
        let Touched { before, after } = self.touched(commit).await?;
        let new = fold::new_items(&before, &after);
        let (new_types, new_fields): (Vec<&ItemKey>, Vec<&ItemKey>) =
            new.into_iter().partition(|key| key.kind == ItemKind::EntityType);
        let mut similar = similar::entity_types(&self.warehouse, &self.options, commit.commit_seq, &new_types).await?;
        similar.extend(similar::fields(&self.warehouse, &self.options, commit.commit_seq, &new_fields, &after).await?);
        let counts = (new_types.len() as u64, new_fields.len() as u64, similar.len() as u64);
        let folded = fold::fold(&before, after, similar);
        // Dying before or after this statement: the commit is pending still, or folded in whole.
        if self.warehouse.run(&log::append(commit, &folded)).await?.number()? == 0 {
            return Ok(false);
        }
        report.commits += 1;
        report.new_entity_types += counts.0;
        report.new_fields += counts.1;
        report.conflicts += counts.2;
        Ok(true)
    }

    async fn touched(&self, commit: &Commit) -> Result<Touched, Failure> {
        let mut touched = Touched::default();
        if commit.loads().any(|load| load.dataset == Dataset::Annotations) {
            touched = self.touched_entities(commit).await?;
        }
        let mut sources: Vec<&str> = structured(commit.loads()).filter_map(|load| load.source.as_deref()).collect();
        sources.dedup();
        for source in sources {
            let fields = self.touched_fields(commit, source).await?;
            touched.before.extend(fields.before);
            touched.after.extend(fields.after);
        }
        Ok(touched)
    }

    async fn touched_entities(&self, commit: &Commit) -> Result<Touched, Failure> {
        const KIND: ItemKind = ItemKind::EntityType;
        if let (Some(load), None) = (&commit.load, &commit.replaced)
            && !self.shares_records(load).await?
        {
            let before =
                listing::items(&self.warehouse, KIND, &log::items_before(commit.commit_seq, Wanted::EntitiesOf(load)))
                    .await?;
            let added = listing::parsed::<EntityTotals>(&self.warehouse, KIND, &log::entities_of(load)).await?;
            let after = fold::add_entities(&before, added);
            return Ok(Touched { before, after });
        }
        let wanted = Wanted::EntitiesOfDatasets(commit);
        let before = listing::items(&self.warehouse, KIND, &log::items_before(commit.commit_seq, wanted)).await?;
        let counted = listing::parsed::<EntityTotals>(&self.warehouse, KIND, &log::recount_entities(commit)).await?;
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

    async fn touched_fields(&self, commit: &Commit, source: &str) -> Result<Touched, Failure> {
        let wanted = Wanted::FieldsOf(source);
        let before =
            listing::items(&self.warehouse, ItemKind::Field, &log::items_before(commit.commit_seq, wanted)).await?;
        let added = self.columns(structured(commit.load.iter()).find(|load| load.source.as_deref() == Some(source)));
        let added = added.await?;
        let removed =
            self.columns(structured(commit.replaced.iter()).find(|load| load.source.as_deref() == Some(source)));
        let after = fold::change_fields(&before, &added, &removed.await?);
        Ok(Touched { before, after })
    }

    /// What the columns of a load hold; nothing for no load.
    async fn columns(&self, load: Option<&CommittedLoad>) -> Result<BTreeMap<ItemKey, FieldTotals>, Failure> {
        const KIND: ItemKind = ItemKind::Field;
        let Some(load) = load else {
            return Ok(BTreeMap::new());
        };
        let mut profiles = listing::parsed::<ColumnProfile>(&self.warehouse, KIND, &log::columns_of(load)).await?;
        let of_load = |profile, counted| FieldTotals::of_load(profile, load.rows, counted, load.committed_at.micros());
        // Profiles of a load whose rows were all read, and all loaded, say how many values there are.
        if !profiles.is_empty() && profiles.values().all(|profile| profile.rows == load.rows) {
            return Ok(profiles.into_iter().map(|(key, profile)| (key, of_load(profile, None))).collect());
        }
        let counted = listing::parsed::<u64>(&self.warehouse, KIND, &log::count_columns_of(load)).await?;
        let columns = counted.into_iter().map(|(key, values)| {
            let profile = profiles.remove(&key).unwrap_or_else(|| ColumnProfiler::new(&ColumnType::Text).finish());
            (key, of_load(profile, Some(values)))
        });
        Ok(columns.collect())
    }

    /// Makes the next version, if one is due.
    async fn add_version(&self) -> Result<Option<Version>, Failure> {
        let result = self.warehouse.run(&log::add_version()).await?;
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
    let RunReport { commits, new_entity_types, new_fields, conflicts, version_before, version_after, milliseconds } =
        report;
    let started = started.literal();
    Statement::repeatable(format!(
        "INSERT INTO discovery_runs VALUES ({started}, {milliseconds}, {commits}, {new_entity_types}, {new_fields}, \
         {conflicts}, {version_before}, {version_after})"
    ))
}
