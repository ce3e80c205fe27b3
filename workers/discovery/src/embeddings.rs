//! Embeddings of names, as a third signal for pairs in doubt. Optional: without a service, or without its answer, names and values
//! decide.
//!
//! A fold must give the same whenever it's done, so it reads what was recorded for its commit before ([`living_core::catalog::embeddings`]),
//! and what isn't recorded it does without.

use std::{cell::Cell, collections::BTreeSet};

use living_core::catalog::embeddings::{self, Cosines, MAX_VECTORS, Pair};
use living_kit::log as line;
use living_model::{Embedder, MAX_INPUTS};
use living_warehouse::{QueryResult, Warehouse};
use serde_json::Value;

use crate::Failure;

/// A service of embeddings, and how near two names have to be.
#[derive(Debug)]
pub struct Embeddings<E> {
    embedder: E,
    pub(crate) least_cosine: f64,
    /// After a failure nothing more is asked: a run that has many commits must not wait for each.
    has_failed: Cell<bool>,
}

impl<E: Embedder> Embeddings<E> {
    /// For one run. `least_cosine`, -1 to 1, makes a duplicate of a pair in doubt; how high it must be depends on the model.
    pub const fn new(embedder: E, least_cosine: f64) -> Self {
        Self { embedder, least_cosine, has_failed: Cell::new(false) }
    }

    /// What is recorded of a commit's pairs; if nothing is yet, after asking and recording.
    ///
    /// Dying before the record is written: the next run asks again, for the names that have no vector yet.
    ///
    /// # Errors
    /// Only those of the warehouse.
    pub(crate) async fn cosines(
        &self,
        warehouse: &impl Warehouse,
        commit_seq: i64,
        pairs: &BTreeSet<Pair>,
    ) -> Result<Cosines, Failure> {
        if let Some(recorded) = recorded(warehouse, commit_seq).await? {
            return Ok(recorded);
        }
        self.ask(warehouse, pairs).await?;
        warehouse.run(&embeddings::record(commit_seq, self.embedder.name(), pairs)).await?;
        // What another run recorded in between counts.
        recorded(warehouse, commit_seq).await?.ok_or(Failure::Unreadable("a record of embeddings"))
    }

    /// Sees to it that names have vectors, as far as the service gives them.
    async fn ask(&self, warehouse: &impl Warehouse, pairs: &BTreeSet<Pair>) -> Result<(), Failure> {
        let model = self.embedder.name();
        let names: BTreeSet<&str> = pairs.iter().flat_map(|(a, b)| [a.as_str(), b.as_str()]).collect();
        let known = texts(&warehouse.run(&embeddings::known(model, &names)).await?)?;
        let missing: Vec<&str> = names.into_iter().filter(|name| !known.contains(*name)).collect();
        for batch in missing.chunks(MAX_INPUTS) {
            if self.has_failed.get() {
                break;
            }
            match self.embedder.embed(batch).await {
                Ok(vectors) => {
                    let vectors: Vec<(&str, Vec<f32>)> = batch.iter().copied().zip(vectors).collect();
                    for some in vectors.chunks(MAX_VECTORS) {
                        warehouse.run(&embeddings::keep(model, some)).await?;
                    }
                }
                Err(error) => {
                    self.has_failed.set(true);
                    line::warning("no_embeddings").with("error", error.to_string()).write();
                }
            }
        }
        Ok(())
    }
}

async fn recorded(warehouse: &impl Warehouse, commit_seq: i64) -> Result<Option<Cosines>, Failure> {
    let result = warehouse.run(&embeddings::recorded(commit_seq)).await?;
    let Some(row) = result.first() else { return Ok(None) };
    let cosines = row.first().and_then(Value::as_str).and_then(embeddings::read);
    cosines.map(Some).ok_or(Failure::Unreadable("a record of embeddings"))
}

fn texts(result: &QueryResult) -> Result<BTreeSet<String>, Failure> {
    let texts: Option<_> = result.rows.iter().map(|row| row.first()?.as_str().map(str::to_owned)).collect();
    texts.ok_or(Failure::Unreadable("a list of names"))
}
