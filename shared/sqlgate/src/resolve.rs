//! Names: which relation, function or common table expression each one is, and whether it's allowed.
//!
//! A common table expression is visible where DuckDB sees it: in the queries after it in its WITH, in the query that WITH belongs to, and in all
//! that is nested in these; in itself only if it's recursive. Relations are rewritten to their full names, so that what was taken for a
//! relation here is never a common table expression there.

use std::collections::BTreeSet;

use crate::{
    Code, Parameters, Policy, Refusal, RelationName,
    ast::{
        Alias, Call, Cte, Expr, GroupBy, GroupItem, Ident, InSet, Item, JoinCondition, Look, LookSubject, OrderBy,
        Over, Path, Pivot, PivotColumn, Query, Select, SetKind, SliceEnd, Source, Star, Statement, Suffix, Table,
        TableKind, Term, Window,
    },
    functions,
    parser::dotted,
    position::Position,
};

/// What a statement names.
#[derive(Clone, Debug, Default)]
pub(crate) struct Names {
    pub(crate) relations: BTreeSet<RelationName>,
    pub(crate) functions: BTreeSet<String>,
    pub(crate) parameters: Vec<String>,
    /// Whether the clock or chance has a part in it.
    pub(crate) varies: bool,
    pub(crate) columns: Columns,
}

/// The columns that a query may read: more than it does perhaps, never fewer.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Columns {
    /// Every name that may be that of a column, in lower case; aliases and parts of structs are among them.
    pub names: BTreeSet<String>,
    /// Columns are read that are not named: `*`, `COLUMNS(…)`, a natural join, a whole row, DESCRIBE, SUMMARIZE.
    pub every: bool,
}

impl Columns {
    fn add(&mut self, names: &[Ident]) {
        self.names.extend(names.iter().map(|name| name.text.to_ascii_lowercase()));
    }
}

/// Looks up every name of a statement, and puts relations' full names in place.
///
/// # Errors
/// At the first name that isn't allowed.
pub(crate) fn resolve(
    sql: &str,
    policy: &Policy,
    parameters: Option<&Parameters>,
    statement: &mut Statement,
) -> Result<Names, Refusal> {
    let mut resolver = Resolver {
        sql,
        policy,
        parameters,
        tables: Vec::new(),
        aliases: BTreeSet::new(),
        sources: BTreeSet::new(),
        names: Names::default(),
    };
    match statement {
        Statement::Query(query) => resolver.query(query)?,
        Statement::Look(look) => resolver.look(look)?,
    }
    let Resolver { sources, mut names, .. } = resolver;
    // A table's name in place of a column's is a whole row.
    names.columns.every |= !sources.is_disjoint(&names.columns.names);
    Ok(names)
}

/// Values that DuckDB gives for a name of no column.
const HOST_VALUES: [&str; 7] =
    ["current_catalog", "current_database", "current_role", "current_schema", "current_user", "session_user", "user"];

/// What the names of shadows begin with. The colon keeps them apart from common table expressions, which can't have one.
pub(crate) const SHADOW: &str = "as of: ";

/// Names that DuckDB's own catalog has.
const CATALOG_PREFIXES: [&str; 5] = ["duckdb_", "pg_", "pragma_", "sqlite_", "information_schema"];

struct Resolver<'a> {
    sql: &'a str,
    policy: &'a Policy,
    /// Their values, if they are to be put in place.
    parameters: Option<&'a Parameters>,
    /// Common table expressions that are visible here, the nearest last.
    tables: Vec<String>,
    /// Names that the query gives to columns.
    aliases: BTreeSet<String>,
    /// Names of the tables in FROM, in lower case.
    sources: BTreeSet<String>,
    names: Names,
}

type Resolved = Result<(), Refusal>;

