//! SQL from a question: asks a language model, and holds its answer against the SQL gate and the warehouse.
//!
//! What the model is told is `living_core::generation`'s. Nothing that it writes runs here: the gate reads it, and the warehouse plans it.
#![deny(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

use living_core::{
    generation::{self, Example, Rejected},
    sql::Statement,
};
use living_model::{Model, Prompt};
use living_sqlgate::{Admitted, Gate};
use living_warehouse::{ErrorClass, Warehouse};

/// Prompts of one question: the first, and one with the error of its answer. A third mends little, and somebody waits.
pub const MAX_ATTEMPTS: u32 = 2;

/// Asks for queries.
#[derive(Debug)]
pub struct Generator<'a, M, W> {
    pub model: &'a M,
    pub warehouse: &'a W,
    /// Of what the query may read.
    pub gate: &'a Gate,
}

/// What is asked.
#[derive(Debug, Clone, Copy)]
pub struct Question<'a> {
    pub text: &'a str,
    /// What matters of the schema, as [`context`](living_core::generation::context) gives it.
    pub context: &'a str,
    pub examples: &'a [&'a Example],
}

/// A query that may run, and that the warehouse has a plan for.
#[derive(Debug, Clone)]
pub struct Generated {
    /// As the model wrote it.
    pub sql: String,
    pub explanation: String,
    /// What the model assumed.
    pub warnings: Vec<String>,
    pub admitted: Admitted,
    /// Prompts that were sent.
    pub attempts: u32,
}

/// Why there is no query.
#[derive(Debug, thiserror::Error)]
pub enum Failure {
    #[error("the model: {0}")]
    Model(#[from] living_model::Error),
    #[error("the warehouse: {0}")]
    Warehouse(living_warehouse::Error),
    /// The model says that there's no such query, and why.
    #[error("the model finds no query: {0}")]
    NoQuery(String),
    /// The last answer is no query that may run, or none that the warehouse takes.
    #[error("{} (the model wrote: {})", .0.reason, .0.sql)]
    Rejected(Rejected),
    /// The last answer can't be read.
    #[error("{0}")]
    Unreadable(String),
}

impl<M: Model, W: Warehouse> Generator<'_, M, W> {
    /// Asks, and asks once more with the error if the answer is none that can be used.
    ///
    /// # Errors
    /// Why there is no query, with the number of prompts that were sent.
    pub async fn generate(&self, question: &Question<'_>) -> Result<Generated, (Failure, u32)> {
        let mut rejected: Option<Rejected> = None;
        for attempt in 1.. {
            let content = generation::prompt(question.context, question.examples, question.text, rejected.as_ref());
            let prompt =
                Prompt { system: generation::instructions().to_owned(), content, max_tokens: generation::MAX_TOKENS };
            let text = self.model.complete(&prompt).await.map_err(|error| (Failure::Model(error), attempt))?;
            let failure = match self.take(&text).await {
                Ok(generated) => return Ok(Generated { attempts: attempt, ..generated }),
                Err(failure) => failure,
            };
            rejected = match failure {
                Failure::Rejected(rejected) if attempt < MAX_ATTEMPTS => Some(rejected),
                Failure::Unreadable(reason) if attempt < MAX_ATTEMPTS => {
                    Some(Rejected { sql: text.chars().take(LONGEST_REPEATED).collect(), reason })
                }
                failure => return Err((failure, attempt)),
            };
        }
        // The loop returns at its last attempt.
        Err((Failure::Unreadable("no answer".to_owned()), MAX_ATTEMPTS))
    }

    async fn take(&self, text: &str) -> Result<Generated, Failure> {
        let answer = generation::read_answer(text).map_err(Failure::Unreadable)?;
        let Some(sql) = answer.sql else {
            return Err(Failure::NoQuery(answer.explanation));
        };
        match self.check(&sql).await {
            Ok(admitted) => {
                let (explanation, warnings) = (answer.explanation, answer.warnings);
                Ok(Generated { sql, explanation, warnings, admitted, attempts: 1 })
            }
            Err(CheckFailure::Rejected(reason)) => Err(Failure::Rejected(Rejected { sql, reason })),
            Err(CheckFailure::Warehouse(error)) => Err(Failure::Warehouse(error)),
        }
    }

    /// Whether a query may run, and the warehouse has a plan for it.
    ///
    /// # Errors
    /// What is wrong with the query, or with the warehouse.
    pub async fn check(&self, sql: &str) -> Result<Admitted, CheckFailure> {
        check(self.gate, self.warehouse, sql).await
    }
}

/// Characters of an answer that can't be read that the model is shown again.
const LONGEST_REPEATED: usize = 1_000;

/// Why a query can't be used.
#[derive(Debug)]
pub enum CheckFailure {
    /// In the words of the gate, or of the warehouse.
    Rejected(String),
    Warehouse(living_warehouse::Error),
}

/// Whether a query may run, and the warehouse has a plan for it.
///
/// # Errors
/// What is wrong with the query, or with the warehouse.
pub async fn check(gate: &Gate, warehouse: &impl Warehouse, sql: &str) -> Result<Admitted, CheckFailure> {
    let admitted = gate.check(sql).map_err(|refusal| CheckFailure::Rejected(refusal.to_string()))?;
    if let Some(parameter) = admitted.parameters().first() {
        return Err(CheckFailure::Rejected(format!("the parameter {parameter} has no value: write the value out")));
    }
    // What DuckDB only looks at (DESCRIBE, SUMMARIZE) it can't explain; as a subquery it can.
    let explain = format!("EXPLAIN {}", admitted.limited(&living_sqlgate::Shadows::none(), u64::from(u32::MAX)));
    match warehouse.run_page(&Statement::read(explain)).await {
        Ok(_) => Ok(admitted),
        Err(error) if error.class == ErrorClass::Permanent => Err(CheckFailure::Rejected(error.message)),
        Err(error) => Err(CheckFailure::Warehouse(error)),
    }
}
