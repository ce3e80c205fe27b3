//! Queries: what may run is checked by the gate, runs as of a commit, and is logged.

use std::fmt::Write;

use living_core::{
    schema::{self, At},
    sql::{Literal, Statement},
    time::Timestamp,
    typed::{self, Definition, Digest, Named},
};
use living_kit::{Host, Problem, log};
use living_sqlgate::{Admitted, Gate, Policy, RelationName, Shadows};
use living_warehouse::{Error, ErrorClass, Page, Warehouse, listing};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use sha2::{Digest as _, Sha256};
use uuid::Uuid;

/// Rows of one answer: what MotherDuck's tools give at most, less one that tells whether there are more
/// ([limits](https://motherduck.com/docs/sql-reference/mcp/)).
const MAX_ROWS: u32 = 2_047;

const DEFAULT_ROWS: u32 = 1_000;

/// Relations that every query may read, whatever the schema. Each has a macro `…_at` of the same rows at a commit.
const RELATIONS: [&str; 6] =
    ["raw_documents", "annotations", "structured_data", "entity_mentions", "entity_types", "field_definitions"];

/// When a query looks at the data.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Mode {
    /// At what is there now.
    #[default]
    Live,
    /// At what was there at a commit, under the schema of then.
    TimeTravel,
}

impl Mode {
    /// Seconds that a query may take: 10 for live ones, as somebody waits for it; a minute for others, of which MotherDuck gives 55.
    #[must_use]
    pub const fn seconds(self) -> u32 {
        match self {
            Self::Live => 10,
            Self::TimeTravel => 55,
        }
    }

    const fn name(self) -> &'static str {
        match self {
            Self::Live => "live",
            Self::TimeTravel => "time_travel",
        }
    }
}

/// What is asked.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct QueryRequest {
    /// One query in DuckDB's SQL.
    pub sql: String,
    #[serde(default)]
    pub mode: Mode,
    /// Of time travel: the commit. Either this or `date`.
    #[serde(default)]
    pub commit_seq: Option<i64>,
    /// Of time travel: the last commit at or before this time (RFC 3339).
    #[serde(default)]
    pub date: Option<String>,
    /// At most 2,047; 1,000 if it's left out.
    #[serde(default)]
    pub max_rows: Option<u32>,
}

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
    /// The same for queries that differ only in blanks, comments and the case of keywords.
    pub ast_hash: Option<String>,
}

/// The rows of a query.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
pub struct QueryResponse {
    pub execution_id: String,
    pub mode: Mode,
    /// Where it looked: the newest version and commit, or those that were asked for. The same query at these gives the same rows.
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
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Column {
    pub name: String,
    /// As DuckDB spells it.
    #[serde(rename = "type")]
    pub data_type: String,
}

/// Reads the body of a request.
///
/// # Errors
/// What it isn't.
pub(crate) fn parse(body: Value) -> Result<QueryRequest, Problem> {
    let request: QueryRequest = serde_json::from_value(body)
        .map_err(|error| Problem::bad_request(format!("the body is not a query: {error}")))?;
    if request.max_rows.is_some_and(|rows| !(1..=MAX_ROWS).contains(&rows)) {
        return Err(Problem::bad_request(format!("max_rows is from 1 to {MAX_ROWS}")));
    }
    match (request.mode, request.commit_seq, &request.date) {
        (Mode::Live, None, None) | (Mode::TimeTravel, Some(1..), None) | (Mode::TimeTravel, None, Some(_)) => {
            Ok(request)
        }
        (Mode::Live, ..) => Err(Problem::bad_request("commit_seq and date are for the mode time_travel")),
        (Mode::TimeTravel, ..) => Err(Problem::bad_request("time_travel takes either commit_seq, from 1, or date")),
    }
}

/// The answer to a query that takes longer than its mode allows.
pub(crate) fn too_slow(mode: Mode) -> Problem {
    let detail =
        format!("the query takes more than {} s, which is what the mode {} allows", mode.seconds(), mode.name());
    Problem::new(504, "Too slow", detail)
}

/// Where a query looks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Pin {
    schema_version: i64,
    commit_seq: i64,
}

/// Checks and runs queries.
#[derive(Debug)]
pub struct QueryRunner<'a, W, H> {
    pub warehouse: &'a W,
    pub host: &'a H,
}

