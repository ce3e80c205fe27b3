//! What a query may cost, before it runs.
//!
//! Bounds are made of what the text says: series, repetitions and recursion have to have limits that can be told from it, tables that nothing
//! links multiply, and text that becomes JSON can't be nested deeper than DuckDB's stack bears. Of the data nothing is known; each
//! relation counts for [`RELATION_ROWS`] rows. It is a guard against queries that can't end, not a planner: the time limit stands behind it.

mod recursion;
mod values;

mod value;

use value::{Value, count};

use crate::{
    Code, Limits, Refusal,
    ast::{
        At, Cte, Expr, GroupBy, GroupItem, Item, JoinCondition, Limit, Look, LookSubject, Pivot, Query, Select,
        Statement, Table, TableKind, Term,
    },
    functions,
    position::Position,
    walk::Below,
};

/// Rows that each relation counts for. Three relations that nothing links are beyond [`Limits::rows`], and two are not.
const RELATION_ROWS: f64 = 1e4;

/// Rows that GROUP BY and DISTINCT make one of.
const ROWS_OF_A_GROUP: f64 = 10.0;

/// Rows that `json_each` and its like count for, of one value.
const ELEMENT_ROWS: f64 = 100.0;

/// Columns that a query writes out or multiplies. `SELECT *, *` of itself doubles them with each level.
const MAX_COLUMNS: usize = 2_000;

/// Tables of a query, those of a common table expression counted wherever it's named: DuckDB plans each.
const MAX_TABLES: f64 = 1_000.0;

/// Recursion within the bounds of recursion, which are looked at twice.
const MAX_NESTED_RECURSION: usize = 3;

/// Checks what a statement may cost.
///
/// # Errors
/// At the first thing in it that costs too much, or whose cost can't be told.
pub(crate) fn check(sql: &str, limits: &Limits, statement: &Statement) -> Result<(), Refusal> {
    let mut estimator =
        Estimator { sql, limits, ctes: Vec::new(), frames: Vec::new(), tables: 0.0, recursions: 0, place: At(0) };
    match statement {
        Statement::Query(query) => estimator.query(query).map(|_| ()),
        Statement::Look(look) => estimator.look(look).map(|_| ()),
    }
}

type Estimated<T> = Result<T, Refusal>;

/// What a query or a table gives.
#[derive(Clone, Debug, Default)]
struct Shape {
    rows: f64,
    columns: Vec<(String, Value)>,
    /// Whether it has columns of relations, which are not listed.
    stored: bool,
}

impl Shape {
    fn add(&mut self, other: Self) {
        self.rows += other.rows;
        self.stored |= other.stored;
        let mut others = other.columns.into_iter();
        for (_, value) in &mut self.columns {
            if let Some((_, other)) = others.next() {
                *value = value.or(other);
            }
        }
        self.columns.extend(others);
    }

    fn all(&self) -> Option<Value> {
        let stored = self.stored.then_some(Value::STORED);
        self.columns.iter().map(|(_, value)| *value).chain(stored).reduce(Value::or)
    }

    fn rename(&mut self, names: &[crate::ast::Ident]) {
        if names.is_empty() {
            return;
        }
        let all = self.all().unwrap_or(Value::UNKNOWN);
        let of = |i: usize| if self.stored { all } else { self.columns.get(i).map_or(all, |(_, value)| *value) };
        let renamed: Vec<_> =
            names.iter().enumerate().map(|(i, name)| (name.text.to_ascii_lowercase(), of(i))).collect();
        // Names that the list doesn't reach stay.
        let rest = self.columns.drain(..).skip(renamed.len());
        self.columns = renamed.into_iter().chain(rest).collect();
    }
}

/// A common table expression that is visible.
#[derive(Clone, Debug)]
struct Known {
    name: String,
    shape: Shape,
    recursive: Reference,
    /// Tables that it stands for.
    tables: f64,
}

