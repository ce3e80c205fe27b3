//! Saved reports: a query that is pinned to a point in time. It gives the same rows for ever, and it's told whether it still would now.

mod cause;
mod check;
mod pinned;

use std::str::FromStr;

use living_core::{
    report::{
        self, Column, Fingerprint, Pin, ResultSet, check_key,
        diff::{Diff, diff},
        reads::Reads,
        statement::{self, Check, Event, Known, PastCheck, Pinned, Query, Revision, Stored, Summary},
    },
    sql::Statement,
};
use living_kit::{Host, Problem, QueryString, log};
use living_warehouse::{QueryResult, Warehouse};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize, de::DeserializeOwned};
use serde_json::Value;
use uuid::Uuid;

pub use cause::Cause;
pub use check::{Checked, CheckedReports};

use crate::{query::not_allowed, reply::unavailable};

/// Longest query of a report, in characters: it's read back in one answer of the warehouse, of 50,000 characters
/// ([limits](https://motherduck.com/docs/sql-reference/mcp/)), with escapes and with the names in it.
const MAX_SQL: usize = 10_000;

/// Longest name, description and parameters, in characters.
const MAX_NAME: usize = 200;
const MAX_DESCRIPTION: usize = 1_000;
const MAX_PARAMETERS: usize = 4_000;

/// Columns of a key.
const MAX_KEY: usize = 10;

/// Longest fingerprint, in bytes of JSON: that of 200 columns with long names. Two of them come in one answer of the warehouse.
const MAX_FINGERPRINT: usize = 16_000;

/// Largest result that is kept, in bytes of JSON: the warehouse gives it back in four parts.
const MAX_KEPT: usize = 64 << 10;

/// A report that somebody makes.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ReportRequest {
    /// Made by the client, if it wants to be able to ask twice.
    #[serde(default)]
    pub id: Option<Uuid>,
    #[schemars(length(min = 1, max = 200))]
    pub name: String,
    #[serde(default)]
    #[schemars(length(max = 1000))]
    pub description: Option<String>,
    /// One query in DuckDB's SQL. It may call nothing that gives another value at another time.
    #[schemars(length(min = 1, max = 10000))]
    pub sql: String,
    /// Values of `?`, `$1`, … as a list, or of `$name` as an object, as in `/api/query/execute`.
    #[serde(default)]
    pub parameters: Option<Value>,
    /// Columns that together name a row, for differences; if it's left out, they are looked for.
    #[serde(default)]
    pub key: Option<Vec<String>>,
}

/// Which revision somebody has seen last.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Seen {
    /// If there's a newer one, nothing is done (409). If it's left out, the newest counts.
    #[serde(default)]
    pub(crate) seen: Option<i64>,
}

/// A report as it's pinned now.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
pub struct Report {
    pub report_id: Uuid,
    /// From 1 on; each refreshing makes another.
    pub revision: i64,
    pub name: String,
    pub description: Option<String>,
    pub sql: String,
    pub parameters: Option<Value>,
    /// Columns that name a row, if somebody said so.
    pub key: Option<Vec<String>>,
    #[serde(flatten)]
    pub pin: Pin,
    pub ast_hash: String,
    pub reads: Reads,
    pub fingerprint: Fingerprint,
    /// Whether the result itself is kept; it isn't where it's larger than 64 KiB.
    pub is_kept: bool,
    pub created_at: String,
    pub created_by: String,
    pub pinned_at: String,
    pub pinned_by: String,
    /// What the last look at it found; null: nobody has looked since it was pinned.
    pub check: Option<Check>,
    /// What about it may surprise.
    #[serde(skip_serializing_if = "Vec::is_empty", default)]
    pub warnings: Vec<String>,
}

/// A page of reports.
#[derive(Debug, Serialize, JsonSchema)]
pub struct ReportList {
    pub reports: Vec<Summary>,
    /// Pass it as `after` for the next page; null: there is none.
    pub next: Option<Uuid>,
}

/// The rows of a report.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
pub struct ReportRun {
    pub report_id: Uuid,
    pub revision: i64,
    #[serde(flatten)]
    pub pin: Pin,
    /// Whether these are the rows that it gave when it was pinned. False is a fault of this system, or of the query's (a LIMIT without
    /// an order, say).
    pub reproduced: bool,
    /// `run`, or `kept`: the rows that were kept when it was pinned.
    pub source: &'static str,
    pub columns: Vec<Column>,
    pub rows: Vec<Vec<Value>>,
    pub row_count: usize,
    pub truncated: bool,
    pub fingerprint: Fingerprint,
}