impl<W: Warehouse, H: Host> QueryRunner<'_, W, H> {
    /// `POST /api/query/validate`
    pub(crate) async fn validate(&self, request: &QueryRequest) -> Result<Validation, Problem> {
        let pin = self.pin(request).await?;
        Ok(match self.gate(request.mode, pin).await?.0.check(&request.sql) {
            Ok(admitted) => Validation {
                allowed: true,
                reason: None,
                line: None,
                column: None,
                relations: admitted.relations().iter().map(|r| format!("{}.{}", r.schema, r.name)).collect(),
                ast_hash: Some(admitted.hash()),
            },
            Err(refusal) => Validation {
                allowed: false,
                reason: Some(refusal.reason),
                line: Some(refusal.position.line),
                column: Some(refusal.position.column),
                relations: Vec::new(),
                ast_hash: None,
            },
        })
    }

    /// `POST /api/query/execute`
    pub(crate) async fn execute(&self, request: &QueryRequest, caller: &str) -> Result<QueryResponse, Problem> {
        let started = self.host.now();
        let pin = self.pin(request).await?;
        let (gate, views) = self.gate(request.mode, pin).await?;
        let admitted = gate.check(&request.sql).map_err(|refusal| not_allowed(&refusal.to_string()))?;
        if let Some(parameter) = admitted.parameters().first() {
            return Err(not_allowed(&format!(
                "the parameter {parameter} has no value: write the value into the query"
            )));
        }
        let shadows = match request.mode {
            Mode::Live => Shadows::none(),
            Mode::TimeTravel => self.shadows(&admitted, &views, pin.commit_seq).await?,
        };
        let most = request.max_rows.unwrap_or(DEFAULT_ROWS);
        let text = admitted.limited(&shadows, u64::from(most) + 1);
        let outcome = self.warehouse.run_page(&Statement::read(text)).await;
        let milliseconds = self.host.now().millis() - started.millis();
        let execution_id = self.new_id();
        let answer = outcome.map(|page| {
            let (columns, rows, truncated) = within(page, most);
            QueryResponse {
                execution_id: execution_id.to_string(),
                mode: request.mode,
                schema_version: pin.schema_version,
                commit_seq: pin.commit_seq,
                row_count: rows.len(),
                result_hash: result_hash(&rows, admitted.has_order()),
                columns,
                rows,
                truncated,
                milliseconds,
                ast_hash: admitted.hash(),
            }
        });
        let logged =
            execution(execution_id, started, caller, &request.sql, &admitted, pin, request.mode, milliseconds, &answer);
        if let Err(error) = self.warehouse.run(&logged).await {
            log::warning("query_not_logged").with("error", error.to_string()).write();
        }
        answer.map_err(|error| failed(&error))
    }

    async fn pin(&self, request: &QueryRequest) -> Result<Pin, Problem> {
        let (at, commit) = match (&request.date, request.commit_seq) {
            (Some(date), _) => {
                let time = Timestamp::parse(date).ok_or_else(|| {
                    Problem::bad_request(format!("date {date:?} is not a time like 2026-01-31T12:00:00Z"))
                })?;
                if time > self.host.now() {
                    return Err(Problem::bad_request(format!("{date} is in the future")));
                }
                (At::Time(time), format!("committed_at <= {}", time.literal()))
            }
            (None, Some(commit_seq)) => (At::Commit(commit_seq), format!("commit_seq <= {commit_seq}")),
            (None, None) => (At::Newest, "true".to_owned()),
        };
        let version = self.warehouse.run(&schema::version(at)).await.map_err(unavailable)?;
        let version = version.first().and_then(schema::read_version);
        let version =
            version.ok_or_else(|| Problem::new(404, "Not found", "there was no version of the schema yet"))?;
        let newest = format!("SELECT coalesce(max(commit_seq), 0) FROM commits WHERE {commit}");
        let commit_seq =
            self.warehouse.run(&Statement::read(newest)).await.and_then(|r| r.number()).map_err(unavailable)?;
        Ok(Pin { schema_version: version.version, commit_seq: i64::try_from(commit_seq).unwrap_or(i64::MAX) })
    }

    /// The gate with the relations of then, and the typed views among them: source table and name.
    async fn gate(&self, mode: Mode, pin: Pin) -> Result<(Gate, Vec<(String, String)>), Problem> {
        let views = match mode {
            Mode::Live => self.typed_views().await?,
            Mode::TimeTravel => self.typed_sources(pin.commit_seq).await?,
        };
        let relations = RELATIONS.into_iter().map(RelationName::from);
        let typed = views.iter().map(|(_, name)| RelationName::from(("typed", name.as_str())));
        Ok((Gate::new(Policy::new(relations.chain(typed))), views))
    }

    async fn typed_views(&self) -> Result<Vec<(String, String)>, Problem> {
        let views = listing::rows(self.warehouse, &typed::view_names()).await.map_err(unavailable)?;
        Ok(views.into_iter().map(|(cursor, _)| (String::new(), cursor.name)).collect())
    }

    async fn typed_sources(&self, commit_seq: i64) -> Result<Vec<(String, String)>, Problem> {
        let rows = listing::rows(self.warehouse, &typed::sources(commit_seq)).await.map_err(unavailable)?;
        let sources: Vec<String> = rows.into_iter().map(|(cursor, _)| cursor.name).collect();
        let names = typed::distinct_identifiers(sources.iter().map(String::as_str), &[]);
        Ok(sources.into_iter().zip(names).collect())
    }

    /// What stands in for the relations of a query, as of a commit.
    async fn shadows(
        &self,
        admitted: &Admitted,
        views: &[(String, String)],
        commit_seq: i64,
    ) -> Result<Shadows, Problem> {
        let mut shadows = Shadows::none();
        for relation in admitted.relations() {
            if relation.schema == "main" {
                let rows = format!("FROM {}_at({commit_seq})", relation.name);
                shadows = shadows.with(relation.clone(), rows);
            } else if let Some((source, _)) = views.iter().find(|(_, name)| *name == relation.name) {
                let fields =
                    listing::rows(self.warehouse, &typed::fields(commit_seq, source)).await.map_err(unavailable)?;
                let fields: Option<_> = fields.iter().map(|(_, body)| typed::read_field(body)).collect();
                let named = Named { source: source.clone(), digest: Digest::none(), at_commit: commit_seq };
                let definition = Definition::new(&named, fields.ok_or_else(Problem::unavailable)?);
                shadows = shadows.with(relation.clone(), typed::select_from_json(&definition, commit_seq));
            }
        }
        Ok(shadows)
    }

    fn new_id(&self) -> Uuid {
        let mut random = [0; 10];
        self.host.fill_random(&mut random);
        uuid::Builder::from_unix_timestamp_millis(self.host.now().millis().unsigned_abs(), &random).into_uuid()
    }
}

