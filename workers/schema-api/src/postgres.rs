//! Queries that PostgreSQL answers, for callers whom the new schema isn't switched on for: the same API over the tables that the company
//! had before.
//!
//! The gate checks the query as it does for the warehouse, with the relations of one schema of that database; the printed tree runs in a
//! transaction that only reads, under the database's own time limit. Where DuckDB's SQL and PostgreSQL's differ, the database's error
//! says how.

use living_kit::{ConfigError, Flag, Host, PostgresSettings, Problem, log, optional_var};
use living_postgres::{ConnectError, Connection, Limits, Network, QueryError, Reply, ServerError};
use living_sqlgate::{Admitted, Gate, Policy, RelationName, Shadows};
use living_warehouse::{Page, QueryResult};
use serde_json::{Number, Value};
use worker::Env;

use crate::query::{self, Asked, Mode, Outcome, Pin, Query, Rows, ServedBy, Validation};

/// Relations that may be read, at most: a list for the gate, not a catalog.
const MAX_RELATIONS: usize = 10_000;

/// Bytes of an answer, as for the warehouse's Postgres endpoint.
const MAX_BYTES: usize = 32 << 20;

/// SQLSTATE of a statement that was cancelled, here by the time limit.
const QUERY_CANCELED: &str = "57014";

/// Whose queries the warehouse serves: the variable `USE_MOTHERDUCK_SCHEMA` says so ([`Flag`]), and nobody's if it's not set.
///
/// # Errors
/// If it makes no sense.
pub(crate) fn served_by(env: &Env, caller: &str) -> Result<ServedBy, ConfigError> {
    const NAME: &str = "USE_MOTHERDUCK_SCHEMA";
    let flag = Flag::parse(NAME, &optional_var(env, NAME).unwrap_or_default());
    let flag = flag.map_err(|reason| ConfigError::Invalid { name: NAME, reason })?;
    Ok(if flag.is_on(caller) { ServedBy::MotherDuck } else { ServedBy::PostgreSql })
}

/// `POST /api/query/validate`
pub(crate) async fn validate(
    settings: &PostgresSettings,
    network: &impl Network,
    query: &Query,
) -> Result<Validation, Problem> {
    let reader = PostgresReader::connect(settings, network, query.mode.seconds()).await?;
    Ok(match reader.gate().check(&query.sql) {
        Ok(admitted) => Validation::allowed(&admitted),
        Err(refusal) => Validation::refused(refusal),
    })
}

/// `POST /api/query/execute`
pub(crate) async fn execute(
    settings: &PostgresSettings,
    network: &impl Network,
    host: &impl Host,
    asked: &Asked,
    caller: &str,
) -> Result<Outcome, Problem> {
    let Asked::Query(query) = asked else {
        return Err(no_history());
    };
    if query.mode != Mode::Live {
        return Err(no_history());
    }
    let started = host.now();
    let mut reader = PostgresReader::connect(settings, network, query.mode.seconds()).await?;
    let admitted = reader.gate().check_with(&query.sql, &query.parameters);
    let admitted = admitted.map_err(|refusal| query::not_allowed(refusal.to_string()))?;
    let page = reader.run(&admitted, query.max_rows).await;
    let milliseconds = host.now().millis() - started.millis();
    let execution_id = host.new_id();
    // Its own log is all that needs to be there: the warehouse may be why the flag is off.
    log::info("query_served_by_postgresql")
        .with("execution_id", execution_id.to_string())
        .with("caller", caller)
        .with("ast_hash", admitted.hash())
        .with("milliseconds", milliseconds)
        .with("failed", page.is_err())
        .write();
    let rows = Rows::within(page?, query.max_rows);
    Ok(Outcome {
        execution_id,
        served_by: ServedBy::PostgreSql,
        mode: query.mode,
        pin: Pin { schema_version: 0, commit_seq: 0 },
        result_hash: rows.hash(admitted.has_order()),
        rows,
        milliseconds,
        ast_hash: admitted.hash(),
        cached: false,
        unchanged: None,
    })
}

fn no_history() -> Problem {
    query::not_allowed("this query would be served from PostgreSQL, which keeps no earlier data: use the mode live")
}

/// A connection on which nothing can be written, and what may be read on it.
#[derive(Debug)]
pub struct PostgresReader<N: Network> {
    connection: Connection<N::Stream>,
    schema: String,
    relations: Vec<String>,
}

