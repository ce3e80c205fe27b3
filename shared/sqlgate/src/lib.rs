//! Which SQL an analyst may run, and its rewriting to a point in time.
//!
//! A query is parsed by DuckDB's grammar, every name in it has to be on a list, and what would run is not the text but the tree, printed. What the
//! gate doesn't know, it refuses, and says what, why and where.
//!
//! ```
//! use living_sqlgate::{Gate, Policy};
//!
//! let gate = Gate::new(Policy::new(["annotations"]));
//! let admitted = gate.check("FROM annotations WHERE confidence < 0.7 -- weak").unwrap();
//! assert_eq!(admitted.sql(), r#"SELECT * FROM "main"."annotations" WHERE "confidence" < 0.7"#);
//!
//! let refusal = gate.check("SELECT * FROM read_text('/etc/passwd')").unwrap_err();
//! assert_eq!(refusal.position.column, 15);
//! ```
#![deny(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]
#![cfg_attr(test, allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing))]

mod admitted;
mod ast;
mod cost;
mod functions;
mod keywords;
mod lexer;
mod parameters;
mod parser;
mod policy;
mod position;
mod print;
mod resolve;
mod walk;

pub use admitted::{Admitted, Shadows};
pub use functions::functions;
pub use parameters::{Parameters, Scalar, Value};
pub use policy::{Limits, Policy, RelationName};
pub use position::Position;
pub use resolve::Columns;

use thiserror::Error;

/// Why a query was not admitted.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[error("{position}: {reason}")]
pub struct Refusal {
    pub code: Code,
    /// What is refused, and why.
    pub reason: String,
    /// Where it stands.
    pub position: Position,
}

/// What kind of rule a query breaks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Code {
    /// A character or a literal that isn't SQL, or that isn't needed.
    Text,
    /// No query of DuckDB's grammar, as far as the gate knows it.
    Syntax,
    /// A statement that does more than read, or more than one.
    Statement,
    Relation,
    TableFunction,
    Function,
    Type,
    /// One without a value, or a value without one.
    Parameter,
    /// Too long, too deep, or too much work.
    Limit,
}

/// Lets queries through that do nothing but read what they may.
#[derive(Clone, Debug)]
pub struct Gate {
    policy: Policy,
}

impl Gate {
    #[must_use]
    pub const fn new(policy: Policy) -> Self {
        Self { policy }
    }

    /// Reads a query and checks all that it names and what it may cost. Its parameters stay as they are.
    ///
    /// # Errors
    /// If a rule is broken: the first one, in the order of the text within each kind.
    pub fn check(&self, sql: &str) -> Result<Admitted, Refusal> {
        let (statement, names) = self.resolved(sql, None)?;
        cost::check(sql, &self.policy.limits, &statement)?;
        let text = print::Text::of(&statement).with(|_, _| None);
        Ok(Admitted::new(statement, names, text.clone(), text))
    }

    /// As [`Self::check`], with values in place of parameters.
    ///
    /// # Errors
    /// As [`Self::check`]; if a parameter has no value, or a value no parameter.
    pub fn check_with(&self, sql: &str, parameters: &Parameters) -> Result<Admitted, Refusal> {
        let most = self.policy.limits.text;
        let refuse = |code: Code, reason: String| Refusal { code, reason, position: Position::of(sql, 0) };
        if parameters.size() > most {
            let reason = format!("the parameters have {} bytes, more than {most}", parameters.size());
            return Err(refuse(Code::Limit, reason));
        }
        let (written, names) = self.resolved(sql, None)?;
        if let Some(name) =
            parameters.names().find(|name| !names.parameters.iter().any(|known| known.trim_start_matches('$') == *name))
        {
            return Err(refuse(Code::Parameter, format!("the query has no parameter ${name}")));
        }
        if names.parameters.is_empty() {
            return self.check(sql);
        }
        let (bound, names) = self.resolved(sql, Some(parameters))?;
        cost::check(sql, &self.policy.limits, &bound)?;
        let text = |statement: &_| print::Text::of(statement).with(|_, _| None);
        let (written, sql) = (text(&written), text(&bound));
        Ok(Admitted::new(bound, names, written, sql))
    }

    fn resolved(
        &self,
        sql: &str,
        parameters: Option<&Parameters>,
    ) -> Result<(ast::Statement, resolve::Names), Refusal> {
        let most = self.policy.limits.text;
        if sql.len() > most {
            let position = Position::of(sql, most);
            let reason = format!("the text has {} bytes, more than {most}", sql.len());
            return Err(Refusal { code: Code::Limit, reason, position });
        }
        let mut statement = parser::parse(sql)?;
        let names = resolve::resolve(sql, &self.policy, parameters, &mut statement)?;
        Ok((statement, names))
    }
}