/// What naming a common table expression means where one stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Reference {
    Plain,
    /// The query is what recursion begins with.
    Anchor,
    /// The query is a step of the recursion.
    Step,
}

/// A table in FROM.
#[derive(Clone, Debug)]
struct Node {
    name: Option<String>,
    shape: Shape,
    /// Whether it gives so many rows for each row of the tables before it.
    multiplies: bool,
    /// Whether it's the step before, of a recursion.
    is_step: bool,
    at: At,
}

/// The tables and names that an expression may speak of.
#[derive(Clone, Debug)]
struct Frame {
    nodes: Vec<Node>,
    names: Vec<(String, Value)>,
    rows: f64,
    /// Rows that each row becomes by `unnest` and its like in a target.
    unnested: f64,
}

impl Default for Frame {
    fn default() -> Self {
        Self { nodes: Vec::new(), names: Vec::new(), rows: 1.0, unnested: 1.0 }
    }
}

struct Estimator<'a> {
    sql: &'a str,
    limits: &'a Limits,
    ctes: Vec<Known>,
    frames: Vec<Frame>,
    /// Tables so far.
    tables: f64,
    /// Recursive queries around this place.
    recursions: usize,
    /// The name that was looked at last, for what has no place of its own.
    place: At,
}

/// A condition that links tables: which ones by their numbers, or two of which the names don't tell which.
enum Link {
    Known(Vec<usize>),
    Any,
}

