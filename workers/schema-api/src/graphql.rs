//! The schema as a graph: the same model as `/api/schema`, read-only, with limits of depth and of what may come.

use std::sync::Arc;

use async_graphql::{Context, EmptyMutation, EmptySubscription, Error, Json, Object, Request, Result, SimpleObject};
use living_core::schema::{self, Schema};
use living_kit::{ConfigError, Problem, WorkerHost, WorkerWarehouse, misconfigured, warehouse};
use serde_json::Value;
use worker::{
    Env,
    send::{SendFuture, SendWrapper},
};

use crate::{
    kv::Kv,
    reply::Reply,
    schema::{Diff, SchemaReader, Versions},
};

/// Deepest nesting of a query; introspection by the usual tools needs 13.
const MAX_DEPTH: usize = 15;

/// Fields that a query may come to, those of lists as often as items may come.
const MAX_COMPLEXITY: usize = 100_000;

/// Items of a list, if the query doesn't say.
const ITEMS: usize = 100;

/// Answers a request of `POST /api/graphql`: what went wrong within the query is in the answer, as GraphQL has it.
///
/// # Errors
/// 400, if the body is no request.
pub(crate) async fn answer(env: &Env, body: Value) -> core::result::Result<Reply, Problem> {
    if !body.get("query").is_some_and(Value::is_string) {
        return Err(Problem::bad_request("the body is no GraphQL request: query is missing"));
    }
    let request: Request = serde_json::from_value(body)
        .map_err(|error| Problem::bad_request(format!("the body is no GraphQL request: {error}")))?;
    let reader = Reader::of(env).map_err(|error| misconfigured(&error))?;
    let graph = async_graphql::Schema::build(Root, EmptyMutation, EmptySubscription)
        .limit_depth(MAX_DEPTH)
        .limit_complexity(MAX_COMPLEXITY)
        .data(reader)
        .finish();
    Ok(Reply::json(&graph.execute(request).await))
}

/// The Worker has one thread: what the library wants to send never leaves it.
struct Reader(SendWrapper<(WorkerWarehouse, Kv)>);

type WorkerReader<'a> = SchemaReader<'a, WorkerWarehouse, Kv, WorkerHost>;

impl Reader {
    fn of(env: &Env) -> core::result::Result<Self, ConfigError> {
        Ok(Self(SendWrapper((warehouse(env)?, Kv::new(env)?))))
    }

    fn reader(&self) -> WorkerReader<'_> {
        let (warehouse, cache) = &*self.0;
        SchemaReader { warehouse, cache, host: &WorkerHost }
    }
}

fn reader<'a>(context: &Context<'a>) -> Result<&'a Reader> {
    context.data::<Reader>()
}

fn error(problem: Problem) -> Error {
    Error::new(if problem.detail.is_empty() { problem.title.to_owned() } else { problem.detail })
}

struct Root;

#[Object(name = "Query")]
impl Root {
    /// The newest version of the schema.
    async fn current(&self, context: &Context<'_>) -> Result<Graph> {
        let reader = reader(context)?;
        let schema = SendFuture::new(async { reader.reader().newest().await });
        schema.await.map(Graph::of).map_err(error)
    }

    /// A version of the schema, from 1.
    async fn version(&self, context: &Context<'_>, number: i64) -> Result<Graph> {
        let reader = reader(context)?;
        let schema = SendFuture::new(async { reader.reader().schema(number).await });
        schema.await.map(Graph::of).map_err(error)
    }

    /// The schema as it was at a date (the end of that day, UTC) or time.
    async fn at(&self, context: &Context<'_>, date: String) -> Result<Graph> {
        let reader = reader(context)?;
        let schema = SendFuture::new(async { reader.reader().schema_at(&date).await });
        schema.await.map(Graph::of).map_err(error)
    }

