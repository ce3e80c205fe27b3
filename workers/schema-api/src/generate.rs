//! SQL from a question: written by a language model, checked, and never run here.

use std::{pin::pin, time::Duration};

use futures_util::future::{Either, join3, select};
use living_core::{
    generation::{self, Asked, Example, SemanticModel},
    schema::{identifier, tokens},
};
use living_generate::{Failure, Generated, Generator, Question};
use living_http::Transport;
use living_kit::{Host, Problem, log};
use living_model::{ErrorClass, Model};
use living_sqlgate::{Gate, RelationName};
use living_warehouse::Warehouse;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::{SchemaCache, SchemaReader, reply::unavailable};

/// Tokens of the context, by default and as a request may say.
pub(crate) const DEFAULT_CONTEXT: usize = 2_000;
const CONTEXT: std::ops::RangeInclusive<usize> = 500..=16_000;

/// Characters of a question. Longer ones are documents.
const LONGEST_QUESTION: usize = 2_000;

/// Looking for the question's values in the data is a help, not a need: the model goes without if it takes longer.
const PROBE_TIME: Duration = Duration::from_secs(5);

/// Share of the context that examples may take: one in so many.
const EXAMPLES_SHARE: usize = 4;

/// What is asked.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct GenerateRequest {
    /// In plain words, 2,000 characters at most.
    #[schemars(length(min = 1, max = 2_000))]
    pub question: String,
    /// How much the model is told of the schema, examples included: 500 to 16,000 tokens; 2,000 if it's left out.
    #[serde(default)]
    #[schemars(range(min = 500, max = 16_000))]
    pub max_tokens: Option<usize>,
}

/// A query that may run, and that nobody has run.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct GenerateResponse {
    pub sql: String,
    /// What it counts and how, in the model's words.
    pub explanation: String,
    /// What it reads, as `schema.name`.
    pub tables: Vec<String>,
    /// What the model assumed, and what it wasn't told.
    pub warnings: Vec<String>,
    /// Prompts that it took: 2 if the first answer was refused, or failed.
    pub attempts: u32,
    /// Ids of the verified queries that the model was shown.
    pub examples_used: Vec<String>,
    pub model: String,
    /// The version of the schema that the model was told of.
    pub schema_version: i64,
}

/// Reads the body of a request.
///
/// # Errors
/// What it isn't.
pub(crate) fn parse(body: Value) -> Result<GenerateRequest, Problem> {
    let request: GenerateRequest = serde_json::from_value(body)
        .map_err(|error| Problem::bad_request(format!("the body is not a question: {error}")))?;
    check_question(&request.question)?;
    if request.max_tokens.is_some_and(|most| !CONTEXT.contains(&most)) {
        let (least, most) = (CONTEXT.start(), CONTEXT.end());
        return Err(Problem::bad_request(format!("max_tokens is from {least} to {most}")));
    }
    Ok(request)
}

/// # Errors
/// If there's nothing in it, or too much.
pub(crate) fn check_question(question: &str) -> Result<&str, Problem> {
    match question.chars().count() {
        _ if question.trim().is_empty() => Err(Problem::bad_request("the question is empty")),
        0..=LONGEST_QUESTION => Ok(question),
        _ => Err(Problem::bad_request(format!("a question has at most {LONGEST_QUESTION} characters"))),
    }
}

/// The answer where no language model is configured.
pub(crate) fn no_model() -> Problem {
    let detail = "this deployment has no language model (MODEL_PROVIDER is empty): it writes no SQL, and runs yours all the same";
    Problem::new(501, "No language model", detail)
}

/// The answer to a question that takes too long.
pub(crate) fn too_slow(seconds: u64) -> Problem {
    let detail = format!("the language model has not answered within {seconds} s; ask again, or ask for less at once");
    Problem::new(504, "Too slow", detail)
}

