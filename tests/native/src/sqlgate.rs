//! What DuckDB itself reads in the text that the SQL gate lets through.

use std::{collections::BTreeSet, path::PathBuf};

use fuzzing::Chance;
use living_core::sql::Statement;
use living_sqlgate::{Admitted, Gate, Policy, RelationName};
use living_warehouse::{Endpoint, McpWarehouse, QueryResult, Warehouse};
use local_warehouse::{Config, Limits, LocalWarehouse, Token, Tokens};
use serde_json::Value;

use crate::{Faults, HttpTransport, data};

/// Relations of the shared corpora's fixture.
pub const RELATIONS: [&str; 9] = [
    "raw_documents",
    "annotations",
    "structured_data",
    "query_executions",
    "entity_conflicts",
    "field_definitions",
    "saved_queries",
    "entity_types",
    "schema_snapshots",
];

/// Queries in DuckDB's dialect and attacks, a line each.
pub const ALLOWED: &str = include_str!("../../../shared/sqlgate/tests/queries/allowed.sql");
pub const REFUSED: &str = include_str!("../../../shared/sqlgate/tests/queries/refused.sql");

/// Functions that DuckDB's parser makes of operators and of forms with a syntax of their own.
const SYNTAX: [&str; 37] = [
    "array_agg",
    "array_extract",
    "array_slice",
    "contains",
    "count_star",
    "date_part",
    "ilike_escape",
    "like_escape",
    "list_apply",
    "list_filter",
    "list_sort",
    "list_value",
    "ltrim",
    "map",
    "mode",
    "not_ilike_escape",
    "not_like_escape",
    "position",
    "quantile_cont",
    "quantile_disc",
    "regexp_full_match",
    "row",
    "rtrim",
    "struct_extract",
    "struct_pack",
    "substring",
    "timezone",
    "to_centuries",
    "to_days",
    "to_decades",
    "to_hours",
    "to_microseconds",
    "to_millennia",
    "to_milliseconds",
    "to_minutes",
    "to_months",
    "trim",
];

/// As [`SYNTAX`], the rest of the units of intervals and what is put around their numbers.
const MORE_SYNTAX: [&str; 6] = ["to_quarters", "to_seconds", "to_weeks", "to_years", "trunc", "unnest"];

#[must_use]
pub fn gate() -> Gate {
    Gate::new(Policy::new(RELATIONS))
}

/// The shared corpora's queries: the legitimate ones, or the attacks, without those that a generator makes.
///
/// # Panics
/// If a file isn't JSON lines.
#[must_use]
pub fn corpus(name: &str) -> Option<Vec<String>> {
    let text = std::fs::read_to_string(folder()?.join(name)).ok()?;
    let entries = text.lines().map(|line| serde_json::from_str::<Value>(line).expect("a line is JSON"));
    Some(entries.filter_map(|entry| entry["sql"].as_str().map(str::to_owned)).collect())
}

/// The statements that make the corpora's fixture. They need one session.
#[must_use]
pub fn fixture() -> Option<String> {
    std::fs::read_to_string(folder()?.join("fixture.sql")).ok()
}

/// Queries to mangle: those that pass in the majority, as most of what is mangled is refused.
#[must_use]
pub fn seeds() -> Vec<String> {
    let of = |text: &'static str| text.lines().map(str::to_owned);
    let mut seeds: Vec<String> = of(REFUSED).chain(corpus("attacks.jsonl").unwrap_or_default()).collect();
    for _ in 0..4 {
        seeds.extend(of(ALLOWED).chain(corpus("legit.jsonl").unwrap_or_default()));
    }
    seeds
}

fn folder() -> Option<PathBuf> {
    data().map(|data| data.join("sql"))
}

/// Real DuckDB that answers with results of any size.
#[derive(Debug)]
pub struct Oracle {
    _server: LocalWarehouse,
    client: McpWarehouse<HttpTransport>,
}

impl Oracle {
    /// # Panics
    /// If the warehouse can't be started.
    pub async fn start() -> Self {
        let token = Token::new("test-token").expect("a token");
        let mut config = Config::new(Tokens { read_write: token, read_only: None });
        // One thread: ties come in the same order each time.
        config.threads = Some(1);
        config.allow_multiple_statements = true;
        config.limits = Limits { rows: 1_000_000, characters: 100_000_000, ..Limits::default() };
        let server = LocalWarehouse::start(config).await.expect("the local warehouse starts");
        let endpoint = Endpoint {
            url: server.url().to_owned(),
            token: "test-token".to_owned(),
            database: Some(local_warehouse::DEFAULT_DATABASE_NAME.to_owned()),
        };
        let client = McpWarehouse::new(endpoint, HttpTransport::new(Faults::none()));
        Self { _server: server, client }
    }

