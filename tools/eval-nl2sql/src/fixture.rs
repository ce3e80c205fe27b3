//! The database that questions are about: real DuckDB, filled by a script, and what can be known of it by looking.

use std::{collections::BTreeMap, path::PathBuf, time::Duration};

use living_core::{
    generation::{Column, KnownValue, Relation, SemanticModel},
    schema::identifier,
    sql::{Literal, Statement},
};
use living_warehouse::{Endpoint, Error, McpWarehouse, Warehouse};
use local_warehouse::{Config, Limits, LocalWarehouse, ReplyStyle, Token, Tokens};
use native_http::UreqTransport;
use serde_json::Value;

/// Values of a column that are looked at, the most frequent first.
const VALUES: usize = 50;

/// Values longer than that are texts, not names: none of them is told.
const LONGEST: usize = 120;

/// Numbers with so few different values are codes.
const CODES: u64 = 24;

/// Least share of a column's values, in percent, that have to name rows of another relation for those rows to describe them.
const NAMED_PERCENT: usize = 80;

/// A database with a model of it.
pub(crate) struct Fixture {
    pub(crate) warehouse: McpWarehouse<UreqTransport>,
    pub(crate) model: SemanticModel,
    _server: LocalWarehouse,
}

impl Fixture {
    /// Runs scripts in an empty database.
    ///
    /// # Errors
    /// What of it fails.
    pub(crate) async fn load(scripts: &[PathBuf]) -> Result<Self, String> {
        let token = "eval";
        let tokens = Tokens { read_write: Token::new(token).map_err(|error| error.to_string())?, read_only: None };
        let mut config = Config::new(tokens);
        config.reply_style = ReplyStyle::StatelessJson;
        // The script is one text, with temporary tables; and whole results are compared.
        config.allow_multiple_statements = true;
        config.limits = Limits { rows: 1_000_000, characters: 100_000_000, time: Duration::from_mins(2) };
        let server = LocalWarehouse::start(config).await.map_err(|error| error.to_string())?;
        let endpoint = Endpoint {
            url: server.url().to_owned(),
            token: token.to_owned(),
            database: Some(local_warehouse::DEFAULT_DATABASE_NAME.to_owned()),
        };
        let warehouse = McpWarehouse::new(endpoint, UreqTransport::new());
        for script in scripts {
            let failed = |error: &dyn std::fmt::Display| format!("{}: {error}", script.display());
            let text = std::fs::read_to_string(script).map_err(|error| failed(&error))?;
            warehouse.run(&Statement::once(text)).await.map_err(|error| failed(&error))?;
        }
        let model = model(&warehouse).await.map_err(|error| error.to_string())?;
        Ok(Self { warehouse, model, _server: server })
    }

    /// The rows of a query.
    ///
    /// # Errors
    /// The warehouse's.
    pub(crate) async fn rows(&self, sql: impl Into<String>) -> Result<Vec<Vec<Value>>, Error> {
        rows(&self.warehouse, sql).await
    }
}

async fn rows(warehouse: &impl Warehouse, sql: impl Into<String>) -> Result<Vec<Vec<Value>>, Error> {
    Ok(warehouse.run(&Statement::read(sql)).await?.rows)
}

fn text(row: &[Value], at: usize) -> String {
    row.get(at).and_then(Value::as_str).unwrap_or_default().to_owned()
}

fn number(row: &[Value], at: usize) -> u64 {
    row.get(at).and_then(|value| value.as_u64().or_else(|| value.as_str()?.parse().ok())).unwrap_or_default()
}

// ---- What is there -------------------------------------------------------------------------------------------------------

async fn model(warehouse: &impl Warehouse) -> Result<SemanticModel, Error> {
    let found = rows(
        warehouse,
        "SELECT c.schema_name, c.table_name, c.column_name, c.data_type, coalesce(c.comment, ''), coalesce(t.comment, v.comment, '') \
         FROM duckdb_columns() AS c LEFT JOIN duckdb_tables() AS t USING (schema_name, table_name, database_name) \
         LEFT JOIN duckdb_views() AS v ON (v.schema_name, v.view_name, v.database_name) = (c.schema_name, c.table_name, c.database_name) \
         WHERE NOT c.internal AND c.database_name = current_database() ORDER BY c.schema_name, c.table_name, c.column_index",
    )
    .await?;
    let mut relations: Vec<Relation> = Vec::new();
    for row in &found {
        let (schema, table) = (text(row, 0), text(row, 1));
        let name = if schema == "main" {
            identifier(&table)
        } else {
            format!("{}.{}", identifier(&schema), identifier(&table))
        };
        if relations.last().is_none_or(|relation| relation.name != name) {
            let count = rows(warehouse, format!("SELECT count(*) FROM {name}")).await?;
            let count = count.first().map_or(0, |row| number(row, 0));
            let description = Some(text(row, 5)).filter(|comment| !comment.is_empty());
            relations.push(Relation { name: name.clone(), description, rows: Some(count), columns: Vec::new() });
        }
        let column = Column {
            name: text(row, 2),
            expression: identifier(&text(row, 2)),
            data_type: text(row, 3),
            description: Some(text(row, 4)).filter(|comment| !comment.is_empty()),
            ..Column::default()
        };
        let columns = profile(warehouse, &name, column).await?;
        if let Some(relation) = relations.last_mut() {
            relation.columns.extend(columns);
        }
    }
    let mut model = SemanticModel { title: "DuckDB".to_owned(), relations };
    describe(warehouse, &mut model).await?;
    Ok(model)
}

