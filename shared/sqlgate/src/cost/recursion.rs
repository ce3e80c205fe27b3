//! Recursion that can be told to end.
//!
//! A recursive query has to count: a column that each step adds a positive number, an interval or an element to, and a condition in the step that
//! keeps it below a bound. Or it has to be a UNION without ALL whose steps only pass columns on, which ends once there's nothing new.

use super::{
    Estimated, Estimator, Known, Reference, Shape, conjuncts,
    value::Value,
    values::{joins, multiplies},
};
use crate::ast::{At, Cte, Expr, Ident, JoinCondition, Select, SetKind, Suffix, Table, TableKind, Term};

/// Steps of a recursion. Each is a query of its own for DuckDB, and takes about a millisecond.
const MAX_STEPS: f64 = 40_000.0;

/// Whether a common table expression of WITH RECURSIVE is recursive: its last part names it in FROM.
pub(super) fn refers_to_itself(cte: &Cte) -> bool {
    cte.query.rest.last().is_some_and(|(operator, term)| operator.kind == SetKind::Union && term_names(term, &cte.name))
}

fn term_names(term: &Term, name: &Ident) -> bool {
    match term {
        Term::Select(select) => {
            let mut tables = select
                .from
                .iter()
                .flat_map(|source| [&source.first].into_iter().chain(source.joins.iter().map(|join| &join.table)));
            tables.any(|table| table_names(table, name)) || select_mentions(select, name)
        }
        Term::Nested(query) => {
            term_names(&query.first, name) || query.rest.iter().any(|(_, term)| term_names(term, name))
        }
        Term::Values(_) => false,
        Term::Pivot(pivot) => table_names(&pivot.source.first, name),
        Term::Unpivot(unpivot) => table_names(&unpivot.source.first, name),
    }
}

fn table_names(table: &Table, name: &Ident) -> bool {
    match &table.kind {
        TableKind::Cte(found) => found.is(&name.text),
        TableKind::Query(query) => {
            term_names(&query.first, name) || query.rest.iter().any(|(_, term)| term_names(term, name))
        }
        TableKind::Joined(source) => {
            table_names(&source.first, name) || source.joins.iter().any(|join| table_names(&join.table, name))
        }
        TableKind::Relation(_) | TableKind::Function { .. } | TableKind::Look(_) => false,
    }
}

/// Whether a subquery in a condition or a target names it.
fn select_mentions(select: &Select, name: &Ident) -> bool {
    fn mentions(expr: &Expr, name: &Ident) -> bool {
        let mut found = false;
        expr.below(&mut |part| match part {
            super::Below::Expr(part) => found |= mentions(part, name),
            super::Below::Query(query) => {
                found |= term_names(&query.first, name) || query.rest.iter().any(|(_, term)| term_names(term, name));
            }
        });
        found
    }
    select.items.iter().map(|item| &item.expr).chain(&select.filter).any(|expr| mentions(expr, name))
}

