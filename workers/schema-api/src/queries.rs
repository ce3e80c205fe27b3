//! Queries of a caller, on Cloudflare: within the time of their mode, cancelled by their id, logged after the answer.

use std::{pin::pin, time::Duration};

use futures_util::future::{Either, select};
use living_kit::{
    Caller, ConfigError, PostgresSettings, Problem, SocketNetwork, WorkerHost, WorkerWarehouse, log, memory_bytes,
    misconfigured, required_var, warehouse,
};
use living_warehouse::Warehouse;
use worker::{Context, Delay, Env};

use crate::{
    PostgresReader, QueryRunner, ServedBy,
    busy::Place,
    kv::Kv,
    postgres,
    query::{Afterwards, Asked, Mode, Moment, Outcome, Query, Stop, Validation},
    reply::Reply,
    running::Running,
};

/// The variable that names the warehouse's database.
pub(crate) const DATABASE: &str = "WAREHOUSE_DATABASE";

/// What queries of a caller need.
pub(crate) struct Queries<'a> {
    env: &'a Env,
    ctx: &'a Context,
    caller: &'a str,
    /// PostgreSQL, if that's what serves the caller.
    postgresql: Option<PostgresSettings>,
    warehouse: &'a WorkerWarehouse,
    cache: &'a Kv,
    pub(crate) database: String,
}

impl<'a> Queries<'a> {
    pub(crate) fn new(
        env: &'a Env,
        ctx: &'a Context,
        caller: Option<&'a Caller>,
        warehouse: &'a WorkerWarehouse,
        cache: &'a Kv,
    ) -> Result<Self, Problem> {
        let wrong = |error: ConfigError| misconfigured(&error);
        let caller = caller.map(|caller| caller.name.as_str()).unwrap_or_default();
        let postgresql = match postgres::served_by(env, caller).map_err(wrong)? {
            ServedBy::MotherDuck => None,
            ServedBy::PostgreSql => Some(PostgresSettings::read(env).map_err(wrong)?),
        };
        Ok(Self {
            env,
            ctx,
            caller,
            postgresql,
            warehouse,
            cache,
            database: required_var(env, DATABASE).map_err(wrong)?,
        })
    }

    /// Rows of one answer: what the way to the warehouse carries at most, less one that tells whether there are more.
    pub(crate) fn max_rows(&self) -> u32 {
        self.warehouse.max_rows().saturating_sub(1)
    }

    const fn runner(&self) -> QueryRunner<'_, WorkerWarehouse, Kv, WorkerHost> {
        QueryRunner {
            warehouse: self.warehouse,
            cache: self.cache,
            host: &WorkerHost,
            database: self.database.as_str(),
        }
    }

    /// Runs a query within the time of its mode. One with an id can be cancelled.
    pub(crate) async fn execute(&self, asked: &Asked, id: Option<&str>) -> Result<Outcome, Problem> {
        let _place = Place::of(self.env, asked.mode())?;
        let running = id.map(|id| Running::of(self.env, self.caller, id)).transpose()?;
        let stop = stop(asked.mode(), running.as_ref());
        let executed = if let Some(settings) = &self.postgresql {
            let running = pin!(postgres::execute(settings, &SocketNetwork, &WorkerHost, asked, self.caller));
            match select(running, pin!(stop)).await {
                Either::Left((outcome, _)) => outcome.map(|outcome| (outcome, None)),
                // The connection is closed with what is dropped here, and the database has its own time limit.
                Either::Right((stop, _)) => Err(stop.problem(asked.mode())),
            }
        } else {
            let executed = self.runner().execute(asked, self.caller, stop).await;
            executed.map(|(outcome, afterwards)| (outcome, Some(afterwards)))
        };
        if let Some(running) = running {
            self.ctx.wait_until(async move { running.done().await });
        }
        let (outcome, afterwards) = executed?;
        log::info("query")
            .with("execution_id", outcome.execution_id)
            .with("mode", outcome.mode)
            .with("rows", outcome.rows.rows.len())
            .with("milliseconds", outcome.milliseconds)
            .with("cached", outcome.cached)
            .with("memory_bytes", memory_bytes())
            .write();
        if let Some(afterwards) = afterwards {
            self.later(afterwards);
        }
        Ok(outcome)
    }

    pub(crate) async fn validate(&self, query: &Query) -> Result<Validation, Problem> {
        match &self.postgresql {
            Some(settings) => postgres::validate(settings, &SocketNetwork, query).await,
            None => self.runner().validate(query).await,
        }
    }

    /// What queries may read, as `(schema, name)`.
    pub(crate) async fn relations(&self, mode: Mode, moment: Moment) -> Result<Vec<(String, String)>, Problem> {
        match &self.postgresql {
            Some(settings) => {
                let reader = PostgresReader::connect(settings, &SocketNetwork, mode.seconds()).await?;
                Ok(reader.relations())
            }
            None => self.runner().relations(mode, moment).await,
        }
    }

    /// What nobody has to wait for.
    fn later(&self, afterwards: Afterwards) {
        let env = self.env.clone();
        self.ctx.wait_until(async move {
            // Both were there a moment ago.
            if let (Ok(warehouse), Ok(cache)) = (warehouse(&env), Kv::new(&env)) {
                afterwards.carry_out(&warehouse, &cache).await;
            }
        });
    }

    pub(crate) async fn cancel(&self, id: &str) -> Result<Reply, Problem> {
        let cancelled = Running::of(self.env, self.caller, id)?.cancel().await?;
        Ok(Reply::json(&serde_json::json!({ "cancelled": cancelled })))
    }
}

/// Ends when a query has to be given up.
async fn stop(mode: Mode, running: Option<&Running>) -> Stop {
    let limit = Delay::from(Duration::from_secs(u64::from(mode.seconds())));
    let Some(running) = running else {
        limit.await;
        return Stop::TimeLimit;
    };
    match select(pin!(running.cancelled()), limit).await {
        Either::Left(_) => Stop::Cancelled,
        Either::Right(_) => Stop::TimeLimit,
    }
}
