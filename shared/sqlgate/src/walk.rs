//! The expressions right below an expression.

use std::borrow::Borrow;

use crate::ast::{Bound, Call, Expr, InSet, OrderBy, Over, Query, Suffix, Window};

/// What stands below an expression.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Below<'a> {
    Expr(&'a Expr),
    Query(&'a Query),
}

/// Visits expressions one after the other.
fn each<'a, E: Borrow<Expr> + 'a>(exprs: impl IntoIterator<Item = &'a E>, visit: &mut dyn FnMut(Below<'a>)) {
    for expr in exprs {
        visit(Below::Expr(expr.borrow()));
    }
}

impl Expr {
    /// Calls `visit` for each expression and query right below this one, in the order of the text.
    pub(crate) fn below<'a>(&'a self, visit: &mut dyn FnMut(Below<'a>)) {
        match self {
            Self::Number(_)
            | Self::Text(_)
            | Self::Constant(_)
            | Self::Parameter(..)
            | Self::Ordinal(_)
            | Self::Typed(..)
            | Self::Column(_) => {}
            Self::Star(star) => star.replace.iter().for_each(|(expr, _)| visit(Below::Expr(expr))),
            Self::Columns(columns) => visit(Below::Expr(&columns.which)),
            Self::Call(call) => call.below(visit),
            Self::Interval(expr, _)
            | Self::Cast { expr, .. }
            | Self::Extract { from: expr, .. }
            | Self::Prefix(_, expr)
            | Self::Is(expr, _)
            | Self::Collate(expr, _)
            | Self::Brackets(expr)
            | Self::Lambda(_, expr)
            | Self::Named(_, expr) => visit(Below::Expr(expr)),
            Self::Position { part, whole } => each([part, whole], visit),
            Self::Substring { text, from, length } => {
                each([Some(text), from.as_ref(), length.as_ref()].into_iter().flatten(), visit);
            }
            Self::Trim { characters, text, .. } => {
                each(characters.iter().chain([text]), visit);
            }
            Self::Case(case) => {
                each(&case.operand, visit);
                for (condition, result) in &case.branches {
                    visit(Below::Expr(condition));
                    visit(Below::Expr(result));
                }
                each(&case.otherwise, visit);
            }
            Self::Chain(first, rest) => {
                visit(Below::Expr(first));
                for (_, operand) in rest {
                    visit(Below::Expr(operand));
                }
            }
            Self::Between { expr, low, high, .. } => each([expr, low, high], visit),
            Self::In { expr, set, .. } => {
                visit(Below::Expr(expr));
                match set {
                    InSet::List(values) => each(values, visit),
                    InSet::Query(query) => visit(Below::Query(query)),
                    InSet::Expr(expr) => visit(Below::Expr(expr)),
                }
            }
            Self::Like { expr, pattern, escape, .. } => {
                each([Some(expr), Some(pattern), escape.as_ref()].into_iter().flatten(), visit);
            }
            Self::Quantified { expr, set, .. } => each([expr, set], visit),
            Self::Suffixed(base, suffixes) => {
                visit(Below::Expr(base));
                for suffix in suffixes {
                    suffix.below(visit);
                }
            }
            Self::Exists(query) | Self::Subquery(query) | Self::ArrayOf(query) => visit(Below::Query(query)),
            Self::Row { values, .. } | Self::List(values) => each(values, visit),
            Self::Comprehension(comprehension) => {
                each([&comprehension.list, &comprehension.result], visit);
                each(&comprehension.condition, visit);
            }
            Self::Struct(fields) => fields.iter().for_each(|(_, value)| visit(Below::Expr(value))),
            Self::Map(entries) => {
                for (key, value) in entries {
                    visit(Below::Expr(key));
                    visit(Below::Expr(value));
                }
            }
        }
    }

    /// This expression without brackets around it.
    pub(crate) fn bare(&self) -> &Self {
        match self {
            Self::Brackets(expr) => expr.bare(),
            expr => expr,
        }
    }
}

impl Suffix {
    fn below<'a>(&'a self, visit: &mut dyn FnMut(Below<'a>)) {
        match self {
            Self::Cast(_) | Self::Field(_) => {}
            Self::Index(index) => visit(Below::Expr(index)),
            Self::Slice { from, to, step } => {
                each(from.iter().chain(to.expr()).chain(step), visit);
            }
            Self::Method(call) => call.below(visit),
        }
    }
}

impl Call {
    pub(crate) fn below<'a>(&'a self, visit: &mut dyn FnMut(Below<'a>)) {
        each(&self.arguments, visit);
        self.below_arguments(visit);
    }

    /// All below a call but its arguments.
    pub(crate) fn below_arguments<'a>(&'a self, visit: &mut dyn FnMut(Below<'a>)) {
        for order_by in [&self.order_by, &self.within_group].into_iter().flatten() {
            order_by.below(visit);
        }
        each(&self.filter, visit);
        if let Some(Over::Window(window)) = &self.over {
            window.below(visit);
        }
    }
}

impl OrderBy {
    pub(crate) fn below<'a>(&'a self, visit: &mut dyn FnMut(Below<'a>)) {
        if let Self::Items(items) = self {
            each(items.iter().map(|item| &item.expr), visit);
        }
    }
}

impl Window {
    pub(crate) fn below<'a>(&'a self, visit: &mut dyn FnMut(Below<'a>)) {
        each(&self.partition_by, visit);
        self.order_by.iter().for_each(|order_by| order_by.below(visit));
        let Some(frame) = &self.frame else { return };
        for bound in [Some(&frame.start), frame.end.as_ref()].into_iter().flatten() {
            if let Bound::Distance(Some(distance), _) = bound {
                visit(Below::Expr(distance));
            }
        }
    }
}
