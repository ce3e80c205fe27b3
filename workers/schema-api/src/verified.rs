//! Verified queries: what people marked as the right query for a question. They are shown to the model with questions like theirs.

use living_core::generation::{self, VerifiedQuery};
use living_generate::CheckFailure;
use living_kit::{Caller, Host, Problem, QueryString, Scope};
use living_sqlgate::Gate;
use living_warehouse::Warehouse;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use uuid::Uuid;

use crate::{generate::check_question, reply::unavailable};

/// Characters of a query and of a note: a page of them is one answer of the warehouse.
const LONGEST_SQL: usize = 2_000;
const LONGEST_NOTE: usize = 500;

/// What is to be kept.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct VerifiedRequest {
    /// 2,000 characters at most.
    #[schemars(length(min = 1, max = 2_000))]
    pub question: String,
    /// A query that may run: 2,000 characters at most.
    #[schemars(length(max = 2_000))]
    pub sql: String,
    /// For people; 500 characters at most.
    #[serde(default)]
    #[schemars(length(max = 500))]
    pub note: Option<String>,
}

/// A page of verified queries.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct VerifiedQueries {
    pub queries: Vec<VerifiedQuery>,
    /// Pass it as `before` for the next page; null: there is none.
    pub next: Option<String>,
}

/// What was withdrawn.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub(crate) struct Withdrawn {
    pub(crate) withdrawn: String,
}

/// Reads the body of a request.
///
/// # Errors
/// What it isn't.
pub(crate) fn parse(body: Value) -> Result<VerifiedRequest, Problem> {
    let request: VerifiedRequest = serde_json::from_value(body)
        .map_err(|error| Problem::bad_request(format!("the body is not a question with its query: {error}")))?;
    check_question(&request.question)?;
    let is_longer = |text: &str, most: usize| text.chars().nth(most).is_some();
    if is_longer(&request.sql, LONGEST_SQL) {
        return Err(Problem::bad_request(format!("a verified query has at most {LONGEST_SQL} characters")));
    }
    if request.note.as_deref().is_some_and(|note| is_longer(note, LONGEST_NOTE)) {
        return Err(Problem::bad_request(format!("a note has at most {LONGEST_NOTE} characters")));
    }
    Ok(request)
}

/// Keeps, lists and withdraws verified queries.
#[derive(Debug)]
pub struct VerifiedStore<'a, W, H> {
    pub warehouse: &'a W,
    pub host: &'a H,
}

impl<W: Warehouse, H: Host> VerifiedStore<'_, W, H> {
    /// `POST /api/query/verified`
    pub(crate) async fn keep(
        &self,
        request: &VerifiedRequest,
        gate: &Gate,
        caller: &str,
        schema_version: i64,
    ) -> Result<VerifiedQuery, Problem> {
        let VerifiedRequest { question, sql, note } = request;
        let admitted = living_generate::check(gate, self.warehouse, sql).await.map_err(|failure| match failure {
            CheckFailure::Rejected(reason) => Problem::new(422, "Not allowed", reason),
            CheckFailure::Warehouse(error) => unavailable(error),
        })?;
        let id = self.host.new_id();
        let keep = generation::keep_verified(
            id,
            self.host.now(),
            caller,
            (question, sql, note.as_deref()),
            &admitted.hash(),
            schema_version,
        );
        self.warehouse.run(&keep).await.map_err(unavailable)?;
        self.find(id).await?.ok_or_else(Problem::unavailable)
    }

    /// `GET /api/query/verified?before=`
    pub(crate) async fn list(&self, query: &QueryString) -> Result<VerifiedQueries, Problem> {
        query.only(&["before"])?;
        let before = query.get("before").map(|text| {
            Uuid::parse_str(text).map_err(|_| Problem::bad_request(format!("before {text:?} is not the id of a query")))
        });
        let (statement, page) = generation::verified(before.transpose()?);
        let result = self.warehouse.run(&statement).await.map_err(unavailable)?;
        let queries: Option<Vec<VerifiedQuery>> =
            result.rows.iter().map(|row| generation::read_verified(row)).collect();
        let mut queries = queries.ok_or_else(Problem::unavailable)?;
        let has_more = queries.len() > page;
        queries.truncate(page);
        let next = queries.last().filter(|_| has_more).map(|last| last.id.clone());
        Ok(VerifiedQueries { queries, next })
    }

    /// `DELETE /api/query/verified/{id}`
    pub(crate) async fn withdraw(&self, id: &str, caller: &Caller) -> Result<Withdrawn, Problem> {
        let not_there = || Problem::new(404, "Not found", format!("there is no verified query {id:?}"));
        let uuid = Uuid::parse_str(id).map_err(|_| not_there())?;
        let query = self.find(uuid).await?.ok_or_else(not_there)?;
        if query.verified_by != caller.name && !caller.may(Scope::Review) {
            let detail = format!("{} verified it: only they or a reviewer withdraw it", query.verified_by);
            return Err(Problem::new(403, "Forbidden", detail));
        }
        let withdraw = generation::withdraw(uuid, self.host.now(), &caller.name);
        self.warehouse.run(&withdraw).await.map_err(unavailable)?;
        Ok(Withdrawn { withdrawn: query.id })
    }

    async fn find(&self, id: Uuid) -> Result<Option<VerifiedQuery>, Problem> {
        let result = self.warehouse.run(&generation::verified_one(id)).await.map_err(unavailable)?;
        let read = |row| generation::read_verified(row).ok_or_else(Problem::unavailable);
        result.first().map(read).transpose()
    }
}
