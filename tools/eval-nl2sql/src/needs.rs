//! What a query needs to be written: the relations, columns and values that it names. DuckDB's own parser reads it.

use std::collections::{BTreeMap, BTreeSet};

use living_core::{
    generation::{Column, Context, Relation, SemanticModel},
    sql::Literal,
};
use serde_json::Value;

use crate::fixture::Fixture;

/// What a query names, by places in the model.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Needs {
    pub(crate) relations: BTreeSet<usize>,
    /// Each may be one of several columns: an unqualified name of a join.
    pub(crate) columns: Vec<BTreeSet<(usize, usize)>>,
    /// Values of the data that it names, with the columns that hold them.
    pub(crate) values: Vec<(String, BTreeSet<(usize, usize)>)>,
    pub(crate) difficulty: Difficulty,
}

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Difficulty {
    /// One relation, without a path of JSON and without groups.
    #[default]
    Easy,
    /// Groups, paths, or a value that the question may call otherwise.
    Medium,
    /// Several relations (one twice, too), a subquery, or a window.
    Hard,
}

impl Difficulty {
    pub(crate) const ALL: [Self; 3] = [Self::Easy, Self::Medium, Self::Hard];

    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Easy => "easy",
            Self::Medium => "medium",
            Self::Hard => "hard",
        }
    }

    pub(crate) fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|difficulty| difficulty.name() == text)
    }
}

/// What of a query's needs a context lacks, in words.
pub(crate) fn lacking(model: &SemanticModel, needs: &Needs, context: &Context) -> Lacking {
    let tells = |(r, c): &(usize, usize)| {
        context.relations.iter().find(|part| part.relation == *r)?.columns.iter().find(|part| part.column == *c)
    };
    let mut lacking = Lacking::default();
    for r in &needs.relations {
        if !context.relations.iter().any(|part| part.relation == *r) {
            lacking.relations.extend(model.relations.get(*r).map(|relation| relation.name.clone()));
        }
    }
    for places in &needs.columns {
        if !places.iter().any(|place| tells(place).is_some()) {
            lacking.columns.extend(places.first().and_then(|place| column_name(model, *place)));
        }
    }
    for (value, places) in &needs.values {
        let is_told = places.iter().any(|(r, c)| {
            let column = model.relations.get(*r).and_then(|relation| relation.columns.get(*c));
            column.zip(tells(&(*r, *c))).is_some_and(|(column, part)| {
                part.values.iter().filter_map(|v| column.values.get(*v)).any(|known| is_value(&known.text, value))
            })
        });
        if !is_told {
            let place = places.first().and_then(|place| column_name(model, *place)).unwrap_or_default();
            lacking.values.push(format!("{value:?} of {place}"));
        }
    }
    lacking
}

#[derive(Debug, Clone, Default)]
pub(crate) struct Lacking {
    pub(crate) relations: Vec<String>,
    pub(crate) columns: Vec<String>,
    pub(crate) values: Vec<String>,
}

impl Lacking {
    pub(crate) fn all(&self) -> Vec<&str> {
        self.relations.iter().chain(&self.columns).chain(&self.values).map(String::as_str).collect()
    }
}

fn column_name(model: &SemanticModel, (r, c): (usize, usize)) -> Option<String> {
    let relation = model.relations.get(r)?;
    Some(format!("{}: {}", relation.name, relation.columns.get(c)?.expression))
}

/// Whether a value is the one that a query names; with `%`, as LIKE takes it at its ends.
fn is_value(known: &str, named: &str) -> bool {
    let bare = named.trim_matches('%');
    if bare.len() == named.len() {
        known.eq_ignore_ascii_case(named)
    } else {
        known.to_lowercase().contains(&bare.to_lowercase())
    }
}

// ---- From the query --------------------------------------------------------------------------------------------------------