    /// A hundred versions, the newest first, those before `before` if it's given.
    async fn versions(&self, context: &Context<'_>, before: Option<i64>) -> Result<Vec<Version>> {
        let reader = reader(context)?;
        let versions = SendFuture::new(async { reader.reader().list(before).await });
        let Versions { versions, .. } = versions.await.map_err(error)?;
        Ok(versions.into_iter().map(Version::from).collect())
    }

    /// How two versions differ.
    async fn diff(&self, context: &Context<'_>, from: i64, to: i64) -> Result<Json<Value>> {
        let reader = reader(context)?;
        let diff = SendFuture::new(async { reader.reader().changes(from, to).await });
        let Diff { changes, .. } = diff.await.map_err(error)?;
        Ok(Json(serde_json::to_value(changes)?))
    }
}

/// The schema at a version.
struct Graph(Arc<Schema>);

impl Graph {
    fn of(schema: Schema) -> Self {
        Self(Arc::new(schema))
    }
}

/// A hundred items unless the query says how many; more than are there are no more.
fn first(items: Option<i32>) -> usize {
    items.map_or(ITEMS, |items| usize::try_from(items).unwrap_or(0))
}

#[Object(name = "Schema")]
impl Graph {
    async fn version(&self) -> Version {
        self.0.version.clone().into()
    }

    /// Labels of annotated datasets.
    #[graphql(complexity = "first.map_or(100, |n| usize::try_from(n).unwrap_or(0)) * child_complexity")]
    async fn entity_types(
        &self,
        dataset: Option<String>,
        label: Option<String>,
        first: Option<i32>,
    ) -> Vec<EntityType> {
        let fits = |entity: &&schema::EntityType| {
            dataset.as_ref().is_none_or(|dataset| *dataset == entity.dataset)
                && label.as_ref().is_none_or(|label| *label == entity.label || entity.aliases.contains(label))
        };
        let most = self::first(first);
        self.0.entity_types.iter().filter(fits).take(most).cloned().map(EntityType::from).collect()
    }

    /// Columns of source tables.
    #[graphql(complexity = "first.map_or(100, |n| usize::try_from(n).unwrap_or(0)) * child_complexity")]
    async fn fields(&self, source_table: Option<String>, name: Option<String>, first: Option<i32>) -> Vec<Field> {
        let fits = |field: &&schema::Field| {
            source_table.as_ref().is_none_or(|table| *table == field.source_table)
                && name.as_ref().is_none_or(|name| *name == field.column_name || field.aliases.contains(name))
        };
        let most = self::first(first);
        self.0.fields.iter().filter(fits).take(most).cloned().map(Field::from).collect()
    }
}

/// Declares an object of the graph with the fields of a type of the model.
macro_rules! object {
    ($(#[$doc:meta])* $name:ident of $model:path { $($field:ident: $kind:ty),* $(,)? }) => {
        $(#[$doc])*
        #[derive(SimpleObject)]
        struct $name { $($field: $kind),* }

        impl From<$model> for $name {
            fn from(model: $model) -> Self {
                Self { $($field: model.$field),* }
            }
        }
    };
}

object! {
    /// What names a version, and where it came from.
    #[allow(clippy::struct_field_names, reason = "the names of the model")]
    Version of schema::Version {
        version: i64, parent: Option<i64>, created_at: String, commit_seq: i64, content_hash: String, lineage: Value,
    }
}

object! {
    /// A label that a question of an annotated dataset gives.
    EntityType of schema::EntityType {
        dataset: String, question: String, label: String, status: String, aliases: Vec<String>, description: Option<String>,
        occurrence_count: u64, suggestion_count: u64, record_count: u64, document_count: u64, examples: Vec<String>,
        first_seen: String, last_seen: String,
    }
}

object! {
    /// A column of a source table of structured data.
    Field of schema::Field {
        source_table: String, column_name: String, status: String, data_type: String, meaning: Option<String>, aliases: Vec<String>,
        description: Option<String>, nullable: bool, occurrence_count: u64, null_count: u64, distinct_estimate: u64,
        min_value: Option<String>, max_value: Option<String>, examples: Vec<String>, first_seen: String, last_seen: String,
    }
}