/// The column with what its values are; of JSON also the paths in it.
async fn profile(warehouse: &impl Warehouse, relation: &str, mut column: Column) -> Result<Vec<Column>, Error> {
    if column.data_type != "JSON" {
        values(warehouse, relation, &mut column).await?;
        return Ok(vec![column]);
    }
    let base = column.expression.clone();
    let paths = format!(
        "SELECT fullkey, mode(type), count(*) FROM (SELECT {base} AS value FROM {relation}) AS t, json_tree(t.value) \
         WHERE NOT contains(fullkey, '[') AND type NOT IN ('OBJECT', 'NULL') GROUP BY fullkey ORDER BY min(id), fullkey"
    );
    let mut columns = Vec::new();
    for row in rows(warehouse, paths).await? {
        let (path, kind) = (text(&row, 0), text(&row, 1));
        let is_array = kind == "ARRAY";
        let mut inner = Column {
            name: path.trim_start_matches("$.").replace(['.', '"'], " "),
            expression: format!("{base}{}{}", if is_array { "->" } else { "->>" }, Literal::Text(&path)),
            data_type: match kind.as_str() {
                "ARRAY" => "JSON array",
                "BIGINT" | "UBIGINT" => "VARCHAR of whole numbers",
                "DOUBLE" => "VARCHAR of numbers",
                "BOOLEAN" => "VARCHAR of booleans",
                _ => "VARCHAR",
            }
            .to_owned(),
            ..Column::default()
        };
        values(warehouse, relation, &mut inner).await?;
        columns.push(inner);
    }
    columns.insert(0, column);
    Ok(columns)
}

/// Finds out what values a column has.
async fn values(warehouse: &impl Warehouse, relation: &str, column: &mut Column) -> Result<(), Error> {
    let is_list = column.data_type.ends_with("[]");
    let each = match column.data_type.as_str() {
        "JSON array" => format!("unnest(from_json({}, '[\"VARCHAR\"]'))", column.expression),
        _ if is_list => format!("unnest({})", column.expression),
        _ => column.expression.clone(),
    };
    let of = format!("(SELECT CAST({each} AS VARCHAR) AS v FROM {relation})");
    let summary = format!(
        "SELECT count(DISTINCT v), count(*) FILTER (v IS NULL), coalesce(quantile_cont(length(v), 0.9), 0) > {LONGEST} FROM {of}"
    );
    let summary = rows(warehouse, summary).await?;
    let Some(row) = summary.first() else { return Ok(()) };
    let distinct = number(row, 0);
    column.distinct = Some(distinct);
    column.nulls = number(row, 1);
    let is_long = row.get(2).and_then(Value::as_bool).unwrap_or_default();
    let is_text = column.is_text() || is_list || column.data_type == "JSON array" || column.data_type == "BOOLEAN";
    if !is_text {
        let ends = format!(
            "SELECT CAST(min({e}) AS VARCHAR), CAST(max({e}) AS VARCHAR) FROM {relation}",
            e = column.expression
        );
        let ends = rows(warehouse, ends).await?;
        let ends = ends.first().map(|row| (text(row, 0), text(row, 1)));
        column.range = ends.filter(|(min, max)| !min.is_empty() && !max.is_empty());
    }
    if !is_long && (is_text || distinct <= CODES) {
        let frequent =
            format!("SELECT v FROM {of} WHERE v IS NOT NULL GROUP BY v ORDER BY count(*) DESC, v LIMIT {VALUES}");
        let frequent = rows(warehouse, frequent).await?;
        column.values = frequent.iter().map(|row| KnownValue::new(text(row, 0))).collect();
        column.has_all_values = column.values.len() as u64 >= distinct;
    }
    Ok(())
}