    /// # Errors
    /// DuckDB's.
    pub async fn run(&self, sql: &str) -> Result<QueryResult, living_warehouse::Error> {
        self.client.run(&Statement::repeatable(sql)).await
    }

    /// What DuckDB reads otherwise than the gate, of queries that it let through; by query, and only where there is something.
    ///
    /// # Panics
    /// If DuckDB can't be asked.
    pub async fn differences(&self, admitted: &[Admitted]) -> Vec<(String, Vec<String>)> {
        if admitted.is_empty() {
            return Vec::new();
        }
        // In hexadecimal: the local warehouse turns statements down by words in them.
        let hex = |sql: &str| sql.bytes().fold(String::new(), |hex, byte| hex + &format!("{byte:02x}"));
        let texts: Vec<String> =
            admitted.iter().map(|admitted| format!("(decode(unhex('{}')))", hex(admitted.sql()))).collect();
        let sql = format!("SELECT json_serialize_sql(query) FROM (VALUES {}) AS queries(query)", texts.join(", "));
        let rows = self.run(&sql).await.expect("DuckDB serialises").rows;
        assert_eq!(rows.len(), admitted.len());
        let of = |(admitted, row): (&Admitted, &Vec<Value>)| {
            let serialized = serde_json::from_str(row[0].as_str().unwrap_or_default()).expect("JSON");
            (admitted.sql().to_owned(), differences(admitted, &serialized))
        };
        admitted.iter().zip(&rows).map(of).filter(|(_, differences)| !differences.is_empty()).collect()
    }
}

/// What DuckDB's tree of a query has that the gate's account of it doesn't have.
fn differences(admitted: &Admitted, serialized: &Value) -> Vec<String> {
    // What DuckDB can't parse doesn't run.
    if serialized["error"] == true {
        return Vec::new();
    }
    let mut reading = Reading { admitted, tables: Vec::new(), relations: BTreeSet::new(), differences: Vec::new() };
    match serialized["statements"].as_array().map(Vec::as_slice) {
        Some([statement]) => reading.value(statement),
        _ => reading.differences.push("not one statement".to_owned()),
    }
    if reading.relations != *admitted.relations() {
        let found = format!("relations {:?}, not {:?}", reading.relations, admitted.relations());
        reading.differences.push(found);
    }
    reading.differences
}

struct Reading<'a> {
    admitted: &'a Admitted,
    /// Common table expressions that DuckDB sees here.
    tables: Vec<String>,
    relations: BTreeSet<RelationName>,
    differences: Vec<String>,
}

impl Reading<'_> {
    fn value(&mut self, value: &Value) {
        match value {
            Value::Object(node) => {
                let visible = self.tables.len();
                self.table_expressions(&node.get("cte_map").map_or(Value::Null, Clone::clone));
                self.node(value);
                for (key, below) in node {
                    match key.as_str() {
                        "cte_map" | "query_location" => {}
                        // A recursive query sees itself in its step.
                        "right" if value["type"] == "RECURSIVE_CTE_NODE" => {
                            self.tables.extend(value["cte_name"].as_str().map(str::to_lowercase));
                            self.value(below);
                            self.tables.pop();
                        }
                        _ => self.value(below),
                    }
                }
                self.tables.truncate(visible);
            }
            Value::Array(values) => values.iter().for_each(|value| self.value(value)),
            _ => {}
        }
    }

    /// Each sees those before it.
    fn table_expressions(&mut self, map: &Value) {
        for entry in map["map"].as_array().into_iter().flatten() {
            self.value(&entry["value"]);
            self.tables.extend(entry["key"].as_str().map(str::to_lowercase));
        }
    }

    fn node(&mut self, node: &Value) {
        let text = |key: &str| node[key].as_str().unwrap_or_default();
        match (text("class"), text("type")) {
            ("", "BASE_TABLE") => match (text("catalog_name"), text("schema_name"), text("table_name")) {
                ("", "", name) if self.tables.contains(&name.to_lowercase()) => {}
                ("", schema, name) if !schema.is_empty() && node["at_clause"].is_null() => {
                    self.relations.insert((schema, name).into());
                }
                other => self.differences.push(format!("the relation {other:?}")),
            },
            ("", "SHOW_REF") if !text("table_name").is_empty() => {
                self.differences.push(format!("SHOW of {}", text("table_name")));
            }
            ("", "TABLE_FUNCTION") => {
                let name = node["function"]["function_name"].as_str().unwrap_or_default().to_lowercase();
                if !self.admitted.functions().contains(&name) {
                    self.differences.push(format!("the table function {name}"));
                }
            }
            ("FUNCTION" | "WINDOW", _) => {
                let name = text("function_name").to_lowercase();
                let is_known = self.admitted.functions().contains(&name)
                    || SYNTAX.contains(&name.as_str())
                    || MORE_SYNTAX.contains(&name.as_str())
                    || node["is_operator"] == true && !name.starts_with(|c: char| c.is_alphabetic());
                if !is_known || !["", "main"].contains(&text("schema")) || !text("catalog").is_empty() {
                    self.differences.push(format!("the function {}.{}.{name}", text("catalog"), text("schema")));
                }
            }
            _ => {}
        }
    }
}

