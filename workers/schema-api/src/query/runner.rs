//! The way of a query: admitted by the gate, placed in time, run, answered, logged.

use std::pin::pin;

use futures_util::future::{Either, select};
use living_core::{
    sql::Statement,
    time::Timestamp,
    typed::{self, Definition, Digest, Named},
};
use living_kit::{Host, Problem};
use living_sqlgate::{Admitted, Gate, Parameters, Policy, Refusal, RelationName, Shadows};
use living_warehouse::{Error, ErrorClass, Warehouse, listing};
use schemars::JsonSchema;
use serde::Serialize;
use serde_json::Value;
use uuid::Uuid;

use super::{
    Afterwards, Asked, Column, Mode, Moment, Pin, Query, ResultCache, Rows,
    kept::{self, Keep},
    record::{self, Measures, Record},
    request::read_parameters,
};
use crate::reply::unavailable;

/// Relations that every query may read, whatever the schema. Each has a macro `…_at` of the same rows at a commit.
const RELATIONS: [&str; 6] =
    ["raw_documents", "annotations", "structured_data", "entity_mentions", "entity_types", "field_definitions"];

/// The schema of typed views. Nothing else is in it, so all of it may be read.
const TYPED: &str = "typed";

/// Whether a query may run.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Validation {
    pub allowed: bool,
    /// Why not.
    pub reason: Option<String>,
    /// Where, from 1.
    pub line: Option<usize>,
    pub column: Option<usize>,
    /// What it reads, as `schema.name`.
    pub relations: Vec<String>,
    /// Its parameters, as `$1` or `$name`.
    pub parameters: Vec<String>,
    /// The same for queries that differ only in blanks, comments, the case of keywords, and the values of parameters.
    pub ast_hash: Option<String>,
}

impl Validation {
    /// Of a query that the gate lets through.
    pub(crate) fn allowed(admitted: &Admitted) -> Self {
        Self {
            allowed: true,
            reason: None,
            line: None,
            column: None,
            relations: admitted.relations().iter().map(|r| format!("{}.{}", r.schema, r.name)).collect(),
            parameters: admitted.parameters().to_vec(),
            ast_hash: Some(admitted.hash()),
        }
    }

    /// Of one that it doesn't.
    pub(crate) fn refused(refusal: Refusal) -> Self {
        let (line, column) = (Some(refusal.position.line), Some(refusal.position.column));
        Self { line, column, ..Self::without_place(refusal.reason) }
    }

    fn without_place(reason: String) -> Self {
        Self {
            allowed: false,
            reason: Some(reason),
            line: None,
            column: None,
            relations: Vec::new(),
            parameters: Vec::new(),
            ast_hash: None,
        }
    }
}

/// What a query ran on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum ServedBy {
    /// The warehouse: everything that has landed, at any time.
    MotherDuck,
    /// The database that was there before, for callers whom the warehouse isn't switched on for (`USE_MOTHERDUCK_SCHEMA`).
    PostgreSql,
}

impl ServedBy {
    /// As answers say it.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::MotherDuck => "motherduck",
            Self::PostgreSql => "postgresql",
        }
    }
}

/// What a query gave, and where it looked.
#[derive(Debug, Clone, PartialEq)]
pub struct Outcome {
    pub execution_id: Uuid,
    pub served_by: ServedBy,
    pub mode: Mode,
    pub pin: Pin,
    pub rows: Rows,
    pub milliseconds: i64,
    /// Of the rows: [`Rows::hash`].
    pub result_hash: String,
    pub ast_hash: String,
    /// From the cache.
    pub cached: bool,
    /// Of an earlier run that was run again: whether it gave the same.
    pub unchanged: Option<bool>,
}

/// The rows of a query.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
pub struct QueryResponse {
    pub execution_id: String,
    pub served_by: ServedBy,
    pub mode: Mode,
    /// Where it looked. The same query there gives the same rows. (A live query may also see a commit that came while it ran.) 0 where
    /// PostgreSQL served it, which has neither versions nor commits.
    pub schema_version: i64,
    pub commit_seq: i64,
    pub columns: Vec<Column>,
    /// In the order of the columns.
    pub rows: Vec<Vec<Value>>,
    pub row_count: usize,
    /// There are more rows than these.
    pub truncated: bool,
    pub milliseconds: i64,
    /// SHA-256 of the rows, blind to their order unless the query gives one.
    pub result_hash: String,
    pub ast_hash: String,
    /// The result was kept from an earlier run of the same query at the same version and commit.
    pub cached: bool,
    /// Of an earlier run that was run again (`execution_id`): whether it gave the same rows.
    pub unchanged: Option<bool>,
}