impl Estimator<'_> {
    pub(super) fn recursion(&mut self, cte: &Cte) -> Estimated<Shape> {
        let at = cte.name.at;
        let name = &cte.name.text;
        let query = &cte.query;
        let Some(((operator, step), anchors)) = query.rest.split_last() else { return self.query(query) };
        let Term::Select(step) = step else {
            return self.refuse(at, format!("the step of the recursion of {name} has to be a plain SELECT"));
        };
        if query.with.is_some() || query.order_by.is_some() || query.limit.is_some() || query.offset.is_some() {
            return self.refuse(at, format!("the recursion of {name} can't have WITH, ORDER BY or LIMIT of its own"));
        }
        self.ctes.push(Known {
            name: name.clone(),
            shape: Shape::default(),
            recursive: Reference::Anchor,
            tables: 0.0,
        });
        let mut shape = self.term(&query.first)?;
        for (_, term) in anchors {
            let other = self.term(term)?;
            shape.add(other);
        }
        shape.rename(&cte.columns);
        let start = shape.clone();
        // What a step starts from can be larger than what the anchor gives; by how much is what the count below bounds.
        let grown = |value: Value| Value { most: f64::INFINITY, days: None, ..value };
        let before = Shape {
            rows: 1.0,
            columns: start.columns.iter().map(|(name, value)| (name.clone(), grown(*value))).collect(),
            stored: start.stored,
        };
        self.ctes.pop();
        self.ctes.push(Known { name: name.clone(), shape: before, recursive: Reference::Step, tables: 0.0 });
        let after = self.select(step)?;
        let steps = self.steps(step, &start);
        self.ctes.pop();
        let closes = !operator.all
            && step.items.iter().all(|item| matches!(item.expr, Expr::Column(_) | Expr::Number(_) | Expr::Text(_)));
        match steps {
            Some(steps) if steps <= MAX_STEPS => {
                let rows = shape.rows.max(1.0) * if after.rows > 1.0 { after.rows.powf(steps) } else { steps };
                if rows > self.limits.rows {
                    return self.refuse(at, super::too_many_rows(rows, self.limits.rows));
                }
                // A number grows by its step, a text or a list by what each step adds to it.
                for ((_, value), (_, added)) in shape.columns.iter_mut().zip(&after.columns) {
                    let growth = (added.size - value.size).max(0.0);
                    let size = growth.mul_add(steps, value.size);
                    let brackets = (added.brackets - value.brackets).max(0.0).mul_add(steps, value.brackets);
                    *value = Value { most: f64::INFINITY, size, brackets, elements: value.elements + steps, ..*value };
                }
                if let Some(growing) = Self::doubling(step, &start) {
                    return self.refuse(growing, format!("a step of the recursion of {name} multiplies a text or a list"));
                }
                shape.rows = rows;
                Ok(shape)
            }
            Some(steps) => self.refuse(at, format!("the recursion of {name} may take {steps:.0e} steps, and {MAX_STEPS:.0} is the most")),
            None if closes => {
                shape.rows = shape.rows.max(super::RELATION_ROWS);
                Ok(shape)
            }
            None => self.refuse(
                at,
                format!(
                    "the recursion of {name} has no end that can be told: count in it, as in SELECT …, depth + 1 … WHERE depth < 20, or use UNION without ALL on columns only"
                ),
            ),
        }
    }

    /// The most steps that a recursion can take, if a column counts them.
    fn steps(&mut self, step: &Select, start: &Shape) -> Option<f64> {
        let joined = step.from.iter().flat_map(|source| &source.joins).filter(|join| join.kind.side.is_none());
        let conditions = joined.filter_map(|join| match &join.condition {
            JoinCondition::On(condition) => Some(condition),
            JoinCondition::Using(_) | JoinCondition::None => None,
        });
        let bounds: Vec<&Expr> = conditions.chain(&step.filter).flat_map(conjuncts).collect();
        let is_plain = step.items.iter().all(|item| !matches!(item.expr, Expr::Star(_) | Expr::Columns(_)));
        let counts = step.items.iter().zip(&start.columns).filter(|_| is_plain && !start.stored);
        let mut fewest: Option<f64> = None;
        for (item, (name, from)) in counts {
            let Some((growth, per_step)) = growth(&item.expr, name) else { continue };
            for bound in &bounds {
                let Some(limit) = upper_bound(bound, name, growth) else { continue };
                let Ok(limit) = self.value(limit) else { continue };
                let steps = match growth {
                    Growth::Number => (limit.most + from.most) / per_step,
                    Growth::Time => match (limit.days, from.days) {
                        (Some(limit), Some(from)) => ((limit.1 - from.0) / per_step).max(0.0),
                        _ => f64::INFINITY,
                    },
                    Growth::Length => limit.most,
                };
                fewest = Some(fewest.map_or(steps, |fewest| fewest.min(steps)));
            }
        }
        fewest.map(|steps| steps + 1.0)
    }

    /// Where a step makes a text or a list several times as large as it was.
    fn doubling(step: &Select, start: &Shape) -> Option<At> {
        let growing: Vec<&str> = step
            .items
            .iter()
            .zip(&start.columns)
            .filter(|(item, _)| joins(&item.expr))
            .map(|(_, (name, _))| name.as_str())
            .collect();
        let at = step.from.first().and_then(|source| match &source.first.kind {
            TableKind::Cte(name) => Some(name.at),
            _ => None,
        });
        let doubles = |expr: &Expr| {
            let mentioned = mentions(expr, &growing);
            joins(expr) && mentioned > 1 || multiplies(expr) && mentioned > 0
        };
        step.items.iter().any(|item| doubles(&item.expr)).then(|| at.unwrap_or_default())
    }
}

