//! A query that may run, and its forms for a point in time and a number of rows.

use std::collections::BTreeSet;

use sha2::{Digest, Sha256};

use crate::{
    RelationName,
    ast::{Call, DataType, Expr, Ident, Limit, Look, LookSubject, Query, Statement, TableKind, Term},
    print::Text,
    resolve::{Columns, Names, SHADOW},
};

/// A query that may run.
#[derive(Clone, Debug)]
pub struct Admitted {
    statement: Statement,
    names: Names,
    /// With parameters in place of their values.
    written: String,
    sql: String,
}

/// What stands in for relations: each one's name, and the query that gives its rows.
///
/// The queries are the caller's own and not checked, such as `FROM annotations_at(42)`.
#[derive(Clone, Debug, Default)]
pub struct Shadows(Vec<(RelationName, String)>);

impl Shadows {
    #[must_use]
    pub const fn none() -> Self {
        Self(Vec::new())
    }

    /// Lets a query stand in for a relation.
    #[must_use]
    pub fn with(mut self, relation: impl Into<RelationName>, query: impl Into<String>) -> Self {
        self.0.push((relation.into(), query.into()));
        self
    }

    fn find(&self, schema: &str, name: &str) -> Option<&RelationName> {
        self.0.iter().map(|(relation, _)| relation).find(|relation| relation.is(schema, name))
    }
}

impl Admitted {
    /// Of a tree, and the same as printed before its parameters were bound.
    pub(crate) const fn new(statement: Statement, names: Names, written: String, sql: String) -> Self {
        Self { statement, names, written, sql }
    }

    /// The text to run. Queries that differ only in blanks, comments, quotes and the case of keywords have the same.
    #[must_use]
    pub fn sql(&self) -> &str {
        &self.sql
    }

    /// SHA-256 of the query in hexadecimal: the same for queries that differ only in blanks, comments, quotes, the case of keywords, and
    /// the values of parameters.
    #[must_use]
    pub fn hash(&self) -> String {
        Sha256::digest(self.written.as_bytes()).iter().fold(String::new(), |mut hash, byte| {
            for half in [byte >> 4, byte & 15] {
                hash.extend(char::from_digit(u32::from(half), 16));
            }
            hash
        })
    }

    /// The relations that are read, by their names in the policy.
    #[must_use]
    pub const fn relations(&self) -> &BTreeSet<RelationName> {
        &self.names.relations
    }

    /// Functions and table functions that are called by name, in lower case.
    #[must_use]
    pub const fn functions(&self) -> &BTreeSet<String> {
        &self.names.functions
    }

    /// Bind parameters (`$1`, `$name`), each once; `?` is the number of its place.
    #[must_use]
    pub fn parameters(&self) -> &[String] {
        &self.names.parameters
    }

    /// The columns that are read.
    #[must_use]
    pub const fn columns(&self) -> &Columns {
        &self.names.columns
    }

    /// Whether the same data give the same rows at any time: neither the clock nor chance has a part in it. Which rows a LIMIT without an
    /// order leaves, or which of equals comes first, is up to the engine.
    #[must_use]
    pub const fn is_repeatable(&self) -> bool {
        !self.names.varies
    }

    /// Whether the rows of the result are in an order that the query asks for.
    #[must_use]
    pub const fn has_order(&self) -> bool {
        matches!(&self.statement, Statement::Query(query) if query.is_ordered())
    }

    /// The number of rows that the query limits itself to, if it's written out.
    #[must_use]
    pub fn limit(&self) -> Option<u64> {
        match &self.statement {
            Statement::Query(query) => match &query.limit {
                Some(Limit::Rows(rows)) => whole(rows),
                Some(Limit::Percent(_)) | None => None,
            },
            Statement::Look(_) => None,
        }
    }

    /// The text to run as of a point in time: relations that have a shadow are read from it, wherever they stand.
    #[must_use]
    pub fn at(&self, shadows: &Shadows) -> String {
        self.text(shadows, None)
    }

    /// As [`Self::at`], with `most` rows at most. The order of the rows stays.
    #[must_use]
    pub fn limited(&self, shadows: &Shadows, most: u64) -> String {
        self.text(shadows, Some(most))
    }

    fn text(&self, shadows: &Shadows, most: Option<u64>) -> String {
        let used = shadows.0.iter().filter(|(relation, _)| self.names.relations.contains(relation));
        let tables: Vec<_> = used.map(|(relation, query)| (shadow_name(relation), query.clone())).collect();
        let statement = match (self.statement.clone(), most) {
            (Statement::Query(query), None) => Statement::Query(Box::new(query.with(tables))),
            (Statement::Query(query), Some(most)) => Statement::Query(Box::new(capped(*query, most).with(tables))),
            (Statement::Look(look), Some(most)) => {
                Statement::Query(Box::new(capped(Query::all_of(TableKind::Look(Box::new(look))), most).with(tables)))
            }
            (Statement::Look(look), None) if tables.is_empty() => Statement::Look(look),
            (Statement::Look(look), None) => {
                let query = match look.subject {
                    LookSubject::Relation(path) => Query::all_of(TableKind::Relation(path)),
                    LookSubject::Query(query) => *query,
                };
                Statement::Look(Look { subject: LookSubject::Query(Box::new(query.with(tables))), ..look })
            }
        };
        Text::of(&statement).with(|schema, name| shadows.find(schema, name).map(shadow_name))
    }
}

impl Query {
    /// This query with tables before those of its own WITH.
    fn with(mut self, tables: Vec<(Ident, String)>) -> Self {
        if !tables.is_empty() {
            self.with.get_or_insert_default().given = tables;
        }
        self
    }

    const fn is_ordered(&self) -> bool {
        match (&self.order_by, &self.first) {
            (Some(_), _) => true,
            (None, Term::Nested(query)) => self.rest.is_empty() && query.is_ordered(),
            (None, _) => false,
        }
    }
}

/// The common table expression that stands in for a relation. No query can name it: the gate refuses names that begin so.
fn shadow_name(relation: &RelationName) -> Ident {
    Ident::new(format!("{SHADOW}{}.{}", relation.schema, relation.name))
}

/// A query with no more rows than `most`.
fn capped(mut query: Query, most: u64) -> Query {
    let cap = || Expr::Number(most.to_string());
    let limit = match query.limit.take() {
        None => cap(),
        Some(Limit::Rows(own)) => whole(&own).map_or_else(
            // NULL is no limit to LIMIT, and least of what is left to `least`.
            || {
                let target = DataType::Named { name: "BIGINT", numbers: Vec::new() };
                let own = Expr::Cast { attempt: false, expr: Box::new(own.clone()), target };
                Expr::Call(Box::new(Call::plain("least", vec![own, cap()])))
            },
            |rows| Expr::Number(rows.min(most).to_string()),
        ),
        Some(percent @ Limit::Percent(_)) => {
            let inner = Query { limit: Some(percent), ..query };
            return Query { limit: Some(Limit::Rows(cap())), ..Query::all_of(TableKind::Query(Box::new(inner))) };
        }
    };
    Query { limit: Some(Limit::Rows(limit)), ..query }
}

/// A whole number that's written out.
fn whole(expr: &Expr) -> Option<u64> {
    match expr {
        Expr::Number(number) => number.replace('_', "").parse().ok(),
        _ => None,
    }
}