/// What was done with a report, and the last looks at it.
#[derive(Debug, Serialize, JsonSchema)]
pub struct ReportHistory {
    /// The newest first.
    pub revisions: Vec<Revision>,
    /// Pass it as `before` for older revisions; null: there are none.
    pub next: Option<i64>,
    pub checks: Vec<PastCheck>,
}

/// One side of a difference.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Side {
    /// Null: now.
    pub revision: Option<i64>,
    #[serde(flatten)]
    pub pin: Pin,
}

/// How a report differs between two points in time.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
pub struct ReportDiff {
    pub report_id: Uuid,
    pub from: Side,
    pub to: Side,
    pub cause: Cause,
    #[serde(flatten)]
    pub diff: Diff,
}

/// A report that was deleted.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Deleted {
    pub report_id: Uuid,
    /// The revision that its deletion is. All earlier ones stay in its history.
    pub revision: i64,
}

/// Reads, runs and keeps reports.
#[derive(Debug)]
pub struct Reports<'a, W, H> {
    pub warehouse: &'a W,
    pub host: &'a H,
    /// The warehouse's database: its name may stand before schemas.
    pub database: &'a str,
    /// Who asks.
    pub caller: &'a str,
}

impl<W: Warehouse, H: Host> Reports<'_, W, H> {
    /// `POST /api/reports`: runs a query and keeps what it's known by. The same request with the same id makes one report.
    ///
    /// # Errors
    /// 400, 409 (there is another report with this id), 422 (the query may not run, or fails), or the warehouse's.
    pub async fn create(&self, request: ReportRequest) -> Result<Report, Problem> {
        let id = request.id.unwrap_or_else(|| self.host.new_id());
        let query = query(request)?;
        if self.ask(&statement::event_of(id, 1)).await?.first().is_some() {
            return self.made_before(id, &query).await;
        }
        let pin = self.now().await?;
        let (pinned, warnings) = self.pinned(id, &query, pin).await?;
        let event = Event { id: self.host.new_id(), by: self.caller };
        self.ask(&statement::create(id, event, &query, &pinned)).await?;
        if self.is_ours(id, 1, event).await? {
            Ok(Report { warnings, ..self.report(id).await? })
        } else {
            self.made_before(id, &query).await
        }
    }

    /// The report that an earlier copy of a request made.
    async fn made_before(&self, id: Uuid, query: &Query) -> Result<Report, Problem> {
        let taken = || Problem::new(409, "Conflict", format!("there is, or was, another report with the id {id}"));
        match self.find(id).await {
            Ok(stored) if stored.query == *query => self.report(id).await,
            Ok(_) => Err(taken()),
            Err(problem) if problem.status == 404 => Err(taken()),
            Err(problem) => Err(problem),
        }
    }

    /// `GET /api/reports?after=&state=`
    ///
    /// # Errors
    /// 400, or the warehouse's.
    pub(crate) async fn list(&self, query: &QueryString) -> Result<ReportList, Problem> {
        const STATES: [&str; 5] = ["unchecked", "unchanged", "data_changed", "schema_changed", "fails"];
        query.only(&["after", "state"])?;
        let after = query.get("after").map(|text| parse_id("after", text)).transpose()?;
        let state = query.get("state");
        if let Some(state) = state.filter(|state| !STATES.contains(state)) {
            return Err(Problem::bad_request(format!("state {state:?} is not one of {}", STATES.join(", "))));
        }
        let reports: Vec<Summary> = documents(&self.ask(&statement::list(after, state)).await?)?;
        let next = reports.last().filter(|_| reports.len() == statement::PAGE).map(|last| last.report_id);
        Ok(ReportList { reports, next })
    }

    /// `GET /api/reports/{id}`
    ///
    /// # Errors
    /// 404, or the warehouse's.
    pub async fn report(&self, id: Uuid) -> Result<Report, Problem> {
        let stored = self.find(id).await?;
        let Known { fingerprint, check } = self.known(id).await?;
        let Stored { report_id, revision, query, ast_hash, reads, pin, is_kept, created_at, created_by, .. } = stored;
        let Query { name, description, sql_text: sql, parameters, key_columns: key } = query;
        Ok(Report {
            report_id,
            revision,
            name,
            description,
            sql,
            parameters,
            key,
            pin,
            ast_hash,
            reads,
            fingerprint,
            is_kept,
            created_at,
            created_by,
            pinned_at: stored.pinned_at,
            pinned_by: stored.pinned_by,
            check,
            warnings: Vec::new(),
        })
    }

    /// `POST /api/reports/{id}/run`: the rows that the report is of, run again, or as they were kept.
    ///
    /// # Errors
    /// 404, or that of the query.
    pub async fn run(&self, id: Uuid, kept: bool) -> Result<ReportRun, Problem> {
        let stored = self.find(id).await?;
        let Known { fingerprint: pinned, .. } = self.known(id).await?;
        let (result, source) = if kept {
            (self.kept(&stored).await?, "kept")
        } else {
            let checked = self.checked(&stored.query, stored.pin).await?;
            (self.run_at(id, &checked, stored.pin).await?, "run")
        };
        let fingerprint = Fingerprint::of(&result);
        let reproduced = fingerprint == pinned;
        if !reproduced {
            let line = log::error("report_not_reproduced").with("report", id.to_string());
            line.with("revision", stored.revision).with("pinned", &pinned).with("now", &fingerprint).write();
        }
        Ok(ReportRun {
            report_id: id,
            revision: stored.revision,
            pin: stored.pin,
            reproduced,
            source,
            columns: result.columns,
            row_count: result.rows.len(),
            rows: result.rows,
            truncated: result.truncated,
            fingerprint,
        })
    }

    /// `POST /api/reports/{id}/refresh`: pins a report to what is there now.
    ///
    /// # Errors
    /// 404, 409 (somebody else did so, or deleted it), or that of the query.
    pub async fn refresh(&self, id: Uuid, seen: Option<i64>) -> Result<Report, Problem> {
        let stored = self.find(id).await?;
        let seen = expected(&stored, seen)?;
        let pin = self.now().await?;
        let (pinned, warnings) = self.pinned(id, &stored.query, pin).await?;
        let event = Event { id: self.host.new_id(), by: self.caller };
        self.ask(&statement::refresh(id, event, seen, &pinned)).await?;
        if self.is_ours(id, seen + 1, event).await? {
            Ok(Report { warnings, ..self.report(id).await? })
        } else {
            Err(changed())
        }
    }

    /// `GET /api/reports/{id}/history?before=`. Deleted reports have one, too.
    ///
    /// # Errors
    /// 400, 404, or the warehouse's.
    pub(crate) async fn history(&self, id: Uuid, query: &QueryString) -> Result<ReportHistory, Problem> {
        query.only(&["before"])?;
        let before = query.get("before").map(|text| parse::<i64>("before", text, "a revision")).transpose()?;
        let revisions: Vec<Revision> = documents(&self.ask(&statement::revisions(id, before)).await?)?;
        if revisions.is_empty() && before.is_none() {
            return Err(no_report(id));
        }
        let checks = documents(&self.ask(&statement::checks(id)).await?)?;
        let next = revisions.last().filter(|last| last.revision > 1).map(|last| last.revision);
        let next = next.filter(|_| revisions.len() == statement::PAGE);
        Ok(ReportHistory { revisions, next, checks })
    }

    /// `DELETE /api/reports/{id}?seen=`
    ///
    /// # Errors
    /// 404, 409, or the warehouse's.
    pub async fn delete(&self, id: Uuid, seen: Option<i64>) -> Result<Deleted, Problem> {
        let seen = expected(&self.find(id).await?, seen)?;
        let event = Event { id: self.host.new_id(), by: self.caller };
        self.ask(&statement::delete(id, event, seen)).await?;
        if self.is_ours(id, seen + 1, event).await? {
            Ok(Deleted { report_id: id, revision: seen + 1 })
        } else {
            Err(changed())
        }
    }

    /// `GET /api/reports/{id}/diff?from=&to=`: revisions, or `now`; by default from the last revision to now.
    ///
    /// # Errors
    /// 400, 404, or that of the query at either side.
    pub async fn diff(&self, id: Uuid, from: Option<&str>, to: Option<&str>) -> Result<ReportDiff, Problem> {
        let stored = self.find(id).await?;
        let from = self.side(&stored, "from", from.unwrap_or(&stored.revision.to_string())).await?;
        let to = self.side(&stored, "to", to.unwrap_or("now")).await?;
        let (earlier, later) =
            if from.pin.commit_seq <= to.pin.commit_seq { (from.pin, to.pin) } else { (to.pin, from.pin) };
        let cause = self.cause(&stored.reads, earlier, later).await?;
        let before = self.result_at(&stored, from.pin).await?;
        let after = self.result_at(&stored, to.pin).await?;
        let diff = diff(&before, &after, stored.query.key_columns.as_deref());
        Ok(ReportDiff { report_id: id, from, to, cause, diff })
    }

    async fn side(&self, stored: &Stored, name: &str, text: &str) -> Result<Side, Problem> {
        if text == "now" {
            return Ok(Side { revision: None, pin: self.now().await? });
        }
        let revision = parse::<i32>(name, text, "a revision or \"now\"")?;
        let result = self.ask(&statement::pin_of(stored.report_id, revision.into())).await?;
        let pin = result.first().and_then(statement::read_pin);
        let pin = pin.ok_or_else(|| {
            Problem::new(
                404,
                "Not found",
                format!("the report has no revision {revision}; its last is {}", stored.revision),
            )
        })?;
        Ok(Side { revision: Some(revision.into()), pin })
    }

    async fn result_at(&self, stored: &Stored, pin: Pin) -> Result<ResultSet, Problem> {
        let checked = self.checked(&stored.query, pin).await?;
        self.run_at(stored.report_id, &checked, pin).await
    }

    /// Runs a query for a pin. Also says what about it may surprise.
    async fn pinned(&self, report_id: Uuid, query: &Query, pin: Pin) -> Result<(Pinned, Vec<String>), Problem> {
        let checked = self.checked(query, pin).await?;
        let result = self.run_at(report_id, &checked, pin).await?;
        if let Some(key) = &query.key_columns {
            check_key(&result, key).map_err(|no_key| not_allowed(format!("key: {no_key}")))?;
        }
        let fingerprint = Fingerprint::of(&result);
        if serde_json::to_vec(&fingerprint).is_ok_and(|json| json.len() > MAX_FINGERPRINT) {
            return Err(not_allowed(
                "the result has more columns, or longer names and types, than a report may have".to_owned(),
            ));
        }
        let mut warnings = Vec::new();
        if result.truncated {
            warnings.push(format!("only the first {} rows are kept and compared", result.rows.len()));
        }
        if !checked.admitted.has_order() && checked.admitted.limit().is_some() {
            warnings.push("a LIMIT without ORDER BY: which rows come is up to the engine".to_owned());
        }
        let kept = serde_json::to_string(&result).ok().filter(|json| json.len() <= MAX_KEPT);
        if kept.is_none() {
            warnings.push(format!("the result is not kept: it's larger than {MAX_KEPT} bytes"));
        }
        let pinned = Pinned { pin, ast_hash: checked.admitted.hash(), reads: checked.reads, fingerprint, kept };
        Ok((pinned, warnings))
    }

    /// The result that was kept for the last revision.
    async fn kept(&self, stored: &Stored) -> Result<ResultSet, Problem> {
        if !stored.is_kept {
            return Err(Problem::new(404, "Not found", "the result was too large to be kept; run the report"));
        }
        let mut json = String::new();
        for part in 0.. {
            let result = self.ask(&statement::kept(stored.report_id, stored.revision, part)).await?;
            let text = result.first().and_then(|row| row.first()).and_then(Value::as_str);
            let text = text.ok_or_else(Problem::unavailable)?;
            json.push_str(text);
            if statement::is_last_part(text.chars().count()) {
                break;
            }
        }
        serde_json::from_str(&json).map_err(|error| Problem::unavailable().because(error))
    }

    async fn find(&self, id: Uuid) -> Result<Stored, Problem> {
        let result = self.ask(&statement::find(id)).await?;
        let row = result.first().ok_or_else(|| no_report(id))?;
        statement::read_document(row).ok_or_else(Problem::unavailable)
    }

    async fn known(&self, id: Uuid) -> Result<Known, Problem> {
        let result = self.ask(&statement::known(id)).await?;
        let row = result.first().ok_or_else(|| no_report(id))?;
        statement::read_document(row).ok_or_else(Problem::unavailable)
    }

    /// The newest point in time that a report can be pinned to.
    async fn now(&self) -> Result<Pin, Problem> {
        let result = self.ask(&statement::newest_pin()).await?;
        result.first().and_then(statement::read_pin).ok_or_else(Problem::unavailable)
    }

    async fn is_ours(&self, id: Uuid, revision: i64, event: Event<'_>) -> Result<bool, Problem> {
        let result = self.ask(&statement::event_of(id, revision)).await?;
        let made_by = result.first().and_then(|row| row.first()).and_then(Value::as_str);
        Ok(made_by == Some(event.id.to_string().as_str()))
    }

    async fn ask(&self, statement: &Statement) -> Result<QueryResult, Problem> {
        self.warehouse.run(statement).await.map_err(unavailable)
    }
}

