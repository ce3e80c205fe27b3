//! One event, from the queue to the commit. Read [`Ingest::handle`] downwards: each step is a function whose name is the step.
//!
//! A consumer may die at any await. What makes that harmless is said at each of them; the whole argument is in
//! `living_core::landing::load`.

use living_core::{
    landing::{
        contract::Contract,
        decision::{Decision, KeyHistory, ObjectHead, Skip, decide},
        event::ObjectEvent,
        load::{
            CommitRow, Ending, Load, ObjectVersion, Transfer, find_retraction, key_history, leave_quarantine, load_id,
            read_commit, read_key_history, retract,
        },
        route::Route,
    },
    time::Timestamp,
};
use living_kit::{Host, ObjectStore};
use living_parquet::{File, Limits};
use living_warehouse::{QueryResult, Warehouse};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::{
    config::Config,
    failure::Failure,
    object::ObjectReader,
    transfer::{Mover, Profiles},
};

/// How often an object is followed that changes while it's being loaded. Each round is a whole load; one that changes faster is left
/// to its next event.
const MAX_ROUNDS: u32 = 3;

/// Columns whose profiles go into one statement: about 5 kB each.
const PROFILES_PER_STATEMENT: usize = 200;

/// The object is gone, and there is nothing to retract or to announce.
const GONE: Outcome = Outcome::Skipped(Skip::Gone { announce: None });

/// Tells discovery of a commit.
#[expect(async_fn_in_trait, reason = "used through generics only, on one thread")]
pub trait Announcer {
    /// # Errors
    /// Why the message wasn't sent.
    async fn announce(&self, notice: &CommitNotice) -> Result<(), String>;
}

/// A message of the discovery queue: there are commits up to this one.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CommitNotice {
    pub commit_seq: i64,
}

/// What became of an event.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Outcome {
    /// No route takes the object.
    NotOurs,
    Skipped(Skip),
    Committed(Report),
    Retracted {
        commit_seq: i64,
    },
    Quarantined {
        reason: String,
    },
    /// Another attempt loaded this content, or a newer one.
    Discarded {
        reason: String,
    },
    /// Try again later.
    Retry {
        reason: String,
    },
}

/// A load that was committed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Report {
    pub commit_seq: i64,
    pub load_id: Uuid,
    #[serde(skip)]
    pub object: ObjectHead,
    pub dataset: &'static str,
    pub source: Option<String>,
    pub rows: u64,
    pub rejected: u64,
    pub transfer: Transfer,
}

/// The consumer's logic, with its ports.
#[derive(Debug)]
pub struct Ingest<S, W, A, H> {
    pub store: S,
    pub warehouse: W,
    pub announcer: A,
    pub host: H,
    pub config: Config,
    pub limits: Limits,
}

impl<S: ObjectStore, W: Warehouse, A: Announcer, H: Host> Ingest<S, W, A, H> {
    /// Does what an event calls for. `redelivered`: its message was delivered before.
    pub async fn handle(&self, event: &ObjectEvent, redelivered: bool) -> Outcome {
        let Some(route) = self.config.routes.find(&event.bucket, &event.key) else {
            return Outcome::NotOurs;
        };
        for _ in 0..MAX_ROUNDS {
            let outcome = self
                .reconcile(route, event, redelivered)
                .await
                .unwrap_or_else(|failure| Outcome::Retry { reason: failure.to_string() });
            match self.is_still_so(event, &outcome).await {
                Ok(true) => return outcome,
                // The event of the newer content may have come and gone while this one wasn't committed yet.
                Ok(false) => {}
                Err(failure) => {
                    return Outcome::Retry { reason: failure.to_string() };
                }
            }
        }
        Outcome::Retry { reason: "the object changes faster than it can be loaded".to_owned() }
    }

    /// Brings the warehouse to what the object is now.
    async fn reconcile(&self, route: &Route, event: &ObjectEvent, redelivered: bool) -> Result<Outcome, Failure> {
        let looked_at = self.host.now();
        let object = self.store.head(&event.bucket, &event.key).await?;
        let history = self.key_history(event, object.as_ref()).await?;
        if object.is_none() && history.quarantined {
            self.leave_quarantine(event, looked_at).await?;
        }
        match decide(event, object.as_ref(), &history, route.on_delete, redelivered) {
            Decision::Skip(skip) => self.skip(skip).await,
            Decision::Retract => self.retract(event).await,
            Decision::Load { suspect } => match object {
                Some(head) => self.load(route, event, head, suspect).await,
                None => Ok(GONE),
            },
        }
    }

    pub(crate) async fn key_history(
        &self,
        event: &ObjectEvent,
        object: Option<&ObjectHead>,
    ) -> Result<KeyHistory, Failure> {
        let result = self.warehouse.run(&key_history(&event.bucket, &event.key, object)).await?;
        result.first().and_then(read_key_history).ok_or_else(|| unreadable_answer("the history of a key"))
    }