impl Estimator<'_> {
    fn refuse<T>(&self, at: At, reason: impl Into<String>) -> Estimated<T> {
        let at = if at.0 == 0 { self.place.0 } else { at.0 };
        Err(Refusal { code: Code::Limit, reason: reason.into(), position: Position::of(self.sql, at) })
    }

    fn look(&mut self, look: &Look) -> Estimated<Shape> {
        if let LookSubject::Query(query) = &look.subject {
            self.query(query)?;
        }
        Ok(Shape { rows: ELEMENT_ROWS, columns: Vec::new(), stored: true })
    }

    fn query(&mut self, query: &Query) -> Estimated<Shape> {
        let visible = self.ctes.len();
        if let Some(with) = &query.with {
            for cte in &with.tables {
                let before = std::mem::take(&mut self.tables);
                let shape = self.cte(cte, with.recursive)?;
                let tables = std::mem::replace(&mut self.tables, before);
                self.ctes.push(Known { name: cte.name.text.clone(), shape, recursive: Reference::Plain, tables });
            }
        }
        let mut shape = self.term(&query.first)?;
        for (_, term) in &query.rest {
            let other = self.term(term)?;
            shape.add(other);
        }
        // Columns of the result can be named in ORDER BY.
        self.frames.push(Frame { names: shape.columns.clone(), ..Frame::default() });
        if let Some(order_by) = &query.order_by {
            self.all_below(|visit| order_by.below(visit))?;
        }
        if let Some(Limit::Rows(limit) | Limit::Percent(limit)) = &query.limit {
            let limit_value = self.value(limit)?;
            if matches!(query.limit, Some(Limit::Rows(Expr::Number(_)))) {
                shape.rows = shape.rows.min(limit_value.most);
            }
        }
        if let Some(offset) = &query.offset {
            self.value(offset)?;
        }
        self.frames.pop();
        self.ctes.truncate(visible);
        Ok(shape)
    }

    fn cte(&mut self, cte: &Cte, recursive: bool) -> Estimated<Shape> {
        let mut shape = if recursive && recursion::refers_to_itself(cte) {
            if self.recursions >= MAX_NESTED_RECURSION {
                let reason = format!("recursion stands within recursion more than {MAX_NESTED_RECURSION} times");
                return self.refuse(cte.name.at, reason);
            }
            self.recursions += 1;
            let shape = self.recursion(cte)?;
            self.recursions -= 1;
            shape
        } else {
            self.query(&cte.query)?
        };
        shape.rename(&cte.columns);
        Ok(shape)
    }

    fn term(&mut self, term: &Term) -> Estimated<Shape> {
        match term {
            Term::Select(select) => self.select(select),
            Term::Values(rows) => {
                let mut shape = Shape { rows: count(rows.len()), ..Shape::default() };
                for row in rows {
                    for (i, expr) in row.iter().enumerate() {
                        let value = self.value(expr)?;
                        match shape.columns.get_mut(i) {
                            Some((_, known)) => *known = known.or(value),
                            None => shape.columns.push((format!("col{i}"), value)),
                        }
                    }
                }
                Ok(shape)
            }
            Term::Nested(query) => self.query(query),
            Term::Pivot(pivot) => self.pivoted(&pivot.source, |estimator| {
                for column in &pivot.on {
                    estimator.value(&column.expr)?;
                    estimator.item_values(&column.values)?;
                }
                estimator.item_values(&pivot.aggregates)?;
                Ok(1.0)
            }),
            Term::Unpivot(unpivot) => self.pivoted(&unpivot.source, |estimator| {
                estimator.item_values(&unpivot.columns)?;
                Ok(count(unpivot.columns.len()).max(ELEMENT_ROWS))
            }),
        }
    }

    fn pivoted(
        &mut self,
        source: &crate::ast::Source,
        rest: impl FnOnce(&mut Self) -> Estimated<f64>,
    ) -> Estimated<Shape> {
        self.frames.push(Frame::default());
        let mut links = Vec::new();
        self.source(source, &mut links)?;
        let rows = self.link(&links)?;
        let factor = rest(self)?;
        let frame = self.frames.pop().unwrap_or_default();
        // Columns move to where nobody can follow them: any may be any.
        let all = frame.nodes.iter().filter_map(|node| node.shape.all()).reduce(Value::or).unwrap_or(Value::UNKNOWN);
        let columns =
            frame.nodes.into_iter().flat_map(|node| node.shape.columns).map(|(name, _)| (name, all)).collect();
        Ok(Shape { rows: rows * factor, columns, stored: true })
    }

    fn item_values(&mut self, items: &[Item]) -> Estimated<()> {
        items.iter().try_for_each(|item| self.value(&item.expr).map(|_| ()))
    }

    fn select(&mut self, select: &Select) -> Estimated<Shape> {
        self.frames.push(Frame::default());
        let mut links = Vec::new();
        for source in &select.from {
            self.source(source, &mut links)?;
        }
        self.conditions(select.filter.as_ref(), &mut links);
        let mut rows = self.link(&links)?;
        if let Some(frame) = self.frames.last_mut() {
            frame.rows = rows;
        }
        let mut shape = Shape::default();
        for item in &select.items {
            self.item(item, &mut shape)?;
            if shape.columns.len() > MAX_COLUMNS {
                return self.refuse(self.place(), format!("a table has more than {MAX_COLUMNS} columns"));
            }
        }
        rows *= self.frames.last().map_or(1.0, |frame| frame.unnested);
        if rows > self.limits.rows {
            return self.refuse(self.place(), too_many_rows(rows, self.limits.rows));
        }
        let distinct = select.distinct.iter().flat_map(|distinct| &distinct.on);
        for expr in distinct.chain([&select.filter, &select.having, &select.qualify].into_iter().flatten()) {
            self.value(expr)?;
        }
        if let Some(GroupBy::Items(items)) = &select.group_by {
            self.group_items(items)?;
        }
        for (_, window) in &select.windows {
            self.all_below(|visit| window.below(visit))?;
        }
        let is_one_row = select.group_by.is_none()
            && (select.having.is_some() || select.items.iter().any(|item| is_aggregate(&item.expr)));
        self.frames.pop();
        let groups = if select.group_by.is_some() || select.distinct.is_some() {
            (rows / ROWS_OF_A_GROUP).max(1.0)
        } else {
            rows
        };
        shape.rows = if is_one_row { 1.0 } else { groups };
        Ok(shape)
    }

    fn group_items(&mut self, items: &[GroupItem]) -> Estimated<()> {
        items.iter().try_for_each(|item| match item {
            GroupItem::Expr(expr) => self.value(expr).map(|_| ()),
            GroupItem::Nothing => Ok(()),
            GroupItem::Powers(_, of) => of.iter().try_for_each(|expr| self.value(expr).map(|_| ())),
            GroupItem::Sets(sets) => self.group_items(sets),
        })
    }

    fn item(&mut self, item: &Item, shape: &mut Shape) -> Estimated<()> {
        let value = self.value(&item.expr)?;
        if matches!(item.expr, Expr::Star(_) | Expr::Columns(_)) {
            let nodes = self.frames.last().map(|frame| frame.nodes.clone()).unwrap_or_default();
            for node in nodes {
                shape.stored |= node.shape.stored;
                shape.columns.extend(node.shape.columns);
            }
            return Ok(());
        }
        let name = match (&item.alias, &item.expr) {
            (Some(alias), _) => alias.text.to_ascii_lowercase(),
            (None, Expr::Column(path)) => path.last().map(|name| name.text.to_ascii_lowercase()).unwrap_or_default(),
            (None, Expr::Call(call)) => call.name.text.to_ascii_lowercase(),
            _ => String::new(),
        };
        if let Some(frame) = self.frames.last_mut() {
            frame.names.push((name.clone(), value));
        }
        shape.columns.push((name, value));
        Ok(())
    }

    // ---- FROM ----

    fn source(&mut self, source: &crate::ast::Source, links: &mut Vec<Link>) -> Estimated<()> {
        self.table(&source.first, links)?;
        for join in &source.joins {
            self.table(&join.table, links)?;
            match &join.condition {
                JoinCondition::On(condition) => {
                    self.value(condition)?;
                    self.conditions(Some(condition), links);
                    // Each row has one match, or the side of it has its own limit.
                    if join.kind.modifier == Some("ASOF") {
                        links.push(Link::Any);
                    }
                }
                JoinCondition::None if join.kind.modifier == Some("CROSS") => {}
                JoinCondition::Using(_) | JoinCondition::None => links.push(Link::Any),
            }
        }
        Ok(())
    }

    fn table(&mut self, table: &Table, links: &mut Vec<Link>) -> Estimated<()> {
        let mut multiplies = table.lateral;
        let mut is_step = false;
        let mut at = table.alias.as_ref().map_or(At(0), |alias| alias.name.at);
        let mut own_name = None;
        let mut shape = match &table.kind {
            TableKind::Relation(path) => {
                if let Some(name) = path.last() {
                    at = name.at;
                    own_name = Some(name.text.to_ascii_lowercase());
                }
                Shape { rows: RELATION_ROWS, columns: Vec::new(), stored: true }
            }
            TableKind::Cte(name) => {
                at = name.at;
                own_name = Some(name.text.to_ascii_lowercase());
                let Some(known) = self.ctes.iter().rev().find(|known| name.is(&known.name)) else {
                    return self.refuse(at, format!("the common table expression {} is not visible here", name.text));
                };
                match known.recursive {
                    Reference::Plain => {}
                    Reference::Step => is_step = true,
                    Reference::Anchor => {
                        return self
                            .refuse(at, format!("what the recursion of {} begins with can't name it", name.text));
                    }
                }
                self.tables += known.tables;
                known.shape.clone()
            }
            TableKind::Function { call, .. } => {
                at = call.name.at;
                own_name = Some(call.name.text.to_ascii_lowercase());
                multiplies |= call.arguments.iter().any(names_column);
                self.table_function(call)?
            }
            TableKind::Query(query) => self.query(query)?,
            TableKind::Look(look) => self.look(look)?,
            TableKind::Joined(source) if table.alias.is_none() && table.pivots.is_empty() => {
                return self.source(source, links);
            }
            TableKind::Joined(source) => self.pivoted(source, |_| Ok(1.0))?,
        };
        if let Some(alias) = &table.alias {
            shape.rename(&alias.columns);
        }
        for (pivot, alias) in &table.pivots {
            shape.stored = true;
            if let Pivot::Unpivot { columns, .. } = pivot {
                shape.rows *= count(columns.len());
            }
            if let Some(alias) = alias {
                own_name = Some(alias.name.text.to_ascii_lowercase());
            }
        }
        let name = match (&table.alias, table.pivots.is_empty()) {
            (Some(alias), true) => Some(alias.name.text.to_ascii_lowercase()),
            _ => own_name,
        };
        self.tables += 1.0;
        if self.tables > MAX_TABLES {
            return self.refuse(at, format!("the query comes to more than {MAX_TABLES} tables"));
        }
        if let Some(frame) = self.frames.last_mut() {
            frame.nodes.push(Node { name, shape, multiplies, is_step, at });
        }
        // Their columns are the table's, so they are looked at with it.
        for (pivot, _) in &table.pivots {
            match pivot {
                Pivot::Pivot { aggregates, on, .. } => {
                    self.item_values(aggregates)?;
                    for column in on {
                        self.item_values(&column.values)?;
                    }
                }
                Pivot::Unpivot { columns, .. } => self.item_values(columns)?,
            }
        }
        Ok(())
    }

    /// Where the tables of this query stand, for a message.
    fn place(&self) -> At {
        self.frames.last().and_then(|frame| frame.nodes.last()).map_or(At(0), |node| node.at)
    }

    /// Adds the links that a condition makes: its equalities between different tables.
    fn conditions(&self, condition: Option<&Expr>, links: &mut Vec<Link>) {
        let Some(condition) = condition else { return };
        let Some(frame) = self.frames.last() else { return };
        for conjunct in conjuncts(condition) {
            let Expr::Chain(left, rest) = conjunct else { continue };
            let [("=" | "IS NOT DISTINCT FROM", right)] = rest.as_slice() else { continue };
            let (of_left, of_right) = (Sides::of(left, frame), Sides::of(right, frame));
            if of_left.known.is_empty() && of_left.unknown.is_empty()
                || of_right.known.is_empty() && of_right.unknown.is_empty()
            {
                continue;
            }
            if !of_left.unknown.is_empty() || !of_right.unknown.is_empty() {
                if of_left.unknown != of_right.unknown || !of_left.known.is_empty() || !of_right.known.is_empty() {
                    links.push(Link::Any);
                }
            } else if of_left.known.iter().all(|node| !of_right.known.contains(node)) {
                links.push(Link::Known(of_left.known.into_iter().chain(of_right.known).collect()));
            }
        }
    }

    /// Rows of the tables of this query, linked so.
    ///
    /// # Errors
    /// If they are too many.
    fn link(&self, links: &[Link]) -> Estimated<f64> {
        let Some(frame) = self.frames.last() else { return Ok(1.0) };
        // Each table with the number of its group.
        let mut groups: Vec<usize> = (0..frame.nodes.len()).collect();
        for link in links {
            if let Link::Known(nodes) = link {
                let linked: Vec<usize> = nodes.iter().filter_map(|node| groups.get(*node).copied()).collect();
                if let Some(first) = linked.first() {
                    for group in groups.iter_mut().filter(|group| linked.contains(group)) {
                        *group = *first;
                    }
                }
            }
        }
        let of_group = |number: usize| {
            let nodes =
                || frame.nodes.iter().zip(&groups).filter(move |(_, group)| **group == number).map(|(node, _)| node);
            let factor: f64 = nodes().filter(|node| node.multiplies).map(|node| node.shape.rows.max(1.0)).product();
            let own = nodes().filter(|node| !node.multiplies);
            // What is linked to the step before by an equality is about as many rows again.
            let is_step = nodes().any(|node| node.is_step);
            factor * if is_step { 1.0 } else { own.map(|node| node.shape.rows).fold(1.0, f64::max) }
        };
        let mut numbers = groups.clone();
        numbers.sort_unstable();
        numbers.dedup();
        let mut sizes: Vec<f64> = numbers.into_iter().map(of_group).collect();
        sizes.sort_by(f64::total_cmp);
        // A link of two tables, whichever they are: those that it helps most.
        for _ in links.iter().filter(|link| matches!(link, Link::Any)) {
            if sizes.len() > 1 {
                sizes.remove(sizes.len() - 2);
            }
        }
        if frame.nodes.iter().filter(|node| node.is_step).count() > 1 {
            return self.refuse(self.place(), "a step of a recursion can name the step before once");
        }
        let rows: f64 = sizes.iter().product();
        if rows > self.limits.rows {
            return self.refuse(self.place(), too_many_rows(rows, self.limits.rows));
        }
        Ok(rows)
    }
}