/// A request's query, if it keeps the limits.
fn query(request: ReportRequest) -> Result<Query, Problem> {
    let ReportRequest { id: _, name, description, sql, parameters, key } = request;
    if name.trim().is_empty() || sql.trim().is_empty() {
        return Err(Problem::bad_request("name and sql must not be empty"));
    }
    // An empty object or list is none.
    let is_nothing = |value: &Value| match value {
        Value::Null => true,
        Value::Object(fields) => fields.is_empty(),
        Value::Array(items) => items.is_empty(),
        _ => false,
    };
    let parameters = parameters.filter(|value| !is_nothing(value));
    if parameters.as_ref().is_some_and(|value| !value.is_object() && !value.is_array()) {
        return Err(Problem::bad_request("parameters is a list, or an object of names and values"));
    }
    let parameters_text = parameters.as_ref().map(Value::to_string).unwrap_or_default();
    for (field, text, most) in [
        ("name", &name, MAX_NAME),
        ("description", description.as_ref().unwrap_or(&String::new()), MAX_DESCRIPTION),
        ("sql", &sql, MAX_SQL),
        ("parameters", &parameters_text, MAX_PARAMETERS),
    ] {
        let characters = text.chars().count();
        if characters > most {
            return Err(Problem::bad_request(format!("{field} has {characters} characters; {most} are allowed")));
        }
    }
    let key = key.filter(|key| !key.is_empty());
    if key.as_ref().is_some_and(|key| key.len() > MAX_KEY) {
        return Err(Problem::bad_request(format!("key has more than {MAX_KEY} columns")));
    }
    Ok(Query { name, description, sql_text: sql, parameters, key_columns: key })
}