/// Answers questions with queries.
#[derive(Debug)]
pub struct QueryGenerator<'a, W, C, H, M, T> {
    pub warehouse: &'a W,
    pub host: &'a H,
    pub schema: &'a SchemaReader<'a, W, C, H>,
    /// Of what queries may read.
    pub gate: &'a Gate,
    pub model: &'a M,
    pub timer: &'a T,
    /// Questions within 24 hours, of all callers, at most.
    pub questions_per_day: u64,
}

impl<W, C, H, M, T> QueryGenerator<'_, W, C, H, M, T>
where
    W: Warehouse,
    C: SchemaCache,
    H: Host,
    M: Model,
    T: Transport,
{
    /// `POST /api/query/generate`
    pub(crate) async fn generate(&self, request: &GenerateRequest, caller: &str) -> Result<GenerateResponse, Problem> {
        let question = request.question.as_str();
        let schema_version = self.schema.newest_version().await?;
        let semantic = SemanticModel::of_schema(&self.schema.schema(schema_version).await?);
        let (admitted, candidates, semantic) =
            join3(self.within_budget(), self.candidates(question), self.probed(semantic, question)).await;
        admitted?;
        let candidates: Vec<Example> =
            candidates.into_iter().filter(|example| self.is_current(&example.sql, &semantic)).collect();
        let most = request.max_tokens.unwrap_or(DEFAULT_CONTEXT);
        let examples = generation::pick(question, &candidates, most / EXAMPLES_SHARE);
        let used: usize = examples.iter().map(|example| tokens(&example.question) + tokens(&example.sql)).sum();
        let context = generation::context(&semantic, question, most.saturating_sub(used));

        let asked = Asked {
            id: self.host.new_id(),
            at: self.host.now(),
            by: caller,
            question,
            model: self.model.name(),
            schema_version,
        };
        // Before the model is asked: who dies in between has counted a question too many, never one too few.
        self.warehouse.run(&generation::started(&asked)).await.map_err(unavailable)?;
        let asking = Question { text: question, context: &context.markdown, examples: &examples };
        let outcome = self.ask(&asking).await;
        self.note(&asked, &outcome).await;
        let generated = outcome.map_err(|(failure, _)| problem(&failure))?;
        let mut warnings = generated.warnings;
        if context.left_out > 0 {
            let left_out = context.left_out;
            warnings.push(format!("the model was told of a part of the schema: {left_out} columns were left out"));
        }
        Ok(GenerateResponse {
            sql: generated.sql,
            explanation: generated.explanation,
            tables: generated.admitted.relations().iter().map(|r| format!("{}.{}", r.schema, r.name)).collect(),
            warnings,
            attempts: generated.attempts,
            examples_used: examples.iter().map(|example| example.id.clone()).collect(),
            model: self.model.name().to_owned(),
            schema_version,
        })
    }

    async fn ask(&self, question: &Question<'_>) -> Result<Generated, (Failure, u32)> {
        Generator { model: self.model, warehouse: self.warehouse, gate: self.gate }.generate(question).await
    }

    /// Whether an example may still run, and reads what is still there: the schema outgrows some.
    fn is_current(&self, sql: &str, semantic: &SemanticModel) -> bool {
        let is_there = |relation: &RelationName| {
            let name = format!("{}.{}", relation.schema, identifier(&relation.name));
            let name = name.strip_prefix("main.").unwrap_or(&name);
            semantic.relations.iter().any(|known| known.name.eq_ignore_ascii_case(name))
        };
        self.gate.check(sql).is_ok_and(|admitted| admitted.relations().iter().all(is_there))
    }

    async fn within_budget(&self) -> Result<(), Problem> {
        let asked = self.warehouse.run(&generation::asked_today(self.host.now())).await.and_then(|r| r.number());
        if asked.map_err(unavailable)? < self.questions_per_day {
            return Ok(());
        }
        let budget = self.questions_per_day;
        Err(Problem::new(
            429,
            "Budget used up",
            format!("this deployment asks its language model {budget} questions within 24 hours"),
        ))
    }

    /// Verified queries that may be examples. None, if the warehouse doesn't say.
    async fn candidates(&self, question: &str) -> Vec<Example> {
        match self.warehouse.run(&generation::candidates(question)).await {
            Ok(result) => result.rows.iter().filter_map(|row| generation::read_candidate(row)).collect(),
            Err(error) => {
                log::warning("no_examples").with("error", error.to_string()).write();
                Vec::new()
            }
        }
    }

    /// The model with the values of the data that the question names, as far as they are found in time.
    async fn probed(&self, semantic: SemanticModel, question: &str) -> SemanticModel {
        let Some(probe) = generation::probe(&semantic, question) else { return semantic };
        let looking = pin!(self.warehouse.run(&probe));
        match select(looking, pin!(self.timer.sleep(PROBE_TIME))).await {
            Either::Left((Ok(result), _)) => {
                generation::found(semantic, result.rows.iter().filter_map(|row| generation::read_found(row)).collect())
            }
            Either::Left((Err(error), _)) => {
                log::warning("not_probed").with("error", error.to_string()).write();
                semantic
            }
            Either::Right(_) => {
                log::warning("not_probed").with("error", "it takes too long").write();
                semantic
            }
        }
    }

    /// Keeps what became of the question, for those who look after the prompts. The answer doesn't wait for a failure of this.
    async fn note(&self, asked: &Asked<'_>, outcome: &Result<Generated, (Failure, u32)>) {
        let ended = match outcome {
            Ok(generated) => generation::ended(asked, self.host.now(), generated.attempts, Ok(&generated.sql)),
            Err((failure, attempts)) => generation::ended(asked, self.host.now(), *attempts, Err(&failure.to_string())),
        };
        if let Err(error) = self.warehouse.run(&ended).await {
            log::warning("question_not_logged").with("error", error.to_string()).write();
        }
    }
}