/// The tables that an expression names, and columns of which nobody knows whose they are.
#[derive(Debug, Default)]
struct Sides {
    known: Vec<usize>,
    unknown: Vec<String>,
}

impl Sides {
    fn of(expr: &Expr, frame: &Frame) -> Self {
        let mut sides = Self::default();
        sides.collect(expr, frame);
        sides
    }

    fn collect(&mut self, expr: &Expr, frame: &Frame) {
        if let Expr::Column(path) = expr {
            let node = match path.as_slice() {
                [name, _, ..] => frame.nodes.iter().position(|node| node.name.as_ref().is_some_and(|own| name.is(own))),
                [name] => {
                    let has = |node: &Node| node.shape.columns.iter().any(|(column, _)| name.is(column));
                    let mut owners = frame.nodes.iter().enumerate().filter(|(_, node)| has(node) || node.shape.stored);
                    match (owners.next(), owners.next()) {
                        (Some((owner, _)), None) => Some(owner),
                        _ => None,
                    }
                }
                [] => None,
            };
            match node {
                Some(node) if !self.known.contains(&node) => self.known.push(node),
                Some(_) => {}
                None => self.unknown.extend(path.last().map(|name| name.text.to_ascii_lowercase())),
            }
        }
        let mut below = Vec::new();
        expr.below(&mut |part| below.push(part));
        for part in below {
            if let Below::Expr(part) = part {
                self.collect(part, frame);
            }
        }
    }
}