impl From<Outcome> for QueryResponse {
    fn from(outcome: Outcome) -> Self {
        let Outcome { execution_id, served_by, mode, pin, rows, .. } = outcome;
        let Outcome { milliseconds, result_hash, ast_hash, cached, unchanged, .. } = outcome;
        let Rows { columns, rows, truncated } = rows;
        Self {
            execution_id: execution_id.to_string(),
            served_by,
            mode,
            schema_version: pin.schema_version,
            commit_seq: pin.commit_seq,
            row_count: rows.len(),
            columns,
            rows,
            truncated,
            milliseconds,
            result_hash,
            ast_hash,
            cached,
            unchanged,
        }
    }
}

/// Checks and runs queries.
#[derive(Debug)]
pub struct QueryRunner<'a, W, C, H> {
    pub warehouse: &'a W,
    pub cache: &'a C,
    pub host: &'a H,
    /// Its name may stand before schemas.
    pub database: &'a str,
}

/// The gate for queries on what is there now.
pub(crate) fn gate(database: &str) -> Gate {
    Gate::new(Policy::new(RELATIONS).with_schema(TYPED).with_database(database))
}

/// Lets a query through that does nothing but read what it may.
///
/// # Errors
/// 422 with what is refused, why and where.
pub fn admit(database: &str, sql: &str, parameters: &Parameters) -> Result<Admitted, Problem> {
    gate(database).check_with(sql, parameters).map_err(|refusal| not_allowed(refusal.to_string()))
}