impl Needs {
    /// What a query names.
    ///
    /// # Errors
    /// If DuckDB doesn't take it.
    pub(crate) async fn of(fixture: &Fixture, sql: &str) -> Result<Self, String> {
        let select = format!("SELECT CAST(json_serialize_sql({}) AS VARCHAR)", Literal::Text(sql));
        let rows = fixture.rows(select).await.map_err(|error| error.to_string())?;
        let tree = rows.first().and_then(|row| row.first()).and_then(Value::as_str).unwrap_or_default();
        let tree: Value = serde_json::from_str(tree).map_err(|error| error.to_string())?;
        if tree.get("error").and_then(Value::as_bool) != Some(false) {
            return Err(format!("{}", tree.get("error_message").unwrap_or(&tree)));
        }
        let mut named = Named::default();
        named.walk(&tree);
        named.needs(fixture).await
    }
}

/// Names in a query, before it's known whose they are.
#[derive(Debug, Default)]
struct Named {
    /// By alias and by name: the relation's name. Later ones win, which is right but for aliases used twice.
    tables: BTreeMap<String, String>,
    expressions: BTreeSet<String>,
    references: usize,
    columns: BTreeSet<Vec<String>>,
    /// Column and path.
    paths: BTreeSet<(Vec<String>, String)>,
    texts: BTreeSet<String>,
    has_groups: bool,
    has_parts: bool,
}

impl Named {
    fn walk(&mut self, node: &Value) {
        match node {
            Value::Array(nodes) => nodes.iter().for_each(|node| self.walk(node)),
            Value::Object(fields) if !self.take(node) => fields.values().for_each(|node| self.walk(node)),
            _ => {}
        }
    }

    /// Notes what a node names. Gives whether what is below it was seen to.
    fn take(&mut self, node: &Value) -> bool {
        let field = |name: &str| node.get(name).and_then(Value::as_str).unwrap_or_default();
        if let Some(entries) = node.get("cte_map").and_then(|map| map.get("map")).and_then(Value::as_array) {
            self.expressions
                .extend(entries.iter().filter_map(|entry| entry.get("key")?.as_str()).map(str::to_lowercase));
        }
        self.has_groups |=
            node.get("group_expressions").and_then(Value::as_array).is_some_and(|groups| !groups.is_empty());
        match (field("class"), field("type")) {
            (_, "BASE_TABLE") => {
                let (schema, name) = (field("schema_name"), field("table_name").to_lowercase());
                let full =
                    if schema.is_empty() || schema == "main" { name.clone() } else { format!("{schema}.{name}") };
                if !field("alias").is_empty() {
                    self.tables.insert(field("alias").to_lowercase(), full.clone());
                }
                self.tables.insert(name, full);
                self.references += 1;
                true
            }
            (_, "JOIN") => {
                let using = node.get("using_columns").and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default();
                self.columns.extend(using.iter().filter_map(Value::as_str).map(|name| vec![name.to_lowercase()]));
                false
            }
            ("COLUMN_REF", _) => {
                self.columns.insert(column_names(node));
                true
            }
            ("FUNCTION", _)
                if matches!(field("function_name"), "->" | "->>" | "json_extract" | "json_extract_string") =>
            {
                let children = node.get("children").and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default();
                let [base, path] = children else { return false };
                let Some(path) =
                    constant(path).filter(|_| base.get("class").and_then(Value::as_str) == Some("COLUMN_REF"))
                else {
                    return false;
                };
                let path = if path.starts_with('$') { path } else { format!("$.{path}") };
                self.paths.insert((column_names(base), path));
                true
            }
            ("CONSTANT", _) => {
                self.texts.extend(constant(node));
                true
            }
            ("SUBQUERY" | "WINDOW", _) | (_, "SUBQUERY" | "SET_OPERATION_NODE") => {
                self.has_parts = true;
                false
            }
            _ => false,
        }
    }