/// Columns, the rows that were asked for, and whether there are more.
fn within(page: Page, most: u32) -> (Vec<Column>, Vec<Vec<Value>>, bool) {
    let Page { result, truncated } = page;
    let mut rows = result.rows;
    let more = rows.len() > most as usize;
    rows.truncate(most as usize);
    let types = result.column_types.into_iter().map(Some).chain(std::iter::repeat(None));
    let column =
        |(name, data_type): (String, Option<String>)| Column { name, data_type: data_type.unwrap_or_default() };
    (result.columns.into_iter().zip(types).map(column).collect(), rows, more || truncated)
}

fn result_hash(rows: &[Vec<Value>], is_ordered: bool) -> String {
    // Lists of values always have a JSON text.
    let mut texts: Vec<String> = rows.iter().map(|row| serde_json::to_string(row).unwrap_or_default()).collect();
    if !is_ordered {
        texts.sort_unstable();
    }
    Sha256::digest(texts.join("\n").as_bytes()).iter().fold(String::new(), |mut hash, byte| {
        // Writing to a String doesn't fail.
        let _ = write!(hash, "{byte:02x}");
        hash
    })
}

/// Keeps what ran, for those who look after the warehouse.
#[expect(clippy::too_many_arguments, reason = "a row of the table")]
fn execution(
    id: Uuid,
    at: Timestamp,
    caller: &str,
    sql: &str,
    admitted: &Admitted,
    pin: Pin,
    mode: Mode,
    milliseconds: i64,
    answer: &Result<QueryResponse, Error>,
) -> Statement {
    let (rows, truncated, hash) = match answer {
        Ok(answer) => (answer.row_count.to_string(), answer.truncated.to_string(), Some(answer.result_hash.as_str())),
        Err(_) => ("NULL".to_owned(), "NULL".to_owned(), None),
    };
    let error = answer.as_ref().err().map(|error| format!("{:?}", error.class).to_lowercase());
    Statement::once(format!(
        "INSERT INTO query_executions VALUES ({id}, {at}, {caller}, {sql}, {ast}, '{mode}', {version}, {commit}, NULL, NULL, \
         {milliseconds}, {rows}, {truncated}, {hash}, {error})",
        id = Literal::Uuid(id),
        at = at.literal(),
        caller = Literal::Text(caller),
        sql = Literal::Text(sql),
        ast = Literal::Text(&admitted.hash()),
        mode = mode.name(),
        version = pin.schema_version,
        commit = pin.commit_seq,
        hash = Literal::optional(hash, Literal::Text),
        error = Literal::optional(error.as_deref(), Literal::Text),
    ))
}

fn not_allowed(reason: &str) -> Problem {
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

fn unavailable(error: Error) -> Problem {
    Problem::unavailable().because(error)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_hash_is_blind_to_the_order_that_nobody_asked_for() {
        let (a, b) = (
            [vec![json!(1), json!("x")], vec![json!(2), json!(null)]],
            [vec![json!(2), json!(null)], vec![json!(1), json!("x")]],
        );
        assert_eq!(result_hash(&a, false), result_hash(&b, false));
        assert_ne!(result_hash(&a, true), result_hash(&b, true));
    }

    #[test]
    fn a_request_says_either_when_or_now() {
        let parsed = |body: Value| parse(body).map(|_| ()).map_err(|problem| problem.status);
        assert_eq!(parsed(json!({ "sql": "x" })), Ok(()));
        assert_eq!(parsed(json!({ "sql": "x", "mode": "time_travel", "commit_seq": 3 })), Ok(()));
        for wrong in [
            json!({}),
            json!({ "sql": "x", "commit_seq": 3 }),
            json!({ "sql": "x", "mode": "time_travel" }),
            json!({ "sql": "x", "mode": "time_travel", "commit_seq": 0 }),
            json!({ "sql": "x", "mode": "time_travel", "commit_seq": 3, "date": "2026-01-01T00:00:00Z" }),
            json!({ "sql": "x", "max_rows": 0 }),
            json!({ "sql": "x", "max_rows": 2_048 }),
            json!({ "sql": "x", "limit": 3 }),
        ] {
            assert_eq!(parsed(wrong.clone()), Err(400), "{wrong}");
        }
    }
}