impl<W: Warehouse, C: ResultCache, H: Host> QueryRunner<'_, W, C, H> {
    /// `POST /api/query/validate`: values of parameters are not needed, and not looked at.
    ///
    /// # Errors
    /// 404, if there was nothing at its point in time.
    pub async fn validate(&self, query: &Query) -> Result<Validation, Problem> {
        let admitted = match gate(self.database).check(&query.sql) {
            Ok(admitted) => admitted,
            Err(refusal) => return Ok(Validation::refused(refusal)),
        };
        let pin = query.moment.find(self.warehouse).await?;
        if let Some(unknown) = self.unknown_view(&admitted, query.mode, pin).await? {
            return Ok(Validation::without_place(no_view(&unknown)));
        }
        Ok(Validation::allowed(&admitted))
    }

    /// `POST /api/query/execute`. When `stop` says so, the statement is given up.
    ///
    /// # Errors
    /// As [`Self::run`]; 404, if there is no such run to repeat.
    pub async fn execute(
        &self,
        asked: &Asked,
        caller: &str,
        stop: impl Future<Output = Stop>,
    ) -> Result<(Outcome, Afterwards), Problem> {
        match asked {
            Asked::Query(query) => self.run(query, caller, stop).await,
            Asked::Again { execution_id, max_rows } => self.run_again(*execution_id, *max_rows, caller, stop).await,
        }
    }

    /// An earlier run once more, where it looked.
    async fn run_again(
        &self,
        id: Uuid,
        max_rows: u32,
        caller: &str,
        stop: impl Future<Output = Stop>,
    ) -> Result<(Outcome, Afterwards), Problem> {
        let found = self.warehouse.run(&record::select(id, caller)).await.map_err(unavailable)?;
        let earlier = found.first().and_then(record::read);
        let earlier = earlier.ok_or_else(|| {
            Problem::new(404, "Not found", format!("you have run nothing with the execution_id {id}"))
        })?;
        let parameters = earlier.parameters.as_ref().map_or(Ok(Parameters::none()), read_parameters)?;
        let Pin { schema_version, commit_seq } = earlier.pin;
        let query = Query {
            sql: earlier.sql,
            parameters,
            given: earlier.parameters,
            mode: Mode::Snapshot,
            moment: Moment::at_commit(commit_seq, Some(schema_version)),
            max_rows,
            report_id: None,
        };
        let (outcome, afterwards) = self.run(&query, caller, stop).await?;
        let unchanged = earlier.hash.map(|hash| hash == outcome.result_hash);
        Ok((Outcome { unchanged, ..outcome }, afterwards))
    }

    /// Runs a query. When `stop` says so, the statement is given up.
    ///
    /// # Errors
    /// 422, if the gate refuses it or it fails; 404, if there was nothing at its point in time; 504 or 409, if it was given up.
    pub async fn run(
        &self,
        query: &Query,
        caller: &str,
        stop: impl Future<Output = Stop>,
    ) -> Result<(Outcome, Afterwards), Problem> {
        let started = self.host.now();
        let admitted = admit(self.database, &query.sql, &query.parameters)?;
        let pin = query.moment.find(self.warehouse).await?;
        let key = kept::key(&admitted, query.mode, pin, query.max_rows);
        let run = Run { id: self.host.new_id(), started, caller, query, admitted, pin, key };
        if let Some(key) = &run.key
            && let Some(rows) = self.cache.get(key).await
        {
            return Ok(run.answered(rows, Source::Cache, self.host.now()));
        }
        let running = pin!(self.rows(&run));
        let outcome = match select(running, pin!(stop)).await {
            Either::Left((outcome, _)) => outcome,
            Either::Right((stop, _)) => Err(Failure::Stopped(stop)),
        };
        let now = self.host.now();
        match outcome {
            Ok(rows) => Ok(run.answered(rows, Source::Warehouse, now)),
            Err(Failure::Answered(problem)) => Err(problem),
            Err(Failure::Warehouse(error)) => {
                let class = format!("{:?}", error.class).to_lowercase();
                run.failed(&class, now).carry_out(self.warehouse, self.cache).await;
                Err(failed(&error))
            }
            Err(Failure::Stopped(stop)) => {
                run.failed(stop.class(), now).carry_out(self.warehouse, self.cache).await;
                Err(stop.problem(query.mode))
            }
        }
    }

    /// The rows of a query, at its pin unless it's live.
    async fn rows(&self, run: &Run<'_>) -> Result<Rows, Failure> {
        let shadows = match run.query.mode {
            Mode::Live => Shadows::none(),
            Mode::Snapshot | Mode::TimeTravel => self.shadows(&run.admitted, run.pin.commit_seq).await?,
        };
        let most = run.query.max_rows;
        let text = run.admitted.limited(&shadows, u64::from(most) + 1);
        let page = self.warehouse.run_page(&Statement::read(text)).await.map_err(Failure::Warehouse)?;
        Ok(Rows::within(page, most))
    }

    /// What stands in for the relations of a query, as of a commit.
    async fn shadows(&self, admitted: &Admitted, commit_seq: i64) -> Result<Shadows, Problem> {
        let mut shadows = Shadows::none();
        let (typed, others): (Vec<&RelationName>, Vec<&RelationName>) =
            admitted.relations().iter().partition(|relation| relation.schema == TYPED);
        for relation in others {
            shadows = shadows.with(relation.clone(), format!("FROM {}_at({commit_seq})", relation.name));
        }
        if typed.is_empty() {
            return Ok(shadows);
        }
        let sources = typed_sources(self.warehouse, commit_seq).await?;
        for relation in typed {
            let source = sources.iter().find(|(_, name)| name.eq_ignore_ascii_case(&relation.name));
            let (source, _) = source.ok_or_else(|| not_allowed(no_view(relation)))?;
            let fields =
                listing::rows(self.warehouse, &typed::fields(commit_seq, source)).await.map_err(unavailable)?;
            let fields: Option<_> = fields.iter().map(|(_, body)| typed::read_field(body)).collect();
            let named = Named { source: source.clone(), digest: Digest::none(), at_commit: commit_seq };
            let definition = Definition::new(&named, fields.ok_or_else(Problem::unavailable)?);
            shadows = shadows.with(relation.clone(), typed::select_from_json(&definition, commit_seq));
        }
        Ok(shadows)
    }

    /// A typed view that the query names, and that isn't there then.
    async fn unknown_view(&self, admitted: &Admitted, mode: Mode, pin: Pin) -> Result<Option<RelationName>, Problem> {
        let typed: Vec<&RelationName> = admitted.relations().iter().filter(|r| r.schema == TYPED).collect();
        if typed.is_empty() {
            return Ok(None);
        }
        let known = self.typed_views(mode, pin).await?;
        let is_known = |relation: &RelationName| known.iter().any(|name| name.eq_ignore_ascii_case(&relation.name));
        Ok(typed.into_iter().find(|relation| !is_known(relation)).cloned())
    }

    /// All relations that a query may read, as `(schema, name)`.
    ///
    /// # Errors
    /// 404, if there was nothing at that point in time.
    pub async fn relations(&self, mode: Mode, moment: Moment) -> Result<Vec<(String, String)>, Problem> {
        let pin = moment.find(self.warehouse).await?;
        let main = RELATIONS.into_iter().map(|name| ("main".to_owned(), name.to_owned()));
        let typed = self.typed_views(mode, pin).await?.into_iter().map(|name| (TYPED.to_owned(), name));
        Ok(main.chain(typed).collect())
    }

    async fn typed_views(&self, mode: Mode, pin: Pin) -> Result<Vec<String>, Problem> {
        Ok(match mode {
            Mode::Live => {
                let views = listing::rows(self.warehouse, &typed::view_names()).await.map_err(unavailable)?;
                views.into_iter().map(|(cursor, _)| cursor.name).collect()
            }
            Mode::Snapshot | Mode::TimeTravel => {
                typed_sources(self.warehouse, pin.commit_seq).await?.into_iter().map(|(_, name)| name).collect()
            }
        })
    }
}