// ---- What relations say of each other ------------------------------------------------------------------------------------

/// A relation whose rows describe what one of its columns names.
struct Glossary {
    relation: usize,
    column: usize,
    /// By what is named: a description, and other names.
    entries: BTreeMap<String, (Option<String>, Vec<String>)>,
}

/// Databases often describe themselves: the rows of one relation (a list of codes, a data dictionary) say what values, or columns, of
/// others stand for.
async fn describe(warehouse: &impl Warehouse, model: &mut SemanticModel) -> Result<(), Error> {
    let glossaries = glossaries(warehouse, model).await?;
    for (r, relation) in model.relations.iter_mut().enumerate() {
        for glossary in &glossaries {
            if glossary.relation == r {
                continue;
            }
            let names: Vec<String> = relation.columns.iter().map(|column| column.name.clone()).collect();
            let is_dictionary = names.iter().filter(|name| glossary.entries.contains_key(*name)).count() >= 3;
            for column in &mut relation.columns {
                if is_dictionary && let Some((description, aliases)) = glossary.entries.get(&column.name) {
                    column.description = column.description.take().or_else(|| description.clone());
                    column.aliases.extend(aliases.iter().cloned());
                }
                let known = column.values.iter().filter(|value| glossary.entries.contains_key(&value.text)).count();
                if known == 0 || known * 100 < column.values.len() * NAMED_PERCENT {
                    continue;
                }
                for value in &mut column.values {
                    if let Some((description, aliases)) = glossary.entries.get(&value.text) {
                        value.description = value.description.take().or_else(|| description.clone());
                        value.aliases.extend(aliases.iter().cloned());
                    }
                }
            }
        }
    }
    Ok(())
}

async fn glossaries(warehouse: &impl Warehouse, model: &SemanticModel) -> Result<Vec<Glossary>, Error> {
    let mut glossaries = Vec::new();
    for (r, relation) in model.relations.iter().enumerate() {
        let lists: Vec<&Column> = relation.columns.iter().filter(|column| column.data_type == "VARCHAR[]").collect();
        // A text of several words, which describes; not one that names.
        let describes = |column: &&Column| {
            column.is_text()
                && column.nulls == 0
                && !column.expression.contains("->")
                && !column.values.is_empty()
                && column.values.iter().filter(|value| value.text.contains(' ')).count() * 2 > column.values.len()
        };
        let texts: Vec<&Column> = relation.columns.iter().filter(describes).collect();
        if relation.rows.is_none_or(|rows| rows > 10_000) || lists.is_empty() && texts.is_empty() {
            continue;
        }
        for (c, key) in relation.columns.iter().enumerate() {
            let is_name = key.is_text() && !key.expression.contains("->") && !describes(&key) && key.nulls == 0;
            if !is_name || key.distinct.is_none_or(|distinct| distinct < 2) {
                continue;
            }
            // What is said of half of them is said of none.
            let names = key.distinct.unwrap_or_default();
            let tells_apart = |column: &&&Column| column.distinct.is_some_and(|distinct| distinct * 2 > names);
            let longest = |column: &&&Column| column.values.iter().map(|value| value.text.len()).max();
            let description = texts.iter().filter(tells_apart).max_by_key(longest);
            let list = lists.iter().find(|column| column.distinct.is_some_and(|distinct| distinct >= names));
            if description.is_none() && list.is_none() {
                continue;
            }
            let select = format!(
                "SELECT {key}, min({description}), CAST(to_json(first({list})) AS VARCHAR) FROM {relation} GROUP BY 1 \
                 HAVING count(DISTINCT {description}) <= 1",
                key = key.expression,
                description = description.map_or("NULL", |column| column.expression.as_str()),
                list = list.map_or("CAST([] AS VARCHAR[])", |column| column.expression.as_str()),
                relation = relation.name,
            );
            let found = rows(warehouse, select).await?;
            // Where the rows of a name don't agree, they describe something else.
            if (found.len() as u64) < key.distinct.unwrap_or_default() {
                continue;
            }
            let entries = found.iter().map(|row| {
                let description = row.get(1).and_then(Value::as_str).map(str::to_owned);
                let aliases = serde_json::from_str(&text(row, 2)).unwrap_or_default();
                (text(row, 0), (description, aliases))
            });
            glossaries.push(Glossary { relation: r, column: c, entries: entries.collect() });
        }
    }
    glossaries.sort_by_key(|glossary| (glossary.relation, glossary.column));
    Ok(glossaries)
}