impl Resolver<'_> {
    fn refuse(&self, at: &Ident, code: Code, reason: impl Into<String>) -> Resolved {
        Err(Refusal { code, reason: reason.into(), position: Position::of(self.sql, at.at.0) })
    }

    fn is_table(&self, name: &Ident) -> bool {
        self.tables.iter().any(|table| name.is(table))
    }

    fn look(&mut self, look: &mut Look) -> Resolved {
        self.names.columns.every = true;
        match &mut look.subject {
            LookSubject::Query(query) => self.query(query),
            LookSubject::Relation(path) => {
                let mut kind = TableKind::Relation(std::mem::take(path));
                self.relation(&mut kind)?;
                look.subject = match kind {
                    TableKind::Relation(path) => LookSubject::Relation(path),
                    kind => LookSubject::Query(Box::new(Query::all_of(kind))),
                };
                Ok(())
            }
        }
    }

    fn query(&mut self, query: &mut Query) -> Resolved {
        let visible = self.tables.len();
        if let Some(with) = &mut query.with {
            for cte in &mut with.tables {
                self.cte(cte, with.recursive)?;
            }
        }
        self.term(&mut query.first)?;
        for (_, term) in &mut query.rest {
            self.term(term)?;
        }
        self.order_by(&mut query.order_by)?;
        if let Some(crate::ast::Limit::Rows(limit) | crate::ast::Limit::Percent(limit)) = &mut query.limit {
            self.expr(limit)?;
        }
        self.optional(query.offset.as_mut())?;
        self.tables.truncate(visible);
        Ok(())
    }

    fn cte(&mut self, cte: &mut Cte, recursive: bool) -> Resolved {
        let name = &cte.name;
        let is_plain = |c: char| c.is_alphanumeric() || matches!(c, '_' | ' ' | '-');
        if !name.text.chars().all(is_plain) {
            return self.refuse(
                name,
                Code::Relation,
                format!(
                    "the common table expression {:?} may be named by letters, digits, _, - and blanks only",
                    name.text
                ),
            );
        }
        let lower = name.text.to_ascii_lowercase();
        if CATALOG_PREFIXES.iter().any(|prefix| lower.starts_with(prefix)) {
            return self.refuse(
                name,
                Code::Relation,
                format!("a common table expression can't be named {}: DuckDB's catalog has such names", name.text),
            );
        }
        self.aliases.extend(cte.columns.iter().map(|column| column.text.to_ascii_lowercase()));
        let is_recursive =
            recursive && cte.query.rest.last().is_some_and(|(operator, _)| operator.kind == SetKind::Union);
        if is_recursive {
            self.tables.push(name.text.clone());
            return self.query(&mut cte.query);
        }
        self.query(&mut cte.query)?;
        self.tables.push(cte.name.text.clone());
        Ok(())
    }

    fn term(&mut self, term: &mut Term) -> Resolved {
        match term {
            Term::Select(select) => self.select(select),
            Term::Values(rows) => rows.iter_mut().try_for_each(|row| self.exprs(row)),
            Term::Nested(query) => self.query(query),
            Term::Pivot(pivot) => {
                // Without GROUP BY, it groups by all other columns.
                self.names.columns.every = true;
                self.source(&mut pivot.source)?;
                self.pivot_columns(&mut pivot.on)?;
                self.items(&mut pivot.aggregates)
            }
            Term::Unpivot(unpivot) => {
                self.names.columns.every = true;
                self.source(&mut unpivot.source)?;
                self.items(&mut unpivot.columns)
            }
        }
    }

    fn select(&mut self, select: &mut Select) -> Resolved {
        // Aliases first: they are columns to what stands before them too.
        self.aliases.extend(
            select.items.iter().filter_map(|item| item.alias.as_ref()).map(|alias| alias.text.to_ascii_lowercase()),
        );
        self.names.varies |= select.sample.is_some();
        select.from.iter_mut().try_for_each(|source| self.source(source))?;
        if let Some(distinct) = &mut select.distinct {
            self.exprs(&mut distinct.on)?;
        }
        self.items(&mut select.items)?;
        self.optional(select.filter.as_mut())?;
        if let Some(GroupBy::Items(items)) = &mut select.group_by {
            items.iter_mut().try_for_each(|item| self.group_item(item))?;
        }
        self.optional(select.having.as_mut())?;
        select.windows.iter_mut().try_for_each(|(_, window)| self.window(window))?;
        self.optional(select.qualify.as_mut())
    }

    fn group_item(&mut self, item: &mut GroupItem) -> Resolved {
        match item {
            GroupItem::Expr(expr) => self.expr(expr),
            GroupItem::Nothing => Ok(()),
            GroupItem::Powers(_, of) => self.exprs(of),
            GroupItem::Sets(sets) => sets.iter_mut().try_for_each(|set| self.group_item(set)),
        }
    }

    fn items(&mut self, items: &mut [Item]) -> Resolved {
        items.iter_mut().try_for_each(|item| self.expr(&mut item.expr))
    }

    fn source(&mut self, source: &mut Source) -> Resolved {
        self.table(&mut source.first)?;
        for join in &mut source.joins {
            self.table(&mut join.table)?;
            self.names.columns.every |= join.kind.modifier.is_some_and(|modifier| modifier.contains("NATURAL"));
            match &mut join.condition {
                JoinCondition::On(condition) => self.expr(condition)?,
                JoinCondition::Using(columns) => self.names.columns.add(columns),
                JoinCondition::None => {}
            }
        }
        Ok(())
    }

    fn table(&mut self, table: &mut Table) -> Resolved {
        if let Some(Alias { name, columns }) = &table.alias {
            // Under other names than their own.
            self.names.columns.every |= !columns.is_empty();
            self.sources.insert(name.text.to_ascii_lowercase());
            self.aliases.extend(columns.iter().map(|column| column.text.to_ascii_lowercase()));
        }
        self.names.varies |= table.sample.is_some();
        match &mut table.kind {
            TableKind::Relation(_) => self.relation(&mut table.kind)?,
            TableKind::Cte(_) => {}
            TableKind::Function { call, .. } => self.table_function(call)?,
            TableKind::Query(query) => self.query(query)?,
            TableKind::Look(look) => self.look(look)?,
            TableKind::Joined(source) => self.source(source)?,
        }
        for (pivot, _) in &mut table.pivots {
            self.names.columns.every = true;
            match pivot {
                Pivot::Pivot { aggregates, on, .. } => {
                    self.items(aggregates)?;
                    self.pivot_columns(on)?;
                }
                Pivot::Unpivot { columns, .. } => self.items(columns)?,
            }
        }
        Ok(())
    }

    fn pivot_columns(&mut self, columns: &mut [PivotColumn]) -> Resolved {
        columns.iter_mut().try_for_each(|column| {
            self.expr(&mut column.expr)?;
            self.items(&mut column.values)
        })
    }

    /// A name in FROM: a common table expression, or a relation by its full name.
    fn relation(&mut self, kind: &mut TableKind) -> Resolved {
        let TableKind::Relation(path) = kind else { return Ok(()) };
        let Some((name, qualifiers)) = path.split_last() else { return Ok(()) };
        self.sources.insert(name.text.to_ascii_lowercase());
        if qualifiers.is_empty() && self.is_table(name) {
            *kind = TableKind::Cte(name.clone());
            return Ok(());
        }
        let schema = match qualifiers {
            [] => Some("main"),
            [schema] => Some(schema.text.as_str()),
            [database, schema] if self.policy.is_database(&database.text) => Some(schema.text.as_str()),
            _ => None,
        };
        let Some(relation) = schema.and_then(|schema| self.policy.find(schema, &name.text)) else {
            let first = path.first().unwrap_or(name);
            return self.refuse(first, Code::Relation, refused_relation(path));
        };
        let at = name.at;
        *path = [&relation.schema, &relation.name].map(|part| Ident { text: part.clone(), at }).to_vec();
        self.names.relations.insert(relation);
        Ok(())
    }

    fn table_function(&mut self, call: &mut Call) -> Resolved {
        let name = call.name.text.to_ascii_lowercase();
        if !functions::is_allowed_table(&name) {
            let reason = functions::refusal(&name).unwrap_or("only functions that make rows of their arguments are");
            return self.refuse(
                &call.name,
                Code::TableFunction,
                format!("the table function {name} is not allowed: {reason}"),
            );
        }
        self.names.functions.insert(name);
        self.call_parts(call)
    }

    fn function(&mut self, call: &mut Call) -> Resolved {
        let name = call.name.text.to_ascii_lowercase();
        if !functions::is_allowed(&name) {
            let reason = functions::refusal(&name).unwrap_or("it is not on the gate's list");
            return self.refuse(&call.name, Code::Function, format!("the function {name} is not allowed: {reason}"));
        }
        self.names.varies |= functions::varies(&name);
        self.names.functions.insert(name.clone());
        // `count(*)` counts rows, and reads no column.
        if name == "count" && matches!(call.arguments.as_slice(), [Expr::Star(star)] if **star == Star::default()) {
            return self.around_arguments(call);
        }
        self.call_parts(call)
    }

    fn call_parts(&mut self, call: &mut Call) -> Resolved {
        self.exprs(&mut call.arguments)?;
        self.around_arguments(call)
    }

    fn around_arguments(&mut self, call: &mut Call) -> Resolved {
        self.order_by(&mut call.order_by)?;
        self.order_by(&mut call.within_group)?;
        self.optional(call.filter.as_mut())?;
        match &mut call.over {
            Some(Over::Window(window)) => self.window(window),
            Some(Over::Named(_)) | None => Ok(()),
        }
    }

    fn window(&mut self, window: &mut Window) -> Resolved {
        self.exprs(&mut window.partition_by)?;
        self.order_by(&mut window.order_by)?;
        let Some(frame) = &mut window.frame else { return Ok(()) };
        for bound in [Some(&mut frame.start), frame.end.as_mut()].into_iter().flatten() {
            if let crate::ast::Bound::Distance(Some(distance), _) = bound {
                self.expr(distance)?;
            }
        }
        Ok(())
    }

    fn order_by(&mut self, order_by: &mut Option<OrderBy>) -> Resolved {
        match order_by {
            Some(OrderBy::Items(items)) => items.iter_mut().try_for_each(|item| self.expr(&mut item.expr)),
            Some(OrderBy::All(_)) | None => Ok(()),
        }
    }

    fn exprs(&mut self, exprs: &mut [Expr]) -> Resolved {
        exprs.iter_mut().try_for_each(|expr| self.expr(expr))
    }

    fn optional(&mut self, expr: Option<&mut Expr>) -> Resolved {
        expr.map_or(Ok(()), |expr| self.expr(expr))
    }

    fn expr(&mut self, expr: &mut Expr) -> Resolved {
        match expr {
            Expr::Number(_) | Expr::Text(_) | Expr::Constant(_) | Expr::Ordinal(_) | Expr::Typed(..) => Ok(()),
            Expr::Parameter(name, at) => {
                if !self.names.parameters.contains(name) {
                    self.names.parameters.push(name.clone());
                }
                if let Some(parameters) = self.parameters {
                    let value = parameters.get(name.trim_start_matches('$')).ok_or_else(|| Refusal {
                        code: Code::Parameter,
                        reason: format!("the parameter {name} has no value"),
                        position: Position::of(self.sql, at.0),
                    })?;
                    *expr = value.literal();
                }
                Ok(())
            }
            Expr::Column(path) => self.column(path),
            Expr::Star(star) => self.star(star),
            Expr::Columns(columns) => {
                self.names.columns.every = true;
                self.expr(&mut columns.which)
            }
            Expr::Call(call) => self.function(call),
            Expr::Interval(expr, _)
            | Expr::Cast { expr, .. }
            | Expr::Extract { from: expr, .. }
            | Expr::Prefix(_, expr)
            | Expr::Is(expr, _)
            | Expr::Collate(expr, _)
            | Expr::Brackets(expr)
            | Expr::Named(_, expr) => self.expr(expr),
            Expr::Position { part, whole } => {
                self.expr(part)?;
                self.expr(whole)
            }
            Expr::Substring { text, from, length } => {
                self.expr(text)?;
                self.optional(from.as_deref_mut())?;
                self.optional(length.as_deref_mut())
            }
            Expr::Trim { characters, text, .. } => {
                self.optional(characters.as_deref_mut())?;
                self.expr(text)
            }
            Expr::Case(case) => {
                self.optional(case.operand.as_mut())?;
                for (condition, result) in &mut case.branches {
                    self.expr(condition)?;
                    self.expr(result)?;
                }
                self.optional(case.otherwise.as_mut())
            }
            Expr::Chain(first, rest) => {
                self.expr(first)?;
                rest.iter_mut().try_for_each(|(_, operand)| self.expr(operand))
            }
            Expr::Between { expr, low, high, .. } => {
                self.expr(expr)?;
                self.expr(low)?;
                self.expr(high)
            }
            Expr::In { expr, set, .. } => {
                self.expr(expr)?;
                match set {
                    InSet::List(values) => self.exprs(values),
                    InSet::Query(query) => self.query(query),
                    InSet::Expr(expr) => self.expr(expr),
                }
            }
            Expr::Like { expr, pattern, escape, .. } => {
                self.expr(expr)?;
                self.expr(pattern)?;
                self.optional(escape.as_deref_mut())
            }
            Expr::Quantified { expr, set, .. } => {
                self.expr(expr)?;
                self.expr(set)
            }
            Expr::Suffixed(base, suffixes) => {
                self.expr(base)?;
                suffixes.iter_mut().try_for_each(|suffix| self.suffix(suffix))
            }
            Expr::Exists(query) | Expr::Subquery(query) | Expr::ArrayOf(query) => self.query(query),
            Expr::Row { values, .. } | Expr::List(values) => self.exprs(values),
            Expr::Comprehension(comprehension) => {
                self.aliases.extend(comprehension.names.iter().map(|name| name.text.to_ascii_lowercase()));
                self.expr(&mut comprehension.list)?;
                self.expr(&mut comprehension.result)?;
                self.optional(comprehension.condition.as_mut())
            }
            Expr::Struct(fields) => fields.iter_mut().try_for_each(|(_, value)| self.expr(value)),
            Expr::Map(entries) => entries.iter_mut().try_for_each(|(key, value)| {
                self.expr(key)?;
                self.expr(value)
            }),
            Expr::Lambda(names, body) => {
                self.aliases.extend(names.iter().map(|name| name.text.to_ascii_lowercase()));
                self.expr(body)
            }
        }
    }

    fn star(&mut self, star: &mut Star) -> Resolved {
        self.names.columns.every = true;
        self.unqualify(&mut star.of, 0);
        star.replace.iter_mut().try_for_each(|(expr, _)| self.expr(expr))
    }

    fn suffix(&mut self, suffix: &mut Suffix) -> Resolved {
        match suffix {
            Suffix::Cast(_) => Ok(()),
            Suffix::Field(name) => {
                self.names.columns.add(std::slice::from_ref(name));
                Ok(())
            }
            Suffix::Index(index) => self.expr(index),
            Suffix::Slice { from, to, step } => {
                self.optional(from.as_mut())?;
                if let SliceEnd::At(to) = to {
                    self.expr(to)?;
                }
                self.optional(step.as_mut())
            }
            Suffix::Method(call) => self.function(call),
        }
    }

    fn column(&mut self, path: &mut Path) -> Resolved {
        self.unqualify(path, 1);
        // The name of the table before a column is none of a column.
        match path.as_slice() {
            [table, columns @ ..] if !columns.is_empty() && self.sources.contains(&table.text.to_ascii_lowercase()) => {
                self.names.columns.add(columns);
            }
            columns => self.names.columns.add(columns),
        }
        if let [name] = path.as_slice() {
            let lower = name.text.to_ascii_lowercase();
            self.names.varies |= functions::varies(&lower);
            if HOST_VALUES.contains(&lower.as_str()) && !self.aliases.contains(&lower) {
                return self.refuse(
                    name,
                    Code::Function,
                    format!("{lower} is not allowed: it tells of the server, its settings or its users"),
                );
            }
        }
        Ok(())
    }

    /// Takes a relation's database and schema off a column's name, as point-in-time relations are in none. The last `least` parts stay.
    fn unqualify(&self, path: &mut Path, least: usize) {
        let is_relation = |schema: &Ident, name: &Ident| self.policy.find(&schema.text, &name.text).is_some();
        let taken = match path.as_slice() {
            [schema, name, rest @ ..] if is_relation(schema, name) && rest.len() >= least => 1,
            [database, schema, name, rest @ ..]
                if self.policy.is_database(&database.text) && is_relation(schema, name) && rest.len() >= least =>
            {
                2
            }
            _ => 0,
        };
        path.drain(..taken);
    }
}

fn refused_relation(path: &[Ident]) -> String {
    let Some((name, qualifiers)) = path.split_last() else { return String::new() };
    let name = dotted(qualifiers, name);
    let first = name.to_ascii_lowercase();
    let is_catalog =
        CATALOG_PREFIXES.iter().any(|prefix| first.starts_with(prefix) || first.contains(&format!(".{prefix}")));
    if is_catalog {
        format!("the relation {name} is not allowed: it belongs to the catalog")
    } else {
        format!(
            "the relation {name} is not allowed: it is neither on the list of relations nor a common table expression that is visible here"
        )
    }
}