/// What a client is told. The model's words on its own query are for whoever asked; those of its service are inside.
fn problem(failure: &Failure) -> Problem {
    let model = |status, title, detail: &str| Problem::new(status, title, detail).because(failure);
    match failure {
        Failure::Model(error) => match error.class {
            ErrorClass::Unavailable => {
                model(503, "Language model unavailable", "the language model is down or too busy; ask again later")
            }
            ErrorClass::Lost => model(504, "Too slow", "the language model's answer did not come back; ask again"),
            ErrorClass::NotAdmitted => model(
                503,
                "Language model unavailable",
                "the language model's service does not take this deployment's requests; its operator has to mend that",
            ),
            ErrorClass::Refused => model(422, "Refused", "the language model refuses this question"),
            ErrorClass::Unreadable => model(502, "Unreadable answer", UNREADABLE),
        },
        Failure::Warehouse(error) => Problem::unavailable().because(error),
        Failure::NoQuery(explanation) => Problem::new(422, "No query", explanation.clone()),
        Failure::Rejected(rejected) => Problem::new(
            422,
            "Not allowed",
            format!("the model's query can't be used: {}; it wrote: {}", rejected.reason, rejected.sql),
        ),
        Failure::Unreadable(_) => model(502, "Unreadable answer", UNREADABLE),
    }
}

const UNREADABLE: &str = "the language model's answer is not what it was asked for; ask again, or in other words";

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_question_says_something_and_not_too_much() {
        let parsed = |body: Value| parse(body).map(|_| ()).map_err(|problem| problem.status);
        assert_eq!(parsed(json!({ "question": "How many?" })), Ok(()));
        assert_eq!(parsed(json!({ "question": "How many?", "max_tokens": 500 })), Ok(()));
        for wrong in [
            json!({}),
            json!({ "question": " \n" }),
            json!({ "question": "x".repeat(2_001) }),
            json!({ "question": "x", "max_tokens": 499 }),
            json!({ "question": "x", "max_tokens": 16_001 }),
            json!({ "question": "x", "sql": "SELECT 1" }),
        ] {
            assert_eq!(parsed(wrong.clone()), Err(400), "{wrong}");
        }
    }
}