/// What grows with each step.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Growth {
    Number,
    Time,
    Length,
}

/// How a column grows in each step, and by how much.
fn growth(expr: &Expr, name: &str) -> Option<(Growth, f64)> {
    match expr.bare() {
        Expr::Suffixed(inner, suffixes) if suffixes.iter().all(|suffix| matches!(suffix, Suffix::Cast(_))) => {
            growth(inner, name)
        }
        Expr::Cast { expr, .. } => growth(expr, name),
        Expr::Chain(first, rest) if is_column(first, name) => match rest.as_slice() {
            [("+", Expr::Number(number))] => {
                let number: f64 = number.replace('_', "").parse().ok()?;
                (number > 0.0).then_some((Growth::Number, number))
            }
            [("+", interval @ Expr::Interval(..))] => {
                let days = super::values::interval_days(interval)?;
                (days > 0.0).then_some((Growth::Time, days))
            }
            rest if rest.iter().all(|(operator, _)| *operator == "||") => rest
                .iter()
                .any(|(_, operand)| match operand.bare() {
                    Expr::Text(text) => !text.is_empty(),
                    Expr::List(values) => !values.is_empty(),
                    _ => false,
                })
                .then_some((Growth::Length, 1.0)),
            _ => None,
        },
        Expr::Call(call) => match call.arguments.as_slice() {
            [list, _]
                if is_column(list, name)
                    && ["list_append", "array_append", "array_push_back"].iter().any(|append| call.name.is(append)) =>
            {
                Some((Growth::Length, 1.0))
            }
            _ => None,
        },
        _ => None,
    }
}

fn is_column(expr: &Expr, name: &str) -> bool {
    matches!(expr.bare(), Expr::Column(path) if path.last().is_some_and(|last| last.is(name)))
}

/// The bound that a condition sets to a column, or to its length.
fn upper_bound<'a>(condition: &'a Expr, name: &str, growth: Growth) -> Option<&'a Expr> {
    let Expr::Chain(left, rest) = condition.bare() else { return None };
    let [(operator, right)] = rest.as_slice() else { return None };
    let (small, large) = match *operator {
        "<" | "<=" => (left.as_ref(), right),
        ">" | ">=" => (right, left.as_ref()),
        _ => return None,
    };
    let small = small.bare();
    let is_measured = if growth == Growth::Length {
        const LENGTHS: [&str; 6] = ["len", "length", "array_length", "strlen", "char_length", "list_count"];
        match small {
            Expr::Call(call) => {
                LENGTHS.iter().any(|length| call.name.is(length))
                    && call.arguments.first().is_some_and(|list| is_column(list, name))
            }
            _ => false,
        }
    } else {
        // `n + 1 < 10` bounds n as well as `n < 10` does.
        is_column(small, name)
            || matches!(small, Expr::Chain(first, rest) if is_column(first, name) && rest.iter().all(|(operator, operand)| *operator == "+" && matches!(operand, Expr::Number(_) | Expr::Interval(..))))
    };
    // The bound has to stay where it is.
    (is_measured && mentions(large, &[name]) == 0).then_some(large)
}

/// How often an expression names one of these columns.
fn mentions(expr: &Expr, names: &[&str]) -> usize {
    let mut found = usize::from(
        matches!(expr, Expr::Column(path) if path.last().is_some_and(|last| names.iter().any(|name| last.is(name)))),
    );
    expr.below(&mut |part| {
        if let super::Below::Expr(part) = part {
            found += mentions(part, names);
        }
    });
    found
}