/// What attackers put into queries.
const FRAGMENTS: [&str; 44] = [
    "'x.csv'",
    "\"x.csv\"",
    "read_text('x')",
    "getenv('x')",
    "x.csv",
    "; DROP TABLE x",
    "--",
    "/*",
    "*/",
    "\r",
    "\u{200b}",
    "\u{a0}",
    "\u{feff}",
    "$$",
    "a$$",
    "E'\\'",
    "'\\'",
    "''",
    "\"\"",
    "WITH x AS (SELECT 1)",
    "secrets",
    "main.",
    "system.main.",
    ".upper()",
    "(",
    ")",
    "[",
    "]",
    "{",
    "}",
    "->",
    "->>",
    "::JSON",
    "lambda x:",
    "UNION ALL",
    "FROM",
    "SELECT",
    "DESCRIBE",
    "PIVOT",
    "annotations",
    "AS annotations",
    "LATERAL",
    "COLUMNS(*)",
    "U&'x'",
];

/// A query made of others: pieces dropped, doubled, swapped, put in place of their like, taken from elsewhere, and fragments in between.
///
/// # Panics
/// If there are no seeds.
#[must_use]
pub fn mutant(seeds: &[String], chance: &mut Chance) -> String {
    let mut pieces = pieces(chance.one::<String>(seeds));
    for _ in 0..=chance.below(3) {
        let (at, other) = (chance.below(pieces.len() + 1), chance.below(pieces.len().max(1)));
        match chance.below(8) {
            0 if at < pieces.len() => drop(pieces.remove(at)),
            1 if other < pieces.len() => pieces.insert(at, pieces[other].clone()),
            2 if at < pieces.len() => pieces.swap(at, other),
            3 => {
                let donor = self::pieces(chance.one::<String>(seeds));
                let start = chance.below(donor.len());
                let end = (start + 1 + chance.below(12)).min(donor.len());
                pieces.splice(at..at, donor[start..end].iter().cloned());
            }
            4 => pieces.insert(at, (*chance.one(&FRAGMENTS)).to_owned()),
            5 if at < pieces.len() => (*chance.one(&FRAGMENTS)).clone_into(&mut pieces[at]),
            _ if at < pieces.len() => {
                let donor = self::pieces(chance.one::<String>(seeds));
                let class = |piece: &str| piece.chars().next().map(|c| (c.is_alphabetic(), c.is_numeric(), c == '\''));
                let like: Vec<&String> = donor.iter().filter(|piece| class(piece) == class(&pieces[at])).collect();
                if !like.is_empty() {
                    (*chance.one(&like)).clone_into(&mut pieces[at]);
                }
            }
            _ => {}
        }
    }
    let blank = if chance.below(8) == 0 { "" } else { " " };
    pieces.join(blank)
}

/// Words, literals and symbols, roughly.
fn pieces(query: &str) -> Vec<String> {
    let mut pieces: Vec<String> = Vec::new();
    let mut quote = None;
    let mut before = ' ';
    for c in query.chars() {
        let is_word = |c: char| c.is_alphanumeric() || c == '_' || c == '.';
        let continues = quote.is_some() || is_word(c) && is_word(before);
        match pieces.last_mut().filter(|_| continues) {
            Some(piece) => piece.push(c),
            None if c.is_whitespace() => {}
            None => pieces.push(c.to_string()),
        }
        quote = match (quote, c) {
            (None, '\'' | '"') => Some(c),
            (Some(open), c) if open == c => None,
            (quote, _) => quote,
        };
        before = if quote.is_none() && matches!(c, '\'' | '"') { ' ' } else { c };
    }
    pieces
}