    async fn needs(self, fixture: &Fixture) -> Result<Needs, String> {
        let model = &fixture.model;
        let mut needs = Needs::default();
        let place = |name: &str| {
            model.relations.iter().position(|relation| relation.name.replace('"', "").eq_ignore_ascii_case(name))
        };
        for name in self.tables.values().filter(|name| !self.expressions.contains(*name)) {
            needs.relations.insert(place(name).ok_or_else(|| format!("there is no relation {name}"))?);
        }
        // Relations that a qualified name may be of; without a qualifier all.
        let of = |qualifier: Option<&String>| -> Vec<(usize, &Relation)> {
            let named = qualifier.and_then(|qualifier| self.tables.get(qualifier)).and_then(|name| place(name));
            let all = needs.relations.iter().copied().filter(|r| named.is_none_or(|named| named == *r));
            all.filter_map(|r| Some((r, model.relations.get(r)?))).collect()
        };
        let mut columns: Vec<BTreeSet<(usize, usize)>> = Vec::new();
        let holding = |names: &[String], is_it: &dyn Fn(&Column) -> bool| -> BTreeSet<(usize, usize)> {
            let qualifier = names.len().checked_sub(2).and_then(|at| names.get(at));
            let relations = of(qualifier).into_iter();
            let places = relations.flat_map(|(r, relation)| {
                let columns = relation.columns.iter().enumerate().filter(|(_, column)| is_it(column));
                columns.map(move |(c, _)| (r, c)).collect::<Vec<_>>()
            });
            places.collect()
        };
        for names in &self.columns {
            let Some(last) = names.last() else { continue };
            columns.push(holding(names, &|column| {
                column.name.eq_ignore_ascii_case(last) && !column.expression.contains("->")
            }));
        }
        for (names, path) in &self.paths {
            let Some(last) = names.last() else { continue };
            let is_path = |column: &Column| {
                let base = column.expression.split("->").next().unwrap_or_default().trim_matches('"');
                base.eq_ignore_ascii_case(last) && column.expression.ends_with(&format!("'{path}'"))
            };
            columns.push(holding(names, &is_path));
        }
        // What no relation has is the name of an expression.
        columns.retain(|places| !places.is_empty());
        for named in &self.texts {
            let mut holding = BTreeSet::new();
            for place in columns.iter().flatten() {
                if holds(fixture, *place, named).await? {
                    holding.insert(*place);
                }
            }
            if !holding.is_empty() {
                needs.values.push((named.clone(), holding));
            }
        }
        needs.difficulty = match () {
            () if self.references > 1 || self.has_parts || !self.expressions.is_empty() => Difficulty::Hard,
            () if self.has_groups || !self.paths.is_empty() || !needs.values.is_empty() => Difficulty::Medium,
            () => Difficulty::Easy,
        };
        needs.columns = columns;
        Ok(needs)
    }
}

/// Whether a column of the database holds a value.
async fn holds(fixture: &Fixture, (r, c): (usize, usize), named: &str) -> Result<bool, String> {
    let Some(relation) = fixture.model.relations.get(r) else { return Ok(false) };
    let Some(column) = relation.columns.get(c).filter(|column| column.is_text() || column.data_type == "BOOLEAN")
    else {
        return Ok(false);
    };
    if named.trim_matches('%').is_empty() {
        return Ok(false);
    }
    // As a name of something: not a word within a long text.
    if column.values.is_empty() {
        return Ok(false);
    }
    let select = format!(
        "SELECT count(*) FROM {} WHERE lower(CAST({} AS VARCHAR)) LIKE {}",
        relation.name,
        column.expression,
        Literal::Text(&named.to_lowercase())
    );
    let rows = fixture.rows(select).await.map_err(|error| error.to_string())?;
    Ok(rows.first().and_then(|row| row.first()).and_then(Value::as_u64).unwrap_or_default() > 0)
}

fn column_names(node: &Value) -> Vec<String> {
    let names = node.get("column_names").and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default();
    names.iter().filter_map(Value::as_str).map(str::to_lowercase).collect()
}

/// A constant text.
fn constant(node: &Value) -> Option<String> {
    let value = node.get("value")?;
    let is_text = value.get("type")?.get("id")?.as_str() == Some("VARCHAR");
    value.get("value").filter(|_| is_text)?.as_str().map(str::to_owned)
}