impl<N: Network> PostgresReader<N> {
    /// Connects, for statements of at most that many seconds, and lists the relations that the user may read.
    ///
    /// # Errors
    /// 503: the database is away, or refuses the user.
    pub async fn connect(settings: &PostgresSettings, network: &N, seconds: u32) -> Result<Self, Problem> {
        let PostgresSettings { address, credentials, schema } = settings;
        let time_limit = (u64::from(seconds) * 1_000).to_string();
        let parameters = [
            ("application_name", "living-schema"),
            ("default_transaction_read_only", "on"),
            ("statement_timeout", time_limit.as_str()),
            // Nothing is found by its name alone but what the database itself has: no function that somebody called `count`.
            ("search_path", "pg_catalog"),
            ("DateStyle", "ISO, YMD"),
            ("TimeZone", "UTC"),
            ("bytea_output", "hex"),
        ];
        let opened = Connection::open(network, address, credentials, &parameters).await;
        let mut connection = opened.map_err(|error: ConnectError| Problem::unavailable().because(error))?;
        // What information_schema.tables lists may be what the user can only write to.
        let sql = format!(
            "SELECT c.relname FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace \
             WHERE n.nspname = {} AND c.relkind IN ('r', 'p', 'v', 'm', 'f') AND has_any_column_privilege(c.oid, 'SELECT') \
             ORDER BY c.relname LIMIT {MAX_RELATIONS}",
            literal(schema)
        );
        let listed = run_one(&mut connection, &sql, MAX_RELATIONS).await;
        let listed = listed.map_err(|error| Problem::unavailable().because(error))?;
        let relations = listed.rows.into_iter().flatten().flatten().collect();
        Ok(Self { connection, schema: schema.clone(), relations })
    }

    /// What may be read, as `(schema, name)`.
    pub fn relations(&self) -> Vec<(String, String)> {
        self.relations.iter().map(|name| (self.schema.clone(), name.clone())).collect()
    }

    /// The gate for queries: it knows the relations by their names, and by the schema's too.
    #[must_use]
    pub fn gate(&self) -> Gate {
        let bare = self.relations.iter().map(|name| RelationName::from(name.as_str()));
        let full = self.relations.iter().map(|name| RelationName::from((self.schema.as_str(), name.as_str())));
        Gate::new(Policy::new(bare.chain(full)))
    }

    /// Runs a query that the gate has admitted. At most `most` rows come; `truncated` says that there are more.
    ///
    /// # Errors
    /// 422 if the database refuses the query, 504 if it takes too long, 503 for anything else.
    pub async fn run(&mut self, admitted: &Admitted, most: u32) -> Result<Page, Problem> {
        let shadows = admitted.relations().iter().fold(Shadows::none(), |shadows, relation| {
            let rows = format!("SELECT * FROM {}.{}", identifier(&self.schema), identifier(&relation.name));
            shadows.with(relation.clone(), rows)
        });
        // One more shows that there are more.
        let text = admitted.limited(&shadows, u64::from(most) + 1);
        let mut reply = run_one(&mut self.connection, &text, most as usize + 1).await.map_err(failed)?;
        let truncated = reply.truncated || reply.rows.len() > most as usize;
        reply.rows.truncate(most as usize);
        let column_types = self.type_names(&reply).await?;
        let oids: Vec<u32> = reply.fields.iter().map(|field| field.oid).collect();
        let read = |row: Vec<Option<String>>| {
            row.into_iter().zip(&oids).map(|(text, oid)| text.map_or(Value::Null, |text| value(text, *oid))).collect()
        };
        let result = QueryResult {
            columns: reply.fields.into_iter().map(|field| field.name).collect(),
            column_types,
            rows: reply.rows.into_iter().map(read).collect(),
        };
        Ok(Page { result, truncated })
    }

    /// The columns' types as PostgreSQL spells them. A result that was cut leaves the connection unusable: then only those that need no
    /// asking.
    async fn type_names(&mut self, reply: &Reply) -> Result<Vec<String>, Problem> {
        let fields = &reply.fields;
        if fields.is_empty() || !self.connection.is_usable() {
            return Ok(fields.iter().map(|field| common_type(field.oid).to_owned()).collect());
        }
        let names: Vec<String> =
            fields.iter().map(|field| format!("format_type({}, {})", field.oid, field.modifier)).collect();
        let answer = run_one(&mut self.connection, &format!("SELECT {}", names.join(", ")), 1).await.map_err(failed)?;
        Ok(answer.rows.into_iter().flatten().map(Option::unwrap_or_default).collect())
    }
}