/// The revision after which another is made.
fn expected(stored: &Stored, seen: Option<i64>) -> Result<i64, Problem> {
    match seen {
        Some(seen) if seen != stored.revision => {
            Err(Problem::new(409, "Conflict", format!("the report's last revision is {}, not {seen}", stored.revision)))
        }
        _ => Ok(stored.revision),
    }
}

fn changed() -> Problem {
    Problem::new(409, "Conflict", "somebody else refreshed or deleted the report meanwhile")
}

fn no_report(id: Uuid) -> Problem {
    Problem::new(404, "Not found", format!("there is no report {id}"))
}

/// Reads an id from a path or a parameter.
///
/// # Errors
/// 400, if it's none.
pub(crate) fn parse_id(name: &str, text: &str) -> Result<Uuid, Problem> {
    parse(name, text, "the id of a report")
}

pub(crate) fn parse<T: FromStr>(name: &str, text: &str, what: &str) -> Result<T, Problem> {
    text.parse().map_err(|_| Problem::bad_request(format!("{name} {text:?} is not {what}")))
}

/// Reads a body.
///
/// # Errors
/// 400: what it isn't.
pub(crate) fn read<T: DeserializeOwned>(body: Value, what: &str) -> Result<T, Problem> {
    serde_json::from_value(body).map_err(|error| Problem::bad_request(format!("the body is not {what}: {error}")))
}

fn documents<T: DeserializeOwned>(result: &QueryResult) -> Result<Vec<T>, Problem> {
    let documents: Option<Vec<T>> = result.rows.iter().map(|row| report::statement::read_document(row)).collect();
    documents.ok_or_else(Problem::unavailable)
}