/// Source tables as of a commit, each with the name of its typed view.
pub(crate) async fn typed_sources(
    warehouse: &impl Warehouse,
    commit_seq: i64,
) -> Result<Vec<(String, String)>, Problem> {
    let rows = listing::rows(warehouse, &typed::sources(commit_seq)).await.map_err(unavailable)?;
    let sources: Vec<String> = rows.into_iter().map(|(cursor, _)| cursor.name).collect();
    let names = typed::distinct_identifiers(sources.iter().map(String::as_str), &[]);
    Ok(sources.into_iter().zip(names).collect())
}

/// A query that may run, and where it looks.
struct Run<'a> {
    id: Uuid,
    started: Timestamp,
    caller: &'a str,
    query: &'a Query,
    admitted: Admitted,
    pin: Pin,
    /// Where its result is kept.
    key: Option<String>,
}

/// Where rows came from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Source {
    Warehouse,
    Cache,
}

impl Run<'_> {
    /// The answer, and what is left to do after it.
    fn answered(&self, rows: Rows, source: Source, now: Timestamp) -> (Outcome, Afterwards) {
        let result_hash = rows.hash(self.admitted.has_order());
        let measures = Measures { row_count: rows.rows.len(), truncated: rows.truncated, hash: &result_hash };
        let milliseconds = now.millis() - self.started.millis();
        let record = self.record(source, milliseconds, Ok(measures));
        let key = self.key.clone().filter(|_| source == Source::Warehouse && kept::may_fit(&rows));
        let keep = key.map(|key| Keep {
            key,
            rows: rows.clone(),
            if_still: (self.query.mode == Mode::Live).then_some(self.pin),
        });
        let outcome = Outcome {
            execution_id: self.id,
            served_by: ServedBy::MotherDuck,
            mode: self.query.mode,
            pin: self.pin,
            rows,
            milliseconds,
            result_hash,
            ast_hash: self.admitted.hash(),
            cached: source == Source::Cache,
            unchanged: None,
        };
        (outcome, Afterwards { record, keep })
    }

    fn failed(&self, class: &str, now: Timestamp) -> Afterwards {
        let milliseconds = now.millis() - self.started.millis();
        Afterwards { record: self.record(Source::Warehouse, milliseconds, Err(class)), keep: None }
    }

    fn record(&self, source: Source, milliseconds: i64, outcome: Result<Measures<'_>, &str>) -> Statement {
        let record = Record {
            id: self.id,
            at: self.started,
            caller: self.caller,
            sql: &self.query.sql,
            ast_hash: &self.admitted.hash(),
            mode: self.query.mode,
            pin: self.pin,
            parameters: self.query.given.as_ref(),
            report_id: self.query.report_id,
            milliseconds,
            from_cache: source == Source::Cache,
            outcome,
        };
        record.insert()
    }
}

/// Why a statement is given up.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stop {
    /// It takes longer than its mode allows.
    TimeLimit,
    /// Whoever sent it doesn't want it any more.
    Cancelled,
}

impl Stop {
    const fn class(self) -> &'static str {
        match self {
            Self::TimeLimit => "timelimit",
            Self::Cancelled => "cancelled",
        }
    }

    pub(crate) fn problem(self, mode: Mode) -> Problem {
        match self {
            Self::TimeLimit => {
                let (seconds, name) = (mode.seconds(), mode.name());
                let detail = format!("the query takes more than {seconds} s, which is what the mode {name} allows");
                Problem::new(504, "Too slow", detail)
            }
            Self::Cancelled => Problem::new(409, "Cancelled", "the query was cancelled"),
        }
    }
}

/// Why there are no rows.
enum Failure {
    /// The warehouse has no rows for the query.
    Warehouse(Error),
    Stopped(Stop),
    /// It didn't come to that.
    Answered(Problem),
}

impl From<Problem> for Failure {
    fn from(problem: Problem) -> Self {
        Self::Answered(problem)
    }
}

fn no_view(relation: &RelationName) -> String {
    format!(
        "there is no typed view {:?} at that point in time: it has the name of a source table, see the schema",
        relation.name
    )
}

pub(crate) fn not_allowed(reason: impl Into<String>) -> Problem {
    Problem::new(422, "Not allowed", reason)
}

/// The warehouse's word on a query is its writer's to read: it's about their own text. Everything else is inside.
fn failed(error: &Error) -> Problem {
    match error.class {
        ErrorClass::Permanent | ErrorClass::OverLimit => Problem::new(422, "The query fails", error.message.clone()),
        ErrorClass::TimeLimit => Problem::new(504, "Too slow", "the warehouse gave the query up: it takes too long"),
        _ => Problem::unavailable().because(error),
    }
}