    /// Nobody has to look at an object that was found gone.
    pub(crate) async fn leave_quarantine(&self, event: &ObjectEvent, looked_at: Timestamp) -> Result<(), Failure> {
        // The content was uploaded before both, which are of different clocks.
        let at = looked_at.max(event.at);
        let id = self.new_load_id(self.host.now());
        self.warehouse.run(&leave_quarantine(id, &event.bucket, &event.key, at)).await?;
        Ok(())
    }

    async fn skip(&self, skip: Skip) -> Result<Outcome, Failure> {
        if let Skip::AlreadyCommitted { announce: Some(commit_seq) } | Skip::Gone { announce: Some(commit_seq) } = skip
        {
            self.announce(commit_seq).await?;
        }
        Ok(Outcome::Skipped(skip))
    }

    async fn retract(&self, event: &ObjectEvent) -> Result<Outcome, Failure> {
        let id = self.new_load_id(self.host.now());
        let mut retraction = self.warehouse.run(&retract(id, &event.bucket, &event.key, event.at)).await?;
        if retraction.rows.is_empty() {
            // A try before, whose answer was lost, may have done it.
            retraction = self.warehouse.run(&find_retraction(id)).await?;
        }
        if retraction.rows.is_empty() {
            return Ok(GONE);
        }
        // Dying here: the redelivered event finds the retraction and announces it.
        let commit_seq = retraction.number()?;
        let commit_seq = i64::try_from(commit_seq).map_err(|_| unreadable_answer("the number of a commit"))?;
        self.announce(commit_seq).await?;
        Ok(Outcome::Retracted { commit_seq })
    }

    /// Loads a content of an object; if its rows can't be moved one way, the other way, as a load of its own.
    async fn load(
        &self,
        route: &Route,
        event: &ObjectEvent,
        head: ObjectHead,
        suspect: bool,
    ) -> Result<Outcome, Failure> {
        let object = ObjectVersion { bucket: event.bucket.clone(), key: event.key.clone(), head };
        match self.attempt(route, &object, suspect, None).await? {
            Err(Failure::Switch { to, .. }) => Ok(outcome(self.attempt(route, &object, suspect, Some(to)).await?)),
            other => Ok(outcome(other)),
        }
    }

    /// One attempt, from its first row in the ledger to its last. `transfer`: the other way was tried. The outer error: not even that
    /// could be written.
    async fn attempt(
        &self,
        route: &Route,
        object: &ObjectVersion,
        suspect: bool,
        transfer: Option<Transfer>,
    ) -> Result<Result<Report, Failure>, Failure> {
        let started_at = self.host.now();
        let load = Load { id: self.new_load_id(started_at), object: object.clone(), started_at };
        // Dying from here on: the ledger has a start without an end. The next delivery is suspect, the one after that finds the object
        // in quarantine.
        self.warehouse.run(&load.start(route.dataset, suspect)).await?;
        let result = self.fill_and_commit(route, &load, transfer).await.map_err(|failure| match failure {
            Failure::Switch { to, instead } if transfer.is_some() || !self.may_use(to) => *instead,
            other => other,
        });
        if let Err(failure) = &result {
            let ending = match failure {
                Failure::Unreadable(_) => Ending::Quarantined,
                Failure::Switch { .. } | Failure::OutOfTime(_) | Failure::Passing(_) | Failure::NotDone(_) => {
                    Ending::Failed
                }
                Failure::Changed | Failure::Outrun(_) => Ending::Discarded,
            };
            self.warehouse.run(&load.end(ending, self.host.now(), route.dataset, &failure.to_string())).await?;
        }
        Ok(result)
    }

    fn may_use(&self, transfer: Transfer) -> bool {
        transfer == Transfer::Push || self.config.pull.enabled
    }

    async fn fill_and_commit(&self, route: &Route, load: &Load, transfer: Option<Transfer>) -> Result<Report, Failure> {
        let mut object = ObjectReader::new(&self.store, &load.object);
        let file = object.open(&self.limits).await?;
        let contract = check_contract(route, load, &file)?;
        let transfer = transfer.unwrap_or_else(|| self.choose_transfer(load, &file));
        let mover = Mover {
            load,
            contract: &contract,
            file: &file,
            object: &object,
            warehouse: &self.warehouse,
            limits: &self.limits,
        };
        // Dying in any of the following: the rows are under a load id that will never commit, and are swept.
        let profiles = mover.move_rows(transfer).await?;
        self.mark_superseded(load, &contract).await?;
        self.keep_profiles(load, &contract, profiles).await?;
        if transfer == Transfer::Pull {
            self.check_unchanged(load).await?;
        }
        let commit = self.commit(load, &contract, &file, transfer).await?;
        // Dying here: the redelivered event finds the commit and announces it.
        self.announce(commit.commit_seq).await?;
        Ok(Report {
            commit_seq: commit.commit_seq,
            load_id: load.id,
            object: load.object.head.clone(),
            dataset: contract.dataset.name(),
            source: contract.source,
            rows: commit.rows,
            rejected: commit.rejected,
            transfer,
        })
    }