/// The conditions that all have to hold for one to hold.
fn conjuncts(condition: &Expr) -> Vec<&Expr> {
    match condition {
        Expr::Brackets(inner) => conjuncts(inner),
        Expr::Chain(first, rest) if rest.iter().all(|(operator, _)| *operator == "AND") => {
            [first.as_ref()].into_iter().chain(rest.iter().map(|(_, operand)| operand)).flat_map(conjuncts).collect()
        }
        condition => vec![condition],
    }
}

fn names_column(expr: &Expr) -> bool {
    let mut found = matches!(expr, Expr::Column(_));
    expr.below(&mut |part| {
        if let Below::Expr(part) = part {
            found |= names_column(part);
        }
    });
    found
}

/// Whether an aggregate stands in an expression that makes one row of all.
fn is_aggregate(expr: &Expr) -> bool {
    let mut found = matches!(expr, Expr::Call(call) if call.over.is_none() && functions::is_aggregate(&call.name.text.to_ascii_lowercase()));
    expr.below(&mut |part| {
        if let Below::Expr(part) = part {
            found |= is_aggregate(part);
        }
    });
    found
}

fn too_many_rows(rows: f64, most: f64) -> String {
    format!(
        "this may come to {rows:.0e} rows, and {most:.0e} is the most: link the tables by conditions such as a.id = b.id, or limit what is multiplied"
    )
}