/// What `format_type` says of the commonest types; nothing for others.
const fn common_type(oid: u32) -> &'static str {
    match oid {
        16 => "boolean",
        20 => "bigint",
        21 => "smallint",
        23 => "integer",
        25 => "text",
        700 => "real",
        701 => "double precision",
        1043 => "character varying",
        1082 => "date",
        1114 => "timestamp without time zone",
        1184 => "timestamp with time zone",
        1700 => "numeric",
        _ => "",
    }
}

/// Runs one statement in a transaction that only reads, whatever the connection's settings are.
async fn run_one<N>(connection: &mut Connection<N>, sql: &str, most: usize) -> Result<Reply, QueryError>
where
    N: tokio::io::AsyncRead + tokio::io::AsyncWrite + Unpin,
{
    let limits = Limits { rows: most, bytes: MAX_BYTES };
    let outcomes = connection.run(&["BEGIN READ ONLY", sql, "ROLLBACK"], limits).await?;
    let mut outcomes = outcomes.into_iter();
    let begun = outcomes.next().unwrap_or_else(|| Ok(Reply::default()));
    begun.map_err(QueryError::Server)?;
    outcomes.next().unwrap_or_else(|| Ok(Reply::default())).map_err(QueryError::Server)
}

/// As the warehouse gives values: booleans, integers and floats as JSON has them, all else as text.
fn value(text: String, oid: u32) -> Value {
    let value = match oid {
        // boolean
        16 => match text.as_str() {
            "t" => Some(Value::Bool(true)),
            "f" => Some(Value::Bool(false)),
            _ => None,
        },
        // bigint, smallint, integer, oid
        20 | 21 | 23 | 26 => text.parse::<i64>().ok().map(Value::from),
        // real, double precision; their NaN and infinities are text
        700 | 701 => text.parse().ok().and_then(Number::from_f64).map(Value::Number),
        _ => None,
    };
    value.unwrap_or(Value::String(text))
}

fn failed(error: QueryError) -> Problem {
    match error {
        QueryError::Server(ServerError { code, .. }) if code == QUERY_CANCELED => {
            Problem::new(504, "Too slow", "PostgreSQL gave the query up: it takes too long")
        }
        // About the text of the query: syntax, names, values, what a transaction that only reads refuses.
        QueryError::Server(ServerError { code, message, .. })
            if ["0A", "21", "22", "25", "42"].iter().any(|class| code.starts_with(class)) =>
        {
            let detail = format!(
                "PostgreSQL says: {message} (this query is served from PostgreSQL, whose SQL and names differ from DuckDB's in places)"
            );
            Problem::new(422, "The query fails", detail)
        }
        error => Problem::unavailable().because(error),
    }
}

fn identifier(name: &str) -> String {
    format!("\"{}\"", name.replace('"', "\"\""))
}

/// The server has standard strings: nothing but the quote is special.
fn literal(text: &str) -> String {
    format!("'{}'", text.replace('\'', "''"))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn values_are_json_where_json_has_them() {
        assert_eq!(value("t".into(), 16), json!(true));
        assert_eq!(value("-5".into(), 20), json!(-5));
        assert_eq!(value("0.5".into(), 701), json!(0.5));
        assert_eq!(value("NaN".into(), 701), json!("NaN"));
        assert_eq!(value("1.50".into(), 1700), json!("1.50"));
        assert_eq!(value("{\"a\": 1}".into(), 3802), json!("{\"a\": 1}"));
    }

    #[test]
    fn names_and_texts_stay_within_their_quotes() {
        assert_eq!(identifier("a\"b"), "\"a\"\"b\"");
        assert_eq!(literal("a'b\\"), "'a''b\\'");
    }

    #[test]
    fn an_error_of_the_query_is_told_and_one_of_the_database_is_not() {
        let error = |code: &str| {
            let message = "words".to_owned();
            failed(QueryError::Server(ServerError { code: code.into(), message, position: None, is_fatal: false }))
        };
        assert_eq!((error("42P01").status, error("25006").status, error("57014").status), (422, 422, 504));
        let inside = error("53300");
        assert!(inside.status == 503 && !inside.detail.contains("words"));
    }
}