    fn choose_transfer(&self, load: &Load, file: &File) -> Transfer {
        let pull = &self.config.pull;
        if pull.enabled && load.object.head.size >= pull.from_bytes && file.no_pull().is_none() {
            Transfer::Pull
        } else {
            Transfer::Push
        }
    }

    async fn mark_superseded(&self, load: &Load, contract: &Contract) -> Result<(), Failure> {
        let Some(count) = load.count_shared_records(contract) else {
            return Ok(());
        };
        if self.warehouse.run(&count).await?.number()? == 0 {
            return Ok(());
        }
        self.warehouse.run(&load.announce_superseding()).await?;
        for statement in load.mark_superseded(contract).into_iter().flatten() {
            self.warehouse.run(&statement).await?;
        }
        Ok(())
    }

    async fn keep_profiles(&self, load: &Load, contract: &Contract, profiles: Profiles) -> Result<(), Failure> {
        if let Some(statement) = load.insert_label_profiles(contract) {
            self.warehouse.run(&statement).await?;
        }
        let texts: Vec<(String, String)> = profiles
            .into_iter()
            .map(|(name, profile)| (name, serde_json::to_string(&profile).unwrap_or_else(|_| "{}".to_owned())))
            .collect();
        for some in texts.chunks(PROFILES_PER_STATEMENT) {
            if let Some(statement) = load.insert_column_profiles(some) {
                self.warehouse.run(&statement).await?;
            }
        }
        Ok(())
    }

    /// The warehouse doesn't say which content it pulled. If the object is after the pull what it was before, it was that.
    async fn check_unchanged(&self, load: &Load) -> Result<(), Failure> {
        let now = self.store.head(&load.object.bucket, &load.object.key).await?;
        if now.as_ref() == Some(&load.object.head) { Ok(()) } else { Err(Failure::Changed) }
    }

    async fn commit(
        &self,
        load: &Load,
        contract: &Contract,
        file: &File,
        transfer: Transfer,
    ) -> Result<CommitRow, Failure> {
        let committed = self.warehouse.run(&load.commit(contract, file.rows(), transfer)).await?;
        if let Some(commit) = read_commit_of(&committed) {
            return Ok(commit);
        }
        // It inserted nothing. A try before, whose answer was lost, may have.
        if let Some(commit) = read_commit_of(&self.warehouse.run(&load.find_commit()).await?) {
            return Ok(commit);
        }
        let counted = self.warehouse.run(&load.count_rows(contract.dataset)).await?;
        let rows: u64 = counted.first().unwrap_or_default().iter().filter_map(serde_json::Value::as_u64).sum();
        if rows == file.rows() {
            Err(Failure::Outrun("the key has a commit of the same content or a newer one"))
        } else {
            Err(Failure::Passing(format!("the warehouse has {rows} rows of the load, the file has {}", file.rows())))
        }
    }

    pub(crate) async fn announce(&self, commit_seq: i64) -> Result<(), Failure> {
        let announced = self.announcer.announce(&CommitNotice { commit_seq }).await;
        announced.map_err(|error| Failure::Passing(format!("discovery queue: {error}")))
    }

    /// Whether the object still is what the outcome says of it.
    async fn is_still_so(&self, event: &ObjectEvent, outcome: &Outcome) -> Result<bool, Failure> {
        let (Outcome::Committed(_) | Outcome::Retracted { .. } | Outcome::Quarantined { .. }) = outcome else {
            return Ok(true);
        };
        let object = self.store.head(&event.bucket, &event.key).await?;
        Ok(match outcome {
            Outcome::Committed(report) => object.as_ref() == Some(&report.object),
            Outcome::Retracted { .. } => object.is_none(),
            // A newer content has its own event; that of a deletion may have found nothing in quarantine.
            _ => object.is_some(),
        })
    }

    pub(crate) fn new_load_id(&self, now: Timestamp) -> Uuid {
        let mut random = [0; 10];
        self.host.fill_random(&mut random);
        load_id(now, random)
    }
}

fn check_contract(route: &Route, load: &Load, file: &File) -> Result<Contract, Failure> {
    let ObjectVersion { key, head, .. } = &load.object;
    Ok(Contract::check(route, key, &head.etag, file.fields(), file.key_values())?)
}

fn read_commit_of(result: &QueryResult) -> Option<CommitRow> {
    result.first().and_then(read_commit)
}

fn unreadable_answer(what: &str) -> Failure {
    Failure::Passing(format!("warehouse: its answer is not {what}"))
}

fn outcome(result: Result<Report, Failure>) -> Outcome {
    match result {
        Ok(report) => Outcome::Committed(report),
        Err(Failure::Unreadable(reason)) => Outcome::Quarantined { reason },
        Err(failure @ (Failure::Changed | Failure::Outrun(_))) => Outcome::Discarded { reason: failure.to_string() },
        Err(failure) => Outcome::Retry { reason: failure.to_string() },
    }
}
